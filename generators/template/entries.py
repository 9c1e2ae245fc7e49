"""Fields from plain data: `kind` names the class, the other entries are its arguments.

The same data come from TOML, from YAML and from Python, so what is wrong is said by the path of its entry.
"""

import inspect
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any, TypeVar

import msgspec
import pyarrow as pa

from gristmill.digest import encode
from gristmill.errors import UsageError, unknown
from gristmill.generators import fields as kinds
from gristmill.generators._columns import decoded
from gristmill.generators.expressions import Expression
from gristmill.generators.fields import Cases, Choice, Correlated, Derived, Field, Flag, Many
from gristmill.generators.kinds.placed import ROW
from gristmill.generators.space import Space

__all__ = ["KINDS", "MISSING", "check_rule", "field_of", "hidden_of", "placed_at", "space_of"]

MISSING = " is missing"  # after the name of a field: the flag that says so

KINDS: dict[str, type[Field]] = {
    name.lower(): found
    for name, found in ((one, getattr(kinds, one)) for one in kinds.__all__)
    if isinstance(found, type) and issubclass(found, Field) and found is not Field
}
T = TypeVar("T")
_NONE: Mapping[str, Any] = {}
_OF_SPACES = ("fields", "where", "correlated")
_LONGEST = 1_000  # characters of a pattern
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
    if ROW in found and any(isinstance(one, Derived | Cases) and ROW in one.reads for one in found.values()):
        raise UsageError(
            f"{place}fields.{ROW}: expected another name, since others read the number of the row by this one."
        )
    _check_cases(found, place)
    groups = data.get("correlated", [])
    if not isinstance(groups, list):
        raise UsageError(f"{place}correlated: expected a list of groups of fields, got {groups!r}.")
    coupled = [
        _built(Correlated, _table(one, f"{place}correlated", "fields and matrix"), f"{place}correlated")
        for one in groups
    ]
    where = data.get("where")
    if where is not None and not isinstance(where, str):
        raise UsageError(f"Expected an expression as text in {place}where, got {where!r}.")
    owner = place.rstrip(".") or "the template"
    return placed_at(f"{owner}: ", lambda: Space(found, where=where, correlated=coupled, inner=inner))


def field_of(entries: Mapping[str, Any], place: str, defaults: Mapping[str, Any]) -> Field:
    """Return the field that entries describe.

    Raises:
        UsageError: with the place of what is wrong.
    """
    if "kind" not in entries:
        got = ", ".join(map(str, entries)) or "nothing"
        raise UsageError(f"{place}: expected kind, the kind of the field, among its entries, got {got}.")
    kind = entries["kind"]
    if not isinstance(kind, str) or (kind not in KINDS and kind != "space"):
        raise UsageError(f"{place}: {unknown('kind', str(kind), [*KINDS, 'space'])}")
    given = {name: value for name, value in entries.items() if name not in _ABOUT_ALL}
    if kind in ("space", "many"):
        takes = [*_OF_SPACES, *(["counts"] if kind == "many" else [])]
        _check_entries(given, takes, place)
    if kind == "space":
        field: Field = space_of(given, f"{place}.", defaults)
    else:
        if kind == "many":
            given = _items(given, place, defaults)
        elif kind == "cases":
            given["cases"] = _cases(given.get("cases"), f"{place}.cases", defaults)
        field = _built(KINDS[kind], given, place, defaults)
    return field.when(**_conditions(entries["when"], f"{place}.when")) if "when" in entries else field


def hidden_of(written: Mapping[str, Any], place: str) -> Iterator[str]:
    """Yield the names of hidden fields, also of those within records."""
    for name, entries in written.items():
        if entries.get("hidden", False):
            yield place + name
        if "missing" in entries:
            yield place + name + MISSING
        inner = entries["cases"].values() if entries["kind"] == "cases" else [entries]
        for one in inner:
            if one["kind"] in ("many", "space"):
                yield from hidden_of(one["fields"], f"{place}{name}.")


def check_rule(space: Space, drawn: pa.StructArray, place: str = "") -> None:
    """Raise a `UsageError` when the constraint of a Space, or of one in it, is not true or false of what it draws."""
    if text := space.rules.get("where"):
        rule = Expression.parse(text)
        kind = rule.column({name: decoded(drawn.field(name)) for name in rule.names}, len(drawn)).type
        if not (pa.types.is_boolean(kind) or pa.types.is_null(kind)):
            raise UsageError(
                f"{place}where: expected what is true or false of a row, got {text!r}, which is {kind}."
            )
    for name, field in space.fields.items():
        if isinstance(field, Space):
            check_rule(field, drawn.field(name), f"{place}fields.{name}.")
        elif isinstance(field, Many):
            check_rule(field.space, drawn.field(name).values, f"{place}fields.{name}.")


