"""The arm with a gripper of two fingers, and the cubes that it moves.

The gripper turns about the axis of the hand (`roll`), and its fingers move together: the last number of an action is
the opening between them, in m. The force of the grip is limited, so a cube is held by asking for less than its width.
"""

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

import mujoco
import numpy as np

from gristmill.envs.robots import arm
from gristmill.envs.robots.models import set_mass
from gristmill.envs.robots.physics import Physics
from gristmill.envs.robots.types import Array, Limit, Observation, Quantity
from gristmill.envs.robots.world import RobotWorld

__all__ = ["GripperWorld", "apart", "half", "lying", "places", "resting", "tune_cube"]

_TOOL = 0.14  # m from the wrist to the tip, the middle between the finger tips
_WIDEST = 0.08  # m, opening
CLEAR = 0.01  # m from finger to cube that count as having let go
_JOINTS = (*arm.JOINTS, "roll")
_REST = (0.0, -1.16, 1.68, 1.05, 0.0)  # rad; the gripper points straight down


class GripperWorld(RobotWorld):
    """A task for the gripper. A subclass says which cubes there are, and gives the rest of a world.

    Attributes:
        cubes: their colours, by name.
        own: what is observed of the robot itself.
    """

    cubes: ClassVar[Mapping[str, str]]
    horizon = 72
    substeps = 8
    pushed = "hand"
    own: ClassVar[Mapping[str, Quantity]] = {
        **arm.quantities(_JOINTS),
        "opening": Quantity(1, "m", "between the fingers"),
        "tip": Quantity(3, "m", "position of the middle between the finger tips"),
    }
    safety: ClassVar[Mapping[str, Limit]] = {
        **arm.safety(joint_excess=0.02, kinetic_energy=5.0),
        "contact_force": Limit(80.0, "N", "force on a finger"),
    }

    def scene_of(self, name: str, sides: Mapping[str, float]) -> str:
        """Return the MJCF in `assets/<name>.xml` with arm, gripper and cubes, whose edges are `sides` long, put in."""
        grasp = arm.asset("grasp").substitute(
            half=str(_WIDEST / 2),
            widest=str(_WIDEST),
            servos=arm.servos(_JOINTS),
            clearances="\n".join(_clearance(finger, one) for one in sides for finger in ("left", "right")),
        )
        cubes = "\n".join(_cube(one, side, self.cubes[one]) for one, side in sides.items())
        table = 'contype="2" conaffinity="3"'
        return arm.scene(name, tool=arm.asset("gripper").template, table=table, grasp=grasp, cubes=cubes)

    def rest(self, model: mujoco.MjModel) -> Array:
        return np.array([*_REST, _WIDEST])

    def start(self, *cubes: Array) -> Array:
        """Return the configuration of the resting arm with its fingers open, and of cubes, [7] each."""
        return np.concatenate([_REST, [_WIDEST / 2, _WIDEST / 2], *cubes])

    def geometry(self) -> dict[str, Any]:
        return {**arm.LINKS, "tool": _TOOL, "opening": _WIDEST}

    def observe_own(self, physics: Physics) -> Observation:
        """Return what the robot observes of itself."""
        return {
            "joints": arm.angles(physics, _JOINTS),
            "opening": physics.joint("left") + physics.joint("right"),
            "tip": physics.site("tip"),
        }

    def released(self, physics: Physics, cube: str) -> Array:
        """Say whether no finger is near a cube, [rows]."""
        left, right = (physics.sensor(f"{finger}_to_{cube}")[:, 0] for finger in ("left", "right"))
        away: Array = np.minimum(left, right) > CLEAR
        return away

    def nearness(self, physics: Physics, cube: str) -> Array:
        """Return how near a finger is to a cube, [rows]: 0 from twice the distance that counts as having let go, 1 at that."""
        left, right = (physics.sensor(f"{finger}_to_{cube}")[:, 0] for finger in ("left", "right"))
        near: Array = 2 - np.minimum(left, right) / CLEAR
        return near

    def measure(self, physics: Physics) -> dict[str, Array]:
        left, right = (physics.sensor(f"{finger}_touch")[:, 0] for finger in ("left", "right"))
        return {**arm.measures(physics, _JOINTS), "contact_force": np.maximum(left, right)}


def places(values: Mapping[str, Any], other: str) -> tuple[tuple[float, float], tuple[float, float]]:
    """Return where the cube of a scenario lies, and where the `other` thing is that the task is about: x and y in m."""
    there = arm.spot(values[f"{other}_radius"], values[f"{other}_bearing"])
    return arm.spot(values["radius"], values["bearing"]), there


def apart(other: str, least: float) -> Callable[[Mapping[str, Any]], bool]:
    """Return the condition that `places` are more than a distance, in m, from each other."""

    def holds(values: Mapping[str, Any]) -> bool:
        cube, there = places(values, other)
        return float(np.hypot(cube[0] - there[0], cube[1] - there[1])) > least

    return holds


def lying(x: float, y: float, yaw: float, side: float) -> Array:
    """Return the configuration, [7], of a cube that lies on the table."""
    return np.array([x, y, side / 2, np.cos(yaw / 2), 0.0, 0.0, np.sin(yaw / 2)])


def tune_cube(model: mujoco.MjModel, name: str, mass: float, friction: float) -> None:
    """Set the mass, in kg, and the sliding friction of a cube."""
    set_mass(model, name, mass)
    model.geom(name).friction[0] = friction


def half(physics: Physics, cube: str) -> Array:
    """Return half the length of a cube's edges, [rows] in m."""
    apart: Array = np.linalg.norm(physics.site(f"{cube}_face") - physics.position(cube), axis=1)
    return apart


def resting(physics: Physics, cube: str) -> Array:
    """Say whether a cube hardly moves, [rows]."""
    velocity = physics.joint_velocity(cube)
    speed, spin = np.linalg.norm(velocity[:, :3], axis=1), np.linalg.norm(velocity[:, 3:], axis=1)
    slow: Array = (speed < 0.02) & (spin < 0.5)
    return slow


def motion(physics: Physics, cube: str) -> Array:
    """Return how much of what a resting cube may move it does, [rows]."""
    velocity = physics.joint_velocity(cube)
    speed, spin = np.linalg.norm(velocity[:, :3], axis=1), np.linalg.norm(velocity[:, 3:], axis=1)
    share: Array = np.maximum(speed / 0.02, spin / 0.5)
    return share


def _cube(name: str, side: float, colour: str) -> str:
    """Return the MJCF of a free cube, with a site in the middle of one face."""
    return (
        f'<body name="{name}" pos="0.35 0 {side / 2}"><freejoint name="{name}"/>'
        f'<geom name="{name}" class="cube" size="{side / 2} {side / 2} {side / 2}" rgba="{colour}"/>'
        f'<site name="{name}_face" pos="{side / 2} 0 0" size="0.002" group="4"/></body>'
    )


def _clearance(finger: str, cube: str) -> str:
    """Return the MJCF of a sensor of how far a finger is from a cube."""
    geoms = f'geom1="{finger}_pad" geom2="{cube}"'
    return f'  <distance name="{finger}_to_{cube}" {geoms} cutoff="{2 * CLEAR}"/>'
