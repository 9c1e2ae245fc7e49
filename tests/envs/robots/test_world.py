"""Robot worlds as single Gymnasium environments."""

import subprocess
import sys
import warnings
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
import pytest
from gymnasium.envs.registration import EnvSpec
from gymnasium.utils.env_checker import check_env
from hypothesis import given, settings
from hypothesis import strategies as st

from gristmill.digest import digest
from gristmill.envs.robots.reach import Reach
from gristmill.envs.robots.types import Array
from gristmill.envs.versions import version_of
from gristmill.errors import UsageError
from gristmill.types import Scenario
from tests.envs.robots.bodies import PUSH, STALL, WORLDS, fly, fly_alone, scenario, wander, world

REACH = "robots/reach-v1"
LEVEL = np.array([0.0, -1.2, 1.8, 0.4])


# Gymnasium.


@pytest.mark.parametrize("id", WORLDS)
def test_gymnasium_finds_nothing_wrong(id: str) -> None:
    """With any robot world, but that actions are angles and not shares of one, and that noise has no bound."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", ".*observation space (minimum|maximum) value is -?infinity.*")
        warnings.filterwarnings("ignore", ".*symmetric and normalized space.*")
        env = gymnasium.make(f"gristmill.envs.robots:{id}")
        check_env(env.unwrapped, skip_render_check=True)
        env.close()

    assert id == env.spec.id if env.spec else None


def test_registering_imports_no_simulator() -> None:
    """The ids are known before MuJoCo is."""
    script = (
        "import sys, gristmill.envs.robots, gymnasium;"
        "print('robots/reach-v1' in gymnasium.registry, 'mujoco' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)

    assert "True False" == done.stdout.strip()


def test_a_spec_is_stored_as_text() -> None:
    """And makes the same world again."""
    env = gymnasium.make(f"gristmill.envs.robots:{REACH}")
    assert env.spec is not None
    again = gymnasium.make(EnvSpec.from_json(env.spec.to_json()))

    assert type(env.unwrapped) is type(again.unwrapped)


@pytest.mark.parametrize("id", WORLDS)
def test_observations_and_actions_are_in_their_spaces(id: str) -> None:
    """The quantities in order, time last; rewards and flags of Python's own types."""
    one = world(id)
    seen, info = one.reset(seed=3)
    seen_next, reward, terminated, truncated, more = one.step(one.action_space.sample())

    assert list(one.quantities) == list(seen) == list(seen_next)
    assert "time" == list(seen)[-1]
    assert one.observation_space.contains(seen)
    assert one.observation_space.contains(seen_next)
    assert (float, bool, bool) == (type(reward), type(terminated), type(truncated))
    assert {"success", "safe", *one.predicates(one.judge)} == set(more)
    assert id == info["scenario"].world


@pytest.mark.parametrize("id", WORLDS)
def test_an_episode_ends_with_its_horizon(id: str) -> None:
    """As a task that is over, since time can be observed."""
    one = world(id)
    seen, _ = one.reset(seed=3)
    rest = one.rest(one.nominal).astype(np.float32)
    flags = []
    for _ in range(one.horizon):
        seen, _, *over, _ = one.step(rest)
        flags.append(over)

    assert [[False, False]] * (one.horizon - 1) + [[True, False]] == flags
    assert [1.0] == seen["time"].tolist()


# Seeds and scenarios.


def test_a_seed_decides_scenario_and_noise() -> None:
    """Without one, the next scenario of the last seed follows."""
    one = Reach()
    found = [one.reset(seed=seed) for seed in (5, None, 5, None, None, 6)]
    names = [info["scenario"].id for _, info in found]
    aims = [seen["target"].tolist() for seen, _ in found]

    assert [names[0], names[1]] == names[2:4]
    assert [aims[0], aims[1]] == aims[2:4]
    assert 4 == len(set(names))
    assert [one.scenario(5, 0).id, one.scenario(5, 1).id] == names[:2]


def test_without_any_seed_scenarios_differ() -> None:
    """Two environments that were never seeded do not begin alike."""
    assert Reach().reset()[1]["scenario"].id != Reach().reset()[1]["scenario"].id


