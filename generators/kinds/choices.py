"""Fields of a few known values: one of some options, yes or no, always the same."""

import math
from collections.abc import Sequence
from functools import cached_property
from itertools import accumulate
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from gristmill.digest import encode
from gristmill.errors import UsageError
from gristmill.generators._columns import Units, arrow, coded
from gristmill.generators._guides import Guide
from gristmill.generators.kinds.field import Field, copied, plain, same, short

__all__ = ["Choice", "Constant", "Flag"]


class Constant(Field):
    """Always the same value."""

    dims = 0

    def __init__(self, value: Any) -> None:
        self.value = copied(plain(value))
        self._shared = isinstance(value, (list, dict))

    def column(self, units: Units) -> pa.Array:
        return coded(np.zeros(units.shape[1], np.int32), arrow([self.value]))

    def values(self, units: Units) -> list[Any]:
        if self._shared:
            return [copied(self.value) for _ in range(units.shape[1])]
        return [self.value] * units.shape[1]

    def log_prob(self, value: Any) -> float:
        return 0.0 if same(value, self.value) else -math.inf

    def locate(self, value: Any) -> list[float]:
        if not same(value, self.value):
            raise self._outside(value)
        return []

    @property
    def even(self) -> float:
        return 0.0

    @property
    def mode(self) -> Any:
        return copied(self.value)


class Choice(Field):
    """One of `options`, with weights that need not sum to one."""

    def __init__(self, options: Sequence[Any], weights: Sequence[float] | None = None) -> None:
        if not options:
            raise UsageError("Expected at least one option, got none.")
        if weights is not None and (
            len(weights) != len(options)
            or not all(0 <= one < math.inf for one in weights)
            or not 0 < sum(weights) < math.inf
        ):
            raise UsageError(
                f"Expected {len(options)} weights that are not negative, not all zero and can be added up, "
                f"got {short(list(weights))}."
            )
        self.options = [copied(plain(option)) for option in options]
        self._shared = any(isinstance(option, (list, dict)) for option in self.options)
        if len({encode(option) for option in self.options}) < len(self.options):
            raise UsageError(f"Expected different options, got {self.options}; give weights instead.")
        self.weights = list(weights) if weights is not None else [1.0] * len(self.options)
        *_, total = accumulate(self.weights)
        # Divided by their own last sum, the edges end in exactly one.
        self._guide = Guide(np.array([edge / total for edge in accumulate(self.weights)]))
        self._places = {
            (isinstance(option, bool), option): place
            for place, option in enumerate(self.options)
            if not isinstance(option, (list, dict))
        }
        self._log = [math.log(weight / total) if weight else -math.inf for weight in self.weights]

    def column(self, units: Units) -> pa.Array:
        return coded(self._guide.places(units[0]), self._column)

    def values(self, units: Units) -> list[Any]:
        found = [self.options[code] for code in self._guide.places(units[0]).tolist()]
        return list(map(copied, found)) if self._shared else found

    def log_prob(self, value: Any) -> float:
        place = self._place(value)
        return self._log[place] if place is not None else -math.inf

    def locate(self, value: Any) -> list[float]:
        place = self._place(value)
        if place is None or not self.weights[place]:
            raise self._outside(value)
        return [float((self.edges[place - 1] if place else 0.0) + self.edges[place]) / 2]

    @property
    def even(self) -> float | None:
        likely = {one for one in self._log if one > -math.inf}
        return likely.pop() if len(likely) == 1 else None

    @property
    def edges(self) -> NDArray[np.float64]:
        """Cumulative probabilities of the options, [options], the last of them 1."""
        return self._guide.edges

    @cached_property
    def _column(self) -> pa.Array:
        return arrow(self.options)

    def _place(self, value: Any) -> int | None:
        try:
            return self._places.get((isinstance(value, bool), value))
        except TypeError:  # a list or a dict has no hash
            return next((place for place, option in enumerate(self.options) if same(option, value)), None)

    @property
    def mode(self) -> Any:
        return copied(self.options[self.weights.index(max(self.weights))])

    def _expected(self) -> str:
        return f"one of {', '.join(map(short, self.options))}"


class Flag(Choice):
    """True with probability `rate`."""

    def __init__(self, rate: float) -> None:
        if not 0 <= rate <= 1:
            raise UsageError(f"Expected a rate between 0 and 1, got {rate}.")
        super().__init__([False, True], [1 - rate, rate])
