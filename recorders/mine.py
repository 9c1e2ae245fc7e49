"""Mining: an acceptance policy turns a run into a view, a list of the ids of the episodes that are kept.

Nothing is copied and nothing removed: failures stay in the run, and every drop is written down with its reason.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from shlex import quote
from typing import NamedTuple

import msgspec

from gristmill.digest import decoder, digest, encode
from gristmill.errors import StoreError, UsageError, unknown
from gristmill.recorders import _signatures
from gristmill.recorders._files import check_name, still_lost, storing, write_atomic
from gristmill.recorders._workers import Make
from gristmill.recorders.ledger import LEVELS, latest
from gristmill.recorders.release import Standings, other_code, rule
from gristmill.recorders.store import RunStore
from gristmill.types import Episode, Level

__all__ = ["Acceptance", "Drop", "Kept", "Stage", "View", "load_view", "mine", "split_of"]

_NAMED = 5  # of many strata, those that a note names


class Acceptance(msgspec.Struct, frozen=True, kw_only=True):
    """What an episode must be to be kept.

    Attributes:
        name: name of the policy, and of the view it makes.
        level: a passing verdict of at least this level is needed; a failing one of any level is a drop.
        min_acts: fewest acts of all seats together; in a simulation an act is a control step.
        max_acts: most of them, or None.
        distinct: keep one of several episodes with the same transcript.
        near_distinct: keep one of several that differ only in the values filled in.
        per_stratum: most episodes of one stratum, or None.
        split: share of the scenarios in each part; all attempts at one scenario go to the same part.
    """

    name: str = "default"
    level: Level = "checked"
    min_acts: int = 1
    max_acts: int | None = None
    distinct: bool = True
    near_distinct: bool = False
    per_stratum: int | None = None
    split: dict[str, float] = msgspec.field(
        default_factory=lambda: {"train": 0.9, "valid": 0.05, "test": 0.05}
    )

    def __post_init__(self) -> None:
        check_name("view", self.name)
        if self.level not in LEVELS:
            raise unknown("level", self.level, LEVELS)
        if not self.split or min(self.split.values()) < 0 or abs(sum(self.split.values()) - 1) > 1e-9:
            raise UsageError(f"Expected shares of a split that add up to 1, got {self.split}.")
        for part in self.split:
            check_name("split", part)


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """An episode that is kept, with the scenario that decides its split, and its stratum."""

    id: str
    scenario: str
    stratum: str
    split: str
    verdicts: tuple[str, ...]


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
    """

    name: str
    run: str
    acceptance: Acceptance
    hash: str
    stages: tuple[Stage, ...]
    strata: dict[str, dict[str, int]]
    kept: tuple[Kept, ...]
    notes: tuple[str, ...] = ()

    @property
    def ids(self) -> list[str]:
        """The ids of the kept episodes."""
        return [kept.id for kept in self.kept]

    @property
    def empty(self) -> list[str]:
        """The strata of which nothing is kept."""
        return [stratum for stratum, line in self.strata.items() if not line["kept"]]


class _Row(NamedTuple):
    """What has to be remembered of an episode; sorts by scenario, so that the order of recording has no say."""

    seed: int
    draw: int
    attempt: int
    id: str
    scenario: str
    stratum: str
    reason: str  # why the verdict policy drops it; empty when it does not
    length: str
    exact: str
    near: str
    verdicts: tuple[str, ...]
    versions: frozenset[str]


