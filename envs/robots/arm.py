"""The arm that all robot worlds share: four servo joints, yaw, shoulder, elbow and wrist, and a tool at the end.

With all joints at zero the arm is stretched out along x; positive pitch points down. Sizes in m.
"""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from string import Template
from typing import Any

import mujoco
import numpy as np

from gristmill.envs.robots.physics import Physics
from gristmill.envs.robots.types import Array, Limit, Quantity

__all__ = [
    "JOINTS",
    "JOINT_SPEED",
    "LINKS",
    "angles",
    "asset",
    "measures",
    "peak_speed",
    "quantities",
    "safety",
    "scene",
    "servos",
    "spot",
    "tune_servos",
]

JOINTS = ("yaw", "shoulder", "elbow", "wrist")
JOINT_SPEED = Limit(12.0, "rad/s", "speed of the fastest joint")
LINKS = {"shoulder": 0.2, "upper": 0.28, "fore": 0.24}  # height of the shoulder, lengths of the two links
_ASSETS = Path(__file__).with_name("assets")


def scene(name: str, *, tool: str, joints: tuple[str, ...] = JOINTS, table: str = "", **more: str) -> str:
    """Return the MJCF in `assets/<name>.xml` with the arm and its tool put in.

    Args:
        name: of the file; its `$defaults`, `$room`, `$arm` and `$servos` are filled in.
        tool: MJCF of what the hand holds.
        joints: that have servos.
        table: attributes of the table's geom.
        more: for other places of the file.
    """
    return asset(name).substitute(
        defaults=asset("defaults").template,
        room=asset("room").substitute(table=table),
        arm=asset("arm").substitute({key: str(one) for key, one in LINKS.items()}, tool=tool),
        servos=servos(joints),
        **more,
    )


def servos(joints: tuple[str, ...]) -> str:
    """Return the MJCF of position servos, whose actions are the angles to go to."""
    return "\n".join(f'    <position name="{one}" class="servo" joint="{one}"/>' for one in joints)


def tune_servos(model: mujoco.MjModel, values: Mapping[str, Any]) -> None:
    """Set the servos' gain and the joints' damping to a scenario's multiples of their nominal values."""
    model.actuator_gainprm[:, 0] *= values["gain"]
    model.actuator_biasprm[:, 1:3] *= values["gain"]
    for name in JOINTS:
        model.joint(name).damping *= values["damping"]


def angles(physics: Physics, joints: tuple[str, ...] = JOINTS) -> Array:
    """Return the joint angles, [rows, joints] in rad."""
    return physics.joint(*joints)


def peak_speed(physics: Physics, joints: tuple[str, ...] = JOINTS) -> Array:
    """Return the speed of the fastest joint, [rows] in rad/s."""
    # Column by column, since NumPy takes several times as long for the maximum of a short row.
    peak: Array = np.abs(physics.joint_velocity(*joints), order="F").max(axis=1)
    return peak


def quantities(joints: tuple[str, ...] = JOINTS) -> dict[str, Quantity]:
    """Return what a world of this arm observes of it."""
    return {"joints": Quantity(len(joints), "rad", f"angles of {', '.join(joints)}")}


def measures(physics: Physics, joints: tuple[str, ...] = JOINTS) -> dict[str, Array]:
    """Return what `safety` limits, [rows] each."""
    low, high = physics.joint_ranges(joints)
    now = angles(physics, joints)
    return {
        "joint_speed": peak_speed(physics, joints),
        "joint_excess": np.maximum(low - now, now - high, order="F").max(axis=1).clip(0.0),
        "kinetic_energy": physics.kinetic_energy,
    }


def safety(*, joint_excess: float, kinetic_energy: float) -> dict[str, Limit]:
    """Return the limits of `measures`: the one of speed is that of the arm, the others are in rad and J."""
    return {
        "joint_speed": JOINT_SPEED,
        "joint_excess": Limit(joint_excess, "rad", "angle of a joint beyond its range"),
        "kinetic_energy": Limit(kinetic_energy, "J", "kinetic energy of all bodies"),
    }


def spot(radius: float, bearing: float) -> tuple[float, float]:
    """Return the point at a distance from the arm, in m, and a bearing, in rad: x and y in m."""
    return radius * float(np.cos(bearing)), radius * float(np.sin(bearing))


@cache
def asset(name: str) -> Template:
    """Return the MJCF in `assets/<name>.xml`."""
    return Template((_ASSETS / f"{name}.xml").read_text(encoding="utf-8"))
