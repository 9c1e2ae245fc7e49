"""Fields whose values depend on what is around them: the other fields of the row, its number, other tables."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, TypeGuard

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from gristmill.errors import UsageError
from gristmill.generators._columns import Units
from gristmill.generators.kinds.field import NOTHING, Field

__all__ = ["ROW", "Context", "Placed", "Records", "placed"]

ROW = "row"  # the name under which expressions read the number of the row
Records = Callable[[str, Sequence[str], NDArray[np.float64]], pa.StructArray]


class Context(NamedTuple):
    """What is known of the rows while they are drawn.

    Attributes:
        columns: the fields that were drawn before, by name, [N] each.
        rows: the numbers of the rows, [N]; None where values are made from units alone.
        seed: of the stream that the rows are drawn from.
        records: gives the rows of another table at units, [N], with the fields that are named.
        name: of the field that is drawn.
    """

    columns: Mapping[str, pa.Array]
    rows: NDArray[np.int64] | None = None
    seed: int = 0
    records: Records | None = None
    name: str = ""


class Placed(Field):
    """A field whose values depend on what is around them; a Space draws it with `within`.

    Attributes:
        reads: names of the earlier fields that it needs, `row` among them where it needs the number of the row.
        alone: whether it needs nothing around it after all.
    """

    reads: frozenset[str] = frozenset()
    alone = False

    def within(self, units: Units, context: Context) -> pa.Array:
        """Return the values at `units`, [dims, N], of the rows that `context` tells of."""
        raise NotImplementedError

    def where(self, units: Units, context: Context, there: pa.BooleanArray | None) -> pa.Array:
        """Return the values of the rows in which the field exists, null in the others."""
        if there is None:
            return self.within(units, context)
        held = there.to_numpy(zero_copy_only=False)
        columns = {name: context.columns[name].filter(there) for name in self.reads - {ROW}}
        rows = None if context.rows is None else context.rows[held]
        drawn = self.within(units[:, held], context._replace(columns=columns, rows=rows))
        return drawn.take(pa.array(np.cumsum(held) - 1, mask=~held))

    def column(self, units: Units) -> pa.Array:
        raise UsageError(f"Expected {self._expected()} as a field of a space, got it by itself.")

    def log_prob(self, value: Any) -> float:
        # What it follows from has been counted; whether it does follow is for the Space to say.
        return 0.0

    def locate(self, value: Any) -> list[float]:
        return [0.5] * self.dims

    def origin(self, value: Any = None, row: Mapping[str, Any] = NOTHING) -> list[float]:
        return [0.5] * self.dims if value is None else self.locate_given(value, row)

    @property
    def mode(self) -> Any:
        return self.column(np.zeros((self.dims, 1)))

    def _body(self) -> dict[str, Any]:
        return {name: value for name, value in super()._body().items() if name != "reads"}


def placed(field: Field) -> TypeGuard[Placed]:
    """Return whether the values of a field depend on what is around them."""
    return isinstance(field, Placed) and not field.alone
