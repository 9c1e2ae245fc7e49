"""Recorded episodes in, a trained model out, with a proof of what its loss covered and of where its data came from."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple, overload

import msgspec

from gristmill.agents.model.mask import mask_report
from gristmill.agents.model.store import Model, load_model
from gristmill.agents.model.template import Template
from gristmill.agents.model.template import View as Seen
from gristmill.digest import decode, digest, encode
from gristmill.errors import UsageError, unknown
from gristmill.play import briefs
from gristmill.recorders.chat import weighted
from gristmill.recorders.ledger import latest
from gristmill.recorders.mine import Acceptance, View, split_of
from gristmill.recorders.release import Ruling, other_code, own_run, rule, same_briefs, unknown_briefs
from gristmill.recorders.store import RunStore
from gristmill.registry import make
from gristmill.training.metrics import Metrics
from gristmill.training.sft import TrainConfig, train
from gristmill.types import Brief, Episode
from gristmill.workflows.report_types import Training
from gristmill.workflows.trainings import MASK, training_of
from gristmill.world import World

__all__ = ["FILE", "Lesson", "learn"]

FILE = "lesson.json"
Progress = Callable[[int, int, Mapping[str, float]], None]


class Lesson(msgspec.Struct, frozen=True, kw_only=True):
    """What a training job came to; written to `lesson.json` in its folder.

    Attributes:
        name: for reports.
        out: folder of the job.
        best: checkpoint with the lowest validation loss, and `last` the newest.
        steps: steps done, and `tokens` of what they read.
        seat: whose acts were learnt.
        generation: of the model.
        run: the run directory of the data, `run_id` the id of the run, and `view` the name of the view, if any.
        data: digest of the ids of the episodes that were learnt from.
        episodes: how many they are, and `valid` how many of other scenarios it was validated on.
        dropped: episodes of the view that were not learnt from after all, by reason; `notes` says it in words, and
            what else a person should know.
        init: the checkpoint it started from, if any.
        metrics: the last value of each metric.
        acts: acts with loss, and `covered` of `all_tokens` tokens; `mask.json` beside has the whole report.
        seconds: how long this call took.
    """

    name: str
    out: str
    best: str
    last: str
    steps: int
    tokens: int
    seat: str
    generation: int
    run: str
    run_id: str
    view: str
    data: str
    episodes: int
    valid: int
    init: str
    metrics: dict[str, float]
    acts: int
    covered: int
    all_tokens: int
    seconds: float
    dropped: dict[str, int] = {}
    notes: list[str] = []

    @property
    def model(self) -> Path:
        """The checkpoint to play."""
        return Path(self.best)

    @property
    def training(self) -> Training:
        """Curves and mask coverage, for the report."""
        kind = f"the view {self.view!r} of {self.run}" if self.view else f"every episode of {self.run}"
        return training_of(
            Path(self.out),
            name=self.name,
            about=f"{self.steps:,} steps over {self.tokens:,} tokens of {self.episodes:,} episodes, {kind}; "
            f"validated on {self.valid:,} of other scenarios."
            + "".join(f" Note: {note}." for note in self.notes),
        )


def learn(
    store: RunStore,
    out: Path,
    *,
    view: View | None = None,
    seat: str = "agent",
    init: Path | None = None,
    steps: int | None = None,
    seed: int | None = None,
    config: TrainConfig | None = None,
    name: str = "",
    limit: int | None = None,
    valid_limit: int = 256,
    progress: Progress | None = None,
) -> Lesson:
    """Train on what one seat saw and did in the episodes of a run; a job that was killed goes on.

    Args:
        store: the run.
        out: folder of the job.
        view: which episodes to learn from; every one that no fault cut short if None.
        seat: whose acts are learnt.
        init: the job (its best model), checkpoint or model to start from; None starts from nothing.
        steps: number of steps, in place of that of `config`.
        seed: of parameters and data order, in place of that of `config`.
        config: other settings; the generation is set from the data.
        name: for reports; by default that of the folder.
        limit: most episodes to learn from, in the order of their scenarios.
        valid_limit: most episodes to validate on.
        progress: called after every step with the steps done, the number of all steps, and loss and accuracy.

    Raises:
        UsageError: when there is nothing to learn from, `out` holds another job or anything else, or the model is to
            read what its seat is told and the world tells something else than when the run was played.

    An episode of the view whose verdicts do not release it any more is left out, with a note.
    """
    if out.is_file() or (out / "run.json").exists():
        kind = "a file" if out.is_file() else "a run"
        raise UsageError(f"Expected a folder for the job, got {out}, which is {kind}; choose another.")
    begin = time.monotonic()
    start = load_model(init) if init else None
    config = config or TrainConfig()
    template = start.template if start else config.template
    rows, dropped, notes = _rows(store, view, seat, make(store.spec["world"]) if template.brief else None)
    learnt = [row for row in rows if row.part == "train"][:limit]
    checks = [row for row in rows if row.part == "valid"][:valid_limit]
    if not learnt:
        why = "".join(f" {note[0].upper()}{note[1:]}." for note in notes)
        raise UsageError(
            f"Expected episodes to learn from in {store.path}, got none in the part `train`.{why}"
        )
    config = replace(
        config,
        steps=config.steps if steps is None else steps,
        seed=config.seed if seed is None else seed,
        generation=1 + max(row.generation for row in learnt),
    )
    seen = _Views(seat, learnt)
    result = train(
        out, seen, valid=_Views(seat, checks), init=start, config=config,
        progress=_told(progress),
    )  # fmt: skip
    mask = _prove(load_model(result.best), seen, out)
    lesson = Lesson(
        name=name or out.name,
        out=str(out),
        best=str(result.best),
        last=str(result.last),
        steps=result.steps,
        tokens=result.tokens,
        seat=seat,
        generation=config.generation,
        run=str(store.path),
        run_id=store.id,
        view=view.name if view else "",
        data=digest([row.id for row in learnt]),
        episodes=len(learnt),
        valid=len(checks),
        init=str(init or ""),
        metrics=_last(result.history),
        acts=mask["acts"],
        covered=sum(mask["covered"].values()),
        all_tokens=sum(mask["tokens"].values()),
        seconds=time.monotonic() - begin,
        dropped=dropped,
        notes=notes,
    )
    _write(out / FILE, lesson)
    _point(out / "model", result.best / "model")
    return lesson


class _Row(NamedTuple):
    """What is learnt of an episode; sorts by scenario, so that the order of recording has no say."""

    seed: int
    draw: int
    attempt: int
    id: str
    part: str
    generation: int
    entries: bytes
    brief: Brief | None


class _Views(Sequence[Seen]):
    """Views that are decoded when they are looked at: as JSON they take a tenth of the memory."""

    def __init__(self, seat: str, rows: Sequence[_Row]) -> None:
        self._seat, self._rows = seat, rows

    def __len__(self) -> int:
        return len(self._rows)

    @overload
    def __getitem__(self, index: int) -> Seen: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Seen]: ...
    def __getitem__(self, index: int | slice) -> Seen | Sequence[Seen]:
        if isinstance(index, slice):
            return _Views(self._seat, self._rows[index])
        row = self._rows[index]
        return Seen(self._seat, decode(row.entries), row.brief)


def _rows(
    store: RunStore, view: View | None, seat: str, world: World | None
) -> tuple[list[_Row], dict[str, int], list[str]]:
    """Return what is learnt of each episode, what of the view is left out by reason, and notes on both."""
    released = _Released(store, view) if view is not None else None
    split = Acceptance().split
    rows, played = [], []
    if world is not None:
        same_briefs(store, world, seat)
    for episode in store.episodes():
        if released is not None:
            part = released.part(episode)
        else:
            part = "" if episode.fault is not None else split_of(episode.scenario.id, split)
        if part:
            rows.append(_row(episode, part, seat, world))
            played.append(episode.version)
    notes = released.notes() if released is not None else []
    if world is not None:
        notes += unknown_briefs(store, world.version, played)
        world.close()
    rows.sort(key=lambda row: row[:4])
    return rows, released.dropped() if released is not None else {}, notes


class _Released:
    """The episodes of a view, asked for one by one whether their verdicts release them still."""

    def __init__(self, store: RunStore, view: View) -> None:
        own_run(store, view.run)
        self._store, self._view = store, view
        self._parts = {kept.id: kept.split for kept in view.kept}
        self._standings = latest(store.ledger())
        self._rulings: dict[str, Ruling] = {}

    def part(self, episode: Episode) -> str:
        """Return the part of the split that an episode belongs to, empty when it is not to be learnt from."""
        if episode.id not in self._parts:
            return ""
        ruling = rule(episode, self._standings.get(episode.id, {}), self._view.acceptance.level)
        self._rulings[episode.id] = ruling
        return "" if ruling.lapse else self._parts[episode.id]

    def dropped(self) -> dict[str, int]:
        """Return how many of the view's episodes are left out, by reason, once all were asked for."""
        lost = len(self._parts) - len(self._rulings)
        reasons = [ruling.lapse for ruling in self._rulings.values() if ruling.lapse] + ["damaged"] * lost
        return {reason: reasons.count(reason) for reason in dict.fromkeys(reasons)}

    def notes(self) -> list[str]:
        """Return what a person should know."""
        dropped = self.dropped()
        why = ", ".join(f"{number:,} {reason}" for reason, number in dropped.items())
        out = f"{sum(dropped.values()):,} of {len(self._parts):,} kept episodes are left out ({why}); mine the view again"
        judged_by = [ruling.versions for ruling in self._rulings.values() if not ruling.lapse]
        return [out] * bool(dropped) + other_code(self._store, judged_by)


