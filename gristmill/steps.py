"""Numeric steps: what a simulator was given and what it gave back, in the exact dtypes that were applied.

An episode of N steps has N actions and rewards and N + 1 observations; the last one is kept. A column down-cast on
the way would make a replay diverge, so nothing is converted, ever.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from math import prod
from typing import Any, NamedTuple

import msgspec
import numpy as np
from numpy.typing import ArrayLike, NDArray

from gristmill.digest import encode, fingerprint
from gristmill.errors import UsageError

__all__ = ["Array", "Layout", "Steps", "StepsBuilder"]

Array = NDArray[Any]
_OBSERVATION, _ACTION = "observation.", "action."
_ALWAYS = ("reward", "terminated", "truncated")


class Layout(msgspec.Struct, frozen=True):
    """The names, dtypes (NumPy's `str`, byte order included) and shapes of one row of each column."""

    names: tuple[str, ...]
    dtypes: tuple[str, ...]
    shapes: tuple[tuple[int, ...], ...]
    length: int

    def kind(self) -> "Layout":
        """Return the layout shared by episodes of any length."""
        return msgspec.structs.replace(self, length=0)

    def rows(self, name: str) -> int:
        """Return how many rows a column has."""
        return self.length + name.startswith(_OBSERVATION)


class Steps(msgspec.Struct, frozen=True):
    """The numeric record of one episode: named columns, packed so that it is plain JSON to whoever passes it on.

    `Steps.of` makes one. What was read from a file may be malformed: `check` says so, and so does every look at it.

    Attributes:
        layout: which columns there are.
        data: the raw bytes of all columns, one after another.
    """

    layout: Layout
    data: bytes

    @classmethod
    def of(
        cls,
        *,
        observations: Mapping[str, Array],
        actions: Mapping[str, Array],
        rewards: Array,
        terminated: Array,
        truncated: Array,
    ) -> "Steps":
        """Return the steps with a copy of these columns.

        Args:
            observations: columns of N + 1 rows.
            actions: columns of N rows, in the dtype that the simulator was given.
            rewards: N rewards.
            terminated: N flags: the task is over.
            truncated: N flags: the time is over.

        Raises:
            UsageError: when a column holds something else than numbers, or has another number of rows.
        """
        columns = {
            **{f"{_OBSERVATION}{name}": column for name, column in observations.items()},
            **{f"{_ACTION}{name}": column for name, column in actions.items()},
            **dict(zip(_ALWAYS, (rewards, terminated, truncated), strict=True)),
        }
        layout = Layout(
            names=tuple(columns),
            dtypes=tuple(column.dtype.str for column in columns.values()),
            shapes=tuple(column.shape[1:] for column in columns.values()),
            length=len(rewards),
        )
        for name, column in columns.items():
            if not (_is_numeric(column.dtype) and column.dtype.isnative):
                raise UsageError(
                    f"Expected flags or numbers of at most 64 bits in native byte order in column {name!r}, "
                    f"got dtype {column.dtype!r}."
                )
            if len(column) != layout.rows(name):
                raise UsageError(
                    f"Expected {layout.rows(name)} rows in column {name!r} ({len(rewards)} rewards), "
                    f"got {len(column)}."
                )
        return cls(layout, b"".join([column.tobytes() for column in columns.values()]))

    @classmethod
    def from_columns(cls, columns: Mapping[str, Array]) -> "Steps":
        """Return the steps with the columns that `columns` returns.

        Raises:
            UsageError: when there are others, or they do not belong together.
        """
        groups = {prefix: _group(columns, prefix) for prefix in (_OBSERVATION, _ACTION)}
        rest = {name: column for name, column in columns.items() if not name.startswith(tuple(groups))}
        if rest.keys() != set(_ALWAYS):
            raise UsageError(
                f"Expected the columns {', '.join(_ALWAYS)} and others named {_OBSERVATION}… or {_ACTION}…, "
                f"got {', '.join(columns) or 'none'}."
            )
        return cls.of(
            observations=groups[_OBSERVATION],
            actions=groups[_ACTION],
            rewards=rest["reward"],
            terminated=rest["terminated"],
            truncated=rest["truncated"],
        )

    def columns(self) -> dict[str, Array]:
        """Return all columns under the names they have in a file: `observation.x`, `action.y`, `reward`.

        They are read-only views of `data`.

        Raises:
            UsageError: when the data do not fit the layout.
        """
        try:
            columns, size = _placed(self.layout)
            if size != len(self.data):
                raise ValueError(f"it takes {size} bytes, and there are {len(self.data)}")
            return {one.name: np.ndarray(one.shape, one.dtype, self.data, one.offset) for one in columns}
        except (TypeError, ValueError, SyntaxError) as error:  # the last from the text of a dtype
            raise UsageError(f"Expected numeric steps whose data fit their layout, but {error}.") from None

    def check(self) -> None:
        """Look whether the data fit the layout.

        Raises:
            UsageError: when they do not.
        """
        self.columns()

    @property
    def observations(self) -> dict[str, Array]:
        """The columns of N + 1 rows."""
        return _group(self.columns(), _OBSERVATION)

    @property
    def actions(self) -> dict[str, Array]:
        """What was done, N rows each."""
        return _group(self.columns(), _ACTION)

    @property
    def rewards(self) -> Array:
        """N rewards."""
        return self.columns()["reward"]

    @property
    def terminated(self) -> Array:
        """N flags: the task is over."""
        return self.columns()["terminated"]

    @property
    def truncated(self) -> Array:
        """N flags: the time is over."""
        return self.columns()["truncated"]

    @property
    def nbytes(self) -> int:
        """The size of all columns in bytes."""
        return len(self.data)

    @property
    def digest(self) -> str:
        """Content hash of layout and data."""
        return fingerprint(encode(self.layout) + self.data)

    def __len__(self) -> int:
        return self.layout.length


class _Placed(NamedTuple):
    """Where a column lies in the data."""

    name: str
    dtype: np.dtype[Any]
    shape: tuple[int, ...]
    offset: int


@lru_cache(256)  # the episodes of a run have few layouts, and reading one costs more than making the views
def _placed(layout: Layout) -> tuple[tuple[_Placed, ...], int]:
    """Return the columns of a layout, and their size in bytes; TypeError or ValueError says what is wrong with it."""
    if len(set(layout.names)) < len(layout.names) or not set(_ALWAYS) <= set(layout.names):
        raise ValueError(f"it has the columns {', '.join(layout.names) or 'none'}")
    columns: list[_Placed] = []
    offset = 0
    for name, text, shape in zip(layout.names, layout.dtypes, layout.shapes, strict=True):
        dtype, whole = np.dtype(text), (layout.rows(name), *shape)
        if not _is_numeric(dtype) or min(whole) < 0:
            raise ValueError(f"column {name!r} has dtype {text!r} and shape {whole}")
        columns.append(_Placed(name, dtype, whole, offset))
        offset += prod(whole) * dtype.itemsize
    return tuple(columns), offset


def _is_numeric(dtype: np.dtype[Any]) -> bool:
    return dtype.kind in "biuf" and dtype.itemsize <= 8


def _group(columns: Mapping[str, Array], prefix: str) -> dict[str, Array]:
    return {name.removeprefix(prefix): column for name, column in columns.items() if name.startswith(prefix)}


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
        return Steps.of(
            observations=_stack("observation", self.observations),
            actions=_stack("action", self.actions),
            rewards=np.asarray(self.rewards, dtype=np.float64),
            terminated=flags[:, 0],
            truncated=flags[:, 1],
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
