"""Columns: how drawn values stand side by side in Arrow, and how they become plain values again."""

from collections.abc import Collection, Sequence
from itertools import islice
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from gristmill.errors import UsageError

__all__ = ["Units", "arrow", "coded", "decoded", "fixed_text", "plain_values", "without"]

# Without a type, Arrow tries each time to import what dates of others are made of, which takes longer than a row.
_PLAIN = {bool: pa.bool_(), int: pa.int64(), float: pa.float64(), str: pa.string()}
Units = NDArray[np.float64]  # [D, N]: D numbers in [0, 1) for each of N rows


def plain_values(column: pa.Array) -> list[Any]:
    """Return what a column holds as JSON has it: dates and times as ISO texts, codes as what they stand for.

    Fields of a record that hold nothing are left out of it.
    """
    if pa.types.is_dictionary(column.type):
        options = [*plain_values(column.dictionary), None]
        return [options[code] for code in column.indices.fill_null(len(options) - 1).to_pylist()]
    if pa.types.is_timestamp(column.type):
        return list(pc.strftime(column, format="%Y-%m-%dT%H:%M:%S").to_pylist())
    if pa.types.is_date(column.type):
        return list(column.cast(pa.string()).to_pylist())
    if pa.types.is_list(column.type):
        items = iter(plain_values(column.flatten()))
        lengths = column.value_lengths().to_pylist()
        return [None if length is None else list(islice(items, length)) for length in lengths]
    if pa.types.is_struct(column.type) and column.type.num_fields:
        names = [field.name for field in column.type]
        rows = zip(*map(plain_values, column.flatten()), strict=True)
        return [
            {name: one for name, one in zip(names, row, strict=True) if one is not None} if there else None
            for row, there in zip(rows, column.is_valid().to_pylist(), strict=True)
        ]
    return list(column.to_pylist())


def arrow(values: Sequence[Any]) -> pa.Array:
    """Return plain values as a column.

    Raises:
        UsageError: when they are not of one type.
    """
    kinds = {type(one) for one in values if one is not None}
    if not kinds:
        return pa.nulls(len(values))
    try:
        return pa.array(values, _PLAIN.get(kinds.pop()) if len(kinds) == 1 else None)
    except (pa.ArrowInvalid, pa.ArrowTypeError, OverflowError):
        raise UsageError(f"Expected values of one type for a column, got {list(values)}.") from None


def decoded(column: pa.Array) -> pa.Array:
    """Return a column whose values are not codes."""
    return column.dictionary_decode() if pa.types.is_dictionary(column.type) else column


def coded(codes: NDArray[np.integer[Any]], options: pa.Array) -> pa.Array:
    """Return the column in which each row is the option of its code, [N]; texts stay apart from their codes."""
    if not pa.types.is_string(options.type):
        return options.take(pa.array(codes.astype(np.int32)))
    # Nothing is no code: Parquet has no place for it among the texts.
    nothing = options.is_null().to_numpy(zero_copy_only=False)
    places = pa.array(codes.astype(np.int32, copy=False), mask=nothing[codes] if options.null_count else None)
    return pa.DictionaryArray.from_arrays(places, options.fill_null("") if options.null_count else options)


def fixed_text(marks: NDArray[np.uint8]) -> pa.StringArray:
    """Return texts of one width from the bytes of each, [N, W]."""
    rows, width = marks.shape
    ends = (
        np.arange(0, (rows + 1) * width, max(1, width), dtype=np.int32)
        if width
        else np.zeros(rows + 1, np.int32)
    )
    return pa.StringArray.from_buffers(rows, pa.py_buffer(ends), pa.py_buffer(np.ascontiguousarray(marks)))


def without(table: pa.Table, fields: Collection[str]) -> pa.Table:
    """Return a table without some fields of its records; `entries.gap` is one of the records of a list."""
    for place, name in enumerate(table.column_names):
        inner = _within(name, fields)
        if inner and pa.types.is_nested(table.schema.types[place]):  # a dot may be a part of a name
            column = _records_without(table.column(name).combine_chunks(), inner)
            table = table.set_column(place, name, column)
    return table


def _records_without(column: pa.Array, fields: Collection[str]) -> pa.Array:
    if pa.types.is_list(column.type):
        items = _records_without(column.values, fields)
        return pa.ListArray.from_arrays(column.offsets, items, mask=column.is_null())
    names = [one.name for one in column.type if one.name not in fields]
    parts = [
        _records_without(column.field(one), _within(one, fields))
        if _within(one, fields)
        else column.field(one)
        for one in names
    ]
    return pa.StructArray.from_arrays(parts, names, mask=column.is_null())


def _within(name: str, fields: Collection[str]) -> set[str]:
    return {one.removeprefix(f"{name}.") for one in fields if one.startswith(f"{name}.")}
