"""Pictures of a scene, off-screen: on a machine without a display too, where there is EGL or OSMesa.

This is the only module that draws; OpenGL is loaded with the first camera, and not before.
"""

import copy
import os
import sys
from contextlib import ExitStack
from ctypes.util import find_library
from functools import cache
from importlib import import_module
from types import TracebackType
from typing import Any, Self

import mujoco
import numpy as np

from gristmill.envs.robots.types import Array
from gristmill.errors import UsageError

__all__ = ["Camera"]

_SAMPLES = 2  # along each axis of a pixel; multisampling in software takes twice the time of it
_SHADOW = 1024  # texels along each axis of the map of shadows
_NAME = "view"
_OFF = ("disable", "disabled", "off", "false", "0")  # values by which MUJOCO_GL forbids drawing


class Camera:
    """The camera `view` of a model's scene, or one that sees all of it where there is none; a context manager.

    Args:
        model: that is looked at; it is not changed.
        width: of a picture in pixels.
        height: of a picture in pixels.
        fine: with shadows and smooth edges, which takes four times as long.

    Raises:
        UsageError: when there is no OpenGL to draw with.
    """

    def __init__(
        self, model: mujoco.MjModel, *, width: int = 320, height: int = 240, fine: bool = True
    ) -> None:
        self._samples = _SAMPLES if fine else 1
        across, down = self._samples * width, self._samples * height
        own = copy.copy(model)
        own.vis.quality.offsamples = 0
        own.vis.quality.shadowsize = _SHADOW if fine else 0
        own.vis.global_.offwidth, own.vis.global_.offheight = across, down
        self._closing = ExitStack()
        try:
            self._gl = _context()(across, down)
            self._closing.callback(self._gl.free)
            self._gl.make_current()
            self._context = mujoco.MjrContext(own, mujoco.mjtFontScale.mjFONTSCALE_100)
            self._closing.callback(self._context.free)
            mujoco.mjr_setBuffer(mujoco.mjtFramebuffer.mjFB_OFFSCREEN, self._context)
        except Exception as error:  # noqa: BLE001  # whatever a driver raises
            self._closing.close()
            raise UsageError(
                f"Expected OpenGL to draw with, got none (MUJOCO_GL={os.environ.get('MUJOCO_GL', '')!r}: {error}). "
                "On Debian, apt-get install libegl1 libegl-mesa0 libgl1-mesa-dri libgl1 makes MUJOCO_GL=egl work, "
                "libosmesa6 makes MUJOCO_GL=osmesa work; unset, it is the one that is there."
            ) from None
        self._model, self._data = own, mujoco.MjData(own)
        self._scene, self._options = mujoco.MjvScene(own, maxgeom=2000), mujoco.MjvOption()
        self._place = _placed(own)
        self._frame = mujoco.MjrRect(0, 0, across, down)
        self._pixels = np.empty((down, across, 3), dtype=np.uint8)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Release what is held of OpenGL."""
        self._closing.close()

    def shot(self, qpos: Array, model: mujoco.MjModel | None = None) -> Array:
        """Return a picture of a configuration, [nq], as [height, width, 3] uint8.

        Args:
            qpos: the configuration.
            model: another one of the same layout and with the same textures.
        """
        model, data = model or self._model, self._data
        data.qpos[:] = qpos
        mujoco.mj_kinematics(model, data)
        mujoco.mj_comPos(model, data)
        mujoco.mj_camlight(model, data)
        everything = mujoco.mjtCatBit.mjCAT_ALL
        mujoco.mjv_updateScene(model, data, self._options, None, self._place, everything, self._scene)
        self._gl.make_current()  # another camera may have drawn in between
        mujoco.mjr_render(self._frame, self._scene, self._context)
        mujoco.mjr_readPixels(self._pixels, None, self._frame, self._context)
        return _reduced(self._pixels[::-1], self._samples)


def _reduced(pixels: Array, samples: int) -> Array:
    """Return the means of squares of samples, [height, width, 3] uint8."""
    corners = [pixels[row::samples, column::samples] for row in range(samples) for column in range(samples)]
    if len(corners) == 1:
        return pixels.copy()
    total = np.full(corners[0].shape, len(corners) // 2, dtype=np.uint16)
    for one in corners:
        total += one
    mean: Array = (total // len(corners)).astype(np.uint8)
    return mean


def _placed(model: mujoco.MjModel) -> mujoco.MjvCamera:
    camera = mujoco.MjvCamera()
    number = mujoco.mj_name2id(model, mujoco.mjtObj.mjOBJ_CAMERA, _NAME)
    if number < 0:
        mujoco.mjv_defaultFreeCamera(model, camera)
    else:
        camera.type, camera.fixedcamid = mujoco.mjtCamera.mjCAMERA_FIXED, number
    return camera


def _context() -> Any:
    """Return MuJoCo's class of OpenGL contexts for what MUJOCO_GL names, or for what is there when it is not set.

    MuJoCo itself chooses when it is imported, and then needs a display unless MUJOCO_GL says otherwise.
    """
    name = os.environ.get("MUJOCO_GL", "").strip().lower() or _found()
    if name in _OFF:
        raise UsageError("drawing is switched off")
    return import_module(f"mujoco.{name}" if name in ("egl", "osmesa") else "mujoco").GLContext


@cache
def _found() -> str:
    """Return which way to draw without a display there is on this machine, empty for the one that MuJoCo takes."""
    if sys.platform != "linux":
        return ""
    ways = {"EGL": "egl", "OSMesa": "osmesa"}
    there = [way for library, way in ways.items() if find_library(library)]
    return there[0] if there else "" if os.environ.get("DISPLAY") else "egl"
