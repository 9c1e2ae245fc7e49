"""Fields that follow from earlier fields of their row, wholly or in their distribution."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from gristmill.digest import encode
from gristmill.errors import UsageError
from gristmill.generators._columns import Units, decoded
from gristmill.generators._field import Field
from gristmill.generators._placed import ROW, Context, Placed
from gristmill.generators.expressions import Expression

__all__ = ["Cases", "Derived"]


class Derived(Placed):
    """What an expression over earlier fields gives; see `gristmill.generators.expressions`.

    Raises:
        UsageError: when the expression is none.
    """

    dims = 0

    def __init__(self, value: str, *, unit: str = "") -> None:
        self.value, self.unit = value, unit
        self._expression = Expression.parse(value)
        self.reads = self._expression.names

    def within(self, units: Units, context: Context) -> pa.Array:
        size = units.shape[1]
        columns = {name: decoded(context.columns[name]) for name in self.reads - {ROW}}
        if ROW in self.reads:
            if context.rows is None:
                raise UsageError(
                    f"Expected numbered rows for {self.value!r}, which reads {ROW!r}, got units alone."
                )
            columns[ROW] = pa.array(context.rows)
        return self._expression.column(columns, size)


class Cases(Placed):
    """A field whose distribution depends on an earlier field: a merchant of the category, an amount as usual there.

    Args:
        of: name of the earlier field.
        cases: by its values, as texts in JSON's spelling; one called `otherwise` is for all the others.

    Raises:
        UsageError: when there is no case, or one of them needs a row around it.
    """

    def __init__(self, of: str, cases: Mapping[str, Field]) -> None:
        if not cases or any(isinstance(case, Placed) for case in cases.values()):
            raise UsageError(f"Expected cases of {of!r} that stand for themselves, got {list(cases)}.")
        self.of, self.cases = of, dict(cases)
        self.dims = max(case.dims for case in cases.values())
        self.reads = frozenset((of,))

    def within(self, units: Units, context: Context) -> pa.Array:
        of = pc.dictionary_encode(decoded(context.columns[self.of]).cast(pa.string()))
        codes = of.indices.to_numpy(zero_copy_only=False)
        order, drawn = [], []
        for code, name in enumerate(of.dictionary.to_pylist()):
            case, held = self._case(name), np.flatnonzero(codes == code)
            drawn.append(case.column(units[: case.dims, held]))
            order.append(held)
        if not drawn:
            return next(iter(self.cases.values())).column(units[: self.dims])
        parts = pa.chunked_array(drawn).unify_dictionaries().combine_chunks()
        return parts.take(pa.array(np.argsort(np.concatenate(order))))

    def log_prob_given(self, value: Any, row: Mapping[str, Any]) -> float:
        return self._case(_text(row[self.of])).log_prob(value)

    def locate_given(self, value: Any, row: Mapping[str, Any]) -> list[float]:
        found = self._case(_text(row[self.of])).locate(value)
        return found + [0.5] * (self.dims - len(found))

    def problem(self, value: Any) -> str:
        problems = [case.problem(value) for case in self.cases.values()]
        return problems[0] if all(problems) else ""

    def _case(self, name: str | None) -> Field:
        found = self.cases.get(name or "") or self.cases.get("otherwise")
        if found is None:
            raise UsageError(
                f"Expected a case for {self.of} {name!r}, got cases for {', '.join(self.cases)}."
            )
        return found

    def _body(self) -> dict[str, Any]:
        return {"of": self.of, "cases": {name: case.describe() for name, case in self.cases.items()}}


def _text(value: Any) -> str:
    return value if isinstance(value, str) else encode(value).decode()
