"""Minari: one dataset for every part of the split, of HDF5 (Farama-Foundation/Minari, docs/content/dataset_standards.md).

    robots/reach-v1/train-v0/data/main_data.hdf5     episode_0, …: observations [N + 1], actions, rewards, flags [N]
    robots/reach-v1/train-v0/data/metadata.json      spaces, totals, and how to build the environment

`minari.MinariDataset(".../train-v0/data")` opens one; with MINARI_DATASETS_PATH set to the export's folder,
`minari.load_dataset("robots/reach-v1/train-v0")` does. Numbers are as they were recorded, in their own dtypes.
"""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np

from gristmill import registry
from gristmill.digest import encode
from gristmill.recorders._hdf5 import new_file
from gristmill.recorders._writing import Setting, numeric
from gristmill.steps import Array, Steps
from gristmill.types import Episode

__all__ = ["Minari"]

_VERSION = "0.5.0"  # the first with this layout; later ones read it
_PLUGIN = "gristmill_plugin_"  # modules of files, which no other process can import by name


class Minari:
    """Writes Minari datasets."""

    def __init__(self, folder: Path, setting: Setting) -> None:
        self._setting = setting
        steps = numeric(setting.first, setting.first)
        world = setting.world
        self._observation_space = _space(
            _shaped(steps.observations), getattr(world, "observation_space", None)
        )
        self._action_space = _space(_shaped(steps.actions), getattr(world, "action_space", None))
        name = re.sub(r"[^-\w/]", "_", setting.first.world).strip("/")
        self._parts = {part: _Part(folder, f"{name}/{part.replace('.', '_')}-v0") for part in setting.parts}

    def add(self, episode: Episode, part: str) -> dict[str, Any]:
        return self._parts[part].add(episode, numeric(episode, self._setting.first))

    def finish(self) -> None:
        info = self._setting.first.seats[self._setting.seat]
        common = {
            "data_format": "hdf5",
            "jpeg_encoding": False,
            "observation_space": self._observation_space,
            "action_space": self._action_space,
            "algorithm_name": info.policy,
            "description": self._description(),
            "minari_version": _VERSION,
        } | self._environment()
        for part in self._parts.values():
            part.finish(common)

    def dataset(self, part: str) -> str:
        return self._parts[part].name

    def notes(self) -> list[str]:
        if self._setting.world is not None:
            return []
        return [
            "the world is not at hand as it was, so the spaces are those of the recorded numbers, without bounds"
        ]

    def close(self) -> None:
        for part in self._parts.values():
            part.file.close()

    def _description(self) -> str:
        task = self._setting.ask(self._setting.first).text if self._setting.ask else ""
        return f"{task} Verified episodes of {self._setting.first.world}.".strip()

    def _environment(self) -> dict[str, str]:
        """Return what `recover_environment` builds the environment with, where it can be imported by name."""
        world = self._setting.world
        kind = type(world)
        if not isinstance(world, gymnasium.Env) or kind.__module__.startswith(_PLUGIN):
            return {}
        spec = gymnasium.envs.registration.EnvSpec(
            id=world.id,
            entry_point=f"{kind.__module__}:{kind.__qualname__}",
            order_enforce=False,
            disable_env_checker=True,
            kwargs=registry.world(self._setting.spec).params if self._setting.spec else {},
        )
        return {"env_spec": spec.to_json()}


class _Part:
    """The dataset of one part."""

    def __init__(self, folder: Path, name: str) -> None:
        self.name = name
        self.place = f"{name}/data/main_data.hdf5"
        self.path = folder / self.place
        self.file = new_file(self.path)
        self.episodes = self.steps = 0

    def add(self, episode: Episode, steps: Steps) -> dict[str, Any]:
        scenario = episode.scenario
        group = self.file.create_group(f"episode_{self.episodes}")
        group.attrs.update(
            {
                "id": self.episodes,
                "total_steps": len(steps),
                "episode_id": episode.id,
                "run_seed": np.uint64(episode.seed),
                "attempt": episode.attempt,
                "scenario_id": scenario.id,
                "scenario_seed": np.uint64(scenario.seed),
                "scenario_index": scenario.index,
                "scenario_values": encode(scenario.values).decode(),
                "stratum": scenario.stratum,
            }
        )
        for name, columns in (("observations", steps.observations), ("actions", steps.actions)):
            _put(group, name, _shaped(columns))
        columns = {"rewards": steps.rewards, "terminations": steps.terminated, "truncations": steps.truncated}
        for name, column in columns.items():
            _put(group, name, column)
        group.create_group("infos")  # older readers look for it
        place = {"file": self.place, "episode": self.episodes}
        self.episodes += 1
        self.steps += len(steps)
        return place

    def finish(self, common: Mapping[str, Any]) -> None:
        self.file.close()
        totals = {
            "dataset_id": self.name,
            "total_episodes": self.episodes,
            "total_steps": self.steps,
            "dataset_size": round(self.path.stat().st_size / 1e6, 1),
        }
        (self.path.parent / "metadata.json").write_bytes(encode({**common, **totals}))


def _shaped(columns: Mapping[str, Array]) -> Array | dict[str, Array]:
    """Return named columns as a dict, and one that never had a name as it is."""
    return columns["value"] if columns.keys() == {"value"} else dict(columns)


def _put(group: Any, name: str, columns: Array | dict[str, Array]) -> None:
    if isinstance(columns, dict):
        inner = group.create_group(name)
        for key, column in columns.items():
            inner.create_dataset(key, data=column)
    else:
        group.create_dataset(name, data=columns)


def _space(columns: Array | dict[str, Array], known: Any) -> str:
    """Return the space of recorded columns in Minari's JSON, with the bounds of a known one that they fit."""
    return json.dumps(
        _described(columns, known)
    )  # infinite bounds are written as Minari's reader expects them


def _described(columns: Array | dict[str, Array], known: Any) -> dict[str, Any]:
    if isinstance(columns, dict):
        spaces = getattr(known, "spaces", {})
        return {
            "type": "Dict",
            "subspaces": {name: _described(column, spaces.get(name)) for name, column in columns.items()},
        }
    shape, dtype = columns.shape[1:], columns.dtype
    if getattr(known, "shape", None) != shape or getattr(known, "dtype", None) != dtype:
        known = None
    low, high = (known.low, known.high) if known is not None else _bounds(shape, dtype)
    return {
        "type": "Box",
        "dtype": str(dtype),
        "shape": list(shape),
        "low": low.tolist(),
        "high": high.tolist(),
    }


def _bounds(shape: tuple[int, ...], dtype: np.dtype[Any]) -> tuple[Array, Array]:
    """Return the least and the greatest values that a dtype can hold."""
    if dtype.kind == "f":
        low, high = -np.inf, np.inf
    elif dtype.kind == "b":
        low, high = False, True
    else:
        low, high = np.iinfo(dtype).min, np.iinfo(dtype).max
    return np.full(shape, low, dtype), np.full(shape, high, dtype)
