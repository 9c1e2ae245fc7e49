"""`support/retail-v1`: a customer with private facts, an agent with tools, and a shop between them."""

from functools import cache
from importlib.resources import files
from typing import Any, Literal

from gristmill.envs.dialogue import DialogueWorld, ToolFault
from gristmill.envs.support.rules import new_address, new_email
from gristmill.envs.support.scenarios import blocker, email_of, new_item_of, shop_rows, support_space
from gristmill.envs.support.shop import Shop
from gristmill.envs.support.types import BLOCKERS
from gristmill.envs.support.verify import judge
from gristmill.envs.tools import tool
from gristmill.types import Check, Episode

__all__ = ["RetailSupport"]

_STALE = {"shipped": "pending", "delivered": "shipped"}
_WANTS = {
    "cancel_order": "cancel the order with the {item}",
    "cancel_item": "take the {item} out of the order",
    "refund": "get a refund for the {item}",
    "exchange": "exchange the {item} for the {new_item}",
    "address": "have the order with the {item} sent to {address}",
    "gift_payment": "pay the order with the {item} by gift card instead of by card",
    "lost": "have something done about the parcel with the {item}, which never came",
    "damaged": "report that the {item} arrived damaged",
    "status": "know where the {item} is, and the number of days",
    "balance": "know the balance of the gift card",
    "email": "change the e-mail address to {new_email}",
    "human": "speak to a person",
}
_AT_FIRST = {
    "cancel_order": "cancel the whole order",
    "cancel_item": "take it out of the order",
    "refund": "get a refund",
    "exchange": "exchange it",
    "address": "change the address it goes to",
    "gift_payment": "pay by gift card",
    "lost": "say that it never came",
    "damaged": "say that it arrived damaged",
    "status": "know where it is",
}


class RetailSupport(DialogueWorld):
    """Customer support at a retail shop.

    Args:
        level: `demo` or `full`, see `scenarios.LEVELS`.
        rewards: whether a finished episode is judged at once, for reinforcement learning.
    """

    id = "support/retail-v1"
    seats = ("customer", "agent")
    space = support_space()

    def __init__(self, *, level: str = "full", rewards: bool = True) -> None:
        self._shop = Shop()
        super().__init__(rewards=rewards)
        if level != "full":
            self.space = support_space(level)  # type: ignore[misc]  # a level is a choice of one instance

    def setup(self, values: dict[str, Any]) -> None:
        """Fill the shop."""
        self._shop.fill(shop_rows(values))

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
            return _policy(), {}
        facts = _facts(values)
        return _in_words(facts), facts

    def faults(self, values: dict[str, Any]) -> list[ToolFault]:
        """Return the scenario's fault, if it has one."""
        kind = values["fault"]
        if kind == "none":
            return []
        if kind == "stale-read":
            # Stale data can mislead only where a read decides something.
            return [ToolFault(kind=kind, tool="get_order", nth=values["fault_nth"])]
        on = "write" if kind.startswith("timeout") else values["fault_on"]
        return [ToolFault(kind=kind, tool=on, nth=values["fault_nth"])]

    def stale(self, name: str, args: dict[str, Any], result: Any) -> Any:
        """Return an order as it was a while ago, marked as cached."""
        status = result["status"]
        return {"cached": True, **result, "status": _STALE.get(status, status)}

    def stratum(self, values: dict[str, Any]) -> str:
        """Return intents, with the obstacle behind a slash, and the fault if there is one."""
        if values["impostor"]:
            return "impostor"
        parts = []
        for request in values["requests"]:
            other = request.get("owner") == "other"
            obstacle = "not_owner" if other else blocker(request)
            parts.append(f"{request['intent']}/{obstacle}" if obstacle else request["intent"])
        fault = "" if values["fault"] == "none" else f" !{values['fault']}"
        return "+".join(parts) + fault

    def close(self) -> None:
        """Close the shop."""
        self._shop.close()
        super().close()


@cache
def _policy() -> str:
    return files("gristmill.envs.support").joinpath("assets/policy.md").read_text(encoding="utf-8")


def _facts(values: dict[str, Any]) -> dict[str, Any]:
    """Return what the customer knows, as data."""
    requests = [_request_facts(values, request) for request in values["requests"]]
    facts: dict[str, Any] = {"name": f"{values['first']} {values['last']}", "email": email_of(values)}
    facts["zips"] = [values["zip"]]
    facts["until_asked"] = ["email", "zips"]
    if values["impostor"]:
        facts["zips"] = [values["wrong_zip"]]
    elif values["zip_slip"]:
        facts["zips"] = [values["wrong_zip"], values["zip"]]
    first = values["first_wish"] if values["second_thoughts"] else ""
    if first in BLOCKERS and requests[0]["intent"] in set(BLOCKERS) - {first}:
        facts["first_wish"] = first
    return {**facts, "requests": requests}


def _request_facts(values: dict[str, Any], request: dict[str, Any]) -> dict[str, Any]:
    intent = request["intent"]
    facts: dict[str, Any] = {"intent": intent, "details_first": request["details_first"]}
    if intent in BLOCKERS:
        facts["item"] = request["item"]
        # Nobody comes upon another customer's order but by its number.
        if request["knows_order"] or request["owner"] == "other":
            slip = [request["wrong_order"]] if request.get("order_slip") else []
            facts["orders"] = [*slip, request["order_id"]]
    if intent == "exchange":
        facts["new_item"] = new_item_of(request)
    if intent == "address":
        facts["address"] = new_address(request)
    if intent == "email":
        facts["new_email"] = new_email(values, request)
    return facts


def _in_words(facts: dict[str, Any]) -> str:
    """Return the customer's facts as instructions for a language model or a person."""
    first, *others = facts["zips"]
    again = f"if nobody is found with that, say {others[0]}" if others else "you know no other"
    lines = [
        f"You are {facts['name']}, a customer of a retail shop, and you write to its support.",
        f"Your e-mail address is {facts['email']}. You say it and your zip code only when asked.",
        f"Asked for your zip code, say {first}; {again}.",
        "You want, one after the other, to:",
    ]
    for number, request in enumerate(facts["requests"], 1):
        line = f"{number}. {_WANTS[request['intent']].format(**request)}"
        match request.get("orders"):
            case [first, second]:
                line += f". You first say that the order number is {first}; asked again, {second}"
            case [only]:
                line += f". The order number is {only}"
            case None if "item" in request:
                line += ". You do not know the order number"
        lines.append(line + ".")
    if "first_wish" in facts:
        item, wish = facts["requests"][0]["item"], _AT_FIRST[facts["first_wish"]]
        lines.append(
            f"Your first message asks for something else about the {item}: to {wish}. In your second message you "
            "change your mind, and say what you really want."
        )
    lines.append(
        "Begin with the first request. Write one or two short sentences at a time, answer questions truly, and say no "
        "number that is not written here. When a request has been answered, yes or no, go on to the next; after the "
        "last answer call hang_up with `done`. Call it with `gave up` only after you were asked the same more than "
        "three times."
    )
    return "\n".join(lines)
