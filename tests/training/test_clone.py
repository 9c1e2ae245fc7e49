"""Behaviour cloning: it learns, it tells how it goes, and a job that was killed ends as if it had not been."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from gristmill.agents.robots.network import Network
from gristmill.errors import UsageError
from gristmill.seeding import numpy_stream
from gristmill.steps import Steps
from gristmill.training import clone as module
from gristmill.training.clone import CloneConfig, Cloned, clone
from gristmill.training.frames import Frames, frames_of, normalised, shape_of, spread_within, statistics_of
from gristmill.training.metrics import Metrics, read_metrics

WORLD = "fake/slide-v1"
CONFIG = CloneConfig(chunk=4, dim=32, layers=1, steps=60, rows=32, rate=0.01, valid_every=20, save_every=20)


def episode(number: int, length: int = 8) -> Steps:
    """A slide that goes to its goal and says so: the action is half of the way that is left, and twice it."""
    rng = numpy_stream(number, "slide")
    goal = rng.normal(size=(length + 1, 2)).astype(np.float32)
    return Steps.of(
        observations={"goal": goal, "time": np.linspace(0, 1, length + 1, dtype=np.float32)[:, None]},
        actions={"value": np.stack([goal[0, 0] / 2 + goal[:-1, 1] * 0, goal[:-1, 1] * 2], axis=1)},
        rewards=np.zeros(length),
        terminated=np.arange(length) == length - 1,
        truncated=np.zeros(length, dtype=bool),
    )


TRAIN, VALID = [episode(number) for number in range(40)], [episode(number) for number in range(90, 94)]


@pytest.fixture(scope="module")
def job(tmp_path_factory: pytest.TempPathFactory) -> Cloned:
    """A job that went through."""
    return clone(tmp_path_factory.mktemp("job"), TRAIN, world=WORLD, valid=VALID, config=CONFIG)


def same(one: Path, two: Path) -> bool:
    """Return whether two checkpoints hold the same bits."""
    a, b = (Network.load(path) for path in (one, two))
    return a.digest == b.digest and all(np.array_equal(a.arrays[name], b.arrays[name]) for name in a.arrays)


def test_the_loss_falls_and_is_told_step_by_step(job: Cloned) -> None:
    """One line per step; validation now and then; a control step is counted once."""
    lines = read_metrics(job.metrics)

    assert lines == job.history
    assert [*range(1, 61)] == [line.step for line in lines]
    assert lines[-1].train_loss < 0.7 * lines[0].train_loss
    assert [20, 40, 60] == [line.step for line in lines if line.full_valid_loss is not None]
    assert 320 == job.frames


def test_the_network_plays_as_it_was_trained(job: Cloned) -> None:
    """What NumPy says of it is what JAX said, but for rounding."""
    network = Network.load(job.last)
    raw = frames_of(VALID, network.config)
    seen = (raw.observations - network.arrays["observation.mean"]) / network.arrays["observation.sd"]
    params = {name: one for name, one in network.arrays.items() if name[0] in "wb"}
    wanted = np.asarray(module._forward(params, seen)).reshape(-1, 4, 2) * network.arrays["action.sd"]
    found = network({"goal": raw.observations[:, :2], "time": raw.observations[:, 2:]})

    assert pytest.approx(wanted + network.arrays["action.mean"], abs=1e-3) == found


def test_what_lies_behind_the_end_has_no_loss() -> None:
    """The next episode begins there, and it is not learnt that it follows."""
    shape = shape_of(TRAIN, WORLD, chunk=4, dim=32, layers=1)
    arrays, params = statistics_of(frames_of(TRAIN, shape)), module._parameters(shape, 0)
    both = normalised(frames_of(TRAIN[:2], shape), arrays)
    alone = normalised(frames_of(TRAIN[:1], shape), arrays)
    last = np.arange(5, 8)  # their chunks reach behind the end

    assert module._loss(params, both, last, chunk=4) == module._loss(params, alone, last, chunk=4)


def test_noise_is_on_what_changes_within_an_episode() -> None:
    """What stays as it is from beginning to end has none, however much it differs between episodes."""
    first, second = (np.array([[0.0, level], [2.0, level]], dtype=np.float32) for level in (5.0, -5.0))
    frames = Frames(np.concatenate([first, second]), np.zeros((4, 1)), np.array([2, 1, 2, 1]))

    assert [1.0, 0.0] == spread_within(frames).tolist()


@pytest.mark.parametrize("steps", [7, 20, 41])
def test_a_stopped_job_goes_on_bit_for_bit(job: Cloned, tmp_path: Path, steps: int) -> None:
    """Parameters and metrics are those of the job that was not stopped, wherever it stopped."""

    class Killed(Exception):
        """Stands for the power that fails."""

    def stop(metrics: Metrics, _: int) -> None:
        if metrics.step == steps:
            raise Killed

    with pytest.raises(Killed):
        clone(tmp_path, TRAIN, world=WORLD, valid=VALID, config=CONFIG, progress=stop)
    again = clone(tmp_path, TRAIN, world=WORLD, valid=VALID, config=CONFIG)

    assert same(job.last, again.last)
    assert job.history == again.history == read_metrics(again.metrics)


def test_a_finished_job_is_not_done_again_and_not_mixed_with_another(job: Cloned) -> None:
    """A folder belongs to one job."""
    folder = job.last.parent

    assert job == clone(folder, TRAIN, world=WORLD, valid=VALID, config=CONFIG)
    for other in (replace(CONFIG, noise=0.5), replace(CONFIG, seed=1)):
        with pytest.raises(UsageError, match="to be empty or to hold this job"):
            clone(folder, TRAIN, world=WORLD, valid=VALID, config=other)
    with pytest.raises(UsageError, match="to be empty or to hold this job"):
        clone(folder, TRAIN[1:], world=WORLD, valid=VALID, config=CONFIG)


def test_a_network_goes_on_from_another(job: Cloned, tmp_path: Path) -> None:
    """Shape and normalisation are kept; it must be of the same world."""
    start = Network.load(job.last)
    config = replace(CONFIG, steps=1, dim=64, generation=2)
    found = Network.load(clone(tmp_path / "a", TRAIN[:9], world=WORLD, init=start, config=config).last)

    assert start.config == found.config
    assert np.array_equal(start.arrays["observation.mean"], found.arrays["observation.mean"])
    assert not np.array_equal(start.arrays["w0"], found.arrays["w0"])
    assert (1, 2) == (start.about["generation"], found.about["generation"])
    with pytest.raises(UsageError, match=r"Expected episodes of fake/slide-v1.* got some of fake/lift-v1"):
        clone(tmp_path / "b", TRAIN, world="fake/lift-v1", init=start, config=config)


def test_episodes_of_different_fields_are_refused(tmp_path: Path) -> None:
    """The message says what is where."""
    other = Steps.from_columns(
        {name: column for name, column in TRAIN[0].columns().items() if name != "observation.time"}
    )

    with pytest.raises(UsageError, match=r"Expected episodes with the observations .*'time': 1"):
        clone(tmp_path, [*TRAIN, other], world=WORLD, config=CONFIG)
    with pytest.raises(UsageError, match="Expected episodes to learn from, got none"):
        clone(tmp_path, [], world=WORLD, config=CONFIG)
    with pytest.raises(UsageError, match="Expected episodes with control steps to learn from, got none"):
        clone(tmp_path, [episode(0, 0)], world=WORLD, config=CONFIG)


@pytest.mark.parametrize("column", ["observation.goal", "action.value"])
def test_numbers_that_are_not_finite_are_refused(tmp_path: Path, column: str) -> None:
    """Nothing is trained on them; the message says how many they are, and where."""
    columns = {name: one.copy() for name, one in TRAIN[1].columns().items()}
    columns[column][2, 0] = np.inf
    with pytest.raises(
        UsageError, match="finite observations and actions, got 1 others of 3, the first at place 1"
    ):
        clone(tmp_path, [TRAIN[0], Steps.from_columns(columns), TRAIN[2]], world=WORLD, config=CONFIG)

    assert [] == list(tmp_path.iterdir())


@pytest.mark.parametrize("steps", [1, 60])
@pytest.mark.filterwarnings("ignore:overflow encountered")
def test_a_loss_that_is_not_finite_ends_the_job(tmp_path: Path, steps: int) -> None:
    """Also when only the last step led there; no checkpoint is left of it."""
    config = replace(CONFIG, rate=1e60, warmup=0.0, steps=steps)
    with pytest.raises(UsageError, match="Expected a finite loss, got another after 1 steps"):
        clone(tmp_path, TRAIN, world=WORLD, config=config)

    assert [] == list(tmp_path.rglob("model"))
