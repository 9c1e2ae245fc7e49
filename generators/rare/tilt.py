"""Tilting: rare options of a Space are drawn more often, and every scenario gets the weight that makes up for it.

Behind an option that no scenario of a sample has, no method that climbs can find anything.
"""

from collections.abc import Sequence

import numpy as np

from gristmill.errors import unknown
from gristmill.generators.rare.cube import Cube, Floats, Gate
from gristmill.generators.space import Values
from gristmill.seeding import numpy_stream

__all__ = ["Tilt", "rare_gates"]

_SHARE = 0.5  # of draws in which all options are alike
_SPREAD = 8.0  # most that the second moment of the weights may be
_DRAWS = 20_000  # of which it is told how many are legal


class Tilt:
    """Some gates of a cube, of which each is drawn from `(1 - share) * nominal + share * even`.

    The weight of a scenario is that of its gates, nominal over tilted. Gates that are not in its values count for nothing:
    what happens does not depend on them.

    Attributes:
        gates: which.
        share: as above.
        offset: what is added to logarithms of weights, since fewer or more scenarios are legal than under the nominal
            distribution, or only a part of the cube is drawn from.

    Args:
        cube: of the gates.
        gates: as above.
        share: as above; where there is none, the greatest up to 0.5 with which the second moment of the weights,
            `prod(sum(p**2 / q))` over all gates, is at most 8, so that many gates are tilted little each.
        offset: as above, where it is known.
    """

    def __init__(
        self, cube: Cube, gates: Sequence[Gate], share: float | None = None, offset: float | None = None
    ) -> None:
        self.cube, self.gates = cube, list(gates)
        self.share = _share(self.gates) if share is None else share
        self._tilted = [_mixed(one, self.share) for one in self.gates]
        self._log = [
            np.log(one.probabilities) - np.log(q) for one, q in zip(self.gates, self._tilted, strict=True)
        ]
        self.offset = self._offset() if offset is None else offset

    @classmethod
    def auto(cls, cube: Cube) -> "Tilt":
        """Return the tilt of all gates that have an option of a probability of at most 5 %."""
        return cls(cube, rare_gates(cube))

    @classmethod
    def named(cls, cube: Cube, names: Sequence[str], share: float | None = None) -> "Tilt":
        """Return the tilt of gates by their paths, in which numbers of records may be left out.

        Raises:
            UsageError: when there is no such gate.
        """
        for name in names:
            if not any(name in (one.path, one.name) for one in cube.gates):
                raise unknown("gate", name, {one.name for one in cube.gates})
        return cls(cube, [one for one in cube.gates if {one.path, one.name} & set(names)], share)

    def units(self, points: Floats) -> Floats:
        """Return the units that points stand for, [dims, N]: evenly drawn points give tilted options."""
        found = points.copy() if self.gates else points
        for gate, q in zip(self.gates, self._tilted, strict=True):
            found[gate.start] = gate.remapped(points[gate.start], q)
        return found

    def log_weights(self, units: Floats, values: Sequence[Values]) -> Floats:
        """Return the logarithm of nominal over tilted density of scenarios at `units`, [N]."""
        total = np.full(len(values), self.offset)
        for gate, log in zip(self.gates, self._log, strict=True):
            some = log[gate.codes(units[gate.start])]
            if not gate.always:
                some = np.where([gate.there(one) for one in values], some, 0.0)
            total += some
        return total

    def _offset(self) -> float:
        """Return the logarithm of the share of tilted draws that are legal over that of nominal draws of the whole cube."""
        cube = self.cube
        if cube.is_whole or (not self.gates and cube.rare is None):
            return 0.0
        if not cube.space.has_constraint and all(one.always for one in cube.watched):
            laws = dict(zip([one.path for one in self.gates], self._tilted, strict=True))
            common = float(
                np.prod([1 - laws.get(one.path, one.probabilities)[one.rare].sum() for one in cube.watched])
            )
            return float(np.log(1 - common if cube.rare else common))
        points = numpy_stream(0, "legal").random((cube.dims, _DRAWS))
        tilted = cube.draw(self.units(points))[1].mean()
        nominal = Cube(cube.space).draw(points)[1].mean()
        return float(np.log(tilted) - np.log(nominal)) if nominal and tilted else 0.0


def rare_gates(cube: Cube) -> list[Gate]:
    """Return the gates that have an option of a probability of at most 5 %."""
    return [one for one in cube.gates if one.rare.any()]


def _mixed(gate: Gate, share: float) -> Floats:
    return (1 - share) * gate.probabilities + share / len(gate.options)


def _share(gates: Sequence[Gate]) -> float:
    def spread(share: float) -> float:
        return float(sum(np.log((one.probabilities**2 / _mixed(one, share)).sum()) for one in gates))

    low, high = 0.0, _SHARE
    if spread(high) <= np.log(_SPREAD):
        return high
    for _ in range(30):
        middle = (low + high) / 2
        low, high = (middle, high) if spread(middle) <= np.log(_SPREAD) else (low, middle)
    return low
