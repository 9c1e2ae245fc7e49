"""Detours: ways of a body that are surely not the recorded one, to be told from it by the verifier.

Each goes through a fresh simulation and is judged by its own final state. Up to which step the recorded way is under
way is read from its actions alone: until they stay near the last one. A cut within that time leaves out a part of it.

A detour that ends where the recorded way has ended is equivalent: what is wrong with it made no difference. The
recorded way is also tried in the scenarios that come next. It may be right for one that is much the same, so it
survives only where it passes in all of them: then nothing that tells scenarios apart is looked at.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from typing import Any, NamedTuple

import msgspec
import numpy as np

from gristmill.errors import RAISED
from gristmill.play import replays
from gristmill.steps import Array
from gristmill.types import Check, Episode, Scenario, Status
from gristmill.world import Simulation

__all__ = ["detour_checks"]

_NEAR = 0.05  # of the span that actions have in an episode; nearer than that, two actions are the same
_OTHERS = 3  # scenarios
_SAME_END = 0.2  # of the way from first to last observation; nearer than that, two episodes end alike


class _Detour(NamedTuple):
    kind: str
    episodes: list[Episode]  # in whose scenarios the actions are tried
    actions: Array  # [steps, size]


def detour_checks(
    world: Simulation, episodes: Sequence[Episode], passes: Callable[[Episode], bool]
) -> list[Check]:
    """Return for every episode whether its detours are told from it; where there is none, it is `unverified`."""
    if not episodes:
        return []
    space = world.vector(1).single_action_space
    todo = [(place, one) for place, episode in enumerate(episodes) for one in _detours(world, space, episode)]
    tried = [(each, one.actions) for _, one in todo for each in one.episodes]
    went = iter(replays(world, [each for each, _ in tried], [actions for _, actions in tried]))
    tallies: list[dict[str, list[str]]] = [
        {"killed": [], "equivalent": [], "survivors": []} for _ in episodes
    ]
    for place, one in todo:
        results = [next(went) for _ in one.episodes]
        tallies[place][_what(episodes[place], results, passes)].append(one.kind)
    return [_check(one) for one in tallies]


def _what(episode: Episode, results: Sequence[Episode], passes: Callable[[Episode], bool]) -> str:
    """Return what a detour counts as."""
    if not all(map(passes, results)):
        return "killed"
    same = all(one.scenario.id == episode.scenario.id and _end_alike(episode, one) for one in results)
    return "equivalent" if same else "survivors"


def _check(tally: dict[str, list[str]]) -> Check:
    killed, survivors = len(tally["killed"]), len(tally["survivors"])
    evidence: dict[str, Any] = {
        "killed": killed,
        "equivalent": len(tally["equivalent"]),
        "survivors": [{"kind": kind} for kind in tally["survivors"]],
        "told": sorted(tally["killed"]),
    }
    if not killed + survivors:
        return Check(name="no detour changed the outcome", status="unverified", evidence=evidence)
    status: Status = "fail" if survivors else "pass"
    return Check(name="mutation", status=status, evidence=evidence | {"score": killed / (killed + survivors)})


def _detours(world: Simulation, space: Any, episode: Episode) -> Iterator[_Detour]:
    """Yield the detours of an episode that depart from it by more than a little."""
    actions = _actions(episode)
    way = _under_way(actions)
    if not way:
        return
    mirrored = actions.copy()
    mirrored[:, 0] = space.low[0] + space.high[0] - actions[:, 0]
    ways = {
        "stays": _held(actions, 0),
        "stops after a quarter": _held(actions, way // 4),
        "stops half way": _held(actions, way // 2),
        "mirrors the first actuator": mirrored,
    }
    for kind, other in ways.items():
        if _departs(actions, other):
            yield _Detour(kind, [episode], other)
    others = [msgspec.structs.replace(episode, scenario=one) for one in _next(world, episode.scenario)]
    if others:
        yield _Detour("in other scenarios", others, actions)


def _next(world: Simulation, own: Scenario) -> list[Scenario]:
    """Return the scenarios that come after one, as far as there are any."""
    found: dict[str, Scenario] = {}
    with suppress(*RAISED):
        for index in range(own.index + 1, own.index + 1 + _OTHERS):
            one = world.scenario(own.seed, index)
            found[one.id] = one
    found.pop(own.id, None)
    return list(found.values())


def _actions(episode: Episode) -> Array:
    actions: Array = np.zeros((0, 1)) if episode.steps is None else episode.steps.actions["value"]
    return actions


def _span(actions: Array) -> float:
    """Return how much the number that varies most varies over the actions."""
    return float(np.ptp(actions, axis=0).max())


def _under_way(actions: Array) -> int:
    """Return the steps until the actions stay near the last one."""
    if not len(actions):
        return 0
    away = (np.abs(actions - actions[-1]) > _NEAR * _span(actions)).any(axis=1)
    return int(np.flatnonzero(away)[-1]) + 1 if away.any() else 0


def _held(actions: Array, step: int) -> Array:
    """Return the actions up to a step, which is held from there on."""
    held = actions.copy()
    held[step:] = actions[step]
    return held


def _departs(actions: Array, other: Array) -> bool:
    return bool((np.abs(actions - other) > _NEAR * _span(actions)).any())


def _end_alike(episode: Episode, other: Episode) -> bool:
    first, last, there = _seen(episode, 0), _seen(episode, -1), _seen(other, -1)
    return bool(np.linalg.norm(there - last) <= _SAME_END * np.linalg.norm(last - first))


def _seen(episode: Episode, step: int) -> Array:
    columns = {} if episode.steps is None else episode.steps.observations
    return np.concatenate([column[step].ravel().astype(np.float64) for column in columns.values()])
