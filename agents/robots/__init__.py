"""Who moves a robot: what it observes comes in for many episodes at once, the positions its joints are to go to come out."""

from gristmill.agents.robots.baselines import noisy, noop, random_actions
from gristmill.agents.robots.blocks import (
    pick_place_expert,
    pick_place_proposal,
    stack_expert,
    stack_proposal,
)
from gristmill.agents.robots.clone import cloned
from gristmill.agents.robots.drawer import expert as drawer_expert
from gristmill.agents.robots.drawer import proposal as drawer_proposal
from gristmill.agents.robots.pour import expert as pour_expert
from gristmill.agents.robots.pour import joints as pour_joints
from gristmill.agents.robots.pour import proposal as pour_proposal
from gristmill.agents.robots.reach import expert as reach_expert
from gristmill.agents.robots.reach import proposal as reach_proposal

__all__ = [
    "cloned",
    "drawer_expert",
    "drawer_proposal",
    "noisy",
    "noop",
    "pick_place_expert",
    "pick_place_proposal",
    "pour_expert",
    "pour_joints",
    "pour_proposal",
    "random_actions",
    "reach_expert",
    "reach_proposal",
    "stack_expert",
    "stack_proposal",
]
