"""`gristmill mine`."""

from typing import TYPE_CHECKING, Annotated

import typer

from gristmill.cli.shared import Json, Run, answer, console, counted, percent, table

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
    json: Json = False,
) -> None:
    """Choose the episodes to keep, and show what was dropped at each stage, and why.

    Example: gristmill mine runs/noisy --level replayed
    """
    from gristmill.errors import unknown
    from gristmill.recorders.ledger import LEVELS
    from gristmill.recorders.mine import Acceptance, mine
    from gristmill.recorders.store import RunStore

    proof = next((one for one in LEVELS if one == level), None)
    if proof is None:
        raise unknown("level", level, LEVELS)
    wanted = Acceptance(name=name, level=proof, near_distinct=near_distinct, per_stratum=per_stratum)
    view = mine(RunStore.open(run), wanted)
    if json:
        answer(
            {
                "name": view.name,
                "hash": view.hash,
                "stages": view.stages,
                "strata": view.strata,
                "empty": view.empty,
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
    out.print(
        f"View {view.name!r}: {len(view.kept):,} of {total:,} episodes kept ({percent(len(view.kept), total)})"
    )
    for note in view.notes:
        out.print(f"note: {note}", style="yellow")
