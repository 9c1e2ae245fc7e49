"""`gristmill train`."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gristmill.cli.shared import HeldOut, Interrupted, Json, Run, Seed, answer, bar, console

if TYPE_CHECKING:
    from gristmill.agents.model.config import ModelConfig
    from gristmill.recorders.mine import View
    from gristmill.recorders.store import RunStore
    from gristmill.workflows.lessons import Lesson

_MOST_EPOCHS = 10_000
_EVERY = 30.0  # seconds between lines of progress where there is no terminal


def command(
    run: Run,
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder of the job, made or continued.")],
    view: Annotated[
        str, typer.Option(help="Learn from this view, see `gristmill mine`; else from all.")
    ] = "",
    seat: Annotated[
        str,
        typer.Option(help="The seat whose acts are learnt; by default the view's, the only one, or `agent`."),
    ] = "",
    init: Annotated[
        Path | None, typer.Option(help="Folder of a job, checkpoint or model to start from; else nothing.")
    ] = None,
    steps: Annotated[int | None, typer.Option(min=1, help="Number of steps, in place of --epochs.")] = None,
    epochs: Annotated[
        float | None, typer.Option(help="Passes over the data; by default 1, or 5,000 steps for a robot.")
    ] = None,
    rows: Annotated[
        int | None,
        typer.Option(
            min=1,
            max=65_536,
            help="Episodes per step, by default 16; for a robot control steps, by default 256.",
        ),
    ] = None,
    rate: Annotated[float | None, typer.Option(help="Highest learning rate.")] = None,
    dim: Annotated[
        int | None, typer.Option(min=32, max=16_384, help="Width of a fresh model, a multiple of 32.")
    ] = None,
    layers: Annotated[int | None, typer.Option(min=1, max=512, help="Layers of a fresh model.")] = None,
    seed: Seed = 0,
    limit: Annotated[int | None, typer.Option(min=1, help="Most episodes to learn from.")] = None,
    held_out: HeldOut = None,
    json: Json = False,
) -> None:
    """Train a model on what a seat saw and did; run it again to go on where it stopped.

    Of a run of a dialogue it learns to write, of a run of a robot to move. What it makes plays as
    `model?checkpoint=FOLDER`, or for a robot `clone?checkpoint=FOLDER`.

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
    # What a fault cut short may lack its numbers.
    first = next((one for one in store.episodes() if one.fault is None), None)
    moves = first is not None and first.steps is not None
    seat = kept.whose(seat) if kept else seat
    if not seat:
        seat = next(iter(first.seats)) if first is not None and len(first.seats) == 1 else "agent"
    given = _Given(epochs=epochs, steps=steps, rows=rows, rate=rate, dim=dim, layers=layers, seed=seed)
    job = _clone if moves else _learn
    words = _each(given.rows or (256 if moves else 16), "control steps" if moves else "episodes", kept)
    with _told_where_it_stands(out), bar("training", each=words, every=_EVERY) as progress:
        lesson = job(
            store, out, given, view=kept, seat=seat, init=init, limit=limit, progress=progress, held_out=held_out or (),
        )  # fmt: skip
    if json:
        answer(lesson)
    else:
        _print(lesson)


@dataclass(frozen=True, kw_only=True)
class _Given:
    """The settings that were given, and None for the others."""

    epochs: float | None
    steps: int | None
    rows: int | None
    rate: float | None
    dim: int | None
    layers: int | None
    seed: int

    def __post_init__(self) -> None:
        from gristmill.errors import UsageError

        if self.epochs is not None and not 0 < self.epochs <= _MOST_EPOCHS:
            raise UsageError(f"Expected --epochs above 0 and at most {_MOST_EPOCHS:,}, got {self.epochs:g}.")
        if self.rate is not None and not 0 < self.rate <= 1:
            raise UsageError(
                f"Expected --rate above 0 and at most 1, got {self.rate:g}; "
                "0.02 is a good start for a dialogue, 0.003 for a robot."
            )

    def of(self, *names: str) -> dict[str, Any]:
        """Return those of some names that were given."""
        return {name: value for name in names if (value := getattr(self, name)) is not None}


def _learn(
    store: "RunStore", out: Path, given: _Given, *, view: "View | None", seat: str, limit: int | None, **more: Any
) -> "Lesson":  # fmt: skip
    """Train a model of text."""
    from gristmill.training.sft import TrainConfig
    from gristmill.workflows.learn import learn
    from gristmill.workflows.lessons import Source

    config = TrainConfig(model=_shape(given), **given.of("epochs", "rows", "rate"))
    source = Source(store, view, seat, limit)
    return learn([source], out, steps=given.steps, seed=given.seed, config=config, **more)


def _clone(store: "RunStore", out: Path, given: _Given, **more: Any) -> "Lesson":
    """Train a network that moves a robot."""
    from gristmill.training.clone import CloneConfig
    from gristmill.workflows.clone import clone

    length = given.of("steps") or given.of("epochs")
    config = CloneConfig(**length, **given.of("rows", "rate", "dim", "layers", "seed"))
    return clone(store, out, config=config, **more)


def _each(rows: int, what: str, view: "View | None") -> str:
    """Return in words what a step is."""
    kept = f", from the {len(view.kept):,} episodes that the view {view.name!r} keeps" if view else ""
    return f"steps of {rows:,} {what}{kept}"


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


def _shape(given: _Given) -> "ModelConfig":
    from dataclasses import replace

    from gristmill.agents.model.config import ModelConfig
    from gristmill.errors import UsageError

    model, dim = ModelConfig(), given.dim
    if dim is not None:
        if dim % 32:
            raise UsageError(f"Expected --dim to be a multiple of 32, the width of a head, got {dim}.")
        heads = dim // 32
        # Two query heads share one of key and value where they can; the inner width is 2.75 times the outer.
        shared = heads // 2 if heads % 2 == 0 else heads
        model = replace(model, dim=dim, heads=heads, head_dim=32, kv_heads=shared, ffn=dim * 11 // 4)
    return model if given.layers is None else replace(model, layers=given.layers)


def _print(lesson: "Lesson") -> None:
    out = console()
    out.print(
        f"{lesson.steps:,} steps on {lesson.episodes:,} episodes ({lesson.amount}) in {lesson.seconds:.0f} s"
    )
    out.print(", ".join(f"{name} {value:.4f}" for name, value in sorted(lesson.metrics.items())))
    if lesson.proof:
        out.print(lesson.proof)
    for note in lesson.notes:
        out.print(note, style="yellow")
    out.print(f"Best checkpoint: {lesson.best}")
