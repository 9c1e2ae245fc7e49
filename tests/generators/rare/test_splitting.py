"""Splitting: scenarios climb to events that are too rare to wait for, and their estimates are right on average."""

import msgspec
import numpy as np
import pytest

from gristmill.digest import decode, encode
from gristmill.errors import UsageError
from gristmill.generators.fields import Flag
from gristmill.generators.rare.cube import Cube
from gristmill.generators.rare.plan import Plan, Replicate
from gristmill.generators.rare.problem import Outcome, Problem
from gristmill.generators.rare.replicates import replicate
from gristmill.generators.rare.splitting import Moves, Population, cut
from gristmill.generators.rare.tilt import Tilt
from gristmill.generators.space import Space
from tests.generators.rare.problems import GATED, TAIL, gated, of, tail, two_tails


def runs(problem: Problem, count: int, *, size: int = 200, tilted: bool = True) -> list[Replicate]:
    """Return replicates by splitting."""
    tilt = Tilt.auto(Cube(problem.space))
    plan = Plan(
        method="splitting",
        threshold=problem.threshold,
        size=size,
        keep=0.2,
        tilt=[one.path for one in tilt.gates] if tilted else [],
        share=tilt.share,
    )
    return [replicate(problem, plan, 0, number) for number in range(count)]


def test_those_of_one_grade_stay_behind_together() -> None:
    """The level is the highest one that leaves at most the share above it; where it cannot, the top ones all go on."""
    level, above = cut(np.array([0.0, 1, 1, 2, 2, 2, 3, 3, 4, 5]), 0.3)
    top, tied = cut(np.array([0.0, 1, 2, 2, 2]), 0.2)
    flat, none = cut(np.full(5, 1.0), 0.2)

    assert (3.0, [8, 9]) == (level, above.tolist())
    assert (1.0, [2, 3, 4]) == (top, tied.tolist())
    assert (1.0, []) == (flat, none.tolist())


@pytest.mark.parametrize(
    ("problem", "truth"),
    [(tail(), TAIL), (gated(), GATED), (two_tails(), 1.447e-4)],
    ids=["tail", "gate", "two"],
)
def test_estimates_are_right_on_average(problem: Problem, truth: float) -> None:
    """Within three standard errors of what they cost: calls in which Monte Carlo would see not even one event."""
    found = runs(problem, 30, size=500)
    ratios = np.array([one.p for one in found]) / truth

    assert abs(ratios.mean() - 1) < 3 * ratios.std() / np.sqrt(30)
    assert ratios.std() / np.sqrt(30) < 0.12
    assert max(one.calls for one in found) < 3_500


def test_members_are_scenarios_of_the_event() -> None:
    """Each with its weight, and with the first scenario that it comes from."""
    problem = gated()
    one = runs(problem, 1, size=1_000)[0]

    assert one.members
    assert all(member.severity >= 0 for member in one.members)
    assert [member.severity for member in one.members] == [
        outcome.severity for outcome in problem.simulate([member.values for member in one.members])
    ]
    assert one.ancestors == len({member.ancestor for member in one.members})
    assert abs(sum(np.exp(member.log_weight) for member in one.members) / one.p - 1) < 1e-9
    # What was drawn more often weighs less, each horse the same.
    logs = {member.values["animal"]: member.log_weight for member in one.members}
    assert {"horse": np.log(one.p / len(one.members))} == pytest.approx(logs)


def test_levels_rise_and_chances_fall_to_the_event() -> None:
    """With each chance that of the normal tail above its level, nearly."""
    one = runs(tail(), 1, size=1_000)[0]

    assert sorted(one.levels) == one.levels
    assert [one.p, *one.chances[::-1]] == sorted([one.p, *one.chances])
    assert abs(one.chances[0] - 0.2) < 1e-9


def test_a_replicate_is_a_function_of_seed_and_number() -> None:
    """So that it may be run anywhere, written and read."""
    first, second = runs(tail(), 2)

    assert first == runs(tail(), 1)[0]
    assert first != msgspec.structs.replace(second, number=0)
    assert first == msgspec.convert(decode(encode(first)), Replicate)


def test_the_same_scenario_is_not_simulated_again() -> None:
    """A move of a field that a scenario has not leaves it as it is, and costs no call."""
    problem = of(lambda row: row["on"], 1.0, Space(on=Flag(0.01), more=Flag(0.5).when(on=True)))
    cube = Cube(problem.space)
    points = np.tile([[0.5], [0.5]], 500)
    values, _ = cube.draw(points)
    old = Population(points, values, [Outcome(0.0)] * 500, np.zeros(500), np.arange(500))
    moves = Moves(cube, Tilt(cube, []), np.random.default_rng(0), lambda one: one.severity)
    asking = moves.moved(old, -1.0)
    asked = next(asking)
    with pytest.raises(StopIteration) as end:
        asking.send(problem.simulate(asked))
    new, count = end.value.value

    assert 0 < len(asked) == count < 20
    assert count == sum(one["on"] for one in new.values)
    assert (new.points != points).any(axis=0).all()


def test_climbs_that_lead_nowhere_end() -> None:
    """Where no severity is above the highest one, and where severities creep towards a limit below the threshold."""
    flat = runs(of(lambda row: min(2, round(row["a"])), 3.0), 1)[0]
    creeping = runs(of(lambda row: -np.exp(-row["a"]), 1.0), 1, size=50)[0]

    assert (0.0, "no severity above 2") == (flat.p, flat.stuck)
    assert 0.0 == creeping.p
    assert "a probability below 1e-12" in creeping.stuck


def test_an_event_that_always_happens_has_probability_one() -> None:
    """The first scenarios say so."""
    one = runs(tail(-100.0), 1)[0]

    assert (1.0, 200, []) == (one.p, one.calls, one.levels)


def test_a_plan_has_limits() -> None:
    """Its method, its size and what it keeps are looked at."""
    with pytest.raises(UsageError, match="splitting or trajectories, got 'climbing'"):
        Plan(method="climbing", threshold=0.0, size=100, keep=0.2)
    with pytest.raises(UsageError, match=r"got 5 and 0\.2"):
        Plan(method="splitting", threshold=0.0, size=5, keep=0.2)
