"""What a negotiator works out from its own values, the time, and the offers that went to and fro.

Utilities are additive over the issues, from 0 to 1 (Raiffa, "The Art and Science of Negotiation", 1982). Outcomes are
numbered: an array over them has an entry for every combination of options, the last issue's options side by side.
Nothing here talks, and nothing here is random.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache, reduce
from itertools import product
from typing import Any, Protocol

import msgspec
import numpy as np
from numpy.typing import NDArray

__all__ = ["TIE", "Bidder", "Domain", "Floats", "Model", "Tactic", "Values", "grid"]

Floats = NDArray[np.float64]
Values = tuple[tuple[float, ...], ...]  # of options, by issue
Tactic = Callable[["Bidder"], int]  # returns the outcome to offer next
TIE = 1e-9  # utilities that differ by less are equal; sums of shares differ by as much with the order of their terms


def grid(parts: Sequence[Floats]) -> Floats:
    """Return the sum of one entry of each part, for every combination of entries, [outcomes]."""
    return reduce(_added, reversed(parts))


def _added(rest: Floats, part: Floats) -> Floats:
    summed: Floats = np.add.outer(part, rest)
    return summed.ravel()


class Model(Protocol):
    """What one side makes of the other's preferences."""

    def hear(self, theirs: int, ours: int | None, time: float) -> None:
        """Learn from an offer of the other.

        Args:
            theirs: the outcome that it offered.
            ours: our own offer before, which it did not take; None where there was none.
            time: share of the negotiation that is over.
        """
        ...

    def told(self, place: int) -> None:
        """Believe the other that the issue at `place` matters most to it."""
        ...

    def likes(self) -> Floats:
        """Return how much the other is expected to like every outcome, from 0 to 1, [outcomes]."""
        ...


class Domain:
    """All outcomes of a negotiation, as one seat values them.

    Attributes:
        names: the issues, in order.
        values: one's own value of every option, from 0 to 1, by issue.
        shape: how many options the issues have.
        utility: one's own, of every outcome, [outcomes].
        top: the best outcome, and `best`, its utility.
    """

    def __init__(
        self,
        issues: Mapping[str, Sequence[Any]],
        values: Mapping[str, Sequence[float]],
        weights: Mapping[str, float],
    ) -> None:
        self._outcomes = _outcomes(_key(issues))
        self.names, self.shape = self._outcomes.names, self._outcomes.shape
        self._ranked = _ranked(_key((self.names, values, weights)))
        self.values, self.utility = self._ranked.values, self._ranked.utility
        self.top, self.best = self._ranked.top, self._ranked.best

    @property
    def order(self) -> NDArray[np.intp]:
        """The outcomes from the best to the worst."""
        return self._ranked.order

    def reaching(self, target: float) -> NDArray[np.intp]:
        """Return the outcomes whose utility is at least a target, from the best to the worst."""
        return self._ranked.order[: self._ranked.falling.searchsorted(-target, "right")]

    def places(self, outcome: int) -> tuple[int, ...]:
        """Return which option of every issue an outcome has."""
        return self._outcomes.places[outcome]

    def terms(self, outcome: int) -> Mapping[str, Any]:
        """Return an outcome as options by issue, for all to share."""
        return self._outcomes.terms[outcome]

    def number(self, terms: Mapping[str, Any]) -> int | None:
        """Return the number of an outcome, or None if it is not among the options."""
        try:
            return self._outcomes.numbers.get(tuple(map(terms.__getitem__, self.names)))
        except (KeyError, TypeError):  # what is no option need not have a hash
            return None

    def rest(self, outcome: int) -> int:
        """Return what an outcome leaves, where every option is how many one gets, from none to all there are."""
        return len(self._outcomes.places) - 1 - outcome


class _Outcomes:
    """All combinations of options: as places, as options by issue, and their numbers by options."""

    def __init__(self, issues: Mapping[str, Sequence[Any]]) -> None:
        self.names = tuple(issues)
        self.shape = tuple(map(len, issues.values()))
        self.places = list(product(*map(range, self.shape)))
        options = list(product(*issues.values()))
        self.terms = [dict(zip(self.names, one, strict=True)) for one in options]
        self.numbers = {one: number for number, one in enumerate(options)}


class _Ranked:
    """What outcomes are worth by some values and weights."""

    def __init__(self, values: Values, weights: Sequence[float]) -> None:
        self.values = values
        self.utility = grid([weight * np.array(own) for weight, own in zip(weights, values, strict=True)])
        self.utility.setflags(write=False)  # it is shared
        # From the best to the worst, and what those are worth, with the sign by which it rises.
        negative = -self.utility
        self.order = np.argsort(negative, kind="stable")
        self.order.setflags(write=False)
        self.falling = negative[self.order]
        self.top, self.best = self.order.item(0), -self.falling.item(0)


