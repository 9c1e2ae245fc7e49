"""Noise as sensors make it, on what a robot observes: no pictures, only numbers.

Every function takes readings, [steps, size] float, with the first axis in time, and returns others of the same shape and
dtype; the reading that was given stays as it is. What is random comes from `rng` alone. Levels are in the unit of the
readings, and may be one for all or one for each of the size.
"""

import random
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gristmill.errors import UsageError

__all__ = ["bias", "delay", "drift", "dropout", "gaussian", "noisy", "quantised"]

Array = NDArray[Any]


def gaussian(readings: Array, rng: random.Random, sd: ArrayLike) -> Array:
    """Return readings with white noise of standard deviation `sd`."""
    return _added(readings, _levels(readings, sd) * _stream(rng).standard_normal(readings.shape))


def bias(readings: Array, rng: random.Random, sd: ArrayLike) -> Array:
    """Return readings that are off by a constant, drawn once for each of the size with standard deviation `sd`."""
    return _added(readings, _levels(readings, sd) * _stream(rng).standard_normal(readings.shape[1:]))


def drift(readings: Array, rng: random.Random, sd: ArrayLike) -> Array:
    """Return readings that wander off: a random walk from zero whose step has standard deviation `sd`.

    IEEE Std 952-1997, "Specification format guide and test procedure for single-axis interferometric fiber optic gyros",
    annex C, has white noise, bias and this rate random walk as parts of what a sensor adds.
    """
    steps = _levels(readings, sd) * _stream(rng).standard_normal(readings.shape)
    steps[:1] = 0
    return _added(readings, np.cumsum(steps, axis=0))


def dropout(readings: Array, rng: random.Random, rate: float, *, longest: int = 1) -> Array:
    """Return readings some of which did not come: the last one that came stands in their place.

    Args:
        readings: [steps, size].
        rng: where the choices come from.
        rate: share of the steps at which a gap begins, for all of the size at once.
        longest: most steps that a gap takes; each length up to it is as likely.

    Raises:
        UsageError: when the rate is not between 0 and 1, or `longest` is less than 1.
    """
    _check(readings)
    if not 0 <= rate <= 1 or longest < 1:
        raise UsageError(
            f"Expected a rate from 0 to 1 and gaps of at least one step, got {rate} and {longest}."
        )
    stream, count = _stream(rng), len(readings)
    begins, lengths = stream.random(count) < rate, stream.integers(1, longest + 1, count)
    ends = (
        np.maximum.accumulate(np.where(begins, np.arange(count) + lengths, 0)) if count else np.zeros(0, int)
    )
    came = np.arange(count) >= ends
    came[:1] = True  # before the first there is nothing that could stand in its place
    return readings[np.maximum.accumulate(np.where(came, np.arange(count), 0))]


def delay(readings: Array, rng: random.Random, most: int) -> Array:
    """Return readings that come up to `most` steps late, by a number drawn once; until then the first one is read.

    Raises:
        UsageError: when `most` is negative.
    """
    _check(readings)
    if most < 0:
        raise UsageError(f"Expected a delay of at least 0 steps, got {most}.")
    late = int(_stream(rng).integers(0, most + 1))
    return readings[np.maximum(np.arange(len(readings)) - late, 0)]


def quantised(readings: Array, rng: random.Random, step: ArrayLike) -> Array:
    """Return readings rounded to whole multiples of `step`, as a converter gives them; nothing is random in it."""
    width = _levels(readings, step)
    if not (width > 0).all():
        raise UsageError(f"Expected steps above 0, got {step!r}.")
    return np.asarray(np.round(readings / width) * width, dtype=readings.dtype)


def noisy(
    readings: Array, rng: random.Random, stages: Sequence[tuple[Callable[..., Array], dict[str, Any]]]
) -> Array:
    """Return readings after several kinds of noise, in order.

    Example: `noisy(joints, rng, [(bias, {"sd": 0.01}), (gaussian, {"sd": 0.002}), (delay, {"most": 2})])`
    """
    for noise, levels in stages:
        readings = noise(readings, rng, **levels)
    return readings


def _stream(rng: random.Random) -> np.random.Generator:
    """Return a generator of numbers in bulk that goes on from `rng`."""
    return np.random.Generator(np.random.Philox(key=rng.getrandbits(64)))


def _check(readings: Array) -> None:
    if readings.ndim < 1 or readings.dtype.kind != "f":
        raise UsageError(
            f"Expected readings of real numbers, [steps, size], got {readings.dtype} of shape {readings.shape}."
        )


def _levels(readings: Array, level: ArrayLike) -> Array:
    """Return levels that go with readings."""
    _check(readings)
    levels: Array = np.asarray(level, dtype=np.float64)
    try:
        np.broadcast_to(levels, readings.shape[1:])
    except ValueError:
        raise UsageError(
            f"Expected one level or one for each of {readings.shape[1:]}, got {levels.shape}."
        ) from None
    if not (np.isfinite(levels).all() and (levels >= 0).all()):
        raise UsageError(f"Expected finite levels from 0, got {level!r}.")
    return levels


def _added(readings: Array, noise: Array) -> Array:
    # Summed in double precision, and rounded once to the width of the readings.
    return np.asarray(readings.astype(np.float64) + noise, dtype=readings.dtype)
