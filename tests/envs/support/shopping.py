"""Small scenarios of the support world, and agents that follow a list of acts."""

import random
from collections.abc import Sequence
from typing import Any

from gristmill.agents.support import customer, expert
from gristmill.envs.support.env import RetailSupport
from gristmill.play import play
from gristmill.policy import Policy, Script, Scripted, ScriptFunction
from gristmill.types import Act, Brief, Check, Episode, Scenario, Verdict, call, say

EMAIL, ZIP = "ada.moss@mail.com", "11111"

ASK = say("May I have your e-mail and zip code?")
FIND = call("find_customer", email=EMAIL, zip=ZIP)
LOOK = call("get_order", order_id="W1000")
REFUND = call("refund_item", order_id="W1000", item="kettle", to="card")
TOLD = say("I refunded $40 to your card.")
OPENING = say("I want a refund for the kettle in order W1000.")
IDENTITY = say("ada.moss@mail.com, 11111")
KNOWN = [ASK, FIND, LOOK]


def request(intent: str = "refund", **changes: Any) -> dict[str, Any]:
    """A request about a kettle for $40 in order W1000, paid by card and delivered ten days ago."""
    about_order = {
        "order_id": "W1000", "owner": "self", "blocked": False, "item": "kettle", "price": 40, "second_item": False,
        "paid_by": "card", "days": 10, "extra_days": 5, "street": "Oak Lane", "house": 5, "knows_order": True,
        "order_slip": False,
    }  # fmt: skip
    special: dict[str, dict[str, Any]] = {
        "status": {"status": "shipped"},
        "exchange": {"new_item": 0, "new_price": 52},
        "address": {"new_street": "Elm Road", "new_house": 9},
        "email": {"new_host": "mail.com", "new_number": 47},
    }
    order: dict[str, Any] = about_order if intent not in ("balance", "email", "human") else {}
    return {"intent": intent, **order, **special.get(intent, {}), "details_first": True, **changes}


def scenario(*requests: dict[str, Any], **changes: Any) -> Scenario:
    """A scenario of these requests, or of one for a refund, without anything that goes wrong."""
    values = {
        "first": "Ada", "last": "Moss", "host": "mail.com", "zip": ZIP, "wrong_zip": "22222", "customer_id": "C1000",
        "other_id": "C2000", "balance": 90, "impostor": False, "zip_slip": False, "second_thoughts": False,
        "fault": "none", "fault_nth": 1, "requests": list(requests) or [request()],
    }  # fmt: skip
    return Scenario.of(RetailSupport.id, {**values, **changes})


def acting(*acts: Act) -> ScriptFunction:
    """An agent that makes these acts whatever happens, and then says goodbye for ever."""

    def script(brief: Brief, rng: random.Random) -> Script:
        for act in acts:  # noqa: UP028  # what is sent to a script cannot be sent on to a list
            yield act
        while True:
            yield say("Goodbye.")

    return script


def scripted_customer(*acts: Act) -> ScriptFunction:
    """A customer that makes these acts and then hangs up for ever."""

    def script(brief: Brief, rng: random.Random) -> Script:
        for act in acts:  # noqa: UP028  # what is sent to a script cannot be sent on to a list
            yield act
        while True:
            yield call("hang_up", outcome="done")

    return script


def played(
    what: Scenario, agent: ScriptFunction | Policy, *, by: ScriptFunction | Policy = customer
) -> Episode:
    """The episode of one scenario."""

    def seat(given: ScriptFunction | Policy) -> Policy:
        return given if isinstance(given, Policy) else Scripted("script", given)

    (episode,) = play(RetailSupport, [what], {"customer": seat(by), "agent": seat(agent)}, seed=3)
    return episode


def findings(episode: Episode) -> list[Check]:
    """What the world's checks find."""
    return RetailSupport().checks(episode)


def failures(episode: Episode) -> set[str]:
    """The names of the checks that do not pass."""
    return {check.name for check in findings(episode) if check.status != "pass"}


def status(episode: Episode) -> str:
    """The verdict."""
    return Verdict.status_of(tuple(findings(episode)))


def outcome(what: Scenario, acts: Sequence[Act]) -> set[str]:
    """The names of the checks that do not pass when an agent makes these acts."""
    return failures(played(what, acting(*acts)))


__all__ = [
    "ASK", "EMAIL", "FIND", "IDENTITY", "KNOWN", "LOOK", "OPENING", "REFUND", "TOLD", "ZIP", "acting", "customer", "expert", "failures",
    "findings", "outcome", "played", "request", "scenario", "scripted_customer", "status",
]  # fmt: skip
