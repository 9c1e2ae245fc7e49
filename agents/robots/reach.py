"""Who plays `robots/reach-v1`."""

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
        "time": (16.0, 6.0, 5.0, 38.0),  # control steps
        "dx": (0.0, 0.01, -0.05, 0.05),  # m from where the target seems to be, as the next two
        "dy": (0.0, 0.01, -0.05, 0.05),
        "dz": (0.0, 0.01, -0.05, 0.05),
        "pitch": (0.3, 0.4, -0.8, 1.2),  # rad
    }
)
_REFIT = Prior(
    mean={"time": 18.0, "dx": 0.0, "dy": 0.0, "dz": 0.0, "pitch": 0.3},
    sd={"time": 1.5, "dx": 0.001, "dy": 0.001, "dz": 0.001, "pitch": 0.1},
    low=_FIRST.low,
    high=_FIRST.high,
)


@policy("robots/reach-v1", "robot", "proposal")
def proposal(place: Place, *, prior: str = "") -> Policy:
    """Go to a point near where the target seems to be; `prior` is a file of its distribution."""
    return Proposal.of(place, prior, _FIRST, _plan)


@policy("robots/reach-v1", "robot", "expert")
def expert(place: Place) -> Policy:
    """Go to where the target seems to be."""
    return Proposal(place, _REFIT, _plan)


def _plan(facts: Mapping[str, Any], params: Mapping[str, Array], seen: Observation) -> Array:
    aim = seen["target"] + np.stack([params["dx"], params["dy"], params["dz"]], axis=1)
    goal = inverse(facts["geometry"], aim, params["pitch"])
    return follow([seen["joints"], goal], [params["time"]], facts["horizon"])
