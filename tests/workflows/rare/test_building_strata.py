"""Records lie in bands of severity and of likelihood."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gristmill.generators.fields import Choice, Normal
from gristmill.generators.rare.leaves import leaves
from gristmill.generators.space import Space
from gristmill.workflows.rare.building_strata import Strata, band_of, level_of, spread

SPACE = Space(
    x=Normal(0, 1), y=Normal(5, 2), weather=Choice(("clear", "ice"), (0.99, 0.01)), hour=Choice(tuple(range(24)))
)  # fmt: skip
USUAL = {"x": 0.0, "y": 5.0, "weather": "clear", "hour": 3}


def test_what_is_usual_is_not_far_out() -> None:
    """An option of many equal ones is as likely as any, however many there are."""
    assert pytest.approx(1.0) == level_of(leaves(SPACE), USUAL)


def test_a_rare_option_counts_with_its_mass() -> None:
    """And with that of the others that are no likelier."""
    space = Space(a=Choice(("x", "y", "z"), (0.95, 0.03, 0.02)))

    assert [1.0, 0.05, 0.02] == pytest.approx([level_of(leaves(space), {"a": one}) for one in "xyz"])


def test_an_extreme_number_counts_with_its_tail() -> None:
    """On both sides, and once more for every other number, of which one is the most extreme by chance."""
    found = [level_of(leaves(SPACE), {**USUAL, "x": x}) for x in (-3.0, 3.0)]

    assert [4 * 0.0013498980316301] * 2 == pytest.approx(found)
    assert 0.01 * found[0] == pytest.approx(level_of(leaves(SPACE), {**USUAL, "x": 3.0, "weather": "ice"}))
    assert "1e-6 to 1e-4" == band_of(leaves(SPACE), {**USUAL, "x": 3.0, "weather": "ice"})


@given(st.integers(0, 10_000))
def test_nominal_draws_are_seldom_far_out(seed: int) -> None:
    """Of a thousand, about ten are beyond the first band: the levels are those of a tail."""
    bands = Counter(band_of(leaves(SPACE), one) for one in SPACE.samples(seed, range(200)))

    assert bands["1e-2 and above"] >= 190
    assert 0 == bands["below 1e-6"]


def test_all_bands_take_turns() -> None:
    """However few there are of one."""
    usual, icy = [{**USUAL, "hour": hour} for hour in range(9)], {**USUAL, "weather": "ice", "x": 3.0}
    found = spread(SPACE, [*usual, icy], 4)

    assert 4 == len(found)
    assert icy in found[:2]


def test_bands_of_severity_lie_around_the_threshold() -> None:
    """A quarter of the way from what is ordinary, which is told by the weights of the draws."""
    strata = Strata(SPACE, 10.0, [(2.0, 9.0), (9.0, 1.0), (9.5, 0.5)])

    assert [8.0, 10.0, 12.0] == strata.edges
    assert ["below", "near-miss", "fail", "catastrophic"] == [
        strata.of(USUAL, severity, "").severity_band for severity in (7.9, 8.0, 10.0, 12.0)
    ]


def test_bands_have_a_width_whatever_is_ordinary() -> None:
    """Also where nothing is known of it, and where the event is ordinary."""
    assert [7.5, 10.0, 12.5] == Strata(SPACE, 10.0, []).edges
    assert [-0.25, 0.0, 0.25] == Strata(SPACE, 0.0, [(0.0, 1.0)]).edges
