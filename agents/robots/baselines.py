"""Policies for the seat `robot` of any robot world: two that must not succeed, and one that spoils another.

What they know of the robot is in the brief: the rest position, and the limits of an action.
"""

import math
from collections.abc import Sequence

import numpy as np

from gristmill import registry
from gristmill.agents.robots.mover import Array, Move, Mover, Observation
from gristmill.errors import UsageError
from gristmill.policy import Place, Policy, policy
from gristmill.seeding import numpy_stream
from gristmill.types import Brief

__all__ = ["noisy", "noop", "random_actions"]


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


@policy("*", "robot", "noisy")
def noisy(place: Place, *, base: str = "expert", sd: float = 0.02) -> Policy:
    """Move as `base`, with normal noise of deviation `sd` (rad or m) on every action."""
    if not 0 <= sd < math.inf:
        raise UsageError(f"Expected a standard deviation from 0, got {sd}.")
    return Noisy(place, registry.policy(base, place.world, place.seat), sd)


class Noisy(Mover):
    """A policy that adds noise to the actions of another.

    Args:
        place: what it was asked for as.
        base: the other.
        sd: standard deviation of the noise, in the units of the action.
    """

    def __init__(self, place: Place, base: Policy, sd: float) -> None:
        super().__init__(place, self._open, base=base.digest, sd=sd)
        self.generation, self.width = base.generation, base.width
        self._base, self._sd = base, sd

    def _open(self, briefs: Sequence[Brief], seeds: Sequence[int]) -> Move:
        session = self._base.begin(briefs, seeds)
        streams = [numpy_stream(seed, "noise") for seed in seeds]
        limits = [np.array(briefs[0].facts["action"][end]) for end in ("low", "high")]

        def move(rows: Sequence[int], seen: Observation) -> Array:
            actions: Array = session.act(rows, seen)
            noise = np.stack([streams[row].standard_normal(actions.shape[1]) for row in rows])
            spoiled: Array = np.clip(actions + self._sd * noise, *limits).astype(np.float32)
            return spoiled

        return move
