"""What the rules of a robot world look at: quantities of simulations, by the names that its scene gives them."""

from abc import ABC, abstractmethod
from collections.abc import Callable

import mujoco
import numpy as np

from gristmill.envs.robots.types import Array

__all__ = ["Physics"]

# Where in a field an object's numbers begin, and how many there are.
_SPANS: dict[str, Callable[[mujoco.MjModel, str], tuple[int, int]]] = {
    "qpos": lambda model, joint: (model.joint(joint).qposadr[0], len(model.joint(joint).qpos0)),
    "qvel": lambda model, joint: (model.joint(joint).dofadr[0], len(model.joint(joint).damping)),
    "sensordata": lambda model, sensor: (model.sensor(sensor).adr[0], model.sensor(sensor).dim[0]),
}


class Physics(ABC):
    """Rows of simulations, or of moments in them, of one model layout.

    Args:
        model: any model of the layout.
        rows: how many.
    """

    def __init__(self, model: mujoco.MjModel, rows: int) -> None:
        self.model = model
        self.rows = rows
        # Places in fields, and ranges of joints, since looking a name up costs more than what is done with it.
        self._places: dict[tuple[str, tuple[str, ...]], slice | Array] = {}
        self._ranges: dict[tuple[str, ...], Array] = {}

    @abstractmethod
    def field(self, name: str) -> Array:
        """Return a field of `mujoco.MjData`, [rows, …]."""

    @property
    def qpos(self) -> Array:
        """All coordinates, [rows, nq]."""
        return self.field("qpos")

    @property
    def qvel(self) -> Array:
        """All velocities, [rows, nv]."""
        return self.field("qvel")

    @property
    def kinetic_energy(self) -> Array:
        """The kinetic energy, [rows] in J."""
        return self.field("energy")[:, 1]

    def joint(self, *names: str) -> Array:
        """Return the coordinates of a joint, or of several side by side, [rows, their sizes] in rad or m."""
        return self._part("qpos", names)

    def joint_velocity(self, *names: str) -> Array:
        """Return the velocities of a joint, or of several side by side, [rows, their sizes] in rad/s or m/s."""
        return self._part("qvel", names)

    def joint_ranges(self, names: tuple[str, ...]) -> Array:
        """Return the least and the greatest coordinate of joints, [2, joints]; no scenario changes them."""
        if names not in self._ranges:
            self._ranges[names] = np.array([self.model.joint(name).range for name in names]).T
        return self._ranges[names]

    def position(self, body: str) -> Array:
        """Return the positions of a body's frame, [rows, 3] in m."""
        return self.field("xpos")[:, self.model.body(body).id]

    def rotation(self, body: str) -> Array:
        """Return the rotation matrices of a body's frame, [rows, 9] row by row."""
        return self.field("xmat")[:, self.model.body(body).id]

    def site(self, name: str) -> Array:
        """Return the positions of a site, [rows, 3] in m."""
        return self.field("site_xpos")[:, self.model.site(name).id]

    def sensor(self, *names: str) -> Array:
        """Return what a sensor reads, or several side by side, [rows, their sizes].

        Between control steps those of forces read the time before the last substep.
        """
        return self._part("sensordata", names)

    def _part(self, field: str, names: tuple[str, ...]) -> Array:
        if (field, names) not in self._places:
            self._places[field, names] = self._place(field, names)
        return self.field(field)[:, self._places[field, names]]

    def _place(self, field: str, names: tuple[str, ...]) -> slice | Array:
        """Return the columns of objects: a slice where one follows the other, which gives a view instead of a copy."""
        columns: list[int] = []
        for start, size in (_SPANS[field](self.model, name) for name in names):
            columns += range(int(start), int(start) + int(size))
        together = columns == list(range(columns[0], columns[0] + len(columns)))
        return slice(columns[0], columns[-1] + 1) if together else np.array(columns)
