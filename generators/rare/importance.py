"""Proposals: distributions of scenarios whose density is known, drawn to where something happens; importance sampling.

What is drawn from one has a weight, nominal over proposal density, with which the rate of any event can be told for any
system, whichever the proposal was made with.
"""

import math
from collections.abc import Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

from gristmill.errors import UsageError
from gristmill.generators.kinds.numbers import normal_quantile
from gristmill.generators.rare.cube import Cube, Floats, from_normal
from gristmill.generators.rare.intervals import weighted_rate
from gristmill.generators.rare.mixture import fitted, log_ratios
from gristmill.generators.rare.plan import Member
from gristmill.generators.rare.problem import Problem
from gristmill.generators.rare.tilt import Tilt
from gristmill.generators.space import Values
from gristmill.seeding import numpy_stream

__all__ = ["ENOUGH", "LATENTS", "Component", "Drawn", "Proposal", "importance", "units_of"]

LATENTS = 20  # up to which the rate under a proposal may be an answer
_FEWEST = 20  # scenarios to fit one
_DRAWS, _LEGAL, _ROUNDS = 20_000, 10_000, 15  # drawn at a time until so many are legal; most rounds
_HOPELESS = 200  # rounds in which next to no draw is legal
ENOUGH = 100  # effective events, from which on the rate under a proposal may be an answer
_PILOT, _MORE = 500, 2.0  # draws that tell how many are needed, and how many more are taken


class Component(msgspec.Struct, frozen=True, kw_only=True):
    """A part of a mixture, in which all fields are independent.

    Attributes:
        weight: of the component.
        gates: how likely each option of each gate is, [gates][options].
        means: of the real units as normal numbers, [R].
        sds: their standard deviations, [R].
    """

    weight: float
    gates: list[list[float]]
    means: list[float]
    sds: list[float]


class Proposal(msgspec.Struct, frozen=True, kw_only=True):
    """A mixture of components and a share of the tilted nominal distribution, which bounds the weights.

    Attributes:
        components: their weights sum to one.
        defensive: share of the tilted nominal distribution (Hesterberg, Weighted average importance sampling and defensive
            mixture distributions, 1995).
        tilt: paths of its tilted gates.
        share: of draws in which their options are alike.
        offset: what is added to logarithms of weights, since more or fewer scenarios are legal than under the nominal
            distribution.
    """

    components: list[Component]
    defensive: float
    tilt: list[str]
    share: float
    offset: float = 0.0

    @classmethod
    def fit(
        cls,
        cube: Cube,
        members: Sequence[Member],
        *,
        seed: int,
        defensive: float = 0.1,
        tilt: Tilt | None = None,
    ) -> "Proposal":
        """Return the proposal that is like weighted scenarios: near misses, or failures.

        Args:
            cube: of the Space.
            members: the scenarios, at least twenty.
            seed: of the fit.
            defensive: share of the tilted nominal distribution.
            tilt: of that; all rare options without.

        Raises:
            UsageError: when there are too few scenarios.
        """
        if len(members) < _FEWEST:
            raise UsageError(f"Expected at least {_FEWEST} scenarios to fit a proposal, got {len(members)}.")
        values = [one.values for one in members]
        logs = np.array([one.log_weight for one in members])
        units, there = units_of(cube, values)
        parts = fitted(cube, units, there, np.exp(logs - logs.max()), numpy_stream(seed, "fit"))
        components = [
            Component(
                weight=weight, gates=[one.tolist() for one in gates], means=means.tolist(), sds=sds.tolist()
            )
            for weight, gates, means, sds in parts
        ]
        tilt = Tilt.auto(cube) if tilt is None else tilt
        found = cls(
            components=components,
            defensive=defensive,
            tilt=[one.path for one in tilt.gates],
            share=tilt.share,
        )
        return found if not cube.space.has_constraint else found._with_offset(cube)

    def sample(self, cube: Cube, rng: np.random.Generator, n: int) -> tuple[Floats, list[Values], Floats]:
        """Return units of legal scenarios, [dims, n], the scenarios, and the logarithms of their weights, [n].

        Raises:
            UsageError: when next to no draw is legal.
        """
        found: list[Floats] = []
        rows: list[Values] = []
        for _ in range(_HOPELESS):
            units = self._units(cube, rng, n)
            values, legal = cube.draw(units)
            found.append(units[:, legal])
            rows += [one for one, good in zip(values, legal, strict=True) if good]
            if len(rows) >= n:
                kept = np.concatenate(found, axis=1)[:, :n]
                return kept, rows[:n], self.log_weights(cube, kept, rows[:n])
        raise UsageError(f"Expected a constraint that some draws meet, got {len(rows)} of {_HOPELESS * n:,}.")

    def log_weights(self, cube: Cube, units: Floats, values: Sequence[Values]) -> Floats:
        """Return the logarithms of nominal over proposal density of scenarios at `units`, [N].

        Fields that are not in a scenario count for nothing.
        """
        tilt = Tilt.named(cube, self.tilt, self.share, 0.0)
        there = _there(cube, values)
        parts = [np.log(self.defensive) - tilt.log_weights(units, values)]
        for one in self.components:
            weight = np.log(one.weight * (1 - self.defensive))
            gates = [np.array(some) for some in one.gates]
            parts.append(
                weight + log_ratios(cube, units, there, gates, np.array(one.means), np.array(one.sds))
            )
        found: Floats = self.offset - np.logaddexp.reduce(parts, axis=0)
        return found

    def _units(self, cube: Cube, rng: np.random.Generator, n: int) -> Floats:
        """Return the units of draws that may be illegal, [dims, n]."""
        shares = [self.defensive, *((1 - self.defensive) * one.weight for one in self.components)]
        which = rng.choice(len(shares), n, p=np.array(shares) / sum(shares))
        points = rng.random((cube.dims, n))
        units = Tilt.named(cube, self.tilt, self.share, 0.0).units(points)
        for number, one in enumerate(self.components, 1):
            some = np.flatnonzero(which == number)
            units[:, some] = self._component(cube, one, points[:, some])
        return units

    def _component(self, cube: Cube, one: Component, points: Floats) -> Floats:
        units = points.copy()
        real = normal_quantile(points[cube.real])
        units[cube.real] = from_normal(np.array(one.means)[:, None] + np.array(one.sds)[:, None] * real)
        for gate, q in zip(cube.gates, one.gates, strict=True):
            units[gate.start] = gate.remapped(points[gate.start], np.array(q))
        return units

    def _with_offset(self, cube: Cube) -> "Proposal":
        rng, here, nominal = numpy_stream(0, "legal"), 0, 0
        for _ in range(_ROUNDS):
            here += int(cube.draw(self._units(cube, rng, _DRAWS))[1].sum())
            nominal += int(cube.draw(rng.random((cube.dims, _DRAWS)))[1].sum())
            if min(here, nominal) >= _LEGAL:
                break
        if not (here and nominal):
            raise UsageError(
                f"Expected a constraint that some draws meet, got {min(here, nominal)} in {_ROUNDS * _DRAWS:,} draws; "
                "widen the fields or loosen the constraint."
            )
        return msgspec.structs.replace(self, offset=math.log(here / nominal))


