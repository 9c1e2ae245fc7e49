"""Intervals: those of the books, and what is said where nothing was seen."""

import math

import numpy as np

from gristmill.generators.rare.intervals import (
    clopper_pearson,
    effective,
    log_normal,
    relative_error,
    weighted_rate,
)


def test_shares_have_the_exact_interval() -> None:
    """Of 5 in 100: 1.64 % to 11.28 %, as in tables; of all, the upper end is one."""
    low, high = clopper_pearson(5, 100)

    assert (0.0164, 0.1128) == (round(low, 4), round(high, 4))
    assert 1.0 == clopper_pearson(10, 10)[1]


def test_no_event_has_an_upper_bound() -> None:
    """Three over the number of scenarios, and never a bare zero."""
    assert (0.0, 0.003) == clopper_pearson(0, 1_000)
    assert 0.006 == weighted_rate([2.0] * 1_000, [False] * 1_000).high


def test_the_log_normal_interval_holds_as_often_as_it_says() -> None:
    """Over six replicates of a mean of one, in 19 of 20 cases, give or take."""
    rng = np.random.default_rng(0)
    found = [log_normal(rng.lognormal(-0.125, 0.5, 6).tolist()) for _ in range(1_000)]

    assert 0.92 <= np.mean([low <= 1 <= high for low, high in found]) <= 0.99


def test_replicates_of_zero_leave_zero_within_the_interval() -> None:
    """Logarithms cannot be taken of them."""
    low, high = log_normal([0.0, 1e-5, 2e-5, 1e-5])

    assert 0.0 == low
    assert 1e-5 < high < 1
    assert math.inf == relative_error([0.0, 0.0])


def test_weighted_rates_are_over_the_number_of_records() -> None:
    """Not over the sum of weights, which would be biased."""
    found = weighted_rate([0.5, 0.5, 2.0, 2.0], [True, True, False, False])

    assert 0.25 == found.rate
    assert 2.0 == found.ess == effective([0.5, 0.5])
    assert found.low < 0.25 < found.high
