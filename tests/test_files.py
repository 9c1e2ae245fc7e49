"""Files that appear whole or not at all."""

import subprocess
import sys
from pathlib import Path

import pytest

from gristmill.errors import StoreError
from gristmill.files import whole, write_whole


def test_a_file_has_its_old_content_until_the_new_one_is_whole(tmp_path: Path) -> None:
    """And folders on the way to it are made."""
    path = tmp_path / "folder" / "file"
    with whole(path) as temporary:
        temporary.write_text("new")
        assert not path.exists()

    assert "new" == path.read_text()
    assert [path] == list(path.parent.iterdir())


def test_what_fails_leaves_nothing(tmp_path: Path) -> None:
    """The old file stays as it was."""
    path = tmp_path / "file"
    path.write_text("old")

    def broken() -> None:
        with whole(path) as temporary:
            temporary.write_text("half")
            raise KeyError

    with pytest.raises(KeyError):
        broken()

    assert ["old"] == [one.read_text() for one in tmp_path.iterdir()]


def test_what_cannot_be_written_is_said(tmp_path: Path) -> None:
    """With the path that was asked for."""
    (tmp_path / "file").write_text("")
    path = tmp_path / "file" / "below"

    with pytest.raises(StoreError, match=f"Could not write {path}"), whole(path):
        pass


def test_the_last_of_several_writers_wins(tmp_path: Path) -> None:
    """Neither takes the other's draft for one that was left behind."""
    path = tmp_path / "file"
    with whole(path) as first:
        with whole(path) as second:
            first.write_text("first")
            second.write_text("second")
        assert "second" == path.read_text()

    assert ["first"] == [one.read_text() for one in tmp_path.iterdir()]


def test_what_a_killed_writer_left_goes_with_the_next(tmp_path: Path) -> None:
    """It does not add up, and nothing of it is read."""
    leave = (
        "import os, sys; from pathlib import Path; from gristmill.files import whole; "
        "path = whole(Path(sys.argv[1])).__enter__(); path.write_text('half of the old'); os._exit(9)"
    )
    for _ in range(2):
        subprocess.run([sys.executable, "-c", leave, str(tmp_path / "file")], check=False)
        assert ["half of the old"] == [one.read_text() for one in tmp_path.iterdir()]
    write_whole(tmp_path / "file", b"new")

    assert ["new"] == [one.read_text() for one in tmp_path.iterdir()]
