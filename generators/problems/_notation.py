"""How the equations in a problem are written, read into SymPy by hand.

SymPy's own reader of text evaluates it as Python. This one knows numbers, names, `+ - × ÷ / ^ ! % √`, brackets and the
multiplication sign that is left out; `3/4` without spaces is one number, so that `3/4 ÷ 1/2` means what a schoolbook
means. What would take SymPy long to work out, such as a tower of powers, is refused.
"""

import math
import re
from collections.abc import Iterator
from typing import Any

from gristmill.errors import UsageError

__all__ = ["Chain", "Solution", "names_in", "put", "read_chain", "read_expression", "roots"]

Chain = list[Any]  # SymPy expressions that are equal to one another
Solution = dict[str, Any]  # SymPy's numbers by name

_TOKEN = re.compile(r"\s*(\d+/\d+|\d+(?:\.\d+)?|[A-Za-z][A-Za-z0-9]*|[-+×÷/^!%√()])")
# What would take SymPy long: characters, digits, brackets within one another, exponents, and terms when multiplied out.
_LONGEST, _DIGITS, _NESTED, _POWER, _FACTORIAL, _TERMS = 400, 15, 12, 8, 25, 500


def read_chain(text: str) -> Chain:
    """Return the sides of an equation such as `t = 180/60 = 3`, two or more.

    Raises:
        UsageError: when it is no such equation.
    """
    sides = text.split("=")
    if len(sides) < 2:
        raise UsageError(f"Expected an equation, got {text!r}.")
    return [read_expression(side) for side in sides]


def read_expression(text: str) -> Any:
    """Return an expression such as `2(x + 3)^2 - 5%` as SymPy's.

    Raises:
        UsageError: when it is no such expression, or one that takes long to work out.
    """
    if len(text) > _LONGEST:
        raise UsageError(f"Expected an expression of at most {_LONGEST} characters, got {len(text)}.")
    return _Reader(text).whole()


def names_in(*expressions: Any) -> set[str]:
    """Return the names of the unknowns in SymPy expressions."""
    return {symbol.name for one in expressions for symbol in one.free_symbols}


def put(expression: Any, solution: Solution) -> Any:
    """Return an expression with the numbers of a solution for its names."""
    return expression.xreplace(
        {one: solution[one.name] for one in expression.free_symbols if one.name in solution}
    )


def roots(expression: Any) -> set[Any]:
    """Return where an expression of one unknown is zero.

    Raises:
        UsageError: when it is not a quotient of polynomials.
    """
    import sympy

    (unknown,) = expression.free_symbols
    above, below = sympy.fraction(
        expression if expression.is_polynomial(unknown) else sympy.together(expression)
    )
    if not above.is_polynomial(unknown):
        raise UsageError(f"Expected an equation between quotients of polynomials, got {expression} = 0.")
    coefficients = sympy.Poly(above, unknown).all_coeffs()
    if len(coefficients) == 2:  # which saves a millisecond
        found = {-coefficients[1] / coefficients[0]}
    else:
        found = set(sympy.roots(above, unknown))
    return {one for one in found if below.xreplace({unknown: one}) != 0}


def _tokens(text: str) -> Iterator[str]:
    at = 0
    while at < len(text.rstrip()):
        found = _TOKEN.match(text, at)
        if not found or len(found[1]) > _DIGITS:
            raise UsageError(f"Expected numbers, names and signs, got {text[at : at + 20]!r} in {text!r}.")
        yield found[1]
        at = found.end()


def _terms(expression: Any) -> int:
    """Return how many terms an expression has at most when it is multiplied out."""
    inner = [_terms(one) for one in expression.args]
    if expression.is_Add:
        return sum(inner)
    if expression.is_Pow and expression.exp.is_Integer:
        return inner[0] ** min(abs(int(expression.exp)), _TERMS) if inner[0] > 1 else 1
    return math.prod(inner)


class _Reader:
    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = [*_tokens(text), ""]
        self._at = 0
        self._nested = 0

    def whole(self) -> Any:
        value = self._sum()
        return value if not self._next and _terms(value) <= _TERMS else self._refuse()

    @property
    def _next(self) -> str:
        return self._tokens[self._at]

    def _taken(self, *tokens: str) -> str:
        found = self._next if self._next in tokens else ""
        self._at += bool(found)
        return found

    def _sum(self) -> Any:
        value = self._product()
        while sign := self._taken("+", "-"):
            other = self._product()
            value = value + other if sign == "+" else value - other
        return value

    def _product(self) -> Any:
        value = self._signed()
        while True:
            if self._taken("×"):
                value = value * self._signed()
            elif self._taken("÷", "/"):
                divisor = self._signed()
                value = value / divisor if divisor != 0 else self._refuse()
            elif self._next[:1].isalpha() or self._next in ("(", "√"):
                value = value * self._power()
            else:
                return value

    def _signed(self) -> Any:
        return -self._signed() if self._taken("-") else self._power()

    def _power(self) -> Any:
        import sympy

        base = self._marked()
        if not self._taken("^"):
            return base
        exponent = self._next
        self._at += 1
        small = not base.has(sympy.Pow) and not (base.is_number and abs(base) >= 10**_DIGITS)
        if not (exponent.isdigit() and int(exponent) <= _POWER and small) or self._next == "^":
            self._refuse()
        return base ** int(exponent)

    def _marked(self) -> Any:
        import sympy

        value = self._primary()
        while mark := self._taken("%", "!"):
            if mark == "%":
                value = value / 100
            elif value.is_Integer and 0 <= value <= _FACTORIAL:
                value = sympy.factorial(value)
            else:
                self._refuse()
        return value

    def _primary(self) -> Any:
        import sympy

        token = self._next
        self._at += 1
        if token[:1].isdigit():
            return sympy.Rational(token) if not re.search("/0+$", token) else self._refuse()
        if token[:1].isalpha():
            return sympy.Symbol(token)
        if token == "(":
            return self._bracket()
        if token == "√" and self._taken("("):
            return sympy.sqrt(self._bracket())
        return self._refuse()

    def _bracket(self) -> Any:
        self._nested += 1
        value = self._sum() if self._nested <= _NESTED else self._refuse()
        self._nested -= 1
        return value if self._taken(")") else self._refuse()

    def _refuse(self) -> Any:
        raise UsageError(
            f"Expected an expression that can be read and worked out, got {self._text.strip()!r}."
        )
