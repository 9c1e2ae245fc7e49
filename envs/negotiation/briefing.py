"""What a seat is told before its first act, in words."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from gristmill.envs.negotiation.domain import Domain, Side

__all__ = ["market_brief", "resource_brief"]

_UNITS = {"price": "${}", "delivery": "{} days", "warranty": "{} months", "payment": "{} days"}
_LABELS = {"price": "price", "delivery": "delivery in", "warranty": "warranty of", "payment": "payment after"}


def _tools(terms: str, offer: str) -> str:
    return f"""\
Every message and every call passes the turn to the other seat:
- offer({terms}, message): {offer}. An offer stands until the other seat makes one of its own.
- accept(message): take the offer of the other seat that stands; this ends the negotiation.
- walk_away(message): end it without a deal."""


def _rules(example: str) -> str:
    return f"""\
Rules of speech:
- The message of an offer or an acceptance names its terms in figures, as {example}, and no other figures; a term of 0 may be left out.
- Offers are made with the tool only: elsewhere, name no terms and no figures but those that were offered before.
- Never say what no deal is worth to you, what your limit is, your weights, or what terms are worth to you."""


_MARKET = f"""\
{_tools("price, delivery, warranty, payment", "put all four terms on the table")}
- ask(about, message) and claim(about, value, message): ask about, or state, the issue that matters most (about "priority"; its name is the value) or whether there is another offer in hand (about "alternative"; "yes" or "no").

{_rules('"$1150, delivery in 7 days, 12 months of warranty, payment after 30 days"')}
- What you claim is true"""
_RESOURCE = f"""\
{_tools("books, hats, balls", "how many of each you keep; the other seat gets the rest")}

{_rules('"I keep 2 books and 1 hat" or "you get 1 book and 3 balls"')}"""


def market_brief(seat: str, facts: dict[str, Any], domain: Domain) -> str:
    """Return what the buyer or the seller is told."""
    side = domain.sides[domain.seats.index(seat)]
    prices, *others = domain.issues.values()
    table = _line("price", side.weights["price"], prices, side.values["price"])
    rest, priority = _rest(side, *others)
    alternative = "another" if facts["alternative"] else "no other"
    return f"""\
You are {facts["name"]}, the {seat} of {facts["product"]}. You negotiate price, delivery, warranty and payment with the {facts["other"]}, {facts["other_name"]}.

What the terms are worth to you, from 0 to 1, and how much each issue weighs:
{table}
{rest}

A deal is worth the sum of weight times worth over the four issues{_discount(facts["discount"])}. {"With the other offer that you have, no" if facts["alternative"] else "No"} deal is worth {facts["reservation"]} to you.
{_task(facts["deadline"], "The " + facts["opens"])}

{_MARKET}: {priority} matters most to you, and you have {alternative} offer in hand."""


def resource_brief(seat: str, facts: dict[str, Any]) -> str:
    """Return what one of two who split items is told."""
    items = [f"{count} {name if count != 1 else name[:-1]}" for name, count in facts["totals"].items()]
    table = _table(tuple(items), tuple(facts["weights"].values()))
    return f"""\
You are {facts["name"]}, in the {seat} seat. You split {items[0]}, {items[1]} and {items[2]} with {facts["other_name"]}, in the {facts["other"]} seat.

What they are worth to you, from 0 to 1, all of one kind together:
{table}

A split is worth the sum over what you keep{_discount(facts["discount"])}. No deal is worth {facts["reservation"]} to you.
{_task(facts["deadline"], f"The {facts['opens']} seat")}

{_RESOURCE}"""


@lru_cache(4_096)
def _table(items: tuple[str, ...], weights: tuple[float, ...]) -> str:
    """Return what the items are worth, one line for each kind."""
    return "\n".join(
        [
            f"- {one}: {weight}, and in proportion for some of them"
            if one[:2] != "1 "
            else f"- {one}: {weight}"
            for one, weight in zip(items, weights, strict=True)
        ]
    )


@lru_cache(1_024)
def _rest(side: Side, *options: Sequence[int]) -> tuple[str, str]:
    """Return what the options of all issues but the price are worth to a side, and which issue matters most to it."""
    names = list(side.values)[1:]
    lines = [
        _line(name, side.weights[name], one, side.values[name])
        for name, one in zip(names, options, strict=True)
    ]
    return "\n".join(lines), max(side.weights, key=side.weights.__getitem__)


@lru_cache(4_096)
def _line(name: str, weight: int, options: Sequence[int], values: tuple[int, ...]) -> str:
    """Return what the options of an issue are worth, from hundredths."""
    named = ["on delivery" if not option else _UNITS[name].format(option) for option in options]
    pairs = [f"{option} {value / 100}" for option, value in zip(named, values, strict=True)]
    return f"- {_LABELS[name]} (weight {weight / 100}): {', '.join(pairs)}"


@lru_cache(64, typed=True)
def _discount(discount: float) -> str:
    return f", times {discount} for every turn that has passed" if discount < 1 else ""


@lru_cache(64, typed=True)
def _task(deadline: int, opener: str) -> str:
    return f"""\
There are {deadline} turns for both of you together; then time is up and there is no deal. {opener} opens.

Get a deal that is worth as much to you as possible, and accept none that is worth less than no deal. If you cannot agree, make at least one offer that you would accept yourself before you walk away or time runs out."""
