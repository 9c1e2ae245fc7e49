"""`gristmill verify`."""

from typing import TYPE_CHECKING, Annotated

import typer

from gristmill.cli.shared import Jobs, Json, Run, answer, bar, console, counted, percent

if TYPE_CHECKING:
    from gristmill.recorders.verify import VerifyReport
    from gristmill.types import Level

_SHOWN = 10  # episodes that were not reproduced


def command(
    run: Run,
    replay: Annotated[
        bool, typer.Option("--replay", help="Also replay every episode in a fresh process.")
    ] = False,
    mutate: Annotated[
        bool, typer.Option("--mutate", help="Also spoil every passing episode; each mutant must fail.")
    ] = False,
    tolerant: Annotated[
        bool,
        typer.Option(
            "--tolerant", help="Let the same outcome do for robots that were recorded on another platform."
        ),
    ] = False,
    jobs: Jobs = 1,
    json: Json = False,
) -> None:
    """Verify the episodes of a run, and record the verdicts; exit code 1 when a record does not hold.

    Example: gristmill verify runs/noisy --replay -j 2
    """
    from gristmill.errors import UsageError
    from gristmill.recorders.store import RunStore
    from gristmill.recorders.verify import verify_run

    if tolerant and not (replay or mutate):
        raise UsageError(
            "Expected --replay with --tolerant, since it is about what a replay comes to, got neither."
        )
    level: Level = "mutation-tested" if mutate else "replayed" if replay else "checked"
    with bar("verifying") as progress:
        report = verify_run(RunStore.open(run), level, jobs, progress, tolerant=tolerant)
    if json:
        answer(report)
    else:
        _print(report, replay or mutate)
    if report.broken or report.damage or "mutation" in report.reasons:
        raise typer.Exit(1)


def _print(report: "VerifyReport", replayed: bool) -> None:
    out = console()
    total = sum(report.counts.values())
    before = total - report.fresh
    out.print(
        f"{total:,} episodes {report.level}: {counted(report.counts) or 'none'}"
        + (f" ({before:,} of them before)" if before else "")
    )
    if report.reasons:
        out.print(f"What kept episodes from passing: {counted(report.reasons)}")
    if replayed:
        played = report.replayed
        same = played - len(report.mismatches)
        faulty = total - played
        out.print(
            f"Reproduced in a fresh process: {same:,} of {played:,} ({percent(same, played)})"
            + (
                f", {report.tolerated:,} of them within tolerance, not bit for bit"
                if report.tolerated
                else ""
            )
            + (f"; {faulty:,} more were ended by a fault and cannot be replayed" if faulty else "")
        )
        for version, number in report.elsewhere.items():
            out.print(
                f"{number:,} episodes were played by version {version} of the world; the code here is "
                f"{report.version}, so a replay shows what {report.version} makes of them",
                style="yellow",
            )
    for one in report.mismatches[:_SHOWN]:
        style = "red" if one in report.broken else "yellow"
        out.print(f"not reproduced: {one.id} ({one.stratum or 'no stratum'}), {one.place}", style=style)
    if len(report.mismatches) > _SHOWN:
        out.print(f"and {len(report.mismatches) - _SHOWN:,} more; `--json` lists them all")
    for line in report.damage[:10]:
        out.print(f"damaged: {line}", style="red")
