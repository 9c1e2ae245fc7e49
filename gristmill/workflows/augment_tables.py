"""Tables in files, JSON lines or Parquet, whose rows are read and written one by one."""

from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from gristmill.errors import UsageError
from gristmill.generators.tables import open_parquet, write_table
from gristmill.lines import check_file, read_lines, write_lines

__all__ = ["FORMATS", "Row", "Table", "check_files"]

FORMATS = (".jsonl", ".parquet")
_BATCH = 1_024  # rows of Parquet at once

Row = dict[str, Any]


class Table:
    """The rows of a file.

    Attributes:
        count: how many there are.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._parquet: Any = None
        if path.suffix == ".jsonl":
            with path.open("rb") as file:
                self.count = sum(1 for line in file if line.strip())
        else:
            self._parquet = open_parquet(path)
            self.count = self._parquet.metadata.num_rows

    def rows(self) -> Iterator[Row]:
        """Yield the rows, in order; those of JSON lines as they stand there.

        Raises:
            UsageError: naming the line that is no JSON object.
        """
        if self._parquet is None:
            yield from read_lines(self._path)
        else:
            for batch in self._parquet.iter_batches(_BATCH):
                yield from batch.to_pylist()

    def write(self, path: Path, rows: Iterable[Row]) -> None:
        """Write rows that also name `parent` and `augmentation` to a new file of the same format.

        Raises:
            UsageError: when a row does not go into the columns.
            StoreError: when it cannot be written.
        """
        if self._parquet is None:
            write_lines(path, rows)
        else:
            write_table(path, _pieces(rows, _with_origin(self._parquet.schema_arrow)))


def check_files(source: Path, out: Path, *, overwrite: bool) -> None:
    """Look whether a table can be read from one place and one of the same format written to another.

    Raises:
        UsageError: when it cannot.
    """
    if source.suffix not in FORMATS:
        raise UsageError(f"Expected a run, or a file that ends in {' or '.join(FORMATS)}, got {source}.")
    check_file(source)
    if out.suffix != source.suffix:
        raise UsageError(f"Expected an output in the format of the source, *{source.suffix}, got {out}.")
    if out.exists() and not (overwrite and out.is_file()):
        raise UsageError(
            f"Expected a new file, but {out} exists; choose another, or replace it with --overwrite."
        )
    if out.resolve() == source.resolve():
        raise UsageError(f"Expected another file to write than the one that is read, got {out} for both.")


def _pieces(rows: Iterable[Row], schema: Any) -> Iterator[Any]:
    """Yield the rows as tables, an empty one where there are none."""
    import pyarrow as pa

    waiting = iter(rows)
    piece = list(islice(waiting, _BATCH))
    yield pa.Table.from_pylist(piece, schema=schema)
    while piece := list(islice(waiting, _BATCH)):
        yield pa.Table.from_pylist(piece, schema=schema)


def _with_origin(schema: Any) -> Any:
    """Return the schema of a table whose rows name their parent and what was done to it."""
    import pyarrow as pa

    parent = pa.struct({"id": pa.string(), "row": pa.int64(), "hash": pa.string()})
    change = pa.struct(dict.fromkeys(("by", "was", "now"), pa.string()))
    about = pa.struct(
        {
            "names": pa.list_(pa.string()),
            "spec": pa.string(),
            "seed": pa.int64(),
            "copy": pa.int64(),
            "changes": pa.list_(change),
        }
    )
    own = [one for one in schema if one.name not in ("parent", "augmentation")]
    return pa.schema([*own, pa.field("parent", parent), pa.field("augmentation", about)])
