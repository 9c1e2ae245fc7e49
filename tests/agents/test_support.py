"""The scripted seats of the support world understand each other, and a plain-spoken stranger."""

import random
import re
from collections.abc import Sequence
from typing import Any

import pytest

from gristmill.agents.support import customer, expert
from gristmill.envs.support.env import RetailSupport
from gristmill.play import play
from gristmill.policy import Scripted
from gristmill.types import Brief, Entry, Episode, Verdict
from tests.envs.support.rarely import TWISTS
from tests.envs.support.rarely import episodes as rare

UGLY = (
    r"\s\s", r"\s[.,?!:]", r"[.,?!:]{2}", r"^[a-z](?!\S*@)", r"[.?!] [a-z](?!\S*@)", r"[{}\[\]|]", r"\b1 days",
    r"\b(a|an|the|my) (a|an|the|my)\b", r"\bto to\b", r"(?<!damaged )(?<!claim for the )(gloves|boots|headphones|earbuds|blocks|skates) (is|was|has)\b",
    r"\$\d+ (are|go)\b", r"\bCan I to\b|\blet me to\b", r"[a-z]$",
)  # fmt: skip


def episodes(count: int, *, level: str = "full", forms: str = "all", seed: int = 1) -> list[Episode]:
    """Episodes of the two experts."""
    world = RetailSupport(level=level)
    seats = {"customer": Scripted("c", customer, forms=forms), "agent": Scripted("a", expert, forms=forms)}
    scenarios = [world.scenario(seed, index) for index in range(count)]
    return list(play(lambda: RetailSupport(level=level, rewards=False), scenarios, seats, seed=seed))


def verdicts(some: Sequence[Episode]) -> list[str]:
    """What the world's checks make of episodes."""
    world = RetailSupport()
    return [Verdict.status_of(tuple(world.checks(one))) for one in some]


@pytest.mark.parametrize("forms", ["train", "held-out"])
@pytest.mark.parametrize("level", ["demo", "full", "rare"])
def test_experts_pass(level: str, forms: str) -> None:
    """Whatever goes wrong in a scenario, in forms of either split."""
    assert {"pass"} == set(verdicts(episodes(150, level=level, forms=forms)))


@pytest.mark.slow
@pytest.mark.parametrize("level", ["demo", "full", "rare"])
def test_experts_pass_in_thousands_of_scenarios(level: str) -> None:
    """At least 99.9 % of ten thousand, under another seed."""
    count = 10_000
    passed = sum(status == "pass" for status in verdicts(episodes(count, level=level, seed=2)))

    assert passed >= 0.999 * count


def test_a_conversation_is_short() -> None:
    """The median takes fewer than twelve acts of both seats, tool calls included."""
    lengths = sorted(sum(entry["from"] in one.seats for entry in one.entries) for one in episodes(200))

    assert lengths[100] < 12


def test_messages_are_tidy() -> None:
    """Capitals, spaces, stops, plurals and articles are where they belong."""
    lines = {entry["say"] for one in episodes(400) for entry in one.entries if "say" in entry}

    assert [] == [(line, rule) for line in sorted(lines) for rule in UGLY if re.search(rule, line)]


@pytest.mark.parametrize("twist", TWISTS)
def test_messages_about_what_is_rare_are_tidy(twist: str) -> None:
    """Stories, denials and people who take over included, in forms of either split."""
    for forms in ("train", "held-out"):
        lines = {entry["say"] for one in rare(twist, forms=forms) for entry in one.entries if "say" in entry}

        assert [] == [(line, rule) for line in sorted(lines) for rule in UGLY if re.search(rule, line)]


def replies(facts: dict[str, Any], *lines: str) -> list[dict[str, Any]]:
    """What a customer with these facts says to an agent's lines, after its opening."""
    script = customer(Brief(seat="customer", facts=facts), random.Random(1))
    next(script)
    acts = [script.send([])]
    for line in lines:
        seen: list[Entry] = [{"from": "agent", "say": line}]
        acts.append(script.send(seen))
    return [act for act in acts[1:] if act is not None]


FACTS: dict[str, Any] = {
    "name": "Ada Moss", "email": "ada.moss@mail.com", "zips": ["11111"],
    "requests": [{"intent": "exchange", "details_first": False, "item": "kettle", "orders": ["W1000"], "new_item": "toaster"}],
}  # fmt: skip


