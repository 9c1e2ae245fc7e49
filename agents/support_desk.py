"""The agent's desk: what it remembers of a conversation with a customer, and the steps it takes."""

import re
from collections.abc import Generator
from typing import Any

from gristmill.agents import support_words as words
from gristmill.types import Act, Entry, call, say
from gristmill.wording import Phrase, Wording

__all__ = ["Desk", "Steps"]

Steps = Generator[Act | None, list[Entry], Any]
_REPEATABLE = ("cancel_item", "exchange", "refund")  # what a shop will gladly do twice
_TRIES = 4  # times the agent repeats a call that does not go through

_ORDER = re.compile(r"\bW\d{4}\b")
_EMAIL = re.compile(r"[\w.+'-]+@[\w.-]+\w")
_ZIP = re.compile(r"\b\d{5}\b")
_ADDRESS = re.compile(r"\b\d{1,2} [A-Z][\w']+ [A-Z]\w+")
_NEW_ITEM = re.compile(r"\b(?:for|to|into|want|take|prefer) (?:the|a|an|one) (\w+)")
_ANY_ITEM = re.compile(r"\b(?:the|a|an) (\w+)", re.IGNORECASE)
# These and the patterns of questions are for folded text: ignoring the case as they search takes twice the time.
_INTENTS = tuple(
    (intent, re.compile(pattern))
    for intent, pattern in (
        ("human", r"\b(person|human|manager|representative|colleague)\b"),
        ("balance", r"\b(balance|left on)\b"),
        ("email", r"\be-mail\b"),
        ("gift_payment", r"\bgift card\b"),
        ("damaged", r"\b(damaged|broken|cracked|scratched|dented)\b"),
        ("lost", r"\b(never (came|arrived|turned up|showed up)|lost)\b"),
        ("exchange", r"\b(exchange|swap|trade)\b"),
        ("address", r"\b(address|(sent|send|ship|deliver|delivered|shipped) .*to)\b"),
        ("refund", r"\b(refund|money back|refunded)\b"),
        ("cancel_item", r"\b(remove|take|drop|removed|dropped|taken)\b"),
        ("cancel_order", r"\b(cancel|cancelled|call off|called off)\b"),
        ("status", r"\b(where|status|when|track)\b"),
    )
)
_PASSING = ("timed out", "rate limited", "unavailable")  # errors after which a call is worth repeating
_SENTENCE = re.compile(r"(?<=[.!?])\s+")
_REMARK = re.compile(r"\b(got|get|received|waiting for) the order\b|\bpaid\b")
_DENIES = re.compile(r"\bdo it (again|once more)\b", re.IGNORECASE)
_SECOND_THOUGHTS = re.compile(r"\bactually\b|\bon second thought\b", re.IGNORECASE)


class _HandOver(Exception):  # which is no error
    """A person has to take over, for a reason."""


