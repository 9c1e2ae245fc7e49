"""Inverse kinematics and ways, against what they have to undo."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from gristmill.agents.robots.kinematics import follow, inverse

BUILD = {"shoulder": 0.2, "upper": 0.28, "fore": 0.24, "tool": 0.1}


def tip(joints: NDArray[np.float64]) -> NDArray[np.float64]:
    """Where the tip of the tool is, by adding up the links: [3] in m."""
    yaw, shoulder, elbow, wrist = joints
    out, height = 0.0, BUILD["shoulder"]
    pitch = 0.0
    for name, turn in (("upper", shoulder), ("fore", elbow), ("tool", wrist)):
        pitch += turn
        out += BUILD[name] * np.cos(pitch)
        height -= BUILD[name] * np.sin(pitch)
    return np.array([out * np.cos(yaw), out * np.sin(yaw), height])


@given(
    st.floats(0.25, 0.45), st.floats(-1.5, 1.5), st.floats(0.05, 0.4), st.floats(-0.5, 1.5)
)  # fmt: skip
def test_the_tip_gets_where_it_is_to_go(radius: float, bearing: float, height: float, pitch: float) -> None:
    """Within reach, the angles bring the tip to the point, with the tool at the pitch asked for."""
    goal = np.array([radius * np.cos(bearing), radius * np.sin(bearing), height])
    wrist = np.hypot(radius - BUILD["tool"] * np.cos(pitch), 0.2 - height - BUILD["tool"] * np.sin(pitch))
    joints = inverse(BUILD, goal[None], np.array([pitch]))[0]

    if wrist < BUILD["upper"] + BUILD["fore"] - 1e-3:
        np.testing.assert_allclose(tip(joints), goal, atol=1e-6)
        np.testing.assert_allclose(joints[1:].sum(), pitch, atol=1e-9)


def test_what_is_out_of_reach_is_pointed_at() -> None:
    """The arm is stretched out towards it, and no angle is undefined."""
    joints = inverse(BUILD, np.array([[3.0, 0.0, 0.2]]), np.array([0.0]))

    assert np.isfinite(joints).all()
    np.testing.assert_allclose(joints[0, 2], 0.0, atol=0.02)


def test_a_way_begins_and_ends_at_rest_at_its_points() -> None:
    """It goes through every point at its time, stays at the last one, and has no jump in speed at the first."""
    points = [np.zeros((1, 2)), np.array([[1.0, -1.0]]), np.array([[0.5, 0.0]])]
    way = follow(points, [np.array([10.0]), 10.0], 30)

    assert (1, 30, 2) == way.shape
    np.testing.assert_allclose(way[0, 9], [1.0, -1.0], atol=1e-6)
    np.testing.assert_allclose(way[0, 19:], [[0.5, 0.0]] * 11, atol=1e-6)
    assert abs(way[0, 0]).max() < 0.02
