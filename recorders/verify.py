"""Verification: an episode is judged by evidence in its record, then by what a fresh world makes of its acts.

Three levels, each containing the one before. `checked`: the world's own checks pass on the record. `replayed`: a
fresh world, given the recorded acts, reaches every recorded entry, number and the final state. `mutation-tested`: with
any state-changing act dropped or altered, or on a detour, the verdict is no longer a pass.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from typing import Any

import msgspec

from gristmill.digest import encode
from gristmill.errors import UsageError, unknown
from gristmill.recorders._files import Damage
from gristmill.recorders._judging import judge, mutation_verdict, replay_verdict, verify, verify_all
from gristmill.recorders._replays import ELSEWHERE, WITHIN, steps_difference
from gristmill.recorders._workers import Make, build, judged
from gristmill.recorders.ledger import LEVELS, Standing, latest, standing, verdict_id
from gristmill.recorders.store import RunStore
from gristmill.types import Episode, Level, Status, Verdict
from gristmill.world import World

__all__ = [
    "Mismatch",
    "VerifyReport",
    "judge",
    "judged",
    "mutation_verdict",
    "replay_verdict",
    "steps_difference",
    "verify",
    "verify_all",
    "verify_run",
]


_WIDTH = 48  # of a value in words


class Mismatch(msgspec.Struct, frozen=True, kw_only=True):
    """An episode that a fresh world did not reproduce.

    Attributes:
        id: of the episode, and `stratum` of its scenario.
        version: of the world that it was played by.
        place: where the first difference is, and what it is.
        status: `fail` when the record does not hold, `unverified` when nobody can say.
    """

    id: str
    stratum: str
    version: str
    place: str
    status: Status = "fail"


class VerifyReport(msgspec.Struct, kw_only=True):
    """What verifying a run came to.

    Attributes:
        level: at which level.
        counts: episodes by status, those of earlier calls included.
        fresh: how many were verified by this call.
        reasons: episodes by what kept them from passing.
        replayed: how many were played again in a fresh world; an episode that a fault has ended cannot be.
        tolerated: how many of them were reproduced within tolerance, and not bit for bit, by this call.
        version: of the world that they were replayed by.
        elsewhere: how many episodes were played by other versions of the world, by version.
        mismatches: the episodes that a fresh world did not reproduce.
        damage: what could not be read, as `place: message`, with the number of episodes that are lost by it.
    """

    level: Level
    counts: dict[str, int] = {}
    fresh: int = 0
    reasons: dict[str, int] = {}
    replayed: int = 0
    tolerated: int = 0
    version: str = ""
    elsewhere: dict[str, int] = {}
    mismatches: list[Mismatch] = []
    damage: list[str] = []

    @property
    def total(self) -> int:
        """The number of episodes."""
        return sum(self.counts.values())

    @property
    def broken(self) -> list[Mismatch]:
        """The mismatches that no change of world or platform can account for: records that do not hold."""
        return [one for one in self.mismatches if one.status != "unverified"]

    def add(self, found: Standing, version: str, *, replayed: bool) -> None:
        """Count one verdict on an episode played by `version`, and whether a replay is part of it."""
        self.replayed += replayed
        self.counts[found.status] = self.counts.get(found.status, 0) + 1
        for reason in found.reasons:
            self.reasons[reason] = self.reasons.get(reason, 0) + 1
        if version != self.version:
            self.elsewhere[version] = self.elsewhere.get(version, 0) + 1


def verify_run(
    store: RunStore,
    level: Level = "checked",
    jobs: int = 1,
    progress: Callable[[int, int], None] | None = None,
    *,
    make: Make | None = None,
    ids: Collection[str] | None = None,
    again: bool = False,
    tolerant: bool = False,
) -> VerifyReport:
    """Verify the episodes of a run in fresh processes, and record the verdicts in its ledger.

    Args:
        store: the run.
        level: how strongly.
        jobs: how many processes.
        progress: called with the number of episodes done and in all.
        make: the world as a spec for the registry, or a function that can be pickled; by default `spec["world"]`.
        ids: which episodes; all by default.
        again: verify also what this version of the verifier has judged at this level already.
        tolerant: accept agreement of the outcome, and of the observations within a tolerance, for simulations that were
            recorded on another platform; their checks say so.

    Raises:
        UsageError: when the world is not known, or the level is not one.
        StoreError: when the run cannot be written.
        GristmillError: when a process dies; what was verified before is recorded.
    """
    if level not in LEVELS:
        raise unknown("level", level, LEVELS)
    if jobs < 1:
        raise UsageError(f"Expected at least one job, got {jobs}.")
    make = make if make is not None else store.spec.get("world")
    if make is None:
        raise UsageError("Expected a world, but the run does not name one; pass its id or path.")
    world = build(make)
    try:
        known = {} if again else _known(store, world, level)
        if tolerant:  # may find otherwise
            known = {name: one for name, one in known.items() if ELSEWHERE not in one.reasons}
        report = VerifyReport(level=level, version=world.version)
    finally:
        world.close()
    wanted = store.ids() if ids is None else set(ids) & store.ids()
    played: dict[str, tuple[str, str]] = {}  # version and stratum of what has to be told of
    before: set[str] = set()  # verdicts of earlier calls with a mismatch in their evidence

    def fresh() -> Iterator[Episode]:
        for episode in store.episodes():
            found = known.get(episode.id)
            if episode.id not in wanted:
                continue
            if found is None or found.content_hash != episode.content_hash():
                played[episode.id] = episode.version, episode.scenario.stratum
                yield episode
            else:
                if any(map(_is_replay, found.reasons)):
                    played[episode.id] = episode.version, episode.scenario.stratum
                    before.add(found.verdict_id)
                report.add(found, episode.version, replayed=level != "checked" and episode.fault is None)

    with store.writer("verify") as writer:
        for verdict, cost in judged(make, level, fresh(), jobs, tolerant=tolerant):
            writer.record(verdict, cost=cost)
            report.fresh += 1
            version, stratum = played.pop(verdict.episode_id)
            replayed = any(_is_replay(check.name) for check in verdict.checks)
            report.add(standing(verdict), version, replayed=replayed)
            report.tolerated += any(check.name == WITHIN for check in verdict.checks)
            report.mismatches += _mismatches(verdict, version, stratum)
            if progress:
                progress(report.total, len(wanted))
    for verdict in store.verdicts() if before else ():
        if verdict.episode_id in played and verdict_id(verdict) in before:
            report.mismatches += _mismatches(verdict, *played.pop(verdict.episode_id))
    report.damage = _in_words(store.damage, store.ids())
    return report


def _is_replay(name: str) -> bool:
    return name.partition(":")[0] == "replay"


def _mismatches(verdict: Verdict, version: str, stratum: str) -> Iterator[Mismatch]:
    for check in verdict.checks:
        if _is_replay(check.name) and check.status != "pass":
            place = _place(check.evidence)
            yield Mismatch(
                id=verdict.episode_id, stratum=stratum, version=version, place=place, status=check.status
            )


def _place(evidence: Mapping[str, Any]) -> str:
    """Return in words where a replay first differs from the record, and in what."""
    if "expected" not in evidence:
        return str(evidence.get("message", ""))
    expected, got = evidence["expected"], evidence.get("got")
    words = [f"entry {evidence['index']}" if "index" in evidence else str(evidence["what"])]
    entry = expected or got
    if "index" in evidence and isinstance(entry, dict):
        words.append(" ".join(str(entry[key]) for key in ("from", "tool", "call") if key in entry))
    while (key := _differing(expected, got)) is not None:  # down to the value that differs
        words.append(str(key))
        expected, got = _at(expected, key), _at(got, key)
    return f"{', '.join(words)}: expected {_short(expected)}, got {_short(got)}"


def _differing(expected: Any, got: Any) -> Any:
    """Return the first key or place at which two dicts or lists of one length differ, None where there is none."""
    if isinstance(expected, dict) and isinstance(got, dict):
        return next((key for key in {**expected, **got} if expected.get(key) != got.get(key)), None)
    if isinstance(expected, list) and isinstance(got, list) and len(expected) == len(got):
        return next((place for place, one in enumerate(expected) if one != got[place]), None)
    return None


def _at(value: Any, key: Any) -> Any:
    return value.get(key) if isinstance(value, dict) else value[key]


def _short(value: Any) -> str:
    text = "nothing" if value is None else encode(value).decode()
    return text if len(text) <= _WIDTH else f"{text[:_WIDTH]}…"


def _in_words(damages: Iterable[Damage], here: AbstractSet[str]) -> list[str]:
    lost: dict[str, list[bool]] = {}  # by place, for each episode whether it was recorded again
    for one in damages:
        again = lost.setdefault(f"{one.where}: {one.message}", [])
        again += [one.episode_id in here] * one.lost
    return [f"{place}{_lost(again)}" for place, again in lost.items()]


def _lost(again: list[bool]) -> str:
    if not again:
        return ""
    recorded = (
        ", all recorded again" if all(again) else f", {sum(again):,} recorded again" if any(again) else ""
    )
    return f" ({len(again):,} episodes lost{recorded})"


def _known(store: RunStore, world: World, level: Level) -> dict[str, Standing]:
    """Return the verdicts that this version of the verifier has reached at this level already."""
    key = (world.id, level)
    found = {name: verdicts[key] for name, verdicts in latest(store.ledger()).items() if key in verdicts}
    return {name: verdict for name, verdict in found.items() if verdict.version == world.version}
