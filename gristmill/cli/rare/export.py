"""`gristmill rare export`."""

from pathlib import Path
from typing import Annotated

import typer

from gristmill.cli.rare.score import Set, WorldOf
from gristmill.cli.shared import Json, answer, console


def command(
    set_: Set,
    out: Annotated[Path, typer.Option("--out", "-o", help="The folder to make.")],
    format_: Annotated[str, typer.Option("--format", help="jsonl, inspect or lm-eval.")] = "inspect",
    seat: Annotated[
        str, typer.Option(help="Whose place the model takes; by default the world's last seat.")
    ] = "",
    world: WorldOf = "",
    json: Json = False,
) -> None:
    """Write an evaluation set as a folder that another tool runs: Inspect AI, lm-evaluation-harness, or plain JSON lines.

    Example: gristmill rare export sets/support --format inspect --out exports/support
    """
    from gristmill.workflows.rare.exporting import export_set

    found = export_set(set_, format_, out, seat=seat, world=world)
    if json:
        answer(found)
        return
    shown = console()
    shown.print(f"{found.records:,} records in {found.path}", style="bold")
    for note in found.notes:
        shown.print(note, style="yellow")
    shown.print(found.opening)
