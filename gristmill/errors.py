"""Errors, typed by the boundary they cross.

A user's mistake is a `UsageError` (exit code 2) whose message says what was expected, what was got and what
would be right. Anything that goes wrong *inside* an episode is data: it becomes a `Fault` on the episode that
names the side at fault, is recorded once, and never counts as that side's opponent having failed.
"""

import logging
import os
import re
from collections.abc import Iterable
from difflib import get_close_matches
from types import TracebackType
from typing import Self

__all__ = [
    "RAISED",
    "EpisodeError",
    "GristmillError",
    "PluginError",
    "StoreError",
    "ToolError",
    "UsageError",
    "boundary",
    "install_line",
    "unknown",
]


_LOG = logging.getLogger(__name__)  # of what becomes a fault, with its traceback


class GristmillError(Exception):
    """Base of every error raised on purpose."""


class UsageError(GristmillError):
    """The caller asked for something that cannot be done as asked."""


class PluginError(GristmillError):
    """A plugin could not be imported or does not keep its contract."""


class StoreError(GristmillError):
    """A run directory cannot be read or written."""


class ToolError(GristmillError):
    """A tool refuses a call; the message is what the caller of the tool sees."""


class EpisodeError(GristmillError):
    """An infrastructure fault inside an episode.

    Attributes:
        side: who broke: `world`, `tool` or the name of a seat.
    """

    def __init__(self, side: str, message: str) -> None:
        # It goes on record, and half a surrogate pair cannot be written.
        super().__init__(message.encode(errors="replace").decode())
        self.side = side

    @classmethod
    def of(cls, side: str, error: BaseException) -> Self:
        """Return what was raised as a fault of `side`, unless it says itself whose it is."""
        if isinstance(error, EpisodeError):
            return cls(error.side, str(error))
        try:
            message = f"{type(error).__name__}: {error}"
        except Exception:  # noqa: BLE001  # a foreign error may not even be able to say what it is
            message = type(error).__name__
        # The record does not say where it was raised, since paths and lines differ where the episode does not.
        _LOG.debug("%s", message, exc_info=error)
        return cls(side, message)


RAISED = (Exception, SystemExit)  # what foreign code may end with; a person's interrupt is for the whole run


class boundary:  # read as a statement: `with boundary("world"):`
    """Attribute any exception that escapes the block to `side`.

    A class, since the loop enters it several times per act and a generator would cost three times as much.

    Raises:
        EpisodeError: with the side and the original type and message.
    """

    __slots__ = ("side",)

    def __init__(self, side: str) -> None:
        self.side = side

    def __enter__(self) -> None:
        return None

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if isinstance(error, RAISED) and not isinstance(error, EpisodeError):
            raise EpisodeError.of(self.side, error) from error


# What is imported only when it is needed, and the extra that brings it.
_EXTRAS = {
    **dict.fromkeys(("jax", "optax", "orbax", "safetensors", "tokenizers"), "train"),
    **dict.fromkeys(("mujoco", "OpenGL", "PIL"), "robots"),
    **dict.fromkeys(("starlette", "uvicorn"), "serve"),
    "hypothesis": "rare",
    "openai": "chat",
    "inspect_ai": "inspect",
    **dict.fromkeys(("sklearn", "sympy", "threadpoolctl", "yaml"), "generate"),
}
_NO_LIBRARY = re.compile(
    r"'NoneType' object has no attribute '(gl|egl)[A-Z]"
)  # PyOpenGL, which has looked for it


def install_line(error: BaseException) -> str:
    """Return what to type when an import failed for want of an extra or for how OpenGL is asked for, else nothing."""
    if isinstance(error, RuntimeError) and "MUJOCO_GL" in str(error):
        return "unset it, or set it to egl, osmesa, glfw or off"
    if isinstance(error, AttributeError) and _NO_LIBRARY.search(str(error)):
        return (
            f"MUJOCO_GL={os.environ.get('MUJOCO_GL', '')!r} asks for an OpenGL library that is not there; unset it, set it to off, or on Debian "
            "apt-get install libegl1 libegl-mesa0 libgl1-mesa-dri libgl1 for egl, libosmesa6 for osmesa"
        )
    name = error.name if isinstance(error, ModuleNotFoundError) else None
    extra = _EXTRAS.get((name or "").partition(".")[0])
    return f"pip install 'gristmill[{extra}]'" if extra else ""


def unknown(kind: str, got: str, valid: Iterable[str], *, of: str = "") -> UsageError:
    """Return the error for a name that is not among the valid ones, which are those of `of`."""
    names = sorted(valid)
    near = get_close_matches(got, names, n=1)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    owner = f" of {of}" if of else ""
    return UsageError(f"Unknown {kind} {got!r}{owner}.{hint} Valid: {', '.join(names) or '(none)'}.")
