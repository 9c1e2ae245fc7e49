"""One seat of several: mined, exported and evaluated by its own outcome."""

from pathlib import Path
from typing import Any

import pytest

from gristmill.cli.app import main
from gristmill.digest import decode
from tests.recorders.bargains import BLURTS, WORLD


@pytest.fixture
def haggling(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    """A run in which both seats now and then break a rule, three attempts at each scenario."""
    out = tmp_path / "run"
    seats = [f"--seat={seat}={BLURTS}" for seat in ("buyer", "seller")]
    main(["run", WORLD, "-n", "10", "--attempts", "3", "-o", str(out), *seats])
    capsys.readouterr()
    return out


def machine(capsys: pytest.CaptureFixture[str]) -> Any:
    """Return the answer for machines."""
    return decode(capsys.readouterr().out)


def test_a_seat_is_mined_and_its_pairs_are_exported(
    haggling: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The view remembers whose it is, and its export is of that seat unasked."""
    wanted = ["--seat", "seller", "--min-score", "0.5", "--above-baseline", "--best", "1"]
    assert 0 == main(["mine", str(haggling), "--name", "selling", *wanted, "--json"])
    mined = machine(capsys)
    export = ["export", str(haggling), "--view", "selling", "--format", "preference", "--margin", "0.1"]
    assert 0 == main([*export, "--json"])
    exported = machine(capsys)

    assert ["readable", "verdict", "length", "score", "baseline", "distinct", "best"] == [
        stage["name"] for stage in mined["stages"]
    ]
    assert ("seller", {"cheap", "dear"}) == (mined["seat"], set(mined["baselines"]))
    assert "seller" == exported["seat"]
    assert len(mined["kept"]) == sum(exported["lines"].values()) + sum(exported["dropped"].values()) > 2
    assert 0 == main(["mine", str(haggling), "--seat", "seller"])
    assert "View 'default' for seller: " in capsys.readouterr().out


def test_that_seats_have_outcomes_of_their_own_is_said(
    haggling: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """To whoever names none."""
    assert 0 == main(["mine", str(haggling)])

    printed = " ".join(capsys.readouterr().out.split())
    assert "note: each seat has an outcome of its own, and of 30 episodes pass" in printed
    assert "`--seat seller` would keep what seller did well" in printed


def test_one_seat_is_evaluated(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """By its own success and score; without being asked, both have to do well."""
    command = ["eval", WORLD, "--seat", f"buyer={BLURTS}", "-n", "20", "-o", str(tmp_path / "eval")]
    assert 0 == main([*command, "--of", "seller"])
    printed = " ".join(capsys.readouterr().out.split())
    assert 0 == main([*command, "--of", "seller", "--json"])
    seller = machine(capsys)["evaluation"]
    assert 0 == main([*command, "--json"])
    both = machine(capsys)["evaluation"]

    assert "seller=expert, for seller: " in printed
    assert f"Mean score: {seller['score']['mean']:.3f} (95 % interval" in printed
    assert seller["success"]["passed"] > both["success"]["passed"]
    assert both["score"] is None


def test_nobody_learns_another_seat_from_the_view_of_one(
    haggling: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What is kept for one seat may be bad play of another."""
    assert 0 == main(["mine", str(haggling), "--seat", "seller"])

    assert 2 == main(
        ["train", str(haggling), "--view", "default", "--seat", "buyer", "-o", str(tmp_path / "a")]
    )
    assert "Expected seat 'seller', for which view 'default' was mined" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["mine", "--seat", "sellr"], "Unknown seat 'sellr'"),
        (["mine", "--min-score", "0.5"], "name it, as with --seat seller"),
        (["export", "--format", "openai", "--margin", "0.5"], "for preference alone"),
    ],
)
def test_wrong_use_is_told(
    haggling: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    """What was expected, what was got, and what would be right."""
    verb, *rest = arguments

    assert 2 == main([verb, str(haggling), *rest])
    assert message in " ".join(capsys.readouterr().err.split())
