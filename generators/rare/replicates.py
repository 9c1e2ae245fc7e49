"""Replicates, and what they find: the event, and near misses, to which proposals are fitted."""

import math
from collections.abc import Sequence

import msgspec
import numpy as np

from gristmill.errors import UsageError
from gristmill.generators.rare.cube import Cube
from gristmill.generators.rare.plan import Member, Plan, Replicate
from gristmill.generators.rare.problem import Problem
from gristmill.generators.rare.splitting import splitting
from gristmill.generators.rare.trajectories import trajectories

__all__ = ["near_misses", "pooled", "replicate"]

_NEAR = 20.0  # times the probability of the event, that of a near miss
_AFAR = 1_000_000  # number of the first replicate that climbs to near misses


def replicate(problem: Problem, plan: Plan, seed: int, number: int) -> Replicate:
    """Return a replicate, a pure function of seed and number, so that it may be run anywhere."""
    run = trajectories if plan.method == "trajectories" else splitting
    return run(problem, Cube(problem.space), plan, seed, number)


def pooled(found: Sequence[Replicate]) -> list[Member]:
    """Return the members of replicates, in which each replicate stands for as much as its estimate."""
    again = []
    for run in found:
        whole = sum(math.exp(one.log_weight) for one in run.members)
        for one in run.members:
            log = one.log_weight + math.log(run.p / whole)
            again.append(msgspec.structs.replace(one, log_weight=log))
    return again


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
    return threshold, pooled([replicate(problem, nearer, seed, _AFAR + number) for number in range(runs)])


def _near(one: Replicate, threshold: float) -> float:
    """Return the severity that is reached so much more often, between two levels of a replicate."""
    logs = -np.log(np.append(one.chances, one.p))
    # Weights make what is higher likelier now and then.
    return float(np.interp(logs[-1] - math.log(_NEAR), np.maximum.accumulate(logs), [*one.levels, threshold]))
