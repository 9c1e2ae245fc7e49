"""`gristmill report`."""

import shlex
from pathlib import Path
from typing import Annotated

import typer

from gristmill.cli.shared import Json, answer, console, rated


def command(
    run: Annotated[
        list[Path] | None, typer.Argument(metavar="RUN…", help="One or several run directories.")
    ] = None,
    out: Annotated[Path, typer.Option("--out", "-o", help="The page.")] = Path("report.html"),
    league: Annotated[
        Path | None, typer.Option(help="Folder of a league, made by `gristmill league`.")
    ] = None,
    rounds: Annotated[
        Path | None, typer.Option(help="Folder of rounds, made by `gristmill improve` of a dialogue.")
    ] = None,
    training: Annotated[
        list[Path] | None, typer.Option(help="Folder of a training job, for its curves; repeatable.")
    ] = None,
    transcripts: Annotated[int, typer.Option(min=0, help="How many episodes to show.")] = 10,
    title: Annotated[str, typer.Option(help="Title of the page.")] = "",
    json: Json = False,
) -> None:
    """Write one self-contained page: verdicts per stratum, yields, a league, rounds, learning curves, episodes to read.

    Example: gristmill report runs/eval-base runs/eval-tuned --training models/tuned --out report.html
    """
    from gristmill.workflows.report import report_runs, write_report

    words = ["gristmill", "report", *map(str, run or ()), *(f"--training={one}" for one in training or ())]
    words += [f"--league={league}"] if league else []
    words += [f"--rounds={rounds}"] if rounds else []
    data = report_runs(
        run or (),
        league=league,
        rounds=rounds,
        trainings=training or (),
        count=transcripts,
        title=title,
        command=shlex.join([*words, f"--out={out}"]),
    )
    page = write_report(data, out)
    if json:
        rates = {one.label: one.success for one in data.evaluations}
        answer({"page": str(page), "success": rates, "transcripts": len(data.transcripts)})
    else:
        for one in data.evaluations:
            console().print(f"{one.label}: {rated(one.success)}")
        if data.league or data.improvement:
            console().print(data.summary)
        for note in data.notes:
            console().print(note, style="red")
        console().print(f"The page: {page}")
