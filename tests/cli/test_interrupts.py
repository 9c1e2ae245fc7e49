"""Interrupts that fall where nothing can be raised."""

import signal
import time
from collections.abc import Iterator

import pytest

from gristmill.cli.interrupts import heeded


@pytest.fixture(autouse=True)
def alarms() -> Iterator[None]:
    """The handler of alarms is as it was before."""
    before = signal.getsignal(signal.SIGALRM)
    yield
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, before)


class Deaf:
    """Whose end is interrupted."""

    def __init__(self, error: type[BaseException]) -> None:
        self._error = error

    def __del__(self) -> None:
        raise self._error


def deaf_work() -> None:
    """Work that is interrupted where nothing can be raised."""
    with heeded():
        Deaf(KeyboardInterrupt)
        time.sleep(10)


def test_an_interrupt_in_a_finaliser_is_not_lost() -> None:
    """It is raised again where it can be."""
    with pytest.raises(KeyboardInterrupt):
        deaf_work()


def test_other_errors_in_a_finaliser_are_reported_as_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    """By whoever reported them before, who does so again afterwards."""
    told: list[object] = []
    monkeypatch.setattr("sys.unraisablehook", lambda one: told.append(one.exc_type))
    with heeded():
        Deaf(ValueError)
    Deaf(KeyError)

    assert [ValueError, KeyError] == told
