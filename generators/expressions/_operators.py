"""The operators of expressions, over columns: arithmetic, comparison, texts set together and dates moved."""

import ast
from collections.abc import Callable, Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from gristmill.generators.expressions._columns import (
    DAY,
    MOST_TEXT,
    TOO_MUCH,
    Column,
    Wrong,
    common,
    finite,
    floats,
    in_years,
    is_number,
    is_time,
    missing,
    over_arrays,
    per_day,
    ticks,
    unified,
    word,
)

__all__ = ["ARITHMETIC", "COMPARISONS", "SIGNS", "joined", "negative", "power"]

_ZERO = pa.scalar(0)
LONGEST = 10_000  # bytes of UTF-8 in a text that is put together

SIGNS: Mapping[type[ast.AST], str] = {
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.Div: "/",
    ast.FloorDiv: "//",
    ast.Mod: "%",
    ast.Pow: "**",
    ast.Eq: "==",
    ast.NotEq: "!=",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
}


def _add(one: Column, other: Column) -> Column:
    if pa.types.is_string(one.type) and pa.types.is_string(other.type):
        return joined("", [one, other])
    if is_time(one.type) and pa.types.is_duration(other.type):
        return _moved(one, other, pc.add_checked)
    if pa.types.is_duration(one.type) and is_time(other.type):
        return _moved(other, one, pc.add_checked)
    return _summed("+", pc.add_checked, one, other)


def _subtract(one: Column, other: Column) -> Column:
    if is_time(one.type) and pa.types.is_duration(other.type):
        return _moved(one, other, pc.subtract_checked)
    if is_time(one.type) and word(one.type) == word(other.type):
        return _between(*common([one, other], ""))
    return _summed("-", pc.subtract_checked, one, other)


def _summed(sign: str, apply: Callable[..., Column], one: Column, other: Column) -> Column:
    if pa.types.is_duration(one.type) and pa.types.is_duration(other.type):
        one, other = common([one, other], "")
        return apply(ticks(one), ticks(other)).cast(one.type)
    return _computed(apply, *_numbers(sign, one, other))


def _multiply(one: Column, other: Column) -> Column:
    return _computed(pc.multiply_checked, *_numbers("*", one, other))


def _divide(one: Column, other: Column) -> Column:
    one, other = (side.cast(pa.float64(), safe=False) for side in _ratio("/", one, other))
    return _computed(pc.divide_checked, one, other)


def _floor_divide(one: Column, other: Column) -> Column:
    one, other = _ratio("//", one, other)
    if pa.types.is_integer(one.type):
        quotient = pc.divide_checked(one, other)
        over = _over(one, other, quotient).cast(pa.int64())
        return pc.subtract(quotient, over)
    return finite(over_arrays(_floats_by(np.floor_divide), one, other))


def _modulo(one: Column, other: Column) -> Column:
    one, other = _ratio("%", one, other)
    if pa.types.is_integer(one.type):
        quotient = pc.divide_checked(one, other)
        rest = pc.subtract(one, pc.multiply(quotient, other))
        return pc.if_else(_over(one, other, quotient), pc.add(rest, other), rest)
    return finite(over_arrays(_floats_by(np.remainder), one, other))


def _over(one: Column, other: Column, quotient: Column) -> Column:
    """Return where a quotient that was cut towards zero lies above the true one."""
    uneven = pc.not_equal(pc.multiply(quotient, other), one)
    return pc.and_(uneven, pc.xor(pc.less(one, _ZERO), pc.less(other, _ZERO)))


def _floats_by(apply: Callable[..., NDArray[np.float64]]) -> Callable[[pa.Array, pa.Array], pa.Array]:
    def over(one: pa.Array, other: pa.Array) -> pa.Array:
        if pc.any(pc.and_(pc.equal(other, _ZERO), pc.is_valid(one)), min_count=0).as_py():
            raise pa.ArrowInvalid("divide by zero")
        with np.errstate(all="ignore"):  # what is not finite is told of afterwards
            values = apply(floats(one), floats(other))
        return pa.array(values, mask=missing(one, other))

    return over


def _computed(apply: Callable[..., Column], one: Column, other: Column) -> Column:
    result = apply(one, other)
    return finite(result) if pa.types.is_floating(result.type) else result


def power(base: Column, exponent: float) -> Column:
    """Return `base` to a literal power: whole where both are and the exponent is not negative."""
    (base,) = _numbers("**", base)
    if pa.types.is_integer(base.type) and isinstance(exponent, int) and exponent >= 0:
        return pc.power_checked(base, exponent)
    return finite(pc.power(base.cast(pa.float64(), safe=False), float(exponent)))


def negative(column: Column) -> Column:
    """Return minus a number or duration."""
    if pa.types.is_duration(column.type):
        return pc.negate_checked(ticks(column)).cast(column.type)
    return pc.negate_checked(*_numbers("-", column))


