"""Checkpoints: everything it takes to go on exactly, or to play.

    <job>/step-000400/state/         parameters and moments (orbax)
    <job>/step-000400/model/         the model as it plays, see `gristmill.agents.model.store` and `gristmill.agents.robots.network`
    <job>/step-000400/progress.json  step, identity of the job, validation so far

A checkpoint is written under another name and renamed when it is complete, so a folder called `step-…` always is.
Nothing is unpickled.
"""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jax
import msgspec
import orbax.checkpoint as ocp

from gristmill.digest import canonical, decoder
from gristmill.errors import StoreError, UsageError
from gristmill.files import sync_folder, sync_tree
from gristmill.training.step import State

__all__ = ["Progress", "best", "checkpoints", "clean", "last", "prune", "restore", "resume", "save"]


class Progress(msgspec.Struct, frozen=True, kw_only=True):
    """Where a job stands.

    Attributes:
        step: steps done, which is also the position in the data.
        job: content hash of the job's settings and data; only the same job goes on from here.
        valid_loss: full validation loss at this step, by which the best checkpoint is told, or None.
    """

    step: int
    job: str
    valid_loss: float | None = None


_read = decoder(Progress)


def save(job: Path, state: State, write_model: Callable[[Path], None], progress: Progress) -> Path:
    """Write a checkpoint and return its folder; one of the same step is replaced.

    Args:
        job: its folder.
        state: to go on from.
        write_model: writes the model, as it plays, into a folder.
        progress: where the job stands.
    """
    final = job / f"step-{progress.step:06d}"
    draft = job / f".{final.name}"
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(parents=True)
    with ocp.StandardCheckpointer() as writer:
        writer.save((draft / "state").absolute(), state._asdict())
    write_model(draft / "model")
    (draft / "progress.json").write_bytes(canonical(progress))
    sync_tree(draft)
    if final.exists():
        shutil.rmtree(final)
    draft.rename(final)
    sync_folder(job)
    return final


def restore(folder: Path, like: State) -> State:
    """Return the state in a checkpoint; `like` gives shapes and devices.

    Raises:
        StoreError: when it cannot be read or has other shapes.
    """
    wanted = jax.tree.map(ocp.utils.to_shape_dtype_struct, like._asdict())
    try:
        with ocp.StandardCheckpointer() as reader:
            found: dict[str, Any] = reader.restore((folder / "state").absolute(), wanted)
    except (ValueError, OSError, KeyError) as error:
        raise StoreError(f"Expected a training state of this job in {folder}, got: {error}.") from error
    return State(**found)


def resume(folder: Path, job: str, start: State) -> tuple[State, int]:
    """Return the state in the newest checkpoint of a job and the steps done; `start` and 0 where there is none.

    Args:
        folder: of the job.
        job: content hash of the job's settings and data.
        start: state before the first step.

    Raises:
        UsageError: when the folder holds another job.
        StoreError: when the checkpoint cannot be read.
    """
    found = last(folder)
    if not found:
        return start, 0
    checkpoint, progress = found
    if progress.job != job:
        raise UsageError(
            f"Expected {folder} to be empty or to hold this job, got another one (its settings or data differ); "
            "choose another folder, or delete it to start anew."
        )
    return restore(checkpoint, start), progress.step


def checkpoints(job: Path) -> list[tuple[Path, Progress]]:
    """Return the checkpoints of a job, first to last."""
    found = sorted(path for path in job.glob("step-*") if (path / "progress.json").is_file())
    return [(path, _read((path / "progress.json").read_bytes())) for path in found]


def last(job: Path) -> tuple[Path, Progress] | None:
    """Return the newest checkpoint, or None."""
    return next(reversed(checkpoints(job)), None)


def best(job: Path) -> tuple[Path, Progress] | None:
    """Return the checkpoint with the lowest validation loss; without any validation, the newest."""
    scored = [item for item in checkpoints(job) if item[1].valid_loss is not None]
    return min(scored, key=lambda item: item[1].valid_loss or 0.0) if scored else last(job)


def prune(job: Path) -> None:
    """Delete all checkpoints but the best and the newest."""
    keep = {item[0] for item in (best(job), last(job)) if item}
    for folder, _ in checkpoints(job):
        if folder not in keep:
            shutil.rmtree(folder)


def clean(job: Path) -> None:
    """Delete what a killed writer left behind."""
    for draft in job.glob(".step-*"):
        shutil.rmtree(draft)
