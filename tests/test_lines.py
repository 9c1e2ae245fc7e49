"""Texts and JSON lines in files."""

from pathlib import Path

import pytest

from gristmill.errors import UsageError
from gristmill.lines import check_utf8, numbered, read_lines, read_text, write_lines


def test_objects_come_back_with_their_lines(tmp_path: Path) -> None:
    """Empty lines count, and are no objects."""
    path = tmp_path / "some.jsonl"
    assert 2 == write_lines(path, ({name: value} for name, value in (("a", 1), ("b", "é"))))
    path.write_bytes(b"\n" + path.read_bytes() + b"  \n")

    assert [(2, {"a": 1}), (3, {"b": "é"})] == list(numbered(path))
    assert [{"a": 1}, {"b": "é"}] == list(read_lines(path))


@pytest.mark.parametrize(
    ("line", "got"),
    [
        (b"{", "got {: "),
        (b"[1]", r"got \[1\]\."),
        (b'{"a": "\xff"}', "got {.*�.*}: "),
        (b'{"a": NaN}', "got {.*NaN}: "),
        (b"[" * 90_000, "got .*…: "),
    ],
)
def test_a_line_that_is_no_object_is_named(tmp_path: Path, line: bytes, got: str) -> None:
    """With what stands there."""
    (tmp_path / "some.jsonl").write_bytes(b"{}\n" + line + b"\n")

    with pytest.raises(UsageError, match=rf"some\.jsonl, line 2: expected a JSON object, {got}"):
        list(read_lines(tmp_path / "some.jsonl"))


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    """So is a folder in its place."""
    with pytest.raises(UsageError, match=r"Expected a text, got .*no\.txt, which is not there"):
        read_text(tmp_path / "no.txt")
    with pytest.raises(UsageError, match=r"Expected a file of JSON lines, got .*, which is a folder"):
        list(read_lines(tmp_path))


def test_another_encoding_is_named_with_its_line(tmp_path: Path) -> None:
    """Wherever in the file it is, and also where a letter is cut off at the end."""
    path = tmp_path / "some.txt"
    path.write_bytes(b"a\n" * 2**20 + b"\xe9t\xe9\n")
    with pytest.raises(UsageError, match=f"byte 0xe9 in line {2**20 + 1} of .*some"):
        check_utf8(path)
    path.write_bytes(b"a\r\n\xc3")
    with pytest.raises(UsageError, match="byte 0xc3 in line 2"):
        read_text(path)
    path.write_bytes("a\r\né".encode())
    assert "a\r\né" == read_text(path)
