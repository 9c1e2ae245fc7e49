"""Constraints that are expressions: which rows are legal."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from gristmill.errors import UsageError
from gristmill.generators._columns import decoded
from gristmill.generators._plan import Plan
from gristmill.generators.expressions import Expression

__all__ = ["Rule"]


class Rule:
    """An expression over the fields of a row that is true of the legal ones.

    Args:
        text: of the expression.
        plan: of the fields that it reads.

    Attributes:
        names: of those fields.

    Raises:
        UsageError: when it is no expression, or reads what is not drawn.
    """

    def __init__(self, text: str, plan: Plan) -> None:
        self._expression, self._plan = Expression.parse(text), plan
        self.text, self.names = self._expression.text, self._expression.names
        for name in sorted(self.names - plan.fields.keys()):
            raise UsageError(
                f"The constraint depends on {name!r}; expected one of the fields {list(plan.fields)}."
            )
        for name in sorted(self.names):
            if plan.follows(name):
                raise UsageError(
                    f"Expected a constraint on what is drawn, got {name!r}, which follows from the number of the row and "
                    "is the same however often it is drawn."
                )

    def meets(self, rows: Sequence[Mapping[str, Any]]) -> NDArray[np.bool_]:
        """Return of which rows it is true, [N]."""
        columns = {name: self._plan.typed(name, [row.get(name) for row in rows]) for name in self.names}
        if all(column is not None for column in columns.values()):
            return self._true(columns, len(rows))
        alone = [{name: self._plan.typed_alone(name, row.get(name)) for name in self.names} for row in rows]
        return np.array([self._true(one, 1)[0] for one in alone], bool)

    def meets_column(self, drawn: pa.StructArray) -> NDArray[np.bool_]:
        """Return of which records of a column it is true, [N]."""
        return self._true({name: decoded(drawn.field(name)) for name in self.names}, len(drawn))

    def _true(self, read: Mapping[str, pa.Array], rows: int) -> NDArray[np.bool_]:
        column = self._expression.column(read, rows)
        if column.type not in (pa.bool_(), pa.null()):
            raise UsageError(
                f"Expected a constraint that is true or false, got {self.text!r}, which gives {column.type}."
            )
        found: NDArray[np.bool_] = column.cast(pa.bool_()).fill_null(False).to_numpy(zero_copy_only=False)
        return found
