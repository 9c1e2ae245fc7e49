"""Files that appear whole or not at all, and survive a power loss once they are there."""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from fcntl import LOCK_EX, LOCK_NB, flock
from pathlib import Path
from types import TracebackType
from typing import BinaryIO

from gristmill.errors import StoreError

__all__ = ["storing", "sync_folder", "sync_tree", "whole", "write_whole"]


class storing:  # read as a statement: `with storing(path, "read"):`
    """Turn any `OSError` of the block into a `StoreError` that says what was being done to which file.

    A class, since recording enters it three times per write and a generator would cost three times as much.
    """

    __slots__ = ("_doing", "_path")

    def __init__(self, path: Path, doing: str) -> None:
        self._path = path
        self._doing = doing

    def __enter__(self) -> None:
        return None

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if not isinstance(error, OSError):
            return
        reason = error.strerror or str(error)
        if isinstance(error, FileExistsError | NotADirectoryError):
            hint = "A file is where a folder has to be; choose another place."
        else:
            hint = (
                "Check that the disk has space and that the folder is writable; "
                "what was there before is safe."
            )
        raise StoreError(f"Could not {self._doing} {self._path}: {reason}. {hint}") from error


@contextmanager
def whole(path: Path) -> Iterator[Path]:
    """Yield the path to write to in place of `path`, which has the new content once the block ends and the old one until then.

    Of several writers at once the last to end wins. What a killed one has left beside the file the next one writes over.

    Raises:
        StoreError: when it cannot be written.
    """
    with storing(path, "write"):
        path.parent.mkdir(parents=True, exist_ok=True)
        draft, held = _draft(path)
        with held:
            try:
                yield draft
                _sync(draft)
                draft.replace(path)
            except BaseException:  # an interrupt too
                with suppress(OSError):
                    draft.unlink()
                raise
        sync_folder(path.parent)


def write_whole(path: Path, data: bytes) -> None:
    """Write a file so that a reader sees either nothing, or what was there before, or all of it.

    Raises:
        StoreError: when it cannot be written.
    """
    with whole(path) as draft:
        draft.write_bytes(data)


def sync_folder(path: Path) -> None:
    """Make renames and new names in a folder survive a power loss."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_tree(folder: Path) -> None:
    """Make all that is in a folder survive a power loss."""
    for path in [*folder.rglob("*"), folder]:
        if path.is_dir():
            sync_folder(path)
        else:
            _sync(path)


def _sync(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())


def _draft(path: Path) -> tuple[Path, BinaryIO]:
    """Return a file to write to and the lock on it, which falls when its holder dies.

    There is one name for it, so that what is left behind does not add up, and another only while somebody else writes.
    """
    draft = path.with_name(f".{path.name}.tmp")
    with suppress(OSError):
        file = draft.open("ab")
        try:
            flock(file, LOCK_EX | LOCK_NB)
            if os.path.samestat(os.fstat(file.fileno()), draft.stat()):  # has not got its name meanwhile
                file.truncate(0)
                return draft, file
        except OSError:
            file.close()
            raise
        file.close()
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")
    return draft, draft.open("xb")
