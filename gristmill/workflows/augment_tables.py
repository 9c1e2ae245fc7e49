"""Tables in files, JSON lines or Parquet, read and written row by row; what is written appears whole or not at all."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec

from gristmill.digest import decode, encode
from gristmill.errors import UsageError

__all__ = ["FORMATS", "Row", "Table", "check_files", "whole"]

FORMATS = (".jsonl", ".parquet")
_BATCH = 1_024  # rows of Parquet at once

Row = dict[str, Any]
Write = Callable[[Row], None]


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
            self._parquet = _parquet_file(path)
            self.count = self._parquet.metadata.num_rows

    def rows(self) -> Iterator[Row]:
        """Yield the rows, in order.

        Raises:
            UsageError: naming the line that is no JSON object.
        """
        if self._parquet is not None:
            for batch in self._parquet.iter_batches(_BATCH):
                yield from batch.to_pylist()
            return
        with self._path.open("rb") as file:
            for number, line in enumerate(file, 1):
                if line.strip():
                    yield _row(line, f"{self._path}, line {number}")

    @contextmanager
    def writer(self, path: Path) -> Iterator[Write]:
        """Yield what writes a row to a new file of the same format, where rows also name `parent` and `augmentation`."""
        if self._parquet is None:
            with path.open("wb") as file:
                yield lambda row: void(file.write(encode(row) + b"\n"))
            return
        import pyarrow as pa
        import pyarrow.parquet as pq

        schema = _with_origin(self._parquet.schema_arrow)
        waiting: list[Row] = []
        with pq.ParquetWriter(path, schema) as writer:

            def flush() -> None:
                if waiting:
                    writer.write_table(pa.Table.from_pylist(waiting, schema=schema))
                    waiting.clear()

            def write(row: Row) -> None:
                waiting.append(row)
                if len(waiting) >= _BATCH:
                    flush()

            yield write
            flush()


def void(_: Any) -> None:
    """Return nothing of what a call gave."""


def check_files(source: Path, out: Path, *, overwrite: bool) -> None:
    """Look whether a table can be read from one place and one of the same format written to another.

    Raises:
        UsageError: when it cannot.
    """
    if source.suffix not in FORMATS:
        raise UsageError(f"Expected a run, or a file that ends in {' or '.join(FORMATS)}, got {source}.")
    if not source.is_file():
        raise UsageError(f"Expected a file at {source}, got none.")
    if out.suffix != source.suffix:
        raise UsageError(f"Expected an output in the format of the source, *{source.suffix}, got {out}.")
    if out.exists() and not (overwrite and out.is_file()):
        raise UsageError(
            f"Expected a new file, but {out} exists; choose another, or replace it with --overwrite."
        )


@contextmanager
def whole(path: Path) -> Iterator[Path]:
    """Yield a place to write to, whose file gets the name `path` if nothing is raised, and is gone otherwise."""
    temporary = path.with_name(f".{path.name}.tmp")
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        yield temporary
        with temporary.open("rb") as file:
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def _parquet_file(path: Path) -> Any:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        return pq.ParquetFile(path)
    except (pa.ArrowException, OSError) as error:
        raise UsageError(f"Expected a Parquet file at {path}, got something else: {error}.") from None


def _row(line: bytes, where: str) -> Row:
    try:
        found = decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"{where}: expected a JSON object in UTF-8: {error}.") from None
    if not isinstance(found, dict):
        raise UsageError(f"{where}: expected a JSON object, got {type(found).__name__}.")
    return found


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
