"""Hypothesis looks for scenarios that a world cannot deal with, from its own space."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gristmill import registry
from gristmill.play import play
from gristmill.recorders.verify import judge
from gristmill.types import Scenario
from gristmill.workflows.run import seat_policies

WORLDS = (
    "negotiation/market-v1",
    "negotiation/resource-v1",
    "support/retail-v1",
    "support/retail-v1?level=demo",
)


@pytest.mark.parametrize("name", WORLDS)
@given(data=st.data())
@settings(max_examples=8, suppress_health_check=[HealthCheck.too_slow])
def test_experts_pass_whatever_scenario_there_is(name: str, data: st.DataObject) -> None:
    """Any legal scenario can be set up, played by the experts, and passes its own verifier."""
    make: Any = registry.world(name)
    world = make()
    values = data.draw(world.space.strategy())
    scenario = Scenario.of(world.id, values, stratum=world.stratum(values))
    (episode,) = play(make, [scenario], seat_policies(name, {}), seed=0)

    assert "" == world.space.problem(values)
    assert "pass" == judge(world, episode).status
