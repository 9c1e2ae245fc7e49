"""The write-ahead log: one Arrow IPC stream per writer segment, and an index whose lines are the commits.

`<name>.arrows` holds one record batch per episode; `<name>.idx` one line per committed episode: id, offset and length
of the batch, fingerprint of its bytes, content hash where known, and the CRC-32 of the line. The batch is written first, then the line, so an
episode is there exactly when its line is complete. IPC streams have no checksum: the fingerprint guards against rot.
"""

import math
import os
import struct
import sys
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from functools import lru_cache
from itertools import accumulate
from pathlib import Path
from typing import NamedTuple
from zlib import crc32

import msgspec
import pyarrow as pa

from gristmill.digest import decoder, encode, fingerprint
from gristmill.errors import UsageError
from gristmill.files import storing
from gristmill.recorders import _plain
from gristmill.recorders._files import Damage, create, write_at
from gristmill.steps import Layout, Steps
from gristmill.types import Episode

__all__ = [
    "Commit", "Record", "Segment", "Stored", "read_record", "read_stored", "record", "repair", "scan", "undecodable",
]  # fmt: skip

# One row per episode: dialogue and numeric steps share the log, and either may be empty.
SCHEMA = pa.schema(
    [
        ("episode_id", pa.string()),
        ("episode", pa.binary()),  # JSON of the Episode without its steps
        ("layout", pa.binary()),  # JSON of the steps' columns
        ("steps", pa.binary()),  # their bytes
    ]
)
_TYPES = SCHEMA.types
BLOCK = 8  # bytes; what Arrow fills values up to
_episode, _layout = decoder(Episode), decoder(Layout)


class Commit(NamedTuple):
    """Where one committed episode lies in its segment."""

    episode_id: str
    offset: int
    length: int
    fingerprint: str
    content_hash: str  # of the verdict that came with the episode, or "-"


class Record(NamedTuple):
    """An episode as it is about to be written."""

    episode_id: str
    batch: bytes
    content_hash: str  # as in `Commit`


class Stored(NamedTuple):
    """An episode as it lies in the log."""

    body: bytes
    steps: Steps | None
    content_hash: str
    segment: Path
    commit: Commit


class Segment:
    """One growing piece of the log."""

    def __init__(self, folder: Path, name: str) -> None:
        self.name = name
        self.path = folder / f"{name}.arrows"
        with storing(self.path, "create"):
            self._data = create(self.path)
            self._index = create(folder / f"{name}.idx")
            self.size = write_at(self._data, SCHEMA.serialize().to_pybytes(), 0)
        self._index_size = 0

    def append(self, records: Sequence[Record], full: float = math.inf) -> list[Commit]:
        """Write the batches of episodes, in one write, until the segment has `full` bytes; none counts before `commit`.

        Raises:
            StoreError: when they cannot be written; the segment is then as it was.
        """
        offsets = [*accumulate([len(one.batch) for one in records], initial=self.size)]
        fitting = records[: bisect_left(offsets, full, 1)]
        with self._recording(fitting):
            write_at(self._data, b"".join([one.batch for one in fitting]), self.size)
        return [
            Commit(name, offset, len(batch), fingerprint(batch), content_hash)
            for (name, batch, content_hash), offset in zip(fitting, offsets, strict=False)
        ]

    def commit(self, commits: Sequence[Commit]) -> None:
        """Write the lines that make appended episodes count.

        Raises:
            StoreError: when they cannot be written; the episodes do not count then, and their batches are written over.
        """
        with self._recording(commits):
            self._index_size = write_at(self._index, b"".join(map(_line, commits)), self._index_size)
        self.size = commits[-1].offset + commits[-1].length

    def _recording(self, which: Sequence[Record | Commit]) -> storing:
        others = f" and {len(which) - 1} more" if len(which) > 1 else ""
        return storing(self.path, f"record episode {which[0].episode_id}{others} in")

    def sync(self) -> None:
        """Make what was committed survive a power loss; data before the index, as they were written."""
        with storing(self.path, "sync"):
            os.fsync(self._data)
            os.fsync(self._index)

    def close(self) -> None:
        """Close the files."""
        os.close(self._data)
        os.close(self._index)


