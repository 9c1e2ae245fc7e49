"""The control loop: late, lost and pushed actions, noisy senses, and what is recorded of them."""

from collections.abc import Mapping
from typing import Any, ClassVar

import mujoco
import numpy as np
import pytest

from gristmill.envs.robots.models import model_hash
from gristmill.envs.robots.physics import Physics
from gristmill.envs.robots.stage import Stage
from gristmill.envs.robots.types import Array, Limit
from gristmill.envs.robots.vector import RobotVectorEnv
from gristmill.types import Scenario
from tests.envs.robots.bodies import (
    DISABLED,
    PUSH,
    STALL,
    WORLDS,
    Anywhere,
    Course,
    at_rest,
    fly,
    fly_alone,
    replayed,
    scenario,
    wander,
    world,
)

REACH = "robots/reach-v1"
HORIZON = world().horizon
STRUCK, STALLED, LONG = HORIZON // 3, HORIZON // 2, HORIZON // 16
ACTIONS = wander(world(), 1)


def flown(actions: Array = ACTIONS, *, seed: int = 0, **changes: Any) -> Course:
    """Return the course of a reach."""
    return fly_alone(REACH, scenario(**changes), actions, seed=seed)


def motion(course: Course) -> tuple[Any, ...]:
    """Return what does not say which scenario it was."""
    state = {name: one for name, one in course.state.items() if name != "peaks"}
    return course.observations, course.rewards, state


# Pushes.


def test_a_push_is_logged_when_it_strikes() -> None:
    """After the start, and nothing else is."""
    pushed = flown(**PUSH).entries

    assert ["start", "push"] == [one["event"] for one in pushed]
    assert {"from": "world", "event": "push", "step": STRUCK, "body": "hand", "force": [3.0, -2.5]} == pushed[
        1
    ]
    assert ["start"] == [one["event"] for one in flown().entries]


def test_a_push_acts_from_its_step_on() -> None:
    """Until then nothing is different, and then the tip is elsewhere for a while."""
    calm, pushed = flown().seen("tip"), flown(**PUSH).seen("tip")
    same = (calm == pushed).all(axis=1)

    assert [True] * (STRUCK + 1) == same[: STRUCK + 1].tolist()
    assert not same[STRUCK + 1 : STRUCK + 8].any()


def test_a_push_acts_for_two_control_steps() -> None:
    """MuJoCo's own loop comes to the same state when the force acts on the hand in these two, and in no others."""
    course, one = flown(**PUSH), scenario(**PUSH)
    force = (3.0, -2.5, 0.0)
    spans = {
        length: replayed(
            one, course.start, ACTIONS, forces=dict.fromkeys(range(STRUCK, STRUCK + length), force)
        )
        for length in (0, 1, 2, 3)
    }

    assert [2] == [length for length, data in spans.items() if data.qpos.tolist() == course.state["qpos"]]


@pytest.mark.parametrize("id", WORLDS)
def test_a_push_acts_on_its_own_row_only(id: str) -> None:
    """Neighbours that use the same actions in the same scenario do not feel it."""
    calm, pushed = scenario(id), scenario(id, **PUSH)
    actions = wander(world(id), 1)
    courses = fly(id, [calm, pushed, calm], [actions] * 3, seeds=[0, 0, 0])
    alone = fly_alone(id, calm, actions)

    assert [alone, alone] == [courses[0], courses[2]]
    assert alone.observations != courses[1].observations


def test_an_episode_that_ends_in_a_push_leaves_no_force_behind() -> None:
    """The next one in the row is not pushed."""
    env = world().vector(1)
    env.reset(seed=0, options={"scenarios": [scenario(**PUSH)]})
    for action in ACTIONS[: STRUCK + 1]:
        env.step(action[None])
    env.reset(seed=[0], options={"scenarios": [scenario()]})
    for action in ACTIONS:
        env.step(action[None])

    assert flown().state == env.state(0)


# Actions that are lost or late.


def test_a_stall_holds_the_last_action() -> None:
    """As if the policy had repeated it."""
    repeated = ACTIONS.copy()
    repeated[STALLED : STALLED + LONG] = ACTIONS[STALLED - 1]
    stalled = flown(**STALL)

    assert motion(flown(repeated)) == motion(stalled)
    assert [{"from": "world", "event": "stall", "step": STALLED, "length": LONG}] == stalled.entries[1:]
    assert motion(flown()) != motion(stalled)


@pytest.mark.parametrize("latency", [1, 2])
@pytest.mark.parametrize("id", WORLDS)
def test_latency_delays_every_action(id: str, latency: int) -> None:
    """As if the policy had stayed at rest for so many control steps."""
    one = world(id)
    actions = wander(one, 1)
    rest = np.tile(one.rest(one.nominal).astype(np.float32), (latency, 1))
    shifted = np.concatenate([rest, actions[:-latency]])

    late = fly_alone(id, scenario(id, latency=latency), actions)
    assert motion(fly_alone(id, scenario(id), shifted)) == motion(late)
    assert ["start"] == [entry["event"] for entry in late.entries]


