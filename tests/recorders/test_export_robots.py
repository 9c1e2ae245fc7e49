"""Exports of simulations: what real clients of each format open, and that it leads back to the record."""

import json
import sys
from pathlib import Path
from typing import Any

import h5py
import msgspec
import numpy as np
import pyarrow.parquet as pq
import pytest

from gristmill.cli.app import main
from gristmill.digest import decode
from gristmill.errors import UsageError
from gristmill.play import play
from gristmill.recorders import _lerobot
from gristmill.recorders._hdf5 import new_file
from gristmill.recorders.export import ExportReport, export
from gristmill.recorders.mine import Acceptance, load_view, mine
from gristmill.recorders.store import RunStore
from gristmill.recorders.verify import judge
from gristmill.registry import make, policy
from gristmill.types import Brief, Episode, SeatInfo
from tests.recorders.fakes import episode, simulated, verdict

PARTS = {"train": 0.6, "valid": 0.4}
NUMERIC = ("lerobot", "minari", "robomimic")


def filled(folder: Path, episodes: list[Episode], failed: int = 0) -> RunStore:
    """Return a run with these episodes, of which the last `failed` do not pass, and a view of it."""
    store = RunStore.create(folder, {})
    with store.writer() as writer:
        for place, one in enumerate(episodes):
            writer.append(one, verdict(one, "fail" if place >= len(episodes) - failed else "pass"))
    mine(store, Acceptance(split=PARTS, distinct=False))
    return store


@pytest.fixture
def store(tmp_path: Path) -> RunStore:
    """A run of eight made-up simulations, six of which pass."""
    return filled(tmp_path / "run", [simulated(index, length=3 + index % 2) for index in range(8)], failed=2)


def brief(one: Episode, seat: str) -> Brief:
    """Return what a world would have told the seat."""
    task = f"Task {one.scenario.index % 2}."
    return Brief(seat=seat, text=task, facts={"dt": 0.04, "action": {"names": ["joint"]}})


def exported(store: RunStore, format: str, out: Path, **more: Any) -> ExportReport:
    """Export without a world."""
    return export(store, "default", format, "agent", out, briefs=brief, **more)


def lineage(folder: Path) -> list[dict[str, Any]]:
    """Return where each exported episode lies and comes from."""
    return [decode(line) for line in (folder / "lineage.jsonl").read_bytes().splitlines()]


@pytest.mark.parametrize("format", NUMERIC)
def test_the_same_view_gives_the_same_bytes(store: RunStore, tmp_path: Path, format: str) -> None:
    """A second export elsewhere has the same files; one at the same place finds its work done."""
    one, two = exported(store, format, tmp_path / "one"), exported(store, format, tmp_path / "two")

    assert one.files == two.files
    before = (tmp_path / "one").stat().st_ino
    assert one.hash == exported(store, format, tmp_path / "one").hash
    assert before == (tmp_path / "one").stat().st_ino
    assert ["one", "run", "two"] == sorted(path.name for path in tmp_path.iterdir())


@pytest.mark.parametrize("format", NUMERIC)
def test_another_export_is_replaced_when_asked(store: RunStore, tmp_path: Path, format: str) -> None:
    """Its folders count as its own, and a stranger's file in one of them does not."""
    exported(store, "minari", tmp_path / "out")

    exported(store, format, tmp_path / "out", overwrite=True)
    inner = next(path for path in (tmp_path / "out").rglob("*") if path.is_file()).parent
    (inner / "thesis.txt").write_text("precious")

    with pytest.raises(Exception, match=r"holds something else: .*thesis\.txt"):
        exported(store, "lerobot" if format != "lerobot" else "minari", tmp_path / "out", overwrite=True)
    assert "precious" == (inner / "thesis.txt").read_text()


