"""From a world, policies and a severity to an evaluation set: candidates are played, proved, sorted into roles and written."""

import math
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from msgspec.structs import replace

from gristmill import registry
from gristmill.errors import UsageError, unknown
from gristmill.generators.rare.coverage import combinations_in
from gristmill.generators.rare.coverage_factors import Factors
from gristmill.generators.rare.problem import Problem
from gristmill.generators.space import Space
from gristmill.recorders.sets import (
    ROLES,
    EvaluationSet,
    Manifest,
    Provenance,
    Record,
    Role,
    Verified,
    new_folder,
    write_set,
)
from gristmill.severity import Kind
from gristmill.specs import split
from gristmill.types import Episode, Scenario
from gristmill.workflows.rare.building_candidates import PAIRS, Candidate, candidates
from gristmill.workflows.rare.building_search import Failure, Search
from gristmill.workflows.rare.building_strata import Strata
from gristmill.workflows.rare.playing import Event, System
from gristmill.workflows.rare.scoring_rates import rate_of
from gristmill.workflows.rare.scoring_runs import Plays, Result, play_scenarios, results_of
from gristmill.workflows.rare.verifying import RUN, replayed, space_digest
from gristmill.workflows.run import DEFAULT
from gristmill.world import World

__all__ = ["Tell", "build"]

Tell = Callable[[str, int, int], None]
_REPLAY, _UNFAIR = "a fresh world does not reproduce it", "the reference policy does not survive it"


def build(
    world: str,
    seats: Mapping[str, str],
    out: Path,
    *,
    roles: Mapping[Role, int],
    severity: str = "",
    threshold: float | None = None,
    seed: int = 0,
    reference: Mapping[str, str] | None = None,
    failures: Sequence[Failure] = (),
    calls: int = 10_000,
    jobs: int = 1,
    licence: str = "",
    command: str = "",
    tell: Tell | None = None,
) -> EvaluationSet:
    """Build an evaluation set in a new folder.

    Every candidate is played, and its acts are applied to a fresh world: what that does not reproduce is no record. Where
    there is a reference policy it plays, too: what it does not survive is no record unless it is an estimating one, since
    leaving those out would bias the rate.

    Args:
        world: its spec.
        seats: spec of the policy of each seat that the set is built against; the others get `expert`.
        out: the folder.
        roles: how many records of each role; there may be fewer where not as many are found, and of `coverage` there are
            at least those that have all pairs of levels.
        severity: name of one of the world's severities, or a place in a file, `path.py:name`; the first without.
        threshold: instead of the severity's own.
        seed: root seed of the draws and of the episodes.
        reference: specs of competent policies by seat; by default `expert` in each of `seats` that has another one, and
            none if empty.
        failures: scenarios that were found to fail, for stress records; by default they are searched for.
        calls: scenarios that a search for them, or for the proposal of the estimating records, may simulate, roughly; with 0 there
            is no search, and estimating records are nominal draws of which rare options are drawn more often.
        jobs: how many workers.
        licence: of the set.
        command: that makes the set again.
        tell: called with the part at work and its progress: done, of all.

    Raises:
        UsageError: when something asked for does not exist, there are no candidates, or an estimating draw cannot be told
            or does not replay.
        StoreError: when the folder is taken or cannot be written.
    """
    _asked(roles)
    work = _Work.of(world, seats, severity, threshold, seed, reference, jobs, tell)
    with new_folder(out) as folder, TemporaryDirectory() as aside:
        work.tell("searching", 0, calls)
        search = Search(work.problem, work.judge.id, seed, calls)
        found = candidates(search, roles, seed=seed, failures=failures)
        if not found.candidates:
            raise UsageError(
                f"Expected scenarios that fail to build stress records of, got none in {calls:,} calls; search longer, or lower "
                f"the threshold of {work.plays.threshold:g}."
            )
        plays = _played(work, [*_numbered(work, found.candidates)], folder / RUN)
        _whole(plays)
        spared = _reference(work, plays, Path(aside) / RUN)
        records, refused = _records(work, plays, spared, roles)
        records = _paired(records)
        estimating = [one for one in records if one.role == "estimating"]
        rate = rate_of([one.weight or 0.0 for one in estimating], [one.event for one in estimating])
        manifest = Manifest(
            world=work.judge.id, spec=registry.absolute(world), version=work.judge.version, space=work.space,
            severity=registry.absolute(severity) or work.plays.severity.name, threshold=work.plays.threshold, seed=seed,
            built_against=plays[0].episode.seats, reference=dict(work.reference), command=command,
            estimate=rate if estimating else None, proposal=found.proposal, coverage=_coverage(work.problem.space, records, found.pairs),
            bands=_strata(work, plays).edges, refused=dict(refused), notes=[*found.notes, *_notes(roles, records)],
            licence=licence,
        )  # fmt: skip
        return write_set(folder, manifest, records)._replace(path=out)


