"""The main job, end to end: play, verify, keep, learn, play better; in words, and with a robot.

A base model learns from a raw log of noisy play, as it is. Of other play, only verified episodes are kept, and the
base model is fine-tuned on them. Both then play scenarios that neither has met, in words that neither has read.
Every part is resumed, not repeated, when the demo is run again on the same folder. The robot's line is in `pouring`.
"""

import time
from pathlib import Path
from typing import Any

import msgspec

from gristmill.errors import UsageError
from gristmill.recorders.mine import Acceptance, View, mine
from gristmill.recorders.store import RunStore
from gristmill.recorders.verify import verify_run
from gristmill.training.sft import TrainConfig
from gristmill.workflows.evaluate import Evaluation, compare, evaluate
from gristmill.workflows.improve import improve
from gristmill.workflows.league import league
from gristmill.workflows.learn import learn
from gristmill.workflows.lessons import Lesson, Source
from gristmill.workflows.pouring import Pouring, PouringSize, pouring
from gristmill.workflows.report import (
    Bar,
    Report,
    Yield,
    improvement_summary,
    improvement_title,
    league_summary,
    league_title,
    machine,
    write_report,
)
from gristmill.workflows.run import run
from gristmill.workflows.stages import Stages, Tell
from gristmill.workflows.transcripts import Transcript, choose
from gristmill.workflows.tuning import Tune
from gristmill.workflows.tuning_types import Tuning

__all__ = ["Demo", "Size", "demo", "size_of"]

WORLD = "support/retail-v1"
TRAIN = "expert?forms=train"
HELD_OUT = "expert?forms=held-out"
# What the raw log is made of, and what is mined: the agent's policy, and the seed of the scenarios it plays.
LOG = ("noisy?base=expert&rate=0.3&forms=train", "log")
MINED = ("noisy?base=expert&rate=0.05&forms=train", "mined")
SAVE_EVERY = 250  # steps, so that little is lost when the demo is interrupted
SCALES = (0.001, 1000.0)  # below, nothing is smaller; above, a machine would be at work for weeks
FULL = 3.0  # scale from which the world is at full difficulty
ROUNDS = 2.0  # scale from which the base model improves on its own play, too
BARGAIN = "negotiation/market-v1"
PLAYERS = ("boulware", "linear", "conceder", "tit-for-tat", "hardliner", "micro", "fair-split", "aspiration")


class Size(msgspec.Struct, frozen=True, kw_only=True):
    """How large a demo is.

    Attributes:
        level: difficulty of the world, see `gristmill.envs.support.scenarios.LEVELS`.
        log, mined: episodes played for the raw log, and for mining.
        base_steps, tune_steps: steps of training and of fine-tuning.
        evaluated: held-out scenarios that every policy plays.
        repeated, trials: how many of them are played how often, for pass^k.
        bar: what fine-tuned success is to reach, as a fraction.
        met: scenarios in which strategies of bargaining meet.
        rounds: in which the base model improves on its own play, over `played` scenarios each; none in a short demo.
        pouring: size of the robot's line.
    """

    level: str
    log: int
    mined: int
    base_steps: int
    tune_steps: int
    evaluated: int = 512
    repeated: int = 64
    trials: int = 4
    bar: float = 0.8
    met: int = 40
    rounds: int = 0
    played: int = 1_024
    pouring: PouringSize = PouringSize()


class Demo(msgspec.Struct, frozen=True, kw_only=True):
    """What the demo came to.

    Attributes:
        page: the report, and `more` further pages.
        base, tuned, expert: how they did on held-out scenarios.
        points: percentage points between base and tuned.
        pouring: how the robot did.
        met: whether both met their bars, counting what was not judged against them.
        seconds: wall-clock time, as far as this call did the work.
    """

    page: str
    more: list[str]
    base: Evaluation
    tuned: Evaluation
    expert: Evaluation
    points: float
    pouring: Pouring
    met: bool
    seconds: float


