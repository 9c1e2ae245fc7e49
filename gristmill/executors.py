"""Executors: one function over many chunks, here, in other processes, or on a Ray cluster.

The unit of work is `function(chunk) -> result` with bytes on both sides, so that every executor runs the very same
thing; results come back in the order of the chunks. At any time no more than a few chunks per worker are under
way, so memory does not grow with their number.
"""

import multiprocessing
import os
import signal
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager, suppress
from importlib import import_module
from itertools import islice
from pathlib import Path
from typing import Any, Literal, TypeVar

from gristmill.errors import GristmillError, UsageError, unknown

__all__ = ["EXECUTORS", "Executor", "each", "imap"]

Executor = Literal["inline", "process", "ray"]
EXECUTORS: tuple[Executor, ...] = ("inline", "process", "ray")
AHEAD = 3  # chunks per worker that are under way
T = TypeVar("T")
_UNGUARDED = (
    "Expected workers to import {main} without playing it again, got a call at its top level; "
    'put what it does under `if __name__ == "__main__":`, or ask for jobs=1.'
)


def imap(
    function: Callable[[bytes], bytes],
    chunks: Iterable[bytes],
    *,
    jobs: int = 1,
    executor: Executor = "process",
) -> Iterator[bytes]:
    """Yield `function` of every chunk, in order.

    Args:
        function: of an importable module, since workers are started afresh.
        chunks: read as they are needed.
        jobs: how many workers.
        executor: where they run.

    Raises:
        UsageError: when the executor is not known or not installed, or there is no worker; and when the script
            that was started has no guard, so that a worker's import of it starts it again.
        GristmillError: when a worker dies.
    """
    if executor not in EXECUTORS:
        raise unknown("executor", executor, EXECUTORS)
    if jobs < 1:
        raise UsageError(f"Expected at least one job, got {jobs}.")
    if executor == "inline":
        return map(function, chunks)
    return (_processes if executor == "process" else _ray)(function, chunks, jobs)


def each(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """Yield `items` in lists of `size`; the last one may be shorter."""
    todo = iter(items)
    while chunk := list(islice(todo, size)):
        yield chunk


def _processes(function: Callable[[bytes], bytes], chunks: Iterable[bytes], jobs: int) -> Iterator[bytes]:
    if getattr(multiprocessing.current_process(), "_inheriting", False):  # it is importing the main module
        raise UsageError(_UNGUARDED.format(main="the script"))
    # A forked worker would inherit locks and open files in whatever state they are.
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(jobs, mp_context=context, initializer=_at_work)

    def submit(chunk: bytes) -> Callable[[], bytes]:
        with _deaf():
            return pool.submit(function, chunk).result

    try:
        yield from _in_order(submit, chunks, AHEAD * jobs)
    except BrokenProcessPool:
        if main := _unguarded():
            raise UsageError(_UNGUARDED.format(main=main)) from None
        raise GristmillError(
            "A worker process died (killed, or out of memory). Everything recorded is safe; run the same command again."
        ) from None
    finally:
        pool.shutdown(cancel_futures=True)


def _unguarded() -> str:
    """Return the script that was started, if importing it does all that it does; empty otherwise."""
    main = sys.modules.get("__main__")
    file = getattr(main, "__file__", None)
    if file is None or getattr(main, "__spec__", None) is not None:
        return ""
    try:
        return "" if "__name__" in Path(file).read_text(encoding="utf-8") else str(file)
    except (OSError, UnicodeDecodeError):
        return ""


@contextmanager
def _deaf() -> Iterator[None]:
    """Hold an interrupt from the terminal back, also from workers that are started meanwhile, until they are at work."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _at_work() -> None:
    """Leave an interrupt from the terminal, which reaches every process, to the one that can answer it; go when it goes."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGINT])
    threading.Thread(target=_end_with, args=(multiprocessing.parent_process(),), daemon=True).start()


def _end_with(parent: Any) -> None:
    """End this process when its parent has ended: one that was killed could not say that there is no more work."""
    parent.join()
    os._exit(1)


def _ray(function: Callable[[bytes], bytes], chunks: Iterable[bytes], jobs: int) -> Iterator[bytes]:
    try:
        ray: Any = import_module("ray")
    except ImportError:
        raise UsageError("Expected Ray to be installed for the executor 'ray'; pip install ray.") from None
    with suppress(RuntimeError):  # it may run already
        ray.init(ignore_reinit_error=True, log_to_driver=False)
    remote = ray.remote(function)

    def submit(chunk: bytes) -> Callable[[], bytes]:
        reference = remote.remote(chunk)
        return lambda: bytes(ray.get(reference))

    yield from _in_order(submit, chunks, AHEAD * jobs)


def _in_order(
    submit: Callable[[bytes], Callable[[], bytes]], chunks: Iterable[bytes], ahead: int
) -> Iterator[bytes]:
    waiting: deque[Callable[[], bytes]] = deque()
    for chunk in chunks:
        waiting.append(submit(chunk))
        if len(waiting) >= ahead:
            yield waiting.popleft()()
    while waiting:
        yield waiting.popleft()()
