"""Negotiations for tests: scenarios that are made by hand, and plays of acts that are given."""

from typing import Any

from gristmill.envs.negotiation.bargaining import Bargaining
from gristmill.envs.negotiation.market import Market
from gristmill.envs.negotiation.resource import Resource
from gristmill.recorders.verify import judge
from gristmill.types import Act, Episode, Scenario, SeatInfo, Verdict, call

MARKET: dict[str, Any] = Market.space.sample(0, 0) | {  # with names of the pools
    "product": "a cello", "form": "Ltd",
    "buyer_order": "delivery > price > warranty > payment", "buyer_shares": "40/30/20/10", "buyer_growth": "even",
    "buyer_alternative": False,
    "seller_order": "price > delivery > warranty > payment", "seller_shares": "50/25/15/10", "seller_growth": "even",
    "seller_alternative": True,
    "zone": "wide", "first_margin": 50, "second_margin": 50, "deadline": 6, "discount": 1.0, "opens": 0,
}  # fmt: skip
RESOURCE: dict[str, Any] = Resource.space.sample(0, 0) | {
    "books": 3, "hats": 2, "balls": 1,
    "left_order": "books > hats > balls", "left_shares": "60/30/10",
    "right_order": "balls > hats > books", "right_shares": "50/30/20",
    "zone": "wide", "first_margin": 50, "second_margin": 50, "deadline": 6, "discount": 1.0, "opens": 0,
}  # fmt: skip
# Good for both in MARKET: the buyer gets quick delivery, the seller a high price.
FAIR = {"price": 2000, "delivery": 3, "warranty": 24, "payment": 30}
FAIR_SAID = "$2000, delivery in 3 days, 24 months of warranty, payment in 30 days"


def begun(kind: type[Bargaining], **changes: Any) -> Bargaining:
    """A negotiation in which nothing has been said."""
    world = kind()
    values = MARKET if kind is Market else RESOURCE
    world.reset(options={"scenario": {**values, **changes}})
    return world


def played(kind: type[Bargaining], *acts: Act, **changes: Any) -> tuple[Episode, Verdict]:
    """The record of these acts, by whoever is on turn, and the verdict on it."""
    world = begun(kind, **changes)
    for act in acts:
        world.step(act)
    assert world.current is not None
    seats = {seat: SeatInfo(policy="test", digest="test") for seat in world.possible_agents}
    over = any(world.terminations.values())
    episode = Episode(
        id="test", world=world.id, version=world.version, scenario=world.current, seats=seats, seed=0,
        entries=world.entries(), end="terminated" if over else "truncated", state=world.state(),
    )  # fmt: skip
    return episode, judge(world, episode)


def failed(verdict: Verdict) -> set[tuple[str, str]]:
    """The checks that did not pass, with their seats."""
    return {(one.name, str(one.seat or "")) for one in verdict.checks if one.status != "pass"}


def offer(said: str, **terms: int) -> Act:
    """The act of offering terms."""
    return call("offer", **terms, message=said)


def fair() -> Act:
    """An offer that both can accept in the market."""
    return offer(f"I offer {FAIR_SAID}.", **FAIR)


def agree() -> Act:
    """Its acceptance."""
    return call("accept", message=f"Agreed: {FAIR_SAID}.")


def scenario(kind: type[Bargaining], seed: int, index: int) -> Scenario:
    """A scenario as it is drawn."""
    return kind().scenario(seed, index)


WORLDS = (Market, Resource)
