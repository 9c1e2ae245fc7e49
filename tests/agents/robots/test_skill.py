"""Who succeeds in which robot world, how often, and what others fail in."""

from functools import cache
from typing import NamedTuple

import numpy as np
import pytest

from gristmill.play import play
from gristmill.registry import make, policy
from gristmill.types import Episode


class Skill(NamedTuple):
    """What is expected in a world.

    Attributes:
        tries: of an expert; at most one of 12 may fail.
        slips: per cent of many tries in which an expert may fail.
        draws: of a proposal, and `least` and `most` of them that succeed.
        kinds: of failures among the others.
    """

    tries: int
    slips: int
    draws: int
    least: int
    most: int
    kinds: set[str]


SKILLS = {
    "robots/reach-v1": Skill(32, 1, 64, 6, 38, {"there"}),
    "robots/drawer-v1": Skill(32, 5, 64, 6, 38, {"opened", "in_place", "safe_kinetic_energy"}),
    "robots/pick-place-v1": Skill(24, 3, 64, 6, 38, {"at_goal", "safe_contact_force"}),
    "robots/stack-v1": Skill(24, 3, 64, 6, 38, {"on_block", "safe_contact_force"}),
    "robots/pour-v1": Skill(12, 5, 24, 1, 12, {"poured", "not_spilled"}),
}
CUBES = ["robots/pick-place-v1", "robots/stack-v1"]
every_world = pytest.mark.parametrize("world", SKILLS)


def played(world: str, name: str, count: int, seed: int) -> list[Episode]:
    """Return episodes of a policy."""
    own = make(world)
    scenarios = [own.scenario(seed, index) for index in range(count)]
    return list(play(lambda: own, scenarios, {"robot": policy(name, world, "robot")}, seed=seed))


@cache
def failures(world: str, name: str, count: int, seed: int) -> list[set[str]]:
    """Return the checks that each failed episode of a policy does not pass."""
    own = make(world)
    episodes = played(world, name, count, seed)
    found = [{check.name for check in own.checks(one) if check.status != "pass"} for one in episodes]
    return [names for names in found if names]


@every_world
def test_the_expert_succeeds(world: str) -> None:
    """Nearly always."""
    tries = SKILLS[world].tries

    assert len(failures(world, "expert", tries, 4)) <= tries // 12


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0, 1, 2])
@every_world
def test_the_expert_succeeds_in_nearly_all_of_many_scenarios(world: str, seed: int) -> None:
    """Pushes, stalls and late actions included."""
    assert len(failures(world, "expert", 500, seed)) <= 5 * SKILLS[world].slips


@every_world
def test_the_proposal_sometimes_succeeds(world: str) -> None:
    """Often enough to learn from, and far from always."""
    skill = SKILLS[world]

    assert skill.least <= skill.draws - len(failures(world, "proposal", skill.draws, 5)) <= skill.most


@every_world
def test_the_proposal_fails_in_its_own_ways(world: str) -> None:
    """It misses, presses too hard, moves too fast, or spills, as the world may be."""
    skill = SKILLS[world]

    assert skill.kinds <= set.union(*failures(world, "proposal", skill.draws, 5))


@every_world
@pytest.mark.parametrize("name", ["noop", "random"])
def test_what_does_not_try_does_not_succeed(world: str, name: str) -> None:
    """Neither by waiting nor by chance."""
    assert 16 == len(failures(world, name, 16, 6))


def test_what_knows_nothing_of_pouring_does_not_pour() -> None:
    """Smooth ways between random positions of the joints are no pour."""
    assert 8 == len(failures("robots/pour-v1", "joints", 8, 6))


@every_world
def test_the_same_seed_moves_in_the_same_way(world: str) -> None:
    """Every episode has its own numbers, and they can be had again."""
    (first, second), (again, _) = ([one.steps for one in played(world, "proposal", 2, 7)] for _ in range(2))

    assert first == again
    assert first is not None
    assert second is not None
    assert not np.array_equal(first.actions["value"], second.actions["value"])


@pytest.mark.parametrize("world", CUBES)
def test_the_expert_moves_cubes_smoothly(world: str) -> None:
    """From one control step to the next no joint is asked for more than 0.3 rad, and the fingers for 5 cm."""
    steps = [one.steps for one in played(world, "expert", 16, 7)]
    jumps = np.max(
        [np.abs(np.diff(one.actions["value"], axis=0)).max(axis=0) for one in steps if one], axis=0
    )

    assert [True, True] == [bool(jumps[:5].max() < 0.3), bool(jumps[5] < 0.05)]
