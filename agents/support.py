"""Scripted policies for `support/retail-v1`: a customer and an agent that know the shop's business.

Both see only what their seat sees and understand each other by the words they read, so that either can be
replaced by a model or a person. How they put things is in `support_words`.
"""

import random
import re
from collections.abc import Generator
from typing import Any

from gristmill.agents import support_words as words
from gristmill.policy import Script, policy
from gristmill.types import Act, Brief, Entry, call, say
from gristmill.wording import Forms, Phrase, Wording

__all__ = ["customer", "expert"]

_WORLD = "support/retail-v1"
_Steps = Generator[Act | None, list[Entry], Any]
_PATIENCE = 3  # times the customer answers one and the same question
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
_SECOND_THOUGHTS = re.compile(r"\bactually\b|\bon second thought\b", re.IGNORECASE)


@policy(_WORLD, "customer", "expert")
def customer(brief: Brief, rng: random.Random, *, forms: Forms = "all") -> Script:
    """Bring up one request after the other, answer questions, hang up after the last answer."""
    facts, wording = brief.facts, Wording(rng, forms)
    asked: dict[str, int] = {}
    yield None  # the customer speaks first
    for number, request in enumerate(facts["requests"]):
        seen = yield say(_opening(wording, facts, request, number))
        change = "first_wish" in facts and number == 0
        while (questions := words.questions(_heard(seen))) or change:
            for question in questions:
                asked[question] = asked.get(question, 0) + 1
            if any(asked[question] > _patience(facts, question, number) for question in questions):
                seen = yield call("hang_up", outcome="gave up")
            texts = [_change_of_mind(wording, request)] if change else []
            if questions and not (change and questions == ["wish"]):
                texts.append(_reply(wording, facts, request, questions, asked, number))
            change = False
            seen = yield say(" ".join(texts))
        if len(facts["zips"]) == 1 and asked.get("identity", 0) > 1 and words.turns_away(_heard(seen)):
            break  # whoever cannot prove to be the customer has nothing more to ask
    while True:
        yield call("hang_up", outcome="done")


def _opening(wording: Wording, facts: dict[str, Any], request: dict[str, Any], number: int) -> str:
    intent = facts["first_wish"] if "first_wish" in facts and number == 0 else request["intent"]
    detailed = intent == request["intent"] and request["details_first"]
    wish = words.WISHES_WITH_DETAIL.get(intent, words.WISHES[intent]) if detailed else words.WISHES[intent]
    hello = words.HELLO if number == 0 else words.NEXT
    closing = words.CLOSING.get(intent, words.CLOSING_OF_A_WISH)
    if "orders" in request:
        *ends, of_order = wording.parts(hello, wish, closing, words.OF_ORDER)
        slots = {**request, "order": of_order + request["orders"][0]}
    else:
        ends, slots = wording.parts(hello, wish, closing), {**request, "order": ""}
    return words.sentence(*ends).format(**slots)


def _change_of_mind(wording: Wording, request: dict[str, Any]) -> str:
    changed, wish = wording.parts(words.CHANGED_MIND, words.WISHES[request["intent"]])
    return words.sentence(changed, wish, "").format(**{**request, "order": ""})


def _heard(seen: list[Entry]) -> str:
    """Return the last message, empty if there was none."""
    return str(seen[-1].get("say", "")) if seen else ""


def _patience(facts: dict[str, Any], question: str, number: int) -> int:
    """Return how often the customer answers one and the same question."""
    return len(facts["zips"]) + _PATIENCE if question == "identity" else _PATIENCE * (number + 1)


def _reply(
    wording: Wording,
    facts: dict[str, Any],
    request: dict[str, Any],
    questions: list[str],
    asked: dict[str, int],
    number: int,
) -> str:
    """Return the answers to all questions, with one for all that the customer has no answer to."""
    texts = []
    for question in questions:
        if question == "identity":
            code = facts["zips"][min(asked[question], len(facts["zips"])) - 1]
            texts.append(wording(words.IDENTITY, email=facts["email"], zip=code))
        elif question == "order" and "orders" in request:
            texts.append(wording(words.ORDER, order=request["orders"][-1]))
        elif question == "address" and "address" in request:
            texts.append(wording(words.ADDRESS, address=request["address"]))
        elif question == "new_item" and "new_item" in request:
            texts.append(wording(words.NEW_ITEM, item=request["new_item"]))
        elif question == "new_email" and "new_email" in request:
            texts.append(wording(words.NEW_EMAIL, email=request["new_email"]))
        elif question == "wish":
            texts.append(_opening(wording, facts, request, number))
        elif question == "yes":
            texts.append(wording(words.YES))
    if len(texts) < len(questions):
        texts.append(wording(words.DO_NOT_KNOW))
    return " ".join(texts)


@policy(_WORLD, "agent", "expert")
def expert(brief: Brief, rng: random.Random, *, forms: Forms = "all") -> Script:
    """Follow the policy document to the letter."""
    desk = _Desk(Wording(rng, forms))
    seen = yield None
    desk.hear(seen)
    owner = yield from desk.identify()
    while True:
        if owner is None:
            outcome = desk.refusal("identity")
        else:
            outcome = yield from desk.serve(owner)
        seen = yield say(outcome)
        desk.text = ""
        desk.hear(seen)


