"""LeRobot: a dataset of layout v3.0 for every part of the split (huggingface/lerobot, docs/source/lerobot-dataset-v3.mdx).

    train/meta/info.json                           features, totals, frames per second, templates of the paths
    train/meta/stats.json                          of each feature over all frames
    train/meta/tasks.parquet                       the tasks in words
    train/meta/episodes/chunk-000/file-000.parquet where each episode lies, and its statistics
    train/data/chunk-000/file-000.parquet          the frames, one row group per episode

`LeRobotDataset("train", root=".../train")` opens one. Parts are datasets of their own, since training reads all episodes
of one; an empty part has none, since LeRobot opens no empty dataset. A frame is an observation with the action that
answered it, so the observation after the last action has no place. All numbers are rounded to float32.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from gristmill.digest import encode
from gristmill.errors import UsageError, boundary
from gristmill.recorders._writing import Setting, Unfit, component_names, joined, numeric
from gristmill.steps import Array, Steps
from gristmill.types import Episode

__all__ = ["LeRobot"]

_FULL = 100 * 2**20  # bytes after which the next file begins
_CHUNK = 1000  # files in a folder
_BUFFER = 100  # episodes in a row group of meta/episodes
_PATH = "chunk-{chunk_index:03d}/file-{file_index:03d}.parquet"
_QUANTILES = {"q01": 0.01, "q10": 0.1, "q50": 0.5, "q90": 0.9, "q99": 0.99}

Stats = dict[str, Array]


class _Feature(NamedTuple):
    """A column of frames: its dtype, how many numbers it has, and what they are called."""

    dtype: str
    size: int = 1
    names: list[str] | None = None


class LeRobot:
    """Writes LeRobot datasets."""

    def __init__(self, folder: Path, setting: Setting) -> None:
        assert setting.ask is not None
        self._folder, self._ask, self._first = folder, setting.ask, setting.first
        facts = setting.facts()
        self._fps = _frames_per_second(facts, setting.first.world)
        self._features = _features(numeric(setting.first, setting.first), facts)
        self._parts: dict[str, _Part] = {}

    def add(self, episode: Episode, part: str) -> dict[str, Any]:
        steps = numeric(episode, self._first)
        with boundary("world"):
            task = self._ask(episode).text
        if not task:
            raise Unfit("no task", "expected a task in words, but the seat's brief has no text")
        if part not in self._parts:
            self._parts[part] = _Part(self._folder, part, self._features, self._fps, self._first.world)
        return self._parts[part].add(steps, task)

    def finish(self) -> None:
        for part in self._parts.values():
            part.finish()

    def dataset(self, part: str) -> str:
        return part

    def notes(self) -> list[str]:
        return []

    def close(self) -> None:
        for part in self._parts.values():
            part.close()


def _frames_per_second(facts: Mapping[str, Any], world: str) -> int | float:
    step = facts.get("dt")
    if not isinstance(step, (int, float)) or step <= 0:
        raise UsageError(
            f"Expected the seconds of a control step as the fact `dt` of what {world} tells its seat, got {step!r}; "
            "LeRobot needs frames per second. The formats minari and robomimic do not."
        )
    exact = 1 / step
    return round(exact) if abs(exact - round(exact)) < 1e-6 * exact else exact


def _features(steps: Steps, facts: Mapping[str, Any]) -> dict[str, _Feature]:
    states, actions = component_names(steps.observations), component_names(steps.actions)
    told = facts.get("action", {}).get("names", [])
    return {
        "observation.state": _Feature("float32", len(states), states),
        "action": _Feature("float32", len(actions), told if len(told) == len(actions) else actions),
        "next.reward": _Feature("float32"),
        "next.done": _Feature("bool"),
        "timestamp": _Feature("float32"),
        "frame_index": _Feature("int64"),
        "episode_index": _Feature("int64"),
        "index": _Feature("int64"),
        "task_index": _Feature("int64"),
    }


class _Part:
    """The dataset of one part."""

    def __init__(
        self, folder: Path, part: str, features: Mapping[str, _Feature], fps: float, robot: str
    ) -> None:
        self._root, self._name, self._robot = folder / part, part, robot
        self._features, self._fps = features, fps
        self._data = _Files(self._root, "data", pa.schema({n: _type(f) for n, f in features.items()}))
        self._meta = _Files(self._root, "meta/episodes", _episode_schema(features))
        self._tasks: dict[str, int] = {}
        self._total = _Total()
        self._buffer: list[dict[str, Any]] = []
        self._episodes = self._frames = 0

    def add(self, steps: Steps, task: str) -> dict[str, Any]:
        columns = self._columns(steps, self._tasks.setdefault(task, len(self._tasks)))
        stats = {name: _stats(column) for name, column in columns.items()}
        chunk, file = self._data.room()
        self._data.write(
            pa.table(
                [_array(column) for column in columns.values()],
                schema=self._data.schema,
            )
        )
        row = {
            "episode_index": self._episodes,
            "tasks": [task],
            "length": len(steps),
            "data/chunk_index": chunk,
            "data/file_index": file,
            "dataset_from_index": self._frames,
            "dataset_to_index": self._frames + len(steps),
        }
        flat = {f"stats/{name}/{key}": one for name, own in stats.items() for key, one in own.items()}
        self._buffer.append(row | flat)
        self._total.add(stats)
        place = {"file": f"{self._name}/{self._data.path_of(chunk, file)}", "episode": self._episodes}
        self._episodes += 1
        self._frames += len(steps)
        if len(self._buffer) == _BUFFER:
            self._flush()
        return place

    def _columns(self, steps: Steps, task: int) -> dict[str, Array]:
        """Return the columns of an episode's frames, [N, size] each, in the dtypes of their features."""
        length = len(steps)
        frames = np.arange(length)
        columns = {
            "observation.state": joined(steps.observations)[:-1],
            "action": joined(steps.actions),
            "next.reward": steps.rewards,
            "next.done": steps.terminated | steps.truncated,
            "timestamp": frames / self._fps,
            "frame_index": frames,
            "episode_index": np.full(length, self._episodes),
            "index": frames + self._frames,
            "task_index": np.full(length, task),
        }
        return {
            name: np.ascontiguousarray(columns[name].reshape(length, -1), dtype=feature.dtype)
            for name, feature in self._features.items()
        }

    def _flush(self) -> None:
        chunk, file = self._meta.room()
        place = {"meta/episodes/chunk_index": chunk, "meta/episodes/file_index": file}
        rows = [
            {
                name: one.tolist() if isinstance(one, np.ndarray) else one
                for name, one in (row | place).items()
            }
            for row in self._buffer
        ]
        self._meta.write(pa.Table.from_pylist(rows, schema=self._meta.schema))
        self._buffer.clear()

    def finish(self) -> None:
        if self._buffer:
            self._flush()
        self.close()
        meta = self._root / "meta"
        _write_json(meta / "info.json", self._info())
        _write_json(meta / "stats.json", self._total.stats())
        pq.write_table(_tasks(list(self._tasks)), meta / "tasks.parquet")

    def close(self) -> None:
        self._data.close()
        self._meta.close()

    def _info(self) -> dict[str, Any]:
        return {
            "codebase_version": "v3.0",
            "robot_type": self._robot,
            "total_episodes": self._episodes,
            "total_frames": self._frames,
            "total_tasks": len(self._tasks),
            "chunks_size": _CHUNK,
            "data_files_size_in_mb": _FULL // 2**20,
            "video_files_size_in_mb": 200,
            "fps": self._fps,
            "splits": {self._name: f"0:{self._episodes}"},
            "data_path": f"data/{_PATH}",
            "video_path": None,
            "features": {
                name: {"dtype": one.dtype, "shape": [one.size], "names": one.names}
                for name, one in self._features.items()
            },
        }


