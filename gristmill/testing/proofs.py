"""Probes of the verifier: it passes what is right, and nothing else."""

import time
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

from gristmill.play import briefs, play
from gristmill.recorders.verify import judge, mutation_verdict
from gristmill.testing.findings import fail, skip
from gristmill.testing.subject import GOLD, Anybody, Dialogue
from gristmill.types import Brief, Episode, Verdict
from gristmill.world import Simulation

__all__ = ["LUCK", "SCORE", "adversary", "faults", "gold", "leaks", "mutation", "reason", "throughput"]

LUCK = 0.05  # share of episodes that acting at random may get right
SCORE = 0.95  # share of mutants that must be told from the original
_NAMED = 5  # of several names, as many as fit into a line


def gold(subject: Anybody) -> str:
    """Experts in every seat pass every scenario, through the real verifier."""
    pairs = subject.gold
    wrong = [(episode, verdict) for episode, verdict in pairs if verdict.status != "pass"]
    if wrong:
        episode, verdict = wrong[0]
        counts = ", ".join(
            f"{number} {status}" for status, number in Counter(v.status for _, v in pairs).items()
        )
        fail(
            f"of {len(pairs)} scenarios: {counts}; scenario {episode.scenario.index} of seed {subject.seed}: "
            f"{reason(verdict)}",
            f"make {verdict.side or 'it'} answer instead of breaking"
            if verdict.status == "error"
            else f"make {GOLD!r} and the verifier agree: gold that fails is a wrong label, or an impossible scenario",
        )
    return f"{len(pairs)} of {len(pairs)} scenarios pass"


def adversary(policy: str, luck: float = 0.0, most: int | None = None) -> Callable[[Anybody], str]:
    """Return the probe that `policy`, in the seat that is judged, does not pass in the first `most` scenarios."""

    def probe(subject: Anybody) -> str:
        pairs = subject.played(subject.against(policy), subject.scenarios[:most])
        passed = [episode for episode, verdict in pairs if verdict.status == "pass"]
        rate = f"{len(passed)} of {len(pairs)} pass{_of_all(len(pairs), subject)}"
        if len(passed) > luck * len(pairs):
            quiet = _changes_nothing(subject)
            where = sum(episode.scenario.id in quiet for episode in passed)
            fail(
                f"{rate} with {policy!r} as {subject.seat} ({where} of them where gold changes nothing)",
                "demand positive evidence of every outcome, refusals too: a changed state, or a thing that was said",
            )
        quiet = _changes_nothing(subject)
        return f"{rate}; gold changes nothing in {len(quiet)}" if quiet else rate

    return probe


def _of_all(some: int, subject: Anybody) -> str:
    """Return in words how many scenarios there are, where only some were looked at."""
    return f" (the first of {subject.n} scenarios)" if some < subject.n else ""


def mutation(subject: Dialogue) -> str:
    """Gold with one changing call left out, or one of its arguments altered, does not pass."""
    killed = same = 0
    survivors: list[dict[str, Any]] = []
    told: set[str] = set()
    for episode in subject.passing:
        evidence = mutation_verdict(subject.world, episode).checks[-1].evidence
        killed += evidence.get("killed", 0)
        same += evidence.get("equivalent", 0)
        told |= set(evidence.get("told", ()))
        survivors += ({"scenario": episode.scenario.index, **one} for one in evidence.get("survivors", ()))
    total = killed + len(survivors)
    if not total:
        skip("gold calls no tool that changes the state")
    measured = (
        f"{100 * killed / total:.1f} % of {total} mutants are told from gold ({same} more end as gold does)"
    )
    alive = Counter(one["argument"] for one in survivors if one.get("argument", "") not in {"", *told})
    arguments = _arguments(subject) | told | set(alive)
    if untested := sorted(arguments - told - set(alive)):
        measured += f"; {len(untested)} of {len(arguments)} arguments could not be tested: {_some(untested)}"
    if alive:
        never = ", ".join(f"{name} (0 of {number})" for name, number in sorted(alive.items()))
        example = next(one for one in survivors if one.get("argument") in alive)
        fail(
            f"never told from gold when it is wrong: {never}; {measured}; not told: {example}",
            "compare what the argument decides, in the final state or in the log, with what is expected",
        )
    if killed < SCORE * total:
        fail(
            f"{measured}; not told: {survivors[0]}",
            "compare the whole final state with the one that is expected",
        )
    return measured


