"""The robot's line, end to end: try, verify, refit, clone what was kept, and see it pour by itself.

Nobody tells the robot how each joint must move. A proposal pours in ways drawn at random; what ends in the mug, by the
final physical state and played again to the last bit, says how to draw next. A network is then cloned from the verified
episodes of the last round. Without verification there is nothing to refit on, only attempts: a second network is
cloned from as many of those, as they came.
"""

import time
from pathlib import Path

import msgspec

from gristmill.digest import indented
from gristmill.files import write_whole
from gristmill.recorders.mine import load_view
from gristmill.recorders.store import RunStore
from gristmill.training.clone import CloneConfig
from gristmill.workflows.clone import CloneLesson, clone
from gristmill.workflows.evaluate import Evaluation, evaluate
from gristmill.workflows.improve import improve
from gristmill.workflows.improve_types import Improvement
from gristmill.workflows.refitting import Refit
from gristmill.workflows.report import Bar, Report, Yield, machine, write_report
from gristmill.workflows.stages import Stages, Tell
from gristmill.workflows.transcripts import Transcript, choose

__all__ = ["Pouring", "PouringSize", "pouring"]

WORLD = "robots/pour-v1"
FILE = "pouring.json"
PROPOSAL, REFIT, VERIFIED, UNFILTERED = (
    "first proposal",
    "refit proposal",
    "clone of verified",
    "clone of unfiltered",
)


class PouringSize(msgspec.Struct, frozen=True, kw_only=True):
    """How large it is.

    Attributes:
        rounds: of trying and refitting.
        attempts: in each of them.
        steps: of training, for each network.
        evaluated: held-out scenarios that every policy plays.
        bar: what the network cloned from verified episodes is to reach, as a fraction.
    """

    rounds: int = 4
    attempts: int = 256
    steps: int = 5_000
    evaluated: int = 500
    bar: float = 0.7


class Pouring(msgspec.Struct, frozen=True, kw_only=True):
    """What it came to; written to `pouring.json`.

    Attributes:
        page: the report.
        improvement: the rounds.
        demonstrations: verified episodes that were cloned, and as many attempts.
        evaluations: of the first proposal, the refit one, and the networks cloned from verified episodes and from
            attempts as they came, on the same held-out scenarios.
        met: whether the bar was met, and the network of unfiltered attempts came to at most a third of it.
        seconds: wall-clock time, as far as this call did the work.
    """

    page: str
    improvement: Improvement
    demonstrations: int
    evaluations: list[Evaluation]
    met: bool
    seconds: float


def pouring(
    out: Path,
    *,
    world: str = WORLD,
    size: PouringSize | None = None,
    seed: int = 0,
    jobs: int = 2,
    command: str = "",
    tell: Tell | None = None,
) -> Pouring:
    """Go down the whole line in `out`, or what is left of it, and write `report.html` there.

    Args:
        out: folder of rounds, models, runs and the report.
        world: spec of a robot world with a proposal.
        size: how large.
        seed: root seed.
        jobs: how many processes play and verify.
        command: what to type to see it again, for the report.
        tell: called with the part at work, and its progress: done, of all.
    """
    return _Line(out, world, size or PouringSize(), seed, jobs, tell).run(command)


