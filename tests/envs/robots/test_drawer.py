"""The drawer: what counts as opened, and what does not."""

from typing import Any

import numpy as np
import pytest

from gristmill.agents.robots.kinematics import inverse
from gristmill.envs.robots.drawer import Drawer
from gristmill.envs.robots.simulator import Simulator

WORLD = Drawer()
REST = [0.0, -1.7, 2.0, 1.2]
VALUES = WORLD.space.mode


def found(arm: Any = REST, *, cabinet: Any = (0, 0, 0), drawer: float = 0.12, speed: float = 0.0) -> set[str]:
    """Return what does not hold in a state, with the pose of the cabinet and the drawer's opening."""
    physics = Simulator(WORLD.nominal, 1)
    physics.place([0], [WORLD.nominal], [np.array([*arm, *cabinet, drawer])])
    physics.put(0, np.array([*arm, *cabinet, drawer]), np.array([0.0] * 7 + [speed]))
    return {name for name, holds in WORLD.predicates(physics).items() if not holds[0]}


def behind_the_handle() -> list[float]:
    """Return joint angles with the finger between handle and front of the drawer, which stands open by 12 cm."""
    tip = np.array([[VALUES["radius"] - 0.12 + 0.02, 0.0, VALUES["height"] - 0.03]])
    return list(inverse(WORLD.geometry(), tip, np.array([np.pi / 2]))[0])


def test_an_open_drawer_that_is_let_go_of_is_a_success() -> None:
    """Where the cabinet stands as it stood, and nothing moves."""
    assert set() == found()


@pytest.mark.parametrize(
    ("state", "missing"),
    [
        ({"drawer": 0.099}, "opened"),
        ({"speed": 0.03}, "at_rest"),
        ({"cabinet": (0.011, 0, 0)}, "in_place"),
        ({"cabinet": (0.008, -0.008, 0)}, "in_place"),
        ({"cabinet": (0, 0, -0.06)}, "in_place"),
    ],
)
def test_what_is_missing_is_named(state: dict[str, Any], missing: str) -> None:
    """One thing at a time."""
    assert {missing} == found(**state)


def test_a_finger_behind_the_handle_has_not_let_go() -> None:
    """By the distance between the two, wherever the tip is."""
    assert {"let_go"} == found(behind_the_handle())


def test_the_cabinet_stands_where_the_scenario_says() -> None:
    """Its handle at the radius, bearing and height, its front turned towards the robot."""
    physics = Simulator(WORLD.nominal, 1)
    for index in range(20):
        values = WORLD.scenario(3, index).values
        model = WORLD.model(values)
        physics.place([0], [model], [WORLD.sample(model, values)])
        seen = {name: one[0] for name, one in WORLD.observe(physics).items()}
        radius, bearing = values["radius"], values["bearing"]
        handle = [radius * np.cos(bearing), radius * np.sin(bearing), values["height"]]
        off = np.arccos(-seen["facing"] @ [np.cos(bearing), np.sin(bearing)])

        assert np.allclose(handle, seen["handle"])
        assert np.isclose(abs(values["turn"]), off)
        assert [0.0] == seen["opening"].tolist()


def test_the_drawer_has_the_mass_of_its_scenario() -> None:
    """With all that is fixed to it; friction and damping are those of its joint."""
    values = {**VALUES, "mass": 1.7, "friction": 3.0, "viscosity": 9.0}
    model = WORLD.model(values)
    joint = model.joint("drawer")

    assert np.allclose([1.7, 3.0, 9.0], [*model.body("drawer").mass, *joint.frictionloss, *joint.damping])


def test_a_cabinet_that_is_pushed_gently_stays_where_it_is() -> None:
    """Friction holds it; what pushes harder shoves it."""
    moved = []
    for force in (10.0, 40.0):
        physics = Simulator(WORLD.nominal, 1)
        physics.place([0], [WORLD.nominal], [WORLD.sample(WORLD.nominal, VALUES)])
        physics.push(0, "cabinet", (force, 0.0, 0.0))
        physics.step(np.array([0]), np.tile(WORLD.rest(WORLD.nominal), (1, 10 * WORLD.substeps, 1)))
        moved.append(float(np.hypot(*physics.qpos[0, 4:6])))

    assert [False, True] == [one > 0.001 for one in moved]
