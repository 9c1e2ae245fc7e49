"""Specs, names with parameters as in `noisy?base=expert&rate=0.2`, taken apart and typed."""

import inspect
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, Literal, get_args, get_origin, get_type_hints
from urllib.parse import parse_qsl

import msgspec

from gristmill.errors import UsageError, unknown

__all__ = ["UnknownParameter", "file_of", "shown", "split", "typed"]


class UnknownParameter(UsageError):
    """A spec has a parameter that what it names does not take.

    Attributes:
        name: of the parameter.
        valid: those that there are.
    """

    def __init__(self, message: str, *, name: str = "", valid: Iterable[str] = ()) -> None:
        super().__init__(message)  # alone, since that is what an error takes along from another process
        self.name, self.valid = name, sorted(valid)

    @classmethod
    def of(cls, owner: str, name: str, valid: Iterable[str]) -> "UnknownParameter":
        """Return the error for a parameter that is not among the valid ones of `owner`."""
        names = sorted(valid)
        return cls(str(unknown("parameter", name, names, of=owner)), name=name, valid=names)


def split(spec: str) -> tuple[str, dict[str, str]]:
    """Return the name in a spec, and its parameters as they were typed.

    Raises:
        UsageError: when the parameters are not `name=value&name=value`, each once.
    """
    name, _, query = spec.partition("?")
    try:
        pairs = parse_qsl(query, keep_blank_values=True, strict_parsing=True) if query else []
    except ValueError:
        raise UsageError(
            f"Expected parameters as name=value&name=value, got {query!r} in {spec!r}."
        ) from None
    if len(dict(pairs)) < len(pairs):
        raise UsageError(f"Expected each parameter once, got {query!r} in {spec!r}.")
    return name, dict(pairs)


def file_of(name: str) -> Path | None:
    """Return the file that a name is a place in, or None for an id."""
    return Path(name[: name.rfind(".py") + 3]) if name.endswith(".py") or ".py:" in name else None


def typed(
    function: Callable[..., Any], given: Mapping[str, str], what: str, *, skip: int = 0
) -> dict[str, Any]:
    """Return the parameters as the annotations of `function` have them, `skip` leading arguments aside.

    Raises:
        UsageError: when one is unknown, missing, or of another type; `what` says whose they are.
    """
    parameters = list(inspect.signature(function).parameters.values())[skip:]
    target = function.__init__ if isinstance(function, type) else function  # type: ignore[misc]  # annotations only
    hints = get_type_hints(target, include_extras=True)
    known = {one.name for one in parameters if one.kind in (one.POSITIONAL_OR_KEYWORD, one.KEYWORD_ONLY)}
    takes_any = any(one.kind is one.VAR_KEYWORD for one in parameters)
    values: dict[str, Any] = {}
    for name, text in given.items():
        if name not in known and not takes_any:
            raise UnknownParameter.of(what, name, known)
        values[name] = _value(
            text, hints.get(name, str) if name in known else str, f"parameter {name!r} of {what}"
        )
    for one in parameters:
        if one.name in known and one.default is one.empty and one.name not in values:
            raise UsageError(
                f"Expected a value for parameter {one.name!r} of {what}, got none; write ?{one.name}=…."
            )
    return values


def _value(text: str, hint: Any, what: str) -> Any:
    """Return what was typed as an annotation has it."""
    if get_origin(hint) is Literal and text not in (names := [str(one) for one in get_args(hint)]):
        raise unknown("value", text, names, of=what)
    try:
        return msgspec.convert(text, hint, strict=False)
    except msgspec.ValidationError as error:
        raise UsageError(f"{what[:1].upper()}{what[1:]}: {error}, {text!r}.") from None


def shown(params: Mapping[str, Any]) -> str:
    """Return parameters as they stand in a call."""
    return f"({', '.join(f'{name}={value!r}' for name, value in params.items())})"
