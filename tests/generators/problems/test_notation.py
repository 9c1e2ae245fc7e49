"""Equations are read as a schoolbook means them."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gristmill.errors import UsageError
from gristmill.generators.problems._notation import names_in, put, read_chain, read_expression, roots


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("3/4 ÷ 1/2", Fraction(3, 2)),
        ("3 / 4 ÷ 1 / 2", Fraction(3, 8)),
        ("2 + 3 × 4 - 6 ÷ 3", 12),
        ("-3^2", -9),
        ("(-3)^2 × 2", 18),
        ("15% × 80", 12),
        ("1.5(2 + 4)", 9),
        ("2(3)(4)", 24),
        ("5!/(3! × 2!)", 10),
        ("√(49) - 2 × (-7)", 21),
        ("0.1 + 0.2", Fraction(3, 10)),
        ("10 - 4 - 3", 3),
    ],
)
def test_an_expression_has_the_value_that_a_reader_gives_it(text: str, value: Fraction) -> None:
    """Exactly, with fractions as one number and multiplication that is left out."""
    assert str(value) == str(read_expression(text))


@given(a=st.integers(-99, 99), b=st.integers(1, 99), c=st.fractions(-9, 9, max_denominator=9))
def test_numbers_are_exact(a: int, b: int, c: Fraction) -> None:
    """A sum written out is the sum of its terms."""
    assert str(Fraction(a, b) + c) == str(read_expression(f"({a})/{b} + ({c.numerator}/{c.denominator})"))


def test_names_and_sides_are_told_apart() -> None:
    """An equation has as many sides as it has signs of equality, and one more."""
    chain = read_chain("2x + u10 = 4(x - y) = 7")

    assert (3, {"x", "y", "u10"}) == (len(chain), names_in(*chain))
    assert "u10 + 6" == str(put(chain[0], {"x": read_expression("3")}))


@pytest.mark.parametrize(
    ("text", "found"),
    [("2x - 7", {"7/2"}), ("x^2 - 5x + 6", {"2", "3"}), ("1/x - 1/4", {"4"}), ("(x^2 - x) / (x - 1)", {"0"})],
)
def test_roots_are_those_of_the_expression_as_it_stands(text: str, found: set[str]) -> None:
    """Where a divisor is zero, there is no root."""
    assert found == set(map(str, roots(read_expression(text))))


@pytest.mark.parametrize(
    "text",
    [
        *("", "2 +", "(2", "2)", "2 ** 3", "x.y", "__class__", "2 = 2"),
        *("1/0", "5 ÷ (2 - 2)", "2^x", "2^2^2", "(2^9)^9", "((123456789^8) × 1)^8", "99!", "(-1)!"),
        *("x" * 500, "9" * 16, "(" * 30 + "1" + ")" * 30, "(a + b)^8 × (c + d)^8"),
    ],
)
def test_what_is_no_expression_or_takes_long_is_refused(text: str) -> None:
    """With a message, and at once."""
    with pytest.raises(UsageError, match="Expected"):
        read_expression(text)
