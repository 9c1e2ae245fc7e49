"""`gristmill rare shrink`."""

from pathlib import Path
from typing import Annotated

import typer

from gristmill.cli.rare.options import Severity, Threshold
from gristmill.cli.shared import Json, Seats, Seed, World, answer, console, seats_of

Scenarios = Annotated[
    Path,
    typer.Argument(
        metavar="SCENARIOS", help="A file of scenarios, such as the failures.jsonl of an estimate or a hunt."
    ),
]


def command(
    world: World,
    scenarios: Scenarios,
    seat: Seats = None,
    line: Annotated[int, typer.Option(min=1, help="Which line of the file.")] = 1,
    same_kind: Annotated[
        bool,
        typer.Option("--same-kind", help="Keep what kind of failure it is, as the world tells kinds apart."),
    ] = False,
    severity: Severity = "",
    threshold: Threshold = None,
    calls: Annotated[int, typer.Option(min=1, help="Scenarios to simulate at most.")] = 100,
    seed: Seed = 0,
    json: Json = False,
) -> None:
    """Reduce a failing scenario to the least that still fails, no less plausible than it was.

    Example: gristmill rare shrink driving/highway-v1 runs/rare/failures.jsonl --seat driver=typical --line 3
    """
    from gristmill.digest import indented
    from gristmill.errors import UsageError
    from gristmill.registry import make
    from gristmill.workflows.rare.hunting import shrink
    from gristmill.workflows.scenarios import read_scenarios

    found = read_scenarios(scenarios, make(world))
    if line > len(found):
        raise UsageError(f"Expected a line from 1 to {len(found)} of {scenarios}, got {line}.")
    least = shrink(
        world, seats_of(seat), found[line - 1], severity=severity, threshold=threshold, same_kind=same_kind, calls=calls,
        seed=seed,
    )  # fmt: skip
    if json:
        answer(least)
        return
    out = console()
    out.print(least.words, style="bold")
    out.print(f"severity {least.severity:.3g}, found with {least.calls:,} simulated scenarios")
    out.print(indented(least.values).decode().rstrip())