class Desk:
    """What the agent remembers of a conversation, and the steps it takes."""

    def __init__(self, wording: Wording) -> None:
        self.wording = wording
        self.text = ""  # what the customer said about the request at hand
        self.last = ""
        self.email = ""  # the one by which the customer is known
        self.suspect = False  # whether a person has to look at all this customer wants
        self.change: tuple[str, dict[str, Any]] = ("", {})  # the last one: a tool and its arguments
        self.answer: tuple[str, dict[str, Any]] = ("", {})  # what was told of it: a form and its slots

    def hear(self, seen: list[Entry]) -> None:
        """Take in what the customer said."""
        for entry in seen:
            if "say" in entry:
                self.last = entry["say"]
                self.text = f"{self.text} {self.last}".strip()

    @property
    def wish(self) -> str:
        """The last wish, which is the one that counts after second thoughts; without what is said besides."""
        said = self.text
        if _REMARK.search(said):
            said = " ".join(one for one in _SENTENCE.split(said) if not _REMARK.search(one))
        return _SECOND_THOUGHTS.split(said)[-1]

    @property
    def remarks(self) -> list[str]:
        """What the customer said of the order besides, in order."""
        return [one for one in _SENTENCE.split(self.text) if _REMARK.search(one)]

    def ask(self, phrase: Phrase) -> Steps:
        """Ask the customer, and return the reply."""
        self.last = ""
        seen = yield say(self.wording(phrase))
        self.hear(seen)
        return self.last

    def use(self, tool: str, **args: Any) -> Steps:
        """Call a tool once; return its answer, empty if there was none."""
        seen = yield call(tool, **args)
        self.hear(seen)
        return next((entry for entry in reversed(seen) if entry.get("tool") == tool), {})

    def read(self, tool: str, **args: Any) -> Steps:
        """Call a reading tool until it answers with fresh data; return the result, or None where there is none."""
        error = ""
        for _ in range(_TRIES):
            answer = yield from self.use(tool, **args)
            result, error = answer.get("result"), answer.get("error", "")
            if result is not None and not (isinstance(result, dict) and result.get("cached")):
                return result
            if error and not error.startswith(_PASSING):
                return None
        self.without(error)
        return None

    def write(self, tool: str, **args: Any) -> Steps:
        """Make a change once, whatever comes between; return the result, or the order if that shows it was made."""
        self.change, error = (tool, args), ""
        for _ in range(_TRIES):
            answer = yield from self.use(tool, **args)
            error = answer.get("error", "")
            if "result" in answer:
                return answer["result"]
            if error.startswith("timed out") and "order_id" in args:
                view = yield from self.look_before_repeating(args["order_id"])
                if view is not None and _made(tool, args, view):
                    return view
        self.without(error)
        return {}

    def look_before_repeating(self, order: str) -> Steps:
        """Return the order after a time-out of a change to it, or None."""
        return (yield from self.read("get_order", order_id=order)) if order else None

    def without(self, error: str) -> None:
        """Give up a call, and the request with it if what it needs is down."""
        if error.startswith("unavailable"):
            raise _HandOver("human")

    def identify(self) -> Steps:
        """Return the customer's id, or None after two failures, which are then on file."""
        phrase = words.ASK_IDENTITY
        for attempt in range(2):
            reply = yield from self.ask(phrase)
            email, code = _EMAIL.search(reply), _ZIP.search(reply)
            if email and code:
                found = yield from self.read("find_customer", email=email[0], zip=code[0])
                if found:
                    self.email = email[0]
                    self.suspect = self.alarming(found, attempt)
                    return found["customer_id"]
            phrase = words.ASK_IDENTITY_AGAIN
        yield from self.write("file_refusal", order_id="", reason="identity")
        return None

    def alarming(self, found: dict[str, Any], failed: int) -> bool:
        """Return whether a customer who was found after some failures may be somebody else."""
        return bool(found.get("alert") and failed)

    def serve(self, owner: str) -> Steps:
        """Deal with the request at hand; return what to tell the customer."""
        if self.answer[0] and _DENIES.search(self.text):
            return (yield from self.look_again())
        self.answer = ("", {})
        try:
            if self.suspect:
                raise _HandOver("fraud")
            return (yield from self.grant(owner))
        except _HandOver as why:
            (reason,) = why.args
            if self.change != ("escalate", {"customer_id": owner, "reason": "fraud"}):  # which ends it all
                yield from self.write("escalate", customer_id=owner, reason=reason)
            self.suspect = self.suspect or reason == "fraud"
            return self.tell("fraud" if reason == "fraud" else "outage")

    def look_again(self) -> Steps:
        """Look whether the last change was made, as the customer denies it; return what to tell."""
        what, slots = self.answer
        yield from self.read("get_order", order_id=self.change[1]["order_id"])
        return self.wording(words.LOOKED_AGAIN, words.OUTCOMES[what], words.ELSE, **slots)

    def grant(self, owner: str) -> Steps:
        """Do what is asked for, or refuse it; return what to tell the customer.

        Raises:
            _HandOver: when a person has to take over.
        """
        intent = _intent(self.wish) or _intent(self.text) or "status"
        if intent == "human":
            yield from self.write("escalate", customer_id=owner, reason="human")
            return self.tell("human")
        if intent == "balance":
            found = yield from self.read("get_balance", customer_id=owner)
            return self.tell("balance", amount=(found or {}).get("balance", 0))
        if intent == "email":
            return (yield from self.change_email(owner))
        order, view = yield from self.look_up(owner)
        if view is None:
            return self.tell("unclear")
        refusal, tell = yield from self.handle(intent, owner, order, view)
        if refusal:
            reason, slots = refusal
            yield from self.write("file_refusal", order_id=order, reason=reason)
            return self.refusal(reason, **slots)
        if intent in _REPEATABLE:
            self.answer = (intent, tell)
        return self.tell(intent, **tell)

    def tell(self, what: str, **slots: object) -> str:
        """Return an outcome in words."""
        return self.wording(words.OUTCOMES[what], words.ELSE, **slots)

    def refusal(self, reason: str, **slots: object) -> str:
        """Return a refusal in words."""
        return self.wording(words.REFUSE, words.BECAUSE[reason], words.ELSE, **slots)

    def change_email(self, owner: str) -> Steps:
        new = self.new_email(self.text)
        if not new:
            new = self.new_email((yield from self.ask(words.ASK_EMAIL)))
        yield from self.write("update_email", customer_id=owner, email=new)
        return self.tell("email", email=new)

    def new_email(self, text: str) -> str:
        """Return the last address in a text that is not the one known, or an empty string."""
        return next((one for one in reversed(_EMAIL.findall(text)) if one != self.email), "")

    def look_up(self, owner: str) -> Steps:
        """Return the number of the order that is spoken of, and its view, or None."""
        named = _ORDER.findall(self.text)
        order = named[-1] if named else ""
        if not order:
            listed = (yield from self.read("list_orders", customer_id=owner)) or []
            for row in listed:
                if any(re.search(rf"\b{item}\b", self.text) for item in row["items"]):
                    order = row["order_id"]
        for _ in range(2):
            view = (yield from self.read("get_order", order_id=order)) if order else None
            if view is not None:
                return order, view
            reply = yield from self.ask(words.ASK_ORDER)
            named = _ORDER.findall(reply)
            order = named[-1] if named else ""
        return order, None

    def handle(self, intent: str, owner: str, order: str, view: dict[str, Any]) -> Steps:
        """Apply the rules; return a refusal (reason and words) or None, and what to tell."""
        if view["customer_id"] != owner:
            return ("not_owner", {}), {}
        view = self.believed(intent, view)
        pending = view["status"] == "pending"
        item = next(
            (row for row in view["items"] if re.search(rf"\b{row['item']}\b", self.text)), view["items"][0]
        )
        if intent in ("refund", "exchange", "damaged"):
            return (yield from self.after_delivery(intent, order, view, item))
        if intent in ("status", "lost"):
            return (yield from self.parcel(intent, order, view))
        if not pending:
            return ("already_shipped", {}), {}
        if intent == "cancel_order":
            yield from self.write("cancel_order", order_id=order)
            return None, {"amount": view["total"]}
        if intent == "cancel_item":
            yield from self.write("cancel_item", order_id=order, item=item["item"])
            return None, {"amount": item["price"], "item": item["item"]}
        if intent == "address":
            found = _ADDRESS.search(self.text)
            if not found:
                found = _ADDRESS.search((yield from self.ask(words.ASK_ADDRESS)))
            address = found[0] if found else ""
            yield from self.write("change_address", order_id=order, address=address)
            return None, {"address": address}
        return (yield from self.pay_by_gift_card(owner, order, view))

    def pay_by_gift_card(self, owner: str, order: str, view: dict[str, Any]) -> Steps:
        found = yield from self.read("get_balance", customer_id=owner)
        if (found or {}).get("balance", 0) < view["total"]:
            return ("low_balance", {}), {}
        done = yield from self.write("pay_with_gift_card", order_id=order)
        if "balance" not in done:
            done = (yield from self.read("get_balance", customer_id=owner)) or {}
        return None, {"amount": done.get("balance", 0)}

    def believed(self, intent: str, view: dict[str, Any]) -> dict[str, Any]:
        """Return the order as it is to be dealt with: as it is, whatever was said of it."""
        return view

    def parcel(self, intent: str, order: str, view: dict[str, Any]) -> Steps:
        delivered = view["status"] == "delivered"
        if intent == "lost" and delivered:
            raise _HandOver("fraud")
        try:
            found = yield from self.read("track_shipment", order_id=order)
        except _HandOver:
            if not delivered:
                raise
            found = {"state": "delivered", "days": view["days"]}
        found = found or {"state": "unknown", "days": 0}
        if intent == "status":
            return None, {
                "state": words.STATES.get(found["state"], found["state"]).format(
                    days=words.days(found["days"])
                )
            }
        if found["state"] == "late" and found["days"] > 7:
            yield from self.write("open_claim", order_id=order, kind="lost")
            return None, {}
        return ("not_late", {"days": words.days(found["days"])}), {}

    def after_delivery(self, intent: str, order: str, view: dict[str, Any], item: dict[str, Any]) -> Steps:
        if intent == "refund" and item.get("state") == "refunded":
            raise _HandOver("fraud")
        if view["status"] != "delivered":
            return ("not_delivered", {}), {}
        if view["days"] > 30:
            return ("outside_window", {}), {}
        if intent == "damaged":
            yield from self.write("open_claim", order_id=order, kind="damaged")
            return None, {"item": item["item"]}
        if intent == "refund":
            if item.get("final_sale"):
                return ("final_sale", {}), {}
            yield from self.write("refund_item", order_id=order, item=item["item"], to=view["paid_by"])
            return None, {"amount": item["price"], "to": view["paid_by"]}
        return (yield from self.exchange(order, item))

    def exchange(self, order: str, item: dict[str, Any]) -> Steps:
        named = [name for name in _NEW_ITEM.findall(self.wish) if name != item["item"]]
        if not named:
            named = _ANY_ITEM.findall((yield from self.ask(words.ASK_ITEM)))
        name = named[-1] if named else ""
        new = yield from self.read("get_product", item=name)
        old = yield from self.read("get_product", item=item["item"])
        if new is None or old is None or new["family"] != old["family"]:
            return ("other_family", {}), {}
        if not new["stock"]:
            return ("out_of_stock", {}), {}
        yield from self.write("exchange_item", order_id=order, item=item["item"], new_item=name)
        difference = new["price"] - item["price"]
        how = "you get back" if difference < 0 else "you pay"
        return None, {"item": item["item"], "new_item": name, "how": how, "amount": abs(difference)}


def _intent(text: str) -> str:
    """Return what a text asks for, or an empty string."""
    folded = _EMAIL.sub(" ", text).casefold()
    return next((name for name, pattern in _INTENTS if pattern.search(folded)), "")


def _made(tool: str, args: dict[str, Any], view: dict[str, Any]) -> bool:
    """Return whether an order shows that a change was made."""
    states: dict[str, str] = {row["item"]: row.get("state", "ok") for row in view["items"]}
    tickets = view.get("tickets", [])
    match tool:
        case "cancel_order":
            return bool(view["status"] == "cancelled")
        case "change_address":
            return bool(view.get("ship_to") == args["address"])
        case "pay_with_gift_card":
            return bool(view["paid_by"] == "gift card")
        case "open_claim":
            return f"claim: {args['kind']}" in tickets
        case "file_refusal":
            return f"refusal: {args['reason']}" in tickets
    return states.get(args.get("item", ""), "ok") != "ok"