def size_of(scale: float) -> Size:
    """Return the size of a demo; 1 is for a coffee break, 4 for full difficulty.

    Raises:
        UsageError: when the scale is not from 0.001 to 1000.
    """
    if not SCALES[0] <= scale <= SCALES[1]:
        raise UsageError(
            f"Expected a scale from {SCALES[0]:g} to {SCALES[1]:g}, got {scale:g}; 1 takes minutes, 4 is at full difficulty."
        )
    full = scale >= FULL
    return Size(
        level="full" if full else "demo",
        # A base model is soon as good as its data; what is left of the time is better spent on what was kept.
        log=max(64, round(9_000 * scale**0.5)),
        mined=max(64, round(24_000 * scale)),
        base_steps=max(8, round(500 * scale**0.5)),
        tune_steps=max(8, round((1_500 if full else 1_100) * scale)),
        evaluated=max(32, round(512 * min(scale, 1))),
        repeated=max(8, round(64 * min(scale, 1))),
        bar=0.9 if full else 0.8,
        met=max(4, round(40 * min(scale, 4))),
        rounds=2 if scale >= ROUNDS else 0,
        pouring=PouringSize(
            rounds=4 if full else 3,
            attempts=min(192, max(48, round(112 * scale))),
            steps=min(5_000, max(50, round(3_000 * scale))),
            evaluated=min(200, max(16, round(100 * scale))),
        ),
    )


def demo(out: Path, *, scale: float = 1.0, seed: int = 0, jobs: int = 2, tell: Tell | None = None) -> Demo:
    """Do the main job in `out`, or what is left of it, and write `report.html` there.

    Args:
        out: folder of runs, models and the report.
        scale: how much of everything, see `size_of`.
        seed: root seed.
        jobs: how many processes play and verify.
        tell: called with the part at work, and its progress: done, of all.
    """
    return _Demo(out, size_of(scale), seed, jobs, tell).run(scale)


