"""What a report holds, as plain data; a part without data is left out of the page."""

import msgspec

from gristmill.recorders.mine import Stage as YieldStage
from gristmill.training.metrics import Metrics
from gristmill.workflows.differences import least
from gristmill.workflows.evaluate import Evaluation
from gristmill.workflows.improve_types import Improvement
from gristmill.workflows.league_types import League
from gristmill.workflows.metrics import Rate
from gristmill.workflows.transcripts import Transcript

__all__ = ["Bar", "Mask", "Report", "Stage", "Training", "Yield"]


class Bar(msgspec.Struct, frozen=True, kw_only=True):
    """What was asked for, fixed before the result was known.

    Attributes:
        rate: success that the policy of `Report.after` is to reach, as a fraction.
        points: how many points above that of `Report.before`.
    """

    rate: float = 0.8
    points: float = 40.0

    def met(self, before: Rate, after: Rate) -> bool:
        """Return whether `after` is good enough, even if everything that was not judged speaks against it."""
        return after.worst >= self.rate and 100 * least(before, after) > self.points - 1e-9


class Stage(msgspec.Struct, frozen=True, kw_only=True):
    """A part of the work: its name, how long it took, and what it did, in a sentence."""

    name: str
    seconds: float
    about: str = ""


class Yield(msgspec.Struct, frozen=True, kw_only=True):
    """How many episodes went through each stage of a selection, and why the others did not."""

    title: str
    stages: tuple[YieldStage, ...]


class Mask(msgspec.Struct, frozen=True, kw_only=True):
    """What the loss covered; see `gristmill.agents.model.mask.MaskReport`, which is written as such an object."""

    views: int
    empty: int
    tokens: dict[str, int]
    covered: dict[str, int]
    acts: int
    ends: int
    examples: list[list[str]] = []


class Training(msgspec.Struct, frozen=True, kw_only=True):
    """One training job: its curves, what its loss covered, and a sentence on data and settings."""

    name: str
    points: list[Metrics]
    mask: Mask | None = None
    about: str = ""


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """Everything the page shows; a part without data is left out.

    Attributes:
        title: what was done.
        summary: what came out, in a sentence or two; by default made from `evaluations`.
        command: what to type to see it again.
        machine: what it ran on.
        stages: the work, in order.
        league: strategies that met.
        improvement: rounds of play and learning.
        yields: selections.
        evaluations: in the order of the tables; those on the same scenarios are compared in pairs.
        before, after: labels of the evaluations whose difference counts.
        bar: what the difference was to be.
        trainings: jobs, in order.
        transcripts: episodes to read.
        seat: the seat that is looked at; its words stand on the right.
        notes: what a reader should know before trusting the figures.
        more: other pages, by title, as paths from this one.
    """

    title: str
    summary: str = ""
    command: str = ""
    machine: dict[str, str] = {}
    stages: list[Stage] = []
    league: League | None = None
    improvement: Improvement | None = None
    yields: list[Yield] = []
    evaluations: list[Evaluation] = []
    before: str = ""
    after: str = ""
    bar: Bar | None = None
    trainings: list[Training] = []
    transcripts: list[Transcript] = []
    seat: str = "agent"
    notes: list[str] = []
    more: dict[str, str] = {}
