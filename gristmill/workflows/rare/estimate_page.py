"""An estimate as a page: what it takes for the event, the way there, and where failures lie."""

import math
from collections.abc import Sequence
from pathlib import Path

from gristmill.generators.rare.cube import Cube
from gristmill.generators.rare.shrinking import shrink
from gristmill.generators.space import Values
from gristmill.seeding import numpy_stream
from gristmill.workflows.rare.charts import Point, fields_apart
from gristmill.workflows.rare.estimating import Estimation, Failure
from gristmill.workflows.rare.page import KindRow, Minimal, Page, write_rare
from gristmill.workflows.rare.playing import System
from gristmill.workflows.rare.words import chance_between
from gristmill.workflows.report import machine

__all__ = ["PAGE", "drawn_points", "figures", "headline", "write_estimate_page"]

PAGE = "rare.html"
_DRAWN, _SHOWN, _KINDS, _MINIMAL = 400, 400, 12, 6  # scenarios in pictures, rows of tables


def write_estimate_page(found: Estimation, failures: Sequence[Failure], out: Path, *, command: str) -> Path:
    """Write the page of an estimate to `rare.html` in a folder, and return its path.

    For its pictures some hundred scenarios are simulated that are in no figure.

    Raises:
        StoreError: when it cannot be written.
    """
    system = System(found.asked.event)
    values, nominal = drawn_points(system)
    some = _spread(failures, _SHOWN)
    estimate = found.estimate
    unit = f" ({found.unit})" if found.unit else ""
    data = Page(
        title=f"{found.severity.capitalize()} in {found.world}",
        lead=headline(found),
        badge="no number" if estimate.p_hat is None else "",
        badge_kind="error",
        told="the interval is all that is known." if estimate.p_hat is None else "",
        about=f"Severity: {found.about}{unit}. The event is {estimate.threshold:g} or more, under the nominal distribution "
        "that the Space declares: the figure is as good as that is.",
        warnings=estimate.warnings,
        command=command,
        machine=machine(),
        axis=f"{found.severity}{unit}",
        threshold=estimate.threshold,
        levels=found.curves,
        nominal=nominal,
        failures=[Point(one.severity, one.log_density / math.log(10)) for one in some],
        fields=fields_apart(values, [one.values for one in some]),
        minimal=_minimal(system, failures),
        kinds=[KindRow(list(labels), f"{share:.1%}") for labels, share in found.kinds[:_KINDS]] if found.kind_names else [],
        kind_names=found.kind_names,
        kinds_told=_kinds_told(found),
        figures=figures(found),
    )  # fmt: skip
    return write_rare(data, out / PAGE)


def drawn_points(system: System) -> tuple[list[Values], list[Point]]:
    """Return some scenarios as they come, and where they lie in a picture."""
    values = Cube(system.space).uniform(numpy_stream(system.event.seed, "page"), _DRAWN)[1]
    grades = system.problem().simulate(values)
    return values, [
        Point(one.severity, system.space.log_prob(row) / math.log(10))
        for one, row in zip(grades, values, strict=True)
    ]


def headline(found: Estimation) -> str:
    """Return the answer in a sentence."""
    estimate = found.estimate
    who = ", ".join(f"{seat} {info.policy}" for seat, info in found.seats.items())
    fixed = ", ".join(f"{name} {value}" for name, value in found.asked.event.fix.items())
    given = f", given {fixed}" if fixed else ""
    return f"With {who}{given}: {chance_between(estimate.p_hat, estimate.low, estimate.high)}."


def figures(found: Estimation) -> dict[str, str]:
    """Return the figures of an estimate by name, for people."""
    one = found.estimate
    told = {
        "Method": f"{one.method}, {one.replicates} replicates" if one.replicates else one.method,
        "Simulated scenarios": f"{one.calls:,}",
    }
    if one.calls_mc_equivalent:
        times = one.calls_mc_equivalent / one.calls
        than = (
            f"{times:,.0f} times as many" if times >= 2 else "about as many" if times > 1 else "which is less"
        )
        told["Monte Carlo would take"] = f"{one.calls_mc_equivalent:,.0f} for the same error, {than}"
    if one.relative_se is not None:
        told["Relative standard error"] = f"{one.relative_se:.2f}"
    if one.ess is not None:
        told["Effective number of failures"] = f"{one.ess:,.0f}"
    if one.ancestors is not None:
        told["First scenarios they come from"] = f"{one.ancestors:,.0f} in each replicate"
    if one.acceptance is not None:
        told["Moves that stayed above their level"] = f"{one.acceptance:.0%}"
    told["Scenarios of the lowest severity"] = f"{one.tie_mass:.1%}"
    told["Space"] = one.space
    told["Seed"] = str(one.seed)
    return told


def _spread(failures: Sequence[Failure], count: int) -> list[Failure]:
    """Return failures as they occur: each as often as its weight says, from the heaviest on."""
    total = sum(one.weight for one in failures)
    found: list[Failure] = []
    passed = 0.0
    for one in failures:
        before, passed = passed, passed + one.weight
        found += [one] * (math.floor(passed / total * count) - math.floor(before / total * count))
    return found


def _minimal(system: System, failures: Sequence[Failure]) -> list[Minimal]:
    """Return the heaviest failures of each kind, reduced; those that become the same stand together."""
    first: dict[tuple[str, ...], Failure] = {}
    shares: dict[tuple[str, ...], float] = {}
    for one in failures:
        first.setdefault(tuple(one.kind), one)
        shares[tuple(one.kind)] = shares.get(tuple(one.kind), 0.0) + one.weight
    found: dict[str, tuple[float, float]] = {}
    for kind in sorted(shares, key=lambda each: -shares[each])[:_MINIMAL]:
        least = shrink(system.problem(), first[kind].values)
        share = found.get(least.words, (0.0, 0.0))[1] + shares[kind]
        found[least.words] = (least.severity, share)
    return [
        Minimal(words=words, severity=severity, found=f"{share:.0%}")
        for words, (severity, share) in found.items()
    ]


def _kinds_told(found: Estimation) -> str:
    told = f"How the probability of the event is shared, of {len(found.kinds):,} kinds that failed"
    return f"{told} the {_KINDS} likeliest." if len(found.kinds) > _KINDS else f"{told}."
