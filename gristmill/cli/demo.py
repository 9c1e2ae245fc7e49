"""`gristmill demo`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gristmill.cli.shared import Jobs, Json, Seed, answer, console, rated, stages

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

    Then a robot learns to pour from its own verified attempts. Run it again to go on where it stopped. It exits with 1
    when the fine-tuned model or the robot misses its bar.

    Example: gristmill demo --out runs/demo
    """
    from gristmill.workflows.demo import demo

    with stages() as tell:
        found = demo(out, scale=scale, seed=seed, jobs=jobs, tell=tell)
    if json:
        answer(found)
    else:
        console().print(_summary(found))
    if not found.met:
        raise typer.Exit(1)


def _summary(found: "Demo") -> str:
    bars = "Both bars are met" if found.met else "A bar is missed"
    evaluations = [found.base, found.tuned, *found.pouring.evaluations]
    worst = (
        ", what was not judged counted against it" if any(one.success.unjudged for one in evaluations) else ""
    )
    lines = [
        "",
        "Success on held-out scenarios, with 95 % intervals:",
        *[f"  {one.label:<17} {rated(one.success)}" for one in (found.base, found.tuned, found.expert)],
        f"Fine-tuning on verified episodes only: {found.points:+.1f} points.",
        "",
        "A robot that pours, from its own attempts:",
        *[f"  {one.label:<19} {rated(one.success)}" for one in found.pouring.evaluations],
        "",
        f"{bars}{worst}. {found.seconds:.0f} seconds.",
        "Reports: " + ", ".join([found.page, *found.more]),
    ]
    return "\n".join(lines)
