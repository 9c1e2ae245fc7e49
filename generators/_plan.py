"""The order in which the fields of a row are drawn: what others depend on comes before them."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from gristmill.errors import UsageError
from gristmill.generators._columns import Units, arrow, decoded, plain_values
from gristmill.generators._conditions import Condition, held, mask
from gristmill.generators._field import Field
from gristmill.generators._placed import ROW, Context, Placed

__all__ = ["Member", "Plan"]

Member = tuple[str, Field, int, int]  # name, field, and its place in the latent cube
Values = dict[str, Any]


class Plan:
    """Fields in groups, each with its place in the latent cube.

    Fields under one condition are many, so it is looked at once per draw. A group stands where its first field does,
    hence after all that its condition speaks of; what depends on other fields is a group of its own.

    Attributes:
        groups: condition and members of each group, in the order of drawing.
        dims: how many units there are.
        read: names of the fields that others need as columns.

    Raises:
        UsageError: when a field depends on one that is not before it.
    """

    def __init__(self, fields: Mapping[str, Field]) -> None:
        groups: dict[tuple[Condition, str], list[Member]] = {}
        self.dims, self.read, early = 0, set[str](), list[str]()
        for name, field in fields.items():
            reads = field.reads - {ROW} if isinstance(field, Placed) else frozenset[str]()
            for needed in [*(one for one, _ in field.condition), *sorted(reads)]:
                if needed not in early:
                    raise UsageError(
                        f"Field {name!r} depends on {needed!r}; expected one of the earlier fields {early}."
                    )
            early.append(name)
            self.read |= reads
            key = field.condition, name if isinstance(field, Placed) else ""
            groups.setdefault(key, []).append((name, field, self.dims, self.dims + field.dims))
            self.dims += field.dims
        self.groups = [(condition, members) for (condition, _), members in groups.items()]
        self._order = list(fields)
        self._linked = any(isinstance(field, Placed) for field in fields.values())

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
                if isinstance(field, Placed) or name in self.read:
                    columns[name] = _column(field, units[start:end], context._replace(columns=columns), there)
                if isinstance(field, Placed):
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
                found[name] = _column(field, units[start:end], context._replace(columns=found), there)
        return pa.StructArray.from_arrays([found[name] for name in self._order], self._order)

    def follows(self, name: str, row: Mapping[str, Any]) -> Any:
        """Return what a field is that follows from the others of its row, which has the number zero."""
        fields = {one: field for _, members in self.groups for one, field, _, _ in members}
        field = fields[name]
        if not isinstance(field, Placed):
            return field.mode
        columns = {one: _typed([row.get(one)], fields[one]) for one in field.reads - {ROW}}
        middle = np.full((field.dims, 1), 0.5)
        return plain_values(field.within(middle, Context(columns, np.zeros(1, np.int64))))[0]


def _column(field: Field, units: Units, context: Context, there: pa.BooleanArray | None) -> pa.Array:
    """Return the values of a field, null where it does not exist."""
    if isinstance(field, Placed):
        return field.where(units, context, there)
    drawn = field.column(units)
    return drawn if there is None else pc.if_else(there, drawn, pa.scalar(None, drawn.type))


def _typed(values: Sequence[Any], field: Field) -> pa.Array:
    """Return plain values as a column of the type that the field draws."""
    if isinstance(field, Placed):
        return arrow(values)
    return arrow(values).cast(decoded(field.column(np.empty((field.dims, 0)))).type)
