"""The learning rate over time, and what moves by which rule."""

import jax
import numpy as np
import pytest

from gristmill.errors import UsageError
from gristmill.training.optimiser import Optimiser, learning_rate, transform
from tests.training.tiny import model


def test_the_rate_rises_then_falls() -> None:
    """Linear up to the peak, half a cosine down to the floor."""
    rates = [learning_rate(step, 100, peak=2.0, warmup=0.1, floor=0.25) for step in range(100)]

    assert pytest.approx(0.2) == rates[0]
    assert pytest.approx(2.0) == max(rates) == rates[9]
    assert sorted(rates[10:], reverse=True) == rates[10:]
    assert pytest.approx(0.5, abs=0.01) == rates[-1]


def test_one_step_has_the_full_rate() -> None:
    """The shortest job is not a division by zero."""
    assert pytest.approx(1.0) == learning_rate(0, 1, peak=1.0, warmup=0.1, floor=0.0)
    with pytest.raises(UsageError, match=r"step in \[0, 1\), got 1"):
        learning_rate(1, 1, peak=1.0, warmup=0.1, floor=0.0)


def test_matrices_move_by_muon() -> None:
    """Muon turns any gradient of a matrix into steps of about equal size in all directions."""
    params = model().params
    how = Optimiser()
    rng = np.random.default_rng(0)
    slopes = jax.tree.map(lambda leaf: rng.normal(size=leaf.shape).astype(np.float32), params)
    change, _ = jax.jit(lambda slopes: transform(how).update(slopes, transform(how).init(params), params))(
        slopes
    )
    sizes = np.linalg.svd(np.asarray(change["layers"]["up"][0]), compute_uv=False)

    assert 0.5 < sizes.min() <= sizes.max() < 1.5
    assert np.abs(change["embed"]).max() < 2 * how.adam_ratio
