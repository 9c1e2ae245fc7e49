"""A Space: a named set of fields, from which scenarios are drawn.

Draw `index` under `seed` is a pure function of the two: it is the same alone, in any batch and in any worker.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from gristmill.errors import UsageError, unknown
from gristmill.generators._columns import Units, arrow
from gristmill.generators.fields import Choice, Field
from gristmill.seeding import derive, mix, units
from gristmill.types import Scenario

__all__ = ["Many", "Space"]

Values = dict[str, Any]
Condition = tuple[tuple[str, frozenset[Any]], ...]  # names of fields, and the values that each may have
_TRIES = 1_000
_AHEAD = 256  # rows that are drawn at once where they are asked for in turn


class Space(Field):
    """Named fields in order, drawn together; a field itself, so that Spaces nest.

    A field whose condition does not hold is absent from the values, yet keeps its place in the latent cube, so
    that the cube has the same dimension everywhere.

    Args:
        fields: by name; a field may be conditional on earlier ones, see `Field.when`.
        where: which combinations are legal. Illegal draws are drawn again, so that the log-density is then that
            of the unrestricted Space: right up to one constant.
    """

    def __init__(
        self,
        fields: Mapping[str, Field] | None = None,
        /,
        *,
        where: Callable[[Values], bool] | None = None,
        **more: Field,
    ) -> None:
        self.fields: dict[str, Field] = {**(fields or {}), **more}
        self._where = where
        self._constrained = {
            name: field for name, field in self.fields.items() if isinstance(field, (Space, Many))
        }
        self.dims = sum(field.dims for field in self.fields.values())
        self._groups = self._grouped()
        self._ahead: dict[tuple[int, str, int], Values] = {}
        self._asked = 0, "", -2
        self._drawn_at_once = 1
        for place, (name, field) in enumerate(self.fields.items()):
            early = list(self.fields)[:place]
            for needed, _ in field.condition:
                if needed not in early:
                    raise UsageError(
                        f"Field {name!r} depends on {needed!r}; expected one of the earlier fields {early}."
                    )

    @property
    def labels(self) -> list[str]:
        return [f"{name}/{label}" for name, field in self.fields.items() for label in field.labels]

    def values(self, units: Units) -> list[Values]:
        """Return the values at `units`, [dims, N] numbers in [0, 1), of each of N rows."""
        rows: list[Values] = [{} for _ in range(units.shape[1])]
        for condition, members in self._groups:
            some, at = rows, units
            if condition:
                held = _held(condition, rows)
                some, at = [rows[place] for place in held], units[:, held]
            names = [name for name, _, _, _ in members]
            columns = [field.values(at[start:end]) for _, field, start, end in members] if some else []
            for row, drawn in zip(some, zip(*columns, strict=True), strict=True):
                row.update(zip(names, drawn, strict=True))
        return rows

    def column(self, units: Units) -> pa.StructArray:
        """Return the values at `units`, [dims, N], as a column of records in which an absent field is null."""
        found: dict[str, pa.Array] = {}
        for condition, members in self._groups:
            held = _mask(condition, found)
            for name, field, start, end in members:
                drawn = field.column(units[start:end])
                found[name] = drawn if held is None else pc.if_else(held, drawn, pa.scalar(None, drawn.type))
        return pa.StructArray.from_arrays([found[name] for name in self.fields], list(self.fields))

    def log_prob(self, value: Any) -> float:
        """Return the log-density of `value`, minus infinity where a field is missing or out of place."""
        if not isinstance(value, dict):
            return -math.inf
        total, there = 0.0, 0
        for condition, members in self._groups:
            if _holds(condition, value):
                there += len(members)
                for name, field, _, _ in members:
                    if name not in value:
                        return -math.inf
                    total += field.log_prob(value[name])
        legal = total > -math.inf and there == len(value) and self._meets(value)
        return total if legal else -math.inf

    def problem(self, value: Any) -> str:
        """Return the first thing that is wrong with `value`, with the name of the field; empty if nothing is."""
        if not isinstance(value, dict):
            return f"expected an object with the fields {', '.join(self.fields)}, got {type(value).__name__}"
        for name in value:
            if name not in self.fields:
                return str(unknown("field", str(name), self.fields)).rstrip(".")
        for name, field in self.fields.items():
            if _holds(field.condition, value) and name not in value:
                return f"field {name!r}: expected {field._expected()}, got nothing"
            if name in value and not _holds(field.condition, value):
                when = ", ".join(f"{one} is {value.get(one)!r}" for one, _ in field.condition)
                return f"field {name!r}: expected no value where {when}, got {value[name]!r}"
            if name in value and (found := field.problem(value[name])):
                return f"field {name!r}: {found}"
        if not self._meets(value):
            return "expected values that meet the constraint of the space, got a combination that does not"
        return ""

    def locate(self, value: Values) -> list[float]:
        """Return units that `draw` maps to `value`; fields that are absent get 0.5."""
        units: list[float] = []
        for name, field in self.fields.items():
            held = name in value and _holds(field.condition, value)
            units += field.locate(value[name]) if held else [0.5] * field.dims
        return units

    @property
    def mode(self) -> Values:
        """The values of each field's mode, in order."""
        values: Values = {}
        for name, field in self.fields.items():
            if _holds(field.condition, values):
                values[name] = field.mode
        return values

    def describe(self) -> dict[str, Any]:
        """Return all fields as plain data; a Space within a Space has kind `space`."""
        return {
            name: Field.describe(field) if isinstance(field, Space) else field.describe()
            for name, field in self.fields.items()
        }

    def legal(self, value: Values) -> bool:
        """Return whether the constraint holds, and those of the Spaces within."""
        inner = all(field.legal(value[name]) for name, field in self._constrained.items() if name in value)
        return inner and self._meets(value)

    def _grouped(self) -> list[tuple[Condition, list[tuple[str, Field, int, int]]]]:
        """Return the fields by condition, each with its place in the latent cube.

        Fields under one condition are many, so it is looked at once per draw. A group stands where its first field
        does, hence after all that its condition speaks of.
        """
        groups: dict[Condition, list[tuple[str, Field, int, int]]] = {}
        place = 0
        for name, field in self.fields.items():
            groups.setdefault(field.condition, []).append((name, field, place, place + field.dims))
            place += field.dims
        return list(groups.items())

    def _meets(self, value: Values) -> bool:
        return self._where is None or bool(self._where(value))

    def _body(self) -> dict[str, Any]:
        return {"fields": self.describe()}

    def _expected(self) -> str:
        return f"an object with the fields {', '.join(self.fields)}"

    def sample(self, seed: int, index: int, *, name: str = "scenario") -> Values:
        """Return draw `index` of the stream `name` under `seed`.

        Raises:
            UsageError: when a thousand draws in a row break the constraint.
        """
        asked = seed, name, index
        found = self._ahead.pop(asked, None)
        if found is None:
            # Whoever asks for one row after the other gets them from larger and larger batches.
            in_turn = self._asked == (seed, name, index - 1)
            self._drawn_at_once = min(2 * self._drawn_at_once, _AHEAD) if in_turn else 1
            found, *rest = self.samples(seed, range(index, index + self._drawn_at_once), name=name)
            self._ahead = {(seed, name, index + place): row for place, row in enumerate(rest, 1)}
        self._asked = asked
        return found

    def samples(self, seed: int, rows: Sequence[int], *, name: str = "scenario") -> list[Values]:
        """Return the draws of `rows`, each as `sample` gives it.

        Raises:
            UsageError: when a thousand draws of one row break the constraint.
        """
        found: dict[int, Values] = {}
        left = list(range(len(rows)))
        for attempt in range(_TRIES):
            drawn = self.values(self._units(seed, name, attempt, np.array([rows[place] for place in left])))
            found.update((place, row) for place, row in zip(left, drawn, strict=True) if self.legal(row))
            left = [place for place in left if place not in found]
            if not left:
                return [found[place] for place in range(len(rows))]
        raise UsageError(
            f"Expected a constraint that some draws meet, got none in {_TRIES}; widen the fields."
        )

    def _units(self, seed: int, name: str, attempt: int, rows: NDArray[np.int64]) -> Units:
        """Return the units of rows, [dims, N]: one stream for each unit of each field, by its name."""
        return units(mix(self._streams + np.uint64(derive(seed, name, attempt))), rows)

    @cached_property
    def _streams(self) -> NDArray[np.uint64]:
        return np.array([derive(0, label) for label in self.labels], np.uint64)

    def scenario(
        self, world: str, seed: int, index: int, *, stratum: Callable[[Values], str] | None = None
    ) -> Scenario:
        """Return draw `index` under `seed` as a scenario of `world`."""
        values = self.sample(seed, index)
        cell = stratum(values) if stratum is not None else ""
        return Scenario.of(
            world, values, seed=seed, index=index, log_density=self._drawn(values), stratum=cell
        )

    def _drawn(self, values: Values) -> float:
        """Return the log-density of values that were drawn: what `log_prob` says, without a look at what must be so."""
        total = 0.0
        for condition, members in self._densities:
            if _holds(condition, values):
                for name, field, even in members:
                    total += field.log_prob(values[name]) if even is None else even
        return total

    @cached_property
    def _densities(self) -> list[tuple[Condition, list[tuple[str, Field, float | None]]]]:
        """The fields by condition, each with the log-density of all its values if that is one."""
        return [
            (condition, [(name, field, field.even) for name, field, _, _ in members])
            for condition, members in self._groups
        ]


