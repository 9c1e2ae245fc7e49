"""Recorded episodes of a robot in, a network that moves it out, with a record of where its data came from."""

import time
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from gristmill.agents.robots.network import Network
from gristmill.errors import UsageError
from gristmill.recorders.mine import View
from gristmill.recorders.store import RunStore
from gristmill.steps import Steps
from gristmill.training import clone as cloning
from gristmill.training.clone import CloneConfig
from gristmill.training.frames import finite
from gristmill.training.metrics import Metrics
from gristmill.types import Episode
from gristmill.workflows.lessons import (
    Lesson,
    Progress,
    Row,
    Selection,
    Source,
    begin,
    common,
    conclude,
    needed,
    row,
    split,
)

__all__ = ["CloneLesson", "clone"]

_NAMED = 3  # of several episodes, as many as fit into a line


class CloneLesson(Lesson, frozen=True, kw_only=True):
    """What a job of behaviour cloning came to.

    Attributes:
        frames: control steps of the episodes that were learnt from.
    """

    frames: int

    @property
    def amount(self) -> str:
        return f"{self.frames:,} control steps"


def clone(
    store: RunStore,
    out: Path,
    *,
    view: View | None = None,
    seat: str = "robot",
    init: Path | None = None,
    config: CloneConfig | None = None,
    name: str = "",
    limit: int | None = None,
    held_out: Iterable[Path] = (),
    progress: Progress | None = None,
) -> CloneLesson:
    """Train a network to do what the robot did in the episodes of a run; a job that was killed goes on.

    Args:
        store: the run.
        out: folder of the job.
        view: which episodes to learn from; every one that no fault cut short if None.
        seat: of the robot.
        init: the job, checkpoint or model to start from; None starts from nothing.
        config: settings; the generation is set from the data.
        name: for reports; by default that of the folder.
        limit: most episodes to learn from, in the order of their scenarios.
        held_out: evaluation sets, whose scenarios are refused, as are those of the sets that the environment names.
        progress: called after every step with the steps done, the number of all steps, and the loss.

    Raises:
        UsageError: when there is nothing to learn from or some of it is held out, the episodes have no numeric steps or do not fit the model to
            start from, or `out` holds another job or anything else.

    An episode of the view whose verdicts do not release it any more is left out, with a note, and so is every one with
    numbers that are not finite.
    """
    begin(out)
    clock = time.monotonic()
    selection = Selection(store, view, held_out)
    rows = [row(episode, part, seat, _steps(episode)) for episode, part in selection]
    kept: list[Row[Steps]] = []
    odd: list[Row[Steps]] = []
    for one in rows:
        (kept if finite(one.what) else odd).append(one)
    notes = selection.notes + _told_of(odd)
    source = Source(store, view, seat, limit)
    learnt, checks = split(kept, limit)
    needed(learnt, [source], notes)
    config = replace(config or CloneConfig(), generation=1 + max(one.generation for one in learnt))
    result = cloning.clone(
        out, [one.what for one in learnt], world=_world(store), valid=[one.what for one in checks],
        init=Network.load(init) if init else None, config=config, progress=_told(progress),
    )  # fmt: skip
    lesson = CloneLesson(
        **common(
            out, sources=[(source, learnt)], init=init, name=name, checks=checks, history=result.history
        ),
        best=str(result.last),
        last=str(result.last),
        steps=result.steps,
        frames=result.frames,
        generation=config.generation,
        seconds=time.monotonic() - clock,
        dropped=selection.dropped | ({"not finite": len(odd)} if odd else {}),
        notes=notes,
    )  # fmt: skip
    conclude(lesson)
    return lesson


def _steps(episode: Episode) -> Steps:
    if episode.steps is None:
        raise UsageError(
            f"Expected episodes with numeric steps, got {episode.id} of {episode.world} without."
        )
    return episode.steps


def _told_of(odd: Sequence[Row[Steps]]) -> list[str]:
    """Return the note on episodes that cannot be learnt from, if there are any."""
    if not odd:
        return []
    names = ", ".join(one.id for one in odd[:_NAMED]) + (" …" if len(odd) > _NAMED else "")
    return [
        f"{len(odd):,} episodes have observations or actions that are not finite, and are left out ({names})"
    ]


def _world(store: RunStore) -> str:
    return next(store.episodes()).world


def _told(progress: Progress | None) -> "cloning.Told | None":
    if progress is None:
        return None

    def tell(metrics: Metrics, total: int) -> None:
        progress(metrics.step, total, {"loss": round(metrics.train_loss, 4)})

    return tell
