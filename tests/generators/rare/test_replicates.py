"""Replicates: what the parts of a cube found, put together."""

import numpy as np
import pytest
from scipy.special import ndtr

from gristmill.generators.fields import Choice, Flag, Many, Normal
from gristmill.generators.rare.cube import Cube
from gristmill.generators.rare.plan import Member
from gristmill.generators.rare.prepare import prepare
from gristmill.generators.rare.problem import Problem
from gristmill.generators.rare.replicates import _curve, replicates
from gristmill.generators.rare.splitting import Climb
from gristmill.generators.rare.tilt import Tilt
from gristmill.generators.space import Space
from tests.generators.rare.problems import gated, of, walk


def part(levels: list[float], chances: list[float], p: float) -> Climb:
    """Return how a part was climbed, to an event of some probability."""
    members = [Member(values={}, log_weight=float(np.log(p)), severity=9.0, ancestor=0)] if p else []
    return Climb(levels, chances, [], 0.0, members, "" if p else "stuck")


def found(problem: Problem, count: int, **rest: object) -> np.ndarray:
    """Return what replicates find."""
    start = prepare(problem, seed=5, **rest)  # type: ignore[arg-type]  # of several types
    assert start.plan is not None
    return np.array([one.p for one in replicates(problem, start.plan, 5, range(count))])


def right(each: np.ndarray, truth: float) -> bool:
    """Return whether the mean is within four standard errors, and these are small."""
    error = each.std(ddof=1) / np.sqrt(len(each)) / truth
    return bool(abs(each.mean() / truth - 1) < 4 * error < 0.7)


def test_a_curve_adds_up_its_parts() -> None:
    """Between the levels of a part by its logarithms, to the event, which is as likely as both make it."""
    one, other = part([1.0, 3.0], [1e-1, 1e-3], 1e-4), part([2.0], [1e-2], 1e-5)
    curve = _curve([one, other], 4.0, 1.1e-4)

    assert [1.0, 2.0, 3.0] == [level for level, _ in curve]
    assert pytest.approx([0.11, 0.02]) == [chance for _, chance in curve][:2]
    assert 1e-3 < curve[2][1] < 1e-3 + 1e-2


def test_a_part_that_was_stuck_counts_up_to_where_it_came() -> None:
    """Above it nothing is known of it."""
    curve = _curve([part([1.0, 2.0], [1e-1, 1e-2], 0.0), part([3.0], [1e-4], 1e-5)], 4.0, 1e-5)

    assert pytest.approx((3.0, 1e-4)) == curve[-1]
    assert [] == _curve([part([], [], 0.0), part([], [], 0.5)], 4.0, 0.5)


def test_chances_are_probabilities_that_fall() -> None:
    """Whatever weights make of them, and only below the threshold."""
    curve = _curve([part([1.0, 2.0, 5.0], [1.4, 0.3, 0.2], 0.2), part([0.5, 1.5], [0.6, 0.7], 0.1)], 4.0, 0.3)
    chances = [chance for _, chance in curve]

    assert [0.5, 1.0, 1.5, 2.0] == [level for level, _ in curve]
    assert chances == sorted(chances, reverse=True)
    assert 1.0 == chances[0]
    assert chances[-1] >= 0.3


@pytest.mark.parametrize("problem", [gated(), walk()], ids=["gate", "walk"])
def test_replicates_have_such_curves(problem: Problem) -> None:
    """By both methods, down to the event."""
    start = prepare(problem, seed=0)
    assert start.plan is not None
    for one in replicates(problem, start.plan, 0, range(6)):
        curve = [1.0, *one.chances, one.p]
        assert curve == sorted(curve, reverse=True)
        assert one.levels == sorted(one.levels)
        assert all(level < problem.threshold for level in one.levels)


def test_of_many_options_that_are_alike_none_is_rare() -> None:
    """What has no other rare option is found as surely as without them."""
    space = Space(hour=Choice(list(range(24))), leak=Flag(0.01), load=Normal(0, 1))
    cube = Cube(space)
    problem = of(lambda row: row["load"] + 2 * row["leak"], 4.0, space)
    truth = 0.99 * float(ndtr(-4)) + 0.01 * float(ndtr(-2))

    assert ["leak"] == [one.path for one in Tilt.auto(cube).gates]
    assert {"common", "rare"} == set(prepare(problem, seed=0).plan.offsets)  # type: ignore[union-attr]
    assert right(found(problem, 30), truth)


def test_a_gate_without_rare_options_may_be_tilted() -> None:
    """When it is named; there are no parts then."""
    space = Space(hour=Choice([1, 2, 3], [0.3, 0.3, 0.4]), load=Normal(0, 1))
    problem = of(lambda row: row["load"] + (row["hour"] == 2), 4.0, space)

    assert right(found(problem, 30, tilt=["hour"]), 0.7 * float(ndtr(-4)) + 0.3 * float(ndtr(-3)))


def test_rare_options_that_are_never_legal_are_left_out() -> None:
    """There is nothing to be climbed then but the rest."""
    space = Space(ice=Flag(0.03), load=Normal(0, 1), where=lambda row: not row["ice"])
    start = prepare(of(lambda row: row["load"], 4.0, space), seed=0)

    assert start.plan is not None
    assert {"common": 0.0} == start.plan.offsets


@pytest.mark.slow
def test_a_part_that_is_the_event_is_not_left_out() -> None:
    """Where all scenarios without rare options are, and there are few of them."""
    space = Space(loads=Many(Space(loose=Flag(0.04)), Choice([100])))
    problem = of(lambda row: -sum(one["loose"] for one in row["loads"]), 0.0, space)

    assert [pytest.approx(0.96**100)] * 3 == found(problem, 3).tolist()


@pytest.mark.slow
def test_few_legal_draws_do_not_shift_estimates() -> None:
    """How many are is told by more draws where few of them are."""
    space = Space(
        w=Flag(0.02), u=Normal(0, 1), v=Normal(0, 1), where=lambda row: row["u"] > (2.0 if row["w"] else 2.6)
    )
    start = prepare(of(lambda row: row["v"], 4.0, space), seed=0)
    legal = [0.98 * float(ndtr(-2.6)), 0.02 * float(ndtr(-2.0))]

    assert start.plan is not None
    assert abs(start.plan.offsets["common"] - np.log(legal[0] / sum(legal))) < 0.05
    assert abs(start.plan.offsets["rare"] - np.log(0.26 * legal[1] / 0.02 / sum(legal))) < 0.05
