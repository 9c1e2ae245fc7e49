"""Template files from files of real rows."""

import re
import tomllib
from pathlib import Path

import pyarrow as pa
import pytest

from gristmill.errors import UsageError
from gristmill.generators.fitting import Fitted, fit
from gristmill.generators.tables import write_table
from gristmill.workflows.fitting import drawable, fit_file
from tests.generators.payments import payments


def test_the_file_holds_the_template(tmp_path: Path) -> None:
    """With notes for the reader as comments; equal tables give equal bytes, and no template is replaced unasked."""
    write_table(tmp_path / "real.csv", payments(0, 500))
    found = fit_file(tmp_path / "real.csv", tmp_path / "payments.toml")
    first = (tmp_path / "payments.toml").read_bytes()
    with pytest.raises(UsageError, match=r"payments\.toml exists; expected another name, or --overwrite"):
        fit_file(tmp_path / "real.csv", tmp_path / "payments.toml")
    fit_file(tmp_path / "real.csv", tmp_path / "payments.toml", overwrite=True)

    assert found.template == tomllib.loads(first.decode())
    assert "payments" == found.template["name"]
    assert b"# id: identifiers of this pattern" in first
    assert first == (tmp_path / "payments.toml").read_bytes()


def test_a_template_is_toml(tmp_path: Path) -> None:
    """Another suffix is a slip."""
    write_table(tmp_path / "real.csv", payments(0, 50))

    with pytest.raises(UsageError, match=r"such as out\.toml"):
        fit_file(tmp_path / "real.csv", tmp_path / "out.yaml")


def test_the_file_says_which_texts_are_those_of_the_table(tmp_path: Path) -> None:
    """So that a person can look whether one of them is somebody's; what is made up is not among them."""
    write_table(tmp_path / "real.csv", payments(0, 500))
    found = fit_file(tmp_path / "real.csv", tmp_path / "payments.toml")
    said = [
        one for one in (tmp_path / "payments.toml").read_text().splitlines() if "Texts are written" in one
    ]

    assert 1 == len(said)
    assert "method" in said[0]
    assert "id" in found.template["fields"]
    assert not re.search(r"\bid\b", said[0])


def _fitted(table: pa.Table) -> Fitted:
    """A fit with two defects: a column that makes it fail, and two of which rows can be drawn but not together."""
    if "broken" in table.column_names:
        raise OverflowError("Python int 4711 too large")
    found = fit(table, name="t")
    if {"one", "other"} <= {*table.column_names}:
        found.template["fields"]["other"]["kind"] = "unknown"
    return found


def test_columns_that_cannot_be_drawn_are_left_out() -> None:
    """Whatever is wrong with them, and it is said without words that may hold a value of theirs."""
    names = ["one", "broken", "other", "last"]
    found = drawable(pa.table({name: [1.5, 2.5, 7.25] * 20 for name in names}), _fitted)

    assert ["one", "last"] == list(found.template["fields"])
    assert {"broken", "other"} == {name for name, note in found.notes.items() if "cannot be drawn" in note}
    assert "4711" not in str(found.notes)
    with pytest.raises(UsageError, match="Expected a column of which rows can be drawn, got none: broken"):
        drawable(pa.table({"broken": [1, 2] * 20}), _fitted)


def test_a_table_that_cannot_be_fitted_is_refused_as_it_is() -> None:
    """By the words of the fit."""
    with pytest.raises(UsageError, match="Expected at least 20 rows"):
        drawable(pa.table({"one": [1, 2]}), _fitted)
