"""Estimates: how likely an event is under the nominal distribution, with an interval, or why no number is given.

    found = estimate(problem, seed=0)

is the same as its parts, which other processes may run and which can be gone on with later:

    start = prepare(problem, seed=0)
    found = combine(start, replicates(problem, start.plan, 0, range(6)))
"""

import math
from collections.abc import Callable, Sequence

import msgspec
import numpy as np

from gristmill.errors import UsageError
from gristmill.generators.rare.cube import Cube
from gristmill.generators.rare.importance import ENOUGH, LATENTS, Drawn, Proposal, importance
from gristmill.generators.rare.intervals import clopper_pearson, log_error, log_normal, relative_error
from gristmill.generators.rare.plan import Plan, Replicate
from gristmill.generators.rare.prepare import Start, prepare
from gristmill.generators.rare.problem import Problem
from gristmill.generators.rare.replicates import WAVE, near_misses, wave

__all__ = ["Estimate", "check_limits", "combine", "drawn_of", "enough", "estimate", "of_one_size", "plan_of"]

_HOPELESS = 3  # replicates that did not reach the event, after which it is given up
# Spread of logarithms with which replicates are far apart, and how many times as large others are then.
_APART, _LARGER = 1.0, 4
_REFUSED = 0.5  # relative error above which there is no number
_FEW, _SURPRISE = 4, 1e-3  # ancestors that are few; how unlikely the first events may be


class Estimate(msgspec.Struct, frozen=True, kw_only=True):
    """How likely an event is, under the nominal distribution of its Space.

    Attributes:
        p_hat: the estimate; None where its relative error is above 0.5 or the event was not reached.
        low: lower end of the 95 % interval.
        high: upper end.
        relative_se: standard error over estimate; None where there is none.
        replicates: how many independent estimates it is the mean of.
        calls: scenarios simulated, all in all.
        calls_mc_equivalent: that Monte Carlo would take for the same error.
        method: that gave the answer.
        levels: of the first replicate, the least severity of those that went on, in turn.
        acceptance: share of moves that stayed above their level.
        ancestors: mean number of first scenarios that the last ones come from.
        ess: effective size of the last scenarios by their weights.
        tie_mass: share of the first scenarios that have the lowest severity of them.
        threshold: the event is a severity of at least this.
        space: digest of the Space.
        seed: root seed.
        warnings: what to know before it is used.
    """

    p_hat: float | None
    low: float
    high: float
    relative_se: float | None
    replicates: int
    calls: int
    calls_mc_equivalent: float | None
    method: str
    levels: list[float]
    acceptance: float | None
    ancestors: float | None
    ess: float | None
    tie_mass: float
    threshold: float
    space: str
    seed: int
    warnings: list[str]


def estimate(
    problem: Problem,
    *,
    seed: int,
    method: str = "auto",
    calls: int = 100_000,
    precision: float = 0.2,
    tilt: Sequence[str] | str | None = "auto",
    replicates: int = 6,
    size: int | None = None,
    progress: Callable[[Replicate], None] | None = None,
) -> Estimate:
    """Return how likely an event is.

    Args:
        problem: whose event.
        seed: root seed, of which the estimate is a pure function.
        method: one of `prepare.METHODS`; `auto` splits trajectories where there is a running severity, else scenarios.
        calls: scenarios after which no further wave of replicates begins.
        precision: relative standard error at which it is enough.
        tilt: `auto` for all options of a probability of at most 5 %, paths of gates, or None.
        replicates: at least so many.
        size: scenarios of a replicate; what suits the method without.
        progress: is told every replicate.

    Raises:
        UsageError: when the linter finds an error, or an argument is out of range.
    """
    check_limits(replicates, precision, calls)
    start = prepare(problem, seed=seed, method=method, calls=calls, tilt=tilt, size=size)
    found: list[Replicate] = []
    while start.plan is not None and not enough(start, found, replicates, precision, calls):
        for one in wave(problem, plan_of(start, found, replicates, calls), seed, len(found)):
            found.append(one)
            if progress is not None:
                progress(one)
    drawn = drawn_of(problem, start, found, calls, precision) if method == "importance" else None
    return combine(start, found, drawn)


