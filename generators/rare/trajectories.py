"""Trajectory splitting: what goes well so far is kept up to the step in which it does, and the rest is drawn anew.

Bréhier, Gazeau, Goudenège, Lelièvre and Rousset, Unbiasedness of some generalized adaptive multilevel splitting algorithms,
2016, for Markov chains whose steps are the records of a list.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from gristmill.errors import UsageError
from gristmill.generators.kinds.many import Many
from gristmill.generators.rare.cube import Cube, Floats
from gristmill.generators.rare.plan import Plan
from gristmill.generators.rare.problem import Outcome
from gristmill.generators.rare.splitting import Asking, Climb, Moves, Population, climb
from gristmill.generators.rare.tilt import Tilt
from gristmill.generators.space import Space

__all__ = ["clock_of", "reach", "trajectories"]

_TRIES = 100  # to draw a legal rest
_LEAST = 1e-3  # of the greatest reach


def clock_of(space: Space, name: str) -> tuple[slice, int]:
    """Return the units of all records of a list, and how many each has.

    Raises:
        UsageError: when the Space has no such list.
    """
    start = 0
    for one, field in space.fields.items():
        if one == name and isinstance(field, Many):
            return slice(start + 1, start + field.dims), field.space.dims
        start += field.dims
    lists = [one for one, field in space.fields.items() if isinstance(field, Many)]
    raise UsageError(f"Expected a list of the Space as clock, one of {lists}, got {name!r}.")


def reach(runs: Sequence[Sequence[float]]) -> list[float]:
    """Return how far the running severity still rises after each step, [steps].

    It is the root mean square over those scenarios whose severity has just become the highest so far, and falls from step
    to step: the nearest squares that do (Barlow, Bartholomew, Bremner and Brunk, Statistical inference under order
    restrictions, 1972).

    Args:
        runs: running severities of scenarios.
    """
    from scipy.optimize import isotonic_regression

    steps = max(map(len, runs), default=0)
    sums, counts = np.zeros(steps), np.zeros(steps)
    for one in runs:
        run = np.asarray(one, float)
        best = np.maximum.accumulate(run)
        new = np.append(True, best[1:] > best[:-1])
        sums[: len(run)][new] += (best[-1] - best[new]) ** 2
        counts[: len(run)] += new
    if not steps:
        return []
    squares = isotonic_regression(sums / np.maximum(counts, 1), weights=counts + 1e-9, increasing=False)
    found = np.sqrt(np.maximum(squares.x, 0.0))
    return list(np.maximum(found, _LEAST * max(1e-300, found.max(initial=0.0))).tolist())


def trajectories(clock: str, cube: Cube, tilt: Tilt, plan: Plan, rng: np.random.Generator) -> Asking[Climb]:
    """Climb in a cube, or a part of it.

    Of two copies of a scenario above a level, one keeps its records up to the first step above the level and draws later
    ones anew; where there are fields beside the list, the other of them moves these and keeps the list.
    """
    scale = np.array(plan.reach or [1.0])
    records, size = clock_of(cube.space, clock)
    beside = any(one.stop <= records.start - 1 or one.start >= records.stop for one in cube.parts)

    def near(running: Sequence[float]) -> Floats:
        """Return how far below the threshold each step is, in what it may still rise."""
        far = np.asarray(running, float) - plan.threshold
        return np.where(far >= 0, far, far / scale[np.minimum(np.arange(len(far)), len(scale) - 1)])

    def grade(outcome: Outcome) -> float:
        return float(near(outcome.running).max(initial=-np.inf))

    moves = Moves(cube, tilt, rng, grade, fixed=records)

    def branched(parents: Population, level: float) -> Asking[tuple[Population, int]]:
        steps = [_first_above(near(one.running), level) for one in parents.outcomes]
        starts = np.array([records.start + size * (step + 1) for step in steps])
        places = np.arange(cube.dims)[:, None]
        later = (places >= starts) & (places < records.stop)
        points, left = parents.points.copy(), np.arange(len(parents.values))
        values = list(parents.values)
        for _ in range(_TRIES):
            drawn = np.where(later[:, left], rng.random((cube.dims, len(left))), points[:, left])
            rows, legal = cube.draw(tilt.units(drawn))
            points[:, left[legal]] = drawn[:, legal]
            for place in np.flatnonzero(legal).tolist():
                values[left[place]] = rows[place]
            left = left[~legal]
            if not len(left):
                break
        other = np.flatnonzero([one != old for one, old in zip(values, parents.values, strict=True)])
        found = replace(parents, points=points, grades=parents.grades.copy())
        outcomes = yield [values[place] for place in other]
        for place, outcome in zip(other.tolist(), outcomes, strict=True):
            found.enter(place, values[place], outcome, grade(outcome))
        return found, len(other)

    def refill(alive: Population, level: float, wanted: int) -> Asking[tuple[Population, float]]:
        count, lacking = len(alive.values), wanted - len(alive.values)
        # Every survivor has as many copies as any other, or one more.
        chosen = np.concatenate([rng.permutation(count) for _ in range(-(-lacking // count))])[:lacking]
        half = lacking // 2 if beside else 0
        found, moved = yield from branched(alive.take(chosen[half:]), level)
        if half:
            more, others = yield from moves.moved(alive.take(chosen[:half]), level)
            found, moved = found.with_more(more), moved + others
        return alive.with_more(found), moved / max(1, lacking)

    return (yield from climb(cube, tilt, plan, rng, refill, grade, 0.0))


def _first_above(running: object, level: float) -> int:
    above = np.flatnonzero(np.asarray(running) > level)
    if not len(above):
        raise UsageError(
            "Expected a running severity whose greatest number is the severity, got one that never is above "
            f"{level:g} where the severity is."
        )
    return int(above[0])
