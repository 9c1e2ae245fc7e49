"""So many things of two kinds that are worth so much together: coins, tickets, pens."""

from fractions import Fraction

from gristmill.generators.fields import Choice, Integer
from gristmill.generators.problems._kinds import Draft, Kind, Values, wordings
from gristmill.generators.problems._wording import (
    NAME,
    VOICE,
    decimal,
    dollars,
    done,
    isolated,
    line,
    linear,
    singular,
)
from gristmill.generators.space import Space

__all__ = ["COINS"]

_COINS = {  # what is worth more and what less, with the cents that one is worth
    "quarters and dimes": (25, 10),
    "quarters and nickels": (25, 5),
    "dimes and nickels": (10, 5),
}
_GOODS = {
    "adult tickets and child tickets": (1200, 700),
    "front-row seats and balcony seats": (4500, 2800),
    "large pizzas and small pizzas": (1600, 1100),
    "notebooks and pens": (350, 150),
    "roses and tulips": (300, 125),
    "sandwiches and apples": (450, 75),
}


def _coins(values: Values) -> Draft:
    """Write x + y = n and px + qy = s; y is put into the second equation."""
    pair, x, y, asked = values["pair"], values["x"], values["y"], values["asked"]
    coins = pair in _COINS
    p, q = (Fraction(cents, 100) for cents in {**_COINS, **_GOODS}[pair])
    more, _, less = pair.partition(" and ")
    count, total = x + y, p * x + q * y
    facts = [f"x + y = {count}", f"{linear((p, 'x'), (q, 'y'))} = {decimal(total)}"]
    number, unit = (x, more) if asked == "x" else (y, less)
    return Draft(
        wording=values["coins" if coins else "goods"],
        slots={
            "name": values["name"],
            "pair": pair,
            "count": str(count),
            "asked": unit,
            "more": more,
            "less": less,
            "p": dollars(p),
            "q": dollars(q),
            "total": dollars(total),
        },
        facts=facts,
        asked=[asked],
        steps=[
            f"Let x be the number of {more} and y the number of {less}.",
            line("Count them", facts[0]),
            line("Add up their worth in dollars" if coins else "Add up their prices in dollars", facts[1]),
            *_solved(values["voice"], count, p, q, total),
            *([line("The others are", f"y = {count} - {x} = {y}")] if asked == "y" else []),
        ],
        answer=number,
        said=f"{number} {singular(unit) if number == 1 else unit}",
        difficulty=3 if asked == "x" else 4,
        unit=singular(unit) if number == 1 else unit,
    )


def _solved(voice: str, count: int, p: Fraction, q: Fraction, total: Fraction) -> list[str]:
    """Return the steps that solve the two equations for x, in cents where there are any."""
    steps = []
    if p.denominator * q.denominator > 1:
        p, q, total = 100 * p, 100 * q, 100 * total
        equation = f"{linear((p, 'x'), (q, 'y'))} = {total}"
        steps.append(done(voice, "multiply", "both sides by 100", equation))
    return [
        *steps,
        line("The count gives", f"y = {count} - x"),
        line("Put this in for y", f"{linear((p, 'x'))} + {q}({count} - x) = {total}"),
        line("Multiply out and collect", f"{linear((p - q, 'x'), (q * count, ''))} = {total}"),
        *isolated(voice, "x", (p - q, q * count), (0, total)),
    ]


COINS = Kind(
    "coins",
    Space(
        pair=Choice([*_COINS, *_GOODS]),
        x=Integer(2, 24),
        y=Integer(2, 24),
        asked=Choice(("x", "y")),
        name=NAME,
        voice=VOICE,
        coins=wordings(
            "{{name}} has {{count}} coins, all of them {{pair}}. Together they are worth {{total}}. {ask}",
            "A jar holds {{count}} coins, only {{pair}}, worth {{total}} in total. {ask}",
            "{{name}} empties a piggy bank and finds {{count}} coins, just {{pair}}, which make {{total}}. {ask}",
            ask=["How many {{asked}} are there?", "How many of the coins are {{asked}}?"],
        ).when(pair=list(_COINS)),
        goods=wordings(
            "{prices} {{name}} sells {{count}} of them for {{total}} in all. How many of them were {{asked}}?",
            "{prices} For {{count}} of them together {{name}} pays {{total}}. How many of them were {{asked}}?",
            "{prices} A group orders {{count}} of them and pays {{total}}. How many of them were {{asked}}?",
            prices=[
                "{{more}} cost {{p}} each and {{less}} {{q}} each.",
                "One pays {{p}} each for {{more}} and {{q}} each for {{less}}.",
            ],
        ).when(pair=list(_GOODS)),
    ),
    _coins,
)
