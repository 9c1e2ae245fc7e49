"""Whole numbers too long to be drawn at once: hashes, snowflake identifiers and nanoseconds of 64 bits."""

from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from gristmill.generators.fitting._laws import roundest

__all__ = ["LONG", "Long", "long_numbers"]

LONG = 2**53  # numbers from which on floats do not hold them exactly
_APART = 2**51  # from the least to the greatest that are drawn at once
_BITS = 50  # of the numbers that are drawn
_SHIFT = 2**50  # so that numbers that are close together stay long, as those of phones and cards are
_LIMIT = 2**63


class Long(NamedTuple):
    """A column of long numbers as steps from a round number.

    Attributes:
        name: of the column.
        form: the expression of it, with `{0}` for the steps.
        values: the steps, null where there is no number, [N].
    """

    name: str
    form: str
    values: pa.Array


def long_numbers(table: pa.Table) -> list[Long]:
    """Return the columns of a table whose numbers are too long to be drawn at once."""
    return [
        _long(name, table[name])
        for name in table.column_names
        if pa.types.is_integer(table[name].type) and _is_long(table[name])
    ]


def _is_long(column: pa.ChunkedArray) -> bool:
    ends = [one for one in pc.min_max(column).as_py().values() if one is not None]
    return bool(ends) and (max(map(abs, ends)) >= LONG or ends[1] - ends[0] >= _APART)


def _long(name: str, column: pa.ChunkedArray) -> Long:
    # The upper half of what has no sign would not be drawn, so it is laid over the lower one.
    numbers = [None if one is None else one % _LIMIT if one >= _LIMIT else one for one in column.to_pylist()]
    there = [one for one in numbers if one is not None]
    low, high = min(there), max(there)
    step = 1 << max(0, (high - low).bit_length() - _BITS)
    middle = (low + high) // 2
    base = int(roundest(float(middle), max((high - low) / 8, float(2**40))))
    if step == 1:
        base -= _SHIFT if base > 0 else -_SHIFT
    steps = [None if one is None else (one - base) // step for one in numbers]
    form = _form(base, step, (low - base) // step, (high - base) // step)
    return Long(name, form, pa.array(steps, pa.int64()))


def _form(base: int, step: int, low: int, high: int) -> str:
    """Return the expression of a column, with steps held where others as far apart would leave 64 bits."""
    least, most = -(_LIMIT + base) // step + 1, (_LIMIT - 1 - base) // step - 1
    # A product is itself a number of 64 bits.
    least, most = max(least, -(_LIMIT // step) + 1), min(most, _LIMIT // step - 1)
    enough = least <= 2 * low - high and 2 * high - low <= most
    within = "{0}" if enough else f"max({least}, min({most}, {{0}}))"
    return (f"{base} + " if base else "") + within + (f" * {step}" if step > 1 else "")
