"""`gristmill eval`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

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
    seats_of,
    table,
)

if TYPE_CHECKING:
    from gristmill.workflows.evaluate import Evaluation
    from gristmill.workflows.metrics import Rate


def command(
    world: World,
    out: Annotated[Path, typer.Option("--out", "-o", help="The run directory, made or continued.")],
    seat: Seats = None,
    n: Annotated[int, typer.Option("-n", "--scenarios", min=1, help="Number of scenarios.")] = 512,
    trials: Annotated[int, typer.Option(min=1, help="How often scenarios are played, for pass^k.")] = 1,
    repeated: Annotated[
        int | None, typer.Option(min=1, help="How many scenarios are played --trials times; by default all.")
    ] = None,
    seed: Seed = 0,
    held_out_from: Annotated[
        list[Path] | None, typer.Option(help="A run none of whose scenarios may occur; repeatable.")
    ] = None,
    jobs: Jobs = 1,
    label: Annotated[str, typer.Option(help="Short name, for tables.")] = "",
    json: Json = False,
) -> None:
    """Play scenarios with given policies and say how often they succeed; exit code 1 when one is not held out.

    Example: gristmill eval support/retail-v1 --seat agent=model?checkpoint=models/tuned --seat customer=expert?forms=held-out
    -n 512 --trials 4 --seed 7 --out runs/eval-tuned
    """
    from gristmill.recorders.store import RunStore
    from gristmill.workflows.evaluate import evaluate, overlap

    others = [RunStore.open(run) for run in held_out_from or ()]
    with bar("evaluating") as progress:
        found = evaluate(
            world, seats_of(seat), out, n=n, trials=trials, repeated=repeated, seed=seed, jobs=jobs, label=label,
            progress=progress,
        )  # fmt: skip
    met = overlap(RunStore.open(out), others) if others else 0
    if json:
        answer({"evaluation": found, "overlap": met})
    else:
        _print(found)
        if others:
            console().print(f"Scenarios that occur in the other runs: {met}", style="red" if met else "green")
    if met:
        raise typer.Exit(1)


def _print(found: "Evaluation") -> None:
    out = console()
    out.print(f"{found.label}: {_rate(found.success)}", style="bold")
    if found.success.errors or found.success.unverified:
        out.print(
            f"{found.success.errors} errors ({counted(found.errors)}) and {found.success.unverified} unverified "
            f"aside; were they failures, it would be {found.success.worst:.1%}"
        )
    for title, rates in found.by.items():
        if len(rates) > 1:
            shown = table(title, "passed", "judged", "errors", "success", "95 % interval")
            for name, rate in rates.items():
                shown.add_row(
                    name, str(rate.passed), str(rate.n), str(rate.errors or ""), f"{rate.rate:.1%}",
                    f"{rate.low:.1%} - {rate.high:.1%}",
                )  # fmt: skip
            out.print(shown, "")
    if found.pass_k:
        figures = ", ".join(f"pass^{one.k} {one.rate:.1%}" for one in found.pass_k)
        out.print(f"{figures} over {found.pass_k[0].scenarios} scenarios")
    if found.checks:
        out.print(f"Checks that failed: {counted(found.checks)}")
    out.print(f"The run and its evaluation.json: {found.run}")


def _rate(rate: "Rate") -> str:
    return f"{rate.rate:.1%} ({rate.passed:,} of {rate.n:,}; 95 % interval {rate.low:.1%} to {rate.high:.1%})"
