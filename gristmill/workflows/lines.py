"""Files of JSON lines, read with the number of the line that is wrong, written whole or not at all."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from gristmill.digest import decode, encode
from gristmill.errors import UsageError
from gristmill.recorders._files import storing

__all__ = ["read_lines", "write_lines"]


def read_lines(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the object on each line that is not empty.

    Raises:
        UsageError: when there is no such file, or a line is no JSON object.
    """
    try:
        with path.open("rb") as file:
            for number, data in enumerate(file, 1):
                if data.strip():
                    yield _object(data, f"{path}, line {number}")
    except OSError as error:
        raise UsageError(f"Expected a file of JSON lines, got {path}: {error.strerror}.") from None


def write_lines(path: Path, lines: Iterable[Mapping[str, Any]]) -> int:
    """Write objects as they come, one per line, and return how many; the file appears when it is whole.

    Raises:
        StoreError: when it cannot be written.
    """
    draft, count = path.with_name(f".{path.name}.tmp"), 0
    with storing(path, "write"):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with draft.open("wb") as file:
                for count, line in enumerate(lines, 1):  # noqa: B007  # the last one is returned
                    file.write(encode(line) + b"\n")
            draft.replace(path)
        finally:
            draft.unlink(missing_ok=True)
    return count


def _object(data: bytes, where: str) -> dict[str, Any]:
    try:
        found = decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise UsageError(f"{where}: expected a JSON object, got something else: {error}.") from None
    if not isinstance(found, dict):
        raise UsageError(f"{where}: expected a JSON object, got {type(found).__name__}.")
    return found
