"""An evaluation set in the forms in which other tools run it: each export is a folder of its own, which holds the set, too."""

import shutil
from collections.abc import Callable, Mapping
from importlib.resources import files
from pathlib import Path

import msgspec

from gristmill import registry
from gristmill.errors import unknown
from gristmill.lines import write_lines
from gristmill.recorders.sets import new_folder, read_set
from gristmill.workflows.rare.exporting_lm_eval import write_lm_eval
from gristmill.workflows.rare.exporting_samples import Source, samples
from gristmill.workflows.rare.verifying import opened
from gristmill.world import Simulation

__all__ = ["FORMATS", "Exported", "export_set"]


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
        with new_folder(out) as folder:
            for name in ("manifest.json", "records.jsonl"):
                shutil.copyfile(path / name, folder / name)
            opening, notes = FORMATS[format](Source(found, plays, made, own), folder)
    finally:
        made.close()
    return Exported(
        path=str(out), format=format, records=len(found.records), opening=opening.format(out=out), notes=notes
    )


def _jsonl(source: Source, folder: Path) -> tuple[str, list[str]]:
    """Write the set as it is: a line of JSON for each record, and the manifest."""
    return "{out}/records.jsonl has a record a line", []


def _inspect(source: Source, folder: Path) -> tuple[str, list[str]]:
    """Write a dataset and a task of Inspect AI."""
    write_lines(folder / "dataset.jsonl", samples(source))
    text = (files("gristmill.workflows.rare") / "assets/inspect_task.txt").read_text(encoding="utf-8")
    (folder / "task.py").write_text(text, encoding="utf-8")
    player = "none -T policy=expert" if isinstance(source.world, Simulation) else "MODEL"
    told = source.set.of("estimating")
    notes = [] if told else ["the set has no estimating records: the task tells shares, and no rate"]
    return f"cd {{out}} && inspect eval task.py --model {player}", notes


FORMATS: Mapping[str, Callable[[Source, Path], tuple[str, list[str]]]] = {
    "inspect": _inspect,
    "jsonl": _jsonl,
    "lm-eval": write_lm_eval,
}