def test_a_stall_meets_late_actions() -> None:
    """What is lost is what would have arrived."""
    late = np.concatenate([np.tile(ACTIONS[:1], (1, 1)), ACTIONS[:-1]])
    late[0] = world().rest(world().nominal).astype(np.float32)
    late[STALLED : STALLED + LONG] = late[STALLED - 1]

    assert motion(flown(late)) == motion(flown(latency=1, **STALL))


def test_an_action_is_cast_before_it_is_applied() -> None:
    """What a file keeps is what the servos got."""
    exact = np.random.default_rng(0).uniform(-0.5, 0.5, ACTIONS.shape)
    exact[:, 2] += 1.0

    assert flown(exact.astype(np.float32)) == flown(exact)
    assert (exact.astype(np.float32) != exact).all()


# Noise.


def test_noise_has_the_deviation_of_the_scenario() -> None:
    """With no bias, at every step anew."""
    scenarios = [scenario(noise=0.004) for _ in range(60)]
    rest = np.tile(world().rest(world().nominal).astype(np.float32), (HORIZON, 1))
    courses = fly(REACH, scenarios, [rest] * 60, seeds=list(range(60)))
    values = scenario().values
    at = (
        values["radius"] * np.cos(values["bearing"]),
        values["radius"] * np.sin(values["bearing"]),
        values["height"],
    )
    noise = np.array([course.seen("target") for course in courses]) - at

    assert abs(noise.std() / 0.004 - 1) < 0.03
    assert abs(noise.mean()) < 0.0002
    steps = noise.reshape(60, -1)
    assert abs(np.corrcoef(steps[:, :-3].ravel(), steps[:, 3:].ravel())[0, 1]) < 0.05


@pytest.mark.parametrize("id", WORLDS)
def test_only_what_is_sensed_from_afar_is_noisy(id: str) -> None:
    """The rest is the same with much noise and with hardly any."""
    one = world(id)
    actions = wander(one, 1)
    quiet, loud = (fly_alone(id, scenario(id, noise=noise), actions) for noise in (1e-9, 0.01))
    noisy = {name for name in one.quantities if (quiet.seen(name) != loud.seen(name)).any()}

    assert {name for name, quantity in one.quantities.items() if quantity.noisy} == noisy
    assert quiet.state == loud.state


def test_noise_is_decided_by_the_seed_alone() -> None:
    """Not by the actions, what disturbs them, or the neighbours."""
    rest = np.tile(world().rest(world().nominal).astype(np.float32), (HORIZON, 1))
    mine = flown(seed=5).seen("target")
    others = [
        flown(rest, seed=5, latency=2, **PUSH),
        fly(REACH, [scenario(index=2), scenario(load=0.2)], [ACTIONS] * 2, seeds=[9, 5])[1],
    ]

    assert [True, True] == [(mine == one.seen("target")).all() for one in others]
    assert (mine != flown(seed=6).seen("target")).any()


# Randomised models.


@pytest.mark.parametrize("id", WORLDS)
def test_gain_and_damping_multiply_what_is_nominal(id: str) -> None:
    """Of the arm's servos and joints."""
    one = world(id)
    values = scenario(id, gain=1.0, damping=1.0).values
    plain, changed = one.model(values), one.model({**values, "gain": 1.3, "damping": 0.5})
    joints = plain.actuator_trnid[:, 0][np.isin(plain.actuator_trnid[:, 0], range(4))]
    dofs = plain.jnt_dofadr[joints]
    servos = plain.actuator_trnid[:, 0] < 4

    assert np.allclose(1.3 * plain.actuator_gainprm[servos, 0], changed.actuator_gainprm[servos, 0])
    assert np.allclose(1.3 * plain.actuator_biasprm[servos, 1:3], changed.actuator_biasprm[servos, 1:3])
    assert np.allclose(0.5 * plain.dof_damping[dofs], changed.dof_damping[dofs])


@pytest.mark.parametrize("id", WORLDS)
def test_changes_never_add_up(id: str) -> None:
    """After many resets a scenario has the model that it had at first, and so has the nominal one."""
    one = world(id)
    nominal = model_hash(one.nominal)
    env = one.vector(2)
    hashes = []
    for index in (0, 1, 2, 0, 1, 2, 0):
        env.reset(seed=0, options={"scenarios": [scenario(id, index, gain=1.2, damping=0.7)]})
        hashes.append(env.entries(0)[0]["model"])

    assert hashes[:3] * 2 + hashes[:1] == hashes
    assert nominal == model_hash(one.nominal)


# What is recorded.


def test_the_record_begins_with_the_whole_state_and_the_model() -> None:
    """With the engine and the kind of machine that they belong to."""
    course, model = flown(), world().model(scenario().values)
    start = course.entries[0]

    assert {"from", "event", "engine", "host", "model", "state"} == set(start)
    assert f"mujoco {mujoco.mj_versionString()}" == start["engine"]
    assert model_hash(model) == start["model"]
    assert mujoco.mj_stateSize(model, mujoco.mjtState.mjSTATE_INTEGRATION) == len(start["state"])


