"""What a negotiator works out: outcomes, time, utilities, and what the other likes."""

import numpy as np
import pytest

from gristmill.agents.negotiation_bidding import Bidder, Domain, grid
from gristmill.agents.negotiation_models import Frequencies, Hypotheses
from tests.agents.bargains import ISSUES, OPPOSED, domain

SMALL = Domain(
    {"price": [10, 20, 30], "days": [1, 2]},
    {"price": [1.0, 0.5, 0.0], "days": [0.0, 1.0]},
    {"price": 0.6, "days": 0.4},
)


def bidder(turns: int = 0, *, deadline: int = 8, discount: float = 1.0, stands: int | None = None) -> Bidder:
    """A bidder over the small domain, after some turns, with an offer of the other."""
    made = Bidder(SMALL, reservation=0.35, deadline=deadline, discount=discount)
    made.turns = turns
    made.standing = stands
    return made


def numbered(*places: int) -> int:
    """The outcome with these options, in a domain of `bargains`."""
    number = domain(OPPOSED[0], buyer=True).number(dict(zip(ISSUES, places, strict=True)))
    assert number is not None
    return number


def test_utility_is_the_weighted_sum_of_values() -> None:
    """For every combination of options, the last issue's options side by side."""
    assert [0.6, 1.0, 0.3, 0.7, 0.0, 0.4] == pytest.approx(SMALL.utility.tolist())
    assert 1 == SMALL.top
    assert [1, 3, 0, 5, 2, 4] == SMALL.order.tolist()


def test_outcomes_are_numbers_and_terms() -> None:
    """Each is found by the other; what is no option has no number."""
    assert {"price": 20, "days": 2} == SMALL.terms(3)
    assert list(range(6)) == [SMALL.number(SMALL.terms(outcome)) for outcome in range(6)]
    assert [None] * 3 == [
        SMALL.number(odd) for odd in ({"price": 20}, {"price": 25, "days": 1}, {"price": "20", "days": None})
    ]


def test_an_outcome_leaves_the_rest_to_the_other() -> None:
    """Of items, where every option is how many of them one gets."""
    items = {"books": [0, 1, 2], "hats": [0, 1]}
    own = Domain(items, {"books": [0.0, 0.5, 1.0], "hats": [0.0, 1.0]}, {"books": 0.6, "hats": 0.4})
    left = [own.terms(own.rest(outcome)) for outcome in range(6)]

    assert [{"books": 2 - books, "hats": 1 - hats} for books in range(3) for hats in range(2)] == left


def test_domains_that_differ_in_anything_are_told_apart() -> None:
    """In an option, a value, a weight, or the order of the issues, whatever was worked out for others before."""
    issues = {"price": [10, 20, 30], "days": [1, 2]}
    values = {"price": [1.0, 0.5, 0.0], "days": [0.0, 1.0]}
    weights = {"price": 0.6, "days": 0.4}
    dearer = Domain(issues | {"price": [10, 20, 40]}, values, weights)
    turned = Domain(dict(reversed(issues.items())), values, weights)

    assert ({"price": 30, "days": 1}, {"price": 40, "days": 1}) == (SMALL.terms(4), dearer.terms(4))
    assert (4, None) == (SMALL.number(SMALL.terms(4)), dearer.number(SMALL.terms(4)))
    assert ({"days": 2, "price": 20}, 0.7) == (turned.terms(4), turned.utility[4])
    assert 0.64 == Domain(issues, values | {"price": [1.0, 0.4, 0.0]}, weights).utility[3]
    assert 0.75 == Domain(issues, values, {"price": 0.5, "days": 0.5}).utility[3]


def test_a_grid_sums_one_entry_of_each_part() -> None:
    """As broadcasting over all parts would."""
    parts = [np.array(part) for part in ([0.0, 1.0, 2.0], [0.0, 10.0], [0.0, 100.0, 200.0, 300.0])]
    summed = parts[0][:, None, None] + parts[1][:, None] + parts[2]

    assert summed.ravel().tolist() == grid(parts).tolist()


