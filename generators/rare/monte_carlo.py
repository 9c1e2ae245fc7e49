"""Crude Monte Carlo: scenarios as they come, and how many of them are the event."""

from collections.abc import Sequence

import numpy as np

from gristmill.generators.rare.cube import Cube, Floats
from gristmill.generators.rare.problem import Outcome, Problem
from gristmill.generators.space import Values
from gristmill.seeding import numpy_stream

__all__ = ["batch_of", "hits", "monte_carlo"]

_BATCH = 1_000


def monte_carlo(
    problem: Problem, cube: Cube, seed: int, calls: int, *, start: int = 0, enough: int | None = None
) -> list[Outcome]:
    """Return the outcomes of scenarios drawn from the nominal distribution.

    Args:
        problem: whose scenarios they are.
        cube: of the Space.
        seed: of the draws, of which each batch has a stream of its own.
        calls: how many scenarios.
        start: number of the first batch.
        enough: events, after which no further batch is drawn.
    """
    found: list[Outcome] = []
    batch = start
    while len(found) < calls:
        found += problem.simulate(batch_of(cube, seed, batch, calls - len(found))[1])
        batch += 1
        if enough is not None and hits(found, problem.threshold) >= enough:
            break
    return found


def batch_of(cube: Cube, seed: int, number: int, most: int) -> tuple[Floats, list[Values]]:
    """Return the units and scenarios of a batch, at most so many."""
    return cube.uniform(numpy_stream(seed, "monte carlo", number), min(_BATCH, most))


def hits(outcomes: Sequence[Outcome], threshold: float) -> int:
    """Return how many outcomes are the event."""
    return int(np.count_nonzero([one.severity >= threshold for one in outcomes]))
