"""A Space: a named set of fields, from which scenarios are drawn.

Draw `index` under `seed` is a pure function of the two: it is the same alone, in any batch and in any worker.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from gristmill.errors import UsageError
from gristmill.generators.fields import Choice, Field
from gristmill.seeding import stream
from gristmill.types import Scenario

__all__ = ["Many", "Space"]

Values = dict[str, Any]
_TRIES = 1_000


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
        self.dims = sum(field.dims for field in self.fields.values())
        for place, (name, field) in enumerate(self.fields.items()):
            early = list(self.fields)[:place]
            for needed, _ in field.condition:
                if needed not in early:
                    raise UsageError(
                        f"Field {name!r} depends on {needed!r}; expected one of the earlier fields {early}."
                    )

    def draw(self, units: Sequence[float]) -> Values:
        """Return the values at `units`, [dims] numbers in [0, 1)."""
        values: Values = {}
        place = 0
        for name, field in self.fields.items():
            end = place + field.dims
            if not field.condition or _holds(field, values):
                values[name] = field.draw(units[place:end])
            place = end
        return values

    def log_prob(self, value: Values) -> float:
        """Return the log-density of `value`, minus infinity where a field is missing or out of place."""
        total = 0.0
        for name, field in self.fields.items():
            if _holds(field, value) != (name in value):
                return -math.inf
            if name in value:
                total += field.log_prob(value[name])
        if set(value) - set(self.fields) or not self.legal(value):
            return -math.inf
        return total

    def locate(self, value: Values) -> list[float]:
        """Return units that `draw` maps to `value`; fields that are absent get 0.5."""
        units: list[float] = []
        for name, field in self.fields.items():
            units += field.locate(value[name]) if name in value else [0.5] * field.dims
        return units

    @property
    def mode(self) -> Values:
        """The values of each field's mode, in order."""
        values: Values = {}
        for name, field in self.fields.items():
            if _holds(field, values):
                values[name] = field.mode
        return values

    def describe(self) -> dict[str, Any]:
        """Return all fields as plain data."""
        return {name: field.describe() for name, field in self.fields.items()}

    def legal(self, value: Values) -> bool:
        """Return whether the constraint, if there is one, holds."""
        return self._where is None or bool(self._where(value))

    def sample(self, seed: int, index: int, *, name: str = "scenario") -> Values:
        """Return draw `index` of the stream `name` under `seed`.

        Raises:
            UsageError: when a thousand draws in a row break the constraint.
        """
        uniform = stream(seed, name, index).random
        for _ in range(_TRIES):
            values = self.draw([uniform() for _ in range(self.dims)])
            if self.legal(values):
                return values
        raise UsageError(
            f"Expected a constraint that some draws meet, got none in {_TRIES}; widen the fields."
        )

    def scenario(
        self, world: str, seed: int, index: int, *, stratum: Callable[[Values], str] | None = None
    ) -> Scenario:
        """Return draw `index` under `seed` as a scenario of `world`."""
        values = self.sample(seed, index)
        cell = stratum(values) if stratum is not None else ""
        return Scenario.of(
            world, values, seed=seed, index=index, log_density=self.log_prob(values), stratum=cell
        )


class Many(Field):
    """A list of draws from one Space, its length drawn from `counts`."""

    def __init__(self, space: Space, counts: Choice) -> None:
        self.space, self.counts = space, counts
        self.dims = 1 + max(counts.options) * space.dims

    def draw(self, units: Sequence[float]) -> list[Values]:
        count, size = self.counts.draw(units), self.space.dims
        return [self.space.draw(units[1 + size * i : 1 + size * (i + 1)]) for i in range(count)]

    def log_prob(self, value: Any) -> float:
        return self.counts.log_prob(len(value)) + sum(map(self.space.log_prob, value))

    def locate(self, value: Any) -> list[float]:
        units = self.counts.locate(len(value)) + [unit for one in value for unit in self.space.locate(one)]
        return units + [0.5] * (self.dims - len(units))

    @property
    def mode(self) -> list[Values]:
        return [self.space.mode] * self.counts.mode

    def describe(self) -> dict[str, Any]:
        """Return the count's and the Space's description."""
        return {"kind": "many", "counts": self.counts.describe(), "space": self.space.describe()}


def _holds(field: Field, values: Values) -> bool:
    return all(values.get(name) in allowed for name, allowed in field.condition)
