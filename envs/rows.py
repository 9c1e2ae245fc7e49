"""Rows of a world of one seat as a `gymnasium.vector.VectorEnv`, and a single environment as a batch of one of them.

What moves the rows is their stage; here are seeds, scenarios, masks, and what becomes of rows that are over.
"""

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any, Protocol

import gymnasium
import numpy as np
from gymnasium.vector import AutoresetMode, VectorEnv
from gymnasium.vector.utils import batch_space
from numpy.typing import NDArray

from gristmill.errors import UsageError
from gristmill.seeding import derive
from gristmill.simulate import fitting, problems
from gristmill.types import Entry, Scenario

__all__ = ["Array", "Observation", "OneRow", "RowsEnv", "Stage"]

Array = NDArray[Any]
Observation = dict[str, Array]


class Stage(Protocol):
    """What moves rows; each has its own clock.

    Attributes:
        observations: what each row sees now, [rows, size] float32 each.
        rewards: of the last step, [rows].
        faults: rows that broke, with the reason.
    """

    observations: Observation
    rewards: Array
    faults: dict[int, str]

    @property
    def going(self) -> Array:
        """Which rows are not over, [rows] bool, whether or not they have begun."""
        ...

    @property
    def told(self) -> dict[str, Any]:
        """What a step tells beside: `success`, [rows] bool, and others, with `predicates` by name."""
        ...

    def reset(self, rows: Sequence[int], scenarios: Sequence[Scenario], seeds: Sequence[int]) -> None:
        """Start rows anew."""
        ...

    def step(self, actions: Array, rows: Array) -> None:
        """Apply actions, [rows, size] float32, to the rows named."""
        ...

    def entries(self, row: int) -> list[Entry]:
        """Return the log of a row."""
        ...

    def state(self, row: int) -> dict[str, Any]:
        """Return the state of a row as plain data."""
        ...


class RowsEnv(VectorEnv[Observation, Array, Array]):
    """Many rows of one world.

    A row that breaks is terminated, and `fault` says why.

    Args:
        world: whose rules hold.
        stage: moves the rows.
        rows: how many episodes run at once.
        autoreset: whether a row that is over starts anew with the next step, as by Gymnasium's default, or waits.
    """

    def __init__(self, world: Any, stage: Any, rows: int, autoreset: AutoresetMode) -> None:
        self.world = world
        self.num_envs = rows
        self.metadata = {**world.metadata, "autoreset_mode": autoreset}
        self.render_mode = world.render_mode
        self.single_observation_space = world.observation_space
        self.single_action_space = world.action_space
        self.observation_space = batch_space(world.observation_space, rows)
        self.action_space = batch_space(world.action_space, rows)
        self._autoreset = autoreset == AutoresetMode.NEXT_STEP
        self._stage: Stage = stage
        # Seed of each row, and how many episodes it has drawn from it.
        self._drawn: list[tuple[int, int]] = [(0, -1)] * rows
        self._begun = np.zeros(rows, dtype=bool)

    @staticmethod
    def check(rows: int, autoreset: AutoresetMode) -> None:
        """Look at what rows are made with.

        Raises:
            UsageError: when there are none, or `autoreset` is another than the two that there are.
        """
        if rows < 1 or autoreset not in (AutoresetMode.NEXT_STEP, AutoresetMode.DISABLED):
            raise UsageError(
                f"Expected at least one row, and autoreset NEXT_STEP or DISABLED, got {rows} and {autoreset}."
            )

    @property
    def live(self) -> Array:
        """Which rows go on, [rows] bool."""
        live: Array = self._begun & self._stage.going
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
        self._stage.step(actions.astype(np.float32), np.flatnonzero(live))
        rewards = np.where(live, self._stage.rewards, 0.0)
        return self._seen(), rewards, ~self.live, np.zeros(self.num_envs, dtype=bool), self._stage.told

    def fault(self, row: int) -> str:
        """Return why a row broke, empty if it did not."""
        return self._stage.faults.get(row, "")

    def entries(self, row: int) -> list[Entry]:
        """Return the log of a row."""
        return self._stage.entries(row)

    def state(self, row: int) -> dict[str, Any]:
        """Return the state of a row as plain data."""
        return self._stage.state(row)

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


class OneRow(gymnasium.Env[Observation, Array]):
    """A single environment that is a batch of one row, so that both give the same episodes to the last bit."""

    @abstractmethod
    def vector(self, rows: int) -> RowsEnv:
        """Return many rows of this world, which are not reset by themselves."""

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Observation, dict[str, Any]]:
        """Start an episode of `options["scenario"]`, or of one drawn from `seed`; without a seed, of the next one."""
        super().reset(seed=seed)
        given = (options or {}).get("scenario")
        seen, info = self._row.reset(seed=seed, options=None if given is None else {"scenarios": [given]})
        return _first(seen), {"scenario": info["scenarios"][0]}

    def step(self, action: Array) -> tuple[Observation, float, bool, bool, dict[str, Any]]:
        """Apply an action and let one control step pass.

        Raises:
            UsageError: when the action does not fit the action space, the episode is over, or the row broke.
        """
        seen, rewards, over, _, told = self._row.step(np.asarray(action)[None])
        if fault := self._row.fault(0):
            raise UsageError(f"The episode cannot go on: {fault}; reset it.")
        flags = {name: column for name, column in told.items() if name != "predicates"} | told["predicates"]
        found = {name: bool(column[0]) for name, column in flags.items()}
        return _first(seen), float(rewards[0]), bool(over[0]), False, found

    def render(self) -> Array:
        """Return a picture, [height, width, 3] uint8."""
        pictures: Any = self._row.render()  # one of each row
        picture: Array = pictures[0]
        return picture

    def close(self) -> None:
        """Release the row, and what it draws with if there is such a thing."""
        if (row := self.__dict__.pop("_row", None)) is not None:
            row.close()

    @cached_property
    def _row(self) -> RowsEnv:
        return self.vector(1)


def _first(seen: Mapping[str, Array]) -> Observation:
    return {name: column[0] for name, column in seen.items()}


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
