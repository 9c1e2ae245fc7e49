"""A decoder-only transformer as plain functions over a plain tree of arrays.

Letters in shapes: B rows, T positions, P queried positions, d width, H query heads, G key and value heads,
D width of a head, f feed-forward width, V vocabulary, L layers.

Parameters are stacked over layers, so that an optimiser treats all matrices of one kind as one batch:

    embed [V, d]   norm [d]   head [d, V] (untied only)
    layers: norm_attn norm_mlp [L, d]   conv [L, taps, d]   q [L, d, HD]  k v [L, d, GD]  o [L, HD, d]
            gate up [L, d, f]  down [L, f, d]   (q_bias k_bias v_bias, q_norm k_norm where the config has them)

The parts and where they come from: RMSNorm (Zhang and Sennrich, "Root Mean Square Layer Normalization", 2019),
rotary positions (Su et al., "RoFormer", 2021), grouped-query attention (Ainslie et al., "GQA", 2023), SwiGLU
(Shazeer, "GLU Variants Improve Transformer", 2020), tied embeddings (Press and Wolf, "Using the Output Embedding to
Improve Language Models", 2017). The short causal depthwise convolution before attention follows So et al., "Primer:
Searching for Efficient Transformers for Language Modeling", 2021; a small model needs it to copy ids, because one
attention layer can then match on the token *before* (the induction of Olsson et al., 2022).
"""

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

from gristmill.agents.model.attention import attend, barrier
from gristmill.agents.model.config import ModelConfig

__all__ = ["Params", "count", "features", "init_params", "layer_of", "logits", "rms_norm", "rotate"]

Params = dict[str, Any]

CONV_INIT = 0.6  # weight of the previous position; halves with every step back


@partial(jax.jit, static_argnames="config")
def init_params(config: ModelConfig, key: jax.Array) -> Params:
    """Return fresh float32 parameters; `key` is consumed."""
    c = config
    q_dim, kv_dim = c.heads * c.head_dim, c.kv_heads * c.head_dim
    matrices = {
        "q": (c.dim, q_dim), "k": (c.dim, kv_dim), "v": (c.dim, kv_dim), "o": (q_dim, c.dim),
        "gate": (c.dim, c.ffn), "up": (c.dim, c.ffn), "down": (c.ffn, c.dim),
    }  # fmt: skip
    keys = dict(zip([*matrices, "embed", "head"], jax.random.split(key, len(matrices) + 2), strict=True))
    layers = {
        name: jax.random.normal(keys[name], (c.layers, *shape)) * shape[0] ** -0.5
        for name, shape in matrices.items()
    }
    # What a block adds starts small, so that depth does not change the scale of the residual stream.
    for name in ("o", "down"):
        layers[name] *= (2 * c.layers) ** -0.5
    layers |= {name: jnp.ones((c.layers, c.dim)) for name in ("norm_attn", "norm_mlp")}
    if c.conv:
        taps = CONV_INIT * 0.5 ** jnp.arange(c.conv, dtype=jnp.float32)
        layers["conv"] = jnp.broadcast_to(taps[None, :, None], (c.layers, c.conv, c.dim)) + 0.0
    if c.qkv_bias:
        layers |= {"q_bias": jnp.zeros((c.layers, q_dim))}
        layers |= {name: jnp.zeros((c.layers, kv_dim)) for name in ("k_bias", "v_bias")}
    if c.qk_norm:
        layers |= {name: jnp.ones((c.layers, c.head_dim)) for name in ("q_norm", "k_norm")}
    params: Params = {
        "embed": jax.random.normal(keys["embed"], (c.vocab, c.dim)) * c.dim**-0.5,
        "norm": jnp.ones(c.dim),
        "layers": layers,
    }
    if not c.tied:
        params["head"] = jax.random.normal(keys["head"], (c.dim, c.vocab)) * c.dim**-0.5
    return params


def count(params: Params) -> int:
    """Return the number of parameters."""
    return sum(int(leaf.size) for leaf in jax.tree.leaves(params))


@jax.custom_vjp
def linear(x: jax.Array, weight: jax.Array) -> jax.Array:
    """Return `x` [..., in] times `weight` [in, out].

    The derivative is spelt out because the general rule computes the transpose of the weight's gradient, for which
    the processor's matrix product first copies whole activations into another order.
    """
    return x @ weight


def _linear_forward(x: jax.Array, weight: jax.Array) -> tuple[jax.Array, tuple[jax.Array, jax.Array]]:
    return x @ weight, (x, weight)


def _linear_backward(kept: tuple[jax.Array, jax.Array], change: jax.Array) -> tuple[jax.Array, jax.Array]:
    x, weight = kept
    rows, change_rows = x.reshape(-1, x.shape[-1]), change.reshape(-1, change.shape[-1])
    return change @ weight.T, lax.dot_general(rows, change_rows, (((0,), (0,)), ((), ())))


