"""From a scenario that fails to a minimal one that still fails: as much as possible is as usual, the rest nearly so.

Greedy, in the latent cube: records of lists are dropped, fields go back to their mode, many at once where that is
possible (as A. Zeller and R. Hildebrandt, Simplifying and isolating failure-inducing input, 2002, halve an input), and
what has to stay goes as near to its mode as it can.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec
import numpy as np

from gristmill.digest import digest
from gristmill.errors import UsageError
from gristmill.generators.fields import Choice
from gristmill.generators.kinds.field import List, short
from gristmill.generators.kinds.numbers import normal_quantile
from gristmill.generators.rare.cube import from_normal
from gristmill.generators.rare.leaves import USUAL, Leaf, leaves, peak, present, unusual
from gristmill.generators.rare.problem import Outcome, Problem
from gristmill.generators.space import Space, Values

__all__ = ["Shrunk", "in_words", "shrink", "usual"]

SLACK = 0.5  # of log-density
_MANY = 10_000  # calls, where they cost nothing
_HALVES = 4  # times that a number is brought half as near
_WITHIN = 0.999  # of the band in which numbers are as usual
_LIKELIER = 4  # options that are tried in place of an unlikely one
_LEAST, _MOST = 1e-12, 1 - 1e-12  # units between which there is a half


class Shrunk(msgspec.Struct, frozen=True, kw_only=True):
    """A minimal scenario.

    Attributes:
        values: of the scenario.
        severity: its grade.
        log_density: under the nominal distribution.
        kind: its labels.
        unusual: names of the fields that are not as usual.
        words: the scenario in words, as far as it is not as usual.
        calls: scenarios simulated to find it.
    """

    values: dict[str, Any]
    severity: float
    log_density: float
    kind: tuple[str, ...]
    unusual: tuple[str, ...]
    words: str
    calls: int


def shrink(
    problem: Problem,
    values: Values,
    *,
    slack: float = SLACK,
    calls: int = 100,
    keep: Callable[[Outcome], bool] | None = None,
) -> Shrunk:
    """Return a minimal scenario that is an event as the given one is, and about as plausible or more so.

    Args:
        problem: whose event it is.
        values: of a scenario that is one.
        slack: how much lower than at the start the log-density may become, both counted from that of the likeliest
            values of the fields that there are.
        calls: at most so many scenarios are simulated.
        keep: what else has to hold, such as that the kind stays.

    Raises:
        UsageError: when the scenario is not in the Space, or is no event.
    """
    if wrong := problem.space.problem(values):
        raise UsageError(f"Expected a scenario of the Space, got {short(values)}: {wrong}.")
    search = _Search(problem, values, slack, calls, keep)
    for records in problem.space.lists:
        search.drop(records)
    search.reset(search.off())
    search.refine()
    search.reset(search.off())
    return search.result()


def usual(space: Space, *, seed: int) -> Values:
    """Return a legal scenario in which as much as possible is as in the mode, which itself may be illegal."""
    anything = Problem(space, lambda rows: [Outcome(0.0) for _ in rows], 0.0)
    values = space.sample(seed, 0, name="usual")
    return shrink(anything, values, slack=math.inf, calls=_MANY).values


def in_words(found: Sequence[Leaf], values: Values) -> str:
    """Return what is not as usual in a scenario in words: `obstacle dog, weather ice; all else as usual`."""
    parts = [
        _phrase(leaf, value, row) for leaf, value, row in present(found, values) if unusual(leaf, value, row)
    ]
    return f"{', '.join(parts)}; all else as usual" if parts else "all as usual"


def _phrase(leaf: Leaf, value: Any, row: Mapping[str, Any]) -> str:
    field = leaf.field
    if leaf.listed:
        return f"{value} {leaf.name}"
    if isinstance(value, bool):
        return leaf.name if value else f"no {leaf.name}"
    if isinstance(field, Choice) or type(value) not in (int, float):
        return f"{leaf.name} {value}"
    unit = field.locate_given(value, row)[0]
    share, side = (unit, "lower") if unit < 0.5 else (1 - unit, "higher")
    return f"{leaf.name} {value:.4g}{' ' + field.unit if field.unit else ''} ({side} in {share:.1g} of draws)"


class _Search:
    """The best scenario so far, as values and as units, and the moves that may better it."""

    def __init__(
        self,
        problem: Problem,
        values: Values,
        slack: float,
        calls: int,
        keep: Callable[[Outcome], bool] | None,
    ) -> None:
        self.problem, self.space = problem, problem.space
        self.leaves, self.mode = leaves(problem.space), np.array(problem.space.origin())
        self.keep, self.left, self.calls, self.seen = keep, calls - 1, 1, set[str]()
        self.values, self.units = values, np.array(problem.space.origin(values))
        self.outcome = problem.simulate([values])[0]
        if not self.holds(self.outcome):
            raise UsageError(
                f"Expected a scenario that fails, got {short(values)} of severity {self.outcome.severity:g}, "
                f"below {problem.threshold:g} or of another kind."
            )
        self.least = self.plausibility(values) - slack

    def plausibility(self, values: Values) -> float:
        return self.space.log_prob(values) - peak(self.leaves, values)

    def holds(self, outcome: Outcome) -> bool:
        return outcome.severity >= self.problem.threshold and (self.keep is None or self.keep(outcome))

    def off(self) -> list[Leaf]:
        """Return the leaves that exist and are not where the mode has them."""
        return [
            leaf
            for leaf, _, _ in present(self.leaves, self.values)
            if not np.array_equal(self.units[leaf.start : leaf.end], self.mode[leaf.start : leaf.end])
        ]

    def accept(self, units: Any) -> bool:
        """Go to other units if what they give is legal, plausible enough and still fails."""
        values = self.space.draw(units)
        if values == self.values:
            self.units = units
            return True
        if not self.space.legal(values) or self.plausibility(values) < self.least:
            return False
        key = digest(values)
        if key in self.seen or not self.left:
            return False
        self.seen.add(key)
        self.left, self.calls = self.left - 1, self.calls + 1
        outcome = self.problem.simulate([values])[0]
        if self.holds(outcome):
            self.values, self.units, self.outcome = values, units, outcome
            return True
        return False

    def reset(self, some: Sequence[Leaf]) -> None:
        """Bring as many leaves as possible back to the mode, all at once where that is possible, else by halves."""
        if not some:
            return
        units = self.units.copy()
        for leaf in some:
            units[leaf.start : leaf.end] = self.mode[leaf.start : leaf.end]
        if not self.accept(units) and len(some) > 1:
            self.reset(some[: len(some) // 2])
            self.reset(some[len(some) // 2 :])

    def drop(self, records: List) -> None:
        """Drop as many records of a list as possible, half of them at once at first."""
        counts = next(leaf for leaf in self.leaves if leaf.listed and leaf.start == records.place)
        size = records.count(self.units[records.place])
        several = max(1, size // 2)
        while several:
            place = 0
            while place < size:
                kept = [one for one in range(size) if not place <= one < place + several]
                possible = counts.field.log_prob(len(kept)) > -np.inf
                if possible and self.accept(self._only(records, counts, kept)):
                    size = len(kept)
                else:
                    place += several
            several //= 2

    def _only(self, records: List, counts: Leaf, kept: Sequence[int]) -> Any:
        """Return the units with only some of a list's records."""
        units, first = self.units.copy(), records.place + 1
        blocks = units[first : first + records.size * records.most].reshape(records.most, records.size)
        others = self.mode[first : first + records.size * records.most].reshape(records.most, records.size)
        blocks[:] = np.concatenate([blocks[list(kept)], others[: records.most - len(kept)]])
        units[records.place] = counts.field.locate(len(kept))[0]
        return units

    def refine(self) -> None:
        """Give each leaf that has to differ from the mode as likely a value as possible."""
        off = self.off()
        numbers = [one for one in off if not isinstance(one.field, Choice) and one.end == one.start + 1]
        # The nearest first, and before options, so that as few as possible are not as usual.
        numbers.sort(key=lambda one: abs(self.units[one.start] - 0.5))
        for leaf in numbers:
            aside = self.units[leaf.start] - 0.5
            if abs(aside) > USUAL / 2:
                self._to(leaf, 0.5 + math.copysign(_WITHIN * USUAL / 2, aside))
        for leaf in off:
            if isinstance(leaf.field, Choice):
                self._likelier(leaf, leaf.field)
        self.reset(self.off())
        for leaf in reversed(numbers):  # the furthest first, since there may be more of them than calls
            self._nearer(leaf)

    def _to(self, leaf: Leaf, unit: float) -> bool:
        """Go to another unit of a leaf if that is acceptable."""
        units = self.units.copy()
        units[leaf.start] = unit
        return self.accept(units)

    def _likelier(self, leaf: Leaf, field: Choice) -> None:
        value = field.draw([self.units[leaf.start]])
        likelier = [one for one in field.options if field.log_prob(one) > field.log_prob(value)]
        likelier.sort(key=field.log_prob, reverse=True)
        for option in likelier[1 : _LIKELIER + 1]:  # the first is the mode's, which has been tried
            if self._to(leaf, field.locate(option)[0]):
                return

    def _nearer(self, leaf: Leaf) -> None:
        """Halve the way of a number to its mode, and where that is too far the way to the half."""
        near, far = (
            normal_quantile(np.clip(units[[leaf.start]], _LEAST, _MOST)) for units in (self.mode, self.units)
        )
        for _ in range(_HALVES):
            half = (near + far) / 2
            if self._to(leaf, float(from_normal(half)[0])):
                far = half
            else:
                near = half

    def result(self) -> Shrunk:
        there = [
            leaf.name for leaf, value, row in present(self.leaves, self.values) if unusual(leaf, value, row)
        ]
        return Shrunk(
            values=self.values,
            severity=self.outcome.severity,
            log_density=self.space.log_prob(self.values),
            kind=tuple(self.outcome.kind),
            unusual=tuple(there),
            words=in_words(self.leaves, self.values),
            calls=self.calls,
        )
