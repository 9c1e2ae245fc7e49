"""Trajectory splitting: the beginning of what goes wrong is kept, and the rest drawn anew."""

import numpy as np
import pytest

from gristmill.errors import UsageError
from gristmill.generators.fields import Choice, Flag, Many, Normal
from gristmill.generators.rare.cube import Cube
from gristmill.generators.rare.plan import Plan
from gristmill.generators.rare.problem import Outcome, Problem
from gristmill.generators.rare.replicates import replicate
from gristmill.generators.rare.trajectories import clock_of, reach
from gristmill.generators.space import Space, Values
from tests.generators.rare.problems import WALK, walk


def ratios(problem: Problem, truth: float, count: int, far: list[float]) -> np.ndarray:
    """Return estimates over the truth."""
    plan = Plan(method="trajectories", threshold=problem.threshold, size=100, keep=0.5, reach=far)
    return np.array([replicate(problem, plan, 0, number).p for number in range(count)]) / truth


@pytest.mark.parametrize(
    "far", [[], [float(np.sqrt(20 - step)) for step in range(20)]], ids=["level", "reach"]
)
def test_estimates_are_right_on_average(far: list[float]) -> None:
    """Within three standard errors, by whichever grade they climb."""
    found = ratios(walk(), WALK, 24, far)

    assert abs(found.mean() - 1) < 3 * found.std() / np.sqrt(24)
    assert found.std() / np.sqrt(24) < 0.15


def test_fields_beside_the_list_are_moved_too() -> None:
    """The event needs a rare loan from before the first step, of which the first scenarios have few."""
    space = Space(loan=Normal(0, 1), steps=Many(Space(up=Flag(0.5)), Choice([10])))

    def simulate(rows: list[Values]) -> list[Outcome]:
        runs = [np.cumsum([2.0 * one["up"] - 1 for one in row["steps"]]) + 3 * row["loan"] for row in rows]
        return [Outcome(float(run.max()), run.tolist()) for run in runs]

    problem = Problem(space, simulate, 14.0, clock="steps")  # type: ignore[arg-type]  # a list is what it is given
    draws = np.random.default_rng(0)
    rises = np.cumsum(2.0 * draws.integers(0, 2, (200_000, 10)) - 1, axis=1).max(axis=1)
    from scipy.special import ndtr

    truth = float(ndtr((rises - 14) / 3).mean())
    found = ratios(problem, truth, 24, [])

    assert abs(found.mean() - 1) < 3 * found.std() / np.sqrt(24)
    assert found.std() / np.sqrt(24) < 0.2


def test_reach_is_how_far_a_severity_still_rises() -> None:
    """From steps at which it is the highest so far, falling from step to step and never nothing."""
    runs = [[0.0, 1, 3, 4], [0.0, 0, 2, 2]]
    rises = [np.sqrt((4**2 + 2**2) / 2), 3.0, np.sqrt((1 + 0) / 2), np.sqrt(10) * 1e-3]

    assert np.allclose(rises, reach(runs))
    assert [] == reach([])


def test_the_clock_is_a_list_of_the_space() -> None:
    """Its records have their units behind that of their number."""
    space = Space(x=Normal(0, 1), steps=Many(Space(a=Normal(0, 1), b=Flag(0.5)), Choice([1, 3])))

    assert (slice(2, 8), 2) == clock_of(space, "steps")
    with pytest.raises(UsageError, match="got 'x'"):
        clock_of(space, "x")
    assert 8 == Cube(space).dims
