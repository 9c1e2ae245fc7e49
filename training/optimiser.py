"""How parameters move: Muon for the matrices, Adam for the rest, and the learning rate over time.

Muon: Jordan et al., "Muon: An optimizer for hidden layers in neural networks", 2024. Adam: Kingma and Ba, "Adam: A
Method for Stochastic Optimization", 2015.
"""

import math
from dataclasses import dataclass
from functools import cache
from typing import Any

import jax
import optax
from optax.contrib import MuonDimensionNumbers, muon

from gristmill.errors import UsageError

__all__ = ["Optimiser", "learning_rate", "transform"]

_MATRICES = frozenset({"q", "k", "v", "o", "gate", "up", "down"})


@dataclass(frozen=True, kw_only=True)
class Optimiser:
    """What the compiled update depends on; the learning rate is an argument of every step instead.

    Attributes:
        momentum: of Muon.
        newton_schulz: steps of the iteration that orthogonalises an update.
        adam_ratio: Adam's learning rate as a fraction of Muon's.
        adam_b1, adam_b2: decay of Adam's moments per step.
        weight_decay: per step and unit of learning rate, matrices only.
        clip: largest global norm of the gradient.
    """

    momentum: float = 0.95
    newton_schulz: int = 5
    adam_ratio: float = 1.0
    adam_b1: float = 0.9
    adam_b2: float = 0.99
    weight_decay: float = 0.0
    clip: float = 1.0


@cache
def transform(how: Optimiser) -> optax.GradientTransformation:
    """Return the update for a learning rate of 1; the caller scales it."""
    return optax.chain(
        optax.clip_by_global_norm(how.clip),
        muon(
            1.0,
            ns_steps=how.newton_schulz,
            beta=how.momentum,
            weight_decay=how.weight_decay,
            adam_b1=how.adam_b1,
            adam_b2=how.adam_b2,
            adam_learning_rate=how.adam_ratio,
            muon_weight_dimension_numbers=_dimensions,
        ),
    )


def _dimensions(params: Any) -> Any:
    """Name the axes of each matrix [L, in, out]; None sends a leaf to Adam."""
    return jax.tree_util.tree_map_with_path(
        lambda path, _: MuonDimensionNumbers(1, 2) if path[-1].key in _MATRICES else None, params
    )


def learning_rate(step: int, steps: int, *, peak: float, warmup: float, floor: float) -> float:
    """Return the rate of a step: linear warmup, then a half cosine down.

    Args:
        step: 0, 1, …, `steps` - 1.
        steps: steps of the whole job.
        peak: the highest rate.
        warmup: fraction of the steps that warm up.
        floor: the last rate, as a fraction of `peak`.
    """
    if not 0 <= step < steps:
        raise UsageError(f"Expected a step in [0, {steps}), got {step}.")
    rising = max(1, round(warmup * steps))
    if step < rising:
        return peak * (step + 1) / rising
    done = (step - rising) / max(1, steps - rising)
    return peak * (floor + (1 - floor) * 0.5 * (1 + math.cos(math.pi * done)))
