"""Who plays `robots/drawer-v1`: a finger goes down behind the handle, pulls, and comes up again."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from gristmill.agents.robots.kinematics import follow, inverse
from gristmill.agents.robots.mover import Array, Observation
from gristmill.agents.robots.proposal import Prior, Proposal
from gristmill.policy import Place, Policy, policy

__all__ = ["expert", "proposal"]

_FIRST = Prior.of(
    {
        "behind": (0.02, 0.015, -0.02, 0.06),  # m from the handle towards the drawer
        "side": (0.0, 0.03, -0.06, 0.06),  # m along the handle
        "depth": (0.02, 0.025, -0.02, 0.08),  # m that the tip goes below the handle
        "above": (0.05, 0.02, 0.0, 0.12),  # m above the handle where it comes from and goes to
        "pitch": (1.5, 0.25, 0.8, 2.0),  # rad
        "pull": (0.12, 0.04, 0.0, 0.22),  # m
        "approach": (20.0, 5.0, 6.0, 30.0),  # control steps, as the others
        "lower": (10.0, 4.0, 3.0, 18.0),
        "draw": (20.0, 5.0, 6.0, 32.0),
        "raise": (10.0, 4.0, 3.0, 18.0),
    }
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
