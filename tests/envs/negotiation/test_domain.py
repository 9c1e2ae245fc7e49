"""Outcomes, utilities, the Pareto front and the Nash product, against going through all outcomes one by one."""

from itertools import product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gristmill.envs.negotiation.domain import UNIT, Domain, Side, balanced

ISSUES = {"a": [1, 2, 3], "b": [0, 5], "c": [7, 8, 9]}


@st.composite
def sides(draw: st.DrawFn) -> tuple[Side, Side]:
    """Two sides with weights and values of any sort."""
    found = []
    for _ in range(2):
        cuts = sorted(draw(st.lists(st.integers(0, 100), min_size=2, max_size=2)))
        weights = dict(zip(ISSUES, (cuts[0], cuts[1] - cuts[0], 100 - cuts[1]), strict=True))
        values = {
            name: draw(st.lists(st.integers(0, 100), min_size=len(one), max_size=len(one)))
            for name, one in ISSUES.items()
        }
        found.append(Side.of(weights, values))
    return found[0], found[1]


@st.composite
def domains(draw: st.DrawFn) -> Domain:
    """A domain of any sort."""
    reservations = draw(st.integers(0, 1000)), draw(st.integers(0, 1000))
    discount = draw(st.sampled_from([1.0, 0.97, 0.9]))
    return Domain(("x", "y"), ISSUES, draw(sides()), reservations, deadline=6, discount=discount)


def outcomes() -> list[dict[str, int]]:
    """All outcomes, in order."""
    return [dict(zip(ISSUES, one, strict=True)) for one in product(*ISSUES.values())]


def by_hand(side: Side, terms: dict[str, int]) -> int:
    """What terms are worth to a side, by Raiffa's sum."""
    return sum(
        side.weights[name] * side.values[name][ISSUES[name].index(value)] for name, value in terms.items()
    )


def efficient(domain: Domain) -> set[tuple[int, int]]:
    """The utilities that no others are better than for one seat and as good for the other."""
    all_of_them = {domain.worth(one) for one in outcomes()}
    return {
        one
        for one in all_of_them
        if not any(other != one and other[0] >= one[0] and other[1] >= one[1] for other in all_of_them)
    }


@given(domains())
@settings(max_examples=60)
def test_utilities_are_the_sums_of_weights_and_values(domain: Domain) -> None:
    """One by one, and all at once in the order of the outcomes."""
    expected = [tuple(by_hand(side, one) for side in domain.sides) for one in outcomes()]

    assert expected == [domain.worth(one) for one in outcomes()]
    assert expected == list(zip(*[side.utilities.tolist() for side in domain.sides], strict=True))


@given(domains())
@settings(max_examples=60)
def test_the_front_is_what_nothing_dominates(domain: Domain) -> None:
    """Each pair of utilities once, from the first seat's best to the second's."""
    assert sorted(efficient(domain), reverse=True) == list(zip(*domain.front, strict=True))


@given(domains(), st.sampled_from(outcomes()))
@settings(max_examples=60)
def test_the_pareto_distance_is_that_to_the_nearest_efficient_outcome(
    domain: Domain, terms: dict[str, int]
) -> None:
    """It is nought for an efficient outcome."""
    first, second = domain.worth(terms)
    nearest = min(((first - x) ** 2 + (second - y) ** 2) ** 0.5 for x, y in efficient(domain)) / UNIT

    assert nearest == pytest.approx(domain.deal(terms, 3).pareto_distance)


@given(domains())
@settings(max_examples=60)
def test_the_best_deals_are_the_best_of_those_that_are_rational_for_both(domain: Domain) -> None:
    """For each seat, and by the product of what both gain; without a zone of agreement nothing is to be gained."""
    deals = [domain.deal(one, 1) for one in outcomes()]
    rational = [one for one in deals if all(map(domain.rational, domain.seats, one.utilities))]
    best: Any = domain.reservations
    if rational:
        best = tuple(max(one.utilities[place] for one in rational) for place in range(2))

    assert bool(rational) == domain.possible
    assert best == pytest.approx(domain.best)
    assert max((one.nash_product for one in rational), default=0.0) == pytest.approx(domain.best_nash_product)


@given(sides())
@settings(max_examples=60)
def test_nothing_is_better_for_both_than_the_balanced_outcome(pair: tuple[Side, Side]) -> None:
    """So that reservations above it leave no zone of agreement."""
    first, second = balanced(*pair)

    assert not any(
        (by_hand(pair[0], one) >= first and by_hand(pair[1], one) > second)
        or (by_hand(pair[0], one) > first and by_hand(pair[1], one) >= second)
        for one in outcomes()
        if first and second
    )  # fmt: skip


def test_a_mirrored_side_counts_from_the_other_end() -> None:
    """What the second seat gets is what the first does not keep."""
    side = Side.of({"a": 100}, {"a": [0, 40, 100]}, mirrored=True)

    assert [10_000, 4_000, 0] == side.utilities.tolist()
