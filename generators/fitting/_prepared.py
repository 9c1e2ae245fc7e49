"""Tables as they are fitted: without codes, and without values that stand for none."""

from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from gristmill.generators.fitting._laws import Array
from gristmill.generators.fitting._marginals import seconds
from gristmill.generators.template.entries import MISSING

__all__ = ["prepared"]

_YEARS = 1_000, 9_000  # from and to which dates are dates
_GREATEST = 1e150  # number whose square is still one
_WORST = (-(2**63), 2**63 - 1, 2**64 - 1)  # of integers of 64 bits


def prepared(table: pa.Table) -> tuple[pa.Table, dict[str, str]]:
    """Return a table that can be fitted, and by column what is no longer in it.

    Dictionaries become their values and texts are all of one type. Dates as far off as 9999-12-31, the ends of 64 bits and
    numbers that are not finite or nearly so stand for no value, and become none.
    """
    columns, notes = {}, {}
    for name in table.column_names:
        if name.endswith(MISSING):
            notes[name] = f"left out: the end of its name, {MISSING!r}, is that of fields that tell of gaps"
            continue
        columns[name] = _decoded(table[name])
        if none := _standing_for_none(columns[name].type):
            what, find = none
            found = find(columns[name]) & np.asarray(columns[name].is_valid())
            if found.any():
                columns[name] = pc.if_else(
                    pa.array(found), pa.scalar(None, columns[name].type), columns[name]
                )
                notes[name] = f"{what} stand for no value, and are missing here"
    return pa.table(columns), notes


def _decoded(column: pa.ChunkedArray) -> pa.ChunkedArray:
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    return column.cast(pa.string()) if pa.types.is_large_string(column.type) else column


def _standing_for_none(type_: pa.DataType) -> tuple[str, Callable[[pa.ChunkedArray], Array]] | None:
    """Return which values of a type stand for none, in words and as a function to [N] truth values."""
    if pa.types.is_date(type_) or pa.types.is_timestamp(type_):
        return f"dates before the year {_YEARS[0]} or from {_YEARS[1]} on", _far
    if pa.types.is_floating(type_):
        return f"numbers that are infinite or beyond {_GREATEST:g}", _immense
    if pa.types.is_int64(type_) or pa.types.is_uint64(type_):
        return "the least and the greatest number of 64 bits", _extreme
    return None


def _far(column: pa.ChunkedArray) -> Array:
    first, last = (np.datetime64(f"{year}-01-01").astype("datetime64[s]").astype(float) for year in _YEARS)
    moments = seconds(column)
    found: Array = (moments < first) | (moments >= last)
    return found


def _immense(column: pa.ChunkedArray) -> Array:
    found: Array = np.abs(np.asarray(column.cast(pa.float64()).to_numpy(), float)) > _GREATEST
    return found


def _extreme(column: pa.ChunkedArray) -> Array:
    ends = [one for one in _WORST if (one < 2**63) == pa.types.is_int64(column.type)]
    return np.asarray(pc.is_in(column, pa.array(ends, column.type)))
