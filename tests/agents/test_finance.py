"""Treasurers: who keeps a firm solvent, who lands the year, and who relies on a line that may be frozen."""

from typing import Any

import numpy as np
import pytest

from gristmill import registry
from gristmill.play import play
from gristmill.severity import severity_of
from gristmill.types import Episode, Scenario
from gristmill.workflows.run import seat_policies

WORLD = "finance/treasury-v1"
ROWS = 40


def played(policy: str, **changes: Any) -> list[Episode]:
    """Return what a treasurer makes of some scenarios, with changes."""
    make = registry.world(WORLD)
    drawn = [make().scenario(11, index).values for index in range(ROWS)]
    scenarios = [Scenario.of(WORLD, {**one, **changes}) for one in drawn]
    return list(play(make, scenarios, seat_policies(WORLD, {"treasurer": policy}), seed=0))


def passed(policy: str) -> int:
    """Return how many years pass every check."""
    world = registry.make(WORLD)
    return sum(all(check.status == "pass" for check in world.checks(one)) for one in played(policy))


def bankrupt(policy: str, **changes: Any) -> int:
    """Return how many firms go bankrupt."""
    severity = severity_of(registry.make(WORLD))
    return sum(severity.of(one) >= severity.threshold for one in played(policy, **changes))


def test_expert_succeeds() -> None:
    """The expert brings nearly every year to a good end."""
    assert passed("expert") >= 0.9 * ROWS


@pytest.mark.parametrize("policy", ["noop", "random", "aggressive"])
def test_others_do_not(policy: str) -> None:
    """Doing nothing, acting at random and paying out all there is do not."""
    assert 0 == passed(policy)


def test_who_relies_on_the_line_falls_with_it() -> None:
    """When the bank freezes the line in the tenth week, firms without a buffer go bankrupt, and prudent ones do not."""
    frozen = {"bank": "freezes", "bank_week": 10}

    assert bankrupt("aggressive", **frozen) > ROWS / 4
    assert 0 == bankrupt("expert", **frozen)


def test_manners_can_be_set() -> None:
    """How much a treasurer keeps is a parameter of its spec."""
    cash = {
        keep: np.mean(
            [one.steps.observations["cash"][26] for one in played(f"typical?keep={keep}") if one.steps]
        )
        for keep in (6, 12)
    }

    assert cash[12] > cash[6]


def test_rows_do_not_mix() -> None:
    """A treasurer with old books does the same for a firm alone as among others, some of which are bankrupt."""
    make, policies = registry.world(WORLD), seat_policies(WORLD, {"treasurer": "slow?keep=1&least=0"})
    scenarios = [make().scenario(11, index) for index in range(8)]
    scenarios[0] = Scenario.of(
        WORLD, {**scenarios[0].values, "bank": "freezes", "bank_week": 0, "buffer": 10.5}
    )
    together = list(play(make, scenarios, policies, seed=0))
    alone = [next(play(make, [one], policies, seed=0)) for one in scenarios]

    assert [one.state_digest for one in alone] == [one.state_digest for one in together]
    assert len({len(one.steps) for one in together if one.steps is not None}) > 1
