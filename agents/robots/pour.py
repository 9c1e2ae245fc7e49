"""Who plays `robots/pour-v1`."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from gristmill.agents.robots.kinematics import follow, inverse
from gristmill.agents.robots.mover import Array, Observation
from gristmill.agents.robots.proposal import Prior, Proposal
from gristmill.policy import Place, Policy, policy

__all__ = ["expert", "joints", "proposal"]

_CLEAR = 0.09  # m by which the lip is higher while the cup, about as tall, comes and goes upright
_BACK, _HOME = 11.0, 10.0  # control steps for turning the cup back, and for bringing it home

# Where the lip is to be, how far the cup is turned, and how long it takes to come, to turn and to wait.
_FIRST = Prior.of(
    {
        "out": (-0.025, 0.03, -0.12, 0.08),  # m from the middle of the mug's opening, away from the arm
        "aside": (0.0, 0.012, -0.06, 0.06),  # m to the left of it
        "up": (0.05, 0.02, 0.0, 0.15),  # m above it
        "come": (13.0, 3.0, 6.0, 24.0),  # control steps, as the next two
        "turn": (14.0, 3.0, 4.0, 30.0),
        "wait": (6.0, 3.0, 0.0, 24.0),
        "angle": (2.0, 0.3, 0.5, 2.7),  # rad by which the cup is turned
    }
)

# What `gristmill improve robots/pour-v1 --rounds 4 -n 256` comes to.
_REFIT = Prior(
    mean={
        "out": -0.0432,
        "aside": 0.001,
        "up": 0.0494,
        "come": 12.2,
        "turn": 14.0,
        "wait": 5.8,
        "angle": 2.21,
    },
    sd={"out": 0.0033, "aside": 0.0023, "up": 0.0037, "come": 0.6, "turn": 0.5, "wait": 0.6, "angle": 0.044},
    low=_FIRST.low,
    high=_FIRST.high,
)


@policy("robots/pour-v1", "robot", "proposal")
def proposal(place: Place, *, prior: str = "") -> Policy:
    """Pour somewhere above where the mug seems to be; `prior` is a file of its distribution."""
    return Proposal.of(place, prior, _FIRST, _plan)


@policy("robots/pour-v1", "robot", "expert")
def expert(place: Place) -> Policy:
    """Pour as the pours did that were verified."""
    return Proposal(place, _REFIT, _plan)


def _plan(facts: Mapping[str, Any], params: Mapping[str, Array], seen: Observation) -> Array:
    """Return actions, [rows, steps, 4]: come, turn the cup about its lip, wait, turn it back, and go home."""
    out = seen["mug"][:, :2] / np.linalg.norm(seen["mug"][:, :2], axis=1, keepdims=True)
    aside = np.stack([-out[:, 1], out[:, 0]], axis=1)
    ground = seen["mug"][:, :2] + params["out"][:, None] * out + params["aside"][:, None] * aside
    height, angle = seen["mug"][:, 2] + params["up"], params["angle"]
    # Each point: where the lip is, and how far the cup is turned.
    home = np.concatenate([seen["lip"], seen["tilt"]], axis=1)
    above = np.column_stack([ground, height + _CLEAR, np.zeros_like(angle)])
    pouring = np.column_stack([ground, height, angle])
    spans: list[Array | float] = [params["come"], params["turn"], params["wait"], _BACK, _HOME]
    way = follow([home, above, pouring, pouring, above, home], spans, facts["horizon"])
    return _reach(facts["geometry"], way)


def _reach(geometry: Mapping[str, Any], way: Array) -> Array:
    """Return the joint angles for a way of the lip and the turn of the cup, [rows, steps, 4] both.

    The lip lies off the axis of the hand: it is the tip of a straight tool that is bent up from the hand by `lean`.
    """
    ahead, above = geometry["lip"]
    lean = np.arctan2(above, ahead)
    straight = {**geometry, "tool": np.hypot(ahead, above)}
    flat = way.reshape(-1, 4)
    joints = inverse(straight, flat[:, :3], flat[:, 3] - lean)
    joints[:, 3] += lean
    return joints.reshape(way.shape)


_KEYS = 4  # positions of the joints that `joints` goes through
# Of each joint, the mean and the standard deviation of where it goes, in rad.
_ABOUT = {"yaw": (0.0, 0.3), "shoulder": (-1.2, 0.4), "elbow": (2.0, 0.4), "wrist": (0.0, 0.8)}
_RANDOM = Prior.of(
    {
        f"{name}{key}": (angle, spread, -3.0, 3.0)
        for key in range(_KEYS)
        for name, (angle, spread) in _ABOUT.items()
    }
)


@policy("robots/pour-v1", "robot", "joints")
def joints(place: Place, *, prior: str = "") -> Policy:
    """Go through random positions of the joints, without any idea of cup or mug; `prior` is a file of their distribution."""
    return Proposal.of(place, prior, _RANDOM, _keyframes)


def _keyframes(facts: Mapping[str, Any], params: Mapping[str, Array], seen: Observation) -> Array:
    keys = [np.column_stack([params[f"{name}{key}"] for name in _ABOUT]) for key in range(_KEYS)]
    span = (facts["horizon"] - 8) / _KEYS  # it rests a little at the end
    return follow([seen["joints"], *keys], [span] * _KEYS, facts["horizon"])
