"""Verification: an episode is judged by evidence in its record, then by what a fresh world makes of its acts.

Three levels, each containing the one before. `checked`: the world's own checks pass on the record. `replayed`: a
fresh world, given the recorded acts, reaches every recorded entry and the final state. `mutation-tested`: with any
state-changing act dropped or altered, the verdict is no longer a pass.
"""

from collections.abc import Callable, Collection, Iterable, Iterator
from collections.abc import Set as AbstractSet

import msgspec

from gristmill.errors import UsageError, unknown
from gristmill.recorders._files import Damage
from gristmill.recorders._judging import judge, mutation_verdict, replay_verdict, verify
from gristmill.recorders._workers import Make, build, judged
from gristmill.recorders.ledger import LEVELS, Standing, latest, standing
from gristmill.recorders.store import RunStore
from gristmill.types import Episode, Level

__all__ = ["VerifyReport", "judge", "mutation_verdict", "replay_verdict", "verify", "verify_run"]


class VerifyReport(msgspec.Struct, kw_only=True):
    """What verifying a run came to.

    Attributes:
        level: at which level.
        counts: episodes by status, those of earlier calls included.
        fresh: how many were verified by this call.
        reasons: episodes by what kept them from passing.
        replayed: how many were played again in a fresh world; an episode that a fault has ended cannot be.
        mismatches: ids of the episodes that a fresh world did not reproduce.
        damage: what could not be read, as `place: message`, with the number of episodes that are lost by it.
    """

    level: Level
    counts: dict[str, int] = {}
    fresh: int = 0
    reasons: dict[str, int] = {}
    replayed: int = 0
    mismatches: list[str] = []
    damage: list[str] = []

    @property
    def total(self) -> int:
        """The number of episodes."""
        return sum(self.counts.values())

    def add(self, episode_id: str, found: Standing, *, replayed: bool) -> None:
        """Count one verdict, and whether a replay is part of it."""
        self.replayed += replayed
        self.counts[found.status] = self.counts.get(found.status, 0) + 1
        for reason in found.reasons:
            self.reasons[reason] = self.reasons.get(reason, 0) + 1
        if "replay" in found.reasons:
            self.mismatches.append(episode_id)


def verify_run(
    store: RunStore,
    level: Level = "checked",
    jobs: int = 1,
    progress: Callable[[int, int], None] | None = None,
    *,
    make: Make | None = None,
    ids: Collection[str] | None = None,
    again: bool = False,
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
    report = VerifyReport(level=level)
    wanted = store.ids() if ids is None else set(ids) & store.ids()
    known = {} if again else _known(store, make, level)

    def fresh() -> Iterator[Episode]:
        for episode in store.episodes():
            found = known.get(episode.id)
            if episode.id not in wanted:
                continue
            if found is None or found.content_hash != episode.content_hash():
                yield episode
            else:
                report.add(episode.id, found, replayed=level != "checked" and episode.fault is None)

    with store.writer("verify") as writer:
        for verdict, cost in judged(make, level, fresh(), jobs):
            writer.record(verdict, cost=cost)
            report.fresh += 1
            replayed = any(check.name == "replay" for check in verdict.checks)
            report.add(verdict.episode_id, standing(verdict), replayed=replayed)
            if progress:
                progress(report.total, len(wanted))
    report.damage = _in_words(store.damage, store.ids())
    return report


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


def _known(store: RunStore, make: Make, level: Level) -> dict[str, Standing]:
    """Return the verdicts that this version of the verifier has reached at this level already."""
    world = build(make)
    try:
        key = (world.id, level)
        found = {name: verdicts[key] for name, verdicts in latest(store.ledger()).items() if key in verdicts}
        return {name: verdict for name, verdict in found.items() if verdict.version == world.version}
    finally:
        world.close()
