"""What a negotiator makes of the other's preferences, from what it offers and what it turns down.

Both models begin with what is known before the first offer: what is good for one side is bad for the other, and how
much each issue matters to it is anybody's guess.
"""

from collections.abc import Sequence
from functools import lru_cache
from itertools import permutations
from operator import add

import numpy as np

from gristmill.agents.negotiation_bidding import TIE, Domain, Floats, Values, grid

__all__ = ["Frequencies", "Hypotheses"]

_FINE = np.array(2.0**24)  # steps from 0 to 1, as an array: see `Hypotheses`


class Frequencies:
    """A model by counting: an option that is offered often is liked, and an issue that is seldom moved matters.

    After HardHeaded (van Krimpen, Looije and Hajizadeh, "HardHeaded", 2013), which won the negotiation competition of
    2011, and its kin, the frequency models (Baarslag, Hendrikx, Hindriks and Jonker, "Measuring the performance of
    online opponent models", 2013). Options have an order here, so what is offered also speaks for its neighbours, and
    an issue gains by how little it is moved.
    """

    gain = 0.3  # of the weight of an issue that is not moved while others are

    def __init__(self, domain: Domain) -> None:
        self._domain = domain
        # Lists: there are few options, and arrays as short as that cost more than they save.
        self._counts = [[1.0 - own for own in values] for values in domain.values]
        self._weights = [1.0] * len(domain.shape)
        self._last: Sequence[int] | None = None

    def hear(self, theirs: int, ours: int | None, time: float) -> None:
        """Count what was offered, and weigh what was not moved."""
        places = self._domain.places(theirs)
        for counts, size, place in zip(self._counts, self._domain.shape, places, strict=True):
            counts[:] = map(add, counts, _nearness(size)[place])
        if self._last is not None and self._last != places:
            moved = [
                abs(new - old) / max(1, size - 1)
                for new, old, size in zip(places, self._last, self._domain.shape, strict=True)
            ]
            most = max(moved)
            self._weights = [
                weight + self.gain * (1 - one / most)
                for weight, one in zip(self._weights, moved, strict=True)
            ]
        self._last = places

    def told(self, place: int) -> None:
        """Give the issue the greatest weight."""
        self._weights[place] = max(self._weights) + self.gain

    def likes(self) -> Floats:
        """Return the weighted counts, those of every issue from 0 for the least to its share of the weight for the most."""
        total = sum(self._weights)
        parts = []
        for weight, counts in zip(self._weights, self._counts, strict=True):
            least = min(counts)
            scale = weight / total / max(max(counts) - least, TIE)
            parts.append(np.array([(count - least) * scale for count in counts]))
        return grid(parts)


class Hypotheses:
    """A model by elimination: many guesses at the other's weights, and how well each explains what it did.

    A guess loses by every offer of ours that the other should have liked better than what it came back with, by how much
    better it should have liked that than its own offer before, and by how far that is from the pace at which negotiators
    concede, as in Hindriks and Tykhonov, "Opponent modelling in automated multi-issue negotiation using Bayesian
    learning", 2008.
    """

    pace = 0.5  # utility that the other is expected to have given up at the deadline
    # How much a guess loses by a utility of one; by its square, where it is off the pace. As arrays, which a number is made
    # into each time that it meets one.
    refused, raised, strayed, told_otherwise = map(np.array, (40.0, 10.0, 8.0, 40.0))

    def __init__(self, domain: Domain) -> None:
        self._opposed = _opposed(domain.values)
        self._guesses = self._opposed.guesses
        self._lost: Floats | None = None  # by every guess; all are as good before anything was seen
        self._before: Floats | None = None

    def hear(self, theirs: int, ours: int | None, time: float) -> None:
        """Judge the guesses by an offer, and by the one of ours that it was preferred to."""
        guessed, before = self._opposed.guessed, self._before
        self._before = now = guessed[theirs]
        off = now - (1.0 - self.pace * time)
        off *= off
        off *= self.strayed
        lost = off if self._lost is None else self._lost + off
        if ours is not None:
            lost += self.refused * (np.maximum(guessed[ours], now) - now)
        if before is not None:
            lost += self.raised * (np.maximum(now, before) - before)
        self._lost = lost

    def told(self, place: int) -> None:
        """Judge the guesses by which issue they take for the most important."""
        most = self._guesses.max(axis=1)
        loss = self.told_otherwise * (most - self._guesses[:, place])
        self._lost = loss if self._lost is None else self._lost + loss

    def likes(self) -> Floats:
        """Return the mean over the guesses by how well they explain what was seen."""
        lost = self._lost
        if lost is None:
            return self._opposed.at_first
        # The quickest of the ways to the least, and to a sum.
        shares = np.exp(lost[lost.argmin()] - lost)
        return self._opposed.liked(shares.dot(self._guesses) / np.add.reduce(shares))


