"""Worlds as problems: scenarios are played, and episodes are graded."""

from pathlib import Path

import pytest

from gristmill.errors import UsageError
from gristmill.types import Scenario
from gristmill.workflows.rare.playing import Event, System, problem_of
from tests.fixtures.boilers import LEAKS, LIMIT
from tests.workflows.rare.boilers import LAZY, WORLD

ROW = {"load": 1.5, "leak": "burst", "hour": 3}
GRADES = """
from gristmill.severity import Severity

def pressure(episode):
    return float(episode.state["pressure"])

def broken(episode):
    raise RuntimeError("no gauge")

low = Severity(name="low", of=pressure, threshold=1.0, about="pressure")
bad = Severity(name="bad", of=broken, threshold=1.0, about="nothing")
none = Severity(name="none", of=lambda episode: float("nan"), threshold=1.0, about="nothing")
"""


def test_a_scenario_is_played_and_graded() -> None:
    """With the labels of its kinds; the event is what the severity says, unless a threshold is given."""
    problem = problem_of(WORLD, LAZY)
    (outcome,) = problem.simulate([ROW])

    assert (4.5, (), ("burst", "0 to 2")) == (outcome.severity, outcome.running, outcome.kind)
    assert (LIMIT, 1) == (problem.threshold, problem.calls)
    assert 2.0 == problem_of(WORLD, LAZY, threshold=2.0).threshold
    assert {"leak": tuple(LEAKS), "load": ("below 0", "0 to 2", "from 2")} == problem.kinds


def test_equal_values_are_one_scenario() -> None:
    """Hence one episode, whatever is played beside it."""
    system = System(Event(world=WORLD, seats=LAZY))
    first, other, again = system.play([ROW, ROW | {"leak": "none"}, ROW])

    assert first.scenario == again.scenario == Scenario.of("test/boiler-v0", ROW)
    assert first.steps == again.steps
    assert first.scenario.id != other.scenario.id


def test_seats_that_are_not_named_are_experts() -> None:
    """What is told of an event names them all."""
    system = System(Event(world=WORLD, seats=LAZY))

    assert {"agent": "lazy", "customer": "expert"} == system.event.seats


def test_fixed_fields_are_not_drawn() -> None:
    """The Space is conditioned on them."""
    space = System(Event(world=WORLD, seats=LAZY, fix={"leak": "small"})).space

    assert {"small"} == {space.sample(0, index)["leak"] for index in range(20)}


def test_a_severity_may_be_in_a_file(tmp_path: Path) -> None:
    """By its name there; one that does not exist is told of with those that do."""
    file = tmp_path / "grades.py"
    file.write_text(GRADES)

    assert 1.0 == System(Event(world=WORLD, severity=f"{file}:low")).threshold
    with pytest.raises(UsageError, match=r"Unknown severity 'lo'.*Valid: bad, low, none"):
        System(Event(world=WORLD, severity=f"{file}:lo"))
    with pytest.raises(UsageError, match=r"Expected one severity in .*, got low, bad, none"):
        System(Event(world=WORLD, severity=str(file)))


@pytest.mark.parametrize(
    ("severity", "message"),
    [
        ("bad", "'bad' to grade every episode, got RuntimeError: no gauge"),
        ("none", "a finite number, got nan"),
    ],
)
def test_what_cannot_be_graded_ends_it(tmp_path: Path, severity: str, message: str) -> None:
    """With the scenario in which it was."""
    file = tmp_path / "grades.py"
    file.write_text(GRADES)

    with pytest.raises(UsageError, match=message):
        problem_of(WORLD, LAZY, severity=f"{file}:{severity}").simulate([ROW])


def test_an_episode_that_ended_in_an_error_has_no_grade() -> None:
    """It says whose error it was."""
    rows = [ROW | {"hour": hour} for hour in range(12)]

    with pytest.raises(UsageError, match=r"an error of agent \(RuntimeError: out of order\)"):
        problem_of(WORLD, {"agent": "moody"}).simulate(rows)


@pytest.mark.parametrize("threshold", [float("nan"), float("inf")])
def test_a_threshold_is_a_finite_number(threshold: float) -> None:
    """Of anything else no event can be made."""
    with pytest.raises(UsageError, match="Expected a threshold that is a finite number"):
        problem_of(WORLD, LAZY, threshold=threshold)