class _Demo:
    def __init__(self, out: Path, size: Size, seed: int, jobs: int, tell: Tell | None) -> None:
        self.out, self.size, self.seed, self.jobs = out, size, seed, jobs
        self.world = f"{WORLD}?level={size.level}"
        self.stages = Stages("demo", seed, tell)

    def run(self, scale: float) -> Demo:
        start = time.monotonic()
        log = self.play("raw log", LOG, self.size.log, 1)
        mined = self.play("mined play", MINED, self.size.mined, 2)
        view = self.keep(mined)
        base = self.learn("base model", log, None, None, self.size.base_steps)
        tuned = self.learn("fine-tuned model", mined, view, base.model, self.size.tune_steps)
        results = [
            self.evaluate("base model", f"model?checkpoint={base.model}"),
            self.evaluate("fine-tuned model", f"model?checkpoint={tuned.model}"),
            self.evaluate("scripted expert", TRAIN),
        ]
        points = 100 * compare(results)[0].rate
        command = f"gristmill demo --scale {scale:g} --seed {self.seed}"
        poured = pouring(
            self.out / "pouring", size=self.size.pouring, seed=self.seed, jobs=self.jobs, command=command, tell=self.stages.tell
        )  # fmt: skip
        more = {
            "A robot that learnt to pour": "pouring/report.html",
            "Strategies that met": self.meet(command),
        }
        if self.size.rounds:
            more["A model that improved on its own play"] = self.improve(base, command)
        bar = Bar(rate=self.size.bar)
        report = Report(
            title="A model that learnt from verified play",
            command=command,
            machine=machine(),
            stages=self.stages.done,
            yields=[Yield(title="From mined play to training data", stages=view.stages)],
            evaluations=results,
            before="base model",
            after="fine-tuned model",
            bar=bar,
            trainings=[base.training, tuned.training],
            transcripts=self.transcripts(mined, view),
            notes=self.notes(results[1]),
            more=more,
        )
        page = write_report(report, self.out / "report.html")
        return Demo(
            page=str(page), more=[str(self.out / one) for one in more.values()], base=results[0], tuned=results[1], expert=results[2], points=points, pouring=poured,
            met=bar.met(results[0].success, results[1].success) and poured.met, seconds=time.monotonic() - start,
        )  # fmt: skip

    def play(self, name: str, source: tuple[str, str], n: int, stream: int) -> RunStore:
        """Play and judge; return the run."""
        policy, folder = source
        with self.stages.part(name, f"{n:,} episodes by {policy}") as progress:
            seats = {"agent": policy, "customer": TRAIN}
            path = self.out / "runs" / folder
            run(
                self.world, seats, path, n=n, seed=self.stages.stream(stream), jobs=self.jobs, progress=progress,
            )  # fmt: skip
            return RunStore.open(path)

    def keep(self, store: RunStore) -> View:
        """Verify by replay whatever passed, and keep what still does."""
        about = "every pass replayed in a fresh process; kept if it repeats exactly"
        with self.stages.part("verification", about) as progress:
            verify_run(store, "replayed", self.jobs, progress)
            return mine(store, Acceptance(name="kept", level="replayed"))

    def learn(self, name: str, store: RunStore, view: View | None, init: Path | None, steps: int) -> Lesson:
        what = "verified episodes only" if view else "all of the log, right or wrong"
        with self.stages.part(name, f"{steps:,} steps on {what}") as progress:
            folder = self.out / "models" / ("tuned" if view else "base")
            return learn(
                [Source(store, view)], folder, init=init, steps=steps, name=name, seed=self.seed,
                config=TrainConfig(save_every=SAVE_EVERY), progress=progress,
            )  # fmt: skip

    def evaluate(self, label: str, policy: str) -> Evaluation:
        size = self.size
        about = f"{size.evaluated} held-out scenarios, held-out wording"
        with self.stages.part(f"evaluation: {label}", about) as progress:
            return evaluate(
                self.world, {"agent": policy, "customer": HELD_OUT}, self.out / "runs" / f"eval-{label.replace(' ', '-')}",
                n=size.evaluated, trials=size.trials, repeated=size.repeated, seed=self.stages.stream(3), label=label,
                progress=progress,
            )  # fmt: skip

    def meet(self, command: str) -> str:
        """Let the strategies of bargaining meet, and write their page; return its place."""
        with self.stages.part(
            "league", f"{len(PLAYERS)} strategies, {self.size.met} negotiations of each pair"
        ) as progress:
            found = league(
                BARGAIN, PLAYERS, self.out / "league", n=self.size.met, seed=self.stages.stream("league"), jobs=self.jobs,
                progress=progress,
            )  # fmt: skip
        return self.page("league", league_title(found), league_summary(found), command, league=found)

    def improve(self, base: Lesson, command: str) -> str:
        """Let the base model improve on its own play, and write the page of that; return its place."""
        about = f"{self.size.rounds} × {self.size.played:,} scenarios, fine-tuned on what was verified"
        how = Tuning(
            seat="agent", init=str(base.model), others={"customer": TRAIN}, held_out={"customer": HELD_OUT},
            seed_policy=LOG[0], seed_episodes=self.size.log // 3, evaluated=self.size.evaluated,
        )  # fmt: skip
        with self.stages.part("rounds", about):
            found = improve(
                self.world, self.out / "rounds", Tune(how), rounds=self.size.rounds, n=self.size.played,
                seed=self.stages.stream("rounds"), jobs=self.jobs, tell=self.stages.tell,
            )  # fmt: skip
        return self.page(
            "rounds", improvement_title(found), improvement_summary(found), command, improvement=found
        )

    def page(self, folder: str, title: str, summary: str, command: str, **what: Any) -> str:
        """Write a page of its own, and return its place."""
        report = Report(title=title, summary=summary, command=command, machine=machine(), **what)
        write_report(report, self.out / folder / "report.html")
        return f"{folder}/report.html"

    def transcripts(self, mined: RunStore, view: View) -> list[Transcript]:
        ids = set(view.ids)
        tuned = RunStore.open(self.out / "runs" / "eval-fine-tuned-model")
        return [
            *choose(
                mined,
                {
                    "Kept": (lambda one: one.id in ids, 3),
                    "Rejected": (lambda one: one.status != "pass", 4),
                },
            ),
            *choose(tuned, {"The fine-tuned model fails": (lambda one: one.status == "fail", 3)}),
        ]

    def notes(self, tuned: Evaluation) -> list[str]:
        return [
            f"{tuned.held_out.met} of the {self.size.evaluated} scenarios of the evaluation occur in training.",
            "The customer of the evaluation speaks in a fifth of all forms that is never used in training.",
            f"The world is {self.world}; both models play greedily (temperature 0).",
        ]
