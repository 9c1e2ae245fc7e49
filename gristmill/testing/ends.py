"""Probes of what simulations come to: experts succeed, by the end alone, and nothing else does."""

import time
from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np

from gristmill.play import play, replays
from gristmill.recorders.verify import judge, verify_all
from gristmill.steps import Array
from gristmill.testing.bodies import Like
from gristmill.testing.findings import fail, skip
from gristmill.testing.proofs import SCORE, reason
from gristmill.testing.repeats import FEW
from gristmill.testing.subject import Body
from gristmill.types import Episode
from gristmill.world import Rows, Simulation

__all__ = ["disturbances", "end_state", "gold", "mutation", "throughput"]

_RATE = 0.8  # of the scenarios that an expert has to get right; a body may slip
_MOST = 8  # episodes whose detours are tried
_TIMED = 20  # episodes that are played for the clock
_DISTURBANCES = ("push", "stall")


def gold(subject: Body) -> str:
    """The expert passes most scenarios through the real verifier, and none ends in an error."""
    pairs = subject.gold
    passed = sum(verdict.status == "pass" for _, verdict in pairs)
    rate = f"{passed} of {len(pairs)} scenarios pass ({100 * passed / len(pairs):.1f} %)"
    broken = [pair for pair in pairs if pair[1].status == "error"]
    wrong = broken or [pair for pair in pairs if pair[1].status != "pass"]
    if broken or passed < _RATE * len(pairs):
        episode, verdict = wrong[0]
        fail(
            f"{rate}; scenario {episode.scenario.index} of seed {subject.seed}: {reason(verdict)}",
            f"make {verdict.side} answer instead of breaking"
            if broken
            else f"make the expert succeed in {100 * _RATE:.0f} % at least, or the scenarios possible",
        )
    why = Counter(check.name for _, verdict in wrong for check in verdict.checks if check.status != "pass")
    return rate + (f"; lost by {', '.join(why)}" if why else "")


class _Watched(Like):
    """A world whose rows are watched: what `step` tells of success at every step."""

    def __init__(self, base: Simulation) -> None:
        super().__init__(base)
        self.told: list[dict[str, Array]] = []

    def vector(self, rows: int) -> Rows:
        """Return rows."""
        env = self._base.vector(rows)
        step = env.step

        def watched(actions: Array) -> Any:
            result = step(actions)
            found = result[-1].get("predicates", {})
            self.told.append({name: np.array(column, dtype=bool) for name, column in found.items()})
            return result

        vars(env)["step"] = watched
        return env

    def success(self) -> Array:
        """Return whether every predicate held, [steps, rows]."""
        held: Array = np.array([np.logical_and.reduce(list(one.values())) for one in self.told])
        return held


def end_state(subject: Body) -> str:
    """Success is a matter of the final state: who succeeds and then leaves again does not pass, nor any who fails."""
    episodes = subject.passing[:FEW]
    first: Any = _Watched(subject.fresh())
    replays(first, episodes)
    if not first.told or not first.told[0]:
        skip("step() tells of no predicates")
    success = first.success()
    if not success[-1].all():
        place = int(np.flatnonzero(~success[-1])[0])
        fail(f"scenario {episodes[place].scenario.index} passes, though its predicates do not hold at its end",
             "judge by the final state alone")  # fmt: skip
    away = [_leaves(one, success[:, row]) for row, one in enumerate(episodes)]
    again: Any = _Watched(subject.fresh())
    went = replays(again, episodes, away)
    left = 0
    for row, one in enumerate(went):
        told = {name: bool(column[row]) for name, column in again.told[-1].items()}
        left += not all(told.values())
        _agree(subject, one, told)
    return f"{left} of {len(went)} episodes that succeed and go back no longer hold at their end, and none of them passes"


def _leaves(episode: Episode, success: Array) -> Array:
    """Return the actions of an episode that goes back to where it began once it has succeeded."""
    assert episode.steps is not None  # it was replayed
    actions: Array = episode.steps.actions["value"].copy()
    actions[int(success.argmax()) + 1 :] = actions[0]
    return actions


