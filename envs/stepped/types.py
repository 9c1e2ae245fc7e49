"""What stepped worlds are made of: observed and controlled quantities, states, and values of scenarios as arrays.

Every array has a leading axis of rows, one per episode that runs at the same time.
"""

from collections.abc import Sequence
from operator import itemgetter
from typing import Any, NamedTuple

import numpy as np

from gristmill.envs.rows import Array, Observation

__all__ = ["Array", "Observation", "Quantity", "State", "Values", "column", "listed"]

State = dict[str, Array]
Values = dict[str, Any]


class Quantity(NamedTuple):
    """One field of an observation, or one number of an action.

    Attributes:
        size: how many numbers; 1 for a control.
        unit: of each of them; empty for pure numbers.
        about: what it is, in words.
        low: least value, and `high` the greatest.
    """

    size: int
    unit: str
    about: str
    low: float = -np.inf
    high: float = np.inf


def column(values: Sequence[Values], name: str, absent: Any = 0.0) -> Array:
    """Return a field of some scenarios, [rows]; `absent` where its condition does not hold."""
    return np.array([one.get(name, absent) for one in values])


def listed(values: Sequence[Values], name: str, field: str, absent: Any = 0.0) -> Array:
    """Return a field of the records in a list of some scenarios, [rows, longest]; `absent` behind the end of a list."""
    lists = [one[name] for one in values]
    longest = max(map(len, lists))
    try:  # in most worlds, every record has every field
        found = [list(map(itemgetter(field), one)) for one in lists]
    except KeyError:
        found = [[record.get(field, absent) for record in one] for one in lists]
    return np.array([one + [absent] * (longest - len(one)) for one in found]).reshape(len(values), longest)
