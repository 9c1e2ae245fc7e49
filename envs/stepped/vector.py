"""A stepped world as a `gymnasium.vector.VectorEnv`: one step of NumPy moves all rows."""

from typing import TYPE_CHECKING

from gymnasium.vector import AutoresetMode

from gristmill.envs.rows import Array, RowsEnv
from gristmill.envs.stepped.stage import Stage

if TYPE_CHECKING:
    from gristmill.envs.stepped.world import SteppedWorld

__all__ = ["SteppedVectorEnv"]


class SteppedVectorEnv(RowsEnv):
    """Many rows of one stepped world.

    Args:
        world: whose rules hold.
        rows: how many episodes run at once.
        autoreset: whether a row that is over starts anew with the next step, as by Gymnasium's default, or waits.
    """

    _stage: Stage

    def __init__(
        self, world: "SteppedWorld", rows: int, *, autoreset: AutoresetMode = AutoresetMode.NEXT_STEP
    ) -> None:
        self.check(rows, autoreset)
        super().__init__(world, Stage(world, rows), rows, autoreset)

    def render(self) -> tuple[Array, ...]:
        """Return a picture of every row, [height, width, 3] uint8 each.

        Raises:
            UsageError: when the world draws none.
        """
        return tuple(map(self._stage.picture, range(self.num_envs)))