def check_limits(replicates: int, precision: float, calls: int) -> None:
    """Look whether there can be an estimate within such limits; see `estimate` for what they are.

    Raises:
        UsageError: when there cannot.
    """
    if replicates < 2 or calls < 1 or not 0 < precision < math.inf:
        raise UsageError(
            "Expected at least 2 replicates, a precision above 0 and a call, got "
            f"{replicates} replicates, a precision of {precision:g} and {calls} calls."
        )


def enough(start: Start, found: Sequence[Replicate], replicates: int, precision: float, calls: int) -> bool:
    """Return whether no further replicate is needed, or none would help.

    Args:
        start: of the estimate.
        found: replicates so far, in order.
        replicates: at least so many.
        precision: relative standard error at which it is enough, as logarithms tell it: who goes on whenever one
            replicate is high levels out just those, and is low on average.
        calls: scenarios after which no further wave of replicates begins.
    """
    if len(found) % WAVE:
        return False  # the others of the wave are simulated by now
    if len(found) >= _HOPELESS and not any(one.p for one in found):
        return True
    if len(found) >= 2 and start.calls + sum(one.calls for one in found) >= calls:
        return True
    own = of_one_size(found)
    if len(own) < replicates or plan_of(start, found, replicates, calls).size > own[0].size:
        return False
    return start.method == "importance" or log_error([one.p for one in own]) <= precision


def plan_of(start: Start, found: Sequence[Replicate], replicates: int, calls: int) -> Plan:
    """Return the plan of the next replicates: larger ones, where the first of the last size are far apart.

    Replicates that are far apart are skewed: most are too low, and their mean too, until one is far too high.

    Args:
        start: of the estimate.
        found: replicates so far, in order.
        replicates: how many of a size are looked at.
        calls: scenarios after which no further wave of replicates begins; larger ones have to fit.
    """
    assert start.plan is not None, "where Monte Carlo is the answer there are no replicates"
    own = of_one_size(found)
    if not own:
        return start.plan
    size, first = own[0].size, own[:replicates]
    before = start.calls + sum(one.calls for one in [*found[: len(found) - len(own)], *first])
    dear = before + _LARGER * sum(one.calls for one in first)
    logs = np.log([one.p for one in first if one.p])
    apart = len(first) == replicates and len(logs) > 1 and float(logs.std(ddof=1)) > _APART
    return msgspec.structs.replace(start.plan, size=_LARGER * size if apart and dear <= calls else size)


def of_one_size(found: Sequence[Replicate]) -> list[Replicate]:
    """Return the replicates of the last size, which alone the estimate is made of."""
    return [one for one in found if one.size == found[-1].size]


def combine(start: Start, found: Sequence[Replicate], drawn: Drawn | None = None) -> Estimate:
    """Return the estimate from its start and replicates.

    Args:
        start: of the estimate.
        found: its replicates, in order.
        drawn: by importance sampling, where that was asked for.
    """
    warnings = [one.text for one in start.findings if one.level == "warning"]
    spent, found = sum(one.calls for one in found), of_one_size(found)
    p, low, high, error, method = _answer(start, found, drawn, warnings)
    _warn(start, found, p, warnings)
    told = p > 0 and error <= _REFUSED
    if not told:
        why = f"its relative error is {error:.2f}, above {_REFUSED}" if p else _unseen(start)
        warnings.append(f"No estimate is given, since {why}; the interval is all that is known.")
    moves = [share for one in found for share in one.acceptance]
    finished = [one for one in found if one.p]
    return Estimate(
        p_hat=p if told else None,
        low=low,
        high=high,
        relative_se=error if math.isfinite(error) else None,
        replicates=len(found),
        calls=start.calls + spent + (drawn.calls if drawn else 0),
        calls_mc_equivalent=(1 - p) / (p * error**2) if told and error else None,
        method=method,
        levels=list(found[0].levels) if found else [],
        acceptance=float(np.mean(moves)) if moves else None,
        ancestors=float(np.mean([one.ancestors for one in finished])) if finished else None,
        ess=drawn.ess if drawn and method == "importance" else sum(one.ess for one in found) or None,
        tie_mass=start.tie_mass,
        threshold=start.threshold,
        space=start.space,
        seed=start.seed,
        warnings=warnings,
    )


