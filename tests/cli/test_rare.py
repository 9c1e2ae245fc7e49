"""`gristmill rare`: what is printed, exit codes, and one message for what is wrong."""

from pathlib import Path

import pytest

from gristmill.cli.app import main
from gristmill.digest import decode
from tests.workflows.rare.boilers import WORLD, truth

EVENT = [WORLD, "--seat", "agent=lazy"]
QUICK = ["--size", "50", "--precision", "0.4"]
GRADES = """
from gristmill.severity import Severity

def grade(name, of):
    return Severity(name=name, of=of, threshold=2.0, about="pressure")

def broken(episode):
    raise RuntimeError("no gauge")

def pressure(episode):
    return float(episode.state["pressure"])

good = grade("good", pressure)
raising = grade("raising", broken)
nan = grade("nan", lambda episode: float("nan"))
text = grade("text", lambda episode: "high")
constant = grade("constant", lambda episode: 1.0)
binary = grade("binary", lambda episode: 2.0 * (pressure(episode) > 1))
"""


@pytest.fixture
def grades(tmp_path: Path) -> Path:
    """A file of severities."""
    file = tmp_path / "grades.py"
    file.write_text(GRADES)
    return file


def test_an_estimate_is_printed(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """With its interval, its cost, and the kinds of failure; its folder has a page, and failures to make simpler."""
    out = tmp_path / "out"
    assert 0 == main(["rare", "estimate", *EVENT, *QUICK, "--out", str(out)])
    printed = capsys.readouterr().out

    assert "overpressure in test/boiler-v0. With customer expert, agent lazy:" in printed
    assert "95 % interval" in printed
    assert "share of failures" in printed
    assert f"The page: {out / 'rare.html'}" in printed
    assert f"--out={out}" in (out / "rare.html").read_text()

    assert 0 == main(["rare", "shrink", *EVENT[:1], str(out / "failures.jsonl"), *EVENT[1:], "--line", "2"])
    assert "leak" in capsys.readouterr().out
    assert 2 == main(
        ["rare", "shrink", *EVENT[:1], str(out / "failures.jsonl"), *EVENT[1:], "--line", "9999"]
    )
    assert "Expected a line from 1 to" in capsys.readouterr().err


def test_an_estimate_can_be_read_by_machines(capsys: pytest.CaptureFixture[str]) -> None:
    """As one line of JSON, the same with more workers or given values of fields."""
    assert 0 == main(["rare", "estimate", *EVENT, *QUICK, "--fix", "leak=burst", "--json"])
    found = decode(capsys.readouterr().out)["estimation"]["estimate"]

    assert found["low"] <= 0.158655 <= found["high"]
    assert 0.158655 > 10 * truth()


def test_no_number_is_exit_code_one(capsys: pytest.CaptureFixture[str]) -> None:
    """With a bound."""
    assert 1 == main(["rare", "estimate", *EVENT, *QUICK, "--threshold", "30", "--calls", "1000"])
    printed = capsys.readouterr().out

    assert "at most 0.003" in printed
    assert "No estimate is given" in printed


@pytest.mark.parametrize(
    ("severity", "message"),
    [
        ("raising", "to grade every episode, got RuntimeError: no gauge"),
        ("nan", "Expected a severity that is a finite number, got nan"),
        ("text", "could not convert string to float"),
        ("constant", "Expected a severity that rises on the way to the event, got 1 for all"),
        ("god", "Unknown severity 'god'"),
    ],
)
def test_a_bad_severity_is_one_message(
    capsys: pytest.CaptureFixture[str], grades: Path, severity: str, message: str
) -> None:
    """And no number."""
    assert 2 == main(["rare", "estimate", *EVENT, *QUICK, "--severity", f"{grades}:{severity}"])
    printed = capsys.readouterr()

    assert "" == printed.out
    assert message in printed.err
    assert 1 == printed.err.count("gristmill: ")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--severity", "heat"], "Unknown severity 'heat' of test/boiler-v0. Valid: overpressure."),
        (["--fix", "leek=burst"], "Unknown field 'leek'. Did you mean 'leak'?"),
        (["--fix", "leak"], "Expected FIELD=VALUE such as weather=ice, got 'leak'."),
        (["--fix", "leak=huge"], "Field 'leak': expected one of 'none', 'small', 'burst', got 'huge'."),
        (["--fix", "leak=burst", "--fix", "leak=none"], "Expected one value of 'leak', got two"),
        (["--tilt", "fog"], "Unknown gate 'fog'"),
        (["--method", "magic"], "Unknown method 'magic'"),
        (["--method", "trajectories"], "a running severity and its clock"),
        (["--precision", "0"], "a precision above 0"),
        (["--precision", "nan"], "a precision above 0"),
        (["--threshold", "nan"], "Expected a threshold that is a finite number, got nan."),
        (["--seat", "agent=moody"], "got an error of agent (RuntimeError: out of order)"),
    ],
)
def test_bad_options_are_one_message(
    capsys: pytest.CaptureFixture[str], options: list[str], message: str
) -> None:
    """Which says what would be right."""
    seats = [] if "--seat" in options else EVENT[1:]
    assert 2 == main(["rare", "estimate", WORLD, *seats, *options])
    printed = capsys.readouterr()

    assert "" == printed.out
    assert message in " ".join(printed.err.split())


