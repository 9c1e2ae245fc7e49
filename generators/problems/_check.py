"""Whether a problem is right, worked out again with SymPy from what the question states."""

import re
from collections import Counter
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from gristmill.errors import UsageError
from gristmill.generators.problems._kinds import Problem
from gristmill.generators.problems._notation import Chain, Solution, names_in, put, read_chain, roots
from gristmill.generators.problems._numbers import Known, largest_index, stated
from gristmill.generators.problems._steps import Steps, shown
from gristmill.types import Check

__all__ = ["check_problem"]

_FACTS, _TOGETHER = 60, 4  # equations, and unknowns that no equation settles alone
_ANSWER = re.compile(r"Answer: (\$?)(-?[\d,]+(?:\.\d+)?(?:/\d+)?) ?([^\d]*)")


def check_problem(problem: Problem) -> list[Check]:
    """Return what was found about a problem: its facts, its question, every step and the answer.

    SymPy solves the facts, knowing nothing of how the problem was made. A step is right if its equations hold for
    the solutions of the facts and follow from the step before in the way that its words say; where there is one
    unknown they must have the same solutions, neither more nor fewer. Every number must be part of what is checked, and
    be given or worked out before it is used, so that no step is missing and none comes too early.
    """
    try:
        chains = _facts(problem)
        solutions = _solutions(chains, problem.asked)
    except UsageError as error:
        return [_finding("facts", "equations with a solution", str(error))]
    steps, known = Steps(chains, solutions), Known(problem.facts)
    return [
        _finding("facts", shown(solutions), shown(solutions)),
        _question(problem),
        *(_step(steps, known, place, text) for place, text in enumerate(problem.steps[:-1], 1)),
        _answer(problem, solutions, known),
    ]


def _finding(name: str, expected: Any, got: Any) -> Check:
    status = "pass" if expected == got else "fail"
    return Check(name=name, status=status, evidence={"expected": expected, "got": got})  # type: ignore[arg-type]


def _facts(problem: Problem) -> list[Chain]:
    if not 0 < len(problem.facts) <= _FACTS or not problem.asked or not problem.steps:
        raise UsageError(
            f"Expected 1 to {_FACTS} equations, what is asked for, and steps, got {problem.facts}."
        )
    return [read_chain(fact) for fact in problem.facts]


def _solutions(chains: list[Chain], asked: Sequence[str]) -> list[Solution]:
    """Return all solutions of the facts, each with a rational number for every name.

    Raises:
        UsageError: when there are none, or endlessly many.
    """
    import sympy

    known, left = _settled([side - chain[0] for chain in chains for side in chain[1:]])
    names = sorted(names_in(*left))
    if any(not one.free_symbols for one in left) or len(names) > _TOGETHER:
        raise UsageError(
            f"Expected equations that agree, {_TOGETHER} at most to be solved together, got others."
        )
    try:
        found = sympy.solve(left, [sympy.Symbol(name) for name in names], dict=True) if left else [{}]
    except NotImplementedError:
        found = []
    solutions = [{**known, **{symbol.name: value for symbol, value in one.items()}} for one in found]
    whole = {*known, *names, *asked}
    if not solutions or any(
        set(one) != whole or not all(value.is_Rational for value in one.values()) for one in solutions
    ):
        raise UsageError(f"Expected rational numbers for {', '.join(sorted(whole))}, got {shown(solutions)}.")
    return solutions


def _settled(left: list[Any]) -> tuple[Solution, list[Any]]:
    """Return the names that equations of degree one settle, one after another, and the equations that are left."""
    known: Solution = {}
    before = -1
    while before < len(known):
        before, rest = len(known), []
        for equation in left:
            reduced = put(equation, known)
            if _settles(reduced):
                (symbol,), (known[symbol.name],) = reduced.free_symbols, roots(reduced)
            elif reduced != 0:
                rest.append(reduced)
        left = rest
    return known, left


def _settles(equation: Any) -> bool:
    import sympy

    symbols = equation.free_symbols
    return len(symbols) == 1 and equation.is_polynomial(*symbols) and sympy.degree(equation) == 1


def _question(problem: Problem) -> Check:
    """Return whether the facts hold every number that the question names, as often."""
    named = Counter(stated(problem.question))
    missing = named - Counter([*stated(" ".join(problem.facts)), *largest_index(problem.facts)])
    return _finding("question", [], [str(number) for number in missing])


def _step(steps: Steps, known: Known, place: int, text: str) -> Check:
    try:
        wrong = steps.problem(text)
    except UsageError as error:
        wrong = str(error)
    strange = [] if wrong else known.strange(text)
    if strange and not steps.explained(text):
        wrong = f"numbers that come from nowhere: {', '.join(strange)}"
    return _finding(f"step {place}", "", wrong)


def _answer(problem: Problem, solutions: list[Solution], known: Known) -> Check:
    """Return whether the last line, and `answer`, say what the facts come to and the steps lead to."""
    ordered = sorted(solutions, key=lambda one: one[problem.asked[0]])
    equations = " or ".join(", ".join(f"{name} = {one[name]}" for name in problem.asked) for one in ordered)
    single = len(solutions) == len(problem.asked) == 1
    answer = str(solutions[0][problem.asked[0]]) if single else equations
    text = problem.steps[-1]
    said = _ANSWER.fullmatch(text)
    if single and said and (missing := known.missing(said[2])):
        return _finding("answer", "what the steps lead to", f"{text}, with {', '.join(missing)} from nowhere")
    if single and said:
        unit = "dollars" if said[1] and not said[3] else said[3]
        told = str(Fraction(said[2].replace(",", "")))
        return _finding("answer", [answer, answer, unit], [problem.answer, told, problem.unit])
    return _finding("answer", [answer, f"Answer: {equations}", ""], [problem.answer, text, problem.unit])
