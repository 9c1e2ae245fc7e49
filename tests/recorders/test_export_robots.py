"""Exports of simulations: what real clients of each format open, and that it leads back to the record."""

import json
import sys
from pathlib import Path
from typing import Any

import h5py
import msgspec
import numpy as np
import pytest

from gristmill.cli.app import main
from gristmill.errors import UsageError
from gristmill.recorders._hdf5 import new_file
from gristmill.recorders.export import export
from gristmill.recorders.mine import Acceptance, load_view, mine
from gristmill.recorders.store import RunStore
from gristmill.registry import make
from gristmill.types import SeatInfo
from tests.recorders.exports import NUMERIC, PARTS, exported, filled, lineage
from tests.recorders.fakes import episode, simulated, verdict


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