def mine(store: RunStore, acceptance: Acceptance | None = None, *, make: Make | None = None) -> View:
    """Apply an acceptance policy and write the view to `views/<name>.json`, its drops beside it.

    Args:
        store: the run.
        acceptance: the policy.
        make: the world, to tell whether its code has changed since the verdicts; by default `spec["world"]` of the
            run, if it can be built.

    Raises:
        StoreError: when the view cannot be written.
    """
    acceptance = acceptance or Acceptance()
    standings = latest(store.ledger())
    rows = sorted(_row(episode, standings.get(episode.id, {}), acceptance) for episode in store.episodes())
    lost = still_lost(store.damage, {row.id for row in rows}, standings.keys())
    drops = [Drop(id=name, stage="readable", reason=why) for name, why in lost]
    stages = [_stage("readable", len(rows) + len(drops), drops)]
    left = rows
    for name, reason in _sieve(acceptance):
        fresh = [(row, reason(row)) for row in left]
        dropped = [Drop(id=row.id, stage=name, reason=why, stratum=row.stratum) for row, why in fresh if why]
        stages.append(_stage(name, len(left), dropped))
        drops += dropped
        left = [row for row, why in fresh if not why]
    kept = tuple(_kept(row, acceptance) for row in left)
    strata = _strata(rows, drops)
    notes = [*_advice(store, acceptance, drops), *_absent(strata)]
    view = View(
        name=acceptance.name,
        run=store.id,
        acceptance=acceptance,
        hash=digest([acceptance, [one.id for one in kept]]),
        stages=tuple(stages),
        strata=strata,
        kept=kept,
        notes=(*notes, *other_code(store, [row.versions for row in left], make)),
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


def _row(episode: Episode, standings: Standings, acceptance: Acceptance) -> _Row:
    ruling = rule(episode, standings, acceptance.level)
    reason = ruling.reason
    return _Row(
        seed=episode.scenario.seed,
        draw=episode.scenario.index,
        attempt=episode.attempt,
        id=episode.id,
        scenario=episode.scenario.id,
        stratum=episode.scenario.stratum,
        reason=reason,
        length="" if reason else _length_reason(_acts(episode), acceptance),
        exact="" if reason else _signatures.exact(episode),
        near=_signatures.near(episode) if acceptance.near_distinct and not reason else "",
        verdicts=tuple(sorted({found.verdict_id for found in ruling.verdicts.values()})),
        versions=ruling.versions,
    )


def _acts(episode: Episode) -> int:
    """Return how often anybody acted, be it by an entry or by an action."""
    said = sum(entry.get("from") in episode.seats for entry in episode.entries)
    return said + (len(episode.steps) if episode.steps is not None else 0)


def _length_reason(acts: int, acceptance: Acceptance) -> str:
    if acts < acceptance.min_acts:
        return f"fewer than {acceptance.min_acts} acts"
    if acceptance.max_acts is not None and acts > acceptance.max_acts:
        return f"more than {acceptance.max_acts} acts"
    return ""


def _sieve(acceptance: Acceptance) -> Iterator[tuple[str, Callable[[_Row], str]]]:
    """Yield the stages, in order: a name, and a function from a row to why it is dropped."""
    yield "verdict", lambda row: row.reason
    yield "length", lambda row: row.length
    if acceptance.distinct:
        yield "distinct", _first_of(lambda row: row.exact, 1, "same transcript as an earlier episode")
    if acceptance.near_distinct:
        yield (
            "near-distinct",
            _first_of(lambda row: row.near, 1, "differs from an earlier episode only in values"),
        )
    if acceptance.per_stratum is not None:
        most = acceptance.per_stratum
        yield "balance", _first_of(lambda row: row.stratum, most, f"more than {most} of its stratum")


def _first_of(key: Callable[[_Row], str], most: int, reason: str) -> Callable[[_Row], str]:
    seen: dict[str, int] = {}

    def judge(row: _Row) -> str:
        name = key(row)
        seen[name] = seen.get(name, 0) + 1
        return reason if seen[name] > most else ""

    return judge


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


def _strata(rows: Iterable[_Row], drops: Iterable[Drop]) -> dict[str, dict[str, int]]:
    table: dict[str, dict[str, int]] = {}
    for row in rows:
        line = table.setdefault(row.stratum, {"recorded": 0, "kept": 0})
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


def _absent(strata: Mapping[str, Mapping[str, int]]) -> Iterator[str]:
    """Yield which strata a view lacks; when it lacks all of them, the yield table says why."""
    empty = [name or "(any)" for name, line in strata.items() if not line["kept"]]
    if empty and len(empty) < len(strata):
        more = f" and {len(empty) - _NAMED:,} more" if len(empty) > _NAMED else ""
        yield f"nothing is kept of {len(empty):,} of {len(strata):,} strata: {', '.join(empty[:_NAMED])}{more}"


def _kept(row: _Row, acceptance: Acceptance) -> Kept:
    part = split_of(row.scenario, acceptance.split)
    return Kept(id=row.id, scenario=row.scenario, stratum=row.stratum, split=part, verdicts=row.verdicts)


def _write(store: RunStore, view: View, drops: Iterable[Drop]) -> None:
    folder: Path = store.path / "views"
    with storing(folder, "create"):
        folder.mkdir(exist_ok=True)
    write_atomic(folder / f"{view.name}.drops.jsonl", b"".join(encode(drop) + b"\n" for drop in drops))
    write_atomic(folder / f"{view.name}.json", encode(view))
