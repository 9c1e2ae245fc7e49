"""TOML files, read and written."""

import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gristmill.errors import UsageError
from gristmill.generators.toml import read_toml, written

TEXTS = st.text(st.characters(codec="utf-8"), max_size=8)
SCALARS = st.booleans() | st.integers(-(2**60), 2**60) | st.floats(allow_nan=False) | TEXTS
VALUES = st.recursive(
    SCALARS, lambda one: st.lists(one, max_size=4) | st.dictionaries(TEXTS, one, max_size=3), max_leaves=8
)


@given(
    st.fixed_dictionaries(
        {
            "name": TEXTS,
            "fields": st.dictionaries(TEXTS, st.dictionaries(TEXTS, VALUES, max_size=4), max_size=3),
            "correlated": st.lists(st.dictionaries(TEXTS, VALUES, max_size=3), max_size=2),
        }
    )
)
def test_what_is_written_is_read_again(data: dict[str, Any]) -> None:
    """Whatever keys and texts hold: quotes, dots, line ends, control characters."""
    assert data == tomllib.loads(written(data))


def test_long_lists_have_several_lines() -> None:
    """A person reads the file too."""
    text = written({"fields": {"x": {"quantiles": [float(one) for one in range(200)]}}})

    assert max(map(len, text.splitlines())) <= 110


def test_long_tables_have_heads_of_their_own() -> None:
    """Short ones stand in a line of the table that they are in."""
    cases = {"a": {"kind": "flag", "rate": 0.5}, "b c": {"options": [f"option {one}" for one in range(40)]}}
    text = written({"fields": {"x": {"kind": "cases", "when": {"y": [True]}, "cases": cases}}})

    assert '[fields.x]\nkind = "cases"\nwhen = { y = [true] }\n\n[fields.x.cases]\na = { kind' in text
    assert '[fields.x.cases."b c"]\noptions = [' in text
    assert max(map(len, text.splitlines())) <= 110


def test_what_toml_cannot_say_is_refused() -> None:
    """It has no null."""
    with pytest.raises(UsageError, match="None, which TOML cannot say"):
        written({"a": None})


def test_a_file_that_is_no_toml_is_one_message(tmp_path: Path) -> None:
    """It names the file and the place in it, or that there is none."""
    path = tmp_path / "a.toml"
    path.write_bytes(b"a = 1\nb = \n")
    with pytest.raises(UsageError, match=r"a\.toml: expected TOML, got something else: .*line 2, column 5"):
        read_toml(path)
    path.write_bytes(b"a = 1\nb = '\xff'\n")
    with pytest.raises(UsageError, match=r"byte 0xff in line 2 of .*a\.toml"):
        read_toml(path)
    with pytest.raises(UsageError, match=r"Expected a template, got no\.toml, which is not there"):
        read_toml(Path("no.toml"), "a template")
