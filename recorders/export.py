"""Exports: a view of a run as files to train on, one line per kept episode and seat.

    train.jsonl, valid.jsonl, …   the lines; an empty part has a file too
    lineage.jsonl                 for each line: episode, scenario, seeds, world, policies, verdicts, generation
    report.json                   counts, drops with reasons, file hashes

A line holds only what its seat could see. The same view gives the same bytes. Files are written to a temporary folder
and appear under their name when all of them are whole.
"""

import os
import shutil
from collections.abc import Callable
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

import msgspec

from gristmill.digest import decoder, digest, encode, fingerprint_file
from gristmill.errors import StoreError, UsageError, boundary, unknown
from gristmill.play import briefs as told
from gristmill.recorders._files import storing, sync_folder
from gristmill.recorders._workers import Make, build
from gristmill.recorders.formats import FORMATS, Format
from gristmill.recorders.ledger import latest
from gristmill.recorders.mine import Kept, Stage, View, load_view
from gristmill.recorders.openai_rules import MIN_LINES
from gristmill.recorders.release import Ruling, other_code, own_run, rule, same_briefs, unknown_briefs
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
        dropped: kept episodes that did not become a line, by reason; `offenders` names some of them.
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
    """Write the episodes of a view that their verdicts still release as training files.

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
        UsageError: when the format, the view or the seat does not exist, nothing in the view can be exported, or the
            world tells the seat something else than when the run was played.
        StoreError: when `out` is taken by something else, or cannot be written; nothing is at `out` then.
    """
    if format not in FORMATS:
        raise unknown("export format", format, FORMATS)
    view = load_view(store, view) if isinstance(view, str) else view
    own_run(store, view.run)
    name = f"{view.name}-{format}-{seat}-{view.hash[:8]}"
    target = Path(out) if out is not None else store.path / "exports" / name
    if target.exists() and not target.is_dir():
        raise StoreError(f"Expected a folder to write to, but {target} is a file; choose another place.")
    temporary = target.absolute().with_name(f".{target.name}.tmp")
    with storing(temporary, "create"):
        shutil.rmtree(temporary, ignore_errors=True)  # left by an exporter that was killed
        temporary.mkdir(parents=True)
    try:
        with ExitStack() as stack:
            ask, version = (briefs, "") if briefs else _asker(store, make, seat, stack)
            line = _Line(store, view, FORMATS[format], seat, ask)
            report = _write(line, format, temporary, progress, make)
            report.notes += unknown_briefs(store, version, line.played) if version else []
        return _publish(report, temporary, target, overwrite)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _asker(store: RunStore, make: Make | None, seat: str, stack: ExitStack) -> tuple[Briefs, str]:
    """Return a function that asks the world at hand what a seat is told, and the version of that world."""
    make = make if make is not None else store.spec.get("world")
    if make is None:
        raise UsageError("Expected a world, but the run does not name one; pass its id or path.")
    world = build(make)
    stack.callback(world.close)
    same_briefs(store, world, seat)
    return (lambda episode, seat: told(world, episode)[seat]), world.version


class _Line:
    """Makes lines of kept episodes, and notes why one makes none."""

    def __init__(self, store: RunStore, view: View, form: Format, seat: str, ask: Briefs) -> None:
        self.store, self.view, self.form, self.seat, self.ask = store, view, form, seat, ask
        self.standings = latest(store.ledger())
        self.dropped: dict[str, int] = {}
        self.offenders: list[tuple[str, str]] = []
        self.judged_by: list[frozenset[str]] = []
        self.played: list[str] = []
        self.lapsed = 0
        self.shortened = 0

    def make(self, kept: Kept) -> tuple[dict[str, Any], dict[str, Any]] | None:
        """Return the line of a kept episode, and where it comes from."""
        try:
            episode = self.store.episode(kept.id)
        except StoreError as error:
            self._drop(kept, "damaged", str(error))
            return None
        ruling = rule(episode, self.standings.get(kept.id, {}), self.view.acceptance.level)
        if ruling.lapse:
            self.lapsed += 1
            self._drop(kept, ruling.lapse, ruling.lapse)
            return None
        if self.seat not in episode.seats:
            raise unknown("seat", self.seat, episode.seats)
        with boundary("world"):
            row, shortened = self.form.render(episode, self.seat, self.ask(episode, self.seat))
        if offences := self.form.check(row):
            reason = "begins with a refused act" if shortened else "format"
            self._drop(kept, reason, "; ".join(offences))
            return None
        self.judged_by.append(ruling.versions)
        self.played.append(episode.version)
        self.shortened += shortened
        return row, _origin(episode, self.seat, ruling, self.view)

    def _drop(self, kept: Kept, reason: str, message: str) -> None:
        self.dropped[reason] = self.dropped.get(reason, 0) + 1
        if len(self.offenders) < OFFENDERS:
            self.offenders.append((kept.id, message))


