"""Pictures of a scene, off-screen: on a machine without a display too, where there is EGL or OSMesa."""

import os
from types import TracebackType
from typing import Any, Self

import mujoco

from gristmill.envs.robots.types import Array
from gristmill.errors import UsageError

__all__ = ["Camera"]


class Camera:
    """The camera `view` of a model; a context manager.

    Raises:
        UsageError: when there is no OpenGL to draw with.
    """

    def __init__(self, model: mujoco.MjModel, *, width: int = 320, height: int = 240) -> None:
        self._model, self._data = model, mujoco.MjData(model)
        try:
            self._renderer: Any = mujoco.Renderer(model, height, width)
        except Exception as error:  # noqa: BLE001  # whatever a driver raises
            raise UsageError(
                f"Expected OpenGL to draw with, got none (MUJOCO_GL={os.environ.get('MUJOCO_GL', '')!r}: {error}); "
                "set MUJOCO_GL=egl or MUJOCO_GL=osmesa before Python starts, and install libegl1 or libosmesa6."
            ) from None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._renderer.close()

    def shot(self, qpos: Array) -> Array:
        """Return a picture of a configuration, [nq], as [height, width, 3] uint8."""
        self._data.qpos[:] = qpos
        mujoco.mj_forward(self._model, self._data)
        self._renderer.update_scene(self._data, camera="view")
        picture: Array = self._renderer.render()
        return picture
