"""Hypothesis hunts failures that are plausible, and tells them as values."""

import pytest

from gristmill.errors import UsageError
from gristmill.generators.fields import Normal
from gristmill.generators.rare.hunting import hunt, least_plausible
from gristmill.generators.space import Space
from tests.generators.rare.hazards import road


def test_plausible_failures_are_found() -> None:
    """Each of them fails and is above the bound."""
    problem = road()
    found = hunt(problem, seed=1, calls=400)

    assert found.failures
    assert found.calls == problem.calls <= 400
    assert all(one.severity >= 0 and one.plausibility >= found.bound for one in found.failures)
    assert sorted((one.plausibility for one in found.failures), reverse=True) == [
        one.plausibility for one in found.failures
    ]


def test_the_bound_is_a_quantile_of_nominal_draws() -> None:
    """Of one normal number, half the square of its two-sided quantile below the peak."""
    for one_in, deviations in ((1_000, 3.2905), (10_000, 3.8906)):
        found = least_plausible(Space(x=Normal(0, 1)), seed=1, one_in=one_in)
        assert -(deviations**2) / 2 == pytest.approx(found, rel=0.12)


def test_the_bound_needs_a_tail() -> None:
    """One in ten is no tail."""
    with pytest.raises(UsageError, match="Expected one in more than 100 draws, got one in 10"):
        least_plausible(Space(x=Normal(0, 1)), seed=1, one_in=10)


def test_nothing_is_simulated_beyond_the_calls() -> None:
    """Even where hardly anything can be found."""
    problem = road(1e9)
    found = hunt(road(1e9), seed=1, calls=120)

    assert ((), 120) == (found.failures, found.calls)
    assert 0 == problem.calls