def _write(
    line: _Line,
    format: str,
    folder: Path,
    progress: Callable[[int, int], None] | None,
    make: Make | None,
) -> ExportReport:
    view = line.view
    parts = list(view.acceptance.split)
    report = ExportReport(
        format=format,
        seat=line.seat,
        run=line.store.id,
        view=view.name,
        view_hash=view.hash,
        lines=dict.fromkeys(parts, 0),
    )
    report.stages = list(view.stages)
    with storing(folder, "write"), ExitStack() as stack:
        files = {part: stack.enter_context((folder / f"{part}.jsonl").open("wb")) for part in parts}
        lineage = stack.enter_context((folder / "lineage.jsonl").open("wb"))
        for done, kept in enumerate(view.kept, 1):
            made = line.make(kept)
            if progress:
                progress(done, len(view.kept))
            if made is None:
                continue
            row, origin = made
            report.lines[kept.split] += 1
            files[kept.split].write(encode(row) + b"\n")
            place = {"file": f"{kept.split}.jsonl", "line": report.lines[kept.split]}
            lineage.write(encode(place | origin) + b"\n")
            generation = str(origin["generation"])
            report.generations[generation] = report.generations.get(generation, 0) + 1
    report.dropped, report.offenders = line.dropped, line.offenders
    if view.kept and not line.judged_by:
        raise _nothing(report, len(view.kept))
    report.notes = _notes(line, report, parts[0], make)
    report.files = {path.name: fingerprint_file(path) for path in sorted(folder.iterdir())}
    report.hash = digest(report.files)
    return report


def _nothing(report: ExportReport, kept: int) -> UsageError:
    why = ", ".join(f"{number:,} {reason}" for reason, number in report.dropped.items())
    name, message = report.offenders[0]
    return UsageError(
        f"Expected episodes to export in view {report.view!r}, got none of the {kept:,} that it keeps: {why}. "
        f"The first is {name}: {message}. `gristmill mine` makes the view anew."
    )


def _notes(line: _Line, report: ExportReport, first: str, make: Make | None) -> list[str]:
    notes = []
    if line.lapsed:
        notes.append(
            f"{line.lapsed:,} of {len(line.view.kept):,} kept episodes are left out, since their verdicts do not "
            "release them any more; mine the view again"
        )
    notes += other_code(line.store, line.judged_by, make)
    if line.shortened:
        notes.append(
            f"{line.shortened:,} conversations end before their first refused act, because who reads this format "
            "knows no weights and would learn it"
        )
    if report.format == "openai" and report.lines[first] < MIN_LINES:
        notes.append(f"{first} has {report.lines[first]} lines; a fine-tuning job wants {MIN_LINES} or more")
    return notes


def _origin(episode: Episode, seat: str, ruling: Ruling, view: View) -> dict[str, Any]:
    scenario = episode.scenario
    verdicts = {
        found.verdict_id: {
            "id": found.verdict_id,
            "verifier": verifier,
            "version": found.version,
            "level": found.level,
            "status": found.status,
        }
        for (verifier, _), found in ruling.verdicts.items()
    }
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
        "verdicts": [verdicts[name] for name in sorted(verdicts)],
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
            there = _export_at(target)
            if _same(target, there, report):
                return report
            if not overwrite:
                raise StoreError(
                    f"Expected a new folder, but {target} holds the export of view {there.view!r} as {there.format}; "
                    "choose another, or pass overwrite to replace it."
                )
            shutil.rmtree(target)
        temporary.replace(target)
        sync_folder(target.absolute().parent)
    return report


def _export_at(target: Path) -> ExportReport:
    """Return the report of the export that a folder holds, if it holds nothing else.

    Raises:
        StoreError: otherwise; whatever it is, it is somebody's, and is not replaced.
    """
    there = None
    with suppress(OSError, msgspec.DecodeError):
        there = decoder(ExportReport)((target / "report.json").read_bytes())
    own = {"report.json", *there.files} if there else set()
    others = sorted({path.name for path in target.iterdir()} - own)
    if there is None or others:
        raise StoreError(
            f"Expected a new folder or an export, but {target} holds something else: {', '.join(others[:3])}. "
            "That is never replaced; choose another."
        )
    return there


def _same(target: Path, there: ExportReport, report: ExportReport) -> bool:
    try:
        return there.hash == report.hash and all(
            fingerprint_file(target / name) == mark for name, mark in report.files.items()
        )
    except OSError:
        return False
