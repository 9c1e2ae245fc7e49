"""The tactics of bargaining behave as the literature and the field's reference library have it."""

from functools import partial

import numpy as np
import pytest

from gristmill.agents import negotiation_tactics as tactics
from gristmill.agents.negotiation_bidding import Bidder
from gristmill.agents.negotiation_models import Frequencies, Hypotheses
from tests.agents.bargains import OPPOSED, Deal, Side, bargain, domain, many, mean_product

CLOCK = {"boulware": 0.25, "linear": 1.0, "conceder": 4.0}
SIDES = {name: Side(partial(tactics.time_dependent, beta=beta)) for name, beta in CLOCK.items()} | {
    "hardliner": Side(tactics.hardliner),
    "tit-for-tat": Side(tactics.tit_for_tat),
    "micro": Side(partial(tactics.micro, step=1)),
    "aspiration": Side(tactics.aspiration, Frequencies),
    "fair-split": Side(tactics.fair_split, Hypotheses),
    "expert": Side(tactics.expert, Hypotheses),
}

# Utilities of the offers that NegMAS 0.16.0 (Mohammad, Nakadai and Greenwald, "NegMAS: A platform for automated
# negotiations", 2021) makes in 21 steps against one that never moves: AspirationNegotiator with exponents 4, 1 and 1/4
# from 1 to a reservation of 0.3, for the buyer of `OPPOSED`. Its relative time of step i is (i + 1) / 22.
NEGMAS_OFFERS = {
    "boulware": (1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0.96, 0.96, 0.92, 0.887, 0.853, 0.807, 0.753, 0.687, 0.613, 0.527, 0.42),
    "linear": (
        1, 0.96, 0.92, 0.88, 0.84, 0.813, 0.78, 0.747, 0.713, 0.687, 0.653, 0.62, 0.587, 0.56, 0.527, 0.493, 0.46,
        0.427, 0.4, 0.367, 0.333,
    ),
    "conceder": (
        0.68, 0.62, 0.58, 0.547, 0.52, 0.493, 0.473, 0.46, 0.44, 0.427, 0.413, 0.4, 0.387, 0.38, 0.367, 0.353, 0.347,
        0.333, 0.327, 0.32, 0.313,
    ),
}  # fmt: skip

_SECOND = ((0.5, 0.25, 0.15, 0.1), (0.25, 0.5, 0.1, 0.15))
_THIRD = ((0.6, 0.2, 0.12, 0.08), (0.1, 0.15, 0.25, 0.5))
# What NegMAS 0.16.0 comes to in 500 steps (AspirationNegotiator, MiCRONegotiator, ToughNegotiator): the utilities of
# buyer and seller, and the step; None is no deal.
NEGMAS_DEALS = [
    (OPPOSED, "boulware", "boulware", (0.607, 0.640, 434)),
    (OPPOSED, "conceder", "boulware", (0.400, 0.900, 309)),
    (OPPOSED, "boulware", "conceder", (0.900, 0.400, 308)),
    (OPPOSED, "conceder", "conceder", (0.607, 0.640, 50)),
    (OPPOSED, "linear", "linear", (0.700, 0.700, 215)),
    (OPPOSED, "micro", "micro", (0.700, 0.700, 128)),
    (OPPOSED, "hardliner", "boulware", None),
    (OPPOSED, "hardliner", "hardliner", None),
    (_SECOND, "boulware", "boulware", (0.533, 0.600, 453)),
    (_SECOND, "conceder", "boulware", (0.367, 0.742, 392)),
    (_SECOND, "boulware", "conceder", (0.800, 0.383, 366)),
    (_SECOND, "conceder", "conceder", (0.533, 0.600, 99)),
    (_SECOND, "linear", "linear", (0.533, 0.600, 334)),
    (_SECOND, "micro", "micro", (0.650, 0.650, 197)),
    (_THIRD, "boulware", "boulware", (0.800, 0.750, 388)),
    (_THIRD, "conceder", "boulware", (0.420, 0.930, 282)),
    (_THIRD, "boulware", "conceder", (0.907, 0.417, 302)),
    (_THIRD, "micro", "micro", (0.800, 0.750, 104)),
]


@pytest.mark.parametrize("name", CLOCK)
def test_time_dependent_tactics_concede_as_those_of_negmas(name: str) -> None:
    """Offer by offer, to within the rounding of the values there."""
    own = Bidder(domain(OPPOSED[0], buyer=True), reservation=0.3, deadline=42)
    shares = [tactics.share_at((step + 1) / 22, CLOCK[name], 1.0, 0.0) for step in range(21)]
    offers = [own.worth(own.at(own.level(share))) for share in shares]

    assert pytest.approx(NEGMAS_OFFERS[name], abs=0.008) == offers


@pytest.mark.parametrize(("weights", "buyer", "seller", "expected"), NEGMAS_DEALS)
def test_pairs_come_to_the_deals_of_negmas(
    weights: tuple[tuple[float, ...], tuple[float, ...]], buyer: str, seller: str, expected: tuple[float, ...] | None
) -> None:  # fmt: skip
    """To within 0.1 of utility and a seventh of the time: who opens, and ties, are settled otherwise there."""
    deal = bargain(SIDES[buyer], SIDES[seller], weights=weights, deadline=1000)

    assert (expected is None) == (deal is None)
    if deal is not None and expected is not None:
        assert pytest.approx(expected[:2], abs=0.1) == deal[:2]
        assert pytest.approx(expected[2] / 500, abs=1 / 7) == deal.turns / 1000


