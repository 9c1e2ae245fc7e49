"""Whether fresh episodes go the way that records say, and where they part."""

import sys
from collections.abc import Callable, Mapping, Sequence
from itertools import zip_longest
from typing import Any

import numpy as np

from gristmill.digest import digest
from gristmill.errors import UsageError
from gristmill.play import replay, replays
from gristmill.steps import Array, Steps
from gristmill.types import Check, Entry, Episode, Status
from gristmill.world import Simulation, World, other_platform

__all__ = ["ELSEWHERE", "TOLERANCE", "WITHIN", "replay_checks", "steps_difference"]

ELSEWHERE = "replay: on another platform"
WITHIN = "replay: within tolerance"
# Where bits cannot be compared: between recorded and replayed observations, in the unit of each, and of rewards, which
# may differ by more in this share of the steps.
TOLERANCE = 0.1
_START = 1e-6  # the same for initial states, absolute and relative: nothing has moved yet
Outcome = Callable[[Episode], dict[str, Status]]  # status of every check


def replay_checks(
    world: World, episodes: Sequence[Episode], outcome: Outcome, *, tolerant: bool = False
) -> list[Check]:
    """Return for every episode whether a fresh one in `world` goes the way the record says.

    Nothing is known of a record that another version of the world does not reproduce: it cannot say who is wrong.
    Nor is it of a simulation that was recorded on another platform, where results differ in the last bits.

    Args:
        world: in which they are replayed; those of a simulation run at once.
        episodes: records that no fault has ended.
        outcome: judges a record or what came of its replay.
        tolerant: whether agreement of the outcome will do for what was recorded on another platform.
    """
    problems = [_unreadable(world, one) for one in episodes]
    sound = [one for one, problem in zip(episodes, problems, strict=True) if problem is None]
    if isinstance(world, Simulation):
        again = iter(replays(world, sound))
    else:
        again = (replay(world, one) for one in sound)
    return [
        _compared(world, one, next(again), outcome, tolerant=tolerant) if problem is None else problem
        for one, problem in zip(episodes, problems, strict=True)
    ]


def _unreadable(world: World, episode: Episode) -> Check | None:
    """Return the finding on a record that cannot be replayed at all."""
    message, got = "", None
    try:
        if digest(episode.state) != episode.state_digest:
            message, got = "the state of the record does not match its digest", episode.state
        elif isinstance(world, Simulation):
            message = _without_actions(world, episode)
    except UsageError as error:  # a state with numbers that are not finite, or steps whose data do not fit
        message = str(error)
    return Check(name="replay", status="fail", evidence={"message": message, "got": got}) if message else None


def _without_actions(world: Simulation, episode: Episode) -> str:
    if list(episode.seats) != world.possible_agents:
        return (
            f"the seats are {', '.join(episode.seats)}, and the world has {', '.join(world.possible_agents)}"
        )
    if episode.steps is None or "value" not in episode.steps.actions:
        return "the record has no actions"
    return ""


def _compared(world: World, episode: Episode, again: Episode, outcome: Outcome, *, tolerant: bool) -> Check:
    evidence = _difference(episode, again)
    if isinstance(world, Simulation) and (recorded := other_platform(world, episode)):
        return _on_another_platform(world, episode, again, outcome, recorded, tolerant=tolerant)
    if evidence and world.version != episode.version:  # it is the world that changed, not what was done in it
        return _by_another_version(world, episode, evidence)
    if evidence:
        return Check(name="replay", status="fail", evidence=evidence)
    if isinstance(world, Simulation) and episode.steps is not None:
        evidence = {**world.platform, "steps": len(episode.steps)}
    return Check(name="replay", status="pass", evidence=evidence)


def _by_another_version(world: World, episode: Episode, evidence: dict[str, Any]) -> Check:
    evidence["versions"] = {"expected": episode.version, "got": world.version}
    return Check(name=f"replay: played by version {episode.version}", status="unverified", evidence=evidence)


def _difference(episode: Episode, again: Episode) -> dict[str, Any]:
    """Return where a replay first differs from the record."""
    evidence = _entry_difference(episode.entries, again.entries)
    if again.fault is not None:
        return evidence | {"what": "fault", "side": again.fault.side, "message": again.fault.message}
    if evidence:
        return evidence
    if evidence := steps_difference(episode.steps, again.steps):
        return evidence
    if again.end != episode.end:
        return {"what": "end", "expected": episode.end, "got": again.end}
    if again.state_digest != episode.state_digest:
        return {"what": "state", "expected": episode.state, "got": again.state}
    return {}


def _entry_difference(entries: list[Entry], others: list[Entry]) -> dict[str, Any]:
    for index, (expected, got) in enumerate(zip_longest(entries, others)):
        if expected != got:
            return {"what": "entry", "index": index, "expected": expected, "got": got}
    return {}


def steps_difference(steps: Steps | None, others: Steps | None) -> dict[str, Any]:
    """Return the first control step at which a column differs in a bit, and what it holds there."""
    if steps is None or others is None:
        same = steps is others
        return {} if same else {"what": "steps", "expected": _length(steps), "got": _length(others)}
    if steps.layout.kind() != others.layout.kind():
        return {"what": "columns", "expected": _columns(steps), "got": _columns(others)}
    if len(steps) != len(others):
        return {"what": "steps", "expected": len(steps), "got": len(others)}
    if steps.data == others.data:
        return {}
    ours, theirs = steps.columns(), others.columns()
    first = {name: _first(column, theirs[name]) for name, column in ours.items()}
    name = min((name for name, step in first.items() if step >= 0), key=lambda one: first[one])
    step = first[name]
    return {
        "what": f"{name} at step {step}",
        "column": name,
        "step": step,
        "expected": _values(ours[name][step]),
        "got": _values(theirs[name][step]),
    }


