"""Limits: what is drawn is within them, as likely as it says, and what cannot be held or would take for ever is refused."""

import math
from collections.abc import Callable

import numpy as np
import pytest

from gristmill.errors import UsageError
from gristmill.generators.fields import (
    Cases,
    Choice,
    Empirical,
    Fake,
    Field,
    Flag,
    Integer,
    LogNormal,
    Normal,
    Uniform,
)
from gristmill.generators.space import Space

UNITS = np.linspace(0, 1 - 2**-53, 1_001)[None]
ROUNDED = {
    "normal": Normal(0, 1, low=0.4, high=2.7, digits=0),
    "lognormal": LogNormal(1, 1, low=2.005, high=7.77, digits=1),
    "uniform": Uniform(0.14, 0.96, digits=1),
    "above": Normal(0, 1, low=2.04, digits=1),
    "negative": Normal(0, 1, low=-2.77, high=-0.14, digits=1),
}


@pytest.mark.parametrize("name", ROUNDED)
def test_rounding_does_not_leave_the_limits(name: str) -> None:
    """Values, the mode and the density agree, and the density sums to one."""
    field = ROUNDED[name]
    drawn = field.values(UNITS)
    digits = field.digits or 0
    near = [round(place / 10**digits, digits) for place in range(-100, 200)]

    assert field.low is None or min(drawn) >= field.low
    assert field.high is None or max(drawn) <= field.high
    assert all(math.isfinite(field.log_prob(one)) for one in {*drawn, field.mode})
    assert math.isclose(1, sum(math.exp(field.log_prob(one)) for one in near), rel_tol=1e-9)
    assert all(one == field.draw(field.locate(one)) for one in set(drawn))


@pytest.mark.parametrize(
    "make",
    [
        lambda: LogNormal(1e10, 5, digits=0),
        lambda: LogNormal(1, 200),
        lambda: LogNormal(1e300, 1, digits=12),
        lambda: Normal(1e19, 1, digits=0),
        lambda: Uniform(0, 1e19, digits=0),
        lambda: Empirical([0, 1e19], digits=0),
        lambda: Integer(2**63 - 3, 2**63 + 2),
        lambda: Normal(0, 1, low=0.2, high=0.4, digits=0),
    ],
)
def test_numbers_that_a_column_cannot_hold_are_refused(make: Callable[[], object]) -> None:
    """They would come out as others."""
    with pytest.raises(UsageError, match=r"64 bits|that can be told apart|low < high"):
        make()


@pytest.mark.parametrize("far", [3.0, 7.5, 8.0, 12.0])
def test_the_upper_tail_is_as_fine_as_the_lower(far: float) -> None:
    """Cut off far out, one is the mirror image of the other."""
    upper, lower = Normal(0, 1, low=far), Normal(0, 1, high=-far)
    units = (UNITS[:, :-1] + UNITS[:, 1:]) / 2
    found = np.array(upper.values(units))

    assert 1_000 == len(set(found.tolist()))
    assert np.allclose(found, -np.array(lower.values(1 - units)))
    assert math.isclose(far + 0.1, upper.draw(upper.locate(far + 0.1)), rel_tol=1e-9)
    assert math.isclose(upper.log_prob(far + 0.1), lower.log_prob(-far - 0.1), rel_tol=1e-9)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Fake("name", size=10**9), "Expected a pool of 1 to 20,000 values, got 1000000000"),
        (lambda: Fake("name", size=0), "Expected a pool of 1 to 20,000 values, got 0"),
        (lambda: Choice([1, 2], [1e308, 1e308]), "Expected 2 weights that .* can be added up"),
        (
            lambda: Cases("k", dict.fromkeys(map(str, range(70_000)), Flag(0.5))),
            "at most 65,535 cases of 'k'",
        ),
        (
            lambda: Cases("k", {"a": Space(x=Integer(1, 9), where="x > 8")}),
            "cases of 'k' without a constraint, got case 'a' with one",
        ),
        (lambda: Cases("k", {"a": Flag(0.5).when(z=True)}), "cases of 'k' without a condition, got case 'a'"),
    ],
)
def test_what_would_take_too_much_or_be_passed_over_is_refused(
    make: Callable[[], Field], message: str
) -> None:
    """When the field is made, and not after a minute or in silence."""
    with pytest.raises(UsageError, match=message):
        make()
