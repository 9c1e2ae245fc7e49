"""Verification: an episode is judged by evidence in its record, then by what a fresh world makes of its acts.

Three levels, each containing the one before. `checked`: the world's own checks pass on the record. `replayed`: a
fresh world, given the recorded acts, reaches every recorded entry and the final state. `mutation-tested`: with any
state-changing act dropped or altered, the verdict is no longer a pass.
"""

from gristmill.errors import EpisodeError, UsageError, boundary
from gristmill.types import Check, Episode, Level, Verdict
from gristmill.world import World

__all__ = ["judge"]


def judge(world: World, episode: Episode) -> Verdict:
    """Return the verdict of the world's checks on a recorded episode.

    A fault, or a check that raises, makes it an `error` of the side that broke; no checks leave it `unverified`.

    Raises:
        UsageError: when the episode is of another world.
    """
    return _verdict(world, episode, "checked", _checks(world, episode))


def _checks(world: World, episode: Episode) -> tuple[Check, ...]:
    if episode.world != world.id:
        raise UsageError(f"Expected an episode of {world.id}, got one of {episode.world}; build that world to judge it.")
    if episode.fault is not None:
        evidence = {"message": episode.fault.message}
        return (Check(name="fault", status="error", evidence=evidence, side=episode.fault.side),)
    try:
        with boundary("verifier"):
            return tuple(world.checks(episode))
    except EpisodeError as error:
        return (Check(name="checks", status="error", evidence={"message": str(error)}, side=error.side),)


def _verdict(world: World, episode: Episode, level: Level, checks: tuple[Check, ...]) -> Verdict:
    status = Verdict.status_of(checks)
    side = next((check.side for check in checks if check.status == "error"), "") if status == "error" else ""
    return Verdict(
        episode_id=episode.id,
        content_hash=episode.content_hash(),
        verifier=world.id,
        version=world.version,
        level=level,
        status=status,
        checks=checks,
        side=side,
    )
