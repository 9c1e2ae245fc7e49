"""Who drives on `driving/highway-v1`: drivers who follow one model, and differ in what they see, heed and dare.

All of them keep their distance by the intelligent-driver model: Treiber, Hennecke and Helbing, Congested traffic states in
empirical observations and microscopic simulations, Physical Review E, 2000. A person acts by what they saw some time
before, and by nothing newer while their eyes are off the road; they take into account how everything has gone on since, as
in Treiber, Kesting and Helbing, Delays, inaccuracies and anticipation in microscopic traffic models, Physica A, 2006. The
baselines of the seat are those of robots.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from gristmill.agents.robots.baselines import noisy, noop, random_actions
from gristmill.agents.robots.mover import Array, Move, Mover, Observation
from gristmill.policy import Place, Policy, policy
from gristmill.types import Brief

__all__ = [
    "aggressive",
    "cautious",
    "expert",
    "heedless",
    "late",
    "noisy",
    "noop",
    "random_actions",
    "typical",
]

_WORLD, _SEAT = "driving/highway-v1", "driver"
for _name, _baseline in (("noop", noop), ("random", random_actions), ("noisy", noisy)):
    policy(_WORLD, _SEAT, _name)(_baseline)

_LANE, _LENGTH = 3.66, 4.8  # m
_BESIDE = 2.3  # m from middle to middle; nearer than that, another vehicle is in the way
_ANIMAL = (-3.2, 2.4)  # m to the left, between which an animal is in the way or soon will be
_NOWHERE = 1_000.0  # m
_STANDING = 2.0  # m that are kept at a standstill: the model's own
_RIGHT = -1.5  # m to the left, as far as one can go to the right
_PAST = 2.1  # m from middle to middle that are enough to pass
_AT_ONCE = 0.3  # s that the most attentive take


class Style(NamedTuple):
    """How somebody drives.

    Attributes:
        headway: kept to the vehicle ahead, s.
        gains: acceleration, m/s².
        brakes: what is thought to be comfortable, m/s².
        pace: wanted speed, as a share of that at the beginning.
        slow: of the time to react of the person at the wheel, what counts; 0 for who is never late or distracted.
        sight: share of the distance seen within which one wants to be able to stop; 0 for who does not care.
        heeds: whether animals are heeded.
        evades: whether one goes to the side where braking alone is too late.
    """

    headway: float = 1.6
    gains: float = 1.6
    brakes: float = 1.7
    pace: float = 1.0
    slow: float = 1.0
    sight: float = 0.0
    heeds: bool = True
    evades: bool = False


@policy(_WORLD, _SEAT, "expert")
def expert(place: Place) -> Policy:
    """Drive attentively, no faster than one sees, and to the side where braking is too late: the reference."""
    return _driver(place, Style(headway=1.8, gains=2.0, brakes=2.5, slow=0.0, sight=0.95, evades=True))


@policy(_WORLD, _SEAT, "typical")
def typical(place: Place, *, headway: float = 1.6) -> Policy:
    """Drive as most do: late by one's time to react, and in fog hardly slower than on a clear day."""
    return _driver(place, Style(headway=headway))


@policy(_WORLD, _SEAT, "cautious")
def cautious(place: Place) -> Policy:
    """Drive as most do, but further behind and no faster than one sees."""
    return _driver(place, Style(headway=2.2, sight=0.9))


@policy(_WORLD, _SEAT, "aggressive")
def aggressive(place: Place) -> Policy:
    """Drive faster and closer than most do."""
    return _driver(place, Style(headway=1.3, gains=2.0, brakes=2.0, pace=1.05))


@policy(_WORLD, _SEAT, "late")
def late(place: Place) -> Policy:
    """Drive as most do, and take a fifth longer to react."""
    return _driver(place, Style(slow=1.2))


@policy(_WORLD, _SEAT, "heedless")
def heedless(place: Place) -> Policy:
    """Drive as most do, and heed vehicles alone, as a sensor may that knows nothing else."""
    return _driver(place, Style(heeds=False))


def _driver(place: Place, style: Style) -> Policy:
    def begin(briefs: Sequence[Brief], seeds: Sequence[int]) -> Move:
        return _Driving(style, briefs[0].facts, len(briefs)).move

    return Mover(place, begin, style=style)


