"""Learning by rejection sampling: a model plays, only verified play is kept, and the model is fine-tuned on it.

Before the first round, scripted policies play the seed data, and a base model learns from all of it. Every round then
fine-tunes that base model, never the model of the round before, on everything that was kept so far, of which a declared
share stays seed data (Gerstgrasser et al., "Is Model Collapse Inevitable? Breaking the Curse of Recursion by
Accumulating Real and Synthetic Data", 2024; Zelikman et al., "STaR: Bootstrapping Reasoning With Reasoning", 2022, for
starting from the base). Each model plays held-out scenarios. What is learnt from must stay varied, and mutants of what is
kept must fail, or no further round is played.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

import msgspec

from gristmill import registry
from gristmill.errors import UsageError, unknown
from gristmill.recorders.export import NothingToExport, export
from gristmill.recorders.mine import Acceptance, View, mine
from gristmill.recorders.store import RunStore
from gristmill.specs import split
from gristmill.types import Episode
from gristmill.workflows.evaluate import at_first_sight, evaluate
from gristmill.workflows.improve import Kept, Work, proved
from gristmill.workflows.improve_types import Made
from gristmill.workflows.lessons import Source
from gristmill.workflows.lineage import HeldOut
from gristmill.workflows.run import DEFAULT, run, seat_policies
from gristmill.workflows.tuning_types import Tuning
from gristmill.workflows.variety import Variety, falls

if TYPE_CHECKING:
    from gristmill.training.sft import TrainConfig

__all__ = ["SELF", "Tune"]

SAVE_EVERY = 200  # steps, so that little is lost when rounds are interrupted
MARGIN = 0.1  # by which a score is lower that is as good as failed, in pairs for training on preferences
SELF = "self"  # in the spec of another seat: the model that learns


class Tune:
    """Fine-tunes a model on its verified play; see `gristmill.workflows.improve.Learner`.

    Args:
        how: settings.
        config: of training, what `how` says aside; by default `TrainConfig()`.
    """

    def __init__(self, how: Tuning, config: "TrainConfig | None" = None) -> None:
        self.how, self._config = how, config
        self.attempts, self.audited = how.attempts, how.audited
        self.asked: Mapping[str, Any] = msgspec.to_builtins(how)
        self._work: Work
        self.seat = how.seat  # by default the last one of the world
        self._seats: list[str] = []
        self._facts: list[str] = []  # which they know in private
        self._seed: dict[str, Source] = {}  # what is kept of the seed data, by seat
        self._before: dict[str, Variety] = {}

    def check(self, work: Work) -> None:
        """Look whether everybody who is to play can, and whether there is the model to start from."""
        self._work = work
        self.seat = self.how.seat or registry.make(work.world).possible_agents[-1]
        self._seats = [self.seat, *(seat for seat, spec in self.how.others.items() if _has_self(spec))]
        if self.seat in {**self.how.others, **self.how.held_out}:
            raise UsageError(
                f"Expected policies of the seats other than {self.seat}, which the model learns, got one of it; "
                "name another seat to learn."
            )
        if any(map(_has_self, self.how.held_out.values())):
            raise UsageError(
                f"Expected policies other than {SELF} in evaluations, where whom the model meets stays the same."
            )
        specs = {seat: _without_self(spec) for seat, spec in self.how.others.items()}
        seat_policies(work.world, {self.seat: self.how.seed_policy, **specs})
        seat_policies(work.world, self._opponents())
        at_first_sight(self._opponents())
        self.acceptances()  # which refuse a bar that makes no sense
        self._facts = self._told()
        for name in self.how.facts:
            if name not in self._facts:
                raise unknown("fact", name, self._facts, of=" and ".join(self._seats))
        if self.how.init:
            self._readable(Path(self.how.init))

    def begin(self) -> Made:
        """Play the seed data, train the base model on it unless one is given, and evaluate it."""
        store = self._played()
        for seat in self._seats:
            view = mine(store, self._acceptance(seat), held_out=self._work.held_out)
            if not view.kept:
                raise _nothing(f"of the seed data, played by {self.how.seed_policy},", view)
            self._seed[seat] = Source(store, view, seat)
        self._before = self._variety(list(self._seed.values()))
        if not self.how.init:  # the base model learns from everything, right or wrong
            self._learnt([Source(store, None, seat) for seat in self._seats], 0, self.how.base_steps)
        return self._made(0, self._job(0), variety=self._before)

    def seats(self, policy: str) -> dict[str, str]:
        """Return the model, and whom it plays with."""
        return {self.seat: policy} | {
            seat: _with_self(spec, policy) for seat, spec in self.how.others.items()
        }

    def acceptances(self) -> dict[str, Acceptance]:
        """Return what is to be kept for each seat that the model learns."""
        return {seat: self._acceptance(seat) for seat in self._seats}

    def learn(self, kept: Sequence[Kept]) -> Made:
        """Fine-tune the base model on everything that was kept so far, and evaluate it."""
        last = kept[-1]
        for view in last.views.values():
            if not view.kept:
                raise _nothing(f"of round {last.number}, played by the model", view)
        own = {
            one.number: [Source(one.store, view, seat) for seat, view in one.views.items()] for one in kept
        }
        sources = self.chosen(own)
        variety, fresh = self._variety(sources), self._variety(own[last.number])
        if stop := self._alarm(last, variety, fresh):  # what is not varied, or not right, is not learnt
            return Made(
                policy=self._plays(self._job(last.number - 1)), variety=variety, fresh=fresh, stop=stop
            )
        job = self._learnt(sources, last.number, None)
        self._pairs(last)
        counts = {
            f"round {number}": sum(_size(one) for one in sources if one.store is some[0].store)
            for number, some in own.items()
        }
        counts = {"seed": sum(map(_size, sources)) - sum(counts.values()), **counts}
        return self._made(last.number, job, variety=variety, fresh=fresh, episodes=counts)

    def chosen(self, own: Mapping[int, Sequence[Source]]) -> list[Source]:
        """Return what is learnt from: the seed data, and of what every round has kept as much as they allow."""
        found = []
        for seat, seed in self._seed.items():
            mine = [one for some in own.values() for one in some if one.seat == seat]
            most = _size(seed) * (1 - self.how.seed_share) / self.how.seed_share
            share = min(1.0, most / max(1, sum(map(_size, mine))))
            found += [seed, *(one._replace(limit=int(share * _size(one))) for one in mine)]
        return found

    def _readable(self, init: Path) -> None:
        """Refuse a model to start from that is not there, or does not read the facts that it is to read."""
        from gristmill.agents.model.store import load_model

        template = load_model(init).template
        reads = set(template.facts or self._facts) if "facts" in template.brief else set()
        wanted = set(self.how.facts) or reads
        if wanted != reads or (self._facts and not template.brief):
            raise UsageError(
                f"Expected a model that reads of its private facts {', '.join(self.how.facts or self._facts)}, got that in "
                f"{init}, which has learnt to read {', '.join(sorted(reads)) or 'none'}."
            )

    def _opponents(self) -> dict[str, str]:
        """Return whom the model is evaluated with."""
        return {seat: _without_self(spec) for seat, spec in self.how.others.items()} | self.how.held_out

    def _acceptance(self, seat: str) -> Acceptance:
        how = self.how
        return Acceptance(
            name=f"kept-{seat}", level=self._work.level, seat=seat, min_score=how.min_score,
            above_baseline=how.above_baseline, best=how.best,
        )  # fmt: skip

    def _played(self) -> RunStore:
        """Play the seed data, and prove what passed of them."""
        how, work, path = self.how, self._work, self._work.out / "seed"
        seats = {seat: _without_self(spec) for seat, spec in how.others.items()}
        run(
            work.world, {self.seat: how.seed_policy, **seats}, path, n=how.seed_episodes, seed=work.stream("seed"),
            jobs=work.jobs, progress=lambda done, total, _: work.tell("seed data", done, total),
        )  # fmt: skip
        return proved(work, path, self.acceptances().values(), "seed data: proof")

    def _job(self, number: int) -> Path:
        """Return the folder of a round's model; that of the base model is before the first."""
        if number:
            return self._work.folder(number) / "model"
        return Path(self.how.init) if self.how.init else self._work.out / "base"

    def _learnt(self, sources: Sequence[Source], number: int, steps: int | None) -> Path:
        """Train the model of a round, or the base model, for so many steps or epochs, and return its folder."""
        from gristmill.agents.model.template import TemplateConfig
        from gristmill.training.sft import TrainConfig
        from gristmill.workflows.learn import learn

        name = f"round {number}: learning" if number else "base model"
        template = TemplateConfig(brief=("facts",), facts=self.how.facts) if self._facts else TemplateConfig()
        config = replace(
            self._config or TrainConfig(save_every=SAVE_EVERY), template=template, epochs=self.how.epochs
        )
        learn(
            sources, self._job(number), init=self._job(0) if number else None, steps=steps, config=config, name=name,
            seed=self._work.seed, held_out=self._work.held_out,
            progress=lambda done, total, _: self._work.tell(name, done, total),
        )  # fmt: skip
        return self._job(number)

    def _pairs(self, last: Kept) -> None:
        """Write what was kept beside what failed at the same scenarios, for training on preferences later."""
        for seat, view in last.views.items():
            out = self._work.folder(last.number) / f"pairs-{seat}"
            margin = MARGIN if any(one.score is not None for one in view.kept) else None
            with suppress(NothingToExport):  # no scenario was played both well and badly
                export(
                    last.store, view, "preference", seat, out, margin=margin, overwrite=True, held_out=self._work.held_out
                )  # fmt: skip

    def _told(self) -> list[str]:
        """Return the facts that seats which the model learns know in private, without which nobody could play them."""
        world = registry.make(self._work.world)
        world.reset(seed=0, options={"scenario": world.scenario(0, 0)})
        found = dict.fromkeys(name for seat in self._seats for name in world.brief(seat).facts)
        world.close()
        return list(found)

    def _made(self, number: int, job: Path, **what: Any) -> Made:
        """Evaluate the model of a round, or the base model."""
        name = f"round-{number}" if number else "base"
        path = self._work.out / "evaluations" / name
        found = evaluate(
            self._work.world, {self.seat: _spec(job), **self._opponents()}, path, n=self.how.evaluated,
            seed=self._work.stream("evaluation"), jobs=self._work.jobs, label=name, seat=self.seat,
            progress=lambda done, total, _: self._work.tell(f"{name}: evaluation", done, total),
        )  # fmt: skip
        return Made(
            policy=self._plays(job), generation=int(found.seats[self.seat]["generation"]), success=found.success,
            score=found.score, by=found.by, evaluation=str(path), notes=_met(found.held_out), **what,
        )  # fmt: skip

    def _plays(self, job: Path) -> str:
        return f"{_spec(job)}&temperature={self.how.temperature:g}"

    def _variety(self, sources: Sequence[Source]) -> dict[str, Variety]:
        return {
            seat: Variety.of(
                (one for source in sources if source.seat == seat for one in _episodes(source)), seat
            )
            for seat in self._seats
        }

    def _alarm(self, last: Kept, variety: Mapping[str, Variety], fresh: Mapping[str, Variety]) -> str:
        """Return why nothing should be learnt from here on, empty if all is well."""
        bounds = self.how.bounds
        # What a model cannot do yet it has in no play of its own; that is no collapse while others show it.
        own = msgspec.structs.replace(bounds, stratum=1.1)
        found = [
            f"{what} for {seat}: {one}"
            for what, by_seat, limits, sample in (
                ("what is learnt", variety, bounds, False),
                ("the model's own play", fresh, own, True),
            )
            for seat, after in by_seat.items()
            for one in falls(self._before[seat], after, limits, sample=sample)
        ]
        rate = last.false_pass
        if rate is not None and rate.n and rate.rate > self.how.false_pass:
            found.append(
                f"the verifier passes {rate.passed} of {rate.n} mutants of kept episodes ({rate.rate:.1%}); "
                f"at most {self.how.false_pass:.1%} are asked for"
            )
        return "; ".join(found)


