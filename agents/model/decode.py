"""Turn-taking decoding of many rows at once, with a key-value cache.

Letters in shapes: B rows (lanes), S cache columns, Q tokens of a chunk, W longest act, L layers, G key and value
heads, R query heads per group, D head width, d model width, n convolution taps, V vocabulary.

A turn is: `read` what became visible, chunk by chunk, each row its own number of tokens; then `write` until every row
has ended its act. Rows have different lengths, so writing one column per step into the cache would be a scatter over
the whole of it. Within a turn new keys and values therefore go to a small scratch, at the same column for all rows
(in place, inside the loop), and `merge` puts them into the ragged cache once, when the turn ends. Columns at or
beyond a row's length hold garbage; they are masked, and the next chunk overwrites them.

Keys are stored as [.., D, S] and values as [.., S, D], so that both products of attention read them in order.
"""

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax import lax

from gristmill.agents.model.config import ModelConfig
from gristmill.agents.model.decoder import Params, layer_of, logits, mlp, project, rms_norm
from gristmill.agents.model.sampling import Sampling, sample

__all__ = ["CHUNK", "Cache", "Written", "empty_cache", "merge", "read", "widen", "write"]

CHUNK = 16  # tokens read per call of `read`
MASKED = -1e30


class Cache(NamedTuple):
    """What the model remembers of B rows.

    One array per layer, because a slice out of a stack would be copied at every step.

    Attributes:
        k: rotated keys, each [B, G, D, S].
        v: values, each [B, G, S, D].
        conv: the last n normalised inputs of attention, each [B, n, d].
    """

    k: tuple[jax.Array, ...]
    v: tuple[jax.Array, ...]
    conv: tuple[jax.Array, ...]

    @property
    def columns(self) -> int:
        """Tokens that a row has room for."""
        return self.v[0].shape[2]


class Written(NamedTuple):
    """The acts of one turn.

    Attributes:
        tokens: what each row wrote, the ending token included [B, W].
        used: how many tokens that is; 0 for rows that were not asked [B].
        cache: what is to be remembered of them, all but the last token, W columns wide.
    """

    tokens: jax.Array
    used: jax.Array
    cache: Cache


class _Turn(NamedTuple):
    """State of the loop: step, newest tokens [B], rows still writing [B], cache, tokens [B, W], counts [B]."""

    i: jax.Array
    token: jax.Array
    live: jax.Array
    cache: Cache
    tokens: jax.Array
    used: jax.Array


def empty_cache(config: ModelConfig, rows: int, columns: int) -> Cache:
    """Return a cache for `rows` rows with room for `columns` tokens each."""
    c = config
    return Cache(
        tuple(jnp.zeros((rows, c.kv_heads, c.head_dim, columns)) for _ in range(c.layers)),
        tuple(jnp.zeros((rows, c.kv_heads, columns, c.head_dim)) for _ in range(c.layers)),
        tuple(jnp.zeros((rows, c.conv, c.dim)) for _ in range(c.layers)),
    )


@partial(jax.jit, static_argnames="columns")
def widen(cache: Cache, *, columns: int) -> Cache:
    """Return the cache with `columns` columns, at least as many as before."""
    more = (0, columns - cache.columns)
    return Cache(
        tuple(jnp.pad(k, ((0, 0), (0, 0), (0, 0), more)) for k in cache.k),
        tuple(jnp.pad(v, ((0, 0), (0, 0), more, (0, 0))) for v in cache.v),
        cache.conv,
    )


