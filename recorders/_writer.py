"""The writing side of a run."""

import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Literal, Protocol, Self

from gristmill.errors import StoreError, UsageError
from gristmill.recorders._wal import Record, Segment, record
from gristmill.recorders.ledger import Ledger
from gristmill.types import Episode, Verdict

__all__ = ["Fsync", "Writer"]

Fsync = Literal["episode", "interval", "none"]
INTERVAL = (1000, 1.0)  # episodes and seconds between two syncs under "interval"


class Run(Protocol):
    """What a writer needs of the run it writes to."""

    def segment(self) -> Segment:
        """Return a new segment of the log."""
        ...

    def ledger(self) -> Ledger:
        """Return a new file of the ledger."""
        ...

    def seal(self, segment: Path) -> None:
        """Turn a closed segment into Parquet."""
        ...

    def closed(self, writer: "Writer") -> None:
        """Take notice that a writer is done."""
        ...


class Writer:
    """Appends to a run; a context manager. Not for use by several threads at once."""

    def __init__(self, run: Run, fsync: Fsync, seal_bytes: int) -> None:
        self._run = run
        self._fsync = fsync
        self._seal_bytes = seal_bytes
        self._segment: Segment | None = None
        self._ledger: Ledger | None = None
        self._unsynced = 0
        self._synced_at = time.monotonic()
        self._closed = False

    @property
    def segment(self) -> str:
        """Name of the log segment that is being written to, if any."""
        return self._segment.name if self._segment else ""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def append(self, episode: Episode, verdict: Verdict | None = None, *, cost: float = 0.0) -> None:
        """Record one attempt; when this returns, it survives the death of the process.

        Args:
            episode: what happened, numeric steps included.
            verdict: what `verify.judge` said of it, if it was asked.
            cost: CPU seconds that the judging took.

        Raises:
            StoreError: when it cannot be written; everything acknowledged before is safe, and one may try again.
            UsageError: when the episode is not plain data, the verdict is of another one, or the writer is closed.
        """
        self.append_all([(episode, verdict)], cost=cost)

    def append_all(self, attempts: Sequence[tuple[Episode, Verdict | None]], *, cost: float = 0.0) -> None:
        """Record attempts, in order; when this returns, they survive the death of the process.

        They are written together, which costs two thirds of what it does to append them one by one.

        Args:
            attempts: as in `append`.
            cost: CPU seconds that the judging of each took.

        Raises:
            StoreError: when they cannot be written; if they are more than fit into a shard, some may be there all the same.
            UsageError: as `append` does, and then none of them is recorded.
        """
        self._check_open()
        todo = []
        for episode, verdict in attempts:
            if verdict is not None and verdict.episode_id != episode.id:
                raise UsageError(
                    f"Expected a verdict of episode {episode.id}, got one of {verdict.episode_id}."
                )
            todo.append(record(episode, verdict.content_hash if verdict else "-"))
        done = 0
        while done < len(todo):
            verdicts = [verdict for _, verdict in attempts[done:]]
            done += self._write(todo[done:], verdicts, cost)

    def _write(self, records: Sequence[Record], verdicts: Sequence[Verdict | None], cost: float) -> int:
        """Write records until the segment is large enough to be sealed, and return how many."""
        if self._segment is None:
            self._segment = self._run.segment()
        commits = self._segment.append(records, self._seal_bytes)
        if found := [verdict for verdict in verdicts[: len(commits)] if verdict is not None]:
            self._open_ledger().record(*found, cost=cost)
        # The lines of the index come last, so that no episode that counts lacks its verdict.
        self._segment.commit(commits)
        self._after_write(len(commits))
        if self._segment.size >= self._seal_bytes:
            self._roll()
        return len(commits)

    def record(self, verdict: Verdict, *, cost: float = 0.0) -> None:
        """Record a verdict of an episode that is in the run already.

        Raises:
            StoreError: when it cannot be written.
        """
        self._check_open()
        self._open_ledger().record(verdict, cost=cost)
        self._after_write()

    def revoke(self, verdict: str, reason: str) -> None:
        """Withdraw the verdict with this id (`ledger.verdict_id`); the row itself stays.

        Raises:
            StoreError: when it cannot be written.
        """
        self._check_open()
        self._open_ledger().revoke(verdict, reason)
        self._after_write()

    def close(self) -> None:
        """Finish writing; the lock of the run is free when its last writer is closed."""
        if self._closed:
            return
        self._closed = True
        try:
            if self._fsync != "none":
                self.sync()
        finally:
            for file in (self._segment, self._ledger):
                if file is not None:
                    file.close()
            self._segment = self._ledger = None
            self._run.closed(self)

    def sync(self) -> None:
        """Make everything written so far survive a power loss.

        Raises:
            StoreError: when the system reports that it could not.
        """
        for file in (self._ledger, self._segment):
            if file is not None:
                file.sync()
        self._unsynced = 0
        self._synced_at = time.monotonic()

    def _check_open(self) -> None:
        if self._closed:
            raise UsageError(
                "Expected an open writer, got one that was closed; open another with `store.writer`."
            )

    def _open_ledger(self) -> Ledger:
        if self._ledger is None:
            self._ledger = self._run.ledger()
        return self._ledger

    def _after_write(self, count: int = 1) -> None:
        self._unsynced += count
        if self._fsync == "episode":
            self.sync()
        elif self._fsync == "interval":
            episodes, seconds = INTERVAL
            if self._unsynced >= episodes or time.monotonic() - self._synced_at >= seconds:
                self.sync()

    def _roll(self) -> None:
        """Seal the segment that has grown large; the next episode begins a new one."""
        if self._segment is not None:
            path = self._segment.path
            self._segment.close()
            self._segment = None
            # The episodes are recorded, whatever becomes of the shard: `seal` will try again, and say why it cannot.
            with suppress(StoreError):
                self._run.seal(path)
