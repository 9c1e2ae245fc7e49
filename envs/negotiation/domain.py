"""What is negotiated: every outcome, what it is worth to each seat, and which ones are efficient and fair.

The utility of an outcome is additive, u = Σ weight × value (H. Raiffa, "The Art and Science of Negotiation", 1982).
A deal after t turns is worth u · discount^t, and no deal is worth the reservation. Weights and values are whole
hundredths, so that utilities are whole ten-thousandths, and equal ones are equal on every machine.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from functools import cached_property

import msgspec
import numpy as np
from numpy.typing import NDArray

from gristmill.digest import encode

__all__ = ["SLIGHT", "UNIT", "Deal", "Domain", "Side", "Terms", "balanced"]

Terms = dict[str, int]
Utilities = NDArray[np.int32]  # which are half of int64, and hold the product of two of them
UNIT = 10_000  # a utility of one
SLIGHT = 1e-9  # by so much may two utilities differ and be equal: a seat adds up fractions


class Side(msgspec.Struct, frozen=True, eq=False):
    """What outcomes are worth to one seat; equal to itself alone, since there is one for all domains.

    Attributes:
        weights: hundredths by issue, which sum to 100.
        values: hundredths by issue, one for each option as the seat itself names it.
        columns: weight × value by issue, in the terms of the first seat.
        shares: the weights as parts of one.
        told: values and weights as parts of one, as JSON: whoever is told them is given a copy.
        utilities: of every outcome in the order of the options, [outcomes] in ten-thousandths; the last issue varies
            fastest.
        order: the outcomes from the best to the worst, [outcomes].
        last: places in that order of the last of those that are worth the same, [levels].
        levels: what those are worth, [levels] in ten-thousandths.
    """

    weights: dict[str, int]
    values: dict[str, tuple[int, ...]]
    shares: dict[str, float]
    told: bytes
    columns: tuple[tuple[int, ...], ...]
    utilities: Utilities
    order: NDArray[np.intp]
    last: NDArray[np.intp]
    levels: Utilities

    @classmethod
    def of(
        cls, weights: Mapping[str, int], values: Mapping[str, Sequence[int]], *, mirrored: bool = False
    ) -> "Side":
        """Return the side of a seat; `mirrored` where the first seat's terms count the other way round."""
        turned = {name: values[name][::-1] if mirrored else values[name] for name in values}
        columns = tuple(tuple(weights[name] * one for one in column) for name, column in turned.items())
        total = np.zeros(1, np.int32)
        for column in columns:
            total = np.add.outer(total, np.array(column, np.int32)).ravel()
        order = np.argsort(-total, kind="stable")
        last = np.append(np.diff(total[order]), -1).nonzero()[0]
        levels = total[order[last]]
        for one in (total, order, last, levels):
            one.setflags(write=False)  # sides are shared between domains
        shares = {name: weights[name] / 100 for name in values}
        worths = {name: [one / 100 for one in column] for name, column in values.items()}
        return cls(
            weights=dict(weights),
            values={name: tuple(column) for name, column in values.items()},
            shares=shares,
            told=encode({"values": worths, "weights": shares}),
            columns=columns,
            utilities=total,
            order=order,
            last=last,
            levels=levels,
        )


class Deal(msgspec.Struct, frozen=True):
    """What terms come to when they are agreed on after some turns.

    Attributes:
        terms: those of the first seat.
        utilities: discounted, of each seat, in [0, 1].
        pareto_distance: how far the terms are from the nearest efficient outcome, in the plane of utilities that are
            not discounted.
        nash_product: of what the seats gain over their reservations (J. Nash, "The Bargaining Problem", 1950).
        nash_share: the part of the greatest Nash product that this is; 0 where no deal is rational for both.
    """

    terms: Terms
    utilities: tuple[float, float]
    pareto_distance: float
    nash_product: float
    nash_share: float


