"""A Space: a named set of fields, from which scenarios and tables are drawn.

Draw `index` under `seed` is a pure function of the two: it is the same alone, in any batch and in any worker.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property, partial
from operator import itemgetter
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from gristmill.errors import unknown
from gristmill.generators._columns import Units
from gristmill.generators._conditions import Condition, holds
from gristmill.generators._plan import Plan
from gristmill.generators._rejection import Ahead, Rows, accepted
from gristmill.generators._rules import Rule
from gristmill.generators.kinds.copula import Correlated, apart
from gristmill.generators.kinds.field import NOTHING, Field, List
from gristmill.generators.kinds.placed import Context, Records, placed
from gristmill.generators.kinds.references import Unique
from gristmill.seeding import derive
from gristmill.types import Scenario

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

__all__ = ["Space", "Values"]

Values = dict[str, Any]
_ROWS = 1_000  # of which a strategy takes the number of a row
_STREAMS = 8  # of which rows are drawn ahead


class Space(Field):
    """Named fields in order, drawn together; a field itself, so that Spaces nest.

    A field whose condition does not hold is absent from the values, yet keeps its place in the latent cube, so
    that the cube has the same dimension everywhere.

    Args:
        fields: by name; a field may be conditional on earlier ones, see `Field.when`.
        where: which combinations are legal, as a function of the values or as an expression. Illegal draws are drawn
            again, so that the log-density is then that of the unrestricted Space: right up to one constant.
        correlated: which of the fields depend on one another.
        inner: whether fields may read what is around the Space.

    Attributes:
        outside: names of what they read around it.
    """

    def __init__(
        self,
        fields: Mapping[str, Field] | None = None,
        /,
        *,
        where: Callable[[Values], bool] | str | None = None,
        correlated: Sequence[Correlated] = (),
        inner: bool = False,
        **more: Field,
    ) -> None:
        self.fields: dict[str, Field] = {**(fields or {}), **more}
        self._where = where if callable(where) else None
        self._nested = {name: field for name, field in self.fields.items() if field.has_constraint}
        self._plan = Plan(self.fields, inner=inner)
        self.dims, self.outside = self._plan.dims, frozenset(self._plan.outside)
        self._rule = Rule(where, self._plan) if isinstance(where, str) else None
        self._correlated = [(one, self._plan.units_of(one)) for one in apart(correlated)]
        self._ahead: dict[tuple[int, str], Ahead[Values]] = {}
        self._parts: dict[frozenset[str], Space] = {}  # by the names that were asked for

    @property
    def correlated(self) -> list[Correlated]:
        """Which of the fields depend on one another."""
        return [one for one, _ in self._correlated]

    @property
    def rules(self) -> dict[str, Any]:
        """The constraint, where it is an expression, and the correlations, as plain data."""
        found = {
            "where": self._rule.text if self._rule else "",
            "correlated": [one.describe() for one in self.correlated],
        }
        return {name: value for name, value in found.items() if value}

    @cached_property
    def derives(self) -> bool:
        return any(field.derives for field in self.fields.values())

    @property
    def has_constraint(self) -> bool:
        return bool(self._rule or self._where or self._nested)

    @property
    def labels(self) -> list[str]:
        slashed = {name.replace("/", "//"): field for name, field in self.fields.items()}  # no two are alike
        return [f"{name}/{label}" for name, field in slashed.items() for label in field.labels]

    def values(self, units: Units) -> list[Values]:
        """Return the values at `units`, [dims, N] numbers in [0, 1), of each of N rows."""
        return self._plan.values(self._coupled(units), Context({}))

    def column(self, units: Units) -> pa.StructArray:
        """Return the values at `units`, [dims, N], as a column of records in which an absent field is null."""
        return self.within(units, Context({}))

    def within(self, units: Units, context: Context) -> pa.StructArray:
        """Return the values at `units`, [dims, N], of rows with something around them, as a column of records."""
        return self._plan.column(self._coupled(units), context)

    def draw(self, units: Sequence[float], *, row: int = 0, records: Records | None = None) -> Values:
        """Return the values at `units`, `dims` numbers in [0, 1), of the row of that number."""
        at = np.array(units, float).reshape(self.dims, 1)
        return self._plan.values(self._coupled(at), Context({}, np.array([row]), records=records))[0]

    def strategy(self, *, records: Records | None = None) -> "SearchStrategy[Values]":
        """Return a Hypothesis strategy of legal values, drawn as `draw` would, which shrink towards the mode.

        Args:
            records: gives rows of other tables to fields that refer to them.
        """
        from gristmill.generators._strategies import strategy

        # As many rows as have identifiers of their own.
        rows = min([_ROWS, *(field.count for field in self.fields.values() if isinstance(field, Unique))])
        start = self.origin(self._plan.mode(records))

        def draw(units: Sequence[float], row: int) -> tuple[Values, bool]:
            drawn = self.draw(units, row=row, records=records)
            again = self._at_modes(drawn, units, start)
            drawn = drawn if again == units else self.draw(again, row=row, records=records)
            if records is None or self._rule is None:
                return drawn, self.legal(drawn)
            # Of which types the fields of another table are, a column alone knows.
            column = self.within(np.array([again]).T, Context({}, np.array([row]), records=records))
            return drawn, self._legal_within(drawn) and bool(self._rule.meets_column(column)[0])

        return strategy(draw, start, rows=rows, lists=self.lists).filter(itemgetter(1)).map(itemgetter(0))

    def log_prob(self, value: Any) -> float:
        """Return the log-density of `value`, minus infinity where a field is missing or out of place."""
        return self.log_prob_given(value, {})

    def log_prob_given(self, value: Any, row: Mapping[str, Any]) -> float:
        if not isinstance(value, dict):
            return -math.inf
        total, there, beside = 0.0, 0, {**row, **value}
        for condition, members in self._plan.groups:
            if holds(condition, value):
                there += len(members)
                for name, field, _, _ in members:
                    if name not in value:
                        return -math.inf
                    total += field.log_prob_given(value[name], beside)
        legal = (
            total > -math.inf
            and there == len(value)
            and not (self.derives and self.checked(value, {})[0])
            and self._meets(value)
        )
        return total + self._dependence(value) if legal else -math.inf

    def problem(self, value: Any) -> str:
        """Return the first thing that is wrong with `value`, with the name of the field; empty if nothing is."""
        if not isinstance(value, dict):
            return f"expected an object with the fields {', '.join(self.fields)}, got {type(value).__name__}"
        for name in value:
            if name not in self.fields:
                return str(unknown("field", str(name), self.fields)).rstrip(".")
        for name, field in self.fields.items():
            if holds(field.condition, value) and name not in value:
                return f"field {name!r}: expected {field._expected()}, got nothing"
            if name in value and not holds(field.condition, value):
                when = ", ".join(f"{one} is {value.get(one)!r}" for one, _ in field.condition)
                return f"field {name!r}: expected no value where {when}, got {value[name]!r}"
            if name in value and (found := field.problem_given(value[name], value)):
                return f"field {name!r}: {found}"
        if self.derives and (found := self.checked(value, {})[0]):
            return found
        if not self._meets(value):
            return "expected values that meet the constraint of the space, got a combination that does not"
        return ""

    def locate(self, value: Values) -> list[float]:
        """Return units that `draw` maps to `value`; fields that are absent get 0.5."""
        return self.locate_given(value, {})

    def locate_given(self, value: Values, row: Mapping[str, Any]) -> list[float]:
        units: list[float] = []
        for name, field in self.fields.items():
            there = name in value and holds(field.condition, value)
            units += field.locate_given(value[name], {**row, **value}) if there else [0.5] * field.dims
        return self._uncoupled(units)

    def origin(self, value: Any = None, row: Mapping[str, Any] = NOTHING) -> list[float]:
        units, beside = [], {**row, **(value or {})}
        for name, field in self.fields.items():
            there = value is not None and name in value
            units += field.origin(value[name] if there else None, beside)
            if value is None and not placed(field):
                beside[name] = field.mode
        return self._uncoupled(units)

    def _at_modes(self, value: Values, units: Sequence[float], start: Sequence[float]) -> list[float]:
        """Return units with those of the mode in this row for what depends on others and is where it started."""
        found, coupled = list(units), {name for one in self.correlated for name in one.fields}
        for _, members in self._plan.groups:
            for name, field, first, end in members:
                still = placed(field) and name in value and name not in coupled
                if still and found[first:end] == start[first:end]:
                    found[first:end] = field.origin(None, value)
        return found

    @property
    def lists(self) -> list[List]:
        return [
            one._replace(place=start + one.place)
            for _, members in self._plan.groups
            for _, field, start, _ in members
            for one in field.lists
        ]

    def _uncoupled(self, units: list[float]) -> list[float]:
        for one, places in self._correlated:
            for place, unit in zip(places, one.uncouple([units[place] for place in places]), strict=True):
                units[place] = unit
        return units

    @property
    def mode(self) -> Values:
        """The values of each field's mode, in order; of what follows from others, what follows from their modes."""
        return self._plan.mode(None)

    def describe(self) -> dict[str, Any]:
        """Return all fields as plain data; a Space within a Space has kind `space`."""
        return {
            name: Field.describe(field) if isinstance(field, Space) else field.describe()
            for name, field in self.fields.items()
        }

    def legal(self, value: Values) -> bool:
        """Return whether the constraint holds, and those of the Spaces within."""
        return self._legal_within(value) and self._meets(value)

    def sample(self, seed: int, index: int, *, name: str = "scenario") -> Values:
        """Return draw `index` of the stream `name` under `seed`.

        Raises:
            UsageError: when next to no draw meets the constraint.
        """
        stream = self._ahead.get((seed, name))
        if stream is None:
            if len(self._ahead) >= _STREAMS:
                self._ahead.clear()
            stream = self._ahead[seed, name] = Ahead(partial(self.samples, seed, name=name))
        return stream.row(index)

    def samples(self, seed: int, rows: Sequence[int], *, name: str = "scenario") -> list[Values]:
        """Return the draws of `rows`, each as `sample` gives it.

        Raises:
            UsageError: when next to no draw meets the constraint.
        """

        def draw(units: Units, numbers: Rows) -> tuple[list[Values], NDArray[np.bool_]]:
            drawn = self._plan.values(self._coupled(units), Context({}, numbers, derive(seed, name)))
            return drawn, self._legal(drawn)

        found: dict[int, Values] = {}
        for places, drawn, legal in accepted(self._streams, seed, name, np.array(rows), draw):
            found.update(
                (place, row) for place, row, good in zip(places.tolist(), drawn, legal, strict=True) if good
            )
        return [found[place] for place in range(len(rows))]

    def table(
        self, seed: int, rows: Sequence[int] | Rows, *, name: str = "scenario", records: Records | None = None
    ) -> pa.Table:
        """Return the draws of `rows` as a table, one column for each field; an absent field is null.

        Args:
            seed: root seed.
            rows: numbers of the rows, in any order.
            name: of the stream.
            records: gives rows of other tables to fields that refer to them.

        Raises:
            UsageError: when next to no draw meets the constraint.
        """

        def draw(units: Units, numbers: Rows) -> tuple[pa.StructArray, NDArray[np.bool_]]:
            context = Context({}, numbers, derive(seed, name), records)
            drawn = self._plan.column(self._coupled(units), context)
            if self._where is None and not self._nested:
                return drawn, self._rule.meets_column(drawn) if self._rule else np.ones(len(drawn), bool)
            # A value that is nothing and a field that does not exist are alike in a column.
            return drawn, self._legal(self._plan.values(self._coupled(units), context))

        parts, order = [], []
        for places, drawn, legal in accepted(self._streams, seed, name, np.asarray(rows, np.int64), draw):
            parts.append(drawn if legal.all() else drawn.filter(pa.array(legal)))
            order.append(places[legal])
        found = pa.Table.from_batches([pa.RecordBatch.from_struct_array(part) for part in parts])
        return found if len(parts) == 1 else found.take(pa.array(np.argsort(np.concatenate(order))))

    def only(self, names: Sequence[str]) -> "Space":
        """Return the Space of the named fields and of those that their values depend on; its rows are the same."""
        if self._where is not None or self._nested:
            return self  # which rows are legal may depend on any field
        part = self._parts.get(frozenset(names))
        if part is None:
            part = self._parts[frozenset(names)] = self._only(names)
        return part

    def _only(self, names: Sequence[str]) -> "Space":
        needed, before = {*names, *(self._rule.names if self._rule else ())}, set[str]()
        while needed != before:  # correlated fields lead to later ones, whose earlier ones are needed too
            before = set(needed)
            for name in before & self.fields.keys():
                needed |= self._plan.needs(name)
            for one in self.correlated:
                needed |= set(one.fields) if needed & set(one.fields) else set()
        kept = {name: field for name, field in self.fields.items() if name in needed}
        coupled = [one for one in self.correlated if needed & set(one.fields)]
        return Space(kept, where=self._rule.text if self._rule else None, correlated=coupled)

    def scenario(
        self, world: str, seed: int, index: int, *, stratum: Callable[[Values], str] | None = None
    ) -> Scenario:
        """Return draw `index` under `seed` as a scenario of `world`."""
        # By its name, since equal fields of two worlds under one seed would be drawn alike.
        values = self.sample(seed, index, name=f"scenario of {world}")
        cell = stratum(values) if stratum is not None else ""
        return Scenario.of(
            world, values, seed=seed, index=index, log_density=self._density(values), stratum=cell
        )

    @cached_property
    def _streams(self) -> NDArray[np.uint64]:
        return np.array([derive(0, label) for label in self.labels], np.uint64)

    def _coupled(self, units: Units) -> Units:
        if self._correlated:
            units = units.copy()
            for one, places in self._correlated:
                units[places] = one.couple(units[places])
        return units

    def _density(self, values: Values) -> float:
        """Return the log-density of values that were drawn: what `log_prob` says, without a look at what must be so."""
        total = self._dependence(values)
        for condition, members in self._densities:
            if holds(condition, values):
                for name, field, even in members:
                    total += field.log_prob_given(values[name], values) if even is None else even
        return total

    @cached_property
    def _densities(self) -> list[tuple[Condition, list[tuple[str, Field, float | None]]]]:
        """The fields by condition, each with the log-density of all its values if that is one."""
        return [
            (condition, [(name, field, field.even) for name, field, _, _ in members])
            for condition, members in self._plan.groups
        ]

    def _dependence(self, values: Values) -> float:
        """Return what correlations add to the log-density of independent fields."""
        return sum(
            one.log_density([self.fields[name].locate_given(values[name], values)[0] for name in one.fields])
            for one, _ in self._correlated
        )

    def _legal_within(self, value: Values) -> bool:
        return all(field.legal(value[name]) for name, field in self._nested.items() if name in value)

    def _meets(self, value: Values) -> bool:
        if self._rule is not None:
            return bool(self._rule.meets([value])[0])
        return self._where is None or bool(self._where(value))

    def _legal(self, values: Sequence[Values]) -> NDArray[np.bool_]:
        """Return which of drawn values are legal, [N]."""
        if self._rule is None:
            return np.fromiter(map(self.legal, values), bool, len(values))
        found = np.fromiter(map(self._legal_within, values), bool, len(values))
        found[found] = self._rule.meets([one for one, good in zip(values, found, strict=True) if good])
        return found

    def checked(self, value: Any, around: Mapping[str, pa.Array]) -> tuple[str, pa.Array]:
        return self._plan.checked(value, around)

    def _body(self) -> dict[str, Any]:
        return {"fields": self.describe(), **self.rules}

    def _expected(self) -> str:
        return f"an object with the fields {', '.join(self.fields)}"
