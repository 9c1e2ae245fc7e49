"""Whether an event of a world can be searched for, before hours are spent on it."""

import msgspec
import numpy as np

from gristmill.errors import UsageError
from gristmill.generators.rare.cube import Cube
from gristmill.generators.rare.linter import Finding, lint
from gristmill.seeding import numpy_stream
from gristmill.workflows.rare.playing import Event, System

__all__ = ["Checked", "check"]

_ROWS = 400
_SHARES = (0.0, 0.1, 0.5, 0.9, 0.99, 1.0)


class Checked(msgspec.Struct, frozen=True, kw_only=True):
    """What was found out about an event.

    Attributes:
        world: its id.
        severity: its name, and `about` what it measures, in `unit`.
        threshold: the event is a severity of at least this.
        findings: what is wrong with it, errors first.
        quantiles: of the severity under the nominal distribution, by share; none where it cannot be told.
    """

    world: str
    severity: str
    about: str
    unit: str
    threshold: float
    findings: list[Finding]
    quantiles: dict[float, float] = {}


def check(event: Event) -> Checked:
    """Return what is wrong with an event.

    Raises:
        UsageError: when something asked for does not exist, or the world has no Space or severity.
    """
    system = System(event)
    findings = lint(system.problem(), seed=event.seed)
    return Checked(
        world=system.judge.id, severity=system.severity.name, about=system.severity.about, unit=system.severity.unit,
        threshold=system.threshold, findings=findings, quantiles=_quantiles(system),
    )  # fmt: skip


def _quantiles(system: System) -> dict[float, float]:
    try:
        values = Cube(system.space).uniform(numpy_stream(system.event.seed, "check"), _ROWS)[1]
        found = [one.severity for one in system.problem().simulate(values)]
    except UsageError:  # which is among the findings
        return {}
    return {share: float(np.quantile(found, share)) for share in _SHARES}
