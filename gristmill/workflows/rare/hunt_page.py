"""A hunt as a page: the kinds of failure there are, and what each of them takes."""

import math
from pathlib import Path

from gristmill.workflows.rare.charts import Point
from gristmill.workflows.rare.estimate_page import PAGE, drawn_points
from gristmill.workflows.rare.hunting import Hunt
from gristmill.workflows.rare.page import KindRow, Minimal, Page, write_rare
from gristmill.workflows.rare.playing import Event, System
from gristmill.workflows.report import machine

__all__ = ["summary", "write_hunt_page"]

_MINIMAL, _KINDS = 40, 200  # rows of tables


def write_hunt_page(found: Hunt, out: Path, *, command: str) -> Path:
    """Write the page of a hunt to `rare.html` in a folder, and return its path.

    Raises:
        StoreError: when it cannot be written.
    """
    event = Event(
        world=found.world,
        seats=found.seats,
        severity=found.severity,
        threshold=found.threshold,
        seed=found.seed,
    )
    system = System(event)
    unit = f" ({system.severity.unit})" if system.severity.unit else ""
    data = Page(
        title=f"Kinds of {system.severity.name} in {system.judge.id}",
        lead=summary(found),
        about=f"Severity: {system.severity.about}{unit}. The event is {found.threshold:g} or more. A failure counts as plausible "
        "if it is not among the least plausible one in 10,000 nominal draws.",
        command=command,
        machine=machine(),
        axis=f"{system.severity.name}{unit}",
        threshold=found.threshold,
        nominal=drawn_points(system)[1],
        failures=[Point(one.severity, one.log_density / math.log(10)) for one in found.failures],
        minimal=[
            Minimal(
                words=one.shrunk.words if one.shrunk else one.words,
                severity=one.shrunk.severity if one.shrunk else one.severity,
                found=", ".join(one.kind),
            )
            for one in found.failures[:_MINIMAL]
        ],
        minimal_told="kind",
        kinds=[
            KindRow(list(one.kind), "plausible" if one.plausible else "far-fetched") for one in found.failures[:_KINDS]
        ],
        kind_names=list(found.kinds),
        kind_figure="plausibility",
        kinds_told="The most plausible failure of each kind, the most plausible first.",
        figures={
            "Method": found.method,
            "Simulated scenarios": f"{found.calls:,}, and {found.shrinking:,} to make failures simpler",
            "Kinds": f"{found.declared:,} declared, {found.reachable:,} met, {found.failing:,} that fail, "
            f"{found.plausible:,} of them plausibly",
            "Seed": str(found.seed),
        },
    )  # fmt: skip
    return write_rare(data, out / PAGE)


def summary(found: Hunt) -> str:
    """Return in a sentence what a hunt came to."""
    who = ", ".join(f"{seat} {spec}" for seat, spec in found.seats.items()) or "the experts"
    if not found.failures:
        return f"With {who}: no failure in {found.calls:,} scenarios."
    kinds = "1 kind" if found.failing == 1 else f"{found.failing:,} kinds"
    return (
        f"With {who}: {kinds} of failure of {found.reachable:,} that were met, {found.plausible:,} of them plausible (as likely "
        f"as all but one in 10,000 draws), in {found.calls:,} scenarios."
    )
