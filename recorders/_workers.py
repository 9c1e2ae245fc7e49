"""Judging in fresh processes: nothing that happened while an episode was played can help it to be reproduced."""

import multiprocessing
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from importlib import import_module
from itertools import islice

from gristmill.digest import decoder, encode
from gristmill.errors import StoreError
from gristmill.recorders._judging import verify
from gristmill.types import Episode, Level, Verdict
from gristmill.world import World

__all__ = ["Make", "build", "judged"]

Make = str | Callable[[], World]  # a spec for the registry, or a function that can be pickled
Judged = tuple[Verdict, float]  # with the CPU seconds it took
CHUNK = 32  # episodes per message to a worker
AHEAD = 3  # chunks per worker that are read from the run before they are needed

_episodes = decoder(list[Episode])
_judged = decoder(list[Judged])
_worlds: dict[Make, World] = {}  # of a worker, which builds its world once


def build(make: Make) -> World:
    """Return a new instance of the world."""
    if isinstance(make, str):
        world: World = import_module("gristmill.registry").make(make)
        return world
    return make()


def judged(make: Make, level: Level, episodes: Iterable[Episode], jobs: int) -> Iterator[Judged]:
    """Yield the verdicts on `episodes`, in their order.

    A mere look at the record is made in this process when there is only one job.

    Raises:
        StoreError: when a worker dies.
    """
    if level == "checked" and jobs == 1:
        world = build(make)
        try:
            yield from (_timed(world, episode, level) for episode in episodes)
        finally:
            world.close()
        return
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(jobs, mp_context=context) as pool:
        waiting: deque[Future[bytes]] = deque()
        todo = iter(episodes)
        try:
            while True:
                while len(waiting) < AHEAD * jobs and (chunk := list(islice(todo, CHUNK))):
                    waiting.append(pool.submit(_work, make, level, encode(chunk)))
                if not waiting:
                    return
                yield from _judged(waiting.popleft().result())
        except BrokenProcessPool:
            raise StoreError(
                "A verifying process died (out of memory, or killed); run the same command again."
            ) from None
        finally:
            for future in waiting:
                future.cancel()


def _work(make: Make, level: Level, chunk: bytes) -> bytes:
    if make not in _worlds:
        _worlds[make] = build(make)
    return encode([_timed(_worlds[make], episode, level) for episode in _episodes(chunk)])


def _timed(world: World, episode: Episode, level: Level) -> Judged:
    start = time.process_time()
    return verify(world, episode, level), time.process_time() - start
