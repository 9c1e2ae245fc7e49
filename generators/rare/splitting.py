"""Adaptive multilevel splitting: scenarios climb towards the event from level to level, a share of them at each.

Au and Beck, Estimation of small failure probabilities in high dimensions by subset simulation, 2001; Cérou and Guyader,
Adaptive multilevel splitting for rare event analysis, 2007.
"""

import math
from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from gristmill.generators.rare.cube import Cube, Floats
from gristmill.generators.rare.plan import Member, Plan
from gristmill.generators.rare.problem import Outcome
from gristmill.generators.rare.tilt import Tilt
from gristmill.generators.space import Values

__all__ = ["Asking", "Climb", "Grade", "Moves", "Population", "Refill", "climb", "cut", "splitting"]

_SCALE, _LEAST_SCALE, _WANTED = (
    0.6,
    0.02,
    0.35,
)  # of small steps: the first, the least; how many should be accepted
_GAIN = 1.0  # how quickly the scale follows


class Climb(NamedTuple):
    """How a cube, or a part of it, was climbed; the fields are those of `Replicate`."""

    levels: list[float]
    chances: list[float]
    acceptance: list[float]
    tie_mass: float
    members: list[Member]
    stuck: str

    @property
    def p(self) -> float:
        """How likely the event is, within the part."""
        return min(1.0, sum(math.exp(one.log_weight) for one in self.members))


@dataclass
class Population:
    """Scenarios of a replicate.

    Attributes:
        points: where they are in the tilted cube, [dims, N].
        values: of each.
        outcomes: of each.
        grades: by which they climb, [N].
        ancestors: number of the first scenario that each comes from, [N].
    """

    points: Floats
    values: list[Values]
    outcomes: list[Outcome]
    grades: Floats
    ancestors: NDArray[np.intp]

    def take(self, places: NDArray[np.intp]) -> "Population":
        """Return some of them, some perhaps more than once."""
        return Population(
            self.points[:, places],
            [self.values[place] for place in places],
            [self.outcomes[place] for place in places],
            self.grades[places],
            self.ancestors[places],
        )

    def enter(self, place: int, values: Values, outcome: Outcome, grade: float) -> None:
        """Put another scenario in the place of one."""
        self.values[place], self.outcomes[place], self.grades[place] = values, outcome, grade

    def with_more(self, other: "Population") -> "Population":
        """Return these and others."""
        return Population(
            np.concatenate([self.points, other.points], axis=1),
            self.values + other.values,
            self.outcomes + other.outcomes,
            np.concatenate([self.grades, other.grades]),
            np.concatenate([self.ancestors, other.ancestors]),
        )


Grade = Callable[[Outcome], float]
# What yields scenarios, is sent their outcomes, and returns something: so are many climbs simulated at once.
T = TypeVar("T")
Asking = Generator[list[Values], list[Outcome], T]
# From those above a level, the level and how many there should be, to as many, and the share of moves that succeeded.
Refill = Callable[[Population, float, int], Asking[tuple[Population, float]]]


def splitting(cube: Cube, tilt: Tilt, plan: Plan, rng: np.random.Generator) -> Asking[Climb]:
    """Climb in a cube, or a part of it.

    Those above a level are the starts of as many chains of moves; every state of a chain goes on, so that a chain of
    several moves is as dear as as many copies of its start.
    """
    moves = Moves(cube, tilt, rng, _severity)

    def refill(alive: Population, level: float, size: int) -> Asking[tuple[Population, float]]:
        chains, found, tried, kept = alive, alive, 0, 0
        while (lacking := size - len(found.values)) > 0:
            if lacking < len(chains.values):
                chains = chains.take(rng.permutation(len(chains.values))[:lacking])
            chains, moved = yield from moves.moved(chains, level)
            found = found.with_more(chains)
            tried, kept = tried + len(chains.values), kept + moved
        return found, kept / max(1, tried)

    return (yield from climb(cube, tilt, plan, rng, refill, _severity, plan.threshold))


def _severity(outcome: Outcome) -> float:
    return outcome.severity


