"""The scenarios of an evaluation set as an ordinary recorded run, graded by a severity."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal, NamedTuple

import msgspec

from gristmill.lines import write_lines
from gristmill.recorders.store import RunStore
from gristmill.severity import Kind, Severity
from gristmill.types import Episode, Scenario
from gristmill.workflows.rare.playing import graded
from gristmill.workflows.run import Progress, run

__all__ = ["Plays", "Result", "play_scenarios", "results_of"]


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """How one scenario went.

    Attributes:
        severity: its grade; None when it could not be told.
        event: whether that reaches the threshold.
        error: why it could not be told: who broke, and what happened there; empty when it could.
    """

    severity: float | None = None
    event: bool = False
    error: str = ""

    @property
    def outcome(self) -> Literal["survives", "event", "error"]:
        """The result in one word."""
        return "error" if self.error else "event" if self.event else "survives"


class Plays(NamedTuple):
    """What is played, and by what it is graded.

    Attributes:
        world: spec of the world.
        severity: grades the episodes.
        threshold: from which it is the event.
        seed: root seed of the episodes.
        jobs: how many workers.
    """

    world: str
    severity: Severity
    threshold: float
    seed: int
    jobs: int = 1

    def grade(self, episode: Episode, kinds: Sequence[Kind] = ()) -> tuple[Result, tuple[str, ...]]:
        """Return how an episode went, and its labels.

        Raises:
            UsageError: when the severity raises, or is no finite number.
        """
        if episode.fault is not None:
            return Result(error=f"{episode.fault.side}: {episode.fault.message}"), ()
        outcome = graded(episode, self.severity, kinds)
        return Result(severity=outcome.severity, event=outcome.severity >= self.threshold), outcome.kind


def play_scenarios(
    plays: Plays,
    seats: Mapping[str, str],
    scenarios: Sequence[Scenario],
    out: Path,
    progress: Progress | None = None,
) -> RunStore:
    """Play scenarios as a run in `out`, which goes on where it stopped, and return it.

    Raises:
        UsageError: when something asked for does not exist, or `out` holds a run of something else.
    """
    with TemporaryDirectory() as folder:
        file = Path(folder) / "scenarios.jsonl"
        write_lines(file, scenarios)
        run(plays.world, seats, out, scenarios=file, seed=plays.seed, jobs=plays.jobs, progress=progress)
    return RunStore.open(out)


def results_of(plays: Plays, store: RunStore) -> Iterator[tuple[tuple[str, int], Result]]:
    """Yield how each scenario of a run went, by its id and index."""
    for episode in store.episodes():
        yield (episode.scenario.id, episode.scenario.index), plays.grade(episode)[0]
