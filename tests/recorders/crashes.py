"""Processes that die at a chosen moment.

`die_at` forks, and kills the child with SIGKILL at its n-th operation that changes the disk, after half of the
operation's bytes if it is a write. Going through all n visits every state that a killed process can leave behind.
As a script, this module is a writer or a sealer that goes on until somebody kills it.
"""

import os
import signal
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn

CHANGES = ("pwrite", "open", "ftruncate", "truncate", "replace", "unlink", "mkdir", "fsync", "rmdir")
Ack = Callable[[str], object]


def die_at(moment: int, action: Callable[[Ack], None]) -> tuple[list[str], bool]:
    """Run `action` in a child that dies at change number `moment`.

    Returns:
        What the child had acknowledged by then, and whether it died.
    """
    read, write = os.pipe()
    with forking():
        child = os.fork()
    if child == 0:
        _doomed(moment, action, write)
    os.close(write)
    with os.fdopen(read) as pipe:
        acked = pipe.read().split()
    return acked, os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL


@contextmanager
def forking() -> Iterator[None]:
    """Let a process with threads fork.

    Python 3.12 warns of it, and so does JAX if another test has loaded it; these children only write files and die.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        warnings.simplefilter("ignore", RuntimeWarning)
        yield


def every_death(action: Callable[[Ack], None], prepare: Callable[[], None]) -> Iterator[list[str]]:
    """Die at every change that `action` makes, in turn, each time after `prepare`, and yield what was acknowledged."""
    for moment in range(1, 1000):
        prepare()
        acked, died = die_at(moment, action)
        yield acked
        if not died:
            return
    raise AssertionError("Expected an action of less than 1000 changes.")


def _doomed(moment: int, action: Callable[[Ack], None], acks: int) -> NoReturn:
    left = moment

    def deadly(name: str) -> Callable[..., Any]:
        real = getattr(os, name)

        def call(*args: Any, **keywords: Any) -> Any:
            nonlocal left
            harmless = name == "open" and not args[1] & (os.O_CREAT | os.O_TRUNC)
            left -= not harmless
            if left == 0:
                if name == "pwrite":
                    real(args[0], args[1][: len(args[1]) // 2], *args[2:])
                os.kill(os.getpid(), signal.SIGKILL)
            return real(*args, **keywords)

        return call

    for name in CHANGES:
        setattr(os, name, deadly(name))
    status = 1
    try:
        action(lambda text: os.write(acks, f"{text}\n".encode()))
        status = 0
    finally:
        os._exit(status)


def main(path: str, start: int) -> None:
    """Record episodes until killed, every other with steps, sealing every few, and say which ones `append` returned from."""
    sys.path.insert(0, str(Path(__file__).parents[2]))
    from gristmill.recorders.store import RunStore
    from tests.recorders.fakes import episode, simulated, verdict

    with RunStore.open(path).writer(seal_bytes=20_000) as writer:
        for index in range(start, start + 100_000):
            one = simulated(index) if index % 2 else episode(index)
            writer.append(one, verdict(one))
            os.write(1, f"{one.id}\n".encode())


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
