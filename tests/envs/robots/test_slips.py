"""Slips of those who write a task or a policy: named where they are made, and felt by no neighbour."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

import numpy as np
import pytest

from gristmill.agents.robots.mover import Array, Move, Mover, Observation
from gristmill.envs.robots.physics import Physics
from gristmill.envs.robots.reach import Reach
from gristmill.envs.robots.types import Quantity
from gristmill.envs.robots.world import RobotWorld
from gristmill.errors import UsageError
from gristmill.generators.fields import Uniform
from gristmill.generators.space import Space
from gristmill.play import play
from gristmill.policy import Place
from gristmill.types import Brief, Episode

HIGH = 0.35  # m


def flown(make: Callable[[], RobotWorld], move: Move | None = None, count: int = 12) -> list[Episode]:
    """Some episodes of a world; without a `move` the robot stays where it is."""

    def begin(briefs: Sequence[Brief], seeds: Sequence[int]) -> Move:
        rest = np.array(briefs[0].facts["rest"], dtype=np.float32)
        return move or (lambda rows, _: np.tile(rest, (len(rows), 1)))

    one = make()
    policy = Mover(Place(one.id, "robot", "test"), begin)
    scenarios = [one.scenario(3, index) for index in range(count)]
    return list(play(make, scenarios, {"robot": policy}, seed=3))


def faults(episodes: list[Episode]) -> dict[bool, set[str]]:
    """Whose fault ended the episodes with high targets, and the others."""
    found: dict[bool, set[str]] = {True: set(), False: set()}
    for one in episodes:
        found[one.scenario.values["height"] > HIGH].add(one.fault.side if one.fault else "")
    return found


def test_a_policy_that_breaks_in_one_episode_breaks_no_other() -> None:
    """It is asked once for all; those that broke off together are tried again one by one."""

    def move(rows: Sequence[int], seen: Observation) -> Array:
        if (seen["target"][:, 2] > HIGH + 0.02).any():
            raise ArithmeticError("too high for me")
        return _rest(rows)

    episodes = flown(Reach, move)
    clear = [one for one in episodes if abs(one.scenario.values["height"] - HIGH - 0.02) > 0.02]

    assert {True: {"robot"}, False: {""}} == faults(clear)


def test_a_policy_that_gives_nothing_is_at_fault() -> None:
    """In the episodes where it does."""

    def move(rows: Sequence[int], seen: Observation) -> Any:
        return None if (seen["target"][:, 2] > HIGH).any() else _rest(rows)

    episodes = [one for one in flown(Reach, move) if abs(one.scenario.values["height"] - HIGH) > 0.02]

    assert {True: {"robot"}, False: {""}} == faults(episodes)


class Touchy(Reach):
    """It breaks in any step of a row whose target is high."""

    id: ClassVar[str] = "test/touchy-v1"

    def reward(self, physics: Physics, predicates: Mapping[str, Array]) -> Array:
        if (physics.site("target")[:, 2] > HIGH).any():
            raise ArithmeticError("too high for me")
        return super().reward(physics, predicates)


def test_a_row_that_was_stopped_breaks_no_other() -> None:
    """It goes on by itself, and when it then breaks the world that is in nobody's record."""

    def move(rows: Sequence[int], seen: Observation) -> Array:
        actions = _rest(rows)
        actions[seen["target"][:, 2] > HIGH] = np.nan
        return actions

    drawn = [Touchy().scenario(3, index) for index in range(12)]
    high, low = (next(one for one in drawn if (one.values["height"] > HIGH) is up) for up in (True, False))
    policy = Mover(Place(Touchy.id, "robot", "test"), lambda briefs, seeds: move)

    assert {True: {"robot"}, False: {""}} == faults(
        list(play(Touchy, [high, low], {"robot": policy}, seed=3))
    )


def _rest(rows: Sequence[int]) -> Array:
    return np.tile(np.array([0.0, -1.2, 1.8, 0.4], dtype=np.float32), (len(rows), 1))


class Unmeasured(Reach):
    """Its measure is no number where the target is high."""

    id: ClassVar[str] = "test/unmeasured-v1"

    def measure(self, physics: Physics) -> dict[str, Array]:
        high = physics.site("target")[:, 2] > HIGH
        return {"joint_speed": np.where(high, np.nan, 0.0)}


