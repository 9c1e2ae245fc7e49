"""Sealed shards: immutable Parquet files that plain pyarrow reads.

A shard is one `episodes`, one `messages` and, where there are numeric steps, some `steps` files, one per layout. Row
group k of `messages` holds the entries of the episodes in row group k of `episodes`, so an episode is read by reading
two row groups. Files are written under temporary names and renamed when whole; pages carry checksums.
"""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from gristmill.digest import decoder, encode, fingerprint, fingerprint_file
from gristmill.errors import StoreError, UsageError
from gristmill.files import storing, sync_folder
from gristmill.recorders import _steptables, _tables
from gristmill.recorders._steptables import Group
from gristmill.recorders._tables import NOWHERE, Body, Place
from gristmill.recorders._wal import Stored
from gristmill.steps import Layout, Steps
from gristmill.types import Episode

__all__ = [
    "UNREADABLE",
    "Shard",
    "ShardFile",
    "check_file",
    "check_size",
    "describe",
    "is_sealable",
    "is_sound",
    "read_group",
    "read_ids",
    "rescued_ids",
    "write_shard",
]

GROUP_ROWS = 20_000  # entries per row group: large enough to compress, small enough to read for one episode
GROUP_BYTES = 32 << 20  # bytes of numeric steps per row group


_layout = decoder(Layout)
# What reading a file that is not what was written may raise.
UNREADABLE = (OSError, pa.ArrowException, StoreError, UsageError, ValueError, KeyError, TypeError)
Spoilt = Callable[[Stored, Exception], None]  # is told of a record that cannot be sealed, and why


class ShardFile(msgspec.Struct, frozen=True):
    """One file of a shard, as the manifest lists it."""

    name: str
    rows: int
    size: int
    fingerprint: str


class Shard(msgspec.Struct, frozen=True):
    """The manifest's row for one shard, with the log segments that it replaces."""

    number: int
    segments: tuple[str, ...]
    files: tuple[ShardFile, ...]
    episodes: int


class _Files:
    """The open Parquet writers of one shard in the making."""

    def __init__(self, folder: Path, number: int) -> None:
        self.folder = folder
        self.number = number
        self.writers: dict[str, pq.ParquetWriter] = {}
        self.groups: dict[str, int] = {}
        self.rows: dict[str, int] = {}

    def write(self, name: str, table: pa.Table, **options: Any) -> int:
        """Write one row group and return its number."""
        if name not in self.writers:
            self.writers[name] = pq.ParquetWriter(
                self.folder / f".{name}.tmp",
                table.schema,
                compression="zstd",
                write_page_checksum=True,
                **options,
            )
            self.groups[name] = self.rows[name] = 0
        self.writers[name].write_table(table, row_group_size=max(1, len(table)))
        self.groups[name] += 1
        self.rows[name] += len(table)
        return self.groups[name] - 1

    def finish(self) -> tuple[ShardFile, ...]:
        """Make the files durable under their names."""
        self.close()
        done = []
        for name, rows in self.rows.items():
            temporary = self.folder / f".{name}.tmp"
            with temporary.open("rb") as file:
                os.fsync(file.fileno())
                data = file.read()
            temporary.replace(self.folder / name)
            done.append(ShardFile(name, rows, len(data), fingerprint(data)))
        sync_folder(self.folder)
        return tuple(done)

    def close(self) -> None:
        for writer in self.writers.values():
            writer.close()
        self.writers.clear()

    def clear(self) -> None:
        """Remove what did not get its name."""
        for name in self.rows:
            (self.folder / f".{name}.tmp").unlink(missing_ok=True)


def write_shard(
    folder: Path, number: int, segments: tuple[str, ...], records: Iterable[Stored], spoilt: Spoilt
) -> Shard | None:
    """Write the records as shard `number` and return its manifest row, or None when there are no records.

    A record that the tables cannot hold is left out, and `spoilt` is told of it.

    Raises:
        StoreError: when it cannot be written; no file of it counts then.
    """
    with storing(folder, f"seal shard {number} in"):
        files = _Files(folder, number)
        total = 0
        try:
            for group in _grouped(records, spoilt):
                total += _write_group(files, group)
            return Shard(number, segments, files.finish(), total) if total else None
        finally:
            files.close()
            files.clear()


