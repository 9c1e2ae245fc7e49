"""The protocol: turns, the table, the deadline, and what is refused."""

import pytest

from gristmill.envs.negotiation.bargaining import Bargaining
from gristmill.envs.negotiation.market import Market
from gristmill.envs.negotiation.resource import Resource
from gristmill.types import Act, call, say
from tests.envs.negotiation.bargain import FAIR, agree, begun, fair, offer

KINDS = pytest.mark.parametrize("kind", [Market, Resource])
LEAVE = call("walk_away", message="Goodbye.")


def split(books: int, hats: int, balls: int) -> Act:
    """An offer of a split."""
    return offer(f"I keep {books} books, {hats} hats and {balls} balls.", books=books, hats=hats, balls=balls)


@KINDS
@pytest.mark.parametrize("opens", [0, 1])
def test_the_scenario_says_who_opens(kind: type[Bargaining], opens: int) -> None:
    """Both seats are told, too."""
    world = begun(kind, opens=opens)

    assert kind.seats[opens] == world.agent_selection
    assert {kind.seats[opens]} == {world.brief(seat).facts["opens"] for seat in kind.seats}


@pytest.mark.parametrize(
    "act",
    [
        say("Hello."),
        fair(),
        call("ask", about="priority", message="What matters most to you?"),
        call("claim", about="priority", value="delivery", message="Delivery."),
    ],
)
def test_whatever_the_other_can_see_passes_the_turn(act: Act) -> None:
    """Words, offers, questions and claims alike; the call itself is what the other sees."""
    world = begun(Market)
    world.step(act)

    assert ("seller", 1) == (world.agent_selection, world.turns)
    assert [{"from": "buyer", **act}] == world.observe("seller")


@pytest.mark.parametrize(
    ("act", "error"),
    [
        (offer("", **{**FAIR, "price": 2001}), "expected for price one of 1200, 1280"),
        (offer("", **{**FAIR, "price": -80}), "expected for price one of"),
        (offer("", **{**FAIR, "delivery": 4}), "delivery: 3 | 7 | 14 | 21"),
        (call("offer", **FAIR), "missing required field `message`"),
        (call("accept", message="Yes."), "none stands"),
        (call("claim", about="priority", value="colour", message=""), "expected for priority one of price,"),
        (call("claim", about="alternative", value="maybe", message=""), "one of yes, no, got 'maybe'"),
        (call("bribe", message="Here."), "unknown tool 'bribe'"),
    ],
)
def test_a_refused_act_is_answered_in_private_and_nothing_happens(act: Act, error: str) -> None:
    """The seat stays on turn, no turn is lost, and the other sees nothing of it."""
    world = begun(Market)
    world.step(act)

    assert error in world.observe("buyer")[-1]["error"]
    assert ("buyer", 0, []) == (world.agent_selection, world.turns, world.observe("seller"))
    assert {} == world.state()


def test_only_the_offer_of_the_other_that_stands_can_be_accepted() -> None:
    """One's own cannot, nor one that the acceptor has answered with its own; words between do not matter."""
    world = begun(Market)
    for act in (fair(), say("Let me think."), say("Do.")):
        world.step(act)
    world.step(agree())
    accepted = world.state()
    world = begun(Market)
    for act in (fair(), fair(), say("No?"), agree()):
        world.step(act)

    assert {"deal": FAIR, "by": "seller", "turns": 3} == accepted
    assert "none stands" in world.entries()[-1]["error"]
    assert not any(world.terminations.values())


def test_a_deal_ends_the_negotiation() -> None:
    """The state holds the terms, who accepted, and after how many turns."""
    world = begun(Market)
    world.step(fair())
    world.step(agree())

    assert {"buyer": True, "seller": True} == world.terminations
    assert {"deal": FAIR, "by": "seller", "turns": 1} == world.state()


def test_a_split_is_in_the_terms_of_the_first_seat() -> None:
    """What the right seat keeps, the left one does not get."""
    world = begun(Resource, opens=1)
    world.step(split(1, 0, 1))
    world.step(call("accept", message="I get 2 books and 2 hats."))

    assert {"books": 2, "hats": 2, "balls": 0} == world.state()["deal"]


@pytest.mark.parametrize("terms", [(4, 0, 0), (0, 3, 0), (0, 0, 2), (-1, 0, 0), (5, 0, 0)])
def test_nobody_keeps_more_than_there_is(terms: tuple[int, int, int]) -> None:
    """Such an offer is refused."""
    world = begun(Resource)
    world.step(split(*terms))

    assert "error" in world.observe("left")[-1]
    assert "left" == world.agent_selection


@KINDS
def test_walking_away_ends_it_without_a_deal(kind: type[Bargaining]) -> None:
    """The state says who did."""
    world = begun(kind)
    world.step(say("Hello."))
    world.step(LEAVE)

    assert {"walked": kind.seats[1], "turns": 1} == world.state()
    assert all(world.terminations.values())


@KINDS
@pytest.mark.parametrize("deadline", [6, 7, 12])
def test_time_is_up_at_the_deadline(kind: type[Bargaining], deadline: int) -> None:
    """Turns of both seats count; refused acts do not. Nothing is left of what was on the table."""
    world = begun(kind, deadline=deadline)
    for turn in range(deadline):
        assert not any(world.terminations.values()), turn
        world.step(call("offer", message="Everything for me."))
        world.step(fair() if kind is Market and turn % 2 else say("Well."))

    assert all(world.terminations.values())
    assert not any(world.truncations.values())
    assert {} == world.state()


def test_the_last_turn_is_good_for_an_acceptance() -> None:
    """An offer in the turn before it can still be taken."""
    world = begun(Market, deadline=6)
    for act in (say("a"), say("b"), say("c"), say("d"), fair(), agree()):
        world.step(act)

    assert 5 == world.state()["turns"]


@KINDS
def test_both_seats_have_the_same_tools(kind: type[Bargaining]) -> None:
    """Whatever one may do, so may the other."""
    world = begun(kind)
    first, second = (world.brief(seat).tools for seat in kind.seats)
    names = [tool["function"]["name"] for tool in first]

    assert first == second
    assert {"offer", "accept", "walk_away"} <= set(names)
    assert (kind is Market) == ("claim" in names)


def test_a_second_episode_knows_nothing_of_the_first() -> None:
    """The table is clear, and the state is."""
    world = begun(Market)
    world.step(fair())
    world.reset(seed=1)
    world.step(call("accept", message="Yes."))

    assert "none stands" in world.entries()[-1]["error"]
    assert {} == world.state()
