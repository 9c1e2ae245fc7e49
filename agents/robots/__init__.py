"""Who moves a robot: what it observes comes in for many episodes at once, the positions its joints are to go to come out."""

from gristmill.agents.robots.baselines import noop, random_actions
from gristmill.agents.robots.drawer import expert as drawer_expert
from gristmill.agents.robots.drawer import proposal as drawer_proposal
from gristmill.agents.robots.reach import expert as reach_expert
from gristmill.agents.robots.reach import proposal as reach_proposal

__all__ = ["drawer_expert", "drawer_proposal", "noop", "random_actions", "reach_expert", "reach_proposal"]
