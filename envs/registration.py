"""Worlds of one seat in Gymnasium's registry: by their ids, as single environments and as many rows."""

from collections.abc import Callable
from functools import partial
from importlib.metadata import EntryPoint, entry_points
from typing import Any

import gymnasium
from gymnasium.vector import AutoresetMode, VectorEnv

__all__ = ["registered"]


def registered(namespace: str, module: str) -> Callable[[str], Any]:
    """Register the worlds of a namespace, and return the `__getattr__` of the module that stands for it.

    Gymnasium stores the way to what makes many rows as the name of a module's member; the member of the name of a world is
    that. Worlds are imported with the first one made.

    Args:
        namespace: of ids, such as `driving`.
        module: full name of the module that asks.
    """
    worlds = {
        one.name: one for one in entry_points(group="gristmill.envs") if one.name.startswith(f"{namespace}/")
    }
    for name, entry in worlds.items():
        if name not in gymnasium.registry:
            gymnasium.register(name, entry_point=entry.value, vector_entry_point=f"{module}:{name}")

    def member(name: str) -> Any:
        if name in worlds:
            return partial(_rows, worlds[name])
        raise AttributeError(f"module {module!r} has no attribute {name!r}")

    return member


def _rows(
    entry: EntryPoint,
    *,
    num_envs: int,
    autoreset_mode: str | AutoresetMode = AutoresetMode.NEXT_STEP,
    threads: int | None = None,
    **world: Any,
) -> VectorEnv[Any, Any, Any]:
    rows = {} if threads is None else {"threads": threads}
    found: VectorEnv[Any, Any, Any] = entry.load()(**world).vector(
        num_envs, autoreset=AutoresetMode(autoreset_mode), **rows
    )
    return found
