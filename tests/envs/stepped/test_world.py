"""Stepped worlds as single Gymnasium environments, as rows, and as what the loop plays."""

import warnings
from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env
from gymnasium.vector import AutoresetMode
from hypothesis import given, settings
from hypothesis import strategies as st

from gristmill import registry
from gristmill.envs.stepped.types import Array, Quantity, State, column, listed
from gristmill.envs.stepped.vector import SteppedVectorEnv
from gristmill.errors import UsageError
from gristmill.seeding import numpy_stream
from gristmill.types import Scenario
from tests.envs.stepped.tanks import Breaking, Tank, scenario


def pumping(seed: int, steps: int = Tank.horizon) -> Array:
    """Return actions, [steps, 1] float32."""
    return numpy_stream(seed, "pump").uniform(0.0, 1.2, (steps, 1)).astype(np.float32)


def went(env: SteppedVectorEnv, row: int, actions: Array) -> list[Any]:
    """Return what a row observes on its way, and what it comes to, all rows doing the same."""
    seen = []
    for action in actions:
        if env.live.any():
            found, rewards, over, *_ = env.step(np.tile(action, (env.num_envs, 1)))
            seen.append(
                [{name: one[row].tolist() for name, one in found.items()}, rewards[row], bool(over[row])]
            )
    return [seen, env.state(row), env.entries(row), env.fault(row)]