@partial(jax.jit, static_argnames="config", donate_argnames=("cache", "last"))
def read(
    params: Params, cache: Cache, last: jax.Array, chunk: jax.Array, count: jax.Array, start: jax.Array,
    *, config: ModelConfig,
) -> tuple[Cache, jax.Array]:  # fmt: skip
    """Append a chunk to the cache.

    Args:
        params: see `decoder`.
        cache: what was read before; consumed.
        last: logits after the newest token of each row [B, V]; rows with a count of 0 keep theirs. Consumed.
        chunk: token ids [B, Q], of which each row uses the first `count` [B].
        count: see `chunk`.
        start: length of each row before this chunk [B].
        config: shape of the decoder.

    Returns:
        The cache and the logits. S must be at least `start + Q`.
    """
    x = params["embed"][chunk]
    steps = jnp.arange(chunk.shape[1])
    places = start[:, None] + steps
    old = (jnp.arange(cache.columns) < start[:, None])[:, None, None, None]
    new = steps[None, :] <= steps[:, None]
    parts: list[list[jax.Array]] = [[], [], []]
    for index in range(config.layers):
        layer = layer_of(params, index)
        h, conv = _mix(
            rms_norm(x, layer["norm_attn"], config.norm_eps), cache.conv[index], count, layer, config
        )
        q, k, v = _heads(h, layer, config, places)
        heard = _attend(q, (cache.k[index], cache.v[index], old), (k, v, new))
        x = mlp(x + heard @ layer["o"], layer, config)
        for part, value in zip(parts, (k, v, conv), strict=True):
            part.append(value)
    ends = jnp.take_along_axis(x, jnp.maximum(count - 1, 0)[:, None, None], axis=1)[:, 0]
    after = logits(params, rms_norm(ends, params["norm"], config.norm_eps))
    return _put(cache, Cache(*(tuple(part) for part in parts)), start), jnp.where(
        count[:, None] > 0, after, last
    )


@partial(jax.jit, static_argnames=("config", "how", "end"))
def write(
    params: Params, cache: Cache, last: jax.Array, start: jax.Array, asked: jax.Array, keys: jax.Array,
    *, config: ModelConfig, how: Sampling, end: int,
) -> Written:  # fmt: skip
    """Let the rows that were asked write one act each.

    Args:
        params: see `decoder`.
        cache: what was read.
        last: logits after the newest token of each row [B, V].
        start: length of each row [B].
        asked: which rows write [B].
        keys: one random key per row [B].
        config: shape of the decoder.
        how: see `Sampling`.
        end: the id that ends an act.
    """
    rows, width = start.shape[0], how.max_tokens
    stops = jnp.array([end, *how.stop])
    old = (jnp.arange(cache.columns) < start[:, None])[:, None, None, None]
    # Out of the loop, so that they are sliced once.
    layers = [layer_of(params, index) for index in range(config.layers)]
    first = sample(last, keys, start, how)

    def step(state: _Turn) -> _Turn:
        i, token, live, past, out, used = state
        new = (jnp.arange(width) <= i)[None]
        x = params["embed"][token][:, None]
        parts: list[list[jax.Array]] = [[], [], []]
        for index, layer in enumerate(layers):
            h = rms_norm(x, layer["norm_attn"], config.norm_eps)
            h, conv = _mix(h, past.conv[index], live.astype(jnp.int32), layer, config)
            q, one_k, one_v = _heads(h, layer, config, (start + i)[:, None])
            k = lax.dynamic_update_slice(past.k[index], one_k, (0, 0, 0, i))
            v = lax.dynamic_update_slice(past.v[index], one_v, (0, 0, i, 0))
            heard = _attend(q, (cache.k[index], cache.v[index], old), (k, v, new))
            x = mlp(x + heard @ layer["o"], layer, config)
            for part, value in zip(parts, (k, v, conv), strict=True):
                part.append(value)
        after = logits(params, rms_norm(x[:, 0], params["norm"], config.norm_eps))
        token = sample(after, keys, start + i + 1, how)
        out = lax.dynamic_update_slice(out, token[:, None], (0, i + 1))
        used = used + live
        live = live & ~(token[:, None] == stops).any(axis=1)
        return _Turn(i + 1, token, live, Cache(*(tuple(part) for part in parts)), out, used)

    state = _Turn(
        jnp.int32(0),
        first,
        asked & ~(first[:, None] == stops).any(axis=1),
        empty_cache(config, rows, width)._replace(conv=cache.conv),
        jnp.zeros((rows, width), jnp.int32).at[:, 0].set(first),
        asked.astype(jnp.int32),
    )
    state = lax.while_loop(lambda state: (state.i < width - 1) & state.live.any(), step, state)
    return Written(state.tokens, state.used, state.cache)


