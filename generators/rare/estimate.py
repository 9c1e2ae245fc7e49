"""Estimates: how likely an event is under the nominal distribution, with an interval, or why no number is given.

    found = estimate(problem, seed=0)

is the same as its parts, which other processes may run and which can be gone on with later:

    start = prepare(problem, seed=0)
    found = combine(start, [replicate(problem, start.plan, 0, number) for number in range(6)])
"""

import math
from collections.abc import Callable, Sequence

import msgspec
import numpy as np

from gristmill.digest import digest
from gristmill.errors import UsageError, unknown
from gristmill.generators.rare.cube import Cube
from gristmill.generators.rare.importance import ENOUGH, LATENTS, Drawn, Proposal, importance
from gristmill.generators.rare.intervals import clopper_pearson, log_normal, relative_error
from gristmill.generators.rare.linter import Finding, lint, refuse
from gristmill.generators.rare.monte_carlo import hits, monte_carlo
from gristmill.generators.rare.plan import Member, Plan, Replicate
from gristmill.generators.rare.problem import Problem
from gristmill.generators.rare.splitting import splitting
from gristmill.generators.rare.tilt import Tilt
from gristmill.generators.rare.trajectories import reach, trajectories

__all__ = [
    "METHODS",
    "Estimate",
    "Start",
    "combine",
    "enough",
    "estimate",
    "near_misses",
    "prepare",
    "replicate",
]

METHODS = ("auto", "monte-carlo", "splitting", "trajectories", "importance")
_FIRST, _HITS = (
    1_000,
    100,
)  # scenarios of Monte Carlo, which comes first, and events with which it is the answer
_SIZES = {"splitting": (500, 0.2), "trajectories": (250, 0.5)}  # scenarios of a replicate, share that is kept
_SMALL = 250  # scenarios of a replicate where rare options are tilted, or where another method goes on
_HOPELESS = 3  # replicates that did not reach the event, after which it is given up
_REFUSED = 0.5  # relative error above which there is no number
_FEW, _SURPRISE = 10, 1e-3  # ancestors that are few; how unlikely the first events may be
_NEAR = 20.0  # times the probability of the event, that of a near miss


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


