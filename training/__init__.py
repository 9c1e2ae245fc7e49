"""What learns: kept episodes come in, model checkpoints go out; loss falls only on the trained seat, and a killed run resumes exactly."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gristmill.training.metrics import Metrics, read_metrics
    from gristmill.training.optimiser import Optimiser
    from gristmill.training.sft import TrainConfig, TrainResult, train

__all__ = ["Metrics", "Optimiser", "TrainConfig", "TrainResult", "read_metrics", "train"]

_HOMES = {
    "Metrics": "metrics",
    "Optimiser": "optimiser",
    "TrainConfig": "sft",
    "TrainResult": "sft",
    "read_metrics": "metrics",
    "train": "sft",
}


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used: JAX takes most of a second to load."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
