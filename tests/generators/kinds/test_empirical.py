"""A field of numbers by its quantiles."""

import math

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gristmill.errors import UsageError
from gristmill.generators.kinds.empirical import Empirical

QUANTILES = st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=12).map(sorted)


@given(QUANTILES, st.floats(0, 1, exclude_max=True))
def test_a_draw_is_between_the_quantiles_beside_it(quantiles: list[float], unit: float) -> None:
    """It is the quantile at its level, and straight between them."""
    value = Empirical(quantiles).draw([unit])
    place = int(unit * (len(quantiles) - 1))

    assert quantiles[place] - 1e-6 <= value <= quantiles[place + 1] + 1e-6


@given(st.lists(st.integers(-50, 50), min_size=2, max_size=12).map(sorted), st.floats(0, 1, exclude_max=True))
def test_locate_leads_back(quantiles: list[float], unit: float) -> None:
    """Units found for a drawn value draw it again, with and without rounding."""
    for digits in (None, 0, 1):
        field = Empirical(quantiles, digits=digits)
        value = field.draw([unit])

        assert field.log_prob(value) > -math.inf
        assert pytest.approx(value, abs=1e-9) == field.draw(field.locate(value))


@given(st.lists(st.integers(-30, 30), min_size=2, max_size=12).map(sorted))
def test_probabilities_of_rounded_values_sum_to_one(quantiles: list[float]) -> None:
    """Values that several quantiles share have theirs in full."""
    field = Empirical(quantiles, digits=0)

    assert pytest.approx(1.0) == sum(math.exp(field.log_prob(value)) for value in range(-31, 32))


def test_the_density_is_that_of_the_pieces() -> None:
    """A third of the draws between 0 and 1, a third at 1, and a third between 1 and 5."""
    field = Empirical([0, 1, 1, 5])

    assert pytest.approx(math.log(1 / 3)) == field.log_prob(0.5)
    assert pytest.approx(math.log(1 / 3)) == field.log_prob(1)
    assert pytest.approx(math.log(1 / 12)) == field.log_prob(3)
    assert -math.inf == field.log_prob(5.1) == field.log_prob(-0.1) == field.log_prob("1")
    assert 1.0 == field.mode


def test_columns_without_decimals_are_whole_numbers() -> None:
    """Of what was counted there are no halves."""
    units = np.linspace(0, 0.999, 50)[None]

    assert pa.int64() == Empirical([0, 10], digits=0).column(units).type
    assert pa.float64() == Empirical([0, 10], digits=1).column(units).type


@pytest.mark.parametrize("quantiles", [[], [1.0], [2.0, 1.0], [0.0, math.inf], [0.0, math.nan]])
def test_what_are_no_quantiles_is_refused(quantiles: list[float]) -> None:
    """There are two at least, finite, and in order."""
    with pytest.raises(UsageError, match="Expected at least two finite quantiles"):
        Empirical(quantiles)
