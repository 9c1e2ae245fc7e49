"""Intervals for probabilities, each at 95 %."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

__all__ = [
    "Rate",
    "clopper_pearson",
    "effective",
    "log_error",
    "log_normal",
    "relative_error",
    "weighted_rate",
]

_OUT = 0.025  # on either side
_ZERO = 3.0  # as many events as are in doubt where none was seen: -log(0.05)


class Rate(NamedTuple):
    """A weighted rate.

    Attributes:
        rate: the estimate.
        error: its standard error.
        low: lower end of the interval.
        high: upper end.
        ess: effective sample size of the events' weights.
    """

    rate: float
    error: float
    low: float
    high: float
    ess: float


def clopper_pearson(hits: int, count: int) -> tuple[float, float]:
    """Return the exact interval of a share (Clopper and Pearson, The use of confidence or fiducial limits, 1934).

    Without hits, its upper end is `3 / count`, and 0 the lower.
    """
    from scipy.special import betaincinv

    if not hits:
        return 0.0, min(1.0, _ZERO / count)
    high = 1.0 if hits == count else float(betaincinv(hits + 1, count - hits, 1 - _OUT))
    return float(betaincinv(hits, count - hits + 1, _OUT)), high


def log_normal(replicates: Sequence[float]) -> tuple[float, float]:
    """Return the interval of the mean of replicates whose logarithms are nearly normal.

    Cox's, in Zhou and Gao, Confidence intervals for the log-normal mean, 1997, with Student's t since they are few. Where
    some replicates are zero, it is Student's on the mean, and its lower end 0.

    Args:
        replicates: independent estimates, at least two.
    """
    from scipy.special import stdtrit

    found = np.array(replicates)
    t, count = float(stdtrit(len(found) - 1, 1 - _OUT)), len(found)
    if not (found > 0).all():
        half = t * float(found.std(ddof=1)) / math.sqrt(count)
        return 0.0, min(1.0, float(found.mean()) + half)
    logs = np.log(found)
    spread = float(logs.var(ddof=1))
    half = t * math.sqrt(spread / count + spread**2 / (2 * (count - 1)))
    middle = float(logs.mean()) + spread / 2
    # Far apart, they say nothing: any share is possible.
    return math.exp(max(middle - half, -700.0)), math.exp(min(middle + half, 0.0))


def relative_error(replicates: Sequence[float]) -> float:
    """Return the standard error of the mean of replicates over that mean, infinity where it is zero."""
    found = np.array(replicates)
    mean = float(found.mean()) if len(found) else 0.0
    if len(found) < 2 or not mean:
        return math.inf
    return float(found.std(ddof=1)) / math.sqrt(len(found)) / mean


def log_error(replicates: Sequence[float]) -> float:
    """Return the relative standard error of the mean of replicates if their logarithms are normal, infinity where it is zero.

    It depends less on a single high one than `relative_error` does.
    """
    found = np.array(replicates)
    if len(found) < 2 or not (found > 0).all():
        return relative_error(replicates)
    return math.sqrt(math.expm1(min(700.0, float(np.log(found).var(ddof=1)))) / len(found))


def effective(weights: ArrayLike) -> float:
    """Return the effective size of a weighted sample, `sum(w)**2 / sum(w**2)` (Kish, Survey sampling, 1965)."""
    found = np.asarray(weights, float)
    squares = float((found**2).sum())
    return float(found.sum()) ** 2 / squares if squares else 0.0


def weighted_rate(weights: ArrayLike, events: ArrayLike) -> Rate:
    """Return how likely an event is, from records of a known proposal.

    The sum is over the number of records, not over that of the weights, so that it is without bias. The interval is that
    of a log-normal, since a few heavy records make the sum skewed, with Student's t of as many as they count for.

    Args:
        weights: nominal over proposal density, [N].
        events: whether each is the event, [N].
    """
    from scipy.special import stdtrit

    found = np.asarray(weights, float) * np.asarray(events, float)
    count, ess = len(found), effective(found)
    rate = float(found.mean())
    if not rate:
        return Rate(0.0, 0.0, 0.0, min(1.0, _ZERO / count * float(np.max(weights))), 0.0)
    error = float(found.std(ddof=1)) / math.sqrt(count)
    spread = math.log1p((error / rate) ** 2)
    half = float(stdtrit(max(1.0, ess - 1), 1 - _OUT)) * math.sqrt(spread)
    return Rate(rate, error, rate * math.exp(-half), min(1.0, rate * math.exp(half)), ess)
