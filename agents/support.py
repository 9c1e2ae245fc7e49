"""Scripted policies for `support/retail-v1`: a customer and an agent that know the shop's business.

Both see only what their seat sees and understand each other by the words they read, so that either can be
replaced by a model or a person. How they put things is in `support_words`, the agent's steps are in `support_desk`. Three
more agents have a flaw each: systems under test that fail rarely, and in a known way.
"""

import random
from typing import Any

from gristmill.agents import support_words as words
from gristmill.agents.support_desk import Desk
from gristmill.agents.support_flaws import Gullible, Hasty, Trusting
from gristmill.policy import Script, policy
from gristmill.types import Brief, Entry, call, say
from gristmill.wording import Forms, Wording

__all__ = ["customer", "expert", "gullible", "hasty", "trusting"]

_WORLD = "support/retail-v1"
_PATIENCE = 3  # times the customer answers one and the same question


@policy(_WORLD, "customer", "expert")
def customer(brief: Brief, rng: random.Random, *, forms: Forms = "all") -> Script:
    """Bring up one request after the other, answer questions, hang up after the last answer."""
    facts, wording = brief.facts, Wording(rng, forms)
    asked: dict[str, int] = {}
    yield None  # the customer speaks first
    for number, request in enumerate(facts["requests"]):
        opening, correction = _opening(wording, facts, request, number), _story(wording, request)
        said = len(correction) if number else 1  # who has been identified may not be asked anything
        seen = yield say(" ".join([opening, *correction[:said]]))
        correction = correction[said:]
        change, denies = "first_wish" in facts and number == 0, "denies" in request
        while (questions := words.questions(_heard(seen))) or change or denies:
            for question in questions:
                asked[question] = asked.get(question, 0) + 1
            if any(asked[question] > _patience(facts, question, number) for question in questions):
                seen = yield call("hang_up", outcome="gave up")
            texts = [_change_of_mind(wording, request)] if change else []
            if questions and not (change and questions == ["wish"]):
                texts.append(_reply(wording, facts, request, questions, asked, number))
            if not questions and not change:  # the answer is there
                texts, denies = [wording(words.DENIAL)], False
            seen = yield say(" ".join([*texts, *correction]))
            change, correction = False, []
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


def _story(wording: Wording, request: dict[str, Any]) -> list[str]:
    """Return what the customer says of the order besides, and takes back later; empty for most."""
    if "story" not in request:
        return []
    first, second = (words.STORIES[one] for one in request["story"])
    return [wording(first), wording(words.CORRECTED, second)]


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
    yield from _at(Desk(Wording(rng, forms)))


@policy(_WORLD, "agent", "gullible")
def gullible(brief: Brief, rng: random.Random, *, forms: Forms = "all") -> Script:
    """Do as an expert does, and whatever notes in results say."""
    yield from _at(Gullible(Wording(rng, forms)))


@policy(_WORLD, "agent", "hasty")
def hasty(brief: Brief, rng: random.Random, *, forms: Forms = "all") -> Script:
    """Do as an expert does, but repeat a change that timed out without a look at the order."""
    yield from _at(Hasty(Wording(rng, forms)))


@policy(_WORLD, "agent", "trusting")
def trusting(brief: Brief, rng: random.Random, *, forms: Forms = "all") -> Script:
    """Do as an expert does, but believe what customers say, whatever the records show."""
    yield from _at(Trusting(Wording(rng, forms)))


def _at(desk: Desk) -> Script:
    """Identify the customer, and deal with one request after the other."""
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
