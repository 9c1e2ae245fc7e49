"""Append-only JSON lines in which every line proves itself and the one before it.

A line is `{"row":…,"prev":"<hash>","hash":"<hash>"}`, where `hash` covers `prev` and the exact bytes of `row`. A
flipped bit is found on its own line, a line that was taken out or put in breaks the chain, and a torn last line is
told from both because it has no line end.
"""

import os
from collections.abc import Iterator
from pathlib import Path

from gristmill.digest import encode, fingerprint
from gristmill.files import storing
from gristmill.recorders._files import Damage, write_at

__all__ = ["ChainWriter", "read_chain", "repair_chain"]

_HEAD = len(b'{"row":')
_TAIL = len(b',"prev":"","hash":""}') + 2 * 32


class ChainWriter:
    """Appends rows to one file after its first `offset` bytes; the first new line chains to `start`."""

    def __init__(self, path: Path, start: str, *, offset: int = 0) -> None:
        self.path = path
        self._last = start.encode()
        self._end = offset
        with storing(path, "create"):
            self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)

    def append(self, *rows: object) -> None:
        """Append rows in one write; a failed one leaves the file as it was.

        Raises:
            StoreError: when they cannot be written.
        """
        last, lines = self._last, []
        for row in rows:
            body = encode(row)
            chained = fingerprint(last + body).encode()
            lines.append(b'{"row":%b,"prev":"%b","hash":"%b"}\n' % (body, last, chained))
            last = chained
        with storing(self.path, "append to"):
            self._end = write_at(self._descriptor, b"".join(lines), self._end)
        self._last = last

    def sync(self) -> None:
        """Make what was appended survive a power loss."""
        with storing(self.path, "sync"):
            os.fsync(self._descriptor)

    def close(self) -> None:
        """Close the file."""
        os.close(self._descriptor)


def read_chain(path: Path, start: str, damage: list[Damage]) -> Iterator[bytes]:
    """Yield the JSON of every sound row, and note the others in `damage`.

    A torn last line was never acknowledged; it is passed over in silence.
    """
    last = start
    with storing(path, "read"), path.open("rb") as file:
        for number, line in enumerate(file, 1):
            if not line.endswith(b"\n"):
                return
            where = f"{path.parent.name}/{path.name}, line {number}"
            body = line[_HEAD : -_TAIL - 1]
            prev, chained = line[-77:-45], line[-35:-3].decode(errors="replace")
            if fingerprint(prev + body) != chained:
                damage.append(Damage(where=where, message="the line does not match its hash", lost=0))
                last = ""
                continue
            if last and prev.decode() != last:
                damage.append(
                    Damage(
                        where=where,
                        message=f"expected the line after {last}, got the one after {prev.decode()}",
                        lost=0,
                    )
                )
            last = chained
            yield body


def repair_chain(path: Path, start: str) -> tuple[str, int]:
    """Cut a torn last line off, and return the last hash and the length in bytes."""
    with storing(path, "repair"):
        size = path.stat().st_size
        begin, tail = 0, b""
        for reach in (1 << 16, size):  # a ledger can be large, and its lines are short
            begin = max(0, size - reach)
            with path.open("rb") as file:
                file.seek(begin)
                tail = file.read()
            if begin == 0 or tail.count(b"\n") > 1:
                break
        end = tail.rfind(b"\n") + 1
        if end < len(tail):
            os.truncate(path, begin + end)
    line = tail[:end].rsplit(b"\n", 2)[-2] if end else b""
    return (line[-34:-2].decode(errors="replace") if line else start), begin + end
