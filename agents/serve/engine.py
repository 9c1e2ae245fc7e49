"""Many conversations that come and go, decoded together by one model.

Every request brings its whole conversation. The engine keeps the last ones in lanes; a request that goes on where a
lane has stopped is read from there, any other takes the lane that was idle longest. What comes while a turn runs is
answered together in the next.
"""

import queue
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field

import numpy as np

from gristmill.agents.model.lanes import Block
from gristmill.agents.model.sampling import Sampling
from gristmill.agents.model.session import cores
from gristmill.agents.model.store import Model

__all__ = ["Engine"]

SIZE = 16  # lanes of a block


@dataclass(eq=False)
class _Job:
    """A conversation whose next act is wanted.

    Attributes:
        ids: all its tokens.
        how: sampling of the act.
        seed: of 64 bits, for its draws.
        written: the act to be, its ending token included.
    """

    ids: list[int]
    how: Sampling
    seed: int
    written: "Future[list[int]]" = field(default_factory=Future)


@dataclass(eq=False)
class _Lane:
    """A lane of a block; the cache holds the first `block.length[lane]` tokens of `history`."""

    block: Block
    number: int
    history: list[int] = field(default_factory=list)
    used: int = 0

    @property
    def length(self) -> int:
        return int(self.block.length[self.number])

    def continued_by(self, ids: list[int]) -> bool:
        """Return whether a conversation goes on where this one stands."""
        return self.length < len(ids) and self.history[: self.length] == ids[: self.length]


class Engine:
    """Writes acts; open it, and close it when it is not needed any more.

    Args:
        model: what writes.
        lanes: how many conversations it remembers, and decodes at once.
        wait: seconds for which a first request waits for others.
    """

    def __init__(self, model: Model, *, lanes: int = 32, wait: float = 0.004) -> None:
        self._model, self._wait = model, wait
        empty = np.zeros((SIZE, 2), np.uint32)
        blocks = [Block(model, Sampling(), empty) for _ in range(-(-lanes // SIZE))]
        self._lanes = [_Lane(block, number) for block in blocks for number in range(SIZE)]
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._turns = 0
        self._thread = threading.Thread(target=self._work, name="engine", daemon=True)
        self._thread.start()

    def write(self, ids: list[int], how: Sampling, seed: int) -> "Future[list[int]]":
        """Return what the model writes after `ids`, at least one of them, the ending token included, once it is there."""
        job = _Job(ids, how, seed)
        self._jobs.put(job)
        return job.written

    def close(self) -> None:
        """Answer what is waiting, and stop."""
        self._jobs.put(None)
        self._thread.join()

    def _work(self) -> None:
        with ThreadPoolExecutor(cores()) as pool:
            for jobs in self._batches():
                try:
                    self._turn(jobs, pool)
                except Exception as error:  # noqa: BLE001  # whoever asked is told
                    for job in jobs:
                        if not job.written.done():
                            job.written.set_exception(error)

    def _batches(self) -> Iterator[list[_Job]]:
        """Yield what came meanwhile, until the engine is closed."""
        while (job := self._jobs.get()) is not None:
            jobs: list[_Job | None] = [job]
            due = time.monotonic() + self._wait
            while len(jobs) < len(self._lanes) and jobs[-1] is not None:
                try:
                    jobs.append(self._jobs.get(timeout=max(0.0, due - time.monotonic())))
                except queue.Empty:
                    break
            closed = jobs[-1] is None
            # Who has gone away is not answered.
            if found := [one for one in jobs if one and one.written.set_running_or_notify_cancel()]:
                yield found
            if closed:
                return

    def _turn(self, jobs: Sequence[_Job], pool: ThreadPoolExecutor) -> None:
        self._turns += 1
        work: dict[Block, dict[Sampling, dict[int, _Job]]] = {}
        lanes: dict[_Job, _Lane] = {}
        for job in jobs:
            lanes[job] = lane = self._lane(job)
            work.setdefault(lane.block, {}).setdefault(job.how, {})[lane.number] = job
        # Compiled code runs without the interpreter's lock, so threads keep all cores busy.
        for written in pool.map(_write, work, work.values()):
            for job, ids in written.items():
                lanes[job].history = job.ids + ids
                job.written.set_result(ids)

    def _lane(self, job: _Job) -> _Lane:
        """Return a lane that is to write for a job: the one that knows most of its conversation, or else an idle one."""
        free = [lane for lane in self._lanes if lane.used < self._turns]
        known = [lane for lane in free if lane.length and lane.continued_by(job.ids)]
        lane = max(known, key=lambda one: one.length) if known else min(free, key=lambda one: one.used)
        lane.used = self._turns
        if not known:
            lane.block.clear(lane.number)
        words = np.array([job.seed >> 32 & 0xFFFFFFFF, job.seed & 0xFFFFFFFF], np.uint32)
        lane.block.rekey(lane.number, words)
        return lane


def _write(block: Block, work: dict[Sampling, dict[int, _Job]]) -> dict[_Job, list[int]]:
    """Let the lanes of one block write, those with the same sampling together."""
    written: dict[_Job, list[int]] = {}
    for how, jobs in work.items():
        acts = block.turn({lane: job.ids[block.length[lane] :] for lane, job in jobs.items()}, how=how)
        written |= {job: acts[lane] for lane, job in jobs.items()}
    return written
