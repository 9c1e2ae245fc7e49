"""The checks of robot worlds: success by the final physical state, and safety by the peaks on the way there.

The final state is taken from the record into a fresh simulator, whose geometry decides; no reward is looked at.
"""

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from gristmill.digest import digest
from gristmill.types import Check, Episode

if TYPE_CHECKING:
    from gristmill.envs.robots.world import RobotWorld

__all__ = ["robot_checks"]


def robot_checks(world: "RobotWorld", episode: Episode) -> list[Check]:
    """Return the findings on a recorded episode."""
    state = episode.state
    if problem := _malformed(world, episode):
        return [Check(name="record", status="fail", evidence={"expected": "a whole episode", "got": problem})]
    return [*_success(world, episode), _held(world, state), *_safety(world, state["peaks"])]


def _malformed(world: "RobotWorld", episode: Episode) -> str:
    """Return what keeps a record from being judged."""
    state, steps = episode.state, episode.steps
    model = world.nominal
    if not isinstance(state, dict) or steps is None:
        return "no state or no steps"
    if digest(state) != episode.state_digest:
        return "a state that does not match its digest"
    if len(steps) != world.horizon or state.get("steps") != world.horizon:
        return f"{len(steps)} steps, where an episode has {world.horizon}"
    for name, size in (("qpos", model.nq), ("qvel", model.nv)):
        values = state.get(name)
        if not isinstance(values, list) or len(values) != size or not _finite(values):
            return f"{name} that is not {size} finite numbers"
    if not all(np.isfinite(column).all() for column in steps.columns().values()):
        return "steps with numbers that are not finite"
    return ""


def _success(world: "RobotWorld", episode: Episode) -> Iterator[Check]:
    """Yield the predicates, on the recorded final state in a fresh simulator."""
    physics = world.judge
    physics.place([0], [world.model(episode.scenario.values)], [np.array(episode.state["qpos"])])
    physics.put(0, np.array(episode.state["qpos"]), np.array(episode.state["qvel"]))
    for name, holds in world.predicates(physics).items():
        evidence = {} if holds[0] else {"expected": True, "got": False}
        yield Check(name=name, status="pass" if holds[0] else "fail", evidence=evidence)


def _held(world: "RobotWorld", state: dict[str, Any]) -> Check:
    evidence = {"expected": f"success through the last {world.hold} control steps", "got": state["streak"]}
    return Check(name="held", status="pass" if state["streak"] >= world.hold else "fail", evidence=evidence)


def _safety(world: "RobotWorld", peaks: dict[str, Any]) -> Iterator[Check]:
    for name, limit in world.safety.items():
        peak = peaks.get(name)
        safe = isinstance(peak, int | float) and math.isfinite(peak) and peak <= limit.most
        evidence = {"expected": f"at most {limit.most:g} {limit.unit}", "got": peak}
        yield Check(name=f"safe: {name}", status="pass" if safe else "fail", evidence=evidence)


def _finite(values: list[Any]) -> bool:
    return all(isinstance(one, int | float) and math.isfinite(one) for one in values)
