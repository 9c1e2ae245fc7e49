"""The latent cube of a Space: which of its units choose between categories, and how to move in it.

A point is a column of units, `dims` numbers in [0, 1). Under the nominal distribution they are independent and uniform, so a
move that keeps the uniform distribution keeps the nominal one.
"""

from collections.abc import Callable, Sequence
from copy import copy
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gristmill.errors import UsageError
from gristmill.generators.kinds.choices import Choice
from gristmill.generators.kinds.field import Field
from gristmill.generators.kinds.many import Many
from gristmill.generators.kinds.numbers import normal_quantile
from gristmill.generators.space import Space, Values

__all__ = ["RARE", "Cube", "Floats", "Gate", "Part", "from_normal"]

Floats = NDArray[np.float64]
RARE = 0.05  # probability up to which an option is rare
_EVEN = 0.5  # of the probability that it would have if all were alike, and up to which it is rare
_HOPELESS = 200  # rounds in a row of which no draw is legal
# Share of moves that draw fields anew instead of moving all real ones a little: where there are gates, and where not.
_AGAIN, _SELDOM = 0.5, 0.1
_BELOW_ONE = float(np.nextafter(1, 0))


@dataclass(frozen=True, eq=False)
class Part:
    """A field of the Space, or of a record of one of its lists, or the count of a list.

    Attributes:
        path: its name after those of what it is in, such as `weather` or `requests.0.delay`.
        start: its first unit.
        stop: after its last unit.
        always: whether it is in the values of every scenario.
    """

    path: str
    start: int
    stop: int
    always: bool

    @property
    def name(self) -> str:
        """The path without the numbers of records."""
        return ".".join(one for one in self.path.split(".") if not one.isdigit())

    def there(self, values: Values) -> bool:
        """Return whether it is in the values of a scenario."""
        if self.always:
            return True
        at: Any = values
        for one in self.path.split("."):
            if isinstance(at, list):
                if int(one) >= len(at):
                    return False
                at = at[int(one)]
            elif isinstance(at, dict) and one in at:
                at = at[one]
            else:
                return False
        return True


@dataclass(frozen=True, eq=False)
class Gate(Part):
    """A part that is one of some options, with a unit that says which.

    Attributes:
        options: what it can be, in the order of the edges.
        edges: cumulative probabilities, [options], the last of them 1.
    """

    options: tuple[Any, ...]
    edges: Floats

    @property
    def probabilities(self) -> Floats:
        """How likely each option is, [options]."""
        return np.diff(self.edges, prepend=0.0)

    @property
    def rare(self) -> NDArray[np.bool_]:
        """Which options have a probability of at most 5 %, and of at most half of what all alike would have, [options].

        Of many options that are nearly alike none is rare: there is nothing that they would gain by a tilt.
        """
        return self.probabilities <= min(RARE, _EVEN / len(self.options))

    def codes(self, units: Floats) -> NDArray[np.intp]:
        """Return the place of the option at each unit, [N]."""
        return self.edges.searchsorted(units, "right")

    def remapped(self, units: Floats, chances: Floats) -> Floats:
        """Return units at which options are as likely as is said where `units` are drawn evenly, [N].

        Args:
            units: in [0, 1), [N].
            chances: of the options, [options], none of them zero.
        """
        edges = np.cumsum(chances)
        edges[-1] = 1.0
        code = edges.searchsorted(units, "right")
        within = (units - (edges - chances)[code]) / chances[code]
        low = (self.edges - self.probabilities)[code]
        found = low + np.clip(within, 0, 1) * self.probabilities[code]
        # Rounding must not lead into the next option.
        return np.clip(found, low, np.nextafter(self.edges[code], 0))


