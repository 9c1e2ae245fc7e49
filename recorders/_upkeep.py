"""What the holder of a run's lock does to it besides appending: repair, and sealing."""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from gristmill.files import storing, sync_folder
from gristmill.recorders import _shards, _wal
from gristmill.recorders._chain import ChainWriter, repair_chain
from gristmill.recorders._files import Damage
from gristmill.recorders._layout import ledgers, listed, number_of, read_manifest, segments, unlisted
from gristmill.recorders._shards import UNREADABLE, Shard
from gristmill.recorders._wal import Stored

__all__ = ["repair", "seal"]


def seal(run: Path, run_id: str, paths: list[Path]) -> None:
    """Turn closed log segments into one shard.

    The shard counts from its line in the manifest on, and only then do the segments go.

    Raises:
        StoreError: when it cannot be written; the log stays as it is then.
    """
    if not paths:
        return
    damage: dict[str, list[Damage]] = {path.stem: [] for path in paths}
    records = (record for path in paths for record in _stored(path, damage[path.stem]))

    def spoilt(record: Stored, error: Exception) -> None:
        damage[record.segment.stem].append(_wal.undecodable(record.segment, record.commit, error))

    shard = _shards.write_shard(run / "shards", _next_shard(run, run_id), tuple(damage), records, spoilt)
    if shard:
        _list_in_manifest(run, run_id, shard)
    for path in paths:
        _retire(run, path, keep=bool(damage[path.stem]))


def _stored(path: Path, damage: list[Damage]) -> Iterator[Stored]:
    """Yield every record of a segment, and note what is none."""
    for commit, batch in _wal.scan(path, damage):
        try:
            yield _wal.read_stored(path, commit, batch)
        except UNREADABLE as error:
            damage.append(_wal.undecodable(path, commit, error))


def repair(run: Path, run_id: str) -> int:
    """Finish or undo what a killed writer had begun, and return the highest number that a file of the run has.

    Raises:
        StoreError: when the run cannot be written.
    """
    damage: list[Damage] = []
    shards = listed(run, run_id, damage)
    # With a damaged manifest it is not known what is a left-over, so nothing is touched then.
    lost = [] if damage else _lost_by_manifest(run, shards)
    shards += [_relist(run, run_id, number) for number in lost]
    sealed = {name for shard in shards for name in shard.segments}
    for path in segments(run):
        if path.stem in sealed:  # killed between the manifest's line and the removal
            unread: list[Damage] = []
            spoilt = [one for one in _stored(path, unread) if not _shards.is_sealable(one)]
            _retire(run, path, keep=bool(spoilt or unread))
        else:
            _wal.repair(path)
    for path in ledgers(run):
        repair_chain(path, run_id)
    known = {file.name for shard in shards for file in shard.files}
    with suppress(OSError):  # left-overs of a killed sealer; the log still has what they hold
        for path in (run / "shards").iterdir():
            if path.suffix == ".tmp" or (not damage and path.name not in known):
                path.unlink()
    paths = [*(run / "wal").iterdir(), *ledgers(run), *(run / "damaged").glob("*.arrows")]
    return max(map(number_of, {path.stem for path in paths} | sealed), default=0)


def _lost_by_manifest(run: Path, shards: list[Shard]) -> list[int]:
    """Return the numbers of the shards that the manifest has lost: those that hold more than the log does."""
    numbers = sorted(unlisted(run, shards))
    if not numbers:
        return []
    logged = {commit.episode_id for path in segments(run) for commit, _ in _wal.scan(path, [])}
    return [number for number in numbers if not _is_left_over(run, number, logged)]


def _is_left_over(run: Path, number: int, logged: set[str]) -> bool:
    try:
        groups = _shards.read_ids(run / "shards", Shard(number, (), (), 0))
    except UNREADABLE:  # nothing shows that the log has what it holds
        return False
    return logged.issuperset(name for ids in groups for name in ids)


def _relist(run: Path, run_id: str, number: int) -> Shard:
    shard = _shards.describe(run / "shards", number)
    _list_in_manifest(run, run_id, shard)
    return shard


def _list_in_manifest(run: Path, run_id: str, shard: Shard) -> None:
    manifest = run / "MANIFEST.jsonl"
    start, end = repair_chain(manifest, run_id) if manifest.exists() else (run_id, 0)
    chain = ChainWriter(manifest, start, offset=end)
    try:
        chain.append(shard)
        chain.sync()
    finally:
        chain.close()
    with storing(run, "sync"):
        sync_folder(run)


def _retire(run: Path, path: Path, *, keep: bool) -> None:
    """Remove a sealed segment, or set it aside when not all of it could be read."""
    with storing(path, "remove"):
        for file in (path, path.with_suffix(".idx")):
            if keep and file.exists():
                (run / "damaged").mkdir(exist_ok=True)
                file.replace(run / "damaged" / file.name)
            else:
                file.unlink(missing_ok=True)


def _next_shard(run: Path, run_id: str) -> int:
    """Return a number that no shard has had, not even one that is damaged or lost by now."""
    listed = [shard.number for shard in read_manifest(run, run_id, [])]
    there = [int(path.stem.split("-")[1]) for path in (run / "shards").glob("*-*.parquet")]
    return max(listed + there, default=0) + 1
