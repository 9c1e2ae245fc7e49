"""The checks of robot worlds: success by the final physical state, and safety by the peaks on the way there.

The final state is taken from the record into a fresh simulator, whose geometry decides; no reward is looked at. What of
the record follows from its scenario, or from the rest of it, is compared; whether the way is what its actions lead to
is for a replay to say.
"""

import math
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from gristmill.digest import digest
from gristmill.envs.robots.models import model_hash
from gristmill.envs.robots.scenarios import Disturbances, stratum
from gristmill.errors import UsageError
from gristmill.steps import Steps
from gristmill.types import Check, Entry, Episode, Scenario, episode_id

if TYPE_CHECKING:
    from gristmill.envs.robots.world import RobotWorld

__all__ = ["robot_checks"]


def robot_checks(world: "RobotWorld", episode: Episode) -> list[Check]:
    """Return the findings on a recorded episode."""
    problem = _identity(world, episode) or _state(world, episode) or _steps(world, episode)
    model = None if problem else world.model(episode.scenario.values)
    if problem or (problem := _log(world, episode, model)):
        return [Check(name="record", status="fail", evidence={"expected": "a whole episode", "got": problem})]
    state = episode.state
    return [*_success(world, model, state), _held(world, state), *_safety(world, state["peaks"])]


# What keeps a record from being judged; empty where nothing does.


def _identity(world: "RobotWorld", episode: Episode) -> str:
    scenario = episode.scenario
    if scenario.world != world.id or scenario.id != Scenario.of(world.id, scenario.values).id:
        return "a scenario that does not match its id"
    if problem := world.space.problem(scenario.values):
        return f"a scenario outside the Space: {problem}"
    if scenario.stratum not in ("", cell := stratum(scenario.values)):  # an empty one claims nothing
        return f"a scenario of the stratum {scenario.stratum!r}, whose values are {cell!r}"
    if list(episode.seats) != world.possible_agents:
        return f"the seats {', '.join(episode.seats)}"
    known = episode_id(episode.world, episode.version, scenario, episode.seats, episode.seed, episode.attempt)
    return "" if episode.id == known else "an episode that does not match its id"


def _state(world: "RobotWorld", episode: Episode) -> str:
    state, model = episode.state, world.nominal
    if not isinstance(state, dict):
        return "no state"
    try:
        if digest(state) != episode.state_digest:
            return "a state that does not match its digest"
    except UsageError as error:
        return f"a state that is no plain data: {error}"
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


def _steps(world: "RobotWorld", episode: Episode) -> str:
    steps, state = episode.steps, episode.state
    if steps is None:
        return "no steps"
    try:
        columns = steps.columns()
    except UsageError as error:
        return str(error)
    if len(steps) != world.horizon or state.get("steps") != world.horizon:
        return f"{len(steps)} steps, where an episode has {world.horizon}"
    if problem := _other_form(world, steps):
        return problem
    if not all(np.isfinite(column).all() for column in columns.values()):
        return "steps with numbers that are not finite"
    actions = steps.actions["value"]
    if not all(map(world.action_space.contains, actions)):
        return "actions beyond their limits"
    if steps.truncated.any() or steps.terminated[:-1].any() or not steps.terminated[-1]:
        return "steps that do not end, all of them, with the last one"
    return "" if episode.end == "terminated" else f"an end that is {episode.end!r}"


def _other_form(world: "RobotWorld", steps: Steps) -> str:
    """Return which column has another form than the world's spaces say."""
    expected: dict[str, Any] = {f"observation.{name}": (one.size,) for name, one in world.quantities.items()}
    expected["action.value"] = world.action_space.shape
    layout = steps.layout
    found = {
        name: (np.dtype(dtype), tuple(shape))
        for name, dtype, shape in zip(layout.names, layout.dtypes, layout.shapes, strict=True)
        if name not in ("reward", "terminated", "truncated")
    }
    for name in sorted({*expected, *found}):
        right = (np.dtype(np.float32), expected.get(name))
        if found.get(name) != right:
            return f"{name} as {found.get(name)}, where the world has {right if name in expected else 'none'}"
    return ""


def _log(world: "RobotWorld", episode: Episode, model: Any) -> str:
    """Compare the log with what the scenario has in store, and its start with a fresh one."""
    if not episode.entries or episode.entries[0].get("event") != "start":
        return "a log that does not begin with the start"
    start, *events = episode.entries
    if not all(isinstance(start.get(key), str) and start[key] for key in world.platform):
        return f"a start that does not name {' and '.join(world.platform)}"
    due = Disturbances.of(episode.scenario.values)
    if events != [one for now in range(world.horizon) for one in due.events(now, world.pushed)]:
        return "a log of other disturbances than those of its scenario"
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