def _unseen(start: Start) -> str:
    if start.events:
        return f"no replicate reached the event, of which Monte Carlo saw {start.events} in {start.count:,} scenarios"
    return "the event was not seen"


def drawn_of(
    problem: Problem, start: Start, found: Sequence[Replicate], calls: int, precision: float
) -> Drawn | None:
    """Return what importance sampling finds with a proposal fitted to near misses, None where it cannot."""
    cube, before = Cube(problem.space), problem.calls
    reached = sum(len(one.members) for one in found)
    if start.plan is None or len(cube.gates) + len(cube.real) > LATENTS or reached < ENOUGH:
        return None
    # To near misses, since the events of a replicate may all be of one kind where there are others.
    _, members = near_misses(problem, start.plan, found, start.seed)
    proposal = Proposal.fit(cube, members, seed=start.seed, tilt=start.plan.tilted(cube))
    fitted = problem.calls - before
    left = calls - start.calls - sum(one.calls for one in found) - fitted
    if left <= 0:
        return None
    drawn = importance(problem, cube, proposal, start.seed, calls=left, precision=precision / 2)
    return msgspec.structs.replace(drawn, calls=drawn.calls + fitted)


def _answer(
    start: Start, found: Sequence[Replicate], drawn: Drawn | None, warnings: list[str]
) -> tuple[float, float, float, float, str]:
    """Return estimate, interval, relative error and method."""
    if start.plan is None:
        p = start.events / start.count
        error = math.sqrt((1 - p) / start.events) if start.events else math.inf
        return p, *clopper_pearson(start.events, start.count), error, "monte-carlo"
    each = [one.p for one in found]
    p, error = float(np.mean(each)), relative_error(each)
    if not p:
        warnings.append(f"The event was not reached: {found[0].stuck}.")
        # Of what Monte Carlo has seen, an upper end remains.
        return 0.0, *clopper_pearson(start.events, start.count), math.inf, start.plan.method
    if any(one.stuck for one in found):
        missed = sum(bool(one.stuck) for one in found)
        warnings.append(f"{missed} of {len(found)} replicates did not reach the event and count as zero.")
    low, high = log_normal(each)
    if start.method != "importance":
        return p, low, high, error, start.plan.method
    if wrong := _disagreement(drawn, p, error):
        warnings.append(
            f"Importance sampling is not the answer: {wrong}; that of {start.plan.method} is given."
        )
        return p, low, high, error, start.plan.method
    assert drawn is not None
    return drawn.rate, drawn.low, drawn.high, drawn.error / drawn.rate, "importance"


def _disagreement(drawn: Drawn | None, p: float, error: float) -> str:
    """Return why importance sampling is not believed, empty where it is."""
    if drawn is None:
        return f"it takes at most {LATENTS} units, {ENOUGH} events of replicates and calls that are left"
    if drawn.ess < ENOUGH:
        return f"its events have an effective size of {drawn.ess:.0f}, expected at least {ENOUGH}"
    if abs(drawn.rate - p) > 2 * math.hypot(drawn.error, p * error):
        return f"it gives {drawn.rate:.2g}, more than two standard errors from {p:.2g}"
    return ""


def _warn(start: Start, found: Sequence[Replicate], p: float, warnings: list[str]) -> None:
    """Add what makes an estimate by replicates doubtful."""
    from scipy.special import bdtr, bdtrc

    reached = [one for one in found if one.p]
    if reached and float(np.mean([one.ancestors for one in reached])) < _FEW:
        warnings.append(
            "The events of a replicate come from few of its first scenarios; take more of them (size) for a safer interval."
        )
    if not reached or not p:
        return
    more = bdtrc(start.events - 1, start.count, p) if start.events else 1.0
    if min(float(more), float(bdtr(start.events, start.count, p))) < _SURPRISE:
        warnings.append(
            f"Monte Carlo saw {start.events} events in {start.count:,} scenarios, which an estimate of {p:.2g} hardly allows: "
            "something that leads to the event is missed."
        )
