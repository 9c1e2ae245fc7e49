"""What a coverage set varies: fields with a few options, and numbers in bands; not to be there is a level too."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

from gristmill.errors import UsageError, unknown
from gristmill.generators.fields import Choice
from gristmill.generators.kinds.field import Field, same
from gristmill.generators.kinds.placed import placed
from gristmill.generators.rare.cube import Floats
from gristmill.generators.rare.leaves import Leaf, Path, leaves, present
from gristmill.generators.space import Space, Values

__all__ = ["EDGES", "Factor", "Factors", "Gain"]

EDGES = (0.1, 0.9)  # shares of a number's nominal mass between its bands
_OPTIONS = 16  # of a field; what has more is a name
_NUMBERS = (int, float)
Gain = Callable[[Mapping[int, int], int, int], int]  # from levels so far, a place and a level


class Factor(NamedTuple):
    """A field that is varied.

    Attributes:
        leaf: the field.
        labels: its levels in words, that of not being there at the end if there is one.
        starts: the options that are its levels; of a number the values with which those after the first begin.
        edges: units between the levels at which it is there, ascending.
        needs: other factors by their places, and the levels of them with all of which it is there.
    """

    leaf: Leaf
    labels: tuple[str, ...]
    starts: tuple[Any, ...]
    edges: tuple[float, ...]
    needs: tuple[tuple[int, frozenset[int]], ...]

    @property
    def absent(self) -> int:
        """The level of not being there, beyond all others."""
        return len(self.edges) + 1

    def level(self, value: Any) -> int:
        """Return the level of a value."""
        if isinstance(self.leaf.field, Choice):
            return next(level for level, option in enumerate(self.starts) if same(option, value))
        return sum(value >= start for start in self.starts)

    def there(self, levels: Mapping[int, int]) -> bool:
        """Return whether it is there beside these levels of other factors, by their places."""
        return all(levels[place] in allowed for place, allowed in self.needs)


class Factors:
    """The factors of a Space, what others depend on first.

    Of a list, the number of its records is one, and so are the fields of its first record.

    Args:
        space: as above.
        only: names of fields to vary, those in records after the name of the list and a dot, beside which those that they
            depend on are varied; all of them without.
        edges: shares of a number's nominal mass between its bands, ascending.

    Attributes:
        found: the factors.

    Raises:
        UsageError: when there are fewer than two, a name is unknown, or the edges are not between 0 and 1.
    """

    def __init__(self, space: Space, only: Sequence[str] = (), edges: Sequence[float] = EDGES) -> None:
        if list(edges) != sorted({*edges}) or not all(0 < one < 1 for one in edges):
            raise UsageError(f"Expected ascending shares between 0 and 1, got {list(edges)}.")
        self.space = space
        every = [leaf for leaf in leaves(space) if not any(one for one in leaf.path if isinstance(one, int))]
        levels = {leaf.path: found for leaf in every if (found := _levels(leaf.field, edges))}
        names = {_plain(leaf) for leaf in every if leaf.path in levels}
        for name in only:
            if name not in names:
                raise unknown("field to vary", name, names)
        wanted = _with_needs(every, [leaf for leaf in every if not only or _plain(leaf) in only])
        self.found: list[Factor] = []
        for leaf in every:
            if leaf.path in levels and leaf.path in wanted:
                self._add(Factor(leaf, *levels[leaf.path], ()))
        if len(self.found) < 2:
            raise UsageError(
                f"Expected at least two fields with a few options or of numbers, got {len(self.found)}."
            )

    def of(self, values: Values) -> list[int]:
        """Return the level of each factor in a scenario."""
        there = {leaf.path: value for leaf, value, _ in present([one.leaf for one in self.found], values)}
        return [
            one.level(there[one.leaf.path]) if one.leaf.path in there else one.absent for one in self.found
        ]

    def completed(
        self, fixed: Mapping[int, int], rng: np.random.Generator, gain: Gain | None = None
    ) -> dict[int, int] | None:
        """Return a level for every factor, by its place, None if conditions allow none with those that are fixed.

        Args:
            fixed: levels of some factors.
            rng: chooses between levels that are as good.
            gain: tells how good a level is beside those chosen before; all are alike without.
        """
        needed = set(fixed)
        for place in reversed(range(len(self.found))):
            if place in needed:
                needed |= {other for other, _ in self.found[place].needs}
        levels = next(self._with(sorted(needed), {}, fixed, rng), None)
        if levels is None:
            return None
        rest = [place for place in rng.permutation(len(self.found)).tolist() if place not in needed]
        # Stable, so that those with needs are in their order, after all others.
        for place in sorted(rest, key=lambda place: place if self.found[place].needs else -1):
            one = self.found[place]
            if not one.there(levels):
                levels[place] = one.absent
            elif gain is None:
                levels[place] = int(rng.integers(one.absent))
            else:
                found = [gain(levels, place, level) for level in range(one.absent)]
                levels[place] = int(rng.choice(np.flatnonzero(np.array(found) == max(found))))
        return levels

    def _with(
        self,
        places: Sequence[int],
        levels: dict[int, int],
        fixed: Mapping[int, int],
        rng: np.random.Generator,
    ) -> Iterator[dict[int, int]]:
        """Yield levels of all places, what others need before them, that agree with those that are fixed."""
        if not places:
            yield dict(levels)
            return
        place, *rest = places
        one = self.found[place]
        possible = rng.permutation(one.absent).tolist() if one.there(levels) else [one.absent]
        for level in possible:
            if fixed.get(place, level) == level:
                yield from self._with(rest, {**levels, place: level}, fixed, rng)

    def units(self, rows: Sequence[Mapping[int, int]], rng: np.random.Generator) -> Floats:
        """Return units, [dims, rows], at which the factors have these levels, by their places; all else is nominal."""
        units = rng.random((self.space.dims, len(rows)))
        for place, one in enumerate(self.found):
            ends = np.array((0.0, *one.edges, 1.0))
            level = np.array([row[place] for row in rows])
            there = level < one.absent
            low, high = ends[level[there]], ends[level[there] + 1]
            within = low + (high - low) * units[one.leaf.start, there]
            units[one.leaf.start, there] = np.minimum(within, np.nextafter(high, 0))
        return units

    def _add(self, factor: Factor) -> None:
        """Add a factor, with what it depends on as far as that is a factor too."""
        places, needs = {one.leaf.path: place for place, one in enumerate(self.found)}, []
        for path, allowed in factor.leaf.needs:
            other = self.found[places[path]] if path in places else None
            if other is not None and isinstance(other.leaf.field, Choice):
                options = [*other.starts, *([None] if other.needs else [])]
                levels = frozenset(level for level, option in enumerate(options) if _among(option, allowed))
                needs.append((places[path], levels))
        labels = (*factor.labels, "absent") if needs else factor.labels
        self.found.append(factor._replace(labels=labels, needs=tuple(needs)))


def _levels(
    field: Field, edges: Sequence[float]
) -> tuple[tuple[str, ...], tuple[Any, ...], tuple[float, ...]] | None:
    """Return labels, starts and edges of a field's levels, None of a field that is not varied."""
    if isinstance(field, Choice):
        likely = [
            (option, end)
            for option, weight, end in zip(field.options, field.weights, field.edges.tolist(), strict=True)
            if weight
        ]
        options, ends = zip(*likely, strict=True)
        return (tuple(map(str, options)), options, ends[:-1]) if 2 <= len(options) <= _OPTIONS else None
    if placed(field) or field.dims != 1 or type(field.mode) not in _NUMBERS:
        return None
    # Of whole numbers, several bands may begin with the same one, or with the least.
    starts = {field.draw([edge]): edge for edge in edges}
    starts.pop(field.draw([0.0]), None)
    if not starts:
        return None
    shown = [f"{one:.4g}" for one in starts]
    middle = [f"{one} to {other}" for one, other in pairwise(shown)]
    return (f"below {shown[0]}", *middle, f"from {shown[-1]}"), tuple(starts), tuple(starts.values())


def _plain(leaf: Leaf) -> str:
    return ".".join(one for one in leaf.path if isinstance(one, str))


def _with_needs(every: Sequence[Leaf], some: Sequence[Leaf]) -> set[Path]:
    """Return the paths of some leaves and of those that they depend on."""
    needs = {leaf.path: [path for path, _ in leaf.needs] for leaf in every}
    found, todo = set[Path](), [leaf.path for leaf in some]
    while todo:
        path = todo.pop()
        if path not in found:
            found.add(path)
            todo += needs.get(path, ())
    return found


def _among(option: object, allowed: frozenset[object]) -> bool:
    return not isinstance(option, (list, dict)) and option in allowed
