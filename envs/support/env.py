"""`support/retail-v1`: a customer with private facts, an agent with tools, and a shop between them."""

from typing import Any, Literal

from gristmill.envs.dialogue import DialogueWorld
from gristmill.envs.support import briefing, rare, twists
from gristmill.envs.support.scenarios import blocker, shop_rows, support_space
from gristmill.envs.support.severity import KINDS, SEVERITIES
from gristmill.envs.support.shop import Shop
from gristmill.envs.support.verify import judge
from gristmill.envs.tool_faults import ToolFault
from gristmill.envs.tools import tool
from gristmill.types import Check, Episode

__all__ = ["RetailSupport"]

_STALE = {"shipped": "pending", "delivered": "shipped"}


class RetailSupport(DialogueWorld):
    """Customer support at a retail shop.

    Args:
        level: `demo`, `full` or `rare`, see `scenarios.LEVELS`.
        rewards: whether a finished episode is judged at once, for reinforcement learning.
    """

    id = "support/retail-v1"
    seats = ("customer", "agent")
    space = support_space()
    severities = SEVERITIES
    kinds = KINDS

    def __init__(self, *, level: str = "full", rewards: bool = True) -> None:
        self._shop = Shop()
        self._level = level
        super().__init__(rewards=rewards)
        if level != "full":
            self.space = support_space(level)  # type: ignore[misc]  # a level is a choice of one instance

    def setup(self, values: dict[str, Any]) -> None:
        """Fill the shop."""
        alerts = {values["customer_id"]: rare.ALERT} if values.get("alert") else {}
        self._shop.fill(shop_rows(values), alerts=alerts)

    def state(self) -> Any:
        """Return the whole content of the shop."""
        return self._shop.rows()

    def checks(self, episode: Episode) -> list[Check]:
        """Judge a record."""
        return judge(episode)

    def toolboxes(self) -> list[object]:
        """Return the shop, for the agent, and the world, for the customer."""
        return [self, self._shop]

    @tool(seat="customer", ends=True)
    def hang_up(self, outcome: Literal["done", "gave up"]) -> None:
        """End the conversation: `done` when every request was answered, `gave up` when it leads nowhere."""

    def instruct(self, seat: str, values: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        """Return the policy for the agent, the private facts for the customer."""
        if seat == "agent":
            return briefing.policy(self._level), {}
        facts = briefing.facts(values)
        return briefing.in_words(facts), facts

    def faults(self, values: dict[str, Any]) -> list[ToolFault]:
        """Return the scenario's fault, if it has one; some are made of several."""
        kind = values["fault"]
        if kind == "none" or (found := rare.tool_faults(values)):
            return [] if kind == "none" else found
        if kind == "stale-read":
            # Stale data can mislead only where a read decides something.
            return [ToolFault(kind=kind, tool="get_order", nth=values["fault_nth"])]
        on = "write" if kind.startswith("timeout") else values["fault_on"]
        return [ToolFault(kind=kind, tool=on, nth=values["fault_nth"])]

    def planned(self, values: dict[str, Any]) -> tuple[str, ...]:
        """Return the names of what makes a scenario harder, see `twists.TWISTS`."""
        return twists.planned(values)

    def fired(self, episode: Episode) -> tuple[str, ...]:
        """Return which of it came to pass, by the evidence of the record."""
        return twists.fired(episode)

    def stale(self, name: str, args: dict[str, Any], result: Any) -> Any:
        """Return an order as it was a while ago, marked as cached."""
        status = result["status"]
        return {"cached": True, **result, "status": _STALE.get(status, status)}

    def stratum(self, values: dict[str, Any]) -> str:
        """Return intents, with the obstacle behind a slash, and the fault if there is one."""
        if values["impostor"] or rare.is_takeover(values):
            return "impostor" if values["impostor"] else "takeover"
        parts = []
        for request in values["requests"]:
            other = request.get("owner") == "other"
            obstacle = "not_owner" if other else "fraud" if request.get("fraud") else blocker(request)
            parts.append(f"{request['intent']}/{obstacle}" if obstacle else request["intent"])
        fault = "" if values["fault"] == "none" else f" !{values['fault']}"
        return "+".join(parts) + fault

    def close(self) -> None:
        """Close the shop."""
        self._shop.close()
        super().close()
