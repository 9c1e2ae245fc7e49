"""Kept episodes in other words: what the other seats said is put otherwise, played again, and judged anew.

An augmented episode is a record like any other. Its acts are those of its parent, with other words in the seats that are
not to be learnt from, applied to a fresh world: whatever a tool answered then, it has to answer now, or else the acts
that followed would follow from something that nobody saw. With fields of the scenario drawn again, the new values stand
in place of the old ones in every act, and the world has to answer accordingly.

Every copy is recorded with its verdict, in a run of its own. Its parent stands in the policy of the seats that were
changed, as `augmented?parent=…`, and with every change in the notes of the run.
"""

import random
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlencode

import msgspec

from gristmill import registry
from gristmill.digest import digest, fingerprint_file
from gristmill.errors import UsageError, unknown
from gristmill.generators import augment as package
from gristmill.generators.augment import Chain
from gristmill.generators.augment.resampling import check_fields
from gristmill.play import recorded_acts, replay
from gristmill.recorders.mine import View, load_view, mine, split_of
from gristmill.recorders.sets import Reserved
from gristmill.recorders.store import RunStore
from gristmill.recorders.verify import judge
from gristmill.seeding import derive, stream
from gristmill.types import Act, Entry, Episode, Scenario, SeatInfo, episode_id
from gristmill.workflows.attempts import bursts, note
from gristmill.workflows.augment import (
    AugmentReport,
    Place,
    Progress,
    augmented,
    chains,
    check_copies,
    short_texts,
)
from gristmill.workflows.augment_scenarios import like, space_of
from gristmill.workflows.augment_values import Renaming
from gristmill.world import Simulation, World

__all__ = ["augment_run"]

RESAMPLED = "resample"
_TRIES = 200  # scenarios drawn until one is in the part of the split of its parent

Acts = list[tuple[str, Act]]


def augment_run(
    source: Path,
    out: Path,
    specs: Sequence[str],
    *,
    resample: Sequence[str] = (),
    copies: int = 1,
    seed: int = 0,
    view: str = "default",
    seat: str | None = None,
    progress: Progress | None = None,
) -> AugmentReport:
    """Record augmented copies of the kept episodes of a run in another run, and mine what passes there.

    What is recorded already is not made again, so that the same call goes on where it was stopped.

    Args:
        source: the run.
        out: the new run, made or continued.
        specs: augmentations of words, each of which makes copies of its own; may be empty if fields are drawn again.
        resample: fields of the scenario that are drawn again in every copy.
        copies: how many each makes of an episode.
        seed: root seed.
        view: name of the view that keeps the episodes.
        seat: whose acts are to be learnt and stay in their words; by default the one that the view was mined for, else
            `agent`.
        progress: called with the episodes done and in all.

    Raises:
        UsageError: when the view, the seat, a field or an augmentation does not exist, the run is of a simulation, or `out`
            holds a run of something else.
        StoreError: when a run cannot be read or written.
    """
    wanted = _wanted(specs, copies, resampling=bool(resample))
    if out.resolve() == source.resolve():
        raise UsageError(f"Expected another run to write than the one that is augmented, got {out} for both.")
    store, report = RunStore.open(source), AugmentReport(out=str(out))
    spec = store.spec.get("world")
    if not isinstance(spec, str):
        raise UsageError(f"Expected a run that names its world, got {source}.")
    with closing(registry.make(spec)) as world:
        _check(world, resample)
        kept = load_view(store, view)
        # What is made of a scenario has another id, by which nobody would know it.
        Reserved.of().check((one.scenario for one in kept.kept), store.path)
        work = _Work(world, store, _learnt(world, kept, seat), tuple(resample), seed)
        target = _target(out, store, work, [one.spec for one in wanted])
        known = target.readable()
        with target.writer("augment") as writer:
            made = _made(work, kept, wanted, copies, known, report, progress)
            for burst in bursts(made):
                judged = [(one, judge(world, one)) for one in burst]
                note(out, burst)  # first, so that no episode that counts lacks its parent
                writer.append_all(judged)
        target.seal()
        _count(target, [one.spec for one in wanted], report)
        # What was chosen among several attempts at a scenario was chosen already.
        acceptance = msgspec.structs.replace(
            kept.acceptance,
            level="checked",
            near_distinct=False,
            per_stratum=None,
            above_baseline=False,
            best=None,
        )
        report.kept = len(mine(target, acceptance).kept)
    return report


