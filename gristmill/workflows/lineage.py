"""Whether a policy has met the scenarios that it plays: what its model learnt from, and from what that one started.

A training job leaves `lesson.json` in its folder, which names the run it learnt from and the model it started from; so
does a refit, beside the prior. Whatever spec has a parameter `checkpoint` or `prior` leads there. Needs neither JAX nor
the model.
"""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from gristmill import registry
from gristmill.digest import decoder
from gristmill.errors import StoreError, UsageError
from gristmill.recorders.store import RunStore

__all__ = ["LESSON", "From", "HeldOut", "Learnt", "trained_on"]

LESSON = "lesson.json"


class HeldOut(msgspec.Struct, frozen=True, kw_only=True):
    """How many scenarios of a run were met before.

    Attributes:
        runs: by run they were looked for in, how many of them occur there.
        met: how many occur in any.
        unknown: what could not be looked into, and why.
    """

    runs: dict[str, int] = {}
    met: int = 0
    unknown: list[str] = []

    @classmethod
    def of(cls, scenarios: set[str], others: Iterable[RunStore], unknown: Iterable[str] = ()) -> "HeldOut":
        """Return where `scenarios`, which are ids, occur."""
        met: dict[str, set[str]] = {}
        for store in others:
            if str(store.path) not in met:
                met[str(store.path)] = scenarios & {episode.scenario.id for episode in store.episodes()}
        return cls(
            runs={name: len(ids) for name, ids in met.items()},
            met=len(set().union(*met.values())),
            unknown=list(dict.fromkeys(unknown)),
        )


def trained_on(seats: Mapping[str, str], near: Path) -> tuple[list[RunStore], list[str]]:
    """Return the runs that the models among some policies learnt from, and what could not be looked into.

    What a model learnt from may have been played by another one, and so on: those runs are among them.

    Args:
        seats: spec of the policy of each seat.
        near: where relative paths may begin besides the working folder: in this folder, or in one that it lies in.
    """
    runs: dict[str, RunStore] = {}
    unknown: list[str] = []
    todo = [(spec, near) for spec in seats.values()]
    for spec, place in todo:  # which grows meanwhile
        for origin in _origins(spec):
            for folder, job in _jobs(_found(origin, place)):
                if job is None:
                    unknown.append(f"what {folder} learnt from: there is no {LESSON} of a training job")
                    continue
                for source in job[1].all:
                    if (store := _run_of(job[0], source)) is None:
                        unknown.append(f"{source.run}, which {folder} learnt from: it is not there any more")
                    elif store.id not in runs:
                        runs[store.id] = store
                        todo += [(str(who.get("policy", "")), store.path) for who in _seats(store)]
    return list(runs.values()), unknown


def _seats(store: RunStore) -> Iterable[Mapping[str, Any]]:
    found: Mapping[str, Mapping[str, Any]] = store.spec.get("seats", {})
    return found.values()


class From(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Episodes that were learnt from.

    Attributes:
        run: the run directory, and `run_id` the id of the run.
        view: name of the view; empty where every episode was looked at.
        seat: whose acts were learnt.
        episodes: how many there were to learn from.
        generation: the highest of the policies that played them.
    """

    run: str
    run_id: str
    view: str = ""
    seat: str = ""
    episodes: int = 0
    generation: int = 0


class Learnt(msgspec.Struct, frozen=True, kw_only=True):
    """What of a lesson leads on.

    Attributes:
        sources: what was learnt from.
        init: the model or prior that was started from; empty for none.
        run, run_id: the only source, as lessons had it that were written before there could be several.
    """

    sources: list[From] = []
    init: str = ""
    run: str = ""
    run_id: str = ""

    @property
    def all(self) -> list[From]:
        """Everything that was learnt from."""
        return self.sources or [From(run=self.run, run_id=self.run_id)]


_read = decoder(Learnt)
_Job = tuple[Path, Learnt]  # the folder of a training job, and what it wrote


def _origins(spec: str) -> Iterator[str]:
    """Yield the models and priors in a spec; the spec of a policy, or several, may be a parameter of another."""
    try:
        _, given = registry.split(spec)
    except UsageError:
        return
    for name, value in given.items():
        if name in ("checkpoint", "prior") and value:
            yield value
        elif "?" in value:
            for one in value.split("|"):
                yield from _origins(one)


def _jobs(folder: Path) -> Iterator[tuple[Path, _Job | None]]:
    """Yield a model and its job, then those of the model that it started from, and so on."""
    met: set[Path] = set()
    while folder not in met:
        met.add(folder)
        job = _job(folder)
        yield folder, job
        if job is None or not job[1].init:
            return
        folder = _found(job[1].init, job[0])


def _job(folder: Path) -> _Job | None:
    """Return the job that a model, checkpoint, prior or job folder is of."""
    place = folder.resolve()
    for home in (place, *place.parents[:2]):
        if (home / LESSON).is_file():
            try:
                return home, _read((home / LESSON).read_bytes())
            except (msgspec.DecodeError, OSError):
                return None
    return None


def _run_of(home: Path, source: From) -> RunStore | None:
    try:
        store = RunStore.open(_found(source.run, home))
    except StoreError:
        return None
    return store if store.id == source.run_id else None


def _found(path: str, near: Path) -> Path:
    """Return where a path leads that was relative to some folder, this one or another."""
    starts = (Path(), *near.absolute().parents)
    return next((start / path for start in starts if (start / path).exists()), Path(path))