@partial(jax.jit, static_argnames="width", donate_argnames="cache")
def merge(cache: Cache, written: Written, start: jax.Array, *, width: int) -> Cache:
    """Return the cache with the first `width` columns of what was written; S must be at least `start + width`."""
    k = tuple(part[..., :width] for part in written.cache.k)
    v = tuple(part[..., :width, :] for part in written.cache.v)
    return _put(cache, Cache(k, v, written.cache.conv), start)


def _mix(
    h: jax.Array, past: jax.Array, count: jax.Array, layer: Params, config: ModelConfig
) -> tuple[jax.Array, jax.Array]:
    """Return the convolution of `h` [B, Q, d] after `past` [B, n, d], and the past of the next chunk."""
    n = config.conv
    if not n:
        return h, past
    both = jnp.concatenate([past, h], axis=1)
    length = h.shape[1]
    mixed = h + sum(both[:, n - 1 - i : n - 1 - i + length] * layer["conv"][i] for i in range(n))
    # With a count of c the newest inputs are both[c : c + n]; at c = 0 that is the old past.
    if length == 1:
        return mixed, jnp.where((count > 0)[:, None, None], both[:, 1:], past)
    places = count[:, None] + jnp.arange(n)
    return mixed, jnp.take_along_axis(both, places[:, :, None], axis=1)


def _heads(
    h: jax.Array, layer: Params, config: ModelConfig, places: jax.Array
) -> tuple[jax.Array, jax.Array, jax.Array]:
    """Return queries [B, G, R, Q, D], keys [B, G, D, Q] and values [B, G, Q, D] of `h` [B, Q, d]."""
    q, k, v = (
        project(h, layer, config, places, name, heads)
        for name, heads in (("q", config.heads), ("k", config.kv_heads), ("v", config.kv_heads))
    )
    q = q.reshape(*h.shape[:2], config.kv_heads, -1, config.head_dim) * config.head_dim**-0.5
    return q.transpose(0, 2, 3, 1, 4), k.transpose(0, 2, 3, 1), v.transpose(0, 2, 1, 3)


def _attend(q: jax.Array, *parts: tuple[jax.Array, jax.Array, jax.Array]) -> jax.Array:
    """Return what the queries [B, G, R, Q, D] hear, [B, Q, G R D], over several (keys, values, mask) together."""
    rows, groups, per, length, width = q.shape
    flat = q.reshape(rows, groups, per * length, width)
    scores = [
        jnp.where(mask, jnp.einsum("bgpd,bgds->bgps", flat, k).reshape(rows, groups, per, length, -1), MASKED)
        for k, _, mask in parts
    ]
    top = jnp.stack([score.max(axis=-1) for score in scores]).max(axis=0)[..., None]
    weights = [jnp.exp(score - top) for score in scores]
    total = sum(weight.sum(axis=-1) for weight in weights)
    heard = sum(
        jnp.einsum("bgps,bgsd->bgpd", weight.reshape(rows, groups, per * length, -1), v)
        for weight, (_, v, _) in zip(weights, parts, strict=True)
    )
    heard = jnp.asarray(heard).reshape(q.shape) / jnp.asarray(total)[..., None]
    return heard.transpose(0, 3, 1, 2, 4).reshape(rows, length, -1)


def _put(cache: Cache, new: Cache, start: jax.Array) -> Cache:
    """Return the cache with the columns of `new` at each row's `start` [B], and its convolution inputs."""
    put_k: Callable[..., jax.Array] = jax.vmap(
        lambda old, new, at: lax.dynamic_update_slice(old, new, (0, 0, at))
    )
    put_v: Callable[..., jax.Array] = jax.vmap(
        lambda old, new, at: lax.dynamic_update_slice(old, new, (0, at, 0))
    )
    return Cache(
        tuple(put_k(old, part, start) for old, part in zip(cache.k, new.k, strict=True)),
        tuple(put_v(old, part, start) for old, part in zip(cache.v, new.v, strict=True)),
        new.conv,
    )
