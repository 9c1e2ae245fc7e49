"""The entry of a template for a column whose distribution depends on an earlier one."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from gristmill.digest import encode
from gristmill.generators.fitting._laws import WHOLE, Array, neat
from gristmill.generators.fitting._marginals import (
    DAY,
    OTHER,
    Numbers,
    clock,
    flag,
    law,
    numbers_of,
    seconds,
    seconds_of_day,
    time,
)
from gristmill.generators.fitting._parents import Cases, Coded, spread

__all__ = ["as_cases", "coded"]

_BINS = 4, 20  # of numbers, by how many rows there are
_BIN = 100  # rows of a bin, where there are enough
_ORDERED = 12  # different numbers up to which they may be names of categories


def coded(column: pa.ChunkedArray, entry: Mapping[str, Any]) -> Coded | None:
    """Return a column as codes of what its entry draws, None where it can depend on nothing."""
    if entry["kind"] == "flag":
        codes = np.asarray(column.cast(pa.float64()).fill_null(-1).to_numpy()).astype(int)
        return Coded(codes, 2, [False, True], 0 < entry["rate"] < 1)
    if entry["kind"] == "choice":
        return _categories(column, entry["options"])
    if pa.types.is_date(column.type) or pa.types.is_timestamp(column.type):
        return _moments(column)
    numbers = _numbers(column)
    if numbers is None or entry["kind"] in ("constant", "derived"):
        return None
    if numbers.whole and np.nanmax(np.abs(numbers.values)) >= WHOLE:  # identifiers, which no law is of
        return None
    return _bins(numbers.values)


def as_cases(
    column: pa.ChunkedArray, entry: Mapping[str, Any], child: Coded, cases: Cases, of: str, least: int
) -> dict[str, Any]:
    """Return the entry of a column as cases of its parent, each with a distribution of its own.

    Args:
        column: its values.
        entry: the one it has by itself, for cases with too few rows.
        child: its codes.
        cases: its rows by the value of the parent.
        of: name of the parent.
        least: rows that anything written is about.
    """
    count = len(cases.names) + (not cases.total)
    if isinstance(child.options[0] if child.options else 0.0, str | bool):
        found = _shares(child, cases.groups, count, least)
    elif pa.types.is_date(column.type) or pa.types.is_timestamp(column.type):
        found = [_time_of_case(column, cases.groups == case, entry, least) for case in range(count)]
    else:
        numbers = _numbers(column)
        assert numbers is not None
        found = [_numbers_of_case(numbers, cases.groups == case, entry, least) for case in range(count)]
    names = [*cases.names, *([] if cases.total else ["otherwise"])]
    return {"kind": "cases", "of": of, "cases": dict(zip(names, found, strict=True))}


def _shares(child: Coded, groups: Array, count: int, least: int) -> list[dict[str, Any]]:
    """Return an entry for each case of a category."""
    there = groups >= 0
    cells = groups[there] * child.size + child.codes[there]
    counts = np.bincount(cells, minlength=count * child.size).reshape(count, child.size)
    if child.options[0] is False:
        # A case of few rows is as the whole table.
        counts = np.where(counts.sum(axis=1, keepdims=True) < 2 * least, counts.sum(axis=0), counts)
        entries = [flag(int(true), int(false + true), least)[0] for false, true in counts]
        return [one for one in entries if one]
    return [_share(child.options, row) for row in spread(counts, least)[0]]


def _share(options: Any, shares: Array) -> dict[str, Any]:
    kept = [(option, weight) for option, weight in zip(options, shares, strict=True) if neat(weight, 4) > 0]
    if len(kept) == 1:
        return {"kind": "constant", "value": kept[0][0]}
    weights = [neat(weight, 4) for _, weight in kept]
    return {"kind": "choice", "options": [option for option, _ in kept], "weights": weights}


def _numbers_of_case(numbers: Numbers, there: Array, entry: Mapping[str, Any], least: int) -> dict[str, Any]:
    values = numbers.values[there & np.isfinite(numbers.values)]
    if len(values) < 2 * least:
        return {key: one for key, one in entry.items() if key not in ("when", "missing", "hidden")}
    if entry["kind"] == "timestamp":
        return clock(values, least)
    whole = numbers.whole or numbers.digits == 0
    found = law(numbers._replace(values=values, whole=numbers.whole), least)
    if found["kind"] == "constant" and whole:
        found["value"] = int(found["value"])
    return found


def _time_of_case(
    column: pa.ChunkedArray, there: Array, entry: Mapping[str, Any], least: int
) -> dict[str, Any]:
    """Return the entry of the moments of a case, none of which is before or after those of the whole column."""
    times = column.filter(pa.array(there)).drop_null()
    found = time(times, least) if len(times) >= 2 * least else dict(entry)
    start, end = max(found["start"], entry["start"]), min(found["end"], entry["end"])
    found |= {"kind": entry["kind"]} | ({"start": start, "end": end} if start < end else {})
    return {key: one for key, one in found.items() if key != "hidden"}


def _numbers(column: pa.ChunkedArray) -> Numbers | None:
    """Return numbers, or times of day in seconds."""
    clocks = seconds_of_day(column)
    return numbers_of(column) if clocks is None else Numbers(clocks, False, None)


def _categories(column: pa.ChunkedArray, options: list[Any]) -> Coded:
    """Return codes of options; texts that are none of them are rare ones."""
    if isinstance(options[0], str):
        places = pc.index_in(column, pa.array(options, column.type))
        rare = options.index(OTHER) if OTHER in options else -1
        known = np.asarray(places.fill_null(rare).to_numpy()).astype(int)
        codes = np.where(np.asarray(column.is_valid().to_numpy()), known, -1)
        return Coded(codes, len(options), options, True)
    numbers = np.array(column.cast(pa.float64(), safe=False).to_numpy(), float)
    places = np.clip(np.searchsorted(options, numbers - 1e-9), 0, len(options) - 1)
    near = np.isclose(np.array(options, float)[places], numbers, rtol=1e-9, atol=1e-9)
    # What a case is called is what Arrow makes of its number.
    spelt = all(str(pa.scalar(one).cast(pa.string())) == encode(one).decode() for one in options)
    return Coded(np.where(near, places, -1), len(options), options, spelt and len(options) <= _ORDERED)


def _moments(column: pa.ChunkedArray) -> Coded:
    """Return the quarter of all days, of the day, and whether it is a weekend, as one code."""
    times = seconds(column)
    days = np.floor(times / DAY)
    quarter = np.searchsorted(np.nanquantile(days, [0.25, 0.5, 0.75]), days)
    with np.errstate(invalid="ignore"):
        codes = quarter * 8 + np.floor(times % DAY / (DAY / 4)) * 2 + ((days + 3) % 7 >= 5)
    return Coded(np.where(np.isfinite(times), codes, -1).astype(int), 32)


def _bins(numbers: Array) -> Coded:
    """Return the bins of numbers, about as many in each."""
    there = np.isfinite(numbers)
    wanted = int(np.clip(there.sum() // _BIN, *_BINS))
    edges = np.unique(np.quantile(numbers[there], np.linspace(0, 1, wanted + 1)[1:-1]))
    codes = np.where(there, np.searchsorted(edges, numbers, side="right"), -1)
    return Coded(codes, len(edges) + 1)
