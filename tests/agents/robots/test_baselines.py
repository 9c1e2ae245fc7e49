"""Policies for any robot that are not meant to do well."""

import numpy as np
import pytest

from gristmill import registry
from gristmill.agents.robots.mover import Array
from gristmill.errors import UsageError
from gristmill.play import play
from gristmill.types import Episode

REACH = "robots/reach-v1"


def episodes(spec: str, count: int = 4) -> list[Episode]:
    """Some episodes of reach as a policy plays them."""
    make = registry.world(REACH)
    scenarios = [make().scenario(5, index) for index in range(count)]
    return list(play(make, scenarios, {"robot": registry.policy(spec, REACH, "robot")}, seed=5))


def actions(spec: str) -> Array:
    """What a policy does in some episodes, [episodes, steps, joints]."""
    return np.stack([one.steps.actions["value"] for one in episodes(spec) if one.steps is not None])


def test_noop_asks_for_the_rest_position() -> None:
    """At every step, whatever it sees."""
    found = actions("noop")

    assert (found == found[0, 0]).all()


def test_random_goes_on_for_a_while_in_one_direction() -> None:
    """Positions are drawn within their limits, another one every few steps, differently in every episode."""
    found = actions("random?smooth=8")

    assert (found[:, :8] == found[:, :1]).all()
    assert (found[:, 8] != found[:, 7]).any(axis=1).all()
    assert len(np.unique(found[:, 0, 0])) == len(found)


def test_noise_is_added_to_what_another_policy_does() -> None:
    """Without noise the actions are those of the base; with noise they differ by as much as was asked for."""
    base, same, spoiled = (actions(spec) for spec in ("expert", "noisy?sd=0", "noisy?sd=0.05"))
    # The expert's own draws hang on the seed of the seat, which is the same; only the first look is not yet noisy.
    first = (spoiled - base)[:, 0]

    np.testing.assert_array_equal(base, same)
    assert 0.02 < first.std() < 0.09


def test_noise_is_a_deviation() -> None:
    """Anything below zero is refused."""
    with pytest.raises(UsageError, match="Expected a standard deviation from 0, got -1"):
        registry.policy("noisy?sd=-1", REACH, "robot")


def test_who_only_talks_moves_no_robot() -> None:
    """Scripts for seats that take turns are neither listed for a body nor given its seat."""
    listed = {one.name for one in registry.policies(REACH, "robot")}

    assert {"noop", "random", "noisy", "expert", "proposal"} <= listed
    assert not {"list-everything", "grader-override"} & listed
    with pytest.raises(UsageError, match="Unknown policy 'grader-override'"):
        registry.policy("grader-override", REACH, "robot")
