"""LeRobot datasets, read by what their documentation says of the layout ("LeRobotDataset v3.0", "Dataset metadata")."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest

from gristmill.errors import UsageError
from gristmill.recorders import _lerobot
from gristmill.recorders.export import export
from gristmill.recorders.store import RunStore
from gristmill.types import Brief
from tests.recorders.exports import PARTS, exported, lineage


class Reader:
    """Reads a LeRobot dataset through its metadata alone."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.info = json.loads((root / "meta/info.json").read_bytes())
        self.stats = json.loads((root / "meta/stats.json").read_bytes())
        self.episodes = self._rows("meta/episodes/*/*.parquet")
        self.frames = {name: self._rows(name) for name in {self._path(one) for one in self.episodes}}

    def _path(self, one: dict[str, Any]) -> str:
        path: str = self.info["data_path"].format(
            chunk_index=one["data/chunk_index"], file_index=one["data/file_index"]
        )
        return path

    def _rows(self, pattern: str) -> list[dict[str, Any]]:
        return [row for path in sorted(self.root.glob(pattern)) for row in pq.read_table(path).to_pylist()]

    def of(self, one: dict[str, Any]) -> list[dict[str, Any]]:
        """Return the frames of an episode."""
        return [row for row in self.frames[self._path(one)] if row["episode_index"] == one["episode_index"]]


def test_lerobot_has_every_frame_where_its_metadata_say(store: RunStore, tmp_path: Path) -> None:
    """Frames are counted through the dataset, and hold state and action of one control step."""
    report = exported(store, "lerobot", tmp_path / "out")

    for part in PARTS:
        data = Reader(tmp_path / "out" / part)
        own = [row for row in lineage(tmp_path / "out") if row["file"].startswith(f"{part}/")]
        assert ("v3.0", 25, 2) == (data.info["codebase_version"], data.info["fps"], data.info["total_tasks"])
        assert {part: f"0:{report.lines[part]}"} == data.info["splits"]
        assert report.lines[part] == data.info["total_episodes"] == len(data.episodes) == len(own)
        assert data.info["total_frames"] == sum(one["length"] for one in data.episodes)
        index = 0
        for place, (row, one) in enumerate(zip(own, data.episodes, strict=True)):
            steps = store.episode(row["episode"]).steps
            assert steps is not None
            frames = data.of(one)
            assert (place, index, index + len(steps)) == (
                one["episode_index"],
                one["dataset_from_index"],
                one["dataset_to_index"],
            )
            assert list(range(index, index + len(steps))) == [frame["index"] for frame in frames]
            assert list(range(len(steps))) == [frame["frame_index"] for frame in frames]
            np.testing.assert_allclose([frame["timestamp"] for frame in frames], np.arange(len(steps)) / 25)
            np.testing.assert_array_equal(
                steps.observations["x"][:-1].astype(np.float32),
                [frame["observation.state"] for frame in frames],
            )
            np.testing.assert_array_equal(steps.actions["u"], [frame["action"] for frame in frames])
            assert [False] * (len(steps) - 1) + [True] == [frame["next.done"] for frame in frames]
            index += len(steps)


def test_lerobot_features_are_the_columns(store: RunStore, tmp_path: Path) -> None:
    """In dtype, shape and name; one number is no list, more are lists of one length."""
    exported(store, "lerobot", tmp_path / "out")

    data = Reader(tmp_path / "out/train")
    schema = pq.read_schema(tmp_path / "out/train/data/chunk-000/file-000.parquet")
    assert list(data.info["features"]) == schema.names
    types = {"float32": "float", "int64": "int64", "bool": "bool"}
    for name, feature in data.info["features"].items():
        (size,) = feature["shape"]
        one = types[feature["dtype"]]
        assert (one if size == 1 else f"fixed_size_list<element: {one}>[{size}]") == str(
            schema.field(name).type
        )
    assert ["x_0", "x_1"] == data.info["features"]["observation.state"]["names"]
    assert ["joint"] == data.info["features"]["action"]["names"]


