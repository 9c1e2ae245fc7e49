"""What rounds of playing and learning come to, as plain data."""

from pathlib import Path

import msgspec

from gristmill.workflows.metrics import Mean, Rate
from gristmill.workflows.stored import stored
from gristmill.workflows.variety import Variety

__all__ = ["FILE", "Improvement", "Made", "Round", "read_improvement"]

FILE = "improvement.json"


class Made(msgspec.Struct, frozen=True, kw_only=True):
    """What was learnt from a round, or there was before the first.

    Attributes:
        policy: spec of who plays next.
        prior: mean and standard deviation of each parameter that it draws; empty where it is no proposal.
        generation: of the model; 0 where there is none.
        episodes: how many it learnt from, by where they are from: `seed`, `round 1`, …
        success: on held-out scenarios, and `score` the mean score there, where the world has scores.
        by: success by what strata tell, see `metrics.breakdowns`.
        evaluation: the run directory of that.
        variety: of what was learnt from, by seat, and `fresh` that of what the last round kept.
        notes: what a person should know.
        stop: why no further round should be played; empty when it may.
    """

    policy: str
    prior: dict[str, tuple[float, float]] = {}
    generation: int = 0
    episodes: dict[str, int] = {}
    success: Rate | None = None
    score: Mean | None = None
    by: dict[str, dict[str, Rate]] = {}
    evaluation: str = ""
    variety: dict[str, Variety] = {}
    fresh: dict[str, Variety] = {}
    notes: list[str] = []
    stop: str = ""

    @property
    def own(self) -> float:
        """Share of the episodes that a model played."""
        total = sum(self.episodes.values())
        return 1 - self.episodes.get("seed", 0) / total if total else 0.0


class Round(msgspec.Struct, frozen=True, kw_only=True):
    """What a round came to.

    Attributes:
        number: from 1.
        policy: who played.
        run: the run directory.
        prior: mean and standard deviation of each parameter that a proposal drew; empty for others.
        success: of its attempts, for the seat that learns; errors beside it.
        kept: how many episodes were kept, verified at the level asked for, by the seat whose acts they are kept for.
        reasons: why the others were not, for the first of these seats.
        false_pass: of the mutants of kept episodes that were tried, how many pass; see `_audited`.
        made: what was learnt from it.
        seconds: how long this call took for it.
    """

    number: int
    policy: str
    run: str
    prior: dict[str, tuple[float, float]] = {}
    success: Rate
    kept: dict[str, int]
    reasons: dict[str, int]
    false_pass: Rate | None = None
    made: Made
    seconds: float


class Improvement(msgspec.Struct, frozen=True, kw_only=True):
    """What all rounds came to; written to `improvement.json` after every round.

    Attributes:
        world: its spec.
        start: what there was before the first round.
        rounds: in order.
        policy: spec of who would play next.
        stopped: why nothing was learnt from the last round, and no further one is played; empty otherwise.
    """

    world: str
    start: Made
    rounds: list[Round]
    policy: str
    stopped: str = ""


def read_improvement(folder: Path) -> Improvement:
    """Return what the rounds in a folder have come to so far.

    Raises:
        StoreError: when there is nothing, or it cannot be read.
    """
    return stored(folder / FILE, Improvement, "rounds of improvement", "improve")
