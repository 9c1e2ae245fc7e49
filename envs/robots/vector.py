"""A robot world as a `gymnasium.vector.VectorEnv`: all rows are stepped by one call of the simulator."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from gymnasium.vector import AutoresetMode, VectorEnv
from gymnasium.vector.utils import batch_space

from gristmill.envs.robots.stage import Stage
from gristmill.envs.robots.types import Array, Observation
from gristmill.errors import UsageError
from gristmill.seeding import derive
from gristmill.simulate import fitting, problems
from gristmill.types import Entry, Scenario

if TYPE_CHECKING:
    from gristmill.envs.robots.render import Camera
    from gristmill.envs.robots.world import RobotWorld

__all__ = ["RobotVectorEnv"]


class RobotVectorEnv(VectorEnv[Observation, Array, Array]):
    """Many rows of one robot world.

    A row whose physics break is terminated, and `fault` says why.

    Args:
        world: whose rules hold.
        rows: how many episodes run at once.
        threads: that step them; results are the same for any number.
        autoreset: whether a row that is over starts anew with the next step, as by Gymnasium's default, or waits.
    """

    def __init__(
        self,
        world: "RobotWorld",
        rows: int,
        *,
        threads: int = 1,
        autoreset: AutoresetMode = AutoresetMode.NEXT_STEP,
    ) -> None:
        if rows < 1 or autoreset not in (AutoresetMode.NEXT_STEP, AutoresetMode.DISABLED):
            raise UsageError(
                f"Expected at least one row, and autoreset NEXT_STEP or DISABLED, got {rows} and {autoreset}."
            )
        self.world = world
        self.num_envs = rows
        self.metadata = {**world.metadata, "autoreset_mode": autoreset}
        self.render_mode = world.render_mode
        self.single_observation_space = world.observation_space
        self.single_action_space = world.action_space
        self.observation_space = batch_space(world.observation_space, rows)
        self.action_space = batch_space(world.action_space, rows)
        self._autoreset = autoreset == AutoresetMode.NEXT_STEP
        self._stage = Stage(world, rows, threads=threads)
        # Seed of each row, and how many episodes it has drawn from it.
        self._drawn: list[tuple[int, int]] = [(0, -1)] * rows
        self._begun = np.zeros(rows, dtype=bool)
        self._camera: Camera | None = None

    @property
    def live(self) -> Array:
        """Which rows go on, [rows] bool."""
        live = self._begun & (self._stage.clock < self.world.horizon)
        live[list(self._stage.faults)] = False
        return live

    def reset(
        self,
        *,
        seed: int | np.integer[Any] | Sequence[int | None] | None = None,
        options: dict[str, Any] | None = None,
    ) -> tuple[Observation, dict[str, Any]]:
        """Start rows anew.

        Args:
            seed: of row 0, with one more for each row after it, or one per row; without it, rows draw their next
                scenario.
            options: `scenarios`, one for each row from the first on, instead of drawn ones; `reset_mask`, [rows] bool,
                which rows to reset. Fewer scenarios than rows leave the last rows as they are.

        Raises:
            UsageError: when a scenario is not one of this world, there are more of them than rows, there is no seed for
                some row, or the mask is no mask.
        """
        options = options or {}
        given: Sequence[Scenario] | None = options.get("scenarios")
        rows = self._masked(options.get("reset_mask"))
        if given is not None:
            if len(given) > len(rows):
                raise UsageError(f"Expected at most {len(rows)} scenarios, got {len(given)}.")
            rows = rows[: len(given)]
        seeds = _seeds(seed, rows)
        chosen, noises = [], []
        for place, (row, one) in enumerate(zip(rows, seeds, strict=True)):
            if given is not None:
                chosen.append(self._fitting(given[place]))
                noises.append(one or 0)
            else:
                self._drawn[row] = self._next(row, one)
                chosen.append(self.world.scenario(*self._drawn[row]))
                noises.append(derive(self._drawn[row][0], "episode", self._drawn[row][1]))
        self._stage.reset(rows, chosen, noises)
        self._begun[rows] = True
        return self._seen(), {"scenarios": chosen}

    def step(self, actions: Array) -> tuple[Observation, Array, Array, Array, dict[str, Any]]:
        """Apply one action per row, [rows, size]; rows that are over wait, or start anew.

        Raises:
            UsageError: when actions do not fit the action space, or all rows wait for a reset.
        """
        live = self.live
        if not live.any() and not (self._autoreset and self._begun.any()):
            why = f"the episode is over. {self.fault(0)}" if self._begun.any() else "none has begun"
            raise UsageError(f"Expected a reset before this step, since {why}".rstrip(" .") + ".")
        actions = fitting(self.single_action_space, actions, self.num_envs)
        for row, why in problems(self.single_action_space, actions).items():
            if live[row]:
                raise UsageError(why if self.num_envs == 1 else f"Row {row}: {why}")
        if self._autoreset and not live.all():
            self.reset(options={"reset_mask": ~live})
        rows = np.flatnonzero(live)
        self._stage.step(actions.astype(np.float32), rows)
        rewards = np.where(live, self._stage.rewards, 0.0)
        over = ~self.live
        info = {
            "success": self._stage.success & self._stage.safe,
            "safe": self._stage.safe,
            "predicates": dict(self._stage.predicates),
        }
        return self._seen(), rewards, over, np.zeros(self.num_envs, dtype=bool), info

    def fault(self, row: int) -> str:
        """Return why the physics of a row broke, empty if they did not."""
        return self._stage.faults.get(row, "")

    def entries(self, row: int) -> list[Entry]:
        """Return the log of a row."""
        return self._stage.entries(row)

    def state(self, row: int) -> dict[str, Any]:
        """Return the physical state of a row as plain data."""
        return self._stage.state(row)

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

    def _seen(self) -> Observation:
        return {name: column.copy() for name, column in self._stage.observations.items()}

    def _next(self, row: int, seed: int | None) -> tuple[int, int]:
        if seed is not None:
            return int(seed), 0
        root, index = self._drawn[row]
        return (int(self.np_random.integers(2**32)), 0) if index < 0 else (root, index + 1)

    def _masked(self, mask: Array | None) -> list[int]:
        if mask is None:
            return list(range(self.num_envs))
        mask = np.asarray(mask)
        if mask.shape != (self.num_envs,) or mask.dtype != bool or not mask.any():
            raise UsageError(
                f"Expected a reset_mask of {self.num_envs} bool, at least one of them true, "
                f"got {mask.dtype} of shape {mask.shape}: {mask.tolist()}."
            )
        return [int(row) for row in np.flatnonzero(mask)]

    def _fitting(self, scenario: Scenario) -> Scenario:
        if (world := getattr(scenario, "world", None)) != self.world.id:
            got = f"one of {world}" if world else type(scenario).__name__
            raise UsageError(f"Expected a scenario of {self.world.id}, got {got}.")
        if problem := self.world.space.problem(scenario.values):
            raise UsageError(f"Expected a scenario in the Space of {self.world.id}: {problem}.")
        return scenario


def _seeds(
    seed: int | np.integer[Any] | Sequence[int | None] | None, rows: Sequence[int]
) -> list[int | None]:
    """Return the seeds of the rows, each None or what `reset` says."""
    if seed is None:
        return [None] * len(rows)
    if isinstance(seed, int | np.integer):
        return [int(seed) + row for row in rows]
    if rows and len(seed) <= max(rows):
        raise UsageError(f"Expected a seed for each of {max(rows) + 1} rows, got {len(seed)}.")
    return [seed[row] for row in rows]
