"""How documents write values.

    capital             its first letter large          money(currency, digits=2, sign=True)   `$1,234.50`
    count               how many a list has             number(digits)       `1,234.5`
    date(pattern)       as `%-d %B %Y`, in English      percent(digits=0)    `8%` of 0.08
    fours               in groups of four               plural(one, many)    `3 days` of plural("day")
    join(separator)     the items of a list             title
    left(width)         filled up with space            upper, lower
    right(width)        the same, before it             words                `thirty` of 30

A filter gives back the value with another text, or a tuple of the value and text around it, so that the place of the
value in the document stays known.
"""

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any

from gristmill.errors import UsageError
from gristmill.generators.documents._shown import Value, textual

__all__ = ["FILTERS", "TESTS"]

Shown = Any  # a Value, a text, or a tuple of those

_WIDEST = 200
_names: Callable[[str], list[str]] = re.compile("[A-Za-z]+").findall
_MONTHS = _names("January February March April May June July August September October November December")
_DAYS = _names("Monday Tuesday Wednesday Thursday Friday Saturday Sunday")
_ONES = _names(
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen"
)
_TENS = _names("twenty thirty forty fifty sixty seventy eighty ninety")
_MARKS: Mapping[str, Callable[[datetime], str]] = {
    "%Y": lambda when: f"{when.year:04}",
    "%y": lambda when: f"{when.year % 100:02}",
    "%m": lambda when: f"{when.month:02}",
    "%-m": lambda when: str(when.month),
    "%B": lambda when: _MONTHS[when.month - 1],
    "%b": lambda when: _MONTHS[when.month - 1][:3],
    "%d": lambda when: f"{when.day:02}",
    "%-d": lambda when: str(when.day),
    "%A": lambda when: _DAYS[when.weekday()],
    "%a": lambda when: _DAYS[when.weekday()][:3],
    "%H": lambda when: f"{when.hour:02}",
    "%I": lambda when: f"{(when.hour - 1) % 12 + 1:02}",
    "%-I": lambda when: str((when.hour - 1) % 12 + 1),
    "%M": lambda when: f"{when.minute:02}",
    "%S": lambda when: f"{when.second:02}",
    "%p": lambda when: "AM" if when.hour < 12 else "PM",
    "%%": lambda when: "%",
}
_SYMBOLS = {"USD": "$", "EUR": "€", "GBP": "£"}


def _written(apply: Callable[[str], str]) -> Callable[[Shown], Shown]:
    """Return the filter that writes a text in another way."""

    def filtered(value: Shown) -> Shown:
        text = apply(textual(value))
        return value.written(text) if isinstance(value, Value) else text

    return filtered


def _of_value(apply: Callable[..., Shown]) -> Callable[..., Shown]:
    """Return a filter that is for values alone, and not for texts of the layout."""

    def filtered(value: Shown, *arguments: Any, **named: Any) -> Shown:
        if not isinstance(value, Value):
            raise UsageError(f"Expected a field before this filter, got {value!r:.80}.")
        return apply(value, *arguments, **named)

    return filtered


def _money(value: Value, currency: Shown = "", digits: int = 2, sign: bool = True) -> Value:
    code, number = textual(currency), _number(value)
    symbol = _SYMBOLS.get(code, f"{code} " if len(code) > 1 else code)
    return value.written(
        f"{'-' if number < 0 and sign else ''}{symbol}{abs(number):,.{_held('digits', digits, 12)}f}"
    )


def _grouped(value: Value, digits: int | None = None) -> Value:
    number = _number(value)
    return value.written(f"{number:,}" if digits is None else f"{number:,.{_held('digits', digits, 12)}f}")


def _percent(value: Value, digits: int = 0) -> Value:
    return value.written(f"{100 * _number(value):.{_held('digits', digits, 12)}f}%")


def _date(value: Value, pattern: str = "%-d %B %Y") -> Value:
    try:
        when = datetime.fromisoformat(value.data)
    except (TypeError, ValueError):
        raise UsageError(
            f"Expected a date such as 2024-01-31 in {value.path}, got {value.data!r:.80}."
        ) from None
    return value.written("".join(part if isinstance(part, str) else part(when) for part in _pattern(pattern)))


@lru_cache(256)
def _pattern(pattern: str) -> tuple[str | Callable[[datetime], str], ...]:
    """Return the texts and marks of a pattern in order."""
    found: list[str | Callable[[datetime], str]] = []
    for place, part in enumerate(re.split("(%-?.?)", pattern)):
        if place % 2 and part not in _MARKS:
            raise UsageError(f"Expected a pattern of the marks {' '.join(_MARKS)}, got {part}.")
        found.append(_MARKS[part] if place % 2 else part)
    return tuple(found)


def _plural(value: Value, one: Shown, many: Shown = "") -> tuple[Shown, ...]:
    return value, " ", one if value.data == 1 else many or f"{textual(one)}s"


def _in_words(value: Value) -> Value:
    if type(value.data) is not int or not 0 <= value.data < 1_000:
        raise UsageError(f"Expected a whole number from 0 to 999 to write in words, got {value.data!r:.80}.")
    return value.written(_words(value.data))


def _words(number: int) -> str:
    if number < 20:
        return _ONES[number]
    if number < 100:
        tens, ones = divmod(number, 10)
        return _TENS[tens - 2] + (f"-{_ONES[ones]}" if ones else "")
    hundreds, rest = divmod(number, 100)
    return f"{_ONES[hundreds]} hundred" + (f" {_words(rest)}" if rest else "")


def _joined(value: Value, separator: Shown = ", ") -> tuple[Shown, ...]:
    return tuple(part for one in value for part in (separator, one))[1:]


def _count(value: Value) -> int:
    if not isinstance(value.data, list):
        raise UsageError(f"Expected a list to count, got {value.path}, which is {value.data!r:.80}.")
    return len(value)


def _left(value: Shown, width: int) -> tuple[Shown, ...]:
    return value, _space(value, width)


def _right(value: Shown, width: int) -> tuple[Shown, ...]:
    return _space(value, width), value


def _space(value: Shown, width: int) -> str:
    """Return the space that fills a value up to a width."""
    parts = value if isinstance(value, tuple) else (value,)
    return " " * (_held("characters", width, _WIDEST) - sum(len(textual(one)) for one in parts))


def _in_fours(text: str) -> str:
    return " ".join(text[start : start + 4] for start in range(0, len(text), 4))


def _number(value: Value) -> float:
    if type(value.data) not in (int, float):
        raise UsageError(f"Expected a number in {value.path}, got {value.data!r:.80}.")
    return value.data  # type: ignore[no-any-return]  # which the line above says


def _held(what: str, got: Any, most: int) -> int:
    if type(got) is not int or not 0 <= got <= most:
        raise UsageError(f"Expected 0 to {most} {what}, got {got!r:.80}.")
    return got


FILTERS: Mapping[str, Callable[..., Shown]] = {
    "capital": _written(lambda text: text[:1].upper() + text[1:]),
    "count": _of_value(_count),
    "date": _of_value(_date),
    "fours": _written(_in_fours),
    "join": _of_value(_joined),
    "left": _left,
    "lower": _written(str.lower),
    "money": _of_value(_money),
    "number": _of_value(_grouped),
    "percent": _of_value(_percent),
    "plural": _of_value(_plural),
    "right": _right,
    "title": _written(str.title),
    "upper": _written(str.upper),
    "words": _of_value(_in_words),
}
TESTS: Mapping[str, Callable[..., bool]] = {
    "none": lambda value: isinstance(value, Value) and value.data is None,
}
