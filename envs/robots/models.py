"""The models of robot scenes: compiled once per text, tuned per scenario, hashed, and the platform they run on."""

import copy
import logging
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import mujoco
import numpy as np

from gristmill.digest import fingerprint
from gristmill.envs.platforms import host
from gristmill.errors import UsageError

__all__ = ["PLATFORM", "Scene", "compiled", "model_hash", "set_mass", "tuned", "written"]


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
