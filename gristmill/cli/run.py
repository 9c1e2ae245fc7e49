"""`gristmill run`."""

from pathlib import Path
from typing import Annotated

import typer

from gristmill.cli.shared import (
    Jobs,
    Json,
    Seats,
    Seed,
    World,
    answer,
    bar,
    console,
    counted,
    limited,
    seats_of,
)

_DRAWN = 100  # scenarios, if nothing else is asked for


def command(
    world: World,
    out: Annotated[Path, typer.Option("--out", "-o", help="The run directory, made or continued.")],
    seat: Seats = None,
    n: Annotated[
        int | None,
        typer.Option("-n", "--episodes", min=1, help="Number of scenarios to draw, by default 100."),
    ] = None,
    seed: Seed = 0,
    attempts: Annotated[int, typer.Option(min=1, help="How often each scenario is played.")] = 1,
    retry_errors: Annotated[
        list[str] | None,
        typer.Option(
            metavar="SEAT",
            help="Play scenarios whose attempts a fault of this seat cut short, such as an outage, once more; repeatable.",
        ),
    ] = None,
    steady: Annotated[
        list[str] | None,
        typer.Option(
            metavar="SEAT",
            help="Let this seat meet every attempt at a scenario in the same mood and words, so that attempts part where "
            "another acts otherwise, as preference pairs need; repeatable.",
        ),
    ] = None,
    jobs: Jobs = 1,
    executor: Annotated[
        str | None, typer.Option(help="inline, process or ray; by default by --jobs.")
    ] = None,
    scenarios: Annotated[
        Path | None,
        typer.Option(
            help='A file of scenarios to play instead of drawing, a line each: {"values": {…}}, with the values that '
            "`gristmill show WORLD` shows."
        ),
    ] = None,
    json: Json = False,
) -> None:
    """Play scenarios, judge every attempt and record all of them; run it again to go on where it stopped.

    Exit code 1 when every attempt ended in an error, whoever was at fault.

    Example: gristmill run support/retail-v1 --seat agent=noisy --seat customer=expert -n 2000 --out runs/noisy
    """
    from gristmill.errors import UsageError, unknown
    from gristmill.executors import EXECUTORS
    from gristmill.workflows.run import run

    where = next((one for one in EXECUTORS if one == executor), None)
    if executor is not None and where is None:
        raise unknown("executor", executor, EXECUTORS)
    if scenarios is not None and n is not None:
        raise UsageError(
            f"Expected either -n or --scenarios, got -n {n} and {scenarios}: of a file all scenarios are played."
        )
    limited((n or _DRAWN) * attempts if scenarios is None else attempts)
    with bar("playing") as progress:
        report = run(
            world, seats_of(seat), out, n=n or _DRAWN, seed=seed, attempts=attempts,
            retry_errors=retry_errors or (), steady=steady or (), jobs=jobs, executor=where, scenarios=scenarios, progress=progress,
        )  # fmt: skip
    if json:
        answer(report)
    elif report.played:
        console().print(
            f"{report.played:,} episodes played into {out}; in the run now: {counted(report.counts)}"
        )
    else:
        console().print(f"{out} is complete, nothing was left to play: {counted(report.counts)}")
    for name, notes in report.notes.items() if not json else ():
        figures = ", ".join(f"{value:,g} {what.replace('_', ' ')}" for what, value in notes.items() if value)
        if figures:
            console().print(f"{name}: {figures}")
    if report.errors and not json:
        for reason, number in report.errors.items():
            console().print(f"{number:,} × {reason}", style="yellow")
    if report.counts.keys() == {"error"}:
        if not report.played and not json:
            console().print("play them again with --retry-errors SEAT", style="yellow")
        raise typer.Exit(1)
