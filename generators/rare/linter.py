"""The linter: what is wrong with a problem, found with some two hundred scenarios before anything is estimated."""

import math
from collections.abc import Sequence

import msgspec
import numpy as np

from gristmill.errors import UsageError
from gristmill.generators.kinds.field import short
from gristmill.generators.rare.cube import Cube
from gristmill.generators.rare.problem import Outcome, Problem
from gristmill.generators.rare.tilt import Tilt
from gristmill.generators.rare.trajectories import clock_of
from gristmill.generators.space import Values
from gristmill.seeding import numpy_stream

__all__ = ["Finding", "lint", "refuse"]

_ROWS, _AGAIN = 100, 10  # scenarios of each distribution, and how many of them are simulated twice
_TIED = 0.5


class Finding(msgspec.Struct, frozen=True):
    """Something wrong with a problem.

    Attributes:
        level: `error`, with which nothing is estimated, or `warning`.
        name: of what was looked for.
        text: what was found, and what would be right.
    """

    level: str
    name: str
    text: str


def lint(problem: Problem, *, seed: int, tilt: Tilt | None = None) -> list[Finding]:
    """Return what is wrong with a problem, errors first.

    Args:
        problem: of which 210 scenarios are simulated, half of them from the nominal distribution and half with rare
            options drawn more often.
        seed: of the scenarios.
        tilt: with which it will be estimated; that of all rare options without.
    """
    try:
        cube = Cube(problem.space)
        rng, auto = numpy_stream(seed, "linter"), Tilt.auto(cube)
        values = cube.uniform(rng, _ROWS)[1] + cube.uniform(rng, _ROWS, auto.units)[1]
        outcomes = problem.simulate(values)
        found = _replayed(problem, values[:: 2 * _ROWS // _AGAIN], outcomes[:: 2 * _ROWS // _AGAIN])
        found += _graded(outcomes, tilted=bool((auto if tilt is None else tilt).gates))
        if problem.clock:
            clock_of(problem.space, problem.clock)
            found += _running(outcomes)
    except UsageError as error:
        return [Finding("error", "usage", str(error))]
    return sorted(found, key=lambda one: one.level)


def refuse(findings: Sequence[Finding]) -> None:
    """Do nothing if there is no error among findings.

    Raises:
        UsageError: with the texts of all errors, when there are.
    """
    if wrong := [one.text for one in findings if one.level == "error"]:
        raise UsageError(" ".join(wrong))


def _replayed(problem: Problem, values: Sequence[Values], outcomes: Sequence[Outcome]) -> list[Finding]:
    for scenario, one, other in zip(values, outcomes, problem.simulate(values), strict=True):
        same = one.severity == other.severity and one.kind == other.kind
        if not same or not np.array_equal(one.running, other.running):
            text = (
                f"Expected the same outcome of the same scenario, got severities of {one.severity} and {other.severity} "
                f"for {short(scenario)}; make the simulator a pure function of the scenario."
            )
            return [Finding("error", "replay", text)]
    return []


def _graded(outcomes: Sequence[Outcome], *, tilted: bool) -> list[Finding]:
    severities = np.array([one.severity for one in outcomes])
    several = np.unique(severities)
    if len(several) == 1:
        text = (
            f"Expected a severity that rises on the way to the event, got {several[0]:g} for all of {len(severities)} "
            "scenarios; grade how near each comes to it."
        )
        return [Finding("error", "constant", text)]
    if len(several) == 2:
        text = (
            f"Expected a graded severity, got only {several[0]:g} and {several[1]:g}: with two values nothing is gained "
            "over Monte Carlo, which is what is used; grade how near each scenario comes to the event."
        )
        return [Finding("warning", "binary", text)]
    nominal = severities[:_ROWS]
    mass = float((nominal == several[0]).mean())
    if mass <= _TIED or tilted:
        return []
    text = (
        f"Expected few scenarios of the lowest severity, got {mass:.0%} at {several[0]:g}: what opens the way to the event "
        "may be missed; tilt the field that does, or grade the severity there."
    )
    return [Finding("warning", "ties", text)]


def _running(outcomes: Sequence[Outcome]) -> list[Finding]:
    for one in outcomes:
        run = np.asarray(one.running, float)
        if not len(run) or not np.isfinite(run).all():
            text = f"Expected a running severity with a finite number for each step, got {short(list(run))}."
            return [Finding("error", "running", text)]
        if not math.isclose(float(run.max()), one.severity, rel_tol=1e-9, abs_tol=1e-12):
            text = (
                "Expected a running severity whose greatest number is the severity, got "
                f"{float(run.max()):g} where the severity is {one.severity:g}."
            )
            return [Finding("error", "running", text)]
    return []
