"""The judgement of one episode by one world, at three levels."""

from itertools import zip_longest
from typing import Any

from gristmill.digest import digest
from gristmill.errors import EpisodeError, UsageError, boundary
from gristmill.play import replay
from gristmill.recorders._mutants import mutation_check
from gristmill.types import Check, Entry, Episode, Level, Verdict
from gristmill.world import World

__all__ = ["judge", "mutation_verdict", "replay_verdict", "verify"]


def judge(world: World, episode: Episode) -> Verdict:
    """Return the verdict of the world's checks on a recorded episode.

    A fault, or a check that raises, makes it an `error` of the side that broke; no checks leave it `unverified`.

    Raises:
        UsageError: when the episode is of another world.
    """
    return verify(world, episode, "checked")


def replay_verdict(world: World, episode: Episode) -> Verdict:
    """Judge an episode, and replay its acts in `world`; on a mismatch the evidence is the first entry that differs.

    A mismatch with an episode that another version of the world was played by leaves it `unverified`.
    """
    return verify(world, episode, "replayed")


def mutation_verdict(world: World, episode: Episode) -> Verdict:
    """Judge and replay an episode, and if it passes, demand that every mutant of it does not."""
    return verify(world, episode, "mutation-tested")


def verify(world: World, episode: Episode, level: Level) -> Verdict:
    """Return the verdict on a recorded episode at one level.

    Raises:
        UsageError: when the episode is of another world.
    """
    checks = _checks(world, episode)
    if level != "checked" and episode.fault is None:
        checks += (_replay_check(world, episode),)
    if level == "mutation-tested" and Verdict.status_of(checks) == "pass":
        checks += (
            mutation_check(world, episode, lambda one: Verdict.status_of(_checks(world, one)) == "pass"),
        )
    status = Verdict.status_of(checks)
    return Verdict(
        episode_id=episode.id,
        content_hash=episode.content_hash(),
        verifier=world.id,
        version=world.version,
        level=level,
        status=status,
        checks=checks,
        side=next((check.side for check in checks if check.status == "error"), ""),
    )


def _checks(world: World, episode: Episode) -> tuple[Check, ...]:
    if episode.world != world.id:
        raise UsageError(
            f"Expected an episode of {world.id}, got one of {episode.world}; build that world to judge it."
        )
    if episode.fault is not None:
        evidence = {"message": episode.fault.message}
        return (Check(name="fault", status="error", evidence=evidence, side=episode.fault.side),)
    try:
        with boundary("verifier"):
            return tuple(world.checks(episode))
    except EpisodeError as error:
        return (Check(name="checks", status="error", evidence={"message": str(error)}, side=error.side),)


def _replay_check(world: World, episode: Episode) -> Check:
    """Return whether a fresh episode of `world` goes the way the record says.

    Nothing is known of a record that another version of the world does not reproduce: it cannot say who is wrong.
    """
    if digest(episode.state) != episode.state_digest:
        message = "the state of the record does not match its digest"
        return Check(name="replay", status="fail", evidence={"message": message, "got": episode.state})
    again = replay(world, episode)
    evidence = _difference(episode.entries, again.entries)
    if again.fault is not None:
        evidence |= {"what": "fault", "side": again.fault.side, "message": again.fault.message}
    elif not evidence and again.end != episode.end:
        evidence = {"what": "end", "expected": episode.end, "got": again.end}
    elif not evidence and again.state_digest != episode.state_digest:
        evidence = {"what": "state", "expected": episode.state, "got": again.state}
    if evidence and world.version != episode.version:  # it is the world that changed, not what was done in it
        evidence["versions"] = {"expected": episode.version, "got": world.version}
        return Check(
            name=f"replay: played by version {episode.version}", status="unverified", evidence=evidence
        )
    return Check(name="replay", status="fail" if evidence else "pass", evidence=evidence)


def _difference(entries: list[Entry], others: list[Entry]) -> dict[str, Any]:
    for index, (expected, got) in enumerate(zip_longest(entries, others)):
        if expected != got:
            return {"what": "entry", "index": index, "expected": expected, "got": got}
    return {}
