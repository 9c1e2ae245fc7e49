"""The judgement of episodes by one world, at three levels."""

from collections.abc import Iterator, Sequence
from itertools import islice, zip_longest

from gristmill.errors import EpisodeError, UsageError, boundary
from gristmill.recorders._detours import detour_checks
from gristmill.recorders._mutants import mutation_check
from gristmill.recorders._replays import replay_checks
from gristmill.types import Check, Episode, Level, Status, Verdict
from gristmill.world import Simulation, World

__all__ = ["judge", "mutation_verdict", "replay_verdict", "verify", "verify_all"]


def judge(world: World, episode: Episode) -> Verdict:
    """Return the verdict of the world's checks on a recorded episode.

    A fault, or a check that raises, makes it an `error` of the side that broke; no checks leave it `unverified`.

    Raises:
        UsageError: when the episode is of another world.
    """
    return verify(world, episode, "checked")


def replay_verdict(world: World, episode: Episode) -> Verdict:
    """Judge an episode, and replay its acts in `world`; on a mismatch the evidence is where it first differs.

    A mismatch with an episode that another version of the world was played by leaves it `unverified`.
    """
    return verify(world, episode, "replayed")


def mutation_verdict(world: World, episode: Episode) -> Verdict:
    """Judge and replay an episode, and if it passes, demand that every mutant of it does not."""
    return verify(world, episode, "mutation-tested")


def verify(world: World, episode: Episode, level: Level, *, tolerant: bool = False) -> Verdict:
    """Return the verdict on a recorded episode at one level.

    Args:
        world: that judges.
        episode: what is judged.
        level: how strongly.
        tolerant: whether a simulation that was recorded on another platform passes when its outcome is the same here.

    Raises:
        UsageError: when the episode is of another world.
    """
    return verify_all(world, [episode], level, tolerant=tolerant)[0]


def verify_all(
    world: World, episodes: Sequence[Episode], level: Level, *, tolerant: bool = False
) -> list[Verdict]:
    """Return the verdicts on episodes as `verify` does, a tenth cheaper; those of a simulation are replayed at once."""
    found = _all_checks(world, episodes)
    if level != "checked":
        places = [place for place, one in enumerate(episodes) if one.fault is None]
        again = replay_checks(
            world, [episodes[place] for place in places], lambda one: _outcome(world, one), tolerant=tolerant
        )
        for place, check in zip(places, again, strict=True):
            found[place] += (check,)
    if level == "mutation-tested":
        places = [place for place, one in enumerate(found) if Verdict.status_of(one) == "pass"]
        for place, check in zip(places, _mutation(world, [episodes[one] for one in places]), strict=True):
            found[place] += (check,)
        # A seat that passes where the whole does not was not put to that test, and must not look as if it had been.
        for place in set(range(len(found))).difference(places):
            if any(check.seat for check in found[place]):
                found[place] += (Check(name="no mutants of what does not pass", status="unverified"),)
    return [_verdict(world, one, level, checks) for one, checks in zip(episodes, found, strict=True)]


def _mutation(world: World, episodes: Sequence[Episode]) -> list[Check]:
    def passes(one: Episode) -> bool:
        return Verdict.status_of(_checks(world, one)) == "pass"

    if isinstance(world, Simulation):
        return detour_checks(world, episodes, passes)
    return [mutation_check(world, one, passes) for one in episodes]


def _verdict(world: World, episode: Episode, level: Level, checks: tuple[Check, ...]) -> Verdict:
    return Verdict(
        episode_id=episode.id,
        content_hash=episode.content_hash(),
        verifier=world.id,
        version=world.version,
        level=level,
        status=Verdict.status_of(checks),
        checks=checks,
        side=next((check.side for check in checks if check.status == "error"), ""),
    )


def _all_checks(world: World, episodes: Sequence[Episode]) -> list[tuple[Check, ...]]:
    """Return the checks of the world on each episode.

    One step of each in turn: to do the same for many, and then the next, keeps the processor's caches warm, and is a
    tenth cheaper than to finish with one before the next is looked at.
    """
    found: list[tuple[Check, ...]] = [()] * len(episodes)
    for step in zip_longest(*[_steps(world, one) for one in episodes]):
        found = [after or before for before, after in zip(found, step, strict=True)]
    return found


def _steps(world: World, episode: Episode) -> Iterator[tuple[Check, ...]]:
    """Yield what was found by then when the world has begun, at its first finding, and when it is done."""
    if episode.world != world.id:
        raise UsageError(
            f"Expected an episode of {world.id}, got one of {episode.world}; build that world to judge it."
        )
    if episode.fault is not None:
        evidence = {"message": episode.fault.message}
        yield (Check(name="fault", status="error", evidence=evidence, side=episode.fault.side),)
        return
    try:
        with boundary("verifier"):
            checks = iter(world.checks(episode))
            yield ()
            first = tuple(islice(checks, 1))
            yield first
            yield (*first, *checks)
    except EpisodeError as error:
        yield (Check(name="checks", status="error", evidence={"message": str(error)}, side=error.side),)


def _checks(world: World, episode: Episode) -> tuple[Check, ...]:
    return _all_checks(world, [episode])[0]


def _outcome(world: World, episode: Episode) -> dict[str, Status]:
    return {check.name: check.status for check in _checks(world, episode)}