def test_what_is_not_finite_is_an_error_of_its_own_episode() -> None:
    """Of the world, with its cause; the others are recorded as they are."""
    episodes = flown(Unmeasured)

    assert {True: {"world"}, False: {""}} == faults(episodes)
    assert all("finite" in one.fault.message for one in episodes if one.fault is not None)


def slip(**changes: Any) -> Callable[[], RobotWorld]:
    """A reach with something wrong about it."""
    return type("Slip", (Reach,), {"id": "test/slip-v1", **changes})


SEEN: Mapping[str, Quantity] = {**Reach.quantities, "goal": Quantity(3, "m", "where to go")}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"pushed": "hnad"}, "Unknown body 'hnad'"),
        ({"horizon": 0}, "Expected a horizon and substeps from 1"),
        ({"hold": 999}, "to hold for 1 to horizon steps, got 40, 10 and 999"),
        ({"space": Space(radius=Uniform(0.2, 0.3))}, r"to hold \*\*domain\(horizon\); gain, damping"),
        ({"sample": RobotWorld.sample}, "the methods scene, sample, observe, predicates; sample is missing"),
        ({"scene": lambda self, values: Reach.scene(self, values).replace("implicitfast", "RK4")}, "got RK4"),
        ({"rest": lambda self, model: np.full(4, 9.0)}, "Expected rest.. to be 4 numbers between .* in degrees unless"),
    ],
)  # fmt: skip
def test_a_task_that_lacks_something_says_what(changes: dict[str, Any], words: str) -> None:
    """When it is built."""
    with pytest.raises(UsageError, match=words):
        slip(**changes)()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"predicates": lambda self, physics: {"there": physics.site("tip")[:, 0]}}, "Expected predicates, bool"),
        ({"predicates": lambda self, physics: {}}, "Expected predicates, bool .* got none"),
        ({"quantities": SEEN}, "Expected observe.. to return the quantities"),
        ({"measure": lambda self, physics: {}}, "Expected measure.. to return joint_speed"),
        ({"measure": lambda self, physics: {"joint_speed": physics.field("time")}}, "none of them time"),
        ({"sample": lambda self, model, values: np.zeros(1)}, "Expected a configuration of 4 finite numbers"),
        ({"sample": lambda self, model, values: np.full(4, np.nan)}, "Expected a configuration of 4 finite numbers"),
    ],
)  # fmt: skip
def test_rules_that_return_something_else_are_an_error_of_the_world(
    changes: dict[str, Any], words: str
) -> None:
    """Never a pass, nor a fault of the robot."""
    (episode,) = flown(slip(**changes), count=1)

    assert episode.fault is not None
    assert "world" == episode.fault.side
    with pytest.raises(UsageError, match=words):
        raise UsageError(episode.fault.message)


def test_any_latency_is_that_late() -> None:
    """An action arrives as many control steps later as the scenario says, however many they are."""
    one = Reach()
    scenario = one.scenario(3, 0)
    values = {
        name: value for name, value in scenario.values.items() if not name.startswith(("push_", "stall_"))
    }
    env = one.vector(1)
    late = type(scenario).of(one.id, {**values, "latency": 2, "push": False, "stall": False})
    env.reset(seed=[0], options={"scenarios": [late]})
    env._stage._latency[0] = 12
    rest = one.rest(one.nominal).astype(np.float32)
    found = []
    for _ in range(15):
        env.step((rest + np.float32(0.2))[None])
        found.append(bool((env._stage.physics.control[0] == rest).all()))

    assert [True] * 12 + [False] * 3 == found


def test_the_limits_in_the_brief_can_be_asked_for() -> None:
    """A policy that cuts its actions off at them is within the action space."""
    one = Reach()
    facts = one.brief("robot").facts["action"]

    for end in ("low", "high"):
        limit = np.array(facts[end])
        (found,) = flown(Reach, _always(limit), count=1)
        assert one.action_space.contains(limit.astype(np.float32))
        assert found.fault is None


def _always(action: Array) -> Move:
    return lambda rows, _: np.tile(action, (len(rows), 1))
