"""Who opens the drawer, and how often."""

from collections import Counter

import pytest

from gristmill.play import play
from gristmill.registry import make, policy
from gristmill.types import Episode

WORLD = "robots/drawer-v1"


def played(name: str, count: int, seed: int) -> list[Episode]:
    """Return episodes of a policy."""
    world = make(WORLD)
    scenarios = [world.scenario(seed, index) for index in range(count)]
    return list(play(lambda: world, scenarios, {"robot": policy(name, WORLD, "robot")}, seed=seed))


def passed(episodes: list[Episode]) -> int:
    """Return how many pass every check."""
    world = make(WORLD)
    return sum(all(check.status == "pass" for check in world.checks(one)) for one in episodes)


def test_the_expert_opens_the_drawer() -> None:
    """Nearly always."""
    assert passed(played("expert", 32, 4)) >= 30


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_the_expert_opens_the_drawer_in_95_of_100_scenarios(seed: int) -> None:
    """Pushes, stalls and late actions included."""
    assert passed(played("expert", 500, seed)) >= 475


def test_the_proposal_sometimes_opens_it() -> None:
    """Often enough to learn from, and far from always."""
    assert 6 <= passed(played("proposal", 64, 5)) <= 38


@pytest.mark.parametrize("name", ["noop", "random"])
def test_what_does_not_try_does_not_succeed(name: str) -> None:
    """Neither by waiting nor by chance."""
    assert 0 == passed(played(name, 16, 6))


def test_a_proposal_fails_in_several_ways() -> None:
    """Misses the handle, shoves the cabinet, moves too fast."""
    world = make(WORLD)
    kinds = Counter(
        check.name
        for one in played("proposal", 64, 5)
        for check in world.checks(one)
        if check.status != "pass"
    )

    assert {"opened", "in_place", "safe: kinetic_energy"} <= set(kinds)
