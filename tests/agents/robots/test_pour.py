"""Who pours, and how often."""

import numpy as np
import pytest

from gristmill.agents.robots.pour import _reach
from gristmill.envs.robots.physics import Physics
from gristmill.envs.robots.pour import Pour
from gristmill.play import play
from gristmill.registry import make, policy
from gristmill.types import Episode

WORLD = "robots/pour-v1"


def played(name: str, count: int, seed: int) -> list[Episode]:
    """Return episodes of a policy."""
    world = make(WORLD)
    scenarios = [world.scenario(seed, index) for index in range(count)]
    return list(play(lambda: world, scenarios, {"robot": policy(name, WORLD, "robot")}, seed=seed))


def passed(episodes: list[Episode]) -> int:
    """Return how many pass every check."""
    world = make(WORLD)
    return sum(all(check.status == "pass" for check in world.checks(one)) for one in episodes)


@pytest.mark.parametrize("angle", [0.0, 1.0, 2.2])
def test_the_lip_comes_to_where_it_is_wanted(angle: float) -> None:
    """The joint angles for a way of lip and tilt bring the simulated cup there."""
    world = Pour()
    physics = Physics(world.nominal, 1)
    wanted = np.array([0.30, 0.08, 0.15])
    joints = _reach(world.geometry(), np.array([[[*wanted, angle]]]))[0, 0]
    qpos = world.sample(world.nominal, world.space.mode)
    qpos[:4] = joints
    physics.site("lip")
    physics.place([0], [world.nominal], [qpos])
    seen = world.observe(physics)

    assert pytest.approx(wanted, abs=1e-6) == seen["lip"][0]
    assert pytest.approx(angle, abs=1e-6) == float(seen["tilt"][0, 0])


def test_the_expert_pours() -> None:
    """Nearly always."""
    assert passed(played("expert", 12, 4)) >= 11


def test_the_proposal_sometimes_pours() -> None:
    """Often enough to learn from, and far from always."""
    assert 1 <= passed(played("proposal", 24, 5)) <= 12


@pytest.mark.parametrize("name", ["noop", "random", "joints"])
def test_what_knows_nothing_of_pouring_does_not_succeed(name: str) -> None:
    """Neither by waiting nor by chance."""
    assert 0 == passed(played(name, 8, 6))


def test_the_same_seed_moves_in_the_same_way() -> None:
    """Every episode has its own numbers, and they can be had again."""
    first, second = played("proposal", 2, 7)
    again, _ = played("proposal", 2, 7)

    assert first.steps is not None
    assert second.steps is not None
    assert again.steps is not None
    assert first.steps.digest == again.steps.digest
    assert not np.array_equal(first.steps.actions["value"], second.steps.actions["value"])


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_the_expert_pours_in_95_of_100_scenarios(seed: int) -> None:
    """Pushes, stalls and late actions included."""
    assert passed(played("expert", 500, seed)) >= 475
