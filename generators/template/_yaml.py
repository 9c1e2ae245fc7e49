"""YAML as it reads: what version 1.2 takes for booleans and numbers, and nothing that stands for something else.

`no` and `2024-02-30` are texts, `010` is ten, names are the texts that are written, and a name that is there twice, an alias
or a tag is an error, where PyYAML, which keeps to version 1.1, has one of the two, or many copies.
"""

import re
from typing import Any, ClassVar

import yaml

from gristmill.errors import UsageError

__all__ = ["read_yaml"]

# The core schema of the YAML Ain't Markup Language specification, version 1.2, section 10.3.
_PLAIN = {
    "null": (r"~|null|Null|NULL|", "~nN\0"),
    "bool": (r"true|True|TRUE|false|False|FALSE", "tTfF"),
    "int": (r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+", "-+0123456789"),
    "float": (
        r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)",
        "-+.0123456789",
    ),
}
_TAG = "tag:yaml.org,2002:"


class _Loader(yaml.SafeLoader):  # type: ignore[misc]  # without types
    yaml_implicit_resolvers: ClassVar[dict[str, Any]] = {}  # not those of version 1.1

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.AliasEvent):
            raise _wrong(self.peek_event(), "no aliases; write it out")
        event = self.peek_event()
        if getattr(event, "tag", None) is not None:
            raise _wrong(event, f"no tags, got {event.tag}")
        return super().compose_node(parent, index)

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise _wrong(key, "a text as a name")
            if key.value in found:
                raise _wrong(key, f"different names, got {key.value!r} twice")
            found[key.value] = self.construct_object(value, deep=True)
        return found

    def whole_number(self, node: Any) -> int:
        text = node.value
        base = {"0o": 8, "0x": 16}.get(text[:2], 10)
        return int(text[2:] if base != 10 else text, base)


for _kind, (_pattern, _first) in _PLAIN.items():
    _Loader.add_implicit_resolver(
        _TAG + _kind, re.compile(f"^(?:{_pattern})$"), ["" if one == "\0" else one for one in _first]
    )
_Loader.add_constructor(f"{_TAG}int", _Loader.whole_number)
_Loader.add_constructor(f"{_TAG}map", lambda loader, node: loader.construct_mapping(node))


def read_yaml(text: str) -> Any:
    """Return what a text says.

    Raises:
        UsageError: with the line of what is wrong in it.
    """
    try:
        return yaml.load(text, _Loader)  # a safe loader
    except yaml.YAMLError as error:
        raise UsageError(f"Expected YAML, got {' '.join(str(error).split())}.") from None


def _wrong(at: Any, expected: str) -> UsageError:
    return UsageError(f"Line {at.start_mark.line + 1}: expected {expected}.")
