"""Columns: how drawn values stand side by side in Arrow, and how they become plain values again."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from gristmill.errors import UsageError

__all__ = ["Units", "arrow", "coded", "decoded", "fixed_text", "plain_values"]

Units = NDArray[np.float64]  # [D, N]: D numbers in [0, 1) for each of N rows


def plain_values(column: pa.Array) -> list[Any]:
    """Return what a column holds as JSON has it: dates and times as ISO texts, codes as what they stand for."""
    if pa.types.is_dictionary(column.type):
        options = [*plain_values(column.dictionary), None]
        return [options[code] for code in column.indices.fill_null(len(options) - 1).to_pylist()]
    if pa.types.is_timestamp(column.type):
        return list(pc.strftime(column, format="%Y-%m-%dT%H:%M:%S").to_pylist())
    if pa.types.is_date(column.type):
        return list(column.cast(pa.string()).to_pylist())
    return list(column.to_pylist())


def arrow(values: Sequence[Any]) -> pa.Array:
    """Return plain values as a column.

    Raises:
        UsageError: when they are not of one type.
    """
    try:
        return pa.array(values)
    except (pa.ArrowInvalid, pa.ArrowTypeError):
        raise UsageError(f"Expected values of one type for a column, got {list(values)}.") from None


def decoded(column: pa.Array) -> pa.Array:
    """Return a column whose values are not codes."""
    return column.dictionary_decode() if pa.types.is_dictionary(column.type) else column


def coded(codes: NDArray[np.integer[Any]], options: pa.Array) -> pa.Array:
    """Return the column in which each row is the option of its code, [N]; texts stay apart from their codes."""
    places = pa.array(codes.astype(np.int32))
    texts = pa.types.is_string(options.type)
    return pa.DictionaryArray.from_arrays(places, options) if texts else options.take(places)


def fixed_text(marks: NDArray[np.uint8]) -> pa.StringArray:
    """Return texts of one width from the bytes of each, [N, W]."""
    rows, width = marks.shape
    ends = (
        np.arange(0, (rows + 1) * width, max(1, width), dtype=np.int32)
        if width
        else np.zeros(rows + 1, np.int32)
    )
    return pa.StringArray.from_buffers(rows, pa.py_buffer(ends), pa.py_buffer(np.ascontiguousarray(marks)))
