"""Who plays `robots/pick-place-v1` and `robots/stack-v1`: grasp a cube from above, and carry it to its place."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from gristmill.agents.robots.kinematics import follow, inverse
from gristmill.agents.robots.mover import Array, Observation
from gristmill.agents.robots.proposal import Prior, Proposal
from gristmill.policy import Place, Policy, policy

__all__ = ["pick_place_expert", "pick_place_proposal", "stack_expert", "stack_proposal"]

_FIRST = Prior.of(
    {
        "dx": (0.0, 0.02, -0.06, 0.06),  # m from the middle of the cube to the grasp, as the next two
        "dy": (0.0, 0.02, -0.06, 0.06),
        "dz": (0.01, 0.015, -0.01, 0.05),
        "turn": (0.0, 0.5, -0.8, 0.8),  # rad from the direction of its sides
        "above": (0.08, 0.03, 0.03, 0.15),  # m above cube and place that the tip comes and goes
        "drop": (0.015, 0.015, -0.005, 0.06),  # m above its place where the cube is let go
        "come": (12.0, 3.0, 4.0, 20.0),  # control steps, as the others
        "down": (7.0, 2.0, 2.0, 10.0),
        "grip": (3.0, 2.0, 0.0, 8.0),
        "carry": (14.0, 4.0, 4.0, 24.0),
        "open": (2.0, 1.5, 0.0, 6.0),
    }
)
_REFIT = Prior(
    mean={"dx": 0.0, "dy": 0.0, "dz": 0.002, "turn": 0.0, "above": 0.08, "drop": 0.003}
    | {"come": 12.0, "down": 7.0, "grip": 4.0, "carry": 15.0, "open": 3.0},
    sd={name: 0.02 * sd for name, sd in _FIRST.sd.items()},
    low=_FIRST.low,
    high=_FIRST.high,
)


@policy("robots/pick-place-v1", "robot", "proposal")
def pick_place_proposal(place: Place, *, prior: str = "") -> Policy:
    """Grasp somewhere about the cube and let go somewhere above the goal; `prior` is a file of its distribution."""
    return Proposal.of(place, prior, _FIRST, _to_goal)


@policy("robots/pick-place-v1", "robot", "expert")
def pick_place_expert(place: Place) -> Policy:
    """Grasp the cube squarely, and put it down on the goal."""
    return Proposal(place, _REFIT, _to_goal)


@policy("robots/stack-v1", "robot", "proposal")
def stack_proposal(place: Place, *, prior: str = "") -> Policy:
    """Grasp somewhere about the cube and let go somewhere above the block; `prior` is a file of its distribution."""
    return Proposal.of(place, prior, _FIRST, _onto_block)


@policy("robots/stack-v1", "robot", "expert")
def stack_expert(place: Place) -> Policy:
    """Grasp the cube squarely, and put it down on the block, flush with it."""
    return Proposal(place, _REFIT, _onto_block)


def _to_goal(facts: Mapping[str, Any], params: Mapping[str, Array], seen: Observation) -> Array:
    roll = _roll(seen["cube"], seen["facing"]) + params["turn"]
    spot = np.column_stack([seen["goal"], seen["side"] / 2])
    return _carry(facts, params, seen, spot, roll, roll)


def _onto_block(facts: Mapping[str, Any], params: Mapping[str, Array], seen: Observation) -> Array:
    roll = _roll(seen["cube"], seen["facing"]) + params["turn"]
    spot = np.column_stack([seen["block"][:, :2], seen["block_side"] + seen["side"] / 2])
    return _carry(facts, params, seen, spot, roll, _roll(seen["block"], seen["block_facing"]))


def _roll(place: Array, facing: Array) -> Array:
    """Return the least turn of the gripper, [rows], with which its fingers are parallel to sides of a cube."""
    turn = np.arctan2(place[:, 1], place[:, 0]) - np.arctan2(facing[:, 1], facing[:, 0])
    quarter = np.pi / 2
    least: Array = turn - quarter * np.round(turn / quarter)
    return least


def _carry(
    facts: Mapping[str, Any],
    params: Mapping[str, Array],
    seen: Observation,
    spot: Array,
    roll: Array,
    final: Array,
) -> Array:
    """Return actions, [rows, steps, 6]: grasp the cube, carry it to a spot, [rows, 3] in m, let go, and go up.

    `roll` is the turn of the gripper at the cube, `final` that at the spot, [rows] both.
    """
    rows, wide = len(spot), facts["geometry"]["opening"]
    up = np.column_stack([np.zeros((rows, 2)), params["above"]])
    miss = np.column_stack([params["dx"], params["dy"], params["dz"]])
    # A cube on the table is half its side up; that is known better than its height is seen.
    grasp = np.column_stack([seen["cube"][:, :2], seen["side"] / 2]) + miss
    low = spot + np.column_stack([np.zeros((rows, 2)), params["dz"] + params["drop"]])

    def pose(tip: Array, turn: Array, opening: float) -> Array:
        return np.column_stack([tip, turn, np.full(rows, opening)])

    home = np.column_stack([seen["tip"], seen["joints"][:, 4], seen["opening"]])
    points = [
        home,
        pose(grasp + up, roll, wide),
        pose(grasp, roll, wide),
        pose(grasp, roll, 0.0),
        pose(grasp + up, roll, 0.0),
        pose(low + up, final, 0.0),
        pose(low, final, 0.0),
        pose(low, final, wide),
        pose(low + up, final, wide),
    ]
    names = ["come", "down", "grip", "down", "carry", "down", "open", "down"]
    way = follow(points, [params[name] for name in names], facts["horizon"])
    flat = way.reshape(-1, 5)
    joints = inverse(facts["geometry"], flat[:, :3], np.full(len(flat), np.pi / 2))
    return np.column_stack([joints, flat[:, 3:]]).reshape(rows, -1, 6)
