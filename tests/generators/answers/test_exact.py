"""Exact numbers and solutions of equations are judged by what they are worth, however they are put."""

from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gristmill.generators.answers import judge

THIRDS = {"kind": "exact", "answer": "7/3"}
PRICE = {"kind": "exact", "answer": "246/5", "unit": "dollars"}
HOURS = {"kind": "exact", "answer": "24/5", "unit": "hours"}
SPEED = {"kind": "exact", "answer": "63", "unit": "km/h"}
ROOTS = {"kind": "solutions", "answer": "x = -4 or x = 5"}
HALVES = {"kind": "solutions", "answer": "x = -1/2 or x = 1/2"}
ONE = {"kind": "solutions", "answer": "t = 6"}
PAIR = {"kind": "solutions", "answer": "x = 4, y = -1"}


@pytest.mark.parametrize(
    ("check", "reply"),
    [
        (THIRDS, "1/4 + 25/12 = 28/12 = 7/3"),
        (THIRDS, "It is 2 1/3."),
        (THIRDS, "It is 2⅓."),
        (THIRDS, "two and a third, or 2 and 1/3"),
        (THIRDS, r"$$\boxed{\frac{7}{3}}$$"),
        (THIRDS, "14/6"),
        ({"kind": "exact", "answer": "-26"}, "That makes −26."),
        ({"kind": "exact", "answer": "-26"}, "That makes minus 26."),
        ({"kind": "exact", "answer": "-1/3"}, r"\(-\dfrac{1}{3}\)"),
        ({"kind": "exact", "answer": "1944"}, "u6 = 1,944"),
        ({"kind": "exact", "answer": "20", "unit": "%"}, r"It rose by 20\%."),
        ({"kind": "exact", "answer": "20", "unit": "%"}, "It rose by 20 percent."),
        ({"kind": "exact", "answer": "10", "unit": "nickels"}, "There are 10 of them."),
        ({"kind": "exact", "answer": "47", "unit": "years old"}, "She is 47 years of age."),
        (PRICE, "Answer: $49.20"),
        (PRICE, "It costs 49.2 dollars."),
        (PRICE, "**$49.2**"),
        (HOURS, "4.8 h"),
        (HOURS, "4 4/5 hours"),
        (HOURS, "4 hours and 48 minutes"),
        (HOURS, "They need 4 h 48 min."),
        (SPEED, "63 kilometres per hour"),
        (SPEED, "63 km / h"),
        (ROOTS, "x = 5 or x = -4"),
        (ROOTS, "x = 5, x = −4"),
        (ROOTS, "x = - 4 or x = 5"),
        (ROOTS, "The solutions are -4 and 5."),
        (ROOTS, "x ∈ {-4, 5}"),
        (ROOTS, "x₁ = 5, x₂ = -4"),
        (ROOTS, r"$x_1 = 5$ and $x_{2} = -4$"),
        (ROOTS, "(x + 4)(x - 5) = 0, therefore:\nx = -4\nx = 5"),
        (ROOTS, "- x = -4\n- x = 5\n"),
        (ROOTS, "x = (1 + 9)/2 = 5 or x = (1 - 9)/2 = -4"),
        (HALVES, "x = ±1/2"),
        (HALVES, r"x = \pm\frac{1}{2}"),
        (HALVES, "x = 0.5 or x = -.5"),
        (ONE, "Dividing both sides by 8 gives: t = 6."),
        (ONE, "The answer is 6."),
        (ONE, "t = 48/8 = 6"),
        (PAIR, "y = -1 and x = 4"),
        (PAIR, "(x, y) = (4, -1)"),
        (PAIR, "The lines meet at (4,-1)."),
        (PAIR, "x = 4\ny = −1"),
        (PAIR, r"\boxed{x = 4, \; y = -1}"),
        (PAIR, "x=4, y=-1"),
        (PAIR, "So x is 4 and y is -1."),
    ],
)
def test_what_is_worth_the_same_passes(check: dict[str, Any], reply: str) -> None:
    """Fractions, decimals, LaTeX, another order, another sign of minus, hours with minutes."""
    assert "pass" == judge(check, reply).status


@pytest.mark.parametrize(
    ("check", "reply"),
    [
        (THIRDS, "2.33"),
        (THIRDS, "3/7"),
        (THIRDS, "7 over 3"),
        (THIRDS, "7/0"),
        (THIRDS, "-7/3"),
        (THIRDS, ""),
        ({"kind": "exact", "answer": "1/3"}, "2 1/3"),
        (PRICE, "$49.02"),
        (PRICE, "49.2 cents"),
        (HOURS, "4.8 minutes"),
        (HOURS, "4 hours and 8 minutes"),
        (HOURS, "4 days and 48 minutes"),
        (SPEED, "63 km"),
        (ROOTS, "x = 5"),
        (ROOTS, "x = -4 or x = 5 or x = 6"),
        (ROOTS, "x = 4 or x = -5"),
        (ROOTS, "x + 4 = 0 or x - 5 = 0"),
        (ROOTS, "x = -4 or x = 5\nAnswer: x = 5"),
        (ROOTS, "x = -4\nAnswer: x = 5"),
        (ROOTS, "There are none."),
        (HALVES, "x = 1/2"),
        (ONE, "t = -6"),
        (ONE, "8t = 48"),
        (ONE, "t = 6 or t = -6"),
        (ONE, "s = 6"),
        (PAIR, "x = -1, y = 4"),
        (PAIR, "(-1, 4)"),
        (PAIR, "x = 4"),
        (PAIR, "x = 4, y = -1 or x = 5, y = -1"),
        (PAIR, "(1, 4, -1)"),
        (PAIR, "4 and -1"),
    ],
)
def test_what_is_worth_something_else_fails(check: dict[str, Any], reply: str) -> None:
    """Rounded, in another unit, of another name, one of two, one more than two."""
    assert "fail" == judge(check, reply).status


@given(st.fractions(-1000, 1000, max_denominator=60), st.fractions(-1000, 1000, max_denominator=60))
def test_a_fraction_passes_for_itself_alone(answer: Fraction, other: Fraction) -> None:
    """As a fraction, as a mixed number, as one root of two."""
    check = {"kind": "exact", "answer": str(answer)}
    whole, rest = divmod(abs(answer), 1)
    mixed = f"{'-' * (answer < 0)}{whole} {rest}" if rest and whole else str(answer)
    roots = {"kind": "solutions", "answer": f"x = {answer} or x = {other}"}

    assert "pass" == judge(check, f"It is {mixed}.").status
    assert ("pass" if answer == other else "fail") == judge(check, f"It is {other}.").status
    assert "pass" == judge(roots, f"x = {other} or x = {answer}").status
