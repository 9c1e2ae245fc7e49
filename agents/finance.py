"""Policies for the seat `treasurer`: how much cash to keep, when to use the line of credit, and what to do in need.

All of them look one week ahead, with the invoices and bills that are known. They differ in how much they keep, in whether
they go on to put off bills and sell invoices, and in how fresh their books are. What they know is what they observe.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from gristmill.agents.robots.baselines import noop, random_actions
from gristmill.agents.robots.mover import Array, Move, Mover, Observation
from gristmill.policy import Place, Policy, policy
from gristmill.types import Brief

__all__ = ["aggressive", "expert", "noop", "random_actions", "slow", "typical"]

_WORLD, _SEAT = "finance/treasury-v1", "treasurer"
_CLOSING = 4.0  # weeks of fixed costs, the middle of what is wanted at the end
_LANDING = 8  # weeks before the end from which the cash goes there
_SALES = 100.0  # k€, the unit of what owners are paid
_MOST = 4.0  # of that unit, at once
_RATE = 0.085 / 52  # interest a week
_ADVANCE = 0.97  # share of an invoice that a factor pays

for _name, _made in (("noop", noop), ("random", random_actions)):
    policy(_WORLD, _SEAT, _name)(_made)


class Manner(NamedTuple):
    """How a treasurer goes about it; amounts in weeks of fixed costs.

    Attributes:
        keep: cash beyond which the line is paid back and owners are paid.
        least: cash below which the line is drawn on.
        need: what is to be left at the end of the coming week, or else bills are put off and invoices sold; nothing is
            done about it if it is negative.
        hold: week until which nothing is paid back nor paid out.
        lag: how many weeks old the books are; they are looked at as seldom.
    """

    keep: float
    least: float
    need: float = -1.0
    hold: int = 0
    lag: int = 0


@policy(_WORLD, _SEAT, "expert")
def expert(place: Place, *, keep: float = 14.0, least: float = 6.0) -> Policy:
    """Keep cash for bad times until late in the year, and put off or sell as much as is needed, no more."""
    return _treasurer(place, Manner(keep, least, need=1.0, hold=36))


@policy(_WORLD, _SEAT, "typical")
def typical(place: Place, *, keep: float = 8.0, least: float = 4.0) -> Policy:
    """Keep two months of fixed costs, trust in the line, and neither put off bills nor sell invoices."""
    return _treasurer(place, Manner(keep, least))


@policy(_WORLD, _SEAT, "aggressive")
def aggressive(place: Place, *, keep: float = 0.7) -> Policy:
    """Keep no buffer: pay back and pay out whatever is not needed this week."""
    return _treasurer(place, Manner(keep, 0.0))


@policy(_WORLD, _SEAT, "slow")
def slow(place: Place, *, keep: float = 8.0, least: float = 4.0, lag: int = 4) -> Policy:
    """Do as is typical, but only every `lag` weeks, and by books that are as old."""
    return _treasurer(place, Manner(keep, least, lag=lag))


def _treasurer(place: Place, manner: Manner) -> Mover:
    def begin(briefs: Sequence[Brief], seeds: Sequence[int]) -> Move:
        horizon = int(briefs[0].facts["horizon"])
        books: list[dict[str, Array]] = []  # of every week, [all rows, size] each

        def move(rows: Sequence[int], seen: Observation) -> Array:
            if not manner.lag:
                return _act(manner, horizon, seen)
            places = list(rows)
            books.append(
                {name: np.zeros((len(briefs), one.shape[1]), one.dtype) for name, one in seen.items()}
            )
            for name, one in seen.items():
                books[-1][name][places] = one
            old = {name: one[places] for name, one in books[max(len(books) - 1 - manner.lag, 0)].items()}
            acts = _act(manner, horizon, {**old, "time": seen["time"]})
            return acts if (len(books) - 1) % manner.lag == 0 else np.zeros_like(acts)

        return move

    return Mover(place, begin, **manner._asdict())


def _act(manner: Manner, horizon: int, seen: Observation) -> Array:
    """Return the actions for what is observed, [rows, 4]."""

    def told(name: str) -> Array:
        column: Array = seen[name][:, 0].astype(np.float64)
        return column

    cash, drawn, limit, fixed = told("cash"), told("drawn"), told("limit"), told("fixed")
    week = np.rint(told("time") * horizon)
    left = horizon - 1 - week  # weeks after this one
    due, bills = seen["due"].astype(np.float64), seen["bills"].astype(np.float64)
    paid = fixed + told("supplies") + bills[:, 0] + _RATE * drawn + told("instalment")
    after = cash + (1.0 - told("late")) * due[:, 0] - paid  # cash at the week's end
    goal = _CLOSING + (manner.keep - _CLOSING) * np.minimum(left / _LANDING, 1.0)
    goal = np.minimum(goal, manner.keep)
    spare = np.where((week >= manner.hold) | (left == 0), after - goal * fixed, 0.0)
    back = np.where(left == 0, np.clip(cash, 0.0, drawn), np.clip(spare, 0.0, drawn))
    lacking = np.clip(np.minimum(manner.least, goal - 1.0) * fixed - after, 0.0, limit - drawn)
    line = np.where(lacking > 0.0, lacking, -back) / np.maximum(limit, 1.0)
    payout = np.clip((spare - back) / _SALES, 0.0, _MOST)
    short = np.maximum(manner.need * fixed - after - (limit - drawn), 0.0)
    short = np.where((manner.need >= 0.0) & (left > 3), short, 0.0)
    delay = np.minimum(short / told("supplies"), 1.0)
    short = np.maximum(short - told("supplies"), 0.0)
    factor = np.minimum(short / _ADVANCE / np.maximum(due[:, 1] + due[:, 2] + due[:, 3], 1.0), 1.0)
    actions = np.stack([np.clip(line, -1.0, 1.0), delay, factor, payout], axis=1)
    acted: Array = actions.astype(np.float32)
    return acted
