"""`gristmill rare hunt`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, get_args

import typer

from gristmill.cli.rare.options import Severity, Threshold, typed
from gristmill.cli.shared import Json, Seats, Seed, World, anew, answer, bar, console, seats_of, table

if TYPE_CHECKING:
    from gristmill.workflows.rare.hunting import Hunt

_SHOWN = 20  # failures that a terminal shows


def command(
    world: World,
    seat: Seats = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", help="Folder for the failures, which `gristmill run` plays, and a page."),
    ] = None,
    severity: Severity = "",
    threshold: Threshold = None,
    by: Annotated[
        list[str] | None,
        typer.Option(
            metavar="KIND",
            help="A way in which failures differ, such as weather; by default all. Repeatable.",
        ),
    ] = None,
    method: Annotated[
        str,
        typer.Option(
            help="archive looks for every kind of failure, hypothesis for plausible ones, machine builds dialogues up event "
            "by event."
        ),
    ] = "archive",
    calls: Annotated[
        int,
        typer.Option(
            min=1, help="Scenarios to simulate; making failures simpler takes up to half as many more."
        ),
    ] = 6_000,
    seed: Seed = 0,
    json: Json = False,
) -> None:
    """Say which kinds of failure there are, each with the least that it takes; exit code 1 when there are none.

    Of every kind the most plausible failure is kept, and reduced to what matters. How likely failures are `gristmill rare
    estimate` says.

    Example: gristmill rare hunt driving/highway-v1 --seat driver=typical --by weather --by animal --out runs/hunt

    Example: gristmill rare hunt "support/retail-v1?level=rare" --seat agent=hasty --method machine
    """
    from gristmill.errors import unknown
    from gristmill.workflows.rare.hunt_page import write_hunt_page
    from gristmill.workflows.rare.hunting import Method, hunt

    way = next((one for one in get_args(Method) if one == method), None)
    if way is None:
        raise unknown("method", method, get_args(Method))
    with anew(), bar("simulating", each="scenarios", every=15) as progress:
        found = hunt(
            world, seats_of(seat), severity=severity, threshold=threshold, by=by or (), calls=calls, method=way, seed=seed,
            out=out, progress=lambda done, failing: progress(done, calls, {"kinds of failure": failing}),
        )  # fmt: skip
    page = None
    if out is not None:
        again = typed(
            "hunt", world, seat=seat, out=out, severity=severity, threshold=threshold, by=by, method=method, calls=calls,
            seed=seed,
        )  # fmt: skip
        page = write_hunt_page(found, out, command=again)
    if json:
        answer({"page": str(page) if page else None, "hunt": found})
    else:
        _print(found, page)
    if not found.failures:
        raise typer.Exit(1)


def _print(found: "Hunt", page: Path | None) -> None:
    from gristmill.workflows.rare.hunt_page import summary

    out = console()
    out.print(summary(found), style="bold")
    shown = table(*found.kinds, "severity", "what it takes")
    for one in found.failures[:_SHOWN]:
        words = one.shrunk.words if one.shrunk else one.words
        severity = one.shrunk.severity if one.shrunk else one.severity
        shown.add_row(*one.kind, f"{severity:.3g}", words, style=None if one.plausible else "dim")
    if found.failures:
        out.print(shown)
    for one in found.failures[:3]:
        for place, event in enumerate(one.events, 1):
            out.print(f"  {place}. {event}")
    if len(found.failures) > _SHOWN:
        out.print(f"and {len(found.failures) - _SHOWN:,} more kinds")
    if page:
        out.print(f"The page: {page}; failures to play: {page.parent / 'failures.jsonl'}")