def scan(path: Path, damage: list[Damage]) -> Iterator[tuple[Commit, bytes]]:
    """Yield every sound committed episode of a segment with the bytes of its batch, and note the others."""
    index = path.with_suffix(".idx")
    with storing(path, "read"), ExitStack() as stack:
        try:
            data, lines = stack.enter_context(path.open("rb")), stack.enter_context(index.open("rb"))
        except FileNotFoundError:  # killed between the creation of the two, or sealed by another process
            return
        for number, line in enumerate(lines, 1):
            if not line.endswith(b"\n"):
                return  # torn, hence never acknowledged
            commit = _parse(line)
            if commit is None:
                damage.append(
                    Damage(
                        where=f"wal/{index.name}, line {number}", message="the line does not match its CRC"
                    )
                )
                continue
            data.seek(commit.offset)
            batch = data.read(commit.length)
            if fingerprint(batch) == commit.fingerprint:
                yield commit, batch
            else:
                short = len(batch) < commit.length
                message = (
                    f"expected {commit.length} bytes, got {len(batch)}"
                    if short
                    else "the bytes do not match their hash"
                )
                where = f"wal/{path.name}, byte {commit.offset}"
                damage.append(Damage(where=where, message=message, episode_id=commit.episode_id))


def undecodable(path: Path, commit: Commit, error: Exception) -> Damage:
    """Return the damage that a record is whose bytes are as they were written, but are no episode."""
    where = f"wal/{path.name}, byte {commit.offset}"
    return Damage(where=where, message=f"cannot be decoded: {error}", episode_id=commit.episode_id)


def read_record(batch: bytes) -> Episode:
    """Return the episode in the bytes of one batch."""
    return _joined(*_parts(batch))


def read_stored(path: Path, commit: Commit, batch: bytes) -> Stored:
    """Return the record in the bytes of one batch of a segment, its episode as JSON."""
    plain = _unframed(commit.episode_id.encode(), batch)
    body, steps = (plain, None) if plain else _parts(batch)
    known = commit.content_hash
    return Stored(body, steps, known if known != "-" else _joined(body, steps).content_hash(), path, commit)


def _parts(batch: bytes) -> tuple[bytes, Steps | None]:
    row = pa.ipc.read_record_batch(pa.py_buffer(batch), SCHEMA)
    (body,) = row.column(1).to_pylist()
    if row.column(2).null_count:
        return body, None
    steps = Steps(_layout(row.column(2)[0].as_py()), row.column(3)[0].as_py())
    steps.check()
    return body, steps


def _joined(body: bytes, steps: Steps | None) -> Episode:
    episode = _episode(body)
    return episode if steps is None else msgspec.structs.replace(episode, steps=steps)


def repair(path: Path) -> None:
    """Cut off what was being written when a writer died; nothing that was acknowledged is touched."""
    index = path.with_suffix(".idx")
    with storing(path, "repair"):
        lines = index.read_bytes() if index.exists() else b""
        whole = lines.rfind(b"\n") + 1
        if whole < len(lines):
            os.truncate(index, whole)
        size = path.stat().st_size
        last = _parse(lines[lines.rfind(b"\n", 0, whole - 1) + 1 : whole]) if whole else None
        if last and last.offset + last.length == size:  # as it was closed
            return
        commits = [commit for line in lines[:whole].splitlines(keepends=True) if (commit := _parse(line))]
        end = max((commit.offset + commit.length for commit in commits), default=0)
        # With an unreadable line the end is not known, and a tail left in place costs nothing.
        if len(commits) == lines[:whole].count(b"\n") and 0 < end < size:
            os.truncate(path, end)


def _line(commit: Commit) -> bytes:
    name, offset, length, mark, content = commit
    text = f"{name} {offset} {length} {mark} {content}".encode()
    return text + b" %08x\n" % crc32(text)