def _row(episode: Episode, part: str, seat: str, world: World | None) -> _Row:
    if seat not in episode.seats:
        raise unknown("seat", seat, episode.seats, of=episode.world)
    return _Row(
        seed=episode.scenario.seed,
        draw=episode.scenario.index,
        attempt=episode.attempt,
        id=episode.id,
        part=part,
        generation=max(who.generation for who in episode.seats.values()),
        entries=encode(weighted(episode, seat)),
        brief=briefs(world, episode)[seat] if world is not None else None,
    )


def _told(progress: Progress | None) -> Callable[[Metrics, int], None] | None:
    if progress is None:
        return None

    def tell(metrics: Metrics, total: int) -> None:
        figures = {"loss": metrics.train_loss, "accuracy": metrics.train_mean_token_accuracy}
        progress(metrics.step, total, {name: round(value, 3) for name, value in figures.items()})

    return tell


def _prove(model: Model, seen: Sequence[Seen], out: Path) -> Any:
    """Write what the loss covered, after proving it token by token."""
    report = msgspec.to_builtins(mask_report(Template(model.tokenizer, model.template), seen))
    _write(out / MASK, report)
    return report


def _last(history: Sequence[Metrics]) -> dict[str, float]:
    values: dict[str, float] = {}
    for metrics in history:
        values |= {
            name: value for name, value in msgspec.to_builtins(metrics).items() if isinstance(value, float)
        }
    return values


def _point(link: Path, target: Path) -> None:
    """Let the folder of a job stand for its best model, in specs of policies and as a model to start from."""
    draft = link.with_name(f".{link.name}.tmp")
    draft.unlink(missing_ok=True)
    draft.symlink_to(target.relative_to(link.parent))
    draft.replace(link)


def _write(path: Path, value: Any) -> None:
    path.write_bytes(msgspec.json.format(encode(value), indent=1) + b"\n")
