"""Fields: typed parameters with a nominal distribution.

Every field is a quantile map: it turns numbers that are uniform on [0, 1) into a value, and can say the
log-density of a value and find numbers that give it back. That one shape serves sampling, domain randomisation
and rare-event search, which all move in the same latent cube.
"""

import math
from abc import ABC, abstractmethod
from bisect import bisect_right
from collections.abc import Sequence
from functools import cached_property
from itertools import accumulate
from statistics import NormalDist
from typing import Any, Self

from gristmill.digest import digest
from gristmill.errors import UsageError

__all__ = [
    "Choice",
    "Constant",
    "Fake",
    "Field",
    "Flag",
    "Integer",
    "LogNormal",
    "Normal",
    "Pattern",
    "Uniform",
]

_STANDARD = NormalDist()


class Field(ABC):
    """A typed parameter with a nominal distribution.

    Attributes:
        dims: how many uniform numbers one draw takes.
        unit: of the value, in words; empty for pure numbers and names.
        condition: names of earlier fields and the values under which this field exists.
    """

    dims = 1
    unit = ""
    condition: tuple[tuple[str, frozenset[Any]], ...] = ()

    @abstractmethod
    def draw(self, units: Sequence[float]) -> Any:
        """Return the value at `units`, `dims` numbers in [0, 1)."""

    @abstractmethod
    def log_prob(self, value: Any) -> float:
        """Return the log-density at `value`, minus infinity outside the support."""

    @abstractmethod
    def locate(self, value: Any) -> list[float]:
        """Return units that `draw` maps to `value`; the centre of its cell where there are many."""

    @property
    @abstractmethod
    def mode(self) -> Any:
        """The most likely value."""

    def describe(self) -> dict[str, Any]:
        """Return kind, parameters and unit as plain data."""
        body = {
            name: value
            for name, value in vars(self).items()
            if not name.startswith("_") and name != "condition"
        }
        when = {name: sorted(values, key=repr) for name, values in self.condition}
        return {"kind": type(self).__name__.lower(), **body, **({"when": when} if when else {})}

    def when(self, **values: Any) -> Self:
        """Let the field exist only where each named earlier field has the value, or one of the values, given."""
        self.condition = tuple(
            (name, frozenset(given if isinstance(given, (set, frozenset, tuple, list)) else [given]))
            for name, given in values.items()
        )
        return self


class Constant(Field):
    """Always the same value."""

    dims = 0

    def __init__(self, value: Any) -> None:
        self.value = value

    def draw(self, units: Sequence[float]) -> Any:
        return self.value

    def log_prob(self, value: Any) -> float:
        return 0.0 if value == self.value else -math.inf

    def locate(self, value: Any) -> list[float]:
        return []

    @property
    def mode(self) -> Any:
        return self.value


class Choice(Field):
    """One of `options`, with weights that need not sum to one."""

    def __init__(self, options: Sequence[Any], weights: Sequence[float] | None = None) -> None:
        if not options:
            raise UsageError("Expected at least one option, got none.")
        if weights is not None and (len(weights) != len(options) or min(weights) < 0 or not sum(weights) > 0):
            raise UsageError(
                f"Expected {len(options)} weights that are not negative and not all zero, got {list(weights)}."
            )
        self.options = list(options)
        self.weights = list(weights) if weights is not None else [1.0] * len(self.options)
        total = math.fsum(self.weights)
        self._edges = [edge / total for edge in accumulate(self.weights)]
        self._log = [math.log(weight / total) if weight else -math.inf for weight in self.weights]

    def draw(self, units: Sequence[float]) -> Any:
        return self.options[min(bisect_right(self._edges, units[0]), len(self.options) - 1)]

    def log_prob(self, value: Any) -> float:
        return self._log[self.options.index(value)] if value in self.options else -math.inf

    def locate(self, value: Any) -> list[float]:
        place = self.options.index(value)
        return [((self._edges[place - 1] if place else 0.0) + self._edges[place]) / 2]

    @property
    def mode(self) -> Any:
        return self.options[self.weights.index(max(self.weights))]


class Flag(Choice):
    """True with probability `rate`."""

    def __init__(self, rate: float) -> None:
        if not 0 <= rate <= 1:
            raise UsageError(f"Expected a rate between 0 and 1, got {rate}.")
        super().__init__([False, True], [1 - rate, rate])


class Integer(Field):
    """A whole number, uniform on `low` … `high`, both included."""

    def __init__(self, low: int, high: int, *, unit: str = "") -> None:
        if low > high:
            raise UsageError(f"Expected low <= high, got {low} and {high}.")
        self.low, self.high, self.unit = low, high, unit
        self._log = -math.log(high - low + 1)

    def draw(self, units: Sequence[float]) -> int:
        return self.low + int(units[0] * (self.high - self.low + 1))

    def log_prob(self, value: Any) -> float:
        return self._log if isinstance(value, int) and self.low <= value <= self.high else -math.inf

    def locate(self, value: Any) -> list[float]:
        return [(value - self.low + 0.5) / (self.high - self.low + 1)]

    @property
    def mode(self) -> int:
        return self.low


class _Real(Field):
    """A real number with a closed quantile function."""

    def locate(self, value: Any) -> list[float]:
        return [min(max(self._cdf(value), 0.0), math.nextafter(1, 0))]

    @abstractmethod
    def _cdf(self, value: float) -> float: ...


