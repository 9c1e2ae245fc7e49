"""Draws follow the probabilities, and the filters drop what they say."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from gristmill.agents.model.sampling import Sampling, largest, sample
from gristmill.errors import UsageError

PROBS = np.array([0.05, 0.4, 0.0, 0.2, 0.2, 0.1, 0.05])


def draws(how: Sampling, count: int = 4000) -> np.ndarray:
    """Return how often each token is drawn."""
    rows = jnp.broadcast_to(jnp.log(PROBS), (count, len(PROBS)))
    found = sample(rows, jax.random.split(jax.random.key(0), count), jnp.zeros(count, jnp.int32), how)
    return np.bincount(found, minlength=len(PROBS)) / count


def test_draws_follow_the_probabilities() -> None:
    """At temperature 1 tokens come as often as the model says."""
    np.testing.assert_allclose(draws(Sampling(temperature=1)), PROBS, atol=0.025)


@pytest.mark.parametrize(
    ("how", "kept"),
    [
        (Sampling(temperature=0), {1}),
        (Sampling(temperature=1, top_k=1), {1}),
        (Sampling(temperature=1, top_k=2), {1, 3, 4}),
        (Sampling(temperature=1, top_k=99), {0, 1, 3, 4, 5, 6}),
        (Sampling(temperature=1, top_p=0.3), {1}),
        (Sampling(temperature=1, top_p=0.85), {1, 3, 4, 5}),
        (Sampling(temperature=1, min_p=0.3), {1, 3, 4}),
        (Sampling(temperature=1, min_p=1.0), {1}),
    ],
)
def test_a_filter_keeps_what_it_says(how: Sampling, kept: set[int]) -> None:
    """Ties with the last one kept are kept too; a token of probability zero never comes."""
    assert kept == set(np.flatnonzero(draws(how)).tolist())


def test_a_row_draws_the_same_in_any_company() -> None:
    """A draw depends on the row's key and position alone."""
    rows = jax.random.normal(jax.random.key(1), (5, 70))
    keys, at, how = jax.random.split(jax.random.key(2), 5), jnp.arange(5), Sampling(temperature=1)
    draw = jax.jit(sample, static_argnums=3)
    together = draw(rows, keys, at, how).tolist()
    alone = [draw(rows[i : i + 1], keys[i : i + 1], at[i : i + 1], how).tolist()[0] for i in range(5)]

    assert together == alone


def test_the_first_of_equals_is_the_largest() -> None:
    """Ties are broken the same way everywhere."""
    assert [1, 0] == largest(jnp.array([[0.0, 2.0, 2.0], [1.0, 1.0, 1.0]])).tolist()


@pytest.mark.parametrize(
    "bad", [{"temperature": -1}, {"top_p": 0}, {"min_p": 2}, {"top_k": -1}, {"max_tokens": 0}]
)
def test_a_setting_out_of_range_is_refused(bad: dict[str, float]) -> None:
    """The message names the bound."""
    with pytest.raises(UsageError, match=f"Expected .*{next(iter(bad))}"):
        Sampling(**bad)  # type: ignore[arg-type]  # the parametrisation mixes the fields' types
