"""What tests of robot worlds share: scenarios, ways to move, and MuJoCo's own loop to compare with."""

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from importlib.metadata import entry_points
from typing import Any, ClassVar, NamedTuple, cast

import mujoco
import numpy as np
from gymnasium.vector import AutoresetMode

from gristmill.envs.robots.reach import Reach
from gristmill.envs.robots.types import Array
from gristmill.envs.robots.vector import RobotVectorEnv
from gristmill.envs.robots.world import RobotWorld
from gristmill.generators.space import Space
from gristmill.registry import make
from gristmill.seeding import numpy_stream
from gristmill.types import Entry, Scenario

WORLDS = sorted(one.name for one in entry_points(group="gristmill.envs") if one.name.startswith("robots/"))
DISABLED = AutoresetMode.DISABLED
CALM = {"latency": 0, "push": False, "stall": False}
PUSH: dict[str, Any] = {"push": True}
STALL: dict[str, Any] = {"stall": True}
BALL = """<mujoco><option timestep="0.004"/><worldbody>
<body name="ball"><joint name="x" type="slide" axis="1 0 0"/><geom size="0.1" mass="1"/><site name="middle"/></body>
</worldbody><actuator><motor joint="x"/></actuator></mujoco>"""


class Anywhere(Reach):
    """A reach whose target may lie where the tip rests."""

    id: ClassVar[str] = "test/anywhere-v1"
    space = Space(Reach.space.fields)


@cache
def world(id: str = "robots/reach-v1") -> RobotWorld:
    """Return a world that tests do not close."""
    return Anywhere() if id == Anywhere.id else cast(RobotWorld, make(id))


def scenario(id: str = "robots/reach-v1", index: int = 0, **changes: Any) -> Scenario:
    """Return a scenario in which nothing happens on the way but what `changes` say: a push after a third of it."""
    horizon = world(id).horizon
    if changes.get("push"):
        changes = {"push_step": horizon // 3, "push_x": 3.0, "push_y": -2.5, **changes}
    if changes.get("stall"):
        changes = {"stall_step": horizon // 2, "stall_length": horizon // 16, **changes}
    values = world(id).scenario(7, index).values
    kept = {name: one for name, one in values.items() if not name.startswith(("push_", "stall_"))}
    return Scenario.of(id, {**kept, **CALM, **changes})


def at_rest() -> Scenario:
    """Return a reach whose target is where the tip rests."""
    seen, _ = world().reset(seed=0)
    x, y, z = map(float, seen["tip"])
    return scenario(Anywhere.id, radius=float(np.hypot(x, y)), bearing=float(np.arctan2(y, x)), height=z)


def wander(one: RobotWorld, seed: int, *, steps: int = 0, reach: float = 0.3) -> Array:
    """Return actions around the rest position, [steps, size] float32."""
    generator = numpy_stream(seed, "wander")
    size = one.action_space.shape or ()
    around = one.rest(one.nominal) + reach * generator.uniform(-1, 1, (steps or one.horizon, *size))
    low, high = one.nominal.actuator_ctrlrange.T
    actions: Array = np.clip(around, low, high).astype(np.float32)
    return actions


class Course(NamedTuple):
    """All that a row gave back, as plain data, and the full state that it began in."""

    observations: dict[str, list[Any]]
    rewards: list[float]
    state: dict[str, Any]
    entries: list[Entry]

    @property
    def start(self) -> Array:
        """The full state at the start."""
        return np.array(self.entries[0]["state"])

    def seen(self, name: str) -> Array:
        """Return what was observed, [steps + 1, size]."""
        return np.array(self.observations[name])


def fly(
    id: str,
    scenarios: Sequence[Scenario],
    actions: Sequence[Array],
    *,
    seeds: Sequence[int] | None = None,
    threads: int = 1,
    rows: int = 0,
) -> list[Course]:
    """Return the courses of one row per scenario, moved by [steps, size] actions each."""
    env = RobotVectorEnv(world(id), rows or len(scenarios), threads=threads, autoreset=DISABLED)
    seen, _ = env.reset(seed=seeds or list(range(len(scenarios))), options={"scenarios": list(scenarios)})
    observations, rewards = [seen], []
    idle = np.zeros((env.num_envs - len(scenarios), *actions[0].shape[1:]), dtype=np.float32)
    for now in zip(*actions, strict=True):
        seen, gained, *_ = env.step(np.concatenate([np.stack(now), idle]))
        observations.append(seen)
        rewards.append(gained)
    return [
        Course(
            {name: [one[name][row].tolist() for one in observations] for name in seen},
            [float(one[row]) for one in rewards],
            env.state(row),
            env.entries(row),
        )
        for row in range(len(scenarios))
    ]


def fly_alone(id: str, one: Scenario, actions: Array, *, seed: int = 0) -> Course:
    """Return the course of a single environment."""
    env = world(id)
    seen, _ = env.reset(seed=seed, options={"scenario": one})
    observations, rewards = [seen], []
    for action in actions:
        seen, gained, *_ = env.step(action)
        observations.append(seen)
        rewards.append(gained)
    row = env._row
    found = {name: [step[name].tolist() for step in observations] for name in seen}
    return Course(found, rewards, row.state(0), row.entries(0))


def replayed(
    one: Scenario,
    start: Array,
    actions: Array,
    *,
    forces: Mapping[int, Sequence[float]] | None = None,
    watch: Callable[[mujoco.MjData], None] = lambda _: None,
) -> mujoco.MjData:
    """Return the data that MuJoCo's own loop ends with, from a full state; `forces` act on the hand by control step.

    Set-points go over to the next in equal parts, one for each substep; `watch` is called after each.
    """
    own = world(one.world)
    model = own.model(one.values)
    data = mujoco.MjData(model)
    mujoco.mj_setState(model, data, start, mujoco.mjtState.mjSTATE_INTEGRATION)
    for step, action in enumerate(actions):
        before, after = data.ctrl.copy(), action.astype(np.float64)
        data.body(own.pushed).xfrc_applied[:3] = (forces or {}).get(step, (0.0, 0.0, 0.0))
        for number in range(1, own.substeps + 1):
            share = number / own.substeps
            data.ctrl[:] = before + share * (after - before) if share < 1 else after
            mujoco.mj_step(model, data)
            watch(data)
    return data
