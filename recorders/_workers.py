"""Judging in fresh processes: nothing that happened while an episode was played can help it to be reproduced."""

import time
from collections.abc import Callable, Iterable, Iterator
from functools import partial

from gristmill import registry
from gristmill.digest import decoder, encode
from gristmill.executors import each, imap
from gristmill.recorders._judging import verify_all
from gristmill.simulate import ROWS
from gristmill.types import Episode, Level, Verdict
from gristmill.world import Simulation, World

__all__ = ["Make", "build", "judged"]

Make = str | Callable[[], World]  # a spec for the registry, or a function that can be pickled
Judged = tuple[Verdict, float]  # with the CPU seconds it took
CHUNK = ROWS  # episodes per message to a worker; those of a simulation are replayed at once

_episodes = decoder(list[Episode])
_judged = decoder(list[Judged])
_worlds: dict[Make, World] = {}  # of a worker, which builds its world once


def build(make: Make) -> World:
    """Return a new instance of the world."""
    return registry.make(make) if isinstance(make, str) else make()


def judged(
    make: Make, level: Level, episodes: Iterable[Episode], jobs: int, *, tolerant: bool = False
) -> Iterator[Judged]:
    """Yield the verdicts on `episodes` by fresh processes, in their order, with the CPU seconds that each took.

    A mere look at the record is made in this process when there is only one job.

    Args:
        make: the world as a spec for the registry, or a function that can be pickled.
        level: how strongly they are verified.
        episodes: what is judged.
        jobs: how many processes.
        tolerant: see `gristmill.recorders.verify.verify_run`.

    Raises:
        UsageError: when the world is not known.
        GristmillError: when a worker dies.
    """
    if level == "checked" and jobs == 1:
        world = build(make)
        try:
            for episode in episodes:
                yield from _timed(world, [episode], level)
        finally:
            world.close()
        return
    chunks = map(encode, each(episodes, CHUNK))
    for data in imap(partial(_work, make, level, tolerant), chunks, jobs=jobs):
        yield from _judged(data)


def _work(make: Make, level: Level, tolerant: bool, chunk: bytes) -> bytes:
    if make not in _worlds:
        _worlds[make] = build(make)
    world, episodes = _worlds[make], _episodes(chunk)
    together = len(episodes) if isinstance(world, Simulation) else 1
    return encode([one for some in each(episodes, together) for one in _timed(world, some, level, tolerant)])


def _timed(world: World, episodes: list[Episode], level: Level, tolerant: bool = False) -> list[Judged]:
    """Return the verdicts on episodes that are judged together, with the share of the time that each took."""
    start = time.process_time()
    verdicts = verify_all(world, episodes, level, tolerant=tolerant)
    share = (time.process_time() - start) / len(episodes)
    return [(one, share) for one in verdicts]
