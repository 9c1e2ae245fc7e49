"""Cubes and the gripper: what counts as put down and as stacked, and what does not."""

from typing import Any

import numpy as np
import pytest

from gristmill.agents.robots.kinematics import inverse
from gristmill.envs.robots.gripper import GripperWorld, lying
from gristmill.envs.robots.pick_place import PickPlace
from gristmill.envs.robots.simulator import Simulator
from gristmill.envs.robots.stack import Stack
from gristmill.envs.robots.types import Array
from gristmill.play import play
from gristmill.registry import policy
from tests.envs.robots.bodies import world

PICK, STACK = PickPlace(), Stack()
WORLDS = ["robots/pick-place-v1", "robots/stack-v1"]
GOAL = {"goal_radius": 0.4, "goal_bearing": 0.0}
BLOCK = {"block_radius": 0.35, "block_bearing": 0.0, "block_side": 0.044, "side": 0.04}
ON_TOP = 0.044 + 0.02  # m, height of the middle of a cube on the block


def missing(
    own: GripperWorld, values: dict[str, Any], *cubes: Array, speed: float = 0.0, arm: Any = None
) -> set[str]:
    """Return what does not hold with cubes in given configurations, the last of which moves, and the arm there."""
    model = own.model({**own.space.mode, **values})
    qpos = own.start(*cubes)
    if arm is not None:
        qpos[: len(arm)] = arm
    qvel = np.zeros(model.nv)
    qvel[-6] = speed
    physics = Simulator(own.nominal, 1)
    physics.place([0], [model], [qpos])
    physics.put(0, qpos, qvel)
    return {name for name, holds in own.predicates(physics).items() if not holds[0]}


def put(x: float, y: float, *, z: float = 0.02, tilt: float = 0.0, **more: Any) -> set[str]:
    """Return what is missing where the cube is at a place, tilted about x; the goal is at (0.4, 0)."""
    cube = np.array([x, y, z, np.cos(tilt / 2), np.sin(tilt / 2), 0.0, 0.0])
    return missing(PICK, {**GOAL, "side": 0.04}, cube, **more)


def stacked(dx: float = 0.0, *, z: float = ON_TOP, moved: float = 0.0, **more: Any) -> set[str]:
    """Return what is missing where the cube is aside from the block's middle, and the block from its place."""
    cube, block = lying(0.35 + moved + dx, 0.0, 0.3, 0.04), lying(0.35 + moved, 0.0, 0.0, 0.044)
    cube[2] = z
    return missing(STACK, BLOCK, cube, block, **more)


def around(x: float, z: float, opening: float) -> list[float]:
    """Return the coordinates of the arm with its tip at (x, 0, z) and the fingers open."""
    angles = inverse(PICK.geometry(), np.array([[x, 0.0, z]]), np.array([np.pi / 2]))[0]
    return [*angles, 0.0, opening / 2, opening / 2]


def test_a_cube_that_lies_on_the_goal_is_a_success() -> None:
    """Anywhere within 3 cm, and on whichever side."""
    assert [set(), set(), set()] == [put(0.4, 0.0), put(0.42, -0.02), put(0.4, 0.0, tilt=np.pi / 2)]


@pytest.mark.parametrize(
    ("state", "lacking"),
    [
        ({"x": 0.4, "y": 0.031}, "at_goal"),
        ({"x": 0.4, "y": 0.0, "z": 0.024}, "on_table"),
        ({"x": 0.4, "y": 0.0, "z": 0.028, "tilt": np.pi / 4}, "on_table"),
        ({"x": 0.4, "y": 0.0, "speed": 0.03}, "at_rest"),
        ({"x": 0.4, "y": 0.0, "arm": around(0.4, 0.02, 0.05)}, "let_go"),
    ],
)
def test_what_the_cube_on_its_goal_lacks_is_named(state: dict[str, Any], lacking: str) -> None:
    """Too far, in the air, on an edge, moving, or between the fingers."""
    assert {lacking} == put(**state)


