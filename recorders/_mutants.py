"""Mutants: what an agent would have done if it had left out, or got wrong, one state-changing act.

A verifier that still passes such an episode does not look at what the act did.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import msgspec

from gristmill.play import recorded_acts, replay
from gristmill.types import Act, Check, Episode, Status
from gristmill.world import World

__all__ = ["mutation_check"]


class Mutant(NamedTuple):
    """One change to the recorded acts.

    Attributes:
        kind: `drop` or `alter`.
        place: which act, counted from 0 over all acts of all seats.
        acts: the acts to be replayed.
    """

    kind: str
    place: int
    acts: list[tuple[str, Act]]


def mutation_check(world: World, episode: Episode, passes: Callable[[Episode], bool]) -> Check:
    """Return whether every mutant is told from the original.

    A mutant that ends in the original's state is *equivalent*: the act was repeated, or refused, and the verifier is
    right to pass it. It is counted apart. Without any other mutant nothing is known: `unverified`.
    """
    killed = equivalent = 0
    survivors: list[dict[str, Any]] = []
    for mutant in _mutants(world, episode):
        result = replay(world, episode, acts=mutant.acts)
        if result.state_digest == episode.state_digest:
            equivalent += 1
        elif passes(
            msgspec.structs.replace(result, fault=None)
        ):  # judged by what it did, not for having got stuck
            act = mutant.acts[mutant.place][1] if mutant.kind == "alter" else None
            survivors.append({"kind": mutant.kind, "index": mutant.place, "act": act})
        else:
            killed += 1
    total = killed + len(survivors)
    evidence = {"killed": killed, "equivalent": equivalent, "survivors": survivors}
    if not total:
        return Check(name="state-changing acts", status="unverified", evidence=evidence)
    status: Status = "fail" if survivors else "pass"
    return Check(name="mutation", status=status, evidence=evidence | {"score": killed / total})


def _mutants(world: World, episode: Episode) -> Iterator[Mutant]:
    acts = recorded_acts(episode)
    changes = world.mutating()
    known = sorted(set(_strings([episode.scenario.values, episode.entries])))
    for index, (seat, act) in enumerate(acts):
        if not changes.get(act.get("call", ""), False):
            continue
        yield Mutant("drop", index, acts[:index] + acts[index + 1 :])
        args = _altered(act.get("args", {}), known)
        if args is not None:
            yield Mutant("alter", index, [*acts[:index], (seat, act | {"args": args}), *acts[index + 1 :]])


def _altered(args: Any, known: Sequence[str]) -> dict[str, Any] | None:
    """Return the arguments with one of them wrong, or None when there is only prose.

    Ids first, because acting on the wrong thing is the mistake that matters most; prose never, because no state-based
    verifier has to care how a note is worded.
    """
    if not isinstance(args, dict):
        return None
    for key in sorted(args, key=lambda key: (_rank(args[key]), key)):
        value = _other(args[key], known)
        if value is not None:
            return args | {key: value}
    return None


def _rank(value: Any) -> int:
    if isinstance(value, str):
        return 0 if any(map(str.isdigit, value)) else 2
    return 1


def _other(value: Any, known: Sequence[str]) -> Any:
    """Return a wrong value of the same form, or None."""
    match value:
        case bool():
            return not value
        case int() | float():
            return value + 1
        case str() if value and not any(map(str.isspace, value)):
            like = next((text for text in known if text != value and _form(text) == _form(value)), None)
            return like or value[:-1] + ("0" if value[-1] != "0" else "1")
        case [*rest, last] if rest:
            return rest if _other(last, known) is None else [*rest, _other(last, known)]
        case [only]:
            changed = _other(only, known)
            return None if changed is None else [changed]
        case _:
            return None


def _form(text: str) -> str:
    return "".join("9" if char.isdigit() else "a" if char.isalpha() else char for char in text)


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from _strings(item)
    elif isinstance(value, list):
        for item in value:
            yield from _strings(item)
