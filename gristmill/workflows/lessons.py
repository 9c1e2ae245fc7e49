"""What every training job shares: which episodes are learnt from, and what is left behind beside the checkpoints.

Needs neither JAX nor a model.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Generic, NamedTuple, TypeVar

import msgspec

from gristmill.digest import digest, indented
from gristmill.errors import UsageError, unknown
from gristmill.files import write_whole
from gristmill.recorders.ledger import latest
from gristmill.recorders.mine import Acceptance, View, split_of
from gristmill.recorders.release import Ruling, other_code, own_run, rule
from gristmill.recorders.sets import Reserved
from gristmill.recorders.store import RunStore
from gristmill.training.metrics import Metrics
from gristmill.types import Episode
from gristmill.workflows.lineage import LESSON, From
from gristmill.workflows.report_types import Training
from gristmill.workflows.trainings import training_of

__all__ = [
    "Lesson", "Progress", "Row", "Selection", "Source", "begin", "common", "conclude", "needed", "order", "row",
    "split",
]  # fmt: skip

T = TypeVar("T")
# Called with the steps done, the number of all steps, and figures by name.
Progress = Callable[[int, int, Mapping[str, float]], None]


class Lesson(msgspec.Struct, frozen=True, kw_only=True):
    """What a training job came to; written to `lesson.json` in its folder.

    Attributes:
        name: for reports.
        out: folder of the job.
        best: checkpoint to play, and `last` the newest.
        steps: steps done.
        generation: of the model.
        sources: the runs and views that it learnt from, and whose acts.
        data: digest of the ids of the episodes that were learnt from.
        episodes: how many they are, and `valid` how many of other scenarios it was validated on.
        dropped: episodes of the view that were not learnt from after all, by reason; `notes` says it in words, and
            what else a person should know.
        init: the checkpoint it started from, if any.
        metrics: the last value of each metric.
        seconds: how long this call took.
    """

    name: str
    out: str
    best: str
    last: str
    steps: int
    generation: int
    sources: list[From]
    data: str
    episodes: int
    valid: int
    init: str
    metrics: dict[str, float]
    seconds: float
    dropped: dict[str, int] = {}
    notes: list[str] = []

    @property
    def model(self) -> Path:
        """The checkpoint to play."""
        return Path(self.best)

    @property
    def amount(self) -> str:
        """How much the episodes hold, in words."""
        return ""

    @property
    def proof(self) -> str:
        """What the loss covered, in words; empty where that goes without saying."""
        return ""

    @property
    def training(self) -> Training:
        """Curves, and mask coverage if there is any, for the report."""
        kind = " and ".join(
            f"the view {one.view!r} of {one.run}" if one.view else f"every episode of {one.run}"
            for one in self.sources
        )
        return training_of(
            Path(self.out),
            name=self.name,
            about=f"{self.steps:,} steps over {self.amount} of {self.episodes:,} episodes, {kind}; "
            f"validated on {self.valid:,} of other scenarios."
            + "".join(f" Note: {note}." for note in self.notes),
        )


class Source(NamedTuple):
    """Episodes to learn from, as one seat saw them.

    Attributes:
        store: the run.
        view: which of its episodes; every one that no fault cut short if None.
        seat: whose acts are learnt.
        limit: most of them to learn from, in the order of their scenarios.
    """

    store: RunStore
    view: View | None = None
    seat: str = "agent"
    limit: int | None = None


class Row(NamedTuple, Generic[T]):
    """What is learnt of an episode.

    Attributes:
        order: what rows are sorted by: the scenario, so that the order of recording has no say.
        id: of the episode.
        part: of the split that it belongs to.
        generation: the highest of those who played.
        what: to learn from.
    """

    order: tuple[int, int, int, str]
    id: str
    part: str
    generation: int
    what: T


def order(episode: Episode) -> tuple[int, int, int, str]:
    """Return what episodes are sorted by before anything is learnt from them."""
    return (episode.scenario.seed, episode.scenario.index, episode.attempt, episode.id)


def row(episode: Episode, part: str, seat: str, what: T) -> Row[T]:
    """Return the row of an episode.

    Raises:
        UsageError: when nobody had the seat.
    """
    if seat not in episode.seats:
        raise unknown("seat", seat, episode.seats, of=episode.world)
    generation = max(who.generation for who in episode.seats.values())
    return Row(order(episode), episode.id, part, generation, what)


class Selection:
    """The episodes of a run that are learnt from, or validated on, with the part of the split that they belong to.

    Args:
        store: the run.
        view: which of its episodes; every one that no fault cut short if None. An episode of the view whose verdicts
            do not release it any more is left out, with a note.
        held_out: evaluation sets, whose scenarios are refused, as are those of the sets that the environment names.
    """

    def __init__(self, store: RunStore, view: View | None, held_out: Iterable[Path] = ()) -> None:
        self._store, self._reserved = store, Reserved.of(held_out)
        self._some = _Everything(store) if view is None else _Released(store, view)

    def __iter__(self) -> Iterator[tuple[Episode, str]]:
        met: set[str] = set()
        for episode in self._store.episodes():
            if part := self._some.part(episode):
                met.add(episode.scenario.id)
                yield episode, part
        # At the end, since nothing is learnt before all were looked at; so it says how many there are.
        self._reserved.check(met, self._store.path)

    @property
    def dropped(self) -> dict[str, int]:
        """How many of the view's episodes are left out, by reason, once all were looked at."""
        return self._some.dropped()

    @property
    def notes(self) -> list[str]:
        """What a person should know, once all were looked at."""
        return self._some.notes()


