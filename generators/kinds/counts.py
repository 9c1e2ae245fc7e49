"""Fields of counts: how many, how often, how long until; each a table of cumulative probabilities."""

import math
from abc import abstractmethod
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from gristmill.errors import UsageError
from gristmill.generators._guides import Guide
from gristmill.generators.kinds.field import Field

__all__ = ["Binomial", "Geometric", "Poisson", "Zipf"]

_FINEST = 2.0**-53  # of units; what is less likely than this from one end has none of its own
_LARGEST = 1_000_000  # up to here the logarithms of factorials keep ten digits


class _Count(Field):
    """A whole number with a table of cumulative probabilities.

    Counts of which less than 2**-53 lies on their side are left out: no unit leads there.
    """

    def column(self, units: NDArray[np.float64]) -> pa.Array:
        """Return the values at `units`, [1, rows] in [0, 1), as int64 [rows]."""
        low, _ = self._table
        return pa.array(self._guide.places(units[0]) + np.int64(low))

    def log_prob(self, value: Any) -> float:
        low, edges = self._table
        if type(value) is not int or not low <= value < low + len(edges) - 1:
            return -math.inf
        return float(self._logs(np.array([value], float))[0])

    def locate(self, value: Any) -> list[float]:
        if self.log_prob(value) == -math.inf:
            raise self._outside(value)
        low, edges = self._table
        below, above = float(edges[value - low]), float(edges[value - low + 1])
        centre = (below + above) / 2
        return [centre if centre < above else below]  # between two neighbours there is no centre

    @cached_property
    def _table(self) -> tuple[int, NDArray[np.float64]]:
        """The least count, and the edges of the cells of all counts from it on, from 0 to 1."""
        low, high = self._span
        chances = np.exp(self._logs(np.arange(low, high + 1, dtype=float)))
        edges = np.concatenate([[0.0], np.cumsum(chances)])
        edges /= edges[-1]
        kept = (edges[1:] > _FINEST) & (edges[:-1] < 1 - _FINEST) & (np.diff(edges) > 0)
        first, last = np.flatnonzero(kept)[[0, -1]]
        return low + int(first), np.concatenate([[0.0], edges[first + 1 : last + 1], [1.0]])

    @cached_property
    def _guide(self) -> Guide:
        return Guide(self._table[1][1:-1])

    @property
    @abstractmethod
    def _span(self) -> tuple[int, int]:
        """The least and greatest count, outside of which there is less than 2**-53."""

    @abstractmethod
    def _logs(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the logarithms of the probabilities of counts in the support."""


class Poisson(_Count):
    """How many events there are where `mean` are expected and none knows of another."""

    def __init__(self, mean: float, *, unit: str = "") -> None:
        if not 0 < mean <= _LARGEST:
            raise UsageError(f"Expected a mean above 0 and at most {_LARGEST}, got {mean}.")
        self.mean, self.unit = mean, unit

    @property
    def mode(self) -> int:
        return math.floor(self.mean)

    @property
    def _span(self) -> tuple[int, int]:
        return _around(self.mean, self.mean)

    def _logs(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        return values * math.log(self.mean) - self.mean - _log_factorials(values)


class Binomial(_Count):
    """How many of `trials` succeed, each with probability `rate`."""

    def __init__(self, trials: int, rate: float, *, unit: str = "") -> None:
        if type(trials) is not int or not 1 <= trials <= _LARGEST or not 0 < rate < 1:
            raise UsageError(
                f"Expected 1 to {_LARGEST} trials and a rate between 0 and 1, got {trials} and {rate}."
            )
        self.trials, self.rate, self.unit = trials, rate, unit

    @property
    def mode(self) -> int:
        return min(math.floor((self.trials + 1) * self.rate), self.trials)

    @property
    def _span(self) -> tuple[int, int]:
        low, high = _around(self.trials * self.rate, self.trials * self.rate * (1 - self.rate))
        return low, min(high, self.trials)

    def _logs(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        others = self.trials - values
        ways = math.lgamma(self.trials + 1) - _log_factorials(values) - _log_factorials(others)
        return ways + values * math.log(self.rate) + others * math.log1p(-self.rate)


class Geometric(_Count):
    """How many trials it takes until one succeeds, each with probability `rate`; at least one."""

    def __init__(self, rate: float, *, unit: str = "") -> None:
        if not 1e-4 <= rate < 1:
            raise UsageError(f"Expected a rate from 0.0001 to below 1, got {rate}.")
        self.rate, self.unit = rate, unit

    @property
    def mode(self) -> int:
        return 1

    @property
    def _span(self) -> tuple[int, int]:
        return 1, 1 + math.ceil(-40 / math.log1p(-self.rate))

    def _logs(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        return math.log(self.rate) + (values - 1) * math.log1p(-self.rate)


class Zipf(_Count):
    """A rank from 1 to `size`, its probability as rank**-exponent: which word, which shop, which customer."""

    def __init__(self, exponent: float, size: int, *, unit: str = "") -> None:
        if not 0 <= exponent <= 100 or type(size) is not int or not 1 <= size <= _LARGEST:
            raise UsageError(
                f"Expected an exponent from 0 to 100 and 1 to {_LARGEST} ranks, got {exponent} and {size}."
            )
        self.exponent, self.size, self.unit = exponent, size, unit

    @property
    def mode(self) -> int:
        return 1

    @property
    def _span(self) -> tuple[int, int]:
        return 1, self.size

    @cached_property
    def _total(self) -> float:
        ranks = np.arange(self.size, 0, -1, dtype=float)  # the small ones first, so that they count
        return math.log(np.sum(ranks**-self.exponent))

    def _logs(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        return -self.exponent * np.log(values) - self._total


def _around(mean: float, variance: float) -> tuple[int, int]:
    """Return counts from 0 outside of which a sum of independent ones has less than 1e-20.

    Bernstein's inequality (S. Boucheron, G. Lugosi, P. Massart, Concentration Inequalities, 2013, section 2.8).
    """
    reach = 10 * math.sqrt(variance) + 40
    return max(math.floor(mean - reach), 0), math.ceil(mean + reach)


def _log_factorials(values: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.array([math.lgamma(value + 1) for value in values.tolist()])
