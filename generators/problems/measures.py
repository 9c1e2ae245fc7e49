"""Units to convert, one factor at a time."""

from fractions import Fraction
from itertools import pairwise

from gristmill.generators.fields import Choice, Integer
from gristmill.generators.problems._kinds import Draft, Kind, Values, wordings
from gristmill.generators.problems._wording import counted, decimal, line, singular
from gristmill.generators.space import Space

__all__ = ["CONVERSION"]

# Chains from large to small: every unit with its sign, its name, and how many of the next one it is.
_CHAINS: tuple[tuple[tuple[str, str, str], ...], ...] = (
    (
        ("km", "kilometers", "1000"),
        ("m", "meters", "100"),
        ("cm", "centimeters", "10"),
        ("mm", "millimeters", ""),
    ),
    (("t", "metric tons", "1000"), ("kg", "kilograms", "1000"), ("g", "grams", "")),
    (("d", "days", "24"), ("h", "hours", "60"), ("min", "minutes", "60"), ("s", "seconds", "")),
    (("yd", "yards", "3"), ("ft", "feet", "12"), ("in", "inches", "2.54"), ("cm", "centimeters", "")),
    (("gal", "gallons", "4"), ("qt", "quarts", "2"), ("pt", "pints", "2"), ("c", "cups", "")),
    (("l", "liters", "10"), ("dl", "deciliters", "100"), ("ml", "milliliters", "")),
)
_PAIRS = [  # a chain, and the places of the larger and the smaller unit in it
    [place, first, last]
    for place, chain in enumerate(_CHAINS)
    for last in range(len(chain))
    for first in range(last)
]


def _conversion(values: Values) -> Draft:
    """Write one large unit as so many small ones, all the way; the smallest counts as one."""
    place, first, last = values["units"]
    chain = _CHAINS[place][first : last + 1]
    small, large = chain[-1], chain[0]
    factor = Fraction(1)
    for _, _, by in chain[:-1]:
        factor *= Fraction(by)
    facts = [f"1 {sign} = {by} {after[0]}" for (sign, _, by), after in pairwise(chain)]
    size = Fraction(values["halves"], 2)
    start, end, answer = (large, small, size * factor) if values["down"] else (small, large, size)
    given = size if values["down"] else size * factor
    return Draft(
        wording=values["wording"],
        slots={"given": counted(given, *_forms(start[1])), "to": end[1]},
        facts=[f"{small[0]} = 1", *facts, f"x {end[0]} = {decimal(given)} {start[0]}"],
        asked=["x"],
        steps=_down(chain, size) if values["down"] else _up(chain, given),
        answer=answer,
        said=counted(answer, *_forms(end[1])),
        difficulty=len(chain) - 1 + (not values["down"]),
        unit=_forms(end[1])[answer != 1],
    )


def _forms(many: str) -> tuple[str, str]:
    return singular(many), many


def _down(chain: tuple[tuple[str, str, str], ...], size: Fraction) -> list[str]:
    steps = []
    for (sign, many, by), (after, smaller, _) in pairwise(chain):
        steps.append(line(f"{many.capitalize()} to {smaller}", f"1 {sign} = {by} {after}"))
        more = size * Fraction(by)
        product = f"{decimal(size)} {sign} = {decimal(size)} × {by} {after} = {decimal(more)} {after}"
        steps.append(line("Multiply", product))
        size = more
    return steps


def _up(chain: tuple[tuple[str, str, str], ...], given: Fraction) -> list[str]:
    steps = []
    for (sign, many, by), (after, smaller, _) in reversed(list(pairwise(chain))):
        steps.append(line(f"{smaller.capitalize()} to {many}", f"1 {sign} = {by} {after}"))
        fewer = given / Fraction(by)
        steps.append(
            line(
                "Divide",
                f"{decimal(given)} {after} = {decimal(given)} ÷ {by} {sign} = {decimal(fewer)} {sign}",
            )
        )
        given = fewer
    return steps


CONVERSION = Kind(
    "conversion",
    Space(
        units=Choice(_PAIRS),
        halves=Integer(1, 24),
        down=Choice((True, False)),
        wording=wordings(
            "Convert {{given}} to {{to}}.",
            "How many {{to}} are there in {{given}}?",
            "Write {{given}} in {{to}}.",
            "What is {{given}} in {{to}}?",
            "Express {{given}} in {{to}}.",
            "{{given}}: how many {{to}} is that?",
        ),
    ),
    _conversion,
)