def test_lerobot_knows_the_task_of_every_episode(store: RunStore, tmp_path: Path) -> None:
    """As words in its metadata, and as a number in its frames; pandas reads the words as an index."""
    exported(store, "lerobot", tmp_path / "out")

    data = Reader(tmp_path / "out/train")
    table = pq.read_table(tmp_path / "out/train/meta/tasks.parquet")
    assert ["task"] == json.loads(table.schema.metadata[b"pandas"])["index_columns"]
    number = {row["task"]: row["task_index"] for row in table.to_pylist()}
    assert {"Task 0.", "Task 1."} == set(number)
    for one in data.episodes:
        (task,) = one["tasks"]
        assert {number[task]} == {frame["task_index"] for frame in data.of(one)}


def test_lerobot_statistics_are_those_of_the_frames(store: RunStore, tmp_path: Path) -> None:
    """Of each episode and of all of them together, for every number of every feature."""
    exported(store, "lerobot", tmp_path / "out")
    data = Reader(tmp_path / "out/train")

    every = [frame for one in data.episodes for frame in data.of(one)]
    for name in data.info["features"]:
        checked = [(data.stats[name], every)]
        checked += [
            ({key.split("/")[2]: one[key] for key in one if key.startswith(f"stats/{name}/")}, data.of(one))
            for one in data.episodes
        ]
        for found, frames in checked:
            values = np.array([frame[name] for frame in frames], dtype=np.float64).reshape(len(frames), -1)
            assert [len(values)] == found["count"]
            for key in ("min", "max", "mean", "std"):
                np.testing.assert_allclose(getattr(values, key)(axis=0), found[key], atol=1e-12)
            if frames is not every:
                np.testing.assert_allclose(np.quantile(values, 0.9, axis=0), found["q90"])


def test_lerobot_files_are_followed_by_others_when_full(
    store: RunStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Episodes say in which they lie; after the last of a folder comes the next folder."""
    monkeypatch.setattr(_lerobot, "_FULL", 5)
    monkeypatch.setattr(_lerobot, "_CHUNK", 2)
    monkeypatch.setattr(_lerobot, "_BUFFER", 1)

    exported(store, "lerobot", tmp_path / "out")

    data = Reader(tmp_path / "out/train")
    places = [(one["data/chunk_index"], one["data/file_index"]) for one in data.episodes]
    assert [(0, 0), (0, 1), (1, 0)] == places[:3]
    assert places == [
        (one["meta/episodes/chunk_index"], one["meta/episodes/file_index"]) for one in data.episodes
    ]
    assert all(len(data.of(one)) == one["length"] for one in data.episodes)


def test_lerobot_needs_the_seconds_of_a_step(store: RunStore, tmp_path: Path) -> None:
    """Without them there are no frames per second, and the message says what would have to be told."""
    with pytest.raises(UsageError, match="seconds of a control step as the fact `dt`"):
        export(
            store, "default", "lerobot", "agent", tmp_path / "out", briefs=lambda one, seat: Brief(seat=seat)
        )


def test_lerobot_has_the_clock_and_the_task_of_the_robot(reached: RunStore, tmp_path: Path) -> None:
    """Names and frames per second are those that the world tells its seat."""
    export(reached, "default", "lerobot", out=tmp_path / "out")

    data = Reader(tmp_path / "out/train")
    assert (25, "robots/reach-v1") == (data.info["fps"], data.info["robot_type"])
    assert ["joints_0", "tip_2", "target_0", "time"] == [
        data.info["features"]["observation.state"]["names"][place] for place in (0, 6, 7, 10)
    ]
    assert ["yaw", "shoulder"] == data.info["features"]["action"]["names"][:2]
    assert [["Bring the tip of the arm to the target, within 1.5 cm, and keep it still there."]] * 3 == [
        one["tasks"] for one in data.episodes
    ]