linear.defvjp(_linear_forward, _linear_backward)


def rms_norm(x: jax.Array, weight: jax.Array, eps: float) -> jax.Array:
    """Return `x` [..., d] divided by its root mean square, times `weight` [d]."""
    return x * lax.rsqrt(jnp.mean(x * x, axis=-1, keepdims=True) + eps) * weight


def rotate(x: jax.Array, positions: jax.Array, theta: float) -> jax.Array:
    """Return `x` [..., heads, D] turned by its position [...]; the two halves of D are the pairs."""
    half = x.shape[-1] // 2
    rates = theta ** (-jnp.arange(half, dtype=jnp.float32) / half)
    angles = positions[..., None, None].astype(jnp.float32) * rates
    # The barrier keeps the compiler from computing them again for every head.
    cos, sin = barrier((jnp.cos(angles), jnp.sin(angles)))
    left, right = x[..., :half], x[..., half:]
    return jnp.concatenate([left * cos - right * sin, right * cos + left * sin], axis=-1)


def layer_of(params: Params, index: int) -> Params:
    """Return the parameters of one layer, without the leading L."""
    layer: Params = jax.tree.map(lambda leaf: leaf[index], params["layers"])
    return layer


def convolve(h: jax.Array, taps: jax.Array) -> jax.Array:
    """Return `h` [B, T, d] plus each of the previous positions times its vector in `taps` [n, d]."""
    n, length = taps.shape[0], h.shape[1]
    padded = jnp.pad(h, ((0, 0), (n, 0), (0, 0)))
    return h + sum(padded[:, n - 1 - i : n - 1 - i + length] * taps[i] for i in range(n))


def project(
    h: jax.Array, layer: Params, config: ModelConfig, positions: jax.Array, name: str, heads: int
) -> jax.Array:
    """Return queries, keys or values [B, T, heads, D] of `h` [B, T, d]; keys and queries are rotated."""
    x = linear(h, layer[name])
    if config.qkv_bias:
        x = x + layer[f"{name}_bias"]
    x = x.reshape(*h.shape[:-1], heads, config.head_dim)
    if name == "v":
        return x
    if config.qk_norm:
        x = rms_norm(x, layer[f"{name}_norm"], config.norm_eps)
    return rotate(x, positions, config.rope_theta)


def mlp(x: jax.Array, layer: Params, config: ModelConfig) -> jax.Array:
    """Return `x` [..., d] plus its gated feed-forward network."""
    h = rms_norm(x, layer["norm_mlp"], config.norm_eps)
    return x + linear(jax.nn.silu(linear(h, layer["gate"])) * linear(h, layer["up"]), layer["down"])


def pick(x: jax.Array, keep: jax.Array) -> jax.Array:
    """Return [B, P, d]: the positions `keep` [B, P] of `x` [B, T, d]."""
    return jnp.take_along_axis(x, keep[:, :, None], axis=1)


def block(x: jax.Array, layer: Params, config: ModelConfig, keep: jax.Array | None) -> jax.Array:
    """Return the residual stream after one layer, at the positions `keep` [B, P] or at all."""
    places = jnp.broadcast_to(jnp.arange(x.shape[1]), x.shape[:2])
    h = rms_norm(x, layer["norm_attn"], config.norm_eps)
    if config.conv:
        h = convolve(h, layer["conv"])
    k = project(h, layer, config, places, "k", config.kv_heads)
    v = project(h, layer, config, places, "v", config.kv_heads)
    if keep is not None:
        x, h, places = pick(x, keep), pick(h, keep), keep
    q = project(h, layer, config, places, "q", config.heads)
    heard = attend(q, k, v, places)
    return mlp(x + linear(heard.reshape(*x.shape[:-1], -1), layer["o"]), layer, config)


def features(
    params: Params, config: ModelConfig, tokens: jax.Array, keep: jax.Array | None = None
) -> jax.Array:
    """Return what the head reads, [B, P, d], for rows of `tokens` [B, T].

    Args:
        params: see `init_params`.
        config: their shape.
        tokens: token ids; padding must stand at the end of a row, where no earlier position sees it.
        keep: positions [B, P] that are wanted. The last layer computes queries, attention and feed-forward for these
            alone: training asks for those whose next token has loss, a third of a dialogue.
    """
    x = params["embed"][tokens]
    for index in range(config.layers):
        x = block(x, layer_of(params, index), config, keep if index == config.layers - 1 else None)
    return rms_norm(x, params["norm"], config.norm_eps)


def logits(params: Params, hidden: jax.Array) -> jax.Array:
    """Return [..., V] for `hidden` [..., d]."""
    out: jax.Array = params["head"] if "head" in params else params["embed"].T
    return hidden @ out