@pytest.mark.parametrize(
    ("line", "answer"),
    [
        ("Could you share your email address and postal code?", "ada.moss@mail.com.*11111"),
        ("Sure thing. Please provide your e-mail and zip so that I can find you.", "11111"),
        ("Which order is this about?", "W1000"),
        ("Please tell me the order ID.", "W1000"),
        ("What would you like instead?", "toaster"),
        ("Which new item do you want?", "toaster"),
        ("How can I help you today?", "kettle"),
        ("Shall I go ahead with the exchange?", "(?i)^(yes|sure|of course|certainly|right|absolutely)"),
        ("What colour is it?", "(?i)know|idea|say|tell|have"),
        ("What is the new e-mail address?", "(?i)know|idea|say|tell|have"),
    ],
)
def test_a_customer_answers_questions_in_other_words(line: str, answer: str) -> None:
    """It gives the fact that is asked for, agrees, or says that it does not know."""
    assert re.search(answer, replies(FACTS, line)[0]["say"])


@pytest.mark.parametrize(
    ("line", "answer"),
    [
        (
            "May I have your e-mail and zip code? And what is your order number?",
            "ada.moss@mail.com.*11111.*W1000",
        ),
        (
            "Your e-mail and zip, please? Which item would you like instead?",
            "ada.moss@mail.com.*11111.*toaster",
        ),
        ("What's your e-mail address\nand zip, and which order is it?", "ada.moss@mail.com.*11111.*W1000"),
        ("Your zip? And the new address?", "11111.*(know|idea|say|tell|have)"),
    ],
)
def test_a_customer_answers_all_questions_of_a_message(line: str, answer: str) -> None:
    """Every fact that is asked for is given, and what it does not know it says it does not."""
    assert re.search(answer, replies(FACTS, line)[0]["say"])


def story(number: int) -> list[str]:
    """What a customer with a changing story says of its refund as its request of that number."""
    told = {"intent": "refund", "details_first": False, "item": "kettle", "story": ["recently", "long ago"]}
    before = [{"intent": "human", "details_first": False}] * number
    script = customer(Brief(seat="customer", facts={**FACTS, "requests": [*before, told]}), random.Random(1))
    next(script)
    lines = ["Your e-mail and zip, please?", "A colleague takes over.", "Done."]
    heard: list[list[Entry]] = [[], *[[{"from": "agent", "say": line}] for line in lines]]
    acts = [script.send(seen) for seen in heard]
    return [act["say"] for act in acts if act is not None and "say" in act]


def test_a_story_changes_with_the_next_words() -> None:
    """In the answer to who it is, or at once where nothing more may be asked."""
    early, late = story(0), story(1)

    assert ("months" in early[0], "months" in early[1]) == (False, True)
    assert re.search(r"(other (week|day)|not long|few days).*months", late[2])


def test_a_customer_denies_once_that_it_was_done() -> None:
    """It asks to do it again, and takes the second answer."""
    facts = {**FACTS, "requests": [{**FACTS["requests"][0], "denies": True}]}
    first, second = replies(facts, "Done: you get the toaster.", "It is on file.")

    assert re.search(r"do it (again|once more)", first["say"])
    assert {"call": "hang_up", "args": {"outcome": "done"}} == second


TWO_WISHES = {**FACTS, "requests": [{"intent": "human", "details_first": False}, *FACTS["requests"]]}


@pytest.mark.parametrize(
    ("told", "goes_on"),
    [
        ("I can confirm that a colleague will call you.", True),
        ("You are verified. I can't confirm an exact time, but a colleague will call you.", True),
        ("A colleague will call you. I can't cancel it, and I can confirm that your details are safe.", True),
        ("Sorry, I cannot do that: I could not confirm who you are.", False),
        ("I'm sorry, your details do not match.", False),
        ("Regrettably we can't do that: your identity is not confirmed. Anything else?", False),
        ("Unfortunately, I wasn’t able to verify your identity.", False),
        ("I couldn't find an account with those details, so I have to stop here.", False),
    ],
)
def test_only_who_is_turned_away_keeps_the_next_wish_to_itself(told: str, goes_on: bool) -> None:
    """Asked twice for what proves who it is, a customer leaves if that is denied, and only then."""
    answer = replies(TWO_WISHES, "May I have your e-mail?", "And your zip code?", told)[-1]

    assert goes_on == ("say" in answer)


