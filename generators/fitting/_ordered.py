"""Categories whose options have an order, as steps of a number that a copula can hold."""

from collections.abc import Mapping
from itertools import accumulate
from typing import Any

import numpy as np

from gristmill.digest import encode
from gristmill.generators.fitting._laws import Array, neat
from gristmill.generators.fitting._parents import Coded

__all__ = ["UNIT", "is_ordered", "places", "steps"]

UNIT = {"kind": "uniform", "low": 0.0, "high": 1.0}  # the number that is cut into steps
_KINDS = ("integer", "uniform", "normal", "lognormal", "poisson", "zipf", "empirical", "date", "timestamp")
_LONGEST = 3_000  # characters of an expression
_OPTION = 40  # characters of one, and of what stands around it


def is_ordered(alone: Mapping[str, Any], entry: Mapping[str, Any]) -> bool:
    """Return whether a field is one number or moment, or a choice of numbers or of two, which stand in their order.

    Args:
        alone: the entry that a column has by itself.
        entry: the one it has, which may be cases.
    """
    cases = entry["cases"].values() if entry["kind"] == "cases" else [entry]
    if all(one["kind"] == "constant" for one in cases):
        return False
    if alone["kind"] == "choice":
        options = alone["options"]
        short = sum(len(encode(one)) + _OPTION for one in options) < _LONGEST
        return short and (len(options) == 2 or all(type(one) in (int, float) for one in options))
    return alone["kind"] in _KINDS or (alone["kind"] == "flag" and 0 < alone["rate"] < 1)


def places(node: Coded) -> Array:
    """Return the places of a column's values among its options, NaN where there is none, [N]."""
    return np.where(node.codes < 0, np.nan, node.codes)


def steps(entry: Mapping[str, Any]) -> str:
    """Return the expression that makes a choice or a flag of a number between 0 and 1, which is called `{0}` in it."""
    if entry["kind"] == "flag":
        return f"{{0}} >= {neat(1 - entry['rate'], 4)!r}"
    options, weights = entry["options"], list(accumulate(entry["weights"]))
    spelt = [encode(one).decode().replace("{", "{{").replace("}", "}}") for one in options]
    ends = [neat(one / weights[-1]) for one in weights[:-1]]
    return _halved(spelt, ends)


def _halved(spelt: list[str], ends: list[float]) -> str:
    """Return a choice between options by where it is cut, in as few levels as there can be."""
    if not ends:
        return spelt[0]
    middle = len(ends) // 2
    below, above = (
        _halved(spelt[: middle + 1], ends[:middle]),
        _halved(spelt[middle + 1 :], ends[middle + 1 :]),
    )
    below, above = (f"({one})" if " if " in one else one for one in (below, above))
    return f"{below} if {{0}} < {ends[middle]!r} else {above}"
