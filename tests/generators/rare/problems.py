"""Small problems for tests: a walk, an animal behind a rare gate, two ways to fail."""

from collections.abc import Callable, Sequence
from math import comb

import numpy as np
from scipy.special import ndtr

from gristmill.generators.fields import Choice, Flag, Many, Normal
from gristmill.generators.rare.problem import Outcome, Problem
from gristmill.generators.space import Space, Values

__all__ = ["GATED", "TAIL", "WALK", "gated", "of", "tail", "two_tails", "walk"]

TAIL = float(ndtr(-3.5))  # 2.3e-4
GATED = 0.002 * float(ndtr(-2.5)) + 0.02 * float(ndtr(-4.0))
_LIMIT = 14


def of(grade: Callable[[Values], float], threshold: float, space: Space | None = None) -> Problem:
    """Return the problem of a grade, over four normal numbers unless a Space is given."""
    space = space or Space({name: Normal(0, 1) for name in "abcd"})
    return Problem(space, lambda rows: [Outcome(float(grade(row))) for row in rows], threshold)


def tail(threshold: float = 3.5) -> Problem:
    """Return a half-space of four normal numbers."""
    return of(lambda row: sum(row.values()) / 2, threshold)


def two_tails(first: float = 3.8, second: float = 3.8) -> Problem:
    """Return two ways to fail that have nothing in common."""
    return of(lambda row: max(row["a"] - first, row["b"] - second), 0.0)


def gated() -> Problem:
    """Return an event that needs an animal on the road, of which a horse is worse than a dog."""
    base = {"none": None, "dog": -4.0, "horse": -2.5}
    animals = Choice(list(base), [0.978, 0.02, 0.002])

    def grade(row: Values) -> float:
        offset = base[row["animal"]]
        return -20.0 if offset is None else offset + row["speed"]

    return of(grade, 0.0, Space(speed=Normal(0, 1), animal=animals))


def walk(steps: int = 20) -> Problem:
    """Return a walk by a fair coin that is to rise by fourteen."""
    space = Space(steps=Many(Space(up=Flag(0.5)), Choice([steps])))

    def simulate(rows: Sequence[Values]) -> list[Outcome]:
        moves = np.array([[2 * one["up"] - 1 for one in row["steps"]] for row in rows])
        worst = np.maximum.accumulate(moves.cumsum(axis=1), axis=1).astype(float)
        return [Outcome(float(run[-1]), run.tolist()) for run in worst]

    return Problem(space, simulate, float(_LIMIT), clock="steps")


def _walked(steps: int = 20) -> float:
    """Return the probability of the walk by the reflection principle."""
    ends = {2 * ups - steps: comb(steps, ups) * 0.5**steps for ups in range(steps + 1)}
    return sum(share * (1 if end == _LIMIT else 2) for end, share in ends.items() if end >= _LIMIT)


WALK = _walked()
