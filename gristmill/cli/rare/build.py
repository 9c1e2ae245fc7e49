"""`gristmill rare build`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gristmill.cli.rare.options import Calls, Severity, Threshold, typed
from gristmill.cli.shared import (
    Jobs,
    Json,
    Seats,
    World,
    anew,
    answer,
    console,
    counted,
    seats_of,
    stages,
    table,
)
from gristmill.workflows import EVALUATION_SEED

if TYPE_CHECKING:
    from gristmill.recorders.sets import EvaluationSet, Role

_SOME: dict["Role", int] = {
    "estimating": 1_000,
    "stress": 100,
    "control": 100,
}  # records, if nothing else is asked for


def command(
    world: World,
    out: Annotated[Path, typer.Option("--out", "-o", help="A new folder for the set.")],
    seat: Seats = None,
    estimating: Annotated[
        int | None,
        typer.Option(min=1, help="Records with weights, which tell the rate of any policy."),
    ] = None,
    stress: Annotated[
        int | None,
        typer.Option(min=1, help="Records on which this policy fails, of all kinds."),
    ] = None,
    coverage: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="Records in which all pairs of options occur; as many more as that takes. [default: none]",
        ),
    ] = None,
    control: Annotated[
        int | None, typer.Option(min=1, help="Records that are drawn as they come, and pass.")
    ] = None,
    severity: Severity = "",
    threshold: Threshold = None,
    reference: Annotated[
        list[str] | None,
        typer.Option(
            metavar="SEAT=POLICY",
            help="A competent policy that has to survive what is in the set; `none` for no such look. By default "
            "expert, where another sits in the seat.",
        ),
    ] = None,
    calls: Calls = 20_000,
    licence: Annotated[str, typer.Option(help="Of the set, in its manifest.")] = "",
    seed: Annotated[
        int, typer.Option("--seed", help="Root seed; equal seeds give equal sets.")
    ] = EVALUATION_SEED,
    jobs: Jobs = 1,
    json: Json = False,
) -> None:
    """Build an evaluation set of rare events: every record played, replayed and shown to be survivable.

    Estimating records are drawn from a known law and tell how likely the event is with any policy (`gristmill rare score`).
    The others are chosen: they tell what a policy survives, and no rate. Without a role 1,000 estimating, 100 stress and 100
    control records are built; naming one leaves the others out.

    Example: gristmill rare build driving/highway-v1 --seat driver=typical --out sets/highway

    Example: gristmill rare build "support/retail-v1?level=rare" --seat agent=hasty --stress 200 --out sets/support
    """
    from gristmill.errors import UsageError
    from gristmill.workflows.rare.building import build

    given: dict[Role, int | None] = {
        "estimating": estimating,
        "stress": stress,
        "coverage": coverage,
        "control": control,
    }
    roles: dict[Role, int] = {role: count for role, count in given.items() if count} or _SOME
    spared = None if not reference else {} if reference == ["none"] else seats_of(reference)
    if out.exists() and any(out.iterdir()):  # before minutes of work are lost
        raise UsageError(f"Expected a new folder for the set, got {out}, which is taken; choose another.")
    again = typed(
        "build", world, seat=seat, out=out, **roles, severity=severity, threshold=threshold, reference=reference, calls=calls,
        seed=seed,
    )  # fmt: skip
    with anew(), stages() as tell:
        found = build(
            world, seats_of(seat), out, roles=roles, severity=severity, threshold=threshold, seed=seed, reference=spared,
            calls=calls, jobs=jobs, licence=licence, command=again, tell=tell,
        )  # fmt: skip
    if json:
        answer(found.manifest)
    else:
        _print(found)
    if any(not count for count in _counts(found, roles).values()):
        raise typer.Exit(1)


def _counts(found: "EvaluationSet", roles: dict["Role", int]) -> dict["Role", int]:
    made = [one.role for one in found.records]
    return {role: made.count(role) for role in roles}


def _print(found: "EvaluationSet") -> None:
    from gristmill.workflows.rare.words import chance_between

    out, manifest = console(), found.manifest
    out.print(f"{len(found.records):,} records in {found.path}", style="bold")
    shown = table("role", "records", "event", "reference survives")
    for role in dict.fromkeys(one.role for one in found.records):
        own = [one for one in found.records if one.role == role]
        played = [one.reference_outcome for one in own if one.reference_outcome]
        survived = f"{played.count('survives'):,} of {len(played):,}" if played else "–"
        shown.add_row(role, f"{len(own):,}", f"{sum(one.event for one in own):,}", survived)
    out.print(shown)
    if rate := manifest.estimate:
        out.print(
            f"Rate of the event with the policy it was built against: {chance_between(rate.rate, rate.low, rate.high)}"
        )
        for warning in rate.warnings:
            out.print(warning, style="yellow")
    if manifest.refused:
        out.print(f"Candidates that became no record: {counted(manifest.refused)}")
    for note in manifest.notes:
        out.print(note, style="yellow")
    out.print(f"Score a policy on it: gristmill rare score {found.path} --seat SEAT=POLICY")
