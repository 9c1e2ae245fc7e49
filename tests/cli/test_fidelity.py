"""`gristmill fidelity` and `gristmill fit`."""

from pathlib import Path

import pyarrow as pa
import pytest

from gristmill.cli.app import main
from gristmill.digest import decode
from gristmill.generators.tables import write_table
from tests.generators.payments import payments


@pytest.fixture
def files(tmp_path: Path) -> tuple[str, str]:
    """Paths of a real and a synthetic table of one law."""
    for name, seed in (("real", 0), ("synthetic", 1)):
        write_table(tmp_path / f"{name}.parquet", payments(seed, 600))
    return str(tmp_path / "real.parquet"), str(tmp_path / "synthetic.parquet")


def test_fidelity_answers_people(
    files: tuple[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """And writes the page that is asked for."""
    assert 0 == main(["fidelity", *files, "--key", "id", "--html", str(tmp_path / "page.html")])
    out = capsys.readouterr().out

    assert "600 real and 600 synthetic rows in 7 columns" in out
    assert "A classifier cannot tell them apart" in out
    assert "No sign of copies" in out
    assert (tmp_path / "page.html").is_file()


def test_fidelity_answers_machines(files: tuple[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    """The same seed gives the same line."""
    lines = []
    for _ in range(2):
        assert 0 == main(["fidelity", *files, "--key", "id", "--json", "--seed", "5"])
        lines.append(capsys.readouterr().out)

    assert lines[0] == lines[1]
    assert "clear" == decode(lines[0])["privacy"]["verdict"]


def test_copies_are_an_exit_code(
    files: tuple[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """So that a script stops before it publishes them."""
    real = payments(0, 600)
    write_table(tmp_path / "leak.csv", pa.concat_tables([payments(1, 580), real.slice(0, 20)]))

    assert 1 == main(["fidelity", files[0], str(tmp_path / "leak.csv"), "--key", "id"])
    assert "20 of them equal a real row" in capsys.readouterr().out


def test_what_cannot_be_compared_is_one_line(
    files: tuple[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Wrong use has exit code 2."""
    write_table(tmp_path / "other.csv", pa.table({"else": [1, 2]}))

    assert 2 == main(["fidelity", files[0], str(tmp_path / "other.csv")])
    (line,) = [one for one in capsys.readouterr().err.splitlines() if one.startswith("gristmill:")]
    assert "Expected two tables with columns in common" in line


def test_columns_of_one_table_alone_are_said(
    files: tuple[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """In words, on the page and in JSON; the others are compared."""
    less, page = str(tmp_path / "less.csv"), tmp_path / "page.html"
    write_table(tmp_path / "less.csv", payments(1, 600).drop_columns(["age"]))
    assert 0 == main(["fidelity", files[0], less, "--key", "id", "--html", str(page)])
    words = capsys.readouterr().out
    assert 0 == main(["fidelity", files[0], less, "--key", "id", "--json"])
    answer = decode(capsys.readouterr().out)

    assert "Not compared: only the real table has age." in words
    assert "Not compared: only the real table has age." in page.read_text()
    assert (["age"], []) == (answer["only_real"], answer["only_synthetic"])


def test_fit_answers_people_and_machines(
    files: tuple[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What each column became, and where the template is."""
    out = str(tmp_path / "payments.toml")
    assert 0 == main(["fit", files[0], "--out", out])
    words = capsys.readouterr().out
    assert 2 == main(["fit", files[0], "--out", out])
    assert "--overwrite" in capsys.readouterr().err
    assert 0 == main(["fit", files[0], "--out", out, "--overwrite", "--json"])
    answer = decode(capsys.readouterr().out)

    assert "lognormal" in words
    assert f"The template: {out}" in words.replace("\n", "")
    assert "poisson" == answer["fields"]["items"]["kind"]
    assert ["id"] == answer["keys"]
    assert "SYNTHETIC --key id" in words.replace("\n", " ")


def test_a_page_is_html(files: tuple[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What is to become a page is looked at before anything is compared, so that no template is replaced by one."""
    page = tmp_path / "template.toml"
    page.write_text("mine")

    assert 2 == main(["fidelity", *files, "--html", str(page)])
    assert "such as fidelity.html" in capsys.readouterr().err
    assert "mine" == page.read_text()
