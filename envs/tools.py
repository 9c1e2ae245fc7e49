"""Tools: typed methods that seats may call, with the JSON Schema taken from the signature and docstring."""

import inspect
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, TypeVar, get_type_hints, overload

import msgspec
from msgspec.structs import asdict

from gristmill.errors import PluginError, ToolError

__all__ = ["Tool", "collect_tools", "tool"]

F = TypeVar("F", bound=Callable[..., Any])

_MARK = "gristmill_tool"


class Tool:
    """One callable tool.

    Attributes:
        name: the method's name.
        seat: who may call it; empty for the world's default, `*` for every seat.
        mutates: whether a call may change the state.
        ends: whether a call ends the episode, unless the tool refuses it.
        public: whether every seat sees the call, and the turn passes on with it, as with what is said.
        schema: its description in the form of OpenAI's `tools`.
    """

    def __init__(
        self,
        function: Callable[..., Any],
        owner: object,
        *,
        seat: str,
        mutates: bool,
        ends: bool,
        public: bool,
    ) -> None:
        self.name = function.__name__
        self.seat, self.mutates, self.ends, self.public = seat, mutates, ends, public
        self._call: Callable[..., Any] = getattr(owner, self.name)
        self._args = _struct(function)
        self.schema = _schema(function)

    def check(self, args: Mapping[str, Any]) -> dict[str, Any]:
        """Return the arguments with their types checked and defaults filled in.

        Raises:
            ToolError: when an argument is missing, unknown or of the wrong type.
        """
        try:
            checked = msgspec.convert(args, self._args)
        except msgspec.ValidationError as error:
            raise ToolError(f"{self.name}: {error}; expected {_wants(self.schema)}") from None
        return asdict(checked)

    def __call__(self, args: Mapping[str, Any]) -> Any:
        """Call the tool with arguments that `check` returned.

        Raises:
            ToolError: when the tool refuses.
        """
        return self._call(**args)


@overload
def tool(function: F, /) -> F: ...
@overload
def tool(
    *, seat: str = "", mutates: bool = False, ends: bool = False, public: bool = False
) -> Callable[[F], F]: ...
def tool(
    function: F | None = None,
    /,
    *,
    seat: str = "",
    mutates: bool = False,
    ends: bool = False,
    public: bool = False,
) -> F | Callable[[F], F]:
    """Mark a method as a tool; see `Tool` for the options."""

    def mark(method: F) -> F:
        setattr(method, _MARK, {"seat": seat, "mutates": mutates, "ends": ends, "public": public})
        return method

    return mark(function) if function is not None else mark


def collect_tools(owner: object) -> dict[str, Tool]:
    """Return the marked methods of `owner` by name, in the order of definition, base classes first."""
    kind: Any = type(owner)  # mypy does not see that a class can be hashed
    return {name: Tool(method, owner, **getattr(method, _MARK)) for name, method in _marked(kind).items()}


def _wants(schema: dict[str, Any]) -> str:
    """Return the arguments of a tool with their types or choices, as whoever got them wrong needs to read it."""
    properties: dict[str, Any] = schema["function"]["parameters"].get("properties", {})
    kinds = {
        name: " | ".join(map(str, one["enum"])) if "enum" in one else one.get("type", "")
        for name, one in properties.items()
    }
    return ", ".join(f"{name}: {kind}" if kind else name for name, kind in kinds.items()) or "no arguments"


# A loop builds worlds per chunk of scenarios, and what is known of a class or a method does not change.
@cache
def _marked(kind: type) -> dict[str, Callable[..., Any]]:
    return {
        name: method
        for base in reversed(kind.__mro__)
        for name, method in vars(base).items()
        if hasattr(method, _MARK)
    }


@cache
def _struct(function: Callable[..., Any]) -> type[msgspec.Struct]:
    try:
        hints = get_type_hints(function, include_extras=True)
    except (NameError, TypeError) as error:
        raise PluginError(
            f"Tool {function.__qualname__}: expected types that can be resolved, got {error}."
        ) from None
    fields: list[Any] = []
    for name, parameter in list(inspect.signature(function).parameters.items())[1:]:
        if name not in hints:
            raise PluginError(
                f"Tool {function.__qualname__}: expected a type for argument {name!r}, got none."
            )
        if parameter.kind not in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY):
            raise PluginError(f"Tool {function.__qualname__}: expected named arguments, got {parameter}.")
        default = () if parameter.default is parameter.empty else (parameter.default,)
        fields.append((name, hints[name], *default))
    return msgspec.defstruct(function.__name__, fields, forbid_unknown_fields=True, kw_only=True)


@cache
def _schema(function: Callable[..., Any]) -> dict[str, Any]:
    return {
        "type": "function",
        "function": {
            "name": function.__name__,
            "description": inspect.cleandoc(function.__doc__ or ""),
            "parameters": _parameters(_struct(function)),
        },
    }


def _parameters(args: type[msgspec.Struct]) -> dict[str, Any]:
    try:
        _, parts = msgspec.json.schema_components([args])
    except TypeError as error:
        raise PluginError(
            f"Tool {args.__name__}: expected arguments of types that JSON can say, got {error}."
        ) from None
    schema = dict(parts.pop(args.__name__))
    schema.pop("title", None)
    if parts:
        schema["$defs"] = parts
    return schema
