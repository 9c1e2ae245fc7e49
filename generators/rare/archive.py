"""Which kinds of failure there are: an archive with a cell for each combination of the labels of a problem's kinds.

A cell keeps its most plausible failure, and as long as it has none its most severe scenario, from which new ones are bred:
J.-B. Mouret and J. Clune, Illuminating search spaces by mapping elites, 2015, on the typed fields of a Space.
"""

import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import msgspec
import numpy as np

from gristmill.digest import digest
from gristmill.errors import UsageError
from gristmill.generators.kinds.numbers import normal_quantile
from gristmill.generators.rare.cube import Cube, Floats, from_normal
from gristmill.generators.rare.leaves import leaves, peak
from gristmill.generators.rare.problem import Problem
from gristmill.generators.rare.tilt import Tilt
from gristmill.generators.space import Values
from gristmill.seeding import numpy_stream

__all__ = ["Archive", "Find", "illuminate"]

_BATCH = 100  # scenarios that are simulated at once
_WAYS = (0.1, 0.15, 0.15, 0.6)  # how often each way of breeding is taken
_WAYS_OF_GATES = (0.2, 0.4, 0.4, 0.0)  # the same where there are no real fields
_SCALES = (0.05, 0.2, 0.5)  # of steps as normal numbers
_ALONG = (0.0, 0.3, 1.0)  # of steps along a line, as shares of it
_TRIES = 20  # rounds in a row in which nothing new and legal is bred


class Find(msgspec.Struct, frozen=True, kw_only=True):
    """A scenario that was found.

    Attributes:
        values: of the scenario.
        severity: its grade.
        log_density: under the nominal distribution.
        plausibility: what the log-density has over that of the likeliest values of the same fields: at most 0, but for
            correlated fields.
        kind: its labels.
        call: how many scenarios had been simulated when it was found, itself included.
    """

    values: dict[str, Any]
    severity: float
    log_density: float
    plausibility: float
    kind: tuple[str, ...]
    call: int


class Archive(msgspec.Struct, frozen=True, kw_only=True):
    """What was found.

    Attributes:
        names: of the kinds.
        declared: how many combinations of labels there are.
        met: the combinations that some simulated scenario had, in order; others may be ruled out by the Space.
        failures: the most plausible failure of each combination that has one, the most plausible first.
        calls: scenarios simulated.
    """

    names: tuple[str, ...]
    declared: int
    met: tuple[tuple[str, ...], ...]
    failures: tuple[Find, ...]
    calls: int


class _Elite(NamedTuple):
    """The best scenario of a cell: its units, and what it is ordered by."""

    units: Floats
    rank: tuple[bool, float]
    find: Find


def illuminate(
    problem: Problem,
    *,
    seed: int,
    calls: int = 6_000,
    by: Sequence[str] = (),
    progress: Callable[[int, int], None] | None = None,
) -> Archive:
    """Return the most plausible failure of each kind that can be found.

    Args:
        problem: with kinds.
        seed: root seed; the same one finds the same.
        calls: scenarios to simulate.
        by: names of the kinds to tell apart; all of them without.
        progress: is told the calls so far, and how many cells have a failure.

    Raises:
        UsageError: when the problem has no kinds, or none of a name.
    """
    places = _places(problem, by)
    cube, rng = Cube(problem.space), numpy_stream(seed, "archive")
    found, cells, seen, spent = leaves(problem.space), dict[tuple[str, ...], _Elite](), set[str](), 0
    while spent < calls:
        units, values = _batch(
            cube, rng, [one.units for one in cells.values()], seen, min(_BATCH, calls - spent)
        )
        if not values:
            break  # the Space has no more scenarios
        for column, row, outcome in zip(units.T, values, problem.simulate(values), strict=True):
            spent += 1
            density = problem.space.log_prob(row)
            plausibility = density - peak(found, row)
            kind = tuple(outcome.kind[place] for place in places)
            fails = outcome.severity >= problem.threshold
            rank = (fails, plausibility if fails else outcome.severity)
            if kind not in cells or rank > cells[kind].rank:
                find = Find(
                    values=row,
                    severity=outcome.severity,
                    log_density=density,
                    plausibility=plausibility,
                    kind=kind,
                    call=spent,
                )
                cells[kind] = _Elite(column, rank, find)
        if progress is not None:
            progress(spent, sum(one.rank[0] for one in cells.values()))
    failures = [one.find for one in cells.values() if one.rank[0]]
    names = tuple(problem.kinds)
    return Archive(
        names=tuple(names[place] for place in places),
        declared=math.prod(len(problem.kinds[names[place]]) for place in places),
        met=tuple(sorted(cells)),
        failures=tuple(sorted(failures, key=lambda one: (-one.plausibility, one.kind))),
        calls=spent,
    )


