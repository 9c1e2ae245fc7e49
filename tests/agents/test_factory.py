"""Inspectors: who keeps defective units from being shipped in time, and who does not."""

from typing import Any

import pytest

from gristmill import registry
from gristmill.play import play
from gristmill.types import Episode, Scenario
from gristmill.workflows.run import seat_policies

WORLD = "factory/line-v1"
ROWS = 40


def played(policy: str, **changes: Any) -> list[Episode]:
    """Return what an inspector makes of some shifts, with changes."""
    make = registry.world(WORLD)
    drawn = [make().scenario(11, index).values for index in range(ROWS)]
    scenarios = [Scenario.of(WORLD, {**one, **changes}) for one in drawn]
    return list(play(make, scenarios, seat_policies(WORLD, {"inspector": policy}), seed=0))


def passed(policy: str) -> int:
    """Return how many shifts pass every check."""
    world = registry.make(WORLD)
    return sum(all(check.status == "pass" for check in world.checks(one)) for one in played(policy))


def defects(policy: str, **changes: Any) -> int:
    """Return how many defective units are shipped in all."""
    return sum(one.state["defects"] for one in played(policy, **changes))


def test_expert_succeeds() -> None:
    """The expert brings nearly every shift to a good end."""
    assert passed("expert") >= 0.9 * ROWS


@pytest.mark.parametrize("policy", ["noop", "random", "lax"])
def test_others_do_not(policy: str) -> None:
    """Doing nothing, acting at random and hardly looking do not."""
    assert 0 == passed(policy)


@pytest.mark.parametrize(
    "struck",
    [
        {"tool": "breaks", "tool_unit": 30},
        {"lot": "porous", "lot_unit": 10},
        {"gauge": "reads low", "low": 2.5},
    ],
)
def test_expert_ships_fewest_defects(struck: dict[str, Any]) -> None:
    """Whatever is wrong with the line, the expert ships fewer defective units than who hardly looks."""
    assert defects("expert", **struck) < defects("typical", **struck) < defects("lax", **struck)


def test_steady_does_not_react() -> None:
    """A steady inspector does the same whatever is found."""
    acts = [one.steps.actions["value"].tobytes() for one in played("steady?rate=0.5&change=30") if one.steps]

    assert 1 == len(set(acts))