def _conditions(given: Any, place: str) -> dict[str, Any]:
    when = _table(given, place, "values by the name of an earlier field")
    for name, values in when.items():
        some = values if isinstance(values, list) else [values]
        if not some or not all(isinstance(one, str | int | float | None) for one in some):
            raise UsageError(
                f"{place}.{name}: expected a text, a number, true, false or null, or several, got {values!r}."
            )
        if name == "self":
            raise UsageError(
                f"{place}: expected a field with another name than 'self', which Python has taken."
            )
    return dict(when)


def _check_entries(given: Mapping[str, Any], takes: Sequence[str], place: str) -> None:
    for name in given:
        if name not in takes:
            raise UsageError(f"{place}: {unknown('entry', name, [*takes, *_ABOUT_ALL])}")


def _check_cases(fields: Mapping[str, Field], place: str) -> None:
    """Refuse cases that lack one for a value that is known to come up."""
    for name, field in fields.items():
        if not isinstance(field, Cases) or "otherwise" in field.cases:
            continue
        of, others = fields.get(field.of), [one for one, _ in field.condition if one != field.of]
        if not isinstance(of, Choice) or others:
            continue
        wanted = [values for _, values in field.condition]
        for option, weight in zip(of.options, of.weights, strict=True):
            there = weight and option is not None and all(option in values for values in wanted)
            if there and _text(option) not in field.cases:
                raise UsageError(
                    f"{place}fields.{name}.cases: expected one for {field.of} {_text(option)!r}, or otherwise, got "
                    f"{', '.join(field.cases)}."
                )


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
    return {name: _case(one, f"{place}.{name}", defaults) for name, one in cases.items()}


def _case(given: Any, place: str, defaults: Mapping[str, Any]) -> Field:
    entries = _table(given, place, "a field")
    for name in ("when", "missing", "hidden"):
        if name in entries:
            raise UsageError(
                f"{place}: expected {name} at the field that has the cases, got it in one of them."
            )
    field = field_of(entries, place, defaults)
    if field.has_constraint:
        raise UsageError(f"{place}: expected where at the table, got it in a case.")
    return field


def _fields(name: str, entries: Any, place: str, defaults: Mapping[str, Any]) -> dict[str, Field]:
    """Return a field, behind a flag of its own where its values are missing at a rate."""
    given = _table(entries, place, 'kind and its arguments, such as {kind = "integer", low = 1, high = 6}')
    if name.endswith(MISSING):
        raise UsageError(f"{place}: expected another name, since {name!r} has a meaning of its own.")
    if not isinstance(given.get("hidden", False), bool):
        raise UsageError(f"{place}.hidden: expected true or false, got {given['hidden']!r}.")
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
    takes = _takes(kind)
    _check_entries(given, list(takes), place)
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
    _check_sizes(chosen, place)
    return placed_at(f"{place}: ", lambda: kind(**chosen))


@cache
def _takes(kind: type) -> Mapping[str, inspect.Parameter]:
    """Return the arguments of a kind by name."""
    return inspect.signature(kind, eval_str=True).parameters


def _check_sizes(given: Mapping[str, Any], place: str) -> None:
    """Refuse weights that do not go together, and patterns that are too long to be meant."""
    weights = given.get("weights")
    if isinstance(weights, list) and weights:
        total = sum(weights)
        if total == math.inf or any(one > 0 and one / total < 1e-300 for one in weights):
            raise UsageError(f"{place}.weights: expected numbers that can be added up, got {weights}.")
    pattern = given.get("pattern")
    if isinstance(pattern, str) and len(pattern) > _LONGEST:
        raise UsageError(f"{place}.pattern: expected at most {_LONGEST:,} characters, got {len(pattern):,}.")


def placed_at(place: str, make: Callable[[], T]) -> T:
    """Return what `make` returns; where it raises, say the place."""
    try:
        return make()
    except UsageError as error:
        raise UsageError(f"{place}{error}") from None
    except (ArithmeticError, TypeError, ValueError, RecursionError, pa.ArrowException) as error:
        raise UsageError(f"{place}expected what can be drawn, got an error: {error}.") from None


def _text(value: Any) -> str:
    return value if isinstance(value, str) else encode(value).decode()


def _table(value: Any, place: str, what: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise UsageError(f"{place}: expected {what}, got {value!r}.")
    return value