@pytest.mark.parametrize(
    "line",
    [
        "Done: I exchanged the kettle for the toaster, you pay $12. Anything else?",
        "Sorry, I cannot do that: it is out of stock. Is there more I can do?",
        "Your e-mail is now ada47@mail.com. Do you need anything else?",
        "All set! Let me know if there is anything else.",
    ],
)
def test_a_customer_takes_an_answer_for_an_answer(line: str) -> None:
    """An outcome is no question, with or without "anything else?"."""
    assert {"call": "hang_up", "args": {"outcome": "done"}} == replies(FACTS, line)[0]


def test_a_customer_loses_patience() -> None:
    """Asked the same over and over, it gives up."""
    question = "What is the order number?"

    assert {"call": "hang_up", "args": {"outcome": "gave up"}} == replies(FACTS, *[question] * 4)[-1]


def test_a_slip_is_corrected_when_asked_again() -> None:
    """The first zip code is wrong, the second right."""
    facts = {**FACTS, "zips": ["22222", "11111"]}
    first, second = replies(facts, "Your e-mail and zip, please?", "No match. Your e-mail and zip again?")

    assert ("22222" in first["say"], "11111" in second["say"]) == (True, True)


@pytest.mark.parametrize("line", ["What is your e-mail and zip?", "Good day.", "How can I help you?"])
def test_second_thoughts_are_told_with_the_next_message(line: str) -> None:
    """Whatever the agent says first, the customer then says what it really wants."""
    (answer,) = replies({**FACTS, "first_wish": "refund"}, line)

    assert re.search(r"(?i)\b(exchange|swap|trade)\b", answer["say"])


@pytest.mark.parametrize(
    ("line", "tool", "args"),
    [
        ("I paid for the kettle in order W1000, and want a refund.", "refund_item", "card"),
        ("Refund the kettle from W1000. I paid by gift card.", "refund_item", "card"),
        ("I paid W1000 by card, but would like to pay the kettle by gift card.", "file_refusal", "shipped"),
    ],
)
def test_what_is_said_of_the_payment_is_no_wish_where_there_is_another(
    line: str, tool: str, args: str
) -> None:
    """The wish is looked for in the rest first, and everywhere if it is not there."""
    script = expert(Brief(seat="agent"), random.Random(2))
    next(script)
    script.send([{"from": "customer", "say": line}])
    script.send([{"from": "customer", "say": "ada.moss@mail.com 11111"}])
    script.send([{"from": "tool", "tool": "find_customer", "result": {"customer_id": "C1"}}])
    order = {"customer_id": "C1", "status": "delivered", "days": 3, "paid_by": "card", "total": 9}
    view = {**order, "items": [{"item": "kettle", "price": 9}]}
    act = script.send([{"from": "tool", "tool": "get_order", "result": view}])

    assert act is not None
    assert (tool, True) == (act["call"], args in str(act["args"]))


def test_an_agent_serves_a_plain_spoken_customer() -> None:
    """Wishes in words that no form has are understood."""
    script = expert(Brief(seat="agent"), random.Random(2))
    next(script)
    script.send(
        [{"from": "customer", "say": "hello my kettle arrived in pieces, it is broken. order is W1000"}]
    )
    find = script.send([{"from": "customer", "say": "mail ada.moss@mail.com zip 11111"}])
    look = script.send([{"from": "tool", "tool": "find_customer", "result": {"customer_id": "C1"}}])
    order = {
        "customer_id": "C1",
        "status": "delivered",
        "days": 3,
        "paid_by": "card",
        "items": [{"item": "kettle", "price": 9}],
    }
    claim = script.send([{"from": "tool", "tool": "get_order", "result": {**order, "total": 9}}])

    assert [
        {"email": "ada.moss@mail.com", "zip": "11111"},
        {"order_id": "W1000"},
        {"order_id": "W1000", "kind": "damaged"},
    ] == [act["args"] for act in (find, look, claim) if act is not None]
