"""Robot worlds as Gymnasium's vector environments."""

from typing import Any

import gymnasium
import numpy as np
import pytest
from gymnasium.vector import AutoresetMode

import gristmill.envs.robots  # noqa: F401  # registers the worlds
from gristmill.envs.robots.types import Array
from gristmill.envs.robots.vector import RobotVectorEnv
from gristmill.errors import UsageError
from tests.envs.robots.bodies import DISABLED, WORLDS, Anywhere, at_rest, scenario, wander, world
from tests.envs.robots.test_world import Fragile

REACH = "robots/reach-v1"
REST = np.array([0.0, -1.2, 1.8, 0.4], dtype=np.float32)


def vector(rows: int, **more: Any) -> RobotVectorEnv:
    """Return rows of reach."""
    return RobotVectorEnv(world(), rows, **more)


def resting(rows: int) -> Array:
    """Return actions that keep the arms where they are."""
    return np.tile(REST, (rows, 1))


@pytest.mark.parametrize("id", WORLDS)
def test_what_comes_back_fits_the_spaces(id: str) -> None:
    """Shapes and dtypes are those that Gymnasium asks for, in steps and resets."""
    env = gymnasium.make_vec(id, num_envs=3, threads=2)
    env.action_space.seed(0)
    seen, _ = env.reset(seed=1)
    assert env.observation_space.contains(seen)
    seen, rewards, terminated, truncated, info = env.step(env.action_space.sample())

    assert env.observation_space.contains(seen)
    assert [("float64", (3,)), ("bool", (3,)), ("bool", (3,)), ("bool", (3,))] == [
        (str(one.dtype), one.shape) for one in (rewards, terminated, truncated, info["success"])
    ]
    assert (AutoresetMode.NEXT_STEP, 3, id) == (
        env.metadata["autoreset_mode"],
        env.num_envs,
        env.spec.id if env.spec else "",
    )


def test_gymnasium_makes_rows_that_wait() -> None:
    """The mode has the name that it has elsewhere."""
    env = gymnasium.make_vec(REACH, num_envs=2, autoreset_mode="Disabled")

    assert DISABLED == env.metadata["autoreset_mode"]


def test_rows_in_one_simulator_are_those_of_single_environments() -> None:
    """Gymnasium's own vector environment, made of single ones, gives the same for the same seed."""
    together = gymnasium.make_vec(REACH, num_envs=3)
    single = gymnasium.make_vec(REACH, num_envs=3, vectorization_mode="sync")
    actions = np.stack([wander(world(), row) for row in range(3)], axis=1)
    found = []
    for env in (together, single):
        seen, _ = env.reset(seed=4)
        steps = [env.step(action) for action in [*actions, resting(3), actions[0]]]
        every = [seen, *(step[0] for step in steps)]
        found.append(
            (
                {name: [one[name].tolist() for one in every] for name in seen},
                [[column.tolist() for column in step[1:4]] for step in steps],
            )
        )

    assert found[1] == found[0]


def test_a_seed_is_counted_on_from_row_to_row() -> None:
    """Or there is one for each; NumPy's numbers are numbers."""
    env = vector(3)
    names = [
        [one.id for one in env.reset(seed=seed)[1]["scenarios"]]
        for seed in (5, np.int64(5), [5, 6, 7], (5, 6, 7))
    ]

    assert [[world().scenario(seed, 0).id for seed in (5, 6, 7)]] * 4 == names


def test_without_a_seed_rows_draw_their_next_scenarios() -> None:
    """Each from its own seed, whatever the others do."""
    env = vector(2)
    env.reset(seed=[5, 9])
    env.reset(options={"reset_mask": np.array([True, False])})
    _, info = env.reset()

    assert [world().scenario(5, 2).id, world().scenario(9, 1).id] == [one.id for one in info["scenarios"]]


def test_what_was_returned_does_not_change_afterwards() -> None:
    """A step writes into nothing that was given away."""
    env = vector(2)
    seen, _ = env.reset(seed=0)
    before = {name: column.copy() for name, column in seen.items()}
    first = env.step(resting(2))
    kept = [column.copy() for column in first[1:4]]
    for _ in range(5):
        env.step(resting(2) + 0.1)

    assert all((before[name] == seen[name]).all() for name in seen)
    assert all((one == two).all() for one, two in zip(kept, first[1:4], strict=True))


# Rows that are over.


def test_rows_start_anew_with_the_next_step() -> None:
    """The action is not applied, the reward is 0, and the observation is the first of the next scenario."""
    env = vector(2)
    env.reset(seed=[5, 9])
    for _ in range(world().horizon):
        seen, _, terminated, _, _ = env.step(resting(2))
    assert [True, True] == terminated.tolist()
    assert [[1.0], [1.0]] == seen["time"].tolist()

    seen, rewards, terminated, truncated, _ = env.step(resting(2))
    fresh, _ = vector(2).reset(seed=[5, 9])
    assert [[0.0], [0.0]] == seen["time"].tolist()
    assert ([0.0, 0.0], [False] * 2, [False] * 2) == (
        rewards.tolist(),
        terminated.tolist(),
        truncated.tolist(),
    )
    other = vector(2)
    other.reset(seed=[5, 9])
    fresh, _ = other.reset()
    assert fresh["target"].tolist() == seen["target"].tolist()


