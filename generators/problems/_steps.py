"""Whether the steps of a solution follow from what is given, one after another."""

import re
from itertools import pairwise
from typing import Any, NamedTuple

from gristmill.errors import UsageError
from gristmill.generators.problems._notation import (
    Chain,
    Solution,
    names_in,
    put,
    read_chain,
    read_expression,
    roots,
)

__all__ = ["Steps", "shown"]

_LINE = re.compile(r"(?:(?P<prose>[^:]*): )?(?P<equations>[^:]*=[^:]*)\.")
_STATED = re.compile(r"\b[a-z] = -?\d+(?:/\d+|\.\d+)?")
_MOVES = re.compile(
    r"\b(?:(?P<add>add(?:ing)?) (\S+) to both sides|(?P<subtract>subtract(?:ing)?) (\S+) from both sides"
    r"|(?P<multiply>multiply(?:ing)?) (?P<whose>both sides|the first equation|the second equation) by (\S+)"
    r"|(?P<divide>divid(?:e|ing)) both sides by (\S+))",
    re.IGNORECASE,
)
_SAME = re.compile(r"^(?:multiply out|collect$|swap the sides)", re.IGNORECASE)
_PUT = re.compile(
    r"\bput(?:ting)? ([a-z]) = (\S+) into the first equation|(first into the second)", re.IGNORECASE
)
_LOOKED_FOR = re.compile(r"\blook for\b", re.IGNORECASE)
_TAKEN = "second of them from the first"
_FOR = re.compile(r"\bthis in for ([a-z])\b")
_SIGN = {  # that a step with such a verb does away with
    "add": " + ", "adding": " + ", "subtract": " - ", "subtracting": " - ", "multiply": " × ", "multiplying": " × ",
    "divide": " ÷ ", "dividing": " ÷ ",
}  # fmt: skip


class _Equation(NamedTuple):
    left: Any
    right: Any

    @classmethod
    def of(cls, chain: Chain) -> "_Equation":
        return cls(chain[0], chain[-1])


