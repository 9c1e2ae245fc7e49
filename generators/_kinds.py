"""Fields from plain data: `kind` names the class, the other entries are its arguments.

The same data come from TOML, from YAML and from Python, so what is wrong is said by the path of its entry.
"""

import inspect
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import msgspec

from gristmill.errors import UsageError, unknown
from gristmill.generators import fields as kinds
from gristmill.generators.fields import Choice, Correlated, Field, Flag
from gristmill.generators.space import Space

__all__ = ["KINDS", "MISSING", "field_of", "space_of"]

MISSING = " is missing"  # after the name of a field: the flag that says so

KINDS: dict[str, type[Field]] = {
    name.lower(): found
    for name, found in ((one, getattr(kinds, one)) for one in kinds.__all__)
    if isinstance(found, type) and issubclass(found, Field) and found is not Field
}
T = TypeVar("T")
_NONE: Mapping[str, Any] = {}
_ABOUT_ALL = ("kind", "when", "missing", "hidden")


def space_of(
    data: Mapping[str, Any], place: str, defaults: Mapping[str, Any] = _NONE, *, inner: bool = False
) -> Space:
    """Return the Space of `fields`, `where` and `correlated`.

    Args:
        data: the entries.
        place: where they stand, for messages.
        defaults: arguments that fields take unless they say otherwise, such as `locale`.
        inner: whether its fields may read what is around it.

    Raises:
        UsageError: with the place of what is wrong.
    """
    given = _table(data.get("fields"), f"{place}fields", "the fields by name")
    if not given:
        raise UsageError(f"Expected at least one field in {place or 'the template: '}fields, got none.")
    found: dict[str, Field] = {}
    for name, entries in given.items():
        found.update(_fields(name, entries, f"{place}fields.{name}", defaults))
    coupled = [
        _built(Correlated, _table(one, f"{place}correlated", "fields and matrix"), f"{place}correlated")
        for one in data.get("correlated", [])
    ]
    where = data.get("where")
    if where is not None and not isinstance(where, str):
        raise UsageError(f"Expected an expression as text in {place}where, got {where!r}.")
    return _placed(
        place or "the template: ", lambda: Space(found, where=where, correlated=coupled, inner=inner)
    )


def field_of(entries: Mapping[str, Any], place: str, defaults: Mapping[str, Any]) -> Field:
    """Return the field that entries describe.

    Raises:
        UsageError: with the place of what is wrong.
    """
    kind = entries.get("kind")
    if kind not in KINDS and kind != "space":
        raise UsageError(f"{place}: {unknown('kind', str(kind), [*KINDS, 'space'])}")
    given = {name: value for name, value in entries.items() if name not in _ABOUT_ALL}
    if kind == "space":
        field: Field = space_of(given, f"{place}.", defaults)
    else:
        if kind == "many":
            given = _items(given, place, defaults)
        elif kind == "cases":
            given["cases"] = _cases(given.get("cases"), f"{place}.cases", defaults)
        field = _built(KINDS[str(kind)], given, place, defaults)
    if "when" in entries:
        field = field.when(
            **_table(entries["when"], f"{place}.when", "values by the name of an earlier field")
        )
    return field


def _items(given: Mapping[str, Any], place: str, defaults: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments of a list of records: the Space of the records, and how many there are."""
    counts = _table(given.get("counts"), f"{place}.counts", "options and weights")
    space = {name: value for name, value in given.items() if name != "counts"}
    return {
        "space": space_of(space, f"{place}.", defaults, inner=True),
        "counts": _built(Choice, counts, f"{place}.counts"),
    }


def _cases(given: Any, place: str, defaults: Mapping[str, Any]) -> dict[str, Field]:
    cases = _table(given, place, "fields by the value of another field")
    return {
        name: field_of(_table(one, f"{place}.{name}", "a field"), f"{place}.{name}", defaults)
        for name, one in cases.items()
    }


def _fields(name: str, entries: Any, place: str, defaults: Mapping[str, Any]) -> dict[str, Field]:
    """Return a field, behind a flag of its own where its values are missing at a rate."""
    given = _table(entries, place, 'kind and its arguments, such as {kind = "integer", low = 1, high = 6}')
    field = field_of(given, place, defaults)
    if "missing" not in given:
        return {name: field}
    if "when" in given:
        raise UsageError(f"{place}: expected either when or missing, got both.")
    there = _built(Flag, {"rate": given["missing"]}, f"{place}.missing")
    return {_missing(name): there, name: field.when(**{_missing(name): False})}


def _missing(name: str) -> str:
    return name + MISSING


def _built(kind: type, given: Mapping[str, Any], place: str, defaults: Mapping[str, Any] = _NONE) -> Any:
    """Return `kind` with the arguments given, each of the type that it is annotated with."""
    takes = inspect.signature(kind, eval_str=True).parameters
    for name in given:
        if name not in takes:
            raise UsageError(f"{place}: {unknown('entry', name, [*takes, *_ABOUT_ALL])}")
    chosen = {name: value for name, value in defaults.items() if name in takes} | dict(given)
    lacking = [name for name, one in takes.items() if one.default is one.empty and name not in chosen]
    if lacking:
        raise UsageError(f"{place}: expected {', '.join(lacking)}, got nothing for it.")
    for name, value in chosen.items():
        try:
            chosen[name] = msgspec.convert(value, takes[name].annotation)
        except TypeError:  # a choice of types that the field sorts out by itself, such as a date or its text
            continue
        except msgspec.ValidationError as error:
            raise UsageError(
                f"{place}.{name}: {str(error).replace('Expected', 'expected').replace('`', '')} ({value!r})."
            ) from None
    return _placed(f"{place}: ", lambda: kind(**chosen))


def _placed(place: str, make: Callable[[], T]) -> T:
    """Return what `make` returns; where it raises, say the place."""
    try:
        return make()
    except UsageError as error:
        raise UsageError(f"{place}{error}") from None


def _table(value: Any, place: str, what: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise UsageError(f"{place}: expected {what}, got {value!r}.")
    return value
