"""The checks of stepped worlds: the predicates, on the recorded final state. No reward is looked at.

What of the record follows from its scenario, or from the rest of it, is compared; whether the way is what its actions
lead to is for a replay to say.
"""

from typing import TYPE_CHECKING, Any

import numpy as np

from gristmill.envs.records import broken, other_identity, other_log, other_state, other_steps
from gristmill.envs.stepped.types import State
from gristmill.types import Check, Episode

if TYPE_CHECKING:
    from gristmill.envs.stepped.world import SteppedWorld

__all__ = ["stepped_checks"]


def stepped_checks(world: "SteppedWorld", episode: Episode) -> list[Check]:
    """Return the findings on a recorded episode."""
    values = episode.scenario.values
    problem = (
        other_identity(world, episode, world.stratum)
        or other_state(episode)
        or _other_outcome(world, episode.state)
        or other_steps(world, episode, _due(world, episode.state))
        or other_log(world, episode, world.log(values, episode.state))
    )
    if problem:
        return [broken(problem)]
    held = {name: bool(one[0]) for name, one in world.predicates(_outcome(episode.state)).items()}
    return [
        Check(
            name=name,
            status="pass" if holds else "fail",
            evidence={} if holds else _evidence(world, name, episode.state),
        )
        for name, holds in held.items()
    ]


def _outcome(state: dict[str, Any]) -> State:
    """Return a recorded final state as the outcome of one row."""
    return {name: np.array([one]) for name, one in state.items()}


def _other_outcome(world: "SteppedWorld", state: dict[str, Any]) -> str:
    """Compare the form of a recorded final state with that of the nominal scenario's."""
    nominal = {"steps": np.zeros(1, dtype=np.int64), **world.outcome(world.initial)}
    if state.keys() != nominal.keys():
        return (
            f"a state of {', '.join(map(str, state)) or 'nothing'}, where the world has {', '.join(nominal)}"
        )
    for name, one in nominal.items():
        try:
            found = np.array([state[name]])
        except ValueError:  # lists of unequal lengths
            return f"{name} that is no array"
        right = found.shape == one.shape and found.dtype.kind in ("b" if one.dtype == bool else "if")
        if not right or not np.isfinite(found).all():
            return f"{name} as {found.dtype} of shape {found.shape[1:]}, where the world has {one.dtype} of shape {one.shape[1:]}"
    return ""


def _due(world: "SteppedWorld", state: dict[str, Any]) -> int:
    """Return how many steps an episode has that ended like this."""
    steps = state["steps"]
    early = type(steps) is int and 0 < steps < world.horizon and bool(world.over(_outcome(state))[0])
    return steps if early else world.horizon


def _evidence(world: "SteppedWorld", name: str, state: dict[str, Any]) -> dict[str, Any]:
    """Return what of a final state a predicate rests on."""
    got = {field: state[field] for field in world.grounds.get(name, tuple(state))}
    return {"expected": f"{name} at the end", "got": got}