class Steps:
    """The state of a solution: what is known, and the equation that was reached last.

    Args:
        facts: the equations that are given, each as its sides.
        solutions: of all facts together.
    """

    def __init__(self, facts: list[Chain], solutions: list[Solution]) -> None:
        self._facts = [_Equation.of(chain) for chain in facts]
        self._scaled = self._facts[:2]
        self._before = self._facts[0]
        self._said: set[str] = set()
        names = names_in(*(side for chain in facts for side in chain))
        self._unknown = names.pop() if len(names) == 1 else ""
        self._solutions = [dict(one) for one in solutions]

    def problem(self, text: str) -> str:
        """Return what is wrong with the next step, empty if nothing is.

        Raises:
            UsageError: when an equation cannot be read.
        """
        if text in self._said:
            return "a step that was made before"
        self._said.add(text)
        if "=" not in text:
            return "" if not re.search(r"\d", text) else "a number that is in no equation"
        found = _LINE.fullmatch(text)
        if not found:
            return "no line of the form `words: equation, equation.`"
        options = [
            [read_chain(one) for one in option.split(", ")] for option in found["equations"].split(" or ")
        ]
        prose = found["prose"] or ""
        wrong = (
            self._untrue(options)
            or self._unsaid(prose, options[0][0])
            or self._unnamed(prose, found["equations"])
            or self._unmade(prose, options[0][0])
        )
        self._before = _Equation.of(options[-1][-1])
        return wrong

    def explained(self, text: str) -> bool:
        """Return whether the words of a step say where its numbers are from: out of the equation before, or looked for."""
        prose = text.rpartition(": ")[0]
        named = any(pattern.search(prose) for pattern in (_MOVES, _SAME, _PUT, _LOOKED_FOR))
        return named or _TAKEN in prose

    def _untrue(self, options: list[list[Chain]]) -> str:
        if len(options) == 1:
            for chain in options[0]:
                self._define(chain)
        names = names_in(*(side for option in options for chain in option for side in chain))
        if strange := names - set(self._solutions[0]):
            return f"unknown names: {', '.join(sorted(strange))}"
        held = [[_holds(option, solution) for option in options] for solution in self._solutions]
        if not all(map(any, held)) or not all(map(any, zip(*held, strict=True))):
            return "equations that the solution does not meet"
        if names == {self._unknown} and not self._same_solutions(options):
            return "equations with other solutions than those before"
        return ""

    def _define(self, chain: Chain) -> None:
        """Take in a name that a step introduces, such as the `D` of `D = 5^2 - 4 × 6 = 1`."""
        name, *sides = chain
        if len(str(name)) == 1 and str(name) not in self._solutions[0] and len(sides) > 1 and name.is_Symbol:
            for solution in self._solutions:
                solution[name.name] = put(sides[-1], solution)

    def _same_solutions(self, options: list[list[Chain]]) -> bool:
        """Return whether the options together have the solutions of the facts, if they speak of the unknown."""
        found = [common for common in map(_common_roots, options) if common is not None]
        expected = {one[self._unknown] for one in self._solutions}
        return not found or set().union(*found) == expected

    def _unsaid(self, prose: str, chain: Chain) -> str:
        """Return what is wrong with the words of a step, whose first equation is `chain`."""
        moves = list(_MOVES.finditer(prose))
        for move in moves:
            if not self._moved(move, _Equation.of(chain)):
                return f"another equation than the one to which `{move[0]}` leads"
        stated = _STATED.findall(prose)
        for one in stated:
            if not all(_holds([read_chain(one)], solution) for solution in self._solutions):
                return f"`{one}`, which is not so"
        left = _STATED.sub("", _MOVES.sub("", prose))
        return "" if not re.search(r"\d", left) else "a number in its words that nothing checks"

    def _unnamed(self, prose: str, equations: str) -> str:
        """Return what is wrong with the verb of a step, which names what is worked out, or what is done to both sides."""
        if "both sides" in prose:
            return "" if _MOVES.search(prose) else "nothing that can be done to both sides"
        first = prose.removeprefix("We ").partition(" ")[0]
        sign = _SIGN.get(first.lower())
        if not sign or _SAME.search(prose) or _MOVES.search(prose):
            return ""
        counts = [side.count(sign) for side in equations.split("=")]
        fewer = any(after < before for before, after in pairwise(counts))
        return "" if fewer else f"`{first}`, but nothing with `{sign.strip()}` is worked out"

    def _unmade(self, prose: str, chain: Chain) -> str:
        """Return what is wrong with an equation that is made from others in a way that its words name."""
        after = _Equation.of(chain)
        expected = self._before if _SAME.match(prose) else None
        if put_in := _PUT.search(prose):
            expected = self._put(put_in)
        elif _TAKEN in prose:
            expected = _Equation(*(one - other for one, other in zip(*self._scaled, strict=True)))
        elif (named := _FOR.search(prose)) and str(self._before.left) != named[1]:
            return f"`{named[0]}`, but there is nothing to put in"
        return (
            ""
            if expected is None or _equal(expected, after)
            else "another equation than the one that follows"
        )

    def _put(self, found: re.Match[str]) -> _Equation:
        if found[3]:
            known, into = {str(self._facts[0].left): self._facts[0].right}, self._facts[1]
        else:
            known, into = {found[1]: read_expression(found[2])}, self._facts[0]
        return _Equation(put(into.left, known), put(into.right, known))

    def _moved(self, move: re.Match[str], after: _Equation) -> bool:
        named = {"the first equation": 0, "the second equation": 1}.get((move["whose"] or "").lower())
        before = self._before if named is None else self._facts[named]
        value = read_expression(next(one for one in reversed(move.groups()) if one))
        sides = [_done(move, side, value) for side in before]
        if named is not None:
            self._scaled[named] = after
        return _equal(_Equation(*sides), after)


def shown(solutions: list[Solution]) -> str:
    """Return solutions as text."""
    return " or ".join(
        ", ".join(f"{name} = {value}" for name, value in sorted(one.items())) for one in solutions
    )


def _holds(chains: list[Chain], solution: Solution) -> bool:
    return all(len({put(side, solution) for side in chain}) == 1 for chain in chains)


def _equal(one: _Equation, other: _Equation) -> bool:
    """Return whether two equations have the same sides, multiplied out, in one order or the other."""
    import sympy

    return any(
        all(sympy.expand(side - against) == 0 for side, against in zip(one, pair, strict=True))
        for pair in (other, other[::-1])
    )


def _common_roots(chains: list[Chain]) -> set[Any] | None:
    """Return what solves all equations in one unknown at once, None where none of them has it."""
    equations = [side - chain[0] for chain in chains for side in chain[1:]]
    found = [roots(one) for one in equations if one.free_symbols]
    return set.intersection(*found) if found else None


def _done(move: re.Match[str], side: Any, value: Any) -> Any:
    if move["add"]:
        return side + value
    if move["subtract"]:
        return side - value
    if move["multiply"]:
        return side * value
    if value == 0:
        raise UsageError("Expected a number to divide by that is not zero.")
    return side / value
