"""`robots/reach-v1`: bring the tip of the arm to a point in the air, and stay there."""

import math
from collections.abc import Mapping
from typing import Any, ClassVar

import mujoco
import numpy as np

from gristmill.envs.robots import arm
from gristmill.envs.robots.physics import Physics
from gristmill.envs.robots.scenarios import domain
from gristmill.envs.robots.types import Array, Limit, Observation, Quantity
from gristmill.envs.robots.world import RobotWorld
from gristmill.generators.fields import Uniform
from gristmill.generators.space import Space

__all__ = ["Reach"]

_TIP = 0.1  # m from the wrist to the tip
_NEAR = 0.015  # m from the target that count as there
_START = (0.354, 0.241)  # m: how far out and how high the tip is then
_REST = (0.0, -1.2, 1.8, 0.4)  # rad


class Reach(RobotWorld):
    """Bring the tip of the arm to a point, and stay there."""

    id: ClassVar[str] = "robots/reach-v1"
    task = f"Bring the tip of the arm to the target, within {100 * _NEAR:g} cm, and keep it still there."
    horizon = 40
    substeps = 10
    pushed = "hand"
    space = Space(
        {
            "radius": Uniform(0.25, 0.5, unit="m"),
            "bearing": Uniform(-1.2, 1.2, unit="rad"),
            "height": Uniform(0.08, 0.45, unit="m"),
            "load": Uniform(0.0, 0.3, unit="kg"),
            **domain(horizon),
        },
        # Beside the tip at rest, staying there would be success.
        where=lambda values: (
            math.hypot(
                values["radius"] - _START[0], values["bearing"] * _START[0], values["height"] - _START[1]
            )
            > 0.08
        ),
    )
    quantities: ClassVar[Mapping[str, Quantity]] = {
        **arm.quantities(),
        "tip": Quantity(3, "m", "position of the tip"),
        "target": Quantity(3, "m", "position of the target", noisy=True),
    }
    safety: ClassVar[Mapping[str, Limit]] = {"joint_speed": arm.JOINT_SPEED}

    def scene(self, values: Mapping[str, Any]) -> str:
        tool = f'<geom name="rod" class="link" fromto="0 0 0 {_TIP} 0 0" size="0.012"/><site name="tip" pos="{_TIP} 0 0" size="0.01"/>'
        return arm.scene("reach", tool=tool, table='contype="0" conaffinity="0"')

    def tune(self, model: mujoco.MjModel, values: Mapping[str, Any]) -> None:
        arm.tune_servos(model, values)
        model.body("hand").mass += values["load"]
        model.site("target").pos = (*arm.spot(values["radius"], values["bearing"]), values["height"])

    def sample(self, model: mujoco.MjModel, values: Mapping[str, Any]) -> Array:
        return np.array(_REST)

    def rest(self, model: mujoco.MjModel) -> Array:
        return np.array(_REST)

    def geometry(self) -> dict[str, Any]:
        return {**arm.LINKS, "tool": _TIP}

    def observe(self, physics: Physics) -> Observation:
        return {"joints": arm.angles(physics), "tip": physics.site("tip"), "target": physics.site("target")}

    def predicates(self, physics: Physics) -> dict[str, Array]:
        away = np.linalg.norm(physics.site("tip") - physics.site("target"), axis=1)
        return {"there": away < _NEAR, "still": arm.peak_speed(physics) < 0.2}

    def margins(self, physics: Physics) -> dict[str, Array]:
        away = np.linalg.norm(physics.site("tip") - physics.site("target"), axis=1)
        return {"there": away / _NEAR, "still": arm.peak_speed(physics) / 0.2}

    def measure(self, physics: Physics) -> dict[str, Array]:
        return {"joint_speed": arm.peak_speed(physics)}
