"""The checks of robot worlds: success by the final physical state, and safety by the peaks on the way there.

The final state is taken from the record into a fresh simulator, whose geometry decides; no reward is looked at. What of
the record follows from its scenario, or from the rest of it, is compared; whether the way is what its actions lead to
is for a replay to say.
"""

import math
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from gristmill.envs.records import broken, other_identity, other_log, other_state, other_steps
from gristmill.envs.robots.models import model_hash
from gristmill.envs.robots.scenarios import Disturbances, stratum
from gristmill.types import Check, Entry, Episode

if TYPE_CHECKING:
    from gristmill.envs.robots.world import RobotWorld

__all__ = ["robot_checks"]


def robot_checks(world: "RobotWorld", episode: Episode) -> list[Check]:
    """Return the findings on a recorded episode."""
    problem = (
        other_identity(world, episode, stratum)
        or _state(world, episode)
        or other_steps(world, episode, world.horizon)
    )
    model = None if problem else world.model(episode.scenario.values)
    if problem or (problem := _log(world, episode, model)):
        return [broken(problem)]
    state = episode.state
    return [*_success(world, model, state), _held(world, state), *_safety(world, state["peaks"])]


# What keeps a record from being judged; empty where nothing does.


def _state(world: "RobotWorld", episode: Episode) -> str:
    state, model = episode.state, world.nominal
    if problem := other_state(episode):
        return problem
    for name, size in (("qpos", model.nq), ("qvel", model.nv)):
        values = state.get(name)
        if not isinstance(values, list) or len(values) != size or not all(map(_is_number, values)):
            return f"{name} that is not {size} finite numbers"
    if not isinstance(state.get("peaks"), dict):
        return "no peaks"
    streak = state.get("streak")
    if type(streak) is not int or not 0 <= streak <= world.horizon:
        return f"a streak of {streak!r} steps of success"
    return ""


def _log(world: "RobotWorld", episode: Episode, model: Any) -> str:
    """Compare the log with what the scenario has in store, and its start with a fresh one."""
    due = Disturbances.of(episode.scenario.values)
    events = [one for now in range(world.horizon) for one in due.events(now, world.pushed)]
    if problem := other_log(world, episode, events):
        return problem
    start = episode.entries[0]
    here = all(start.get(key) == value for key, value in world.platform.items())
    # Another engine, or another version of the world, may begin otherwise; what is to be made of that, a replay says.
    return (
        _other_start(world, model, episode.scenario.values, start)
        if here and world.version == episode.version
        else ""
    )


def _other_start(world: "RobotWorld", model: Any, values: Mapping[str, Any], start: Entry) -> str:
    if start.get("model") != model_hash(model):
        return "a model that is not that of its scenario"
    physics = world.judge
    physics.place([0], [model], [world.sample(model, values)])
    physics.control[0] = world.rest(model).astype(np.float32)
    if start.get("state") != physics.full_state(0).tolist():
        return "an initial state that is not that of its scenario"
    return ""


def _success(world: "RobotWorld", model: Any, state: Mapping[str, Any]) -> Iterator[Check]:
    """Yield the predicates, on the recorded final state in a fresh simulator."""
    physics = world.judge
    qpos, qvel = (np.array(state[name], dtype=np.float64) for name in ("qpos", "qvel"))
    physics.place([0], [model], [qpos])
    physics.put(0, qpos, qvel)
    for name, holds in world.predicates(physics).items():
        evidence = {} if holds[0] else {"expected": True, "got": False}
        yield Check(name=name, status="pass" if holds[0] else "fail", evidence=evidence)


def _held(world: "RobotWorld", state: Mapping[str, Any]) -> Check:
    evidence = {"expected": f"success through the last {world.hold} control steps", "got": state["streak"]}
    return Check(name="held", status="pass" if state["streak"] >= world.hold else "fail", evidence=evidence)


def _safety(world: "RobotWorld", peaks: Mapping[str, Any]) -> Iterator[Check]:
    for name, limit in world.safety.items():
        peak: Any = peaks.get(name)
        safe = _is_number(peak) and peak <= limit.most
        evidence = {"expected": f"at most {limit.most:g} {limit.unit}", "got": peak}
        yield Check(name=f"safe_{name}", status="pass" if safe else "fail", evidence=evidence)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
