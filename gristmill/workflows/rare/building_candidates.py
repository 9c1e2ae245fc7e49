"""Candidates for the records of a set: scenarios of each role, before any of them was played."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

from gristmill.generators.rare.cube import Cube
from gristmill.generators.rare.problem import Problem
from gristmill.generators.rare.tilt import Tilt
from gristmill.generators.space import Space, Values
from gristmill.recorders.sets import Origin, Role
from gristmill.seeding import numpy_stream

__all__ = ["Candidate", "Candidates", "Failure", "candidates"]

_MORE, _SPARE = 1.25, 8  # controls to draw for each that is wanted, and besides


class Candidate(NamedTuple):
    """A scenario that may become a record.

    Attributes:
        role: what it would be for.
        values: of the scenario.
        log_p: natural logarithm of its nominal density.
        log_weight: that of nominal over proposal density; None where it was not drawn from a known proposal.
        origin: where it comes from.
    """

    role: Role
    values: Values
    log_p: float
    origin: Origin
    log_weight: float | None = None


class Failure(msgspec.Struct, frozen=True, kw_only=True):
    """A scenario that was found to fail, to build a stress record from.

    Attributes:
        values: of the scenario.
        origin: where it comes from.
    """

    values: dict[str, Any]
    origin: Origin


class Candidates(NamedTuple):
    """All candidates of a set, with the parameters of the proposal, what they cover, and what a person should know."""

    candidates: list[Candidate]
    proposal: dict[str, Any]
    coverage: dict[str, Any]
    notes: list[str]


def candidates(
    problem: Problem,
    roles: Mapping[Role, int],
    *,
    seed: int,
    failures: Sequence[Failure] = (),
    calls: int = 6_000,
) -> Candidates:
    """Return candidates for the records of a set.

    Args:
        problem: the event.
        roles: how many records of each role are wanted.
        seed: root seed of the draws.
        failures: scenarios that were found to fail; by default they are searched for.
        calls: scenarios that the search may simulate.
    """
    found: list[Candidate] = []
    proposal: dict[str, Any] = {}
    if count := roles.get("estimating"):
        some, proposal = drawn(problem.space, count, seed)
        found += some
    if count := roles.get("control"):
        found += controls(problem.space, _SPARE + round(_MORE * count), seed)
    return Candidates(found, proposal, {}, [])


def drawn(space: Space, n: int, seed: int) -> tuple[list[Candidate], dict[str, Any]]:
    """Return draws from a known proposal with their weights, and its parameters: nominal, with rare options tilted."""
    cube = Cube(space)
    tilt = Tilt.auto(cube)
    points, rows = cube.uniform(numpy_stream(seed, "estimating"), n, tilt.units)
    weights = tilt.log_weights(tilt.units(points), rows)
    origin = Origin(algorithm="tilted" if tilt.gates else "nominal")
    found = [
        Candidate("estimating", values, space.log_prob(values), origin, float(weight))
        for values, weight in zip(rows, weights, strict=True)
    ]
    return found, {
        "kind": "tilted",
        "gates": [one.path for one in tilt.gates],
        "share": tilt.share,
        "seed": seed,
    }


def controls(space: Space, n: int, seed: int) -> list[Candidate]:
    """Return nominal draws, of which the ones that fail are no controls."""
    cube = Cube(space)
    _, rows = cube.uniform(numpy_stream(seed, "control"), n)
    return [Candidate("control", one, space.log_prob(one), Origin(algorithm="nominal")) for one in rows]
