"""Exports: the episodes of a view as files to train on.

    lineage.jsonl                 for each episode: where it lies, scenario, seeds, world, policies, verdicts, generation
    report.json                   counts, drops with reasons, file hashes

Beside them lie, of conversations (`formats.FORMATS`), a line per episode that holds only what its seat could see, or
(`formats.PREFERENCE`) per pair of it and a play of the same scenario that the seat failed:

    train.jsonl, valid.jsonl, …   the lines; an empty part has a file too

and of simulations (`formats.NUMERIC`) the datasets that `_minari`, `_lerobot` and `_robomimic` describe.

The same view gives the same bytes. Files are written to a temporary folder, episode by episode, and appear under their
name when all of them are whole.
"""

import os
import shutil
from collections.abc import Callable, Iterable
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any, NamedTuple

from gristmill.digest import digest, encode, fingerprint_file
from gristmill.errors import GristmillError, StoreError, UsageError, unknown
from gristmill.files import storing
from gristmill.play import briefs as told
from gristmill.recorders._lines import Lines
from gristmill.recorders._pairs import Pairs, Rivals
from gristmill.recorders._publishing import ExportReport, files, publish
from gristmill.recorders._workers import Make, build
from gristmill.recorders._writing import Setting, Unfit, Writer
from gristmill.recorders.formats import FORMATS, NUMERIC, PREFERENCE
from gristmill.recorders.ledger import latest
from gristmill.recorders.mine import Kept, View, load_view
from gristmill.recorders.release import Ruling, other_code, own_run, rule, same_briefs, unknown_briefs
from gristmill.recorders.sets import Reserved
from gristmill.recorders.store import RunStore
from gristmill.types import Brief, Episode
from gristmill.world import World

__all__ = ["Briefs", "ExportReport", "NothingToExport", "export"]

Briefs = Callable[[Episode, str], Brief]
OFFENDERS = 20  # dropped episodes that a report names
CHATS = (*FORMATS, PREFERENCE)  # what conversations are written as


class NothingToExport(UsageError):
    """Every episode of a view is left out."""


def export(
    store: RunStore,
    view: View | str = "default",
    format: str = "openai",
    seat: str | None = None,
    out: str | os.PathLike[str] | None = None,
    *,
    margin: float | None = None,
    make: Make | None = None,
    briefs: Briefs | None = None,
    progress: Callable[[int, int], None] | None = None,
    overwrite: bool = False,
    held_out: Iterable[str | os.PathLike[str]] = (),
) -> ExportReport:
    """Write the episodes of a view that their verdicts still release as training files.

    Args:
        store: the run.
        view: a mined view, or its name.
        format: `openai`, `messages`, `jsonl` or `preference` for conversations; `minari`, `lerobot` or `robomimic` for
            simulations.
        seat: whose acts are to be learnt; by default the one that the view was mined for, else `agent`. A simulation has
            only one.
        out: the folder to make; by default one in `exports/` of the run, named after its content.
        margin: of `preference`: a play whose score is lower than that of the kept one by so much, from 0 to 1, is as
            good as failed; None where only what failed is.
        make: the world, to ask it for the seat's brief and its spaces; by default `spec["world"]` of the run.
        briefs: returns what a seat was told, instead of the world.
        progress: called with the number of episodes done and in all.
        overwrite: replace another export at `out`.
        held_out: evaluation sets, whose scenarios are refused, as are those of the sets that the environment names.

    Raises:
        UsageError: when the format, the view or the seat does not exist, the view was mined for another seat, the format
            is not for such episodes, nothing in the view can be exported, some of it is held out, or the world tells
            the seat something else than when the run was played.
        StoreError: when `out` is taken by something else, or cannot be written; nothing is at `out` then.
    """
    if format not in CHATS and format not in NUMERIC:
        raise unknown("export format", format, [*CHATS, *NUMERIC])
    if margin is not None and (format != PREFERENCE or not 0 < margin <= 1):
        raise UsageError(
            f"Expected a margin above 0 and up to 1, for {PREFERENCE} alone, got {margin} for {format}."
        )
    view = load_view(store, view) if isinstance(view, str) else view
    own_run(store, view.run)
    Reserved.of(held_out).check((kept.scenario for kept in view.kept), store.path)
    seat = view.whose(seat) or "agent"
    first = _first(store, view)
    _same_kind(format, first if first is not None else _any(store))
    if format in NUMERIC and (first is None or not first.steps):
        raise UsageError(
            "Expected a view that keeps episodes with at least one step, got none; mine it anew."
        )
    if format in NUMERIC and first is not None and seat not in first.seats:
        seat = next(iter(first.seats))
    name = f"{view.name}-{format}-{seat}-{view.hash[:8]}"
    target = Path(out) if out is not None else store.path / "exports" / name
    if target.exists() and not target.is_dir():
        raise StoreError(f"Expected a folder to write to, but {target} is a file; choose another place.")
    temporary = target.absolute().with_name(f".{target.name}.tmp")
    with storing(temporary, "create"):
        shutil.rmtree(temporary, ignore_errors=True)  # left by an exporter that was killed
        temporary.mkdir(parents=True)
    report = ExportReport(
        format=format,
        seat=seat,
        run=store.id,
        view=view.name,
        view_hash=view.hash,
        lines=dict.fromkeys(view.acceptance.split, 0),
        stages=list(view.stages),
    )
    try:
        with ExitStack() as stack:
            hand = _at_hand(store, make, briefs, seat, stack, needed=format not in ("minari", "robomimic"))
            with storing(temporary, "write"), ExitStack() as files_open:
                released = _Released(store, view)
                writer = _writer(report, temporary, first, hand, released, margin)
                files_open.callback(writer.close)
                _write(released, writer, report, temporary, progress)
                report.datasets = {
                    part: writer.dataset(part) for part, number in report.lines.items() if number
                }
                report.notes = _notes(released, writer, hand, make)
        report.files = {path: fingerprint_file(temporary / path) for path in files(temporary)}
        report.hash = digest(report.files)
        return publish(report, temporary, target, overwrite)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _first(store: RunStore, view: View) -> Episode | None:
    """Return the first episode of a view that can be read; of a simulation, one in which something was done."""
    found = None
    for kept in view.kept:
        with suppress(StoreError):
            found = store.episode(kept.id)
            if found.steps is None or len(found.steps):
                return found
    return found


