"""What may happen to any robot."""

from typing import Any

import pytest

from gristmill.envs.robots.scenarios import Disturbances, domain, stratum
from gristmill.generators.space import Space
from tests.envs.robots.bodies import WORLDS, world

QUIET = {"latency": 0, "noise": 0.0, "push": False, "stall": False}
PUSH = {"push": True, "push_step": 12, "push_x": 3.0, "push_y": -2.0}
STALL = {"stall": True, "stall_step": 12, "stall_length": 3}


def disturbances(**changes: Any) -> Disturbances:
    """Return those of values that are quiet but for changes."""
    return Disturbances.of({**QUIET, **changes})


@pytest.mark.parametrize("id", WORLDS)
def test_every_world_varies_in_the_same_ways(id: str) -> None:
    """Under the same names, so that they can be compared."""
    assert set(domain(40)) <= set(world(id).space.fields)


@pytest.mark.parametrize("horizon", [4, 50, 75])
def test_disturbances_strike_in_the_middle_half(horizon: int) -> None:
    """And end before the episode does, however short it is."""
    space = Space(domain(horizon, push=0.5, stall=0.5))
    for index in range(300):
        values = space.sample(3, index)
        if values["push"]:
            assert horizon // 4 <= values["push_step"] <= 3 * horizon // 4
        if values["stall"]:
            assert horizon // 4 <= values["stall_step"]
            assert values["stall_step"] + values["stall_length"] <= horizon
            assert values["stall_length"] >= 1
        assert ("push_x" in values, "stall_length" in values) == (values["push"], values["stall"])


@pytest.mark.parametrize(
    ("values", "cell"),
    [
        ({}, "calm"),
        ({"latency": 1}, "late"),
        (PUSH, "push"),
        ({**PUSH, **STALL}, "push+stall"),
        ({"latency": 2, **STALL}, "late+stall"),
    ],
)
def test_strata_say_what_disturbs(values: dict[str, Any], cell: str) -> None:
    """Gains, damping and noise vary in all of them."""
    assert cell == stratum({**QUIET, **values})


def test_a_push_begins_and_ends() -> None:
    """Its force is set when it begins, and set to nothing two steps later."""
    found = disturbances(**PUSH)

    assert {12: (3.0, -2.0, 0.0), 14: (0.0, 0.0, 0.0)} == {
        now: force for now in range(30) if (force := found.force(now)) is not None
    }


def test_a_stall_lasts_as_long_as_it_says() -> None:
    """From its first step on."""
    assert [12, 13, 14] == [now for now in range(30) if disturbances(**STALL).stalls(now)]


def test_each_disturbance_is_told_once() -> None:
    """When it begins, with what there is to know of it."""
    found = disturbances(**PUSH, **STALL)

    assert (12, 15) == found.window
    assert {
        12: [
            {"from": "world", "event": "push", "step": 12, "body": "hand", "force": [3.0, -2.0]},
            {"from": "world", "event": "stall", "step": 12, "length": 3},
        ]
    } == {now: events for now in range(30) if (events := found.events(now, "hand"))}


def test_nothing_happens_where_nothing_is_in_store() -> None:
    """A late action is no event."""
    found = disturbances(latency=2)

    assert ((0, -1), [], None, False) == (
        found.window,
        found.events(12, "hand"),
        found.force(12),
        found.stalls(12),
    )
