"""`gristmill train`."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gristmill.cli.shared import Interrupted, Json, Run, Seed, answer, bar, console, percent

if TYPE_CHECKING:
    from gristmill.recorders.mine import View
    from gristmill.training.sft import TrainConfig
    from gristmill.workflows.learn import Lesson

_MOST_EPOCHS = 10_000
_EVERY = 30.0  # seconds between lines of progress where there is no terminal


def command(
    run: Run,
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder of the job, made or continued.")],
    view: Annotated[
        str, typer.Option(help="Learn from this view, see `gristmill mine`; else from all.")
    ] = "",
    seat: Annotated[str, typer.Option(help="The seat whose acts are learnt.")] = "agent",
    init: Annotated[
        Path | None, typer.Option(help="Folder of a job, checkpoint or model to start from; else nothing.")
    ] = None,
    steps: Annotated[int | None, typer.Option(min=1, help="Number of steps, in place of --epochs.")] = None,
    epochs: Annotated[float, typer.Option(help="Passes over the data.")] = 1.0,
    rows: Annotated[int, typer.Option(min=1, max=65_536, help="Episodes per step.")] = 16,
    rate: Annotated[float | None, typer.Option(help="Highest learning rate.")] = None,
    dim: Annotated[
        int | None, typer.Option(min=32, max=16_384, help="Width of a fresh model, a multiple of 32.")
    ] = None,
    layers: Annotated[int | None, typer.Option(min=1, max=512, help="Layers of a fresh model.")] = None,
    seed: Seed = 0,
    limit: Annotated[int | None, typer.Option(min=1, help="Most episodes to learn from.")] = None,
    json: Json = False,
) -> None:
    """Train a model on what a seat saw and did; run it again to go on where it stopped.

    Example: gristmill train runs/noisy --view default --seat agent --init models/base --steps 500 --out models/tuned
    """
    from gristmill.errors import UsageError
    from gristmill.recorders.mine import load_view
    from gristmill.recorders.store import RunStore

    store = RunStore.open(run)
    kept = load_view(store, view) if view else None
    if init is not None and (dim or layers):
        raise UsageError(
            "Expected --dim and --layers for a fresh model only; the one of --init has its shape."
        )
    from gristmill.workflows.learn import learn

    config = _config(epochs, rows, rate, dim, layers)
    with _told_where_it_stands(out), bar("training", each=_each(rows, kept), every=_EVERY) as progress:
        lesson = learn(
            store, out, view=kept, seat=seat, init=init, steps=steps, seed=seed, config=config, limit=limit,
            progress=progress,
        )  # fmt: skip
    if json:
        answer(lesson)
    else:
        _print(lesson)


def _each(rows: int, view: "View | None") -> str:
    """Return in words what a step is."""
    kept = f", from the {len(view.kept):,} that the view {view.name!r} keeps" if view else ""
    return f"steps of {rows:,} episodes{kept}"


@contextmanager
def _told_where_it_stands(out: Path) -> Iterator[None]:
    """Say when interrupted whether there is a checkpoint to go on from.

    Raises:
        Interrupted: when there is none.
    """
    try:
        yield
    except KeyboardInterrupt:
        if any(out.glob("step-*")):
            raise
        raise Interrupted("interrupted; no checkpoint yet, the same command starts anew") from None


def _config(
    epochs: float, rows: int, rate: float | None, dim: int | None, layers: int | None
) -> "TrainConfig":
    from dataclasses import replace

    from gristmill.agents.model.config import ModelConfig
    from gristmill.errors import UsageError
    from gristmill.training.sft import TrainConfig

    if not 0 < epochs <= _MOST_EPOCHS:
        raise UsageError(f"Expected --epochs above 0 and at most {_MOST_EPOCHS:,}, got {epochs:g}.")
    if rate is not None and not 0 < rate <= 1:
        raise UsageError(f"Expected --rate above 0 and at most 1, got {rate:g}; 0.02 is a good start.")
    model = ModelConfig()
    if dim is not None:
        if dim % 32:
            raise UsageError(f"Expected --dim to be a multiple of 32, the width of a head, got {dim}.")
        heads = dim // 32
        # Two query heads share one of key and value where they can; the inner width is 2.75 times the outer.
        shared = heads // 2 if heads % 2 == 0 else heads
        model = replace(model, dim=dim, heads=heads, head_dim=32, kv_heads=shared, ffn=dim * 11 // 4)
    if layers is not None:
        model = replace(model, layers=layers)
    config = TrainConfig(model=model, epochs=epochs, rows=rows)
    return config if rate is None else replace(config, rate=rate)


def _print(lesson: "Lesson") -> None:
    out = console()
    out.print(
        f"{lesson.steps:,} steps on {lesson.episodes:,} episodes ({lesson.tokens:,} tokens) in {lesson.seconds:.0f} s"
    )
    out.print(", ".join(f"{name} {value:.4f}" for name, value in sorted(lesson.metrics.items())))
    out.print(
        f"Loss on {lesson.covered:,} of {lesson.all_tokens:,} tokens ({percent(lesson.covered, lesson.all_tokens)}), "
        f"{lesson.acts:,} acts of {lesson.seat}, proved token by token"
    )
    for note in lesson.notes:
        out.print(note, style="yellow")
    out.print(f"Best checkpoint: {lesson.best}")