def _same_kind(format: str, first: Episode | None) -> None:
    """Refuse a format for conversations when the view is of simulations, and the other way round."""
    if format in CHATS and first is not None and first.steps is not None:
        raise UsageError(
            f"Expected a format for numeric episodes, since {first.world} is a simulation, got {format}; "
            f"use {', '.join(NUMERIC)}."
        )
    if format in NUMERIC and first is not None and first.steps is None:
        raise UsageError(
            f"Expected a format for conversations, since episodes of {first.world} have no numeric steps, got {format}; "
            f"use {', '.join(CHATS)}."
        )


def _any(store: RunStore) -> Episode | None:
    """Return an episode of the run that shows what kind it is; what a fault cut short may lack its numbers."""
    return next((one for one in store.episodes() if one.fault is None or one.steps is not None), None)


class _Hand(NamedTuple):
    """The world at hand: its spec, and what it tells a seat; `version` is empty when something else tells it."""

    spec: str = ""
    world: World | None = None
    ask: Callable[[Episode], Brief] | None = None
    version: str = ""


def _at_hand(
    store: RunStore, make: Make | None, briefs: Briefs | None, seat: str, stack: ExitStack, *, needed: bool
) -> _Hand:
    """Return the world, to ask what a seat is told.

    Raises:
        GristmillError: when the world is needed, and cannot be built or tells the seat something else than then.
    """
    make = make if make is not None else store.spec.get("world")
    spec = make if isinstance(make, str) else ""
    asked = None if briefs is None else (lambda episode: briefs(episode, seat))
    if asked is not None and needed:
        return _Hand(spec, None, asked)
    try:
        if make is None:
            raise UsageError("Expected a world, but the run does not name one; pass its id or path.")
        world = build(make)
        stack.callback(world.close)
        same_briefs(store, world, seat)
    except GristmillError:
        if needed:
            raise
        return _Hand(spec, None, asked)
    return _Hand(spec, world, asked or (lambda episode: told(world, episode)[seat]), world.version)


