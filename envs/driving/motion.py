"""How vehicles move in a step, when they touch, and how many seconds they are from having to.

Places are in metres along the road, of the front of the driver's own vehicle and of the rear of others, and across it,
from the middle of the right lane to the left.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["LANE", "LENGTH", "WIDTH", "apart", "contact", "moved", "seconds_left"]

Array = NDArray[Any]
LANE = 3.66  # m; 12 ft, AASHTO: A Policy on Geometric Design of Highways and Streets, 2011, section 4.3
LENGTH, WIDTH = 4.8, 1.9  # m, of a passenger car; assumed

_ROOM = 0.05  # of a gap that is left even where braking cannot do any more
_ASIDE = 1.5  # s that a metre to the side is worth
_SLOW = 5.0  # m/s; below it, seconds are counted as if one drove so fast


def moved(speed: Array, change: Array, dt: float) -> tuple[Array, Array]:
    """Return how far vehicles come in a step, and how fast they are then; none drives backwards.

    Args:
        speed: at the beginning, [...] m/s.
        change: acceleration, [...] m/s².
        dt: how long the step lasts, s.
    """
    after = np.maximum(speed + change * dt, 0.0)
    # Who stops on the way comes no further than to where they stop.
    time = np.where(after > 0, dt, np.minimum(dt, speed / np.maximum(-change, 1e-9)))
    return 0.5 * (speed + after) * time, after


def apart(
    x: Array, y: Array, others: Array, aside: Array, length: Array, width: Array
) -> tuple[Array, Array]:
    """Return how far others are away along the road, [rows, others], and across it; negative where they overlap.

    Args:
        x: own front, [rows].
        y: own middle, [rows].
        others: their rears, [rows, others].
        aside: their middles, [rows, others].
        length: of each of them, [rows, others].
        width: likewise.
    """
    along = others - x[:, None]
    # Ahead it is from front to rear, behind from their front to the own rear.
    behind = -along - (length + LENGTH)
    return np.maximum(along, behind), np.abs(aside - y[:, None]) - 0.5 * (width + WIDTH)


def contact(before: tuple[Array, Array, Array], after: tuple[Array, Array, Array]) -> tuple[Array, Array]:
    """Return which others are touched within a step, [rows, others] bool, and at which share of it.

    Args:
        before: how far ahead others are, along and across at the beginning of the step, [rows, others] each: from the
            own front to their rear, the gap along, and the gap across.
        after: the same at its end.
    """
    # Whose rear the own front has come to: what counts is whether they overlap across at that moment.
    reached = (before[0] > 0) & (after[0] <= 0)
    share = np.where(reached, before[0] / np.maximum(before[0] - after[0], 1e-9), 1.0)
    across = before[2] + share * (after[2] - before[2])
    ahead = reached & (across <= 0)
    beside = (after[1] <= 0) & (after[2] <= 0)
    return ahead | beside, np.where(ahead, share, 1.0)


def seconds_left(gap: Array, aside: Array, closing: Array, speed: Array, braking: Array) -> Array:
    """Return for how long one could still go on as now before full braking would be too late, [rows, others] s.

    It is the time to brake of Hillenbrand, Spieker and Kroschel, A multilevel collision mitigation approach, IEEE
    Transactions on Intelligent Transportation Systems, 2006, in terms of the own speed, so that it is finite for those who
    keep their distance. Who is further to the side has more time. It is positive where there is no contact.

    Args:
        gap: along the road, from 0 where they overlap, [rows, others] m.
        aside: across it, likewise.
        closing: how fast the gap shrinks, [rows, others] m/s.
        speed: own, [rows, 1] m/s.
        braking: most that the own brakes can do, [rows, 1] m/s².
    """
    room = gap - np.maximum(closing, 0.0) ** 2 / (2.0 * braking)
    return np.maximum(room, _ROOM * gap) / np.maximum(speed, _SLOW) + _ASIDE * aside
