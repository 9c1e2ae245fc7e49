"""TOML files: read with the place of what is wrong, and a small writer, for the standard library has none."""

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gristmill.digest import encode
from gristmill.errors import UsageError
from gristmill.lines import read_text

__all__ = ["read_toml", "written"]

_BARE = re.compile(r"[A-Za-z0-9_-]+")
_WIDE = 110  # characters of a line, beyond which a list has an item on each


def read_toml(path: Path, expected: str = "a TOML file") -> dict[str, Any]:
    """Return what a file of TOML in UTF-8 says.

    Args:
        path: the file.
        expected: what it is to be, in words.

    Raises:
        UsageError: when it is not there, or with the line and the column of what is wrong in it.
        StoreError: when it cannot be read.
    """
    try:
        return tomllib.loads(read_text(path, expected))
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"{path}: expected TOML, got something else: {error}.") from None


def written(data: Mapping[str, Any]) -> str:
    """Return plain data as TOML, values before tables, which have heads of their own where a line is too short for them.

    Raises:
        UsageError: when TOML cannot say it, as null.
    """
    return "\n\n".join(_sections(data, ())) + "\n"


def _sections(entries: Mapping[str, Any], path: tuple[str, ...]) -> list[str]:
    """Return the entries of a table and then the tables in it, keys of either kind in the order given."""
    heads = [name for name, one in entries.items() if _has_head(name, one, len(path))]
    lines = _lines({name: one for name, one in entries.items() if name not in heads})
    parts = ["\n".join([f"[{'.'.join(path)}]", *lines] if path and (lines or not heads) else lines)]
    for name in heads:
        place, one = (*path, _key(name)), entries[name]
        if isinstance(one, Mapping):
            parts += _sections(one, place)
        else:
            parts += ["\n".join([f"[[{'.'.join(place)}]]", *_lines(item)]) for item in one]
    return [part for part in parts if part]


def _lines(entries: Mapping[str, Any]) -> list[str]:
    return [f"{_key(name)} = {_value(one, name)}" for name, one in entries.items()]


def _has_head(name: str, one: Any, depth: int) -> bool:
    """Return whether a value is a table with a head of its own."""
    if isinstance(one, list):
        return depth == 0 and bool(one) and all(isinstance(item, Mapping) for item in one)
    if not isinstance(one, Mapping) or not one:
        return False
    if depth < 2 and (depth or all(isinstance(item, Mapping) for item in one.values())):
        return True
    text = _value(one)
    return "\n" in text or len(_key(name)) + len(text) + 3 > _WIDE


def _key(name: str) -> str:
    return name if _BARE.fullmatch(name) else _text(name)


def _value(value: Any, name: str = "") -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return {"inf": "inf", "-inf": "-inf"}.get(repr(value), repr(value))
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, list | tuple):
        return _list([_value(one) for one in value], name)
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{_key(key)} = {_value(one)}" for key, one in value.items()) + " }"
    raise UsageError(f"Expected plain data, got {value!r}, which TOML cannot say.")


def _list(items: list[str], name: str) -> str:
    line = f"[{', '.join(items)}]"
    if len(name) + len(line) + 3 <= _WIDE:
        return line
    lines = [""]
    for item in items:
        if lines[-1] and len(lines[-1]) + len(item) + 4 > _WIDE:
            lines.append("")
        lines[-1] += f" {item}," if lines[-1] else f"  {item},"
    return "\n".join(["[", *lines, "]"])


def _text(value: str) -> str:
    """Return a basic string: as JSON has it, but that TOML allows no DEL in it."""
    return encode(value).decode().replace("\x7f", "\\u007f")
