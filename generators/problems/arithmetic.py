"""Expressions to work out, with whole numbers and with fractions."""

import math
import re
from fractions import Fraction

from gristmill.generators.fields import Choice, Integer
from gristmill.generators.problems._kinds import Draft, Kind, Values, wordings
from gristmill.generators.problems._wording import exact, line
from gristmill.generators.space import Space

__all__ = ["ARITHMETIC", "FRACTIONS"]

_BRACKET = re.compile(r"\(([^()]*)\)")
_POINT = re.compile(r"(-?[\d/]+) ([×÷]) (-?[\d/]+)")
_LINE = re.compile(r"(-?[\d/]+) ([-+]) (-?[\d/]+)")
_VERBS = {"×": "Multiply", "÷": "Divide", "+": "Add", "-": "Subtract"}
_ASK = wordings(
    "{ask} {{expression}}.",
    "{ask} the value of {{expression}}.",
    "What is {{expression}}?",
    "How much is {{expression}}?",
    "{do} step by step: {{expression}}.",
    ask=["Work out", "Calculate", "Find", "Compute"],
    do=["Work out", "Calculate", "Compute"],
)


def _reduced(expression: str) -> list[str]:
    """Return the steps that work out an expression, one operation each."""
    steps = []
    while found := _first(expression):
        prose, start, end, value = found
        after = expression[:start] + value + expression[end:]
        steps.append(line(prose, f"{expression} = {after}"))
        expression = after
    return steps


def _first(expression: str) -> tuple[str, int, int, str] | None:
    """Return what comes first in an expression: why, where it begins and ends, and its value."""
    bracket = _BRACKET.search(expression)
    inside, offset = (bracket[1], bracket.start(1)) if bracket else (expression, 0)
    found = _POINT.search(inside) or _LINE.search(inside)
    if not found:
        return None
    whole = bool(bracket) and found[0] == inside
    start, end = offset + found.start() - whole, offset + found.end() + whole
    first = found[2] in "×÷" and _LINE.search(expression)
    prose = _VERBS[found[2]] + (" before adding and subtracting" if first else "")
    return "First the brackets" if bracket else prose, start, end, exact(_value(found))


def _value(found: re.Match[str]) -> Fraction:
    one, other = Fraction(found[1]), Fraction(found[3])
    if found[2] == "÷":
        return one / other
    return {"×": one * other, "+": one + other, "-": one - other}[found[2]]


def _arithmetic(values: Values) -> Draft:
    expression = values["form"].format_map({**values, "de": values["d"] * values["e"]})
    steps = _reduced(expression)
    answer = steps[-1].rpartition(" = ")[2].rstrip(".")
    return Draft(
        wording=values["wording"],
        slots={"expression": expression},
        facts=[f"r = {expression}"],
        asked=["r"],
        steps=steps,
        answer=answer,
        said=answer,
        difficulty=min(len(steps) - 1, 3),
    )


ARITHMETIC = Kind(
    "arithmetic",
    Space(
        form=Choice(
            (
                "{a} + {b} × {c}",
                "{a} - {b} × {c}",
                "({a} + {b}) × {c}",
                "{a} + {de} ÷ {d} - {b}",
                "{a} × {b} - {c} × {d}",
                "{c} × ({a} - {b}) + {de} ÷ {e}",
                "({a} - {b}) × ({c} + {d})",
                "{a} × {b} - ({de} ÷ {d} + {c})",
            )
        ),
        a=Integer(11, 60),
        b=Integer(2, 10),
        c=Integer(2, 9),
        d=Integer(2, 9),
        e=Integer(3, 12),
        wording=_ASK,
    ),
    _arithmetic,
)


def _fractions(values: Values) -> Draft:
    parts = [f"{values[f'n{i}']}/{values[f'd{i}']}" for i in (1, 2)]
    sign = values["sign"]
    expression = f"{parts[0]} {sign} {parts[1]}"
    one, other = map(Fraction, parts)
    steps, answer = _added(one, other, sign) if sign in "+-" else _multiplied(one, other, sign)
    return Draft(
        wording=values["wording"],
        slots={"expression": expression},
        facts=[f"r = {expression}"],
        asked=["r"],
        steps=steps,
        answer=answer,
        said=exact(answer),
        difficulty=1 if sign == "×" else 2,
    )


def _added(one: Fraction, other: Fraction, sign: str) -> tuple[list[str], Fraction]:
    common = math.lcm(one.denominator, other.denominator)
    first, second = int(one * common), int(other * common)
    above = first + second if sign == "+" else first - second
    sum_ = f"{first}/{common} {sign} {second}/{common}"
    steps = [line("Bring both to a common denominator", f"{one} {sign} {other} = {sum_}")]
    steps = steps if f"{one} {sign} {other}" != sum_ else []
    verb = "Add" if sign == "+" else "Subtract"
    return steps + _reduction(f"{verb} the numerators", sum_, above, common), Fraction(above, common)


def _multiplied(one: Fraction, other: Fraction, sign: str) -> tuple[list[str], Fraction]:
    steps = []
    factor = other if sign == "×" else 1 / other
    if sign == "÷":
        turned = f"{one} × {factor.numerator}/{factor.denominator}"
        steps.append(line("Dividing is multiplying by the reciprocal", f"{one} ÷ {other} = {turned}"))
    above, below = one.numerator * factor.numerator, one.denominator * factor.denominator
    product = f"{one} × {factor.numerator}/{factor.denominator}"
    steps += _reduction("Multiply numerators and denominators", product, above, below)
    return steps, Fraction(above, below)


def _reduction(prose: str, expression: str, above: int, below: int) -> list[str]:
    steps = [line(prose, f"{expression} = {above}/{below}")]
    if str(Fraction(above, below)) != f"{above}/{below}":
        steps.append(line("Reduce the fraction", f"{above}/{below} = {Fraction(above, below)}"))
    return steps


FRACTIONS = Kind(
    "fractions",
    Space(
        n1=Integer(1, 11),
        d1=Integer(2, 12),
        sign=Choice(("+", "-", "×", "÷")),
        n2=Integer(1, 11),
        d2=Integer(2, 12),
        wording=_ASK,
        where=lambda values: (
            all(
                Fraction(values[n], values[d]).denominator == values[d] and values[n] < 2 * values[d]
                for n, d in (("n1", "d1"), ("n2", "d2"))
            )
            and Fraction(values["n1"], values["d1"]) != Fraction(values["n2"], values["d2"])
        ),
    ),
    _fractions,
)
