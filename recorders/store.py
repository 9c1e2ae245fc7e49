"""The run store: a directory with every attempt, its verdicts, and what is needed to repeat it.

    run.json                      what was asked for; written once
    wal/<writer>-<n>.arrows .idx  the write-ahead log: an episode that `append` returned from is here, and survives
    shards/*-<n>.parquet          sealed episodes, messages and numeric steps, for anyone who reads Parquet
    ledger/<writer>-<n>.jsonl     verdicts
    MANIFEST.jsonl                which shards there are, and which log segments they replace
    views/, exports/              lists of kept episodes, and the files made from them
    damaged/                      log segments with something unreadable in them, set aside when the rest was sealed

One process writes at a time; any number may read meanwhile. Reading changes nothing, so a run can be read from a
read-only disk; the first `writer` or `seal` cuts off what a killed process left half-written.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

import gristmill
from gristmill.digest import decode, digest, encode
from gristmill.errors import StoreError, UsageError
from gristmill.files import storing, write_whole
from gristmill.recorders import _shards
from gristmill.recorders import _upkeep as upkeep
from gristmill.recorders._files import Damage, Lock, check_name
from gristmill.recorders._index import Index
from gristmill.recorders._layout import ledgers, read_manifest, segments
from gristmill.recorders._wal import Segment
from gristmill.recorders._writer import Fsync, Writer
from gristmill.recorders.ledger import Ledger, LedgerRow, read_ledger
from gristmill.types import Episode, Verdict

__all__ = ["SCHEMA", "Fsync", "RunStore", "Writer"]

SCHEMA = 1
SEAL_BYTES = 64 << 20  # size at which a log segment is sealed
_NAMED = 5  # runs that a message names


class RunStore:
    """A run directory, open for reading; `writer` opens it for writing.

    Attributes:
        path: the directory.
        id: digest of `spec`.
        spec: what was asked for, as plain data.
    """

    def __init__(self, path: Path, spec: dict[str, Any]) -> None:
        self.path = path
        self.spec = spec
        self.id = digest(spec)
        self._index = Index(path, self.id)
        self._lock: Lock | None = None
        self._writers: list[Writer] = []
        self._last = 0

    @classmethod
    def create(cls, path: str | os.PathLike[str], spec: dict[str, Any]) -> "RunStore":
        """Make a new run.

        Raises:
            StoreError: when there is something at `path` already, or it cannot be written.
            UsageError: when `spec` is not plain data.
        """
        path = Path(path)
        body = {"format": "gristmill-run", "schema": SCHEMA, "id": digest(spec), "spec": spec}
        with storing(path, "create"):
            path.mkdir(parents=True, exist_ok=True)
            there = {item.name for item in path.iterdir()} - {".run.json.tmp"}
        if there:
            what = "a run" if "run.json" in there else "other files"
            raise StoreError(
                f"Expected a new or empty directory, but {path} holds {what}; open it or choose another."
            )
        write_whole(path / "run.json", encode(body | {"gristmill": gristmill.__version__}))
        return cls(path, spec)

    @classmethod
    def open(cls, path: str | os.PathLike[str]) -> "RunStore":
        """Open a run for reading, whatever state its last writer left it in.

        Raises:
            StoreError: when it is not a run, or one of another schema version.
        """
        path = Path(path)
        with storing(path / "run.json", "read"):
            data = (path / "run.json").read_bytes() if (path / "run.json").exists() else None
        if data is None:
            raise StoreError(f"Expected a run directory (one with a run.json), got {path}; {_below(path)}.")
        try:
            head = decode(data)
            found, spec = head["schema"], head["spec"]
            if not isinstance(spec, dict):
                raise TypeError(f"spec is a {type(spec).__name__}, not an object")
            if found == SCHEMA and head["id"] != digest(spec):
                raise StoreError(f"{path}/run.json does not match its own id; restore it from a copy.")
        except (msgspec.DecodeError, KeyError, TypeError) as error:
            raise StoreError(
                f"Expected a run description in {path}/run.json, got something else: {error}."
            ) from None
        if found != SCHEMA:
            made = head.get("gristmill", "unknown")
            raise StoreError(
                f"Expected run schema {SCHEMA}, got {found} in {path}; it was written by Gristmill {made}, "
                f"this is {gristmill.__version__}. Read it with that version."
            )
        return cls(path, spec)

    # -- reading -----------------------------------------------------------------------------------------------------

    def ids(self) -> set[str]:
        """Return the ids of all episodes that are recorded, as far as a quick look shows; see `readable`."""
        self._index.refresh()
        return self._index.ids()

    def readable(self) -> set[str]:
        """Return the ids of the episodes that can be read, by looking at every byte that is needed for it.

        What is not in here is to be played again when a run is continued.
        """
        self._index.refresh()
        self._index.prove()
        return self._index.ids()

    def episodes(self) -> Iterator[Episode]:
        """Yield every episode that can be read, in the order of recording; see `damage` for the others."""
        self._index.refresh()
        return self._index.episodes()

    def episode(self, episode_id: str) -> Episode:
        """Return one episode.

        Raises:
            StoreError: when it is not there or damaged.
        """
        if not self._index.has(episode_id):
            self._index.refresh()
        if not self._index.has(episode_id):
            count = len(self._index.ids())
            raise StoreError(f"No episode {episode_id!r} in {self.path}, which has {count} episodes.")
        try:
            return self._index.episode(episode_id)
        except (FileNotFoundError, StoreError):  # sealed since the last look, or damaged and recorded again
            self._index.refresh()
            return self._index.episode(episode_id)

    def ledger(self) -> Iterator[LedgerRow]:
        """Yield the rows of the ledger, oldest first, withdrawals included."""
        return read_ledger(ledgers(self.path), self.id, self._index.damage)

    def verdicts(self) -> Iterator[Verdict]:
        """Yield every verdict ever recorded, oldest first; `ledger.latest` says which of them count."""
        return (row.verdict for row in self.ledger() if row.verdict is not None)

    @property
    def damage(self) -> list[Damage]:
        """What was found unreadable by the reading done so far; `check` reads everything."""
        return list(dict.fromkeys(self._index.damage))

    def check(self) -> list[Damage]:
        """Read and hash the whole run, and return what is damaged."""
        self._index.refresh()
        for _ in self._index.episodes():
            pass
        for _ in self.ledger():
            pass
        found = self.damage
        named = {damage.where for damage in found}
        for shard in read_manifest(self.path, self.id, []):
            for file in shard.files:
                where = f"shards/{file.name}"
                if where not in named and (message := _shards.check_file(self.path / "shards", file)):
                    found.append(Damage(where=where, message=message, lost=0))
        return found

    # -- writing -----------------------------------------------------------------------------------------------------

    def writer(
        self, name: str = "run", *, fsync: Fsync = "interval", seal_bytes: int = SEAL_BYTES
    ) -> "Writer":
        """Open the run for writing and repair it if its last writer was killed.

        Args:
            name: stands in the file names.
            fsync: what survives a power loss: every episode, all but those of the last second, or what the system
                had written by itself. A killed process loses nothing under any of them.
            seal_bytes: log size at which it is turned into Parquet.

        Raises:
            StoreError: when another process writes to the run, or it cannot be written.
        """
        check_name("writer", name)
        if fsync not in ("episode", "interval", "none"):
            raise UsageError(f"Expected fsync to be 'episode', 'interval' or 'none', got {fsync!r}.")
        self._acquire()
        writer = Writer(_Folder(self, name), fsync, seal_bytes)
        self._writers.append(writer)
        return writer

    def seal(self) -> None:
        """Turn the log into Parquet, except for what open writers are writing to.

        Raises:
            StoreError: when another process writes to the run, or it cannot be written; the log stays then.
        """
        self._acquire()
        try:
            growing = {writer.segment for writer in self._writers}
            upkeep.seal(
                self.path, self.id, [path for path in segments(self.path) if path.stem not in growing]
            )
        finally:
            self._release()

    def _acquire(self) -> None:
        """Take the lock, and repair."""
        if self._lock is not None:
            return
        for name in ("wal", "shards", "ledger"):
            with storing(self.path / name, "create"):
                (self.path / name).mkdir(exist_ok=True)
        self._lock = Lock(self.path / "lock")
        try:
            self._last = upkeep.repair(self.path, self.id)
        except BaseException:
            self._release()
            raise

    def _release(self) -> None:
        if self._lock is not None and not self._writers:
            self._lock.release()
            self._lock = None


def _below(path: Path) -> str:
    """Return which runs lie in a folder that is none, as `gristmill improve` makes it, or else how to make one."""
    found = sorted(str(one.parent) for pattern in ("*", "*/run") for one in path.glob(f"{pattern}/run.json"))
    if not found:
        return "`gristmill run` makes one"
    more = f" and {len(found) - _NAMED} more" if len(found) > _NAMED else ""
    return f"there are some in it: {', '.join(found[:_NAMED])}{more}"


class _Folder:
    """What a writer needs of the run it writes to."""

    def __init__(self, store: RunStore, name: str) -> None:
        self._store = store
        self._name = name

    def segment(self) -> Segment:
        return Segment(self._store.path / "wal", self._next())

    def ledger(self) -> Ledger:
        return Ledger(self._store.path / "ledger" / f"{self._next()}.jsonl", self._store.id)

    def _next(self) -> str:
        self._store._last += 1
        return f"{self._name}-{self._store._last:06}"

    def seal(self, segment: Path) -> None:
        upkeep.seal(self._store.path, self._store.id, [segment])

    def closed(self, writer: Writer) -> None:
        self._store._writers.remove(writer)
        self._store._release()
