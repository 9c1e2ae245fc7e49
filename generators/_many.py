"""Lists of records, each drawn from one Space."""

import math
from typing import Any

import pyarrow as pa

from gristmill.errors import UsageError
from gristmill.generators._choices import Choice
from gristmill.generators._columns import Units, arrow
from gristmill.generators._field import Field
from gristmill.generators.space import Space, Values

__all__ = ["Many"]


class Many(Field):
    """A list of draws from one Space, its length drawn from `counts`."""

    def __init__(self, space: Space, counts: Choice) -> None:
        if not all(type(count) is int and count >= 0 for count in counts.options):
            raise UsageError(f"Expected counts that are whole numbers from 0, got {counts.options}.")
        self.space, self.counts = space, counts
        self.dims = 1 + max(counts.options) * space.dims

    @property
    def labels(self) -> list[str]:
        inner = self.space.labels
        items = range(max(self.counts.options))
        return ["count", *(f"{item}/{label}" for item in items for label in inner)]

    def values(self, units: Units) -> list[list[Values]]:
        """Return the lists at `units`, [dims, N]."""
        counts, size = self.counts.values(units[:1]), self.space.dims
        found: list[list[Values]] = [[] for _ in counts]
        for item in range(max(counts, default=0)):
            held = [place for place, count in enumerate(counts) if count > item]
            drawn = self.space.values(units[1 + size * item : 1 + size * (item + 1), held])
            for place, one in zip(held, drawn, strict=True):
                found[place].append(one)
        return found

    def column(self, units: Units) -> pa.Array:
        """Return the lists at `units`, [dims, N], as a column of lists of records."""
        return arrow(self.values(units))

    def log_prob(self, value: Any) -> float:
        if not isinstance(value, list):
            return -math.inf
        return self.counts.log_prob(len(value)) + sum(map(self.space.log_prob, value))

    def problem(self, value: Any) -> str:
        """Return the first thing that is wrong with `value`, with its place in the list; empty if nothing is."""
        if not isinstance(value, list):
            return f"expected a list, got {type(value).__name__}"
        if self.counts.log_prob(len(value)) == -math.inf:
            return f"expected one of {self.counts.options} in number, got {len(value)}"
        found = ((place, self.space.problem(one)) for place, one in enumerate(value))
        return next((f"number {place + 1}: {problem}" for place, problem in found if problem), "")

    @property
    def has_constraint(self) -> bool:
        return self.space.has_constraint

    def legal(self, value: Any) -> bool:
        """Return whether every item meets the constraint of the Space."""
        return all(map(self.space.legal, value))

    def locate(self, value: Any) -> list[float]:
        units = self.counts.locate(len(value)) + [unit for one in value for unit in self.space.locate(one)]
        return units + [0.5] * (self.dims - len(units))

    @property
    def mode(self) -> list[Values]:
        return [self.space.mode for _ in range(self.counts.mode)]

    def _body(self) -> dict[str, Any]:
        return {"counts": self.counts.describe(), "space": self.space.describe()}
