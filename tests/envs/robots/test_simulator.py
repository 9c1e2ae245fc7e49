"""The simulator: rows that do not touch, states that are whole, and what MuJoCo would do behind one's back."""

import mujoco
import numpy as np
import pytest

from gristmill.digest import decode, encode
from gristmill.envs.robots.models import compiled
from gristmill.envs.robots.simulator import Moments, Simulator
from gristmill.envs.robots.types import Array
from gristmill.errors import UsageError
from tests.envs.robots.bodies import BALL, WORLDS, Course, fly, replayed, scenario, wander, world

EVERY = np.arange(3)


def balls(rows: int = 3) -> Simulator:
    """Return balls that slide, at rest."""
    scene = compiled(BALL)
    physics = Simulator(scene.model, rows)
    physics.place(list(range(rows)), [scene.model] * rows, [np.zeros(1)] * rows)
    return physics


def go(physics: Simulator, rows: Array, control: float = 0.0, substeps: int = 5) -> None:
    """Let some rows go on under one control."""
    physics.step(rows, np.full((len(rows), substeps, 1), control))


def flown(id: str, rows: int = 1) -> Course:
    """Return the course of the last of some rows."""
    return fly(id, [scenario(id, row) for row in range(rows)], [wander(world(id), 3)] * rows)[-1]


# What makes replays exact.


@pytest.mark.parametrize("id", WORLDS)
@pytest.mark.parametrize("rows", [1, 3])
def test_mujoco_alone_comes_to_the_same_state(id: str, rows: int) -> None:
    """Its own loop, from the state that the record begins with, read back from JSON, and the actions in float32."""
    course = flown(id, rows)
    start = np.array(decode(encode(course.entries))[0]["state"])
    data = replayed(scenario(id, rows - 1), start, wander(world(id), 3))

    assert course.state["qpos"] == data.qpos.tolist()
    assert course.state["qvel"] == data.qvel.tolist()


@pytest.mark.parametrize("id", WORLDS)
def test_an_episode_begins_without_a_warm_start(id: str) -> None:
    """At rest, at time zero, with the servos where they are: configuration and actions say it all."""
    course, one = flown(id), world(id)
    model = one.model(scenario(id).values)
    data = mujoco.MjData(model)
    mujoco.mj_setState(model, data, course.start, mujoco.mjtState.mjSTATE_INTEGRATION)

    assert not data.qacc_warmstart.any()
    assert not data.qvel.any()
    assert not data.xfrc_applied.any()
    assert one.rest(model).astype(np.float32).tolist() == data.ctrl.tolist()
    assert 0.0 == data.time
    assert one.sample(model, scenario(id).values).tolist() == data.qpos.tolist()


@pytest.mark.parametrize("id", WORLDS)
def test_an_observation_belongs_to_the_new_state(id: str) -> None:
    """Not to the one a substep before it: it is what MuJoCo derives from the recorded state."""
    one, course = world(id), flown(id)
    data = replayed(scenario(id), course.start, wander(one, 3))
    mujoco.mj_forward(one.model(scenario(id).values), data)

    if "tip" in course.observations:
        assert data.site("tip").xpos.astype(np.float32).tolist() == course.observations["tip"][-1]
    judge = one.judge
    judge.place([0], [one.model(scenario(id).values)], [data.qpos.copy()])
    judge.put(0, np.array(course.state["qpos"]), np.array(course.state["qvel"]))
    judged = np.logical_and.reduce(list(one.predicates(judge).values()))
    assert bool(judged[0]) == (course.state["streak"] > 0)
    exact = {name: column[0] for name, column in one.observe(judge).items() if not one.quantities[name].noisy}
    assert {name: column.astype(np.float32).tolist() for name, column in exact.items()} == {
        name: course.observations[name][-1] for name in exact
    }


def test_a_row_can_be_started_anew_among_others() -> None:
    """They go on as if nothing had happened, with their warm starts and derived values."""
    id = "robots/drawer-v1"
    one, (first, second) = world(id), (scenario(id, 0), scenario(id, 1))
    actions = wander(one, 3)
    ends = []
    for disturbed in (False, True):
        env = one.vector(2)
        env.reset(seed=[1, 2], options={"scenarios": [first, second]})
        for step, action in enumerate(actions):
            if disturbed and step in (5, 6, 40):
                env.reset(seed=[3, 4], options={"reset_mask": np.array([False, True])})
            env.step(np.stack([action, action]))
        ends.append(env.state(0))

    assert ends[0] == ends[1]


# Rows.


def test_only_the_rows_named_move() -> None:
    """The others keep state and derived values."""
    physics = balls()
    go(physics, np.array([0, 2]), 1.0)

    assert [True, False, True] == (physics.qpos[:, 0] > 0).tolist()
    assert physics.qpos[:, 0].tolist() == physics.site("middle")[:, 0].tolist()


