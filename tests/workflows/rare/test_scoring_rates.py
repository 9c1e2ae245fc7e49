"""A rate is told with its interval, or withheld with the reason."""

import numpy as np
import pytest

from gristmill.seeding import numpy_stream
from gristmill.workflows.rare.scoring_rates import difference_of, rate_of


def test_the_rate_is_over_the_number_of_records() -> None:
    """What weights the other draws have does not move it."""
    found = rate_of([0.1] * 30 + [1.0] * 60, [True] * 30 + [False] * 60)
    other = rate_of([0.1] * 30 + [3.0] * 60, [True] * 30 + [False] * 60)

    assert found.rate == other.rate == pytest.approx(0.1 * 30 / 90)
    assert found.low < 0.1 * 30 / 90 < found.high
    assert 30 == pytest.approx(found.ess) == found.events


def test_few_events_are_no_number() -> None:
    """Above a relative error of one half the rate is withheld; the interval begins at zero and ends above no events."""
    none, one = (rate_of([0.5] * 200, [True] * hits + [False] * (200 - hits)) for hits in (0, 1))

    assert (None, None) == (none.rate, one.rate)
    assert 0.0 == none.low == one.low
    assert 1.5 / 200 == none.high < one.high
    assert "the relative error is 1.00, above 0.5" in one.warnings[0]


def test_a_single_record_is_no_number() -> None:
    """Nothing is known of how much another would differ."""
    assert rate_of([1.0], [True]).rate is None
    assert (0.0, 1.0) == ((found := rate_of([], [], 3)).low, found.high)


def test_intervals_hold_what_they_should() -> None:
    """Of 400 samples with skewed weights, about 95 % of the intervals hold the truth."""
    rng, held, truth = numpy_stream(0, "coverage"), 0, 0.01
    for _ in range(400):
        # Drawn from q = 0.8 N(2.5, 0.7) + 0.2 N(0, 1) in place of N(0, 1).
        x = np.where(rng.random(500) < 0.8, rng.normal(2.5, 0.7, 500), rng.normal(0, 1, 500))
        p = np.exp(-(x**2) / 2)
        q = 0.8 * np.exp(-(((x - 2.5) / 0.7) ** 2) / 2) / 0.7 + 0.2 * p
        found = rate_of((p / q).tolist(), (x >= 2.3263478740408408).tolist())
        held += found.low < truth < found.high

    assert 0.92 < held / 400 < 0.98


def test_a_difference_counts_only_what_parts_the_two() -> None:
    """Records on which both fare alike add no spread, however much they weigh."""
    first, second = [True] * 10 + [True] * 40 + [False] * 50, [True] * 10 + [False] * 90
    light, heavy = (difference_of([w] * 10 + [0.1] * 40 + [1.0] * 50, first, second) for w in (0.1, 9.0))

    assert light == heavy
    assert pytest.approx(-0.04) == light.difference
    assert light.low < light.difference < light.high < 0
    assert (40, 0, []) == (light.only_first, light.only_second, light.warnings)


def test_a_difference_of_few_records_is_no_certainty() -> None:
    """Without any, it may be as large as what so many draws miss."""
    none = difference_of([1.0] * 100, [False] * 100, [False] * 100)
    few = difference_of([1.0] * 100, [True] * 3 + [False] * 97, [False] * 100)

    assert (-0.03, 0.03) == (none.low, none.high)
    assert ["few records part the two: the interval is too narrow"] == few.warnings
