"""Attempts at scenarios: which of them a run still lacks, and what policies noted of those that were played."""

from collections.abc import Callable, Collection
from itertools import count
from pathlib import Path

from gristmill.digest import encode
from gristmill.recorders.store import RunStore
from gristmill.types import Episode

__all__ = ["NOTES", "broken", "missing", "note"]

NOTES = "notes.jsonl"


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


def broken(store: RunStore, seats: Collection[str]) -> set[str]:
    """Return the ids of recorded attempts that a fault of one of the seats has cut short."""
    if not seats:
        return set()
    return {one.id for one in store.episodes() if one.fault is not None and one.fault.side in seats}


def note(run: Path, episode: Episode) -> None:
    """Append what the policies noted of an episode to the notes of a run; of two lines for one, the later counts."""
    line = encode({"episode": episode.id, "notes": episode.notes}) + b"\n"
    with (run / NOTES).open(
        "ab", buffering=0
    ) as file:  # one write, which the death of the process does not part
        file.write(line)
