"""Numeric steps as Parquet columns: one row per observation, flat columns for small boxes.

An episode of N steps takes N + 1 rows; in the last one, which has only an observation, the other columns are null.
"""

from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np
import pyarrow as pa

from gristmill.steps import Array, Layout, Steps

__all__ = ["FLAT", "Group", "table"]

FLAT = 64  # values per row up to which a column is split into flat ones, and beyond which it is a list


def table(episodes: Sequence[tuple[str, Steps]]) -> tuple[pa.Table, dict[str, Any]]:
    """Return the rows of episodes that share a layout, and the options to write them with."""
    lengths = [len(steps) + 1 for _, steps in episodes]
    ids = np.repeat(np.arange(len(episodes), dtype=np.int32), lengths)
    columns: dict[str, pa.Array] = {
        "episode_id": pa.DictionaryArray.from_arrays(ids, pa.array([name for name, _ in episodes])).cast(
            pa.string()
        ),
        "t": pa.array(np.concatenate([np.arange(length, dtype=np.int32) for length in lengths])),
    }
    every = [steps.columns() for _, steps in episodes]
    last = np.zeros(sum(lengths), dtype=bool)
    last[np.cumsum(lengths) - 1] = True
    split: list[str] = []
    for name in every[0]:
        whole = name.startswith("observation.")
        values = np.concatenate([columns[name] if whole else _padded(columns[name]) for columns in every])
        for key, column in _flat(name, values, None if whole else last).items():
            columns[key] = column
            if values.dtype.kind != "b" and values.dtype.itemsize > 2:
                split.append(f"{key}.list.element" if pa.types.is_list(column.type) else key)
    return pa.table(columns), {"use_byte_stream_split": split, "use_dictionary": ["episode_id"]}


def _padded(column: Array) -> Array:
    return np.concatenate([column, np.zeros((1, *column.shape[1:]), dtype=column.dtype)])


def _flat(name: str, values: Array, mask: Array | None) -> dict[str, pa.Array]:
    if values.ndim == 1:
        return {name: pa.array(values, mask=mask)}
    rows = values.reshape(len(values), -1)
    width = rows.shape[1]
    if width <= FLAT:
        return {
            f"{name}.{place}": pa.array(np.ascontiguousarray(rows[:, place]), mask=mask)
            for place in range(width)
        }
    offsets = pa.array(np.arange(len(rows) + 1, dtype=np.int32) * width)
    absent = None if mask is None else pa.array(mask)
    return {name: pa.ListArray.from_arrays(offsets, pa.array(rows.reshape(-1)), mask=absent)}


class Group:
    """A row group, of which each column is looked at once, however many episodes are cut from it."""

    def __init__(self, table: pa.Table) -> None:
        self._table = table
        self._values: dict[str, Array] = {}
        self._starts: dict[str, Array] = {}

    def steps(self, layout: Layout, row: int) -> Steps:
        """Return the steps of the episode that begins in `row`.

        Raises:
            KeyError, ValueError, UsageError: when the rows do not fit the layout.
        """
        data: list[bytes] = []
        for name, dtype, shape in zip(layout.names, layout.dtypes, layout.shapes, strict=True):
            values = self._cut(name, shape, row, layout.rows(name))
            data.append(values.astype(dtype, copy=False).tobytes())
        found = Steps(layout, b"".join(data))
        found.check()
        return found

    def _cut(self, name: str, shape: tuple[int, ...], row: int, length: int) -> Array:
        width = prod(shape)
        if not shape:
            return self._column(name)[row : row + length]
        if width > FLAT:
            values, start = self._column(name), self._starts[name][row]
            return values[start : start + length * width]
        parts = [self._column(f"{name}.{place}")[row : row + length] for place in range(width)]
        return np.stack(parts, axis=1) if parts else np.zeros(0)

    def _column(self, name: str) -> Array:
        """Return the values of a column; what stands where it is null is arbitrary, and a list has nothing there."""
        if name not in self._values:
            column = self._table[name].combine_chunks()
            if pa.types.is_list(column.type):
                self._starts[name] = column.offsets.to_numpy()
                column = column.values
            _, values = column.buffers()
            whole = pa.Array.from_buffers(column.type, len(column), [None, values], offset=column.offset)
            self._values[name] = whole.to_numpy(zero_copy_only=False)
        return self._values[name]