def _places(problem: Problem, by: Sequence[str]) -> list[int]:
    names = list(problem.kinds)
    if not names:
        raise UsageError(
            "Expected a problem with kinds, got one without; a world lists the ways in which its failures differ as `kinds`."
        )
    if unknown := [name for name in by if name not in names]:
        raise UsageError(f"Expected kinds among {', '.join(names)}, got {', '.join(unknown)}.")
    return [names.index(name) for name in by or names]


def _batch(
    cube: Cube, rng: np.random.Generator, elites: Sequence[Floats], seen: set[str], n: int
) -> tuple[Floats, list[Values]]:
    """Return units, [dims, n or fewer], and values of new legal scenarios: drawn while there are no elites, else bred."""
    columns: list[Floats] = []
    rows: list[Values] = []
    since = 0
    while len(rows) < n and since < _TRIES:
        units = _bred(cube, rng, np.stack(elites, axis=1), n) if elites else _drawn(cube, rng, n)
        values, legal = cube.draw(units)
        since += 1
        for place in np.flatnonzero(legal).tolist():
            key = digest(values[place])
            if key not in seen and len(rows) < n:
                seen.add(key)
                columns.append(units[:, place])
                rows.append(values[place])
                since = 0
    return np.stack(columns, axis=1) if columns else np.empty((cube.dims, 0)), rows


def _drawn(cube: Cube, rng: np.random.Generator, n: int) -> Floats:
    """Return units, [dims, n], of which one half is nominal and in the other all options of a gate are alike."""
    units = rng.random((cube.dims, n))
    units[:, ::2] = Tilt(cube, cube.gates, 1.0).units(units[:, ::2])
    return units


def _bred(cube: Cube, rng: np.random.Generator, elites: Floats, n: int) -> Floats:
    """Return units, [dims, n], each of which comes of one elite in one of four ways.

    Fields are drawn anew; a gate takes another option, all of them alike; fields are those of another elite; or all real
    ones take a step as normal numbers, on their own or along the line to another elite, as in V. Vassiliades and
    J.-B. Mouret, Discovering the elite hypervolume by leveraging interspecies correlation, 2018.
    """
    units, others = (elites[:, rng.integers(elites.shape[1], size=n)] for _ in range(2))
    way = rng.choice(len(_WAYS), size=n, p=_WAYS if len(cube.real) else _WAYS_OF_GATES)
    anew, real = way == 0, np.ix_(cube.real, way == 3)
    units[:, anew] = cube.move(units[:, anew], rng, 1.0)[0]
    for place in np.flatnonzero(way == 1).tolist() if cube.gates else ():
        gate = cube.gates[rng.integers(len(cube.gates))]
        option = rng.integers(len(gate.options))
        units[gate.start, place] = gate.edges[option] - gate.probabilities[option] / 2
    for place in np.flatnonzero(way == 2).tolist():
        for part in cube.parts:
            if rng.random() < 0.5:
                units[part.start : part.stop, place] = others[part.start : part.stop, place]
    here, there = normal_quantile(units[real]), normal_quantile(others[real])
    along = rng.choice(_ALONG, size=here.shape[1]) * rng.standard_normal(here.shape[1])
    alone = rng.choice(_SCALES, size=here.shape[1]) * rng.standard_normal(here.shape)
    units[real] = from_normal(here + alone + along * (there - here))
    return units
