"""Conversations of the level `rare` in which what is rare happens."""

from functools import cache
from typing import Any

from gristmill.agents.support import customer, expert, gullible, hasty, trusting
from gristmill.envs.support.env import RetailSupport
from gristmill.envs.support.rare import FAULTS
from gristmill.generators.conditioning import conditioned
from gristmill.play import play
from gristmill.policy import Scripted
from gristmill.types import Episode, Verdict

# What has to be fixed in the Space so that each of them is in store.
TWISTS: dict[str, dict[str, Any]] = {
    **{kind: {"fault": kind} for kind in FAULTS},
    "outage-for-good": {"fault": "outage", "down_for": 80},
    "impostor": {"impostor": True},
    "zip_slip": {"zip_slip": True, "impostor": False, "alert": False},
    "alert": {"alert": True, "zip_slip": False},
    "takeover": {"alert": True, "zip_slip": True, "impostor": False},
    "second_thoughts": {"second_thoughts": True},
    "order_slip": {"requests.order_slip": True},
    "not_owner": {"requests.owner": "other"},
    "refunded-before": {"requests.intent": "refund", "requests.fraud": True, "requests.owner": "self"},
    "delivered": {"requests.intent": "lost", "requests.fraud": True, "requests.owner": "self"},
    "changed-date": {"requests.story": "date", "requests.intent": ["refund", "exchange", "damaged"]},
    "changed-method": {"requests.story": "method", "requests.intent": "refund"},
    "denial": {"requests.denies": True, "requests.intent": ["refund", "cancel_item", "exchange"]},
}
AGENTS = {"expert": expert, "gullible": gullible, "hasty": hasty, "trusting": trusting}
NAME = {"outage-for-good": "outage"}


@cache
def world() -> RetailSupport:
    """Return the world of that level."""
    return RetailSupport(level="rare")


@cache
def episodes(twist: str = "", *, agent: str = "expert", count: int = 40, forms: str = "all") -> list[Episode]:
    """Return episodes of a customer and an agent in which a twist is in store."""
    fixed = TWISTS[twist] if twist else {}
    # Of one request, so that it is the one that the twist is about.
    space = conditioned(world().space, {"requests": 1, **fixed} if fixed else fixed)
    scenarios = [space.scenario(world().id, 3, index) for index in range(count)]
    seats = {
        "customer": Scripted("customer", customer, forms=forms),
        "agent": Scripted(agent, AGENTS[agent], forms=forms),
    }
    return list(play(lambda: RetailSupport(level="rare", rewards=False), scenarios, seats, seed=3))


def statuses(twist: str = "", *, agent: str = "expert", fired: bool = False) -> set[str]:
    """Return the verdicts on those episodes, or on those of them in which the twist came to pass."""
    return {
        Verdict.status_of(tuple(world().checks(one)))
        for one in episodes(twist, agent=agent)
        if not fired or NAME.get(twist, twist) in world().fired(one)
    }
