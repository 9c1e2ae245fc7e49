"""Worlds as problems: a scenario is simulated by playing it, and its severity is that of the episode."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from gristmill import registry
from gristmill.errors import RAISED, UsageError
from gristmill.generators.rare.problem import Outcome, Problem
from gristmill.generators.space import Space, Values
from gristmill.play import play
from gristmill.severity import Kind, Severity, kinds_of, severity_of
from gristmill.types import Episode, Scenario
from gristmill.workflows.run import seat_policies

__all__ = ["graded", "problem_of", "scenario_of"]

Play = Callable[[Sequence[Scenario]], list[Episode]]


def problem_of(
    world: str,
    seats: Mapping[str, str],
    *,
    severity: str = "",
    threshold: float | None = None,
    seed: int = 0,
) -> Problem:
    """Return the problem of an event in a world that given policies play.

    Args:
        world: its spec.
        seats: spec of the policy of each seat; the others get `expert`.
        severity: name of one of the world's severities; the first without.
        threshold: instead of the severity's own.
        seed: root seed of the episodes, each of which is a pure function of it and of the scenario.

    Raises:
        UsageError: when something asked for does not exist, or the world has no Space.
    """
    make = registry.world(world)
    judge = make()
    space = getattr(judge, "space", None)
    if not isinstance(space, Space):
        raise UsageError(f"Expected a world with a Space, got {world}, which has none to search.")
    found, kinds = severity_of(judge, severity), kinds_of(judge)
    policies = seat_policies(world, seats)

    def simulate(rows: Sequence[Values]) -> list[Outcome]:
        scenarios = [scenario_of(judge.id, values) for values in rows]
        return [graded(one, found, kinds) for one in play(make, scenarios, policies, seed=seed)]

    labels = {kind.name: kind.labels for kind in kinds}
    at = found.threshold if threshold is None else threshold
    return Problem(space, simulate, at, clock=found.clock, kinds=labels)


def scenario_of(world: str, values: Values, **rest: Any) -> Scenario:
    """Return the scenario with these values; equal values are one scenario, hence one episode under one seed."""
    return Scenario.of(world, values, **rest)


def graded(episode: Episode, severity: Severity, kinds: Sequence[Kind] = ()) -> Outcome:
    """Return the outcome of an episode.

    Raises:
        UsageError: when the episode ended in an error, which is no grade, or the severity cannot be told.
    """
    if episode.fault is not None:
        raise UsageError(
            f"Expected episodes that can be graded, got an error of {episode.fault.side} ({episode.fault.message}) in "
            f"scenario {episode.scenario.id}."
        )
    try:
        running = tuple(map(float, severity.running(episode))) if severity.running else ()
        return Outcome(float(severity.of(episode)), running, tuple(kind.of(episode) for kind in kinds))
    except RAISED as error:
        raise UsageError(
            f"Expected the severity {severity.name!r} to grade every episode, got {type(error).__name__}: {error} for "
            f"scenario {episode.scenario.id}."
        ) from error