@pytest.mark.parametrize("id", WORLDS)
def test_peaks_are_the_most_that_was_measured(id: str) -> None:
    """In the moment before any substep, or after the last; at the ends of control steps there was less of some."""
    one, what = world(id), scenario(id, **PUSH)
    actions = wander(one, 1)
    course = fly_alone(id, what, actions)
    moments: list[dict[str, float]] = []

    def watch(data: mujoco.MjData) -> None:
        moments.append(measured(id, what, data))

    forces = dict.fromkeys(range(one.horizon // 3, one.horizon // 3 + 2), (3.0, -2.5, 0.0))
    end = replayed(what, course.start, actions, forces=forces, watch=watch)
    # After MuJoCo's own step what was computed is of the time before, but for coordinates and velocities.
    mujoco.mj_forward(one.model(what.values), end)
    last = measured(id, what, end)
    most = {name: max(moment[name] for moment in [*moments, last]) for name in last}
    late = {name: max(moment[name] for moment in moments[one.substeps - 1 :: one.substeps]) for name in last}

    assert most == course.state["peaks"]
    assert id == REACH or any(late[name] < 0.999 * most[name] for name in most)


def measured(id: str, what: Scenario, data: mujoco.MjData) -> dict[str, float]:
    """What the world measures of MuJoCo's own data."""

    class Alone(Physics):
        """The rules' view of one simulation."""

        def field(self, name: str) -> Array:
            return np.array(getattr(data, name))[None]

    return {name: float(one[0]) for name, one in world(id).measure(Alone(world(id).nominal, 1)).items()}


def test_peaks_of_rows_that_begin_later_are_their_own() -> None:
    """Others wait while they go on, and nobody goes when all wait."""
    alone = fly(REACH, [scenario(**PUSH)], [ACTIONS])[0].state["peaks"]
    env = world().vector(2)
    env.reset(seed=[0, 0], options={"scenarios": [scenario(), scenario()]})
    for step in range(HORIZON + 5):
        if step == 5:
            env.reset(
                seed=[0, 0],
                options={"scenarios": [scenario(**PUSH)], "reset_mask": np.array([False, True])},
            )
        env.step(np.stack([ACTIONS[min(step, HORIZON - 1)], ACTIONS[max(step - 5, 0)]]))

    assert [False, False] == env.live.tolist()
    assert alone == env.state(1)["peaks"]
    assert flown().state["peaks"] == env.state(0)["peaks"]


def test_set_points_are_led_to_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    """Before a control step is over the servos stand at parts of the way; a jump would be a blow to the joints."""
    stage = Stage(world(), 1)
    stage.reset([0], [scenario()], [0])
    before = stage.physics.control[0].copy()
    asked: list[Array] = []
    monkeypatch.setattr(stage.physics, "step", lambda rows, control, moments: asked.extend(control[0]))
    stage.step(ACTIONS[:1], np.zeros(1, dtype=np.int64))

    assert world().substeps == len(asked)
    np.testing.assert_allclose(
        np.diff(np.array([before, *asked]), axis=0),
        np.tile((ACTIONS[0] - before) / world().substeps, (len(asked), 1)),
    )
    assert ACTIONS[0].astype(np.float64).tolist() == asked[-1].tolist()


def test_success_in_danger_is_no_success() -> None:
    """Once a limit was passed there is no reward, and the information says so."""
    env = RobotVectorEnv(Careful(), 1, autoreset=DISABLED)
    env.reset(seed=0, options={"scenarios": [Scenario.of(Careful.id, at_rest().values)]})
    rest = world().rest(world().nominal).astype(np.float32)
    calm = env.step(rest[None])
    hasty = env.step((rest + np.float32(0.5))[None])
    later = [env.step(rest[None]) for _ in range(30)][-1]

    assert ([1.0], [True]) == (calm[1].tolist(), calm[4]["success"].tolist())
    assert ([0.0], [False]) == (hasty[1].tolist(), hasty[4]["safe"].tolist())
    assert all(one[0] for one in later[4]["predicates"].values())
    assert ([0.0], [False]) == (later[1].tolist(), later[4]["success"].tolist())


class Careful(Anywhere):
    """A robot that must not move fast."""

    id: ClassVar[str] = "test/careful-v1"
    safety: ClassVar[Mapping[str, Limit]] = {"joint_speed": Limit(1.0, "rad/s", "speed of the fastest joint")}


def test_success_is_counted_from_its_last_begin() -> None:
    """Being there for a while and leaving again counts for nothing."""
    rest = np.tile(world().rest(world().nominal).astype(np.float32), (HORIZON, 1))
    left = rest.copy()
    left[30:] = ACTIONS[30:]
    back = rest.copy()
    back[:10] += np.float32(0.3)

    assert HORIZON == fly_alone(Anywhere.id, at_rest(), rest).state["streak"]
    assert 0 == fly_alone(Anywhere.id, at_rest(), left).state["streak"]
    course = fly_alone(Anywhere.id, at_rest(), back)
    assert 0 < course.state["streak"] < HORIZON - 10
    assert [1.0] * course.state["streak"] == course.rewards[-course.state["streak"] :]
    assert 0.0 == course.rewards[-course.state["streak"] - 1]
