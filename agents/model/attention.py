"""Causal attention for training, with a backward pass made for processors.

Letters in shapes: B rows, T positions, P queried positions, H query heads, G key and value heads, D width of a head,
N = B G pairs of a row and a head group, M = P H / G queries of such a pair.

The weights are not kept between the passes but computed again from the log-sum of their exponentials (Dao et al.,
"FlashAttention", 2022, section 3.1). The backward pass computes them transposed, keys first, so that every product
is a plain row-by-column product of matrices as they lie in memory; processors are several times slower at the others.
The barriers keep the compiler from folding the small transpositions back into the products.
"""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

__all__ = ["attend", "barrier"]

MASKED = -1e30
barrier: Callable[[Any], Any] = lax.optimization_barrier  # published without types
_Kept = tuple[jax.Array, ...]


def attend(q: jax.Array, k: jax.Array, v: jax.Array, places: jax.Array) -> jax.Array:
    """Return what each query hears [B, P, H, D].

    Args:
        q: queries [B, P, H, D].
        k: keys [B, T, G, D]; H is a multiple of G.
        v: values [B, T, G, D].
        places: position of each query, which hears the keys up to it [B, P].
    """
    rows, queried, _, width = q.shape
    groups = k.shape[2]
    grouped = (q * width**-0.5).reshape(rows, queried, groups, -1, width).transpose(0, 2, 3, 1, 4)
    keys, values = (x.transpose(0, 2, 1, 3).reshape(rows * groups, -1, width) for x in (k, v))
    marks = jnp.broadcast_to(places[:, None, None], grouped.shape[:-1]).reshape(rows * groups, -1)
    heard = _attend(grouped.reshape(rows * groups, -1, width), keys, values, marks)
    return heard.reshape(grouped.shape).transpose(0, 3, 1, 2, 4).reshape(q.shape)


@jax.custom_vjp
def _attend(q: jax.Array, k: jax.Array, v: jax.Array, places: jax.Array) -> jax.Array:
    """Return [N, M, D] for scaled queries [N, M, D], keys and values [N, T, D] and positions [N, M]."""
    return _forward(q, k, v, places)[0]


def _forward(q: jax.Array, k: jax.Array, v: jax.Array, places: jax.Array) -> tuple[jax.Array, _Kept]:
    turned_k = barrier(k.transpose(0, 2, 1))
    scores = jnp.einsum("nmd,ndt->nmt", q, turned_k)
    scores = jnp.where(jnp.arange(k.shape[1]) <= places[:, :, None], scores, MASKED)
    top = scores.max(axis=-1, keepdims=True)
    weights = jnp.exp(scores - top)
    total = weights.sum(axis=-1, keepdims=True)
    heard = jnp.einsum("nmt,ntd->nmd", weights, v) / total
    return heard, (q, k, v, turned_k, heard, (top + jnp.log(total))[..., 0], places)


def _backward(kept: _Kept, change: jax.Array) -> tuple[jax.Array, jax.Array, jax.Array, None]:
    q, k, v, turned_k, heard, log_total, places = kept
    turned_q, turned_change, change = barrier((q.transpose(0, 2, 1), change.transpose(0, 2, 1), change))
    scores = jnp.einsum("ntd,ndm->ntm", k, turned_q)
    seen = jnp.arange(k.shape[1])[:, None] <= places[:, None, :]
    weights = jnp.where(seen, jnp.exp(scores - log_total[:, None, :]), 0.0)
    pull = jnp.einsum("ntd,ndm->ntm", v, turned_change)
    delta = (change * heard).sum(axis=-1)
    weights, slope = barrier((weights, weights * (pull - delta[:, None, :])))
    change_v = jnp.einsum("ntm,nmd->ntd", weights, change)
    change_k = jnp.einsum("ntm,nmd->ntd", slope, q)
    change_q = barrier(jnp.einsum("ndt,ntm->ndm", turned_k, slope)).transpose(0, 2, 1)
    return change_q, change_k, change_v, None


_attend.defvjp(_forward, _backward)
