"""`gristmill augment` in words: rows, scenarios and runs by one verb."""

from pathlib import Path

import pytest

from gristmill.cli.app import main
from gristmill.digest import decode, encode
from gristmill.generators.augment import AUGMENTATIONS
from tests.fixtures.plugins import plugin


def test_rows(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What was written, and what was left out and why; nothing written is exit code 1."""
    source = tmp_path / "a.jsonl"
    source.write_bytes(encode({"text": "I am late."}) + b"\n")

    assert 0 == main(
        ["augment", str(source), "--with", "contractions?rate=1,swap-names", "-o", str(tmp_path / "b.jsonl")]
    )
    out = " ".join(capsys.readouterr().out.split())
    assert f"1 copies of 1 in {tmp_path / 'b.jsonl'}: 1 contractions?rate=1" in out
    assert "left out: 1 nothing to change" in out

    assert 1 == main(
        ["augment", str(source), "--with", "swap-names", "-o", str(tmp_path / "c.jsonl"), "--json"]
    )
    assert {"nothing to change": 1} == decode(capsys.readouterr().out)["left_out"]


def test_a_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A table by augmentation: how many copies still pass, and why the others do not."""
    assert 0 == main(["run", plugin(tmp_path), "-n", "4", "-o", str(tmp_path / "run")])
    assert 0 == main(["mine", str(tmp_path / "run")])
    capsys.readouterr()

    command = ["augment", str(tmp_path / "run"), "--with", "casing", "-o", str(tmp_path / "more")]
    assert 0 == main(command)
    first = capsys.readouterr().out
    assert "what kept the others from passing" in first
    assert "copies kept in" in first
    assert 0 == main(command)
    assert first == capsys.readouterr().out


def test_the_list(capsys: pytest.CaptureFixture[str]) -> None:
    """What there is, and what each keeps true."""
    assert 0 == main(["augment", "--list"])
    out = capsys.readouterr().out
    assert [] == [name for name in AUGMENTATIONS if name not in out]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ([], "Expected --with for words or --resample for scenarios, got neither"),
        (["--with", "typo"], "Did you mean 'typos'?"),
        (["--with", "typos", "--resample", "zip"], "Expected --resample alone for scenarios"),
        (["--resample", "zip"], "name it with --world"),
    ],
)
def test_wrong_use(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], options: list[str], message: str
) -> None:
    """One line, exit code 2, and no file."""
    source = tmp_path / "a.jsonl"
    source.write_bytes(encode({"text": "I am late."}) + b"\n")

    assert 2 == main(["augment", str(source), *options, "-o", str(tmp_path / "b.jsonl")])
    assert message in capsys.readouterr().err
    assert not (tmp_path / "b.jsonl").exists()
