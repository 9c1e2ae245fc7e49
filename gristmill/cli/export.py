"""`gristmill export`."""

from pathlib import Path
from typing import Annotated

import typer

from gristmill.cli.shared import Json, Run, answer, bar, console, counted


def command(
    run: Run,
    format: Annotated[
        str, typer.Option(help="openai, messages or jsonl; of robots minari, lerobot or robomimic.")
    ] = "openai",
    view: Annotated[str, typer.Option(help="Name of the view to export, see `gristmill mine`.")] = "default",
    seat: Annotated[
        str, typer.Option(help="The seat whose acts are to be learnt; a robot run has only one.")
    ] = "agent",
    out: Annotated[Path | None, typer.Option("--out", "-o", help="Folder; by default in the run.")] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace another export there.")] = False,
    json: Json = False,
) -> None:
    """Write the kept episodes as files to train on, each of them traceable to its record.

    Example: gristmill export runs/noisy --format openai --seat agent --out data/noisy
    """
    from gristmill.recorders.export import export
    from gristmill.recorders.store import RunStore

    with bar("exporting") as progress:
        report = export(RunStore.open(run), view, format, seat, out, progress=progress, overwrite=overwrite)
    if json:
        answer(report)
        return
    what = "lines" if f"{next(iter(report.lines))}.jsonl" in report.files else "episodes"
    console().print(f"{sum(report.lines.values()):,} {what} in {report.path}: {counted(report.lines)}")
    for note in report.notes:
        console().print(f"note: {note}", style="yellow")
    if report.dropped:
        console().print(f"left out: {counted(report.dropped)}", style="yellow")
