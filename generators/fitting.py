"""A template from a real table: a distribution for each column, and how the numbers go together.

What is written is about many rows and never about one: no value that occurs in fewer than `least` rows, and no figure that
comes from fewer. Texts that are nobody's category are not written at all.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from string import ascii_uppercase, digits
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from gristmill.errors import UsageError
from gristmill.generators._dependence import correlated
from gristmill.generators._laws import Array, best_law, ends, neat
from gristmill.seeding import numpy_stream

__all__ = ["LEAST", "LIMIT", "Fitted", "fit"]

LEAST = 10  # rows
LIMIT = 200_000  # rows that are looked at
OTHER = "other"  # category of the rare ones
_PATTERNS = 2**52  # different identifiers
_LONGEST = 64  # characters of an identifier
_RHYTHM = 0.05  # by how much weekdays or hours have to differ from each other to be written
_UNEVEN = 0.05  # by how much times may be unevenly spread before it is said


class Fitted(msgspec.Struct, frozen=True, kw_only=True):
    """What was fitted.

    Attributes:
        template: name, about, fields and correlated, as plain data.
        notes: by column, what a person should know.
        rows: how many there were.
    """

    template: dict[str, Any]
    notes: dict[str, str]
    rows: int


def fit(table: pa.Table, *, name: str, least: int = LEAST, seed: int = 0, limit: int = LIMIT) -> Fitted:
    """Return a template with a field for each column of a table.

    Args:
        table: the real rows.
        name: of the template.
        least: rows that anything written is about, at least.
        seed: of which rows are looked at, where there are more than `limit`.
        limit: rows that are looked at.

    Raises:
        UsageError: when there are too few rows, or no column can be fitted.
    """
    if least < 1:
        raise UsageError(f"Expected figures from at least one row, got {least}.")
    if table.num_rows < 2 * least:
        raise UsageError(
            f"Expected at least {2 * least} rows, so that what is written is about no one, got {table.num_rows}."
        )
    rows = numpy_stream(seed, "fit").permutation(table.num_rows)[:limit]
    some = table if table.num_rows <= limit else table.take(np.sort(rows))
    notes: dict[str, str] = {}
    fields: dict[str, dict[str, Any]] = {}
    for column in some.column_names:
        found, note = _field(some[column], least)
        if found:
            fields[column] = found | _absence(column, some, fields)
        if note:
            notes[column] = note
    if not fields:
        raise UsageError(f"Expected a column that can be fitted, got none: {notes}.")
    template: dict[str, Any] = {
        "name": name,
        "about": f"Fitted to a table of {table.num_rows:,} rows.",
        "fields": fields,
    }
    if groups := correlated(some, fields):
        template |= _with_gaps(fields, groups)
    return Fitted(template=template, notes=notes, rows=table.num_rows)


def _field(column: pa.ChunkedArray, least: int) -> tuple[dict[str, Any] | None, str]:
    """Return the entry for a column, or None, and what there is to say of it."""
    type_ = column.type.value_type if pa.types.is_dictionary(column.type) else column.type
    there = column.cast(type_).drop_null()
    if len(there) < 2 * least:
        return None, f"left out: only {len(there)} rows have a value"
    if pa.types.is_boolean(type_):
        return {"kind": "flag", "rate": neat(pc.mean(there.cast(pa.float64())).as_py())}, ""
    if pa.types.is_string(type_) or pa.types.is_large_string(type_):
        return _text(there, least)
    if pa.types.is_integer(type_) or pa.types.is_floating(type_) or pa.types.is_decimal(type_):
        return _number(there, least)
    if pa.types.is_date(type_) or pa.types.is_timestamp(type_):
        return _time(there, least)
    return None, f"left out: {type_} is no kind of field"


def _number(column: pa.ChunkedArray, least: int) -> tuple[dict[str, Any] | None, str]:
    numbers = column.cast(pa.float64(), safe=False).to_numpy()
    numbers = numbers[np.isfinite(numbers)]
    if len(numbers) < 2 * least:
        return None, f"left out: only {len(numbers)} rows have a finite value"
    whole = pa.types.is_integer(column.type)
    if numbers.min() == numbers.max():
        value = float(numbers[0])
        return {"kind": "constant", "value": int(value) if whole else value}, ""
    if whole and len(np.unique(numbers)) == len(numbers):
        low, high = map(int, ends(np.sort(numbers), least, whole=True))
        return {
            "kind": "integer",
            "low": low,
            "high": high,
        }, "an identifier: drawn from the same range, not in order"
    return best_law(numbers, whole=whole, least=least), ""


def _numbered(numbers: Array) -> bool:
    """Return whether whole numbers tell rows apart: all are different, and they leave no more out than they take."""
    dense = len(numbers) > 0.5 * float(np.ptp(numbers) + 1)
    return dense and len(np.unique(numbers)) == len(numbers)


def _text(column: pa.ChunkedArray, least: int) -> tuple[dict[str, Any] | None, str]:
    """Return categories if most rows are of common ones, else a pattern if all texts are of one; free text is left out."""
    found = column.value_counts()
    pairs = zip(found.field("values").to_pylist(), found.field("counts").to_pylist(), strict=True)
    counts = dict(sorted(pairs, key=lambda pair: (-pair[1], pair[0])))
    common = {text: count for text, count in counts.items() if count >= least}
    rare = sum(counts.values()) - sum(common.values())
    if not common or rare > len(column) / 2:
        if pattern := _pattern(list(counts)):
            return {
                "kind": "pattern",
                "pattern": pattern,
            }, "identifiers of this pattern, none of them taken over"
        return (
            None,
            'left out: free text, which is never taken over; say what it should be, such as kind = "fake"',
        )
    one = len(counts) - len(common) == 1
    many = "one rare category" if one else f"{len(counts) - len(common):,} rare categories"
    note = f"{many}, of {rare:,} rows, {'is' if one else 'are'} " if rare else ""
    if rare >= least:
        common[OTHER] = common.get(OTHER, 0) + rare
        note += f"{OTHER!r}"
    elif rare:
        note += "left out"
    if len(common) == 1:
        return {"kind": "constant", "value": next(iter(common))}, note
    weights = [neat(count / sum(common.values())) for count in common.values()]
    return {"kind": "choice", "options": list(common), "weights": weights}, note


def _pattern(texts: list[str]) -> str:
    """Return the pattern of texts that differ only in digits and capital letters, else nothing."""
    length = len(texts[0])
    if not 0 < length <= _LONGEST or any(len(text) != length for text in texts):
        return ""
    marks, count = "", 1
    for place in range(length):
        here = {text[place] for text in texts}
        if len(here) == 1 and not here & {"#", "?"}:
            marks += here.pop()
        elif here <= set(digits):
            marks, count = f"{marks}#", count * 10
        elif here <= set(ascii_uppercase):
            marks, count = f"{marks}?", count * 26
        else:
            return ""
    return marks if len(texts) <= count <= _PATTERNS else ""


def _time(column: pa.ChunkedArray, least: int) -> tuple[dict[str, Any] | None, str]:
    """Return days or seconds between the first and the last, with the rhythm of weekdays and hours."""
    seconds = np.sort(
        column.cast(pa.timestamp("us", getattr(column.type, "tz", None)), safe=False)
        .cast(pa.int64())
        .to_numpy()
        / 1e6
    )
    days = np.floor(seconds / 86_400)
    daily = bool(np.any(seconds % 86_400))
    # Whole days, since a second would be that of one row.
    low, high = ends(days, least, whole=True)
    first, last = low, max(low, high) + 1
    entry: dict[str, Any] = {
        "kind": "timestamp" if daily else "date",
        "start": _iso(first, daily),
        "end": _iso(last if daily else last - 1, daily),
    }
    weekday = (days + 3) % 7  # the first day of 1970 was a Thursday
    there = np.bincount((np.arange(first, last).astype(int) + 3) % 7, minlength=7)
    if len(weekly := _rhythm(weekday, there)):
        entry["weekly"] = weekly
    if daily and len(hours := _rhythm(seconds % 86_400 // 3600, np.ones(24))):
        entry["daily"] = hours
    away = np.max(np.abs(np.linspace(0, 1, len(days)) - (seconds / 86_400 - first) / (last - first)))
    return entry, "spread evenly here, unlike the real ones" if away > _UNEVEN else ""


def _rhythm(codes: Array, there: Array) -> list[float]:
    """Return a weight for each weekday or hour, nothing where they are about alike or some never come."""
    counts = np.bincount(codes.astype(int), minlength=len(there)) / np.maximum(there, 1)
    weights = counts / counts.mean()
    if not there.all() or np.max(np.abs(weights - 1)) < _RHYTHM:
        return []
    return [round(float(one), 3) for one in weights]


def _iso(day: float, daily: bool) -> str:
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(days=float(day))
    return moment.strftime("%Y-%m-%dT%H:%M:%S" if daily else "%Y-%m-%d")


def _absence(name: str, table: pa.Table, fields: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Return when a column has a value: under values of an earlier one if that is the rule, else at a rate."""
    column = table[name]
    if not column.null_count:
        return {}
    for other, field in fields.items():
        if field["kind"] in ("choice", "flag") and not table[other].null_count:
            values = _values_with(table[other], pc.is_valid(column))
            if values and set(values) <= set(field.get("options", [False, True])):
                return {"when": {other: values}}
    return {"missing": neat(column.null_count / len(column), 4)}


