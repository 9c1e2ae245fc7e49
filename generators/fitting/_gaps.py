"""Under which values of one column another one has a value."""

from typing import Any

import pyarrow as pa

__all__ = ["values_with"]


def values_with(column: pa.ChunkedArray, there: pa.ChunkedArray) -> list[Any]:
    """Return the values of a column with which another always has a value, if with all others it never has; else none."""
    found = (
        pa.table({"value": column, "there": there.cast(pa.int64())})
        .group_by("value")
        .aggregate([("there", "sum"), ("there", "count")])
    )
    rows = found.to_pylist()
    if any(row["there_sum"] not in (0, row["there_count"]) for row in rows):
        return []
    return sorted((row["value"] for row in rows if row["there_sum"]), key=str)
