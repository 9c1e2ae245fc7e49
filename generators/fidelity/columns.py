"""Two tables as columns that can be compared: same names, same kinds, numbers and codes."""

from collections.abc import Collection, Mapping
from typing import Any, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from gristmill.errors import UsageError, unknown

__all__ = ["Aligned", "Array", "Feature", "Kind", "align", "distinct", "features", "kind_of", "marked"]

Array = NDArray[Any]
Kind = Literal["number", "time", "category", "text"]
_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_DAY = 86_400.0  # seconds
_PER_SECOND = {"s": 1.0, "ms": 1e3, "us": 1e6, "ns": 1e9}
_FEW = 20  # different texts that are categories, however many rows there are


class Aligned:
    """Two tables with the same columns, each of one Arrow type.

    Attributes:
        real, synthetic: numbers as float64, times as timestamp[us], the rest as strings.
        kinds: by column.
        keys: identifiers, which are in neither table any more.
        left_out: columns that are not compared, with the reason.
    """

    def __init__(
        self, real: pa.Table, synthetic: pa.Table, kinds: dict[str, Kind], left_out: dict[str, str]
    ) -> None:
        self.real, self.synthetic, self.kinds, self.left_out = real, synthetic, kinds, left_out


class Feature:
    """What is compared of a column: numbers, or codes of categories.

    Attributes:
        name: for people.
        column: the column it is of.
        kind: `number`, `time` (seconds since 1970) or `category`.
        real, synthetic: float64 with NaN for what is missing; codes of categories are 0, 1, … by frequency in both tables.
        labels: of the codes.
        derived: it is a part of the column, not its whole.
    """

    def __init__(
        self, name: str, column: str, kind: Kind, real: Array, synthetic: Array,
        labels: Collection[str] = (), derived: bool = False,
    ) -> None:  # fmt: skip
        self.name, self.column, self.kind = name, column, kind
        self.real, self.synthetic, self.labels, self.derived = real, synthetic, list(labels), derived


def align(real: pa.Table, synthetic: pa.Table, keys: Collection[str] = ()) -> Aligned:
    """Return both tables with the columns that both have in the order of the real one, without `keys`.

    Raises:
        UsageError: when they have no column in common or one of different types, a key is no column, or nothing is left to
            compare.
    """
    for key in keys:
        if key not in real.column_names:
            raise unknown("column", key, real.column_names, of="the real table")
    common = [name for name in real.column_names if name in synthetic.column_names]
    if not common:
        raise UsageError(
            f"Expected two tables with columns in common, got {', '.join(real.column_names)} in the real one and "
            f"{', '.join(synthetic.column_names)} in the synthetic one."
        )
    left_out = {key: "an identifier" for key in keys if key in common}
    pairs = {name: (real[name], synthetic[name]) for name in common if name not in keys}
    kinds = {name: _common(name, *pair) for name, pair in pairs.items()}
    left_out |= {name: "without any value in both tables" for name, kind in kinds.items() if kind is None}
    found: dict[str, Kind] = {name: kind for name, kind in kinds.items() if kind}
    if not found:
        raise UsageError(
            "Expected a column to compare, got none: "
            + ", ".join(f"{name} is {reason}" for name, reason in left_out.items())
            + "."
        )
    first, second = (
        pa.table({name: _cast(pairs[name][place], found[name]) for name in found}) for place in (0, 1)
    )
    for name, kind in found.items():
        if kind == "category" and _is_text(first[name]):
            found[name] = "text"
    return Aligned(first, second, found, left_out)


def distinct(table: pa.Table, kinds: Mapping[str, Kind]) -> pa.Table:
    """Return the rows of an aligned table of which each is a draw of its own: those that equal an earlier one are left out.

    They are where equal rows can hardly be a chance, since some column of numbers, times or texts has a value of its own in
    most of them. In a table of categories rows are equal because there are few different ones, and all of them stay.
    """
    first = (
        marked(table, {"row": np.arange(table.num_rows)})
        .group_by([f"column {place}" for place in range(table.num_columns)], use_threads=False)
        .aggregate([("row", "min")])["row_min"]
    )
    found = table.take(np.sort(first.to_numpy()))
    own = (pc.count_distinct(found[name]).as_py() for name, kind in kinds.items() if kind != "category")
    return found if max(own, default=0) > found.num_rows / 2 else table


def marked(table: pa.Table, marks: Mapping[str, Array]) -> pa.Table:
    """Return a table with columns of whole numbers beside its own, which are numbered."""
    names = {f"column {place}": column for place, column in enumerate(table.columns)}
    return pa.table(names | {name: pa.array(mark.astype(np.int64)) for name, mark in marks.items()})


def kind_of(type_: pa.DataType) -> Kind | None:
    """Return what is in a column of an Arrow type; None for one that holds nothing but nulls.

    Raises:
        UsageError: when it cannot be compared; without the name of the column.
    """
    if pa.types.is_dictionary(type_):
        return kind_of(type_.value_type)
    if pa.types.is_null(type_):
        return None
    if pa.types.is_boolean(type_) or pa.types.is_string(type_) or pa.types.is_large_string(type_):
        return "category"
    if pa.types.is_integer(type_) or pa.types.is_floating(type_) or pa.types.is_decimal(type_):
        return "number"
    if pa.types.is_time(type_) or pa.types.is_duration(type_):
        return "number"
    if pa.types.is_date(type_) or pa.types.is_timestamp(type_):
        return "time"
    raise UsageError(f"holds {type_}")


