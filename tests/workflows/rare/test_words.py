"""Rare rates in words."""

import pytest

from gristmill.workflows.rare.words import chance, chance_between, one_in


@pytest.mark.parametrize(
    ("p", "words"), [(9.7e-6, "100,000"), (1 / 1234, "1,200"), (0.4, "2.5"), (1.0, "1.0"), (0.0, "∞")]
)
def test_draws_to_one_event_have_two_digits(p: float, words: str) -> None:
    """Thousands are set apart, and what never happens takes infinitely many."""
    assert words == one_in(p)


@pytest.mark.parametrize(("p", "words"), [(0.25, "25.0%"), (2.04e-5, "2e-05, 1 in 49,000"), (0.0, "0")])
def test_chances_are_percentages_until_they_are_rare(p: float, words: str) -> None:
    """From then on they are one in so many."""
    assert words == chance(p)


def test_an_estimate_is_told_with_its_interval() -> None:
    """Without a number the interval alone is told, and a lower end of zero makes it a bound."""
    assert "0.0005, 1 in 2,000 (95 % interval 0.0003 to 0.0008)" == chance_between(5e-4, 3e-4, 8e-4)
    assert "0.0003 to 0.0008 (95 % interval)" == chance_between(None, 3e-4, 8e-4)
    assert "at most 0.003, 1 in 330 (95 % bound)" == chance_between(None, 0.0, 0.003)
