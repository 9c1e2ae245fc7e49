"""A Space some of whose fields have been fixed: what it draws is distributed as in the whole Space, given those values."""

import math
from collections.abc import Mapping
from typing import Any

from gristmill.errors import UsageError, unknown
from gristmill.generators.fields import Choice, Field, Many
from gristmill.generators.kinds.placed import placed
from gristmill.generators.space import Space

__all__ = ["conditioned"]


def conditioned(space: Space, fix: Mapping[str, Any]) -> Space:
    """Return `space` given the values of some fields.

    Args:
        space: fields that are drawn independently, constraints aside.
        fix: a value, or a list of those that are allowed, by name of the field. Of a list of draws, the name itself
            stands for their number, and `requests.intent` for a field of each of them.

    Raises:
        UsageError: when a field does not exist, never has a value, or is not drawn by itself.
    """
    given: dict[str, dict[str, Any]] = {}
    for path, value in fix.items():
        name, _, rest = path.partition(".")
        if name not in space.fields:
            raise unknown("field", name, space.fields)
        given.setdefault(name, {})[rest] = value
    fixed = {name for name in given if not isinstance(space.fields[name], (Space, Many)) or "" in given[name]}
    for name in sorted(fixed):
        _check_alone(name, space)
    fields: dict[str, Field] = {}
    for name, field in space.fields.items():
        made = _given(name, field, given.get(name, {}))
        condition = {
            one: [value for value in allowed if _can_be(fields.get(one), value)]
            for one, allowed in field.condition
            if one in fields or None not in allowed  # else what never exists is as it should be
        }
        if all(condition.values()):  # else the field never exists
            fields[name] = made.when(**condition)
    return Space(fields, where=space.legal, correlated=space.correlated, inner=bool(space.outside))


def _check_alone(name: str, space: Space) -> None:
    """Look whether a field is drawn by itself, and no other depends on how it is drawn.

    Raises:
        UsageError: when its values follow from others, or are correlated with them.
    """
    others = [
        one for group in space.correlated if name in group.fields for one in group.fields if one != name
    ]
    if others or placed(space.fields[name]):
        why = f"is correlated with {', '.join(others)}" if others else "follows from what is around it"
        raise UsageError(f"Expected a field that is drawn independently, got {name!r}, which {why}.")


def _can_be(field: Field | None, value: Any) -> bool:
    return field is not None and (not field.problem(value) or (value is None and bool(field.condition)))


def _given(name: str, field: Field, inner: dict[str, Any]) -> Field:
    """Return a field given its own value or those of fields within it; its condition is left to others."""
    if not inner:
        return field
    whole = inner.pop("", None)
    made: Field
    if isinstance(field, Many):
        counts = field.counts if whole is None else _narrowed(name, field.counts, whole)
        made = Many(conditioned(field.space, inner), counts)
    elif isinstance(field, Space) and whole is None:
        made = conditioned(field, inner)
    elif inner:
        raise UsageError(
            f"Expected a field of draws for {name}.{next(iter(inner))}, got {name!r}, which has no fields."
        )
    else:
        made = _narrowed(name, field, whole)
    return made


def _narrowed(name: str, field: Field, wanted: Any) -> Choice:
    """Return the wanted values of a field, each as likely among them as before."""
    values = wanted if isinstance(wanted, list) else [wanted]
    for value in values:
        if problem := field.problem(value):
            raise UsageError(f"Field {name!r}: {problem}.")
    return Choice(values, [math.exp(field.log_prob(value)) for value in values])
