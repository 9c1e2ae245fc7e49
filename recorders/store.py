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
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

import msgspec

import gristmill
from gristmill.digest import decode, digest, encode
from gristmill.errors import StoreError, UsageError
from gristmill.recorders import _shards, _wal
from gristmill.recorders._chain import ChainWriter, repair_chain
from gristmill.recorders._files import Damage, Lock, check_name, storing, sync_folder, write_atomic
from gristmill.recorders._index import Index, number_of, read_manifest
from gristmill.recorders._wal import Segment
from gristmill.recorders._writer import Fsync, Writer
from gristmill.recorders.ledger import Ledger, LedgerRow, read_ledger
from gristmill.recorders.steps import Steps
from gristmill.types import Episode, Verdict

__all__ = ["SCHEMA", "Fsync", "RunStore", "Writer"]

T = TypeVar("T")
SCHEMA = 1
SEAL_BYTES = 64 << 20  # size at which a log segment is sealed


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
        write_atomic(path / "run.json", encode(body | {"gristmill": gristmill.__version__}))
        return cls(path, spec)

    @classmethod
    def open(cls, path: str | os.PathLike[str]) -> "RunStore":
        """Open a run for reading, whatever state its last writer left it in.

        Raises:
            StoreError: when it is not a run, or one of another schema version.
        """
        path = Path(path)
        if not (path / "run.json").exists():
            raise StoreError(
                f"Expected a run directory (one with a run.json), got {path}; `gristmill run` makes one."
            )
        with storing(path / "run.json", "read"):
            data = (path / "run.json").read_bytes()
        try:
            head = decode(data)
            found, spec = head["schema"], head["spec"]
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
        """Return the ids of all episodes that are recorded; what is missing from a run is what is not in here."""
        self._index.refresh()
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
        return self._fetch(episode_id, self._index.episode)

    def steps(self, episode_id: str) -> Steps | None:
        """Return the numeric steps of an episode, or None when it has none.

        Raises:
            StoreError: when they are not there or damaged.
        """
        return self._fetch(episode_id, self._index.steps)

    def _fetch(self, episode_id: str, read: Callable[[str], T]) -> T:
        if not self._index.has(episode_id):
            self._index.refresh()
        if not self._index.has(episode_id):
            count = len(self._index.ids())
            raise StoreError(f"No episode {episode_id!r} in {self.path}, which has {count} episodes.")
        try:
            return read(episode_id)
        except (FileNotFoundError, StoreError):  # sealed since the last look, or damaged and recorded again
            self._index.refresh()
            return read(episode_id)

    def ledger(self) -> Iterator[LedgerRow]:
        """Yield the rows of the ledger, oldest first, withdrawals included."""
        return read_ledger(self._ledgers(), self.id, self._index.damage)

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
        for shard in read_manifest(self.path, self.id, []):
            for file in shard.files:
                if message := _shards.check_file(self.path / "shards", file):
                    found.append(Damage(where=f"shards/{file.name}", message=message, lost=0))
        return found

    def _ledgers(self) -> list[Path]:
        return sorted((self.path / "ledger").glob("*.jsonl"), key=lambda path: number_of(path.stem))

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
            paths = sorted((self.path / "wal").glob("*.arrows"), key=lambda path: number_of(path.stem))
            self._seal([path for path in paths if path.stem not in growing])
        finally:
            self._release()

    def _seal(self, paths: list[Path]) -> None:
        if not paths:
            return
        found: dict[str, list[Damage]] = {path.stem: [] for path in paths}
        records = (_wal.read_stored(*one) for path in paths for one in _wal.scan(path, found[path.stem]))
        shard = _shards.write_shard(self.path / "shards", self._next_shard(), tuple(found), records)
        if shard:
            manifest = self.path / "MANIFEST.jsonl"
            start, end = repair_chain(manifest, self.id) if manifest.exists() else (self.id, 0)
            chain = ChainWriter(manifest, start, offset=end)
            try:
                chain.append(shard)
                chain.sync()
            finally:
                chain.close()
            sync_folder(self.path)
        for path in paths:
            self._retire(path, keep=bool(found[path.stem]))

    def _retire(self, path: Path, *, keep: bool) -> None:
        """Remove a sealed segment, or set it aside when not all of it could be read."""
        with storing(path, "remove"):
            for file in (path, path.with_suffix(".idx")):
                if keep and file.exists():
                    (self.path / "damaged").mkdir(exist_ok=True)
                    file.replace(self.path / "damaged" / file.name)
                else:
                    file.unlink(missing_ok=True)

    def _next_shard(self) -> int:
        """Return a number that no shard has had, not even one that is damaged or lost by now."""
        listed = [shard.number for shard in read_manifest(self.path, self.id, [])]
        there = [int(path.stem.split("-")[1]) for path in (self.path / "shards").glob("[ems]*-*.parquet")]
        return max(listed + there, default=0) + 1

    def _acquire(self) -> None:
        """Take the lock, and repair."""
        if self._lock is not None:
            return
        for name in ("wal", "shards", "ledger"):
            with storing(self.path / name, "create"):
                (self.path / name).mkdir(exist_ok=True)
        self._lock = Lock(self.path / "lock")
        try:
            self._repair()
        except BaseException:
            self._release()
            raise

    def _repair(self) -> None:
        damage: list[Damage] = []
        shards = read_manifest(self.path, self.id, damage)
        sealed = {name for shard in shards for name in shard.segments}
        segments = list((self.path / "wal").glob("*.idx")) + list((self.path / "wal").glob("*.arrows"))
        names = {
            path.stem for path in [*segments, *self._ledgers(), *(self.path / "damaged").glob("*.arrows")]
        }
        self._last = max(map(number_of, names | sealed), default=0)
        for path in (self.path / "wal").glob("*.arrows"):
            if path.stem in sealed:  # killed between the manifest's line and the removal
                self._retire(path, keep=any(True for _ in _damaged(path)))
            else:
                _wal.repair(path)
        for path in self._ledgers():
            repair_chain(path, self.id)
        listed = {file.name for shard in shards for file in shard.files}
        with suppress(OSError):  # left-overs of a killed sealer; the log still has what they hold
            for path in (self.path / "shards").iterdir():
                if path.suffix == ".tmp" or (not damage and path.name not in listed):
                    path.unlink()

    def _release(self) -> None:
        if self._lock is not None and not self._writers:
            self._lock.release()
            self._lock = None


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
        self._store._seal([segment])

    def closed(self, writer: Writer) -> None:
        self._store._writers.remove(writer)
        self._store._release()


def _damaged(path: Path) -> list[Damage]:
    damage: list[Damage] = []
    for _ in _wal.scan(path, damage):
        pass
    return damage
