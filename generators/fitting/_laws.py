"""Distributions fitted to columns of numbers by likelihood, the simplest that fits well enough."""

from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["WHOLE", "best_law", "decimals", "ends", "neat", "roundest"]

Array = NDArray[Any]
# How far apart whole numbers that are drawn evenly may be, and up to which doubles have decimals.
WHOLE = 2**52
_MOST_DIGITS = 6
_NOISE = 1e-9  # by how much numbers may differ from what they are rounded to, and of the largest what is as good as none
_FINEST = 15  # decimals that options have where they are not rounded
_OPTIONS = 50  # different numbers that may be options
_QUANTILES = 100
_SPIKES = 0.1  # share of rows with common values from which on these are drawn as often as they are
_FLAT = 0.05  # exponent of Zipf's law below which all ranks are alike
# A law may be so far from the data (Kolmogorov–Smirnov), or as far as chance would be in one sample of a hundred.
_CLOSE, _CHANCE = 0.01, 1.628


class _Sample(NamedTuple):
    """A column of numbers: its different values, how often each occurs, and what may be written of them.

    Attributes:
        values: ascending, [V].
        counts: [V].
        digits: decimals that all values have, None where they have more than are rounded.
        least: rows that a figure comes from at least.
    """

    values: Array
    counts: Array
    digits: int | None
    least: int

    @property
    def size(self) -> int:
        return int(self.counts.sum())

    @property
    def whole(self) -> bool:
        return self.digits == 0

    @property
    def rounded(self) -> dict[str, int]:
        return {} if self.digits is None else {"digits": self.digits}

    @property
    def sorted(self) -> Array:
        return np.repeat(self.values, self.counts)


class _Law(NamedTuple):
    """A distribution as an entry of a template, and how well it fits.

    Attributes:
        entry: `kind` and its arguments.
        score: Bayes' information criterion (Schwarz, Estimating the dimension of a model, 1978); lower is better.
        below: probabilities of no more than each value, [V].
    """

    entry: dict[str, Any]
    score: float
    below: Array


def best_law(numbers: Array, *, digits: int | None, whole: bool, least: int) -> dict[str, Any]:
    """Return the entry of the best law for a column: the lowest criterion of those close enough, else its quantiles.

    Args:
        numbers: finite numbers, [N], at least two different ones.
        digits: decimals to round to, None for none.
        whole: they are whole numbers by type.
        least: rows from which each figure comes at least; no value that occurs less often is written.
    """
    values, counts = np.unique(numbers, return_counts=True)
    sample = _Sample(values, counts, digits, least)
    laws = _whole_laws if whole else _real_laws
    allowed = max(_CLOSE, _CHANCE / np.sqrt(sample.size))
    close = [law for law in laws(sample) if _distance(sample, law.below) <= allowed]
    return min(close, key=lambda law: law.score).entry if close else _quantiles(sample)


def decimals(values: Array) -> int | None:
    """Return how many decimals numbers have, None where they have more than six, or are too small or too large for any."""
    size = np.abs(values)
    if size.max(initial=0) >= WHOLE:
        return None
    large = size > _NOISE * size.max(initial=0)
    rounded = ((few, np.round(values, few)) for few in range(_MOST_DIGITS + 1))
    fitting = (
        few
        for few, near in rounded
        if np.allclose(near, values, rtol=0, atol=_NOISE) and np.all(near[large] != 0)
    )
    return next(fitting, None)