def _arguments(subject: Dialogue) -> set[str]:
    """Return every argument of a tool that changes the state, as `tool.argument`."""
    changes = subject.world.mutating()
    return {
        f"{schema['function']['name']}.{name}"
        for brief in briefs(subject.world, subject.passing[0]).values()
        for schema in brief.tools
        if changes.get(schema["function"]["name"], False)
        for name in schema["function"].get("parameters", {}).get("properties", ())
    }


def _some(names: list[str]) -> str:
    return ", ".join(names[:_NAMED]) + (" …" if len(names) > _NAMED else "")


def leaks(subject: Dialogue) -> str:
    """Facts that a seat tells only when asked are not seen by the others before they ask."""
    found = 0
    world = subject.fresh()
    for episode, _ in subject.gold:
        world.reset(seed=0, options={"scenario": episode.scenario})
        briefs = {seat: world.brief(seat) for seat in world.possible_agents}
        for seat, brief in briefs.items():
            for fact in _kept_back(brief):
                found += 1
                for other, told in briefs.items():
                    if other != seat and _known_unasked(episode, told, other, fact):
                        fail(
                            f"scenario {episode.scenario.index}: {other} can see {fact!r} before asking {seat}",
                            f"keep what {seat} tells only when asked out of its first message and of other briefs",
                        )
    world.close()
    if not found:
        skip("no seat names facts as `until_asked`")
    return f"{found} facts are told only when asked"


def _kept_back(brief: Brief) -> Iterator[str]:
    """Yield the facts a brief says are told only when asked: `until_asked` names their keys."""
    for key in brief.facts.get("until_asked", ()):
        value = brief.facts.get(key, ())
        yield from map(str, value if isinstance(value, list) else [value])


def _known_unasked(episode: Episode, brief: Brief, seat: str, fact: str) -> bool:
    if fact in brief.text or fact in str(brief.facts):
        return True
    for entry in episode.view(seat):
        if entry["from"] == seat and "say" in entry:
            return False  # it has spoken, so it may have asked
        if fact in str(entry):
            return True
    return False


# A fault may wait for a call that not every conversation comes to; never in so many scenarios is no accident.
_CHANCES = 5


def faults(subject: Dialogue) -> str:
    """Tool faults that scenarios have in store strike, and are logged when they do."""
    declare = getattr(subject.world, "faults", None)
    due: Counter[str] = Counter()
    struck: Counter[str] = Counter()
    for episode, _ in subject.gold if declare else ():
        for fault in declare(episode.scenario.values) if declare else ():
            due[fault.kind] += 1
            struck[fault.kind] += any(
                entry.get("event") == "fault" and entry.get("kind") == fault.kind for entry in episode.entries
            )
    if not due:
        skip("no scenario has a tool fault in store")
    never = [kind for kind in due if not struck[kind] and due[kind] >= _CHANCES]
    if never:
        fail(f"{', '.join(never)}: never struck in {sum(due[kind] for kind in never)} scenarios that have it in store",
             "aim faults at tools that are called")  # fmt: skip
    return ", ".join(f"{kind} struck in {struck[kind]} of {due[kind]}" for kind in sorted(due))


def throughput(subject: Dialogue) -> str:
    """How fast gold is played and judged."""
    policies = subject.policies(subject.gold_specs)
    start = time.perf_counter()
    episodes = list(play(subject.make, subject.scenarios, policies, seed=subject.seed))
    played = time.perf_counter()
    for episode in episodes:
        judge(subject.world, episode)
    judged = time.perf_counter()
    acts = sum(entry["from"] in episode.seats for episode in episodes for entry in episode.entries) / len(
        episodes
    )
    rate = len(episodes) / (judged - start)
    share = 100 * (judged - played) / (judged - start)
    return f"{rate:,.0f} episodes/s of {acts:.1f} acts, {share:.0f} % of it for judging"


def _changes_nothing(subject: Anybody) -> set[str]:
    """Return the ids of the scenarios in which gold calls no tool that changes the state; a body calls none."""
    if isinstance(subject.world, Simulation):
        return set()
    changes = subject.world.mutating()
    return {
        episode.scenario.id
        for episode, _ in subject.gold
        if not any(changes.get(entry.get("call", ""), False) for entry in episode.entries)
    }


def reason(verdict: Verdict) -> str:
    """Return in words what kept an episode from passing."""
    bad = [check for check in verdict.checks if check.status != "pass"]
    if not bad:
        return "no check ran, so nothing is verified"
    side = f" of {bad[0].side}" if bad[0].side else ""
    return f"{bad[0].name}: {bad[0].status}{side}, {bad[0].evidence!r:.300}"
