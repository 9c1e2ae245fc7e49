"""Recorded episodes of stepped worlds are judged by their final states, and told when they are not whole."""

from collections.abc import Callable
from typing import Any, ClassVar

import msgspec
import numpy as np
import pytest

from gristmill.digest import digest
from gristmill.envs.driving.highway import Highway
from gristmill.envs.factory.line import Line
from gristmill.envs.finance.treasury import Treasury
from gristmill.envs.stepped.world import SteppedWorld
from gristmill.play import play, replay
from gristmill.policy import Place
from gristmill.types import Episode
from tests.envs.stepped import tanks
from tests.envs.stepped.tanks import Tank


def episode(index: int = 0, policy: Any = tanks.expert) -> Episode:
    """Return an episode of the tank."""
    keeper = policy(Place(world=Tank.id, seat="keeper", spec="keeper"))
    return next(play(Tank, [Tank().scenario(3, index)], {"keeper": keeper}, seed=5))


def found(one: Episode) -> dict[str, str]:
    """Return the findings by name."""
    return {check.name: check.status for check in Tank().checks(one)}


def restated(one: Episode, **changes: Any) -> Episode:
    """Return an episode with another final state, and the digest of that."""
    state = {**one.state, **changes}
    return msgspec.structs.replace(one, state=state, state_digest=digest(state))


def test_who_keeps_the_tank_passes() -> None:
    """And a replay comes to the same."""
    one = episode()

    assert {"kept": "pass", "middle": "pass"} == found(one)
    assert one == replay(Tank(), one)


def test_an_episode_that_is_over_early_is_judged_too() -> None:
    """By the state in which it ended."""
    one = episode(policy=tanks.noop)

    assert one.steps is not None
    assert len(one.steps) < Tank.horizon
    assert {"kept": "fail", "middle": "fail"} == found(one)


def test_a_finding_says_what_was_there() -> None:
    """The final state is the evidence."""
    one = episode(policy=tanks.noop)
    (kept, _) = Tank().checks(one)

    assert {"expected": "kept at the end", "got": one.state} == kept.evidence


@pytest.mark.parametrize("kind", [Highway, Treasury, Line])
def test_findings_show_all_that_a_predicate_rests_on(kind: type[SteppedWorld]) -> None:
    """Changes elsewhere in the final state change no predicate, and each of them names what it rests on."""
    world = kind()
    outcome = {"steps": np.zeros(1, dtype=np.int64), **world.outcome(world.initial)}
    whole = world.predicates(outcome)

    assert list(whole) == list(world.grounds)
    for name, fields in world.grounds.items():
        for shift in (-1e6, 1e6):
            other = {
                field: one if field in fields else (~one if one.dtype == bool else one + shift)
                for field, one in outcome.items()
            }
            assert whole[name] == world.predicates(other)[name]


def test_a_finding_shows_no_more_than_it_rests_on() -> None:
    """Where the world says what that is."""

    class Named(Tank):
        grounds: ClassVar = {"kept": ("steps",)}

    (kept, middle) = Named().checks(episode(policy=tanks.noop))

    assert ["steps"] == list(kept.evidence["got"])
    assert len(middle.evidence["got"]) > 1


def _cut(one: Episode) -> Episode:
    actions = np.asarray(one.steps.actions["value"])[:-1] if one.steps else np.zeros((0, 1))
    return replay(Tank(), one, actions=actions)


@pytest.mark.parametrize(
    ("spoil", "got"),
    [
        (lambda one: msgspec.structs.replace(one, id="0"), "an episode that does not match its id"),
        (
            lambda one: msgspec.structs.replace(one, state={**one.state, "level": 5.5}),
            "does not match its digest",
        ),
        (lambda one: restated(one, level=[5.0]), r"level as float64 of shape (1,), where"),
        (lambda one: restated(one, level="full"), "level as <U4"),
        (lambda one: restated(one, more=1), "a state of steps, level, spilt_in, more"),
        (lambda one: restated(one, steps=3), "12 steps, where an episode has 12"),
        (lambda one: restated(one, steps=3, spilt_in=2), "12 steps, where an episode has 3"),
        (lambda one: msgspec.structs.replace(one, entries=one.entries[1:]), "does not begin with the start"),
        (
            lambda one: msgspec.structs.replace(one, entries=[*one.entries, {"from": "world"}]),
            "a log of other",
        ),
        (lambda one: msgspec.structs.replace(one, steps=None), "no steps"),
        (_cut, "11 steps, where an episode has 12"),
    ],
)
def test_a_record_that_is_not_whole_fails(spoil: Callable[[Episode], Episode], got: str) -> None:
    """With what is wrong with it, and no other finding."""
    (check,) = Tank().checks(spoil(episode()))

    assert ("record", "fail") == (check.name, check.status)
    assert got in check.evidence["got"]
