"""What keeps the record of a simulated episode from being judged: it is not whole, or it does not match itself.

Each function returns in words what was got where a whole episode was expected; empty where nothing is wrong.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from gristmill.digest import digest
from gristmill.errors import UsageError
from gristmill.simulate import problems
from gristmill.steps import Steps
from gristmill.types import Check, Episode, Scenario, episode_id

__all__ = ["broken", "misfit", "other_identity", "other_log", "other_state", "other_steps"]


def broken(problem: str) -> Check:
    """Return the finding on a record that cannot be judged."""
    return Check(name="record", status="fail", evidence={"expected": "a whole episode", "got": problem})


def other_identity(world: Any, episode: Episode, stratum: Callable[[dict[str, Any]], str]) -> str:
    """Compare the ids with what they stand for, and the scenario with the world's Space.

    Args:
        world: with `id`, `space` and `possible_agents`.
        episode: the record.
        stratum: from the values of a scenario to the cell that they lie in.
    """
    scenario = episode.scenario
    if scenario.world != world.id or scenario.id != Scenario.of(world.id, scenario.values).id:
        return "a scenario that does not match its id"
    if problem := world.space.problem(scenario.values):
        return f"a scenario outside the Space: {problem}"
    if scenario.stratum not in ("", cell := stratum(scenario.values)):  # an empty one claims nothing
        return f"a scenario of the stratum {scenario.stratum!r}, whose values are {cell!r}"
    if list(episode.seats) != world.possible_agents:
        return f"the seats {', '.join(episode.seats)}"
    known = episode_id(episode.world, episode.version, scenario, episode.seats, episode.seed, episode.attempt)
    return "" if episode.id == known else "an episode that does not match its id"


def other_state(episode: Episode) -> str:
    """Compare the final state with its digest."""
    if not isinstance(episode.state, dict):
        return "no state"
    try:
        same = digest(episode.state) == episode.state_digest
    except UsageError as error:
        return f"a state that is no plain data: {error}"
    return "" if same else "a state that does not match its digest"


def other_steps(world: Any, episode: Episode, due: int) -> str:
    """Compare the numeric steps with the world's spaces, and their number with what is due.

    Args:
        world: with `quantities`, `action_space` and `horizon`.
        episode: the record.
        due: how many there should be.
    """
    steps = episode.steps
    if steps is None:
        return "no steps"
    try:
        columns = steps.columns()
    except UsageError as error:
        return str(error)
    if len(steps) != due or episode.state.get("steps") != due:
        return f"{len(steps)} steps, where an episode has {due}"
    if problem := misfit(world, steps):
        return problem
    if not all(np.isfinite(column).all() for column in columns.values()):
        return "steps with numbers that are not finite"
    if problems(world.action_space, steps.actions["value"]):
        return "actions beyond their limits"
    if steps.truncated.any() or steps.terminated[:-1].any() or not steps.terminated[-1]:
        return "steps that do not end, all of them, with the last one"
    return "" if episode.end == "terminated" else f"an end that is {episode.end!r}"


def misfit(world: Any, steps: Steps) -> str:
    """Return which column has another form than the world's spaces say."""
    expected: dict[str, Any] = {f"observation.{name}": (one.size,) for name, one in world.quantities.items()}
    expected["action.value"] = world.action_space.shape
    layout = steps.layout
    found = {
        name: (np.dtype(dtype), tuple(shape))
        for name, dtype, shape in zip(layout.names, layout.dtypes, layout.shapes, strict=True)
        if name not in ("reward", "terminated", "truncated")
    }
    for name in sorted({*expected, *found}):
        right = (np.dtype(np.float32), expected.get(name))
        if found.get(name) != right:
            return f"{name} as {found.get(name)}, where the world has {right if name in expected else 'none'}"
    return ""


def other_log(world: Any, episode: Episode, due: Sequence[Any]) -> str:
    """Compare the log with a start that names the platform, and the events that are due after it."""
    if not episode.entries or episode.entries[0].get("event") != "start":
        return "a log that does not begin with the start"
    start, *events = episode.entries
    if not all(isinstance(start.get(key), str) and start[key] for key in world.platform):
        return f"a start that does not name {' and '.join(world.platform)}"
    return "" if events == list(due) else "a log of other events than those of its scenario and its end"
