"""The Spaces of negotiations, and the domain that a scenario sets up.

Reservations are drawn around one outcome, the balanced one, whose product of utilities is the greatest. Where both are
below it by a margin there is a zone of agreement, whose size the margins decide. Where both are above it there is none:
an outcome that is better for both would have a greater product. With time deals lose value, so that margins are kept
until the last turn in which a deal can be struck.
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from itertools import permutations
from math import ceil, floor
from operator import itemgetter
from typing import Any

from gristmill.envs.negotiation.domain import UNIT, Domain, Side, balanced
from gristmill.generators.fields import Choice, Fake, Flag, Integer
from gristmill.generators.space import Space

__all__ = [
    "ITEMS",
    "MARKET",
    "PRODUCTS",
    "RESOURCE",
    "ZONES",
    "market_domain",
    "product_of",
    "resource_domain",
]

# The margins of the reservations below the balanced outcome, in hundredths of its utility, and how often each zone is
# drawn. Without a zone they are above it, in hundredths of what is between it and the best.
ZONES = {"narrow": (18, 24), "medium": (26, 36), "wide": (38, 55), "none": (5, 30)}
_RATES = (0.26, 0.35, 0.3, 0.09)

# What is traded, with the lowest price in dollars and the step. Options have no number in common, so that a number
# that is said is about one issue: prices have three digits.
PRODUCTS: dict[str, tuple[int, int]] = {
    "an espresso machine": (300, 20),
    "a used piano": (900, 50),
    "a racing bicycle": (600, 40),
    "a laptop": (500, 30),
    "a dining table": (400, 25),
    "a leather sofa": (700, 40),
    "a sewing machine": (200, 15),
    "a lawn mower": (250, 20),
    "a telescope": (350, 25),
    "a cello": (1200, 80),
    "a workbench": (150, 10),
    "a projector": (450, 30),
    "a kayak": (550, 35),
    "a greenhouse": (1500, 100),
    "a washing machine": (380, 20),
    "a freezer": (260, 15),
    "an electric guitar": (480, 35),
    "a printing press": (640, 45),
    "a wood stove": (1100, 75),
    "a camera": (820, 60),
}
_STEPS = 11
DELIVERY, WARRANTY, PAYMENT = (3, 7, 14, 21), (6, 12, 24, 36), (0, 15, 30, 60)
MARKET_ISSUES = ("price", "delivery", "warranty", "payment")
ITEMS = ("books", "hats", "balls")

# How the value of an issue grows over its options, worst first, by exponent: below one, the first gains count most.
_GROWTH = {"early": 0.7, "even": 1.0, "late": 1.4}
_MARKET_SHARES = ("40/30/20/10", "45/25/20/10", "50/25/15/10", "55/20/15/10", "60/20/12/8")
_ITEM_SHARES = ("45/35/20", "50/30/20", "55/35/10", "60/30/10", "70/20/10")


def _orders(names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(" > ".join(one) for one in permutations(names))


def _common() -> dict[str, Any]:
    """Return the fields that both worlds have after their own."""
    return {
        "zone": Choice(tuple(ZONES), _RATES),
        "first_margin": Integer(0, 100),
        "second_margin": Integer(0, 100),
        "deadline": Integer(6, 12, unit="turns"),
        "discount": Choice((1.0, 0.99, 0.98, 0.97, 0.96, 0.95)),
        "opens": Integer(0, 1),
    }


MARKET = Space(
    product=Choice(tuple(PRODUCTS)),
    buyer_first=Fake("first_name", size=300, flat=True),
    buyer_last=Fake("last_name", size=300, flat=True),
    company=Fake("last_name", size=300, flat=True),
    form=Choice(("Ltd", "and Sons", "Trading", "Brothers", "Stores", "and Partners")),
    buyer_order=Choice(_orders(MARKET_ISSUES)),
    buyer_shares=Choice(_MARKET_SHARES),
    buyer_growth=Choice(tuple(_GROWTH)),
    buyer_alternative=Flag(0.5),
    seller_order=Choice(_orders(MARKET_ISSUES)),
    seller_shares=Choice(_MARKET_SHARES),
    seller_growth=Choice(tuple(_GROWTH)),
    seller_alternative=Flag(0.5),
    **_common(),
    # Who care most about different things can both gain by trading one for the other.
    where=lambda values: values["buyer_order"].split(" ", 1)[0] != values["seller_order"].split(" ", 1)[0],
)

RESOURCE = Space(
    left_name=Fake("first_name", size=300, flat=True),
    right_name=Fake("first_name", size=300, flat=True),
    books=Integer(1, 4),
    hats=Integer(1, 4),
    balls=Integer(1, 4),
    left_order=Choice(_orders(ITEMS)),
    left_shares=Choice(_ITEM_SHARES),
    right_order=Choice(_orders(ITEMS)),
    right_shares=Choice(_ITEM_SHARES),
    **_common(),
    where=lambda values: (
        values["left_order"] != values["right_order"] and values["left_name"] != values["right_name"]
    ),
)


def market_domain(values: dict[str, Any]) -> Domain:
    """Return the domain of a scenario of the market; the buyer is the first seat."""
    return _market(*_GIVEN_TRADERS(values))


def resource_domain(values: dict[str, Any]) -> Domain:
    """Return the domain of a scenario of items to split; terms are what the left seat keeps."""
    return _resource(*_GIVEN_OWNERS(values))


def product_of(product: str) -> range:
    """Return the prices that can be offered for a product, ascending."""
    low, step = PRODUCTS[product]
    return range(low, low + step * _STEPS, step)


# The fields that a domain follows from, in the order in which `_market` and `_resource` take them.
_BOTH = ("zone", "first_margin", "second_margin", "deadline", "discount")
_TRADERS = (
    "product",
    *(f"{seat}_{of}" for seat in ("buyer", "seller") for of in ("order", "shares", "growth")),
    *_BOTH,
)
_OWNERS = (*ITEMS, *(f"{seat}_{of}" for seat in ("left", "right") for of in ("order", "shares")), *_BOTH)
_GIVEN_TRADERS, _GIVEN_OWNERS = itemgetter(*_TRADERS), itemgetter(*_OWNERS)


# An episode is set up and judged within moments. By type, since a deadline of 6.0 is told otherwise than one of 6.
@lru_cache(64, typed=True)
def _market(
    product: str,
    buyer_order: str,
    buyer_shares: str,
    buyer_growth: str,
    seller_order: str,
    seller_shares: str,
    seller_growth: str,
    *common: Any,
) -> Domain:
    options: tuple[Sequence[int], ...] = (product_of(product), DELIVERY, WARRANTY, PAYMENT)
    issues = dict(zip(MARKET_ISSUES, options, strict=True))
    buyer = _trading("buyer", buyer_order, buyer_shares, buyer_growth)
    seller = _trading("seller", seller_order, seller_shares, seller_growth)
    return _domain(("buyer", "seller"), issues, (buyer, seller), *common)


@lru_cache(64, typed=True)
def _resource(
    books: int,
    hats: int,
    balls: int,
    left_order: str,
    left_shares: str,
    right_order: str,
    right_shares: str,
    *common: Any,
) -> Domain:
    counts = (books, hats, balls)
    issues = {name: range(count + 1) for name, count in zip(ITEMS, counts, strict=True)}
    left = _owning("left", left_order, left_shares, counts)
    right = _owning("right", right_order, right_shares, counts)
    return _domain(("left", "right"), issues, (left, right), *common, mirrored=True)


# There are not many sides, and scenarios come by the thousand.
@lru_cache(1_024)
def _trading(seat: str, order: str, shares: str, growth: str) -> Side:
    # A buyer wants a low price, quick delivery, a long warranty and time to pay; a seller the opposite.
    up = {"price": False, "delivery": False, "warranty": True, "payment": True}
    sizes = zip(MARKET_ISSUES, (_STEPS, len(DELIVERY), len(WARRANTY), len(PAYMENT)), strict=True)
    values = {name: _grown(growth, size, up[name] == (seat == "buyer")) for name, size in sizes}
    return Side.of(_weights(order, shares), values)


@lru_cache(4_096)
def _owning(seat: str, order: str, shares: str, counts: tuple[int, ...]) -> Side:
    values = {name: _grown("even", count + 1, True) for name, count in zip(ITEMS, counts, strict=True)}
    return Side.of(_weights(order, shares), values, mirrored=seat == "right")


def _weights(order: str, shares: str) -> dict[str, int]:
    """Return the weights, in hundredths, of issues from the most to the least important."""
    return dict(zip(order.split(" > "), map(int, shares.split("/")), strict=True))


def _grown(growth: str, options: int, up: bool) -> tuple[int, ...]:
    """Return the values of options, in hundredths: from nothing to all, or back."""
    rising = tuple(round(100 * (place / (options - 1)) ** _GROWTH[growth]) for place in range(options))
    return rising if up else rising[::-1]


def _domain(
    seats: tuple[str, str],
    issues: Mapping[str, Sequence[int]],
    sides: tuple[Side, Side],
    zone: str,
    first_margin: int,
    second_margin: int,
    deadline: int,
    discount: float,
    *,
    mirrored: bool = False,
) -> Domain:
    """Return the domain with the reservations that follow from the margins that were drawn."""
    low, high = ZONES[zone]
    none = zone == "none"
    lasting = discount ** (deadline - 1)
    found = []
    for utility, drawn in zip(balanced(*sides), (first_margin, second_margin), strict=True):
        margin = (low + (high - low) * drawn / 100) / 100
        if none:
            found.append(_odd(ceil(1000 * (utility + (UNIT - utility) * margin) / UNIT), 1))
        else:
            found.append(_odd(floor(1000 * utility / UNIT * (1 - margin) * lasting), -1))
    if found[0] == found[1]:  # a seat knows its own
        step = 1 if none else -1
        found[1] = _odd(found[1] + step, step)
    return Domain(
        seats, issues, sides, (found[0], found[1]), deadline=deadline, discount=discount, mirrored=mirrored
    )


def _odd(thousandths: int, step: int) -> int:
    """Return the number, or the next one, that does not end in a zero.

    No weight and no value has three decimals, so that a reservation is told from them in whatever is said.
    """
    return thousandths if thousandths % 10 else thousandths + step
