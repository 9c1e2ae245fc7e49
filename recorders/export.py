"""Exports: a view of a run as files to train on, one line per kept episode and seat.

    train.jsonl, valid.jsonl, …   the lines; an empty part has a file too
    lineage.jsonl                 for each line: episode, scenario, seeds, world, policies, verdicts, generation
    report.json                   counts, drops with reasons, file hashes

A line holds only what its seat could see. The same view gives the same bytes. Files are written to a temporary folder
and appear under their name when all of them are whole.
"""

import os
import shutil
from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import msgspec

from gristmill.digest import decoder, digest, encode, fingerprint_file
from gristmill.errors import StoreError, UsageError, boundary, unknown
from gristmill.play import briefs as told
from gristmill.recorders._files import storing, sync_folder
from gristmill.recorders._workers import Make, build
from gristmill.recorders.formats import FORMATS, Format, Sink
from gristmill.recorders.ledger import LedgerRow, verdict_id
from gristmill.recorders.mine import Kept, Stage, View, load_view
from gristmill.recorders.openai_rules import MIN_LINES
from gristmill.recorders.store import RunStore
from gristmill.types import Brief, Episode

__all__ = ["Briefs", "ExportReport", "export"]

Briefs = Callable[[Episode, str], Brief]
OFFENDERS = 20  # dropped episodes that a report names


class ExportReport(msgspec.Struct, kw_only=True):
    """What an export came to.

    Attributes:
        path: the folder, absolute.
        format: of the lines.
        seat: the one that is the assistant in them.
        run: id of the run.
        view: name of the view, and `view_hash` its hash.
        lines: number of lines by part of the split.
        dropped: kept episodes that could not become a line, by reason; `offenders` names some of them.
        generations: number of lines by generation of the policy in the seat.
        stages: the yield table of the view.
        notes: what a person should know before using it.
        files: fingerprint of every file.
        hash: digest of `files`.
    """

    path: str = ""
    format: str
    seat: str
    run: str
    view: str
    view_hash: str
    lines: dict[str, int]
    dropped: dict[str, int] = {}
    offenders: list[tuple[str, str]] = []
    generations: dict[str, int] = {}
    stages: list[Stage] = []
    notes: list[str] = []
    files: dict[str, str] = {}
    hash: str = ""


def export(
    store: RunStore,
    view: View | str = "default",
    format: str = "openai",
    seat: str = "agent",
    out: str | os.PathLike[str] | None = None,
    *,
    make: Make | None = None,
    briefs: Briefs | None = None,
    progress: Callable[[int, int], None] | None = None,
    overwrite: bool = False,
) -> ExportReport:
    """Write the kept episodes of a view as training files.

    Args:
        store: the run.
        view: a mined view, or its name.
        format: `openai`, `messages` or `jsonl`.
        seat: whose acts are to be learnt.
        out: the folder to make; by default one in `exports/` of the run, named after its content.
        make: the world, to ask it for the seat's brief; by default `spec["world"]` of the run.
        briefs: returns what a seat was told, instead of the world.
        progress: called with the number of episodes done and in all.
        overwrite: replace another export at `out`.

    Raises:
        UsageError: when the format, the view or the seat does not exist.
        StoreError: when `out` is taken by something else, or cannot be written; nothing is at `out` then.
    """
    if format not in FORMATS:
        raise unknown("export format", format, FORMATS)
    view = load_view(store, view) if isinstance(view, str) else view
    name = f"{view.name}-{format}-{seat}-{view.hash[:8]}"
    target = Path(out) if out is not None else store.path / "exports" / name
    temporary = target.absolute().with_name(f".{target.name}.tmp")
    with storing(temporary, "create"):
        shutil.rmtree(temporary, ignore_errors=True)  # left by an exporter that was killed
        temporary.mkdir(parents=True)
    try:
        with ExitStack() as stack:
            ask = briefs or _asker(store, make, stack)
            report = _write(store, view, FORMATS[format], format, seat, ask, temporary, progress)
        return _publish(report, temporary, target, overwrite)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _asker(store: RunStore, make: Make | None, stack: ExitStack) -> Briefs:
    make = make if make is not None else store.spec.get("world")
    if make is None:
        raise UsageError("Expected a world, but the run does not name one; pass its id or path.")
    world = build(make)
    stack.callback(world.close)
    return lambda episode, seat: told(world, episode)[seat]


