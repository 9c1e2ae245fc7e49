"""Equations: linear ones, systems of two, quadratic ones."""

import math
from fractions import Fraction

from gristmill.generators.fields import Choice, Integer
from gristmill.generators.problems._kinds import Draft, Kind, Values, wordings
from gristmill.generators.problems._wording import VOICE, done, exact, isolated, line, linear, signed
from gristmill.generators.space import Space

__all__ = ["LINEAR", "QUADRATIC", "SYSTEM"]

_NONZERO = [value for value in range(-9, 10) if value]


def _linear(values: Values) -> Draft:
    """Write a(x + b) = cx + d, where a bracket stands only if the shape asks for one."""
    name, shape, x = values["name"], values["shape"], values["x"]
    a, b, c = values["a"], values["b"], values["c"] if shape != "plain" else 0
    inner = b if shape == "brackets" else 0
    left = (a, a * inner if inner else b)
    right = (c, (a - c) * x + left[1])
    open_ = linear((right[0], name), (right[1], ""))
    bracket = f"{a if a != -1 else '-'}({linear((1, name), (b, ''))})"
    equation = f"{bracket if inner else linear((a, name), (b, ''))} = {open_}"
    out = (
        [line("Multiply out the brackets", f"{linear((a, name), (left[1], ''))} = {open_}")] if inner else []
    )
    return Draft(
        wording=values["wording"],
        slots={"x": name, "equation": equation},
        facts=[equation],
        asked=[name],
        steps=out + isolated(values["voice"], name, left, right),
        answer=x,
        said=f"{name} = {x}",
        difficulty={"plain": 1, "both": 2, "brackets": 3}[shape],
    )


LINEAR = Kind(
    "linear",
    Space(
        shape=Choice(("plain", "both", "brackets")),
        name=Choice(("x", "y", "z", "n", "t")),
        a=Choice([value for value in _NONZERO if value not in (-1, 1)]),
        b=Choice(_NONZERO),
        c=Choice(_NONZERO),
        x=Choice([value for value in range(-12, 13) if value]),
        voice=VOICE,
        wording=wordings(
            "{ask} {{equation}}.",
            "{ask} the equation {{equation}}{how}.",
            "{find} {{x}} if {{equation}}.",
            "{what} if {{equation}}?",
            "Given that {{equation}}, {find_} {{x}}.",
            "The equation {{equation}} has one solution. {what_}?",
            ask=["Solve", "Find the solution of"],
            how=["", " for {{x}}"],
            find=["Find the value of", "Work out", "Determine"],
            find_=["find", "work out", "determine"],
            what=["What is {{x}}", "What is the value of {{x}}", "Which number is {{x}}"],
            what_=["What is {{x}}", "Which value does {{x}} have", "Which is it"],
        ),
        where=lambda values: values["a"] != values["c"],
    ),
    _linear,
)


def _system(values: Values) -> Draft:
    """Write two equations; x is eliminated, then what was found is put into the first."""
    x, y, voice = values["x"], values["y"], values["voice"]
    a, b, c, d = (values[name] for name in "abcd")
    first, second = a * x + b * y, c * x + d * y
    facts = [f"{linear((a, 'x'), (b, 'y'))} = {first}", f"{linear((c, 'x'), (d, 'y'))} = {second}"]
    by, other = math.lcm(a, c) // a, math.lcm(a, c) // c
    steps = [
        done(
            voice,
            "multiply",
            f"the {which} equation by {size}",
            f"{linear((p * size, 'x'), (q * size, 'y'))} = {r * size}",
        )
        for which, size, p, q, r in (("first", by, a, b, first), ("second", other, c, d, second))
        if size > 1
    ]
    left, right = by * b - other * d, by * first - other * second
    steps.append(
        line("Take the second of them from the first, so that x is gone", f"{linear((left, 'y'))} = {right}")
    )
    steps += isolated(voice, "y", (left, 0), (0, right))
    put = f"{linear((a, 'x'))} {'-' if b < 0 else '+'} {f'{abs(b)} × ' if abs(b) > 1 else ''}{signed(y)} = {first}"
    steps.append(done(voice, "put", f"y = {y} into the first equation", put))
    steps += isolated(voice, "x", (a, b * y), (0, first))
    said = f"x = {x}, y = {y}"
    return Draft(
        wording=values["wording"],
        slots={"first": facts[0], "second": facts[1]},
        facts=facts,
        asked=["x", "y"],
        steps=steps,
        answer=said,
        said=said,
        difficulty=2 + len({by, other} - {1}),
    )


