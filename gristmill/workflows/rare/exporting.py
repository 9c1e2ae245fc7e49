"""An evaluation set in the forms in which other tools run it: each export is a folder of its own, which holds the set, too."""

import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path
from typing import Any

import msgspec

from gristmill import registry
from gristmill.errors import StoreError, unknown
from gristmill.files import storing, sync_folder, sync_tree
from gristmill.lines import write_lines
from gristmill.play import briefs
from gristmill.recorders.chat import conversation
from gristmill.recorders.sets import EvaluationSet, Record, read_set
from gristmill.recorders.store import RunStore
from gristmill.types import Episode
from gristmill.workflows.rare.verifying import RUN, opened
from gristmill.world import Simulation, World

__all__ = ["FORMATS", "Exported", "export_set"]

Line = dict[str, Any]


class Exported(msgspec.Struct, frozen=True, kw_only=True):
    """What an export came to.

    Attributes:
        path: its folder.
        format: its name.
        records: how many of the set are in it.
        opening: what to type to run it.
        notes: what a person should know before using it.
    """

    path: str
    format: str
    records: int
    opening: str
    notes: list[str] = []


def export_set(path: Path, format: str, out: Path, *, seat: str = "", world: str = "") -> Exported:
    """Write a set as a folder that another tool runs.

    Args:
        path: the set.
        format: one of `FORMATS`.
        out: the folder to make.
        seat: whom the export is about, in worlds of several seats; by default the last one of the world.
        world: spec of the world, where it is another than when the set was built.

    Raises:
        UsageError: when there is no such format or seat, the format is not for such a world, or the world's code is not
            what the set was built with.
        StoreError: when the set is not what it was, or the folder is taken or cannot be written.
    """
    if format not in FORMATS:
        raise unknown("export format", format, FORMATS)
    found = read_set(path)
    plays = opened(found.manifest, world=world)
    made = registry.make(plays.world)
    try:
        own = seat or made.possible_agents[-1]
        if own not in made.possible_agents:
            raise unknown("seat", own, made.possible_agents, of=plays.world)
        with _draft(out) as folder:
            for name in ("manifest.json", "records.jsonl"):
                shutil.copyfile(path / name, folder / name)
            opening, notes = FORMATS[format](found, made, own, folder)
    finally:
        made.close()
    return Exported(
        path=str(out), format=format, records=len(found.records), opening=opening.format(out=out), notes=notes
    )


def _jsonl(found: EvaluationSet, world: World, seat: str, folder: Path) -> tuple[str, list[str]]:
    """Write the set as it is: a line of JSON for each record, and the manifest."""
    return "{out}/records.jsonl has a record a line", []


def _inspect(found: EvaluationSet, world: World, seat: str, folder: Path) -> tuple[str, list[str]]:
    """Write a dataset and a task of Inspect AI."""
    write_lines(folder / "dataset.jsonl", _samples(found, world, seat))
    text = (files("gristmill.workflows.rare") / "assets/inspect_task.txt").read_text(encoding="utf-8")
    (folder / "task.py").write_text(text, encoding="utf-8")
    player = "--model none -T policy=expert" if isinstance(world, Simulation) else "--model MODEL"
    notes = (
        []
        if found.of("estimating")
        else ["the set has no estimating records: the task tells shares, and no rate"]
    )
    return f"cd {{out}} && inspect eval task.py {player}", notes


def _samples(found: EvaluationSet, world: World, seat: str) -> Iterator[Line]:
    """Yield the samples of the records, in order: what the seat sees before its first act, and what is known."""
    heard = {} if isinstance(world, Simulation) else openings(found, world, seat)
    for one in found.records:
        yield {
            "id": one.id,
            "input": heard.get(one.id) or [{"role": "user", "content": _in_words(one)}],
            "target": "survives",
            "role": one.role,
            "weight": one.weight,
            "group": f"{one.role}: {one.stratum.name}",
            "stratum": one.stratum.name,
            "cell": one.stratum.cell,
            "severity": one.severity,
            "threshold": one.threshold,
            "world": one.provenance.world,
            "canary": one.canary,
        }


def openings(found: EvaluationSet, world: World, seat: str) -> dict[str, list[Line]]:
    """Return by record the messages that a seat has seen before its first act, in the episodes that the set was built by."""
    records = {one.place: one for one in found.records}
    told: dict[str, list[Line]] = {}
    for episode in RunStore.open(found.path / RUN).episodes():
        record = records.get((episode.scenario.id, episode.scenario.index))
        if record is not None:
            told[record.id] = conversation(_opening(episode, seat), seat, briefs(world, episode)[seat])
    return told


def _opening(episode: Episode, seat: str) -> Episode:
    """Return an episode up to the first act of a seat."""
    first = next((place for place, one in enumerate(episode.entries) if one["from"] == seat), None)
    return msgspec.structs.replace(episode, entries=episode.entries[:first])


def _in_words(one: Record) -> str:
    named = ", ".join(f"{name} {value}" for name, value in one.scenario.values.items())
    return f"Play {one.provenance.world} with {named}."


@contextmanager
def _draft(out: Path) -> Iterator[Path]:
    """Yield a folder that becomes `out` when the block ends well, and nothing otherwise."""
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise StoreError(f"Expected a new folder to write to, got {out}, which is taken; choose another.")
    draft = out.absolute().with_name(f".{out.name}.tmp")
    with storing(draft, "create"):
        shutil.rmtree(draft, ignore_errors=True)  # left by one that was killed
        draft.mkdir(parents=True)
    try:
        with storing(out, "write"):
            yield draft
            sync_tree(draft)
            if out.exists():
                out.rmdir()
            draft.replace(out)
            sync_folder(draft.parent)
    finally:
        shutil.rmtree(draft, ignore_errors=True)


FORMATS: Mapping[str, Callable[[EvaluationSet, World, str, Path], tuple[str, list[str]]]] = {
    "inspect": _inspect,
    "jsonl": _jsonl,
}
