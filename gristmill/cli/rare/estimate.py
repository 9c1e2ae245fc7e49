"""`gristmill rare estimate`."""

from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gristmill.cli.rare.options import Calls, Fix, Severity, Threshold, fixed, typed
from gristmill.cli.shared import Jobs, Json, Seats, Seed, World, anew, answer, bar, console, seats_of, table

if TYPE_CHECKING:
    from gristmill.workflows.rare.estimating import Estimation

_KINDS = 8  # of failures that a terminal shows


def command(
    world: World,
    seat: Seats = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", "-o", help="Folder for the estimate, failures to play and a page; rerun to go on."
        ),
    ] = None,
    severity: Severity = "",
    threshold: Threshold = None,
    fix: Fix = None,
    precision: Annotated[float, typer.Option(help="Relative standard error at which it is enough.")] = 0.2,
    calls: Calls = 100_000,
    method: Annotated[
        str, typer.Option(help="auto, monte-carlo, splitting, trajectories or importance.")
    ] = "auto",
    tilt: Annotated[
        list[str] | None,
        typer.Option(
            metavar="FIELD",
            help="A field whose rare options are drawn more often, with weights; `none` for no such. Repeatable. By "
            "default every field with an option of at most 5 %.",
        ),
    ] = None,
    size: Annotated[int | None, typer.Option(min=10, help="Scenarios of a replicate.")] = None,
    seed: Seed = 0,
    jobs: Jobs = 1,
    json: Json = False,
) -> None:
    """Say how likely an event is with given policies, with an interval, or why no number can be given.

    Scenarios climb to the event level by level (adaptive multilevel splitting), several times independently. It takes a
    severity that rises on the way to the event; see `gristmill rare check`. Exit code 1 when no number is given.

    Example: gristmill rare estimate driving/highway-v1 --seat driver=typical --jobs 2 --out runs/rare

    Example: gristmill rare estimate driving/highway-v1 --seat driver=typical --fix weather=ice
    """
    from gristmill.workflows.rare.estimate_page import write_estimate_page
    from gristmill.workflows.rare.estimating import Asked, estimate_event
    from gristmill.workflows.rare.playing import Event

    event = Event(
        world=world, seats=seats_of(seat), severity=severity, threshold=threshold, fix=fixed(fix), seed=seed
    )
    tilted = "auto" if not tilt else [] if tilt == ["none"] else tilt
    asked = Asked(event=event, method=method, calls=calls, precision=precision, tilt=tilted, size=size)
    with (
        anew() if out is None else nullcontext(),
        bar("replicates", each="replicates at least", every=15) as progress,
    ):
        found, failures = estimate_event(asked, out, jobs=jobs, progress=progress)
    page = None
    if out is not None:
        again = typed(
            "estimate", world, seat=seat, out=out, severity=severity, threshold=threshold, fix=fix, tilt=tilt, method=method,
            size=size, precision=precision, calls=calls, seed=seed,
        )  # fmt: skip
        page = write_estimate_page(found, failures, out, command=again)
    if json:
        answer({"page": str(page) if page else None, "estimation": found})
    else:
        _print(found, page)
    if found.estimate.p_hat is None:
        raise typer.Exit(1)


def _print(found: "Estimation", page: Path | None) -> None:
    from gristmill.workflows.rare.estimate_page import figures, headline

    out = console()
    out.print(f"{found.severity} in {found.world}. {headline(found)}", style="bold")
    for name, value in figures(found).items():
        if name not in ("Space", "Seed"):
            out.print(f"{name}: {value}")
    for warning in found.estimate.warnings:
        out.print(warning, style="yellow")
    if found.kind_names and found.kinds:
        shown = table(*found.kind_names, "share of failures")
        for labels, share in found.kinds[:_KINDS]:
            shown.add_row(*labels, f"{share:.1%}")
        out.print("", shown)
    if page:
        out.print(f"The page: {page}; failures to play: {page.parent / 'failures.jsonl'}")