@pytest.mark.parametrize(
    ("deadline", "turns", "left", "time"),
    [(8, 0, 4, 0.0), (8, 6, 1, 1.0), (8, 5, 1, 1.0), (8, 7, 0, 1.0), (7, 0, 3, 0.0), (8, 1, 3, 0.2), (2, 0, 1, 1.0)],
)  # fmt: skip
def test_the_last_offer_is_the_last_that_can_be_accepted(
    deadline: int, turns: int, left: int, time: float
) -> None:
    """Time is over for offers a turn before the deadline, for whoever is on turn then, and two turns for the other."""
    late = bidder(turns, deadline=deadline)

    assert left == late.offers_left
    assert pytest.approx(time) == late.time


def test_an_offer_is_taken_when_the_next_of_ones_own_gives_no_more() -> None:
    """Unless no deal is better; when nothing is to come, that alone counts."""
    assert bidder(stands=3).takes(3)
    assert not bidder(stands=3).takes(1)
    assert bidder(stands=5).takes(None)
    assert not bidder(stands=2).takes(None)
    assert not bidder(stands=2).takes(2)


def test_a_discount_raises_the_floor_and_lowers_what_is_to_come() -> None:
    """What is accepted later must be worth more, and what is offered now is accepted later."""
    assert pytest.approx(0.35 / 0.9**4) == bidder(4, discount=0.9).floor()
    assert bidder(4, discount=0.9, stands=3).takes(3)
    assert bidder(4, discount=0.9, stands=0).takes(0)
    assert not bidder(4, discount=0.9, stands=5).takes(None)
    assert not bidder(8, deadline=12, discount=0.9).hopeless
    assert bidder(9, deadline=12, discount=0.9).hopeless


def test_choices_reach_their_target() -> None:
    """The least that does, or what the other likes best of all that do; the best where nothing does, or among equals."""
    likes = np.array([0.1, 0.2, 0.9, 0.3, 0.8, 0.7])

    assert (3, 1) == (bidder().at(0.65), bidder().at(2.0))
    assert (2, 5) == (bidder().liked(0.25, likes), bidder().liked(0.35, likes))
    assert (1, 3) == (
        bidder().liked(2.0, likes),
        bidder().liked(0.25, np.array([0.9, 0.1, 0.9, 0.9, 1.0, 0.9])),
    )


@pytest.mark.parametrize("kind", [Frequencies, Hypotheses])
def test_models_learn_what_the_other_holds_on_to(kind: type[Frequencies] | type[Hypotheses]) -> None:
    """Of a seller who gives in on all but the payment, they expect that it prefers early payment to a high price."""
    own = domain(OPPOSED[0], buyer=True)
    model = kind(own)
    before = model.likes()
    for step, given in enumerate((0, 1, 2, 3)):
        model.hear(numbered(10 - 3 * given, 3 - given, given, 0), own.top if step else None, step / 4)
    after = model.likes()
    high_price, early_payment = numbered(10, 0, 3, 3), numbered(0, 0, 3, 0)

    assert after[early_payment] - after[high_price] > before[early_payment] - before[high_price]
    assert after[early_payment] > after[high_price]
    assert 0.0 <= after.min() <= after.max() <= 1.0 + 1e-9


@pytest.mark.parametrize("kind", [Frequencies, Hypotheses])
@pytest.mark.parametrize("issue", ISSUES)
def test_models_believe_what_they_are_told(kind: type[Frequencies] | type[Hypotheses], issue: str) -> None:
    """The issue that matters most to the other makes most of a difference."""
    own = domain(OPPOSED[0], buyer=True)
    model = kind(own)
    place = list(ISSUES).index(issue)
    model.told(place)
    likes = model.likes().reshape(own.shape)
    spans = [float(np.ptp(likes, axis=axis).max()) for axis in range(4)]

    assert place == int(np.argmax(spans))
