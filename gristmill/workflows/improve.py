"""Rounds of playing, verifying, keeping and learning, in which whoever plays has learnt from the rounds before.

One loop for all worlds. A `Learner` says who plays the first round, and makes of what a round kept who plays the next:
`refitting.Refit` refits the prior of a robot's proposal, `tuning.Tune` fine-tunes a model of text. Whatever is there
already is not done again, so that rounds that were interrupted go on and end as they would have.
"""

import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from gristmill import registry
from gristmill.digest import decode, indented, plain
from gristmill.errors import UsageError
from gristmill.files import write_whole
from gristmill.recorders.ledger import latest
from gristmill.recorders.mine import Acceptance, View, mine
from gristmill.recorders.store import RunStore
from gristmill.recorders.verify import verify_run
from gristmill.seeding import derive
from gristmill.types import Level
from gristmill.workflows.improve_types import FILE, Improvement, Made, Round
from gristmill.workflows.metrics import Rate
from gristmill.workflows.outcomes import outcomes
from gristmill.workflows.run import run
from gristmill.workflows.stages import Tell

__all__ = ["Kept", "Learner", "Work", "improve", "proved"]

_BEGUN = "improve.json"  # of the folder: what was asked for


class Kept(NamedTuple):
    """What a round left to learn from.

    Attributes:
        number: of the round.
        store: its run.
        views: what is kept, by seat.
        false_pass: see `Round`.
    """

    number: int
    store: RunStore
    views: dict[str, View]
    false_pass: Rate | None = None


class Work(NamedTuple):
    """What the parts of all rounds share.

    Attributes:
        world: its spec.
        out: the folder.
        n: scenarios in each round, which are its own.
        seed: root seed.
        level: what an episode must have been proved at to be kept.
        jobs: how many workers.
        tell: called with the part at work, and its progress: done, of all.
        held_out: evaluation sets, of whose scenarios nothing is learnt.
    """

    world: str
    out: Path
    n: int
    seed: int
    level: Level
    jobs: int
    tell: Tell
    held_out: tuple[Path, ...] = ()

    def folder(self, number: int) -> Path:
        """Return the folder of a round."""
        return self.out / f"round-{number}"

    def stream(self, *names: str | int) -> int:
        """Return a root seed of its own for a part."""
        return derive(self.seed, *names) >> 1


class Learner(Protocol):
    """Who learns from rounds.

    Attributes:
        asked: what the rounds depend on, as plain data; a folder belongs to one such learner.
        attempts: how often each scenario of a round is played.
        audited: how many kept episodes of a round are put to the mutation test.
    """

    asked: Mapping[str, Any]
    attempts: int
    audited: int

    def check(self, work: Work) -> None:
        """Look whether all that is asked for can be had, before anything is played or written."""
        ...

    def begin(self) -> Made:
        """Return who plays the first round."""
        ...

    def seats(self, policy: str) -> dict[str, str]:
        """Return the policy of every seat that is not an expert's, when `policy` plays."""
        ...

    def acceptances(self) -> dict[str, Acceptance]:
        """Return what an episode must be to be kept, by the seat whose acts it is kept for."""
        ...

    def learn(self, kept: Sequence[Kept]) -> Made:
        """Return who plays next, having learnt from what all rounds so far have kept."""
        ...


def improve(
    world: str,
    out: Path,
    learner: Learner,
    *,
    rounds: int = 3,
    n: int = 256,
    seed: int = 0,
    level: Level = "replayed",
    jobs: int = 1,
    held_out: Iterable[Path] = (),
    tell: Tell | None = None,
) -> Improvement:
    """Play, keep what is verified, learn from it, and play again; what is there already is not done again.

    Args:
        world: spec of the world.
        out: folder of the rounds.
        learner: who learns.
        rounds: how many.
        n: scenarios in each round, which are its own.
        seed: root seed.
        level: what an episode must have been proved at to be kept.
        jobs: how many workers.
        held_out: evaluation sets: of their scenarios, as of those of the sets that the environment names, nothing is
            kept or learnt.
        tell: called with the part at work, and its progress: done, of all.

    Raises:
        UsageError: when something asked for does not exist, the folder was begun otherwise, or a round keeps too little
            to learn from.
    """
    if rounds < 1 or n < 2:
        raise UsageError(f"Expected at least one round of two scenarios, got {rounds} of {n}.")
    work = Work(world, out, n, seed, level, jobs, tell or (lambda *_: None), tuple(held_out))
    learner.check(work)
    _begin(work, learner)
    start = made = learner.begin()
    done: list[Round] = []
    kept: list[Kept] = []
    result = Improvement(world=world, start=start, rounds=[], policy=start.policy, stopped=start.stop)
    for number in range(1, rounds + 1):
        if made.stop:
            break
        clock, player = time.monotonic(), made
        kept.append(_play(work, learner, number, player.policy))
        made = learner.learn(kept)
        done.append(_round(kept[-1], player, made, time.monotonic() - clock))
        result = Improvement(world=world, start=start, rounds=done, policy=made.policy, stopped=made.stop)
        write_whole(out / FILE, indented(result))
    return result


