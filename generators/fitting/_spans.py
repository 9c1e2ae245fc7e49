"""Dates and times that come some time after others: what is due after it was issued, what is paid after it is due."""

from typing import NamedTuple

import numpy as np
import pyarrow as pa

from gristmill.generators.fitting._laws import Array
from gristmill.generators.fitting._marginals import DAY, seconds

__all__ = ["Span", "spans"]

_CLOSE = 0.5  # spread of the time between, as a share of that of the later one
_LEAST = 50  # rows that have both


class Span(NamedTuple):
    """The time from one column to another.

    Attributes:
        start, end: the columns.
        form: the expression of the latter, with `{0}` for the former and `{1}` for the time between.
        values: whole days or seconds between, null where one of them is missing, [N].
    """

    start: str
    end: str
    form: str
    values: pa.Array


def spans(table: pa.Table) -> list[Span]:
    """Return for each column of dates or times the earlier column that it stays closest to, if it stays close to one."""
    moments = {
        name: seconds(table[name])
        for name in table.column_names
        if pa.types.is_date(table[name].type) or pa.types.is_timestamp(table[name].type)
    }
    found = []
    for place, end in enumerate(moments):
        starts = [
            one
            for one in list(moments)[:place]
            if table[one].type == table[end].type and _fits(moments, one, end)
        ]
        if starts:
            start = min(starts, key=lambda one: _spread(moments[end] - moments[one]))
            found.append(_span(start, end, moments[end] - moments[start], pa.types.is_date(table[end].type)))
    return found


def _span(start: str, end: str, between: Array, dates: bool) -> Span:
    unit, name = (DAY, "days") if dates else (1.0, "seconds")
    values = np.round(between / unit)
    return Span(start, end, f"{{0}} + {name}(round({{1}}))", pa.array(values, from_pandas=True))


def _fits(moments: dict[str, Array], start: str, end: str) -> bool:
    there = np.isfinite(moments[end])
    if there.sum() < _LEAST or not np.all(np.isfinite(moments[start][there])):
        return False
    return _spread(moments[end] - moments[start]) < _CLOSE * _spread(moments[end])


def _spread(times: Array) -> float:
    """Return the distance between the quarters of what is there."""
    low, high = np.nanquantile(times, [0.25, 0.75])
    return float(high - low)