def _wanted(specs: Sequence[str], copies: int, *, resampling: bool) -> list[Chain]:
    """Return the augmentations of words that are asked for; one that does nothing where only fields are drawn again."""
    check_copies(copies)
    found = [Chain([], RESAMPLED)] if resampling and not specs else chains(specs)
    for one in found:
        if whole := [stage.name for stage in one.stages if stage.whole]:
            raise UsageError(
                f"Expected augmentations of words for a run, got {whole[0]}, which would change what tools have answered, "
                "too. Draw fields of the scenario again instead, with --resample."
            )
    return found


class _Work(NamedTuple):
    """What copies are made with."""

    world: World
    store: RunStore
    seat: str
    resample: tuple[str, ...]
    seed: int


def _check(world: World, resample: Sequence[str]) -> None:
    if isinstance(world, Simulation):
        raise UsageError(
            f"Expected a run whose seats talk, got one of {world.id}, a simulation; the functions of "
            "gristmill.generators.augment.sensors add noise to what it observed."
        )
    if resample:
        check_fields(space_of(world), resample)


def _learnt(world: World, kept: View, seat: str | None) -> str:
    """Return the seat whose acts are to be learnt."""
    found = kept.whose(seat) or "agent"
    if found not in world.possible_agents:
        raise unknown("seat", found, world.possible_agents, of=world.id)
    return found


def _target(out: Path, store: RunStore, work: _Work, specs: Sequence[str]) -> RunStore:
    """Return the run that copies go into."""
    about = {
        "run": store.id,
        "with": list(specs),
        "resample": list(work.resample),
        "seed": work.seed,
        "seat": work.seat,
    }
    seats = store.spec.get("seats", {})
    changed = {
        name: {**who, "policy": _policy(who.get("policy", ""), {})}
        for name, who in seats.items()
        if work.resample or name != work.seat
    }
    spec = {
        **store.spec,
        "version": work.world.version,
        "seats": seats | changed,
        "augmented": about,
        "code": _code(),
    }
    if not (out / "run.json").exists():
        return RunStore.create(out, spec)
    there = RunStore.open(out)
    differing = [name for name in spec if there.spec.get(name) != spec[name]]
    if differing:
        raise UsageError(
            f"{out} holds another run: {differing[0]} is {there.spec.get(differing[0])!r} there, {spec[differing[0]]!r} here. "
            "Choose another directory, or repeat the command that made it."
        )
    return there


def _made(
    work: _Work,
    kept: View,
    wanted: Sequence[Chain],
    copies: int,
    known: set[str],
    report: AugmentReport,
    progress: Progress | None,
) -> Iterator[Episode]:
    """Yield the copies that are not recorded yet."""
    for done, name in enumerate(kept.ids, 1):
        parent = work.store.episode(name)
        report.parents += 1
        met: set[str] = set()
        for chain in wanted:
            for copy in range(copies):
                draft = _draft(work, kept, parent, chain, copy)
                mark = "" if isinstance(draft, str) else digest([draft.acts, draft.like.scenario.id])
                if isinstance(draft, str) or mark in met:
                    report.drop(draft if isinstance(draft, str) else "like another copy")
                    continue
                met.add(mark)
                if draft.like.id in known:
                    continue
                child = replay(work.world, draft.like, acts=draft.acts)
                if child.entries == draft.entries:
                    yield msgspec.structs.replace(child, notes=draft.like.notes)
                else:
                    report.drop("a tool would have answered otherwise")
        if progress:
            progress(done, len(kept.ids))


class _Draft(NamedTuple):
    """A copy that is yet to be played.

    Attributes:
        like: an episode with its identity and notes, and the log of its parent.
        acts: what every seat does, in order.
        entries: the log that it is to have.
    """

    like: Episode
    acts: Acts
    entries: list[Entry]


def _draft(work: _Work, kept: View, parent: Episode, chain: Chain, copy: int) -> _Draft | str:
    """Return a copy of an episode that is yet to be played, or why there is none."""
    acts, scenario, rename = recorded_acts(parent), parent.scenario, None
    if work.resample:
        drawn = _drawn(work, kept, parent, copy)
        if drawn is None:
            return "no other legal values"
        rename = Renaming.of(scenario.values, drawn.values)
        if rename is None:
            return "one value would become two"
        acts, scenario = [(who, rename(act)) for who, act in acts], drawn
    changes = _reword(acts, work, chain, stream(work.seed, "augment", chain.spec, parent.id, copy))
    if not changes and rename is None:
        return "nothing to change"
    changed = [who for who in parent.seats if rename or who != work.seat]
    seats = parent.seats | {who: _seat(parent.seats[who], parent, chain, work, copy) for who in changed}
    origin = {"parent": parent.id, "run": work.store.id, "with": chain.spec, "seed": work.seed, "copy": copy}
    notes = {who: {**origin, "changes": changes.get(who, [])} for who in changed}
    name = episode_id(parent.world, work.world.version, scenario, seats, parent.seed, parent.attempt)
    child = msgspec.structs.replace(parent, id=name, scenario=scenario, seats=seats, notes=notes)
    return _Draft(child, acts, list(_expected(parent, acts, rename)))


