"""Learning by refitting: a proposal draws a few numbers for every episode and makes a whole way of them.

What verification keeps of one round says where the next draws from. In the last rounds a policy cloned from what was
kept may try in its place.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Protocol, runtime_checkable
from urllib.parse import quote, urlencode

from gristmill import registry
from gristmill.digest import indented
from gristmill.errors import UsageError
from gristmill.files import write_whole
from gristmill.play import seat_seed
from gristmill.recorders.mine import Acceptance, View
from gristmill.recorders.store import RunStore
from gristmill.specs import UnknownParameter, split
from gristmill.types import Episode
from gristmill.workflows.improve import Kept, Work
from gristmill.workflows.improve_types import Made
from gristmill.workflows.lineage import LESSON, From, Learnt
from gristmill.workflows.run import seat_policies

__all__ = ["PRIOR", "Refit", "Refittable"]

PRIOR = "prior.json"  # of a round: what it has drawn from


@runtime_checkable
class Refittable(Protocol):
    """A policy that draws its parameters from a prior, which can be refit on those that succeeded."""

    prior: Any


class Refit:
    """Refits a proposal on what is kept; see `gristmill.workflows.improve.Learner`.

    Args:
        policy: spec of the proposal; a `prior` in it is what the first round draws from.
        seat: its seat.
        refits: after how many rounds it is no longer refit; by default there is no end to it.
        clones: how many rounds follow, in which a policy tries that was cloned from what the round before kept.
    """

    attempts = 1
    audited = 0  # there are no acts to leave out; the worlds' own batteries try detours

    def __init__(
        self, policy: str = "proposal", *, seat: str = "robot", refits: int | None = None, clones: int = 0
    ) -> None:
        self._policy, self._seat, self._refits, self._clones = policy, seat, refits, clones
        self._work: Work
        self._first: Any = None  # what the first round draws from
        self.asked: Mapping[str, Any] = {"policy": registry.absolute(policy), "seat": seat}
        self._proposed = policy  # as refit on the last of its rounds
        self._next = policy

    def check(self, work: Work) -> None:
        """Look whether the policy can be refit."""
        self._work = work
        self._first = self._proposal(self._policy).prior
        with TemporaryDirectory() as folder:
            path = Path(folder) / PRIOR
            path.write_bytes(indented(self._first))
            try:
                self._proposal(_drawing_from(self._policy, path))
            except UnknownParameter:
                raise _not_refittable(self._policy) from None

    def begin(self) -> Made:
        """Put on record what the first round draws from."""
        self._written(1, self._first)
        return self._made(self._policy)

    def seats(self, policy: str) -> dict[str, str]:
        """Return the only seat."""
        return {self._seat: policy}

    def acceptances(self) -> dict[str, Acceptance]:
        """Keep whatever was proved."""
        return {self._seat: Acceptance(name="kept", level=self._work.level)}

    def learn(self, kept: Sequence[Kept]) -> Made:
        """Refit the proposal on the last round; after the last refit, clone what that one kept."""
        last = kept[-1]
        view = last.views[self._seat]
        over = 0 if self._refits is None else last.number - self._refits  # rounds since the last refit
        if over <= 0:
            self._proposed = self._next = self._refit(last.number, last.store, view)
        if 0 <= over < self._clones:
            self._next = self._clone(last, view)
        return self._made(self._next, episodes={f"round {last.number}": len(view.kept)})

    def _made(self, policy: str, **what: Any) -> Made:
        """Return who plays next, with mean and standard deviation of each parameter that it draws, if it draws any."""
        found = seat_policies(self._work.world, {self._seat: policy})[self._seat]
        prior = found.prior if isinstance(found, Refittable) else None
        drawn = {name: (prior.mean[name], prior.sd[name]) for name in prior.mean} if prior else {}
        return Made(policy=policy, prior=drawn, **what)

    def _proposal(self, spec: str) -> Refittable:
        found = seat_policies(self._work.world, {self._seat: spec})[self._seat]
        if not isinstance(found, Refittable):
            raise _not_refittable(spec)
        return found

    def _written(self, number: int, prior: Any) -> Path:
        """Write what a round draws from, and return the file; a round that was played keeps its own.

        Raises:
            UsageError: when it was played with another one.
        """
        path, data = self._work.folder(number) / PRIOR, indented(prior)
        if path.exists() and path.read_bytes() != data and (path.parent / "run").exists():
            raise UsageError(
                f"Expected the prior in {path}, which its round was played with, got another one: "
                "the policy, or what was kept of the round before, has changed since; choose another folder."
            )
        write_whole(path, data)
        return path

    def _refit(self, number: int, store: RunStore, view: View) -> str:
        """Write the prior of the next round, and where it is from; return the spec of the policy that draws from it."""
        proposal = self._proposal(self._proposed)
        ids = set(view.ids)
        kept = [self._drawn(proposal, one) for one in store.episodes() if one.id in ids]
        if len(kept) < 2:
            raise UsageError(
                f"Expected at least two verified episodes in round {number} to refit on, got {len(kept)} of {self._work.n}; "
                "ask for more attempts with -n, or begin with a better proposal."
            )
        path = self._written(number + 1, proposal.prior.refit(kept))
        # From the folder of all rounds on, which may be moved.
        before = f"round-{number}/{PRIOR}" if number > 1 else split(self._proposed)[1].get("prior", "")
        source = From(
            run=f"round-{number}/run", run_id=store.id, view=view.name, seat=self._seat, episodes=len(kept)
        )
        write_whole(path.with_name(LESSON), indented(Learnt(sources=[source], init=before)))
        return _drawing_from(self._proposed, path)

    def _drawn(self, proposal: Refittable, episode: Episode) -> Mapping[str, float]:
        """Return the parameters of a recorded episode; its seed decides them."""
        seed = seat_seed(self._seat, episode.scenario, episode.seed, episode.attempt)
        found: Mapping[str, float] = proposal.prior.draw(seed)
        return found

    def _clone(self, last: Kept, view: View) -> str:
        """Clone a policy from what the last round kept, and return its spec."""
        from gristmill.training.clone import CloneConfig
        from gristmill.workflows.clone import clone

        number = last.number + 1
        model = self._work.folder(number) / "model"
        clone(
            last.store, model, view=view, seat=self._seat, config=CloneConfig(seed=self._work.seed),
            held_out=self._work.held_out,
            progress=lambda done, total, _: self._work.tell(f"round {number}: cloning", done, total),
        )  # fmt: skip
        return f"clone?checkpoint={quote(str(model))}"


def _drawing_from(policy: str, prior: Path) -> str:
    """Return the spec of a policy with the prior in a file, in place of the one it may have."""
    name, params = split(policy)
    return f"{name}?{urlencode({**params, 'prior': str(prior)}, safe='/', quote_via=quote)}"


def _not_refittable(spec: str) -> UsageError:
    return UsageError(
        f"Expected a policy with a prior that can be refit, such as proposal, got {spec}; "
        "it is one whose parameters are drawn anew for every episode, from the file that its `prior` names."
    )
