"""robomimic: one HDF5 file with a group per demonstration (ARISE-Initiative/robomimic, docs/datasets/overview.md).

    data                  attributes total and env_args; action_low and action_high, the limits of the actions
    data/demo_0           attributes num_samples and model_file, and where it comes from
    data/demo_0/obs       what was seen before each action; next_obs, what was seen after it
    data/demo_0/…         actions, raw_actions, rewards, dones, states: [N, …] each
    mask/train, …         the names of the demonstrations in each part of the split

`actions` go from -1 to 1, since the networks of robomimic end in tanh (robomimic/models/policy_nets.py): they are
scaled from the limits of the action space. `raw_actions` are those that were applied, to the last bit.

Loaders ask for neither `states` nor `model_file`; scripts that render or replay do. A state is time, qpos and qvel
at the moment of an action, as `MjSimState.flatten` has them; it comes from a replay that ends where the episode did.
The model holds what the scenario changes, rounded by MuJoCo to six digits. robomimic has no wrapper for
these environments, so rollouts need one; see "Implement an Environment Wrapper" in its documentation.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from gristmill.digest import encode
from gristmill.errors import EpisodeError
from gristmill.recorders._hdf5 import new_file
from gristmill.recorders._writing import Setting, joined, numeric
from gristmill.simulate import Recorded, rollouts
from gristmill.steps import Array, Steps
from gristmill.types import Episode
from gristmill.world import Rows, Simulation

__all__ = ["Robomimic"]

_FILE = "dataset.hdf5"
_GYM = 2  # robomimic.envs.env_base.EnvType.GYM_TYPE


class Robomimic:
    """Writes a robomimic dataset."""

    def __init__(self, folder: Path, setting: Setting) -> None:
        self._setting = setting
        self._limits = _limits(setting)
        self._replay = _Replay(setting) if isinstance(setting.world, Simulation) else None
        self._demos: dict[str, list[str]] = {part: [] for part in setting.parts}
        self._total = self._without = 0
        self._file = new_file(folder / _FILE)
        self._data = self._file.create_group("data")

    def add(self, episode: Episode, part: str) -> dict[str, Any]:
        steps = numeric(episode, self._setting.first)
        name = f"demo_{sum(map(len, self._demos.values()))}"
        group = self._data.create_group(name)
        self._attributes(group, episode, len(steps))
        for key, columns in (("obs", slice(None, -1)), ("next_obs", slice(1, None))):
            for field, column in steps.observations.items():
                group.create_dataset(f"{key}/{field}", data=column.reshape(len(column), -1)[columns])
        raw = joined(steps.actions)
        group.create_dataset("actions", data=self._scaled(raw))
        group.create_dataset("raw_actions", data=raw)
        group.create_dataset("rewards", data=steps.rewards)
        group.create_dataset("dones", data=(steps.terminated | steps.truncated).astype(np.int64))
        states = self._replay.states(episode, steps) if self._replay else None
        if states is None:
            self._without += 1
        else:
            group.create_dataset("states", data=states)
        self._demos[part].append(name)
        self._total += len(steps)
        return {"file": _FILE, "demo": name}

    def finish(self) -> None:
        first = self._setting.first
        arguments = {
            "env_name": self._setting.spec or first.world,
            "env_version": first.version,
            "type": _GYM,
            "env_kwargs": {},
        }
        self._data.attrs["total"] = self._total
        self._data.attrs["env_args"] = encode(arguments).decode()
        if self._limits:
            self._data.attrs["action_low"], self._data.attrs["action_high"] = self._limits
        for part, names in self._demos.items():
            self._file.create_dataset(f"mask/{part}", data=np.array(names, dtype="S" if names else "S1"))
        self._file.close()

    def dataset(self, part: str) -> str:
        return _FILE

    def notes(self) -> list[str]:
        notes = []
        if not self._limits:
            notes.append(
                "actions are as they were applied, since no finite limits are known to scale them by"
            )
        if self._without:
            notes.append(
                f"{self._without:,} demonstrations have no states, because no replay here ends as the episode did; "
                "training needs none"
            )
        return notes

    def close(self) -> None:
        self._file.close()
        if self._replay:
            self._replay.rows.close()

    def _attributes(self, group: Any, episode: Episode, length: int) -> None:
        scenario = episode.scenario
        group.attrs.update(
            {
                "num_samples": length,
                "episode_id": episode.id,
                "scenario_id": scenario.id,
                "scenario_values": encode(scenario.values).decode(),
            }
        )
        # A world of MuJoCo may offer its models; nothing else of it is needed here.
        if (model := getattr(self._setting.world, "mjcf", None)) is not None:
            group.attrs["model_file"] = model(scenario.values)

    def _scaled(self, actions: Array) -> Array:
        if self._limits is None:
            return actions
        low, high = self._limits
        scaled: Array = (2 * (actions - low) / (high - low) - 1).astype(np.float32)
        return scaled


def _limits(setting: Setting) -> tuple[Array, Array] | None:
    """Return the least and the greatest action, [size] float64 each, where both are known and finite."""
    space = getattr(setting.world, "action_space", None)
    low, high = getattr(space, "low", None), getattr(space, "high", None)
    if low is None or high is None or not (np.isfinite(low) & np.isfinite(high) & (low < high)).all():
        return None
    return low.ravel().astype(np.float64), high.ravel().astype(np.float64)


class _Replay:
    """Finds out the states between actions, which are not on record."""

    def __init__(self, setting: Setting) -> None:
        assert isinstance(setting.world, Simulation)
        self.rows = setting.world.vector(1)
        self._dt = float(setting.facts().get("dt", 1.0))  # s; without it, time counts control steps
        self._seat = setting.seat

    def states(self, episode: Episode, steps: Steps) -> Array | None:
        """Return the state at each action, [N, 1 + nq + nv], or None where the replay goes another way."""
        watched = _Watched(self.rows, joined(steps.actions))
        # The seed decides no more than sensor noise, or the comparison fails.
        try:
            (row,) = rollouts(self.rows, [episode.scenario], [episode.seed], watched, seat=self._seat)
        except EpisodeError:
            return None
        if row.fault is not None or row.state != episode.state or len(watched.states) != len(steps):
            return None
        flat = [_flat(one, place * self._dt) for place, one in enumerate(watched.states)]
        return None if None in flat else np.array(flat)


class _Watched(Recorded):
    """A session that repeats the actions of one row, [steps, size], and notes the state that each is done in."""

    def __init__(self, rows: Rows, actions: Array) -> None:
        super().__init__(actions[None])
        self._rows = rows
        self.states: list[Any] = []

    def act(self, rows: Sequence[int], observations: Mapping[str, Array]) -> Array:
        """Return the next action."""
        now = super().act(rows, observations)
        self.states.append(self._rows.state(0))
        return now


def _flat(state: Any, time: float) -> list[float] | None:
    """Return time, positions and speeds of a state, if it has them."""
    if not isinstance(state, Mapping) or not {"qpos", "qvel"} <= state.keys():
        return None
    return [time, *state["qpos"], *state["qvel"]]
