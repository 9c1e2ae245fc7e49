"""Whether the steps of a solution follow from what is given, one after another."""

import re
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
        self._before = self._facts[0]
        names = names_in(*(side for chain in facts for side in chain))
        self._unknown = names.pop() if len(names) == 1 else ""
        self._solutions = [dict(one) for one in solutions]

    def problem(self, text: str) -> str:
        """Return what is wrong with the next step, empty if nothing is.

        Raises:
            UsageError: when an equation cannot be read.
        """
        if "=" not in text:
            return "" if not re.search(r"\d", text) else "a number that is in no equation"
        found = _LINE.fullmatch(text)
        if not found:
            return "no line of the form `words: equation, equation.`"
        options = [
            [read_chain(one) for one in option.split(", ")] for option in found["equations"].split(" or ")
        ]
        wrong = self._untrue(options) or self._unsaid(found["prose"] or "", options[0][0])
        self._before = _Equation.of(options[-1][-1])
        return wrong

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

    def _moved(self, move: re.Match[str], after: _Equation) -> bool:
        import sympy

        named = {"the first equation": 0, "the second equation": 1}.get((move["whose"] or "").lower())
        before = self._before if named is None else self._facts[named]
        value = read_expression(next(one for one in reversed(move.groups()) if one))
        sides = [_done(move, side, value) for side in before]
        return any(
            all(sympy.expand(one - other) == 0 for one, other in zip(sides, pair, strict=True))
            for pair in (after, after[::-1])
        )


def shown(solutions: list[Solution]) -> str:
    """Return solutions as text."""
    return " or ".join(
        ", ".join(f"{name} = {value}" for name, value in sorted(one.items())) for one in solutions
    )


def _holds(chains: list[Chain], solution: Solution) -> bool:
    return all(len({put(side, solution) for side in chain}) == 1 for chain in chains)


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
