"""An assembly line: tools that wear, a gauge that errs, defective units that are shipped, and how likely that is."""

import warnings
from typing import Any

import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

from gristmill import registry
from gristmill.envs.factory.line import Line, escapes
from gristmill.envs.factory.shift import CHANGE, STOP, TAKT, begin, unit
from gristmill.envs.stepped.types import State
from gristmill.play import play, replays
from gristmill.severity import severity_of
from gristmill.types import Episode, Scenario
from gristmill.workflows.run import seat_policies
from tests.envs.truths import line_truth

WORLD = "factory/line-v1"


def values(index: int = 0, *, unit: dict[str, float] | None = None, **changes: Any) -> dict[str, Any]:
    """Return the values of a calm scenario, with changes; all units alike if one is given."""
    drawn = Line.space.sample(7, index)
    calm = {"lot": "good", "gauge": "true", "tool": "whole"}
    kept = {name: one for name, one in drawn.items() if not Line.space.fields[name].condition}
    units = {} if unit is None else {"units": [{"blank": 0.5, "size": 0.0, "gauge": 0.0, **unit}] * 120}
    return {**kept, **calm, **units, **changes}


def after(state: State, units: int = 1, first: int = 0, **controls: float) -> State:
    """Return a line after some units, for each of which the inspector does the same."""
    action = np.array([[controls.get(name, 0.0) for name in Line.controls]], dtype=np.float32)
    for number in range(first, first + units):
        unit(state, action, np.array([number]))
    return state


def played(policy: str, scenarios: list[Scenario]) -> list[Episode]:
    """Return the episodes of an inspector."""
    return list(play(registry.world(WORLD), scenarios, seat_policies(WORLD, {"inspector": policy}), seed=3))


