"""Rounds of trying, verifying and refitting: a proposal finds its own demonstrations.

A proposal draws a few numbers for every episode and makes a whole way of them. What verification keeps of one round says
where the next draws from. In the last rounds a policy cloned from what was kept may try in its place.
"""

import time
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Protocol, runtime_checkable
from urllib.parse import quote, urlencode

import msgspec

from gristmill import registry
from gristmill.digest import decoder, indented
from gristmill.errors import UsageError
from gristmill.play import seat_seed
from gristmill.recorders.mine import Acceptance, View, mine
from gristmill.recorders.store import RunStore
from gristmill.recorders.verify import verify_run
from gristmill.seeding import derive
from gristmill.specs import UnknownParameter, split
from gristmill.types import Episode, Level
from gristmill.workflows.lineage import LESSON, From, Learnt
from gristmill.workflows.metrics import Rate
from gristmill.workflows.outcomes import outcomes
from gristmill.workflows.run import run, seat_policies
from gristmill.workflows.stages import Tell

__all__ = ["FILE", "Improvement", "Refittable", "Round", "improve"]

FILE = "improvement.json"
PRIOR = "prior.json"  # of a round: what it has drawn from
_BEGUN = "improve.json"  # of the folder: what was asked for


@runtime_checkable
class Refittable(Protocol):
    """A policy that draws its parameters from a prior, which can be refit on those that succeeded."""

    prior: Any


class Round(msgspec.Struct, frozen=True, kw_only=True):
    """What a round came to.

    Attributes:
        number: from 1.
        policy: who tried.
        run: the run directory.
        prior: mean and standard deviation of each parameter that it drew; empty for a cloned policy.
        success: of its attempts, errors beside it.
        kept: how many episodes were kept, verified at the level asked for.
        reasons: why the others were not.
        seconds: how long this call took for it.
    """

    number: int
    policy: str
    run: str
    prior: dict[str, tuple[float, float]]
    success: Rate
    kept: int
    reasons: dict[str, int]
    seconds: float


class Improvement(msgspec.Struct, frozen=True, kw_only=True):
    """What all rounds came to; written to `improvement.json`.

    Attributes:
        world: its spec.
        rounds: in order.
        proposal: spec of the proposal as refit on the last of its rounds.
    """

    world: str
    rounds: list[Round]
    proposal: str


class _Begun(msgspec.Struct, frozen=True, kw_only=True):
    """What all rounds of a folder have in common."""

    world: str
    policy: str
    seat: str
    n: int
    seed: int
    level: Level


def improve(
    world: str,
    out: Path,
    *,
    policy: str = "proposal",
    seat: str = "robot",
    rounds: int = 3,
    clones: int = 0,
    n: int = 256,
    seed: int = 0,
    level: Level = "replayed",
    jobs: int = 1,
    tell: Tell | None = None,
) -> Improvement:
    """Let a proposal try, keep what is verified, refit it, and try again; what is there already is not done again.

    Args:
        world: spec of the world.
        out: folder of the rounds.
        policy: spec of the proposal; a `prior` in it is what the first round draws from.
        seat: its seat.
        rounds: how often it tries.
        clones: how many rounds are added in which a policy tries that was cloned from what the round before kept.
        n: attempts in each round, at scenarios of its own.
        seed: root seed.
        level: what an episode must have been proved at to be kept.
        jobs: how many workers.
        tell: called with the part at work, and its progress: done, of all.

    Raises:
        UsageError: when the policy cannot be refit, the folder was begun otherwise, or a round keeps fewer than two
            episodes.
    """
    if rounds < 1 or clones < 0 or n < 2:
        raise UsageError(
            f"Expected at least one round of two attempts, got {rounds} of {n} and {clones} clones."
        )
    work = _Work(world, out, seat, n, seed, level, jobs, tell or (lambda *_: None))
    work.begin(policy)
    done: list[Round] = []
    spec = policy
    for number in range(1, rounds + 1):
        proposal = work.proposal(spec)
        found, view = work.round(number, spec, proposal.prior)
        done.append(found)
        spec = work.refit(number, spec, proposal, view)
    for number in range(rounds + 1, rounds + clones + 1):
        found, view = work.round(number, work.clone(number, view), None)
        done.append(found)
    result = Improvement(world=world, rounds=done, proposal=spec)
    (out / FILE).write_bytes(indented(result))
    return result