def _length(steps: Steps | None) -> int | None:
    return None if steps is None else len(steps)


def _columns(steps: Steps) -> list[str]:
    layout = steps.layout
    return [
        f"{name} {dtype} {list(shape)}"
        for name, dtype, shape in zip(layout.names, layout.dtypes, layout.shapes, strict=True)
    ]


def _first(column: Array, other: Array) -> int:
    """Return the first row in which two columns differ in a bit; -1 if they do not."""
    raw, others = (np.frombuffer(one.tobytes(), dtype=np.uint8) for one in (column, other))
    differing = np.flatnonzero(raw != others)
    return int(differing[0]) // (column.nbytes // len(column)) if len(differing) else -1


def _values(row: Array) -> Any:
    """Return a row as plain data; what JSON cannot say is told in words."""
    if row.dtype.kind != "f":
        return row.tolist()
    numbers = [one if np.isfinite(one) else str(one) for one in row.ravel().tolist()]
    return numbers if row.ndim else numbers[0]


def _on_another_platform(
    world: Simulation,
    episode: Episode,
    again: Episode,
    outcome: Outcome,
    recorded: Mapping[str, str],
    *,
    tolerant: bool,
) -> Check:
    evidence: dict[str, Any] = {
        "recorded": dict(recorded),
        "here": dict(world.platform),
        "bit-exact": False,
        "tolerance": TOLERANCE,
    }
    apart = _apart(episode, again)
    evidence |= apart or {"deviation": _deviation(episode.steps, again.steps)}
    evidence["outcome agrees"] = not apart and outcome(episode) == outcome(again)
    evidence["other rewards"] = 1.0 if apart else _other_rewards(episode.steps, again.steps)
    evidence["message"] = _in_words(evidence)
    if world.version != episode.version:
        return _by_another_version(world, episode, evidence)
    if start := _other_start(episode, again):
        return Check(name="replay", status="fail", evidence=evidence | start)
    if tolerant and evidence["outcome agrees"] and _is_close(evidence):
        return Check(name=WITHIN, status="pass", evidence=evidence)
    return Check(name=ELSEWHERE, status="unverified", evidence=evidence)


def _apart(episode: Episode, again: Episode) -> dict[str, Any]:
    """Return what differs although no platform can be why: the course of events, and the form of the steps."""
    if again.fault is not None:
        return {"what": "fault", "side": again.fault.side, "message": again.fault.message}
    events, others = ([one for one in of.entries if one.get("event") != "start"] for of in (episode, again))
    if evidence := _entry_difference(events, others):
        return evidence
    steps, other = episode.steps, again.steps
    if steps is None or other is None or steps.layout != other.layout or episode.end != again.end:
        return {"what": "steps", "expected": _length(steps), "got": _length(other)}
    if any(column.tobytes() != other.actions[name].tobytes() for name, column in steps.actions.items()):
        return {"what": "actions"}
    flags = [(one.terminated.tolist(), one.truncated.tolist()) for one in (steps, other)]
    return {} if flags[0] == flags[1] else {"what": "flags"}


def _other_start(episode: Episode, again: Episode) -> dict[str, Any]:
    """Return both initial states where they are not the same; they follow from the scenario on any platform."""
    expected, got = (
        next((one.get("state") for one in of.entries if one.get("event") == "start"), None)
        for of in (episode, again)
    )
    if again.fault is not None or not _is_vector(got):
        return {}  # there is none here to compare with
    if _is_vector(expected):
        ours, theirs = (np.array(one, dtype=np.float64) for one in (expected, got))
        if ours.shape == theirs.shape and np.allclose(ours, theirs, rtol=_START, atol=_START):
            return {}
    words = "an initial state that is not that of its scenario"
    return {"what": "start", "expected": expected, "got": got, "message": words}


def _is_vector(value: Any) -> bool:
    greatest = sys.float_info.max
    return isinstance(value, list) and all(
        type(one) in (int, float) and abs(one) <= greatest for one in value
    )


def _deviation(steps: Steps | None, others: Steps | None) -> dict[str, Any]:
    """Return where observations differ most, and by how much; what is not finite counts as far off."""
    found: dict[str, Any] = {"column": "", "step": 0, "most": 0.0}
    theirs = {} if others is None else others.observations
    for name, column in ({} if steps is None else steps.observations).items():
        gaps = np.abs(column.astype(np.float64) - theirs[name].astype(np.float64)).reshape(len(column), -1)
        gaps = np.where(np.isfinite(gaps), gaps, np.finfo(np.float64).max)
        if gaps.size and gaps.max() > found["most"]:
            step = int(gaps.max(axis=1).argmax())
            found = {"column": name, "step": step, "most": float(gaps.max())}
    return found


def _other_rewards(steps: Steps | None, others: Steps | None) -> float:
    """Return the share of the control steps whose rewards are others."""
    if steps is None or others is None or not len(steps):
        return 0.0
    same = np.abs(steps.rewards - others.rewards) <= TOLERANCE
    return float(np.mean(~same))


def _is_close(evidence: Mapping[str, Any]) -> bool:
    return bool(max(evidence["deviation"]["most"], evidence["other rewards"]) <= TOLERANCE)


def _in_words(evidence: Mapping[str, Any]) -> str:
    there, here = (", ".join(evidence[key].values()) for key in ("recorded", "here"))
    if "deviation" not in evidence:
        return f"recorded on {there}; on {here} it goes another way: {evidence['what']}"
    agrees = "agrees" if evidence["outcome agrees"] else "differs"
    most = evidence["deviation"]["most"]
    return (
        f"recorded on {there}; on {here} the outcome {agrees}, and observations differ by at most {most:.2g}"
    )
