"""`gristmill rare check`."""

import typer

from gristmill.cli.rare.options import Fix, Severity, Threshold, fixed
from gristmill.cli.shared import Json, Seats, Seed, World, answer, console, seats_of


def command(
    world: World,
    seat: Seats = None,
    severity: Severity = "",
    threshold: Threshold = None,
    fix: Fix = None,
    seed: Seed = 0,
    json: Json = False,
) -> None:
    """Look whether the severity of a world can be searched by: graded, finite, the same for the same scenario.

    Exit code 1 when it cannot. `estimate` looks by itself before it begins.

    Example: gristmill rare check driving/highway-v1 --seat driver=typical
    """
    from gristmill.workflows.rare.checking import check
    from gristmill.workflows.rare.playing import Event

    found = check(
        Event(
            world=world,
            seats=seats_of(seat),
            severity=severity,
            threshold=threshold,
            fix=fixed(fix),
            seed=seed,
        )
    )
    bad = any(one.level == "error" for one in found.findings)
    if json:
        answer(found)
    else:
        out = console()
        out.print(f"{found.severity} of {found.world}: {found.about}", style="bold")
        for one in found.findings:
            out.print(f"{one.level}: {one.text}", style="red" if one.level == "error" else "yellow")
        if not found.findings:
            out.print("graded, finite, and the same for the same scenario", style="green")
        if found.quantiles:
            unit = f" {found.unit}" if found.unit else ""
            told = ", ".join(f"{share:.0%} {value:.3g}" for share, value in found.quantiles.items())
            out.print(f"As scenarios come it is: {told}{unit}; the event is at {found.threshold:g}{unit}.")
    if bad:
        raise typer.Exit(1)
