"""What tests of the highway share: scenarios with some fields fixed, and ways to drive many of them at once."""

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import numpy as np

from gristmill import registry
from gristmill.envs.driving.highway import Highway
from gristmill.envs.driving.scenarios import ANIMALS
from gristmill.envs.stepped.types import Array, State, Values
from gristmill.generators.conditioning import conditioned
from gristmill.types import Scenario

CALM: dict[str, Any] = {"weather": "clear", "animal": "none", "distracted": False, "cut_in": False}
BRAKE = -11.0  # m/s²


@cache
def world() -> Highway:
    """Return a world that tests do not close."""
    return Highway()


def draws(fix: dict[str, Any], count: int, seed: int = 5) -> list[Values]:
    """Return values of scenarios in which some fields are fixed."""
    return conditioned(world().space, fix).samples(seed, range(count))


def scenario(index: int = 0, **fix: Any) -> Scenario:
    """Return a scenario in which nothing is out of the common but what `fix` says."""
    return Scenario.of(Highway.id, draws({**CALM, **fix}, index + 1)[index])


def driven(values: Sequence[Values], act: Callable[[int, Any], Array]) -> State:
    """Return the outcomes of scenarios, [rows] each, in which all rows do what `act` says of step and observation."""
    env = world().vector(len(values))
    seen, _ = env.reset(options={"scenarios": [Scenario.of(Highway.id, one) for one in values]})
    step = 0
    while env.live.any():
        seen = env.step(np.broadcast_to(act(step, seen), (len(values), 2)).astype(np.float32))[0]
        step += 1
    return {name: np.array([env.state(row)[name] for row in range(len(values))]) for name in env.state(0)}


def driven_by(values: Sequence[Values], policy: str) -> State:
    """Return the outcomes of scenarios that a policy drives."""
    driver: Any = registry.policy(policy, Highway.id, "driver")
    session = driver.begin([world().brief("driver")] * len(values), [0] * len(values))
    return driven(values, lambda _, seen: session.act(range(len(values)), seen))


def animals() -> list[str]:
    """Return the names of the animals."""
    return list(ANIMALS)
