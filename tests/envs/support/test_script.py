"""A customer that keeps to its script is never at fault, however an agent provokes it."""

import random
from collections import Counter

import pytest

from gristmill.agents.support import customer, expert
from gristmill.envs.support.env import RetailSupport
from gristmill.play import play
from gristmill.policy import Script, Scripted, ScriptFunction
from gristmill.types import Brief, call, say
from tests.envs.support.shopping import (
    ASK,
    FIND,
    IDENTITY,
    KNOWN,
    LOOK,
    OPENING,
    REFUND,
    TOLD,
    acting,
    findings,
    played,
    request,
    scenario,
    scripted_customer,
    status,
)

DONE = "Done, all set."
COUNT = 120
# What an agent without any skill may ask, state or blurt out.
FRAGMENTS = (
    "May I have your e-mail and zip code?", "And what is your order number?", "Which item would you like instead?",
    "What is the new address?", "What is the new e-mail address?", "Which order is this about, and what is your zip?",
    "Shall I go ahead?", "What is the meaning of life?", "How can I help you?", "Is there anything else?",
    "Anything else\nwhat colour is it?", "Could you tell me more?", "?", "Why not?\n\nYour zip", "Please share your zip.",
    "I can confirm that a colleague will call you.", "I could not verify your identity.", "Your details do not match.",
    "Sorry, I cannot do that.", DONE, "Hm.", "W1234, $99 and 12345.", "Your new e-mail (or zip)?", "Your address for your account?",
)  # fmt: skip


def saying(*lines: str, then: str = DONE) -> ScriptFunction:
    """An agent that says these lines, and then the last one for ever."""
    return acting(*map(say, lines), *[say(then)] * 80)


def babbling(brief: Brief, rng: random.Random) -> Script:
    """Say whatever comes to mind, and sometimes look something up."""
    yield None
    while True:
        if rng.random() < 0.1:
            yield call("get_order", order_id="W1234")
        else:
            yield say(" ".join(rng.sample(FRAGMENTS, rng.randint(1, 3))))


def lying(first: str) -> ScriptFunction:
    """An agent that plays well until it has something to tell, asks `first` for identity, and tells nothing."""

    def script(brief: Brief, rng: random.Random) -> Script:
        steps = expert(brief, rng)
        act, spoken = next(steps), 0
        while True:
            seen = yield act
            act = steps.send(seen)
            if act is not None and "say" in act:
                act, spoken = say(first if not spoken else "Thank you for waiting."), spoken + 1

    return script


TWO = "May I have your e-mail and zip code? And what is your order number?"
PROVOKING: dict[str, ScriptFunction] = {
    "asks two things": saying(TWO),
    "asks for what others want": saying("Your e-mail and zip? And which item would you like instead?"),
    "asks for everything": saying(" ".join(FRAGMENTS[:6])),
    "asks in vain": saying("What is the meaning of life?"),
    "asks in vain for ever": saying(then="What is the meaning of life?"),
    "asks for ever": saying(then=TWO),
    "asks for one thing after the other, for ever": saying(*[FRAGMENTS[n % 6] for n in range(80)]),
    "asks in passing": saying("Anything else\nwhat is your zip?", "What else\n\nwhat colour is it?"),
    "talks nonsense": saying(then="Blue moons sing softly; 99 W0000?!"),
    "is silent": acting(*[call("get_order", order_id="W1234")] * 80),
    "falls silent": acting(ASK, *[call("get_order", order_id="W1234")] * 80),
    "asks and falls silent": acting(say(TWO), *[call("list_orders", customer_id="C1")] * 80),
    "turns everybody away": saying(FRAGMENTS[0], FRAGMENTS[0], then="I could not verify your identity."),
    "doubts who it is": saying("Your e-mail?", "Your zip?", then="I can't confirm who you are. Goodbye."),
    "confirms something": saying("Your e-mail?", "Your zip?", then="I can confirm that a colleague will call you."),
    "babbles": babbling,
    "lies after two questions": lying(TWO),
    "lies after three questions": lying(TWO + " What would you like instead?"),
}  # fmt: skip


@pytest.mark.parametrize("agent", PROVOKING.values(), ids=PROVOKING.keys())
def test_a_failing_agent_cannot_pass_its_failure_on(agent: ScriptFunction) -> None:
    """Whatever it asks, or does not, its failures stay failures and leave no rate better than it is."""
    world = RetailSupport()
    scenarios = [world.scenario(5, index) for index in range(COUNT)]
    seats = {"customer": Scripted("customer", customer), "agent": Scripted("agent", agent)}
    episodes = play(lambda: RetailSupport(rewards=False), scenarios, seats, seed=5)

    assert Counter(fail=COUNT) == Counter(status(episode) for episode in episodes)


def test_asking_without_end_after_the_answer_is_the_agents_failure() -> None:
    """A question at the end of the last answer, and silence after it, keep a customer from hanging up."""
    episode = played(
        scenario(), acting(*KNOWN, REFUND, say(TOLD["say"] + " What is your zip?"), *[LOOK] * 80)
    )

    assert ("truncated", "fail") == (episode.end, status(episode))


def test_a_customer_needs_a_reminder_at_most() -> None:
    """One question that stays open costs nothing; the same one again is held against the customer."""
    agent = acting(ASK, ASK, say("Done."))
    once = played(scenario(), agent, by=scripted_customer(OPENING, say("One moment."), IDENTITY))
    twice = played(scenario(), agent, by=scripted_customer(OPENING, say("One moment."), say("One moment.")))

    assert ("fail", "error") == (status(once), status(twice))


def test_an_agent_that_does_not_ask_again_has_given_up_itself() -> None:
    """A customer that once does not answer leaves a failure of the agent's what it is."""
    episode = played(scenario(), acting(ASK, say("Done.")), by=scripted_customer(OPENING, say("One moment.")))

    assert "fail" == status(episode)


def test_part_of_an_answer_is_an_answer() -> None:
    """Of several facts asked for in one message one will do."""
    agent = acting(say(TWO), say(TWO), say("Done."))
    episode = played(scenario(), agent, by=scripted_customer(OPENING, IDENTITY, IDENTITY))

    assert "fail" == status(episode)


@pytest.mark.parametrize(
    "told", ["A colleague will call you.", "I can confirm that a colleague will call you."]
)
def test_identity_in_two_questions_keeps_later_requests(told: str) -> None:
    """A customer asked for e-mail and zip one by one goes on to its next request."""
    what = scenario(request("human"), request("balance"))
    acts = [
        say("May I have your e-mail address?"),
        say("And your zip code?"),
        FIND,
        call("escalate", customer_id="C1000", reason="human"),
        say(told),
        call("get_balance", customer_id="C1000"),
        say("There is $90 left on it."),
    ]

    assert [] == [check for check in findings(played(what, acting(*acts))) if check.status != "pass"]


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("That does not match. Could you check your e-mail and zip code again?", "error"),
        ("I'm sorry, those details do not match, so I can't go on.", "fail"),
    ],
)
def test_only_being_turned_away_excuses_from_further_requests(line: str, found: str) -> None:
    """Whoever is asked once more, and leaves with a request unsaid, breaks the script; whoever is sent away does not."""
    what = scenario(request(), request("balance"))
    by = scripted_customer(OPENING, IDENTITY, *[IDENTITY] * (found == "error"))
    episode = played(what, acting(ASK, say(line), say("Goodbye.")), by=by)

    assert found == status(episode)
