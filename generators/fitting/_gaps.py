"""Where columns have values, and under which values of another one."""

from typing import Any

import numpy as np
import pyarrow as pa

from gristmill.generators.fitting._laws import Array
from gristmill.generators.fitting._marginals import numbers_of

__all__ = ["known", "values_with"]


def known(column: pa.ChunkedArray) -> Array:
    """Return where a column has a value, [N]; a number that is not finite is none."""
    numbers = numbers_of(column)
    return np.asarray(column.is_valid().to_numpy()) if numbers is None else np.isfinite(numbers.values)


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
