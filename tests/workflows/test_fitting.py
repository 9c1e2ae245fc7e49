"""Template files from files of real rows."""

import tomllib
from pathlib import Path

import pytest

from gristmill.errors import UsageError
from gristmill.generators.tables import write_table
from gristmill.workflows.fitting import fit_file
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