def test_gymnasium_finds_nothing_wrong() -> None:
    """But that actions are no shares of one, and that what is observed has no bound."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", ".*observation space (minimum|maximum) value is -?infinity.*")
        warnings.filterwarnings("ignore", ".*symmetric and normalized space.*")
        check_env(Tank(), skip_render_check=True)


@settings(max_examples=20, deadline=None)
@given(rows=st.integers(2, 5), place=st.integers(0, 4), index=st.integers(0, 10_000))
def test_alone_and_with_neighbours_episodes_are_the_same(rows: int, place: int, index: int) -> None:
    """To the last bit, whichever of them are over before."""
    place %= rows
    scenarios = [scenario(index + row) for row in range(rows)]
    together, alone = Tank().vector(rows), Tank().vector(1)
    together.reset(options={"scenarios": scenarios})
    alone.reset(options={"scenarios": [scenarios[place]]})
    mine, others = (went(env, row, pumping(index)) for env, row in ((alone, 0), (together, place)))
    steps = mine[1]["steps"]

    assert [mine[0][:steps], mine[1:]] == [others[0][:steps], others[1:]]


def test_a_row_that_is_over_stays_as_it_is() -> None:
    """Its neighbour goes on, and is rewarded with its last step alone."""
    env = Tank().vector(2)
    dry, full = scenario(start=1.0), scenario(start=3.9)
    env.reset(options={"scenarios": [dry, full]})
    action = np.array([[0.0], [0.5]], dtype=np.float32)
    rewards, states = [], []
    while env.live.any():
        rewards.append(env.step(action)[1].tolist())
        states.append(env.state(0))
    end = states[-1]

    assert end["steps"] == end["spilt_in"] + 1 < Tank.horizon
    assert [end] * (Tank.horizon - end["steps"]) == states[end["steps"] :]
    assert [[0.0, 0.0]] * (Tank.horizon - 1) + [[0.0, 1.0]] == rewards
    assert [{"from": "world", "event": "spilt", "step": end["spilt_in"]}] == env.entries(0)[1:]


def test_rows_start_anew_with_the_next_step() -> None:
    """With their next scenarios, each by its own clock."""
    env = Tank().vector(2, autoreset=AutoresetMode.NEXT_STEP)
    env.reset(seed=[5, 9])
    for _ in range(Tank.horizon):
        env.step(np.full((2, 1), 0.7, dtype=np.float32))
    seen, rewards, over, *_ = env.step(np.full((2, 1), 0.7, dtype=np.float32))
    expected = [Tank().scenario(seed, 1).values["start"] for seed in (5, 9)]

    assert np.array(expected, dtype=np.float32).tolist() == seen["level"][:, 0].tolist()
    assert ([0.0, 0.0], [False, False], [0.0, 0.0]) == (
        rewards.tolist(),
        over.tolist(),
        seen["time"][:, 0].tolist(),
    )


def test_a_row_that_breaks_ends_alone() -> None:
    """It says what is no number, and a reset repairs it."""
    env = Breaking().vector(2)
    fitting = [Scenario.of(Breaking.id, scenario(row).values) for row in range(2)]
    env.reset(options={"scenarios": fitting})
    env.step(np.array([[2.0], [0.5]], dtype=np.float32))
    assert ("level is not finite after step 1", "") == (env.fault(0), env.fault(1))
    assert [False, True] == env.live.tolist()
    env.reset(options={"scenarios": fitting})

    assert ["", True] == [env.fault(0), bool(env.live[0])]


def test_a_single_environment_that_breaks_says_so() -> None:
    """And asks for a reset."""
    one = Breaking()
    one.reset(options={"scenario": Scenario.of(Breaking.id, scenario().values)})

    with pytest.raises(UsageError, match="level is not finite after step 1; reset it"):
        one.step(np.array([2.0], dtype=np.float32))


def test_the_brief_says_what_is_observed_and_done() -> None:
    """With units, so that a baseline knows the limits."""
    facts = Tank().brief("keeper").facts

    assert {
        "names": ["pump"],
        "units": ["m³/h"],
        "about": ["what the pump brings"],
        "low": [0.0],
        "high": [2.0],
    } == (facts["action"])
    assert ["level", "drawn", "time"] == list(facts["observation"])
    assert ([0.0], 12, 1.0, "h") == (facts["rest"], facts["horizon"], facts["dt"], facts["clock"])


def test_fields_of_scenarios_become_arrays() -> None:
    """A field that is not there, and what lies behind the end of a list, get what stands for nothing."""
    values: list[dict[str, Any]] = [
        {"a": 1.0, "days": [{"b": 2.0}, {"b": 3.0}]},
        {"days": [{"b": 4.0, "c": 5.0}]},
    ]

    assert [1.0, -1.0] == column(values, "a", -1.0).tolist()
    assert [[2.0, 3.0], [4.0, 0.0]] == listed(values, "days", "b").tolist()
    assert [[-1.0, -1.0], [5.0, -1.0]] == listed(values, "days", "c", -1.0).tolist()


class _Nameless(Tank):
    seat: ClassVar[str]
    controls: ClassVar[Mapping[str, Quantity]] = {"pump": Quantity(1, "", "unlimited")}


class _Misshapen(Tank):
    def observe(self, state: State) -> dict[str, Array]:
        return {"level": state["level"], "drawn": state["drawn"][:, None]}


class _Undecided(Tank):
    def predicates(self, outcome: State) -> dict[str, Array]:
        return {"kept": outcome["level"]}


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        (_Nameless, "Expected control 'pump' to be one number between finite limits"),
        (_Misshapen, r"Expected observe\(\) to return the quantities {'level': \(2, 1\)"),
        (
            _Undecided,
            r"Expected predicates\(\) and over\(\) to return bool \(2,\) each, got {'kept': 'float64",
        ),
    ],
)
def test_a_slip_in_the_rules_is_named(kind: type[Tank], message: str) -> None:
    """Where it was made, before anything is played."""
    with pytest.raises(UsageError, match=message):
        kind().vector(2)


class _Forgetful(Tank):
    def advance(self, state: State, actions: Array, step: Array) -> None:
        state["beside"] = state["level"]


def test_what_is_kept_from_step_to_step_has_to_be_begun_with() -> None:
    """Or rows that start anew would go on with that of others."""
    env = _Forgetful().vector(2)
    env.reset(seed=1)

    with pytest.raises(UsageError, match=r"Expected advance\(\) to keep .* got others: \['beside'\]"):
        env.step(np.zeros((2, 1), dtype=np.float32))


@pytest.mark.parametrize("world", ["driving/highway-v1", "finance/treasury-v1", "factory/line-v1"])
def test_rows_of_bundled_worlds_start_anew_at_different_times(world: str) -> None:
    """Each goes on as one that never met the others."""
    made: Any = registry.make(world)
    env, scenes = made.vector(3, autoreset=AutoresetMode.NEXT_STEP), [made.scenario(2, 0)]
    env.reset(seed=1)
    env.action_space.seed(1)
    for _ in range(made.horizon // 2):
        env.step(env.action_space.sample())
    env.reset(options={"scenarios": scenes, "reset_mask": np.array([False, True, False])})
    alone = made.vector(1)
    alone.reset(options={"scenarios": scenes})
    for _ in range(made.horizon):
        actions = env.action_space.sample()
        seen, (one, *_) = env.step(actions)[0], alone.step(actions[1:2])
        if not alone.live[0]:
            break
        assert all((seen[name][1] == one[name][0]).all() for name in one)


def test_a_world_that_does_not_draw_says_so() -> None:
    """In place of a picture."""
    one = Tank()
    one.reset(seed=0)

    with pytest.raises(UsageError, match="Expected a world that draws itself, got test/tank-v1"):
        one.render()
