"""How bad an episode of a robot was: what of tolerances and limits it used up."""

from functools import cache
from typing import Any

import msgspec
import numpy as np
import pytest

from gristmill.play import play
from gristmill.recorders.verify import judge
from gristmill.registry import policy
from gristmill.severity import kinds_of, severity_of
from gristmill.types import Episode
from tests.envs.robots.bodies import WORLDS, world

REACH = "robots/reach-v1"


@cache
def played(id: str, spec: str) -> tuple[Episode, ...]:
    """Return a few episodes of a policy."""
    one = world(id)
    scenarios = [one.scenario(4, index) for index in range(4)]
    return tuple(play(lambda: world(id), scenarios, {"robot": policy(spec, id, "robot")}, seed=4))


def with_state(episode: Episode, **values: Any) -> Episode:
    """Return the episode with another final state."""
    return msgspec.structs.replace(episode, state={**episode.state, **values})


@pytest.mark.parametrize("spec", ["expert", "random"])
@pytest.mark.parametrize("id", WORLDS)
def test_the_event_is_that_an_episode_fails(id: str, spec: str) -> None:
    """The grade reaches the threshold where the verdict is no pass, and nowhere else."""
    failure = severity_of(world(id))
    for one in played(id, spec):
        assert (judge(world(id), one).status != "pass") == (failure.of(one) >= failure.threshold)


@pytest.mark.parametrize("id", WORLDS)
def test_margins_and_predicates_say_the_same(id: str) -> None:
    """Where a predicate holds, less than all that it allows is used up."""
    one = world(id)
    for episode in (*played(id, "expert"), *played(id, "random")):
        physics = one.judge
        physics.place([0], [one.model(episode.scenario.values)], [np.array(episode.state["qpos"])])
        physics.put(0, np.array(episode.state["qpos"]), np.array(episode.state["qvel"]))
        margins, holds = one.margins(physics), one.predicates(physics)

        assert list(margins) == list(holds)
        assert {name: bool(fine[0]) for name, fine in holds.items()} == {
            name: bool(share[0] <= 1 + 1e-9) for name, share in margins.items()
        }


@pytest.mark.parametrize("id", WORLDS)
def test_grades_differ_from_episode_to_episode(id: str) -> None:
    """They are no mere yes or no, for successes neither."""
    failure = severity_of(world(id))

    assert len(played(id, "expert")) == len({failure.of(one) for one in played(id, "expert")})


def test_a_peak_beyond_its_limit_is_an_overload() -> None:
    """By as much as it exceeds it; a failure, too, however well it ends."""
    one, limit = world(REACH), world(REACH).safety["joint_speed"].most
    fast = with_state(played(REACH, "expert")[0], peaks={"joint_speed": 1.5 * limit})
    at_most = with_state(fast, peaks={"joint_speed": limit})

    assert 1.5 == severity_of(one, "overload").of(fast) == severity_of(one).of(fast)
    assert severity_of(one, "overload").of(at_most) < 1


def test_success_that_did_not_last_is_a_failure() -> None:
    """The shorter it lasted, the worse."""
    one, good = world(REACH), played(REACH, "expert")[0]
    grades = [severity_of(one).of(with_state(good, streak=steps)) for steps in (one.hold, one.hold - 1, 1)]

    assert grades[0] < 1 < grades[1] < grades[2] < 2


@pytest.mark.parametrize("id", WORLDS)
def test_every_episode_is_of_a_kind(id: str) -> None:
    """Its labels are among those that are listed."""
    for one in (*played(id, "expert"), *played(id, "random")):
        assert [kind.name for kind in kinds_of(world(id)) if kind.of(one) not in kind.labels] == []
