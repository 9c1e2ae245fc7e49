"""What a training job wrote, read for a report; needs neither JAX nor the model."""

from pathlib import Path

import msgspec

from gristmill.errors import StoreError
from gristmill.training.metrics import read_metrics
from gristmill.workflows.report_types import Mask, Training
from gristmill.workflows.stored import stored

__all__ = ["MASK", "training_of"]

MASK = "mask.json"


def training_of(out: Path, *, name: str = "", about: str = "") -> Training:
    """Return the curves and the mask coverage of the job in a folder.

    Raises:
        StoreError: when there is no job, or it cannot be read.
    """
    path = out / "metrics.jsonl"
    try:
        points = read_metrics(path)
    except msgspec.DecodeError as error:
        raise StoreError(
            f"Expected the metrics of a training job in {path}, got something else: {error}."
        ) from None
    if not points:
        raise StoreError(f"Expected a training job in {out}, got no metrics; `gristmill train` makes one.")
    return Training(name=name or out.name, points=points, mask=_mask(out / MASK), about=about)


def _mask(path: Path) -> Mask | None:
    return stored(path, Mask, "mask coverage", "train") if path.exists() else None
