"""Policies for the seat `robot` of any robot world that must not succeed.

What they know of the robot is in the brief: the rest position, and the limits of an action.
"""

from collections.abc import Sequence

import numpy as np

from gristmill.agents.robots.mover import Array, Move, Mover, Observation
from gristmill.policy import Place, Policy, policy
from gristmill.seeding import numpy_stream
from gristmill.types import Brief

__all__ = ["noop", "random_actions"]


@policy("*", "robot", "noop")
def noop(place: Place) -> Policy:
    """Stay where it is."""

    def begin(briefs: Sequence[Brief], seeds: Sequence[int]) -> Move:
        rest = np.array([one.facts["rest"] for one in briefs], dtype=np.float32)
        return lambda rows, _: rest[list(rows)]

    return Mover(place, begin)


@policy("*", "robot", "random")
def random_actions(place: Place, *, smooth: int = 10) -> Policy:
    """Go to random positions, another one every `smooth` control steps."""

    def begin(briefs: Sequence[Brief], seeds: Sequence[int]) -> Move:
        streams = [numpy_stream(seed, "random") for seed in seeds]
        limits = [np.array([one.facts["action"][end] for one in briefs]) for end in ("low", "high")]
        goals = np.zeros_like(limits[0])
        clock = 0

        def move(rows: Sequence[int], _: Observation) -> Array:
            nonlocal clock
            if clock % smooth == 0:
                for row, generator in enumerate(streams):
                    goals[row] = generator.uniform(limits[0][row], limits[1][row])
            clock += 1
            return goals[list(rows)].astype(np.float32)

        return move

    return Mover(place, begin, smooth=smooth)
