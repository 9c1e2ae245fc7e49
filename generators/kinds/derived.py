"""Fields that follow from earlier fields of their row, wholly or in their distribution."""

import math
from collections.abc import Mapping
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from gristmill.digest import encode
from gristmill.errors import UsageError
from gristmill.generators._columns import Units, coded, decoded, plain_values
from gristmill.generators._guides import Guide
from gristmill.generators.expressions import Expression
from gristmill.generators.expressions._columns import is_number
from gristmill.generators.kinds.choices import Choice, Constant
from gristmill.generators.kinds.field import NOTHING, Field
from gristmill.generators.kinds.placed import ROW, Context, Placed

__all__ = ["Cases", "Derived"]

_MOST = 2**16 - 1  # cases, the places of which have 16 bits


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

    @property
    def derives(self) -> bool:
        return True

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

    def type_of(self, types: Mapping[str, pa.DataType]) -> pa.DataType:
        """Return the type of the values where the fields that it reads have these."""
        return self._expression.type_of(types)


class Cases(Placed):
    """A field whose distribution depends on an earlier field: a merchant of the category, an amount as usual there.

    Args:
        of: name of the earlier field.
        cases: by its values, as texts in JSON's spelling; one called `otherwise` is for all the others.

    Raises:
        UsageError: when there is no case, or one of them needs a row around it, has a condition or a constraint.
    """

    def __init__(self, of: str, cases: Mapping[str, Field]) -> None:
        if not cases or any(isinstance(case, Placed) for case in cases.values()):
            raise UsageError(f"Expected cases of {of!r} that stand for themselves, got {list(cases)}.")
        if len(cases) > _MOST:
            raise UsageError(f"Expected at most {_MOST:,} cases of {of!r}, got {len(cases):,}.")
        for name, case in cases.items():
            if case.condition or case.has_constraint:
                what = "a condition" if case.condition else "a constraint"
                raise UsageError(
                    f"Expected cases of {of!r} without {what}, got case {name!r} with one; give it to what has the cases."
                )
        self.of, self.cases = of, dict(cases)
        self.dims = max(case.dims for case in cases.values())
        self.reads = frozenset((of,))
        self._places = {name: place for place, name in enumerate(self.cases)}

    def within(self, units: Units, context: Context) -> pa.Array:
        codes = self._codes(context.columns[self.of])
        if self._table:
            # All that can be drawn in any case is looked up in one list of edges, those of case k from k to k + 1.
            guide, places, options = self._table
            unit = units[0] if self.dims else 0.0
            found = guide.places(np.minimum(codes + unit, np.nextafter(codes + 1.0, 0)))
            return coded(places[found], options)
        order = codes.argsort(kind="stable")
        ends = np.searchsorted(codes[order], np.arange(len(self.cases) + 1))
        drawn = [
            case.column(units[: case.dims, order[start:end]]) if end > start else none
            for case, none, start, end in zip(
                self.cases.values(), self._none, ends[:-1], ends[1:], strict=True
            )
        ]
        back = np.empty(len(order), np.int64)
        back[order] = np.arange(len(order))
        return pa.chunked_array(_alike(drawn)).unify_dictionaries().combine_chunks().take(pa.array(back))

    @cached_property
    def kind(self) -> pa.DataType:
        """The type of its values: that of all cases together."""
        return decoded(_alike(self._none)[0]).type

    @cached_property
    def _none(self) -> list[pa.Array]:
        """No value of each case, as a column."""
        return [case.column(np.empty((case.dims, 0))) for case in self.cases.values()]

    def _codes(self, column: pa.Array) -> NDArray[np.uint16]:
        """Return the place among the cases of each row's case, [N]; in few bits, which makes sorting them quick."""
        if not (pa.types.is_dictionary(column.type) and pa.types.is_string(column.type.value_type)):
            column = pc.dictionary_encode(decoded(column))
        names = [*plain_values(column.dictionary), *([None] if column.null_count else [])]
        places = np.array([self._place(name) for name in names], np.uint16)
        codes = column.indices.fill_null(len(names) - 1).to_numpy(zero_copy_only=False)
        for place in np.flatnonzero(places == _MOST).tolist():
            if names[place] or (codes == place).any():  # an empty text may but stand where there is nothing
                self._named(names[place])
        found: NDArray[np.uint16] = places[codes]
        return found

    def _place(self, value: Any) -> int:
        """Return the place of the case of a value, `_MOST` where there is none."""
        name = value if isinstance(value, str) and value in self._places else self._name(value)
        return _MOST if name is None else self._places[name]

    @cached_property
    def _table(self) -> tuple[Guide, NDArray[np.int32], pa.Array] | None:
        """The edges of all options of all cases, the text of each, and the texts; None if a case is no choice of texts."""
        edges, options = [], list[Any]()
        for place, case in enumerate(self.cases.values()):
            if not isinstance(case, (Choice, Constant)):
                return None
            edges.append(place + (case.edges if isinstance(case, Choice) else np.ones(1)))
            options += case.options if isinstance(case, Choice) else [case.value]
        if not all(isinstance(one, str) for one in options):
            return None
        texts = {text: place for place, text in enumerate(dict.fromkeys(options))}
        places = np.array([texts[one] for one in options], np.int32)
        return Guide(np.concatenate(edges)), places, pa.array(texts)

    def log_prob_given(self, value: Any, row: Mapping[str, Any]) -> float:
        name = self._name(row.get(self.of))
        if name is None:
            return -math.inf
        return self.cases[name].log_prob(_whole(self.cases[name], value))

    def locate_given(self, value: Any, row: Mapping[str, Any]) -> list[float]:
        case = self.cases[self._named(row.get(self.of))]
        found = case.locate(_whole(case, value))
        return found + [0.5] * (self.dims - len(found))

    def origin(self, value: Any = None, row: Mapping[str, Any] = NOTHING) -> list[float]:
        if value is not None:
            return self.locate_given(value, row)
        name = self._name(row[self.of]) if self.of in row else None
        found = self.cases[next(iter(self.cases)) if name is None else name].origin()
        return found + [0.5] * (self.dims - len(found))

    def problem(self, value: Any) -> str:
        """Return what is wrong with a value in every case."""
        problems = [case.problem(_whole(case, value)) for case in self.cases.values()]
        return problems[0] if all(problems) else ""

    def problem_given(self, value: Any, row: Mapping[str, Any]) -> str:
        if self.of not in row:  # around the Space, where it cannot be seen
            return self.problem(value)
        name = self._name(row[self.of])
        if name is None:
            return f"expected nothing where {self.of} is {row[self.of]!r}, got {value!r}"
        return self.cases[name].problem(_whole(self.cases[name], value))

    def _named(self, value: Any) -> str:
        """Return the name of the case of a value.

        Raises:
            UsageError: when there is none.
        """
        found = self._name(value)
        if found is None:
            raise UsageError(
                f"Expected a case for {self.of} {value!r}, got cases for {', '.join(self.cases)}."
            )
        return found

    def _name(self, value: Any) -> str | None:
        return next((name for name in (*_spelt(value), "otherwise") if name in self.cases), None)

    def _body(self) -> dict[str, Any]:
        return {"of": self.of, "cases": {name: case.describe() for name, case in self.cases.items()}}


def _alike(columns: list[pa.Array]) -> list[pa.Array]:
    """Return columns in one type: whole numbers beside others as those are, codes beside plain texts as texts.

    Raises:
        UsageError: when they hold what does not go into one column.
    """
    kinds = {column.type for column in columns}
    if len(kinds) == 1:
        return columns
    plain = [decoded(column) for column in columns]
    kinds = {column.type for column in plain}
    if all(map(is_number, kinds)):
        return [column.cast(pa.float64()) for column in plain]
    if len(kinds) > 1:
        raise UsageError(
            f"Expected cases with values of one type, got {' and '.join(sorted(map(str, kinds)))}."
        )
    return plain


def _whole(case: Field, value: Any) -> Any:
    """Return a value as its case draws it: a whole number, which beside other numbers in a column has decimals."""
    whole = type(value) is float and value.is_integer() and case.log_prob(value) == -math.inf
    return int(value) if whole else value


def _spelt(value: Any) -> list[str]:
    """Return what a case for a value may be called; 1 and 1.0 are one number."""
    if isinstance(value, str):
        return [value]
    if type(value) is int or (type(value) is float and value.is_integer()):
        return [f"{int(value)}", f"{int(value)}.0"]
    return [encode(value).decode()]
