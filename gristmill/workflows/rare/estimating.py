"""How likely an event of a world is: replicates here or in other processes, each on disk when it is done, and a page."""

import math
from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import closing
from functools import lru_cache
from itertools import chain, count
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from gristmill.digest import decoder, encode, fingerprint_file, indented
from gristmill.errors import UsageError
from gristmill.executors import imap
from gristmill.files import storing, write_whole
from gristmill.generators.rare.estimate import (
    Estimate,
    check_limits,
    combine,
    drawn_of,
    enough,
    of_one_size,
    plan_of,
)
from gristmill.generators.rare.plan import Plan, Replicate
from gristmill.generators.rare.prepare import Start, prepare
from gristmill.generators.rare.replicates import WAVE, wave
from gristmill.lines import read_lines, write_lines
from gristmill.registry import absolute
from gristmill.specs import file_of
from gristmill.types import Scenario, SeatInfo
from gristmill.workflows.rare.playing import Event, System

__all__ = ["Asked", "Estimation", "Failure", "estimate_event", "read_estimation"]

ESTIMATE, START = "estimate.json", "start.json"
FAILURES, REPLICATES, WEIGHTED = "failures.jsonl", "replicates.jsonl", "weighted.jsonl"
T = TypeVar("T")
_MOST = 2_000  # failures that are written, the heaviest


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What an estimate is asked for; see `generators.rare.estimate.estimate` for the arguments."""

    event: Event
    method: str = "auto"
    calls: int = 100_000
    precision: float = 0.2
    tilt: list[str] | str = "auto"
    replicates: int = 6
    size: int | None = None


class Failure(msgspec.Struct, frozen=True, kw_only=True):
    """A scenario that is the event.

    Attributes:
        values: of the scenario.
        log_density: under the nominal distribution.
        weight: what share of the probability of the event it stands for.
        severity: its grade.
        kind: its labels.
        replicate: that found it, and `ancestor` the first scenario of that from which it comes.
    """

    values: dict[str, Any]
    log_density: float
    weight: float
    severity: float
    kind: list[str] = []
    replicate: int = 0
    ancestor: int = 0


class Estimation(msgspec.Struct, frozen=True, kw_only=True):
    """An estimate with what it is of.

    Attributes:
        asked: what was asked for.
        world: id of the world, and `version` of its code.
        seats: who played.
        severity: name of the severity, `about` what it measures, in `unit`.
        estimate: how likely the event is.
        curves: of each replicate, the severities of its levels and how likely at least as much is, as a power of ten.
        kinds: names of the ways in which failures differ, and share of the probability of the event by labels.
    """

    asked: Asked
    world: str
    version: str
    seats: dict[str, SeatInfo]
    severity: str
    about: str
    unit: str
    estimate: Estimate
    curves: list[list[tuple[float, float]]] = []
    kind_names: list[str] = []
    kinds: list[tuple[list[str], float]] = []


def estimate_event(
    asked: Asked,
    out: Path | None = None,
    *,
    jobs: int = 1,
    progress: Callable[[int, int, dict[str, int]], None] | None = None,
) -> tuple[Estimation, list[Failure]]:
    """Return how likely an event is, and scenarios that are the event, the heaviest first.

    With a folder it goes on where it stopped, and the result is written there: the estimate, failures with their weights,
    and the same, each once, as scenarios that `gristmill run --scenarios` plays. Workers change nothing.

    Args:
        asked: what is asked for.
        out: folder of the result.
        jobs: how many workers.
        progress: called with the replicates done, those that are known to be needed, and the calls.

    Raises:
        UsageError: when something asked for does not exist, the linter finds an error, or `out` holds another estimate.
        StoreError: when the folder cannot be read or written.
    """
    asked = msgspec.structs.replace(
        asked,
        event=msgspec.structs.replace(
            asked.event, world=absolute(asked.event.world), severity=absolute(asked.event.severity)
        ),
    )
    check_limits(asked.replicates, asked.precision, asked.calls)
    system = System(asked.event)
    start, found = _begun(asked, system, out)
    with closing(_replicates(asked, start, found, jobs)) as more:
        for one in more:
            found.append(one)
            if out is not None:
                write_lines(out / REPLICATES, found)
            if progress is not None:
                calls = start.calls + sum(one.calls for one in found)
                progress(len(found), max(len(found), asked.replicates), {"calls": calls})
    problem = system.problem()
    drawn = (
        drawn_of(problem, start, found, asked.calls, asked.precision)
        if asked.method == "importance"
        else None
    )
    own = of_one_size(found)
    failures = _failures(system, own)
    told = _told(asked, system, combine(start, found, drawn), own, failures)
    if out is not None:
        write_lines(out / WEIGHTED, failures[:_MOST])
        write_lines(out / FAILURES, _scenarios(system.judge.id, failures[:_MOST]))
        write_whole(out / ESTIMATE, indented(told))
    return told, failures


def read_estimation(folder: Path) -> tuple[Estimation, list[Failure]]:
    """Return what `estimate_event` has written to a folder.

    Raises:
        UsageError: when there is none.
    """
    try:
        told = _estimation((folder / ESTIMATE).read_bytes())
        return told, [msgspec.convert(one, Failure) for one in read_lines(folder / WEIGHTED)]
    except (OSError, msgspec.MsgspecError) as error:
        raise UsageError(
            f"Expected a folder that `gristmill rare estimate --out` has written, got {folder}: {error}."
        ) from None


class _Stored(msgspec.Struct, frozen=True, kw_only=True):
    """What a folder begins with: what was asked, of which code, and what comes before replicates."""

    asked: Asked
    who: dict[str, str]
    start: Start


def _begun(asked: Asked, system: System, out: Path | None) -> tuple[Start, list[Replicate]]:
    """Return the start and the replicates that are there already."""
    who = {"world": system.judge.version} | {seat: one.digest for seat, one in system.policies.items()}
    if file := file_of(asked.event.severity):
        who["severity"] = fingerprint_file(file)
    if out is not None and (out / START).exists():
        stored = _read(out / START, _stored)
        if (stored.asked, stored.who) != (asked, who):
            raise UsageError(
                f"Expected the folder of the same estimate, got {out}, in which another event, another setting or other "
                "code was asked for; choose another folder."
            )
        there = _read(out / REPLICATES, _lines) if (out / REPLICATES).exists() else []
        return stored.start, there[: len(there) // WAVE * WAVE]  # of a broken wave all are run again
    # A file that begins with a dot is what a writer has left that was killed before it was done.
    if out is not None and out.exists() and any(not one.name.startswith(".") for one in out.iterdir()):
        raise UsageError(
            f"Expected a new folder for the estimate, got {out}, which is taken; choose another."
        )
    start = prepare(
        system.problem(), seed=asked.event.seed, method=asked.method, calls=asked.calls, tilt=asked.tilt, size=asked.size
    )  # fmt: skip
    if out is not None:
        write_whole(out / START, indented(_Stored(asked=asked, who=who, start=start)))
    return start, []


def _read(file: Path, told: Callable[[bytes], T]) -> T:
    """Return what is in a file of a folder that is gone on with.

    Raises:
        UsageError: when it is not what `estimate_event` writes.
        StoreError: when it cannot be read.
    """
    with storing(file, "read"):
        data = file.read_bytes()
    try:
        return told(data)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise UsageError(
            f"Expected a file of an estimate that was begun, got {file}: {error}; choose another folder."
        ) from None


def _replicates(
    asked: Asked, start: Start, there: Sequence[Replicate], jobs: int
) -> Generator[Replicate, None, None]:
    """Yield further replicates until there are enough; those that workers have begun in vain are dropped."""
    found = list(there)
    while start.plan is not None and not enough(start, found, asked.replicates, asked.precision, asked.calls):
        plan = plan_of(start, found, asked.replicates, asked.calls)
        # A plan is looked at again when there are so many of its replicates: what it is then hangs on all of them.
        own = sum(one.size == plan.size for one in found)
        last = len(found) - own + asked.replicates if own < asked.replicates else None
        numbers = count(len(found), WAVE) if last is None else range(len(found), last, WAVE)
        todo = (encode(_Work(asked.event, plan, asked.event.seed, number)) for number in numbers)
        made = imap(_run, todo, jobs=jobs, executor="inline" if jobs == 1 else "process")
        for one in chain.from_iterable(map(_wave, made)):
            found.append(one)
            yield one
            if enough(start, found, asked.replicates, asked.precision, asked.calls):
                return


class _Work(msgspec.Struct, frozen=True):
    """A wave of replicates to run, by the number of the first, as plain data."""

    event: Event
    plan: Plan
    seed: int
    number: int


def _run(data: bytes) -> bytes:
    work = _work(data)
    problem = _system(encode(work.event)).problem()
    return encode(wave(problem, work.plan, work.seed, work.number))


@lru_cache(maxsize=2)
def _system(event: bytes) -> System:
    return System(_event(event))


def _failures(system: System, found: Sequence[Replicate]) -> list[Failure]:
    total = sum(one.p for one in found)
    rows = [
        Failure(
            values=one.values,
            log_density=system.space.log_prob(one.values),
            weight=math.exp(one.log_weight) / total,
            severity=one.severity,
            kind=one.kind,
            replicate=run.number,
            ancestor=one.ancestor,
        )
        for run in found
        for one in run.members
    ]
    return sorted(rows, key=lambda one: (-one.weight, -one.log_density))


def _scenarios(world: str, failures: Sequence[Failure]) -> Iterable[Scenario]:
    found = (
        Scenario.of(world, one.values, log_density=one.log_density, stratum=", ".join(one.kind))
        for one in failures
    )
    return {one.id: one for one in found}.values()


def _told(
    asked: Asked, system: System, found: Estimate, runs: Sequence[Replicate], failures: Sequence[Failure]
) -> Estimation:
    shares: dict[tuple[str, ...], float] = {}
    for one in failures:
        shares[tuple(one.kind)] = shares.get(tuple(one.kind), 0.0) + one.weight
    severity = system.severity
    return Estimation(
        asked=asked, world=system.judge.id, version=system.judge.version, severity=severity.name,
        about=severity.about, unit=severity.unit, estimate=found, curves=[_curve(one, found.threshold) for one in runs if one.p],
        seats={
            seat: SeatInfo(policy=one.name, digest=one.digest, generation=one.generation)
            for seat, one in system.policies.items()
        },
        kind_names=[one.name for one in system.kinds],
        kinds=[(list(kind), share) for kind, share in sorted(shares.items(), key=lambda pair: -pair[1])],
    )  # fmt: skip


def _curve(run: Replicate, threshold: float) -> list[tuple[float, float]]:
    """Return how likely at least each level is, and the event."""
    at = sorted(zip([*run.levels, threshold], [*run.chances, run.p], strict=True))
    return [(level, math.log10(p)) for level, p in at if p > 0]


_event, _estimation = decoder(Event), decoder(Estimation)
_lines = msgspec.json.Decoder(Replicate).decode_lines
_stored, _wave, _work = decoder(_Stored), decoder(list[Replicate]), decoder(_Work)