class Start(msgspec.Struct, frozen=True, kw_only=True):
    """What is known before the first replicate.

    Attributes:
        plan: of the replicates; None where Monte Carlo is the answer.
        method: that was asked for or chosen.
        seed: root seed.
        space: digest of the Space.
        threshold: the event is a severity of at least this.
        calls: scenarios simulated so far.
        count: of them drawn by Monte Carlo.
        events: of those.
        tie_mass: share of those that have the lowest severity of them.
        findings: of the linter.
    """

    plan: Plan | None
    method: str
    seed: int
    space: str
    threshold: float
    calls: int
    count: int
    events: int
    tie_mass: float
    findings: list[Finding]


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
        method: one of `METHODS`; `auto` splits trajectories where there is a running severity, else scenarios.
        calls: scenarios after which no further replicate begins.
        precision: relative standard error at which it is enough.
        tilt: `auto` for all options of a probability of at most 5 %, paths of gates, or None.
        replicates: at least so many.
        size: scenarios of a replicate; what suits the method without.
        progress: is told every replicate.

    Raises:
        UsageError: when the linter finds an error, or an argument is out of range.
    """
    if replicates < 2 or not precision > 0:
        raise UsageError(
            f"Expected at least 2 replicates and a precision above 0, got {replicates} and {precision}."
        )
    start = prepare(problem, seed=seed, method=method, calls=calls, tilt=tilt, size=size)
    found: list[Replicate] = []
    while start.plan is not None and not enough(start, found, replicates, precision, calls):
        found.append(replicate(problem, start.plan, seed, len(found)))
        if progress is not None:
            progress(found[-1])
    drawn = _drawn(problem, start, found, calls, precision) if method == "importance" else None
    return combine(start, found, drawn)


def prepare(
    problem: Problem,
    *,
    seed: int,
    method: str = "auto",
    calls: int = 100_000,
    tilt: Sequence[str] | str | None = "auto",
    size: int | None = None,
) -> Start:
    """Return the start of an estimate: the linter, Monte Carlo, and the plan of the replicates if that is no answer yet.

    Args:
        problem: as in `estimate`, like the other arguments.
        seed: as there.
        method: as there.
        calls: as there.
        tilt: as there.
        size: as there.

    Raises:
        UsageError: as there.
    """
    if method not in METHODS:
        raise unknown("method", method, METHODS)
    if method == "trajectories" and not problem.clock:
        raise UsageError("Expected a problem with a running severity and its clock, got none; use splitting.")
    before, cube = problem.calls, Cube(problem.space)
    tilted = Tilt.auto(cube) if tilt == "auto" else Tilt.named(cube, _names(tilt))
    findings = lint(problem, seed=seed, tilt=tilted)
    refuse(findings)
    binary = any(one.name == "binary" for one in findings)
    steps = bool(problem.clock) if method == "auto" else method == "trajectories"
    way = "trajectories" if steps else "splitting"
    number, keep = _SIZES[way]
    number = size or (_SMALL if tilted.gates or method == "importance" else number)

    outcomes = monte_carlo(problem, cube, seed, min(_FIRST, calls))
    events = hits(outcomes, problem.threshold)
    alone = method == "monte-carlo" or binary
    # It goes on where it gets its events for less than replicates would take.
    if alone or len(outcomes) * _HITS <= events * 6 * number:
        outcomes += monte_carlo(problem, cube, seed, calls - len(outcomes), start=1, enough=_HITS - events)
        events, alone = hits(outcomes, problem.threshold), True
    plan = Plan(
        method=way,
        threshold=problem.threshold,
        size=number,
        keep=keep,
        tilt=[one.path for one in tilted.gates],
        share=tilted.share,
        reach=reach([one.running for one in outcomes]) if steps else [],
    )
    severities = np.array([one.severity for one in outcomes])
    return Start(
        plan=None if alone else plan,
        method="monte-carlo" if alone else method if method == "importance" else way,
        seed=seed,
        space=digest(problem.space.describe() | problem.space.rules),
        threshold=problem.threshold,
        calls=problem.calls - before,
        count=len(outcomes),
        events=events,
        tie_mass=float((severities == severities.min()).mean()),
        findings=findings,
    )


def replicate(problem: Problem, plan: Plan, seed: int, number: int) -> Replicate:
    """Return a replicate, a pure function of seed and number, so that it may be run anywhere."""
    run = trajectories if plan.method == "trajectories" else splitting
    return run(problem, Cube(problem.space), plan, seed, number)


def enough(start: Start, found: Sequence[Replicate], replicates: int, precision: float, calls: int) -> bool:
    """Return whether no further replicate is needed, or none would help.

    Args:
        start: of the estimate.
        found: replicates so far, in order.
        replicates: at least so many.
        precision: relative standard error at which it is enough.
        calls: scenarios after which no further replicate begins.
    """
    if len(found) >= _HOPELESS and not any(one.p for one in found):
        return True
    if len(found) >= 2 and start.calls + sum(one.calls for one in found) >= calls:
        return True
    if len(found) < replicates:
        return False
    return start.method == "importance" or relative_error([one.p for one in found]) <= precision


def combine(start: Start, found: Sequence[Replicate], drawn: Drawn | None = None) -> Estimate:
    """Return the estimate from its start and replicates.

    Args:
        start: of the estimate.
        found: its replicates, in order.
        drawn: by importance sampling, where that was asked for.
    """
    warnings = [one.text for one in start.findings if one.level == "warning"]
    p, low, high, error, method = _answer(start, found, drawn, warnings)
    _warn(start, found, p, warnings)
    told = p > 0 and error <= _REFUSED
    if not told:
        why = f"its relative error is {error:.2f}, above {_REFUSED}" if p else "the event was not seen"
        warnings.append(f"No estimate is given, since {why}; the interval is all that is known.")
    moves = [share for one in found for share in one.acceptance]
    finished = [one for one in found if one.p]
    return Estimate(
        p_hat=p if told else None,
        low=low,
        high=high,
        relative_se=error if math.isfinite(error) else None,
        replicates=len(found),
        calls=start.calls + sum(one.calls for one in found) + (drawn.calls if drawn else 0),
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
    again = [replicate(problem, nearer, seed, _AFAR + number) for number in range(runs)]
    # A replicate stands for its own estimate, of which its members have shares.
    return threshold, [
        msgspec.structs.replace(
            one,
            log_weight=one.log_weight - math.log(sum(math.exp(other.log_weight) for other in run.members)),
        )
        for run in again
        for one in run.members
    ]


_AFAR = 1_000_000  # number of the first replicate that climbs to near misses


def _near(one: Replicate, threshold: float) -> float:
    """Return the severity from which on scenarios are so much likelier, between two levels of a replicate."""
    logs = np.log(np.cumprod(one.shares)) if one.shares else np.empty(0)
    # Weights change what the levels stand for by the same at all of them, as far as can be told.
    last = float(np.sum(np.log(one.shares))) + math.log(max(1e-300, one.p / float(np.prod(one.shares))))
    wanted = min(0.0, last + math.log(_NEAR))
    return float(np.interp(-wanted, -np.append(logs, last), np.append(one.levels, threshold)))


def _names(tilt: Sequence[str] | str | None) -> list[str]:
    return [tilt] if isinstance(tilt, str) else list(tilt or ())


def _drawn(
    problem: Problem, start: Start, found: Sequence[Replicate], calls: int, precision: float
) -> Drawn | None:
    """Return what importance sampling finds with a proposal fitted to the events of replicates, None where it cannot."""
    cube = Cube(problem.space)
    members = [one for run in found for one in run.members]
    if start.plan is None or len(cube.gates) + len(cube.real) > LATENTS or len(members) < ENOUGH:
        return None
    proposal = Proposal.fit(cube, members, seed=start.seed, tilt=start.plan.tilted(cube))
    left = calls - start.calls - sum(one.calls for one in found)
    if left <= 0:
        return None
    return importance(problem, cube, proposal, start.seed, calls=left, precision=precision / 2)


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
