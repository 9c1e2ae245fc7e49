"""One step of training and one of validation, as compiled functions.

Letters in shapes: B rows, T tokens, P predicted positions; see `training.data.Batch`.
"""

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax
from jax.sharding import Mesh, NamedSharding, PartitionSpec

from gristmill.agents.model.config import ModelConfig
from gristmill.agents.model.decoder import Params, features, logits
from gristmill.agents.model.sampling import largest
from gristmill.training.data import Batch
from gristmill.training.optimiser import Optimiser, transform

__all__ = ["Score", "State", "fresh_state", "place", "replicate", "score", "update"]

_spec: Callable[..., PartitionSpec] = PartitionSpec  # published without types


class State(NamedTuple):
    """What a step changes."""

    params: Params
    moments: Any


class Score(NamedTuple):
    """Sums over predictions, so that scores of batches can be added.

    Attributes:
        loss: cross-entropy in nats.
        hits: predictions whose most likely token was right.
        total: predictions.
    """

    loss: jax.Array
    hits: jax.Array
    total: jax.Array


def fresh_state(params: Params, how: Optimiser) -> State:
    """Return parameters with moments of zero."""
    return State(params, transform(how).init(params))


def replicate(state: State, mesh: Mesh) -> State:
    """Return the state with a copy on every device."""
    copies: State = jax.device_put(state, NamedSharding(mesh, _spec()))
    return copies


def place(batch: Batch, mesh: Mesh) -> Batch:
    """Return the batch with its rows spread over the axis `data` of the mesh."""
    spread: Batch = jax.device_put(batch, NamedSharding(mesh, _spec("data")))
    return spread


def _score(params: Params, batch: Batch, config: ModelConfig) -> Score:
    tokens, keep = jnp.asarray(batch.tokens), jnp.asarray(batch.keep)
    values = logits(params, features(params, config, tokens, keep))
    losses = optax.softmax_cross_entropy_with_integer_labels(values, batch.targets)
    rows, positions, vocab = values.shape
    hits = largest(values.reshape(rows * positions, vocab)).reshape(rows, positions) == batch.targets
    return Score((losses * batch.weights).sum(), (hits * batch.weights).sum(), batch.weights.sum())


@partial(jax.jit, static_argnames="config")
def score(params: Params, batch: Batch, *, config: ModelConfig) -> Score:
    """Return how well the parameters predict a batch."""
    return _score(params, batch, config)


@partial(jax.jit, static_argnames=("config", "how"), donate_argnames="state")
def update(
    state: State, batch: Batch, rate: jax.Array, *, config: ModelConfig, how: Optimiser
) -> tuple[State, Score]:
    """Return the state after one step, and the score before it; `state` is consumed.

    Args:
        state: before the step.
        batch: what to learn from.
        rate: learning rate [].
        config: shape of the decoder.
        how: see `Optimiser`.
    """

    def mean_loss(params: Params) -> tuple[jax.Array, Score]:
        result = _score(params, batch, config)
        return result.loss / jnp.maximum(result.total, 1.0), result

    gradient, result = jax.grad(mean_loss, has_aux=True)(state.params)
    change, moments = transform(how).update(gradient, state.moments, state.params)
    params = jax.tree.map(lambda leaf, delta: leaf + rate * delta, state.params, change)
    return State(params, moments), result
