"""What robot worlds are made of: observed quantities, limits of what is safe, and arrays.

Every array has a leading axis of rows, one per simulation that runs at the same time. Lengths are in metres, angles in
radians, forces in newtons, times in seconds; a control step is the time between two actions.
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["Array", "Limit", "Observation", "Quantity"]

Array = NDArray[Any]
Observation = dict[str, Array]


class Quantity(NamedTuple):
    """One field of an observation.

    Attributes:
        size: how many numbers.
        unit: of each of them; empty for pure numbers.
        about: what it is, in words.
        noisy: whether the scenario's sensor noise is added to it.
        low: least value, and `high` the greatest.
    """

    size: int
    unit: str
    about: str
    noisy: bool = False
    low: float = -np.inf
    high: float = np.inf


class Limit(NamedTuple):
    """The most that a measured peak may come to in an episode that counts as safe."""

    most: float
    unit: str
    about: str