def test_a_cube_that_rests_on_the_block_is_a_success() -> None:
    """Not flush, and with the block shoved a little, too."""
    assert [set(), set()] == [stacked(), stacked(0.015, moved=0.02)]


@pytest.mark.parametrize(
    ("state", "lacking"),
    [
        ({"dx": 0.023}, {"over_block"}),
        ({"z": ON_TOP + 0.01}, {"on_block"}),
        ({"dx": 0.05, "z": 0.02}, {"over_block", "on_block"}),
        ({"moved": 0.031}, {"block_in_place"}),
        ({"speed": 0.03}, {"at_rest"}),
        ({"arm": around(0.35, ON_TOP, 0.044)}, {"let_go"}),
    ],
)
def test_what_the_stack_lacks_is_named(state: dict[str, Any], lacking: set[str]) -> None:
    """Beside the block, above it, on a block that was shoved away, moving, or held."""
    assert lacking == stacked(**state)


def test_blocks_are_as_their_scenario_says() -> None:
    """Place, turn and size are seen; mass and friction are those of the body."""
    for index in range(10):
        values = STACK.scenario(3, index).values
        model = STACK.model(values)
        physics = Simulator(model, 1)
        physics.place([0], [model], [STACK.sample(model, values)])
        seen = {name: one[0] for name, one in STACK.observe(physics).items()}
        radius, bearing, side = values["block_radius"], values["block_bearing"], values["block_side"]
        yaw = bearing + values["block_turn"]

        assert np.allclose([radius * np.cos(bearing), radius * np.sin(bearing), side / 2], seen["block"])
        assert np.allclose([np.cos(yaw), np.sin(yaw)], seen["block_facing"])
        assert np.allclose([values["side"], side], [*seen["side"], *seen["block_side"]])
        assert np.allclose(
            [values["mass"], values["friction"]], [*model.body("cube").mass, model.geom("cube").friction[0]]
        )


def test_nothing_is_done_at_the_start_of_any_scenario() -> None:
    """Cube and goal, or cube and block, lie apart, and all lies still on the table."""
    for own, needed in ((PICK, {"at_goal"}), (STACK, {"over_block", "on_block"})):
        for index in range(50):
            values = own.scenario(4, index).values
            model = own.model(values)
            physics = Simulator(model, 1)
            physics.place([0], [model], [own.sample(model, values)])

            assert needed == {name for name, holds in own.predicates(physics).items() if not holds[0]}


def test_the_fingers_move_together_and_grip_with_limited_force() -> None:
    """Closed on a cube they stand still on both sides of it, and press with less than 25 N."""
    model = PICK.model({**PICK.space.mode, "side": 0.04})
    physics = Simulator(model, 1)
    arm = around(0.35, 0.022, 0.08)
    qpos = PICK.start(lying(0.35, 0.003, 0.0, 0.04))
    qpos[: len(arm)] = arm
    physics.place([0], [model], [qpos])
    physics.step(np.array([0]), np.tile([*arm[:5], 0.0], (1, 20 * PICK.substeps, 1)))
    left, right = physics.joint("left")[0, 0], physics.joint("right")[0, 0]

    assert np.isclose(left, right, atol=0.001)
    assert np.isclose(0.04, left + right, atol=0.002)
    assert 15 < PICK.measure(physics)["contact_force"][0] < 25


@pytest.mark.parametrize("id", WORLDS)
def test_a_success_is_the_same_episode_alone_and_among_others(id: str) -> None:
    """With the expert, whose cubes are grasped, carried and put down."""
    own = world(id)
    scenarios = [own.scenario(8, index) for index in range(16)]
    expert = {"robot": policy("expert", id, "robot")}
    together = list(play(lambda: own, scenarios, expert, seed=8))
    alone = next(play(lambda: own, scenarios[9:10], expert, seed=8))

    assert (alone.steps, alone.state_digest) == (together[9].steps, together[9].state_digest)
