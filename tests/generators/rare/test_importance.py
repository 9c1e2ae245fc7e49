"""Proposals: drawn to the event, with weights that make any rate of any system right."""

import msgspec
import numpy as np
import pytest

from gristmill.digest import decode, encode
from gristmill.errors import UsageError
from gristmill.generators.fields import Choice, Flag, LogNormal, Many, Normal
from gristmill.generators.rare.cube import Cube
from gristmill.generators.rare.importance import Proposal, importance, units_of
from gristmill.generators.rare.intervals import weighted_rate
from gristmill.generators.rare.plan import Member
from gristmill.generators.rare.prepare import prepare
from gristmill.generators.rare.problem import Problem
from gristmill.generators.rare.replicates import near_misses, replicate
from gristmill.generators.space import Space, Values
from tests.generators.rare.problems import GATED, TAIL, gated, tail, two_tails

SPACE = Space(
    speed=Normal(30, 3),
    weather=Choice(["clear", "ice"], [0.97, 0.03]),
    slip=Flag(0.2).when(weather="ice"),
    loads=Many(Space(mass=LogNormal(1, 0.5)), Choice([0, 2], [0.9, 0.1])),
)


def members(cube: Cube, chosen: object, n: int = 4_000) -> list[Member]:
    """Return nominal scenarios for which something holds."""
    _, values = cube.uniform(np.random.default_rng(0), n)
    return [Member(values=one, log_weight=0.0, severity=1.0, ancestor=0) for one in values if chosen(one)]  # type: ignore[operator]


def fast_or_icy(row: Values) -> bool:
    """Return whether a scenario is one of two very different kinds."""
    return row["speed"] > 35 or (row["weather"] == "ice" and len(row["loads"]) == 0)


def proposal_for(problem: Problem) -> Proposal:
    """Return the proposal fitted to near misses of a problem."""
    cube, start = Cube(problem.space), prepare(problem, seed=0, size=200)
    assert start.plan is not None
    runs = [replicate(problem, start.plan, 0, number) for number in range(4)]
    return Proposal.fit(cube, near_misses(problem, start.plan, runs, 0)[1], seed=0)


def test_any_rate_is_right_under_a_proposal() -> None:
    """Of what it was fitted to and of what it was not, with conditions and lists of several lengths."""
    cube = Cube(SPACE)
    proposal = Proposal.fit(cube, members(cube, fast_or_icy), seed=0)
    _, values, logs = proposal.sample(cube, np.random.default_rng(1), 20_000)
    weights = np.exp(logs)

    for rate, truth in (
        (np.ones(len(values)), 1.0),
        ([row["speed"] > 35 for row in values], 0.04779),
        ([row.get("slip", False) for row in values], 0.03 * 0.2),
        ([len(row["loads"]) == 2 for row in values], 0.1),
        ([any(load["mass"] > 2 for load in row["loads"]) for row in values], 0.1 * 0.1589),
    ):
        found = weighted_rate(weights, rate)
        assert abs(found.rate - truth) < 4 * found.error
        assert found.error < 0.2 * truth


def test_weights_are_bounded_by_the_defensive_part() -> None:
    """No scenario weighs more than its tilted nominal weight over the share of that part."""
    cube = Cube(SPACE)
    proposal = Proposal.fit(cube, members(cube, fast_or_icy), seed=0, defensive=0.2)
    _, _, logs = proposal.sample(cube, np.random.default_rng(1), 5_000)
    most = (1 / 0.75) * (1 / 0.575) * 5  # of `clear` and `slip` not, at q = 0.735 and more, over 0.2

    assert np.exp(logs).max() <= most


