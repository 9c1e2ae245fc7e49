"""Where a record lies: how bad it went, and how far out its scenario is."""

from collections.abc import Sequence
from itertools import zip_longest

import numpy as np

from gristmill.generators.fields import Choice
from gristmill.generators.rare.cube import RARE
from gristmill.generators.rare.leaves import Leaf, leaves, present
from gristmill.generators.space import Space, Values
from gristmill.recorders.sets import Stratum

__all__ = ["SEVERITIES", "Strata", "band_of", "level_of", "spread"]

SEVERITIES = ("below", "near-miss", "fail", "catastrophic")
_BANDS = ((1e-2, "1e-2 and above"), (1e-4, "1e-4 to 1e-2"), (1e-6, "1e-6 to 1e-4"), (0.0, "below 1e-6"))
_SHARE = 0.25  # of the way from an ordinary severity to the threshold


class Strata:
    """The bands of a set.

    Attributes:
        edges: severities at which near-miss, fail and catastrophic begin: a quarter of the way from what is ordinary to the
            threshold before it, the threshold, and as much behind it.

    Args:
        space: of the scenarios.
        threshold: from which a severity is the event.
        told: severities of draws with their weights; their median is what is ordinary.
    """

    def __init__(self, space: Space, threshold: float, told: Sequence[tuple[float, float]]) -> None:
        usual = _median(told) if told else threshold
        margin = _SHARE * abs(threshold - usual) or _SHARE * (abs(threshold) or 1.0)
        self.edges = [threshold - margin, threshold, threshold + margin]
        self._leaves = leaves(space)

    def of(self, values: Values, severity: float, cell: str) -> Stratum:
        """Return where a record lies."""
        place = sum(severity >= edge for edge in self.edges)
        return Stratum(
            severity_band=SEVERITIES[place], likelihood_band=band_of(self._leaves, values), cell=cell
        )


def _median(told: Sequence[tuple[float, float]]) -> float:
    """Return the value that half of the weight is at or below."""
    half, total = sum(weight for _, weight in told) / 2, 0.0
    for value, weight in sorted(told):
        total += weight
        if total >= half:
            return value
    return max(told)[0]


def band_of(found: Sequence[Leaf], values: Values) -> str:
    """Return in words how far out a scenario is, see `level_of`."""
    level = level_of(found, values)
    return next(name for least, name in _BANDS if level >= least)


def spread(space: Space, rows: Sequence[Values], n: int) -> list[Values]:
    """Return scenarios of all bands of likelihood in turn, as long as there are some; at most `n`."""
    found, bands = leaves(space), dict[str, list[Values]]()
    for one in rows:
        bands.setdefault(band_of(found, one), []).append(one)
    turns = zip_longest(*bands.values())
    return [one for several in turns for one in several if one is not None][:n]


def level_of(found: Sequence[Leaf], values: Values) -> float:
    """Return how far out a scenario is: the nominal mass of its rare options, times the tail of its most extreme number.

    An option counts when its probability is at most 5 %, with the mass of all options of the field that are no likelier. The
    tail is on both sides, and times the number of numbers that there are, of which one is the most extreme by chance.

    Args:
        found: leaves of the Space.
        values: of the scenario.
    """
    mass, tails = 1.0, [1.0]
    for leaf, value, row in present(found, values):
        if isinstance(leaf.field, Choice):
            own = np.exp(leaf.field.log_prob(value))
            if own <= RARE:
                chances = np.diff(leaf.field.edges, prepend=0.0)
                mass *= float(chances[chances <= own * (1 + 1e-9)].sum())
        elif type(value) in (int, float):
            unit = leaf.field.locate_given(value, row)[0]
            tails.append(2 * min(unit, 1 - unit))
    numbers = len(tails) - 1
    return mass * min(1.0, max(1, numbers) * min(tails))
