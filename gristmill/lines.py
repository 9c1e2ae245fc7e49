"""Texts and JSON lines from files that people give, with one message each for what is wrong with them."""

import codecs
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from gristmill.digest import decode, encode
from gristmill.errors import UsageError
from gristmill.files import storing, whole

__all__ = ["check_file", "check_utf8", "numbered", "read_lines", "read_text", "write_lines"]

_PIECE = 2**20  # bytes that are looked at at once
_SHOWN = 80  # characters of a line in a message


def check_file(path: Path, expected: str = "a file") -> None:
    """Look whether there is a file at `path`, which is to be what `expected` says.

    Raises:
        UsageError: when there is none.
    """
    if not path.is_file():
        there = "a folder" if path.is_dir() else "not there"
        raise UsageError(f"Expected {expected}, got {path}, which is {there}.")


def check_utf8(path: Path) -> None:
    """Look whether a file is UTF-8, a piece at a time.

    Raises:
        UsageError: with the first line that is not.
    """
    decoded: Callable[..., Any] = codecs.getincrementaldecoder("utf-8")().decode
    lines = 1
    with path.open("rb") as file:
        while True:
            piece = file.read(_PIECE)
            try:
                decoded(piece, not piece)
            except UnicodeDecodeError as error:
                lines += error.object[: error.start].count(b"\n")
                raise UsageError(
                    f"Expected UTF-8, got byte 0x{error.object[error.start]:02x} in line {lines} of {path}; "
                    "write it again as UTF-8."
                ) from None
            if not piece:
                return
            lines += piece.count(b"\n")


def read_text(path: Path, expected: str = "a text") -> str:
    """Return the text in a file.

    Raises:
        UsageError: when there is none, or it is not UTF-8.
        StoreError: when it cannot be read.
    """
    check_file(path, expected)
    with storing(path, "read"):
        check_utf8(path)
        return path.read_bytes().decode()


def read_lines(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the object on each line that is not empty.

    Raises:
        UsageError: when there is no such file, or a line is no JSON object.
        StoreError: when it cannot be read.
    """
    return (found for _, found in numbered(path))


def numbered(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield the objects as `read_lines` does, each with the number of its line, from one."""
    check_file(path, "a file of JSON lines")
    with storing(path, "read"), path.open("rb") as file:
        for number, line in enumerate(file, 1):
            if line.strip():
                yield number, _object(line, f"{path}, line {number}")


def write_lines(path: Path, lines: Iterable[Mapping[str, Any] | msgspec.Struct]) -> int:
    """Write objects as they come, one per line, and return how many; the file appears when it is whole.

    Raises:
        StoreError: when it cannot be written.
    """
    count = 0
    with whole(path) as draft, draft.open("wb") as file:
        for count, line in enumerate(lines, 1):  # noqa: B007  # the last one is returned
            file.write(encode(line) + b"\n")
    return count


def _object(line: bytes, place: str) -> dict[str, Any]:
    try:
        found = decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise UsageError(f"{place}: expected a JSON object, got {_shown(line)}: {error}.") from None
    if not isinstance(found, dict):
        raise UsageError(f"{place}: expected a JSON object, got {_shown(line)}.")
    return found


def _shown(line: bytes) -> str:
    text = "".join(char if char.isprintable() else "\ufffd" for char in line.strip().decode(errors="replace"))
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 3]}…"
