"""How bad a negotiation was, for each seat and for both."""

import pytest

from gristmill.envs.negotiation.market import Market
from gristmill.envs.negotiation.severity import forgone, severities, wasted
from gristmill.severity import kinds_of, severity_of
from gristmill.types import call
from tests.envs.negotiation.bargain import FAIR, MARKET, WORLDS, agree, fair, played

DOMAIN = Market().domain(MARKET)
LEAVE = call("walk_away", message="No.")


def test_each_seat_has_a_severity_and_both_have_one() -> None:
    """The first seat's comes first."""
    for world in WORLDS:
        first, second = world.seats

        assert [f"bad-deal-{first}", f"bad-deal-{second}", "poor-deal"] == [
            one.name for one in severities(world.seats, world().domain)
        ]
        assert f"bad-deal-{first}" == severity_of(world()).name


@pytest.mark.parametrize(("seat", "place"), [("buyer", 0), ("seller", 1)])
def test_a_seat_forgoes_nothing_with_its_best_deal_and_all_without_one(seat: str, place: int) -> None:
    """In between it is the share of the surplus that is lacking."""
    deal = DOMAIN.deal(FAIR, 1)
    reservation, best = DOMAIN.reservations[place], DOMAIN.best[place]
    expected = (best - deal.utilities[place]) / (best - reservation)

    assert 1.0 == forgone(DOMAIN, None, seat)
    assert expected == pytest.approx(forgone(DOMAIN, deal, seat))
    assert 0 < expected < 1


def test_a_deal_that_is_worse_than_none_is_beyond_all() -> None:
    """By as many shares of the surplus as are lost."""
    dear = DOMAIN.deal({"price": 2000, "delivery": 21, "warranty": 6, "payment": 0}, 1)
    losses = [forgone(DOMAIN, dear, seat) for seat in DOMAIN.seats]

    assert losses[1] < 1 < losses[0]


def test_the_fairest_deal_wastes_nothing() -> None:
    """Of the greatest Nash product; no deal wastes all of it."""
    firsts, seconds = DOMAIN.front

    assert len(firsts) == len(seconds) > 1
    assert 1.0 == wasted(DOMAIN, None)
    assert 0 <= wasted(DOMAIN, DOMAIN.deal(FAIR, 1)) < 1


def test_nothing_is_lost_where_nothing_could_be_had() -> None:
    """Without a zone of agreement, no deal is as it should be, for each and for both."""
    domain = Market().domain({**MARKET, "zone": "none"})
    away, _ = played(Market, fair(), LEAVE, zone="none")

    assert [0.0, 0.0, 0.0] == [one.of(away) for one in Market.severities]
    assert any(forgone(domain, domain.deal(FAIR, 1), seat) > 1 for seat in domain.seats)


def test_grades_are_those_of_the_deal_that_was_struck() -> None:
    """By the final state of the record."""
    struck, _ = played(Market, fair(), agree())
    left, _ = played(Market, fair(), LEAVE)
    deal = DOMAIN.deal(FAIR, 1)

    assert [forgone(DOMAIN, deal, "buyer"), forgone(DOMAIN, deal, "seller"), wasted(DOMAIN, deal)] == [
        one.of(struck) for one in Market.severities
    ]
    assert [1.0, 1.0, 1.0] == [one.of(left) for one in Market.severities]


def test_kinds_tell_how_it_ended() -> None:
    """With a deal, by a seat that walked away, or by the clock."""
    endings = [played(Market, *acts)[0] for acts in ((fair(), agree()), (fair(), LEAVE), [fair()] * 6)]
    kind = next(one for one in kinds_of(Market()) if one.name == "end")

    assert ["deal", "walked away", "out of time"] == [kind.of(one) for one in endings]
    assert all(one.of(endings[0]) in one.labels for one in kinds_of(Market()))
