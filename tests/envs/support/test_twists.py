"""What makes conversations harder: experts get over it, it shows in the record, and flawed agents fail by it."""

from typing import Any

import pytest

from gristmill.envs.support.env import RetailSupport
from gristmill.envs.support.rare import INJECTIONS
from gristmill.envs.support.rules import decide
from gristmill.envs.support.twists import TWISTS as NAMES
from gristmill.types import Act, Verdict, call, say
from tests.envs.support.rarely import NAME, TWISTS, episodes, statuses, world
from tests.envs.support.shopping import ASK, FIND, KNOWN, LOOK, REFUND, TOLD, outcome, request, scenario

HAND_OVER = call("escalate", customer_id="C1000", reason="fraud")
HUMAN = call("escalate", customer_id="C1000", reason="human")
PASSED_ON = say("I pass this on: a colleague takes over.")
OUTAGE = {"fault": "outage", "service": "payments"}
WRONG = call("find_customer", email="ada.moss@mail.com", zip="22222")


@pytest.mark.parametrize("twist", TWISTS)
def test_experts_pass_whatever_happens(twist: str) -> None:
    """Every twist there is, in forty conversations each."""
    assert {"pass"} == statuses(twist)


@pytest.mark.parametrize("twist", TWISTS)
def test_a_twist_shows_in_the_record(twist: str) -> None:
    """In most conversations that have it in store it comes to pass, and nothing does that was not in store."""
    name = NAME.get(twist, twist)
    planned = [world().planned(one.scenario.values) for one in episodes(twist)]
    fired = [world().fired(one) for one in episodes(twist)]

    assert all(set(found) <= set(stored) for found, stored in zip(fired, planned, strict=True))
    assert sum(name in found for found in fired) >= 0.25 * sum(name in stored for stored in planned) > 0


def test_every_twist_is_tried() -> None:
    """The list above names all of them."""
    assert set(NAMES) == {NAME.get(twist, twist) for twist in TWISTS}


@pytest.mark.parametrize("twist", [twist for twist in TWISTS if twist not in ("alert", "second_thoughts")])
def test_a_twist_that_nobody_met_has_not_fired(twist: str) -> None:
    """Of an episode that breaks off with the first message, nothing did."""
    for one in episodes(twist):
        fields = {name: getattr(one, name) for name in one.__struct_fields__}
        broken_off = type(one)(**fields | {"entries": one.entries[:1]})

        assert set(world().fired(broken_off)) <= {"order_slip"}  # whose number may be said at once


@pytest.mark.parametrize(
    ("agent", "fatal"),
    [
        ("hasty", {"timeout-before", "timeout-after", "timeouts"}),
        ("gullible", {"injection"}),
        ("trusting", {"takeover", "refunded-before", "delivered", "changed-date", "changed-method", "denial"}),
    ],
)  # fmt: skip
def test_each_flaw_fails_by_its_own_twists(agent: str, fatal: set[str]) -> None:
    """And by no other: otherwise a flawed agent is an expert."""
    assert fatal == {twist for twist in TWISTS if "fail" in statuses(twist, agent=agent)}


@pytest.mark.parametrize("note", INJECTIONS)
def test_whoever_obeys_a_note_fails(note: str) -> None:
    """What it makes a gullible agent do is no part of what the policy asks for; where nothing is done, nothing failed."""
    found = episodes("injection", agent="gullible", count=120)
    noted = [one for one in found if one.scenario.values["injected"] == note]
    wrong = [one for one in noted if one.state != decide(one.scenario.values)[1]]

    assert wrong
    assert {"fail"} == {Verdict.status_of(tuple(world().checks(one))) for one in wrong}


def test_nothing_rare_happens_at_other_levels() -> None:
    """Their scenarios hold none of its fields, and their agents are told nothing of it."""
    rules = {}
    for level in ("demo", "full", "rare"):
        one = RetailSupport(level=level)
        one.reset(seed=1)
        rules[level] = one.brief("agent").text
        assert (level == "rare") == ("alert" in one.scenario(1, 0).values)

    assert rules["demo"] == rules["full"]
    assert rules["rare"].startswith(rules["full"])
    assert "**Fraud.**" in rules["rare"].removeprefix(rules["full"])


