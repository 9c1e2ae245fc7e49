"""What is negotiated: every outcome, what it is worth to each seat, and which ones are efficient and fair.

The utility of an outcome is additive, u = Σ weight × value (H. Raiffa, "The Art and Science of Negotiation", 1982).
A deal after t turns is worth u · discount^t, and no deal is worth the reservation. Weights and values are whole
hundredths, so that utilities are whole ten-thousandths, and equal ones are equal on every machine.
"""

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["SLIGHT", "UNIT", "Domain", "Terms"]

Terms = dict[str, int]
UNIT = 10_000  # a utility of one, in ten-thousandths
SLIGHT = 1e-9  # by so much may two utilities differ and be equal: a seat adds up fractions


class Domain:
    """One negotiation between two seats.

    Attributes:
        seats: the two.
        issues: options of each issue, ascending.
        weights: for each seat, hundredths by issue that sum to 100.
        values: for each seat, hundredths by issue, one for each option as the seat itself names it.
        mirrored: whether an offer says what its author keeps, so that the other gets the rest. Terms are then those
            of the first seat unless they are said to be of the other's.
        deadline: turns of both seats together after which there is no deal.
        discount: factor per turn.
    """

    def __init__(
        self,
        seats: tuple[str, str],
        issues: Mapping[str, Sequence[int]],
        weights: tuple[Mapping[str, int], Mapping[str, int]],
        values: tuple[Mapping[str, Sequence[int]], Mapping[str, Sequence[int]]],
        *,
        deadline: int,
        discount: float,
        mirrored: bool = False,
    ) -> None:
        self.seats, self.issues, self.mirrored = seats, issues, mirrored
        self.weights, self.values = weights, values
        self.deadline, self.discount = deadline, discount
        self._reservations = (0, 0)
        own = [
            [[weight[name] * value for value in column[name]] for name in issues]
            for weight, column in zip(weights, values, strict=True)
        ]
        if mirrored:
            own[1] = [column[::-1] for column in own[1]]
        self._worth = tuple(own)

    @cached_property
    def utilities(self) -> NDArray[np.int64]:
        """What each outcome is worth to each seat, in ten-thousandths, [seats, outcomes]; the last issue varies fastest."""
        total = np.zeros((2, 1), np.int64)
        for columns in zip(*self._worth, strict=True):
            total = (total[:, :, None] + np.array(columns)[:, None, :]).reshape(2, -1)
        return total

    @property
    def reservations(self) -> tuple[float, float]:
        """What no deal is worth to each seat, in thousandths of a utility."""
        return self._reservations[0] / 1000, self._reservations[1] / 1000

    def reserve(self, first: int, second: int) -> None:
        """Set what no deal is worth to each seat, in thousandths."""
        self._reservations = first, second

    def mirror(self, terms: Terms) -> Terms:
        """Return terms as the other seat names them."""
        if not self.mirrored:
            return terms
        return {name: self.issues[name][-1] - value for name, value in terms.items()}

    def terms(self, seat: str, terms: Terms) -> Terms:
        """Return the terms that a seat names as those of the first seat, and the other way round."""
        return terms if seat == self.seats[0] else self.mirror(terms)

    def legal(self, terms: Any) -> bool:
        """Return whether something is an option for every issue, and nothing else."""
        return (
            isinstance(terms, dict)
            and terms.keys() == self.issues.keys()
            and all(type(value) is int and value in self.issues[name] for name, value in terms.items())
        )

    def worth(self, terms: Terms) -> tuple[int, int]:
        """Return what terms are worth to each seat before discounting, in ten-thousandths."""
        places = [options.index(terms[name]) for name, options in self.issues.items()]
        first, second = self._worth
        return (
            sum([column[place] for column, place in zip(first, places, strict=True)]),
            sum([column[place] for column, place in zip(second, places, strict=True)]),
        )

    def rational(self, seat: str, utility: float) -> bool:
        """Return whether a discounted utility is at least what no deal is worth to a seat."""
        return utility >= self.reservations[self.seats.index(seat)] - SLIGHT

    def discounted(self, utility: int, turns: int) -> float:
        """Return what a utility in ten-thousandths is worth in a deal after so many turns, in [0, 1]."""
        return float(utility / UNIT * self.discount**turns)

    @cached_property
    def front(self) -> NDArray[np.int64]:
        """The efficient outcomes: [points, seats] in ten-thousandths, descending for the first seat.

        An outcome is efficient when no other is better for one seat and at least as good for the other.
        """
        # One number per outcome sorts by the first seat's utility, then by the second's.
        first, second = np.divmod(np.sort(self.utilities[0] * (UNIT + 1) + self.utilities[1])[::-1], UNIT + 1)
        best = np.maximum.accumulate(second)
        ahead = np.ones(len(second), bool)
        ahead[1:] = second[1:] > best[:-1]
        return np.stack([first[ahead], second[ahead]], axis=1)

    def pareto_distance(self, terms: Terms) -> float:
        """Return how far terms are from the nearest efficient outcome, in the plane of utilities."""
        gaps = self.front - np.array(self.worth(terms))
        return float(np.sqrt((gaps * gaps).sum(axis=1).min()) / UNIT)

    @cached_property
    def zone(self) -> NDArray[np.float64]:
        """What the deals that are rational for both seats are worth to each when struck at once, [seats, deals].

        At once is after one turn: an offer, and its acceptance.
        """
        soon = self.front.T / UNIT * self.discount  # a deal that is not efficient is nobody's best
        first, second = self.reservations
        return soon[:, (soon[0] >= first - SLIGHT) & (soon[1] >= second - SLIGHT)]

    @cached_property
    def best(self) -> tuple[float, float]:
        """The most that each seat can get in a deal that is rational for both; the reservations where there is none."""
        if not self.zone.size:
            return self.reservations
        return float(self.zone[0].max()), float(self.zone[1].max())

    def nash_product(self, first: float, second: float) -> float:
        """Return the product of what two utilities gain over the reservations (J. Nash, "The Bargaining Problem", 1950)."""
        gains = first - self.reservations[0], second - self.reservations[1]
        return max(gains[0], 0.0) * max(gains[1], 0.0)

    @cached_property
    def best_nash_product(self) -> float:
        """The greatest Nash product of a deal, 0 where none is rational for both."""
        if not self.zone.size:
            return 0.0
        gains = self.zone - np.array(self.reservations)[:, None]
        return float((gains[0] * gains[1]).max())

    def balanced(self) -> tuple[int, int]:
        """Return the utilities of the outcome with the greatest product of utilities, in ten-thousandths."""
        place = int((self.utilities[0] * self.utilities[1]).argmax())
        return int(self.utilities[0, place]), int(self.utilities[1, place])
