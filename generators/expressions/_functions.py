"""The functions of expressions: a closed table from names to functions over columns."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from gristmill.generators.expressions._check_digits import iban, luhn, mod97
from gristmill.generators.expressions._columns import (
    MOST_TEXT,
    TOO_LARGE,
    TOO_MUCH,
    Wrong,
    common,
    finite,
    floats,
    hold_text,
    is_number,
    is_time,
    missing,
    per_day,
    settled,
    ticks,
    whole,
    word,
)
from gristmill.generators.expressions._operators import joined, within

__all__ = ["FUNCTIONS", "Function", "rounded"]

MOST_DIGITS = 15  # of a number with decimals, all of which are sure
WIDEST = 64  # characters that `pad` fills up to, and of a pattern of dates
_EXACT = 2.0**52  # from here on a number with decimals has none


def _is_list(kind: pa.DataType) -> bool:
    """Return whether a type is a list of numbers, or of nothing where all are empty."""
    return bool(pa.types.is_list(kind) and (is_number(kind.value_type) or pa.types.is_null(kind.value_type)))


KINDS: Mapping[str, Callable[[pa.DataType], bool]] = {
    "a number": is_number,
    "a whole number": pa.types.is_integer,
    "a text": pa.types.is_string,
    "a date or timestamp": is_time,
    "a timestamp": pa.types.is_timestamp,
    "a text, date or timestamp": lambda kind: pa.types.is_string(kind) or is_time(kind),
    "a whole number or text": lambda kind: pa.types.is_integer(kind) or pa.types.is_string(kind),
    "a value": lambda kind: not pa.types.is_nested(kind),
    "a list or text": lambda kind: pa.types.is_list(kind) or pa.types.is_string(kind),
    "a list of numbers": _is_list,
}


@dataclass(frozen=True)
class Function:
    """A function over columns.

    Attributes:
        usage: how it is written, arguments that may be left out in brackets.
        apply: from arrays of one length, and from plain values for the literals, to an array of that length.
        takes: the kind of each argument, a key of `KINDS`; `literal whole number` or `literal text` where the
            argument is written out and the same for all rows.
        least: how many arguments there are at least.
        more: whether the last argument may be repeated.
    """

    usage: str
    apply: Callable[..., pa.Array]
    takes: tuple[str, ...]
    least: int
    more: bool = False

    def kind(self, place: int) -> str:
        """Return what the argument at `place` must be."""
        return self.takes[min(place, len(self.takes) - 1)]

    def fits(self, count: int) -> bool:
        """Return whether it can be called with `count` arguments."""
        return self.least <= count and (self.more or count <= len(self.takes))

    def __call__(self, *arguments: Any) -> pa.Array:
        """Return the column for these arguments, arrays and literals.

        Raises:
            Wrong: when an argument is of another kind.
        """
        for place, argument in enumerate(arguments):
            kind = self.kind(place)
            if kind in KINDS and not KINDS[kind](argument.type):
                raise Wrong(
                    f"Expected {kind} as argument {place + 1} of {self.usage}, got {word(argument.type)}"
                )
        return self.apply(*arguments)


# Numbers


def _least(*columns: pa.Array) -> pa.Array:
    return pc.min_element_wise(*_alike("min", columns), skip_nulls=False)


def _greatest(*columns: pa.Array) -> pa.Array:
    return pc.max_element_wise(*_alike("max", columns), skip_nulls=False)


def _alike(name: str, columns: Sequence[pa.Array]) -> list[pa.Array]:
    """Return columns in one type, from which a function can choose."""
    alike = common(columns, f"values of one kind for {name}")
    hold_text(len(alike[0]), *alike)
    return alike


def _towards(apply: Callable[[pa.Array], pa.Array]) -> Callable[[pa.Array], pa.Array]:
    return lambda column: column if pa.types.is_integer(column.type) else whole(apply(column))


def _real(apply: Callable[[pa.Array], pa.Array]) -> Callable[[pa.Array], pa.Array]:
    return lambda column: finite(apply(column.cast(pa.float64(), safe=False)))


def _round(column: pa.Array, digits: int | None = None) -> pa.Array:
    _hold("digits for round", digits or 0, -MOST_DIGITS, MOST_DIGITS)
    if pa.types.is_integer(column.type):
        return column if (digits or 0) >= 0 else _round_whole(column, 10**-digits)  # type: ignore[operator]
    result = pa.array(rounded(floats(column), digits or 0), mask=missing(column))
    return whole(result) if digits is None else result


def _round_whole(column: pa.Array, scale: int) -> pa.Array:
    """Return whole numbers rounded to multiples of `scale`, ties away from zero."""
    cut = pc.multiply(pc.divide(column, scale), scale)
    rest = pc.subtract(column, cut)
    up = pc.subtract(
        pc.greater_equal(rest, scale // 2).cast(pa.int64()), pc.less_equal(rest, -scale // 2).cast(pa.int64())
    )
    return pc.add_checked(cut, pc.multiply(up, scale))


def rounded(values: NDArray[np.float64], digits: int) -> NDArray[np.float64]:
    """Return values rounded to decimal digits, ties away from zero as the numbers are written: 1.005 to 1.01.

    A number is the double nearest to the decimal that it is written as, so that it stands for a tie exactly when
    it is the double nearest to that tie.
    """
    counts, scale = _counted(values, digits)
    with np.errstate(over="ignore"):  # of what is too large to be rounded, and stays
        back = counts / scale if digits >= 0 else counts * scale
    return np.where(np.abs(counts) < _EXACT, back, values) + 0.0  # adding takes the sign off zero


def _counted(values: NDArray[np.float64], digits: int) -> tuple[NDArray[np.float64], float]:
    """Return how many units of 10**-digits the values round to, and how many units (or ones) make one (or unit)."""
    scale = 10.0 ** abs(digits)
    size = np.abs(values)
    with np.errstate(over="ignore"):
        units = size * scale if digits >= 0 else size / scale
        low = np.floor(units)
        tie = (low + 0.5) / scale if digits >= 0 else (low + 0.5) * scale
    counts = np.where(units < _EXACT, low + (size >= tie), units)
    return np.copysign(counts, values), scale


def _hold(what: str, got: int, low: int, high: int) -> None:
    if not low <= got <= high:
        raise Wrong(f"Expected {low} to {high} {what}, got {got}")


# Texts


def _text(column: pa.Array, digits: int | None = None) -> pa.Array:
    if digits is not None:
        return _with_digits(column, digits)
    if pa.types.is_floating(column.type):
        return pc.add(column, 0.0).cast(pa.string())  # which takes the sign off zero
    if pa.types.is_timestamp(column.type):
        # `strftime` takes twenty times as long.
        return pc.binary_replace_slice(_to_the_second(column).cast(pa.string()), 10, 11, "T")
    if pa.types.is_duration(column.type):
        raise Wrong(
            "Expected a number, text, date or timestamp for text(x), got a duration; divide it by days(1)"
        )
    return column.cast(pa.string())


def _with_digits(column: pa.Array, digits: int) -> pa.Array:
    """Return numbers as texts with that many decimals, rounded as `round` does."""
    if not is_number(column.type):
        raise Wrong(f"Expected a number for text(x, digits), got {word(column.type)}")
    _hold("digits for text", digits, 0, MOST_DIGITS)
    counts, scale = _counted(floats(column), digits)
    if np.any(np.abs(counts) >= _EXACT):
        raise Wrong(
            f"Expected numbers below {_EXACT / scale:,.0f} to write with {digits} digits, got a greater one"
        )
    count = np.abs(np.nan_to_num(counts)).astype(np.int64)
    sign = pc.if_else(pa.array(counts < 0, mask=missing(column)), "-", "")
    ones = pa.array(count // int(scale)).cast(pa.string())
    if not digits:
        return pc.binary_join_element_wise(sign, ones, "")
    rest = pc.utf8_lpad(pa.array(count % int(scale)).cast(pa.string()), digits, "0")
    return pc.binary_join_element_wise(sign, ones, pa.scalar("."), rest, "")


def _slice(column: pa.Array, start: int, stop: int | None = None) -> pa.Array:
    return pc.utf8_slice_codeunits(column, start, stop)


def _replace(column: pa.Array, old: str, new: str) -> pa.Array:
    if not old:
        raise Wrong("Expected a text to replace, got an empty one")
    grows = len(new.encode()) - len(old.encode())
    if grows > 0:
        times = pc.count_substring(column, old).cast(pa.int64())
        within(pc.add(pc.binary_length(column).cast(pa.int64()), pc.multiply(times, grows)))
    return pc.replace_substring(column, old, new)


def _join(separator: str, *columns: pa.Array) -> pa.Array:
    return joined(separator, list(columns))


def _pad(column: pa.Array, width: int) -> pa.Array:
    _hold("characters for pad", width, 0, WIDEST)
    if pa.types.is_integer(column.type):
        if (pc.min(column).as_py() or 0) < 0:
            raise Wrong("Expected whole numbers from 0 for pad(x, width), got a negative one")
        column = column.cast(pa.string())
    return pc.utf8_lpad(column, width, "0")


# Letters that no accent can be taken off, as passports and e-mail addresses spell them.
_LETTERS = {"ß": "ss", "Æ": "Ae", "æ": "ae", "Ø": "O", "ø": "o", "Œ": "Oe", "œ": "oe", "Ł": "L", "ł": "l"}
_LETTERS |= {"Đ": "D", "đ": "d", "Ð": "D", "ð": "d", "Þ": "Th", "þ": "th", "ı": "i", "ẞ": "SS"}
_LONGER = 11  # times, at most, does a text grow when accents are taken apart (Unicode FAQ, Normalization)


def _ascii(column: pa.Array) -> pa.Array:
    if pc.all(pc.string_is_ascii(column), min_count=0).as_py():
        return column
    if column.nbytes * _LONGER > MOST_TEXT:
        raise Wrong(TOO_MUCH)  # of which `utf8_normalize` makes an array that cannot be read
    column = pc.utf8_normalize(column, form="NFKD")
    for letter, spelt in _LETTERS.items():
        column = pc.replace_substring(column, letter, spelt)
    return pc.replace_substring_regex(column, pattern=r"[^\x00-\x7F]", replacement="")


def _length(column: pa.Array) -> pa.Array:
    measure = pc.utf8_length if pa.types.is_string(column.type) else pc.list_value_length
    return measure(column).cast(pa.int64())


# Dates and timestamps


def _date(column: pa.Array) -> pa.Array:
    if pa.types.is_timestamp(column.type):
        return pc.floor_temporal(column, unit="day").cast(pa.date32())
    return _parsed(column, pa.date32(), "2024-01-31") if pa.types.is_string(column.type) else column


def _timestamp(column: pa.Array) -> pa.Array:
    if pa.types.is_date(column.type):
        return pc.multiply(ticks(column), per_day(pa.timestamp("s"))).cast(pa.timestamp("s"))
    if pa.types.is_string(column.type):
        return _parsed(column, pa.timestamp("s"), "2024-01-31T12:00:00")
    return column


def _to_the_second(column: pa.Array) -> pa.Array:
    """Return dates as they are, and timestamps without the part of a second, which `%S` would write."""
    if pa.types.is_date(column.type):
        return column
    return pc.floor_temporal(column, unit="second").cast(pa.timestamp("s"))


def _parsed(column: pa.Array, kind: pa.DataType, example: str) -> pa.Array:
    try:
        return column.cast(kind)
    except pa.ArrowInvalid as error:
        got = str(error).partition("'")[2].rpartition("'")[0]
        raise Wrong(f"Expected a text such as {example!r}, got {got!r}") from None


def _part(apply: Callable[[pa.Array], pa.Array]) -> Callable[[pa.Array], pa.Array]:
    return lambda column: apply(column).cast(pa.int64())


def _lasting(seconds: int) -> Callable[[pa.Array], pa.Array]:
    """Return the function from numbers of a unit to durations, to the nearest second."""

    def durations(column: pa.Array) -> pa.Array:
        if pa.types.is_floating(column.type):
            column = whole(pa.array(rounded(floats(column) * seconds, 0), mask=missing(column)))
        else:
            column = pc.multiply_checked(column, seconds)
        return column.cast(pa.duration("s"))

    return durations


_CLOCK = frozenset("HMSIp")
_DIRECTIVES = _CLOCK | frozenset("YymdjaAbB%")


def _format_date(column: pa.Array, pattern: str) -> pa.Array:
    marks = re.findall("%(.?)", pattern, flags=re.DOTALL)
    if strange := [mark for mark in marks if mark not in _DIRECTIVES or not mark]:
        valid = " ".join(f"%{mark}" for mark in sorted(_DIRECTIVES))
        raise Wrong(f"Expected a pattern of the marks {valid}, got %{strange[0]}")
    _hold("characters of a pattern", len(pattern), 0, WIDEST)
    if not _CLOCK.intersection(marks):  # of days there are few, and each takes a microsecond
        days = _date(column).dictionary_encode()
        return pc.strftime(days.dictionary, format=pattern).take(days.indices)
    return pc.strftime(_to_the_second(column), format=pattern)


# Lists


def _sum(column: pa.Array) -> pa.Array:
    """Return the sums of lists, item by item from the first; of an empty list 0."""
    rows = pc.list_parent_indices(column).to_numpy(zero_copy_only=False)
    items = settled(pc.list_flatten(column))
    if pa.types.is_null(items.type) and not len(items):
        items = items.cast(pa.int64())
    if items.null_count:
        raise Wrong("Expected a number in every place of a list for sum, got nothing in one")
    values = items.to_numpy(zero_copy_only=False)
    sums = np.zeros(len(column), values.dtype)
    np.add.at(sums, rows, values)
    if pa.types.is_integer(items.type) and np.any(np.bincount(rows, np.abs(values.astype(float))) >= 2.0**62):
        raise Wrong(TOO_LARGE)
    result = pa.array(sums, mask=missing(column))
    return finite(result) if pa.types.is_floating(result.type) else result


def _first(*columns: pa.Array) -> pa.Array:
    return pc.coalesce(*_alike("coalesce", columns))


_WHOLE, _TEXT = "literal whole number", "literal text"
_NUMBER, _TIME = ("a number",), ("a date or timestamp",)

_ALL = (
    Function("min(a, b, ...)", _least, ("a value",), 2, more=True),
    Function("max(a, b, ...)", _greatest, ("a value",), 2, more=True),
    Function("abs(x)", pc.abs_checked, _NUMBER, 1),
    Function("round(x, [digits])", _round, ("a number", _WHOLE), 1),
    Function("floor(x)", _towards(pc.floor), _NUMBER, 1),
    Function("ceil(x)", _towards(pc.ceil), _NUMBER, 1),
    Function("sqrt(x)", _real(pc.sqrt_checked), _NUMBER, 1),
    Function("log(x)", _real(pc.ln_checked), _NUMBER, 1),
    Function("exp(x)", _real(pc.exp), _NUMBER, 1),
    Function("text(x, [digits])", _text, ("a value", _WHOLE), 1),
    Function("upper(text)", pc.utf8_upper, ("a text",), 1),
    Function("lower(text)", pc.utf8_lower, ("a text",), 1),
    Function("title(text)", pc.utf8_title, ("a text",), 1),
    Function("strip(text)", pc.utf8_trim_whitespace, ("a text",), 1),
    Function("ascii(text)", _ascii, ("a text",), 1),
    Function("length(x)", _length, ("a list or text",), 1),
    Function("slice(text, from, [to])", _slice, ("a text", _WHOLE, _WHOLE), 2),
    Function("replace(text, old, new)", _replace, ("a text", _TEXT, _TEXT), 3),
    Function("join(separator, a, b, ...)", _join, (_TEXT, "a text"), 2, more=True),
    Function("pad(x, width)", _pad, ("a whole number or text", _WHOLE), 2),
    Function("coalesce(a, b, ...)", _first, ("a value",), 2, more=True),
    Function("sum(list)", _sum, ("a list of numbers",), 1),
    Function("date(x)", _date, ("a text, date or timestamp",), 1),
    Function("timestamp(x)", _timestamp, ("a text, date or timestamp",), 1),
    Function("year(d)", _part(pc.year), _TIME, 1),
    Function("month(d)", _part(pc.month), _TIME, 1),
    Function("day(d)", _part(pc.day), _TIME, 1),
    Function("weekday(d)", _part(pc.day_of_week), _TIME, 1),
    Function("hour(t)", _part(pc.hour), ("a timestamp",), 1),
    Function("minute(t)", _part(pc.minute), ("a timestamp",), 1),
    Function("second(t)", _part(pc.second), ("a timestamp",), 1),
    Function("days(n)", _lasting(86_400), _NUMBER, 1),
    Function("hours(n)", _lasting(3_600), _NUMBER, 1),
    Function("minutes(n)", _lasting(60), _NUMBER, 1),
    Function("seconds(n)", _lasting(1), _NUMBER, 1),
    Function("format_date(d, pattern)", _format_date, ("a date or timestamp", _TEXT), 2),
    Function("luhn(digits)", luhn, ("a text",), 1),
    Function("mod97(text)", mod97, ("a text",), 1),
    Function("iban(country, account)", iban, ("a text", "a text"), 2),
)
FUNCTIONS: Mapping[str, Function] = {one.usage.partition("(")[0]: one for one in _ALL}
