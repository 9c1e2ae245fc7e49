"""A field of numbers by its quantiles, for what no named distribution fits."""

import math
from collections.abc import Sequence

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from gristmill.errors import UsageError
from gristmill.generators._columns import Units
from gristmill.generators.kinds.numbers import _Real

__all__ = ["Empirical"]


class Empirical(_Real):
    """A real number by its quantiles, between which it is uniform.

    A value that several quantiles in a row share has a probability of its own, the logarithm of which is its log-density.

    Args:
        quantiles: at levels equally far apart, the least value first and the greatest last; none is below the one before.
        digits: decimals to round to; without any, columns are of whole numbers.
    """

    def __init__(self, quantiles: Sequence[float], *, digits: int | None = None, unit: str = "") -> None:
        self.quantiles = [float(one) for one in quantiles]
        self._knots = np.array(self.quantiles)
        if len(self._knots) < 2 or not np.isfinite(self._knots).all() or np.any(np.diff(self._knots) < 0):
            raise UsageError(
                f"Expected at least two finite quantiles, none below the one before, got {self.quantiles}."
            )
        self._levels = np.linspace(0, 1, len(self._knots))
        super().__init__(None, None, digits, unit)

    def column(self, units: Units) -> pa.Array:
        found = super().column(units)
        return found.cast(pa.int64()) if self.digits == 0 else found

    def _quantile(self, unit: NDArray[np.float64]) -> NDArray[np.float64]:
        found: NDArray[np.float64] = np.interp(unit, self._levels, self._knots)
        return found

    def _log_density(self, value: float) -> float:
        below, above = self._level(value, "left"), self._level(value, "right")
        if above > below:
            return math.log(above - below)
        place = int(np.searchsorted(self._knots, value, "right"))
        if not 0 < place < len(self._knots):
            return -math.inf
        return -math.log((len(self._knots) - 1) * (self._knots[place] - self._knots[place - 1]))

    def _cdf(self, value: float) -> float:
        return (self._level(value, "left") + self._level(value, "right")) / 2

    def _reach(self) -> tuple[float, float]:
        return self.quantiles[0], self.quantiles[-1]

    def _peak(self) -> float:
        """The value that most quantiles share, or if none do the middle of the two nearest to each other."""
        values, shared = np.unique(self._knots, return_counts=True)
        if shared.max() > 1:
            return float(values[np.argmax(shared)])
        place = int(np.argmin(np.diff(self._knots)))
        return float(self._knots[place] + self._knots[place + 1]) / 2

    def _level(self, value: float, side: str) -> float:
        """Return the probability of less than `value`, or from the right of no more."""
        place = int(np.searchsorted(self._knots, value, "left" if side == "left" else "right"))
        if place in (0, len(self._knots)):
            return float(place > 0)
        low, high = self._knots[place - 1 : place + 1]
        return float(place - 1 + (value - low) / (high - low)) / (len(self._knots) - 1)