def test_rows_go_by_their_own_clocks() -> None:
    """One that began later ends later, and each goes as it would alone."""
    late, horizon = 7, world().horizon
    actions = wander(world(), 1, steps=3 * horizon)
    mask = np.array([False, True])
    both = vector(2)
    both.reset(seed=[5, 9])
    for action in actions[:late]:
        both.step(np.stack([action, action]))
    both.reset(seed=[0, 21], options={"reset_mask": mask})
    alone = {5: vector(1), 21: vector(1)}
    first: list[bool] = []
    second: list[bool] = []
    for seed, env in alone.items():
        env.reset(seed=seed)
    for action in actions[:late]:
        alone[5].step(action[None])
    for action in actions[late:]:
        seen, rewards, over, *_ = both.step(np.stack([action, action]))
        for row, (env, into) in enumerate(zip(alone.values(), (first, second), strict=True)):
            mine, gained, ended, *_ = env.step(action[None])
            into.append(
                gained[0] == rewards[row]
                and ended[0] == over[row]
                and all((mine[name][0] == seen[name][row]).all() for name in mine)
            )

    assert all(first)
    assert all(second)
    assert [alone[5].state(0), alone[21].state(0)] == [both.state(0), both.state(1)]


def test_rows_that_are_not_to_start_anew_wait() -> None:
    """Over, unrewarded and unmoved, while others go on; their records do not change."""
    env = vector(2, autoreset=DISABLED)
    env.reset(seed=[5, 9])
    for _ in range(10):
        env.step(resting(2))
    env.reset(options={"reset_mask": np.array([False, True])})
    for _ in range(world().horizon - 10):
        env.step(resting(2))
    waiting = env.state(0)
    seen, rewards, terminated, _, _ = env.step(resting(2))

    assert ([True, False], [True, False]) == (terminated.tolist(), (~env.live).tolist())
    assert (0.0, 1.0) == (rewards[0], seen["time"][0, 0])
    assert waiting == env.state(0)


def test_success_is_counted_while_a_row_goes_on_only() -> None:
    """However long its neighbours take, and whether or not it succeeds where it stands."""
    env = RobotVectorEnv(world(Anywhere.id), 2, autoreset=DISABLED)
    env.reset(options={"scenarios": [at_rest(), scenario(Anywhere.id, index=1)]})
    for _ in range(world().horizon):
        env.step(resting(2))
    env.reset(options={"reset_mask": np.array([False, True])})
    before = env.state(0)
    rewards = [env.step(resting(2))[1][0] for _ in range(10)]

    assert world().horizon == before["streak"]
    assert before == env.state(0)
    assert [0.0] * 10 == rewards


def test_a_row_whose_physics_break_ends_alone() -> None:
    """It says why, is terminated, and starts anew; its neighbours go on as without it."""
    scenarios = [scenario(height=0.3), scenario(height=0.44), scenario(height=0.35)]
    env = RobotVectorEnv(Fragile(), 3, autoreset=DISABLED)
    calm = vector(3, autoreset=DISABLED)
    for one in (env, calm):
        one.reset(seed=0, options={"scenarios": scenarios})
    for action in wander(world(), 2):
        seen, _, terminated, *_ = env.step(np.tile(action, (3, 1)))
        hale, *_ = calm.step(np.tile(action, (3, 1)))
        assert all((seen[name][[0, 2]] == hale[name][[0, 2]]).all() for name in seen)
        assert terminated[1]
    assert env.fault(1).startswith("unstable physics in control step 1: ")
    assert ("", "") == (env.fault(0), env.fault(2))
    env.reset(options={"scenarios": [scenario()] * 3})

    assert ["", True] == [env.fault(1), bool(env.live[1])]


def test_pictures_are_not_needed_to_close() -> None:
    """Closing twice is no mistake."""
    env = vector(1)
    env.close()
    env.close()

    assert env.closed


# What is refused.


@pytest.mark.parametrize(
    ("call", "message"),
    [
        ({"options": {"reset_mask": np.zeros(2, bool)}}, "at least one of them true, got bool of shape"),
        ({"options": {"reset_mask": np.ones(3, bool)}}, r"Expected a reset_mask of 2 bool.*shape \(3,\)"),
        ({"options": {"reset_mask": np.array([0, 1])}}, "Expected a reset_mask of 2 bool.*got int64"),
        ({"seed": [1]}, "Expected a seed for each of 2 rows, got 1"),
        ({"options": {"scenarios": [scenario()] * 3}}, "Expected at most 2 scenarios, got 3"),
    ],
)
def test_a_reset_that_does_not_fit_is_refused(call: dict[str, Any], message: str) -> None:
    """Before any row is changed."""
    env = vector(2)
    env.reset(seed=0)
    env.step(resting(2))
    before = env.state(0)

    with pytest.raises(UsageError, match=message):
        env.reset(**call)
    assert before == env.state(0)


def test_a_row_with_a_bad_action_is_named() -> None:
    """And nothing has moved."""
    env = vector(2)
    env.reset(seed=0)
    bad = resting(2)
    bad[1, 2] = np.nan

    with pytest.raises(UsageError, match="Row 1: Expected finite actions"):
        env.step(bad)
    with pytest.raises(UsageError, match=r"Expected an action of 2 × 4 numbers, got float32 of shape \(4,\)"):
        env.step(REST)
    assert 0 == env.state(0)["steps"]


@pytest.mark.parametrize("mode", [AutoresetMode.NEXT_STEP, DISABLED])
def test_a_step_before_the_first_reset_is_refused(mode: AutoresetMode) -> None:
    """In either mode."""
    with pytest.raises(UsageError, match="Expected a reset before this step, since none has begun"):
        vector(2, autoreset=mode).step(resting(2))


@pytest.mark.parametrize(("rows", "mode"), [(0, DISABLED), (2, AutoresetMode.SAME_STEP)])
def test_rows_and_mode_are_looked_at(rows: int, mode: AutoresetMode) -> None:
    """An environment of no rows, or one that starts anew within a step, does not exist."""
    with pytest.raises(UsageError, match="Expected at least one row, and autoreset NEXT_STEP or DISABLED"):
        vector(rows, autoreset=mode)
