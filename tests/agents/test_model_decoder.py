"""The decoder computes what its formulas say, however it is called."""

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from gristmill.agents.model import decode
from gristmill.agents.model.attention import attend
from gristmill.agents.model.config import ModelConfig
from gristmill.agents.model.decoder import features, init_params, linear, logits
from gristmill.agents.model.sampling import Sampling
from gristmill.errors import UsageError
from tests.training.tiny import SHAPE

SHAPES = {
    "plain": SHAPE,
    "as Llama": replace(SHAPE, conv=0, qk_norm=False),
    "as Qwen": replace(SHAPE, conv=0, qkv_bias=True, tied=False),
}


def ids(*shape: int) -> jax.Array:
    """Return token ids."""
    return jax.random.randint(jax.random.key(3), shape, 0, SHAPE.vocab)


@pytest.mark.parametrize("shape", SHAPES.values(), ids=list(SHAPES))
def test_decoding_with_a_cache_equals_reading_everything_again(shape: ModelConfig) -> None:
    """Chunks, scratch and ragged merge give the logits of one pass over the whole row."""
    params = jax.tree.map(lambda leaf: leaf + 0.02, init_params(shape, jax.random.key(1)))
    tokens = ids(2, 9)
    cache = decode.empty_cache(shape, 2, 64)
    last = jnp.zeros((2, shape.vocab))
    keys = jax.random.split(jax.random.key(0), 2)
    first, second = jnp.array([5, 3]), jnp.array([4, 2])
    rest = jnp.stack([tokens[0, 5:9], tokens[1, 3:7]])
    zero = jnp.zeros(2, jnp.int32)
    cache, last = decode.read(params, cache, last, tokens[:, :5], first, zero, config=shape)
    cache, last = decode.read(params, cache, last, rest, second, first, config=shape)
    length, asked = first + second, jnp.array([True, True])
    how = Sampling(max_tokens=4)
    acts = decode.write(params, cache, last, length, asked, keys, config=shape, how=how, end=-1)
    cache = decode.merge(cache, acts, length, width=4)
    length = length + acts.used - 1
    _, last = decode.read(params, cache, last, acts.tokens[:, -1:], jnp.array([1, 1]), length, config=shape)

    score = jax.jit(lambda params, ids: logits(params, features(params, shape, ids)))
    for row, used in enumerate((9, 5)):
        whole = jnp.concatenate([tokens[row, :used], acts.tokens[row]])[None]
        steps = score(params, whole)[0]
        assert acts.tokens[row].tolist() == steps[used - 1 : used + 3].argmax(axis=-1).tolist()
        np.testing.assert_allclose(last[row], steps[-1], atol=2e-5)


def test_wanted_positions_equal_all_positions() -> None:
    """Leaving positions out of the last layer changes nothing at the others."""
    params = init_params(SHAPE, jax.random.key(1))
    read = jax.jit(features, static_argnums=1)
    keep = jnp.array([[0, 3, 6], [1, 1, 2]])
    some, every = read(params, SHAPE, ids(2, 7), keep), read(params, SHAPE, ids(2, 7))

    np.testing.assert_allclose(some, jnp.take_along_axis(every, keep[:, :, None], axis=1), atol=1e-5)


def test_the_end_of_a_row_changes_nothing_before_it() -> None:
    """Attention and convolution look back only."""
    params = init_params(SHAPE, jax.random.key(1))
    tokens = ids(1, 8)
    read = jax.jit(features, static_argnums=1)
    one, two = (read(params, SHAPE, tokens.at[0, 5:].set(end)) for end in (1, 2))

    np.testing.assert_array_equal(one[:, :5], two[:, :5])
    assert not np.allclose(one[:, 5:], two[:, 5:])


def test_attention_and_its_slopes_equal_the_textbook() -> None:
    """The hand-written backward pass is the derivative of the formula."""
    q, k, v = (
        jax.random.normal(jax.random.key(seed), (2, length, heads, 4))
        for seed, (length, heads) in enumerate(((3, 4), (5, 2), (5, 2)))
    )
    places = jnp.array([[0, 2, 4], [1, 3, 3]])

    def textbook(q: jax.Array, k: jax.Array, v: jax.Array) -> jax.Array:
        k, v = (jnp.repeat(x, 2, axis=2) for x in (k, v))
        scores = jnp.einsum("bphd,bthd->bhpt", q, k) / 2
        scores = jnp.where(jnp.arange(5) <= places[:, None, :, None], scores, -jnp.inf)
        return jnp.einsum("bhpt,bthd->bphd", jax.nn.softmax(scores), v)

    found = jax.jit(jax.grad(lambda q, k, v: jnp.sin(attend(q, k, v, places)).sum(), (0, 1, 2)))(q, k, v)
    wanted = jax.jit(jax.grad(lambda q, k, v: jnp.sin(textbook(q, k, v)).sum(), (0, 1, 2)))(q, k, v)

    jax.tree.map(lambda one, two: np.testing.assert_allclose(one, two, atol=1e-5), found, wanted)


def test_linear_and_its_slopes_equal_the_plain_product() -> None:
    """The hand-written backward pass is the derivative of the product."""
    x, w = jax.random.normal(jax.random.key(0), (2, 3, 4)), jax.random.normal(jax.random.key(1), (4, 5))
    found = jax.grad(lambda x, w: jnp.sin(linear(x, w)).sum(), (0, 1))(x, w)
    wanted = jax.grad(lambda x, w: jnp.sin(x @ w).sum(), (0, 1))(x, w)

    jax.tree.map(lambda one, two: np.testing.assert_allclose(one, two, atol=1e-5), found, wanted)


def test_a_config_survives_json_and_bad_ones_are_refused() -> None:
    """A shape that cannot be built says which number is wrong."""
    assert SHAPE == ModelConfig.from_json(SHAPE.to_json())
    with pytest.raises(UsageError, match="multiple of kv_heads, got 4 and 3"):
        ModelConfig(heads=4, kv_heads=3)
    with pytest.raises(UsageError, match=r"dim >= 1, got 0"):
        ModelConfig(dim=0)
    with pytest.raises(UsageError, match=r"Unknown model settings \['colour'\]"):
        ModelConfig.from_json('{"colour": 1}')
