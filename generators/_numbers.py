"""Fields of numbers, whole and real."""

import math
from abc import abstractmethod
from collections.abc import Sequence
from statistics import NormalDist
from typing import Any

from gristmill.errors import UsageError
from gristmill.generators._field import CELLS, Field

__all__ = ["Integer", "LogNormal", "Normal", "Uniform"]

_STANDARD = NormalDist()
_BELOW_ONE = math.nextafter(1, 0)


class Integer(Field):
    """A whole number, uniform on `low` … `high`, both included."""

    def __init__(self, low: int, high: int, *, unit: str = "") -> None:
        if type(low) is not int or type(high) is not int or not 0 <= high - low < CELLS:
            raise UsageError(
                f"Expected whole numbers low <= high, less than 2**52 apart, got {low} and {high}."
            )
        self.low, self.high, self.unit = low, high, unit
        self._count = high - low + 1
        self._log = -math.log(self._count)

    def draw(self, units: Sequence[float]) -> int:
        return self.low + int(units[0] * self._count)

    def log_prob(self, value: Any) -> float:
        inside = type(value) is int and self.low <= value <= self.high
        return self._log if inside else -math.inf

    def locate(self, value: Any) -> list[float]:
        if self.log_prob(value) == -math.inf:
            raise self._outside(value)
        return [(value - self.low + 0.5) / self._count]

    @property
    def even(self) -> float:
        return self._log

    @property
    def mode(self) -> int:
        return self.low


class _Real(Field):
    """A real number with a closed quantile function."""

    def log_prob(self, value: Any) -> float:
        if type(value) not in (int, float) or not math.isfinite(value):
            return -math.inf
        return self._log_density(value)

    def locate(self, value: Any) -> list[float]:
        if self.log_prob(value) == -math.inf:
            raise self._outside(value)
        return [min(max(self._cdf(value), 0.0), _BELOW_ONE)]

    @abstractmethod
    def _log_density(self, value: float) -> float: ...

    @abstractmethod
    def _cdf(self, value: float) -> float: ...


class Uniform(_Real):
    """A real number, uniform on [low, high)."""

    def __init__(self, low: float, high: float, *, unit: str = "") -> None:
        if not (low < high and math.isfinite(high - low)):
            raise UsageError(f"Expected finite numbers low < high, got {low} and {high}.")
        self.low, self.high, self.unit = low, high, unit

    def draw(self, units: Sequence[float]) -> float:
        # The sum may round up to `high`, which is outside.
        return min(self.low + units[0] * (self.high - self.low), math.nextafter(self.high, self.low))

    def _log_density(self, value: float) -> float:
        return -math.log(self.high - self.low) if self.low <= value < self.high else -math.inf

    def _cdf(self, value: float) -> float:
        return (value - self.low) / (self.high - self.low)

    @property
    def mode(self) -> float:
        return (self.low + self.high) / 2


class Normal(_Real):
    """A real number, normal with `mean` and standard deviation `sd`."""

    def __init__(self, mean: float, sd: float, *, unit: str = "") -> None:
        if not (0 < sd < math.inf and math.isfinite(mean)):
            raise UsageError(
                f"Expected a finite mean and a positive standard deviation, got {mean} and {sd}."
            )
        self.mean, self.sd, self.unit = mean, sd, unit

    def draw(self, units: Sequence[float]) -> float:
        return self.mean + self.sd * _STANDARD.inv_cdf(max(units[0], 1e-16))

    def _log_density(self, value: float) -> float:
        z = (value - self.mean) / self.sd
        return -0.5 * z * z - math.log(self.sd) - 0.5 * math.log(2 * math.pi)

    def _cdf(self, value: float) -> float:
        # erfc keeps its digits in the left tail, where 1 + erf has none.
        return 0.5 * math.erfc((self.mean - value) / (self.sd * math.sqrt(2)))

    @property
    def mode(self) -> float:
        return self.mean


class LogNormal(Normal):
    """A positive real number whose logarithm is normal; `median` and `sigma` of the logarithm."""

    def __init__(self, median: float, sigma: float, *, unit: str = "") -> None:
        if not 0 < median < math.inf:
            raise UsageError(f"Expected a positive median, got {median}.")
        super().__init__(math.log(median), sigma, unit=unit)

    def draw(self, units: Sequence[float]) -> float:
        return math.exp(super().draw(units))

    def _log_density(self, value: float) -> float:
        return super()._log_density(math.log(value)) - math.log(value) if value > 0 else -math.inf

    def _cdf(self, value: float) -> float:
        return super()._cdf(math.log(value))

    @property
    def mode(self) -> float:
        return math.exp(self.mean - self.sd**2)