def _parse(line: bytes) -> Commit | None:
    text, _, check = line.rstrip(b"\n").rpartition(b" ")
    if check != b"%08x" % crc32(text):
        return None
    name, offset, length, mark, content = text.decode().split(" ")
    return Commit(name, int(offset), int(length), mark, content)


def record(episode: Episode, content_hash: str = "-") -> Record:
    """Return an episode as the batch of the log that holds it.

    Raises:
        UsageError: when it is not plain data, or would not come back as it is.
    """
    if not isinstance(episode.id, str) or len(episode.id.split()) != 1:
        raise UsageError(
            f"Expected an episode id without spaces, got {episode.id!r}; use gristmill.types.episode_id."
        )
    steps = episode.steps
    if steps is not None:
        _check_steps(episode.id, steps)
        episode = msgspec.structs.replace(episode, steps=None)
    try:
        body = encode(episode)
    except (TypeError, ValueError, OverflowError, RecursionError, msgspec.MsgspecError) as error:
        raise UsageError(f"Episode {episode.id} holds something that JSON cannot say: {error}.") from None
    _plain.check(episode, body)
    name = episode.id.encode()
    if steps is None:
        batch = _framed(name, body)
    else:
        batch = _batch(name, body, encode(steps.layout), steps.data)
    return Record(episode.id, batch, content_hash)


def _check_steps(episode_id: str, steps: Steps) -> None:
    """Refuse numeric steps that would not come back as they are."""
    if not isinstance(steps, Steps):
        raise UsageError(
            f"Expected the steps of episode {episode_id} to be gristmill.steps.Steps or None, "
            f"got {type(steps).__name__}; `Steps.of` makes them from arrays."
        )
    steps.check()


def _framed(name: bytes, body: bytes) -> bytes:
    """Return the batch of an episode without steps, at a tenth of what Arrow takes to make it."""
    length = len(body)
    first, second, third, last = _frame(len(name), -(-length // BLOCK))
    return b"".join((
        first, length.to_bytes(8, "little"), second, name, third, length.to_bytes(4, sys.byteorder),
        body, bytes(-length % BLOCK), last,
    ))  # fmt: skip


def _unframed(name: bytes, batch: bytes) -> bytes | None:
    """Return the body in a batch that `_framed` makes, as cheaply; None of any other."""
    start = batch.find(b'{"id":')
    body = batch[start : start + int.from_bytes(batch[start - 4 : start], sys.byteorder)]
    return body if body and batch == _framed(name, body) else None


@lru_cache(4096)
def _frame(name_length: int, blocks: int) -> tuple[bytes, bytes, bytes, bytes]:
    """Return what Arrow writes before the length of a body, an id, that length again and the body, and after them.

    It depends on nothing but the length of the id and the number of blocks to which the body is filled up.
    """
    name, body = b"n" * name_length, b"b" * (BLOCK * blocks)
    batch = _batch(name, body)
    pairs = enumerate(zip(batch, _batch(name, body[:-1]), strict=True))
    at = next(place for place, (one, other) in pairs if one != other)
    head, _, last = batch.rpartition(body)
    second, _, third = head[at + 8 : -4].rpartition(name)
    return batch[:at], second, third, last


def _batch(name: bytes, body: bytes, layout: bytes | None = None, steps: bytes | None = None) -> bytes:
    values = zip(_TYPES, (name, body, layout, steps), strict=True)
    columns = [pa.nulls(1, kind) if value is None else _single(kind, value) for kind, value in values]
    batch: bytes = pa.RecordBatch.from_arrays(columns, schema=SCHEMA).serialize().to_pybytes()
    return batch


def _single(kind: pa.DataType, data: bytes) -> pa.Array:
    """Return an array of one value; from its buffers, at a third of what looking at it costs."""
    ends = pa.py_buffer(struct.pack("=ii", 0, len(data)))
    return pa.Array.from_buffers(kind, 1, [None, ends, pa.py_buffer(data)])