def _play(work: Work, learner: Learner, number: int, policy: str) -> Kept:
    """Play a round, verify what passed, and keep what was proved."""
    name, path = f"round {number}", work.folder(number) / "run"
    wanted = learner.acceptances()
    # Attempts that part where the learner acts otherwise say what of it was good.
    others = set(registry.make(work.world).possible_agents) - set(wanted) if learner.attempts > 1 else set()
    run(
        work.world, learner.seats(policy), path, n=work.n, attempts=learner.attempts, steady=others,
        seed=work.stream("round", number), jobs=work.jobs, progress=lambda done, total, _: work.tell(name, done, total),
    )  # fmt: skip
    store = proved(work, path, wanted.values(), f"{name}: proof")
    false_pass = _audited(work, store, learner.audited, f"{name}: audit") if learner.audited else None
    views = {seat: mine(store, one, held_out=work.held_out) for seat, one in wanted.items()}
    return Kept(number, store, views, false_pass)


def proved(work: Work, path: Path, wanted: Iterable[Acceptance], name: str) -> RunStore:
    """Prove what passed of a run as strongly as is asked for, and return the run."""
    store = RunStore.open(path)
    if work.level != "checked":
        # What has failed already needs no stronger proof that it did.
        _prove(work, store, work.level, _passed(store, [one.seat for one in wanted]), name)
    return store


def _prove(work: Work, store: RunStore, level: Level, ids: set[str], name: str) -> None:
    verify_run(store, level, work.jobs, lambda done, total: work.tell(name, done, total), ids=ids)


def _passed(store: RunStore, seats: Sequence[str] = ("",)) -> set[str]:
    """Return the episodes whose own checks pass, for one of some seats at least; the seat without a name is all of them.

    Stronger proofs have no say, so that a round that goes on after an interrupt tries the same ones again.
    """
    return {
        name
        for name, verdicts in latest(store.ledger()).items()
        for (_, level), found in verdicts.items()
        if level == "checked" and any(found.of(seat).status == "pass" for seat in seats)
    }


def _audited(work: Work, store: RunStore, most: int, name: str) -> Rate:
    """Return of how many mutants of some passing episodes the verifier says that they pass.

    A mutant leaves out, or gets wrong, one act that changes the state, so it should fail: a share of passes that rises
    says that a model has learnt to please the verifier where it does not look. An episode of which a mutant passes is
    not kept.
    """
    chosen = set(sorted(_passed(store), key=lambda one: derive(work.seed, "audit", one))[:most])
    if chosen:
        _prove(work, store, "mutation-tested", chosen, name)
    # Of an episode that was tested again, after a repair of the world, the last verdict counts.
    verdicts = {one.episode_id: one for one in store.verdicts() if one.level == "mutation-tested"}
    alive = told = 0
    for episode in chosen & verdicts.keys():
        evidence = verdicts[episode].checks[-1].evidence
        alive += len(evidence.get("survivors", ()))
        told += evidence.get("killed", 0)
    return Rate.of_counts(alive, alive + told)


def _round(kept: Kept, player: Made, made: Made, seconds: float) -> Round:
    reasons: dict[str, int] = {}
    for stage in next(iter(kept.views.values())).stages:
        reasons |= stage.reasons
    return Round(
        number=kept.number, policy=player.policy, run=str(kept.store.path), prior=player.prior,
        success=Rate.of(outcomes(kept.store, next(iter(kept.views)))), kept={seat: len(view.kept) for seat, view in kept.views.items()},
        reasons=reasons, false_pass=kept.false_pass, made=made, seconds=seconds,
    )  # fmt: skip


def _asked(work: Work, learner: Learner) -> dict[str, Any]:
    """Return what all rounds of a folder have in common."""
    return {
        "world": registry.absolute(work.world),
        "n": work.n,
        "seed": work.seed,
        "level": work.level,
        **plain(learner.asked),
    }


def _begin(work: Work, learner: Learner) -> None:
    """Put on record what a folder is begun with, and refuse one that was begun with something else."""
    path, here = work.out / _BEGUN, _asked(work, learner)
    if not path.exists():
        work.out.mkdir(parents=True, exist_ok=True)
        write_whole(path, indented(here))
        return
    there = decode(path.read_bytes())
    if other := [name for name in here | there if there.get(name) != here.get(name)]:
        was, got = (", ".join(f"{name} {one.get(name)}" for name in other) for one in (there, here))
        raise UsageError(
            f"Expected {was}, which {work.out} was begun with, got {got}; choose another folder."
        )