def test_a_severity_of_two_values_is_left_to_monte_carlo(
    capsys: pytest.CaptureFixture[str], grades: Path
) -> None:
    """Which is said."""
    options = ["--severity", f"{grades}:binary", "--calls", "1000", "--json"]
    assert 0 == main(["rare", "estimate", *EVENT, *options])
    found = decode(capsys.readouterr().out)["estimation"]["estimate"]

    assert "monte-carlo" == found["method"]
    assert "nothing is gained over Monte Carlo" in found["warnings"][0]


def test_a_check_says_whether_a_severity_will_do(capsys: pytest.CaptureFixture[str], grades: Path) -> None:
    """By its exit code too."""
    assert 0 == main(["rare", "check", *EVENT])
    assert "graded, finite, and the same for the same scenario" in capsys.readouterr().out
    assert 1 == main(["rare", "check", *EVENT, "--severity", f"{grades}:nan"])
    assert "error: Expected a severity that is a finite number" in capsys.readouterr().out
    assert 1 == main(["rare", "check", *EVENT, "--severity", f"{grades}:constant", "--json"])
    assert "constant" == decode(capsys.readouterr().out)["findings"][0]["name"]


def test_a_hunt_tells_kinds_of_failure(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """Exit code 1 when there are none, 2 where it cannot be asked for."""
    out = tmp_path / "out"
    assert 0 == main(["rare", "hunt", *EVENT, "--by", "leak", "--calls", "300", "--out", str(out)])
    assert "what it takes" in capsys.readouterr().out
    assert {"failures.jsonl", "hunt.json", "rare.html"} == {one.name for one in out.iterdir()}
    assert 1 == main(["rare", "hunt", *EVENT, "--calls", "50", "--threshold", "1000000"])
    assert "no failure in 50 scenarios" in capsys.readouterr().out
    assert 2 == main(["rare", "hunt", *EVENT, "--by", "heat"])
    assert "Unknown kind 'heat'" in capsys.readouterr().err
    assert 2 == main(["rare", "hunt", *EVENT, "--method", "magic"])
    assert "Unknown method 'magic'" in capsys.readouterr().err


def test_an_option_that_is_impossible_is_told_of(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """Of a world in a file."""
    file = tmp_path / "zero.py"
    file.write_text(
        Path(WORLD.rpartition(":")[0]).read_text().replace("(0.96, 0.03, 0.01)", "(0.97, 0.03, 0.0)")
        .replace("test/boiler-v0", "test/zero-v0")
    )  # fmt: skip
    assert 2 == main(["rare", "estimate", f"{file}:Boiler", "--seat", "agent=lazy"])

    assert "got 'burst' of 'leak' with a probability of 0" in capsys.readouterr().err
