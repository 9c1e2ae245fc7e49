"""`gristmill demo`."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gristmill.cli.shared import Jobs, Json, Seed, answer, console, rated

if TYPE_CHECKING:
    from gristmill.workflows.demo import Demo


def command(
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder of runs, models and the report.")] = Path(
        "runs/demo"
    ),
    scale: Annotated[
        float, typer.Option(help="How much of everything: 1 takes minutes, 4 is at full difficulty.")
    ] = 1.0,
    seed: Seed = 0,
    jobs: Jobs = 2,
    json: Json = False,
) -> None:
    """Do the main job: play, verify, keep, fine-tune a small model on what was kept, and see it play better.

    Run it again to go on where it stopped. It exits with 1 when the fine-tuned model misses its bar.

    Example: gristmill demo --out runs/demo
    """
    from gristmill.workflows.demo import demo

    with _stages() as tell:
        found = demo(out, scale=scale, seed=seed, jobs=jobs, tell=tell)
    if json:
        answer(found)
    else:
        console().print(_summary(found))
    if not found.met:
        raise typer.Exit(1)


def _summary(found: "Demo") -> str:
    bar = "met" if found.met else "missed"
    aside = found.base.success.unjudged + found.tuned.success.unjudged
    worst = ", what was not judged counted against it" if aside else ""
    lines = [
        "",
        "Success on held-out scenarios, with 95 % intervals:",
        *[f"  {one.label:<17} {rated(one.success)}" for one in (found.base, found.tuned, found.expert)],
        f"Fine-tuning on verified episodes only: {found.points:+.1f} points. The bar is {bar}{worst}.",
        f"{found.seconds:.0f} seconds. Report: {found.page}",
    ]
    return "\n".join(lines)


@contextmanager
def _stages() -> Iterator[Callable[[str, int, int], None]]:
    """Show one bar per part on a terminal, and one line per part elsewhere."""
    import sys

    if not sys.stderr.isatty():
        told: list[str] = []

        def note(name: str, done: int, total: int) -> None:
            if name not in told:
                told.append(name)
                print(f"{name} …", file=sys.stderr, flush=True)

        yield note
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description:<24}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True)) as shown:
        tasks: dict[str, TaskID] = {}

        def progress(name: str, done: int, total: int) -> None:
            if name not in tasks:
                tasks[name] = shown.add_task(name, total=total)
            shown.update(tasks[name], completed=done, total=total)

        yield progress
