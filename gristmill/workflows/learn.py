"""Recorded episodes in, a trained model out, with a proof of what its loss covered and of where its data came from."""

import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple, overload

import msgspec

from gristmill.agents.model.mask import mask_report
from gristmill.agents.model.store import Model, load_model
from gristmill.agents.model.template import Template
from gristmill.agents.model.template import View as Seen
from gristmill.digest import decode, encode, indented
from gristmill.files import write_whole
from gristmill.play import briefs
from gristmill.recorders.chat import weighted
from gristmill.recorders.release import same_briefs, unknown_briefs
from gristmill.registry import make
from gristmill.training.metrics import Metrics
from gristmill.training.sft import TrainConfig, train
from gristmill.types import Brief, Episode
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
from gristmill.workflows.trainings import MASK
from gristmill.world import World

__all__ = ["TextLesson", "learn"]

MOST_VALID = 256  # episodes to validate on


class TextLesson(Lesson, frozen=True, kw_only=True):
    """What a job that trained a model of text came to.

    Attributes:
        tokens: of what its steps read.
        acts: acts with loss, and `covered` of `all_tokens` tokens; `mask.json` beside has the whole report.
    """

    tokens: int
    acts: int
    covered: int
    all_tokens: int

    @property
    def amount(self) -> str:
        return f"{self.tokens:,} tokens"

    @property
    def proof(self) -> str:
        share = f"{self.covered / self.all_tokens:.1%}" if self.all_tokens else "none"
        return (
            f"Loss on {self.covered:,} of {self.all_tokens:,} tokens ({share}), "
            f"{self.acts:,} acts of {' and '.join(dict.fromkeys(one.seat for one in self.sources))}, proved token by token"
        )


def learn(
    sources: Sequence[Source],
    out: Path,
    *,
    init: Path | None = None,
    steps: int | None = None,
    seed: int | None = None,
    config: TrainConfig | None = None,
    name: str = "",
    held_out: Iterable[Path] = (),
    progress: Progress | None = None,
) -> TextLesson:
    """Train on what seats saw and did in the episodes of runs; a job that was killed goes on.

    Args:
        sources: what to learn from. Each seat of one and the same run may be one: the model is then either in turn.
        out: folder of the job.
        init: the job (its best model), checkpoint or model to start from; None starts from nothing.
        steps: number of steps, in place of that of `config`.
        seed: of parameters and data order, in place of that of `config`.
        config: other settings; the generation is set from the data.
        name: for reports; by default that of the folder.
        held_out: evaluation sets, whose scenarios are refused, as are those of the sets that the environment names.
        progress: called after every step with the steps done, the number of all steps, and loss and accuracy.

    Raises:
        UsageError: when there is nothing to learn from or some of it is held out, `out` holds another job or anything else, or the model is to
            read what its seat is told and the world tells something else than when the run was played.

    An episode of a view whose verdicts do not release it any more is left out, with a note.
    """
    begin(out)
    clock = time.monotonic()
    start = load_model(init) if init else None
    config = config or TrainConfig()
    template = start.template if start else config.template
    reserved = tuple(held_out)
    found = [_rows(one, reserved, told=bool(template.brief)) for one in sources]
    halves = [split(rows, one.limit) for one, (rows, _, _) in zip(sources, found, strict=True)]
    learnt = sorted((one for rows, _ in halves for one in rows), key=lambda one: one.order)
    # By id, so that each of several sources has its share of those.
    checks = sorted((one for _, rows in halves for one in rows), key=lambda one: one.id)[:MOST_VALID]
    notes = [note for _, _, some in found for note in some]
    needed(learnt, sources, notes)
    config = replace(
        config,
        steps=config.steps if steps is None else steps,
        seed=config.seed if seed is None else seed,
        generation=1 + max(row.generation for row in learnt),
    )
    seen = _Views(learnt)
    result = train(
        out, seen, valid=_Views(checks), init=start, config=config,
        progress=_told(progress),
    )  # fmt: skip
    mask = _prove(load_model(result.best), seen, out)
    lesson = TextLesson(
        **common(
            out, sources=[(one, rows) for one, (rows, _) in zip(sources, halves, strict=True)], init=init, name=name,
            checks=checks, history=result.history,
        ),
        best=str(result.best),
        last=str(result.last),
        steps=result.steps,
        tokens=result.tokens,
        generation=config.generation,
        acts=mask["acts"],
        covered=sum(mask["covered"].values()),
        all_tokens=sum(mask["tokens"].values()),
        seconds=time.monotonic() - clock,
        dropped=dict(sum((Counter(some) for _, some, _ in found), Counter())),
        notes=notes,
    )  # fmt: skip
    conclude(lesson)
    return lesson


class _Heard(NamedTuple):
    """What is learnt of an episode."""

    seat: str
    entries: bytes
    brief: Brief | None


class _Views(Sequence[Seen]):
    """Views that are decoded when they are looked at: as JSON they take a tenth of the memory."""

    def __init__(self, rows: Sequence[Row[_Heard]]) -> None:
        self._rows = rows

    def __len__(self) -> int:
        return len(self._rows)

    @overload
    def __getitem__(self, index: int) -> Seen: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Seen]: ...
    def __getitem__(self, index: int | slice) -> Seen | Sequence[Seen]:
        if isinstance(index, slice):
            return _Views(self._rows[index])
        heard = self._rows[index].what
        return Seen(heard.seat, decode(heard.entries), heard.brief)


def _rows(
    source: Source, held_out: Sequence[Path] = (), *, told: bool = False
) -> tuple[list[Row[_Heard]], dict[str, int], list[str]]:
    """Return what is learnt of each episode, what of the view is left out by reason, and notes on both.

    With `told`, what the seat was told is learnt, too.
    """
    store, seat = source.store, source.seat if source.view is None else source.view.whose(source.seat)
    selection = Selection(store, source.view, held_out)
    rows, played = [], []
    world = make(store.spec["world"]) if told else None
    if world is not None:
        same_briefs(store, world, seat)
    for episode, part in selection:
        rows.append(row(episode, part, seat, _heard(episode, seat, world)))
        played.append(episode.version)
    notes = selection.notes
    if world is not None:
        notes += unknown_briefs(store, world.version, played)
        world.close()
    return rows, selection.dropped, notes


def _heard(episode: Episode, seat: str, world: World | None) -> _Heard:
    return _Heard(
        seat=seat,
        entries=encode(weighted(episode, seat)),
        brief=briefs(world, episode)[seat] if world is not None else None,
    )


def _told(progress: Progress | None) -> Callable[[Metrics, int], None] | None:
    if progress is None:
        return None

    def tell(metrics: Metrics, total: int) -> None:
        figures = {"loss": metrics.train_loss, "accuracy": metrics.train_mean_token_accuracy}
        progress(metrics.step, total, {name: round(value or 0.0, 3) for name, value in figures.items()})

    return tell


def _prove(model: Model, seen: Sequence[Seen], out: Path) -> Any:
    """Write what the loss covered, after proving it token by token."""
    report = msgspec.to_builtins(mask_report(Template(model.tokenizer, model.template), seen))
    write_whole(out / MASK, indented(report))
    return report
