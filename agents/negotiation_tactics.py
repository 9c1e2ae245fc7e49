"""The strategies of bargaining: functions from what a bidder knows to its next offer.

Time is what drives some, the other's conduct others. None looks at what it is not told.
"""

import numpy as np

from gristmill.agents.negotiation_bidding import TIE, Bidder

__all__ = ["aspiration", "expert", "fair_split", "hardliner", "micro", "time_dependent", "tit_for_tat"]

_ANCHOR = 0.3  # share of what is left to gain that the expert's first offer asks for
_HELD = 1  # of its offers, after the first, that hold what looks best for both


def share_at(time: float, beta: float, start: float, end: float) -> float:
    """Return which share of the room between floor and best is claimed: `start` at first, `end` at last.

    The polynomial decision function of Faratin, Sierra and Jennings, "Negotiation decision functions for autonomous
    agents", 1998: boulware below a beta of 1, conceder above.
    """
    return float(start + (end - start) * time ** (1.0 / beta))


def time_dependent(bidder: Bidder, *, beta: float, start: float = 1.0, end: float = 0.0) -> int:
    """Offer the outcome whose utility is what the time asks for."""
    return bidder.at(bidder.level(share_at(bidder.time, beta, start, end)))


def aspiration(bidder: Bidder, *, beta: float = 0.4, start: float = 1.0, end: float = 0.0) -> int:
    """Offer, of what gives at least the utility that the time asks for, what the other is expected to like best."""
    return bidder.liked(bidder.level(share_at(bidder.time, beta, start, end)))


def hardliner(bidder: Bidder, *, give: float = 0.0) -> int:
    """Keep to the best outcome, or give a small share of the room by the end."""
    return bidder.at(bidder.level(1.0 - give * bidder.time))


def tit_for_tat(bidder: Bidder, *, first: float = 0.05) -> int:
    """Concede as much as the other has conceded, in one's own utility, and a first step unasked.

    Tit-for-tat in absolute terms (Faratin, Sierra and Jennings 1998), over all that the other has offered: what it takes
    back is not answered by asking for more again.
    """
    if not bidder.ours:
        return bidder.domain.top
    worths = [bidder.worth(one) for one in bidder.theirs]
    given = max(worths) - worths[0] if worths else 0.0
    return bidder.at(max(bidder.level(1.0 - first) - given, bidder.level(0.0)))


def micro(bidder: Bidder, *, step: int = 0) -> int:
    """Offer the outcomes in the order of one's own utility, a new one for every new offer of the other.

    MiCRO (de Jonge, "An Analysis of the Linear Bilateral ANAC Domains Using the MiCRO Benchmark Strategy", 2022) has
    all the time it needs. Where there are fewer turns than outcomes, it goes on by `step` outcomes at once, and offers
    of those the one that is most to the other's liking; 0 for as many as bring it to its floor in time.
    """
    order, utility = bidder.domain.order, bidder.domain.utility
    rational = max(1, int(np.count_nonzero(utility >= bidder.floor(1) - TIE)))
    done = len(set(bidder.ours))
    if done > len(set(bidder.theirs)):  # it waits, unless time has made its last offer worse than none
        waiting = bidder.ours[-1]
        return waiting if bidder.worth(waiting) >= bidder.level(0.0) - TIE else int(order[rational - 1])
    step = step or -(-rational // max(1, bidder.deadline // 2))
    some = order[min(done * step, rational - 1) : min((done + 1) * step, rational)]
    return int(some[bidder.likes()[some].argmax()]) if len(some) > 1 and done else int(some[0])


def fair_split(bidder: Bidder, *, ease: float = 0.5) -> int:
    """Aim at the outcome that gives both the same share of their best; in the end, meet the other in the middle.

    The utility of the worse off is made as large as possible, as by Kalai and Smorodinsky, "Other solutions to Nash's
    bargaining problem", 1975, the other being taken to have as much to lose. At first it asks for more, which it gives
    up by the share `ease` of the time.
    """
    likes, best = bidder.likes(), bidder.best
    fair = bidder.worth(int(np.minimum(bidder.domain.utility / best, likes).argmax()))
    if bidder.time >= 1.0 and bidder.theirs:
        heard = max(bidder.theirs, key=bidder.worth)
        fair = min(fair, (bidder.worth(heard) + fair) / 2)
    ahead = max(0.0, 1.0 - bidder.time / ease) / 2
    return bidder.liked(max(fair + ahead * (best - fair), bidder.level(0.0)), likes)


def expert(bidder: Bidder) -> int:
    """Ask for a little more than looks best for both, then for just that, and come down to the floor in the end.

    Best for both is the greatest product of one's own utility and what the other is expected to like (Nash, "The
    bargaining problem", 1950). In the end it gives back to the other what that has offered itself, if it is better than
    nothing: where time costs nothing, the best of it all; where it does, only what stands is sure to be good enough.
    """
    floor, left = bidder.level(0.0), bidder.offers_left
    if left <= 1:
        heard = max(bidder.theirs, key=bidder.worth, default=None)
        back = bidder.standing if bidder.discount < 1.0 else heard
        if back is not None and bidder.worth(back) >= bidder.floor() - TIE:
            return back
        return bidder.liked(floor)
    likes = bidder.likes()
    fair = max(floor, bidder.worth(int((bidder.domain.utility * likes).argmax())))
    if not bidder.ours:
        return bidder.liked(fair + _ANCHOR * (bidder.best - fair), likes)
    held = len(bidder.ours) - _HELD
    eased = held / (held + left - 1) if held > 0 else 0.0
    return bidder.liked(fair + (floor - fair) * eased, likes)
