"""Tilting: rare options of a Space are drawn more often, and every scenario gets the weight that makes up for it.

Behind an option that no scenario of a sample has, no method that climbs can find anything.
"""

import math
from collections.abc import Sequence
from functools import cached_property

import numpy as np

from gristmill.errors import UsageError, unknown
from gristmill.generators.rare.cube import Cube, Floats, Gate
from gristmill.generators.space import Values
from gristmill.seeding import numpy_stream

__all__ = ["Tilt", "rare_gates"]

_SHARE = 0.5  # of draws in which all options are alike
_SPREAD = 8.0  # most that the second moment of the weights may be
# Drawn at a time until so many are legal, which is told to 1 % then; most rounds.
_DRAWS, _LEGAL, _ROUNDS = 20_000, 10_000, 15


class Tilt:
    """Some gates of a cube, of which each is drawn from `(1 - share) * nominal + share * even`.

    The weight of a scenario is that of its gates, nominal over tilted. Gates that are not in its values count for nothing:
    what happens does not depend on them.

    Attributes:
        gates: which.
        share: as above.

    Args:
        cube: of the gates.
        gates: as above.
        share: as above; where there is none, the greatest up to 0.5 with which the second moment of the weights,
            `prod(sum(p**2 / q))` over all gates, is at most 8, so that many gates are tilted little each.
        offset: the one below, where it is known.
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
        if offset is not None:
            self.offset = offset

    @classmethod
    def auto(cls, cube: Cube) -> "Tilt":
        """Return the tilt of all gates that have a rare option, see `Gate.rare`."""
        return cls(cube, rare_gates(cube))

    @classmethod
    def named(
        cls, cube: Cube, names: Sequence[str], share: float | None = None, offset: float | None = None
    ) -> "Tilt":
        """Return the tilt of gates by their paths, in which numbers of records may be left out.

        Raises:
            UsageError: when there is no such gate.
        """
        for name in names:
            if not any(name in (one.path, one.name) for one in cube.gates):
                raise unknown("gate", name, {one.name for one in cube.gates})
        return cls(cube, [one for one in cube.gates if {one.path, one.name} & set(names)], share, offset)

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

    @cached_property
    def offset(self) -> float:
        """What is added to logarithms of weights, since other scenarios are legal or only a part of the cube is drawn from.

        It is the logarithm of the share of tilted draws that are legal over that of nominal draws of the whole cube, minus
        infinity where no tilted draw is.
        """
        cube = self.cube
        if cube.is_whole or (not self.gates and cube.rare is None):
            return 0.0
        if not cube.space.has_constraint and all(one.always for one in cube.watched):
            laws = dict(zip([one.path for one in self.gates], self._tilted, strict=True))
            common = float(
                np.prod([1 - laws.get(one.path, one.probabilities)[one.rare].sum() for one in cube.watched])
            )
            share = 1 - common if cube.rare else common
            return math.log(share) if share > 0 else -math.inf
        rng, whole, tilted, nominal = numpy_stream(0, "legal"), Cube(cube.space), 0, 0
        for _ in range(_ROUNDS):
            points = rng.random((cube.dims, _DRAWS))
            tilted += int(cube.draw(self.units(points))[1].sum())
            nominal += int(whole.draw(points)[1].sum())
            if min(tilted, nominal) >= _LEGAL:
                break
        if not nominal:
            raise UsageError(
                f"Expected a constraint that some draws meet, got none in {_ROUNDS * _DRAWS:,} draws; "
                "widen the fields or loosen the constraint."
            )
        return math.log(tilted / nominal) if tilted else -math.inf


def rare_gates(cube: Cube) -> list[Gate]:
    """Return the gates that have a rare option."""
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
