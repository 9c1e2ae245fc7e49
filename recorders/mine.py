"""Mining: an acceptance policy turns a run into a view, a list of the ids of the episodes that are kept.

Nothing is copied and nothing removed: failures stay in the run, and every drop is written down with its reason.
"""

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from shlex import quote

import msgspec

from gristmill.digest import decoder, digest, encode
from gristmill.errors import StoreError, UsageError, unknown
from gristmill.files import storing, write_whole
from gristmill.lines import write_lines
from gristmill.recorders._acceptance import Acceptance, Row, baselines, row, sieve
from gristmill.recorders._files import check_name, still_lost
from gristmill.recorders._workers import Make
from gristmill.recorders.ledger import latest
from gristmill.recorders.release import Standings, other_code, rule
from gristmill.recorders.sets import Reserved
from gristmill.recorders.store import RunStore

__all__ = ["Acceptance", "Drop", "Kept", "Stage", "View", "load_view", "mine", "split_of"]

_NAMED = 5  # of many strata, those that a note names


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """An episode that is kept, with the scenario that decides its split, its stratum, and the score of the view's seat."""

    id: str
    scenario: str
    stratum: str
    split: str
    verdicts: tuple[str, ...]
    score: float | None = None


class Drop(msgspec.Struct, frozen=True, kw_only=True):
    """An episode that is not kept, and why; `stage` is where it was dropped."""

    id: str
    stage: str
    reason: str
    stratum: str = ""


