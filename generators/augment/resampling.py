"""Scenarios like another one: chosen fields are drawn again, and the rest stays as it is."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from gristmill.errors import UsageError, unknown
from gristmill.generators.fields import Field, Many
from gristmill.generators.space import Space

__all__ = ["check_fields", "resampled"]

Values = dict[str, Any]
_TRIES = 1_000


def check_fields(space: Space, fields: Sequence[str]) -> None:
    """Look whether a space has all fields of some names; those of an inner space are named as in `requests.item`.

    Raises:
        UsageError: when it has not, or there are none.
    """
    if not fields:
        raise UsageError(f"Expected fields to draw again, got none. Valid: {', '.join(space.fields)}.")
    for path in fields:
        here: Field | None = space
        of = ""
        for name in path.split("."):
            inner = _inner(here)
            if inner is None or name not in inner.fields:
                raise unknown(
                    "field", path, [f"{of}{one}" for one in (inner.fields if inner else ())], of="the space"
                )
            here, of = inner.fields[name], f"{of}{name}."


def resampled(space: Space, values: Values, fields: Sequence[str], seed: int) -> Values | None:
    """Return legal values that differ in the chosen fields alone, and in what exists or not because of them.

    Args:
        space: whose distribution they come from, given the rest.
        values: of which they are like.
        fields: names of fields, see `check_fields`.
        seed: of the draw.

    Returns:
        The values; None when a thousand draws in a row are not legal together with the rest, or are the same again.
    """
    # Drawn without the constraint, of which only what comes out may know: else what goes with few others is rare.
    whole = _unrestricted(space)
    for index in range(_TRIES):
        drawn = whole.sample(seed, index, name="resample")
        found = _merged(space, values, drawn, fields)
        if found is not None and found != values and not space.problem(found):
            return found
    return None


def _unrestricted(space: Space) -> Space:
    """Return a space without its constraint, nor those of the spaces within."""
    if not space.has_constraint:
        return space
    fields = {name: _free(field).when(**dict(field.condition)) for name, field in space.fields.items()}
    return Space(fields, correlated=space.correlated, inner=bool(space.outside))


def _free(field: Field) -> Field:
    if isinstance(field, Many):
        return Many(_unrestricted(field.space), field.counts)
    return _unrestricted(field) if isinstance(field, Space) else field


def _merged(
    space: Space, old: Mapping[str, Any], drawn: Mapping[str, Any], fields: Collection[str]
) -> Values | None:
    """Return old values with the chosen ones as they are drawn; None where what is needed was not drawn."""
    found: Values = {}
    for name, field in space.fields.items():
        if not all(found.get(one) in allowed for one, allowed in field.condition):
            continue
        inside = [path.partition(".")[2] for path in fields if path.startswith(f"{name}.")]
        if name in old and name not in fields and not inside:
            found[name] = old[name]
        elif name not in drawn:
            return None
        elif name not in old or name in fields:
            found[name] = drawn[name]
        else:
            within = _within(field, old[name], drawn[name], inside)
            if within is None:
                return None
            found[name] = within
    return found


def _within(field: Field, old: Any, drawn: Any, fields: Sequence[str]) -> Any:
    """Return the merged values of an inner space, or of each of many."""
    inner = _inner(field)
    assert inner is not None  # `check_fields` has seen to it
    if isinstance(old, dict):
        return _merged(inner, old, drawn, fields)
    if not drawn:
        return None if old else []
    several = [_merged(inner, one, drawn[place % len(drawn)], fields) for place, one in enumerate(old)]
    return None if None in several else several


def _inner(field: Field | None) -> Space | None:
    if isinstance(field, Many):
        return field.space
    return field if isinstance(field, Space) else None
