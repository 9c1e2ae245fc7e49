"""`robots/pick-place-v1`: put a cube down on its goal on the table, and let go of it."""

from collections.abc import Mapping
from typing import Any, ClassVar

import mujoco
import numpy as np

from gristmill.envs.robots import arm
from gristmill.envs.robots.gripper import (
    CLEAR,
    GripperWorld,
    apart,
    half,
    lying,
    motion,
    places,
    resting,
    tune_cube,
)
from gristmill.envs.robots.physics import Physics
from gristmill.envs.robots.scenarios import domain
from gristmill.envs.robots.types import Array, Observation, Quantity
from gristmill.generators.fields import Choice, LogNormal, Uniform
from gristmill.generators.space import Space

__all__ = ["PickPlace"]

_NEAR = 0.03  # m from the goal that count as there
_APART = 0.1  # m between cube and goal at least, in the beginning


class PickPlace(GripperWorld):
    """Bring a cube to its goal on the table, and let go of it."""

    id: ClassVar[str] = "robots/pick-place-v1"
    task = (
        f"Bring the cube to the goal on the table, within {100 * _NEAR:g} cm, and let go of it, "
        f"{100 * CLEAR:g} cm clear of it."
    )
    cubes: ClassVar[Mapping[str, str]] = {"cube": "0.82 0.36 0.22 1"}
    space = Space(
        {
            "side": Choice((0.036, 0.04, 0.044)),
            "mass": LogNormal(0.08, 0.3, unit="kg"),
            "friction": Uniform(0.5, 1.1),
            "radius": Uniform(0.28, 0.42, unit="m"),
            "bearing": Uniform(-0.9, 0.9, unit="rad"),
            "turn": Uniform(-np.pi / 4, np.pi / 4, unit="rad"),
            "goal_radius": Uniform(0.28, 0.42, unit="m"),
            "goal_bearing": Uniform(-0.9, 0.9, unit="rad"),
            **domain(GripperWorld.horizon),
        },
        where=apart("goal", least=_APART),
    )
    quantities: ClassVar[Mapping[str, Quantity]] = {
        **GripperWorld.own,
        "cube": Quantity(3, "m", "position of the middle of the cube", noisy=True),
        "facing": Quantity(
            2, "", "horizontal direction in which a side of the cube faces", low=-1.0, high=1.0
        ),
        "side": Quantity(1, "m", "length of the cube's edges"),
        "goal": Quantity(2, "m", "position of the goal on the table", noisy=True),
    }

    def scene(self, values: Mapping[str, Any]) -> str:
        return self.scene_of("pick_place", {"cube": values["side"]})

    def tune(self, model: mujoco.MjModel, values: Mapping[str, Any]) -> None:
        arm.tune_servos(model, values)
        tune_cube(model, "cube", values["mass"], values["friction"])
        model.site("goal").pos[:2] = places(values, "goal")[1]

    def sample(self, model: mujoco.MjModel, values: Mapping[str, Any]) -> Array:
        (x, y), _ = places(values, "goal")
        return self.start(lying(x, y, values["bearing"] + values["turn"], values["side"]))

    def observe(self, physics: Physics) -> Observation:
        return {
            **self.observe_own(physics),
            "cube": physics.position("cube"),
            "facing": physics.rotation("cube")[:, [0, 3]],
            "side": 2 * half(physics, "cube")[:, None],
            "goal": physics.site("goal")[:, :2],
        }

    def predicates(self, physics: Physics) -> dict[str, Array]:
        cube, goal = physics.position("cube"), physics.site("goal")
        return {
            "at_goal": np.linalg.norm((cube - goal)[:, :2], axis=1) < _NEAR,
            "on_table": np.abs(cube[:, 2] - half(physics, "cube")) < 0.003,
            "let_go": self.released(physics, "cube"),
            "at_rest": resting(physics, "cube"),
        }

    def margins(self, physics: Physics) -> dict[str, Array]:
        cube, goal = physics.position("cube"), physics.site("goal")
        return {
            "at_goal": np.linalg.norm((cube - goal)[:, :2], axis=1) / _NEAR,
            "on_table": np.abs(cube[:, 2] - half(physics, "cube")) / 0.003,
            "let_go": self.nearness(physics, "cube"),
            "at_rest": motion(physics, "cube"),
        }