class _Group:
    """The records of one row group, as rows."""

    def __init__(self) -> None:
        self.rows: list[tuple[Any, ...]] = []
        self.steps: list[tuple[str, Steps | None]] = []
        self.cells: list[Any] = []
        self.size = 0

    def add(self, record: Stored) -> None:
        """Add a record.

        Raises:
            ValueError: when the tables cannot hold it.
        """
        body = _tables.read_body(record.body)
        row, cells = _rows(record, body)
        self.rows.append(row)
        self.steps.append((body.id, record.steps))
        self.cells += cells
        self.size += 0 if record.steps is None else record.steps.nbytes

    @property
    def full(self) -> bool:
        """Whether it is large enough."""
        rows = len(self.rows) + len(self.cells) // len(_tables.MESSAGES)
        return rows >= GROUP_ROWS or self.size >= GROUP_BYTES


def _grouped(records: Iterable[Stored], spoilt: Spoilt) -> Iterator[_Group]:
    group = _Group()
    for record in records:
        try:
            group.add(record)
        except ValueError as error:
            spoilt(record, error)
        if group.full:
            yield group
            group = _Group()
    if group.rows:
        yield group


def _write_group(files: _Files, group: _Group) -> int:
    """Write a row group, and return how many episodes are in it."""
    heads: list[Any] = []
    for row, place in zip(group.rows, _write_steps(files, group.steps), strict=True):
        heads += row
        heads += place
    files.write(f"episodes-{files.number:06}.parquet", _tables.table(heads, _tables.EPISODES))
    files.write(f"messages-{files.number:06}.parquet", _tables.table(group.cells, _tables.MESSAGES))
    return len(group.rows)


def _rows(record: Stored, body: Body) -> tuple[tuple[Any, ...], list[Any]]:
    return _tables.episode_row(body, record.content_hash), _tables.message_cells(body)


def is_sealable(record: Stored) -> bool:
    """Say whether the tables can hold a record."""
    try:
        _rows(record, _tables.read_body(record.body))
    except ValueError:
        return False
    return True


def _write_steps(files: _Files, group: list[tuple[str, Steps | None]]) -> list[Place]:
    """Write the numeric steps of a group, one row group per layout, and return where those of each record lie."""
    places = [NOWHERE] * len(group)
    kinds: dict[bytes, list[tuple[int, str, Steps]]] = {}
    for number, (name, steps) in enumerate(group):
        if steps is not None:
            kinds.setdefault(encode(steps.layout.kind()), []).append((number, name, steps))
            places[number] = Place(layout=encode(steps.layout).decode())
    for kind, members in kinds.items():
        name = f"steps-{files.number:06}-{fingerprint(kind)[:8]}.parquet"
        table, options = _steptables.table([(episode_id, steps) for _, episode_id, steps in members])
        row_group = files.write(name, table, **options)
        offset = 0
        for number, _, steps in members:
            places[number] = places[number]._replace(file=name, group=row_group, row=offset)
            offset += len(steps) + 1
    return places


def _open(folder: Path, kind: str, shard: Shard) -> pq.ParquetFile:
    return pq.ParquetFile(folder / f"{kind}-{shard.number:06}.parquet", page_checksum_verification=True)


def describe(folder: Path, number: int) -> Shard:
    """Return the manifest row of a shard from its files; which log segments it replaced is not known any more."""
    files = [
        ShardFile(path.name, _count_rows(path), path.stat().st_size, fingerprint_file(path))
        for path in sorted(folder.glob("*-*.parquet"))
        if path.stem.split("-")[1] == f"{number:06}"
    ]
    episodes = sum(file.rows for file in files if file.name.startswith("episodes-"))
    return Shard(number, (), tuple(files), episodes)


