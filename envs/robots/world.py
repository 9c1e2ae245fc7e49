"""Robot worlds: a subclass writes the rules of one task, and has a single environment and a batched one of it.

The rules know neither clock nor simulator; `physics` steps the rows, and `stage` runs the control loop. A single
environment is a batch of one, so both give the same episodes to the last bit.
"""

from abc import abstractmethod
from collections.abc import Mapping
from functools import cached_property
from typing import Any, ClassVar, cast

import gymnasium
import mujoco
import numpy as np
from gymnasium.spaces import Box, Dict
from gymnasium.vector import AutoresetMode

from gristmill.envs.robots.physics import PLATFORM, Physics, compiled, tuned, written
from gristmill.envs.robots.scenarios import stratum
from gristmill.envs.robots.types import Array, Limit, Observation, Quantity
from gristmill.envs.robots.vector import RobotVectorEnv
from gristmill.envs.robots.verify import robot_checks
from gristmill.envs.versions import version_of
from gristmill.errors import UsageError
from gristmill.generators.space import Space
from gristmill.types import Brief, Check, Episode, Scenario

__all__ = ["RobotWorld"]


class RobotWorld(gymnasium.Env[Observation, Array]):
    """One task for one robot.

    A subclass gives the attributes and the methods `scene`, `sample`, `observe` and `predicates`; it may also give
    `tune`, `measure` and `reward`. Arrays have a leading axis of rows.

    Attributes:
        id: Farama's `namespace/name-vN`.
        task: what the robot is to do, in words.
        space: of the scenarios; with the fields of `scenarios.domain`.
        horizon: control steps of an episode. The task ends with the last one, and time is part of the observation.
        substeps: of physics in a control step.
        quantities: the fields of an observation, in order; `time`, the share of the episode that is over, is added.
        safety: the most that each measured peak may come to.
        pushed: body that the pushes of scenarios act on.
        hold: control steps at the end of an episode through which success has to last.
        picture: how pictures are made: `width` and `height` in pixels, and whether they are `fine`, see `render.Camera`.
    """

    metadata = {"render_modes": ["rgb_array"]}  # noqa: RUF012  # as its base class has it
    id: ClassVar[str]
    task: ClassVar[str]
    space: ClassVar[Space]
    horizon: ClassVar[int]
    substeps: ClassVar[int]
    quantities: ClassVar[Mapping[str, Quantity]]
    safety: ClassVar[Mapping[str, Limit]]
    pushed: ClassVar[str]
    hold: ClassVar[int] = 5
    possible_agents: ClassVar[list[str]] = ["robot"]
    platform: ClassVar[dict[str, str]] = PLATFORM

    def __init_subclass__(cls, **more: Any) -> None:
        super().__init_subclass__(**more)
        if "quantities" in vars(cls):
            clock = Quantity(1, "", "share of the episode that is over", low=0.0, high=1.0)
            cls.quantities = {**cls.quantities, "time": clock}

    def __init__(self, *, render_mode: str | None = None) -> None:
        self.render_mode = render_mode
        self.picture: dict[str, Any] = {"width": 320, "height": 240, "fine": True}
        self.nominal = self.model(self.space.mode)
        self.dt = self.substeps * float(self.nominal.opt.timestep)  # seconds in a control step
        self.metadata = {**self.metadata, "render_fps": round(1 / self.dt)}
        self.action_space = Box(*self.nominal.actuator_ctrlrange.T.astype(np.float32), dtype=np.float32)
        boxes: dict[str, gymnasium.Space[Any]] = {
            name: Box(one.low, one.high, (one.size,), dtype=np.float32)
            for name, one in self.quantities.items()
        }
        self.observation_space = cast("gymnasium.Space[Observation]", Dict(boxes))

    # The rules.

    @abstractmethod
    def scene(self, values: Mapping[str, Any]) -> str:
        """Return the MJCF for a scenario's sizes and shapes; equal texts are compiled once."""

    def tune(self, model: mujoco.MjModel, values: Mapping[str, Any]) -> None:
        """Set masses, friction, gains and the like of a scenario in its own copy of the compiled scene."""

    @abstractmethod
    def sample(self, model: mujoco.MjModel, values: Mapping[str, Any]) -> Array:
        """Return the configuration, [nq], that a scenario begins in."""

    @abstractmethod
    def observe(self, physics: Physics) -> Observation:
        """Return every quantity but `time`, [rows, size] each, as it is, without noise."""

    @abstractmethod
    def predicates(self, physics: Physics) -> dict[str, Array]:
        """Return by name what has to hold for success, [rows] bool each, from the physical state alone."""

    def measure(self, physics: Physics) -> dict[str, Array]:
        """Return what `safety` limits, [rows] each."""
        return {}

    def reward(self, physics: Physics, predicates: Mapping[str, Array]) -> Array:
        """Return the rewards of a step, [rows]; 1 where every predicate holds, by default. No verdict depends on it."""
        rewards: Array = np.logical_and.reduce(list(predicates.values())).astype(np.float64)
        return rewards

    def rest(self, model: mujoco.MjModel) -> Array:
        """Return the action that keeps the robot where it begins, [size]."""
        return np.zeros(model.nu)

    def geometry(self) -> dict[str, Any]:
        """Return what a policy may know of the robot's build, as plain data."""
        return {}

    # What the base class makes of them.

    @cached_property
    def version(self) -> str:
        """Changes whenever the code does that decides how episodes go."""
        return version_of(cast(Any, type(self)))

    @cached_property
    def judge(self) -> Physics:
        """A simulator of one row in which recorded states are looked at."""
        physics = Physics(self.nominal, 1)
        self.predicates(physics)  # registers what it reads
        return physics

    def model(self, values: Mapping[str, Any]) -> mujoco.MjModel:
        """Return the model of a scenario."""
        return tuned(compiled(self.scene(values)), lambda model: self.tune(model, values))

    def mjcf(self, values: Mapping[str, Any]) -> str:
        """Return the model of a scenario as MJCF, rounded to six digits, for others to look at."""
        return written(self.scene(values), self.model(values))

    def scenario(self, seed: int, index: int) -> Scenario:
        """Return draw `index` under `seed`."""
        return self.space.scenario(self.id, seed, index, stratum=stratum)

    def brief(self, seat: str) -> Brief:
        """Return the task in words, and spaces, horizon and build of the robot as facts."""
        low, high = self.nominal.actuator_ctrlrange.T
        names = [self.nominal.actuator(number).name for number in range(self.nominal.nu)]
        facts = {
            "observation": {
                name: {"size": one.size, "unit": one.unit, "about": one.about}
                for name, one in self.quantities.items()
            },
            "action": {"names": names, "low": low.tolist(), "high": high.tolist()},
            "rest": self.rest(self.nominal).tolist(),
            "horizon": self.horizon,
            "dt": self.dt,
            "geometry": self.geometry(),
        }
        return Brief(seat=seat, text=self.task, facts=facts)

    def vector(self, rows: int) -> RobotVectorEnv:
        """Return many rows of this world, which are not reset by themselves."""
        return RobotVectorEnv(self, rows, autoreset=AutoresetMode.DISABLED)

    def checks(self, episode: Episode) -> list[Check]:
        """Judge a recorded episode by its final physical state and by the peaks on the way there."""
        return robot_checks(self, episode)

    # gymnasium.Env: a batch of one.

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Observation, dict[str, Any]]:
        """Start an episode of `options["scenario"]`, or of one drawn from `seed`; without a seed, of the next one."""
        super().reset(seed=seed)
        given = (options or {}).get("scenario")
        seen, info = self._row.reset(seed=seed, options=None if given is None else {"scenarios": [given]})
        return _first(seen), {"scenario": info["scenarios"][0]}

    def step(self, action: Array) -> tuple[Observation, float, bool, bool, dict[str, Any]]:
        """Apply an action and let one control step pass; the task is over after `horizon` of them.

        Raises:
            UsageError: when the action does not fit the action space, the episode is over, or the physics broke.
        """
        seen, rewards, over, _, info = self._row.step(np.asarray(action)[None])
        if fault := self._row.fault(0):
            raise UsageError(f"The episode cannot go on: {fault}; reset it.")
        checks = {name: bool(column[0]) for name, column in info["predicates"].items()}
        return (
            _first(seen),
            float(rewards[0]),
            bool(over[0]),
            False,
            {"success": all(checks.values()), **checks},
        )

    def render(self) -> Array:
        """Return a picture of the scene, [height, width, 3] uint8."""
        picture: Array = self._row.render()[0]
        return picture

    def close(self) -> None:
        """Release the simulator, and the camera if there is one."""
        if (row := self.__dict__.pop("_row", None)) is not None:
            row.close()

    @cached_property
    def _row(self) -> RobotVectorEnv:
        return RobotVectorEnv(self, 1, autoreset=AutoresetMode.DISABLED)


def _first(seen: Observation) -> Observation:
    return {name: column[0] for name, column in seen.items()}
