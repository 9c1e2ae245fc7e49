"""Robot worlds: scenarios come in, MuJoCo moves many arms at once, and what comes out is judged by the physical state they end in.

Gymnasium knows them by their ids, once this package is imported, and imports the simulator with the first one made:
`gymnasium.make("gristmill.envs.robots:robots/reach-v1")`, and `gymnasium.make_vec` for many rows in one simulator.

A task is one file of rules on `world.RobotWorld`: `reach`, `pick_place`, `stack`, `drawer` and `pour`, with a scene in
`assets` and what `arm` and `gripper` share. Below the rules lies what serves every task, those of others too: `scenarios`
says what disturbs, `models` compiles, `simulator` steps rows, which the rules see as `physics`, `stage` is the control
loop, `vector` the environment, `verify` judges records and `render` draws. A change there, but for drawing, is a new
version of every robot world.
"""

from functools import partial
from importlib.metadata import entry_points
from typing import Any

import gymnasium
from gymnasium.vector import AutoresetMode, VectorEnv

__all__: list[str] = []

_WORLDS = {one.name: one for one in entry_points(group="gristmill.envs") if one.name.startswith("robots/")}


def __getattr__(name: str) -> Any:
    """Return what makes many rows of the world with this id: Gymnasium stores a way to it as the name of a module's member."""
    if name in _WORLDS:
        return partial(_rows, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def _rows(
    id: str,
    *,
    num_envs: int,
    threads: int = 1,
    autoreset_mode: str | AutoresetMode = AutoresetMode.NEXT_STEP,
    **world: Any,
) -> VectorEnv[Any, Any, Any]:
    from gristmill.envs.robots.vector import RobotVectorEnv

    kind = _WORLDS[id].load()
    return RobotVectorEnv(kind(**world), num_envs, threads=threads, autoreset=AutoresetMode(autoreset_mode))


for _name, _entry in _WORLDS.items():
    if _name not in gymnasium.registry:
        gymnasium.register(_name, entry_point=_entry.value, vector_entry_point=f"{__name__}:{_name}")
