"""`robots/stack-v1`: put a cube on top of a block, another cube, and let go of it."""

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

__all__ = ["Stack"]

_APART = 0.12  # m between the cubes at least, in the beginning
_MOVED = 0.03  # m that the block may be moved
_FLAT = 0.003  # m by which a height may differ from that of a cube lying flat


class Stack(GripperWorld):
    """Put a cube on top of a block, and let go of it."""

    id: ClassVar[str] = "robots/stack-v1"
    task = (
        "Put the cube on top of the block, less than half the block's width off its middle, and let go of it, "
        f"{100 * CLEAR:g} cm clear of both. Leave the block where it is, within {100 * _MOVED:g} cm."
    )
    cubes: ClassVar[Mapping[str, str]] = {"cube": "0.82 0.36 0.22 1", "block": "0.22 0.47 0.66 1"}
    space = Space(
        {
            "side": Choice((0.036, 0.04, 0.044)),
            "block_side": Choice((0.04, 0.044, 0.048)),
            "mass": LogNormal(0.08, 0.3, unit="kg"),
            "block_mass": LogNormal(0.1, 0.3, unit="kg"),
            "friction": Uniform(0.5, 1.1),
            "radius": Uniform(0.28, 0.42, unit="m"),
            "bearing": Uniform(-0.9, 0.9, unit="rad"),
            "turn": Uniform(-np.pi / 4, np.pi / 4, unit="rad"),
            "block_radius": Uniform(0.28, 0.42, unit="m"),
            "block_bearing": Uniform(-0.9, 0.9, unit="rad"),
            "block_turn": Uniform(-np.pi / 4, np.pi / 4, unit="rad"),
            **domain(GripperWorld.horizon),
        },
        where=apart("block", least=_APART),
    )
    quantities: ClassVar[Mapping[str, Quantity]] = {
        **GripperWorld.own,
        "cube": Quantity(3, "m", "position of the middle of the cube", noisy=True),
        "facing": Quantity(
            2, "", "horizontal direction in which a side of the cube faces", low=-1.0, high=1.0
        ),
        "block": Quantity(3, "m", "position of the middle of the block", noisy=True),
        "block_facing": Quantity(
            2, "", "horizontal direction in which a side of the block faces", low=-1.0, high=1.0
        ),
        "side": Quantity(1, "m", "length of the cube's edges"),
        "block_side": Quantity(1, "m", "length of the block's edges"),
    }

    def scene(self, values: Mapping[str, Any]) -> str:
        return self.scene_of("stack", {"cube": values["side"], "block": values["block_side"]})

    def tune(self, model: mujoco.MjModel, values: Mapping[str, Any]) -> None:
        arm.tune_servos(model, values)
        tune_cube(model, "cube", values["mass"], values["friction"])
        tune_cube(model, "block", values["block_mass"], values["friction"])
        model.site("block_home").pos = (*places(values, "block")[1], values["block_side"] / 2)

    def sample(self, model: mujoco.MjModel, values: Mapping[str, Any]) -> Array:
        cube, block = places(values, "block")
        return self.start(
            lying(*cube, values["bearing"] + values["turn"], values["side"]),
            lying(*block, values["block_bearing"] + values["block_turn"], values["block_side"]),
        )

    def observe(self, physics: Physics) -> Observation:
        return {
            **self.observe_own(physics),
            "cube": physics.position("cube"),
            "facing": physics.rotation("cube")[:, [0, 3]],
            "block": physics.position("block"),
            "block_facing": physics.rotation("block")[:, [0, 3]],
            "side": 2 * half(physics, "cube")[:, None],
            "block_side": 2 * half(physics, "block")[:, None],
        }

    def predicates(self, physics: Physics) -> dict[str, Array]:
        cube, block = physics.position("cube"), physics.position("block")
        up, block_up = half(physics, "cube"), half(physics, "block")
        aside = np.linalg.norm((cube - block)[:, :2], axis=1)
        moved = np.linalg.norm((block - physics.site("block_home"))[:, :2], axis=1)
        return {
            "over_block": aside < block_up,
            "on_block": np.abs(cube[:, 2] - block[:, 2] - up - block_up) < _FLAT,
            "block_on_table": np.abs(block[:, 2] - block_up) < _FLAT,
            "block_in_place": moved < _MOVED,
            "let_go": self.released(physics, "cube") & self.released(physics, "block"),
            "at_rest": resting(physics, "cube") & resting(physics, "block"),
        }

    def margins(self, physics: Physics) -> dict[str, Array]:
        cube, block = physics.position("cube"), physics.position("block")
        up, block_up = half(physics, "cube"), half(physics, "block")
        moved = np.linalg.norm((block - physics.site("block_home"))[:, :2], axis=1)
        return {
            "over_block": np.linalg.norm((cube - block)[:, :2], axis=1) / block_up,
            "on_block": np.abs(cube[:, 2] - block[:, 2] - up - block_up) / _FLAT,
            "block_on_table": np.abs(block[:, 2] - block_up) / _FLAT,
            "block_in_place": moved / _MOVED,
            "let_go": np.maximum(self.nearness(physics, "cube"), self.nearness(physics, "block")),
            "at_rest": np.maximum(motion(physics, "cube"), motion(physics, "block")),
        }