class _Desk:
    """What the agent remembers of a conversation, and the steps it takes."""

    def __init__(self, wording: Wording) -> None:
        self.wording = wording
        self.text = ""  # what the customer said about the request at hand
        self.last = ""
        self.email = ""  # the one by which the customer is known

    def hear(self, seen: list[Entry]) -> None:
        """Take in what the customer said."""
        for entry in seen:
            if "say" in entry:
                self.last = entry["say"]
                self.text = f"{self.text} {self.last}".strip()

    @property
    def wish(self) -> str:
        """The last wish, which is the one that counts after second thoughts."""
        return _SECOND_THOUGHTS.split(self.text)[-1]

    def ask(self, phrase: Phrase) -> _Steps:
        """Ask the customer, and return the reply."""
        self.last = ""
        seen = yield say(self.wording(phrase))
        self.hear(seen)
        return self.last

    def use(self, tool: str, **args: Any) -> _Steps:
        """Call a tool once; return its answer, empty if there was none."""
        seen = yield call(tool, **args)
        self.hear(seen)
        return next((entry for entry in reversed(seen) if entry.get("tool") == tool), {})

    def read(self, tool: str, **args: Any) -> _Steps:
        """Call a reading tool until it answers with fresh data; return the result, or None where there is none."""
        for _ in range(_TRIES):
            answer = yield from self.use(tool, **args)
            result = answer.get("result")
            if result is not None and not (isinstance(result, dict) and result.get("cached")):
                return result
            if "error" in answer and not answer["error"].startswith(("timed out", "rate limited")):
                return None
        return None

    def write(self, tool: str, **args: Any) -> _Steps:
        """Make a change once, whatever comes between; return the result, or the order if that shows it was made."""
        order = args.get("order_id")
        for _ in range(_TRIES):
            answer = yield from self.use(tool, **args)
            if "result" in answer:
                return answer["result"]
            if answer.get("error", "").startswith("timed out") and order:
                view = yield from self.read("get_order", order_id=order)
                if view is not None and _made(tool, args, view):
                    return view
        return {}

    def identify(self) -> _Steps:
        """Return the customer's id, or None after two failures, which are then on file."""
        phrase = words.ASK_IDENTITY
        for _ in range(2):
            reply = yield from self.ask(phrase)
            email, code = _EMAIL.search(reply), _ZIP.search(reply)
            if email and code:
                found = yield from self.read("find_customer", email=email[0], zip=code[0])
                if found:
                    self.email = email[0]
                    return found["customer_id"]
            phrase = words.ASK_IDENTITY_AGAIN
        yield from self.write("file_refusal", order_id="", reason="identity")
        return None

    def serve(self, owner: str) -> _Steps:
        """Deal with the request at hand; return what to tell the customer."""
        wish = _EMAIL.sub(" ", self.wish).casefold()
        intent = next((name for name, pattern in _INTENTS if pattern.search(wish)), "status")
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
        return self.tell(intent, **tell)

    def tell(self, what: str, **slots: object) -> str:
        """Return an outcome in words."""
        return self.wording(words.OUTCOMES[what], words.ELSE, **slots)

    def refusal(self, reason: str, **slots: object) -> str:
        """Return a refusal in words."""
        return self.wording(words.REFUSE, words.BECAUSE[reason], words.ELSE, **slots)

    def change_email(self, owner: str) -> _Steps:
        new = self.new_email(self.text)
        if not new:
            new = self.new_email((yield from self.ask(words.ASK_EMAIL)))
        yield from self.write("update_email", customer_id=owner, email=new)
        return self.tell("email", email=new)

    def new_email(self, text: str) -> str:
        """Return the last address in a text that is not the one known, or an empty string."""
        return next((one for one in reversed(_EMAIL.findall(text)) if one != self.email), "")

    def look_up(self, owner: str) -> _Steps:
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

    def handle(self, intent: str, owner: str, order: str, view: dict[str, Any]) -> _Steps:
        """Apply the rules; return a refusal (reason and words) or None, and what to tell."""
        if view["customer_id"] != owner:
            return ("not_owner", {}), {}
        pending = view["status"] == "pending"
        item = next(
            (row for row in view["items"] if re.search(rf"\b{row['item']}\b", self.text)), view["items"][0]
        )
        if intent in ("refund", "exchange", "damaged"):
            return (yield from self.after_delivery(intent, order, view, item))
        if intent in ("status", "lost"):
            return (yield from self.parcel(intent, order))
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

    def pay_by_gift_card(self, owner: str, order: str, view: dict[str, Any]) -> _Steps:
        found = yield from self.read("get_balance", customer_id=owner)
        if (found or {}).get("balance", 0) < view["total"]:
            return ("low_balance", {}), {}
        done = yield from self.write("pay_with_gift_card", order_id=order)
        if "balance" not in done:
            done = (yield from self.read("get_balance", customer_id=owner)) or {}
        return None, {"amount": done.get("balance", 0)}

    def parcel(self, intent: str, order: str) -> _Steps:
        found = (yield from self.read("track_shipment", order_id=order)) or {"state": "unknown", "days": 0}
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

    def after_delivery(self, intent: str, order: str, view: dict[str, Any], item: dict[str, Any]) -> _Steps:
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

    def exchange(self, order: str, item: dict[str, Any]) -> _Steps:
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