def test_each_kind_gets_a_component() -> None:
    """Fast scenarios and icy ones have nothing in common."""
    cube = Cube(SPACE)
    proposal = Proposal.fit(cube, members(cube, fast_or_icy), seed=0)
    fast = max(proposal.components, key=lambda one: one.means[0])
    icy = max(proposal.components, key=lambda one: one.gates[0][1])

    assert len(proposal.components) >= 2
    assert fast.means[0] > 1.8
    assert icy.means[0] < 0.5
    assert fast.gates[0][1] < 0.3
    assert icy.gates[0][1] > 0.7


def test_numbers_that_do_not_matter_stay_nominal() -> None:
    """Else noise in many of them would ruin the weights."""
    cube = Cube(Space({f"x{place}": Normal(0, 1) for place in range(30)}))
    proposal = Proposal.fit(cube, members(cube, lambda row: row["x3"] > 1, 2_000), seed=0)
    means = np.array(proposal.components[0].means)

    assert 1 == len(proposal.components)
    assert means[3] > 1.4
    assert (np.delete(means, 3) == 0).sum() >= 26


def test_a_proposal_can_be_written_and_read() -> None:
    """And draws the same afterwards."""
    cube = Cube(SPACE)
    proposal = Proposal.fit(cube, members(cube, fast_or_icy), seed=0)
    again = msgspec.convert(decode(encode(proposal)), Proposal)
    first, second = (one.sample(cube, np.random.default_rng(1), 20)[1:] for one in (proposal, again))

    assert proposal == again
    assert first[0] == second[0]
    assert (first[1] == second[1]).all()


def test_units_of_scenarios_lead_back_to_them() -> None:
    """With which parts of the cube are in each."""
    cube = Cube(SPACE)
    _, values = cube.uniform(np.random.default_rng(0), 50)
    units, there = units_of(cube, values)
    again, _ = cube.draw(units)

    assert [(one["weather"], len(one["loads"])) for one in values] == [
        (one["weather"], len(one["loads"])) for one in again
    ]
    assert np.allclose([one["speed"] for one in values], [one["speed"] for one in again])
    assert [["slip" in one for one in values]] == there[2:3].tolist()


def test_few_scenarios_are_no_proposal() -> None:
    """Their fit would be an accident."""
    cube = Cube(SPACE)
    with pytest.raises(UsageError, match="at least 20 scenarios to fit a proposal, got 3"):
        Proposal.fit(cube, members(cube, lambda _: True)[:3], seed=0)


@pytest.mark.parametrize(
    ("problem", "truth"),
    [(tail(), TAIL), (gated(), GATED), (two_tails(), 1.447e-4)],
    ids=["tail", "gate", "two"],
)
def test_importance_sampling_finds_the_probability(problem: Problem, truth: float) -> None:
    """Under a proposal fitted to near misses, within three standard errors of a few percent."""
    found = importance(problem, Cube(problem.space), proposal_for(problem), 0, calls=5_000, precision=0.08)

    assert abs(found.rate - truth) < 3 * found.error
    assert found.ess >= 100
    assert found.calls <= 5_000


def test_a_set_made_with_one_system_tells_the_rate_of_another() -> None:
    """One that fails a little elsewhere: of numbers of another weight, and more often."""
    proposal, cube = proposal_for(tail()), Cube(tail().space)
    _, values, logs = proposal.sample(cube, np.random.default_rng(3), 1_000)
    other = weighted_rate(
        np.exp(logs), [row["a"] + 0.8 * (row["b"] + row["c"] + row["d"]) > 6.3 for row in values]
    )

    assert other.low < 1.1355e-4 < other.high
    assert other.error < 0.25 * other.rate


def test_near_misses_are_some_twenty_times_as_likely() -> None:
    """The lower threshold is where the chance of being above it says so."""
    problem = tail()
    start = prepare(problem, seed=0, size=500)
    assert start.plan is not None
    runs = [replicate(problem, start.plan, 0, number) for number in range(4)]
    threshold, found = near_misses(problem, start.plan, runs, 0)
    from scipy.special import ndtr

    assert 10 < ndtr(-threshold) / TAIL < 40
    assert all(one.severity >= threshold for one in found)
