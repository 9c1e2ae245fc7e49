"""`gristmill export`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gristmill.cli.shared import HeldOut, Json, Run, answer, bar, console, counted

if TYPE_CHECKING:
    from gristmill.recorders.export import ExportReport

_EVERY = 10.0  # seconds between lines of progress where there is no terminal


def command(
    run: Run,
    format: Annotated[
        str,
        typer.Option(
            help="openai, messages, jsonl or preference (kept and failed play of one scenario, for DPO and the like); of "
            "robots minari, lerobot or robomimic."
        ),
    ] = "openai",
    view: Annotated[str, typer.Option(help="Name of the view to export, see `gristmill mine`.")] = "default",
    seat: Annotated[
        str | None,
        typer.Option(
            help="The seat whose acts are to be learnt; by default the one the view was mined for, else agent. A robot "
            "run has only one."
        ),
    ] = None,
    margin: Annotated[
        float | None,
        typer.Option(
            help="Of preference: play whose score is lower by so much, from 0 to 1, is rejected like failed play."
        ),
    ] = None,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="Folder; by default in the run.")] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace another export there.")] = False,
    held_out: HeldOut = None,
    json: Json = False,
) -> None:
    """Write the kept episodes as files to train on, each of them traceable to its record.

    Example: gristmill export runs/noisy --format openai --seat agent --out data/noisy

    Example: gristmill export runs/haggling --view seller --format preference --margin 0.2
    """
    from gristmill.recorders.export import export
    from gristmill.recorders.store import RunStore

    every = _EVERY if format == "robomimic" else 0.0  # each episode is played again for its states
    with bar("exporting", each="episodes", every=every) as progress:
        report = export(
            RunStore.open(run),
            view,
            format,
            seat,
            out,
            margin=margin,
            progress=progress,
            overwrite=overwrite,
            held_out=held_out or (),
        )
    if json:
        answer(report)
        return
    what = "lines" if f"{next(iter(report.lines))}.jsonl" in report.files else "episodes"
    console().print(f"{sum(report.lines.values()):,} {what} in {report.path}: {counted(report.lines)}")
    if words := _opening(report):
        console().print(f"To open it: {words}", soft_wrap=True)
    for note in report.notes:
        console().print(f"note: {note}", style="yellow")
    if report.dropped:
        console().print(f"left out: {counted(report.dropped)}", style="yellow")


def _opening(report: "ExportReport") -> str:
    """Return how the library that a format is of opens an export; nothing for lines of JSON, which need none."""
    found, folder = list(report.datasets.values()), Path(report.path)
    if not found:
        return ""
    others = f"; also {', '.join(found[1:])}" if found[1:] else ""
    if report.format == "minari":
        return f'set MINARI_DATASETS_PATH={folder}, minari.load_dataset("{found[0]}"){others}'
    if report.format == "lerobot":
        return f'LeRobotDataset("{found[0]}", root="{folder / found[0]}"){others}'
    if report.format == "robomimic":
        return f"python -m robomimic.scripts.train --algo bc --dataset {folder / found[0]}"
    return ""
