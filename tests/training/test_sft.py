"""Training: it learns, it tells how it goes, and a job that was killed ends as if it had not been."""

import shutil
from dataclasses import replace
from pathlib import Path

import jax
import numpy as np
import pytest

from gristmill.agents.model.policy import ModelPolicy
from gristmill.agents.model.store import load_model
from gristmill.errors import StoreError, UsageError
from gristmill.training import Metrics, TrainResult, checkpoints, read_metrics, train
from gristmill.types import Brief
from tests.training.tiny import CONFIG, model, views

TRAIN, VALID = views(16), views(4, first=100)
SHORT = replace(CONFIG, epochs=2, save_every=3)


@pytest.fixture(scope="module")
def job(tmp_path_factory: pytest.TempPathFactory) -> TrainResult:
    """A job that went through."""
    return train(tmp_path_factory.mktemp("job"), TRAIN, valid=VALID, config=SHORT)


class Killed(Exception):
    """Stands for the power that fails."""


def same(one: Path, two: Path) -> bool:
    """Return whether two checkpoints hold the same bits."""
    pairs = zip(*(jax.tree.leaves(load_model(path).params) for path in (one, two)), strict=True)
    return all(np.array_equal(a, b) for a, b in pairs)


def test_the_metrics_are_those_of_a_fine_tuning_job(job: TrainResult) -> None:
    """One line per step; validation now and then, in full at the ends of epochs."""
    lines = read_metrics(job.metrics)

    assert lines == job.history
    assert [*range(1, 9)] == [line.step for line in lines]
    assert lines[-1].train_loss < lines[0].train_loss
    full = [line.step for line in lines if line.full_valid_loss is not None]
    assert [3, 4, 6, 8] == full
    assert all(0 <= (line.train_mean_token_accuracy or 0.0) <= 1 for line in lines)


def test_the_best_and_the_last_checkpoint_are_kept(job: TrainResult) -> None:
    """Either plays; the others are gone, and no draft is left."""
    assert {job.best, job.last} == {path for path, _ in checkpoints.checkpoints(job.last.parent)}
    assert "step-000008" == job.last.name
    assert not list(job.last.parent.glob(".*"))
    session = ModelPolicy.load(job.last).begin([Brief(seat="agent")], [0])
    assert 1 == len(session.act([0], [[{"from": "customer", "say": "hi"}]]))


@pytest.mark.parametrize("steps", [1, 4, 5])
def test_a_stopped_job_goes_on_bit_for_bit(job: TrainResult, tmp_path: Path, steps: int) -> None:
    """Parameters and metrics are those of the job that was not stopped, wherever it stopped."""

    def stop(metrics: Metrics, _: int) -> None:
        if metrics.step == steps:
            raise Killed

    with pytest.raises(Killed):
        train(tmp_path, TRAIN, valid=VALID, config=SHORT, progress=stop)
    again = train(tmp_path, TRAIN, valid=VALID, config=SHORT)

    assert same(job.last, again.last)
    assert job.history == again.history == read_metrics(again.metrics)


def test_a_finished_job_is_not_done_again(job: TrainResult) -> None:
    """Starting it once more returns what there is."""
    steps: list[int] = []
    again = train(
        job.last.parent,
        TRAIN,
        valid=VALID,
        config=SHORT,
        progress=lambda metrics, _: steps.append(metrics.step),
    )

    assert [] == steps
    assert job == again


def test_another_job_is_not_mixed_in(job: TrainResult) -> None:
    """A folder belongs to one job."""
    with pytest.raises(UsageError, match="to be empty or to hold this job"):
        train(job.last.parent, TRAIN, valid=VALID, config=replace(SHORT, rate=0.001))


def test_fine_tuning_goes_on_from_a_model_and_leaves_it_alone(job: TrainResult, tmp_path: Path) -> None:
    """The vocabulary and the shapes of batches are the model's."""
    start = load_model(job.last)
    tuned = train(tmp_path, views(4), init=start, config=replace(CONFIG, steps=1, generation=2))
    found = load_model(tuned.last)

    assert start.tokenizer.to_json() == found.tokenizer.to_json()
    assert start.about["shapes"] == found.about["shapes"]
    assert (1, 2) == (start.about["generation"], found.about["generation"])
    assert not same(job.last, tuned.last)
    assert not any(leaf.is_deleted() for leaf in jax.tree.leaves(start.params))


def test_an_unfinished_checkpoint_does_not_count(job: TrainResult, tmp_path: Path) -> None:
    """A writer that died leaves a draft, which the next start removes."""
    folder = tmp_path / "job"
    shutil.copytree(job.last.parent, folder)
    (folder / ".step-000009").mkdir()
    (folder / "step-000010").mkdir()

    assert "step-000008" == train(folder, TRAIN, valid=VALID, config=SHORT).last.name
    assert not (folder / ".step-000009").exists()


def test_a_damaged_checkpoint_is_named(job: TrainResult, tmp_path: Path) -> None:
    """The message says which folder cannot be read."""
    folder = tmp_path / "job"
    shutil.copytree(job.last.parent, folder)
    for path in (folder / job.last.name / "state").rglob("*"):
        if path.is_file():
            path.write_bytes(b"")

    with pytest.raises(StoreError, match=job.last.name):
        train(folder, TRAIN, valid=VALID, config=SHORT)


def test_more_devices_than_there_are_is_refused(tmp_path: Path) -> None:
    """The message says how many JAX sees."""
    with pytest.raises(UsageError, match="at most 1 devices"):
        train(tmp_path, TRAIN, init=model(), config=replace(SHORT, devices=99))
