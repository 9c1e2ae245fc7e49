"""Worlds as problems: a scenario is simulated by playing it, and its severity is that of the episode."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from gristmill import registry
from gristmill.errors import RAISED, UsageError
from gristmill.generators.conditioning import conditioned
from gristmill.generators.rare.problem import Outcome, Problem
from gristmill.generators.space import Space, Values
from gristmill.play import play
from gristmill.policy import Policy
from gristmill.severity import Kind, Severity, kinds_of, severity_of
from gristmill.types import Episode, Scenario
from gristmill.workflows.run import seat_policies
from gristmill.world import World

__all__ = ["Event", "System", "graded", "problem_of"]


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """A rare event of a world that given policies play, as plain data.

    Attributes:
        world: its spec.
        seats: spec of the policy of each seat; the others get `expert`.
        severity: name of one of the world's severities, or a place in a file, `path.py:name`; the first without.
        threshold: instead of the severity's own.
        fix: values of fields that are not drawn; all is then given those.
        seed: root seed of the episodes, each of which is a pure function of it and of the scenario.
    """

    world: str
    seats: dict[str, str] = {}
    severity: str = ""
    threshold: float | None = None
    fix: dict[str, Any] = {}
    seed: int = 0


class System:
    """An event with what it takes to bring it about: the world, the policies, the grade.

    Attributes:
        event: as plain data, all seats named.
        judge: an instance of the world that is asked and not played.
        space: of the scenarios, given what is fixed.
        severity: the grade.
        threshold: the event is a grade of at least this.
        kinds: the ways in which failures differ.
        policies: by seat.

    Raises:
        UsageError: when something asked for does not exist, or the world has no Space.
    """

    def __init__(self, event: Event) -> None:
        self._make = registry.world(event.world)
        self.judge: World = self._make()
        self.space = _space(self.judge, event)
        self.severity = severity_of(self.judge, event.severity)
        self.threshold = self.severity.threshold if event.threshold is None else event.threshold
        self.kinds: tuple[Kind, ...] = kinds_of(self.judge)
        self.policies: dict[str, Policy] = seat_policies(event.world, event.seats)
        self.event = msgspec.structs.replace(
            event, seats={seat: policy.name for seat, policy in self.policies.items()}
        )

    def play(self, rows: Sequence[Values]) -> list[Episode]:
        """Return the episodes of scenarios with these values."""
        # Equal values are one scenario, hence one episode under one seed.
        scenarios = [Scenario.of(self.judge.id, values) for values in rows]
        return list(play(self._make, scenarios, self.policies, seed=self.event.seed))

    def outcomes(self, rows: Sequence[Values]) -> list[Outcome]:
        """Return how scenarios with these values end."""
        return [graded(one, self.severity, self.kinds) for one in self.play(rows)]

    def problem(self) -> Problem:
        """Return what is asked, with no call made."""
        labels = {kind.name: kind.labels for kind in self.kinds}
        return Problem(self.space, self.outcomes, self.threshold, clock=self.severity.clock, kinds=labels)


def problem_of(
    world: str,
    seats: Mapping[str, str],
    *,
    severity: str = "",
    threshold: float | None = None,
    fix: Mapping[str, Any] | None = None,
    seed: int = 0,
) -> Problem:
    """Return the problem of an event, see `Event` and `System`.

    Raises:
        UsageError: when something asked for does not exist, or the world has no Space.
    """
    event = Event(
        world=world, seats=dict(seats), severity=severity, threshold=threshold, fix=dict(fix or {}), seed=seed
    )
    return System(event).problem()


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
        found = Outcome(float(severity.of(episode)), running, tuple(kind.of(episode) for kind in kinds))
    except RAISED as error:
        raise UsageError(
            f"Expected the severity {severity.name!r} to grade every episode, got {type(error).__name__}: {error} for "
            f"scenario {episode.scenario.id}."
        ) from error
    if not math.isfinite(found.severity):
        raise UsageError(
            f"Expected a severity that is a finite number, got {found.severity} for scenario {episode.scenario.id}."
        )
    return found


def _space(judge: World, event: Event) -> Space:
    space = getattr(judge, "space", None)
    if not isinstance(space, Space):
        raise UsageError(f"Expected a world with a Space, got {event.world}, which has none to search.")
    return conditioned(space, event.fix) if event.fix else space
