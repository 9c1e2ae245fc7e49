"""The few file operations that everything durable is made of."""

import os
import re
import socket
from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from contextlib import suppress
from fcntl import LOCK_EX, LOCK_NB, lockf
from pathlib import Path

import msgspec

from gristmill.errors import StoreError, UsageError
from gristmill.files import storing

__all__ = ["Damage", "Lock", "check_name", "create", "still_lost", "write_at"]

_held: dict[tuple[int, int], int] = {}  # (device, inode) of a locked file -> process that holds it


class Damage(msgspec.Struct, frozen=True, kw_only=True):
    """Something in a run that cannot be read any more.

    Attributes:
        where: the file, and the place in it.
        message: what was expected and what was found.
        episode_id: the episode that is lost, where it can still be named.
        lost: how many episodes are.
    """

    where: str
    message: str
    episode_id: str = ""
    lost: int = 1


def still_lost(
    damages: Iterable[Damage], here: AbstractSet[str], judged: AbstractSet[str]
) -> list[tuple[str, str]]:
    """Return the id, where it is known, of each episode that is lost and was not recorded again, and why it is lost.

    Args:
        damages: what could not be read.
        here: ids of the episodes that can be.
        judged: ids of those that the ledger knows. As long as it knows all that are here, what it knows besides is
            what damage without a name may have cost.
    """
    named: dict[str, str] = {}
    unnamed: list[tuple[str, str]] = []
    for damage in damages:
        if not damage.episode_id:
            unnamed += [("", damage.message)] * damage.lost
        elif damage.episode_id not in here:
            named.setdefault(damage.episode_id, damage.message)
    if judged and here <= judged:
        unnamed = unnamed[: len(judged - here - named.keys())]
    return [*named.items(), *unnamed]


def check_name(kind: str, name: str) -> str:
    """Return `name` if it can stand in a file name.

    Raises:
        UsageError: otherwise.
    """
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.]*(-[A-Za-z0-9_.]+)*", name):
        raise UsageError(f"Expected a {kind} name of letters, digits, '_', '.' and '-', got {name!r}.")
    return name


def create(path: Path) -> int:
    """Return a descriptor of a new file."""
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o644)


def write_at(descriptor: int, data: bytes, end: int) -> int:
    """Write `data` at the end of a file, and return its new end; if that fails, the file is as it was before.

    The kernel has the data then, so that a killed process loses nothing.
    """
    try:
        done = os.pwrite(descriptor, data, end)
        while done < len(data):  # a disk that runs full takes a part first and fails at the next write
            done += os.pwrite(descriptor, data[done:], end + done)
    except BaseException:  # an interrupt too: what was not acknowledged must not be half there
        os.ftruncate(descriptor, end)
        raise
    return end + len(data)


class Lock:
    """The right to write to a run, held by one process at a time and freed by the kernel when it dies.

    A record lock, because unlike `flock` it is not inherited: workers forked by a killed writer do not keep it.
    """

    def __init__(self, path: Path) -> None:
        with storing(path, "lock"):
            self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        info = os.fstat(self._descriptor)
        self._key = (info.st_dev, info.st_ino)
        if _held.get(self._key) == os.getpid():
            # Closing any descriptor of the file would free the record lock, so this one stays open.
            raise StoreError(
                f"Run {path.parent} is already open for writing in this process; close that store first."
            )
        try:
            lockf(self._descriptor, LOCK_EX | LOCK_NB)
        except OSError:
            holder = os.read(self._descriptor, 200).decode(errors="replace").strip() or "another process"
            os.close(self._descriptor)
            raise StoreError(
                f"Run {path.parent} is being written by {holder}; wait until it ends, or use another run directory."
            ) from None
        _held[self._key] = os.getpid()
        with suppress(OSError):  # who holds it is a courtesy to the reader of the message above
            os.ftruncate(self._descriptor, 0)
            os.pwrite(self._descriptor, f"process {os.getpid()} on {socket.gethostname()}\n".encode(), 0)

    def release(self) -> None:
        """Let other processes write."""
        _held.pop(self._key, None)
        os.close(self._descriptor)
