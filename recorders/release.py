"""Whether the verdicts that stand release an episode: asked when a view is mined, and again whenever it is used.

A view is a list of ids, and the ledger goes on after it was made. What was withdrawn since, or fails by now, is in
the view still, and must be in nothing that is made from it.

A verdict counts whatever version of the world reached it: verifying again after a repair is what a ledger is for, and
the latest finding stands. Where no verdict that releases an episode is of the code at hand, a note says so.

What a seat was told is not in the record of an episode: the world tells it again. So the world must tell the same as
when the run was played, or a model would learn acts under instructions that nobody had.
"""

from collections.abc import Iterable, Mapping
from typing import Literal, NamedTuple

import msgspec

from gristmill.errors import GristmillError, UsageError, boundary
from gristmill.play import briefed
from gristmill.recorders._workers import Make, build
from gristmill.recorders.ledger import LEVELS, Standing
from gristmill.recorders.store import RunStore
from gristmill.types import Episode, Level, Scenario
from gristmill.world import World

__all__ = ["Ruling", "Standings", "other_code", "own_run", "rule", "same_briefs", "unknown_briefs"]

Standings = Mapping[tuple[str, Level], Standing]
Outcome = Literal["released", "fail", "error", "unverified", "none", "stale", "weak"]
_LAPSED = {"fail": "now fails", "error": "now an error", "unverified": "now unverified"}


class Ruling(NamedTuple):
    """What the verdicts of an episode come down to.

    Attributes:
        outcome: `released`; the status that withholds it; or that it has no verdict, only some of another record, or
            none that is strong enough.
        detail: what withholds it, in words.
        verdicts: those of the record that is there, by verifier and level.
        versions: of the verifiers whose verdicts release it.
        score: how well the seat did that was asked for, from 0 to 1; None where that was not checked.
    """

    outcome: Outcome
    detail: str
    verdicts: Standings
    versions: frozenset[str] = frozenset()
    score: float | None = None

    @property
    def reason(self) -> str:
        """Why it is not kept; empty when it is."""
        match self.outcome:
            case "released":
                return ""
            case "none":
                return "no verdict"
            case "stale":
                return "stale verdict"
            case "weak":
                return self.detail
            case status:
                return f"{status} ({self.detail})"

    @property
    def judged(self) -> bool:
        """Whether anybody has found that it passed or failed, however strongly it was looked."""
        return self.outcome in ("released", "fail", "weak")

    @property
    def lapse(self) -> str:
        """Why it is not released any more, although a view keeps it; empty when it is."""
        match self.outcome:
            case "released":
                return ""
            case "none" | "weak":
                return "verdict withdrawn"
            case "stale":
                return "record changed"
            case status:
                return f"{_LAPSED[status]}: {self.detail}"


def rule(episode: Episode, standings: Standings, level: Level, seat: str = "") -> Ruling:
    """Return what the verdicts that stand say of an episode, when one of at least `level` is asked for.

    Args:
        episode: the record that is there.
        standings: what was found of it.
        level: weakest proof that releases it.
        seat: whose own outcome decides; that of the whole episode does if it is empty, and where a verdict says nothing
            of the seat.
    """
    if episode.fault is not None:
        return Ruling("error", episode.fault.side, {})
    content = episode.content_hash() if standings else ""
    own = {key: found.of(seat) for key, found in standings.items()}
    current = {key: found for key, found in own.items() if found.content_hash == content}
    if not current:
        return Ruling("stale" if standings else "none", "", {})
    ordered = sorted(current.items(), key=lambda item: LEVELS.index(item[0][1]))
    score = next((found.score for _, found in reversed(ordered) if found.score is not None), None)
    for (_, at), found in ordered:
        if found.status in ("fail", "error") or (found.status == "unverified" and at == level):
            return Ruling(found.status, ", ".join(found.reasons) or at, current, score=score)
    enough = LEVELS[LEVELS.index(level) :]
    versions = [found.version for (_, at), found in ordered if at in enough and found.status == "pass"]
    if not versions:
        return Ruling("weak", f"not {level}", current, score=score)
    return Ruling("released", "", current, frozenset(versions), score)


def own_run(store: RunStore, run: str) -> None:
    """Refuse a view of another run, whose verdicts are elsewhere.

    Raises:
        UsageError: when `run` is not the id of this one.
    """
    if run != store.id:
        raise UsageError(
            f"Expected a view of {store.path}, which is run {store.id}, got one of run {run}; mine this run."
        )


def other_code(store: RunStore, judged_by: Iterable[frozenset[str]], make: Make | None = None) -> list[str]:
    """Return a note when episodes are released by verdicts of other code of the world than is at hand.

    Args:
        store: the run.
        judged_by: for each episode, the versions of the verifiers that release it.
        make: the world; by default `spec["world"]` of the run. One that cannot be built here has no say.
    """
    make = make if make is not None else store.spec.get("world")
    try:
        world = build(make) if make is not None else None
    except GristmillError:
        return []
    if world is None:
        return []
    version = world.version
    world.close()
    number = sum(version not in versions for versions in judged_by)
    note = (
        f"{number:,} episodes were judged by another version of the world than {version}, which is here; "
        "run `gristmill verify` and mine again"
    )
    return [note] if number else []


def same_briefs(store: RunStore, world: World, seat: str) -> None:
    """Refuse a world that tells a seat something else than the seat was told when the run was played.

    Another version that tells the same is fine. A run that says nothing of it is not refused, see `unknown_briefs`.

    Raises:
        UsageError: when instructions, facts or tools differ.
    """
    told = store.spec.get("told") or {}
    then = told.get("seats", {}).get(seat)
    if then is None:
        return
    with boundary("world"):
        now = briefed(world, msgspec.convert(told["probes"], list[Scenario])).get(seat)
    if now != then:
        raise UsageError(
            f"Expected the instructions, facts and tools that {store.path} was played under, got others for seat "
            f"{seat!r}: the world was version {store.spec.get('version')} then and is {world.version} now. "
            "Take the code of then, or run again."
        )


def unknown_briefs(store: RunStore, version: str, played: Iterable[str]) -> list[str]:
    """Return a note when a run does not say what its seats were told, and other code may have told them.

    Args:
        store: the run.
        version: of the world that says what they were told.
        played: version of the world in which each episode was played.
    """
    number = 0 if store.spec.get("told") else sum(one != version for one in played)
    note = (
        f"{number:,} episodes were played in another version of the world than {version}, which is here, and what "
        "their seats were told then is not on record; they are given what this one tells"
    )
    return [note] if number else []
