"""Fields of text: identifiers after a pattern, and what Faker makes up."""

import math
import re
import sys
from collections import Counter
from collections.abc import Callable
from decimal import Decimal
from functools import cache, cached_property
from string import ascii_uppercase, digits
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from gristmill.digest import digest
from gristmill.errors import UsageError
from gristmill.generators._columns import Units, fixed_text
from gristmill.generators.kinds.choices import Choice
from gristmill.generators.kinds.field import CELLS, Field, short

__all__ = ["Fake", "Pattern"]

_CLOCKS = frozenset(("now", "today", "utcnow", "time", "time_ns", "localtime", "gmtime"))
_LONGEST = 1_000  # characters of a pattern
_LARGEST = 20_000  # values of a pool, some ten seconds of Faker's time


class Pattern(Field):
    """An identifier such as `W4821`: every `#` of the pattern becomes a digit, every `?` a capital letter."""

    def __init__(self, pattern: str) -> None:
        if len(pattern) > _LONGEST:
            raise UsageError(f"Expected a pattern of at most {_LONGEST:,} characters, got {len(pattern):,}.")
        self.pattern = pattern
        options = [{"#": digits, "?": ascii_uppercase}.get(mark, mark) for mark in pattern]
        self._match = re.compile("".join(f"[{re.escape(one)}]" for one in options)).fullmatch
        self._count = math.prod(map(len, options))
        if self._count > CELLS:
            raise UsageError(f"Expected at most 2**52 different values, got more from {short(pattern)}.")
        # Every mark with what it can become, and how many identifiers there are of what comes after it.
        self._marks = [(one, math.prod(map(len, options[place + 1 :]))) for place, one in enumerate(options)]
        self._log = -math.log(self._count)

    def column(self, units: Units) -> pa.Array:
        return self.numbered((units[0] * self._count).astype(np.int64))

    @property
    def count(self) -> int:
        """How many identifiers there are."""
        return self._count

    def numbered(self, number: NDArray[np.int64]) -> pa.StringArray:
        """Return the identifiers of these numbers from 0 to `count` - 1, [N]."""
        blank = np.frombuffer("".join(one[0] for one, _ in self._marks).encode(), np.uint8)
        texts = np.tile(blank, (len(number), 1))
        place = 0
        for one, after in self._marks:
            if len(one) > 1:
                texts[:, place] += (number // after % len(one)).astype(np.uint8)
            place += len(one[0].encode())
        return fixed_text(texts)

    def log_prob(self, value: Any) -> float:
        return self._log if isinstance(value, str) and self._match(value) else -math.inf

    def locate(self, value: Any) -> list[float]:
        if self.log_prob(value) == -math.inf:
            raise self._outside(value)
        number = sum(one.find(got) * after for got, (one, after) in zip(value, self._marks, strict=True))
        return [(number + 0.5) / self._count]

    @property
    def even(self) -> float:
        return self._log

    @property
    def mode(self) -> str:
        return "".join(one[0] for one, _ in self._marks)


class Fake(Field):
    """A value of one of Faker's providers, from a pool drawn once.

    Faker takes 30 to 300 microseconds a value and repeats its values only within one of its versions. The pool
    is `size` values drawn once from a fixed seed, each as likely as it was often drawn: a draw costs an index, a value's
    rate p is that of Faker up to the error of a sample, sqrt(p (1 - p) / size), and `describe` gives the pool's digest
    and Faker's version, which together say exactly what was drawn from.

    Args:
        provider: name of one of Faker's providers that needs no arguments.
        locale: of Faker.
        size: how many values are drawn for the pool, at most 20,000.
        flat: whether the pool is of `size` different values, all as likely: names that cannot be guessed.

    Raises:
        UsageError: when there is no such size.
    """

    def __init__(self, provider: str, *, locale: str = "en_US", size: int = 512, flat: bool = False) -> None:
        if type(size) is not int or not 1 <= size <= _LARGEST:
            raise UsageError(f"Expected a pool of 1 to {_LARGEST:,} values, got {size!r}.")
        self.provider, self.locale, self.size, self.flat = provider, locale, size, flat

    def column(self, units: Units) -> pa.Array:
        return self._pool.column(units)

    def values(self, units: Units) -> list[Any]:
        return self._pool.values(units)

    def log_prob(self, value: Any) -> float:
        return self._pool.log_prob(value)

    def locate(self, value: Any) -> list[float]:
        if self.log_prob(value) == -math.inf:
            raise self._outside(value)
        return self._pool.locate(value)

    @property
    def mode(self) -> str:
        return str(self._pool.mode)

    @property
    def even(self) -> float | None:
        return self._pool.even

    @cached_property
    def _pool(self) -> Choice:
        return _pool(self.provider, self.locale, self.size, self.flat)

    def _body(self) -> dict[str, Any]:
        import faker

        pool = [self._pool.options, self._pool.weights]
        return {**super()._body(), "pool": digest(pool), "faker": faker.VERSION}


@cache
def _pool(provider: str, locale: str, size: int, flat: bool) -> Choice:
    """Return the values of a pool, each as likely as it was often drawn."""
    make = _provider(provider, locale)
    if flat:  # some providers have few values, so the search for different ones is bounded
        return Choice(list(dict.fromkeys(_made(make, provider, 2 * size)))[:size])
    drawn = Counter(_made(make, provider, size))
    return Choice(list(drawn), list(drawn.values()))


def _provider(name: str, locale: str) -> Callable[[], Any]:
    """Return a method of one of Faker's providers, seeded."""
    import faker

    try:
        source = faker.Faker(locale)
        source.seed_instance(digest([name, locale]))
        kinds = [type(one) for one in source.factories[0].get_providers()]
    except AttributeError:
        kinds = []
    if name.startswith("_") or not any(callable(getattr(kind, name, None)) for kind in kinds):
        raise UsageError(
            f"Expected a locale and the name of a provider of Faker's, got {locale!r} and {name!r}; "
            "see Faker's documentation."
        )
    make: Callable[[], Any] = getattr(source, name)
    return make


def _made(make: Callable[[], Any], provider: str, count: int) -> list[str]:
    """Return values as texts, if they will be the same tomorrow.

    Raises:
        UsageError: when they depend on the clock, or on the order of a set, or need arguments.
    """
    clocks = set[str]()

    def watch(_: Any, event: str, called: Any) -> None:
        if event == "c_call" and called.__name__ in _CLOCKS:
            clocks.add(called.__name__)

    before = sys.getprofile()
    sys.setprofile(watch)
    try:
        made = [make() for _ in range(count)]
    except TypeError as error:
        raise UsageError(
            f"Expected a provider of Faker's that needs no arguments, got {provider!r}: {error}."
        ) from None
    finally:
        sys.setprofile(before)
    if clocks:
        raise UsageError(
            f"Expected a provider of Faker's that gives the same on every day, got {provider!r}, which reads the clock; use "
            'kind = "date" or "timestamp".'
        )
    if not all(isinstance(one, str | int | float | Decimal) for one in made):
        raise UsageError(f"Expected a provider of texts or numbers, got {provider!r}, which gives others.")
    return [str(one) for one in made]
