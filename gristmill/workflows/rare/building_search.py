"""What is searched for before a set is built: the proposal of its estimating records, and failures for its stress records."""

import math
from collections.abc import Iterator, Sequence
from functools import cached_property
from itertools import chain
from typing import Any

import msgspec
import numpy as np

from gristmill.digest import digest
from gristmill.errors import UsageError
from gristmill.generators.rare.archive import illuminate
from gristmill.generators.rare.cube import Cube
from gristmill.generators.rare.importance import LATENTS, Proposal
from gristmill.generators.rare.plan import Member, Replicate
from gristmill.generators.rare.prepare import Start, prepare
from gristmill.generators.rare.problem import Problem
from gristmill.generators.rare.replicates import near_misses, pooled, replicate
from gristmill.generators.rare.shrinking import shrink
from gristmill.generators.rare.tilt import Tilt
from gristmill.generators.space import Values
from gristmill.recorders.sets import Origin
from gristmill.types import Scenario

__all__ = ["Failure", "Search"]

_FEWEST, _MOST = 2, 4  # replicates
_NEAR = 4  # replicates that climb to near misses
_OF_ONE = 3  # failures of one ancestor, which are much alike
_SHRUNK = 10  # failures that are made simpler


class Failure(msgspec.Struct, frozen=True, kw_only=True):
    """A scenario that was found to fail.

    Attributes:
        values: of the scenario.
        origin: where it comes from.
    """

    values: dict[str, Any]
    origin: Origin


class Search:
    """What is known of an event before a set of it is built, found out as it is asked for.

    Args:
        problem: the event.
        world: id of the world.
        seed: root seed.
        calls: scenarios that may be simulated, roughly; with none, nothing is searched for.

    Attributes:
        notes: what a person should know of what was found.
    """

    def __init__(self, problem: Problem, world: str, seed: int, calls: int) -> None:
        self._problem, self._world, self._seed, self._calls = problem, world, seed, calls
        self.cube = Cube(problem.space)
        self.notes: list[str] = []

    @cached_property
    def _start(self) -> Start:
        return prepare(self._problem, seed=self._seed, calls=self._calls)

    @cached_property
    def _replicates(self) -> list[Replicate]:
        """Replicates that reached the event; none where it is so frequent that nobody has to climb."""
        plan, before, found = self._start.plan, self._problem.calls, list[Replicate]()
        while plan is not None and len(found) < _MOST:
            found.append(replicate(self._problem, plan, self._seed, len(found)))
            if len(found) >= _FEWEST and self._problem.calls - before >= self._calls / 2:
                break
        if plan is not None and not any(one.p for one in found):
            self.notes.append("no replicate has reached the event")
        return [one for one in found if one.p]

    def proposal(self) -> tuple[Proposal | None, dict[str, Any]]:
        """Return what estimating records are drawn from, and its parameters; None stands for the tilted nominal distribution.

        It is fitted to near misses, so that it suits other systems, too, and as much to what has failed, since near misses
        may be of other kinds; a tenth of it is the tilted nominal distribution, which bounds the weights.
        """
        tilt = Tilt.auto(self.cube)
        tilted = {"kind": "tilted", "gates": [one.path for one in tilt.gates], "share": tilt.share}
        plan = self._start.plan if self._calls else None
        if plan is None or not self._replicates:
            return None, tilted
        if len(self.cube.gates) + len(self.cube.real) > LATENTS:
            self.notes.append(
                f"the proposal is of {len(self.cube.gates) + len(self.cube.real)} latent numbers, above {LATENTS}: look at the "
                "effective number of events before a rate is leant on"
            )
        threshold, members = near_misses(self._problem, plan, self._replicates, self._seed, runs=_NEAR)
        members = [*_whole(members), *_whole(pooled(self._replicates))]
        try:
            found = Proposal.fit(self.cube, members, seed=self._seed, tilt=plan.tilted(self.cube))
        except UsageError as error:
            self.notes.append(f"the proposal is the tilted nominal distribution: {error}")
            return None, tilted
        return found, {"kind": "mixture", "near": threshold, **msgspec.to_builtins(found)}

    def failures(self, n: int) -> list[Failure]:
        """Return different scenarios that fail, the most plausible of each kind first, and of some a simpler one beside it."""
        if not self._calls:
            raise UsageError(
                "Expected failures to build stress records of, or calls to search for them, got neither."
            )
        found, met = list[Failure](), set[str]()
        for one in chain(self._kinds(), self._members()):
            if len(found) >= n:
                break
            for other in self._with_simpler(one, len(found)):
                if (name := digest(other.values)) not in met:
                    met.add(name)
                    found.append(other)
        return found[:n]

    def _kinds(self) -> Iterator[Failure]:
        """Yield the most plausible failure of each kind."""
        if self._problem.kinds:
            archive = illuminate(self._problem, seed=self._seed, calls=self._calls // 2)
            for one in archive.failures:
                yield Failure(values=one.values, origin=Origin(algorithm="archive"))

    def _members(self) -> Iterator[Failure]:
        """Yield what replicates have come to, the most plausible first, and few of one ancestor."""
        members = [(run, one) for run in self._replicates for one in run.members]
        members.sort(key=lambda pair: -self._problem.space.log_prob(pair[1].values))
        counts: dict[tuple[int, int], int] = {}
        for run, one in members:
            key = (run.number, one.ancestor)
            counts[key] = counts.get(key, 0) + 1
            if counts[key] <= _OF_ONE:
                yield Failure(values=one.values, origin=_climbed(run, one.ancestor))

    def _with_simpler(self, one: Failure, number: int) -> Sequence[Failure]:
        """Return a failure and, of the first ones, what of it suffices for the same."""
        if number >= 2 * _SHRUNK:
            return [one]
        kind = self._problem.simulate([one.values])[0].kind
        found = shrink(self._problem, one.values, keep=lambda outcome: outcome.kind == kind)
        source = Scenario.of(self._world, one.values).id
        simpler = msgspec.structs.replace(
            one.origin, algorithm=f"{one.origin.algorithm}, shrunk", shrunk_from=source
        )
        return [one, Failure(values=found.values, origin=simpler)]


def _whole(members: Sequence[Member]) -> list[Member]:
    """Return scenarios with weights that sum to one."""
    total = math.log(sum(math.exp(one.log_weight) for one in members))
    return [msgspec.structs.replace(one, log_weight=one.log_weight - total) for one in members]


def draws(
    search: Search, proposal: Proposal | None, rng: np.random.Generator, n: int
) -> list[tuple[Values, float]]:
    """Return legal scenarios from a proposal, or the tilted nominal distribution, with the logarithms of their weights."""
    if proposal is not None:
        _, rows, logs = proposal.sample(search.cube, rng, n)
    else:
        tilt = Tilt.auto(search.cube)
        points, rows = search.cube.uniform(rng, n, tilt.units)
        logs = tilt.log_weights(tilt.units(points), rows)
    return list(zip(rows, logs.tolist(), strict=True))


def _climbed(run: Replicate, ancestor: int) -> Origin:
    level = run.levels[-1] if run.levels else None
    return Origin(algorithm="splitting", replicate=run.number, level=level, ancestor=ancestor)
