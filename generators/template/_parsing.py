"""Plain data from the text of a template, in TOML or YAML."""

import tomllib
from collections.abc import Mapping, Sequence
from typing import Any

from gristmill.errors import UsageError, unknown

__all__ = ["check_names", "check_texts", "parsed", "utf8"]

_DEEPEST = 50  # lists and tables within one another


def parsed(text: str, place: str) -> Any:
    """Return what a text says, in the format that the name of its file has.

    Raises:
        UsageError: with what is wrong in it.
    """
    try:
        if not place.endswith((".yaml", ".yml")):
            return _checked(tomllib.loads(text))
        from gristmill.generators.template._yaml import read_yaml

        return _checked(read_yaml(text))
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"Expected TOML, got {error}.") from None
    except (ValueError, RecursionError) as error:  # a number of thousands of digits, lists within lists
        raise UsageError(f"Expected plain data, got what cannot be read: {error}.") from None


def utf8(content: bytes, place: str) -> str:
    """Return the text of a file.

    Raises:
        UsageError: when it is not UTF-8, with the line.
    """
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise UsageError(
            f"In {place}: Expected UTF-8, got byte 0x{content[error.start]:02x} in line {line}."
        ) from None


def check_names(entries: Any, names: Sequence[str], place: str) -> None:
    """Raise a `UsageError` when there are entries of other names."""
    if not isinstance(entries, dict):
        raise UsageError(f"{place}: expected entries by name, got {entries!r}.")
    for name in entries:
        if name not in names:
            raise UsageError(f"{place}: {unknown('entry', str(name), names)}")


def check_texts(data: Mapping[str, Any], names: Sequence[str]) -> None:
    """Raise a `UsageError` when an entry that is there is no text."""
    for name in names:
        if not isinstance(data.get(name, ""), str):
            raise UsageError(f"{name}: expected a text, got {data[name]!r}.")


def _checked(value: Any, place: str = "", depth: int = 0) -> Any:
    """Return data that were read from a file.

    Raises:
        UsageError: with the place of a number, or of lists within lists, that nothing can hold.
    """
    if depth > _DEEPEST:
        raise UsageError(
            f"{place[:80]}…: expected at most {_DEEPEST} tables and lists within one another, got more."
        )
    if isinstance(value, dict):
        for name, one in value.items():
            _checked(one, f"{place}.{name}" if place else name, depth + 1)
    elif isinstance(value, list):
        for number, one in enumerate(value):
            _checked(one, f"{place}[{number}]", depth + 1)
    elif type(value) is int and not -(2**63) <= value < 2**63:
        raise UsageError(f"{place}: expected a whole number of 64 bits, got one of {value.bit_length()}.")
    return value
