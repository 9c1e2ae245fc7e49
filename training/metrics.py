"""The metrics of a training job, one JSON object per step, named as in OpenAI's fine-tuning events."""

from pathlib import Path
from typing import Self

import msgspec

from gristmill.digest import decoder, encode

__all__ = ["Metrics", "Recorder", "read_metrics"]


class Metrics(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is known after a step.

    Losses of a model of text are in nats per token, and its accuracies fractions of tokens. The losses of a model that
    moves a robot are mean distances from the recorded actions, in their standard deviations; it has no accuracies.

    Attributes:
        step: 1, 2, …
        learning_rate: of the matrices, in this step.
        train_loss: of this step's batch, before the update.
        valid_loss: on one batch of held-out episodes; `full_valid_loss` on all of them.
    """

    step: int
    learning_rate: float
    train_loss: float
    train_mean_token_accuracy: float | None = None
    valid_loss: float | None = None
    valid_mean_token_accuracy: float | None = None
    full_valid_loss: float | None = None
    full_valid_mean_token_accuracy: float | None = None


_read = decoder(Metrics)


def read_metrics(path: Path) -> list[Metrics]:
    """Return the metrics in a file; a last line that a killed writer left unfinished is ignored."""
    if not path.exists():
        return []
    lines = path.read_bytes().split(b"\n")
    return [_read(line) for line in lines[:-1]]


class Recorder:
    """Appends metrics to a file.

    Attributes:
        history: everything in the file.
    """

    def __init__(self, path: Path, first: int) -> None:
        """Open `path`, which keeps the metrics of the first `first` steps; those after will be made again."""
        self.path = path
        self.history = [metrics for metrics in read_metrics(path) if metrics.step <= first]
        self._file = path.open("wb")
        for metrics in self.history:
            self._write(metrics)

    def add(self, metrics: Metrics) -> None:
        """Append the metrics of a step."""
        self.history.append(metrics)
        self._write(metrics)
        self._file.flush()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def _write(self, metrics: Metrics) -> None:
        self._file.write(encode(metrics) + b"\n")
