"""Play many scenarios, judge every attempt, and record all of them."""

import gc
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any

import msgspec

from gristmill import registry
from gristmill.digest import decoder, digest, encode, plain
from gristmill.errors import RAISED, UsageError, unknown
from gristmill.executors import Executor, each, imap
from gristmill.play import briefed, identify, lock_step, play
from gristmill.policy import Policy
from gristmill.recorders.ledger import latest
from gristmill.recorders.store import RunStore
from gristmill.recorders.verify import verify_all
from gristmill.types import Episode, Scenario, Verdict
from gristmill.workflows.attempts import broken, bursts, missing, note
from gristmill.workflows.scenarios import read_scenarios
from gristmill.world import World

__all__ = ["Job", "RunReport", "run", "run_chunk", "seat_policies"]

CHUNK = 128  # scenarios per message to a worker
MOST_REASONS = 8  # for errors; a message may hold a number and differ every time
PROBES = 4  # scenarios for which it is put on record what the seats are told
DEFAULT = "expert"  # the policy of a seat that is given none

Pair = tuple[Episode, Verdict]
Progress = Callable[[int, int, Mapping[str, int]], None]


class Job(msgspec.Struct, frozen=True):
    """A chunk of scenarios to play, as plain data.

    Attributes:
        world: spec of the world.
        seats: spec of each seat's policy.
        seed: root seed of the run.
        attempt: which of repeated plays this is.
        draws: indices of scenarios to draw, or the scenarios themselves.
        steady: seats that are given the same seed in every attempt.
    """

    world: str
    seats: dict[str, str]
    seed: int
    attempt: int
    draws: list[int | Scenario]
    steady: tuple[str, ...] = ()


class RunReport(msgspec.Struct, kw_only=True):
    """What a run came to.

    Attributes:
        out: the run directory.
        asked: episodes asked for.
        played: episodes played by this call; the others were there already.
        counts: episodes of the run by status.
        errors: episodes of this call that ended in an error, by the side at fault and what happened there.
        notes: by seat, the sums over the episodes of this call of what its policy has noted, such as tokens used;
            `notes.jsonl` in the run directory has them by episode.
    """

    out: str
    asked: int
    played: int = 0
    counts: dict[str, int] = {}
    errors: dict[str, int] = {}
    notes: dict[str, dict[str, float]] = {}

    def add(self, verdict: Verdict, notes: Mapping[str, Mapping[str, Any]]) -> None:
        """Count one attempt."""
        self.played += 1
        for seat, told in notes.items():
            sums = self.notes.setdefault(seat, {})
            for name, value in told.items():
                if isinstance(value, int | float):
                    sums[name] = round(sums.get(name, 0) + value, 3)
        self.counts[verdict.status] = self.counts.get(verdict.status, 0) + 1
        if verdict.status == "error":
            broken = next(check for check in verdict.checks if check.status == "error")
            reason = f"{verdict.side}: {broken.evidence.get('message', broken.name)}"
            if reason not in self.errors and len(self.errors) >= MOST_REASONS:
                reason = "others"
            self.errors[reason] = self.errors.get(reason, 0) + 1


def run(
    world: str,
    seats: Mapping[str, str],
    out: Path,
    *,
    n: int = 100,
    seed: int = 0,
    attempts: int = 1,
    retry_errors: Collection[str] = (),
    steady: Collection[str] = (),
    jobs: int = 1,
    executor: Executor | None = None,
    scenarios: Path | None = None,
    progress: Progress | None = None,
) -> RunReport:
    """Play scenarios and record every attempt with its verdict; what is recorded already is not played again.

    The same arguments give the same episodes whatever the executor and however often the run was interrupted. More
    scenarios or attempts can be asked for later.

    Args:
        world: spec of the world.
        seats: spec of the policy of each seat; the others get `expert`.
        out: the run directory, made or continued.
        n: how many scenarios to draw.
        seed: root seed.
        attempts: how often each scenario is played.
        retry_errors: seats whose recorded faults, such as outages of an endpoint, do not count as played. A scenario
            gets a further attempt in place of each; the one that failed stays on record.
        steady: seats whose policy is given the same seed in every attempt at a scenario: attempts then part where another
            seat acts otherwise, as pairs of good and bad play have to.
        jobs: how many workers.
        executor: where they run; by default here if there is one, else in processes.
        scenarios: a file of scenarios to play instead of drawing `n`.
        progress: called after every few episodes with those done, those asked for, and the counts by status.

    Raises:
        UsageError: when something asked for does not exist, or `out` holds a run of something else.
        StoreError: when the run cannot be read or written.
    """
    if n < 1 or attempts < 1:
        raise UsageError(f"Expected at least one scenario and one attempt, got {n} and {attempts}.")
    world = registry.absolute(world)
    stage = _stage(world, tuple(sorted(_all_seats(world, seats).items())))
    given = _distinct(scenarios, read_scenarios(scenarios, stage.judge)) if scenarios else None
    _known_seats(world, stage.policies, {*retry_errors, *steady})
    store = _open(out, _spec(world, stage, seed, given, steady))
    known = store.readable()
    draws: Sequence[int | Scenario] = given or range(n)
    report = RunReport(out=str(out), asked=len(draws) * attempts, counts=_counts(store, known))
    todo = [
        msgspec.structs.replace(job, steady=tuple(sorted(steady)))
        for job in _jobs(stage, seed, attempts, draws, known, broken(store, retry_errors))
    ]
    done = report.asked - sum(len(job.draws) for job in todo)
    if todo:
        where: Executor = executor or ("inline" if jobs == 1 else "process")
        with _rarely_collecting():
            with store.writer() as writer:
                for burst in _play(todo, jobs, where):
                    _same_code(stage, burst)
                    note(out, [one for one, _ in burst])  # first, so that no episode that counts lacks them
                    writer.append_all(burst)
                    for episode, verdict in burst:
                        report.add(verdict, episode.notes)
                    if progress:
                        progress(done + report.played, report.asked, report.counts)
            store.seal()
    return report


