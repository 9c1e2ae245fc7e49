"""Fields of numbers, whole and real."""

import math
import sys
from abc import abstractmethod
from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from gristmill.errors import UsageError
from gristmill.generators._columns import Units
from gristmill.generators.kinds.field import CELLS, Field

__all__ = ["Integer", "LogNormal", "Normal", "Uniform", "normal_quantile"]

_LEAST = 2.0**-54  # the unit that stands for zero, where a quantile would be infinite
_STEPS = (0, -1, 1, -2, 2, -3, 3)  # between neighbouring numbers, the nearest first
_BELOW_ONE = math.nextafter(1, 0)
_FURTHEST = 8.3  # standard deviations, beyond which no unit leads
_UPPER = 0.9  # mass below a lower limit from which on quantiles are counted from above
_WHOLE = 2**63
_EXPONENT = math.log(sys.float_info.max)


class Integer(Field):
    """A whole number, uniform on `low` … `high`, both included."""

    def __init__(self, low: int, high: int, *, unit: str = "") -> None:
        whole = type(low) is int and type(high) is int
        if not whole or not 0 <= high - low < CELLS or not -_WHOLE <= low <= high < _WHOLE:
            raise UsageError(
                f"Expected whole numbers low <= high of 64 bits, less than 2**52 apart, got {low} and {high}."
            )
        self.low, self.high, self.unit = low, high, unit
        self._count = high - low + 1
        self._log = -math.log(self._count)

    def column(self, units: Units) -> pa.Array:
        return pa.array(self._numbers(units))

    def values(self, units: Units) -> list[Any]:
        return list(self._numbers(units).tolist())

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

    def _numbers(self, units: Units) -> NDArray[np.int64]:
        found: NDArray[np.int64] = (units[0] * self._count).astype(np.int64) + self.low
        return found


