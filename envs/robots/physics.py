"""The simulator: many rows of one model layout, stepped together by MuJoCo.

It knows neither the task nor the clock. Named views are live: what was read once stays current.
"""

import copy
import logging
import platform
from collections.abc import Callable, Sequence
from functools import cache, lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import mujoco
import numpy as np
from mujoco.batch import Batch, SimulationError

from gristmill.digest import fingerprint
from gristmill.envs.robots.types import Array
from gristmill.errors import UsageError

__all__ = ["PLATFORM", "Physics", "Scene", "compiled", "host", "model_hash", "set_mass", "tuned", "written"]

_INTEGRATION = mujoco.mjtState.mjSTATE_INTEGRATION
_VELOCITY = int(mujoco.mjtStage.mjSTAGE_VEL)
_FEATURES = ("avx512f", "avx2", "fma", "neon", "sve")  # of the processor, that MuJoCo's results depend on


@cache
def host() -> str:
    """Return the class of machines on which results are the same to the last bit: architecture and vector units."""
    try:
        flags = set(Path("/proc/cpuinfo").read_text(encoding="ascii", errors="replace").split())
    except OSError:
        flags = set()
    found = [name for name in _FEATURES if name in flags]
    return " ".join([platform.system().lower(), platform.machine(), *found])


def _note(message: str) -> None:
    """Take note of a warning of MuJoCo, which otherwise writes a file into whatever folder one is in."""
    logging.getLogger(__name__).info(message)


mujoco.set_mju_user_warning(_note)

PLATFORM = {"engine": f"mujoco {mujoco.mj_versionString()}", "host": host()}


class Scene(NamedTuple):
    """A compiled scene, shared by all who ask for it, and data to compute constants in."""

    model: mujoco.MjModel
    scratch: mujoco.MjData


@lru_cache(maxsize=256)
def compiled(xml: str) -> Scene:
    """Return the model of an MJCF text.

    A simulation that diverges is not started anew behind the caller's back, as MuJoCo does by default.

    Raises:
        UsageError: when it does not compile.
    """
    try:
        model = mujoco.MjModel.from_xml_string(xml)
    except ValueError as error:
        raise UsageError(
            f"Expected MJCF that compiles, got what does not: {' '.join(str(error).split())}."
        ) from None
    model.opt.disableflags |= int(mujoco.mjtDisableBit.mjDSBL_AUTORESET)
    model.opt.enableflags |= int(mujoco.mjtEnableBit.mjENBL_ENERGY)
    return Scene(model, mujoco.MjData(model))


def tuned(scene: Scene, change: Callable[[mujoco.MjModel], None]) -> mujoco.MjModel:
    """Return a copy of a scene's model with some parameters changed, and what depends on them made to follow."""
    own = copy.copy(scene.model)
    change(own)
    mujoco.mj_setConst(own, scene.scratch)
    return own


def set_mass(model: mujoco.MjModel, name: str, mass: float) -> None:
    """Set the mass of a body, in kg; its inertia follows."""
    body = model.body(name)
    share = mass / body.mass
    body.mass *= share
    body.inertia *= share


def written(xml: str, model: mujoco.MjModel) -> str:
    """Return the MJCF of a model that was made of `xml` and then changed; numbers are rounded to six digits."""
    # MuJoCo writes the scene that it has read last, with the numbers of the model.
    mujoco.MjModel.from_xml_string(xml)
    with TemporaryDirectory() as folder:
        path = Path(folder) / "model.xml"
        mujoco.mj_saveLastXML(str(path), model)
        return path.read_text(encoding="utf-8")


def model_hash(model: mujoco.MjModel) -> str:
    """Return a hash of everything in a compiled model."""
    buffer = np.empty(mujoco.mj_sizeModel(model), dtype=np.uint8)
    mujoco.mj_saveModel(model, None, buffer)
    return fingerprint(buffer.tobytes())


