"""Whether an evaluation set holds: every record is played again in a fresh world, by the acts that were recorded."""

from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec

from gristmill import registry
from gristmill.digest import digest
from gristmill.errors import UsageError
from gristmill.executors import each
from gristmill.generators.space import Space
from gristmill.recorders.sets import Manifest, Record, read_set
from gristmill.recorders.store import RunStore
from gristmill.recorders.verify import judged, verify_all
from gristmill.severity import severity_of
from gristmill.types import Check, Episode
from gristmill.workflows.rare.scoring_runs import Plays

__all__ = [
    "RUN",
    "Differing",
    "Verification",
    "opened",
    "replayed",
    "same_code",
    "space_digest",
    "verify",
]

RUN = "run"  # in the folder of a set: the episodes by which it was built
_TOGETHER = 128  # episodes that are judged at once


class Differing(msgspec.Struct, frozen=True, kw_only=True):
    """A record that does not hold: its id, and what differs."""

    id: str
    what: str


class Verification(msgspec.Struct, frozen=True, kw_only=True):
    """What verifying a set came to.

    Attributes:
        path: folder of the set, and `hash` its digest.
        records: how many there are.
        reproduced: how many of them a fresh world reproduced.
        differing: the others.
    """

    path: str
    hash: str
    records: int
    reproduced: int
    differing: list[Differing] = []


def verify(path: Path, *, world: str = "", jobs: int = 1) -> Verification:
    """Replay every record of a set, and say which differ and how.

    Args:
        path: the set.
        world: spec of its world, where it is another than when the set was built.
        jobs: how many workers.

    Raises:
        StoreError: when a record did not arrive as it was written, or the recorded episodes are not there.
        UsageError: when the world's code or Space is not what the set was built with; then there is no number.
    """
    found = read_set(path)
    plays = opened(found.manifest, world=world, jobs=jobs)
    records = {one.place: one for one in found.records}
    wanted = {
        episode.id: (episode, records[place])
        for episode in RunStore.open(path / RUN).episodes()
        if (place := (episode.scenario.id, episode.scenario.index)) in records
    }
    differing = _differing(plays, list(wanted.values()))
    there = {record.id for _, record in wanted.values()}
    differing += [
        Differing(id=one.id, what="its episode is not among the recorded ones")
        for one in found.records
        if one.id not in there
    ]
    return Verification(
        path=str(path), hash=found.manifest.hash, records=len(records), reproduced=len(records) - len(differing),
        differing=differing,
    )  # fmt: skip


def _differing(plays: Plays, pairs: list[tuple[Episode, Record]]) -> list[Differing]:
    found: list[Differing] = []
    why = replayed(plays.world, [episode for episode, _ in pairs], plays.jobs)
    for (episode, record), reason in zip(pairs, why, strict=True):
        result, _ = plays.grade(episode)
        what = reason or _unlike(record, episode.state_digest, result.severity)
        if what:
            found.append(Differing(id=record.id, what=what))
    return found


def _unlike(record: Record, state: str, severity: float | None) -> str:
    if state != record.verified.state_digest:
        return f"final state: expected digest {record.verified.state_digest}, got {state}"
    if severity != record.severity:
        return f"severity: expected {record.severity:g}, got {severity}"
    return ""


def opened(manifest: Manifest, *, world: str = "", jobs: int = 1) -> Plays:
    """Return how the records of a set are played here.

    Args:
        manifest: of the set.
        world: spec of its world, where it is another than when the set was built.
        jobs: how many workers.

    Raises:
        UsageError: when the world's code or Space is not what the set was built with.
    """
    spec = registry.absolute(world or manifest.spec)
    made = registry.make(spec)
    try:
        same_code(manifest, made.id, made.version, space_digest(getattr(made, "space", None)))
        severity = severity_of(made, manifest.severity)
    finally:
        made.close()
    return Plays(spec, severity, manifest.threshold, manifest.seed, jobs)


def same_code(manifest: Manifest, world: str, version: str, space: str) -> None:
    """Refuse another world, Space or code than a set was built with: its numbers would be about something else.

    Raises:
        UsageError: in that case.
    """
    for what, then, now in (
        ("world", manifest.world, world),
        ("Space digest", manifest.space, space),
        ("version of the world", manifest.version, version),
    ):
        if then != now:
            raise UsageError(
                f"Expected {what} {then}, with which the set was built, got {now}; take the code of then, or build the set "
                f"again{f': {manifest.command}' if manifest.command else ''}."
            )


def space_digest(space: Space | None) -> str:
    """Return the digest of a Space: equal for equal fields, probabilities and rules."""
    return digest(space.describe() | space.rules) if space is not None else ""


def replayed(world: str, episodes: Iterable[Episode], jobs: int = 1) -> Iterator[str]:
    """Yield for every episode why a fresh world does not reproduce it, empty where it does: entries, numbers and final state.

    Args:
        world: spec of the world.
        episodes: records of play.
        jobs: how many processes; with one, it is this one.
    """
    for checks in _proofs(world, episodes, jobs):
        told = [
            one
            for one in checks
            if one.name.partition(":")[0] in ("replay", "fault") and one.status != "pass"
        ]
        yield _words(told[0]) if told else ""


def _proofs(world: str, episodes: Iterable[Episode], jobs: int = 1) -> Iterator[tuple[Check, ...]]:
    """Yield the findings on every episode, that of its replay in a fresh world among them."""
    if jobs > 1:
        yield from (verdict.checks for verdict, _ in judged(world, "replayed", episodes, jobs))
        return
    made = registry.make(world)
    try:
        for some in each(episodes, _TOGETHER):
            yield from (verdict.checks for verdict in verify_all(made, some, "replayed"))
    finally:
        made.close()


def _words(check: Check) -> str:
    told = check.evidence
    what = str(told.get("what", told.get("message", check.name)))
    if "index" in told:
        what = f"{what} {told['index']}"
    if "expected" not in told:
        return what
    return f"{what}: expected {_short(told['expected'])}, got {_short(told.get('got'))}"


def _short(value: object) -> str:
    text = str(value)
    return text if len(text) <= 120 else f"{text[:119]}…"