class Many(Field):
    """A list of draws from one Space, its length drawn from `counts`."""

    def __init__(self, space: Space, counts: Choice) -> None:
        if not all(type(count) is int and count >= 0 for count in counts.options):
            raise UsageError(f"Expected counts that are whole numbers from 0, got {counts.options}.")
        self.space, self.counts = space, counts
        self.dims = 1 + max(counts.options) * space.dims

    @property
    def labels(self) -> list[str]:
        inner = self.space.labels
        items = range(max(self.counts.options))
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
        return arrow(self.values(units))

    def log_prob(self, value: Any) -> float:
        if not isinstance(value, list):
            return -math.inf
        return self.counts.log_prob(len(value)) + sum(map(self.space.log_prob, value))

    def problem(self, value: Any) -> str:
        """Return the first thing that is wrong with `value`, with its place in the list; empty if nothing is."""
        if not isinstance(value, list):
            return f"expected a list, got {type(value).__name__}"
        if self.counts.log_prob(len(value)) == -math.inf:
            return f"expected one of {self.counts.options} in number, got {len(value)}"
        found = ((place, self.space.problem(one)) for place, one in enumerate(value))
        return next((f"number {place + 1}: {problem}" for place, problem in found if problem), "")

    def legal(self, value: Any) -> bool:
        """Return whether every item meets the constraint of the Space."""
        return all(map(self.space.legal, value))

    def locate(self, value: Any) -> list[float]:
        units = self.counts.locate(len(value)) + [unit for one in value for unit in self.space.locate(one)]
        return units + [0.5] * (self.dims - len(units))

    @property
    def mode(self) -> list[Values]:
        return [self.space.mode for _ in range(self.counts.mode)]

    def _body(self) -> dict[str, Any]:
        return {"counts": self.counts.describe(), "space": self.space.describe()}


def _mask(condition: Condition, columns: Mapping[str, pa.Array]) -> pa.Array | None:
    """Return in which rows a condition holds, None where that is all of them."""
    held = None
    for name, allowed in condition:
        column = columns[name]
        decoded = column.dictionary_decode() if pa.types.is_dictionary(column.type) else column
        one = pc.is_in(decoded, arrow(sorted(allowed))).fill_null(False)
        held = one if held is None else pc.and_(held, one)
    return held


def _held(condition: Condition, rows: Sequence[Values]) -> list[int]:
    """Return the places of the rows that a condition holds for."""
    held = list(range(len(rows)))
    for name, allowed in condition:
        try:
            held = [place for place in held if rows[place].get(name, _ABSENT) in allowed]
        except TypeError:  # a list or a dict among the values has no hash
            held = [place for place in held if _holds(((name, allowed),), rows[place])]
    return held


def _holds(condition: Condition, values: Values) -> bool:
    for name, allowed in condition:  # a plain loop, since it runs for every field of every draw
        value = values.get(name, _ABSENT)
        if type(value) in _UNHASHABLE or value not in allowed:
            return False
    return True


_ABSENT = object()
_UNHASHABLE = (list, dict)
