"""Conditions: under which values of earlier fields a field exists."""

from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from gristmill.generators._columns import arrow, decoded

__all__ = ["Condition", "held", "holds", "mask"]

# Names of fields, and the values that each may have; None is one that is not there, as in an expression.
Condition = tuple[tuple[str, frozenset[Any]], ...]
_UNHASHABLE = (list, dict)


def holds(condition: Condition, values: Mapping[str, Any]) -> bool:
    """Return whether a condition holds for the values of a row."""
    for name, allowed in condition:  # a plain loop, since it runs for every field of every draw
        value = values.get(name)
        if type(value) in _UNHASHABLE or value not in allowed:
            return False
    return True


def held(condition: Condition, rows: Sequence[Mapping[str, Any]]) -> list[int]:
    """Return the places of the rows that a condition holds for."""
    found = list(range(len(rows)))
    for name, allowed in condition:
        try:
            found = [place for place in found if rows[place].get(name) in allowed]
        except TypeError:  # a list or a dict among the values has no hash
            found = [place for place in found if holds(((name, allowed),), rows[place])]
    return found


def mask(condition: Condition, columns: Mapping[str, pa.Array]) -> pa.BooleanArray | None:
    """Return in which rows a condition holds, None where that is all of them."""
    found = None
    for name, allowed in condition:
        plain = decoded(columns[name])
        one = pc.is_in(plain, arrow(sorted(allowed, key=repr)).cast(plain.type)).fill_null(False)
        found = one if found is None else pc.and_(found, one)
    return found
