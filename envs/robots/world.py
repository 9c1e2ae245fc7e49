"""Robot worlds: a subclass writes the rules of one task, and has a single environment and a batched one of it.

The rules know neither clock nor simulator; `simulator` steps the rows, and `stage` runs the control loop. A single
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

from gristmill.digest import digest
from gristmill.envs.robots import severity
from gristmill.envs.robots.models import PLATFORM, compiled, tuned, written
from gristmill.envs.robots.physics import Physics
from gristmill.envs.robots.scenarios import domain, stratum
from gristmill.envs.robots.simulator import Simulator
from gristmill.envs.robots.types import Array, Limit, Observation, Quantity
from gristmill.envs.robots.vector import RobotVectorEnv
from gristmill.envs.robots.verify import robot_checks
from gristmill.envs.rows import OneRow
from gristmill.envs.versions import version_of
from gristmill.errors import UsageError, unknown
from gristmill.generators.space import Space
from gristmill.severity import Kind, Severity
from gristmill.types import Brief, Check, Episode, Scenario

__all__ = ["RobotWorld"]


class RobotWorld(OneRow):
    """One task for one robot.

    A subclass gives the attributes and the methods `scene`, `sample`, `observe` and `predicates`; it may also give
    `tune`, `measure`, `margins` and `reward`. Arrays have a leading axis of rows.

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
    safety: ClassVar[Mapping[str, Limit]] = {}
    pushed: ClassVar[str]
    hold: ClassVar[int] = 5
    possible_agents: ClassVar[list[str]] = ["robot"]
    platform: ClassVar[dict[str, str]] = PLATFORM

    def __init_subclass__(cls, **more: Any) -> None:
        super().__init_subclass__(**more)
        if "quantities" in vars(cls):
            clock = Quantity(1, "", "share of the episode that is over", low=0.0, high=1.0)
            own = {name: one for name, one in cls.quantities.items() if name != "time"}
            cls.quantities = {**own, "time": clock}

    def __init__(self, *, render_mode: str | None = None) -> None:
        self._check()
        self.render_mode = render_mode
        self.picture: dict[str, Any] = {"width": 320, "height": 240, "fine": True}
        self.nominal = self.model(self.space.mode)
        _check_model(self, self.nominal)
        self.dt = self.substeps * float(self.nominal.opt.timestep)  # seconds in a control step
        self.metadata = {**self.metadata, "render_fps": round(1 / self.dt)}
        self.action_space = Box(*self.nominal.actuator_ctrlrange.T.astype(np.float32), dtype=np.float32)
        boxes: dict[str, gymnasium.Space[Any]] = {
            name: Box(one.low, one.high, (one.size,), dtype=np.float32)
            for name, one in self.quantities.items()
        }
        self.observation_space = cast("gymnasium.Space[Observation]", Dict(boxes))

    def _check(self) -> None:
        """Raise an error that names what a subclass lacks."""
        needed = ("id", "task", "space", "horizon", "substeps", "quantities", "pushed")
        if missing := [name for name in needed if not hasattr(self, name)]:
            raise UsageError(
                f"Expected {type(self).__name__} to have {', '.join(needed)}; {', '.join(missing)} is missing."
            )
        rules = ("scene", "sample", "observe", "predicates")
        if missing := [name for name in rules if getattr(type(self), name) is getattr(RobotWorld, name)]:
            raise UsageError(
                f"Expected {type(self).__name__} to have the methods {', '.join(rules)}; {', '.join(missing)} is missing."
            )
        if missing := [name for name in domain(4) if name not in self.space.fields]:
            raise UsageError(
                f"Expected the space of {type(self).__name__} to hold **domain(horizon); {', '.join(missing)} is missing."
            )
        if self.horizon < 1 or self.substeps < 1 or not 1 <= self.hold <= self.horizon:
            raise UsageError(
                f"Expected a horizon and substeps from 1, and to hold for 1 to horizon steps, got {self.horizon}, "
                f"{self.substeps} and {self.hold}."
            )

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
        """Return what `safety` limits, [rows] each; it reads the same fields of `physics` whenever it is asked.

        It is asked at the end of a control step, and of all the moments within it, for which `physics` has a row each.
        """
        return {}

    def margins(self, physics: Physics) -> dict[str, Array]:
        """Return by predicate how much of what it allows is used up, [rows] each; it fails from about 1 on.

        All or nothing, by default, which tells no near miss from an easy success.
        """
        return {name: 1.0 - holds for name, holds in self.predicates(physics).items()}

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
        """Changes whenever the code, or the scene, does that decides how episodes go."""
        release, _, code = version_of(cast(Any, type(self))).partition("+")
        return f"{release}+{digest([code, self.scene(self.space.mode)])[:8]}"

    @cached_property
    def judge(self) -> Simulator:
        """A simulator of one row in which recorded states are looked at."""
        simulator = Simulator(self.nominal, 1)
        self.predicates(simulator)  # registers what it reads
        return simulator

    @property
    def severities(self) -> tuple[Severity, ...]:
        """How bad an episode was: a failure of any sort, or an overload."""
        return severity.severities(self)

    @property
    def kinds(self) -> tuple[Kind, ...]:
        """The ways in which failures differ."""
        return severity.kinds(self)

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
        limits = self.nominal.actuator_ctrlrange.T.astype(np.float32)  # those of the action space
        low, high = limits.astype(np.float64)
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

    def vector(
        self, rows: int, *, threads: int = 1, autoreset: AutoresetMode = AutoresetMode.DISABLED
    ) -> RobotVectorEnv:
        """Return many rows of this world, which by default are not reset by themselves."""
        return RobotVectorEnv(self, rows, threads=threads, autoreset=autoreset)

    def checks(self, episode: Episode) -> list[Check]:
        """Judge a recorded episode by its final physical state and by the peaks on the way there."""
        return robot_checks(self, episode)


def _check_model(world: RobotWorld, model: mujoco.MjModel) -> None:
    """Raise an error that names what a scene lacks."""
    if not model.nu or not model.actuator_ctrllimited.all():
        raise UsageError(
            f"Expected actuators with a ctrlrange each (or inheritrange, for positions), got {model.nu} actuators, "
            f"{int(model.actuator_ctrllimited.sum())} of them with one."
        )
    if model.opt.integrator == mujoco.mjtIntegrator.mjINT_RK4:
        raise UsageError(
            "Expected an integrator whose substeps can be watched, such as implicitfast, got RK4, after which forces and "
            "places are those of a stage within the substep."
        )
    bodies = [model.body(number).name for number in range(1, model.nbody)]
    if world.pushed not in bodies:
        raise unknown("body", world.pushed, bodies, of=f"the scene of {world.id}")
    rest, (low, high) = np.asarray(world.rest(model)), model.actuator_ctrlrange.T
    if rest.shape != (model.nu,) or not ((low <= rest) & (rest <= high)).all():
        raise UsageError(
            f"Expected rest() to be {model.nu} numbers between {low.round(3).tolist()} and {high.round(3).tolist()}, got "
            f'{rest.tolist()}; angles are in degrees unless the scene says <compiler angle="radian"/>.'
        )