def features(real: pa.Table, synthetic: pa.Table, kinds: dict[str, Kind]) -> list[Feature]:
    """Return what is compared of two aligned tables: of times also weekday and hour, of texts their lengths."""
    found: list[Feature] = []
    for name, kind in kinds.items():
        if kind == "time":
            found += _times(name, real[name], synthetic[name])
        elif kind == "category":
            found.append(_categories(name, real[name], synthetic[name]))
        elif kind == "text":
            first, second = (_floats(pc.utf8_length(table[name])) for table in (real, synthetic))
            found.append(Feature(f"{name} (length)", name, "number", first, second, derived=True))
        else:
            found.append(Feature(name, name, kind, _floats(real[name]), _floats(synthetic[name])))
    return found


def _common(name: str, real: pa.ChunkedArray, synthetic: pa.ChunkedArray) -> Kind | None:
    """Return the kind of a column that both tables have; None if neither has a value."""
    kinds: list[Kind | None] = []
    for column in (real, synthetic):
        try:
            kinds.append(kind_of(column.type) if column.null_count < len(column) else None)
        except UsageError as error:
            raise UsageError(
                f"Expected numbers, texts, truth values, dates or times, but column {name!r} {error}; leave it out with "
                f"--key {name}."
            ) from None
    first, second = kinds
    types = [pa.types.is_boolean(column.type) for column in (real, synthetic)]
    if first and second and (first != second or types[0] != types[1]):
        raise UsageError(
            f"Expected columns of the same types, but {name!r} is {real.type} in the real table and {synthetic.type} in the "
            f"synthetic one; write them alike, or leave it out with --key {name}."
        )
    return first or second


def _cast(column: pa.ChunkedArray, kind: Kind) -> pa.ChunkedArray:
    """Return a column as its kind is compared; what is not a finite number is missing."""
    if pa.types.is_null(column.type):
        column = column.cast(pa.string())
    if kind == "number":
        if pa.types.is_time(column.type):
            column = column.cast(pa.time64("us"))
        if pa.types.is_temporal(column.type):  # in seconds
            column = pc.divide(column.cast(pa.int64()).cast(pa.float64()), _PER_SECOND[column.type.unit])
        numbers = column.cast(pa.float64(), safe=False)
        return pc.if_else(pc.is_finite(numbers), numbers, None)
    if kind == "time":
        return column.cast(pa.timestamp("us", getattr(column.type, "tz", None)), safe=False).cast(
            pa.timestamp("us")
        )
    return column.cast(pa.string())


def _is_text(column: pa.ChunkedArray) -> bool:
    """Return whether more values are different than not, so that they are texts and no categories."""
    there = len(column) - column.null_count
    return bool(pc.count_distinct(column).as_py() > max(_FEW, there / 2))


def _floats(column: pa.ChunkedArray) -> Array:
    if pa.types.is_timestamp(column.type):
        micro = column.cast(pa.int64())
        return np.asarray(micro.cast(pa.float64()).to_numpy(), float) / 1e6
    return np.asarray(column.cast(pa.float64()).to_numpy(), float)


def _times(name: str, real: pa.ChunkedArray, synthetic: pa.ChunkedArray) -> list[Feature]:
    first, second = _floats(real), _floats(synthetic)
    found = [
        Feature(name, name, "time", first, second),
        Feature(f"{name} (weekday)", name, "category", _weekday(first), _weekday(second), _WEEKDAYS, True),
    ]
    if np.any(first % _DAY > 0) or np.any(second % _DAY > 0):
        hours = [f"{hour:02d} h" for hour in range(24)]
        found.append(Feature(f"{name} (hour)", name, "category", _hour(first), _hour(second), hours, True))
    return found


def _weekday(seconds: Array) -> Array:
    """Return 0 for Mondays; the first day of 1970 was a Thursday."""
    return (np.floor(seconds / _DAY) + 3) % 7


def _hour(seconds: Array) -> Array:
    return np.floor(seconds % _DAY / 3600)


def _categories(name: str, real: pa.ChunkedArray, synthetic: pa.ChunkedArray) -> Feature:
    pooled = (
        pa.chunked_array([*real.chunks, *synthetic.chunks], real.type).combine_chunks().dictionary_encode()
    )
    codes = np.asarray(pooled.indices.cast(pa.float64()).to_numpy(zero_copy_only=False), float)
    options = pooled.dictionary.to_pylist()
    counts = np.bincount(codes[~np.isnan(codes)].astype(int), minlength=len(options))
    order = sorted(range(len(options)), key=lambda place: (-counts[place], options[place]))
    places = np.empty(len(options) + 1)
    places[order] = np.arange(len(options))
    places[-1] = np.nan
    coded = places[np.where(np.isnan(codes), len(options), codes).astype(int)]
    return Feature(
        name, name, "category", coded[: len(real)], coded[len(real) :], [options[place] for place in order]
    )
