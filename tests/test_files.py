"""Files that appear whole or not at all."""

from pathlib import Path

import pytest

from gristmill.errors import StoreError
from gristmill.files import whole


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
