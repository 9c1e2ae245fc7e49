"""Tables of a template into files, piece by piece, in any number of processes.

A row depends on template, seed and its number, so one process and many write the same bytes, and a row can be drawn
again by itself. Beside every file stands what is needed to repeat it.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa

import gristmill
from gristmill.digest import decode, digest, encode, indented
from gristmill.errors import UsageError, unknown
from gristmill.executors import imap
from gristmill.generators.tables import drafted, write_draft
from gristmill.generators.template import PIECE, Source, Template, read, source, template
from gristmill.specs import file_of

__all__ = ["Generated", "Progress", "asked", "generate", "origin", "rows"]

Progress = Callable[[int, int], object]


class Generated(msgspec.Struct, frozen=True, kw_only=True):
    """What was written.

    Attributes:
        template: its name, and `digest` of all that decides what it draws.
        seed: root seed.
        n: how many rows were asked for.
        rows: how many there are, by the file or folder they are in.
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
    hidden: Sequence[str] = (),
    jobs: int = 1,
    overwrite: bool = False,
    progress: Progress = lambda done, total: None,
) -> Generated:
    """Draw `n` rows and write them, each file whole or not at all.

    Args:
        spec: the name of a template, or the path of one.
        out: a file for one table (`.parquet`, `.csv` or `.jsonl`), or a folder for all of them as Parquet.
        n: rows of the main table; the others have their share.
        seed: root seed.
        table: which table, by default the main one, or all where `out` is a folder.
        hidden: hidden fields that are written too.
        jobs: number of processes; the files are the same.
        overwrite: whether files that are there are replaced.
        progress: called with the rows written and all rows.

    Raises:
        UsageError: when there is no such template, table or hidden field, it is wrong in itself, its rows do not go into the file, or
            that is there.
        StoreError: when a file cannot be written.
    """
    if n < 1:
        raise UsageError(f"Expected at least one row, got {n}.")
    given = source(spec)._replace(folder=None)  # rows have no layouts, and a piece is of this very source
    found = read(given)
    names = [table or found.main] if out.suffix or table else list(found.tables)
    shown = asked(found, names, hidden)
    paths = {name: out if out.suffix else out / f"{name}.parquet" for name in names}
    for path in paths.values():
        if path.exists() and not overwrite:
            raise UsageError(f"{path} exists; expected another name, or --overwrite.")
    counts = {name: found.count(name, n) for name in names}
    about = origin(given, found, seed, n, hidden)
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
            write_draft(
                draft, path, counted(_pieces(given, [seed, n, name, shown[name]], counts[name], jobs))
            )
            beside = files.enter_context(drafted(path.with_name(f"{path.name}.json")))
            beside.write_bytes(indented({**about, "table": name, "rows": counts[name]}))
    return Generated(
        template=found.name,
        digest=about["digest"],
        seed=seed,
        n=n,
        rows={str(path): counts[name] for name, path in paths.items()},
    )


def rows(
    spec: str,
    numbers: Sequence[int] | None,
    n: int,
    *,
    seed: int = 0,
    table: str = "",
    hidden: Sequence[str] = (),
) -> Iterator[dict[str, Any]]:
    """Return some rows, or all of them, as they stand in a table where `n` rows are asked for; a piece at a time is held.

    Raises:
        UsageError: when there is no such row, table or hidden field.
    """
    found = template(spec)
    name = table or found.main
    count = found.count(name, n)
    shown = asked(found, [name], hidden)[name]
    for number in numbers or ():
        if not 0 <= number < count:
            others = f", for {n:,} rows of {found.main} go with {count:,}" if count != n else ""
            raise UsageError(f"Expected a row from 0 to {count - 1:,}, got {number:,}{others}.")
    if numbers is not None:
        return iter(found.table(seed, numbers, n, table=name, hidden=shown).to_pylist())
    return (
        row
        for piece in found.pieces(seed, n, table=name, hidden=shown, size=PIECE)
        for row in piece.to_pylist()
    )


def asked(found: Template, tables: Sequence[str], hidden: Sequence[str]) -> dict[str, list[str]]:
    """Return for each of some tables which of the hidden fields that are asked for it has.

    Raises:
        UsageError: when none of them has one.
    """
    shown = {table: [one for one in found.hidden(table) if one in hidden] for table in tables}
    for field in hidden:
        if not any(field in one for one in shown.values()):
            known = {one for table in tables for one in found.hidden(table)}
            raise unknown("hidden field", field, known, of=found.name)
    return shown


def origin(given: Source, found: Template, seed: int, n: int, hidden: Sequence[str]) -> dict[str, Any]:
    """Return what is needed to draw the same rows again."""
    described = found.describe()
    return {
        "template": found.name,
        "digest": digest(described),
        # Of Python, what is drawn may hang on more than the fields say.
        **({"source": digest(given.text)} if file_of(given.place) else {}),
        "seed": seed,
        "n": n,
        **({"with": list(hidden)} if hidden else {}),
        "gristmill": gristmill.__version__,
        "tables": described,
    }


def _pieces(given: Source, how: list[Any], count: int, jobs: int) -> Iterator[pa.Table]:
    chunks = (
        encode([given.place, given.text, start, min(start + PIECE, count), *how])
        for start in range(0, count, PIECE)
    )
    for content in imap(_drawn, chunks, jobs=jobs, executor="process" if jobs > 1 else "inline"):
        with pa.ipc.open_stream(content) as reader:
            yield reader.read_all()


def _drawn(chunk: bytes) -> bytes:
    place, text, start, end, seed, n, table, hidden = decode(chunk)
    drawn = read(Source(place, text)).table(seed, range(start, end), n, table=table, hidden=hidden)
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, drawn.schema) as writer:
        writer.write_table(drawn)
    return bytes(sink.getvalue())
