"""The loop of many rows: their states, kept as arrays, are advanced together and looked at after every step.

What a row does depends on its own scenario and actions alone, not on its neighbours.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from gristmill.envs.stepped.types import Array, State, Values
from gristmill.errors import UsageError
from gristmill.types import Entry, Scenario

if TYPE_CHECKING:
    from gristmill.envs.stepped.world import SteppedWorld

__all__ = ["Stage"]


class Stage:
    """Rows of one stepped world.

    Attributes:
        states: all that decides how the rows go on, [rows, ...] each.
        clock: steps done, [rows].
        observations: what each row sees now, [rows, size] float32 each; new arrays after every step.
        rewards: of the last step, [rows].
        outcome: what the final states would be now, [rows, ...] each.
        predicates: what has to hold for success, by name, [rows] bool each.
        success: whether every predicate holds now, [rows].
        faults: rows that broke, with the reason.
    """

    def __init__(self, world: "SteppedWorld", rows: int) -> None:
        self.world = world
        self.faults: dict[int, str] = {}
        self.clock = np.zeros(rows, dtype=np.int64)
        self.rewards = np.zeros(rows)
        self._plain: dict[str, list[Any]] | None = None  # the outcome, once it was asked for
        # Until they are given scenarios, all rows are in the nominal one.
        self._values: list[Values] = [{}] * rows
        self.states: State = {name: np.repeat(one, rows, axis=0) for name, one in world.initial.items()}
        sizes = [one.size for one in world.quantities.values()]
        ends = np.cumsum(sizes).tolist()
        self._spans = {
            name: slice(end - size, end)
            for name, size, end in zip(world.quantities, sizes, ends, strict=True)
        }
        self._check()
        self._look()

    @property
    def going(self) -> Array:
        """Which rows are not over, [rows] bool."""
        going: Array = ~self._over
        if self.faults:
            going[list(self.faults)] = False
        return going

    @property
    def told(self) -> dict[str, Any]:
        """What has to hold for success, and whether all of it does."""
        return {"success": self.success, "predicates": self.predicates}

    def reset(self, rows: Sequence[int], scenarios: Sequence[Scenario], seeds: Sequence[int]) -> None:
        """Start rows anew; nothing depends on the seeds, since all that is random is in the scenarios."""
        begun = self.world.begin([one.values for one in scenarios])
        for row, one in zip(rows, scenarios, strict=True):
            self._values[row] = one.values
            self.faults.pop(row, None)
        if len(rows) == len(self.clock):
            self.states = begun
        else:
            for name, column in self.states.items():
                column[rows] = begun[name]
        self.clock[rows] = 0
        self.rewards = np.zeros(len(self.clock))
        self._look()
        self._find_broken(np.array(rows))

    def step(self, actions: Array, rows: Array) -> None:
        """Apply actions, [rows, size] float32, to the rows named, and let one step pass."""
        if not len(rows):
            return
        if len(rows) == len(self.clock):
            self._advance(self.states, actions, self.clock)
        else:  # the others are over, or have just begun
            some = {name: column[rows] for name, column in self.states.items()}
            self._advance(some, actions[rows], self.clock[rows])
            for name, column in some.items():
                self.states[name][rows] = column
        self.clock[rows] += 1
        self._look()
        self.rewards = self.world.reward(self.states, self.success & self._over)
        self._find_broken(rows)

    def entries(self, row: int) -> list[Entry]:
        """Return the log of a row: how it began, and what happened to it."""
        start: Entry = {"from": "world", "event": "start", **self.world.platform}
        return [start, *self.world.log(self._values[row], self.state(row))]

    def state(self, row: int) -> dict[str, Any]:
        """Return the outcome of a row as plain data."""
        if self._plain is None:  # for all rows at once, since all of them are asked for in turn
            self._plain = {name: one.tolist() for name, one in self.outcome.items()}
        return {name: one[row] for name, one in self._plain.items()}

    def picture(self, row: int) -> Array:
        """Return a picture of a row, [height, width, 3] uint8."""
        return self.world.draw({name: one[row : row + 1] for name, one in self.states.items()})

    def _advance(self, state: State, actions: Array, step: Array) -> None:
        """Let a step pass.

        Raises:
            UsageError: when the rules keep what they did not begin with, and rows that start anew would not have.
        """
        self.world.advance(state, actions, step)
        if state.keys() != self.world.initial.keys():
            others = sorted(state.keys() ^ self.world.initial.keys())
            raise UsageError(
                f"Expected advance() to keep the arrays that begin() returned, got others: {others}."
            )

    def _look(self) -> None:
        """Look at the states of all rows."""
        world = self.world
        seen = {**world.observe(self.states), "time": self.clock[:, None] / world.horizon}
        with np.errstate(over="ignore", invalid="ignore"):  # a row that broke may be anywhere
            self._seen = np.concatenate(
                [seen[name] for name in world.quantities], axis=1, dtype=np.float32, casting="same_kind"
            )
        self.observations = {name: self._seen[:, span] for name, span in self._spans.items()}
        self._plain = None
        self.outcome: State = {"steps": self.clock, **world.outcome(self.states)}
        self._over = (self.clock >= world.horizon) | world.over(self.outcome)
        self.predicates = world.predicates(self.outcome)
        self.success = np.logical_and.reduce(list(self.predicates.values()))

    def _find_broken(self, rows: Array) -> None:
        """Note which of some rows have come to numbers that are not finite."""
        if np.isfinite(self._seen).all():
            return
        for row in rows[~np.isfinite(self._seen[rows]).all(axis=1)]:
            wrong = [
                name for name, span in self._spans.items() if not np.isfinite(self._seen[row, span]).all()
            ]
            self.faults[int(row)] = f"{', '.join(wrong)} is not finite after step {self.clock[row]}"

    def _check(self) -> None:
        """Look once at what the rules return, so that a slip in them is named where it was made.

        Raises:
            UsageError: when names, shapes or types are not those that are expected.
        """
        world, rows = self.world, len(self.clock)
        if wrong := [name for name, one in self.states.items() if len(one) != rows]:
            raise UsageError(
                f"Expected begin() to return arrays of a row for each scenario, got others: {wrong}."
            )
        sizes = {name: (rows, one.size) for name, one in world.quantities.items() if name != "time"}
        seen = {name: np.shape(one) for name, one in world.observe(self.states).items()}
        if seen != sizes:
            raise UsageError(f"Expected observe() to return the quantities {sizes}, got {seen}.")
        outcome = {"steps": self.clock, **world.outcome(self.states)}
        flags = {**world.predicates(outcome), "over": world.over(outcome)}
        forms = {name: f"{np.asarray(one).dtype} {np.shape(one)}" for name, one in flags.items()}
        if len(forms) < 2 or set(forms.values()) != {f"bool ({rows},)"}:
            raise UsageError(f"Expected predicates() and over() to return bool ({rows},) each, got {forms}.")
