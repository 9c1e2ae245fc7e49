"""Negotiations without a world: two bidders, each with a tactic, over domains with known preferences."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from gristmill.agents.negotiation_bidding import Bidder, Domain, Model, Tactic
from gristmill.seeding import stream

ISSUES = {"price": 11, "delivery": 4, "warranty": 4, "payment": 4}
# What the buyer and the seller care about, most for price, and most for payment.
OPPOSED = ((0.4, 0.3, 0.2, 0.1), (0.1, 0.2, 0.3, 0.4))


class Side(NamedTuple):
    """A tactic, and the class of its model of the other, if it has one."""

    tactic: Tactic
    model: type[Any] | None = None


class Deal(NamedTuple):
    """How a negotiation ended: what it is worth to both, and after how many turns."""

    buyer: float
    seller: float
    turns: int

    @property
    def product(self) -> float:
        """The Nash product over reservations of 0.3."""
        return max(self.buyer - 0.3, 0.0) * max(self.seller - 0.3, 0.0)


def domain(weights: Sequence[float], *, buyer: bool) -> Domain:
    """The domain of a buyer, who wants a low price, quick delivery, a long warranty and late payment, or of a seller."""
    values: dict[str, list[float]] = {}
    for name, options in ISSUES.items():
        rising = [round(place / (options - 1), 4) for place in range(options)]
        values[name] = rising if buyer == (name in ("warranty", "payment")) else rising[::-1]
    return Domain(
        {name: list(range(options)) for name, options in ISSUES.items()}, values, dict(zip(ISSUES, weights, strict=True))
    )  # fmt: skip


def bargain(
    buyer: Side, seller: Side, *, weights: tuple[Sequence[float], Sequence[float]] = OPPOSED, deadline: int = 20
) -> Deal | None:  # fmt: skip
    """Return the deal that two sides come to; the buyer opens."""
    domains = (domain(weights[0], buyer=True), domain(weights[1], buyer=False))
    bidders = []
    for side, own in zip((buyer, seller), domains, strict=True):
        model: Model | None = side.model(own) if side.model else None
        bidders.append(Bidder(own, reservation=0.3, deadline=deadline, model=model))
    for turn in range(deadline):
        for bidder in bidders:
            bidder.turns = turn
        me, other = bidders[turn % 2], bidders[1 - turn % 2]
        coming = None if me.last else (buyer, seller)[turn % 2].tactic(me)
        if (standing := me.standing) is not None and me.takes(coming):
            return Deal(bidders[0].worth(standing), bidders[1].worth(standing), turn)
        if coming is None:
            return None
        me.put(coming)
        other.turns = turn + 1
        other.hear(coming)
    return None


def many(buyer: Side, seller: Side, *, count: int = 40, deadline: int = 10) -> list[Deal | None]:
    """The same over many domains whose weights are drawn."""
    rng = stream(1, "weights of bargains")

    def weights() -> list[float]:
        drawn = [rng.expovariate(1.0) for _ in ISSUES]
        return [one / sum(drawn) for one in drawn]

    return [bargain(buyer, seller, weights=(weights(), weights()), deadline=deadline) for _ in range(count)]


def mean_product(deals: Sequence[Deal | None]) -> float:
    """The mean Nash product, that of no deal being zero."""
    return sum(one.product for one in deals if one is not None) / len(deals)
