"""A robot world as a `gymnasium.vector.VectorEnv`: all rows are stepped by one call of the simulator."""

from typing import TYPE_CHECKING, Any

from gymnasium.vector import AutoresetMode

from gristmill.envs.robots.stage import Stage
from gristmill.envs.robots.types import Array
from gristmill.envs.rows import RowsEnv

if TYPE_CHECKING:
    from gristmill.envs.robots.render import Camera
    from gristmill.envs.robots.world import RobotWorld

__all__ = ["RobotVectorEnv"]


class RobotVectorEnv(RowsEnv):
    """Many rows of one robot world; a row whose physics break is terminated, and `fault` says why.

    Args:
        world: whose rules hold.
        rows: how many episodes run at once.
        threads: that step them; results are the same for any number.
        autoreset: whether a row that is over starts anew with the next step, as by Gymnasium's default, or waits.
    """

    _stage: Stage

    def __init__(
        self,
        world: "RobotWorld",
        rows: int,
        *,
        threads: int = 1,
        autoreset: AutoresetMode = AutoresetMode.NEXT_STEP,
    ) -> None:
        self.check(rows, autoreset)
        super().__init__(world, Stage(world, rows, threads=threads), rows, autoreset)
        self._camera: Camera | None = None

    def render(self) -> tuple[Array, ...]:
        """Return a picture of every row, [height, width, 3] uint8 each.

        Raises:
            UsageError: when there is no OpenGL to draw with.
        """
        from gristmill.envs.robots.render import Camera

        physics = self._stage.physics
        if self._camera is None:
            self._camera = Camera(physics.models[0], **self.world.picture)
        shot = self._camera.shot
        return tuple(shot(qpos, model) for model, qpos in zip(physics.models, physics.qpos, strict=True))

    def close_extras(self, **more: Any) -> None:
        """Release the camera."""
        if self._camera is not None:
            self._camera.close()
            self._camera = None
