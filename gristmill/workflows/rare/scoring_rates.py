"""Rates of an event from weighted records, and their differences: with an interval, or with the reason why there is no number.

Records are drawn from a proposal q in place of the nominal distribution p, so that the mean of weight times event, over all
records, is without bias whoever plays them (Owen, Monte Carlo theory, methods and examples, 2013, chapter 9). It is divided
by the number of records, not by the sum of the weights, which varies with draws that have nothing to do with the event.
"""

from collections.abc import Sequence

import msgspec
import numpy as np

from gristmill.generators.rare.intervals import effective, weighted_rate
from gristmill.recorders.sets import WeightedRate
from gristmill.workflows.metrics import mean_of

__all__ = ["WeightedDifference", "difference_of", "rate_of"]

_MOST = 0.5  # relative error above which there is no point estimate
_FEW = 10  # effective records below which a normal interval is too narrow


class WeightedDifference(msgspec.Struct, frozen=True, kw_only=True):
    """How much likelier an event is with one than with another, from the same weighted records.

    Attributes:
        n: records that were judged for both.
        difference: the rate of the second less that of the first.
        low: lower end of its 95 % interval, by the normal approximation.
        high: upper end.
        only_first: records on which only the first had the event.
        only_second: records on which only the second had it.
        warnings: why not to lean on it, in words.
    """

    n: int
    difference: float
    low: float
    high: float
    only_first: int
    only_second: int
    warnings: list[str] = []


def rate_of(weights: Sequence[float], events: Sequence[bool], errors: int = 0) -> WeightedRate:
    """Return the rate of an event; there is a bound but no number without events, or where the relative error is above 0.5.

    Args:
        weights: p / q of each record, [records].
        events: whether it was the event, [records].
        errors: records beside them that could not be judged.
    """
    n, hits = len(weights), sum(events)
    warnings = [f"{errors:,} of {n + errors:,} records could not be judged"] if errors else []
    if n < 2:  # nothing is known of how much another would differ
        return WeightedRate(n=n, events=hits, rate=None, low=0.0, high=1.0, errors=errors, warnings=warnings)
    found, missed = weighted_rate(weights, events), weighted_rate(weights, [False] * n).high
    if not hits:
        words = [*warnings, "no event: there is an upper bound only"]
        return WeightedRate(n=n, events=0, rate=None, low=0.0, high=missed, errors=errors, warnings=words)
    relative = found.error / found.rate
    told = relative <= _MOST
    # What few events say nothing of is bounded as if there were none.
    high = found.high if told else min(1.0, max(found.high, found.rate + missed))
    if not told:
        warnings.append(
            f"the relative error is {relative:.2f}, above {_MOST}: there is no point estimate; play more records"
        )
    elif found.ess < _FEW:
        warnings.append(
            f"few events say it, an effective {found.ess:.0f}: the interval may be too narrow; build more records"
        )
    return WeightedRate(
        n=n, events=hits, rate=found.rate if told else None, low=found.low if told else 0.0, high=high,
        relative_error=relative, ess=found.ess, errors=errors, warnings=warnings,
    )  # fmt: skip


def difference_of(
    weights: Sequence[float], first: Sequence[bool], second: Sequence[bool]
) -> WeightedDifference:
    """Return the difference of two rates over the same records; only those that part the two have a say.

    Args:
        weights: p / q of each record, [records].
        first: whether it was the event for the one, [records].
        second: the same for the other, [records].
    """
    gains = np.array(weights) * (np.array(second, int) - np.array(first, int))
    n, apart = len(gains), gains[gains != 0]
    mean, half = mean_of(gains.tolist())
    warnings = []
    if not len(apart):
        warnings = ["no record parts the two: their difference is only known to be small"]
        half = weighted_rate(weights, [False] * n).high if n else 1.0
    elif effective(np.abs(apart)) < _FEW:
        warnings = ["few records part the two: the interval is too narrow"]
    return WeightedDifference(
        n=n, difference=mean, low=max(-1.0, mean - half), high=min(1.0, mean + half),
        only_first=int((apart < 0).sum()), only_second=int((apart > 0).sum()), warnings=warnings,
    )  # fmt: skip