def ends(ordered: Array, least: int, *, whole: bool = False) -> tuple[float, float]:
    """Return where an even distribution begins and ends, of whole numbers both included.

    The extremes of a sample would each be the value of one row, unless they are common. So the ends are those that the
    values `least` places further in lead to, as round as their error lets them be. Where whole numbers are so dense that
    these are the extremes again, and not common, they are the values of those places.
    """
    extremes = ordered
    skipped = min(least, (len(ordered) - 1) // 2)
    if whole:  # a whole number stands for the interval from it on, over which those that are equal are spread
        _, first, counts = np.unique(ordered, return_index=True, return_counts=True)
        place = np.arange(len(ordered)) - np.repeat(first, counts)
        ordered = ordered + (place + 0.5) / np.repeat(counts, counts)
    low, high = float(ordered[skipped]), float(ordered[-1 - skipped])
    gap = (high - low) / max(len(ordered) - 2 * skipped - 1, 1)
    error = gap * np.sqrt(skipped)
    low, high = roundest(low - gap * skipped, error), roundest(high + gap * skipped, error)
    if not whole:
        return low, high
    low, high = float(np.floor(low)), float(np.ceil(high) - 1)
    return _not_least(extremes, low, least), -_not_least(-extremes[::-1], -high, least)


def _not_least(ordered: Array, end: float, least: int) -> float:
    """Return the lower end of whole numbers, another one where it is the least of them and that is rare."""
    rare = ordered[0] == end and np.sum(ordered == end) < least
    return float(ordered[min(least, len(ordered)) - 1]) if rare else end


def neat(value: float, digits: int = 6) -> float:
    """Return a number in so many significant digits."""
    return float(f"{value:.{digits}g}")


def roundest(value: float, error: float) -> float:
    """Return the number of the fewest significant digits that is no farther away than `error`."""
    rounded = (neat(value, digits) for digits in range(1, 16))
    return next((one for one in (0.0, *rounded) if abs(one - value) <= error), value)


def _whole_laws(sample: _Sample) -> Iterator[_Law]:
    yield from _choices(sample)
    yield from _even_whole(sample)
    if sample.values[0] >= 0:
        yield _poisson(sample)
    if sample.values[0] >= 1:
        yield from _zipf(sample)


def _even_whole(sample: _Sample) -> Iterator[_Law]:
    low, high = map(int, ends(sample.sorted, sample.least, whole=True))
    if 0 < high - low < WHOLE:
        span = high - low + 1
        below = np.clip((sample.values - low + 1) / span, 0, 1)
        entry = {"kind": "integer", "low": low, "high": high}
        yield _law(entry, -sample.size * np.log(span), 2, sample, below)


def _real_laws(sample: _Sample) -> Iterator[_Law]:
    yield from _choices(sample)
    if sample.whole:  # a rounded density would give its ends half of what the numbers between have
        yield from _even_whole(sample)
    else:
        yield from _even_real(sample)
    yield from _normals(sample)


def _even_real(sample: _Sample) -> Iterator[_Law]:
    low, high = (_to_digits(one, sample) for one in ends(sample.sorted, sample.least))
    if low < high:
        below = np.clip((sample.values - low) / (high - low), 0, 1)
        entry = {"kind": "uniform", "low": low, "high": high, **sample.rounded}
        yield _law(entry, -sample.size * np.log(high - low), 2, sample, below)


def _normals(sample: _Sample) -> Iterator[_Law]:
    from scipy.special import ndtr

    mean, sd = _moments(sample.values, sample.counts)
    if not sd > 0:  # they differ by less than doubles can tell
        return
    entry = {"kind": "normal", "mean": neat(mean), "sd": neat(sd), **sample.rounded}
    yield _law(entry, _normal_log(sd, sample.size), 2, sample, ndtr((sample.values - mean) / sd))
    logs = np.log(sample.values) if sample.values[0] > 0 else np.zeros(1)
    if np.ptp(logs):
        mean, sd = _moments(logs, sample.counts)
        entry = {"kind": "lognormal", "median": neat(np.exp(mean)), "sigma": neat(sd), **sample.rounded}
        likelihood = _normal_log(sd, sample.size) - float(sample.counts @ logs)
        yield _law(entry, likelihood, 2, sample, ndtr((logs - mean) / sd))


def _law(entry: dict[str, Any], likelihood: float, parameters: int, sample: _Sample, below: Array) -> _Law:
    return _Law(entry, parameters * float(np.log(sample.size)) - 2 * float(likelihood), below)


def _choices(sample: _Sample) -> Iterator[_Law]:
    """Yield a choice if there are few different numbers, none of them rare."""
    if len(sample.values) > _OPTIONS or sample.counts.min() < sample.least:
        return
    digits = _FINEST if sample.digits is None else sample.digits
    exact = sample.digits is None
    options = [
        int(one) if sample.whole else float(one if exact else round(one, digits)) for one in sample.values
    ]
    shares = sample.counts / sample.size
    # Against densities, a probability counts as that of a cell as wide as numbers are rounded to.
    likelihood = float(sample.counts @ np.log(shares)) + sample.size * digits * np.log(10)
    entry = {"kind": "choice", "options": options, "weights": [neat(one) for one in shares]}
    yield _law(entry, likelihood, len(options) - 1, sample, np.cumsum(shares))


def _poisson(sample: _Sample) -> _Law:
    from scipy.special import gammaln, pdtr

    mean = float(sample.counts @ sample.values) / sample.size
    likelihood = sample.counts @ (sample.values * np.log(mean) - mean - gammaln(sample.values + 1))
    return _law({"kind": "poisson", "mean": neat(mean)}, likelihood, 1, sample, pdtr(sample.values, mean))


def _zipf(sample: _Sample) -> Iterator[_Law]:
    """Yield Zipf's law up to a round number, so that it does not tell the greatest value."""
    from scipy.optimize import minimize_scalar

    greatest = float(sample.values[-1])
    unit = 10.0 ** max(0, np.floor(np.log10(greatest)) - 1)
    size = int(np.ceil(greatest / unit) * unit)
    if not 2 <= size <= 1_000_000:
        return
    logs = np.log(np.arange(1, size + 1))
    total = float(sample.counts @ np.log(sample.values))

    def cost(exponent: float) -> float:
        return exponent * total + sample.size * float(np.log(np.exp(-exponent * logs).sum()))

    found = minimize_scalar(cost, bounds=(0, 10), method="bounded")
    if found.x < _FLAT:
        return
    weights = np.cumsum(np.exp(-found.x * logs))
    below = weights[sample.values.astype(int) - 1] / weights[-1]
    entry = {"kind": "zipf", "exponent": neat(found.x, 4), "size": size}
    yield _law(entry, -found.fun, 2, sample, below)


def _quantiles(sample: _Sample) -> dict[str, Any]:
    """Return quantiles, each the mean of as many values as a figure comes from at least (microaggregation).

    Domingo-Ferrer and Mateo-Sanz, Practical data-oriented microaggregation for statistical disclosure control, IEEE
    Transactions on Knowledge and Data Engineering 14, 2002.
    """
    ordered = sample.sorted
    size, width = len(ordered), min(sample.least, len(ordered))
    pieces = max(1, min(_QUANTILES, size // (2 * width)))
    starts = np.clip(np.round(np.linspace(0, size, pieces + 1) - width / 2).astype(int), 0, size - width)
    knots = [_mean(ordered[start : start + width]) for start in starts]
    if pieces > 1:
        # The ends are where the first and the last piece keep their means, so that a long tail weighs as much.
        few = size // pieces
        knots[0] = min(2 * _mean(ordered[:few]) - knots[1], knots[1])
        if ordered[0] >= 0:
            knots[0] = max(knots[0], 0.0)
        knots[-1] = max(2 * _mean(ordered[-few:]) - knots[-2], knots[-2])
    # A value of many rows is no one's and stays as it is; rounding must not bring another one past it.
    common = set(sample.values[sample.counts >= sample.least].tolist())
    if len(ordered) - sample.counts[sample.counts < sample.least].sum() > _SPIKES * len(ordered):
        knots = _with_spikes(ordered, knots, common)
    quantiles = np.maximum.accumulate([one if one in common else _to_digits(one, sample) for one in knots])
    entry: dict[str, Any] = {"kind": "empirical", "quantiles": quantiles.tolist()}
    return entry | sample.rounded


def _with_spikes(ordered: Array, knots: Sequence[float], common: AbstractSet[float]) -> list[float]:
    """Return more knots, those of common values as they are, so that each of these is as likely as it was.

    The others lie between those given, and so are about as many rows as they are.
    """
    levels = np.linspace(0, 1, _QUANTILES + 1)
    between = np.interp(levels, np.linspace(0, 1, len(knots)), knots)
    here = ordered[np.minimum((levels * len(ordered)).astype(int), len(ordered) - 1)]
    return [one if one in common else float(other) for one, other in zip(here.tolist(), between, strict=True)]


def _mean(values: Array) -> float:
    """Return the mean of values in order, to the last digit where they are all one."""
    return float(values[0]) if values[0] == values[-1] else float(np.mean(values))


def _to_digits(value: float, sample: _Sample) -> float:
    return 0.0 + (neat(value) if sample.digits is None else round(value, sample.digits))  # no -0.0


def _distance(sample: _Sample, below: Array) -> float:
    """Return how far a distribution is from the data at the values that occur."""
    return float(np.max(np.abs(np.cumsum(sample.counts) / sample.size - below)))


def _moments(values: Array, counts: Array) -> tuple[float, float]:
    mean = np.average(values, weights=counts)
    return float(mean), float(np.sqrt(np.average((values - mean) ** 2, weights=counts)))


def _normal_log(sd: float, size: int) -> float:
    return -size * float(np.log(sd) + 0.5 * np.log(2 * np.pi) + 0.5)
