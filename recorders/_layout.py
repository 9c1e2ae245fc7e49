"""Where things lie in a run directory."""

from pathlib import Path

from gristmill.digest import decoder
from gristmill.recorders._chain import read_chain
from gristmill.recorders._files import Damage
from gristmill.recorders._shards import Shard

__all__ = ["ledgers", "number_of", "read_manifest", "segments", "unlisted"]

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

    A shard that no line lists is a left-over of a killed sealer, as long as there is a log that it was made from.
    Where there is none, or a line is unreadable, the manifest has lost it, and it is taken as it is.
    """
    before = len(damage)
    shards = listed(run, run_id, damage)
    if len(damage) > before or not segments(run):
        shards += [Shard(number, (), (), 0) for number in sorted(unlisted(run, shards))]
    return shards


def listed(run: Path, run_id: str, damage: list[Damage]) -> list[Shard]:
    """Return the shards that the manifest lists, oldest first."""
    manifest = run / "MANIFEST.jsonl"
    return [_shard(body) for body in read_chain(manifest, run_id, damage)] if manifest.exists() else []


def unlisted(run: Path, shards: list[Shard]) -> set[int]:
    """Return the numbers of the whole shards in the folder that are not among `shards`."""
    names = (run / "shards").glob("messages-*.parquet")  # written last
    return {number_of(name.stem) for name in names} - {shard.number for shard in shards}