class _Real(Field):
    """A real number with a closed quantile function.

    Args:
        low: values are not below it; the distribution is cut off there, and what is left counts in full.
        high: nor above it.
        digits: decimals to round to, none of them for whole numbers; the density of a rounded value is the mass that is
            rounded to it. What would be rounded out of the limits becomes the nearest value within them.
    """

    def __init__(self, low: float | None, high: float | None, digits: int | None, unit: str) -> None:
        if digits is not None and (type(digits) is not int or not 0 <= digits <= 12):
            raise UsageError(f"Expected digits to round to from 0 to 12, got {digits!r}.")
        self.low, self.high, self.digits, self.unit = low, high, digits, unit
        self._least, self._greatest = _inward(low, high, digits)
        # Of 1 - 1e-16, the upper tail has next to no digits; of 1e-16 it has all.
        self._above = low is not None and self._cdf(low) > _UPPER
        self._first = 0.0 if low is None else self._survival(low) if self._above else self._cdf(low)
        self._share = self._mass(-math.inf if low is None else low, math.inf if high is None else high)
        if not self._share > 0 or self._least > self._greatest:
            raise UsageError(f"Expected low < high with some mass between them, got {low} and {high}.")
        self._check_reach()

    def column(self, units: Units) -> pa.Array:
        if self._above:
            found = self._quantile_above(self._first - units[0] * self._share)
        else:
            found = self._quantile(self._first + units[0] * self._share)
        if self.low is not None or self.high is not None:  # what rounding may have brought outside
            found = np.clip(found, self.low, self.high)
        if self.digits is None:
            return pa.array(found)
        rounded = np.round(found, self.digits)
        if self._rounds_out:
            rounded = np.clip(rounded, self._least, self._greatest)
        return pa.array(rounded.astype(np.int64) if self.digits == 0 else rounded)

    def log_prob(self, value: Any) -> float:
        if type(value) not in (int, float) or not math.isfinite(value):
            return -math.inf
        if self.digits is not None:
            return self._log_mass(value)
        if not self._within(value):
            return -math.inf
        return self._log_density(value) - math.log(self._share)

    def surely(self, values: Sequence[Any]) -> bool:
        if set(map(type, values)) != {float}:
            return False
        low, high = self._reach()  # at the ends themselves, it takes a longer look
        found = np.array(values)
        inside = (found > max(low, self._least)) & (found < min(high, self._greatest))
        if self.digits is not None:
            inside &= np.round(found, self.digits) == found
        return bool(inside.all())

    def locate(self, value: Any) -> list[float]:
        if self.log_prob(value) == -math.inf:
            raise self._outside(value)
        below = self._first - self._survival(value) if self._above else self._cdf(value) - self._first
        unit = min(max(below / self._share, 0.0), _BELOW_ONE)
        return [unit if self.digits is None else self._nearest(unit, value)]

    def _nearest(self, unit: float, value: float) -> float:
        """Return the unit nearest to one that gives a rounded value: far out, a value has but a few of those there are."""
        near = np.clip(unit + np.array(_STEPS) * math.ulp(unit), 0.0, _BELOW_ONE)
        gives = self.column(near[None]).to_numpy() == value
        return float(near[np.argmax(gives)]) if gives.any() else unit

    @property
    def mode(self) -> float:
        found = self._peak()
        found = found if self.low is None else max(found, self.low)
        found = found if self.high is None else min(found, self.high)
        if self.digits is None:
            return found
        found = min(max(float(np.round(found, self.digits)), self._least), self._greatest)
        return int(found) if self.digits == 0 else found

    def _log_mass(self, value: float) -> float:
        assert self.digits is not None
        if np.round(float(value), self.digits) != value or not self._least <= value <= self._greatest:
            return -math.inf
        half = 0.5 * 10.0**-self.digits
        low = -math.inf if self.low is None else self.low
        high = math.inf if self.high is None else self.high
        mass = self._mass(
            low if value == self._least else max(value - half, low),
            high if value == self._greatest else min(value + half, high),
        )
        if mass > 0:
            return math.log(mass / self._share)
        # Far out, the two are one number; there the density hardly changes from one end to the other.
        far = self._log_density(value) if self._within(value) else -math.inf
        return far + math.log(2 * half / self._share)

    @property
    def _rounds_out(self) -> bool:
        """Whether a limit is no multiple of what is rounded to."""
        low, high = self._least, self._greatest
        return (self.low not in (None, low)) or (self.high not in (None, high))

    def _check_reach(self) -> None:
        low, high = self._reach()
        furthest = max(abs(low), abs(high))
        most = float(_WHOLE) if self.digits == 0 else sys.float_info.max / 10 ** (self.digits or 0)
        if not furthest < most:
            kind = "whole numbers of 64 bits" if self.digits == 0 else "numbers that can be told apart"
            raise UsageError(
                f"Expected {kind}, got {type(self).__name__.lower()} with values up to {furthest:.3g}; give low and high."
            )

    def _mass(self, low: float, high: float) -> float:
        """Return how likely values from `low` to `high` are, before anything is cut off."""
        if self._above:
            return self._survival(low) - self._survival(high)
        return self._cdf(high) - self._cdf(low)

    def _survival(self, value: float) -> float:
        """Return how likely values above one are."""
        return 1 - self._cdf(value)

    def _quantile_above(self, unit: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the values above which are these masses, [N]."""
        return self._quantile(1 - unit)

    def _reach(self) -> tuple[float, float]:
        """Return what no value is below and none above."""
        return -math.inf if self.low is None else self.low, math.inf if self.high is None else self.high

    def _within(self, value: float) -> bool:
        return (self.low is None or value >= self.low) and (self.high is None or value <= self.high)

    def _body(self) -> dict[str, Any]:
        return {name: value for name, value in super()._body().items() if value is not None}

    @abstractmethod
    def _quantile(self, unit: NDArray[np.float64]) -> NDArray[np.float64]: ...

    @abstractmethod
    def _log_density(self, value: float) -> float: ...

    @abstractmethod
    def _cdf(self, value: float) -> float: ...

    @abstractmethod
    def _peak(self) -> float: ...


class Uniform(_Real):
    """A real number, uniform on [low, high)."""

    low: float
    high: float

    def __init__(self, low: float, high: float, *, digits: int | None = None, unit: str = "") -> None:
        if not (low < high and math.isfinite(high - low)):
            raise UsageError(f"Expected finite numbers low < high, got {low} and {high}.")
        self.low, self.high = low, high
        super().__init__(low, high, digits, unit)
        # The sum may round up to `high`, which is outside.
        self._last = math.nextafter(high, low)

    def _quantile(self, unit: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.minimum(self.low + unit * (self.high - self.low), self._last)

    def _within(self, value: float) -> bool:
        return self.low <= value < self.high

    def _log_density(self, value: float) -> float:
        return -math.log(self.high - self.low)

    def _cdf(self, value: float) -> float:
        return (value - self.low) / (self.high - self.low)

    def _peak(self) -> float:
        return (self.low + self.high) / 2


class Normal(_Real):
    """A real number, normal with `mean` and standard deviation `sd`."""

    def __init__(
        self,
        mean: float,
        sd: float,
        *,
        low: float | None = None,
        high: float | None = None,
        digits: int | None = None,
        unit: str = "",
    ) -> None:
        if not (0 < sd < math.inf and math.isfinite(mean)):
            raise UsageError(
                f"Expected a finite mean and a positive standard deviation, got {mean} and {sd}."
            )
        self.mean, self.sd = mean, sd
        super().__init__(low, high, digits, unit)

    def _quantile(self, unit: NDArray[np.float64]) -> NDArray[np.float64]:
        return self.mean + self.sd * normal_quantile(unit, least=_LEAST * min(self._share, 1.0))

    def _quantile_above(self, unit: NDArray[np.float64]) -> NDArray[np.float64]:
        return self.mean - self.sd * normal_quantile(unit, least=_LEAST * self._share)

    def _survival(self, value: float) -> float:
        return 0.5 * math.erfc((value - self.mean) / (self.sd * math.sqrt(2)))

    def _reach(self) -> tuple[float, float]:
        low, high = super()._reach()
        return max(low, self.mean - _FURTHEST * self.sd), min(high, self.mean + _FURTHEST * self.sd)

    def _log_density(self, value: float) -> float:
        z = (value - self.mean) / self.sd
        return -0.5 * z * z - math.log(self.sd) - 0.5 * math.log(2 * math.pi)

    def _cdf(self, value: float) -> float:
        # erfc keeps its digits in the left tail, where 1 + erf has none.
        return 0.5 * math.erfc((self.mean - value) / (self.sd * math.sqrt(2)))

    def _peak(self) -> float:
        return self.mean


class LogNormal(Normal):
    """A positive real number whose logarithm is normal; `median` and `sigma` of the logarithm."""

    def __init__(
        self,
        median: float,
        sigma: float,
        *,
        low: float | None = None,
        high: float | None = None,
        digits: int | None = None,
        unit: str = "",
    ) -> None:
        if not 0 < median < math.inf:
            raise UsageError(f"Expected a positive median, got {median}.")
        super().__init__(math.log(median), sigma, low=low, high=high, digits=digits, unit=unit)

    def _quantile(self, unit: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.exp(super()._quantile(unit))

    def _quantile_above(self, unit: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.exp(super()._quantile_above(unit))

    def _survival(self, value: float) -> float:
        return super()._survival(math.log(value)) if value > 0 else 1.0

    def _reach(self) -> tuple[float, float]:
        exponent = self.mean + _FURTHEST * self.sd
        furthest = math.exp(exponent) if exponent < _EXPONENT else math.inf
        return 0.0, furthest if self.high is None else min(furthest, self.high)

    def _log_density(self, value: float) -> float:
        return super()._log_density(math.log(value)) - math.log(value) if value > 0 else -math.inf

    def _cdf(self, value: float) -> float:
        return super()._cdf(math.log(value)) if value > 0 else 0.0

    def _peak(self) -> float:
        return math.exp(self.mean - self.sd**2)


def _inward(low: float | None, high: float | None, digits: int | None) -> tuple[float, float]:
    """Return the least and the greatest rounded value within limits."""
    least = -math.inf if low is None else float(low)
    greatest = math.inf if high is None else float(high)
    if digits is None:
        return least, greatest
    step = 10.0**-digits
    if math.isfinite(least) and (nearest := float(np.round(least, digits))) != least:
        least = nearest if nearest > least else float(np.round(nearest + step, digits))
    if math.isfinite(greatest) and (nearest := float(np.round(greatest, digits))) != greatest:
        greatest = nearest if nearest < greatest else float(np.round(nearest - step, digits))
    return least, greatest


def normal_quantile(unit: NDArray[np.float64], *, least: float = _LEAST) -> NDArray[np.float64]:
    """Return the quantiles of the standard normal at numbers in [0, 1), [N]; `least` stands for zero."""
    from scipy.special import ndtri  # slow to import, and worlds of words have no use for it

    found: NDArray[np.float64] = ndtri(np.clip(unit, least, _BELOW_ONE))
    return found
