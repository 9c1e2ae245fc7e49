"""Lists of records, each drawn from one Space."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from gristmill.errors import UsageError
from gristmill.generators._columns import Units, arrow, decoded
from gristmill.generators.kinds.choices import Choice
from gristmill.generators.kinds.field import NOTHING, List
from gristmill.generators.kinds.placed import Context, Placed
from gristmill.generators.space import Space, Values

__all__ = ["Many"]

_UNITS = 2**12  # of a list; every row has as many, however long its own is
_BEFORE, _ITEM = "before", "item"


class Many(Placed):
    """A list of draws from one Space, its length drawn from `counts`.

    Fields of the records may read what is around them: the fields of the row before the list, `item`, the place of the
    record from 0, and `before`, the record before it, of which there is nothing for the first. So can a balance go on
    from one entry to the next: `round(coalesce(before.balance, opening) + amount, 2)`.
    """

    def __init__(self, space: Space, counts: Choice) -> None:
        if not all(type(count) is int and count >= 0 for count in counts.options):
            raise UsageError(f"Expected counts that are whole numbers from 0, got {counts.options}.")
        self.space, self.counts = space, counts
        self._most: int = max(counts.options)
        self.dims = 1 + self._most * space.dims
        if self._most * _size(space) > _UNITS:
            raise UsageError(
                f"Expected lists of at most {_UNITS:,} values, got up to {self._most:,} records of {_size(space):,} each; "
                "make long lists a table of their own."
            )
        self.reads = space.outside - {_BEFORE, _ITEM}
        free = not (
            space.has_constraint or space.derives or any(one.condition for one in space.fields.values())
        )
        # The fields, where nothing but their supports decides which records there can be.
        self._plain = space.fields if free else {}

    @property
    def alone(self) -> bool:  # type: ignore[override]  # a plain attribute where all fields of a kind are alike
        return not self.space.outside

    @property
    def labels(self) -> list[str]:
        inner = self.space.labels
        items = range(self._most)
        return ["count", *(f"{item}/{label}" for item in items for label in inner)]

    def values(self, units: Units) -> list[list[Values]]:
        """Return the lists at `units`, [dims, N]."""
        counts, size = self.counts.values(units[:1]), self.space.dims
        found: list[list[Values]] = [[] for _ in counts]
        for item in range(max(counts, default=0)):
            held = [place for place, count in enumerate(counts) if count > item]
            drawn = self.space.values(units[1 + size * item : 1 + size * (item + 1), held])
            for place, one in zip(held, drawn, strict=True):
                found[place].append(one)
        return found

    def column(self, units: Units) -> pa.Array:
        """Return the lists at `units`, [dims, N], as a column of lists of records."""
        return self.within(units, Context({}))

    def within(self, units: Units, context: Context) -> pa.Array:
        counts = self.counts.column(units[:1]).to_numpy(zero_copy_only=False)
        ends = np.concatenate([[0], np.cumsum(counts)])
        parts, places, held = [], [], np.arange(len(counts))
        before = pa.nulls(len(counts))
        for item in range(max(1, int(counts.max(initial=0)))):  # once at least, for the type of the records
            goes_on = counts[held] > item
            held, before = held[goes_on], before.filter(pa.array(goes_on))
            before = self._drawn(item, units, held, before, context)
            parts.append(before)
            places.append(ends[held] + item)
        order = np.empty(ends[-1], np.int64)
        order[np.concatenate(places)] = np.arange(len(order))
        records = pa.concat_arrays(parts).take(pa.array(order))
        return pa.ListArray.from_arrays(pa.array(ends.astype(np.int32)), records)

    def _drawn(
        self, item: int, units: Units, held: NDArray[np.intp], before: pa.Array, context: Context
    ) -> pa.StructArray:
        """Return the records at one place of the lists, of those rows that have it."""
        around = {name: context.columns[name].take(pa.array(held)) for name in self.reads}
        around |= {_BEFORE: before, _ITEM: pa.array(np.full(len(held), item))}
        start = 1 + self.space.dims * item
        drawn = self.space.within(units[start : start + self.space.dims, held], Context(around))
        # Decoded, since one code may stand for different texts in two of the parts.
        return pa.StructArray.from_arrays([decoded(one) for one in drawn.flatten()], list(self.space.fields))

    def log_prob(self, value: Any) -> float:
        return self.log_prob_given(value, {})

    def log_prob_given(self, value: Any, row: Mapping[str, Any]) -> float:
        if not isinstance(value, list):
            return -math.inf
        records = zip(value, _beside(value, row), strict=True)
        return self.counts.log_prob(len(value)) + sum(self.space.log_prob_given(*one) for one in records)

    def problem(self, value: Any) -> str:
        """Return the first thing that is wrong with `value`, with its place in the list; empty if nothing is."""
        if not isinstance(value, list):
            return f"expected a list, got {type(value).__name__}"
        if self.counts.log_prob(len(value)) == -math.inf:
            return f"expected one of {self.counts.options} in number, got {len(value)}"
        if self._plain and self._surely(value):
            return ""
        found = ((place, self.space.problem(one)) for place, one in enumerate(value))
        return next((f"number {place + 1}: {problem}" for place, problem in found if problem), "")

    def _surely(self, value: list[Any]) -> bool:
        """Return whether all records are such as can be drawn, as far as a quick look at whole columns can tell."""
        names = self._plain.keys()
        if not value or any(type(one) is not dict or one.keys() != names for one in value):
            return False
        return all(field.surely([one[name] for one in value]) for name, field in self._plain.items())

    def checked(self, value: Any, around: Mapping[str, pa.Array]) -> tuple[str, pa.Array]:
        before, beside = pa.nulls(1), {name: around[name] for name in self.reads & around.keys()}
        records = []
        for place, one in enumerate(value):
            wrong, before = self.space.checked(
                one, {**beside, _BEFORE: before, _ITEM: pa.array([place], pa.int64())}
            )
            if wrong:
                return f"number {place + 1}: {wrong}", arrow([value])
            records.append(pa.Table.from_batches([pa.RecordBatch.from_struct_array(before)]))
        if not records:
            return "", arrow([value])
        # Fields that one record has not are nulls there, and of their type in the others.
        whole = pa.concat_tables(records, promote_options="permissive").to_struct_array().combine_chunks()
        return "", pa.ListArray.from_arrays(pa.array([0, len(whole)], pa.int32()), whole)

    @property
    def derives(self) -> bool:
        return self.space.derives

    @property
    def has_constraint(self) -> bool:
        return self.space.has_constraint

    def legal(self, value: Any) -> bool:
        """Return whether every item meets the constraint of the Space."""
        return all(map(self.space.legal, value))

    def locate(self, value: Any) -> list[float]:
        return self.locate_given(value, {})

    def locate_given(self, value: Any, row: Mapping[str, Any]) -> list[float]:
        records = zip(value, _beside(value, row), strict=True)
        inner = [unit for one in records for unit in self.space.locate_given(*one)]
        units = self.counts.locate(len(value)) + inner
        return units + [0.5] * (self.dims - len(units))

    def origin(self, value: Any = None, row: Mapping[str, Any] = NOTHING) -> list[float]:
        if value is None:
            return self.counts.origin() + self.space.origin(None, row) * self._most
        records = zip(value, _beside(value, row), strict=True)
        inner = [unit for one in records for unit in self.space.origin(*one)]
        return (
            self.counts.locate(len(value)) + inner + self.space.origin(None, row) * (self._most - len(value))
        )

    @property
    def lists(self) -> list[List]:
        return [List(0, lambda unit: self.counts.draw([unit]), self.space.dims, self._most)]

    @property
    def mode(self) -> list[Values]:
        return [self.space.mode for _ in range(self.counts.mode)]

    def _body(self) -> dict[str, Any]:
        return {"counts": self.counts.describe(), "space": self.space.describe(), **self.space.rules}


def _size(space: Space) -> int:
    """Return how many units a record takes, or if they are more how many records are in the lists within it."""
    lists = sum(
        field._most * _size(field.space) for field in space.fields.values() if isinstance(field, Many)
    )
    return max(1, space.dims, lists)


def _beside(records: list[Any], row: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return what each record of a list can read besides itself."""
    before = [None, *records]
    return [{**row, _BEFORE: before[place], _ITEM: place} for place in range(len(records))]