def agreed(name: str, other: str) -> list[Deal]:
    """The deals of a buyer and a seller over many domains."""
    return [one for one in many(SIDES[name], SIDES[other]) if one is not None]


def test_hardliners_lose_agreements_against_each_other() -> None:
    """There is no deal at all, where experts always have one."""
    assert [] == agreed("hardliner", "hardliner")
    assert 40 == len(agreed("expert", "expert"))


@pytest.mark.parametrize("other", ["boulware", "linear", "conceder", "expert"])
def test_a_conceder_gets_less_than_a_boulware_against_the_same_other(other: str) -> None:
    """In the deals they make; what a boulware pays for it are those it does not make."""
    given, held = (np.mean([one.buyer for one in agreed(name, other)]) for name in ("conceder", "boulware"))

    assert given < held
    assert len(agreed("boulware", other)) <= len(agreed("conceder", other))


def test_two_conceders_agree_early() -> None:
    """Before half of the turns that two who hold out need."""
    early, late = (np.mean([one.turns for one in agreed(name, name)]) for name in ("conceder", "boulware"))

    assert early < 0.7 * late


def test_two_who_offer_in_order_reach_efficient_deals() -> None:
    """With time for it: their Nash product is within a tenth of the greatest there is."""
    deal = bargain(SIDES["micro"], SIDES["micro"], deadline=1000)
    buyer, seller = (
        domain(weights, buyer=first).utility for weights, first in zip(OPPOSED, (True, False), strict=True)
    )

    assert deal is not None
    assert deal.product >= 0.9 * float(((buyer - 0.3) * (seller - 0.3))[buyer > 0.3].max())


def test_who_learns_what_the_other_likes_reaches_better_deals() -> None:
    """The Nash product of two with a model is well above that of two without."""
    learned, blind = (mean_product(many(SIDES[name], SIDES[name])) for name in ("aspiration", "boulware"))

    assert learned > 1.5 * blind


def test_experts_reach_good_deals() -> None:
    """Their Nash product against their like is within a tenth of the greatest of any strategy."""
    products = {name: mean_product(many(side, side)) for name, side in SIDES.items()}

    assert products["expert"] >= 0.9 * max(products.values())


@pytest.mark.parametrize("name", SIDES)
def test_no_strategy_offers_less_than_it_would_accept(name: str) -> None:
    """Whatever the other does, to the last turn, with a discount."""
    tactic, kind = SIDES[name]
    own = domain(OPPOSED[0], buyer=True)
    worst, middling = int(own.utility.argmin()), int(own.order[len(own.order) // 2])
    for heard in ([own.top] * 5, [worst] * 5, [worst, middling] * 3, [*own.order[-3:], worst, worst]):
        bidder = Bidder(own, reservation=0.6, deadline=10, discount=0.97, model=kind(own) if kind else None)
        for one in heard:
            offer = tactic(bidder)
            assert bidder.worth(offer) >= bidder.floor(1) - 1e-9
            bidder.put(offer)
            bidder.turns += 2
            bidder.hear(int(one))


def test_a_hardliner_gives_as_much_as_it_is_told() -> None:
    """Nothing by default, else a share of the room by its last offer."""
    own = domain(OPPOSED[0], buyer=True)
    bidder = Bidder(own, reservation=0.3, deadline=10)
    bidder.turns = 8

    assert own.top == tactics.hardliner(bidder)
    assert pytest.approx(0.86, abs=0.02) == bidder.worth(tactics.hardliner(bidder, give=0.2))


def test_tit_for_tat_answers_what_it_is_given() -> None:
    """It gives a first step, then what the other gave, and takes nothing back."""
    own = domain(OPPOSED[0], buyer=True)
    bidder = Bidder(own, reservation=0.3, deadline=20)
    offers = []
    for heard in (0.0, 0.2, 0.1, 0.3):
        offers.append(bidder.worth(tactics.tit_for_tat(bidder)))
        bidder.put(bidder.at(offers[-1]))
        bidder.hear(bidder.at(heard))
    offers.append(bidder.worth(tactics.tit_for_tat(bidder)))

    assert pytest.approx([1.0, 0.965, 0.765, 0.765, 0.665], abs=0.03) == offers


def test_micro_waits_for_a_new_offer() -> None:
    """One that has heard nothing new repeats itself; one that has goes on to its next best outcome."""
    own = domain(OPPOSED[0], buyer=True)
    bidder = Bidder(own, reservation=0.3, deadline=20)
    offers = []
    for heard in (5, 5, 7):
        offers.append(tactics.micro(bidder, step=1))
        bidder.put(offers[-1])
        bidder.hear(heard)
    offers.append(tactics.micro(bidder, step=1))

    assert [own.order[0], own.order[1], own.order[1], own.order[2]] == offers
