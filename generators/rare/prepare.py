"""What comes before replicates: the linter, crude Monte Carlo, and the plan of the replicates."""

import math
from collections.abc import Sequence

import msgspec
import numpy as np

from gristmill.digest import digest
from gristmill.errors import UsageError, unknown
from gristmill.generators.rare.cube import Cube
from gristmill.generators.rare.linter import Finding, lint, refuse
from gristmill.generators.rare.monte_carlo import batch_of, hits, monte_carlo
from gristmill.generators.rare.plan import Plan, parted
from gristmill.generators.rare.problem import Outcome, Problem
from gristmill.generators.rare.tilt import Tilt
from gristmill.generators.rare.trajectories import reach

__all__ = ["METHODS", "Start", "prepare"]

METHODS = ("auto", "monte-carlo", "splitting", "trajectories", "importance")
_FIRST, _HITS = (
    1_000,
    100,
)  # scenarios of Monte Carlo, which comes first, and events with which it is the answer
_SIZES = {"splitting": (500, 0.2), "trajectories": (400, 0.5)}  # scenarios of a replicate, share that is kept
# Share of scenarios without rare options that is too little, and how many say what they are like.
_FEW, _MANY = 0.005, 200
_SMALL = 250  # scenarios of a replicate where rare options are tilted, or where another method goes on


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
        offsets=_offsets(cube, tilted, seed, outcomes),
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


def _offsets(cube: Cube, tilt: Tilt, seed: int, outcomes: Sequence[Outcome]) -> dict[str, float]:
    """Return the parts of the cube that are to be climbed, with their offsets; none where it is climbed as a whole.

    One of a constant severity cannot be climbed, and one that next to no scenario is in is not worth being looked for.
    """
    if not any(one.rare.any() for one in tilt.gates):
        return {}
    parts = {name: parted(cube, tilt.gates, rare=name == "rare") for name in ("common", "rare")}
    units, values = batch_of(cube, seed, 0, len(outcomes))
    some = parts["common"][0].has_rare(units, values).tolist()
    common = [one.severity for one, rare in zip(outcomes, some, strict=False) if not rare]
    if len(common) < _FEW * len(some):
        return {}
    if len(common) >= _MANY and len(set(common)) == 1:
        del parts["common"]
    found = {name: Tilt(part, gates, tilt.share).offset for name, (part, gates) in parts.items()}
    return {name: offset for name, offset in found.items() if offset > -math.inf}


def _names(tilt: Sequence[str] | str | None) -> list[str]:
    return [tilt] if isinstance(tilt, str) else list(tilt or ())
