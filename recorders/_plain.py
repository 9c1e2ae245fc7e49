"""What an episode has to be to come back as it was: JSON says neither infinity nor NaN, and columns have a width."""

import re
from collections.abc import Iterator
from typing import Any

import msgspec

from gristmill.digest import decoder
from gristmill.errors import UsageError
from gristmill.recorders._tables import BIGGEST
from gristmill.types import Episode

__all__ = ["check"]

_nulls = re.compile(rb"null").findall
_read = decoder(Episode)
_INFINITE = float("inf")
_DICT = frozenset({dict})
_TEXTS = (str,) * 8
_NUMBERS = (int,) * 4


def check(episode: Episode, body: bytes) -> None:
    """Refuse an episode without numeric steps whose JSON, `body`, does not say all of it.

    A number that is none becomes `null` there, so where there is no `null` too many, nothing has to be looked for.

    Raises:
        UsageError: naming the place, and what is there.
    """
    scenario = episode.scenario
    numbers = (type(episode.seed), type(episode.attempt), type(scenario.seed), type(scenario.index))
    texts = (
        type(episode.id), type(episode.world), type(episode.version), type(episode.end),
        type(episode.state_digest), type(scenario.id), type(scenario.world), type(scenario.stratum),
    )  # fmt: skip
    try:
        if (
            len(_nulls(body)) == 1 + (episode.fault is None) + (episode.state is None)  # and no steps
            and numbers == _NUMBERS
            and texts == _TEXTS
            and -_INFINITE < scenario.log_density < _INFINITE
            and -BIGGEST <= episode.attempt < BIGGEST
            and _DICT.issuperset(map(type, episode.entries))
        ):
            for who in episode.seats.values():
                if not -BIGGEST <= who.generation < BIGGEST:
                    break
            else:
                return
    except (AttributeError, TypeError):  # something is not even of its type; below it is found out what
        pass
    _look(episode, body)


def _look(episode: Episode, body: bytes) -> None:
    """Do what `check` promises, thoroughly."""
    for place, value in _odd(msgspec.to_builtins(episode), ""):
        raise UsageError(
            f"Expected finite numbers in episode {episode.id}, got {value} at {place}; "
            "JSON has no such number: use a finite one, or leave it out."
        )
    try:
        _read(body)
    except msgspec.DecodeError as error:
        raise UsageError(
            f"Episode {episode.id} could not be read again: {error}; see gristmill.types for what belongs there."
        ) from None
    numbers = {"attempt": episode.attempt} | {
        f"seats.{seat}.generation": who.generation for seat, who in episode.seats.items()
    }
    for place, number in numbers.items():
        if not -BIGGEST <= number < BIGGEST:
            raise UsageError(
                f"Expected a number of at most 64 bits at {place} of episode {episode.id}, got {number}; "
                "count from 0."
            )


def _odd(value: Any, place: str) -> Iterator[tuple[str, float]]:
    """Yield what JSON cannot say, with its place."""
    if type(value) is float:
        if not -_INFINITE < value < _INFINITE:
            yield place, value
    elif type(value) is dict:
        for key, item in value.items():
            yield from _odd(item, f"{place}.{key}" if place else str(key))
    elif isinstance(value, list | tuple):
        for index, item in enumerate(value):
            yield from _odd(item, f"{place}[{index}]")
