"""Fields of text: identifiers after a pattern, and what Faker makes up."""

import math
import re
from collections.abc import Sequence
from functools import cache
from string import ascii_uppercase, digits
from typing import Any

from gristmill.digest import digest
from gristmill.errors import UsageError
from gristmill.generators._field import CELLS, Field

__all__ = ["Fake", "Pattern"]


class Pattern(Field):
    """An identifier such as `W4821`: every `#` of the pattern becomes a digit, every `?` a capital letter."""

    def __init__(self, pattern: str) -> None:
        self.pattern = pattern
        options = [{"#": digits, "?": ascii_uppercase}.get(mark, mark) for mark in pattern]
        self._match = re.compile("".join(f"[{re.escape(one)}]" for one in options)).fullmatch
        self._count = math.prod(map(len, options))
        if self._count > CELLS:
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
    def even(self) -> float:
        return self._log

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
        return self.even if inside else -math.inf

    def locate(self, value: Any) -> list[float]:
        if self.log_prob(value) == -math.inf:
            raise self._outside(value)
        return [(self._pool[value] + 0.5) / len(self._pool)]

    @property
    def even(self) -> float:
        return -math.log(len(self._pool))

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
