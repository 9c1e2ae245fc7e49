"""Equations and word problems: a kind, a seed and an index come in, a problem with a solution in steps goes out.

Every problem carries the equations that its question states, and `check_problem` solves these with SymPy, so that a
problem is right because its answer and every step of its solution follow from what is given, and not because of how
it was made.
"""

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from gristmill.digest import plain
from gristmill.errors import UsageError, unknown
from gristmill.generators.problems._check import check_problem
from gristmill.generators.problems._kinds import Kind, Problem
from gristmill.generators.problems.algebra import LINEAR, QUADRATIC, SYSTEM
from gristmill.generators.problems.arithmetic import ARITHMETIC, FRACTIONS
from gristmill.generators.problems.choices import CHOICES
from gristmill.generators.problems.coins import COINS
from gristmill.generators.problems.interest import INTEREST
from gristmill.generators.problems.measures import CONVERSION
from gristmill.generators.problems.motion import TRAVEL, WORK
from gristmill.generators.problems.percent import PERCENT
from gristmill.generators.problems.sequences import SEQUENCES
from gristmill.generators.problems.stories import AGES, MIXTURE

__all__ = ["KINDS", "Kind", "Problem", "check_problem", "checked", "problem", "rows"]

_ALL = (
    *(LINEAR, SYSTEM, QUADRATIC, ARITHMETIC, FRACTIONS),
    *(PERCENT, INTEREST, COINS, TRAVEL, WORK, MIXTURE, AGES, CHOICES, CONVERSION, SEQUENCES),
)
KINDS: Mapping[str, Kind] = MappingProxyType({kind.name: kind for kind in _ALL})


def problem(kind: str, seed: int, index: int) -> Problem:
    """Return problem `index` of a kind under `seed`: the same alone, in any order and in any process.

    Raises:
        UsageError: when there is no such kind.
    """
    if kind not in KINDS:
        raise unknown("kind of problem", kind, KINDS)
    return KINDS[kind].problem(seed, index)


def rows(kinds: Sequence[str], seed: int, n: int, *, check: bool = True) -> Iterator[dict[str, Any]]:
    """Yield `n` problems as plain data with `messages` to learn from, the kinds in turn.

    Args:
        kinds: among `KINDS`, in the order in which they take turns; all of them where there are none.
        seed: of all problems.
        n: how many.
        check: whether each is checked with SymPy first, which takes most of the time.

    Raises:
        UsageError: when there is no such kind, or a problem does not pass.
    """
    turns = list(dict.fromkeys(kinds)) or list(KINDS)
    for place in range(n):
        one = problem(turns[place % len(turns)], seed, place // len(turns))
        yield {**plain(checked(one) if check else one), "messages": one.messages}


def checked(one: Problem) -> Problem:
    """Return a problem that SymPy has found to be right.

    Raises:
        UsageError: when it is not.
    """
    for found in check_problem(one):
        if found.status != "pass":
            raise UsageError(
                f"Expected a problem that is right, got {one.kind} {one.index} under seed {one.seed}, whose "
                f"{found.name} is not: {found.evidence}."
            )
    return one
