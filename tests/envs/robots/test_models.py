"""The models of scenes: compiled once, changed in copies, known by a hash."""

import mujoco
import numpy as np
import pytest

from gristmill.envs.robots.models import compiled, model_hash, tuned
from gristmill.errors import UsageError
from tests.envs.robots.bodies import BALL


def test_mjcf_that_does_not_compile_is_told_of() -> None:
    """In one line."""
    with pytest.raises(UsageError, match=r"^Expected MJCF that compiles, got what does not: .*\.$"):
        compiled("<mujoco><worldbody><geom/></worldbody></mujoco>")
    with pytest.raises(UsageError, match=r"^Expected MJCF that compiles"):
        compiled("no MJCF")


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