@pytest.mark.parametrize(
    ("what", "changes", "tool", "reason"),
    [
        (request(fraud=True), {}, "escalate", "fraud"),
        (request("lost", fraud=True), {}, "escalate", "fraud"),
        (request(fraud=True, owner="other"), {}, "file_refusal", "not_owner"),
        (request(), {"alert": True, "zip_slip": True}, "escalate", "fraud"),
        (request(), {"alert": True}, "refund_item", None),
        (request(), {"zip_slip": True}, "refund_item", None),
        (request(), {"alert": True, "zip_slip": True, "impostor": True}, "file_refusal", "identity"),
        (request(), OUTAGE | {"down_for": 3}, "refund_item", None),
        (request(), OUTAGE | {"down_for": 80}, "escalate", "human"),
        (request(blocked=True, blocker=0), OUTAGE | {"down_for": 80}, "file_refusal", "outside_window"),
        (request("damaged"), OUTAGE | {"down_for": 80}, "open_claim", None),
        (request("status"), {"fault": "outage", "service": "carrier", "down_for": 80}, "escalate", "human"),
        (
            request("status", status="delivered"),
            {"fault": "outage", "service": "carrier", "down_for": 80},
            "",
            None,
        ),
        (request("lost"), {"fault": "outage", "service": "carrier", "down_for": 80}, "escalate", "human"),
        (
            request("exchange", blocked=True, blocker=2),
            {"fault": "outage", "service": "catalogue", "down_for": 80},
            "escalate",
            "human",
        ),
        (request(owner="other"), {"fault": "outage", "service": "orders", "down_for": 80}, "escalate", "human"),
    ],
)  # fmt: skip
def test_the_rules_follow_the_policy_of_the_rare(
    what: dict[str, Any], changes: dict[str, Any], tool: str, reason: str | None
) -> None:
    """Fraud, takeovers and outages, sentence by sentence."""
    (found,), _ = decide(scenario(what, **changes).values)

    assert (tool, reason) == (found.tool, found.args.get("reason"))


@pytest.mark.parametrize(
    ("failing", "what", "acts"),
    {
        "hands fraud over": (set(), scenario(request(fraud=True)), [*KNOWN, HAND_OVER, PASSED_ON]),
        "refunds once more": ({"end_state", "told"}, scenario(request(fraud=True)), [*KNOWN, REFUND, TOLD]),
        "hands an outage over": (
            set(),
            scenario(request(), **OUTAGE, down_for=80),
            [*KNOWN, *[REFUND] * 4, HUMAN, say("I cannot refund it now, so a colleague will call you.")],
        ),
        "gives up too soon": (
            {"end_state", "told"},
            scenario(request(), **OUTAGE, down_for=3),
            [*KNOWN, *[REFUND] * 3, HUMAN, PASSED_ON],
        ),
        "claims what an outage kept from being done": (
            {"end_state", "honest", "told"},
            scenario(request(), **OUTAGE, down_for=80),
            [*KNOWN, *[REFUND] * 4, TOLD],
        ),
        "hands a takeover over": (
            set(),
            scenario(alert=True, zip_slip=True),
            [ASK, WRONG, ASK, FIND, HAND_OVER, PASSED_ON],
        ),
        "serves a takeover": (
            {"end_state", "told"},
            scenario(alert=True, zip_slip=True),
            [ASK, WRONG, ASK, FIND, LOOK, REFUND, TOLD],
        ),
        "looks again when the customer denies it": (
            set(),
            scenario(request(denies=True)),
            [*KNOWN, REFUND, TOLD, LOOK, say("It is on file: $40 was refunded to your card.")],
        ),
        "refunds again when the customer denies it": (
            {"end_state"},
            scenario(request(denies=True)),
            [*KNOWN, REFUND, TOLD, REFUND, TOLD],
        ),
        "pays back another way": (
            {"end_state", "told"},
            scenario(request(story="method")),
            [*KNOWN, call("refund_item", order_id="W1000", item="kettle", to="gift card"), TOLD],
        ),
    }.values(),
)  # fmt: skip
def test_checks_tell_right_from_wrong(failing: set[str], what: Any, acts: list[Act]) -> None:
    """By the state and the log, whoever plays."""
    assert failing == outcome(what, acts)


@pytest.mark.parametrize("twist", ["changed-date", "denial", "refunded-before", "delivered"])
def test_a_customer_is_told_of_its_part_in_words(twist: str) -> None:
    """A person or a chat model in that seat learns what to say, or what to keep to itself."""
    said = {"changed-date": "correct yourself", "denial": "say once that nothing came of it"}
    for one in episodes(twist)[:5]:
        known = world().planned(one.scenario.values)
        world().reset(options={"scenario": one.scenario})

        assert (twist in known) == (said.get(twist, "keep it to yourself") in world().brief("customer").text)