def run_chunk(job: Job) -> Iterator[list[Pair]]:
    """Play and judge one chunk, burst by burst; what is in them is a pure function of the job."""
    stage = _stage(job.world, tuple(sorted(job.seats.items())))
    scenarios = [_drawn(stage.judge, job.seed, one) for one in job.draws]
    played = play(
        stage.make, scenarios, stage.policies, seed=job.seed, attempt=job.attempt, steady=job.steady
    )
    for burst in bursts(played):
        yield list(zip(burst, verify_all(stage.judge, burst, "checked"), strict=True))


def seat_policies(
    world: str, seats: Mapping[str, str], *, leave_out: Collection[str] = ()
) -> dict[str, Policy]:
    """Return the policy of every seat but those left out; those that are given none get `expert`.

    Raises:
        UsageError: when there is no such seat or policy.
    """
    return {
        seat: registry.policy(spec, world, seat)
        for seat, spec in _all_seats(world, seats).items()
        if seat not in leave_out
    }


class _Stage(msgspec.Struct, frozen=True):
    """What a worker builds once: the world, and an instance of it that judges, and the policies."""

    world: str
    seats: dict[str, str]
    make: registry.WorldSpec
    judge: World
    policies: dict[str, Policy]


@lru_cache(maxsize=4)
def _stage(world: str, seats: tuple[tuple[str, str], ...]) -> _Stage:
    make = registry.world(world)
    return _Stage(world, dict(seats), make, make(), seat_policies(world, dict(seats)))


def _all_seats(world: str, seats: Mapping[str, str]) -> dict[str, str]:
    names = registry.make(world).possible_agents
    _known_seats(world, names, seats)
    return {seat: seats.get(seat, DEFAULT) for seat in names}


def _known_seats(world: str, names: Collection[str], seats: Iterable[str]) -> None:
    for seat in seats:
        if seat not in names:
            raise unknown("seat", seat, names, of=world)


def _distinct(path: Path, given: list[Scenario]) -> list[Scenario]:
    """Refuse a file in which a scenario occurs twice, since both lines would be one and the same episode."""
    lines = (number for number, line in enumerate(path.read_bytes().split(b"\n"), 1) if line.strip())
    met: dict[tuple[str, int], int] = {}
    for number, one in zip(lines, given, strict=True):
        if (first := met.setdefault((one.id, one.index), number)) != number:
            raise UsageError(
                f"{path}, line {number}: expected another scenario, got that of line {first} again; "
                "leave it out, or give it an index of its own."
            )
    return given


def _drawn(world: World, seed: int, one: int | Scenario) -> Scenario:
    return world.scenario(seed, one) if isinstance(one, int) else one


def _spec(
    world: str, stage: _Stage, seed: int, given: list[Scenario] | None, steady: Collection[str]
) -> dict[str, Any]:
    """Return what decides the episodes; how many of them there are does not."""
    who = {
        seat: {"policy": policy.name, "digest": policy.digest, "generation": policy.generation}
        for seat, policy in stage.policies.items()
    }
    drawn_from = "space" if given is None else digest([[one.id, one.index] for one in given])
    return {
        "world": world,
        "version": stage.judge.version,
        "seats": who,
        "seed": seed,
        "scenarios": drawn_from,
        "told": _told(stage),
        **({"steady": sorted(set(steady))} if steady else {}),
    }


