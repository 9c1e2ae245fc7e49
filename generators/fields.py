"""Fields: typed parameters with a nominal distribution.

Every field is a quantile map: it turns numbers that are uniform on [0, 1) into a value, and can say the
log-density of a value and find numbers that give it back. That one shape serves sampling, domain randomisation
and rare-event search, which all move in the same latent cube.
"""

import math
import re
from abc import ABC, abstractmethod
from bisect import bisect_right
from collections.abc import Sequence
from copy import copy
from functools import cache
from itertools import accumulate
from statistics import NormalDist
from string import ascii_uppercase, digits
from typing import Any, Self

from gristmill.digest import decode, digest, encode
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
_BELOW_ONE = math.nextafter(1, 0)
_CELLS = 2**52  # more values than this have no unit of their own


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
        """Return the log-density at `value`: minus infinity outside the support and for a value of another type."""

    @abstractmethod
    def locate(self, value: Any) -> list[float]:
        """Return units that `draw` maps to `value`; the centre of its cell where there are many.

        Raises:
            UsageError: when `draw` never gives `value`.
        """

    @property
    @abstractmethod
    def mode(self) -> Any:
        """The most likely value."""

    def legal(self, value: Any) -> bool:
        """Return whether a drawn value meets every constraint inside it."""
        return True

    def problem(self, value: Any) -> str:
        """Return what is wrong with a value in words, empty when it is in the support."""
        if self.log_prob(value) > -math.inf:
            return ""
        return f"expected {self._expected()}, got {_short(value)}"

    def describe(self) -> dict[str, Any]:
        """Return kind, parameters, unit and condition as plain data."""
        when = {name: sorted(values, key=repr) for name, values in self.condition}
        return {"kind": type(self).__name__.lower(), **self._body(), **({"when": when} if when else {})}

    def when(self, **values: Any) -> Self:
        """Return this field, existing only where each named earlier field has the value, or a value, given."""
        conditional = copy(self)
        conditional.condition = tuple(
            (name, frozenset(given if isinstance(given, (set, frozenset, tuple, list)) else [given]))
            for name, given in values.items()
        )
        return conditional

    def _body(self) -> dict[str, Any]:
        return {
            name: value
            for name, value in vars(self).items()
            if not name.startswith("_") and name != "condition"
        }

    def _expected(self) -> str:
        limits = [f"{key} {_short(value)}" for key, value in self._body().items() if value != ""]
        return " ".join([type(self).__name__.lower(), *limits])

    def _outside(self, value: Any) -> UsageError:
        return UsageError(f"Expected {self._expected()}, got {_short(value)}.")


class Constant(Field):
    """Always the same value."""

    dims = 0

    def __init__(self, value: Any) -> None:
        self.value = _plain(value)

    def draw(self, units: Sequence[float]) -> Any:
        return self.value

    def log_prob(self, value: Any) -> float:
        return 0.0 if _same(value, self.value) else -math.inf

    def locate(self, value: Any) -> list[float]:
        if not _same(value, self.value):
            raise self._outside(value)
        return []

    @property
    def mode(self) -> Any:
        return self.value


class Choice(Field):
    """One of `options`, with weights that need not sum to one."""

    def __init__(self, options: Sequence[Any], weights: Sequence[float] | None = None) -> None:
        if not options:
            raise UsageError("Expected at least one option, got none.")
        if weights is not None and (
            len(weights) != len(options)
            or not all(0 <= one < math.inf for one in weights)
            or not sum(weights)
        ):
            raise UsageError(
                f"Expected {len(options)} weights that are not negative and not all zero, got {list(weights)}."
            )
        self.options = [_plain(option) for option in options]
        if len({encode(option) for option in self.options}) < len(self.options):
            raise UsageError(f"Expected different options, got {self.options}; give weights instead.")
        self.weights = list(weights) if weights is not None else [1.0] * len(self.options)
        *_, total = accumulate(self.weights)
        # Divided by their own last sum, the edges end in exactly one.
        self._edges = [edge / total for edge in accumulate(self.weights)]
        self._places = {
            (isinstance(option, bool), option): place
            for place, option in enumerate(self.options)
            if not isinstance(option, (list, dict))
        }
        self._log = [math.log(weight / total) if weight else -math.inf for weight in self.weights]

    def draw(self, units: Sequence[float]) -> Any:
        return self.options[bisect_right(self._edges, units[0])]

    def log_prob(self, value: Any) -> float:
        place = self._place(value)
        return self._log[place] if place is not None else -math.inf

    def locate(self, value: Any) -> list[float]:
        place = self._place(value)
        if place is None or not self.weights[place]:
            raise self._outside(value)
        return [((self._edges[place - 1] if place else 0.0) + self._edges[place]) / 2]

    def _place(self, value: Any) -> int | None:
        try:
            return self._places.get((isinstance(value, bool), value))
        except TypeError:  # a list or a dict has no hash
            return next((place for place, option in enumerate(self.options) if _same(option, value)), None)

    @property
    def mode(self) -> Any:
        return self.options[self.weights.index(max(self.weights))]

    def _expected(self) -> str:
        return f"one of {', '.join(map(_short, self.options))}"