class Drawn(msgspec.Struct, frozen=True, kw_only=True):
    """What importance sampling found.

    Attributes:
        rate: the estimate.
        error: its standard error.
        low: lower end of the interval.
        high: upper end.
        ess: effective size of the events' weights.
        calls: scenarios simulated, with those for the proposal.
    """

    rate: float
    error: float
    low: float
    high: float
    ess: float
    calls: int


def importance(
    problem: Problem, cube: Cube, proposal: Proposal, seed: int, *, calls: int, precision: float
) -> Drawn:
    """Return the weighted rate of the event under a proposal.

    Args:
        problem: whose event.
        cube: of the Space.
        proposal: that scenarios are drawn from.
        seed: of the draws.
        calls: most scenarios.
        precision: relative error at which it is enough.
    """
    pilot = _drawn(problem, cube, proposal, numpy_stream(seed, "importance", "pilot"), min(_PILOT, calls))
    left = calls - pilot.calls
    # How many is told by other draws: who stops where the error looks small, stops before the heavy weights come.
    short = pilot.error / (precision * pilot.rate) if pilot.rate else math.inf
    needed = pilot.calls * max(short**2, ENOUGH / max(pilot.ess, 1.0)) * _MORE
    if not left:
        return pilot
    found = _drawn(
        problem, cube, proposal, numpy_stream(seed, "importance"), int(min(left, max(_PILOT, needed)))
    )
    return msgspec.structs.replace(found, calls=found.calls + pilot.calls)


def _drawn(problem: Problem, cube: Cube, proposal: Proposal, rng: np.random.Generator, count: int) -> Drawn:
    _, values, logs = proposal.sample(cube, rng, count)
    events = [one.severity >= problem.threshold for one in problem.simulate(values)]
    return Drawn(**weighted_rate(np.exp(logs), events)._asdict(), calls=count)


def units_of(cube: Cube, values: Sequence[Values]) -> tuple[Floats, NDArray[np.bool_]]:
    """Return units that lead to scenarios, [dims, N], and which parts of the cube are in each, [parts, N]."""
    units = np.array([cube.space.locate(one) for one in values], float).T.reshape(cube.dims, len(values))
    return units, _there(cube, values)


def _there(cube: Cube, values: Sequence[Values]) -> NDArray[np.bool_]:
    rows = [
        np.ones(len(values), bool) if part.always else np.array([part.there(one) for one in values], bool)
        for part in cube.parts
    ]
    return np.array(rows, bool).reshape(len(cube.parts), len(values))
