"""Numeric steps as Parquet columns: one row per observation, flat columns for small boxes.

An episode of N steps takes N + 1 rows; in the last one, which has only an observation, the other columns are null.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from gristmill.recorders.steps import Layout, Steps

__all__ = ["FLAT", "steps", "table"]

Array = NDArray[Any]
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


def steps(rows: pa.Table, layout: Layout) -> Steps:
    """Return the steps in the rows of one episode."""
    columns = {}
    for name, dtype, shape in zip(layout.names, layout.dtypes, layout.shapes, strict=True):
        length = layout.rows(name)
        width = int(np.prod(shape))
        if not shape:
            values = _numpy(rows[name], length)
        elif width <= FLAT:
            parts = [_numpy(rows[f"{name}.{place}"], length) for place in range(width)]
            values = np.stack(parts, axis=1) if parts else np.zeros((length, 0))
        else:
            values = rows[name].slice(0, length).combine_chunks().flatten().to_numpy(zero_copy_only=False)
        columns[name] = values.astype(dtype, copy=False).reshape(length, *shape)
    return Steps.of(columns)


def _numpy(column: pa.ChunkedArray, length: int) -> Array:
    values: Array = column.slice(0, length).to_numpy()
    return values