def test_a_scenario_can_be_given() -> None:
    """The noise then depends on the seed."""
    one, given_one = world(), scenario(index=4)
    seen, info = one.reset(seed=1, options={"scenario": given_one})
    again, _ = one.reset(seed=1, options={"scenario": given_one})
    other, _ = one.reset(seed=2, options={"scenario": given_one})

    assert given_one is info["scenario"]
    assert seen["target"].tolist() == again["target"].tolist()
    assert seen["target"].tolist() != other["target"].tolist()


# The same episodes alone and in a batch.


@pytest.mark.parametrize("id", WORLDS)
@pytest.mark.parametrize("changes", [{}, PUSH, STALL, {"latency": 2, **PUSH, **STALL}])
def test_alone_and_with_neighbours_episodes_are_the_same(id: str, changes: dict[str, Any]) -> None:
    """Observations, rewards, states and logs, to the last bit, whatever happens on the way and on either thread."""
    mine = scenario(id, 1, **changes)
    neighbours = [scenario(id, 2), scenario(id, 3, **PUSH)]
    actions = [wander(world(id), seed) for seed in range(3)]
    alone = fly_alone(id, mine, actions[1], seed=9)

    for threads in (1, 2):
        together = fly(
            id, [neighbours[0], mine, neighbours[1]], actions, seeds=[4, 9, 5], threads=threads, rows=4
        )
        assert alone == together[1]


@settings(max_examples=15)
@given(
    rows=st.integers(1, 6),
    place=st.integers(0, 5),
    threads=st.sampled_from([1, 2]),
    index=st.integers(0, 10_000),
    seed=st.integers(0, 2**32),
)
def test_the_number_of_rows_does_not_matter(
    rows: int, place: int, threads: int, index: int, seed: int
) -> None:
    """Nor the place among them, for any scenario and seed."""
    place %= rows
    one = world()
    scenarios = [one.scenario(11, index + row) for row in range(rows)]
    actions = [wander(one, row) for row in range(rows)]
    seeds = [seed + row for row in range(rows)]
    together = fly(REACH, scenarios, actions, seeds=seeds, threads=threads)

    assert fly_alone(REACH, scenarios[place], actions[place], seed=seeds[place]) == together[place]


# What is refused.


@pytest.mark.parametrize(
    ("action", "message"),
    [
        (LEVEL[:3], r"Expected an action of 4 numbers, got float64 of shape \(1, 3\)"),
        (LEVEL[None], r"Expected an action of 4 numbers, got float64 of shape \(1, 1, 4\)"),
        (np.array(1.0), "Expected an action of 4 numbers"),
        (np.array([True] * 4), "Expected an action of 4 numbers, got bool"),
        (LEVEL.astype(complex), "Expected an action of 4 numbers, got complex128"),
        (np.array(["0"] * 4), "Expected an action of 4 numbers, got <U1"),
        (np.array([0, np.nan, 0, 0]), "Expected finite actions between their limits, got nan for number 1"),
        (np.array([0, 0, 0, np.inf]), "Expected finite actions between their limits, got inf for number 3"),
        (np.array([2.7, 0, 0, 0]), r"got 2\.7 for number 0, which goes from -2\.6 to 2\.6"),
    ],
)
def test_an_action_that_does_not_fit_is_refused(action: Array, message: str) -> None:
    """In one sentence, and the episode can go on."""
    one = world()
    one.reset(seed=0)

    with pytest.raises(UsageError, match=message):
        one.step(action)
    seen, *_ = one.step(LEVEL)
    assert np.isclose(1 / one.horizon, seen["time"][0])


@pytest.mark.parametrize("dtype", ["f2", "f4", "f8", "i8"])
def test_numbers_of_any_kind_are_actions(dtype: str) -> None:
    """Those within the limits."""
    one = world()
    one.reset(seed=0)

    assert not one.step(np.zeros(4, dtype))[2]


def test_a_step_outside_an_episode_is_refused() -> None:
    """Before the first reset, and after the last step."""
    one = Reach()
    with pytest.raises(UsageError, match=r"^Expected a reset before this step, since none has begun\.$"):
        one.step(LEVEL)
    one.reset(seed=0)
    for _ in range(one.horizon):
        one.step(LEVEL)
    with pytest.raises(UsageError, match=r"^Expected a reset before this step, since the episode is over\.$"):
        one.step(LEVEL)
    one.close()
    with pytest.raises(UsageError, match="none has begun"):
        one.step(LEVEL)