def _count_rows(path: Path) -> int:
    try:
        return int(pq.read_metadata(path).num_rows)
    except UNREADABLE:
        return 0


def read_ids(folder: Path, shard: Shard) -> list[list[str]]:
    """Return the episode ids of every row group.

    Raises:
        OSError, pyarrow.ArrowException: when the file is not what was written.
    """
    with _open(folder, "episodes", shard) as file:
        groups = range(file.num_row_groups)
        return [file.read_row_group(group, ["episode_id"]).column(0).to_pylist() for group in groups]


def rescued_ids(folder: Path, shard: Shard) -> list[str]:
    """Return the ids of the episodes of a shard of which a file is damaged, as far as another file has them."""
    with suppress(*UNREADABLE):
        return [name for ids in read_ids(folder, shard) for name in ids]
    with suppress(*UNREADABLE), _open(folder, "messages", shard) as file:
        return list(file.read(["episode_id"]).column(0).unique().to_pylist())
    return []


def read_group(folder: Path, shard: Shard, group: int) -> list[tuple[str, Episode | str]]:
    """Return the episodes of one row group by their ids, in order; or, in place of one, why it cannot be read.

    Raises:
        OSError, pyarrow.ArrowException: when the files are not what was written.
    """
    with _open(folder, "episodes", shard) as file:
        heads = file.read_row_group(group).to_pylist()
    with _open(folder, "messages", shard) as file:
        messages = file.read_row_group(group).to_pydict()
    episodes = _with_steps(folder, heads, _tables.episodes_of(heads, messages))
    return [(head["episode_id"], episode) for head, episode in zip(heads, episodes, strict=True)]


def _with_steps(
    folder: Path, heads: list[dict[str, Any]], episodes: Sequence[Episode | str]
) -> Iterator[Episode | str]:
    """Yield the episodes with their numeric steps, of which each row group is read once."""
    groups: dict[tuple[str, int], Group | str] = {}
    for head, episode in zip(heads, episodes, strict=True):
        if head["steps_layout"] is None or isinstance(episode, str):
            yield episode
            continue
        place = head["steps_file"], head["steps_group"]
        if place not in groups:
            groups[place] = _steps_group(folder, *place)
        yield _joined(head, episode, groups[place])


def _steps_group(folder: Path, name: str, group: int) -> Group | str:
    """Return a row group of numeric steps, or why it cannot be read."""
    try:
        with pq.ParquetFile(folder / name, page_checksum_verification=True) as file:
            return Group(file.read_row_group(group))
    except UNREADABLE as error:
        return str(error)


def _joined(head: dict[str, Any], episode: Episode, group: Group | str) -> Episode | str:
    """Return the episode whose row is `head` with its steps from the row group that it names, or why they are lost."""
    try:
        if not isinstance(group, str):
            steps = group.steps(_layout(head["steps_layout"]), head["steps_row"])
            return msgspec.structs.replace(episode, steps=steps)
        message = group
    except UNREADABLE as error:
        message = str(error)
    return f"the steps in {head['steps_file']}, row group {head['steps_group']}, cannot be read: {message}"


def check_size(folder: Path, file: ShardFile) -> str:
    """Return what is wrong with a file at first sight, or an empty string."""
    path = folder / file.name
    if not path.exists():
        return "the file is missing"
    size = path.stat().st_size
    return "" if size == file.size else f"expected {file.size} bytes, got {size}"


def is_sound(folder: Path, shard: Shard) -> bool:
    """Say whether a shard is, byte by byte, what was sealed."""
    return bool(shard.files) and not any(check_file(folder, file) for file in shard.files)


def check_file(folder: Path, file: ShardFile) -> str:
    """Return what is wrong with a file, read as a whole, or an empty string."""
    if message := check_size(folder, file):
        return message
    return (
        ""
        if fingerprint_file(folder / file.name) == file.fingerprint
        else "the bytes do not match their hash"
    )
