"""What every writer of an export has in common, and what those of numeric episodes are told.

A writer puts episodes on disk one by one, and keeps none of them.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from gristmill.steps import Array, Steps
from gristmill.types import Brief, Episode
from gristmill.world import World

__all__ = ["Setting", "Unfit", "Writer", "component_names", "joined", "numeric"]


class Unfit(Exception):  # not an error: an episode that a format has no place for
    """An episode is left out.

    Attributes:
        reason: by which such episodes are counted.
    """

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


class Writer(Protocol):
    """Writes the episodes of an export into a folder."""

    def add(self, episode: Episode, part: str) -> dict[str, Any]:
        """Write an episode, and return where it lies: a `file`, and its place in there.

        Raises:
            Unfit: when the format has no place for it; nothing of it is written then.
        """
        ...

    def finish(self) -> None:
        """Write what is known only at the end."""
        ...

    def dataset(self, part: str) -> str:
        """Return by what a reader finds a part: the id of a dataset, or the path of a file or folder."""
        ...

    def notes(self) -> list[str]:
        """Return what a person should know before using the files."""
        ...

    def close(self) -> None:
        """Let go of the files, finished or not."""
        ...


@dataclass(frozen=True)
class Setting:
    """What a writer of numeric episodes is told beside them.

    Attributes:
        parts: of the split.
        seat: the body.
        first: an episode of the view; one with other columns cannot lie beside it.
        spec: of the world, as the run or the caller names it; empty where it is not a name.
        world: the world at hand, if it can be built and still tells the seat the same.
        ask: returns what the seat was told in an episode; None without a world.
    """

    parts: tuple[str, ...]
    seat: str
    first: Episode
    spec: str = ""
    world: World | None = None
    ask: Callable[[Episode], Brief] | None = None

    def facts(self) -> Mapping[str, Any]:
        """Return what the seat knows at the outset, as data; nothing without a world."""
        return self.ask(self.first).facts if self.ask else {}


def numeric(episode: Episode, like: Episode) -> Steps:
    """Return the steps of an episode that has the same columns as another one.

    Raises:
        Unfit: when it has none, or others.
    """
    steps, expected = episode.steps, like.steps
    if steps is None or not len(steps):
        raise Unfit("no steps", "expected at least one numeric step, got none")
    if expected is not None and steps.layout.kind() != expected.layout.kind():
        raise Unfit(
            "other columns",
            f"expected columns like those of {like.id}, got {', '.join(steps.layout.names)} "
            f"of shapes {', '.join(map(str, steps.layout.shapes))}",
        )
    return steps


def joined(columns: Mapping[str, Array]) -> Array:
    """Return columns side by side, [rows, sizes]; what has more than one axis is laid out row by row."""
    return np.concatenate([column.reshape(len(column), -1) for column in columns.values()], axis=1)


def component_names(columns: Mapping[str, Array]) -> list[str]:
    """Return a name for each number in a row of `joined` columns: `time` where it is alone, else `tip_0`, `tip_1`."""
    sizes = {name: int(np.prod(column.shape[1:])) for name, column in columns.items()}
    return [name if size == 1 else f"{name}_{place}" for name, size in sizes.items() for place in range(size)]