def test_a_push_acts_until_another_one_does() -> None:
    """On a body of one row."""
    physics = balls()
    physics.push(1, "ball", (2.0, 0.0, 0.0))
    go(physics, EVERY, substeps=10)
    physics.push(1, "ball", (0.0, 0.0, 0.0))
    speed = float(physics.qvel[1, 0])
    go(physics, EVERY, substeps=10)

    assert np.isclose(2.0 * 0.04, speed)
    assert [0.0, speed, 0.0] == physics.qvel[:, 0].tolist()
    assert np.isclose(speed**2 / 2, physics.kinetic_energy[1])


def test_views_stay_current() -> None:
    """What was read once shows what comes after, and a state that is put there."""
    physics = balls()
    place, speed, where = physics.joint("x"), physics.joint_velocity("x"), physics.position("ball")
    physics.put(2, np.array([0.7]), np.array([-0.1]))

    assert (0.7, -0.1, 0.7) == (place[2, 0], speed[2, 0], where[2, 0])


def test_threads_do_not_matter() -> None:
    """Nor that there are more of them than rows."""
    ends = []
    for threads in (1, 2, 5):
        scene = compiled(BALL)
        physics = Simulator(scene.model, 3, threads=threads)
        physics.place([0, 1, 2], [scene.model] * 3, [np.array([one]) for one in (0.0, 0.1, 0.2)])
        for _ in range(20):
            physics.step(EVERY, np.array([0.1, 0.2, 0.3]).repeat(5).reshape(3, 5, 1))
        ends.append(physics.batch.state.tolist())

    assert [ends[0]] * 3 == ends


# Moments.


def test_moments_are_those_before_each_substep() -> None:
    """Coordinates and what is computed of them belong together, and to the rows that went, row by row."""
    physics, alone = balls(), balls()
    moments = Moments(physics, 4)
    moments.joint("x"), moments.joint_velocity("x"), moments.site("middle")
    rows = np.array([0, 2])
    physics.step(rows, np.ones((2, 4, 1)), moments)
    went: list[list[float]] = []
    for _ in range(4):
        went.append([float(alone.joint("x")[0, 0]), float(alone.joint_velocity("x")[0, 0])])
        go(alone, rows, 1.0, substeps=1)

    assert 8 == moments.rows
    assert went * 2 == np.concatenate([moments.joint("x"), moments.joint_velocity("x")], axis=1).tolist()
    assert moments.joint("x")[:, 0].tolist() == moments.site("middle")[:, 0].tolist()


def test_moments_are_of_the_last_call() -> None:
    """However many rows went in it, and whatever has no numbers at all."""
    physics = balls()
    moments = Moments(physics, 2)
    moments.joint("x"), moments.field("act")
    for rows in (EVERY, np.array([1]), EVERY):
        before = physics.qpos[rows, 0].tolist()
        physics.step(rows, np.ones((len(rows), 2, 1)), moments)
        assert before == moments.joint("x")[::2, 0].tolist()
        assert (2 * len(rows), 0) == moments.field("act").shape


def test_what_was_not_asked_for_before_has_not_been_recorded() -> None:
    """Which is said, instead of showing something else."""
    physics = balls()
    moments = Moments(physics, 2)
    moments.joint("x")
    physics.step(EVERY, np.ones((3, 2, 1)), moments)

    with pytest.raises(UsageError, match=r"the same fields whenever it is asked.* read qpos, and now qvel"):
        moments.joint_velocity("x")


# What breaks.


def test_mujoco_does_not_start_anew_by_itself() -> None:
    """A row that flies apart is told of, and keeps the state that it came to; the others do not notice."""
    physics = balls()
    physics.put(1, np.zeros(1), np.array([1e12]))
    go(physics, EVERY, 1.0)
    broken = physics.broken()
    again = balls()
    go(again, EVERY, 1.0)

    assert compiled(BALL).model.opt.disableflags & mujoco.mjtDisableBit.mjDSBL_AUTORESET
    assert {1} == set(broken)
    assert "qvel" in broken[1]
    assert 0.0 != physics.qvel[1, 0]
    assert again.qpos[[0, 2]].tolist() == physics.qpos[[0, 2]].tolist()


def test_a_row_that_broke_can_begin_again() -> None:
    """Without the warnings of before."""
    physics = balls()
    physics.put(1, np.zeros(1), np.array([np.nan]))
    go(physics, EVERY)
    assert {1} == set(physics.broken())
    physics.place([1], [compiled(BALL).model], [np.zeros(1)])

    go(physics, EVERY)
    assert {} == physics.broken()
    assert np.isfinite(physics.qpos).all()


def test_a_state_is_a_copy() -> None:
    """It does not go on with the row."""
    physics = balls()
    before: Array = physics.full_state(0)
    kept = before.copy()
    go(physics, EVERY, 1.0)

    assert kept.tolist() == before.tolist()
