"""What the seats are told: the agent the policy, the customer its private facts, as data and in words."""

from functools import cache
from importlib.resources import files
from typing import Any

from gristmill.envs.support import rare
from gristmill.envs.support.rules import decide, new_address, new_email
from gristmill.envs.support.scenarios import email_of, new_item_of, shop_rows
from gristmill.envs.support.types import BLOCKERS

__all__ = ["facts", "in_words", "policy"]

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
# What is changed for good, and could be changed twice.
_DENIABLE = {"cancel_item", "exchange_item", "refund_item"}
_FRAUDS = {
    "refund": " You have had that refund already, and keep it to yourself.",
    "lost": " In truth you have the parcel, and keep it to yourself.",
}
_STORIES = {
    "recently": "you got the order only the other week",
    "long ago": "you got the order months ago",
    "not yet": "you have not got the order yet",
    "card": "you paid by card",
    "gift card": "you paid by gift card",
}


@cache
def policy(level: str) -> str:
    """Return the policy document of a level."""
    assets = files("gristmill.envs.support").joinpath("assets")
    names = ("policy.md", "policy_rare.md") if level == "rare" else ("policy.md",)
    return "".join(assets.joinpath(name).read_text(encoding="utf-8") for name in names)


def facts(values: dict[str, Any]) -> dict[str, Any]:
    """Return what the customer knows, as data."""
    requests = [_request_facts(values, request) for request in values["requests"]]
    told: dict[str, Any] = {"name": f"{values['first']} {values['last']}", "email": email_of(values)}
    told["zips"] = [values["zip"]]
    told["until_asked"] = ["email", "zips"]
    if values["impostor"]:
        told["zips"] = [values["wrong_zip"]]
    elif values["zip_slip"]:
        told["zips"] = [values["wrong_zip"], values["zip"]]
    if any(request.get("denies") for request in values["requests"]):
        wishes, _ = decide(values)
        for place, request in enumerate(requests):
            if place >= len(wishes) or wishes[place].tool not in _DENIABLE:
                request.pop("denies", None)
    first = values["first_wish"] if values["second_thoughts"] else ""
    if first in BLOCKERS and requests[0]["intent"] in set(BLOCKERS) - {first}:
        told["first_wish"] = first
    return {**told, "requests": requests}


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
    facts |= {name: True for name in ("fraud", "denies") if request.get(name)}
    if request.get("story", "straight") != "straight":
        order = next(row for row in shop_rows(values)["orders"] if row["order_id"] == request["order_id"])
        facts["story"] = rare.story_of(request, order["status"], order["days"])
    return facts


def _twists_in_words(request: dict[str, Any]) -> str:
    text = _FRAUDS[request["intent"]] if "fraud" in request else ""
    if "story" in request:
        first, second = (_STORIES[one] for one in request["story"])
        text += f" When you ask for it, add that {first}; with your next words, correct yourself: {second}."
    if "denies" in request:
        text += " When you hear that it was done, say once that nothing came of it, and ask to do it again."
    return text


def in_words(told: dict[str, Any]) -> str:
    """Return the customer's facts as instructions for a language model or a person."""
    first, *others = told["zips"]
    again = f"if nobody is found with that, say {others[0]}" if others else "you know no other"
    lines = [
        f"You are {told['name']}, a customer of a retail shop, and you write to its support.",
        f"Your e-mail address is {told['email']}. You say it and your zip code only when asked.",
        f"Asked for your zip code, say {first}; {again}.",
        "You want, one after the other, to:",
    ]
    for number, request in enumerate(told["requests"], 1):
        line = f"{number}. {_WANTS[request['intent']].format(**request)}"
        match request.get("orders"):
            case [first, second]:
                line += f". You first say that the order number is {first}; asked again, {second}"
            case [only]:
                line += f". The order number is {only}"
            case None if "item" in request:
                line += ". You do not know the order number"
        lines.append(f"{line}.{_twists_in_words(request)}")
    if "first_wish" in told:
        item, wish = told["requests"][0]["item"], _AT_FIRST[told["first_wish"]]
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
