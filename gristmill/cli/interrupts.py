"""A person's interrupt that falls into code which cannot be left, such as a callback of the garbage collector."""

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

__all__ = ["heeded"]

_SOON = 0.02  # seconds


@contextmanager
def heeded() -> Iterator[None]:
    """Raise an interrupt again that Python could only report as ignored, which would be lost otherwise.

    Callbacks of the garbage collector, of which JAX has one, and finalisers cannot raise. What is ignored there is raised
    once more, by an alarm, a moment later.
    """
    before = sys.unraisablehook
    if not hasattr(signal, "setitimer"):  # no alarms on this system
        yield
        return

    def ignored(one: Any) -> None:
        if issubclass(one.exc_type, KeyboardInterrupt):
            signal.signal(signal.SIGALRM, signal.default_int_handler)
            signal.setitimer(signal.ITIMER_REAL, _SOON)
        else:
            before(one)

    sys.unraisablehook = ignored
    try:
        yield
    finally:
        sys.unraisablehook = before