def _with_gaps(fields: Mapping[str, dict[str, Any]], groups: list[dict[str, Any]]) -> dict[str, Any]:
    """Return fields and groups in which whatever goes together is always there: what has gaps shows a hidden field between them."""
    grouped = {name for group in groups for name in group["fields"]}
    made: dict[str, dict[str, Any]] = {}
    behind: dict[str, str] = {}
    for name, entry in fields.items():
        gaps: dict[str, Any] = {key: one for key, one in entry.items() if key in ("when", "missing")}
        if name in grouped and gaps:
            behind[name] = _unused(f"{name}_value", {*fields, *made})
            made[behind[name]] = {key: entry[key] for key in entry if key not in gaps} | {"hidden": True}
            made[name] = {"kind": "derived", "value": behind[name], **gaps}
        else:
            made[name] = entry
    named = [group | {"fields": [behind.get(name, name) for name in group["fields"]]} for group in groups]
    return {"fields": made, "correlated": named}


def _unused(name: str, used: set[str]) -> str:
    """Return a name that an expression can hold and no field has."""
    found = re.sub(r"\W", "_", name, flags=re.ASCII)
    found = found if found[0].isalpha() else f"field_{found}"
    while found in used:
        found += "_"
    return found


def _values_with(column: pa.ChunkedArray, there: pa.ChunkedArray) -> list[Any]:
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