class _Work(NamedTuple):
    """What the parts of building share.

    Attributes:
        judge: an instance of the world.
        problem: the event, as the search sees it.
        seats: as given.
        plays: how scenarios are played and graded.
        kinds: the ways in which failures differ.
        reference: specs of competent policies, by seat.
        space: digest of the Space.
        tell: called with progress.
    """

    judge: World
    problem: Problem
    seats: Mapping[str, str]
    plays: Plays
    kinds: tuple[Kind, ...]
    reference: Mapping[str, str]
    space: str
    tell: Tell

    @classmethod
    def of(
        cls, world: str, seats: Mapping[str, str], severity: str, threshold: float | None, seed: int,
        reference: Mapping[str, str] | None, jobs: int, tell: Tell | None,
    ) -> "_Work":  # fmt: skip
        world = registry.absolute(world)
        system = System(
            Event(world=world, seats=dict(seats), severity=severity, threshold=threshold, seed=seed)
        )
        return cls(
            system.judge, system.problem(), seats, Plays(world, system.severity, system.threshold, seed, jobs), system.kinds,
            _competent(world, seats) if reference is None else reference, space_digest(system.space),
            tell or (lambda *_: None),
        )  # fmt: skip


class _Play(NamedTuple):
    """A candidate and how it went; `why` it cannot be a record, empty where it can."""

    candidate: Candidate
    episode: Episode
    result: Result
    cell: str
    why: str


def _asked(roles: Mapping[Role, int]) -> None:
    for role, count in roles.items():
        if role not in ROLES:
            raise unknown("role", role, ROLES)
        if count < 1:
            raise UsageError(f"Expected at least one record of role {role}, got {count}.")
    if not roles:
        raise UsageError(f"Expected a role to build records of, got none; take some of {', '.join(ROLES)}.")


def _competent(world: str, seats: Mapping[str, str]) -> dict[str, str]:
    """Return the expert in each of the seats that has another policy, and nothing where there is no expert."""
    found: dict[str, str] = {}
    for seat, spec in seats.items():
        if split(spec)[0] != DEFAULT:
            try:
                registry.policy(DEFAULT, world, seat)
            except UsageError:
                return {}
            found[seat] = DEFAULT
    return found


def _numbered(work: _Work, found: Sequence[Candidate]) -> Iterator[tuple[Candidate, Scenario]]:
    """Yield candidates with their scenarios; those that were searched for have the index that they were found under."""
    stratum = getattr(work.judge, "stratum", None)
    for number, one in enumerate(found, 1):
        index = 0 if one.role == "stress" else number
        cell = stratum(one.values) if callable(stratum) else ""
        yield one, Scenario.of(
            work.judge.id, one.values, seed=work.plays.seed, index=index, log_density=one.log_p, stratum=cell
        )  # fmt: skip


def _played(work: _Work, asked: Sequence[tuple[Candidate, Scenario]], out: Path) -> list[_Play]:
    """Play candidates, and replay them in a fresh world."""
    by = {(scenario.id, scenario.index): candidate for candidate, scenario in asked}
    store = play_scenarios(
        work.plays, work.seats, [scenario for _, scenario in asked], out,
        lambda done, total, _: work.tell("playing", done, total),
    )  # fmt: skip
    episodes = list(store.episodes())
    found: list[_Play] = []
    for episode, differs in zip(episodes, replayed(work.plays.world, episodes, work.plays.jobs), strict=True):
        candidate = by[episode.scenario.id, episode.scenario.index]
        result, kind = work.plays.grade(episode, work.kinds)
        why = f"error of {result.error}" if result.error else f"{_REPLAY}: {differs}" if differs else ""
        found.append(_Play(candidate, episode, result, ", ".join(kind) or episode.scenario.stratum, why))
        work.tell("replaying", len(found), len(episodes))
    return sorted(found, key=lambda one: one.episode.scenario.index)


def _whole(plays: Sequence[_Play]) -> None:
    """Refuse estimating draws of which some are no records, since the rate would be biased."""
    lost = [one for one in plays if one.candidate.role == "estimating" and one.why]
    if lost:
        raise UsageError(
            f"Expected every estimating draw to be told and to replay, got {len(lost):,} that do not, the first since "
            f"{lost[0].why} (scenario {lost[0].episode.scenario.id}); leaving them out would bias the rate."
        )


