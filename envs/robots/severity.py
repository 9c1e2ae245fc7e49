"""How bad an episode of a robot was: how much of what success and safety allow it used up.

Only the final state and the peaks of a record are looked at.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from gristmill.severity import Kind, Severity
from gristmill.types import Episode

if TYPE_CHECKING:
    from gristmill.envs.robots.world import RobotWorld

__all__ = ["kinds", "severities", "used"]

_ALMOST = 1 - 1e-9  # the most that a rule which holds uses up


def used(world: "RobotWorld", episode: Episode) -> dict[str, float]:
    """Return by check how much of what it allows was used up: below 1 where it passes, and 1 or more where it fails.

    Where an episode that ends well was not well for as long as it has to be, it is 2 less the share of that time.
    """
    state = episode.state
    model = world.model(episode.scenario.values)
    physics = world.judge
    qpos, qvel = (np.array(state[name], dtype=np.float64) for name in ("qpos", "qvel"))
    physics.place([0], [model], [qpos])
    physics.put(0, qpos, qvel)
    margins = {name: float(column[0]) for name, column in world.margins(physics).items()}
    holds = {name: bool(column[0]) for name, column in world.predicates(physics).items()}
    found = {
        name: min(margins[name], _ALMOST) if fine else max(margins[name], 1.0) for name, fine in holds.items()
    }
    found |= _loads(world, episode)
    streak = state["streak"]
    if all(holds.values()):
        found["held"] = 0.0 if streak >= world.hold else 2 - streak / world.hold
    return found


def _loads(world: "RobotWorld", episode: Episode) -> dict[str, float]:
    """Return by limit of safety how much of it the peak of an episode comes to."""
    peaks: Mapping[str, float] = episode.state["peaks"]
    found = {}
    for name, limit in world.safety.items():
        share = peaks[name] / limit.most
        found[f"safe_{name}"] = min(share, _ALMOST) if peaks[name] <= limit.most else share
    return found


def severities(world: "RobotWorld") -> tuple[Severity, ...]:
    """Return the severities of a robot world: a failure of any sort, and an overload."""

    def failure(episode: Episode) -> float:
        return max(used(world, episode).values())

    def overload(episode: Episode) -> float:
        return max(_loads(world, episode).values(), default=0.0)

    return (
        Severity(
            name="failure",
            of=failure,
            threshold=1.0,
            about="the greatest share of a tolerance of success, or of a limit of safety, that was used up",
        ),
        Severity(
            name="overload",
            of=overload,
            threshold=1.0,
            about="the greatest share of a limit of safety that a peak came to",
        ),
    )


def kinds(world: "RobotWorld") -> tuple[Kind, ...]:
    """Return the ways in which failures of a robot world differ: what disturbs the robot, and what gives way first."""

    def worst(episode: Episode) -> str:
        found = used(world, episode)
        return max(found, key=found.__getitem__)

    def disturbed(episode: Episode) -> str:
        values = episode.scenario.values
        return "+".join(name for name in ("push", "stall") if values[name]) or "none"

    names = (*world.predicates(world.judge), *(f"safe_{name}" for name in world.safety), "held")
    return (
        Kind(name="disturbance", labels=("none", "push", "stall", "push+stall"), of=disturbed),
        Kind.field("latency", (0, 1, 2)),
        Kind(name="worst", labels=names, of=worst),
    )
