"""What a column of an expression can be: the kinds of values, their common kinds and their limits.

A *column* here is a `pyarrow.Array` of one value per row, or a `pyarrow.Scalar` where all rows have the same one.
Inside expressions there are few types: whole numbers are int64, other numbers float64, texts string, dates date32.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

__all__ = [
    "DAY",
    "MOST_TEXT",
    "TOO_LARGE",
    "TOO_MUCH",
    "Column",
    "Wrong",
    "broadcast",
    "common",
    "finite",
    "floats",
    "hold_text",
    "in_years",
    "is_number",
    "is_time",
    "missing",
    "nothing",
    "over_arrays",
    "per_day",
    "settled",
    "ticks",
    "unified",
    "whole",
    "word",
]

Column: TypeAlias = "pa.Array | pa.Scalar"

DAY = 86_400  # seconds
_UNITS = ("s", "ms", "us")  # coarse to fine
_FIRST, _LAST = -719_162, 2_932_896  # days from 1970 to 0001-01-01 and to 9999-12-31
_END = pa.scalar(2.0**63)
MOST_TEXT = 2**31 - 2  # bytes in a column of texts
TOO_MUCH = "Expected at most 2 GiB of text in a column, got more; draw fewer rows at once"
TOO_LARGE = (
    "Expected a result below 2**63, got a whole number too large to keep; write 1.0 * to go on with decimals"
)


class Wrong(Exception):
    """What is wrong with an operation, in words; the expression adds the place."""


_WORDS: tuple[tuple[Callable[[pa.DataType], bool], str], ...] = (
    (pa.types.is_null, "nothing"),
    (pa.types.is_boolean, "a truth value"),
    (pa.types.is_integer, "a whole number"),
    (pa.types.is_floating, "a number with decimals"),
    (pa.types.is_string, "a text"),
    (pa.types.is_date, "a date"),
    (pa.types.is_timestamp, "a timestamp"),
    (pa.types.is_duration, "a duration"),
    (pa.types.is_struct, "a record"),
    (pa.types.is_list, "a list"),
)


def word(kind: pa.DataType) -> str:
    """Return what a type is called in messages."""
    return next((name for fits, name in _WORDS if fits(kind)), str(kind))


def is_number(kind: pa.DataType) -> bool:
    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind))


def is_time(kind: pa.DataType) -> bool:
    return bool(pa.types.is_date(kind) or pa.types.is_timestamp(kind))


def nothing(*columns: Column) -> bool:
    """Return whether a column has no value anywhere, and hence no kind; what is made of it has none either."""
    return any(pa.types.is_null(column.type) for column in columns)


def _settled_type(kind: pa.DataType) -> pa.DataType:
    types = pa.types
    if types.is_dictionary(kind):
        return _settled_type(kind.value_type)
    if types.is_integer(kind):
        return pa.int64()
    if types.is_floating(kind):
        return pa.float64()
    if types.is_large_string(kind) or types.is_string_view(kind):
        return pa.string()
    if types.is_date(kind):
        return pa.date32()
    if types.is_duration(kind) or (types.is_timestamp(kind) and kind.tz is None):
        make = pa.duration if types.is_duration(kind) else pa.timestamp
        return make(kind.unit if kind.unit in _UNITS else "us")
    if word(kind) == str(kind) or types.is_timestamp(kind):
        raise Wrong(f"Expected numbers, texts, truth values, dates or timestamps without a zone, got {kind}")
    return kind


def settled(column: pa.Array | pa.ChunkedArray) -> pa.Array:
    """Return a column in one of the types that expressions know.

    Raises:
        Wrong: when it has another type, or whole numbers from 2**63.
    """
    array = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    if isinstance(array, pa.ChunkedArray):
        raise Wrong(TOO_MUCH)
    kind = _settled_type(array.type)
    if array.type == kind:
        return array
    # Nanoseconds are cut; a whole number that does not fit is told of.
    return array.cast(kind, safe=pa.types.is_integer(kind))


def unified(kinds: Iterable[pa.DataType]) -> pa.DataType | None:
    """Return the type that holds values of all `kinds`, None where there is none."""
    different = {kind for kind in kinds if not pa.types.is_null(kind)}
    if len(different) <= 1:
        return different.pop() if different else pa.null()
    if all(map(is_number, different)):
        return pa.float64()
    for fits, make in ((pa.types.is_timestamp, pa.timestamp), (pa.types.is_duration, pa.duration)):
        if all(map(fits, different)):
            return make(max((kind.unit for kind in different), key=_UNITS.index))
    return None


def common(columns: Sequence[Column], expected: str) -> list[Column]:
    """Return the columns in one type.

    Raises:
        Wrong: when there is no such type; the message begins with what was `expected`.
    """
    kind = unified(column.type for column in columns)
    if kind is None or pa.types.is_nested(kind):
        got = " and ".join(dict.fromkeys(word(column.type) for column in columns))
        raise Wrong(f"Expected {expected}, got {got}")
    return [column if column.type == kind else column.cast(kind, safe=False) for column in columns]


def broadcast(column: Column, rows: int) -> pa.Array:
    """Return the column as an array of `rows` values.

    Raises:
        Wrong: when that is too much text.
    """
    if isinstance(column, pa.Array):
        return column
    hold_text(rows, column)
    return pa.repeat(column, rows) if column.is_valid else pa.nulls(rows, column.type)


def hold_text(rows: int, *columns: Column) -> None:
    """Hold columns of one type to what is surely no more text, all together, than one column takes.

    Where there is more, Arrow makes an array that cannot be read of choosing between them.

    Raises:
        Wrong: when there is more.
    """
    if not pa.types.is_string(columns[0].type):
        return
    sizes = [
        one.nbytes if isinstance(one, pa.Array) else rows * len((one.as_py() or "").encode())
        for one in columns
    ]
    if sum(sizes) > MOST_TEXT:
        raise Wrong(TOO_MUCH)


def over_arrays(apply: Callable[..., pa.Array], *arguments: Any) -> Column:
    """Return `apply` of columns that are all made arrays of one length, and of plain values as they are."""
    lengths = [len(one) for one in arguments if isinstance(one, pa.Array)]
    rows = lengths[0] if lengths else 1
    result = apply(*(broadcast(one, rows) if isinstance(one, pa.Scalar) else one for one in arguments))
    return result if lengths else result[0]


def floats(column: pa.Array) -> NDArray[np.float64]:
    """Return the values as float64 [rows], NaN where there is none."""
    values: NDArray[np.float64] = column.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False)
    return values


def missing(*columns: pa.Array) -> NDArray[np.bool_]:
    """Return where any of the columns has no value, [rows]."""
    one, *others = (column.is_null().to_numpy(zero_copy_only=False) for column in columns)
    gone: NDArray[np.bool_] = np.logical_or.reduce([one, *others])
    return gone


def finite(column: Column) -> Column:
    """Return a column of float64 as it is.

    Raises:
        Wrong: when it holds an infinity or NaN, which no file of plain data can hold.
    """
    if pc.all(pc.is_finite(column), min_count=0).as_py() is False:
        raise Wrong("Expected a finite number as the result, got one too large or not defined")
    return column


def whole(column: Column) -> Column:
    """Return float64 values that are whole as int64.

    Raises:
        Wrong: when one does not fit.
    """
    fits = pc.all(pc.less(pc.abs(column), _END), min_count=0)
    if fits.as_py() is False:
        raise Wrong(TOO_LARGE)
    return column.cast(pa.int64(), safe=False)


def ticks(column: Column) -> Column:
    """Return dates as days, timestamps and durations in their unit, as int64."""
    return (column.cast(pa.int32()) if pa.types.is_date(column.type) else column).cast(pa.int64())


def per_day(kind: pa.DataType) -> int:
    """Return how many ticks of a date, timestamp or duration make a day."""
    return 1 if pa.types.is_date(kind) else DAY * 1_000 ** _UNITS.index(kind.unit)


def in_years(count: Column, kind: pa.DataType) -> Column:
    """Return ticks as dates or timestamps of type `kind`.

    Raises:
        Wrong: when a year is not one of 1 to 9999, which is all that ISO 8601 writes in four digits.
    """
    scale = per_day(kind)
    inside = pc.and_(
        pc.greater_equal(count, _FIRST * scale),
        pc.less(count, (_LAST + 1) * scale),
    )
    if pc.all(inside, min_count=0).as_py() is False:
        raise Wrong("Expected a year from 1 to 9999, got a date outside")
    return (count.cast(pa.int32()) if pa.types.is_date(kind) else count).cast(kind)