class Cube:
    """The latent cube of a Space.

    Attributes:
        space: whose it is.
        dims: how many units there are.
        parts: the fields with units, gates among them, in the order of their units.
        gates: those of the parts that choose between options.
        real: places of the units that are no gate's and say something, [R].
        watched: gates by whose rare options scenarios are told apart.
        rare: whether only scenarios with a rare option of one of them are legal, or only those without; None for all.

    Args:
        space: as above.

    Raises:
        UsageError: when an option has no probability.
    """

    def __init__(self, space: Space) -> None:
        self.space, self.dims = space, space.dims
        self.parts: list[Part] = _parts(space, "", 0, always=True)
        self.gates = [one for one in self.parts if isinstance(one, Gate)]
        inner = [one for one in self.parts if not isinstance(one, Gate)]
        self.real = np.array([place for one in inner for place in range(one.start, one.stop)], np.intp)
        self._owner = np.full(self.dims, -1)
        for number, one in enumerate(self.parts):
            self._owner[one.start : one.stop] = number
        self.watched: list[Gate] = []
        self.rare: bool | None = None

    def part(self, watched: Sequence[Gate], *, rare: bool) -> "Cube":
        """Return this cube with only those scenarios legal that have a rare option of one of some gates, or have none."""
        found = copy(self)
        found.watched, found.rare = list(watched), rare
        return found

    def has_rare(self, units: Floats, values: Sequence[Values]) -> NDArray[np.bool_]:
        """Return which scenarios have a rare option of a watched gate, [N]."""
        found = np.zeros(len(values), bool)
        for gate in self.watched:
            some = gate.rare[gate.codes(units[gate.start])]
            found |= some if gate.always else some & np.array([gate.there(one) for one in values], bool)
        return found

    @property
    def is_whole(self) -> bool:
        """Whether every draw is legal."""
        return self.rare is None and not self.space.has_constraint

    def owners(self, places: NDArray[np.intp]) -> NDArray[np.intp]:
        """Return the numbers of the parts that units are of."""
        return self._owner[places]

    def draw(self, units: Floats) -> tuple[list[Values], NDArray[np.bool_]]:
        """Return the scenarios at `units`, [dims, N], and which of them are legal, [N]."""
        values = self.space.values(units)
        legal = np.ones(len(values), bool)
        if self.space.has_constraint:
            legal = np.fromiter(map(self.space.legal, values), bool, len(values))
        if self.rare is not None:
            legal &= self.has_rare(units, values) == self.rare
        return values, legal

    def nominal(self, rng: np.random.Generator, n: int) -> Floats:
        """Return the units of `n` legal scenarios under the nominal distribution, [dims, n].

        Raises:
            UsageError: when next to no draw is legal.
        """
        return self.uniform(rng, n)[0]

    def uniform(
        self, rng: np.random.Generator, n: int, through: Callable[[Floats], Floats] | None = None
    ) -> tuple[Floats, list[Values]]:
        """Return points drawn evenly, [dims, n], such that what they stand for is legal, and the scenarios.

        Args:
            rng: of the points.
            n: how many.
            through: maps points to units, as a `Tilt` does; they are the same without.

        Raises:
            UsageError: when next to no draw is legal.
        """
        found: list[Floats] = []
        rows: list[Values] = []
        since = 0
        while len(rows) < n:
            points = rng.random((self.dims, n))
            values, legal = self.draw(points if through is None else through(points))
            found.append(points[:, legal])
            rows += [one for one, good in zip(values, legal, strict=True) if good]
            since = 0 if legal.any() else since + 1
            if since >= _HOPELESS:
                raise UsageError(
                    f"Expected a constraint that some draws meet, got none in {since * n:,} draws; "
                    "widen the fields or loosen the constraint."
                )
        return np.concatenate(found, axis=1)[:, :n] if found else np.empty((self.dims, 0)), rows[:n]

    def move(
        self, points: Floats, rng: np.random.Generator, scale: float
    ) -> tuple[Floats, NDArray[np.bool_]]:
        """Return where points move to, [dims, N], and which of them only made a small step, [N].

        The even distribution is left as it is, and a move is as likely as the one back. Some points take a step of all their
        real units as normal numbers (preconditioned Crank-Nicolson: Cotter, Roberts, Stuart and White, MCMC methods for
        functions, 2013); the others draw a field anew, or two, four and so on, each half as often: half of them where
        there are gates, else a tenth. Who finds what they move to illegal, or below a level, keeps the old point.

        Args:
            points: where they are, [dims, N].
            rng: of the moves.
            scale: of the steps, from 0, which leaves a point where it is, to 1, which draws all anew.
        """
        again = (_AGAIN if self.gates else _SELDOM) if len(self.real) else 1.0
        small: NDArray[np.bool_] = np.asarray(rng.random(points.shape[1]) >= again)
        moved = points.copy()
        if small.any():
            at = np.ix_(self.real, small)
            normal = normal_quantile(points[at])
            step = rng.standard_normal(normal.shape)
            moved[at] = from_normal(np.sqrt(1 - scale**2) * normal + scale * step)
        if not small.all() and self.parts:
            some = np.flatnonzero(~small)
            moved[:, some] = self._drawn_anew(points[:, some], rng)
        return moved, small

    def _drawn_anew(self, points: Floats, rng: np.random.Generator) -> Floats:
        """Return points of each of which 2**k random fields are drawn anew, [dims, N], with a probability of 2**-(k + 1)."""
        most = max(0, len(self.parts).bit_length() - 2)
        several = 2 ** np.minimum(rng.geometric(0.5, points.shape[1]) - 1, most)
        chosen = rng.random((len(self.parts), points.shape[1])).argsort(axis=0).argsort(axis=0) < several
        mask = chosen[self._owner] & (self._owner >= 0)[:, None]
        return np.where(mask, rng.random(points.shape), points)


def from_normal(normal: Floats) -> Floats:
    """Return the units at which a standard normal has these quantiles."""
    from scipy.special import ndtr

    found: Floats = np.minimum(ndtr(normal), _BELOW_ONE)
    return found


def _parts(space: Space, before: str, start: int, *, always: bool) -> list[Part]:
    """Return the parts of a Space whose units begin at `start`, and whose names follow `before`."""
    found: list[Part] = []
    for name, field in space.fields.items():
        found += _parts_of(field, before + name, start, always=always and not field.condition)
        start += field.dims
    return found


def _parts_of(field: Field, path: str, start: int, *, always: bool) -> list[Part]:
    if isinstance(field, Space):
        return _parts(field, f"{path}.", start, always=always)
    if isinstance(field, Choice):
        return _gate(field, path, start, always=always)
    if isinstance(field, Many):
        found, size = _gate(field.counts, path, start, always=always), field.space.dims
        fewest = min(field.counts.options)
        for item in range(max(field.counts.options)):
            place = start + 1 + size * item
            found += _parts(field.space, f"{path}.{item}.", place, always=always and item < fewest)
        return found
    return [Part(path, start, start + field.dims, always)] if field.dims else []


def _gate(field: Choice, path: str, start: int, *, always: bool) -> list[Part]:
    for option, weight in zip(field.options, field.weights, strict=True):
        if not weight:
            raise UsageError(
                f"Expected options that are possible, got {option!r} of {path!r} with a probability of 0; "
                "leave it out or give it one."
            )
    if len(field.options) == 1:
        return []
    return [Gate(path, start, start + 1, always, tuple(field.options), np.array(field.edges))]
