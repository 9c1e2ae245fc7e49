"""`negotiation/resource-v1`: two who split books, hats and balls that each values in private.

The shape is that of M. Lewis et al., "Deal or No Deal? End-to-End Learning for Negotiation Dialogues", 2017.
"""

from typing import Annotated, Any

from msgspec import Meta

from gristmill.envs.negotiation.bargaining import Bargaining
from gristmill.envs.negotiation.briefing import resource_brief
from gristmill.envs.negotiation.domain import Domain
from gristmill.envs.negotiation.scenarios import ITEMS, RESOURCE, resource_domain
from gristmill.envs.negotiation.severity import KINDS, severities
from gristmill.envs.negotiation.speech import ResourceSpeech
from gristmill.envs.tools import tool

__all__ = ["Resource"]

_Count = Annotated[int, Meta(ge=0, le=4)]


class Resource(Bargaining):
    """Bargaining over who keeps which items.

    Args:
        rewards: whether a finished episode is judged at once, for reinforcement learning.
    """

    id = "negotiation/resource-v1"
    seats = ("left", "right")
    space = RESOURCE
    speech = ResourceSpeech()
    severities = severities(seats, resource_domain)
    kinds = KINDS

    def domain(self, values: dict[str, Any]) -> Domain:
        """Return what is negotiated in a scenario."""
        return resource_domain(values)

    def facts(self, seat: str, values: dict[str, Any], domain: Domain) -> dict[str, Any]:
        """Return what a seat knows, as data."""
        facts = super().facts(seat, values, domain)
        facts |= {
            "totals": {name: values[name] for name in ITEMS},
            "product": "books, hats and balls",
            "name": values[f"{seat}_name"],
            "other_name": values[f"{facts['other']}_name"],
        }
        return facts

    def words(self, seat: str, values: dict[str, Any], domain: Domain) -> str:
        """Return the task of a seat in words."""
        return resource_brief(seat, self.facts(seat, values, domain))

    @tool(seat="*", mutates=True, public=True)
    def offer(self, books: _Count, hats: _Count, balls: _Count, message: str) -> None:
        """Offer a split: how many of each you keep, the other seat gets the rest; the message names them all."""
        self.put({"books": books, "hats": hats, "balls": balls})
