"""Tables of a template into files, piece by piece, in any number of processes.

A row depends on template, seed and its number, so one process and many write the same bytes, and a row can be drawn
again by itself. Beside every file stands what is needed to repeat it.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from functools import lru_cache
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa

import gristmill
from gristmill.digest import decode, digest, encode, indented
from gristmill.errors import UsageError
from gristmill.executors import imap
from gristmill.generators.tables import drafted, write_draft
from gristmill.generators.template import PIECE, Source, Template, read, source, template

__all__ = ["Generated", "generate", "rows"]

Progress = Callable[[int, int], object]


class Generated(msgspec.Struct, frozen=True, kw_only=True):
    """What was written.

    Attributes:
        template: its name, and `digest` of all that decides what it draws.
        seed: root seed.
        n: how many rows were asked for.
        rows: how many there are, by the file they are in.
    """

    template: str
    digest: str
    seed: int
    n: int
    rows: dict[str, int]


def generate(
    spec: str,
    out: Path,
    n: int,
    *,
    seed: int = 0,
    table: str = "",
    jobs: int = 1,
    overwrite: bool = False,
    progress: Progress = lambda done, total: None,
) -> Generated:
    """Draw `n` rows and write them, each file whole or not at all.

    Args:
        spec: a built-in template, or the path of one.
        out: a file for one table (`.parquet`, `.csv` or `.jsonl`), or a folder for all of them as Parquet.
        n: rows of the main table; the others have their share.
        seed: root seed.
        table: which table, by default the main one, or all where `out` is a folder.
        jobs: number of processes; the files are the same.
        overwrite: whether files that are there are replaced.
        progress: called with the rows written and all rows.

    Raises:
        UsageError: when there is no such template or table, it is wrong in itself, its rows do not go into the file, or
            that is there.
        StoreError: when a file cannot be written.
    """
    if n < 1:
        raise UsageError(f"Expected at least one row, got {n}.")
    given = source(spec)
    found = read(given)
    names = [table or found.main] if out.suffix or table else list(found.tables)
    paths = {name: out if out.suffix else out / f"{name}.parquet" for name in names}
    for path in paths.values():
        if path.exists() and not overwrite:
            raise UsageError(f"{path} exists; expected another name, or --overwrite.")
    counts = {name: found.count(name, n) for name in names}
    origin = _origin(found, seed, n)
    done = 0

    def counted(pieces: Iterator[pa.Table]) -> Iterator[pa.Table]:
        nonlocal done
        for piece in pieces:
            yield piece
            done += piece.num_rows
            progress(done, sum(counts.values()))

    with ExitStack() as files:  # all of them appear, or none
        for name, path in paths.items():
            draft = files.enter_context(drafted(path))
            write_draft(draft, path, counted(_pieces(given, seed, n, name, counts[name], jobs)))
            about = files.enter_context(drafted(path.with_name(f"{path.name}.json")))
            about.write_bytes(indented({**origin, "table": name, "rows": counts[name]}))
    return Generated(
        template=found.name,
        digest=origin["digest"],
        seed=seed,
        n=n,
        rows={str(path): counts[name] for name, path in paths.items()},
    )


def rows(
    spec: str, numbers: Sequence[int] | None, n: int, *, seed: int = 0, table: str = ""
) -> list[dict[str, Any]]:
    """Return some rows, or all of them, as they stand in a table where `n` rows are asked for.

    Raises:
        UsageError: when there is no such row.
    """
    found = template(spec)
    count = found.count(table or found.main, n)
    numbers = range(count) if numbers is None else numbers
    for number in numbers:
        if not 0 <= number < count:
            others = f", for {n:,} rows of {found.main} go with {count:,}" if count != n else ""
            raise UsageError(f"Expected a row from 0 to {count - 1:,}, got {number:,}{others}.")
    return list(found.table(seed, numbers, n, table=table).to_pylist())


def _origin(found: Template, seed: int, n: int) -> dict[str, Any]:
    """Return what is needed to draw the same rows again."""
    described = found.describe()
    return {
        "template": found.name,
        "digest": digest(described),
        "seed": seed,
        "n": n,
        "gristmill": gristmill.__version__,
        "tables": described,
    }


def _pieces(given: Source, seed: int, n: int, table: str, count: int, jobs: int) -> Iterator[pa.Table]:
    chunks = (
        encode([given.place, given.text, seed, n, table, start, min(start + PIECE, count)])
        for start in range(0, count, PIECE)
    )
    for content in imap(_drawn, chunks, jobs=jobs, executor="process" if jobs > 1 else "inline"):
        with pa.ipc.open_stream(content) as reader:
            yield reader.read_all()


def _drawn(chunk: bytes) -> bytes:
    place, text, seed, n, table, start, end = decode(chunk)
    drawn = _template(place, text).table(seed, range(start, end), n, table=table)
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, drawn.schema) as writer:
        writer.write_table(drawn)
    return bytes(sink.getvalue())


@lru_cache(4)
def _template(place: str, text: str) -> Template:
    """Return the template of what was read once, for the file may be another by now."""
    return read(Source(place, text))
