"""`gristmill eval`."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gristmill.cli.shared import (
    HeldOutSeed,
    Jobs,
    Json,
    Seats,
    World,
    answer,
    bar,
    console,
    counted,
    limited,
    rated,
    seats_of,
    table,
    unjudged,
)
from gristmill.workflows import EVALUATION_SEED

if TYPE_CHECKING:
    from gristmill.workflows.evaluate import Evaluation
    from gristmill.workflows.lineage import HeldOut
    from gristmill.workflows.metrics import Mean, PassK, Rate


def command(
    world: World,
    out: Annotated[Path, typer.Option("--out", "-o", help="The run directory, made or continued.")],
    seat: Seats = None,
    n: Annotated[int, typer.Option("-n", "--scenarios", min=1, help="Number of scenarios.")] = 512,
    trials: Annotated[int, typer.Option(min=1, help="How often scenarios are played, for pass^k.")] = 1,
    repeated: Annotated[
        int | None, typer.Option(min=1, help="How many scenarios are played --trials times; by default all.")
    ] = None,
    seed: HeldOutSeed = EVALUATION_SEED,
    held_out_from: Annotated[
        list[Path] | None,
        typer.Option(
            help="A run none of whose scenarios may occur, besides those a model learnt from; repeatable."
        ),
    ] = None,
    jobs: Jobs = 1,
    of: Annotated[
        str,
        typer.Option(
            metavar="SEAT",
            help="Whose success: by the own outcome and score of this seat, as in a negotiation; else of all together.",
        ),
    ] = "",
    label: Annotated[str, typer.Option(help="Short name, for tables.")] = "",
    json: Json = False,
) -> None:
    """Play scenarios with given policies and say how often they succeed; exit code 1 when one is not held out.

    A scenario is held out when it occurs neither in the runs that a model learnt from nor in those of --held-out-from.
    The exit code is also 1 when every attempt ended in an error, whoever was at fault.

    Example: gristmill eval support/retail-v1 --seat agent=model?checkpoint=models/tuned --seat customer=expert?forms=held-out
    -n 512 --trials 4 --out runs/eval-tuned

    Example: gristmill eval negotiation/market-v1 --seat seller=model?checkpoint=models/tuned --of seller --out runs/eval-seller
    """
    from gristmill.workflows.evaluate import evaluate

    limited(n + min(n, repeated or n) * (trials - 1))
    with bar("evaluating") as progress:
        found = evaluate(
            world, seats_of(seat), out, n=n, trials=trials, repeated=repeated, seed=seed,
            held_out_from=held_out_from or (), jobs=jobs, label=label, seat=of, progress=progress,
        )  # fmt: skip
    if json:
        answer({"evaluation": found, "overlap": found.held_out.met})
    else:
        _print(found)
        _print_held_out(found.held_out)
    if found.held_out.met or not found.success.n:
        raise typer.Exit(1)


def _print(found: "Evaluation") -> None:
    out = console()
    whose = f", for {found.seat}" if found.seat else ""
    out.print(f"{found.label}{whose}: {rated(found.success)}", style="bold")
    if found.score:
        out.print(_score(found.score))
    if found.errors:
        out.print(
            f"Errors by the side at fault: {counted(found.errors)}; see gristmill show {found.run} --status error"
        )
    for title, rates in found.by.items():
        if len(rates) > 1:
            out.print(_table(title, rates), "")
    if found.pass_k:
        out.print(_pass_k(found.pass_k))
    if found.checks:
        out.print(f"Checks that failed: {counted(found.checks)}")
    out.print(f"The run and its evaluation.json: {found.run}")


def _score(found: "Mean") -> str:
    return (
        f"Mean score: {found.mean:.3f} (95 % interval {found.low:.3f} to {found.high:.3f}, "
        f"{found.n:,} scenarios)"
    )


def _table(title: str, rates: Mapping[str, "Rate"]) -> Any:
    open_ends = any(rate.unjudged for rate in rates.values())
    shown = table(
        title, "passed", "judged", "success", "95 % interval", *(["not judged"] if open_ends else [])
    )
    for name, rate in rates.items():
        interval = f"{rate.low:.1%} - {rate.high:.1%}"
        aside = [unjudged(rate) if rate.unjudged else ""] if open_ends else []
        shown.add_row(name, str(rate.passed), str(rate.n), f"{rate.rate:.1%}", interval, *aside)
    return shown


def _pass_k(found: Sequence["PassK"]) -> str:
    figures = ", ".join(f"pass^{one.k} {one.rate:.1%}" for one in found)
    words = f"{figures} over {found[0].scenarios:,} scenarios"
    if not found[0].left_out:
        return words
    worst = ", ".join(f"{one.worst:.1%}" for one in found)
    return f"{words}; {found[0].left_out:,} more were not judged every time, {worst} at worst"


def _print_held_out(found: "HeldOut") -> None:
    out = console()
    for run, met in found.runs.items():
        out.print(f"Scenarios that occur in {run}: {met:,}", style="red" if met else "green")
    if found.met:
        out.print("They say what was learnt by heart; choose another --seed.", style="red")
    for words in found.unknown:
        out.print(f"Not known is {words}. Name its runs by --held-out-from.", style="yellow")
