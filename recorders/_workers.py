"""Judging in fresh processes: nothing that happened while an episode was played can help it to be reproduced."""

import time
from collections.abc import Callable, Iterable, Iterator
from functools import partial

from gristmill import registry
from gristmill.digest import decoder, encode
from gristmill.executors import each, imap
from gristmill.recorders._judging import verify
from gristmill.types import Episode, Level, Verdict
from gristmill.world import World

__all__ = ["Make", "build", "judged"]

Make = str | Callable[[], World]  # a spec for the registry, or a function that can be pickled
Judged = tuple[Verdict, float]  # with the CPU seconds it took
CHUNK = 32  # episodes per message to a worker

_episodes = decoder(list[Episode])
_judged = decoder(list[Judged])
_worlds: dict[Make, World] = {}  # of a worker, which builds its world once


def build(make: Make) -> World:
    """Return a new instance of the world."""
    return registry.make(make) if isinstance(make, str) else make()


def judged(make: Make, level: Level, episodes: Iterable[Episode], jobs: int) -> Iterator[Judged]:
    """Yield the verdicts on `episodes`, in their order.

    A mere look at the record is made in this process when there is only one job.

    Raises:
        GristmillError: when a worker dies.
    """
    if level == "checked" and jobs == 1:
        world = build(make)
        try:
            yield from (_timed(world, episode, level) for episode in episodes)
        finally:
            world.close()
        return
    chunks = map(encode, each(episodes, CHUNK))
    for data in imap(partial(_work, make, level), chunks, jobs=jobs):
        yield from _judged(data)


def _work(make: Make, level: Level, chunk: bytes) -> bytes:
    if make not in _worlds:
        _worlds[make] = build(make)
    return encode([_timed(_worlds[make], episode, level) for episode in _episodes(chunk)])


def _timed(world: World, episode: Episode, level: Level) -> Judged:
    start = time.process_time()
    return verify(world, episode, level), time.process_time() - start