def _told(stage: _Stage) -> dict[str, Any]:
    """Return some scenarios, and for each seat a digest of what it is told in them; nothing of a world that raises.

    The scenarios are the same for every run, and are on record because another version may draw others.
    """
    try:
        world = stage.make()
        try:
            scenarios = [world.scenario(0, index) for index in range(PROBES)]
            return {"seats": briefed(world, scenarios), "probes": plain(scenarios)}
        finally:
            world.close()
    except RAISED:  # a fault of the episodes that it will break
        return {}


def _open(out: Path, spec: dict[str, Any]) -> RunStore:
    if not (out / "run.json").exists():
        return RunStore.create(out, spec)
    store = RunStore.open(out)
    there, here = _flat(_comparable(store.spec, spec)), _flat(_comparable(spec, store.spec))
    if differing := [name for name in here | there if there.get(name) != here.get(name)]:
        what = "; ".join(
            f"{name} is {there.get(name)!r} there, {here.get(name)!r} here" for name in differing[:3]
        )
        raise UsageError(
            f"{out} holds a run of something else: {what}. "
            "Choose another directory, or repeat the command that made it."
        )
    return store


def _comparable(spec: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    """Return the spec with what each seat is told, if the other says it too, and without the scenarios of that.

    Nor does it matter how a policy was asked for, such as by which path to its checkpoint, where its digest is the same.
    """
    told = spec["told"].get("seats", {}) if "told" in spec and "told" in other else {}
    there = other.get("seats", {})
    seats = {
        seat: {**who, "policy": ""} if who.get("digest") == there.get(seat, {}).get("digest") else who
        for seat, who in spec.get("seats", {}).items()
    }
    return {**spec, "seats": seats, "told": told}


def _flat(spec: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Return nested mappings as one, with dotted names."""
    flat: dict[str, Any] = {}
    for name, value in spec.items():
        flat |= _flat(value, f"{prefix}{name}.") if isinstance(value, dict) else {prefix + name: value}
    return flat


def _jobs(
    stage: _Stage,
    seed: int,
    attempts: int,
    draws: Sequence[int | Scenario],
    known: set[str],
    broken: set[str],
) -> Iterator[Job]:
    """Yield what is missing, in chunks; `broken` are attempts that are on record and do not count."""
    width = lock_step(stage.judge, stage.policies.values())
    for chunk in each(draws, -(-CHUNK // width) * width):
        left: dict[int, list[int | Scenario]] = {}
        for one in chunk:
            todo = missing(_identity(stage, seed, one), attempts, known, broken) if known else range(attempts)
            for attempt in todo:
                left.setdefault(attempt, []).append(one)
        for attempt in sorted(left):
            yield Job(stage.world, stage.seats, seed, attempt, left[attempt])


def _identity(stage: _Stage, seed: int, one: int | Scenario) -> Callable[[int], str]:
    """Return what gives the id of each attempt at a scenario."""
    scenario = _drawn(stage.judge, seed, one)
    return lambda attempt: identify(stage.judge, scenario, stage.policies, seed=seed, attempt=attempt)


def _same_code(stage: _Stage, burst: Sequence[Pair]) -> None:
    """Refuse what a worker with other code has played: it is not what was asked for."""
    here = {"the world": stage.judge.version} | {name: one.digest for name, one in stage.policies.items()}
    met = {(one.version, *[one.seats[seat].digest for seat in stage.policies]) for one, _ in burst}
    for there in met - {tuple(here.values())}:
        for (what, version), got in zip(here.items(), there, strict=True):
            if got != version:
                raise UsageError(
                    f"Expected workers with version {version} of {what}, got {got}; "
                    "its code has changed meanwhile, or differs on another machine."
                )


def _play(jobs: Iterable[Job], workers: int, executor: Executor) -> Iterator[list[Pair]]:
    if executor == "inline":  # the same function, spared the way through bytes
        for job in jobs:
            yield from run_chunk(job)
        return
    for data in imap(_work, map(encode, jobs), jobs=workers, executor=executor):
        yield from _bursts_from(data)


def _work(data: bytes) -> bytes:
    with _rarely_collecting():
        return encode(list(run_chunk(_job(data))))


@contextmanager
def _rarely_collecting() -> Iterator[None]:
    """Let the garbage collector look on only now and then: an episode is objects by the hundred, none of them garbage."""
    before = gc.get_threshold()
    gc.set_threshold(before[0] and max(before[0], 10_000), *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)


def _counts(store: RunStore, known: set[str]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for episode_id, verdicts in latest(store.ledger()).items() if known else ():
        for (_, level), standing in verdicts.items():
            if level == "checked" and episode_id in known:  # a damaged episode leaves its verdict behind
                counts[standing.status] = counts.get(standing.status, 0) + 1
    return counts


_job = decoder(Job)
_bursts_from = decoder(list[list[Pair]])