class Flag(Choice):
    """True with probability `rate`."""

    def __init__(self, rate: float) -> None:
        if not 0 <= rate <= 1:
            raise UsageError(f"Expected a rate between 0 and 1, got {rate}.")
        super().__init__([False, True], [1 - rate, rate])


class Integer(Field):
    """A whole number, uniform on `low` … `high`, both included."""

    def __init__(self, low: int, high: int, *, unit: str = "") -> None:
        if type(low) is not int or type(high) is not int or not 0 <= high - low < _CELLS:
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


class Pattern(Field):
    """An identifier such as `W4821`: every `#` of the pattern becomes a digit, every `?` a capital letter."""

    def __init__(self, pattern: str) -> None:
        self.pattern = pattern
        options = [{"#": digits, "?": ascii_uppercase}.get(mark, mark) for mark in pattern]
        self._match = re.compile("".join(f"[{re.escape(one)}]" for one in options)).fullmatch
        self._count = math.prod(map(len, options))
        if self._count > _CELLS:
            raise UsageError(f"Expected at most 2**52 different values, got {self._count} from {pattern!r}.")
        # Every mark with what it can become, and how many identifiers there are of what comes after it.
        self._marks = [(one, math.prod(map(len, options[place + 1 :]))) for place, one in enumerate(options)]
        self._log = -math.log(self._count)

    def draw(self, units: Sequence[float]) -> str:
        number = int(units[0] * self._count)
        return "".join([one[number // after % len(one)] for one, after in self._marks])

    def log_prob(self, value: Any) -> float:
        return self._log if isinstance(value, str) and self._match(value) else -math.inf

    def locate(self, value: Any) -> list[float]:
        if self.log_prob(value) == -math.inf:
            raise self._outside(value)
        number = sum(one.find(got) * after for got, (one, after) in zip(value, self._marks, strict=True))
        return [(number + 0.5) / self._count]

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
        if size < 1:
            raise UsageError(f"Expected a pool of at least one value, got {size}.")
        self.provider, self.locale, self.size = provider, locale, size

    @property
    def _pool(self) -> dict[str, int]:
        return _pool(self.provider, self.locale, self.size)[1]

    def draw(self, units: Sequence[float]) -> str:
        values, _ = _pool(self.provider, self.locale, self.size)
        return values[int(units[0] * len(values))]

    def log_prob(self, value: Any) -> float:
        inside = isinstance(value, str) and value in self._pool
        return -math.log(len(self._pool)) if inside else -math.inf

    def locate(self, value: Any) -> list[float]:
        if self.log_prob(value) == -math.inf:
            raise self._outside(value)
        return [(self._pool[value] + 0.5) / len(self._pool)]

    @property
    def mode(self) -> str:
        return next(iter(self._pool))

    def _body(self) -> dict[str, Any]:
        import faker

        return {**super()._body(), "pool": digest(list(self._pool)), "faker": faker.VERSION}


@cache
def _pool(provider: str, locale: str, size: int) -> tuple[list[str], dict[str, int]]:
    """Return the values of a pool in order, and their places."""
    import faker

    try:
        source = faker.Faker(locale)
        source.seed_instance(digest([provider, locale]))
        make = getattr(source, provider)
    except AttributeError:
        raise UsageError(
            f"Expected a locale and the name of a provider of Faker's, got {locale!r} and {provider!r}; "
            "see Faker's documentation."
        ) from None
    # Some providers have few values, so the search for distinct ones is bounded.
    values = list(dict.fromkeys(str(make()) for _ in range(2 * size)))[:size]
    return values, {value: place for place, value in enumerate(values)}


def _same(one: Any, other: Any) -> bool:
    """Return whether two plain values are equal; 1 is not True."""
    return bool(one == other) and isinstance(one, bool) == isinstance(other, bool)


def _plain(value: Any) -> Any:
    """Return `value` if it survives being written as JSON and read again.

    Raises:
        UsageError: when it does not, as a tuple does not.
    """
    try:
        back = decode(encode(value))
    except (TypeError, ValueError, RecursionError):
        back = None
    if back != value or type(back) is not type(value):
        raise UsageError(f"Expected plain JSON data, got {_short(value)} ({type(value).__name__}).")
    return value


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 120 else text[:117] + "..."
