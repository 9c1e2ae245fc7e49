"""What a seat is told before its first act, in words."""

from typing import Any

__all__ = ["market_brief", "resource_brief"]

_UNITS = {
    "price": "${}".format,
    "delivery": "{} days".format,
    "warranty": "{} months".format,
    "payment": lambda days: f"{days} days" if days else "on delivery",
}
_LABELS = {"price": "price", "delivery": "delivery in", "warranty": "warranty of", "payment": "payment after"}

_MARKET = """\
You are {name}, the {seat} of {product}. You negotiate price, delivery, warranty and payment with the {other}, {other_name}.

What the terms are worth to you, from 0 to 1, and how much each issue weighs:
{table}

A deal is worth the sum of weight times worth over the four issues{discount}. {no_deal}
There are {deadline} turns for both of you together; then time is up and there is no deal. The {opens} opens.

Get a deal that is worth as much to you as possible, and accept none that is worth less than no deal. If you cannot agree, make at least one offer that you would accept yourself before you walk away or time runs out.

{tools}
- ask(about, message) and claim(about, value, message): ask about, or state, the issue that matters most (about "priority"; its name is the value) or whether there is another offer in hand (about "alternative"; "yes" or "no").

{rules}
- What you claim is true: {priority} matters most to you, and you have {alternative} offer in hand."""

_RESOURCE = """\
You are {name}, in the {seat} seat. You split {items} with {other_name}, in the {other} seat.

What the items are worth to you:
{table}

A split is worth the sum over what you keep{discount}. {no_deal}
There are {deadline} turns for both of you together; then time is up and there is no deal. The {opens} seat opens.

Get a split that is worth as much to you as possible, and accept none that is worth less than no deal. If you cannot agree, make at least one offer that you would accept yourself before you walk away or time runs out.

{tools}

{rules}"""

_TOOLS = """\
Every message and every call passes the turn to the other seat:
- offer({terms}, message): {offer}. An offer stands until the other seat makes one of its own.
- accept(message): take the offer of the other seat that stands; this ends the negotiation.
- walk_away(message): end it without a deal."""

_RULES = """\
Rules of speech:
- The message of an offer or an acceptance names its terms in figures, as {example}, and no other figures; a term of 0 may be left out.
- Offers are made with the tool only: elsewhere, name no terms but those that were offered before.
- Never say what no deal is worth to you, what your limit is, your weights, or what terms are worth to you."""


def market_brief(seat: str, facts: dict[str, Any]) -> str:
    """Return what the buyer or the seller is told."""
    table = "\n".join(
        [
            f"- {_LABELS[name]} (weight {facts['weights'][name]}): "
            + ", ".join(
                [
                    f"{_UNITS[name](option)} {worth}"
                    for option, worth in zip(options, facts["values"][name], strict=True)
                ]
            )
            for name, options in facts["issues"].items()
        ]
    )
    return _MARKET.format(
        **_common(seat, facts, "in hand" if facts["alternative"] else ""),
        product=facts["product"],
        table=table,
        tools=_TOOLS.format(
            terms="price, delivery, warranty, payment", offer="put all four terms on the table"
        ),
        rules=_RULES.format(
            example='"$1150, delivery in 7 days, 12 months of warranty, payment after 30 days"'
        ),
        priority=max(facts["weights"], key=facts["weights"].__getitem__),
        alternative="another" if facts["alternative"] else "no other",
    )


def resource_brief(seat: str, facts: dict[str, Any]) -> str:
    """Return what one of two who split items is told."""
    items = [_counted(count, name) for name, count in facts["totals"].items()]
    table = "\n".join(
        [
            f"- {items[place]}: {facts['weights'][name]} for all, and in proportion for some"
            for place, name in enumerate(facts["totals"])
        ]
    )
    return _RESOURCE.format(
        **_common(seat, facts, ""),
        items=f"{items[0]}, {items[1]} and {items[2]}",
        table=table,
        tools=_TOOLS.format(
            terms="books, hats, balls", offer="how many of each you keep; the other seat gets the rest"
        ),
        rules=_RULES.format(example='"I keep 2 books and 1 hat" or "you get 1 book and 3 balls"'),
    )


def _common(seat: str, facts: dict[str, Any], alternative: str) -> dict[str, Any]:
    discount = facts["discount"]
    shrinks = f", times {discount} for every turn that has passed" if discount < 1 else ""
    with_it = "With the other offer that you have, no" if alternative else "No"
    return {
        "seat": seat,
        "name": facts["name"],
        "other": facts["other"],
        "other_name": facts["other_name"],
        "deadline": facts["deadline"],
        "opens": facts["opens"],
        "discount": shrinks,
        "no_deal": f"{with_it} deal is worth {facts['reservation']} to you.",
    }


def _counted(count: int, name: str) -> str:
    return f"{count} {name if count != 1 else name[:-1]}"