def _drawn(work: _Work, kept: View, parent: Episode, copy: int) -> Scenario | None:
    """Return a scenario like that of an episode, in the same part of the split: what is tested on must not be learnt from."""
    own, split = parent.scenario, kept.acceptance.split
    for attempt in range(_TRIES):
        draw = derive(work.seed, RESAMPLED, *work.resample, parent.id, copy, attempt)
        drawn = like(work.world, own, work.resample, draw, seed=own.seed, index=own.index)
        if drawn is None or split_of(drawn.id, split) == split_of(own.id, split):
            return drawn
    return None


def _reword(acts: Acts, work: _Work, chain: Chain, rng: random.Random) -> dict[str, list[dict[str, Any]]]:
    """Put the words of all seats but the one that is learnt from otherwise, and return by seat what was changed."""
    keep, changes = _taken_up(acts, work.seat), dict[str, list[dict[str, Any]]]()
    for place, (who, act) in enumerate(acts):
        if who != work.seat:
            act, told = augmented(act, chain, rng, _words, keep)
            if told:
                acts[place] = who, act
                changes.setdefault(who, []).extend({"act": place, **one._asdict()} for one in told)
    return changes


def _expected(parent: Episode, acts: Acts, rename: Renaming | None) -> Iterator[Entry]:
    """Yield the log of an episode with other acts, if nothing else changes."""
    new = iter(acts)
    for entry in parent.entries:
        if entry["from"] in parent.seats:
            to = {"to": entry["to"]} if "to" in entry else {}
            yield {"from": entry["from"], **next(new)[1], **to}
        else:
            yield rename(entry) if rename else entry


def _words(act: Act) -> Iterator[Place]:
    """Yield the places of the words of an act: what is said, and messages that go with calls."""
    if "say" in act:
        yield act, "say"
    args = act.get("args")
    for name, value in args.items() if isinstance(args, dict) else ():
        if isinstance(value, str) and " " in value:
            yield args, name


def _taken_up(acts: Acts, seat: str) -> list[str]:
    """Return what the calls of a seat have taken from words: with others they would be wrong."""
    args = (act["args"] for who, act in acts if who == seat and "call" in act)
    return list(dict.fromkeys(one for given in args for one in short_texts(given)))


def _seat(info: SeatInfo, parent: Episode, chain: Chain, work: _Work, copy: int) -> SeatInfo:
    """Return who sits in a seat whose acts were changed."""
    about = {
        "parent": parent.id,
        "with": chain.spec,
        "seed": work.seed,
        "copy": copy,
        "resample": ",".join(work.resample),
    }
    mark = digest([info.digest, about, _code()])
    return SeatInfo(policy=_policy(info.policy, about), digest=mark, generation=info.generation)


def _policy(of: str, about: Mapping[str, Any]) -> str:
    return (
        f"augmented?{urlencode({'of': of, **{name: value for name, value in about.items() if value != ''}})}"
    )


@cache
def _code() -> str:
    """Return the digest of what decides how words are changed: the sources of the augmentations and their data."""
    folder = Path(package.__file__).parent
    files = sorted(one for one in folder.rglob("*") if one.suffix in (".py", ".txt"))
    return digest([fingerprint_file(one) for one in files])


def _count(target: RunStore, specs: Sequence[str], report: AugmentReport) -> None:
    """Count the episodes of a run and their verdicts by augmentation."""
    made = {one.id: _spec_of(one) for one in target.episodes()}
    report.written = {spec: number for spec in specs if (number := list(made.values()).count(spec))}
    verdicts = {one.episode_id: one for one in target.verdicts() if one.episode_id in made}
    for name, found in verdicts.items():
        by, why = report.verdicts.setdefault(made[name], {}), report.reasons.setdefault(made[name], {})
        by[found.status] = by.get(found.status, 0) + 1
        for check in found.checks:
            if check.status != "pass":
                why[check.name] = why.get(check.name, 0) + 1


def _spec_of(episode: Episode) -> str:
    """Return the augmentations by which an episode was made."""
    policies = (one.policy for one in episode.seats.values() if one.policy.startswith("augmented?"))
    return next((registry.split(one)[1]["with"] for one in policies), "")