class Uniform(_Real):
    """A real number, uniform on [low, high)."""

    def __init__(self, low: float, high: float, *, unit: str = "") -> None:
        if not low < high:
            raise UsageError(f"Expected low < high, got {low} and {high}.")
        self.low, self.high, self.unit = low, high, unit

    def draw(self, units: Sequence[float]) -> float:
        return self.low + units[0] * (self.high - self.low)

    def log_prob(self, value: Any) -> float:
        return -math.log(self.high - self.low) if self.low <= value < self.high else -math.inf

    def _cdf(self, value: float) -> float:
        return (value - self.low) / (self.high - self.low)

    @property
    def mode(self) -> float:
        return (self.low + self.high) / 2


class Normal(_Real):
    """A real number, normal with `mean` and standard deviation `sd`."""

    def __init__(self, mean: float, sd: float, *, unit: str = "") -> None:
        if not sd > 0:
            raise UsageError(f"Expected a positive standard deviation, got {sd}.")
        self.mean, self.sd, self.unit = mean, sd, unit

    def draw(self, units: Sequence[float]) -> float:
        return self.mean + self.sd * _STANDARD.inv_cdf(min(max(units[0], 1e-16), 1 - 1e-16))

    def log_prob(self, value: Any) -> float:
        z = (value - self.mean) / self.sd
        return -0.5 * z * z - math.log(self.sd) - 0.5 * math.log(2 * math.pi)

    def _cdf(self, value: float) -> float:
        return _STANDARD.cdf((value - self.mean) / self.sd)

    @property
    def mode(self) -> float:
        return self.mean


class LogNormal(Normal):
    """A positive real number whose logarithm is normal; `median` and `sigma` of the logarithm."""

    def __init__(self, median: float, sigma: float, *, unit: str = "") -> None:
        if not median > 0:
            raise UsageError(f"Expected a positive median, got {median}.")
        super().__init__(math.log(median), sigma, unit=unit)

    def draw(self, units: Sequence[float]) -> float:
        return math.exp(super().draw(units))

    def log_prob(self, value: Any) -> float:
        return super().log_prob(math.log(value)) - math.log(value) if value > 0 else -math.inf

    def _cdf(self, value: float) -> float:
        return super()._cdf(math.log(value)) if value > 0 else 0.0

    @property
    def mode(self) -> float:
        return math.exp(self.mean - self.sd**2)


class Pattern(Field):
    """An identifier such as `W4821`: every `#` of the pattern becomes a digit, every `?` a capital letter."""

    def __init__(self, pattern: str) -> None:
        self.pattern = pattern
        self._bases = [{"#": 10, "?": 26}.get(mark, 1) for mark in pattern]
        self._count = math.prod(self._bases)
        if self._count > 2**52:
            raise UsageError(f"Expected at most 2**52 different values, got {self._count} from {pattern!r}.")

    def draw(self, units: Sequence[float]) -> str:
        rest, marks = int(units[0] * self._count), []
        for mark, base in zip(reversed(self.pattern), reversed(self._bases), strict=True):
            rest, place = divmod(rest, base)
            marks.append(mark if base == 1 else str(place) if base == 10 else chr(65 + place))
        return "".join(reversed(marks))

    def log_prob(self, value: Any) -> float:
        return -math.log(self._count) if self._number(value) is not None else -math.inf

    def locate(self, value: Any) -> list[float]:
        number = self._number(value)
        if number is None:
            raise UsageError(f"Expected a value of the pattern {self.pattern!r}, got {value!r}.")
        return [(number + 0.5) / self._count]

    def _number(self, value: Any) -> int | None:
        if not isinstance(value, str) or len(value) != len(self.pattern):
            return None
        number = 0
        for got, mark, base in zip(value, self.pattern, self._bases, strict=True):
            place = 0 if got == mark else ord(got) - (48 if base == 10 else 65)
            if not 0 <= place < base or (base == 1 and got != mark):
                return None
            number = number * base + place
        return number

    @property
    def mode(self) -> str:
        return self.draw([0.0])


class Fake(Field):
    """A value of one of Faker's providers, from a pool drawn once.

    Faker takes 30 to 300 microseconds a value and repeats its values only within one of its versions. The pool
    is drawn once from a fixed seed, so a draw costs an index, and `describe` gives the pool's digest and Faker's
    version, which together say exactly what was drawn from.
    """

    def __init__(self, provider: str, *, locale: str = "en_US", size: int = 512) -> None:
        self.provider, self.locale, self.size = provider, locale, size

    @cached_property
    def _pool(self) -> list[str]:
        import faker

        source = faker.Faker(self.locale)
        source.seed_instance(digest([self.provider, self.locale]))
        if not hasattr(source, self.provider):
            raise UsageError(
                f"Expected the name of a Faker provider, got {self.provider!r}; see Faker's documentation."
            )
        make = getattr(source, self.provider)
        # Some providers have few values, so the search for distinct ones is bounded.
        pool = list(dict.fromkeys(str(make()) for _ in range(2 * self.size)))
        return pool[: self.size]

    @cached_property
    def _places(self) -> dict[str, int]:
        return {value: place for place, value in enumerate(self._pool)}

    def draw(self, units: Sequence[float]) -> str:
        return self._pool[int(units[0] * len(self._pool))]

    def log_prob(self, value: Any) -> float:
        return -math.log(len(self._pool)) if value in self._places else -math.inf

    def locate(self, value: Any) -> list[float]:
        return [(self._places[value] + 0.5) / len(self._pool)]

    @property
    def mode(self) -> str:
        return self._pool[0]

    def describe(self) -> dict[str, Any]:
        """Return the description with the pool's digest and Faker's version."""
        import faker

        return {**super().describe(), "pool": digest(self._pool), "faker": faker.VERSION}