@pytest.mark.parametrize(
    ("given_one", "message"),
    [
        (
            Scenario.of("robots/other-v1", {}),
            "Expected a scenario of robots/reach-v1, got one of robots/other-v1",
        ),
        (scenario(radius=0.9), "Expected a scenario in the Space of robots/reach-v1: .*radius"),
        (
            Scenario.of(REACH, {**scenario().values, "push": True}),
            "Expected a scenario in the Space of robots/reach-v1: .*push_",
        ),
        (Scenario.of(REACH, {"radius": 0.3}), "Expected a scenario in the Space of robots/reach-v1"),
        ({"radius": 0.3}, "Expected a scenario of robots/reach-v1, got dict"),
    ],
)
def test_a_scenario_that_does_not_fit_is_refused(given_one: Any, message: str) -> None:
    """Of another world, or outside the Space."""
    with pytest.raises(UsageError, match=message):
        world().reset(options={"scenario": given_one})


class Fragile(Reach):
    """A reach whose arm flies apart where the target is high."""

    def tune(self, model: Any, values: Any) -> None:
        super().tune(model, values)
        if values["height"] > 0.4:
            model.dof_damping[:] = -1e7


class Misspelt(Reach):
    """A world whose scene is not MJCF."""

    def scene(self, values: Any) -> str:
        return "<mujoco><worldbody><joint/></worldbody></mujoco>"


def test_a_scene_that_does_not_compile_is_told_of() -> None:
    """With MuJoCo's own words, in one line."""
    with pytest.raises(UsageError, match=r"^Expected MJCF that compiles, got what does not: [^\n]*\.$"):
        Misspelt()


def test_physics_that_break_end_the_episode() -> None:
    """With the reason, and again when it is asked to go on; a reset repairs it."""
    one = Fragile()
    one.reset(seed=0, options={"scenario": scenario(height=0.44)})
    with pytest.raises(
        UsageError, match=r"The episode cannot go on: unstable physics in control step 1: .*reset"
    ):
        one.step(LEVEL)
    with pytest.raises(UsageError, match=r"the episode is over\. unstable physics in control step 1"):
        one.step(LEVEL)
    one.reset(seed=0, options={"scenario": scenario(height=0.3)})

    assert np.isfinite(one.step(LEVEL)[0]["tip"]).all()


def test_the_brief_is_plain_data() -> None:
    """A policy in another process can be told it."""
    for id in WORLDS:
        facts = world(id).brief("robot").facts

        assert digest(facts)
        assert world(id).horizon == facts["horizon"]
        assert len(facts["rest"]) == len(facts["action"]["low"]) == len(facts["action"]["names"])


@pytest.mark.parametrize(
    ("name", "decides"),
    [
        ("reach.py", True),
        ("arm.py", True),
        ("stage.py", True),
        ("physics.py", True),
        ("reach.xml", True),
        ("defaults.xml", True),
        ("drawer.py", False),
        ("drawer.xml", False),
    ],
)
def test_the_version_follows_what_decides(name: str, decides: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """The rules, the loop, the simulator and the scene; not what is of other worlds."""
    read = Path.read_bytes
    before = version_of.__wrapped__(Reach)
    monkeypatch.setattr(Path, "read_bytes", lambda path: read(path) + b" " * (path.name == name))

    assert decides == (before != version_of.__wrapped__(Reach))


@pytest.mark.parametrize(
    ("name", "numbers"),
    [
        ("reach", ["1.5 cm"]),
        ("drawer", ["10 cm", "1 cm", "0.05 rad"]),
        ("pick-place", ["3 cm", "1 cm"]),
        ("stack", ["half the block's width", "1 cm", "3 cm"]),
        ("pour", ["80%", "10%", "2 cm"]),
    ],
)
def test_a_task_says_what_it_takes(name: str, numbers: list[str]) -> None:
    """The numbers that decide stand in its words."""
    text = world(f"robots/{name}-v1").brief("robot").text

    assert numbers == [number for number in numbers if number in text]
