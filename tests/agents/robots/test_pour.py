"""How the cup is brought to where it pours."""

import numpy as np
import pytest

from gristmill.agents.robots.pour import _reach
from gristmill.envs.robots.pour import Pour
from gristmill.envs.robots.simulator import Simulator


@pytest.mark.parametrize("angle", [0.0, 1.0, 2.2])
def test_the_lip_comes_to_where_it_is_wanted(angle: float) -> None:
    """The joint angles for a way of lip and tilt bring the simulated cup there."""
    world = Pour()
    physics = Simulator(world.nominal, 1)
    wanted = np.array([0.30, 0.08, 0.15])
    joints = _reach(world.geometry(), np.array([[[*wanted, angle]]]))[0, 0]
    qpos = world.sample(world.nominal, world.space.mode)
    qpos[:4] = joints
    physics.site("lip")
    physics.place([0], [world.nominal], [qpos])
    seen = world.observe(physics)

    assert pytest.approx(wanted, abs=1e-6) == seen["lip"][0]
    assert pytest.approx(angle, abs=1e-6) == float(seen["tilt"][0, 0])