class _Files:
    """Parquet files of one schema, in chunks of folders."""

    def __init__(self, root: Path, kind: str, schema: pa.Schema) -> None:
        self._root, self._kind, self.schema = root, kind, schema
        self._place = (0, 0)
        self._open()

    def path_of(self, chunk: int, file: int) -> str:
        """Return the path of a file under the root."""
        return f"{self._kind}/{_PATH.format(chunk_index=chunk, file_index=file)}"

    def room(self) -> tuple[int, int]:
        """Return chunk and file that the next rows go to, which is a new one when one is full."""
        if self._sink.tell() >= _FULL:
            self.close()
            chunk, file = self._place
            self._place = (chunk, file + 1) if file + 1 < _CHUNK else (chunk + 1, 0)
            self._open()
        return self._place

    def write(self, table: pa.Table) -> None:
        """Write rows as a group of their own."""
        self._writer.write_table(table)

    def close(self) -> None:
        self._writer.close()
        self._sink.close()

    def _open(self) -> None:
        path = self._root / self.path_of(*self._place)
        path.parent.mkdir(parents=True, exist_ok=True)
        self._sink = path.open("wb")
        self._writer = pq.ParquetWriter(self._sink, self.schema, compression="snappy")


def _type(feature: _Feature) -> pa.DataType:
    one = pa.bool_() if feature.dtype == "bool" else pa.type_for_alias(feature.dtype)
    return one if feature.size == 1 else pa.list_(one, feature.size)