class _Opposed:
    """What is to be known of another side that is taken to want the opposite, whatever it does.

    Attributes:
        guesses: at its weights, [guesses, issues].
        guessed: the utility of an outcome under every guess, [guesses].
        at_first: how much it likes every outcome when every guess is as good, [outcomes].
    """

    def __init__(self, values: Values) -> None:
        columns = np.meshgrid(*[1.0 - np.array(column) for column in values], indexing="ij")
        # Of every outcome, [issues, outcomes]: one product with it is quicker than to combine options each time. In
        # fine steps, and so are weights, so that no sum of products is rounded: whoever adds them up, in whatever
        # order, what is liked as much is liked as much; weights down, so that nothing is liked by more than one.
        self._columns = np.rint(_FINE * np.array([column.ravel() for column in columns])) / _FINE**2
        self.guesses = _guesses(len(values))
        self.guessed = _Guessed(self.guesses, _FINE * self._columns)
        self.at_first = self.liked(self.guesses.mean(axis=0))
        self.at_first.setflags(write=False)  # it is shared

    def liked(self, weights: Floats) -> Floats:
        """Return how much every outcome is liked by the weights of issues, [outcomes]."""
        liked: Floats = np.floor(weights * _FINE).dot(self._columns)
        return liked


class _Guessed(dict[int, Floats]):
    """The utilities of outcomes under every guess, worked out when they are first asked for."""

    def __init__(self, guesses: Floats, columns: Floats) -> None:
        self._guesses, self._columns = guesses, columns

    def __missing__(self, outcome: int) -> Floats:
        found: Floats = self._guesses @ np.ascontiguousarray(self._columns[:, outcome])
        found.setflags(write=False)  # it is shared
        self[outcome] = found
        return found


@lru_cache(1_024)
def _opposed(values: Values) -> _Opposed:
    return _Opposed(values)


@lru_cache
def _nearness(size: int) -> list[list[float]]:
    """Return how near two of `size` options in a row are, from 0 for the ends to 1 for the same, [size, size]."""
    return [[1.0 - abs(one - other) / max(1, size - 1) for other in range(size)] for one in range(size)]


@lru_cache
def _guesses(issues: int) -> Floats:
    """Return the weights that are thought possible, [guesses, issues]: every order of importance, with shares that
    fall off evenly, in proportion to the rank, or quickly.

    Rank-sum, rank-reciprocal and rank-order-centroid weights (Stillwell, Seaver and Edwards, "A comparison of weight
    approximation techniques in multiattribute utility decision making", 1981; Barron and Barrett, "Decision quality
    using ranked attribute weights", 1996).
    """
    ranks = np.arange(1, issues + 1)
    shares = [issues + 1.0 - ranks, 1.0 / ranks, np.cumsum(1.0 / ranks[::-1])[::-1]]
    orders = np.array(list(permutations(range(issues))))
    return np.concatenate([(one / one.sum())[orders] for one in shares])
