"""Sets that cover a Space: every combination of levels of any two fields, or of any t, is in some scenario.

Combinations that conditions or the constraint of the Space rule out are not asked for. Rows are made one after the other,
each the best of some, of which every one begins with a combination that is missing and takes level by level what adds most:
D. Cohen, S. Dalal, M. Fredman and G. Patton, The AETG system: an approach to testing based on combinatorial design, 1997.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import combinations, product
from typing import Any

import msgspec
import numpy as np

from gristmill.errors import UsageError
from gristmill.generators.rare.coverage_factors import EDGES, Factors
from gristmill.generators.space import Space, Values
from gristmill.seeding import numpy_stream

__all__ = ["Combination", "Coverage", "combinations_in", "cover"]

Combination = tuple[tuple[int, int], ...]  # places of factors, ascending, and the level of each
_DRAWS = 2_000  # of a Space with a constraint, by which most combinations prove to be legal
_TRIES = (1, 15, 200)  # draws, of which none is legal, after which a combination counts as ruled out
_CANDIDATES = 10  # rows of which the next one is the best
_BEST = 3  # of them that are tried
_LEAST, _MOST = 2, 4  # of the strength


class Coverage(msgspec.Struct, frozen=True, kw_only=True):
    """A set that covers a Space.

    Attributes:
        scenarios: the values of each.
        strength: of how many fields all combinations are in it.
        factors: the levels of each field that is varied, by its name.
        possible: how many combinations there are that neither conditions nor the constraint rule out.
        covered: how many of them are in some scenario, counted in the scenarios themselves.
        excluded: how many more conditions would allow; of those no draw was legal, or had numbers so correlated.
    """

    scenarios: tuple[dict[str, Any], ...]
    strength: int
    factors: dict[str, tuple[str, ...]]
    possible: int
    covered: int
    excluded: int

    @property
    def share(self) -> float:
        """The share of possible combinations that is covered."""
        return self.covered / self.possible


def cover(
    space: Space, *, seed: int, strength: int = 2, fields: Sequence[str] = (), edges: Sequence[float] = EDGES
) -> Coverage:
    """Return few scenarios that have all combinations of levels; what is not varied is drawn as it usually is.

    Args:
        space: to cover.
        seed: root seed.
        strength: two for pairs, three for triples, four at most.
        fields: names of the fields to vary; all that have a few options or are numbers without.
        edges: shares of a number's nominal mass between the bands that are its levels.

    Raises:
        UsageError: when there is too little to vary, or the strength is too high.
    """
    factors = Factors(space, fields, edges)
    if not _LEAST <= strength <= min(_MOST, len(factors.found)):
        most = min(_MOST, len(factors.found))
        raise UsageError(f"Expected a strength from {_LEAST} to {most}, got {strength}.")
    rng = numpy_stream(seed, "coverage")
    wanted = {one for one in _every(factors, strength) if factors.completed(dict(one), rng) is not None}
    excluded: set[Combination] = set()
    if space.has_constraint or space.correlated:
        excluded = _ruled_out(factors, wanted, strength, rng)
    wanted -= excluded
    found, missing = list[Values](), set(wanted)
    while missing:
        values = _next(factors, missing, strength, rng)
        if values is None:
            break
        found.append(values)
        missing -= combinations_in(factors.of(values), strength)
    return Coverage(
        scenarios=tuple(found),
        strength=strength,
        factors={one.leaf.name: one.labels for one in factors.found},
        possible=len(wanted),
        covered=len(wanted) - len(missing),
        excluded=len(excluded),
    )


def combinations_in(levels: Sequence[int], strength: int) -> set[Combination]:
    """Return the combinations of so many factors in the levels of a scenario."""
    return set(combinations(enumerate(levels), strength))


def _every(factors: Factors, strength: int) -> Iterator[Combination]:
    """Yield all combinations of levels, those that conditions rule out among them."""
    levels = [[(place, level) for level in range(len(one.labels))] for place, one in enumerate(factors.found)]
    for some in combinations(levels, strength):
        yield from product(*some)


def _ruled_out(
    factors: Factors, wanted: Iterable[Combination], strength: int, rng: np.random.Generator
) -> set[Combination]:
    """Return the combinations of which no draw is legal."""
    rows = [row for _ in range(_DRAWS) if (row := factors.completed({}, rng)) is not None]
    drawn = filter(factors.space.legal, factors.space.values(factors.units(rows, rng)))
    seen = {one for values in drawn for one in combinations_in(factors.of(values), strength)}
    found = set()
    for one in sorted(set(wanted) - seen):
        if one not in seen:
            values = _realised(factors, dict(one), rng)
            if values is None:
                found.add(one)
            else:
                seen |= combinations_in(factors.of(values), strength)
    return found


def _next(
    factors: Factors, missing: set[Combination], strength: int, rng: np.random.Generator
) -> Values | None:
    """Return a scenario with many of the missing combinations, with one of them at least; None where none is found."""

    def gain(levels: Mapping[int, int], place: int, level: int) -> int:
        others = combinations(levels.items(), strength - 1)
        return sum(tuple(sorted((*one, (place, level)))) in missing for one in others)

    def covered(row: Mapping[int, int]) -> int:
        return sum(tuple(sorted(one)) in missing for one in combinations(row.items(), strength))

    firsts = sorted(missing)
    rows = [
        row
        for place in rng.integers(len(firsts), size=_CANDIDATES).tolist()
        if (row := factors.completed(dict(firsts[place]), rng, gain)) is not None
    ]
    # Where a constraint rules out the whole row, its combinations may go with others.
    for fixed in [*sorted(rows, key=covered, reverse=True)[:_BEST], *map(dict, firsts)]:
        if (values := _realised(factors, fixed, rng)) is not None:
            return values
    return None


def _realised(factors: Factors, fixed: Mapping[int, int], rng: np.random.Generator) -> Values | None:
    """Return a legal scenario with some levels, all else as usual, None where none is found."""
    for several in _TRIES:
        rows = [row for _ in range(several) if (row := factors.completed(fixed, rng)) is not None]
        values = factors.space.values(factors.units(rows, rng))
        for one in filter(factors.space.legal, values):
            got = factors.of(one)
            if all(got[place] == level for place, level in fixed.items()):
                return one
    return None
