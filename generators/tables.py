"""Tables as files: Parquet, CSV and JSON lines, by the suffix."""

import os
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, Self

import pyarrow as pa

from gristmill.digest import encode
from gristmill.errors import StoreError, UsageError
from gristmill.files import whole
from gristmill.lines import check_file, check_utf8

__all__ = ["check_width", "drafted", "open_parquet", "read_table", "write_draft", "write_table"]

_NAMES = {".parquet": "Parquet", ".csv": "CSV", ".jsonl": "JSON lines"}
_SUFFIXES = ".parquet, .csv or .jsonl"
_WIDEST = 1_000  # columns that are set against one another


def check_width(table: pa.Table) -> None:
    """Refuse a table of so many columns that looking at all pairs of them would take hours.

    Raises:
        UsageError: when it has more than a thousand.
    """
    if table.num_columns > _WIDEST:
        raise UsageError(
            f"Expected at most {_WIDEST:,} columns, got {table.num_columns:,}; take the ones that matter."
        )


def read_table(path: Path) -> pa.Table:
    """Return the table in a file; types of columns that the format does not tell are those that all values fit.

    Raises:
        UsageError: when it is no such file, is damaged, or holds no row.
    """
    kind = _kind(path)
    check_file(path, f"a table ({_SUFFIXES})")
    if not path.stat().st_size:
        raise UsageError(f"Expected a table with rows, got {path}, which is empty.")
    with _readable(path, kind):
        found = {".parquet": _read_parquet, ".csv": _read_csv, ".jsonl": _read_lines}[kind](path)
    if not found.num_rows:
        raise UsageError(f"Expected a table with rows, got {path}, which has none.")
    if twice := sorted({name for name in found.column_names if found.column_names.count(name) > 1}):
        raise UsageError(f"Expected columns of different names, got several called {twice[0]!r} in {path}.")
    return found


def open_parquet(path: Path) -> Any:
    """Return a Parquet file, to be read piece by piece.

    Raises:
        UsageError: when it is none.
        StoreError: when it cannot be read.
    """
    import pyarrow.parquet as pq

    with _readable(path, ".parquet"):
        return pq.ParquetFile(path)


def write_table(path: Path, tables: pa.Table | Iterable[pa.Table]) -> int:
    """Write a table, or the pieces of one in order, so that the file appears whole or not at all; return its number of rows.

    Equal pieces give equal bytes.

    Args:
        path: the file; its suffix says the format.
        tables: pieces of one schema, of which one at a time is held.

    Raises:
        UsageError: when the suffix is of no format, there is no piece, or a column does not go into the format.
        StoreError: when it cannot be written.
    """
    _kind(path)
    with drafted(path) as draft:
        return write_draft(draft, path, tables)


def drafted(path: Path) -> AbstractContextManager[Path]:
    """Return what `gristmill.files.whole` does for the file that `path` leads to, which may be by way of a link."""
    if path.is_dir():
        raise UsageError(f"Expected a file to write to, got the folder {path}.")
    return whole(Path(os.path.realpath(path)))


def write_draft(draft: Path, path: Path, tables: pa.Table | Iterable[pa.Table]) -> int:
    """Write what becomes the table in `path` into `draft`; see `write_table`."""
    open_writer = {".parquet": _parquet_writer, ".csv": _csv_writer, ".jsonl": _LineWriter}[_kind(path)]
    pieces = iter([tables] if isinstance(tables, pa.Table) else tables)
    first = next(pieces, None)
    if first is None:
        raise UsageError(f"Expected at least one piece of a table to write to {path}, got none.")
    try:
        with open_writer(draft, first.schema) as writer:
            writer.write_table(first)
            rows: int = first.num_rows
            for piece in pieces:
                writer.write_table(piece)
                rows += piece.num_rows
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError, pa.ArrowTypeError) as error:
        raise UsageError(
            f"Expected columns that {path.suffix} can hold, got others: {_reason(error)}."
        ) from None
    return rows


def _kind(path: Path) -> str:
    kind = path.suffix.lower()
    if kind not in _NAMES:
        raise UsageError(f"Expected a table ({_SUFFIXES}), got {path}.")
    return kind


@contextmanager
def _readable(path: Path, kind: str) -> Iterator[None]:
    try:
        yield
    except pa.ArrowException as error:
        raise UsageError(
            f"Expected {_NAMES[kind]} in {path}, got what cannot be read: {_reason(error)}."
        ) from None
    except OSError as error:  # Arrow's, for damaged pages, have no number
        raise StoreError(f"Could not read {path}: {error.strerror or error}.") from error


def _reason(error: Exception) -> str:
    return str(error).splitlines()[0].rstrip(".")


def _read_parquet(path: Path) -> pa.Table:
    return open_parquet(path).read()


def _read_csv(path: Path) -> pa.Table:
    from pyarrow import csv

    check_utf8(path)
    return csv.read_csv(
        path, convert_options=csv.ConvertOptions(strings_can_be_null=True, quoted_strings_can_be_null=False)
    )


def _read_lines(path: Path) -> pa.Table:
    from pyarrow import json

    check_utf8(path)
    return json.read_json(path)


def _parquet_writer(path: Path, schema: pa.Schema) -> Any:
    import pyarrow.parquet as pq

    return pq.ParquetWriter(path, schema, compression="zstd")


def _csv_writer(path: Path, schema: pa.Schema) -> Any:
    from pyarrow import csv

    return csv.CSVWriter(path, schema)


class _LineWriter:
    """Writes rows as lines of JSON; a value that is missing is null."""

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        self._file = path.open("wb")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def write_table(self, table: pa.Table) -> None:
        for batch in table.to_batches(max_chunksize=10_000):
            self._file.writelines(encode(row) + b"\n" for row in batch.to_pylist())