def _agree(subject: Body, episode: Episode, told: dict[str, bool]) -> None:
    """End the probe if a verdict says otherwise than what the simulation has told of the end of an episode."""
    verdict = judge(subject.fresh(), episode)
    lacking = [name for name, holds in told.items() if not holds]
    where = f"scenario {episode.scenario.index}, which succeeds and then goes back"
    if verdict.status == "pass" and lacking:
        fail(
            f"{where}, passes, though {', '.join(lacking)} does not hold at its end",
            "judge by the final state, not by any step on the way",
        )
    for check in verdict.checks:
        if check.name in told and told[check.name] != (check.status == "pass"):
            fail(
                f"{where}: {check.name} is {told[check.name]} at its end as it went, "
                f"and {check.status} by its final state alone",
                "let predicates depend on the physical state, not on what was before",
            )


def mutation(subject: Body) -> str:
    """Episodes that go other ways than gold do not pass."""
    told: Counter[str] = Counter()
    alive: Counter[str] = Counter()
    same = 0
    tried = subject.passing[:_MOST]
    for verdict in verify_all(subject.world, tried, "mutation-tested"):
        evidence = verdict.checks[-1].evidence
        told.update(evidence.get("told", ()))
        alive.update(one["kind"] for one in evidence.get("survivors", ()))
        same += evidence.get("equivalent", 0)
    total = told.total() + alive.total()
    if not total:
        skip("gold does not move")
    measured = (
        f"{100 * told.total() / total:.1f} % of {total} detours of {len(tried)} episodes are told from gold "
        f"({same} more end as gold does)"
    )
    never = [kind for kind in alive if not told[kind]]
    if never or told.total() < SCORE * total:
        words = ", ".join(
            f"{kind} ({number} of {number + told[kind]} pass)" for kind, number in alive.items()
        )
        fail(
            f"{measured}; not told: {words}",
            "demand of the final state what only the task's success can bring about",
        )
    return measured


def disturbances(subject: Body) -> str:
    """Pushes and stalls that scenarios have in store strike when they say, and are logged."""
    due: Counter[str] = Counter()
    for episode, _ in subject.gold:
        values = episode.scenario.values
        for name in _DISTURBANCES:
            logged = [one.get("step") for one in episode.entries if one.get("event") == name]
            expected = [values.get(f"{name}_step")] if values.get(name) else []
            due[name] += len(expected)
            if episode.fault is None and logged != expected:
                fail(
                    f"scenario {episode.scenario.index} has {_steps(name, expected)} in store, and its log has "
                    f"{_steps(name, logged)}",
                    "log what disturbs a body as an entry of the world, when it strikes",
                )
    if not due.total():
        skip("no scenario has a push or a stall in store")
    return ", ".join(f"{name} struck in {number} of {number}" for name, number in due.items() if number)


def _steps(name: str, steps: Sequence[Any]) -> str:
    return f"{name} in step {', '.join(map(str, steps))}" if steps else f"no {name}"


def throughput(subject: Body) -> str:
    """How fast gold is simulated and judged, and which share of simulating is bare physics."""
    policies = subject.policies(subject.gold_specs)
    start = time.perf_counter()
    episodes = list(play(subject.make, subject.scenarios[:_TIMED], policies, seed=subject.seed))
    simulated = time.perf_counter() - start
    start = time.perf_counter()
    for episode in episodes:
        judge(subject.world, episode)
    judged = time.perf_counter() - start
    steps = sum(len(one.steps) for one in episodes if one.steps is not None)
    measured = f"{steps / simulated:,.0f} control steps/s, {len(episodes) / (simulated + judged):,.0f} episodes/s with judging, over {len(episodes)} episodes"
    bare = _bare(subject, episodes)
    return measured + (f", {100 * bare / simulated:.0f} % of simulating is bare MuJoCo" if bare else "")


def _bare(subject: Body, episodes: Sequence[Episode]) -> float:
    """Return the seconds that MuJoCo alone takes for the same actions; 0 for a world that does not show its model."""
    world: Any = subject.world
    some = [one for one in episodes if one.fault is None and one.steps is not None]
    if not (some and hasattr(world, "model")):
        return 0.0
    from mujoco.batch import Batch

    batch = Batch(world.nominal, nsim=len(some), nthread=1, persistent=True)
    batch.set_models([world.model(one.scenario.values) for one in some])
    batch.state[:] = [one.entries[0]["state"] for one in some]
    control = batch.bind("ctrl")
    ways = np.stack([one.steps.actions["value"] for one in some if one.steps is not None], axis=1)
    start = time.perf_counter()
    for actions in ways:
        control[:] = actions
        batch.step(nstep=world.substeps)
    return (time.perf_counter() - start) * len(episodes) / len(some)