class _Everything:
    """The episodes that no fault cut short, right or wrong."""

    def __init__(self, store: RunStore) -> None:
        self._path, self._standings = store.path, latest(store.ledger())
        self._all = self._unproved = 0

    def part(self, episode: Episode) -> str:
        """Return the part of the split that an episode belongs to, empty when it is not to be learnt from."""
        if episode.fault is not None:
            return ""
        self._all += 1
        self._unproved += rule(episode, self._standings.get(episode.id, {}), "checked").outcome != "released"
        return split_of(episode.scenario.id, Acceptance().split)

    def dropped(self) -> dict[str, int]:
        return {}

    def notes(self) -> list[str]:
        if not self._unproved:
            return []
        note = (
            f"{self._unproved:,} of the {self._all:,} episodes are no verified successes, and are learnt from like the "
            f"others; `gristmill mine {self._path}` makes a view of those that are"
        )
        return [note]


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
        wanted = self._view.acceptance
        ruling = rule(episode, self._standings.get(episode.id, {}), wanted.level, wanted.seat)
        self._rulings[episode.id] = ruling
        return "" if ruling.lapse else self._parts[episode.id]

    def dropped(self) -> dict[str, int]:
        lost = len(self._parts) - len(self._rulings)
        reasons = [ruling.lapse for ruling in self._rulings.values() if ruling.lapse] + ["damaged"] * lost
        return {reason: reasons.count(reason) for reason in dict.fromkeys(reasons)}

    def notes(self) -> list[str]:
        dropped = self.dropped()
        why = ", ".join(f"{number:,} {reason}" for reason, number in dropped.items())
        out = f"{sum(dropped.values()):,} of {len(self._parts):,} kept episodes are left out ({why}); mine the view again"
        judged_by = [ruling.versions for ruling in self._rulings.values() if not ruling.lapse]
        return [out] * bool(dropped) + other_code(self._store, judged_by)


def begin(out: Path) -> None:
    """Look whether a folder can be that of a job.

    Raises:
        UsageError: when it is a file or a run.
    """
    if out.is_file() or (out / "run.json").exists():
        kind = "a file" if out.is_file() else "a run"
        raise UsageError(f"Expected a folder for the job, got {out}, which is {kind}; choose another.")


def split(rows: Iterable[Row[T]], limit: int | None = None) -> tuple[list[Row[T]], list[Row[T]]]:
    """Return the rows to learn from, at most `limit`, and those to validate on, in order."""
    ordered = sorted(rows, key=lambda one: one.order)
    return [one for one in ordered if one.part == "train"][:limit], [
        one for one in ordered if one.part == "valid"
    ]


def needed(learnt: Sequence[Row[Any]], sources: Sequence[Source], notes: Iterable[str]) -> None:
    """Look whether there is something to learn from.

    Args:
        learnt: what there is.
        sources: where it was looked for.
        notes: why there may be less than expected.

    Raises:
        UsageError: when there is nothing.
    """
    if not learnt:
        why = "".join(f" {note[0].upper()}{note[1:]}." for note in notes)
        where = " and ".join(str(one.store.path) for one in sources)
        raise UsageError(f"Expected episodes to learn from in {where}, got none in the part `train`.{why}")


def common(
    out: Path, *, sources: Sequence[tuple[Source, Sequence[Row[Any]]]], init: Path | None, name: str,
    checks: Sequence[Row[Any]], history: Sequence[Metrics],
) -> dict[str, Any]:  # fmt: skip
    """Return the fields of a lesson that follow from the data, the rows of each source, and the metrics of its job."""
    learnt = sorted((one for _, rows in sources for one in rows), key=lambda one: one.order)
    return {
        "name": name or out.name,
        "out": str(out),
        "sources": [_origin(source, rows) for source, rows in sources],
        "data": digest([one.id for one in learnt]),
        "episodes": len(learnt),
        "valid": len(checks),
        "init": str(init or ""),
        "metrics": _last(history),
    }


def _origin(source: Source, rows: Sequence[Row[Any]]) -> From:
    return From(
        run=str(source.store.path), run_id=source.store.id, view=source.view.name if source.view else "", seat=source.seat,
        episodes=len(rows), generation=max((one.generation for one in rows), default=0),
    )  # fmt: skip


def conclude(lesson: Lesson) -> None:
    """Write a lesson, and let the folder of its job stand for its best model: in specs, and as a model to start from."""
    out = Path(lesson.out)
    write_whole(out / LESSON, indented(lesson))
    link, draft = out / "model", out / ".model.tmp"
    draft.unlink(missing_ok=True)
    draft.symlink_to((lesson.model / "model").relative_to(out))
    draft.replace(link)


def _last(history: Sequence[Metrics]) -> dict[str, float]:
    values: dict[str, float] = {}
    for metrics in history:
        values |= {
            name: value for name, value in msgspec.to_builtins(metrics).items() if isinstance(value, float)
        }
    return values
