"""The simulator: rows that do not touch, states that are whole, and what MuJoCo would do behind one's back."""

import mujoco
import numpy as np
import pytest

from gristmill.digest import decode, encode
from gristmill.envs.robots.physics import Physics, compiled, model_hash, tuned
from gristmill.envs.robots.types import Array
from gristmill.errors import UsageError
from tests.envs.robots.bodies import WORLDS, Course, fly, replayed, scenario, wander, world

BALL = """<mujoco><option timestep="0.004"/><worldbody>
<body name="ball"><joint name="x" type="slide" axis="1 0 0"/><geom size="0.1" mass="1"/><site name="middle"/></body>
</worldbody><actuator><motor joint="x"/></actuator></mujoco>"""
EVERY = np.arange(3)


def balls(rows: int = 3) -> Physics:
    """Return balls that slide, at rest."""
    scene = compiled(BALL)
    physics = Physics(scene.model, rows)
    physics.place(list(range(rows)), [scene.model] * rows, [np.zeros(1)] * rows)
    return physics


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
    physics.control[:] = 1.0
    physics.step(np.array([0, 2]), 5)

    assert [True, False, True] == (physics.qpos[:, 0] > 0).tolist()
    assert physics.qpos[:, 0].tolist() == physics.site("middle")[:, 0].tolist()


def test_a_push_acts_until_another_one_does() -> None:
    """On a body of one row."""
    physics = balls()
    physics.push(1, "ball", (2.0, 0.0, 0.0))
    physics.step(EVERY, 10)
    physics.push(1, "ball", (0.0, 0.0, 0.0))
    speed = float(physics.qvel[1, 0])
    physics.step(EVERY, 10)

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
        physics = Physics(scene.model, 3, threads=threads)
        physics.place([0, 1, 2], [scene.model] * 3, [np.array([one]) for one in (0.0, 0.1, 0.2)])
        physics.control[:, 0] = (0.1, 0.2, 0.3)
        for _ in range(20):
            physics.step(EVERY, 5)
        ends.append(physics.batch.state.tolist())

    assert [ends[0]] * 3 == ends


# What breaks.


def test_mujoco_does_not_start_anew_by_itself() -> None:
    """A row that flies apart is told of, and keeps the state that it came to; the others do not notice."""
    physics = balls()
    physics.put(1, np.zeros(1), np.array([1e12]))
    physics.control[:] = 1.0
    physics.step(EVERY, 5)
    broken = physics.broken()
    again = balls()
    again.control[:] = 1.0
    again.step(EVERY, 5)

    assert compiled(BALL).model.opt.disableflags & mujoco.mjtDisableBit.mjDSBL_AUTORESET
    assert {1} == set(broken)
    assert "qvel" in broken[1]
    assert 0.0 != physics.qvel[1, 0]
    assert again.qpos[[0, 2]].tolist() == physics.qpos[[0, 2]].tolist()


def test_a_row_that_broke_can_begin_again() -> None:
    """Without the warnings of before."""
    physics = balls()
    physics.put(1, np.zeros(1), np.array([np.nan]))
    physics.step(EVERY, 5)
    assert {1} == set(physics.broken())
    physics.place([1], [compiled(BALL).model], [np.zeros(1)])

    physics.step(EVERY, 5)
    assert {} == physics.broken()
    assert np.isfinite(physics.qpos).all()


def test_mjcf_that_does_not_compile_is_told_of() -> None:
    """In one line."""
    with pytest.raises(UsageError, match=r"^Expected MJCF that compiles, got what does not: .*\.$"):
        compiled("<mujoco><worldbody><geom/></worldbody></mujoco>")
    with pytest.raises(UsageError, match=r"^Expected MJCF that compiles"):
        compiled("no MJCF")


# Models.


def test_a_scene_is_compiled_once() -> None:
    """Whoever changes its model changes a copy, and what depends on a mass follows."""

    def heavier(model: mujoco.MjModel) -> None:
        model.body("ball").mass *= 3

    scene = compiled(BALL)
    before = model_hash(scene.model)
    ones = [tuned(scene, heavier) for _ in range(2)]

    assert compiled(BALL) is scene
    assert before == model_hash(scene.model)
    assert [3.0, 3.0] == [float(one.body("ball").mass[0]) for one in ones]
    assert np.isclose(scene.model.dof_invweight0[0] / 3, ones[0].dof_invweight0[0])
    assert model_hash(ones[0]) == model_hash(ones[1]) != before


def test_the_hash_is_of_all_that_decides_the_motion() -> None:
    """A gain, a mass, a step in time."""

    def gain(model: mujoco.MjModel) -> None:
        model.actuator_gainprm[0, 0] = 1.1

    def step(model: mujoco.MjModel) -> None:
        model.opt.timestep = 0.002

    def position(model: mujoco.MjModel) -> None:
        model.site("middle").pos[0] = 1e-9

    scene = compiled(BALL)
    hashes = {model_hash(tuned(scene, change)) for change in (gain, step, position, lambda _: None)}

    assert 4 == len(hashes)


def test_a_state_is_a_copy() -> None:
    """It does not go on with the row."""
    physics = balls()
    before: Array = physics.full_state(0)
    kept = before.copy()
    physics.control[:] = 1.0
    physics.step(EVERY, 5)

    assert kept.tolist() == before.tolist()
