"""Hunts for failures in a world, and what of a failure suffices for it."""

import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, get_args

import msgspec

from gristmill import registry
from gristmill.digest import decode, digest, indented
from gristmill.errors import UsageError, unknown
from gristmill.files import write_whole
from gristmill.generators.rare import hunting, machine, shrinking
from gristmill.generators.rare.archive import Find, illuminate
from gristmill.generators.rare.leaves import leaves
from gristmill.generators.rare.problem import Outcome, Problem
from gristmill.generators.rare.shrinking import Shrunk
from gristmill.generators.space import Values
from gristmill.lines import write_lines
from gristmill.types import Scenario
from gristmill.workflows.rare.playing import problem_of

__all__ = ["Failure", "Hunt", "Method", "hunt", "shrink"]

Method = Literal["archive", "hypothesis", "machine"]
FAILURES, REPORT = "failures.jsonl", "hunt.json"  # in the folder of a hunt
_SHRUNK = 0.5  # of the calls, at most, for making what was found simpler
_OF_ONE = 100  # calls for making one failure simpler


class Failure(msgspec.Struct, frozen=True, kw_only=True):
    """A failure, as it was found and as simple as it can be.

    Attributes:
        values: of the scenario.
        severity: its grade.
        log_density: under the nominal distribution.
        plausible: whether it is not among the least plausible one in 10,000 nominal draws.
        kind: its labels, in the order of the hunt's kinds.
        words: what is not as usual in it.
        events: what a state machine did to the usual scenario, in order and in words.
        shrunk: the minimal scenario of the same kind; None where there were no calls left.
    """

    values: dict[str, Any]
    severity: float
    log_density: float
    plausible: bool
    kind: tuple[str, ...]
    words: str
    events: tuple[str, ...] = ()
    shrunk: Shrunk | None = None


class Hunt(msgspec.Struct, frozen=True, kw_only=True):
    """What a hunt found.

    Attributes:
        world: spec of the world.
        seats: spec of the policy of each seat that was named.
        severity: name of the severity, the first one of the world if empty.
        threshold: from which a severity is a failure.
        method: by which it was hunted.
        seed: root seed.
        kinds: names of the kinds that are told apart.
        declared: how many combinations of their labels there are.
        reachable: how many of them some simulated scenario had; the others may be ruled out.
        failing: how many of them have a failure.
        plausible: how many of them have one that is plausible.
        bound: least plausibility that counts, see `gristmill.generators.rare.hunting.least_plausible`.
        calls: scenarios simulated to find failures.
        shrinking: the same, to make them simpler.
        failures: what was found, the most plausible first.
    """

    world: str
    seats: dict[str, str]
    severity: str
    threshold: float
    method: Method
    seed: int
    kinds: tuple[str, ...]
    declared: int
    reachable: int
    failing: int
    plausible: int
    bound: float
    calls: int
    shrinking: int
    failures: tuple[Failure, ...]