def _write(
    store: RunStore,
    view: View,
    form: Format,
    format: str,
    seat: str,
    ask: Briefs,
    folder: Path,
    progress: Callable[[int, int], None] | None,
) -> ExportReport:
    parts = list(view.acceptance.split)
    report = ExportReport(
        format=format,
        seat=seat,
        run=store.id,
        view=view.name,
        view_hash=view.hash,
        lines=dict.fromkeys(parts, 0),
    )
    report.stages = list(view.stages)
    verdicts = _verdicts(store.ledger(), {name for kept in view.kept for name in kept.verdicts})
    with storing(folder, "write"), ExitStack() as stack:
        sinks: dict[str, Sink] = {
            part: stack.enter_context(form.sink(folder / f"{part}.{form.suffix}")) for part in parts
        }
        lineage = stack.enter_context((folder / "lineage.jsonl").open("wb"))
        for done, kept in enumerate(view.kept, 1):
            row, episode = _line(store, kept, form, seat, ask, report)
            if progress:
                progress(done, len(view.kept))
            if row is None or episode is None:
                continue
            report.lines[kept.split] += 1
            sinks[kept.split].write(row)
            origin = _origin(episode, kept, seat, verdicts, view)
            place = {"file": f"{kept.split}.{form.suffix}", "line": report.lines[kept.split]}
            lineage.write(encode(place | origin) + b"\n")
            generation = str(origin["generation"])
            report.generations[generation] = report.generations.get(generation, 0) + 1
    if format == "openai" and report.lines[parts[0]] < MIN_LINES:
        report.notes.append(
            f"{parts[0]} has {report.lines[parts[0]]} lines; a fine-tuning job wants {MIN_LINES} or more"
        )
    report.files = {path.name: fingerprint_file(path) for path in sorted(folder.iterdir())}
    report.hash = digest(report.files)
    return report


def _line(
    store: RunStore, kept: Kept, form: Format, seat: str, ask: Briefs, report: ExportReport
) -> tuple[dict[str, Any], Episode] | tuple[None, None]:
    """Return the line of a kept episode, or note in the report why there is none."""
    try:
        episode = store.episode(kept.id)
    except StoreError as error:
        return _drop(report, kept.id, "damaged", str(error))
    if seat not in episode.seats:
        raise unknown("seat", seat, episode.seats)
    with boundary("world"):
        row = form.render(episode, seat, ask(episode, seat))
    if offences := form.check(row):
        return _drop(report, kept.id, "format", "; ".join(offences))
    return row, episode


def _drop(report: ExportReport, episode_id: str, reason: str, message: str) -> tuple[None, None]:
    report.dropped[reason] = report.dropped.get(reason, 0) + 1
    if len(report.offenders) < OFFENDERS:
        report.offenders.append((episode_id, message))
    return None, None


def _verdicts(rows: Iterable[LedgerRow], wanted: set[str]) -> dict[str, dict[str, str]]:
    """Return what a line's origin says of the verdicts it rests on."""
    found: dict[str, dict[str, str]] = {}
    for row in rows:
        verdict = row.verdict
        if verdict is not None and (name := verdict_id(verdict)) in wanted:
            found[name] = {
                "id": name,
                "verifier": verdict.verifier,
                "version": verdict.version,
                "level": verdict.level,
                "status": verdict.status,
            }
    return found


def _origin(
    episode: Episode, kept: Kept, seat: str, verdicts: Mapping[str, dict[str, str]], view: View
) -> dict[str, Any]:
    scenario = episode.scenario
    return {
        "run": view.run,
        "view": view.hash,
        "episode": episode.id,
        "content_hash": episode.content_hash(),
        "world": episode.world,
        "version": episode.version,
        "scenario": scenario.id,
        "scenario_seed": scenario.seed,
        "scenario_index": scenario.index,
        "stratum": scenario.stratum,
        "log_density": scenario.log_density,
        "seed": episode.seed,
        "attempt": episode.attempt,
        "seats": episode.seats,
        "generation": episode.seats[seat].generation,
        "verdicts": [verdicts[name] for name in kept.verdicts if name in verdicts],
    }


def _publish(report: ExportReport, temporary: Path, target: Path, overwrite: bool) -> ExportReport:
    """Give the finished folder its name, unless the same export is there already."""
    with storing(target, "write"):
        (temporary / "report.json").write_bytes(encode(report))
        for path in temporary.iterdir():
            with path.open("rb") as file:
                os.fsync(file.fileno())
        report.path = str(target.absolute())
        if target.exists() and any(target.iterdir()):
            if _same(target, report):
                return report
            if not (overwrite and (target / "report.json").exists()):
                raise StoreError(
                    f"Expected a new folder, but {target} holds something else; choose another, "
                    "or pass overwrite to replace an export."
                )
            shutil.rmtree(target)
        temporary.replace(target)
        sync_folder(target.absolute().parent)
    return report


def _same(target: Path, report: ExportReport) -> bool:
    try:
        there = decoder(ExportReport)((target / "report.json").read_bytes())
        return there.hash == report.hash and all(
            fingerprint_file(target / name) == mark for name, mark in report.files.items()
        )
    except (OSError, msgspec.DecodeError):
        return False
