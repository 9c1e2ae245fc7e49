"""Noise of sensors: of the right size, in the dtype of the readings, and the same from the same stream."""

import random
from typing import Any

import numpy as np
import pytest

from gristmill.errors import UsageError
from gristmill.generators.augment import sensors

READINGS = np.tile(np.arange(2_000, dtype=np.float32)[:, None], (1, 3))
KINDS: list[tuple[Any, dict[str, Any]]] = [
    (sensors.gaussian, {"sd": 0.5}),
    (sensors.bias, {"sd": 0.5}),
    (sensors.drift, {"sd": 0.5}),
    (sensors.dropout, {"rate": 0.3, "longest": 3}),
    (sensors.delay, {"most": 5}),
    (sensors.quantised, {"step": 7.0}),
]


def rng() -> random.Random:
    """A stream, always the same."""
    return random.Random(5)


@pytest.mark.parametrize(("noise", "level"), KINDS, ids=lambda one: getattr(one, "__name__", ""))
def test_shape_and_dtype_stay_and_so_does_what_was_given(noise: Any, level: dict[str, Any]) -> None:
    """float32 in, float32 out; another array; the same from the same stream."""
    before = READINGS.copy()

    once, again = (noise(READINGS, rng(), **level) for _ in range(2))

    assert (READINGS.shape, np.dtype(np.float32)) == (once.shape, once.dtype)
    assert np.array_equal(once, again)
    assert not np.array_equal(once, READINGS)
    assert np.array_equal(before, READINGS)


def test_levels_are_what_they_say() -> None:
    """Standard deviation of each reading, of the constant, and of each step of the walk; one for each of the size."""
    white = sensors.gaussian(READINGS, rng(), [0.5, 2.0, 0.0]) - READINGS
    assert np.allclose([0.5, 2.0, 0.0], white.std(axis=0), rtol=0.1)

    off = sensors.bias(READINGS.astype(np.float64), rng(), 0.5) - READINGS
    assert np.allclose(off, off[0])

    walk = sensors.drift(READINGS.astype(np.float64), rng(), 0.5) - READINGS
    assert (0 == walk[0]).all()
    assert np.allclose(0.5, np.diff(walk, axis=0).std(), rtol=0.1)


def test_what_did_not_come_is_the_last_that_came() -> None:
    """At the rate asked for; the first always comes."""
    found = sensors.dropout(READINGS, rng(), 0.2)[:, 0]

    held = found[1:] == found[:-1]
    assert 0 == found[0]
    assert 0.17 < held.mean() < 0.23
    assert (found[1:][~held] == READINGS[1:, 0][~held]).all()
    assert np.array_equal(READINGS, sensors.dropout(READINGS, rng(), 0.0))


def test_a_delay_is_the_same_throughout() -> None:
    """Until something comes, the first is read."""
    late = READINGS[:, 0] - sensors.delay(READINGS, rng(), 5)[:, 0]

    assert 1 == len(set(late[10:]))
    assert 0 < late[10] <= 5
    assert np.array_equal(READINGS, sensors.delay(READINGS, rng(), 0))


def test_quantised_readings_are_multiples_of_the_step() -> None:
    """And no further off than half of it."""
    found = sensors.quantised(READINGS, rng(), 7.0)

    assert (found % 7 == 0).all()
    assert abs(found - READINGS).max() <= 3.5


def test_several_kinds_go_one_after_another() -> None:
    """As they are listed."""
    stream = rng()
    expected = sensors.quantised(sensors.gaussian(READINGS, stream, 0.1), stream, 0.5)

    assert np.array_equal(
        expected,
        sensors.noisy(READINGS, rng(), [(sensors.gaussian, {"sd": 0.1}), (sensors.quantised, {"step": 0.5})]),
    )


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: sensors.gaussian(READINGS.astype(np.int64), rng(), 1.0),
            "Expected readings of real numbers",
        ),
        (lambda: sensors.gaussian(READINGS, rng(), [1.0, 2.0]), "Expected one level or one for each"),
        (lambda: sensors.bias(READINGS, rng(), -1.0), "Expected finite levels from 0"),
        (lambda: sensors.dropout(READINGS, rng(), 2.0), "Expected a rate from 0 to 1"),
        (lambda: sensors.delay(READINGS, rng(), -1), "Expected a delay of at least 0"),
        (lambda: sensors.quantised(READINGS, rng(), 0.0), "Expected steps above 0"),
    ],
)
def test_wrong_levels_are_told(call: Any, message: str) -> None:
    """With what was expected."""
    with pytest.raises(UsageError, match=message):
        call()
