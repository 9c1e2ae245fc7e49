"""Recorded episodes of a robot as arrays to learn from: what was observed, what was done, and how long it went on."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from gristmill.agents.robots.network import NetworkConfig, flat
from gristmill.errors import UsageError
from gristmill.steps import Steps

__all__ = [
    "Frames",
    "check_fit",
    "finite",
    "frames_of",
    "normalised",
    "shape_of",
    "spread_within",
    "statistics_of",
]

Array = np.ndarray[Any, Any]
_LEAST = 1e-3  # standard deviation, in whatever unit


class Frames(NamedTuple):
    """Episodes end to end.

    Attributes:
        observations: [frames, input] float32.
        actions: [frames, action] float32.
        left: control steps from each to the end of its episode, itself included, [frames] int32.
    """

    observations: Array
    actions: Array
    left: Array


def shape_of(episodes: Sequence[Steps], world: str, **rest: int) -> NetworkConfig:
    """Return the shape of a network for episodes; `rest` are its fields that these do not decide.

    Raises:
        UsageError: when there are none, or they have actions of several fields.
    """
    if not episodes:
        raise UsageError("Expected episodes to learn from, got none.")
    fields, action = _sizes(episodes[0])
    return NetworkConfig(world=world, observation=fields, action=action, **rest)


def _sizes(steps: Steps) -> tuple[dict[str, int], int]:
    """Return by field of an observation how many numbers it has, and how many an action has."""
    fields = {name: int(column[0].size) for name, column in steps.observations.items()}
    if list(steps.actions) != ["value"]:
        raise UsageError(f"Expected actions of one field, got {', '.join(steps.actions) or 'none'}.")
    return fields, int(np.prod(steps.actions["value"].shape[1:]))


def check_fit(episodes: Sequence[Steps], shape: NetworkConfig, world: str) -> None:
    """Refuse episodes that a network is not for.

    Raises:
        UsageError: when world, fields or sizes differ.
    """
    if world != shape.world:
        raise UsageError(
            f"Expected episodes of {shape.world}, which the model to start from is for, got some of {world}."
        )
    for steps in episodes:
        fields, action = _sizes(steps)
        if (list(fields.items()), action) != (list(shape.observation.items()), shape.action):
            raise UsageError(
                f"Expected episodes with the observations {shape.observation} and actions of {shape.action} numbers, "
                f"got one with {fields} and {action}."
            )


def finite(steps: Steps) -> bool:
    """Return whether all that was observed and done is finite as float32, in which it is learnt."""
    with np.errstate(over="ignore"):
        columns = [one.astype(np.float32) for one in (*steps.observations.values(), *steps.actions.values())]
    return all(bool(np.isfinite(one).all()) for one in columns)


def frames_of(episodes: Sequence[Steps], shape: NetworkConfig) -> Frames:
    """Return episodes end to end, as they were recorded."""
    observations = [flat(_rows(one), shape)[:-1] for one in episodes]
    actions = [one.actions["value"].reshape(len(one), shape.action) for one in episodes]
    left = [np.arange(len(one), 0, -1) for one in episodes]
    return Frames(
        np.concatenate(observations).astype(np.float32), np.concatenate(actions).astype(np.float32),
        np.concatenate(left).astype(np.int32),
    )  # fmt: skip


def _rows(steps: Steps) -> dict[str, Array]:
    return {name: column.reshape(len(column), -1) for name, column in steps.observations.items()}


def statistics_of(raw: Frames) -> dict[str, Array]:
    """Return mean and standard deviation of what was observed and done, under the names that a network has for them."""
    arrays: dict[str, Array] = {}
    for name, one in (("observation", raw.observations), ("action", raw.actions)):
        arrays[f"{name}.mean"] = one.mean(axis=0, dtype=np.float64).astype(np.float32)
        # What hardly varies in training is not blown up when it does later.
        arrays[f"{name}.sd"] = np.maximum(one.std(axis=0, dtype=np.float64), _LEAST).astype(np.float32)
    return arrays


def spread_within(frames: Frames) -> Array:
    """Return how much each number that is observed varies within an episode, root mean square of standard deviations."""
    ends = np.flatnonzero(frames.left == 1) + 1
    spreads = [one.var(axis=0, dtype=np.float64) for one in np.split(frames.observations, ends[:-1])]
    spread: Array = np.sqrt(np.mean(spreads, axis=0)).astype(np.float32)
    return spread


def normalised(raw: Frames, arrays: Mapping[str, Array]) -> Frames:
    """Return frames in standard deviations from the mean, both from `statistics_of`."""
    return Frames(
        (raw.observations - arrays["observation.mean"]) / arrays["observation.sd"],
        (raw.actions - arrays["action.mean"]) / arrays["action.sd"],
        raw.left,
    )
