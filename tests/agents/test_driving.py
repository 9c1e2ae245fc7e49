"""Drivers of the motorway differ in what they see, heed and dare, and the reference survives what they do not."""

from typing import Any

import numpy as np
import pytest

from gristmill import registry
from gristmill.envs.driving.highway import Highway
from gristmill.errors import UsageError
from gristmill.generators.space import Values
from gristmill.play import play
from gristmill.policy import Session
from gristmill.types import Scenario
from tests.envs.driving.roads import CALM, animals, draws, driven_by, world

DRIVERS = ("expert", "cautious", "typical", "late", "aggressive", "heedless")
# An animal in fog that one comes upon late, and a vehicle ahead that brakes fully while the eyes are off the road.
FOG: dict[str, Any] = {**CALM, "animal": animals(), "weather": "fog"}
PANIC: dict[str, Any] = {**CALM, "ahead_brakes": "panic", "distracted": True}


def session(policy: str, rows: int = 1) -> Session:
    """Return a session of a driver."""
    driver: Any = registry.policy(policy, Highway.id, "driver")
    found: Session = driver.begin([world().brief("driver")] * rows, [0] * rows)
    return found


def pulled(policy: str, values: Values, steps: int = 26) -> list[float]:
    """Return the accelerations that a driver asks for in a scenario."""
    env, driver = world().vector(1), session(policy)
    seen, _ = env.reset(options={"scenarios": [Scenario.of(Highway.id, values)]})
    found = []
    for _ in range(steps):
        action = driver.act([0], seen)
        found.append(float(action[0, 0]))
        seen = env.step(action)[0]
    return found


def departs(policy: str, values: Values, other: Values) -> int:
    """Return the first step in which a driver clearly acts otherwise than in another scenario."""
    both = zip(pulled(policy, values), pulled(policy, other), strict=True)
    return next(step for step, (one, two) in enumerate(both) if abs(one - two) > 0.1)


@pytest.mark.parametrize("policy", DRIVERS)
def test_drivers_keep_up_on_most_days(policy: str) -> None:
    """Without touching anything; those who dare more come too near on some days, and the cautious fall behind."""
    found = driven_by(draws({}, 200), policy)
    passed = np.logical_and.reduce(list(world().predicates(found).values()))

    assert (found["touched"] < 0).all()
    assert (0.9 if policy in ("expert", "typical") else 0.75) < passed.mean()


@pytest.mark.parametrize("fix", [FOG, PANIC])
def test_the_reference_survives_what_the_typical_driver_does_not(fix: dict[str, Any]) -> None:
    """Every one of the collisions could have been avoided."""
    values = draws(fix, 2_000)
    lost = [one for one, hit in zip(values, driven_by(values, "typical")["touched"], strict=True) if hit >= 0]

    assert 5 <= len(lost)
    assert (driven_by(lost, "expert")["touched"] < 0).all()


def test_drivers_collide_as_often_as_they_dare() -> None:
    """The cautious least, then those who are usual, late, and who heed no animals."""
    values = draws(FOG, 1_500)
    rates = [float((driven_by(values, one)["touched"] >= 0).mean()) for one in ("expert", "cautious", "typical", "late", "heedless")]  # fmt: skip

    assert sorted(rates) == rates
    assert rates[2] < rates[3] < rates[4]
    assert rates[1] < rates[2]


def test_nobody_brakes_before_they_have_reacted() -> None:
    """An animal changes nothing until the time to react is over; to who is attentive, it does at once."""
    fix = {
        **CALM,
        "headway": 6.0,
        "ahead_step": 32,
        "animal_step": 16,
        "animal_gap": 150.0,
        "animal_speed": 0.6,
    }
    (dog,) = draws({**fix, "animal": "dog", "reaction": 1.5}, 1)
    none = {name: one for name, one in dog.items() if not name.startswith("animal_")} | {"animal": "none"}

    # It comes in step 16, so that it can be seen before step 17; six steps are 1.5 s.
    assert 17 + 6 == departs("typical", dog, none)
    assert 17 == departs("expert", dog, none)


def test_eyes_that_are_off_the_road_see_nothing_new() -> None:
    """What happens meanwhile is acted upon when they are back, and the time to react is over."""
    fix = {**CALM, "headway": 2.0, "ahead_brakes": "panic", "ahead_step": 9, "reaction": 1.0}
    glance = {"distracted": True, "glance_step": 9, "glance": 1.5}
    found = []
    for more in ({}, glance):
        (now,) = draws({**fix, **more}, 1)
        found.append(departs("typical", now, {**now, "ahead_step": 32}))

    # Braking in step 9 can be seen before step 10, but the eyes are off from step 9 to 14.
    assert [10 + 4, 15 + 4] == found


def test_rows_are_driven_alike_alone_and_together() -> None:
    """However many of the others are over."""
    scenarios = [world().scenario(3, index) for index in range(6)]
    for policy in ("typical", "expert", "aggressive"):
        driver = registry.policy(policy, Highway.id, "driver")
        together = list(play(Highway, scenarios, {"driver": driver}, seed=1))
        alone = [next(play(Highway, [one], {"driver": driver}, seed=1)) for one in scenarios]
        assert alone == together


def test_the_baselines_of_robots_drive_too() -> None:
    """Who does nothing asks for nothing, and who acts at random stays within the limits."""
    seen, _ = world().vector(2).reset(seed=[1, 2])
    limits: Any = world().action_space
    noisy, typical = (session(one, 2).act([0, 1], seen) for one in ("noisy?base=typical&sd=0.5", "typical"))

    assert [[0.0, 0.0]] * 2 == session("noop", 2).act([0, 1], seen).tolist()
    assert all(limits.contains(one) for one in session("random", 2).act([0, 1], seen))
    assert (noisy != typical).all()


def test_a_headway_can_be_asked_for() -> None:
    """It is part of who drives; a driver with another name does not exist."""
    near, far = (registry.policy(f"typical?headway={one}", Highway.id, "driver") for one in (1.0, 2.0))

    assert near.digest != far.digest
    with pytest.raises(UsageError, match="typical"):
        registry.policy("typica", Highway.id, "driver")
