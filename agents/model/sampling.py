"""From logits to one token per row.

Letters in shapes: B rows, V vocabulary. Each row has its own random stream, so a row's draws do not depend on which
rows it is decoded with. Thresholds are found by bisection on the bits of the probabilities instead of by sorting:
31 halvings are exact, since non-negative floats are ordered as their bits are.
"""

from collections.abc import Callable
from dataclasses import dataclass

import jax
import jax.numpy as jnp
from jax import lax

from gristmill.errors import UsageError

__all__ = ["Sampling", "largest", "sample"]

BLOCK = 32  # ids per block of the two-level cumulative sum


@dataclass(frozen=True, kw_only=True)
class Sampling:
    """How tokens are drawn.

    Attributes:
        temperature: divides the logits; 0 takes the most likely token and ignores the rest.
        top_k: keep the k most likely tokens (ties with the k-th included); 0 keeps all.
        top_p: keep the smallest set of most likely tokens whose probabilities add up to at least this (Holtzman et
            al., "The Curious Case of Neural Text Degeneration", 2020); 1 keeps all.
        min_p: keep tokens at least this fraction as likely as the most likely (Nguyen et al., "Turning Up the Heat:
            Min-p Sampling", 2024); 0 keeps all.
        max_tokens: an act that is longer than this is cut off and counts as malformed.
        stop: token ids that end an act besides `<end>`; the act keeps none of them.
    """

    temperature: float = 0.0
    top_k: int = 0
    top_p: float = 1.0
    min_p: float = 0.0
    max_tokens: int = 96
    stop: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        bounds = {
            "temperature": ("from 0 to 100", 0 <= self.temperature <= 100),
            "top_k": ("of 0 or more", self.top_k >= 0),
            "top_p": ("above 0 and at most 1", 0 < self.top_p <= 1),
            "min_p": ("from 0 to 1", 0 <= self.min_p <= 1),
            "max_tokens": ("of 1 or more", self.max_tokens >= 1),
        }
        for name, (bound, holds) in bounds.items():
            if not holds:
                raise UsageError(f"Expected {name} {bound}, got {getattr(self, name)}.")


def sample(logits: jax.Array, keys: jax.Array, positions: jax.Array, how: Sampling) -> jax.Array:
    """Return one token id per row [B].

    Args:
        logits: [B, V].
        keys: one random key per row [B]; not consumed, since the position is folded in.
        positions: how many tokens the row has so far [B].
        how: see `Sampling`.
    """
    if how.temperature == 0:
        return largest(logits)
    weights = _kept(jax.nn.softmax(logits / how.temperature, axis=-1), how)
    draws = jax.vmap(lambda key, position: jax.random.uniform(jax.random.fold_in(key, position)))(
        keys, positions
    )
    return _inverse(weights, draws)


def largest(x: jax.Array) -> jax.Array:
    """Return the first index of the largest value in each row of `x` [B, V]; two plain passes, unlike `argmax`."""
    places = lax.broadcasted_iota(jnp.int32, x.shape, 1)
    return jnp.where(x == x.max(axis=-1, keepdims=True), places, x.shape[-1] - 1).min(axis=-1)


def _kept(probs: jax.Array, how: Sampling) -> jax.Array:
    """Return `probs` [B, V] with what the three filters drop set to zero; the most likely token always stays."""
    floor = jnp.zeros((probs.shape[0], 1))
    if 0 < how.top_k < probs.shape[-1]:
        floor = jnp.maximum(
            floor, _threshold(probs, lambda kept: (kept > 0).sum(-1, keepdims=True) >= how.top_k)
        )
    if how.top_p < 1:
        floor = jnp.maximum(floor, _threshold(probs, lambda kept: kept.sum(-1, keepdims=True) >= how.top_p))
    if how.min_p > 0:
        floor = jnp.maximum(floor, how.min_p * probs.max(axis=-1, keepdims=True))
    return jnp.where(probs >= floor, probs, 0.0)


def _threshold(probs: jax.Array, enough: Callable[[jax.Array], jax.Array]) -> jax.Array:
    """Return the largest floor [B, 1] for which the probabilities at or above it are `enough`, or 0."""

    def halve(_: jax.Array, bounds: tuple[jax.Array, jax.Array]) -> tuple[jax.Array, jax.Array]:
        low, high = bounds
        middle = low + (high - low) // 2
        floor = lax.bitcast_convert_type(middle, jnp.float32)
        fits = enough(jnp.where(probs >= floor, probs, 0.0))
        return jnp.where(fits, middle, low), jnp.where(fits, high, middle)

    low = jnp.zeros((probs.shape[0], 1), jnp.int32)
    high = jnp.full_like(low, 0x40000000)  # the bits of 2.0
    return lax.bitcast_convert_type(lax.fori_loop(0, 31, halve, (low, high))[0], jnp.float32)


def _inverse(weights: jax.Array, draws: jax.Array) -> jax.Array:
    """Return the ids [B] at which the running sum of `weights` [B, V] passes `draws` [B] times their total."""
    rows, vocab = weights.shape
    blocks = jnp.pad(weights, ((0, 0), (0, -vocab % BLOCK))).reshape(rows, -1, BLOCK)
    totals = blocks.sum(axis=-1)
    running = totals @ jnp.triu(jnp.ones((totals.shape[1],) * 2))
    target = draws[:, None] * running[:, -1:]
    block = _first(running > target, totals > 0)
    before = jnp.take_along_axis(running - totals, block, axis=1)
    inner = jnp.take_along_axis(blocks, block[:, :, None], axis=1)[:, 0]
    place = _first(inner @ jnp.triu(jnp.ones((BLOCK, BLOCK))) > target - before, inner > 0)
    return (block * BLOCK + place)[:, 0]


def _first(passed: jax.Array, possible: jax.Array) -> jax.Array:
    """Return the first index [B, 1] that is passed and possible; else, after rounding, the last possible one."""
    places = lax.broadcasted_iota(jnp.int32, passed.shape, 1)
    last = jnp.where(possible, places, 0).max(axis=1, keepdims=True)
    return jnp.minimum(jnp.where(passed & possible, places, passed.shape[1]).min(axis=1, keepdims=True), last)