@pytest.mark.parametrize("format", NUMERIC)
def test_a_conversation_is_refused(tmp_path: Path, format: str) -> None:
    """The message says which formats are for it, and nothing is written."""
    store = filled(tmp_path / "run", [episode(0), episode(1)])

    with pytest.raises(UsageError, match=f"got {format}; use jsonl, messages, openai"):
        exported(store, format, tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("format", ["openai", "messages", "jsonl"])
def test_a_simulation_is_refused_by_formats_for_conversations(
    store: RunStore, tmp_path: Path, format: str
) -> None:
    """The message says which formats are for it."""
    with pytest.raises(UsageError, match=f"got {format}; use lerobot, minari, robomimic"):
        exported(store, format, tmp_path / "out")


@pytest.mark.parametrize("format", NUMERIC)
def test_what_does_not_fit_is_left_out_with_a_reason(tmp_path: Path, format: str) -> None:
    """Episodes with other columns or without a step cannot lie beside the others; failed ones are not in the view."""
    strange, short = simulated(4, width=5), simulated(5, length=0)
    store = filled(tmp_path / "run", [simulated(0), simulated(1), strange, short, simulated(3)], failed=1)

    report = exported(store, format, tmp_path / "out")

    assert {"other columns": 1, "no steps": 1} == report.dropped
    assert {strange.id, short.id} == {name for name, _ in report.offenders}
    assert {simulated(0).id, simulated(1).id} == {row["episode"] for row in lineage(tmp_path / "out")}
    assert 2 == sum(report.lines.values())


@pytest.mark.parametrize("format", NUMERIC)
def test_a_withdrawn_verdict_withholds_an_episode(store: RunStore, tmp_path: Path, format: str) -> None:
    """The view keeps it still, and the export does not."""
    late = store.episode(mine(store, Acceptance(split=PARTS, distinct=False)).ids[0])
    with store.writer() as writer:
        writer.record(verdict(late, "fail"))

    report = exported(store, format, tmp_path / "out")

    assert {"now fails: balances": 1} == report.dropped
    assert late.id not in {row["episode"] for row in lineage(tmp_path / "out")}


# Minari.


@pytest.fixture
def minari() -> Any:
    """The client, which warns at its import of what it does without."""
    return pytest.importorskip("minari")


def test_minari_opens_every_part(
    store: RunStore, tmp_path: Path, minari: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By its id below the export's folder: the numbers to the last bit, and where they come from."""
    report = exported(store, "minari", tmp_path / "out")
    monkeypatch.setenv("MINARI_DATASETS_PATH", str(tmp_path / "out"))

    assert {f"fake/till-v1/{part}-v0" for part in PARTS} == set(minari.list_local_datasets())
    for part in PARTS:
        dataset = minari.load_dataset(f"fake/till-v1/{part}-v0")
        own = [row for row in lineage(tmp_path / "out") if f"/{part}-v0/" in row["file"]]
        assert report.lines[part] == len(own) == dataset.total_episodes
        assert sum(len(one) for one in dataset) == dataset.total_steps
        for row, found, about in zip(
            own, dataset, dataset.storage.get_episode_metadata(range(99)), strict=False
        ):
            source = store.episode(row["episode"])
            assert source.steps is not None
            assert row["episode"] == about["episode_id"]
            assert (source.seed, source.scenario.index) == (about["run_seed"], about["scenario_index"])
            np.testing.assert_array_equal(source.steps.observations["x"], found.observations["x"])
            assert (len(found) + 1, 2) == found.observations["x"].shape
            np.testing.assert_array_equal(source.steps.actions["u"], found.actions["u"])
            assert np.float32 == found.actions["u"].dtype
            np.testing.assert_array_equal(source.steps.rewards, found.rewards)
            assert [False] * (len(found) - 1) + [True] == found.truncations.tolist()
            assert not found.terminations.any()


def test_minari_has_the_spaces_of_the_columns_without_a_world(
    store: RunStore, tmp_path: Path, minari: Any
) -> None:
    """Bounds are those of the dtypes, and a note says so."""
    report = exported(store, "minari", tmp_path / "out")

    dataset = minari.MinariDataset(tmp_path / "out/fake/till-v1/train-v0/data")
    space = dataset.observation_space["x"]
    assert ((2,), np.float64, -np.inf) == (space.shape, space.dtype, space.low[0])
    assert ((), np.float32) == (dataset.action_space["u"].shape, dataset.action_space["u"].dtype)
    assert any("the spaces are those of the recorded numbers" in note for note in report.notes)


# LeRobot, read by what its documentation says of the layout, "LeRobotDataset v3.0" and "Dataset metadata".


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


# robomimic, read as its SequenceDataset does (robomimic/utils/dataset.py, 0.3 to 0.5).


def test_robomimic_reads_its_demonstrations(store: RunStore, tmp_path: Path) -> None:
    """By filter key, with the length of each and what was seen before and after each action."""
    report = exported(store, "robomimic", tmp_path / "out")

    sources = {row["demo"]: store.episode(row["episode"]) for row in lineage(tmp_path / "out")}
    with h5py.File(tmp_path / "out/dataset.hdf5", "r", swmr=True, libver="latest") as file:
        demos = {part: [name.decode() for name in file[f"mask/{part}"][:]] for part in PARTS}
        assert report.lines == {part: len(names) for part, names in demos.items()}
        assert sorted(file["data"]) == sorted(demos["train"] + demos["valid"]) == sorted(sources)
        assert file["data"].attrs["total"] == sum(
            file[f"data/{name}"].attrs["num_samples"] for name in sources
        )
        arguments = json.loads(file["data"].attrs["env_args"])
        assert ("fake/till-v1", 2, {}) == tuple(arguments[key] for key in ("env_name", "type", "env_kwargs"))
        for name, source in sources.items():
            demo, steps = file[f"data/{name}"], source.steps
            assert steps is not None
            assert len(steps) == demo.attrs["num_samples"]
            np.testing.assert_array_equal(steps.observations["x"][:-1], demo["obs/x"][:])
            np.testing.assert_array_equal(steps.observations["x"][1:], demo["next_obs/x"][:])
            np.testing.assert_array_equal(steps.actions["u"][:, None], demo["actions"][:])
            np.testing.assert_array_equal(steps.rewards, demo["rewards"][:])
            assert [0] * (len(steps) - 1) + [1] == demo["dones"][:].tolist()
            assert "states" not in demo


def test_robomimic_says_what_it_lacks(store: RunStore, tmp_path: Path) -> None:
    """Without a world there are neither limits of the actions nor states."""
    notes = exported(store, "robomimic", tmp_path / "out").notes

    assert any("no finite limits" in note for note in notes)
    assert any(note.startswith("6 demonstrations have no states") for note in notes)


def test_models_of_any_size_are_kept(tmp_path: Path) -> None:
    """An attribute may be larger than the 64 KiB of HDF5's first layout."""
    with new_file(tmp_path / "new.hdf5") as file:
        file.attrs["model_file"] = "x" * 200_000

    with h5py.File(tmp_path / "new.hdf5") as file:
        assert 200_000 == len(file.attrs["model_file"])


def test_an_episode_of_another_seat_name_is_exported(tmp_path: Path) -> None:
    """A simulation has one seat, so it need not be named."""
    robot = {"robot": SeatInfo(policy="p", digest="f" * 32, generation=2)}
    store = filled(tmp_path / "run", [msgspec.structs.replace(simulated(n), seats=robot) for n in range(2)])

    report = exported(store, "robomimic", tmp_path / "out")

    assert ("robot", {"2": 2}) == (report.seat, report.generations)


@pytest.mark.parametrize("format", ["minari", "robomimic"])
def test_without_h5py_it_says_what_to_install(
    store: RunStore, tmp_path: Path, format: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """LeRobot needs none, and nothing is left behind."""
    monkeypatch.setitem(sys.modules, "h5py", None)

    with pytest.raises(UsageError, match=r"pip install 'gristmill\[export\]'"):
        exported(store, format, tmp_path / "out")
    exported(store, "lerobot", tmp_path / "lerobot")
    assert ["lerobot", "run"] == sorted(path.name for path in tmp_path.iterdir())


# A real robot.


@pytest.fixture(scope="module")
def reached(tmp_path_factory: pytest.TempPathFactory) -> RunStore:
    """A run of three episodes of a robot that reaches for a point, and a view of it."""
    world = make("robots/reach-v1")
    seats = {"robot": policy("expert", "robots/reach-v1", "robot")}
    store = RunStore.create(tmp_path_factory.mktemp("reach") / "run", {"world": "robots/reach-v1"})
    with store.writer() as writer:
        for one in play(lambda: world, [world.scenario(1, index) for index in range(3)], seats, seed=1):
            writer.append(one, judge(world, one))
    mine(store, Acceptance(split={"train": 1.0}))
    world.close()
    return store


def test_minari_builds_the_robot_again(reached: RunStore, tmp_path: Path, minari: Any) -> None:
    """Its spaces are those of the world, and the environment can be recovered from the dataset."""
    report = export(reached, "default", "minari", out=tmp_path / "out")

    dataset = minari.MinariDataset(tmp_path / "out/robots/reach-v1/train-v0/data")
    world: Any = make("robots/reach-v1")
    assert (3, []) == (dataset.total_episodes, report.notes)
    assert (world.observation_space, world.action_space) == (dataset.observation_space, dataset.action_space)
    seen, _ = dataset.recover_environment().reset(seed=1)
    assert dataset.observation_space.contains(seen)
    assert 41 == len(dataset[0].observations["tip"])


def test_lerobot_has_the_clock_and_the_task_of_the_robot(reached: RunStore, tmp_path: Path) -> None:
    """Names and frames per second are those that the world tells its seat."""
    export(reached, "default", "lerobot", out=tmp_path / "out")

    data = Reader(tmp_path / "out/train")
    assert (25, "robots/reach-v1") == (data.info["fps"], data.info["robot_type"])
    assert ["joints_0", "tip_2", "target_0", "time"] == [
        data.info["features"]["observation.state"]["names"][place] for place in (0, 6, 7, 10)
    ]
    assert ["yaw", "shoulder"] == data.info["features"]["action"]["names"][:2]
    assert [["Bring the tip of the arm to the target and keep it there."]] * 3 == [
        one["tasks"] for one in data.episodes
    ]


def test_robomimic_states_show_the_episode_in_its_model(reached: RunStore, tmp_path: Path) -> None:
    """MuJoCo alone, with model_file and states, sees what was observed; actions are scaled, and kept as they were."""
    mujoco = pytest.importorskip("mujoco")
    report = export(reached, "default", "robomimic", out=tmp_path / "out")

    assert [] == report.notes
    (row, *_) = lineage(tmp_path / "out")
    steps = reached.episode(row["episode"]).steps
    assert steps is not None
    with h5py.File(tmp_path / "out/dataset.hdf5") as file:
        demo, low, high = (
            file["data/demo_0"],
            *(file["data"].attrs[f"action_{end}"] for end in ("low", "high")),
        )
        np.testing.assert_array_equal(steps.actions["value"], demo["raw_actions"][:])
        assert np.abs(demo["actions"][:]).max() <= 1
        np.testing.assert_allclose(
            steps.actions["value"], low + (demo["actions"][:] + 1) / 2 * (high - low), atol=1e-6
        )
        model = mujoco.MjModel.from_xml_string(demo.attrs["model_file"])
        data = mujoco.MjData(model)
        for place in (0, 20, 39):
            time, state = demo["states"][place, 0], demo["states"][place, 1:]
            data.qpos, data.qvel = np.split(state, [model.nq])
            mujoco.mj_forward(model, data)
            assert time == pytest.approx(place * 0.04)
            np.testing.assert_allclose(demo["obs/joints"][place], data.qpos, atol=1e-6)
            np.testing.assert_allclose(demo["obs/tip"][place], data.site("tip").xpos, atol=1e-5)
        target = model.site("target").pos
        np.testing.assert_allclose(np.mean(demo["obs/target"][:], axis=0), target, atol=5e-3)


def test_the_command_line_counts_episodes(
    reached: RunStore, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A robot has no lines, and its seat need not be named."""
    assert 0 == main(["export", str(reached.path), "--format", "robomimic", "-o", str(tmp_path / "out")])

    assert "3 episodes in" in capsys.readouterr().out


def test_a_replay_that_goes_another_way_gives_no_states(reached: RunStore, tmp_path: Path) -> None:
    """They would be of an episode that nobody played."""
    other = RunStore.create(tmp_path / "run", {"world": "robots/reach-v1"})
    one = reached.episode(load_view(reached, "default").ids[0])
    state = {**one.state, "qpos": [0.1, *one.state["qpos"][1:]]}
    one = msgspec.structs.replace(one, state=state, state_digest="")
    with other.writer() as writer:
        writer.append(one, verdict(one))
    mine(other, Acceptance(split={"train": 1.0}))

    report = export(other, "default", "robomimic", out=tmp_path / "out")

    assert any(note.startswith("1 demonstrations have no states") for note in report.notes)
    with h5py.File(tmp_path / "out/dataset.hdf5") as file:
        assert "states" not in file["data/demo_0"]