def _ids(source: Source) -> list[str]:
    """Return which episodes of a view are learnt from."""
    assert source.view is not None
    return [one.id for one in source.view.kept if one.split == "train"][: source.limit]


def _size(source: Source) -> int:
    return len(_ids(source))


def _episodes(source: Source) -> Iterator[Episode]:
    ids = set(_ids(source))
    return (one for one in source.store.episodes() if one.id in ids)


def _met(found: HeldOut) -> list[str]:
    """Return in words that scenarios of an evaluation are not held out, or that nobody knows."""
    met = [f"{found.met:,} of the held-out scenarios occur in what was learnt from"] if found.met else []
    return met + [f"whether its scenarios are held out from it is not known: {one}" for one in found.unknown]


def _spec(job: Path) -> str:
    return f"model?checkpoint={quote(str(job))}"


def _has_self(spec: str) -> bool:
    return SELF in _parts(spec)


def _parts(spec: str) -> list[str]:
    """Return the policies in a spec: several in that of `mixed`."""
    name, given = split(spec)
    return given.get("of", "").split("|") if name == "mixed" else [spec]


def _with_self(spec: str, policy: str) -> str:
    """Return a spec with the model in the places where it says `self`."""
    found = [policy if one == SELF else one for one in _parts(spec)]
    return _mixed(found) if len(found) > 1 else found[0]


def _without_self(spec: str) -> str:
    """Return a spec without the model, or the default policy where nobody else is left."""
    found = [one for one in _parts(spec) if one != SELF] or [DEFAULT]
    return _mixed(found) if len(found) > 1 else found[0]


def _mixed(parts: Sequence[str]) -> str:
    return f"mixed?{urlencode({'of': '|'.join(parts)}, safe='/|?=', quote_via=quote)}"


def _nothing(where: str, view: View) -> UsageError:
    """Return the error where nothing was kept, with the yield table in words."""
    stages = "; ".join(
        f"{one.name}: {one.left} of {one.entered}"
        + (f" ({reasons})" if (reasons := _counted(one.reasons)) else "")
        for one in view.stages
    )
    return UsageError(
        f"Expected verified episodes to learn from, got none {where} for {view.acceptance.seat}. Yield: {stages}. Take a "
        "better policy or model to begin with, a lower bar, or more episodes."
    )


def _counted(reasons: Mapping[str, int]) -> str:
    most = sorted(reasons.items(), key=lambda one: -one[1])[:4]
    return ", ".join(f"{number} {name}" for name, number in most)
