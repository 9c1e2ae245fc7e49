"""Fields of a leaf from the tables that declare them."""

from collections.abc import Mapping
from typing import Any

from gristmill.errors import UsageError, unknown
from gristmill.generators import fields as kinds
from gristmill.generators.fields import Field
from gristmill.generators.space import Space

__all__ = ["space_of"]

_KINDS: dict[str, type[Field]] = {
    name.lower(): getattr(kinds, name) for name in kinds.__all__ if name != "Field"
}


def space_of(slots: Mapping[str, Mapping[str, Any]], where: str) -> Space:
    """Return the Space of some slots, each a table with its `kind` and what that takes.

    Raises:
        UsageError: naming `where` and the slot that is wrong.
    """
    fields = {}
    for name, table in slots.items():
        try:
            fields[name] = _field(dict(table))
        except (UsageError, TypeError) as error:
            raise UsageError(f"{where}, slot {name!r}: {str(error).rstrip('.')}.") from None
    return Space(fields)


def _field(table: dict[str, Any]) -> Field:
    kind, when = table.pop("kind", "nothing"), table.pop("when", {})
    if kind not in _KINDS:
        raise unknown("kind of field", str(kind), _KINDS)
    return _KINDS[kind](**table).when(**when)
