"""Analytic inverse kinematics of the arm, and smooth ways between its positions.

The arm is a turret with a planar chain on it: yaw, then shoulder, elbow and wrist about parallel axes. With all joints
at zero it is stretched out along x; positive pitch points down. Lengths in m, angles in rad.
"""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from gristmill.agents.robots.mover import Array

__all__ = ["follow", "inverse"]


def inverse(geometry: Mapping[str, Any], tip: Array, pitch: Array) -> Array:
    """Return the joint angles that bring the tip of the tool to a point, elbow up.

    A point out of reach gets the angles of the nearest one on the line from the shoulder.

    Args:
        geometry: height of the `shoulder`, lengths of `upper`, `fore` and `tool`.
        tip: [rows, 3] in m.
        pitch: of the tool, [rows]: 0 is level, π/2 straight down.

    Returns:
        [rows, 4]: yaw, shoulder, elbow, wrist.
    """
    upper, fore, tool = geometry["upper"], geometry["fore"], geometry["tool"]
    yaw = np.arctan2(tip[:, 1], tip[:, 0])
    out = np.hypot(tip[:, 0], tip[:, 1]) - tool * np.cos(pitch)
    down = geometry["shoulder"] - tip[:, 2] - tool * np.sin(pitch)
    # The law of cosines in the triangle of shoulder, elbow and wrist.
    far = np.clip(np.hypot(out, down), abs(upper - fore) + 1e-6, upper + fore - 1e-6)
    elbow = np.pi - np.arccos((upper**2 + fore**2 - far**2) / (2 * upper * fore))
    lift = np.arccos((upper**2 + far**2 - fore**2) / (2 * upper * far))
    shoulder = np.arctan2(down, out) - lift
    return np.stack([yaw, shoulder, elbow, pitch - shoulder - elbow], axis=1)


def follow(points: Sequence[Array], spans: Sequence[Array | float], steps: int) -> Array:
    """Return positions on smooth ways from point to point, with rests at each: minimum jerk in each coordinate.

    The blend is the quintic of Flash and Hogan, "The coordination of arm movements" (1985).

    Args:
        points: positions to go through, of joints or of the tool, [rows, size] each.
        spans: control steps from each point to the next, [rows] or one number for all, none below 0.
        steps: how many control steps there are.

    Returns:
        [rows, steps, size] float32; after the last point it stays there.
    """
    now = np.arange(1, steps + 1)[None, :]
    way = np.repeat(points[0][:, None, :], steps, axis=1)
    end = np.zeros((len(way), 1))
    for (before, after), span in zip(pairwise(points), spans, strict=True):
        begin, end = end, end + np.reshape(span, (-1, 1))
        share = np.clip((now - begin) / np.maximum(end - begin, 1e-9), 0.0, 1.0)
        blend = share**3 * (10 - 15 * share + 6 * share**2)
        way += blend[:, :, None] * (after - before)[:, None, :]
    return way.astype(np.float32)