class Moves:
    """Moves that keep scenarios above a level, with a scale that follows how many succeed.

    Args:
        cube: of the Space.
        tilt: of the cube.
        rng: of the moves.
        grade: of an outcome.
        fixed: units that stay as they are.
    """

    def __init__(
        self,
        cube: Cube,
        tilt: Tilt,
        rng: np.random.Generator,
        grade: Grade,
        fixed: slice = slice(0, 0),
    ) -> None:
        self._cube, self._tilt, self._rng = cube, tilt, rng
        self._grade, self._fixed, self._scale = grade, fixed, _SCALE

    def moved(self, old: Population, level: float) -> Asking[tuple[Population, int]]:
        """Return scenarios after one move of each, and how many of them are other scenarios.

        What is moved to but illegal or not above the level is not entered; nothing is simulated again where the scenario
        is the same after all.
        """
        points, small = self._cube.move(old.points, self._rng, self._scale)
        points[self._fixed] = old.points[self._fixed]
        values, legal = self._cube.draw(self._tilt.units(points))
        other = np.array([one != before for one, before in zip(values, old.values, strict=True)], bool)
        asked = np.flatnonzero(legal & other)
        outcomes = yield [values[place] for place in asked]
        grades = np.array(list(map(self._grade, outcomes)), float)
        going = np.zeros(len(values), bool)
        going[asked] = grades > level
        if small.any():
            self._scale *= math.exp(_GAIN * (float(going[small].mean()) - _WANTED))
            self._scale = min(1.0, max(_LEAST_SCALE, self._scale))
        new = old.take(np.arange(len(values)))
        # Where the scenario is the same, the point moves without the scenario: to absent fields, for example.
        new.points = np.where(going | (legal & ~other), points, old.points)
        for place, outcome, grade in zip(asked.tolist(), outcomes, grades.tolist(), strict=True):
            if going[place]:
                new.enter(place, values[place], outcome, grade)
        return new, int(going.sum())


def climb(
    cube: Cube,
    tilt: Tilt,
    plan: Plan,
    rng: np.random.Generator,
    refill: Refill,
    grade: Grade,
    threshold: float,
) -> Asking[Climb]:
    """Climb from level to level until a share `keep` of the scenarios are the event.

    Args:
        cube: of the Space.
        tilt: of the cube.
        plan: of the climb.
        rng: of its first scenarios.
        refill: makes scenarios above a level as many again.
        grade: by which they climb.
        threshold: the event is a grade of at least this.
    """
    points, values = cube.uniform(rng, plan.size, tilt.units)
    outcomes = yield values
    grades = np.array(list(map(grade, outcomes)))
    population, first = Population(points, values, outcomes, grades, np.arange(plan.size)), grades
    levels, chances, acceptance, reached, stuck = [], [], [], math.exp(tilt.offset), ""
    while (population.grades >= threshold).mean() < plan.keep:
        level, alive = cut(population.grades, plan.keep)
        # Those that are the event already stay, however many there are.
        if not len(alive) or reached * len(alive) / plan.size < plan.least:
            stuck = (
                f"no severity above {max(one.severity for one in population.outcomes):g}"
                if not len(alive)
                else f"a probability below {plan.least:g} at level {level:g}"
            )
            break
        above = population.take(rng.permutation(alive))
        chances.append(reached * float(np.exp(_logs(tilt, above)).sum()) / plan.size)
        reached *= len(alive) / plan.size
        levels.append(min(population.outcomes[place].severity for place in alive))
        population, moved = yield from refill(above, level, plan.size)
        acceptance.append(moved)
    hits = np.flatnonzero(population.grades >= threshold) if not stuck else np.empty(0, np.intp)
    members = population.take(hits)
    logs = _logs(tilt, members) + math.log(reached / plan.size)
    return Climb(
        levels=levels,
        chances=chances,
        acceptance=acceptance,
        tie_mass=float((first == first.min()).mean()),
        members=_members(members, logs),
        stuck=stuck,
    )


def _logs(tilt: Tilt, some: Population) -> Floats:
    """Return the logarithms of the weights of scenarios, nominal over tilted, as far as they differ."""
    return tilt.log_weights(tilt.units(some.points), some.values) - tilt.offset


def cut(grades: Floats, keep: float) -> tuple[float, NDArray[np.intp]]:
    """Return the next level and the places of those above it, at most a share `keep` of all where ties allow it.

    Those of one grade go on or stay behind together; where the highest alone are more than the share, they all go on.

    Args:
        grades: of all, [N].
        keep: the share that is to go on.
    """
    ordered = np.sort(grades)
    level = float(ordered[len(ordered) - 1 - math.ceil(keep * len(ordered))])
    if level == ordered[-1]:
        lower = ordered[ordered < level]
        if not len(lower):
            return level, np.empty(0, np.intp)
        level = float(lower[-1])
    return level, np.flatnonzero(grades > level)


def _members(found: Population, logs: Floats) -> list[Member]:
    rows: Any = zip(found.values, logs.tolist(), found.outcomes, found.ancestors.tolist(), strict=True)
    return [
        Member(
            values=values,
            log_weight=log,
            severity=outcome.severity,
            ancestor=ancestor,
            kind=list(outcome.kind),
        )
        for values, log, outcome, ancestor in rows
    ]
