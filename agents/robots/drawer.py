"""Who plays `robots/drawer-v1`: a finger goes down behind the handle, pulls, and comes up again."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from gristmill.agents.robots.kinematics import follow, inverse
from gristmill.agents.robots.mover import Array, Observation
from gristmill.agents.robots.proposal import Prior, Proposal
from gristmill.policy import Place, Policy, policy

__all__ = ["expert", "proposal"]

_FIRST = Prior(
    mean={
        "behind": 0.02,  # m from the handle towards the drawer
        "side": 0.0,  # m along the handle
        "depth": 0.02,  # m that the tip goes below the handle
        "above": 0.05,  # m above the handle from which it goes down, and to which it comes up
        "pitch": 1.5,  # rad
        "pull": 0.12,  # m
        "approach": 20.0,  # control steps, as are the others
        "lower": 10.0,
        "draw": 20.0,
        "raise": 10.0,
    },
    sd={
        "behind": 0.015,
        "side": 0.03,
        "depth": 0.025,
        "above": 0.02,
        "pitch": 0.25,
        "pull": 0.04,
        "approach": 5.0,
        "lower": 4.0,
        "draw": 5.0,
        "raise": 4.0,
    },
    low={
        "behind": -0.02,
        "side": -0.06,
        "depth": -0.02,
        "above": 0.0,
        "pitch": 0.8,
        "pull": 0.0,
        "approach": 6.0,
        "lower": 3.0,
        "draw": 6.0,
        "raise": 3.0,
    },
    high={
        "behind": 0.06,
        "side": 0.06,
        "depth": 0.08,
        "above": 0.12,
        "pitch": 2.0,
        "pull": 0.22,
        "approach": 30.0,
        "lower": 18.0,
        "draw": 32.0,
        "raise": 18.0,
    },
)
_REFIT = Prior(
    mean={**_FIRST.mean, "behind": 0.0215, "depth": 0.03, "above": 0.05, "pull": 0.145},
    sd={name: 0.1 * one for name, one in _FIRST.sd.items()},
    low=_FIRST.low,
    high=_FIRST.high,
)


@policy("robots/drawer-v1", "robot", "proposal")
def proposal(place: Place, *, prior: str = "") -> Policy:
    """Reach behind the handle, somehow, and pull; `prior` is a file of its distribution."""
    return Proposal.of(place, prior, _FIRST, _plan)


@policy("robots/drawer-v1", "robot", "expert")
def expert(place: Place) -> Policy:
    """Reach behind the handle and pull, the way that has worked."""
    return Proposal(place, _REFIT, _plan)


def _plan(facts: Mapping[str, Any], params: Mapping[str, Array], seen: Observation) -> Array:
    out, handle = seen["facing"], seen["handle"]
    along = np.stack([-out[:, 1], out[:, 0]], axis=1)

    def joints(forward: Array, up: Array) -> Array:
        tip = handle + np.concatenate(
            [forward[:, None] * out + params["side"][:, None] * along, up[:, None]], axis=1
        )
        return inverse(facts["geometry"], tip, params["pitch"])

    closed, opened = -params["behind"], params["pull"] - params["behind"]
    points = [
        seen["joints"],
        joints(closed, params["above"]),
        joints(closed, -params["depth"]),
        joints(opened, -params["depth"]),
        joints(opened, params["above"]),
    ]
    spans = [params[name] for name in ("approach", "lower", "draw", "raise")]
    return follow(points, spans, facts["horizon"])