class _Work:
    """The parts of a round."""

    def __init__(
        self, world: str, out: Path, seat: str, n: int, seed: int, level: Level, jobs: int, tell: Tell
    ) -> None:
        self.world, self.out, self.seat = world, out, seat
        self.n, self.seed, self.level, self.jobs, self.tell = n, seed, level, jobs, tell

    def begin(self, policy: str) -> None:
        """Look whether the policy can be refit and the folder is one of these rounds, before anything is played."""
        first = self.proposal(policy).prior
        with TemporaryDirectory() as folder:
            path = Path(folder) / PRIOR
            path.write_bytes(indented(first))
            try:
                self.proposal(_drawing_from(policy, path))
            except UnknownParameter:
                raise _not_refittable(policy) from None
        asked = _Begun(
            world=registry.absolute(self.world), policy=registry.absolute(policy), seat=self.seat, n=self.n,
            seed=self.seed, level=self.level,
        )  # fmt: skip
        path = self.out / _BEGUN
        if path.exists():
            _check_same(decoder(_Begun)(path.read_bytes()), asked, self.out)
        self.prior(1, first)
        path.write_bytes(indented(asked))

    def proposal(self, spec: str) -> Refittable:
        found = seat_policies(self.world, {self.seat: spec})[self.seat]
        if not isinstance(found, Refittable):
            raise _not_refittable(spec)
        return found

    def prior(self, number: int, prior: Any) -> Path:
        """Write what a round draws from, and return the file; a round that was played keeps its own.

        Raises:
            UsageError: when it was played with another one.
        """
        path, data = self.folder(number) / PRIOR, indented(prior)
        if path.exists() and path.read_bytes() != data and (path.parent / "run").exists():
            raise UsageError(
                f"Expected the prior in {path}, which its round was played with, got another one: "
                "the policy, or what was kept of the round before, has changed since; choose another folder."
            )
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        return path

    def round(self, number: int, spec: str, prior: Any) -> tuple[Round, View]:
        """Try, verify and keep."""
        start = time.monotonic()
        name = f"round {number}"
        path = self.folder(number) / "run"
        run(
            self.world, {self.seat: spec}, path, n=self.n, seed=derive(self.seed, "round", number) >> 1,
            jobs=self.jobs, progress=lambda done, total, _: self.tell(name, done, total),
        )  # fmt: skip
        store = RunStore.open(path)
        if self.level != "checked":
            # What has failed already needs no stronger proof that it did.
            passed = {one.id for one in outcomes(store) if one.status == "pass"}
            verify_run(
                store, self.level, self.jobs, lambda done, total: self.tell(f"{name}: proof", done, total), ids=passed
            )  # fmt: skip
        view = mine(store, Acceptance(name="kept", level=self.level))
        success = Rate.of(outcomes(store))
        drawn = {} if prior is None else {name: (prior.mean[name], prior.sd[name]) for name in prior.mean}
        reasons: dict[str, int] = {}
        for stage in view.stages:
            reasons |= stage.reasons
        found = Round(
            number=number, policy=spec, run=str(path), prior=drawn, success=success, kept=len(view.kept),
            reasons=reasons, seconds=time.monotonic() - start,
        )  # fmt: skip
        return found, view

    def refit(self, number: int, spec: str, proposal: Refittable, view: View) -> str:
        """Write the prior of the next round, and where it is from; return the spec of the policy that draws from it."""
        store = RunStore.open(self.folder(number) / "run")
        ids = set(view.ids)
        kept = [self.drawn(proposal, one) for one in store.episodes() if one.id in ids]
        if len(kept) < 2:
            raise UsageError(
                f"Expected at least two verified episodes in round {number} to refit on, got {len(kept)} of {self.n}; "
                "ask for more attempts with -n, or begin with a better proposal."
            )
        path = self.prior(number + 1, proposal.prior.refit(kept))
        # From the folder of all rounds on, which may be moved.
        before = f"round-{number}/{PRIOR}" if number > 1 else split(spec)[1].get("prior", "")
        source = From(
            run=f"round-{number}/run", run_id=store.id, view=view.name, seat=self.seat, episodes=len(kept)
        )
        learnt = Learnt(sources=[source], init=before)
        path.with_name(LESSON).write_bytes(indented(learnt))
        return _drawing_from(spec, path)

    def drawn(self, proposal: Refittable, episode: Episode) -> Mapping[str, float]:
        """Return the parameters of a recorded episode; its seed decides them."""
        seed = seat_seed(self.seat, episode.scenario, episode.seed, episode.attempt)
        found: Mapping[str, float] = proposal.prior.draw(seed)
        return found

    def clone(self, number: int, view: View) -> str:
        """Clone a policy from what the round before kept, and return its spec."""
        from gristmill.training.clone import CloneConfig
        from gristmill.workflows.clone import clone

        store = RunStore.open(self.folder(number - 1) / "run")
        model = self.folder(number) / "model"
        clone(
            store, model, view=view, seat=self.seat, config=CloneConfig(seed=self.seed),
            progress=lambda done, total, _: self.tell(f"round {number}: cloning", done, total),
        )  # fmt: skip
        return f"clone?checkpoint={quote(str(model))}"

    def folder(self, number: int) -> Path:
        return self.out / f"round-{number}"


def _drawing_from(policy: str, prior: Path) -> str:
    """Return the spec of a policy with the prior in a file, in place of the one it may have."""
    name, params = split(policy)
    return f"{name}?{urlencode({**params, 'prior': str(prior)}, safe='/', quote_via=quote)}"


def _not_refittable(spec: str) -> UsageError:
    return UsageError(
        f"Expected a policy with a prior that can be refit, such as proposal, got {spec}; "
        "it is one whose parameters are drawn anew for every episode, from the file that its `prior` names."
    )


def _check_same(begun: _Begun, asked: _Begun, out: Path) -> None:
    """Refuse a folder that was begun with something else."""
    there, here = msgspec.structs.asdict(begun), msgspec.structs.asdict(asked)
    other = [name for name in there if there[name] != here[name]]
    if other:
        was, got = (", ".join(f"{name} {one[name]}" for name in other) for one in (there, here))
        raise UsageError(f"Expected {was}, which {out} was begun with, got {got}; choose another folder.")
