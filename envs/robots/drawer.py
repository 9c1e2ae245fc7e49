"""`robots/drawer-v1`: pull a drawer open by its handle, let go of it, and leave the cabinet where it stands."""

from collections.abc import Mapping
from typing import Any, ClassVar

import mujoco
import numpy as np

from gristmill.envs.robots import arm
from gristmill.envs.robots.models import set_mass
from gristmill.envs.robots.physics import Physics
from gristmill.envs.robots.scenarios import domain
from gristmill.envs.robots.types import Array, Limit, Observation, Quantity
from gristmill.envs.robots.world import RobotWorld
from gristmill.generators.fields import LogNormal, Uniform
from gristmill.generators.space import Space

__all__ = ["Drawer"]

_FINGER = 0.14  # m from the wrist to the tip
_HANDLE = 0.045  # m from the drawer's front to the middle of its handle
_OPEN = 0.10  # m that the drawer has to stand open
_CLEAR = 0.01  # m from finger to handle that count as having let go
_MOVED, _TURNED = 0.01, 0.05  # m and rad that the cabinet may come away from where it stood
_REST = (0.0, -1.7, 2.0, 1.2)  # rad
_TOOL = f"""<geom name="finger" class="finger" fromto="0 0 0 {_FINGER - 0.008} 0 0" size="0.008" mass="0.1"/>
<site name="skin" type="capsule" fromto="0 0 0 {_FINGER - 0.008} 0 0" size="0.009" rgba="0 0 0 0"/>
<site name="tip" pos="{_FINGER} 0 0" size="0.004"/>"""


class Drawer(RobotWorld):
    """Open a drawer by at least 10 cm with a finger behind its handle, and let go."""

    id: ClassVar[str] = "robots/drawer-v1"
    task = (
        f"Open the drawer by at least {100 * _OPEN:g} cm and let go of its handle, {100 * _CLEAR:g} cm clear of it. The "
        f"cabinet is not fixed; leave it where it stands, within {100 * _MOVED:g} cm and {_TURNED:g} rad."
    )
    horizon = 75
    substeps = 10
    pushed = "hand"
    space = Space(
        {
            "radius": Uniform(0.40, 0.50, unit="m"),
            "bearing": Uniform(-1.0, 1.0, unit="rad"),
            "turn": Uniform(-0.35, 0.35, unit="rad"),
            "height": Uniform(0.12, 0.28, unit="m"),
            "mass": LogNormal(1.0, 0.3, unit="kg"),
            "friction": LogNormal(2.0, 0.4, unit="N"),
            "viscosity": LogNormal(6.0, 0.3, unit="N s/m"),
            "cabinet_friction": Uniform(12.0, 30.0, unit="N"),
            **domain(horizon),
        }
    )
    quantities: ClassVar[Mapping[str, Quantity]] = {
        **arm.quantities(),
        "tip": Quantity(3, "m", "position of the tip"),
        "handle": Quantity(3, "m", "position of the middle of the handle", noisy=True),
        "facing": Quantity(2, "", "horizontal direction in which the drawer opens", low=-1.0, high=1.0),
        "opening": Quantity(1, "m", "how far the drawer stands open", noisy=True),
    }
    safety: ClassVar[Mapping[str, Limit]] = {
        **arm.safety(joint_excess=0.02, kinetic_energy=2.0),
        "contact_force": Limit(60.0, "N", "force on the finger"),
    }

    def scene(self, values: Mapping[str, Any]) -> str:
        return arm.scene("drawer", tool=_TOOL, table='contype="2" conaffinity="1"')

    def tune(self, model: mujoco.MjModel, values: Mapping[str, Any]) -> None:
        arm.tune_servos(model, values)
        facing = values["bearing"] + np.pi + values["turn"]
        handle = np.array(arm.spot(values["radius"], values["bearing"]))
        out = np.array([np.cos(facing), np.sin(facing)])
        cabinet = model.body("cabinet")
        cabinet.pos = (*(handle - _HANDLE * out), values["height"])
        cabinet.quat = (np.cos(facing / 2), 0.0, 0.0, np.sin(facing / 2))
        set_mass(model, "drawer", values["mass"])
        model.joint("drawer").frictionloss = values["friction"]
        model.joint("drawer").damping = values["viscosity"]
        for name, lever in (("cabinet_x", 1.0), ("cabinet_y", 1.0), ("cabinet_turn", 0.1)):
            model.joint(name).frictionloss = lever * values["cabinet_friction"]

    def sample(self, model: mujoco.MjModel, values: Mapping[str, Any]) -> Array:
        return np.concatenate([_REST, np.zeros(4)])

    def rest(self, model: mujoco.MjModel) -> Array:
        return np.array(_REST)

    def geometry(self) -> dict[str, Any]:
        return {**arm.LINKS, "tool": _FINGER}

    def observe(self, physics: Physics) -> Observation:
        return {
            "joints": arm.angles(physics),
            "tip": physics.site("tip"),
            "handle": physics.site("handle"),
            "facing": physics.rotation("cabinet")[:, [0, 3]],
            "opening": physics.joint("drawer"),
        }

    def predicates(self, physics: Physics) -> dict[str, Array]:
        moved = np.hypot(physics.joint("cabinet_x"), physics.joint("cabinet_y"))[:, 0]
        turned = np.abs(physics.joint("cabinet_turn")[:, 0])
        return {
            "opened": physics.joint("drawer")[:, 0] >= _OPEN,
            "at_rest": np.abs(physics.joint_velocity("drawer")[:, 0]) < 0.02,
            "let_go": physics.sensor("clearance")[:, 0] > _CLEAR,
            "in_place": (moved < _MOVED) & (turned < _TURNED),
        }

    def margins(self, physics: Physics) -> dict[str, Array]:
        moved = np.hypot(physics.joint("cabinet_x"), physics.joint("cabinet_y"))[:, 0]
        turned = np.abs(physics.joint("cabinet_turn")[:, 0])
        return {
            "opened": 2 - physics.joint("drawer")[:, 0] / _OPEN,
            "at_rest": np.abs(physics.joint_velocity("drawer")[:, 0]) / 0.02,
            "let_go": 2 - physics.sensor("clearance")[:, 0] / _CLEAR,
            "in_place": np.maximum(moved / _MOVED, turned / _TURNED),
        }

    def measure(self, physics: Physics) -> dict[str, Array]:
        return {**arm.measures(physics), "contact_force": physics.sensor("contact")[:, 0]}