class Domain:
    """One negotiation between two seats.

    Args:
        seats: the two.
        issues: options of each issue, ascending.
        sides: what outcomes are worth to each seat.
        reservations: what no deal is worth to each seat, in thousandths.
        deadline: turns of both seats together after which there is no deal.
        discount: factor per turn.
        mirrored: whether an offer says what its author keeps, so that the other gets the rest. Terms are those of the
            first seat unless they are said to be another's.
    """

    def __init__(
        self,
        seats: tuple[str, str],
        issues: Mapping[str, Sequence[int]],
        sides: tuple[Side, Side],
        reservations: tuple[int, int],
        *,
        deadline: int,
        discount: float,
        mirrored: bool = False,
    ) -> None:
        self.seats, self.issues, self.sides, self.mirrored = seats, issues, sides, mirrored
        self.reservations = reservations[0] / 1000, reservations[1] / 1000
        self.deadline, self.discount = deadline, discount

    def mirror(self, terms: Terms) -> Terms:
        """Return terms as the other seat names them."""
        if not self.mirrored:
            return terms
        return {name: self.issues[name][-1] - value for name, value in terms.items()}

    def terms(self, seat: str, terms: Terms) -> Terms:
        """Return the terms that a seat names as those of the first seat, and the other way round."""
        return terms if seat == self.seats[0] else self.mirror(terms)

    def worth(self, terms: Terms) -> tuple[int, int]:
        """Return what terms are worth to each seat before discounting, in ten-thousandths."""
        first = second = 0
        for (name, options), one, other in zip(
            self.issues.items(), self.sides[0].columns, self.sides[1].columns, strict=True
        ):
            place = options.index(terms[name])
            first += one[place]
            second += other[place]
        return first, second

    def rational(self, seat: str, utility: float) -> bool:
        """Return whether a discounted utility is at least what no deal is worth to a seat."""
        return utility >= self.reservations[self.seats.index(seat)] - SLIGHT

    def deal(self, terms: Terms, turns: int) -> Deal:
        """Return what terms come to after some turns."""
        worth = self.worth(terms)
        factor = self.discount**turns
        first, second = worth[0] / UNIT * factor, worth[1] / UNIT * factor
        product = max(first - self.reservations[0], 0.0) * max(second - self.reservations[1], 0.0)
        best = self.best_nash_product
        return Deal(terms, (first, second), self._distance(*worth), product, product / best if best else 0.0)

    def _distance(self, first: int, second: int) -> float:
        firsts, seconds = self.front
        place = bisect_left(seconds, second)
        if seconds[place : place + 1] == [second] and firsts[place] == first:
            return 0.0
        squares = [
            (one - first) ** 2 + (other - second) ** 2 for one, other in zip(firsts, seconds, strict=True)
        ]
        return float(min(squares) ** 0.5 / UNIT)

    @cached_property
    def front(self) -> tuple[list[int], list[int]]:
        """What each seat gets in the efficient outcomes, in ten-thousandths: falling for the first, rising for the second.

        An outcome is efficient when no other is better for one seat and at least as good for the other.
        """
        side, other = self.sides
        # The most that the second seat can get where the first gets no less than so much.
        best = np.maximum.accumulate(other.utilities[side.order])[side.last]
        better = np.empty(len(best), bool)
        better[0] = True
        np.greater(best[1:], best[:-1], out=better[1:])
        return side.levels[better].tolist(), best[better].tolist()

    @cached_property
    def zone(self) -> list[tuple[float, float]]:
        """What the efficient deals that are rational for both are worth to each when struck at once, falling for the first.

        At once is after one turn: an offer, and its acceptance. A zone without deals is none: what is not efficient is
        no better for either.
        """
        least, other_least = [one - SLIGHT for one in self.reservations]
        firsts, seconds = self.front
        # The one falls and the other rises, so that those that are rational lie side by side.
        begin = bisect_left(seconds, other_least, key=self._at_once)
        end = bisect_right(firsts, -least, key=lambda first: -self._at_once(first))
        discount = self.discount  # and no call for each of them
        return [
            (first / UNIT * discount, second / UNIT * discount)
            for first, second in zip(firsts[begin:end], seconds[begin:end], strict=True)
        ]

    def _at_once(self, worth: int) -> float:
        return worth / UNIT * self.discount

    @property
    def possible(self) -> bool:
        """Whether there is a zone of agreement."""
        return bool(self.zone)

    @property
    def best(self) -> tuple[float, float]:
        """The most that each seat can get in a deal that is rational for both; the reservations where there is none."""
        return (self.zone[0][0], self.zone[-1][1]) if self.zone else self.reservations

    @property
    def fairest(self) -> tuple[float, float]:
        """What the deal with the greatest Nash product is worth to each; the reservations where none is rational for both."""
        if not self.zone:
            return self.reservations
        mine, other = self.reservations
        products = [(first - mine) * (second - other) for first, second in self.zone]
        return self.zone[products.index(max(products))]

    @property
    def best_nash_product(self) -> float:
        """The greatest Nash product of a deal, 0 where none is rational for both."""
        first, second = self.fairest
        return (first - self.reservations[0]) * (second - self.reservations[1])


def balanced(first: Side, second: Side) -> tuple[int, int]:
    """Return the utilities of the outcome with the greatest product of utilities, in ten-thousandths."""
    place = (first.utilities * second.utilities).argmax()
    return first.utilities.item(place), second.utilities.item(place)