def _array(column: Array) -> pa.Array:
    """Return a column of frames: single numbers, or lists of one length."""
    flat = pa.array(column.ravel())
    return flat if column.shape[1] == 1 else pa.FixedSizeListArray.from_arrays(flat, column.shape[1])


def _episode_schema(features: Mapping[str, _Feature]) -> pa.Schema:
    whole = pa.int64()
    columns = {
        "episode_index": whole,
        "tasks": pa.list_(pa.string()),
        "length": whole,
        "data/chunk_index": whole,
        "data/file_index": whole,
        "dataset_from_index": whole,
        "dataset_to_index": whole,
    }
    for name in features:
        for key in ("min", "max", "mean", "std", "count", *_QUANTILES):
            columns[f"stats/{name}/{key}"] = pa.list_(whole if key == "count" else pa.float64())
    return pa.schema(columns | {"meta/episodes/chunk_index": whole, "meta/episodes/file_index": whole})


def _stats(column: Array) -> Stats:
    """Return the statistics of a column, [N, size], for each of its numbers."""
    values = column.astype(np.float64)
    quantiles = np.quantile(values, list(_QUANTILES.values()), axis=0)
    return {
        "min": values.min(axis=0),
        "max": values.max(axis=0),
        "mean": values.mean(axis=0),
        "std": values.std(axis=0),
        "count": np.array([len(values)]),
        **dict(zip(_QUANTILES, quantiles, strict=True)),
    }


class _Total:
    """Statistics over all episodes, from those of each; quantiles are means of theirs, as in LeRobot."""

    def __init__(self) -> None:
        self._stats: dict[str, Stats] = {}

    def add(self, episode: Mapping[str, Stats]) -> None:
        for name, one in episode.items():
            before = self._stats.get(name)
            self._stats[name] = one if before is None else _together(before, one)

    def stats(self) -> dict[str, dict[str, list[Any]]]:
        return {name: {key: one.tolist() for key, one in own.items()} for name, own in self._stats.items()}


def _together(one: Stats, other: Stats) -> Stats:
    """Return the statistics of two samples together.

    Chan, Golub, LeVeque, "Updating Formulae and a Pairwise Algorithm for Computing Sample Variances", 1979, eq. 2.1.
    """
    n, m = one["count"], other["count"]
    share = m / (n + m)
    apart = other["mean"] - one["mean"]
    variance = (1 - share) * one["std"] ** 2 + share * other["std"] ** 2 + share * (1 - share) * apart**2
    return {
        "min": np.minimum(one["min"], other["min"]),
        "max": np.maximum(one["max"], other["max"]),
        "std": np.sqrt(variance),
        "count": n + m,
        **{key: (1 - share) * one[key] + share * other[key] for key in ("mean", *_QUANTILES)},
    }


def _tasks(tasks: list[str]) -> pa.Table:
    """Return the table of tasks, which pandas reads with the tasks as its index, as LeRobot expects."""
    column = {"field_name": "task", "metadata": None, "name": "task", "numpy_type": "object"}
    number = {"field_name": "task_index", "metadata": None, "name": "task_index", "numpy_type": "int64"}
    about = {
        "index_columns": ["task"],
        "column_indexes": [],
        "columns": [number | {"pandas_type": "int64"}, column | {"pandas_type": "unicode"}],
        "creator": {"library": "gristmill", "version": "1"},
        "pandas_version": "2.0.0",
    }
    schema = pa.schema({"task_index": pa.int64(), "task": pa.string()}, metadata={"pandas": encode(about)})
    return pa.table([list(range(len(tasks))), tasks], schema=schema)


def _write_json(path: Path, content: Any) -> None:
    path.write_bytes(msgspec.json.format(encode(content), indent=4))
