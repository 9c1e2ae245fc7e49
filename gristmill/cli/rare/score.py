"""`gristmill rare score`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gristmill.cli.shared import Jobs, Json, Seats, answer, bar, console, rated, seats_of, table

if TYPE_CHECKING:
    from gristmill.workflows.rare.scoring import Score

Set = Annotated[
    Path, typer.Argument(metavar="SET", help="An evaluation set, made by `gristmill rare build`.")
]
WorldOf = Annotated[
    str,
    typer.Option(
        metavar="ID|PATH", help="The world, where its file lies elsewhere than when the set was built."
    ),
]


def command(
    set_: Set,
    seat: Seats = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            "-o",
            help="Record the play as an ordinary run there, made or continued, with score.json.",
        ),
    ] = None,
    world: WorldOf = "",
    rate: Annotated[
        bool,
        typer.Option("--rate", help="Ask for the rate of the event; an error where the set cannot tell it."),
    ] = False,
    label: Annotated[str, typer.Option(help="Short name, for tables.")] = "",
    jobs: Jobs = 1,
    json: Json = False,
) -> None:
    """Say how policies fare on an evaluation set: how likely the event is with them, and what they survive.

    The rate is read from the estimating records alone, by their weights, and holds for policies that the set was not built
    with. Stress records were chosen because a policy failed on them; no rate is read from them.

    Example: gristmill rare score sets/highway --seat driver=cautious --out runs/cautious
    """
    from gristmill.workflows.rare.scoring import score

    with bar("scoring") as progress:
        found = score(set_, seats_of(seat), out, world=world, jobs=jobs, label=label, progress=progress)
    if rate:
        found.rate  # noqa: B018  # which raises where there is none
    if json:
        answer(found)
    else:
        _print(found)


def _print(found: "Score") -> None:
    from gristmill.workflows.rare.words import chance_between

    out = console()
    if one := found.estimate:
        told = chance_between(one.rate, one.low, one.high)
        out.print(f"{found.label}: {found.severity} {told}", style="bold")
        out.print(f"{one.events:,} events in {one.n:,} estimating records, effective number {one.ess:.0f}")
        for warning in one.warnings:
            out.print(warning, style="yellow")
    for role, share in found.shares.items():
        out.print(f"{role}: survives {rated(share.survived)}")
        if len(share.strata) > 1:
            shown = table("stratum", "survived", "of")
            for name, rate in share.strata.items():
                shown.add_row(name, f"{rate.passed:,}", f"{rate.n:,}")
            out.print(shown, "")
    if not found.estimate:
        out.print(
            "These records were chosen: their shares are no rate of anything outside the set.", style="yellow"
        )
    if found.run:
        out.print(f"The run and its score.json: {found.run}")