class Physics:
    """Rows of simulations.

    Args:
        model: any model of the layout that all rows will have.
        rows: how many.
        threads: that step them; the result is the same for any number.
    """

    def __init__(self, model: mujoco.MjModel, rows: int, *, threads: int = 1) -> None:
        self.model = model
        self.rows = rows
        # One MjData per row, since the stages computed at the end of a call are then not computed again by the next.
        self.batch = Batch(model, nsim=rows, nthread=threads, persistent=True)
        self.models = [model] * rows
        self.qpos, self.qvel = self.batch.bind("qpos"), self.batch.bind("qvel")
        self.control, self._forces = self.batch.bind("ctrl"), self.batch.bind("xfrc_applied")
        self._rest = _rest(model)
        self._raised: dict[int, str] = {}
        self._views: dict[tuple[str, str], Array] = {}
        self._ranges: dict[tuple[str, ...], Array] = {}

    def place(self, rows: Sequence[int], models: Sequence[mujoco.MjModel], qpos: Sequence[Array]) -> None:
        """Start rows anew: at rest, in the given configurations, [nq] each, and without a warm start.

        Raises:
            UsageError: when a configuration is not of that size, or not finite.
        """
        for row, model, configuration in zip(rows, models, qpos, strict=True):
            if np.shape(configuration) != (model.nq,) or not np.isfinite(configuration).all():
                raise UsageError(
                    f"Expected a configuration of {model.nq} finite numbers, got {np.array(configuration).tolist()!s:.80}."
                )
            self.models[row] = model
            self.batch.state[row] = self._rest
            self.qpos[row] = configuration
        self.batch.set_models(self.models)
        self.batch.warning[list(rows)] = 0
        self.batch.forward(list(rows), stage=_VELOCITY)

    def put(self, row: int, qpos: Array, qvel: Array) -> None:
        """Bring a row into a state of motion, [nq] and [nv], without letting time pass."""
        self.qpos[row], self.qvel[row] = qpos, qvel
        self.batch.forward([row], stage=_VELOCITY)

    def step(self, rows: Array, substeps: int = 1) -> None:
        """Advance some rows by substeps; see `broken` for those that could not be."""
        try:
            self.batch.step(None if len(rows) == self.rows else rows, nstep=substeps, stage=_VELOCITY)
        except SimulationError as error:
            for row in error.ids:
                self._raised.setdefault(int(row), self.batch.error(int(row)))

    def broken(self) -> dict[int, str]:
        """Return what has broken since it was asked last, by row: an error of MuJoCo, a warning, or a state that is not finite."""
        found, self._raised = self._raised, {}
        if self.batch.warning.any():
            for row in np.flatnonzero(self.batch.warning.any(axis=(1, 2))):
                found.setdefault(int(row), f"MuJoCo warns: {self.warnings(int(row))}")
        # The sum of finite numbers is not finite only when they are beyond all measure, which is as bad.
        finite = np.isfinite(self.qpos.sum(axis=1) + self.qvel.sum(axis=1))
        if not finite.all():
            for row in np.flatnonzero(~finite):
                found.setdefault(int(row), "the state is not finite")
        return found

    def warnings(self, row: int) -> str:
        """Return the warnings that MuJoCo has counted in a row, in words."""
        names = [
            mujoco.mjtWarning(number).name for number in np.flatnonzero(self.batch.warning[row].any(axis=1))
        ]
        return ", ".join(name.removeprefix("mjWARN_").lower() for name in names)

    def push(self, row: int, body: str, force: Sequence[float]) -> None:
        """Let a force, [3] in N, act on a body until another one does."""
        self._forces[row, self.model.body(body).id, :3] = force

    def full_state(self, row: int) -> Array:
        """Return the whole integration state of a row, a copy."""
        return np.array(self.batch.state[row])

    def joint_ranges(self, names: tuple[str, ...]) -> Array:
        """Return the least and the greatest coordinate of joints, [2, joints]; no scenario changes them."""
        if names not in self._ranges:  # since this is asked for in every control step
            self._ranges[names] = np.array([self.model.joint(name).range for name in names]).T
        return self._ranges[names]

    # Named views, [rows, …], live.

    def joint(self, name: str) -> Array:
        """Return the coordinates of a joint."""
        return self._view("joint", name, "qpos")

    def joint_velocity(self, name: str) -> Array:
        """Return the velocities of a joint, rad/s or m/s."""
        return self._view("joint", name, "qvel")

    def position(self, body: str) -> Array:
        """Return the positions of a body's frame, [rows, 3] in m."""
        return self._view("body", body, "xpos")

    def rotation(self, body: str) -> Array:
        """Return the rotation matrices of a body's frame, [rows, 9] row by row."""
        return self._view("body", body, "xmat")

    def site(self, name: str) -> Array:
        """Return the positions of a site, [rows, 3] in m."""
        return self._view("site", name, "xpos")

    def sensor(self, name: str) -> Array:
        """Return what a sensor reads, [rows, its size]; those of forces read the time before the last substep."""
        return self._view("sensor", name, "data")

    @property
    def kinetic_energy(self) -> Array:
        """The kinetic energy, [rows] in J."""
        energy: Array = self.batch.bind("energy")[:, 1]
        return energy

    def _view(self, kind: str, name: str, field: str) -> Array:
        key = (kind + field, name)
        if key not in self._views:
            self._views[key] = getattr(getattr(self.batch, kind)(name), field)
        return self._views[key]


def _rest(model: mujoco.MjModel) -> Array:
    data = mujoco.MjData(model)
    state = np.empty(mujoco.mj_stateSize(model, _INTEGRATION))
    mujoco.mj_getState(model, data, state, _INTEGRATION)
    return state
