"""The boiler whose rare event has a known probability, for tests of what is done with sets of it."""

from collections.abc import Mapping
from pathlib import Path
from statistics import NormalDist
from typing import Any

from gristmill.recorders.sets import EvaluationSet, Role
from gristmill.workflows.rare.building import build
from tests.fixtures import boilers

WORLD = f"{boilers.__file__}:Boiler"
LAZY = {"agent": "lazy"}


def built(
    out: Path,
    roles: Mapping[Role, int],
    seats: Mapping[str, str] = LAZY,
    *,
    world: str = WORLD,
    calls: int = 0,
    **rest: Any,
) -> EvaluationSet:
    """A set of the boiler in a folder, by default without a search."""
    return build(world, seats, out, roles=roles, calls=calls, **rest)


def truth(share: float = 0.0, limit: float = boilers.LIMIT) -> float:
    """How likely too much pressure is with who opens the valve by a share of what the gauge says."""
    tail = NormalDist(0, 1 - share)
    pairs = zip(boilers.CHANCES, boilers.LEAKS.values(), strict=True)
    return sum(chance * (1 - tail.cdf(limit - leak)) for chance, leak in pairs)
