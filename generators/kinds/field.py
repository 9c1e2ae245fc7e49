"""What every field is, and how the values of fields are compared and written."""

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from copy import copy, deepcopy
from datetime import date
from typing import TYPE_CHECKING, Any, NamedTuple, Self

import numpy as np
import pyarrow as pa

from gristmill.digest import decode, encode
from gristmill.errors import UsageError
from gristmill.generators._columns import Units, arrow, plain_values

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

__all__ = ["CELLS", "NOTHING", "Field", "List", "copied", "plain", "same", "short"]

NOTHING: Mapping[str, Any] = {}  # around a value, for what has no row
CELLS = 2**52  # more values than this have no unit of their own


class List(NamedTuple):
    """Where a list of records has its units.

    Attributes:
        place: of the unit that says how many records there are.
        count: from that unit to how many.
        size: units of a record; those of the first follow that place.
        most: records.
    """

    place: int
    count: Callable[[float], int]
    size: int
    most: int


class Field(ABC):
    """A typed parameter with a nominal distribution.

    Attributes:
        dims: how many uniform numbers one draw takes.
        unit: of the value, in words; empty for pure numbers and names.
        condition: names of earlier fields and the values under which this field exists.
    """

    dims = 1
    unit = ""
    condition: tuple[tuple[str, frozenset[Any]], ...] = ()

    def __repr__(self) -> str:
        given = {
            name: value
            for name, value in vars(self).items()
            if not name.startswith("_") and value not in ("", ())
        }
        return (
            f"{type(self).__name__}({', '.join(f'{name}={short(value)}' for name, value in given.items())})"
        )

    @abstractmethod
    def column(self, units: Units) -> pa.Array:
        """Return the values at `units`, [dims, N] numbers in [0, 1), as a column of N rows."""

    def values(self, units: Units) -> list[Any]:
        """Return the values at `units`, [dims, N], as plain data."""
        return plain_values(self.column(units))

    def draw(self, units: Sequence[float]) -> Any:
        """Return the value at `units`, `dims` numbers in [0, 1)."""
        return self.values(np.array(units, float).reshape(self.dims, 1))[0]

    def strategy(self) -> "SearchStrategy[Any]":
        """Return a Hypothesis strategy of legal values, drawn as `draw` would, which shrink towards the mode."""
        from gristmill.generators._strategies import strategy

        drawn = strategy(lambda units, _: self.draw(units), self.origin(), rows=1, lists=self.lists)
        return drawn.filter(self.legal)

    @abstractmethod
    def log_prob(self, value: Any) -> float:
        """Return the log-density at `value`: minus infinity outside the support and for a value of another type."""

    @abstractmethod
    def locate(self, value: Any) -> list[float]:
        """Return units that `draw` maps to `value`; the centre of its cell where there are many.

        Raises:
            UsageError: when `draw` never gives `value`.
        """

    def log_prob_given(self, value: Any, row: Mapping[str, Any]) -> float:
        """Return the log-density of `value` beside the other values of its row."""
        return self.log_prob(value)

    def locate_given(self, value: Any, row: Mapping[str, Any]) -> list[float]:
        """Return units that lead to `value` in its row."""
        return self.locate(value)

    def origin(self, value: Any = None, row: Mapping[str, Any] = NOTHING) -> list[float]:
        """Return units from which a strategy goes to others: those of `value`, and those of a mode where there is none."""
        return self.locate(self.mode) if value is None else self.locate_given(value, row)

    @property
    def lists(self) -> "list[List]":
        """The lists of records that have units of their own for each record."""
        return []

    @property
    @abstractmethod
    def mode(self) -> Any:
        """The most likely value."""

    @property
    def even(self) -> float | None:
        """The log-density of every value that can be drawn, None where some are likelier than others."""
        return None

    @property
    def labels(self) -> list[str]:
        """The name of each unit within the field, by which its stream is told from the others."""
        return [str(place) for place in range(self.dims)]

    @property
    def has_constraint(self) -> bool:
        """Whether some drawn values may break a constraint inside them."""
        return False

    def legal(self, value: Any) -> bool:
        """Return whether a drawn value meets every constraint inside it."""
        return True

    def problem(self, value: Any) -> str:
        """Return what is wrong with a value in words, empty when it is in the support."""
        if self.log_prob(value) > -math.inf:
            return ""
        return f"expected {self._expected()}, got {short(value)}"

    def surely(self, values: Sequence[Any]) -> bool:
        """Return whether all of some values are in the support, as far as a quick look can tell."""
        return False

    def problem_given(self, value: Any, row: Mapping[str, Any]) -> str:
        """Return what is wrong with `value` beside the other values of its row."""
        return self.problem(value)

    @property
    def derives(self) -> bool:
        """Whether some of what is in a value has to follow from the rest of it."""
        return False

    def checked(self, value: Any, around: Mapping[str, pa.Array]) -> tuple[str, pa.Array]:
        """Return what inside a value does not follow from the rest as it should, and the value as a column.

        Args:
            value: in the support.
            around: the earlier fields of its row, columns of one row.
        """
        return "", arrow([value])

    def describe(self) -> dict[str, Any]:
        """Return kind, parameters, unit and condition as plain data."""
        when = {name: sorted(values, key=repr) for name, values in self.condition}
        return {"kind": type(self).__name__.lower(), **self._body(), **({"when": when} if when else {})}

    def when(self, /, **values: Any) -> Self:
        """Return this field, existing only where each named earlier field has the value, or a value, given.

        None among them stands for a field that is not there or has nothing.

        Raises:
            UsageError: when there is no value, or one is a list or an object.
        """
        conditional = copy(self)
        conditional.condition = tuple((name, _allowed(name, given)) for name, given in values.items())
        return conditional

    def _body(self) -> dict[str, Any]:
        return {
            name: value
            for name, value in vars(self).items()
            if not name.startswith("_") and name != "condition"
        }

    def _expected(self) -> str:
        limits = [f"{key} {short(value)}" for key, value in self._body().items() if value != ""]
        return " ".join([type(self).__name__.lower(), *limits])

    def _outside(self, value: Any) -> UsageError:
        return UsageError(f"Expected {self._expected()}, got {short(value)}.")


def _allowed(name: str, given: Any) -> frozenset[Any]:
    """Return the values of a condition, dates as fields draw them."""
    several = given if isinstance(given, (set, frozenset, tuple, list)) else [given]
    if not several:
        raise UsageError(f"Expected at least one value of {name!r} in a condition, got none.")
    try:
        return frozenset(one.isoformat() if isinstance(one, date) else one for one in several)
    except TypeError:
        raise UsageError(
            f"Expected texts, numbers, true, false or None as values of {name!r} in a condition, got {short(several)}."
        ) from None


def same(one: Any, other: Any) -> bool:
    """Return whether two plain values are equal; 1 is not True."""
    return bool(one == other) and isinstance(one, bool) == isinstance(other, bool)


def plain(value: Any) -> Any:
    """Return `value` if it survives being written as JSON and read again.

    Raises:
        UsageError: when it does not, as a tuple does not.
    """
    try:
        back = decode(encode(value))
    except (TypeError, ValueError, RecursionError):
        back = None
    if back != value or type(back) is not type(value):
        raise UsageError(f"Expected plain JSON data, got {short(value)} ({type(value).__name__}).")
    return value


def copied(value: Any) -> Any:
    """Return a plain value that shares nothing with the one given."""
    return deepcopy(value) if isinstance(value, (list, dict)) else value


def short(value: Any) -> str:
    """Return a value as messages show it: cut off where it is long."""
    text = repr(value)
    return text if len(text) <= 120 else text[:117] + "..."
