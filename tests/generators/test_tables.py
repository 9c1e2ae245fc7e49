"""Tables as files."""

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pytest

from gristmill.errors import UsageError
from gristmill.generators.fidelity import compare
from gristmill.generators.fields import Choice, Constant
from gristmill.generators.fitting import fit
from gristmill.generators.space import Space
from gristmill.generators.tables import read_table, write_table
from tests.generators.payments import payments

SUFFIXES = (".parquet", ".csv", ".jsonl")


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_table_is_read_as_it_was_written(suffix: str, tmp_path: Path) -> None:
    """Whatever the format, the values are the same, and so is what is missing."""
    table = payments(0, 200)
    rows = write_table(tmp_path / f"t{suffix}", table)

    assert 200 == rows
    assert table.to_pydict() == read_table(tmp_path / f"t{suffix}").cast(table.schema).to_pydict()


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_pieces_make_one_table(suffix: str, tmp_path: Path) -> None:
    """They are written one after the other, without all of them being held."""
    table = payments(0, 90)
    rows = write_table(tmp_path / f"t{suffix}", (table.slice(start, 30) for start in (0, 30, 60)))

    assert 90 == rows
    assert table["amount"].to_pylist() == read_table(tmp_path / f"t{suffix}")["amount"].to_pylist()


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_file_appears_whole_or_not_at_all(suffix: str, tmp_path: Path) -> None:
    """What fails half way leaves what was there before, and nothing beside it."""
    path = tmp_path / f"t{suffix}"
    path.write_text("before")

    def broken() -> Iterator[pa.Table]:
        yield payments(0, 10)
        raise RuntimeError("half way")

    with pytest.raises(RuntimeError):
        write_table(path, broken())

    assert ["before"] == [one.read_text() for one in tmp_path.iterdir()]


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("t.csv", b"", "which is empty"),
        ("t.csv", b"a,b\n", "which has none"),
        ("t.csv", b"a,b\n1,2\n\xff,3\n", "byte 0xff in line 3"),
        ("t.jsonl", b'{"a": "\xc3', "byte 0xc3 in line 1"),
        ("t.csv", b"a,b\n1,2\n3\n", "Expected 2 columns, got 1"),
        ("t.csv", b"a,a\n1,2\n", "several called 'a'"),
        ("t.jsonl", b'{"a": 1}\n{"a": "x"}\n', "changed from number to string"),
        ("t.parquet", b"PAR1 and then nothing", "Parquet magic bytes"),
        ("t.xlsx", b"PK", ".parquet, .csv or .jsonl"),
    ],
)
def test_a_file_that_is_no_table_is_one_message(
    name: str, content: bytes, words: str, tmp_path: Path
) -> None:
    """It names the file and the place in it."""
    (tmp_path / name).write_bytes(content)

    with pytest.raises(UsageError, match=words) as found:
        read_table(tmp_path / name)
    assert name in str(found.value)


def test_what_is_not_there_is_said(tmp_path: Path) -> None:
    """So is a folder."""
    (tmp_path / "folder.csv").mkdir()

    with pytest.raises(UsageError, match="not there"):
        read_table(tmp_path / "none.csv")
    with pytest.raises(UsageError, match="a folder"):
        read_table(tmp_path / "folder.csv")


def test_a_column_that_does_not_go_into_the_format_is_said(tmp_path: Path) -> None:
    """A CSV file has no lists; nothing is left behind."""
    with pytest.raises(UsageError, match=r"columns that \.csv can hold"):
        write_table(tmp_path / "t.csv", pa.table({"a": [[1]]}))

    assert [] == list(tmp_path.iterdir())


def test_one_of_the_options_may_be_nothing(tmp_path: Path) -> None:
    """In every format, beside an empty text; the codes of the texts leave it out."""
    drawn = Space(a=Choice(["x", "", None]), b=Constant(None)).table(0, range(50))
    write_table(tmp_path / "t.parquet", drawn)
    write_table(tmp_path / "t.jsonl", drawn)

    assert {"x", "", None} == set(drawn["a"].to_pylist())
    assert drawn["a"].to_pylist() == read_table(tmp_path / "t.parquet")["a"].to_pylist()
    assert drawn["a"].to_pylist() == read_table(tmp_path / "t.jsonl")["a"].to_pylist()


def test_tables_too_wide_to_look_at_in_pairs_are_refused() -> None:
    """At once, and not after hours."""
    wide = pa.table({f"c{number}": [1.0] * 40 for number in range(1_001)})

    with pytest.raises(UsageError, match="Expected at most 1,000 columns, got 1,001"):
        fit(wide, name="t")
    with pytest.raises(UsageError, match="Expected at most 1,000 columns, got 1,001"):
        compare(wide, wide)