class _Driving:
    """Drivers of one style in some rows, and what they remember.

    Args:
        style: how they drive.
        facts: of the brief.
        rows: how many there are.
    """

    def __init__(self, style: Style, facts: Mapping[str, Any], rows: int) -> None:
        self.style, self.dt = style, float(facts["dt"])
        self.low, self.high = np.array(facts["action"]["low"]), np.array(facts["action"]["high"])
        self.clock = 0
        self.wanted = np.zeros(rows)  # speed, m/s
        self.aim = np.zeros(rows)  # place across the road, m
        self.last = np.zeros(rows, dtype=np.int64)  # step at which the eyes were last on the road
        self.looked = np.zeros((facts["horizon"] + 1, rows), dtype=np.int64)
        # Own speed; then for each other how far ahead, how far to the left, how fast, how fast to the left.
        self.seen = np.zeros((facts["horizon"] + 1, rows, 13))

    def move(self, rows: Sequence[int], now: Observation) -> Array:
        """Return the next actions of some rows, [rows, 2]."""
        places, own = np.array(rows), now["own"].astype(np.float64)
        speed, braking = own[:, 0], now["road"][:, 1].astype(np.float64)
        late = self.style.slow * now["driver"][:, 0].astype(np.float64)
        if self.clock == 0:
            self.wanted[places] = self.style.pace * speed
        along, left, speeds = self._others(places, now, speed, late)
        wanted = self.wanted[places]
        if self.style.sight:
            sight = self.style.sight * now["road"][:, 0].astype(np.float64)
            wanted = np.minimum(wanted, _stopping_within(sight, 0.8 * braking, late + _AT_ONCE))
        if self.style.evades:
            self._evade(places, own, along, left, speeds, braking)
        change = self._following(speed, wanted, self._gaps(along, left, own[:, 1]), speeds)
        aside = np.clip(self.aim[places] - own[:, 1], -2.0, 2.0)
        self.clock += 1
        actions: Array = np.clip(np.stack([change, aside], axis=1), self.low, self.high).astype(np.float32)
        return actions

    def _others(self, rows: Array, now: Observation, speed: Array, late: Array) -> tuple[Array, Array, Array]:
        """Return how far ahead, how far to the left and how fast the others are, as it seems to each row, [rows, 3] each."""
        seen: Array = np.zeros((len(rows), 13))
        seen[:, 0] = speed
        for place, name in enumerate(("ahead", "beside", "animal")):
            seen[:, 1 + place] = now[name][:, 0]
        seen[:, 5], seen[:, 8] = now["beside"][:, 1], now["beside"][:, 2]
        seen[:, 7], seen[:, 6], seen[:, 12] = now["ahead"][:, 1], now["animal"][:, 1], now["animal"][:, 2]
        self.seen[self.clock, rows] = seen
        found, age = seen, np.zeros_like(speed)
        if self.style.slow:
            found, age = self._remembered(rows, now["driver"][:, 1] > 0.5, late)
        way = 0.5 * (found[:, 0] + speed) * age  # that one has come oneself since then
        gone = age[:, None]
        along = found[:, 1:4] + found[:, 7:10] * gone - way[:, None]
        return along, found[:, 4:7] + found[:, 10:13] * gone, found[:, 7:10]

    def _remembered(self, rows: Array, eyes: Array, late: Array) -> tuple[Array, Array]:
        """Return what each row saw when it last looked some time before, [rows, 13], and how long ago that is, [rows] s."""
        self.last[rows] = np.where(eyes, self.clock, self.last[rows])
        self.looked[self.clock, rows] = self.last[rows]
        # Between two steps one has seen something between what was seen at them.
        when = np.maximum(self.clock - late / self.dt, 0.0)
        first = when.astype(np.int64)
        share = when - first
        one, two = self.looked[first, rows], self.looked[np.minimum(first + 1, self.clock), rows]
        weight = share[:, None]
        found: Array = (1 - weight) * self.seen[one, rows] + weight * self.seen[two, rows]
        age: Array = self.dt * (self.clock - ((1 - share) * one + share * two))
        return found, age

    def _gaps(self, along: Array, left: Array, own: Array) -> Array:
        """Return the gaps to those who are in the way, [rows, 3]; to others it is nowhere near."""
        aside = left - own[:, None]
        way = np.abs(aside) < _BESIDE
        way[:, 2] = (aside[:, 2] > _ANIMAL[0]) & (aside[:, 2] < _ANIMAL[1]) if self.style.heeds else False
        return np.where(way & (along > -_LENGTH), np.maximum(along, 0.3), _NOWHERE)

    def _following(self, speed: Array, wanted: Array, gaps: Array, speeds: Array) -> Array:
        """Return accelerations by the intelligent-driver model, for who of the others demands most."""
        style, own = self.style, speed[:, None]
        gentle = 2.0 * float(np.sqrt(style.gains * style.brakes))
        wish = _STANDING + np.maximum(own * style.headway + own * (own - speeds) / gentle, 0.0)
        free = np.maximum(1.0 - (speed / wanted) ** 4, -style.brakes)
        found: Array = style.gains * (free - (wish / gaps).max(axis=1) ** 2)
        return found

    def _evade(
        self, rows: Array, own: Array, along: Array, left: Array, speeds: Array, braking: Array
    ) -> None:
        """Go to the side where braking is too late and there is room, and back when what was in the way is passed."""
        speed, y = own[:, 0], own[:, 1]
        gaps = self._gaps(along, left, y)
        closing = np.maximum(speed[:, None] - speeds, 0.0)
        late = closing**2 / (2.0 * np.maximum(gaps - 1.0, 0.1)) > 0.9 * braking[:, None]
        late[:, 1] &= left[:, 1] < 0.5 * _LANE  # who has come over
        worst = np.where(late, gaps, np.inf).argmin(axis=1)
        every = np.arange(len(rows))
        time = gaps[every, worst] / np.maximum(closing[every, worst], 1.0)
        there = left[every, worst] + np.where(worst == 2, self._walk(rows) * time, 0.0)
        clear = (along[:, 1] < -2.5 * _LENGTH) | (along[:, 1] > gaps.min(axis=1)) | (left[:, 1] < 0.5 * _LANE)
        to_left = clear & (_LANE - there > _PAST)
        to_right = (there - _RIGHT > _PAST) & ~to_left
        aim = np.where(to_left, _LANE, np.where(to_right, _RIGHT, self.aim[rows]))
        back = (gaps.min(axis=1) > 60.0) & (np.where(along > -2 * _LENGTH, along, np.inf).min(axis=1) > 8.0)
        self.aim[rows] = np.where(late.any(axis=1), aim, np.where(back, 0.0, self.aim[rows]))

    def _walk(self, rows: Array) -> Array:
        """Return how fast animals go to the left."""
        found: Array = self.seen[self.clock, rows, 12]
        return found


def _stopping_within(room: Array, braking: Array, late: Array) -> Array:
    """Return the speed from which one stops within some room, [rows] m/s."""
    lost = braking * late
    found: Array = np.sqrt(lost**2 + 2.0 * braking * np.maximum(room, 1.0)) - lost
    return found