def hunt(
    world: str,
    seats: Mapping[str, str],
    *,
    severity: str = "",
    threshold: float | None = None,
    by: Sequence[str] = (),
    calls: int = 6_000,
    method: Method = "archive",
    seed: int = 0,
    out: Path | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Hunt:
    """Return the most plausible failure of each kind that is found, each with a minimal scenario of the same kind.

    Args:
        world: its spec.
        seats: spec of the policy of each seat; the others get `expert`.
        severity: name of one of the world's severities; the first without.
        threshold: instead of the severity's own.
        by: names of the kinds to tell apart; all of the world's without.
        calls: scenarios to simulate; to make what was found simpler takes up to half as many more.
        method: `archive`, which looks for every kind; `hypothesis`, for plausible failures; `machine`, for short sequences
            of events.
        seed: root seed, of the episodes too.
        out: folder that gets the scenarios, `failures.jsonl` for `gristmill run --scenarios`, and the report, `hunt.json`.
        progress: is told the calls so far, and how many failures there are.

    Raises:
        UsageError: when something asked for does not exist, or `out` holds another hunt.
        StoreError: when the files cannot be written.
    """
    if method not in get_args(Method):
        raise unknown("method", method, get_args(Method))
    if out is not None:
        _same_hunt(
            out, {"world": world, "seats": dict(seats), "severity": severity, "method": method, "seed": seed}
        )
    met: set[tuple[str, ...]] = set()
    problem = _told(problem_of(world, seats, severity=severity, threshold=threshold, seed=seed), by, met)
    finds, events = _finds(problem, method, seed, calls, progress)
    spent, bound = problem.calls, hunting.least_plausible(problem.space, seed=seed)
    found, failures = leaves(problem.space), list[Failure]()
    for one in finds:
        left = int(calls * _SHRUNK) - (problem.calls - spent)
        failures.append(
            Failure(
                values=one.values,
                severity=one.severity,
                log_density=one.log_density,
                plausible=one.plausibility >= bound,
                kind=one.kind,
                words=shrinking.in_words(found, one.values),
                events=events.get(digest(one.values), ()),
                shrunk=_shrunk(problem, one, min(left, _OF_ONE)) if left > 0 else None,
            )
        )
    result = Hunt(
        world=world,
        seats=dict(seats),
        severity=severity,
        threshold=problem.threshold,
        method=method,
        seed=seed,
        kinds=tuple(problem.kinds),
        declared=math.prod(map(len, problem.kinds.values())),
        reachable=len(met),
        failing=len({one.kind for one in failures}),
        plausible=len({one.kind for one in failures if one.plausible}),
        bound=bound,
        calls=spent,
        shrinking=problem.calls - spent,
        failures=tuple(failures),
    )
    if out is not None:
        _write(result, out)
    return result


def _same_hunt(out: Path, asked: Mapping[str, Any]) -> None:
    """Refuse a folder that holds what was found by another hunt."""
    if not (out / REPORT).exists():
        return
    try:
        there = decode((out / REPORT).read_bytes())
        same = all(there.get(name) == value for name, value in asked.items())
    except (AttributeError, msgspec.DecodeError):
        same = False
    if not same:
        raise UsageError(
            f"Expected a new folder, or that of the same hunt, got {out}, in which something else was hunted; choose another."
        )


def shrink(
    world: str,
    seats: Mapping[str, str],
    scenario: Scenario,
    *,
    severity: str = "",
    threshold: float | None = None,
    same_kind: bool = False,
    calls: int = 100,
    seed: int = 0,
) -> Shrunk:
    """Return a minimal scenario that fails as the one given does, and is about as plausible or more so.

    Args:
        world: its spec.
        seats: spec of the policy of each seat; the others get `expert`.
        scenario: that fails.
        severity: name of one of the world's severities; the first without.
        threshold: instead of the severity's own.
        same_kind: whether its kinds have to stay as they are.
        calls: scenarios to simulate at most.
        seed: root seed of the episodes.

    Raises:
        UsageError: when something asked for does not exist, or the scenario does not fail.
    """
    problem = problem_of(world, seats, severity=severity, threshold=threshold, seed=seed)
    kind = problem.simulate([scenario.values])[0].kind if same_kind else ()
    keep = (lambda outcome: outcome.kind == kind) if same_kind else None
    return shrinking.shrink(problem, scenario.values, calls=calls, keep=keep)


def _told(problem: Problem, by: Sequence[str], met: set[tuple[str, ...]]) -> Problem:
    """Return a problem that tells apart only some kinds, and notes which combinations of them it has met."""
    for name in by:
        if name not in problem.kinds:
            raise unknown("kind", name, problem.kinds)
    places = [list(problem.kinds).index(name) for name in by or problem.kinds]

    def simulate(rows: Sequence[Values]) -> list[Outcome]:
        outcomes = problem.simulate(rows)
        outcomes = [one._replace(kind=tuple(one.kind[place] for place in places)) for one in outcomes]
        met.update(one.kind for one in outcomes)
        return outcomes

    kinds = {name: problem.kinds[name] for name in by or problem.kinds}
    return Problem(problem.space, simulate, problem.threshold, clock=problem.clock, kinds=kinds)


def _finds(
    problem: Problem, method: Method, seed: int, calls: int, progress: Callable[[int, int], None] | None
) -> tuple[list[Find], dict[str, tuple[str, ...]]]:
    """Return the most plausible failure of each kind, the most plausible first, and the events that led to some."""
    if method == "archive":
        return list(illuminate(problem, seed=seed, calls=calls, progress=progress).failures), {}
    if method == "hypothesis":
        found = hunting.hunt(problem, seed=seed, calls=calls, progress=progress).failures
        return list({one.kind: one for one in reversed(found)}.values())[::-1], {}
    broken = machine.break_down(problem, seed=seed, calls=calls, progress=progress)
    events = {digest(one.find.values): one.events for one in broken}
    return sorted((one.find for one in broken), key=lambda one: -one.plausibility), events


def _shrunk(problem: Problem, find: Find, calls: int) -> Shrunk:
    return shrinking.shrink(problem, find.values, calls=calls, keep=lambda outcome: outcome.kind == find.kind)


def _write(found: Hunt, out: Path) -> None:
    """Write the scenarios, each once, minimal ones too, and the report."""
    world = registry.world(found.world)().id
    scenarios: dict[str, Scenario] = {}
    for one in found.failures:
        for each in (one, one.shrunk) if one.shrunk is not None else (one,):
            stratum = ", ".join(each.kind)
            scenario = Scenario.of(world, each.values, log_density=each.log_density, stratum=stratum)
            scenarios[scenario.id] = scenario
    write_lines(out / FAILURES, scenarios.values())
    write_whole(out / REPORT, indented(found))
