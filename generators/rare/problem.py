"""What is asked: a Space, a graded severity of its scenarios, and the threshold from which it is the event."""

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

from gristmill.errors import UsageError
from gristmill.generators.kinds.field import short
from gristmill.generators.space import Space, Values

__all__ = ["Outcome", "Problem"]


class Outcome(NamedTuple):
    """How one scenario went.

    Attributes:
        severity: its grade.
        running: the grade after each step, [steps]; empty where there is none.
        kind: of which kinds it is, one label for each of the problem's.
    """

    severity: float
    running: Sequence[float] = ()
    kind: tuple[str, ...] = ()


class Problem:
    """A rare event.

    Attributes:
        space: of the scenarios, with their nominal distribution.
        threshold: the event is a severity of at least this.
        clock: the list of the Space whose record `k` is what happens in step `k`; empty where outcomes have no `running`.
        kinds: the labels of each way in which scenarios differ, by its name.
        calls: scenarios simulated so far.

    Args:
        space: as above.
        simulate: from scenarios to their outcomes, in order; the same scenario always has the same outcome.
        threshold: as above.
        clock: as above.
        kinds: as above.

    Raises:
        UsageError: when the threshold is no finite number.
    """

    def __init__(
        self,
        space: Space,
        simulate: Callable[[Sequence[Values]], Sequence[Outcome]],
        threshold: float,
        *,
        clock: str = "",
        kinds: dict[str, tuple[str, ...]] | None = None,
    ) -> None:
        if not math.isfinite(threshold):
            raise UsageError(f"Expected a threshold that is a finite number, got {threshold}.")
        self.space, self.threshold, self.clock = space, threshold, clock
        self.kinds = dict(kinds or {})
        self.calls = 0
        self._simulate = simulate

    def simulate(self, scenarios: Sequence[Values]) -> list[Outcome]:
        """Return the outcomes of scenarios, each of which counts as a call.

        Raises:
            UsageError: when a severity, also one of those after each step, is no finite number.
        """
        self.calls += len(scenarios)
        found = list(self._simulate(scenarios)) if scenarios else []
        for values, outcome in zip(scenarios, found, strict=True):
            if not all(map(math.isfinite, (outcome.severity, *outcome.running))):
                raise UsageError(
                    f"Expected a severity that is a finite number, got {_wrong(outcome)} for the scenario {short(values)}."
                )
        return found


def _wrong(outcome: Outcome) -> str:
    if not math.isfinite(outcome.severity):
        return str(outcome.severity)
    step = next(place for place, one in enumerate(outcome.running) if not math.isfinite(one))
    return f"{outcome.running[step]} after step {step + 1}"