class Stage(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the yield table: how many came in and went on, and the drops by reason."""

    name: str
    entered: int
    left: int
    reasons: dict[str, int]


class View(msgspec.Struct, frozen=True, kw_only=True):
    """The episodes of a run that an acceptance policy keeps.

    Attributes:
        name: its name.
        run: id of the run.
        acceptance: the policy.
        hash: digest of the policy and of the kept ids.
        stages: the yield table.
        strata: by stratum, how many were recorded, how many were dropped at each stage, and how many kept.
        kept: the episodes, in the order of their scenarios.
        notes: what a person should know before using it.
        baselines: by stratum, the mean score of the policy's seat; what it asks the seat to exceed, if it does.
    """

    name: str
    run: str
    acceptance: Acceptance
    hash: str
    stages: tuple[Stage, ...]
    strata: dict[str, dict[str, int]]
    kept: tuple[Kept, ...]
    notes: tuple[str, ...] = ()
    baselines: dict[str, float] = {}

    @property
    def ids(self) -> list[str]:
        """The ids of the kept episodes."""
        return [kept.id for kept in self.kept]

    @property
    def empty(self) -> list[str]:
        """The strata of which nothing is kept."""
        return [stratum for stratum, line in self.strata.items() if not line["kept"]]

    def whose(self, seat: str | None = None) -> str:
        """Return the seat that was asked for, by default the one it was mined for, empty if it was for whole episodes.

        Raises:
            UsageError: when it was mined for another one, which may have done badly where that one did well.
        """
        own = self.acceptance.seat
        if seat and own and seat != own:
            raise UsageError(
                f"Expected seat {own!r}, for which view {self.name!r} was mined, got {seat!r}; what is kept for one seat "
                f"may be bad play of another. `gristmill mine` with --seat {seat} makes a view for it."
            )
        return seat or own


def mine(
    store: RunStore,
    acceptance: Acceptance | None = None,
    *,
    make: Make | None = None,
    held_out: Iterable[str | os.PathLike[str]] = (),
) -> View:
    """Apply an acceptance policy and write the view to `views/<name>.json`, its drops beside it.

    Args:
        store: the run.
        acceptance: the policy.
        make: the world, to tell whether its code has changed since the verdicts; by default `spec["world"]` of the
            run, if it can be built.
        held_out: evaluation sets, whose scenarios are dropped, as are those of the sets that the environment names.

    Raises:
        UsageError: when nobody had the seat that the policy names, or the run is of an evaluation set.
        StoreError: when the view cannot be written.
    """
    acceptance, reserved = acceptance or Acceptance(), Reserved.of(held_out)
    reserved.check((), store.path)
    standings = latest(store.ledger())
    rows = _rows(store, standings, acceptance)
    means = baselines(rows) if acceptance.seat else {}
    lost = still_lost(store.damage, {one.id for one in rows}, standings.keys())
    drops = [Drop(id=name, stage="readable", reason=why) for name, why in lost]
    stages = [_stage("readable", len(rows) + len(drops), drops)]
    left = rows
    for name, judge in (*_held_out(reserved), *sieve(acceptance, means)):
        fresh = list(zip(left, judge(left), strict=True))
        dropped = [Drop(id=one.id, stage=name, reason=why, stratum=one.stratum) for one, why in fresh if why]
        stages.append(_stage(name, len(left), dropped))
        drops += dropped
        left = [one for one, why in fresh if not why]
    kept = tuple(_kept(one, acceptance) for one in left)
    strata = _strata(rows, drops)
    notes = [*_advice(store, acceptance, drops), *_by_seat(rows, acceptance), *_absent(strata)]
    view = View(
        name=acceptance.name,
        run=store.id,
        acceptance=acceptance,
        hash=digest([acceptance, [one.id for one in kept]]),
        stages=tuple(stages),
        strata=strata,
        kept=kept,
        notes=(*notes, *other_code(store, [one.versions for one in left], make)),
        baselines=means,
    )
    _write(store, view, drops)
    return view


def load_view(store: RunStore, name: str = "default") -> View:
    """Return a view that was mined before.

    Raises:
        UsageError: when there is none of that name.
        StoreError: when it cannot be read.
    """
    folder = store.path / "views"
    path = folder / f"{check_name('view', name)}.json"
    if not path.exists():
        there = [item.stem for item in folder.glob("*.json")]
        mined = f"gristmill mine {quote(str(store.path))}"
        hint = "" if there else f" `{mined if name == 'default' else f'{mined} --name {name}'}` makes it."
        raise UsageError(f"{unknown('view', name, there)}{hint}")
    with storing(path, "read"):
        data = path.read_bytes()
    try:
        return decoder(View)(data)
    except msgspec.DecodeError as error:
        raise StoreError(f"Expected a view in {path}, got something else: {error}. Mine it again.") from None


def split_of(scenario: str, split: Mapping[str, float]) -> str:
    """Return the part that a scenario belongs to, by the hash of its id: the same in every run and on every machine."""
    place = int(digest(["split", scenario])[:16], 16) / 16**16
    parts = [part for part, share in split.items() if share]
    for part in parts:
        if place < split[part]:
            return part
        place -= split[part]
    return parts[-1]  # the shares add up to a hair less than 1


def _held_out(reserved: Reserved) -> Iterator[tuple[str, Callable[[Sequence[Row]], list[str]]]]:
    """Yield the stage that drops what is held out, if anything is."""
    if reserved:
        yield "held out", lambda rows: [_in_words(reserved.holder(one.scenario)) for one in rows]


def _in_words(holder: str) -> str:
    return f"in the evaluation set {holder}" if holder else ""


def _rows(store: RunStore, standings: Mapping[str, Standings], acceptance: Acceptance) -> list[Row]:
    """Return what has to be remembered of every episode, in the order of their scenarios.

    Raises:
        UsageError: when nobody had the seat that the policy names.
    """
    seat, seats, rows = acceptance.seat, dict[str, None](), list[Row]()
    for episode in store.episodes():
        seats |= dict.fromkeys(episode.seats)
        ruling = rule(episode, standings.get(episode.id, {}), acceptance.level, seat)
        rows.append(row(episode, ruling, acceptance))
    if rows and seat and seat not in seats:
        raise unknown("seat", seat, seats, of=str(store.path))
    return sorted(rows, key=lambda one: (one.seed, one.draw, one.attempt, one.id))


def _stage(name: str, entered: int, drops: Iterable[Drop]) -> Stage:
    reasons: dict[str, int] = {}
    for drop in drops:
        reasons[drop.reason] = reasons.get(drop.reason, 0) + 1
    return Stage(
        name=name,
        entered=entered,
        left=entered - sum(reasons.values()),
        reasons=dict(sorted(reasons.items())),
    )


def _strata(rows: Iterable[Row], drops: Iterable[Drop]) -> dict[str, dict[str, int]]:
    table: dict[str, dict[str, int]] = {}
    for one in rows:
        line = table.setdefault(one.stratum, {"recorded": 0, "kept": 0})
        line["recorded"] += 1
        line["kept"] += 1
    for drop in drops:
        if drop.stage != "readable":
            line = table[drop.stratum]
            line[drop.stage] = line.get(drop.stage, 0) + 1
            line["kept"] -= 1
    return dict(sorted(table.items()))


def _advice(store: RunStore, acceptance: Acceptance, drops: Iterable[Drop]) -> Iterator[str]:
    """Yield what to run where episodes are dropped only because nobody has looked at them that strongly."""
    number = sum(drop.reason in ("no verdict", f"not {acceptance.level}") for drop in drops)
    if number:
        option = {"checked": "", "replayed": " --replay", "mutation-tested": " --mutate"}[acceptance.level]
        yield (
            f"{number:,} episodes have no verdict of level {acceptance.level} yet; "
            f"run `gristmill verify {quote(str(store.path))}{option}` and mine again"
        )


def _by_seat(rows: Sequence[Row], acceptance: Acceptance) -> Iterator[str]:
    """Yield that seats have outcomes of their own, where a policy for the whole episode passes over them."""
    named = sorted({seat for one in rows for seat in one.passes})
    if acceptance.seat or not named:
        return
    passed = {seat: sum(one.passes.get(seat, False) for one in rows) for seat in named}
    words = ", ".join(f"{number:,} for {seat}" for seat, number in passed.items())
    yield (
        f"each seat has an outcome of its own, and of {len(rows):,} episodes pass {words}; this view keeps what passes "
        f"as a whole, `--seat {named[-1]}` would keep what {named[-1]} did well"
    )


def _absent(strata: Mapping[str, Mapping[str, int]]) -> Iterator[str]:
    """Yield which strata a view lacks; when it lacks all of them, the yield table says why."""
    empty = [name or "(any)" for name, line in strata.items() if not line["kept"]]
    if empty and len(empty) < len(strata):
        more = f" and {len(empty) - _NAMED:,} more" if len(empty) > _NAMED else ""
        yield f"nothing is kept of {len(empty):,} of {len(strata):,} strata: {', '.join(empty[:_NAMED])}{more}"


def _kept(one: Row, acceptance: Acceptance) -> Kept:
    part = split_of(one.scenario, acceptance.split)
    return Kept(
        id=one.id, scenario=one.scenario, stratum=one.stratum, split=part, verdicts=one.verdicts, score=one.score
    )  # fmt: skip


def _write(store: RunStore, view: View, drops: Iterable[Drop]) -> None:
    folder: Path = store.path / "views"
    write_lines(folder / f"{view.name}.drops.jsonl", drops)
    write_whole(folder / f"{view.name}.json", encode(view))
