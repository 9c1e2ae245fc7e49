"""Shrinking leaves what matters of a failure, and puts all else back to what is usual."""

import pytest

from gristmill.errors import UsageError
from gristmill.generators.fields import Choice, Flag, Integer, Many, Normal
from gristmill.generators.rare.leaves import leaves, peak
from gristmill.generators.rare.problem import Outcome, Problem
from gristmill.generators.rare.shrinking import shrink, usual
from gristmill.generators.space import Space
from tests.generators.rare.hazards import desk, road

CRASH = {"name": "QX17", "speed": 33.1, "sight": 171.0, "weather": "ice", "animal": "horse"}


def test_a_crash_shrinks_to_what_it_takes() -> None:
    """The likelier animal will do, and neither the speed nor the sight matters."""
    problem = road()
    found = shrink(problem, CRASH)

    assert {"name": "AA00", "speed": 30.0, "sight": 200.0, "weather": "ice", "animal": "dog"} == found.values
    assert ("weather", "animal") == found.unusual
    assert "weather ice, animal dog; all else as usual" == found.words
    assert found.severity == pytest.approx(30.0)
    assert found.calls == problem.calls <= 20


def test_a_number_that_matters_comes_as_near_to_its_mode_as_it_can() -> None:
    """Within a sixteenth of the way, as many standard deviations."""
    problem = Problem(
        Space(x=Normal(0, 1), y=Normal(0, 1)), lambda rows: [Outcome(row["x"]) for row in rows], 2.0
    )
    found = shrink(problem, {"x": 4.0, "y": -1.0})

    assert 2.0 <= found.values["x"] <= 2.25
    assert 0.0 == found.values["y"]
    assert "x 2 (higher in 0.02 of draws); all else as usual" == found.words


def test_records_that_do_not_matter_are_dropped() -> None:
    """Of three requests the refund is left, and its fields go back to their modes."""
    values = {
        "fault": "after",
        "nth": 1,
        "requests": [
            {"wish": "ask", "order": "W11"},
            {"wish": "refund", "order": "W12", "urgent": True, "days": 29},
            {"wish": "ask", "order": "W13"},
        ],
    }
    found = shrink(desk(), values)

    assert [{"wish": "refund", "order": "W00", "urgent": False, "days": 1}] == found.values["requests"]
    assert ("fault", "requests 1 wish") == found.unusual


def test_fields_that_only_the_failure_had_may_go() -> None:
    """What is conditional on an option that goes back to the mode is gone with it."""
    space = Space(
        odd=Flag(0.1), how=Integer(0, 9).when(odd=True), items=Many(Space(n=Integer(0, 9)), Choice([1, 2]))
    )
    problem = Problem(
        space, lambda rows: [Outcome(sum(one["n"] for one in row["items"])) for row in rows], 5.0
    )
    found = shrink(problem, {"odd": True, "how": 7, "items": [{"n": 1}, {"n": 8}]})

    assert not found.values["odd"]
    assert "how" not in found.values
    assert 1 == len(found.values["items"])


def test_the_kind_stays_if_it_has_to() -> None:
    """A horse is no dog."""
    found = shrink(road(), CRASH, keep=lambda outcome: outcome.kind[1] == "horse")

    assert "horse" == found.values["animal"]


def test_what_is_found_is_about_as_plausible_as_the_start() -> None:
    """Less so by half a unit of log-density at most, of the fields that there are."""
    problem = road()
    found, space = leaves(problem.space), problem.space
    before = space.log_prob(CRASH) - peak(found, CRASH)
    values = shrink(problem, CRASH).values

    assert space.log_prob(values) - peak(found, values) >= before - 0.5


def test_calls_are_limited() -> None:
    """What has been reached by then still fails."""
    problem = road()
    found = shrink(problem, CRASH, calls=3)

    assert 3 == problem.calls == found.calls
    assert found.severity >= 0


def test_only_failures_shrink() -> None:
    """A scenario that is none, and one that is not in the Space, are refused."""
    with pytest.raises(UsageError, match="Expected a scenario that fails"):
        shrink(road(), road().space.mode)
    with pytest.raises(UsageError, match="field 'animal': expected one of"):
        shrink(road(), {**CRASH, "animal": "cow"})


def test_a_usual_scenario_is_legal() -> None:
    """Where the mode is not, as two orders of one number are not."""
    space = desk().space
    values = usual(space, seed=3)

    assert "" == space.problem(values)
    assert "none" == values["fault"]
    assert values == usual(space, seed=3)