def _numbers(sign: str, *columns: Column) -> list[Column]:
    """Return the columns in one type of number."""
    kinds = [column.type for column in columns]
    kind = unified(kinds)
    if kind is None or not is_number(kind):
        got = " and ".join(word(one) for one in kinds)
        needed = "two numbers" if len(kinds) == 2 else "a number"
        raise Wrong(f"Expected {needed} for {sign}, got {got}{_hint(kinds)}")
    return [column if column.type == kind else column.cast(kind, safe=False) for column in columns]


def _hint(kinds: list[pa.DataType]) -> str:
    """Return what would be right where numbers were expected."""
    words = {word(kind) for kind in kinds}
    if "a text" in words and words & {"a whole number", "a number with decimals"}:
        return "; write text(...) around the number to join it to a text"
    if "a truth value" in words:
        return "; write 1 if ... else 0 to count a truth value"
    if "a text" in words and "a duration" in words:
        return "; write date(...) or timestamp(...) around the text"
    if words & {"a date", "a timestamp"}:
        return "; dates move by days(n), timestamps also by hours(n), minutes(n) and seconds(n)"
    return ""


def _ratio(sign: str, one: Column, other: Column) -> list[Column]:
    """Return two numbers, or two durations as numbers in the same unit."""
    if pa.types.is_duration(one.type) and pa.types.is_duration(other.type):
        return [ticks(side) for side in common([one, other], "")]
    return _numbers(sign, one, other)


def _moved(when: Column, by: Column, apply: Callable[..., Column]) -> Column:
    """Return dates or timestamps moved by a duration; dates move by whole days only."""
    if pa.types.is_date(when.type):
        count, day = ticks(by), per_day(by.type)
        days = pc.divide(count, day)
        if pc.any(pc.not_equal(pc.multiply(days, day), count), min_count=0).as_py():
            raise Wrong(
                "Expected whole days to move a date by, got a part of one; timestamp(...) moves by hours"
            )
        return in_years(apply(ticks(when), days), when.type)
    kind = pa.timestamp(unified([by.type, pa.duration(when.type.unit)]).unit)  # type: ignore[union-attr]
    return in_years(apply(ticks(when.cast(kind)), ticks(by.cast(pa.duration(kind.unit)))), kind)


def _between(one: Column, other: Column) -> Column:
    """Return the duration from `other` to `one`; between dates in seconds."""
    apart = pc.subtract_checked(ticks(one), ticks(other))
    if pa.types.is_date(one.type):
        return pc.multiply_checked(apart, DAY).cast(pa.duration("s"))
    return apart.cast(pa.duration(one.type.unit))


def joined(separator: str, columns: list[Column]) -> Column:
    """Return texts set together with a separator between.

    Raises:
        Wrong: when a text becomes longer than 10,000 bytes, or all of them do not fit into a column.
    """
    if len(columns) == 1:
        return columns[0]
    lengths = [pc.binary_length(column).cast(pa.int64()) for column in columns]
    total = lengths[0]
    for length in lengths[1:]:
        total = pc.add(total, pc.add(length, len(separator.encode())))
    within(total)
    return pc.binary_join_element_wise(*columns, separator)


def within(lengths: Column) -> None:
    """Hold texts of these lengths, in bytes, to their limits."""
    longest = pc.max(lengths).as_py() or 0
    if longest > LONGEST:
        raise Wrong(f"Expected a text of at most {LONGEST:,} bytes, got one of {longest:,}")
    if (pc.sum(lengths).as_py() or 0) > MOST_TEXT:
        raise Wrong(TOO_MUCH)


def _compared(sign: str, apply: Callable[..., Column]) -> Callable[[Column, Column], Column]:
    def compare(one: Column, other: Column) -> Column:
        try:
            one, other = common([one, other], f"two values of one kind for {sign}")
        except Wrong as error:
            raise Wrong(f"{error}{_time_hint(one.type, other.type)}") from None
        if pa.types.is_boolean(one.type) and sign not in ("==", "!="):
            raise Wrong(f"Expected values in an order for {sign}, got truth values; write == or !=")
        return apply(one, other)

    return compare


def _time_hint(*kinds: pa.DataType) -> str:
    """Return what would be right where a time was compared with something else."""
    words = {word(kind) for kind in kinds}
    if {"a date", "a timestamp"} <= words:
        return "; write date(...) around the timestamp or timestamp(...) around the date"
    if "a text" in words and words & {"a date", "a timestamp"}:
        return '; write a date as date("2024-01-31"), a timestamp as timestamp("2024-01-31T12:00:00")'
    return ""


ARITHMETIC: Mapping[type[ast.AST], Callable[[Column, Column], Column]] = {
    ast.Add: _add,
    ast.Sub: _subtract,
    ast.Mult: _multiply,
    ast.Div: _divide,
    ast.FloorDiv: _floor_divide,
    ast.Mod: _modulo,
}
COMPARISONS: Mapping[type[ast.AST], Callable[[Column, Column], Column]] = {
    ast.Eq: _compared("==", pc.equal),
    ast.NotEq: _compared("!=", pc.not_equal),
    ast.Lt: _compared("<", pc.less),
    ast.LtE: _compared("<=", pc.less_equal),
    ast.Gt: _compared(">", pc.greater),
    ast.GtE: _compared(">=", pc.greater_equal),
}
