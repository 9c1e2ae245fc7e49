"""The order in which the fields of a row are drawn: what others depend on comes before them."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from gristmill.errors import UsageError, unknown
from gristmill.generators._columns import Units, arrow, decoded, plain_values
from gristmill.generators._conditions import Condition, held, holds, mask
from gristmill.generators.kinds.choices import Choice
from gristmill.generators.kinds.copula import Correlated
from gristmill.generators.kinds.derived import Cases, Derived
from gristmill.generators.kinds.field import Field, same
from gristmill.generators.kinds.placed import ROW, Context, Records, placed

__all__ = ["Member", "Plan"]

Member = tuple[str, Field, int, int]  # name, field, and its place in the latent cube
Values = dict[str, Any]


class Plan:
    """Fields in groups, each with its place in the latent cube.

    Fields under one condition are many, so it is looked at once per draw. A group stands where its first field does,
    hence after all that its condition speaks of; what depends on other fields is a group of its own.

    Attributes:
        fields: by name.
        groups: condition and members of each group, in the order of drawing.
        dims: how many units there are.
        read: names of the fields that others need as columns.
        outside: names of what fields need that is around all of them.

    Args:
        fields: by name.
        inner: whether fields may need what is not among them.

    Raises:
        UsageError: when a field depends on one that is not before it, or on a value that such a one never has.
    """

    def __init__(self, fields: Mapping[str, Field], *, inner: bool = False) -> None:
        groups: dict[tuple[Condition, str | None], list[Member]] = {}
        self.dims, self.read, self.outside, early = 0, set[str](), set[str](), list[str]()
        self.fields, self._known = fields, dict[str, pa.DataType | None]()
        for name, field in fields.items():
            reads = field.reads - {ROW} if placed(field) else frozenset[str]()
            self.outside |= {one for one in reads if inner and one not in fields}
            for needed in [*(one for one, _ in field.condition), *sorted(reads - self.outside)]:
                if needed not in early:
                    raise UsageError(
                        f"Field {name!r} depends on {needed!r}; expected one of the earlier fields {early}."
                    )
            early.append(name)
            self.read |= reads
            self._check_condition(name, field, fields)
            key = field.condition, name if placed(field) else None
            groups.setdefault(key, []).append((name, field, self.dims, self.dims + field.dims))
            self.dims += field.dims
        self.groups = [(condition, members) for (condition, _), members in groups.items()]
        self._order = list(fields)
        self._linked = any(map(placed, fields.values()))

    def values(self, units: Units, context: Context) -> list[Values]:
        """Return the values at `units`, [dims, N], of each of N rows."""
        rows: list[Values] = [{} for _ in range(units.shape[1])]
        columns: dict[str, pa.Array] = {}
        for condition, members in self.groups:
            some, at, there = rows, units, None
            if condition:
                places = held(condition, rows)
                some, at = [rows[place] for place in places], units[:, places]
                there = pa.array(np.isin(np.arange(len(rows)), places)) if self._linked else None
            names, drawn = [name for name, _, _, _ in members], []
            for name, field, start, end in members:
                if placed(field) or name in self.read:
                    columns[name] = _column(field, units[start:end], _around(name, context, columns), there)
                if placed(field):
                    kept = columns[name] if there is None else columns[name].filter(there)
                    drawn.append(plain_values(kept))
                elif some:
                    drawn.append(field.values(at[start:end]))
            for row, values in zip(some, zip(*drawn, strict=True), strict=True) if some else ():
                row.update(zip(names, values, strict=True))
        return rows

    def column(self, units: Units, context: Context) -> pa.StructArray:
        """Return the values at `units`, [dims, N], as a column of records in which an absent field is null."""
        found: dict[str, pa.Array] = {}
        for condition, members in self.groups:
            there = mask(condition, found)
            for name, field, start, end in members:
                found[name] = _column(field, units[start:end], _around(name, context, found), there)
        return pa.StructArray.from_arrays([found[name] for name in self._order], self._order)

    def mode(self, records: Records | None) -> Values:
        """Return the mode of each field in order; of what depends on others, what comes of their modes."""
        values: Values = {}
        columns: dict[str, pa.Array] = {}
        context = Context(columns, np.zeros(1, np.int64), records=records)
        for name, field in self.fields.items():
            if not holds(field.condition, values):
                columns[name] = pa.nulls(1)
            elif placed(field):
                units = np.array(field.origin(None, values), float).reshape(field.dims, 1)
                columns[name] = field.within(units, context)
                values[name] = plain_values(columns[name])[0]
            else:
                values[name] = field.mode
                columns[name] = self._checked(name, values[name], columns)[1]
        return values

    def checked(self, value: Values, around: Mapping[str, pa.Array]) -> tuple[str, pa.StructArray]:
        """Return what does not follow from the other values as it should, and the values as a record, [1].

        Args:
            value: of the fields, each of which is in its support.
            around: what else they read, columns of one row; what reads more than that is not looked at.
        """
        wrong, columns = "", dict(around)
        for name, field in self.fields.items():
            if name not in value:
                columns[name] = pa.nulls(1)
            elif not isinstance(field, Derived):
                found, columns[name] = self._checked(name, value[name], columns)
                wrong = wrong or (found and f"field {name!r}: {found}")
            elif field.reads <= columns.keys():  # else neither it nor what reads it can be worked out here
                columns[name] = field.within(np.empty((0, 1)), Context(columns))
                follows = plain_values(columns[name])[0]
                if not same(follows, value[name]):
                    got = f"expected {follows!r}, which is {field.value}, got {value[name]!r}"
                    wrong = wrong or f"field {name!r}: {got}"
        record = [columns[name] if name in columns else arrow([value[name]]) for name in self._order]
        return wrong, pa.StructArray.from_arrays(record, self._order)

    def _checked(self, name: str, value: Any, around: Mapping[str, pa.Array]) -> tuple[str, pa.Array]:
        column = self.typed(name, [value])
        return self.fields[name].checked(value, around) if column is None else ("", column)

    def units_of(self, one: Correlated) -> list[int]:
        """Return the places of correlated fields in the latent cube.

        Raises:
            UsageError: when a field is not there, has a condition or not one unit.
        """
        places = {name: start for _, members in self.groups for name, _, start, _ in members}
        for name in one.fields:
            if name not in places:
                raise unknown("field", name, self.fields)
            field = self.fields[name]
            if field.dims != 1 or field.condition:
                raise UsageError(
                    f"Expected fields of one unit without a condition to correlate, got {name!r}, {field._expected()}."
                )
            if isinstance(field, Choice):
                raise UsageError(
                    f"Expected fields of numbers to correlate, got {name!r}, {field._expected()}; its options have no order."
                )
        return [places[name] for name in one.fields]

    def needs(self, name: str) -> set[str]:
        """Return the fields that one depends on."""
        field = self.fields[name]
        reads = field.reads - {ROW} - self.outside if placed(field) else set[str]()
        return {one for one, _ in field.condition}.union(reads)

    def follows(self, name: str) -> bool:
        """Return whether a field follows from the number of the row alone."""
        field = self.fields[name]
        if field.dims or not placed(field) or not field.reads:
            return False
        return all(one == ROW or self.follows(one) for one in field.reads)

    def typed(self, name: str, values: Sequence[Any]) -> pa.Array | None:
        """Return values of a field as a column of the type that it draws, [N], where that is known; None is nothing."""
        kind = self._kind(name)
        return None if kind is None or pa.types.is_nested(kind) else arrow(values).cast(kind)

    def typed_alone(self, name: str, value: Any) -> pa.Array:
        """Return a value of a field as a column of the type that it has beside the others in it, [1]; None is nothing."""
        if value is None:
            return pa.nulls(1, self._kind(name) or pa.null())
        return self._checked(name, value, {})[1]

    def _kind(self, name: str) -> pa.DataType | None:
        """Return the type that a field draws, None where that depends on what is around all fields."""
        if name not in self._known:
            self._known[name] = self._kind_of(self.fields[name]) if name in self.fields else None
        return self._known[name]

    def _kind_of(self, field: Field) -> pa.DataType | None:
        if isinstance(field, Cases):
            return field.kind
        if isinstance(field, Derived):
            reads = {name: pa.int64() if name == ROW else self._kind(name) for name in field.reads}
            return None if None in reads.values() else field.type_of(reads)
        if placed(field):
            return None
        return decoded(field.column(np.empty((field.dims, 0)))).type

    def _check_condition(self, name: str, field: Field, fields: Mapping[str, Field]) -> None:
        for other, allowed in field.condition:
            for value in sorted(allowed, key=repr):
                if wrong := self._never(fields[other], other, value):
                    raise UsageError(
                        f"Field {name!r} exists where {other!r} is {value!r}, which it never is: {wrong}."
                    )

    def _never(self, field: Field, name: str, value: Any) -> str:
        """Return why a field never has a value, empty where it may."""
        if value is None and field.condition:
            return ""
        if not isinstance(field, Derived):
            return field.problem(value)
        kind = self._kind(name)
        try:
            fits = kind is None or same(plain_values(arrow([value]).cast(kind))[0], value)
        except pa.ArrowException:
            fits = False
        return "" if fits else f"expected {kind}, got {value!r}"


def _column(field: Field, units: Units, context: Context, there: pa.BooleanArray | None) -> pa.Array:
    """Return the values of a field, null where it does not exist."""
    if placed(field):
        return field.where(units, context, there)
    drawn = field.column(units)
    return drawn if there is None else pc.if_else(there, drawn, pa.scalar(None, drawn.type))


def _around(name: str, context: Context, columns: Mapping[str, pa.Array]) -> Context:
    around = {**context.columns, **columns} if context.columns else columns
    return Context(around, context.rows, context.seed, context.records, name)
