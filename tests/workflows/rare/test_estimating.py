"""Estimates of a world's event, in folders that can be gone on with."""

import shutil
from pathlib import Path

import msgspec
import pytest

from gristmill import registry
from gristmill.errors import UsageError
from gristmill.generators.rare.estimate import estimate
from gristmill.lines import read_lines
from gristmill.workflows.rare.checking import check
from gristmill.workflows.rare.estimating import Asked, estimate_event, read_estimation
from gristmill.workflows.rare.playing import Event, System
from gristmill.workflows.scenarios import read_scenarios
from tests.workflows.rare.boilers import LAZY, WORLD, truth

EVENT = Event(world=WORLD, seats=LAZY)
ASKED = Asked(event=EVENT, size=50, precision=0.4)
GRADE = """
from gristmill.severity import Severity
grade = Severity(name="grade", of=lambda episode: float(episode.state["pressure"]), threshold=4.0, about="x")
"""


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with an estimate."""
    out = tmp_path_factory.mktemp("rare") / "estimate"
    estimate_event(ASKED, out)
    return out


@pytest.mark.parametrize("calls", [100_000, 1_500])
def test_it_is_the_estimate_of_the_problem(calls: int) -> None:
    """Exactly, also where the calls come to an end before there are as many replicates as are wanted."""
    found, _ = estimate_event(msgspec.structs.replace(ASKED, calls=calls))
    other = estimate(System(EVENT).problem(), seed=0, size=50, precision=0.4, calls=calls)

    assert other == found.estimate
    assert (6 if calls > 1_500 else 3) <= other.replicates
    assert other.low <= truth() <= other.high


@pytest.mark.slow
def test_workers_change_nothing(done: Path) -> None:
    """Nor does where the replicates are run."""
    assert read_estimation(done)[0].estimate == estimate_event(ASKED, jobs=2)[0].estimate


def test_failures_share_the_probability_of_the_event(done: Path) -> None:
    """The heaviest come first, and kinds have what their failures weigh."""
    found, failures = read_estimation(done)

    assert abs(sum(one.weight for one in failures) - 1) < 1e-9
    assert failures == sorted(failures, key=lambda one: (-one.weight, -one.log_density))
    assert all(one.severity >= 4 for one in failures)
    assert ["leak", "load"] == found.kind_names
    assert abs(sum(share for _, share in found.kinds) - 1) < 1e-9


def test_failures_can_be_played(done: Path) -> None:
    """Each once, as a scenario of the world."""
    scenarios = read_scenarios(done / "failures.jsonl", registry.world(WORLD)())

    assert len(scenarios) == len({one.id for one in scenarios}) > 20
    assert {"burst, 0 to 2", "small, from 2"} <= {one.stratum for one in scenarios}


def test_curves_fall_from_level_to_level(done: Path) -> None:
    """As powers of ten of probabilities, with the event at the end."""
    found, _ = read_estimation(done)

    assert found.curves
    for curve in found.curves:
        assert sorted(curve) == sorted(curve, key=lambda point: -point[1]) == curve
        assert curve[0][1] <= 0
        assert 4.0 == curve[-1][0]


@pytest.mark.parametrize("lines", [0, 2, 3, 5])
def test_it_goes_on_where_it_was_stopped(done: Path, tmp_path: Path, lines: int) -> None:
    """With the replicates that are there, of which those of a broken wave are run again."""
    out = tmp_path / "again"
    out.mkdir()
    shutil.copy(done / "start.json", out)
    text = (done / "replicates.jsonl").read_bytes().splitlines(keepends=True)
    (out / "replicates.jsonl").write_bytes(b"".join(text[:lines]))
    told: list[int] = []
    estimate_event(ASKED, out, progress=lambda one, *_: told.append(one))

    assert lines // 3 * 3 + 1 == told[0]
    for name in ("estimate.json", "weighted.jsonl", "replicates.jsonl"):
        assert (done / name).read_bytes() == (out / name).read_bytes()


def test_what_a_killed_writer_has_left_is_no_hindrance(tmp_path: Path) -> None:
    """Where it was killed before anything was whole."""
    (tmp_path / ".start.json.tmp").write_text('{"ask')

    assert estimate_event(ASKED, tmp_path)[0].estimate.replicates >= 6


def test_the_folder_of_another_estimate_is_refused(done: Path, tmp_path: Path) -> None:
    """And that of anything else, before anything is simulated."""
    (tmp_path / "notes.txt").write_text("mine")

    with pytest.raises(UsageError, match="another event, another setting or other code"):
        estimate_event(msgspec.structs.replace(ASKED, precision=0.3), done)
    with pytest.raises(UsageError, match="Expected a new folder"):
        estimate_event(ASKED, tmp_path)


def test_other_code_of_the_severity_is_noticed(tmp_path: Path) -> None:
    """Which is no part of the world where it is in a file of its own."""
    file, out = tmp_path / "grade.py", tmp_path / "out"
    file.write_text(GRADE)
    asked = Asked(event=msgspec.structs.replace(EVENT, severity=f"{file}:grade"), size=50, calls=300)
    estimate_event(asked, out)
    estimate_event(asked, out)
    file.write_text(GRADE.replace('["pressure"])', '["pressure"]) + 1'))

    with pytest.raises(UsageError, match="other code was asked for"):
        estimate_event(asked, out)


@pytest.mark.parametrize("name", ["start.json", "replicates.jsonl"])
def test_a_broken_file_is_told_of(done: Path, tmp_path: Path, name: str) -> None:
    """By its name."""
    out = tmp_path / "broken"
    shutil.copytree(done, out)
    (out / name).write_text('{"broken')

    with pytest.raises(UsageError, match=rf"Expected a file of an estimate that was begun, got .*{name}"):
        estimate_event(ASKED, out)
    with pytest.raises(UsageError, match="that `gristmill rare estimate --out` has written"):
        read_estimation(tmp_path)


def test_limits_are_looked_at_first() -> None:
    """As in `estimate`."""
    for precision in (0.0, float("nan"), -1.0):
        with pytest.raises(UsageError, match="a precision above 0"):
            estimate_event(msgspec.structs.replace(ASKED, precision=precision))


def test_replicates_are_written_one_to_a_line(done: Path) -> None:
    """In order."""
    numbers = [one["number"] for one in read_lines(done / "replicates.jsonl")]

    assert list(range(len(numbers))) == numbers


def test_a_check_says_how_severe_scenarios_are() -> None:
    """As they come, and finds nothing wrong with a graded severity."""
    found = check(EVENT)

    assert [] == found.findings
    assert ("overpressure", "bar", 4.0) == (found.severity, found.unit, found.threshold)
    assert abs(found.quantiles[0.5]) < 0.3
    assert list(found.quantiles.values()) == sorted(found.quantiles.values())


def test_a_check_finds_what_is_wrong(tmp_path: Path) -> None:
    """Then there are no quantiles where a severity is no number."""
    file = tmp_path / "grade.py"
    file.write_text(GRADE.replace('episode.state["pressure"]', '"nan"'))
    found = check(msgspec.structs.replace(EVENT, severity=f"{file}:grade"))

    assert ["error"] == [one.level for one in found.findings]
    assert {} == found.quantiles