# There are not many issues, values and weights, and negotiations come by the thousand. They are told apart by what they
# are, as bytes, which takes less than to make tuples of them and to hash those.
_key = msgspec.msgpack.Encoder().encode


@lru_cache
def _outcomes(key: bytes) -> _Outcomes:
    return _Outcomes(msgspec.msgpack.decode(key))


@lru_cache(4_096)
def _ranked(key: bytes) -> _Ranked:
    names, values, weights = msgspec.msgpack.decode(key)
    return _Ranked(tuple([tuple(values[name]) for name in names]), [weights[name] for name in names])


class Bidder:
    """One side of a negotiation: what it wants, how late it is, and what was offered.

    Args:
        domain: the outcomes.
        reservation: own utility of no deal.
        deadline: turns of both sides after which there is no deal.
        discount: factor on the utility of a deal, per turn that has passed.
        model: of the other's preferences, where the tactic has one.

    Attributes:
        best: the utility of the best outcome.
        worth: returns one's own utility of an outcome.
        turns: that have passed.
        theirs: the outcomes that the other has offered, in order.
        ours: those that were offered to it.
        standing: the outcome that the other offers now, None where there is none to accept.
    """

    def __init__(
        self, domain: Domain, *, reservation: float, deadline: int, discount: float = 1.0, model: Model | None = None
    ) -> None:  # fmt: skip
        self.domain, self.reservation, self.deadline, self.discount = domain, reservation, deadline, discount
        self.model = model
        self.best = domain.best
        self.worth: Callable[[int], float] = domain.utility.item
        self.turns = 0
        self.theirs: list[int] = []
        self.ours: list[int] = []
        self.standing: int | None = None

    def hear(self, outcome: int) -> None:
        """Take in an offer of the other."""
        self.standing = outcome
        self.theirs.append(outcome)
        if self.model is not None:
            self.model.hear(outcome, self.ours[-1] if self.ours else None, self.turns / self.deadline)

    def put(self, outcome: int) -> None:
        """Take note of an offer of one's own, which takes the place of the other's."""
        self.standing = None
        self.ours.append(outcome)

    # Time. Of the last two turns, the first is for a last offer, and the second for taking it or leaving it.

    @property
    def last(self) -> bool:
        """Whether this is the last turn, in which an offer would find nobody to accept it."""
        return self.turns >= self.deadline - 1

    @property
    def offers_left(self) -> int:
        """How many turns one has, this one included, in which an offer can still be accepted."""
        return max(0, (self.deadline - self.turns) // 2)

    @property
    def time(self) -> float:
        """Share of the time that is over, from 0 to 1, which is the last turn for an offer of one's own."""
        end = self.turns + 2 * (self.offers_left - 1)
        return min(1.0, self.turns / end) if end > 0 else 1.0

    # Utility.

    def floor(self, ahead: int = 0) -> float:
        """Return the utility at which a deal, `ahead` turns from now, is as good as none; more than 1 where none is."""
        return self.reservation / max(self.discount ** (self.turns + ahead), TIE)

    @property
    def hopeless(self) -> bool:
        """Whether no outcome would be better than no deal by the time that the other could accept it."""
        return self.best < self.floor(1) - TIE

    def level(self, share: float) -> float:
        """Return the utility that keeps a share of what lies between the floor of the next turn and the best."""
        floor = min(self.floor(1), self.best)
        return floor + (self.best - floor) * share

    # Choosing.

    def at(self, target: float) -> int:
        """Return the outcome with the least utility that reaches a target."""
        if target >= self.best - TIE:
            return self.domain.top
        utility = self.domain.utility
        return int(np.where(utility >= target - TIE, utility, 2.0).argmin())

    def liked(self, target: float, likes: Floats | None = None) -> int:
        """Return the outcome that reaches a target and that the other is expected to like best, the best of those."""
        if likes is None:
            likes = self.likes()
        # Where rounding has put the target above the best, the best is all there is.
        among = self.domain.reaching(min(target, self.best) - TIE)
        return among.item(likes[among].argmax())

    def likes(self) -> Floats:
        """Return how much the other is expected to like every outcome, [outcomes]; without a model, less what we like more."""
        return 1.0 - self.domain.utility if self.model is None else self.model.likes()

    def takes(self, coming: int | None) -> bool:
        """Return whether what stands is to be accepted rather than answered by `coming`, or by leaving where that is None.

        It is when it gives as much as one's own next offer would if that were accepted: AC_next (Baarslag, Hindriks
        and Jonker, "Acceptance conditions in automated negotiation", 2011). When nothing is to come, it is when it is
        as good as no deal.
        """
        if self.standing is None:
            return False
        offered, least = self.worth(self.standing), self.floor()
        if coming is not None:
            least = max(least, self.worth(coming) * self.discount)
        return offered >= least - TIE
