"""Policies for the seat `inspector`: how many units to inspect, when to change the tool, and when to stop the line.

They differ in how they tell that a tool is worn: by the power that it takes, or by how many units it has made, and in what
they make of a reading that is far out or of a flaw that is seen. What they know is what they observe.
"""

from collections.abc import Sequence

import numpy as np

from gristmill.agents.robots.baselines import noop, random_actions
from gristmill.agents.robots.mover import Array, Move, Mover, Observation
from gristmill.policy import Place, Policy, policy
from gristmill.types import Brief

__all__ = ["expert", "lax", "noop", "random_actions", "steady", "typical"]

_WORLD, _SEAT = "factory/line-v1", "inspector"
_RISE = 0.2  # of the power until a tool is worn out
_USED = 0.98  # share of its life after which the expert changes a tool
_ALARM = 0.8  # power of a tool that is broken, at most
_FAR = 3.0  # σ, the control limit of a Shewhart chart

for _name, _made in (("noop", noop), ("random", random_actions)):
    policy(_WORLD, _SEAT, _name)(_made)


@policy(_WORLD, _SEAT, "expert")
def expert(place: Place, *, rate: float = 0.5) -> Policy:
    """Set the gauge first, change the tool by its power, stop for every flaw, and inspect all after a reject."""

    def begin(briefs: Sequence[Brief], seeds: Sequence[int]) -> Move:
        flaws = np.full(
            len(briefs), -1.0
        )  # seen when it was last looked, so that the first look stops the line

        def move(rows: Sequence[int], seen: Observation) -> Array:
            power, age = _told(seen, "power"), _told(seen, "age")
            used = (power - 1.0) / _RISE
            worn = (age > 0) & (used + used / np.maximum(age, 1.0) > _USED)
            places = list(rows)
            stop = _told(seen, "flaws") > flaws[places]
            flaws[places] = _told(seen, "flaws")
            return _acts(worn | (power < _ALARM), stop, np.where(_told(seen, "rejected") > 0, 1.0, rate))

        return move

    return Mover(place, begin, rate=rate)


@policy(_WORLD, _SEAT, "typical")
def typical(place: Place, *, rate: float = 0.2, change: int = 40) -> Policy:
    """Inspect every fifth unit, and change the tool after 40 units or when a reading is far out."""

    def begin(briefs: Sequence[Brief], seeds: Sequence[int]) -> Move:
        inspected = np.zeros(len(briefs))

        def move(rows: Sequence[int], seen: Observation) -> Array:
            places = list(rows)
            new = _told(seen, "inspected") > inspected[places]
            inspected[places] = _told(seen, "inspected")
            far = new & (_told(seen, "reading") > _FAR)
            return _acts(far | (_told(seen, "age") >= change), np.zeros(len(far)), np.full(len(far), rate))

        return move

    return Mover(place, begin, rate=rate, change=change)


@policy(_WORLD, _SEAT, "steady")
def steady(place: Place, *, rate: float = 0.2, change: int = 40) -> Policy:
    """Inspect a share of the units and change the tool after as many, whatever is found."""

    def begin(briefs: Sequence[Brief], seeds: Sequence[int]) -> Move:
        return lambda rows, seen: _acts(
            _told(seen, "age") >= change, np.zeros(len(rows)), np.full(len(rows), rate)
        )

    return Mover(place, begin, rate=rate, change=change)


@policy(_WORLD, _SEAT, "lax")
def lax(place: Place) -> Policy:
    """Inspect every fiftieth unit, and change the tool late."""
    return steady(place, rate=0.02, change=60)


def _told(seen: Observation, name: str) -> Array:
    return seen[name][:, 0].astype(np.float64)


def _acts(tool: Array, stop: Array, inspect: Array) -> Array:
    """Return the actions, [rows, 3]."""
    return np.stack([tool, stop, inspect], axis=1).astype(np.float32)
