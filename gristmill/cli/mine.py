"""`gristmill mine`."""

from typing import TYPE_CHECKING, Annotated

import typer

from gristmill.cli.shared import HeldOut, Json, Run, answer, console, counted, percent, table

if TYPE_CHECKING:
    from gristmill.recorders.mine import View


def command(
    run: Run,
    level: Annotated[
        str, typer.Option(help="Weakest proof accepted: checked, replayed or mutation-tested.")
    ] = "checked",
    name: Annotated[str, typer.Option(help="Name of the view.")] = "default",
    near_distinct: Annotated[
        bool, typer.Option("--near-distinct", help="Keep one of several that differ only in values.")
    ] = False,
    per_stratum: Annotated[int | None, typer.Option(min=1, help="Most episodes of one stratum.")] = None,
    seat: Annotated[
        str,
        typer.Option(help="Keep what this seat did well, by its own outcome; else what passes as a whole."),
    ] = "",
    min_score: Annotated[
        float | None, typer.Option(min=0.0, max=1.0, help="Least score of --seat, from 0 to 1.")
    ] = None,
    above_baseline: Annotated[
        bool,
        typer.Option(
            "--above-baseline",
            help="Keep only scores above the mean of --seat in the same stratum, failures included.",
        ),
    ] = False,
    best: Annotated[
        int | None,
        typer.Option(min=1, help="Most attempts at one scenario: highest score, then fewest acts."),
    ] = None,
    held_out: HeldOut = None,
    json: Json = False,
) -> None:
    """Choose the episodes to keep, and show what was dropped at each stage, and why.

    Example: gristmill mine runs/noisy --level replayed

    Example: gristmill mine runs/haggling --name seller --seat seller --min-score 0.5 --above-baseline --best 1
    """
    from gristmill.errors import unknown
    from gristmill.recorders.ledger import LEVELS
    from gristmill.recorders.mine import Acceptance, mine
    from gristmill.recorders.store import RunStore

    proof = next((one for one in LEVELS if one == level), None)
    if proof is None:
        raise unknown("level", level, LEVELS)
    wanted = Acceptance(
        name=name, level=proof, near_distinct=near_distinct, per_stratum=per_stratum, seat=seat,
        min_score=min_score, above_baseline=above_baseline, best=best,
    )  # fmt: skip
    view = mine(RunStore.open(run), wanted, held_out=held_out or ())
    if json:
        answer(
            {
                "name": view.name,
                "hash": view.hash,
                "stages": view.stages,
                "strata": view.strata,
                "empty": view.empty,
                "seat": seat,
                "baselines": view.baselines,
                "kept": view.ids,
                "notes": view.notes,
            }
        )
    else:
        _print(view)


def _print(view: "View") -> None:
    shown = table("stage", "entered", "left", "why the others were dropped")
    for stage in view.stages:
        shown.add_row(stage.name, f"{stage.entered:,}", f"{stage.left:,}", counted(stage.reasons))
    out = console()
    out.print(shown)
    total = view.stages[0].entered if view.stages else 0
    whose = f" for {view.acceptance.seat}" if view.acceptance.seat else ""
    out.print(
        f"View {view.name!r}{whose}: {len(view.kept):,} of {total:,} episodes kept "
        f"({percent(len(view.kept), total)})"
    )
    for note in view.notes:
        out.print(f"note: {note}", style="yellow")