class _Line:
    def __init__(
        self, out: Path, world: str, size: PouringSize, seed: int, jobs: int, tell: Tell | None
    ) -> None:
        self.out, self.world, self.size, self.seed, self.jobs = out, world, size, seed, jobs
        self.stages = Stages("pouring", seed, tell)
        self.bar = Bar(rate=size.bar, points=float(round(100 * size.bar * 2 / 3)))

    def run(self, command: str) -> Pouring:
        start = time.monotonic()
        found = self.improve()
        first, last = (RunStore.open(found.rounds[place].run) for place in (0, -1))
        # As many as are learnt from, which leaves out those of the view that it is validated on.
        count = sum(one.split == "train" for one in load_view(last, "kept").kept)
        verified = self.clone(VERIFIED, last, count, kept=True)
        unfiltered = self.clone(UNFILTERED, first, count, kept=False)
        results = [
            self.evaluate(PROPOSAL, "proposal"),
            self.evaluate(REFIT, found.policy),
            self.evaluate(UNFILTERED, f"clone?checkpoint={unfiltered.model}"),
            self.evaluate(VERIFIED, f"clone?checkpoint={verified.model}"),
        ]
        report = self.report(command, found, [unfiltered, verified], results, count)
        page = write_report(report, self.out / "report.html")
        before, after = (one.success for one in results[2:])
        result = Pouring(
            page=str(page), improvement=found, demonstrations=count, evaluations=results,
            met=self.bar.met(before, after) and 3 * before.best <= after.worst, seconds=time.monotonic() - start,
        )  # fmt: skip
        write_whole(self.out / FILE, indented(result))
        return result

    def improve(self) -> Improvement:
        with self.stages.part(
            "rounds",
            f"{self.size.rounds} × {self.size.attempts} attempts, every pass replayed, refit on what was kept",
        ):
            return improve(
                self.world, self.out / "rounds", Refit(), rounds=self.size.rounds, n=self.size.attempts,
                seed=self.stages.stream("rounds"), jobs=self.jobs, tell=self.stages.tell,
            )  # fmt: skip

    def clone(self, name: str, store: RunStore, count: int, *, kept: bool) -> CloneLesson:
        with self.stages.part(name, f"{self.size.steps:,} steps on {count:,} episodes") as progress:
            return clone(
                store, self.out / "models" / ("verified" if kept else "unfiltered"),
                view=load_view(store, "kept") if kept else None, name=name, limit=count,
                config=CloneConfig(steps=self.size.steps, seed=self.seed), progress=progress,
            )  # fmt: skip

    def evaluate(self, label: str, policy: str) -> Evaluation:
        with self.stages.part(
            f"evaluation: {label}", f"{self.size.evaluated:,} held-out scenarios"
        ) as progress:
            return evaluate(
                self.world, {"robot": policy}, self.out / "runs" / label.replace(" ", "-"), n=self.size.evaluated,
                seed=self.stages.stream("evaluation"), jobs=self.jobs, label=label, progress=progress,
            )  # fmt: skip

    def report(
        self,
        command: str,
        found: Improvement,
        lessons: list[CloneLesson],
        results: list[Evaluation],
        count: int,
    ) -> Report:
        """Return what the page shows, `lessons` and the last two of `results` in the order unfiltered, verified."""
        stores = [RunStore.open(one.run) for one in found.rounds]
        return Report(
            title="A robot that learnt to pour from its own verified attempts",
            summary=self.summary(found, results, count),
            command=command,
            machine=machine(),
            stages=self.stages.done,
            yields=[
                Yield(title=f"Round {one.number}: {one.policy.partition('?')[0]}", stages=load_view(store, "kept").stages)
                for one, store in zip(found.rounds, stores, strict=True)
            ],
            evaluations=results,
            before=UNFILTERED,
            after=VERIFIED,
            bar=self.bar,
            trainings=[one.training for one in lessons],
            transcripts=self.episodes(stores[0]),
            seat="robot",
            notes=[
                "Every kept episode was played again in a fresh process and came out the same to the last bit.",
                f"{count:,} of the last round were cloned, and {lessons[0].episodes:,} attempts of the first as they came.",
                f"{results[-1].held_out.met} of the {self.size.evaluated} scenarios of the evaluation occur in training.",
            ],
        )  # fmt: skip

    def summary(self, found: Improvement, results: list[Evaluation], count: int) -> str:
        first, *_, last = found.rounds
        unfiltered, verified = results[2:]
        return (
            f"Tried at random, the pour succeeds {first.success.rate:.0%} of the time; refit on what was verified, "
            f"{last.success.rate:.0%} after {len(found.rounds)} rounds of {self.size.attempts:,}. A network cloned from {count:,} "
            f"verified episodes pours by itself in {verified.success.rate:.1%} of held-out scenarios, one cloned from as "
            f"many attempts as they came in {unfiltered.success.rate:.1%}."
        )

    def episodes(self, first: RunStore) -> list[Transcript]:
        passes = {one.id for one in load_view(first, "kept").kept}
        cloned = RunStore.open(self.out / "runs" / VERIFIED.replace(" ", "-"))
        return [
            *choose(
                first,
                {
                    "Kept": (lambda one: one.id in passes, 3),
                    "Rejected": (lambda one: one.status != "pass", 4),
                },
            ),
            *choose(
                cloned,
                {
                    "The network pours": (lambda one: one.status == "pass", 2),
                    "The network fails": (lambda one: one.status == "fail", 2),
                },
            ),
        ]