def _writer(
    report: ExportReport,
    folder: Path,
    first: Episode | None,
    hand: _Hand,
    released: "_Released",
    margin: float | None,
) -> Writer:
    parts = tuple(report.lines)
    if report.format in NUMERIC:
        assert first is not None
        setting = Setting(parts, report.seat, first, hand.spec, hand.world, hand.ask)
        return NUMERIC[report.format](folder, setting)
    assert hand.ask is not None
    if report.format == PREFERENCE:
        view, seat = released.view, report.seat
        rivals = Rivals(released.store, view, seat, released.standings, margin)
        return Pairs(
            folder, parts, seat, hand.ask, rivals, lambda one, found: _origin(one, seat, found, view)
        )
    return Lines(folder, parts, report.format, report.seat, hand.ask)


class _Released:
    """Reads the kept episodes that their verdicts still release, and notes why others are left out."""

    def __init__(self, store: RunStore, view: View) -> None:
        self.store, self.view = store, view
        self.standings = latest(store.ledger())
        self.dropped: dict[str, int] = {}
        self.offenders: list[tuple[str, str]] = []
        self.judged_by: list[frozenset[str]] = []
        self.played: list[str] = []
        self.lapsed = 0

    def read(self, kept: Kept) -> tuple[Episode, Ruling] | None:
        """Return a kept episode with what its verdicts come down to."""
        try:
            episode = self.store.episode(kept.id)
        except StoreError as error:
            self.drop(kept, "damaged", str(error))
            return None
        wanted = self.view.acceptance
        ruling = rule(episode, self.standings.get(kept.id, {}), wanted.level, wanted.seat)
        if ruling.lapse:
            self.lapsed += 1
            self.drop(kept, ruling.lapse, ruling.lapse)
            return None
        return episode, ruling

    def written(self, episode: Episode, ruling: Ruling) -> None:
        """Note that an episode is in the files."""
        self.judged_by.append(ruling.versions)
        self.played.append(episode.version)

    def drop(self, kept: Kept, reason: str, message: str) -> None:
        """Note that an episode is left out."""
        self.dropped[reason] = self.dropped.get(reason, 0) + 1
        if len(self.offenders) < OFFENDERS:
            self.offenders.append((kept.id, message))


def _write(
    released: _Released,
    writer: Writer,
    report: ExportReport,
    folder: Path,
    progress: Callable[[int, int], None] | None,
) -> None:
    """Write all episodes and their lineage, and count them in the report."""
    view = released.view
    with (folder / "lineage.jsonl").open("wb") as lineage:
        for done, kept in enumerate(view.kept, 1):
            if (found := released.read(kept)) is not None:
                episode, ruling = found
                try:
                    place = writer.add(episode, kept.split)
                except Unfit as unfit:
                    released.drop(kept, unfit.reason, str(unfit))
                else:
                    released.written(episode, ruling)
                    origin = _origin(episode, report.seat, ruling, view)
                    lineage.write(encode(place | origin) + b"\n")
                    report.lines[kept.split] += 1
                    generation = str(origin["generation"])
                    report.generations[generation] = report.generations.get(generation, 0) + 1
            if progress:
                progress(done, len(view.kept))
        report.dropped, report.offenders = released.dropped, released.offenders
        if view.kept and not released.judged_by:
            raise _nothing(report, len(view.kept))
        writer.finish()


def _nothing(report: ExportReport, kept: int) -> NothingToExport:
    why = ", ".join(f"{number:,} {reason}" for reason, number in report.dropped.items())
    name, message = report.offenders[0]
    return NothingToExport(
        f"Expected episodes to export in view {report.view!r}, got none of the {kept:,} that it keeps: {why}. "
        f"The first is {name}: {message}. `gristmill mine` makes the view anew."
    )


def _notes(released: _Released, writer: Writer, hand: _Hand, make: Make | None) -> list[str]:
    notes = []
    if released.lapsed:
        notes.append(
            f"{released.lapsed:,} of {len(released.view.kept):,} kept episodes are left out, since their verdicts do "
            "not release them any more; mine the view again"
        )
    notes += other_code(released.store, released.judged_by, make)
    notes += writer.notes()
    return notes + (unknown_briefs(released.store, hand.version, released.played) if hand.version else [])


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
        "score": ruling.score,
        "verdicts": [verdicts[name] for name in sorted(verdicts)],
    }
