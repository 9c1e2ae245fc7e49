"""Numeric steps: what a simulator was given and what it gave back, in the exact dtypes that were applied.

An episode of N steps has N actions and rewards and N + 1 observations; the last one is kept. A column down-cast on
the way would make a replay diverge, so nothing is converted, ever.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec
import numpy as np
from numpy.typing import ArrayLike, NDArray

from gristmill.digest import decoder, encode
from gristmill.errors import UsageError

__all__ = ["Layout", "Steps", "StepsBuilder", "pack", "read_layout", "unpack"]

Array = NDArray[Any]


@dataclass(frozen=True, eq=False)
class Steps:
    """The numeric record of one episode, as named columns.

    Attributes:
        observations: columns of N + 1 rows.
        actions: columns of N rows, in the dtype that the simulator was given.
        rewards: N rewards.
        terminated: N flags: the task is over.
        truncated: N flags: the time is over.
    """

    observations: Mapping[str, Array]
    actions: Mapping[str, Array]
    rewards: Array
    terminated: Array
    truncated: Array

    def __post_init__(self) -> None:
        count = len(self.rewards)
        for name, column in self.columns().items():
            if column.dtype.kind not in "biuf" or not column.dtype.isnative or column.dtype.itemsize > 8:
                raise UsageError(
                    f"Expected flags or numbers of at most 64 bits in native byte order in column {name!r}, "
                    f"got dtype {column.dtype!r}."
                )
            rows = count + 1 if name.startswith("observation") else count
            if len(column) != rows:
                raise UsageError(
                    f"Expected {rows} rows in column {name!r} ({count} rewards), got {len(column)}."
                )

    def __len__(self) -> int:
        return len(self.rewards)

    @property
    def nbytes(self) -> int:
        """The size of all columns in bytes."""
        return sum(column.nbytes for column in self.columns().values())

    def columns(self) -> dict[str, Array]:
        """Return all columns under the names they have in a file: `observation.x`, `action.y`, `reward`."""
        return {
            **{f"observation.{name}": column for name, column in self.observations.items()},
            **{f"action.{name}": column for name, column in self.actions.items()},
            "reward": self.rewards,
            "terminated": self.terminated,
            "truncated": self.truncated,
        }

    @classmethod
    def of(cls, columns: Mapping[str, Array]) -> "Steps":
        """Return the steps with these file columns."""

        def group(prefix: str) -> dict[str, Array]:
            return {
                name[len(prefix) :]: column for name, column in columns.items() if name.startswith(prefix)
            }

        return cls(
            group("observation."),
            group("action."),
            columns["reward"],
            columns["terminated"],
            columns["truncated"],
        )


@dataclass
class StepsBuilder:
    """Collects one episode step by step; observations and actions are arrays, numbers or dicts of them.

    Nothing is copied before `build`: a world that reuses its observation array has to hand out copies.
    """

    observations: list[Any] = field(default_factory=list)
    actions: list[Any] = field(default_factory=list)
    rewards: list[float] = field(default_factory=list)
    flags: list[tuple[bool, bool]] = field(default_factory=list)

    def reset(self, observation: Any) -> None:
        """Begin an episode at its first observation."""
        self.observations = [observation]
        self.actions, self.rewards, self.flags = [], [], []

    def add(self, action: Any, observation: Any, reward: float, terminated: bool, truncated: bool) -> None:
        """Add one step: the action applied, and what followed from it."""
        self.actions.append(action)
        self.observations.append(observation)
        self.rewards.append(reward)
        self.flags.append((terminated, truncated))

    def build(self) -> Steps:
        """Return the episode so far.

        Raises:
            UsageError: when a column is not numeric or changes its shape within the episode.
        """
        flags = np.array(self.flags, dtype=bool).reshape(-1, 2)
        return Steps(
            _stack("observation", self.observations),
            _stack("action", self.actions),
            np.asarray(self.rewards, dtype=np.float64),
            np.ascontiguousarray(flags[:, 0]),
            np.ascontiguousarray(flags[:, 1]),
        )


def _stack(kind: str, values: list[Any]) -> dict[str, Array]:
    if values and isinstance(values[0], Mapping):
        return {name: _column(f"{kind}.{name}", [value[name] for value in values]) for name in values[0]}
    return {"value": _column(kind, values)}


def _column(name: str, values: list[ArrayLike]) -> Array:
    try:
        return np.array(values)
    except ValueError as error:
        raise UsageError(
            f"Expected one shape in column {name!r} through the whole episode: {error}."
        ) from None


class Layout(msgspec.Struct, frozen=True):
    """The names, dtypes (NumPy's `str`, byte order included) and shapes of one row of each column."""

    names: tuple[str, ...]
    dtypes: tuple[str, ...]
    shapes: tuple[tuple[int, ...], ...]
    length: int

    @classmethod
    def of(cls, steps: Steps) -> "Layout":
        """Return the layout of `steps`."""
        columns = steps.columns()
        return cls(
            tuple(columns),
            tuple(column.dtype.str for column in columns.values()),
            tuple(column.shape[1:] for column in columns.values()),
            len(steps),
        )

    def kind(self) -> "Layout":
        """Return the layout shared by episodes of any length."""
        return msgspec.structs.replace(self, length=0)

    def rows(self, name: str) -> int:
        """Return how many rows a column has."""
        return self.length + name.startswith("observation.")


read_layout = decoder(Layout)


def pack(steps: Steps) -> tuple[bytes, bytes]:
    """Return the layout as JSON and the columns as raw bytes, one after another."""
    columns = steps.columns().values()
    return encode(Layout.of(steps)), b"".join([column.tobytes() for column in columns])


def unpack(layout_json: bytes, data: bytes) -> Steps:
    """Return what `pack` packed, as read-only views of `data`."""
    layout = read_layout(layout_json)
    columns: dict[str, Array] = {}
    offset = 0
    for name, dtype, shape in zip(layout.names, layout.dtypes, layout.shapes, strict=True):
        rows = layout.rows(name)
        column: Array = np.frombuffer(data, dtype=dtype, count=rows * int(np.prod(shape)), offset=offset)
        columns[name] = column.reshape(rows, *shape)
        offset += column.nbytes
    return Steps.of(columns)
