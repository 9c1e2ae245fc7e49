"""The parts of a long piece of work: each is timed, tells how far it is, and may draw from a stream of its own."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from gristmill.seeding import derive
from gristmill.workflows.report_types import Stage

__all__ = ["Stages", "Tell"]

Tell = Callable[[str, int, int], None]  # called with the part at work, and its progress: done, of all


class Stages:
    """The parts of one piece of work.

    Args:
        work: its name, which keeps its streams apart from those of other work.
        seed: root seed.
        tell: called with the part at work, and its progress.

    Attributes:
        tell: the same, or what hears nothing.
        done: the parts that are over, in order, as a report shows them.
    """

    def __init__(self, work: str, seed: int, tell: Tell | None) -> None:
        self._work, self._seed = work, seed
        self.tell: Tell = tell or (lambda *_: None)
        self.done: list[Stage] = []

    def stream(self, part: str | int) -> int:
        """Return a root seed of its own for a part."""
        return derive(self._seed, self._work, part) >> 1

    @contextmanager
    def part(self, name: str, about: str) -> Iterator[Callable[..., None]]:
        """Time what is done inside, and yield what tells how far it is: called with done, of all, and figures."""
        start = time.monotonic()
        self.tell(name, 0, 1)
        yield lambda done, total, *_: self.tell(name, done, total)
        self.done.append(Stage(name=name, seconds=time.monotonic() - start, about=about))
