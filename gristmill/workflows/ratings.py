"""Ratings of strategies by who does better than whom: scores in, means, Bradley–Terry strengths and intervals out.

Letters in shapes: B resamples, the sample itself first; N players; K scenarios. A score that is not there is NaN.
"""

import math

import msgspec
import numpy as np
from numpy.typing import NDArray

from gristmill.seeding import numpy_stream

__all__ = [
    "MIDDLE",
    "Interval",
    "bradley_terry",
    "comparable",
    "comparisons",
    "elo",
    "intervals",
    "means",
    "resamples",
]

Floats = NDArray[np.float64]

RESAMPLES = 1000
MIDDLE = 1500.0  # of the Elo scale: the mean rating of a league
_EQUAL = 1e-9  # scores closer than this are equal, since sums of products are rounded
_PRIOR = 1.0  # comparisons with an imaginary average player, half of them won
_MOST_STEPS, _CLOSE = 10_000, 1e-7  # of the maximisation, in natural logarithms


class Interval(msgspec.Struct, frozen=True, kw_only=True):
    """A figure with its 95 % interval."""

    value: float
    low: float
    high: float

    @classmethod
    def of(cls, values: Floats) -> "Interval | None":
        """Return the figure and the interval from its values in resamples, [B]; None where it is not there."""
        if math.isnan(values[0]):
            return None
        there = values[~np.isnan(values)]
        low, high = np.quantile(there, (0.025, 0.975))
        return cls(value=float(values[0]), low=float(low), high=float(high))


def intervals(values: Floats) -> list[Interval | None]:
    """Return an interval for each column of figures in resamples, [B, N]."""
    return [Interval.of(column) for column in values.T]


def resamples(scenarios: int, seed: int, *, count: int = RESAMPLES) -> Floats:
    """Return how often every scenario occurs in samples drawn with replacement, [1 + count, K].

    Efron, "Bootstrap methods: another look at the jackknife", 1979. The first row is the sample itself. A scenario is
    drawn with all that was played on it, so that what is compared stays paired.
    """
    draws = numpy_stream(seed, "league", "resamples").multinomial(
        scenarios, np.full(scenarios, 1 / scenarios), size=count
    )
    return np.concatenate([np.ones((1, scenarios)), draws])


def means(values: Floats, weights: Floats) -> Floats:
    """Return the weighted means over scenarios of what is there.

    Args:
        values: [..., K].
        weights: [B, K].

    Returns:
        [B, ...]; NaN where nothing is there.
    """
    flat = values.reshape(-1, values.shape[-1])
    there = ~np.isnan(flat)
    sums = weights @ np.where(there, flat, 0.0).T
    counts = weights @ there.T.astype(float)
    found = np.divide(sums, counts, out=np.full_like(sums, np.nan), where=counts > 0)
    return np.asarray(found.reshape(len(weights), *values.shape[:-1]))


def comparisons(scores: Floats) -> Floats:
    """Return how often a player did better than another in the same place: seat, opponent and scenario; [N, N, K].

    What one player makes of a place is set against what another makes of it, never the two seats of one episode against
    each other: their scores are on different scales, as utilities of two people are, and a strategy would be rewarded for
    harming whom it deals with. Ties count half for both.

    Args:
        scores: of the player in a seat against an opponent in the other, [2, N, N, K].
    """
    players, scenarios = scores.shape[1], scores.shape[-1]
    found = np.zeros((players, players, scenarios))
    for one in range(players):
        ahead = scores[:, one : one + 1] - scores  # [2, N, N, K]; NaN where one of them is not there
        wins = np.where(np.abs(ahead) <= _EQUAL, 0.5, ahead > 0)
        found[one] = np.where(np.isnan(ahead), 0.0, wins).sum(axis=(0, 2))
        found[one, one] = 0.0
    return found


def comparable(wins: Floats) -> NDArray[np.bool_]:
    """Return which players are in the largest group that comparisons connect, [N]; nothing rates the others against it.

    Args:
        wins: how often one did better than another, [N, N].
    """
    linked = (wins + wins.T > 0) | np.eye(len(wins), dtype=bool)
    for _ in range(len(wins).bit_length()):  # each time over paths of twice the length
        linked = linked.astype(float) @ linked > 0
    return np.asarray(linked[int(np.argmax(linked.sum(axis=1)))])


def bradley_terry(wins: Floats) -> Floats:
    """Return the logarithms of the players' strengths, [..., N], with mean 0.

    The chance that i does better than j is strength_i / (strength_i + strength_j). Fitted by minorisation and
    maximisation: Hunter, "MM algorithms for generalized Bradley–Terry models", 2004, equation 3. Every player also has
    one comparison with an imaginary average player, half won, so that who never did better has a rating as well; cf. the
    prior of Caron and Doucet, "Efficient Bayesian inference for generalized Bradley–Terry models", 2012. The rating of who
    always did better, or never, is a bound, and grows with the number of comparisons.

    Args:
        wins: how often i did better than j, ties as halves, [..., N, N]; of players that are `comparable`.
    """
    met = wins + np.swapaxes(wins, -1, -2)
    won = wins.sum(axis=-1) + _PRIOR / 2
    logs = np.zeros_like(won)
    for _ in range(_MOST_STEPS):
        strengths = np.exp(logs)
        sums = strengths[..., :, None] + strengths[..., None, :]
        fitted = np.log(won / ((met / sums).sum(axis=-1) + _PRIOR / (strengths + 1.0)))
        fitted -= fitted.mean(axis=-1, keepdims=True)  # the average player has strength 1
        moved = float(np.abs(fitted - logs).max())
        logs = fitted
        if moved < _CLOSE:
            break
    return np.asarray(logs)


def elo(logs: Floats) -> Floats:
    """Return log strengths on the Elo scale, where 400 points are odds of ten to one, around `MIDDLE`.

    Elo, "The Rating of Chessplayers, Past and Present", 1978.
    """
    return MIDDLE + 400 / math.log(10) * logs
