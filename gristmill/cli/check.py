"""`gristmill check`."""

from typing import TYPE_CHECKING, Annotated

import typer

from gristmill.cli.shared import Json, Seed, World, answer, bar, console, table

if TYPE_CHECKING:
    from gristmill.testing import CheckReport

_COLOURS = {"pass": "green", "fail": "red", "skip": "yellow"}


def command(
    world: World,
    seat: Annotated[str, typer.Option(help="The seat whose success is judged; by default the last.")] = "",
    n: Annotated[int, typer.Option("-n", "--scenarios", min=1, help="Number of scenarios.")] = 100,
    only: Annotated[list[str] | None, typer.Option(help="Name of a check to run; repeatable.")] = None,
    seed: Seed = 0,
    json: Json = False,
) -> None:
    """Put a world to the whole battery of checks; exit code 1 when one of them fails.

    Example: gristmill check my_env.py:MyEnv
    """
    from gristmill.testing import check_world

    with bar("checking") as progress:
        report = check_world(world, seat=seat, n=n, seed=seed, only=only or (), progress=progress)
    if json:
        answer({"ok": report.ok, "world": report.world, "version": report.version, "seconds": report.seconds,
                "findings": report.findings})  # fmt: skip
    else:
        _print(report)
    if not report.ok:
        raise typer.Exit(1)


def _print(report: "CheckReport") -> None:
    from rich.text import Text

    shown = table("check", "", "measured")
    for one in report.findings:
        words = one.measured + (f"\nremedy: {one.remedy}" if one.remedy else "")
        shown.add_row(one.id, Text(one.status, style=_COLOURS[one.status]), words)
    out = console()
    out.print(shown)
    failed = ", ".join(one.id for one in report.failures)
    verdict = f"failed: {failed}" if failed else "all checks pass"
    out.print(f"{report.world}: {verdict} ({report.seconds:.1f} s)", style="red" if failed else "green")