SYSTEM = Kind(
    "system",
    Space(
        a=Integer(1, 6),
        b=Choice([value for value in _NONZERO if abs(value) < 8]),
        c=Integer(1, 6),
        d=Choice([value for value in _NONZERO if abs(value) < 8]),
        x=Choice([value for value in _NONZERO if abs(value) < 9]),
        y=Choice([value for value in _NONZERO if abs(value) < 9]),
        voice=VOICE,
        wording=wordings(
            "Solve the {system} {{first}} and {{second}}.",
            "{find} x and y {given} {{first}} and {{second}}.",
            "Which x and y {meet} both {{first}} and {{second}}?",
            "Solve for x and y: {{first}}, {{second}}.",
            "Two numbers x and y {meet} {{first}} and {{second}}. {which}",
            "The lines {{first}} and {{second}} meet in a point. {where}",
            system=["system of equations", "system", "simultaneous equations", "pair of equations"],
            find=["Find", "Work out", "Determine"],
            given=["if", "given that", "such that"],
            meet=["satisfy", "fulfill"],
            which=["Which are they?", "Find both of them."],
            where=["What are its coordinates x and y?", "Find its coordinates x and y."],
        ),
        where=lambda values: values["a"] * values["d"] != values["b"] * values["c"],
    ),
    _system,
)


def _quadratic(values: Values) -> Draft:
    """Write (px - q)(x - r) = 0 multiplied out; by factors where p is 1, else by the formula."""
    p, r = values["p"], values["r"]
    roots = sorted({Fraction(values["q"], p), Fraction(r)})
    b, c = -(p * r + values["q"]), r * values["q"]
    equation = f"{linear((p, 'x^2'), (b, 'x'), (c, ''))} = 0"
    said = " or ".join(f"x = {exact(root)}" for root in roots)
    return Draft(
        wording=values["wording"],
        slots={"equation": equation, "left": equation.removesuffix(" = 0")},
        facts=[equation],
        asked=["x"],
        steps=_by_factors(values["q"], r) if p == 1 else _by_formula(p, b, c),
        answer=said if len(roots) > 1 else roots[0],
        said=said,
        difficulty=3 if p == 1 else 4,
    )


def _by_factors(q: int, r: int) -> list[str]:
    factors = [f"x {'-' if root > 0 else '+'} {abs(root)}" for root in (q, r)]
    return [
        line(
            "Look for two numbers with the right sum and product",
            f"{-q} + {signed(-r)} = {-q - r}",
            f"{signed(-q)} × {signed(-r)} = {q * r}",
        ),
        line("They give the factors", f"({factors[0]})({factors[1]}) = 0"),
        line("One of the factors must be zero", " or ".join(f"{one} = 0" for one in dict.fromkeys(factors))),
    ]


def _by_formula(a: int, b: int, c: int) -> list[str]:
    inside = b * b - 4 * a * c
    root = math.isqrt(inside)
    signs = ("+", "-") if root else ("+",)
    found = [
        f"x = ({-b} {sign} {root})/(2 × {a}) = {exact(Fraction(-b + (root if sign == '+' else -root), 2 * a))}"
        for sign in signs
    ]
    return [
        line("The discriminant is", f"D = {signed(b)}^2 - 4 × {a} × {signed(c)} = {inside}"),
        line("Its square root is", f"√({inside}) = {root}"),
        line("The quadratic formula gives", " or ".join(found)),
    ]


QUADRATIC = Kind(
    "quadratic",
    Space(
        p=Choice((1, 2, 3, 4), (3, 1, 1, 1)),
        q=Choice(_NONZERO),
        r=Choice(_NONZERO),
        wording=wordings(
            "{solve} {{equation}}.",
            "{find} {all} of {{equation}}.",
            "Solve the {kind} {{equation}}{how}.",
            "{which} {{equation}}?",
            "At which x does the {curve} meet the x-axis?",
            solve=["Solve", "Solve for x:"],
            find=["Find", "Determine", "Give"],
            all=["all solutions", "the roots", "every solution", "all real solutions"],
            kind=["quadratic equation", "equation"],
            how=["", " for x"],
            which=["For which values of x is", "Which numbers x fulfill", "What is x if"],
            curve=["parabola y = {{left}}", "graph of y = {{left}}"],
        ),
        where=lambda values: values["p"] * values["r"] + values["q"] != 0,
    ),
    _quadratic,
)
