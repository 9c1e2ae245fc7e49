"""The entry of a template for one column by itself."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from string import ascii_uppercase, digits
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from gristmill.generators.fitting._identifiers import TIMES
from gristmill.generators.fitting._laws import Array, best_law, decimals, ends, neat
from gristmill.generators.fitting._lookalikes import likeness
from gristmill.generators.fitting._personal import MADE_UP, personal, whole_personal

__all__ = [
    "CLOCK",
    "DAY",
    "IDENTIFIER",
    "OTHER",
    "Numbers",
    "clock",
    "entry_of",
    "flag",
    "law",
    "made_up",
    "numbers_of",
    "seconds",
    "seconds_of_day",
    "time",
]

OTHER = "other"  # category of the rare ones
DAY = 86_400.0  # seconds
IDENTIFIER = "identifiers"  # how a note on them begins
CLOCK = "2024-01-01"  # day on which times of day are drawn
_PATTERNS = 2**52  # different identifiers
_COUNTED = 2**53  # what identifiers that count up stay below, for TIMES as many rows as the real ones
_LONGEST = 64  # characters of an identifier
_RHYTHM = 0.05  # by how much weekdays or hours have to differ from each other to be written
_UNEVEN = 0.05  # by how much times may be unevenly spread before it is said
_POOL = 512, 5_000  # values of Faker's: where none is said, and at most
_TIME = re.compile(r"([01]\d|2[0-3]):[0-5]\d(:[0-5]\d)?")
_LOOKED_AT = 200  # texts, to see whether they may be times of day

Found = tuple[dict[str, Any] | None, str]  # an entry, and what there is to say of it


class Numbers(NamedTuple):
    """A column of numbers.

    Attributes:
        values: NaN where there is none, [N].
        whole: they are whole numbers by type.
        digits: decimals that all have, None where they have more than are rounded.
    """

    values: Array
    whole: bool
    digits: int | None


def entry_of(column: pa.ChunkedArray, least: int, *, counted: bool = True) -> Found:
    """Return the entry for a column, or None, and what there is to say of it.

    Args:
        column: its values.
        least: rows that anything written is about.
        counted: whether an expression may read the number of the row.
    """
    there = column.drop_null()
    type_ = column.type
    if len(there) < 2 * least:
        return None, f"left out: only {len(there)} rows have a value"
    if pa.types.is_boolean(type_):
        return flag(int(pc.sum(there).as_py()), len(there), least)
    if (clocks := seconds_of_day(there)) is not None:
        return clock(clocks, least), ""
    if pa.types.is_string(type_) or pa.types.is_large_string(type_):
        return _text(there, least)
    if (numbers := numbers_of(there)) is not None:
        return _number(numbers, least, counted)
    if pa.types.is_date(type_) or pa.types.is_timestamp(type_):
        entry = time(there, least)
        return entry, "spread evenly here, unlike the real ones" if _uneven(there, entry) else ""
    return None, f"left out: {type_} is no kind of field"


def flag(true: int, rows: int, least: int) -> Found:
    """Return the entry for a truth value that is true in so many rows; fewer than `least` of either are taken for none."""
    few = min(true, rows - true)
    if few >= least:
        return {"kind": "flag", "rate": neat(true / rows, 4)}, ""
    note = f"always {true > rows / 2} here, but not in {few} rows" if few else ""
    return {"kind": "flag", "rate": float(true > rows / 2)}, note


def numbers_of(column: pa.ChunkedArray) -> Numbers | None:
    """Return a column of numbers, None if it is of something else."""
    type_ = column.type
    if not (pa.types.is_integer(type_) or pa.types.is_floating(type_) or pa.types.is_decimal(type_)):
        return None
    values = np.array(column.cast(pa.float64(), safe=False).to_numpy(), float)
    values[~np.isfinite(values)] = np.nan
    whole = pa.types.is_integer(type_)
    return Numbers(values, whole, 0 if whole else decimals(np.unique(values[np.isfinite(values)])))


def law(numbers: Numbers, least: int) -> dict[str, Any]:
    """Return the entry for numbers that are all there."""
    value = float(numbers.values[0])
    if np.all(numbers.values == value):
        return {"kind": "constant", "value": int(value) if numbers.whole else value}
    return best_law(numbers.values, digits=numbers.digits, whole=numbers.whole, least=least)


def seconds_of_day(column: pa.ChunkedArray) -> Array | None:
    """Return times of day in seconds, [N] with NaN where there is none; None if a column holds something else."""
    if pa.types.is_time(column.type):
        micro = column.cast(pa.time64("us"), safe=False).cast(pa.int64())
        return np.asarray(micro.cast(pa.float64()).to_numpy(), float) / 1e6
    if not pa.types.is_string(column.type):
        return None
    some = column.drop_null().slice(0, _LOOKED_AT).to_pylist()
    whole = f"^({_TIME.pattern})$"
    if not some or not all(map(_TIME.fullmatch, some)):
        return None
    if not pc.all(pc.match_substring_regex(column, whole)).as_py():
        return None
    parts = [pc.cast(pc.utf8_slice_codeunits(column, start, start + 2), pa.float64()) for start in (0, 3)]
    after = pc.utf8_slice_codeunits(column, 6, 8)
    second = pc.cast(pc.if_else(pc.equal(after, ""), "0", after), pa.float64())
    hour, minute, second = (np.asarray(one.to_numpy(), float) for one in (*parts, second))
    return np.asarray(hour * 3600 + minute * 60 + second, float)


def clock(times: Array, least: int) -> dict[str, Any]:
    """Return the entry for times of day, as moments of one day."""
    end = datetime.fromisoformat(CLOCK) + timedelta(1)
    entry: dict[str, Any] = {"kind": "timestamp", "start": CLOCK, "end": end.strftime("%Y-%m-%d")}
    hours = _rhythm(times // 3600, np.ones(24), least)
    return entry | ({"daily": hours} if hours else {})


def _number(numbers: Numbers, least: int, counted: bool) -> Found:
    values = numbers.values[np.isfinite(numbers.values)]
    if len(values) < 2 * least:
        return None, f"left out: only {len(values)} rows have a finite value"
    if numbers.whole and len(values) > 1 and np.ptp(values):
        note = ""
        ascending = len(values) == len(numbers.values) and np.all(np.diff(values) > 0)
        if counted and ascending and abs(values[-1]) + TIMES * np.ptp(values) < _COUNTED:
            return _counted(values, least)
        if len(np.unique(values)) == len(values):
            note = f"{IDENTIFIER}: drawn from the same range, and may repeat"
        elif whole_personal(values):
            note = "long numbers, which may be somebody's: drawn from the same range"
        if note:
            low, high = _within(np.sort(values), least)
            return {"kind": "integer", "low": low, "high": high}, note
    return law(numbers._replace(values=values), least), ""


def _within(ordered: Array, least: int) -> tuple[int, int]:
    """Return whole numbers between which all but fewer than about `least` at each end are, round where there is room."""
    low, high = int(ordered[least - 1]), int(ordered[-least])
    unit = 10 ** (len(str((high - low) * least // len(ordered))) - 1)
    first, last = -(-low // unit) * unit, high // unit * unit
    return (first, last) if first < last else (low, high)


def _counted(values: Array, least: int) -> Found:
    """Return the entry for identifiers that ascend with the rows, which goes on behind the real ones.

    Where it starts is so round that the whole table has room between two such numbers, and so tells of no row.
    """
    low, high = ends(values, least, whole=True)
    step = max(1, round((high - low) / len(values)))
    if step == 1 and low <= least:
        return {
            "kind": "derived",
            "value": f"{int(values[0] > 0)} + row",
        }, f"{IDENTIFIER}: numbers of the rows"
    room = 10 ** len(str(int(values[-1] - values[0])))
    start = (int(values[-1]) // room + 1) * room
    value = f"{start} + row * {step}" if step > 1 else f"{start} + row"
    return {"kind": "derived", "value": value}, f"{IDENTIFIER}: counted up, from behind the real ones on"


def _text(column: pa.ChunkedArray, least: int) -> Found:
    """Return categories if most rows are of common ones, else a pattern if all texts are of one; free text is left out."""
    found = column.value_counts()
    pairs = zip(found.field("values").to_pylist(), found.field("counts").to_pylist(), strict=True)
    counts = dict(sorted(pairs, key=lambda pair: (-pair[1], pair[0])))
    kind, private = personal(counts)
    if kind:
        return made_up(kind, list(counts))
    common = {text: count for text, count in counts.items() if count >= least and text not in private}
    rare = sum(counts.values()) - sum(common.values())
    if not common or rare > len(column) / 2:
        if like := likeness(counts):
            return None, f"left out: {like}"
        if pattern := _pattern(list(counts)):
            return _identifier(pattern, unique=len(counts) == len(column))
        return (
            None,
            'left out: free text, which is never taken over; say what it should be, such as kind = "fake"',
        )
    note = f"{len(counts) - len(common):,} rare categories, of {rare:,} rows, " if rare else ""
    if rare >= least:
        common[OTHER] = common.get(OTHER, 0) + rare
        note += f"are {OTHER!r}"
    elif rare:
        note += "are left out"
    return _choice(common), note


def _identifier(pattern: str, *, unique: bool) -> Found:
    if unique:
        note = f"{IDENTIFIER} of this pattern, different in every row as the real ones are"
        return {"kind": "unique", "pattern": pattern}, note
    return {"kind": "pattern", "pattern": pattern}, f"{IDENTIFIER} of this pattern, none of them taken over"


def _choice(counts: Mapping[str, int]) -> dict[str, Any]:
    if len(counts) == 1:
        return {"kind": "constant", "value": next(iter(counts))}
    weights = [neat(count / sum(counts.values())) for count in counts.values()]
    return {"kind": "choice", "options": list(counts), "weights": weights}


def made_up(kind: str, texts: list[str]) -> Found:
    """Return a pattern for telephone numbers that are of one, else what Faker makes up."""
    if kind == "phone number" and (pattern := _pattern(texts)):
        return {
            "kind": "pattern",
            "pattern": pattern,
        }, "phone numbers of this pattern, none of them taken over"
    least, most = _POOL
    size = {"size": min(int(neat(len(texts), 1)), most)} if len(texts) > least else {}
    return {"kind": "fake", "provider": MADE_UP[kind], **size}, f"each {kind} is made up, none is taken over"


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


def seconds(column: pa.ChunkedArray) -> Array:
    """Return the moments of dates or timestamps in seconds since 1970, NaN where there is none, [N]."""
    micro = column.cast(pa.timestamp("us", getattr(column.type, "tz", None)), safe=False).cast(pa.int64())
    return np.array(micro.cast(pa.float64(), safe=False).to_numpy(), float) / 1e6


def time(column: pa.ChunkedArray, least: int) -> dict[str, Any]:
    """Return days or seconds between the first and the last, with the rhythm of weekdays and hours."""
    moments = np.sort(seconds(column))
    days = np.floor(moments / DAY)
    daily = bool(np.any(moments % DAY))
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
    if len(weekly := _rhythm(weekday, there, least)):
        entry["weekly"] = weekly
    if daily and len(hours := _rhythm(moments % DAY // 3600, np.ones(24), least)):
        entry["daily"] = hours
    return entry


def _uneven(column: pa.ChunkedArray, entry: Mapping[str, Any]) -> bool:
    """Return whether moments are spread otherwise than evenly from the first to the last."""
    moments = np.sort(seconds(column))
    first, last = (
        datetime.fromisoformat(entry[end]).replace(tzinfo=UTC).timestamp() for end in ("start", "end")
    )
    away = np.linspace(0, 1, len(moments)) - (moments - first) / max(last - first, DAY)
    return bool(np.max(np.abs(away)) > _UNEVEN)


def _rhythm(codes: Array, there: Array, least: int) -> list[float]:
    """Return a weight for each weekday or hour, nothing where they are about alike or some never come.

    Those with fewer than `least` rows have the mean of all such, if they are so many together, else nothing.
    """
    counts = np.bincount(codes.astype(int), minlength=len(there)).astype(float)
    few = (counts < least) & (counts > 0)
    counts[few] = counts[few].mean() if counts[few].sum() >= least else 0.0
    counts /= np.maximum(there, 1)
    weights = counts / max(counts.mean(), 1e-300)
    if not there.all() or not counts.any() or np.max(np.abs(weights - 1)) < _RHYTHM:
        return []
    return [round(float(one), 3) for one in weights]


def _iso(day: float, daily: bool) -> str:
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(days=float(day))
    return moment.strftime("%Y-%m-%dT%H:%M:%S" if daily else "%Y-%m-%d")
