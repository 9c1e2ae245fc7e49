"""`gristmill instruct`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gristmill.cli.shared import Json, Seed, anew, answer, bar, console, percent, table

if TYPE_CHECKING:
    from gristmill.workflows.instruct import InstructReport

_EVERY = 10.0  # seconds between lines of progress where there is no terminal


def command(
    taxonomy: Annotated[
        str,
        typer.Argument(metavar="TAXONOMY", help="general, problems, support, or a file or folder of TOML."),
    ],
    out: Annotated[Path, typer.Option("--out", "-o", help="The file of JSON lines to write.")],
    n: Annotated[int, typer.Option("-n", "--tasks", min=1, help="How many new tasks.")] = 100,
    seed: Seed = 0,
    covered: Annotated[
        list[Path] | None,
        typer.Option(
            help="Tasks that there are already, a file or a run: they count, and are not made again; repeatable."
        ),
    ] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace a file that is there.")] = False,
    json: Json = False,
) -> None:
    """Make tasks by topic, the least covered first, each with an answer that can be checked.

    `general` asks questions and for calls of tools; the answer stands beside each task with how it is checked. `problems` are
    equations and word problems with solutions in steps, each checked with SymPy. `support` draws scenarios for
    support/retail-v1, to be played with `gristmill run support/retail-v1 --scenarios FILE`. No two tasks are alike; a leaf
    that has nothing new to give says so. Exit code 1 when that leaves too few tasks.

    Example: gristmill instruct general -n 1000 --out tasks.jsonl

    Example: gristmill instruct support -n 500 --covered runs/noisy --out more.jsonl
    """
    from gristmill.workflows.instruct import instruct

    with anew(), bar("making tasks", each="tasks", every=_EVERY) as progress:
        report = instruct(
            taxonomy, out, n=n, seed=seed, covered=covered or (), overwrite=overwrite, progress=progress
        )
    if json:
        answer(report)
    else:
        _print(report)
    if report.made < report.asked:
        raise typer.Exit(1)


def _print(report: "InstructReport") -> None:
    total = sum(one.total for one in report.leaves)
    known = any(one.before for one in report.leaves)
    shown = table("leaf", "target", "share", *(["before"] if known else []), "made", "refused", "")
    for one in report.leaves:
        drawn = f"{one.exact + one.near:,}" if one.exact + one.near else ""
        shown.add_row(
            one.leaf, percent(round(one.share * 1e6), 10**6), percent(one.total, total),
            *([f"{one.before:,}"] if known else []), f"{one.made:,}", drawn, "exhausted" if one.saturated else "",
            style="yellow" if one.saturated else None,
        )  # fmt: skip
    out = console()
    out.print(shown)
    covered = sum(one.total > 0 for one in report.leaves)
    out.print(
        f"{report.made:,} tasks in {report.out}; {covered} of {len(report.leaves)} leaves covered, "
        f"{report.distance:.1%} of all {total:,} tasks away from their shares."
    )
    if report.outside:
        out.print(f"note: {report.outside:,} of the tasks there were belong to no leaf.", style="yellow")
    if report.made < report.asked:
        out.print(f"All leaves are exhausted: {report.asked - report.made:,} tasks are missing.", style="red")