def test_gymnasium_checker() -> None:
    """Gymnasium's own checker passes."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its advice is about bounded spaces
        check_env(Line(), skip_render_check=True)


def test_inspection_in_turn() -> None:
    """At a rate of a fifth, every fifth unit is inspected, and at one all are."""
    line = begin([values(unit={})])

    assert (2, 12) == (
        after(line, 10, inspect=0.2)["inspected"][0],
        after(line, 10, 10, inspect=1.0)["inspected"][0],
    )


def test_tenths_add_up() -> None:
    """At a rate of a tenth, twelve of 120 units are inspected."""
    assert 12 == after(begin([values(unit={})]), 120, inspect=0.1)["inspected"][0]


@pytest.mark.parametrize(
    ("first", "rest", "enough"), [(1.0, 0.0, False), (0.0, 1.0, False), (0.1, 0.1, True)]
)
def test_inspections_have_to_go_on(first: float, rest: float, enough: bool) -> None:
    """Many of them at the beginning, or at the end, do not make up for none in between."""
    line = after(after(begin([values(unit={})]), 20, inspect=first), 100, 20, inspect=rest)
    outcome = {**Line().outcome(line), "steps": np.array([120])}

    assert enough == Line().predicates(outcome)["enough_inspected"][0]


@pytest.mark.parametrize(("inspect", "shipped"), [(0.0, 3), (1.0, 0)])
def test_inspection_finds_what_is_too_large(inspect: float, shipped: int) -> None:
    """A unit beyond the tolerance is shipped where it is not inspected."""
    line = after(begin([values(unit={"size": 4.5})]), 3, inspect=inspect)

    assert (shipped, 3 * inspect) == (line["defects"][0], line["rejected"][0])


def test_hidden_flaws_are_not_found() -> None:
    """Of bad blanks, inspection finds those whose flaw can be seen."""
    seen, hidden = ({"blank": share * 0.001} for share in (0.9, 0.1))

    found = [
        after(begin([values(unit=one, bad=0.001)]), 1, inspect=1.0)["defects"][0] for one in (seen, hidden)
    ]

    assert found == [0, 1]


def test_gauge_that_reads_low_hides_defects() -> None:
    """A gauge that reads low passes what is too large, until the line is stopped to set it."""
    odd = values(unit={"size": 4.5}, gauge="reads low", low=2.0)

    assert 1 == after(begin([odd]), inspect=1.0)["defects"][0]
    assert 0 == after(begin([odd]), inspect=1.0, stop=1.0)["defects"][0]


def test_tools_wear_and_break() -> None:
    """The power of the spindle tells how worn a tool is, and that it is broken, until it is changed."""
    line = begin([values(unit={}, life=50.0, tool="breaks", tool_unit=25)])

    assert 1.1 == pytest.approx(after(line, 25)["power"][0])
    assert 0.5 == after(line, 1, 25)["power"][0]
    assert 1.0 == pytest.approx(after(line, 1, 26, tool=1.0)["power"][0], abs=0.01)


def test_time_is_counted() -> None:
    """A unit, a new tool and a stop take their time."""
    assert TAKT + CHANGE + STOP == after(begin([values(unit={})]), tool=1.0, stop=1.0)["minutes"][0]


def test_severity_counts_defects() -> None:
    """The grade is the number of defective units shipped and a fraction, and never falls."""
    world = Line()
    for episode in played("lax", [world.scenario(5, index) for index in range(20)]):
        grades = escapes(episode)
        assert episode.state["defects"] == int(grades[-1])
        assert grades == sorted(grades)


def test_severity_is_decided_unit_by_unit() -> None:
    """What is left of the units does not change the severities until then."""
    whole = values(1)
    other = {**whole, "units": [*whole["units"][:50], *values(2)["units"][50:]]}
    first, second = (
        escapes(one) for one in played("expert", [Scenario.of(WORLD, whole), Scenario.of(WORLD, other)])
    )

    assert first[:50] == second[:50]
    assert first != second


def test_what_is_wrong_is_logged() -> None:
    """The log tells what is wrong with the line, and which units were defective."""
    struck = values(unit={}, lot="porous", lot_unit=3, tool="breaks", tool_unit=7, bad=0.001)
    struck["units"] = [
        *struck["units"][:20],
        {"blank": 0.0001, "size": 3.0, "gauge": 0.0},
        *struck["units"][21:],
    ]
    (episode,) = played("noop", [Scenario.of(WORLD, struck)])

    found = [(one["event"], one["step"]) for one in episode.entries[1:4]]
    assert [("porous lot", 3), ("tool breaks", 7), ("defective unit shipped", 20)] == found
    assert "size and blank" == episode.entries[3]["defect"]


def test_replays_to_the_bit() -> None:
    """Recorded actions lead to the same record."""
    world = Line()
    episodes = played("expert", [world.scenario(5, index) for index in range(8)])

    assert [one.state_digest for one in episodes] == [one.state_digest for one in replays(world, episodes)]


@pytest.mark.parametrize("least", [2, 4])
def test_recall_has_the_probability_of_the_sum(least: int) -> None:
    """With worn-out tools and a steady inspector, as many units are shipped defective as their exact law says."""
    truth, rows = line_truth(25.1, least), 800
    severity = severity_of(Line()).of
    found = sum(
        severity(one) >= truth.threshold
        for one in played(truth.seats["inspector"], truth.scenarios(3, range(rows)))
    )

    assert abs(found - rows * truth.p) < 3.5 * np.sqrt(rows * truth.p * (1.0 - truth.p))


@pytest.mark.slow
def test_rare_recall_has_the_probability_of_the_sum() -> None:
    """The same, at a chance of one in six hundred."""
    truth, rows = line_truth(25.1), 20_000
    severity = severity_of(Line()).of
    found = sum(
        severity(one) >= 6.0 for one in played(truth.seats["inspector"], truth.scenarios(4, range(rows)))
    )

    assert abs(found - rows * truth.p) < 3.5 * np.sqrt(rows * truth.p)


def test_truth_is_rare() -> None:
    """By default, the exact probability is about one in a hundred thousand."""
    assert 0.5e-5 < line_truth().p < 2e-5
