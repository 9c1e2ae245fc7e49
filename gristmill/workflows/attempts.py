"""Attempts at scenarios: which a run still lacks, which are judged and recorded together, what policies noted of them."""

import time
from collections.abc import Callable, Collection, Iterable, Iterator
from itertools import count
from pathlib import Path

from gristmill.digest import encode
from gristmill.recorders.store import RunStore
from gristmill.types import Episode

__all__ = ["NOTES", "broken", "bursts", "missing", "note"]

NOTES = "notes.jsonl"
BURST = (16, 0.05)  # episodes and seconds after which those that were played are judged and recorded


def missing(
    identity: Callable[[int], str], attempts: int, known: Collection[str], broken: Collection[str]
) -> list[int]:
    """Return the attempts at a scenario that are to be played, so that as many count as were asked for.

    Args:
        identity: the id of each attempt.
        attempts: how many are asked for.
        known: ids of those that are on record.
        broken: ids of those among them that do not count.
    """
    found: list[int] = []
    numbers, left = count(), attempts
    while left:
        attempt = next(numbers)
        name = identity(attempt)
        left -= name not in broken
        if name not in known:
            found.append(attempt)
    return found


def bursts(episodes: Iterable[Episode]) -> Iterator[list[Episode]]:
    """Yield episodes that come at short intervals together, and slow ones, which nobody wants to lose, one by one.

    To play several, judge them and record them keeps the processor's caches warm and takes fewer writes, which is a
    sixth cheaper.
    """
    burst: list[Episode] = []
    due = time.monotonic() + BURST[1]
    for episode in episodes:
        burst.append(episode)
        if len(burst) >= BURST[0] or time.monotonic() >= due:
            yield burst
            burst, due = [], time.monotonic() + BURST[1]
    if burst:
        yield burst


def broken(store: RunStore, seats: Collection[str]) -> set[str]:
    """Return the ids of recorded attempts that a fault of one of the seats has cut short."""
    if not seats:
        return set()
    return {one.id for one in store.episodes() if one.fault is not None and one.fault.side in seats}


def note(run: Path, episodes: Iterable[Episode]) -> None:
    """Append what the policies noted of episodes to the notes of a run; of two lines for one, the later counts."""
    lines = [encode({"episode": one.id, "notes": one.notes}) + b"\n" for one in episodes if one.notes]
    if lines:
        # One write, which the death of the process does not part.
        with (run / NOTES).open("ab", buffering=0) as file:
            file.write(b"".join(lines))
