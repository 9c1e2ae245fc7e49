"""Where things lie in a run directory."""

from pathlib import Path

from gristmill.digest import decoder
from gristmill.recorders._chain import read_chain
from gristmill.recorders._files import Damage
from gristmill.recorders._shards import Shard

__all__ = ["ledgers", "number_of", "read_manifest", "segments"]

_shard = decoder(Shard)


def segments(run: Path) -> list[Path]:
    """Return the segments of the log, oldest first."""
    return sorted((run / "wal").glob("*.arrows"), key=lambda path: number_of(path.stem))


def ledgers(run: Path) -> list[Path]:
    """Return the files of the ledger, oldest first."""
    return sorted((run / "ledger").glob("*.jsonl"), key=lambda path: number_of(path.stem))


def number_of(name: str) -> int:
    """Return the number at the end of a file's name; numbers count up over all writers of a run."""
    return int(name.rpartition("-")[2])


def read_manifest(run: Path, run_id: str, damage: list[Damage]) -> list[Shard]:
    """Return the shards of a run, oldest first.

    Where a line is unreadable, the shards in the folder that no other line lists are taken as they are.
    """
    manifest = run / "MANIFEST.jsonl"
    if not manifest.exists():
        return []
    before = len(damage)
    shards = [_shard(body) for body in read_chain(manifest, run_id, damage)]
    if len(damage) > before:
        listed = {shard.number for shard in shards}
        names = (run / "shards").glob("messages-*.parquet")  # written last
        found = {number_of(name.stem) for name in names}
        shards += [Shard(number, (), (), 0) for number in sorted(found - listed)]
    return shards
