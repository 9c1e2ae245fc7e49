"""Replicates, and what they find: the event, and near misses, to which proposals are fitted."""

import math
from collections.abc import Sequence
from itertools import islice

import msgspec
import numpy as np

from gristmill.errors import UsageError
from gristmill.generators.rare.cube import Cube, Floats
from gristmill.generators.rare.intervals import effective
from gristmill.generators.rare.plan import Member, Plan, Replicate
from gristmill.generators.rare.problem import Problem
from gristmill.generators.rare.splitting import Asking, Climb, splitting
from gristmill.generators.rare.tilt import Tilt
from gristmill.generators.rare.trajectories import trajectories
from gristmill.seeding import numpy_stream

__all__ = ["WAVE", "near_misses", "pooled", "replicate", "replicates", "wave"]

WAVE = 3  # replicates that are run together
_NEAR = 20.0  # times the probability of the event, that of a near miss
_AFAR = 1_000_000  # number of the first replicate that climbs to near misses


def replicate(problem: Problem, plan: Plan, seed: int, number: int) -> Replicate:
    """Return a replicate, a pure function of seed and number, so that it may be run anywhere."""
    return replicates(problem, plan, seed, [number])[0]


def replicates(problem: Problem, plan: Plan, seed: int, numbers: Sequence[int]) -> list[Replicate]:
    """Return replicates, each as `replicate` gives it; what they simulate is simulated together."""
    parts = plan.parts(Cube(problem.space))
    climbs = [
        _climb(problem, plan, cube, tilt, numpy_stream(seed, "replicate", number, name))
        for number in numbers
        for name, (cube, tilt) in parts.items()
    ]
    found = _together(problem, climbs)
    return [
        _joined(number, found[place * len(parts) : (place + 1) * len(parts)], plan)
        for place, number in enumerate(numbers)
    ]


def wave(problem: Problem, plan: Plan, seed: int, first: int) -> list[Replicate]:
    """Return the next few replicates: as many as are worth simulating together."""
    return replicates(problem, plan, seed, range(first, first + WAVE))


def _climb(problem: Problem, plan: Plan, cube: Cube, tilt: Tilt, rng: np.random.Generator) -> Asking[Climb]:
    if plan.method == "trajectories":
        return trajectories(problem.clock, cube, tilt, plan, rng)
    return splitting(cube, tilt, plan, rng)


def _together(problem: Problem, climbs: Sequence[Asking[Climb]]) -> list[tuple[Climb, int]]:
    """Return climbs and how many scenarios each asked for; all of what they ask for at a time is simulated at once."""
    asked = {place: next(one) for place, one in enumerate(climbs)}
    calls, done = [0] * len(climbs), dict[int, Climb]()
    while asked:
        outcomes = iter(problem.simulate([one for rows in asked.values() for one in rows]))
        for place, rows in list(asked.items()):
            calls[place] += len(rows)
            try:
                asked[place] = climbs[place].send(list(islice(outcomes, len(rows))))
            except StopIteration as end:
                done[place] = end.value
                del asked[place]
    return [(done[place], calls[place]) for place in range(len(climbs))]


def _joined(number: int, found: Sequence[tuple[Climb, int]], plan: Plan) -> Replicate:
    """Return the replicate whose parts these are."""
    parts = [part for part, _ in found]
    members = [
        msgspec.structs.replace(one, ancestor=one.ancestor + plan.size * place)
        for place, part in enumerate(parts)
        for one in part.members
    ]
    p = min(1.0, sum(part.p for part in parts))
    curve = _curve(parts, plan.threshold, p)
    return Replicate(
        number=number,
        size=plan.size,
        p=p,
        calls=sum(calls for _, calls in found),
        levels=[level for level, _ in curve],
        chances=[chance for _, chance in curve],
        acceptance=[share for part in parts for share in part.acceptance],
        ancestors=len({one.ancestor for one in members}),
        ess=effective([math.exp(one.log_weight) for one in members]),
        tie_mass=max(part.tie_mass for part in parts),
        members=members,
        stuck="" if p else "; ".join(dict.fromkeys(part.stuck for part in parts)),
    )


def _curve(found: Sequence[Climb], threshold: float, p: float) -> list[tuple[float, float]]:
    """Return the levels of all parts below the threshold, ascending, and how likely at least that much is in any of them.

    Weights make what is higher likelier now and then: it is as likely as what is below then, and no less than the event.
    """
    levels = sorted({level for part in found for level in part.levels if level < threshold})
    chances = sum((_at_least(part, levels, threshold) for part in found), np.zeros(len(levels)))
    falling = np.minimum.accumulate(np.clip(chances, p, 1.0))
    return list(zip(levels, falling.tolist(), strict=True))


def _at_least(part: Climb, levels: Sequence[float], threshold: float) -> Floats:
    """Return how likely scenarios of a part are to have at least each severity, [levels].

    Between two levels of its own the logarithm is taken to be straight; below the first it is that of the first, and above
    the last that of the event, or nothing where it was not reached.
    """
    own = sorted(pair for pair in zip(part.levels, part.chances, strict=True) if pair[0] < threshold)
    own += [(threshold, part.p)] if part.p else []
    if not own:
        return np.zeros(len(levels))
    at, chances = np.array(own).T
    logs = np.log(chances)
    found: Floats = np.exp(np.interp(levels, at, logs, right=logs[-1] if part.p else -np.inf))
    return found


def pooled(found: Sequence[Replicate]) -> list[Member]:
    """Return the members of replicates, in which each replicate stands for as much as its estimate."""
    return [one for run in found for one in run.members]


def near_misses(
    problem: Problem, plan: Plan, found: Sequence[Replicate], seed: int, *, runs: int = 4
) -> tuple[float, list[Member]]:
    """Return a lower threshold that is some twenty times as likely to be reached, and scenarios that reach it.

    Proposals are fitted to them: what fails with one system is on this side of it with others.

    Args:
        problem: whose event.
        plan: of its replicates.
        found: the replicates.
        seed: root seed.
        runs: replicates that climb to the lower threshold.

    Raises:
        UsageError: when no replicate has reached the event.
    """
    lower = [_near(one, plan.threshold) for one in found if one.p]
    if not lower:
        raise UsageError(
            "Expected an event that some replicate reached, got none; there is nothing to be near to."
        )
    threshold = float(np.median(lower))
    nearer = msgspec.structs.replace(plan, threshold=threshold)
    return threshold, pooled(replicates(problem, nearer, seed, [_AFAR + number for number in range(runs)]))


def _near(one: Replicate, threshold: float) -> float:
    """Return the severity that is reached so much more often, between two levels of a replicate."""
    logs = -np.log(np.append(one.chances, one.p))
    # Weights make what is higher likelier now and then.
    return float(np.interp(logs[-1] - math.log(_NEAR), np.maximum.accumulate(logs), [*one.levels, threshold]))