def _reference(work: _Work, plays: Sequence[_Play], out: Path) -> dict[tuple[str, int], Result]:
    """Return how the competent policies fare, by id and index of the scenario; nothing where there are none."""
    scenarios = [one.episode.scenario for one in plays if not one.why]
    if not work.reference or not scenarios:
        return {}
    store = play_scenarios(
        work.plays, {**work.seats, **work.reference}, scenarios, out,
        lambda done, total, _: work.tell("reference", done, total),
    )  # fmt: skip
    return dict(results_of(work.plays, store))


def _records(
    work: _Work, plays: Sequence[_Play], spared: Mapping[tuple[str, int], Result], roles: Mapping[Role, int]
) -> tuple[list[Record], Counter[str]]:
    """Return the records, at most as many of each role as were asked for, and why other candidates are none."""
    strata, refused, records = _strata(work, plays), Counter[str](), list[Record]()
    counts: Counter[str] = Counter()
    for one in sorted(plays, key=lambda play: ROLES.index(play.candidate.role)):
        role = one.candidate.role
        other = spared.get((one.episode.scenario.id, one.episode.scenario.index))
        why = one.why.partition(":")[0] or _unsuited(role, one.result, other)
        if (
            counts[role] >= roles[role] and one.candidate.origin.algorithm != PAIRS
        ):  # all of those, or pairs are missing
            continue
        if why:
            refused[f"{role}: {why}"] += 1
            continue
        counts[role] += 1
        records.append(_record(work, one, other, strata))
    return records, refused


def _paired(records: Sequence[Record]) -> list[Record]:
    """Return the records, those that are simpler than another paired with it: only what does not matter differs."""
    names = {one.scenario.id: one.id for one in records if one.role == "stress"}
    return [
        replace(one, origin=replace(one.origin, pair_of=names[source]))
        if (source := one.origin.shrunk_from) in names
        else one
        for one in records
    ]


def _unsuited(role: Role, result: Result, reference: Result | None) -> str:
    """Return why a candidate is no record of its role."""
    if role == "estimating":
        return ""
    if role == "stress" and not result.event:
        return "it does not fail"
    if role == "control" and result.event:
        return "it fails"
    return _UNFAIR if reference is not None and reference.outcome != "survives" else ""


def _record(work: _Work, one: _Play, reference: Result | None, strata: Strata) -> Record:
    candidate, episode, plays = one.candidate, one.episode, work.plays
    grade = one.result.severity
    assert grade is not None, "what could not be told is no record"
    log_q = None if candidate.log_weight is None else candidate.log_p - candidate.log_weight
    weight = None if log_q is None else math.exp(candidate.log_p - log_q)
    name = Record.id_of(
        candidate.role, episode.scenario, plays.seed, weight, plays.severity.name, plays.threshold
    )
    fired = getattr(work.judge, "fired", None)
    return Record(
        id=name, role=candidate.role, scenario=episode.scenario, seed=plays.seed, log_p=candidate.log_p, log_q=log_q,
        weight=weight, stratum=strata.of(candidate.values, grade, one.cell), severity=grade, event=one.result.event,
        threshold=plays.threshold, built_against=episode.seats, origin=candidate.origin,
        fired=list(fired(episode)) if callable(fired) else [],
        verified=Verified(
            replays=1, reproduced=1, state_digest=episode.state_digest, checker=work.judge.id,
            checker_version=work.judge.version,
        ),
        reference_outcome=reference.outcome if reference else "",
        reference_severity=reference.severity if reference else None,
        provenance=Provenance(world=work.judge.id, version=work.judge.version, space=work.space),
    )  # fmt: skip


def _strata(work: _Work, plays: Sequence[_Play]) -> Strata:
    """Return the bands; what is ordinary is told by the draws that say how likely they are."""
    told = [
        (one.result.severity, 1.0 if one.candidate.log_weight is None else math.exp(one.candidate.log_weight))
        for one in plays
        if one.result.severity is not None and one.candidate.role in ("estimating", "control")
    ]
    return Strata(work.problem.space, work.plays.threshold, told)


def _coverage(space: Space, records: Sequence[Record], pairs: int) -> dict[str, int | float]:
    """Return how many of the possible pairs of levels the coverage records have; nothing where none were asked for."""
    if not pairs:
        return {}
    factors = Factors(space)
    rows = [factors.of(one.scenario.values) for one in records if one.role == "coverage"]
    covered = len({pair for row in rows for pair in combinations_in(row, 2)})
    return {"strength": 2, "possible": pairs, "covered": covered, "share": covered / pairs}


def _notes(roles: Mapping[Role, int], records: Sequence[Record]) -> list[str]:
    counts = Counter(one.role for one in records)
    return [
        f"{wanted:,} {role} records were asked for, and {counts[role]:,} found"
        for role, wanted in roles.items()
        if counts[role] < wanted
    ]
