"""`robots/pour-v1`: pour the coffee, a handful of small balls, from the cup in the arm's hand into a mug.

The mug stands free, so it can be shoved and knocked over; what counts is where everything is at the end.
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, ClassVar

import mujoco
import numpy as np

from gristmill.envs.robots import arm
from gristmill.envs.robots.models import compiled
from gristmill.envs.robots.physics import Physics
from gristmill.envs.robots.scenarios import domain
from gristmill.envs.robots.types import Array, Limit, Observation, Quantity
from gristmill.envs.robots.world import RobotWorld
from gristmill.errors import UsageError
from gristmill.generators.fields import Choice, Uniform
from gristmill.generators.space import Space

__all__ = ["Pour"]

_REST = (0.0, -1.7, 2.4, -0.7)  # rad; the cup is upright
_HEIGHT, _WALL = 0.085, 0.006  # m, of both vessels
_CUP = 0.034  # m, inner radius of the cup
_REACH = 0.08  # m from the wrist to the axis of the cup
_GRIP = 0.04  # m from the floor of the cup up to the wrist
_POURED, _KEPT = 0.8, 0.9  # shares of the balls that have to be in the mug, and in either vessel
_MOVED = 0.02  # m that the mug may be moved
_MOST = 30  # balls that fit in well below the rim


class Pour(RobotWorld):
    """Pour the balls in a cup into a mug, spill few, leave the mug in its place, and bring the cup back upright.

    Args:
        balls: how many there are.
        render_mode: as in Gymnasium.
    """

    id: ClassVar[str] = "robots/pour-v1"
    task = (
        f"Pour at least {_POURED:.0%} of the coffee from the cup into the mug, spill at most {1 - _KEPT:.0%}, and bring the "
        f"cup back upright to where it was. The mug is not fixed; leave it upright, within {100 * _MOVED:g} cm of its place."
    )
    horizon = 64
    substeps = 10
    pushed = "cup"
    space = Space(
        {
            "distance": Uniform(0.34, 0.42, unit="m"),
            "bearing": Uniform(-0.5, 0.5, unit="rad"),
            "mug_radius": Choice((0.039, 0.042, 0.045), (0.3, 0.4, 0.3)),
            "ball_radius": Choice((0.0085, 0.009), (0.4, 0.6)),
            "density": Uniform(700.0, 1400.0, unit="kg/m³"),
            "friction": Uniform(0.2, 0.4),
            **domain(horizon),
        }
    )
    quantities: ClassVar[Mapping[str, Quantity]] = {
        **arm.quantities(),
        "lip": Quantity(3, "m", "position of the edge of the cup over which it pours"),
        "tilt": Quantity(1, "rad", "of the cup, 0 where it is upright, positive towards the lip"),
        "mug": Quantity(3, "m", "position of the middle of the mug's opening", noisy=True),
        "poured": Quantity(1, "", "share of the balls in the mug", low=0.0, high=1.0),
    }
    safety: ClassVar[Mapping[str, Limit]] = {
        **arm.safety(joint_excess=0.05, kinetic_energy=6.0),
        "ball_speed": Limit(4.0, "m/s", "speed of the fastest ball"),
        "torque": Limit(60.0, "N m", "of the strongest servo"),
        "contact_force": Limit(15.0, "N", "force between cup and mug"),
    }

    def __init__(self, *, balls: int = 12, render_mode: str | None = None) -> None:
        if not 1 <= balls <= _MOST:
            raise UsageError(f"Expected 1 to {_MOST} balls, got {balls}.")
        self.balls = balls
        super().__init__(render_mode=render_mode)

    def scene(self, values: Mapping[str, Any]) -> str:
        mug = _vessel(values["mug_radius"], "0.93 0.60 0.25 0.35")
        rim = f'<site name="mug" pos="0 0 {_HEIGHT}" size="0.004" group="4"/><site name="mug_rim" pos="{values["mug_radius"]} 0 {_HEIGHT}" size="0.004" group="4"/>'
        lip = f'<site name="lip" pos="{_CUP} 0 {_HEIGHT}" size="0.004" group="4"/>'
        cup = f'<body name="cup" pos="{_REACH} 0 {-_GRIP}" gravcomp="1">{_vessel(_CUP, "0.90 0.95 1.00 0.25")}{lip}</body>'
        return arm.scene(
            "pour",
            tool=cup,
            table='contype="2" conaffinity="3"',
            place=f"0.38 0 {_WALL}",
            mug=mug + rim,
            ball=str(values["ball_radius"]),
            balls="\n".join(_ball(*place) for place in _lattice(self.balls, values["ball_radius"])),
            torques="\n".join(
                f'    <actuatorfrc name="{name}_torque" actuator="{name}"/>' for name in arm.JOINTS
            ),
        )

    def tune(self, model: mujoco.MjModel, values: Mapping[str, Any]) -> None:
        arm.tune_servos(model, values)
        model.geom_friction[model.geom_contype > 0, 0] = values["friction"]
        first = model.nbody - self.balls
        share = values["density"] / 1000  # of the default, that of water
        model.body_mass[first:] *= share
        model.body_inertia[first:] *= share
        model.site("mug_home").pos = (*arm.spot(values["distance"], values["bearing"]), _WALL)

    def sample(self, model: mujoco.MjModel, values: Mapping[str, Any]) -> Array:
        qpos = _settled(self.scene(values)).copy()
        start = model.joint("mug").qposadr[0]
        qpos[start : start + 2] = arm.spot(values["distance"], values["bearing"])
        return qpos

    def rest(self, model: mujoco.MjModel) -> Array:
        return np.array(_REST)

    def geometry(self) -> dict[str, Any]:
        """Return the lengths of the arm, and where the lip is: ahead of the wrist, and above it where the cup is upright."""
        return {**arm.LINKS, "lip": [_REACH + _CUP, _HEIGHT - _GRIP]}

    def observe(self, physics: Physics) -> Observation:
        joints = arm.angles(physics)
        return {
            "joints": joints,
            "lip": physics.site("lip"),
            "tilt": joints[:, 1:].sum(axis=1, keepdims=True),
            "mug": physics.site("mug"),
            "poured": self._in_mug(physics).mean(axis=1, keepdims=True),
        }

    def predicates(self, physics: Physics) -> dict[str, Array]:
        mug, home = physics.position("mug"), physics.site("mug_home")
        in_mug, in_cup = self._in_mug(physics), self._in_cup(physics)
        return {
            "poured": in_mug.mean(axis=1) >= _POURED,
            "not_spilled": (in_mug | in_cup).mean(axis=1) >= _KEPT,
            "mug_upright": physics.rotation("mug")[:, 8] > np.cos(0.1),
            "mug_in_place": np.linalg.norm(mug - home, axis=1) < _MOVED,
            "cup_upright": physics.rotation("cup")[:, 8] > np.cos(0.1),
            "home": np.abs(arm.angles(physics) - _REST).max(axis=1) < 0.1,
            "still": arm.peak_speed(physics) < 0.2,
        }

    def margins(self, physics: Physics) -> dict[str, Array]:
        moved = np.linalg.norm(physics.position("mug") - physics.site("mug_home"), axis=1)
        in_mug, in_cup = self._in_mug(physics), self._in_cup(physics)
        mug, cup = (
            np.arccos(np.clip(physics.rotation(name)[:, 8], -1.0, 1.0)) / 0.1 for name in ("mug", "cup")
        )
        return {
            "poured": (1 - in_mug.mean(axis=1)) / (1 - _POURED),
            "not_spilled": (1 - (in_mug | in_cup).mean(axis=1)) / (1 - _KEPT),
            "mug_upright": mug,
            "mug_in_place": moved / _MOVED,
            "cup_upright": cup,
            "home": np.abs(arm.angles(physics) - _REST).max(axis=1) / 0.1,
            "still": arm.peak_speed(physics) / 0.2,
        }

    def measure(self, physics: Physics) -> dict[str, Array]:
        torques = physics.sensor(*(f"{name}_torque" for name in arm.JOINTS))
        speeds = physics.qvel[:, -3 * self.balls :].reshape(physics.rows, self.balls, 3)
        return {
            **arm.measures(physics),
            "ball_speed": np.sqrt(np.square(speeds).sum(axis=2).max(axis=1)),
            "torque": np.abs(torques).max(axis=1),
            "contact_force": np.linalg.norm(physics.sensor("touch"), axis=1),
        }

    def _in_mug(self, physics: Physics) -> Array:
        """Say which balls are in the mug, [rows, balls]."""
        # The radius is that of the scenario, and is read from the scene.
        radius = np.linalg.norm(physics.site("mug_rim") - physics.site("mug"), axis=1)
        return self._within(physics, "mug", radius)

    def _in_cup(self, physics: Physics) -> Array:
        return self._within(physics, "cup", np.full(physics.rows, _CUP))

    def _within(self, physics: Physics, vessel: str, radius: Array) -> Array:
        """Say which balls have their centre in a vessel, however it is turned, [rows, balls]."""
        # The coordinates of a ball are its position, since its joints have no offset.
        balls = physics.qpos[:, -3 * self.balls :].reshape(physics.rows, self.balls, 3)
        turned = physics.rotation(vessel).reshape(physics.rows, 3, 3)
        own = np.matmul(balls - physics.position(vessel)[:, None], turned)
        aside = np.square(own[:, :, :2]).sum(axis=2)
        inside: Array = (aside < radius[:, None] ** 2) & (own[:, :, 2] > 0) & (own[:, :, 2] < _HEIGHT)
        return inside


def _vessel(radius: float, colour: str) -> str:
    """Return the MJCF of an open octagonal prism: its frame is in the middle of its floor, `radius` is that inside."""
    half = (radius + _WALL) * np.tan(np.pi / 8)
    look = f'class="vessel" rgba="{colour}"'
    parts = [
        f'<geom {look} type="cylinder" size="{radius + _WALL} {_WALL / 2}" pos="0 0 {-_WALL / 2}"/>',
    ]
    for angle in np.arange(8) * np.pi / 4:
        x, y = (radius + _WALL / 2) * np.cos(angle), (radius + _WALL / 2) * np.sin(angle)
        parts.append(
            f'<geom {look} type="box" size="{_WALL / 2} {half:.6f} {_HEIGHT / 2}" '
            f'pos="{x:.6f} {y:.6f} {_HEIGHT / 2}" euler="0 0 {angle:.6f}"/>'
        )
    return "".join(parts)


def _ball(x: float, y: float, z: float) -> str:
    """Return the MJCF of a ball that does not turn, whose coordinates are its position in the world."""
    joints = "".join(
        f'<joint class="ball" axis="{axis}" ref="{at:.6f}"/>'
        for axis, at in zip(("1 0 0", "0 1 0", "0 0 1"), (x, y, z), strict=True)
    )
    return f'<body pos="{x:.6f} {y:.6f} {z:.6f}">{joints}<geom class="ball"/></body>'


def _lattice(count: int, radius: float) -> Array:
    """Return places for balls in the cup of the resting arm, [count, 3] in m: layers of seven, turned by turns."""
    _, shoulder, elbow, _ = _REST
    fore = shoulder + elbow
    out = arm.LINKS["upper"] * np.cos(shoulder) + arm.LINKS["fore"] * np.cos(fore) + _REACH
    up = arm.LINKS["shoulder"] - arm.LINKS["upper"] * np.sin(shoulder) - arm.LINKS["fore"] * np.sin(fore)
    places = []
    for number in range(count):
        layer, place = divmod(number, 7)
        away = 0.0 if place == 6 else 2.3 * radius
        angle = (place + layer / 2) * np.pi / 3
        height = up - _GRIP + radius * (1.2 + 2.1 * layer)
        places.append((out + away * np.cos(angle), away * np.sin(angle), height))
    return np.array(places)


@lru_cache(maxsize=64)
def _settled(xml: str) -> Array:
    """Return the configuration, [nq], in which the balls of a scene have come to rest in the cup."""
    model, _ = compiled(xml)
    data = mujoco.MjData(model)
    for name, angle in zip(arm.JOINTS, _REST, strict=True):
        data.joint(name).qpos = angle
        data.actuator(name).ctrl = angle
    mujoco.mj_step(model, data, nstep=300)
    return np.array(data.qpos)
