"""The support world: what its scenarios cover, what its seats are told, and what its rules say."""

import json
from collections import Counter
from typing import Any

import pytest

from gristmill.envs.support.env import RetailSupport
from gristmill.envs.support.rules import decide
from gristmill.envs.support.scenarios import blocker, shop_rows, support_space
from gristmill.envs.support.shop import Shop
from gristmill.envs.support.types import BLOCKERS, INTENTS, REASONS, Wish
from gristmill.errors import ToolError, UsageError
from tests.envs.support.shopping import EMAIL, ZIP, request, scenario

DRAWS = [RetailSupport().scenario(9, index) for index in range(8_000)]
FAULTS = ("none", "timeout-before", "timeout-after", "stale-read", "rate-limit")


def wish(what: dict[str, Any], **changes: Any) -> Wish:
    """What the rules say about one request."""
    (only,), _ = decide(scenario(what, **changes).values)
    return only


def test_every_combination_of_two_is_covered() -> None:
    """Intents with obstacles, faults and behaviours occur in all pairs, some of them rarely."""
    pairs: Counter[tuple[str, str]] = Counter()
    for draw in DRAWS:
        values = draw.values
        kinds = {"fault " + values["fault"]}
        kinds |= {name for name in ("impostor", "zip_slip", "second_thoughts") if values[name]}
        for one in values["requests"]:
            pairs.update((f"{one['intent']}/{blocker(one)}", kind) for kind in kinds)
            pairs.update((one["intent"], name) for name in ("order_slip", "details_first") if one.get(name))
            pairs[one["intent"], one.get("owner", "self")] += 1
    behaviours = {"impostor", "zip_slip", "second_thoughts", *(f"fault {fault}" for fault in FAULTS)}
    cases = {
        (f"{intent}/{why}", how)
        for intent in INTENTS
        for why in ("", *BLOCKERS.get(intent, ()))
        for how in behaviours
    }
    cases |= {(intent, how) for intent in BLOCKERS for how in ("order_slip", "other")}

    assert set() == cases - set(pairs)


def test_every_reason_to_refuse_occurs() -> None:
    """The rules find each of them, and each request is refused in some scenarios and granted in others."""
    reasons: set[str] = set()
    answers: set[tuple[str, bool]] = set()
    for draw in DRAWS:
        wishes, _ = decide(draw.values)
        reasons |= {one.args["reason"] for one in wishes if one.refused}
        if not draw.values["impostor"]:
            pairs = zip(draw.values["requests"], wishes, strict=True)
            answers |= {(one["intent"], found.refused) for one, found in pairs}

    assert set(REASONS) == reasons
    assert {(intent, refused) for intent in BLOCKERS for refused in (False, True)} <= answers


def test_a_conversation_can_hold_three_requests() -> None:
    """At the full level; at the demo level there are at most two."""
    demo = RetailSupport(level="demo")

    assert {1, 2, 3} == {len(draw.values["requests"]) for draw in DRAWS}
    assert {1, 2} == {len(demo.scenario(9, index).values["requests"]) for index in range(200)}


def test_every_fault_fires_somewhere() -> None:
    """Each kind that a scenario can have in store names tools that exist."""
    world = RetailSupport()
    stored = {fault.kind: fault.tool for draw in DRAWS for fault in world.faults(draw.values)}

    assert set(FAULTS) - {"none"} == set(stored)
    assert set(stored.values()) <= {"read", "write", *world.mutating()}


def test_strata_name_intent_obstacle_and_fault() -> None:
    """One cell for each; impostors have their own."""
    world = RetailSupport()

    assert "refund" == world.stratum(scenario().values)
    late = scenario(request(blocked=True, blocker=0), fault="stale-read").values
    assert "refund/outside_window !stale-read" == world.stratum(late)
    assert "refund/not_owner" == world.stratum(scenario(request(owner="other")).values)
    assert "impostor" == world.stratum(scenario(impostor=True).values)


# The policy document, sentence by sentence.


@pytest.mark.parametrize(
    ("what", "tool", "reason"),
    [
        (request(), "refund_item", ""),
        (request(days=30), "refund_item", ""),
        (request(blocked=True, blocker=0), "file_refusal", "outside_window"),
        (request(blocked=True, blocker=1), "file_refusal", "final_sale"),
        (request(blocked=True, blocker=2), "file_refusal", "not_delivered"),
        (request(owner="other"), "file_refusal", "not_owner"),
        (request("cancel_order"), "cancel_order", ""),
        (request("cancel_order", blocked=True, blocker=0), "file_refusal", "already_shipped"),
        (request("cancel_item"), "cancel_item", ""),
        (request("cancel_item", blocked=True, blocker=3), "file_refusal", "already_shipped"),
        (request("address"), "change_address", ""),
        (request("address", blocked=True, blocker=0), "file_refusal", "already_shipped"),
        (request("gift_payment"), "pay_with_gift_card", ""),
        (request("gift_payment", blocked=True, blocker=0), "file_refusal", "already_shipped"),
        (request("gift_payment", blocked=True, blocker=1), "file_refusal", "low_balance"),
        (request("exchange"), "exchange_item", ""),
        (request("exchange", blocked=True, blocker=0), "file_refusal", "outside_window"),
        (request("exchange", blocked=True, blocker=1), "file_refusal", "other_family"),
        (request("exchange", blocked=True, blocker=2), "file_refusal", "out_of_stock"),
        (request("damaged"), "open_claim", ""),
        (request("damaged", blocked=True, blocker=0), "file_refusal", "outside_window"),
        (request("lost"), "open_claim", ""),
        (request("lost", extra_days=20), "open_claim", ""),
        (request("lost", blocked=True, blocker=0), "file_refusal", "not_late"),
        (request("human"), "escalate", ""),
        (request("email"), "update_email", ""),
        (request("balance"), "", ""),
        (request("status"), "", ""),
    ],
)
def test_the_rules_follow_the_policy(what: dict[str, Any], tool: str, reason: str) -> None:
    """Each kind of request, and each obstacle it can meet."""
    found = wish(what)

    assert (tool, reason, bool(reason)) == (
        found.tool,
        found.args.get("reason", "") if reason else "",
        found.refused,
    )


def test_an_impostor_gets_one_refusal_and_nothing_else() -> None:
    """However many requests there are."""
    found, _ = decide(scenario(request(), request("human"), impostor=True).values)

    assert [{"order_id": "", "reason": "identity"}] == [one.args for one in found]


@pytest.mark.parametrize(
    ("what", "tell"),
    [
        (request(), 40),
        (request("cancel_order", second_item=True, item_2="lamp", price_2=11), 51),
        (request("cancel_item", second_item=True, item_2="lamp", price_2=11), 40),
        (request("gift_payment"), 50),
        (request("exchange", new_price=25), 15),
        (request("balance"), 90),
        (request("status"), 2),
        (request("lost", blocked=True, blocker=0), 4),
    ],
)
def test_the_customer_is_to_be_told_the_number(what: dict[str, Any], tell: int) -> None:
    """Amounts paid back, balances left, differences, and days."""
    assert (tell,) == wish(what).tell


def test_a_refund_goes_back_the_way_it_was_paid() -> None:
    """To the card or to the gift card."""
    assert ["card", "gift card"] == [wish(request(paid_by=how)).args["to"] for how in ("card", "gift card")]


def test_a_payment_by_gift_card_counts_for_the_balance_asked_for_next() -> None:
    """Requests are dealt with in their order."""
    paid = request("gift_payment")
    ahead, _ = decide(scenario(request("balance"), paid).values)
    after, _ = decide(scenario(paid, request("balance")).values)

    assert [(90,), (50,)] == [ahead[0].tell, after[1].tell]


# What the seats are told.


def test_the_agent_is_told_the_policy_and_no_secret() -> None:
    """Nothing of the scenario is in its brief."""
    world = RetailSupport()
    world.reset(options={"scenario": scenario()})
    brief = world.brief("agent")

    assert "**Identity first.**" in brief.text
    assert not any(
        secret in brief.text + json.dumps(brief.facts) for secret in (EMAIL, ZIP, "W1000", "kettle,")
    )
    assert 16 == len(brief.tools)


@pytest.mark.parametrize("index", range(40))
def test_the_customer_is_told_all_its_facts_in_words(index: int) -> None:
    """A person or a chat model learns what the scripted customer knows, and nothing else about the shop."""
    world = RetailSupport()
    world.reset(options={"scenario": DRAWS[index]})
    brief = world.brief("customer")
    facts = brief.facts
    told = [facts["name"], facts["email"], *facts["zips"]]
    for one in facts["requests"]:
        told += [one[key] for key in ("item", "new_item", "address", "new_email") if key in one] + one.get(
            "orders", []
        )

    assert [] == [fact for fact in told if fact not in brief.text]
    assert DRAWS[index].values["customer_id"] not in brief.text
    assert ["hang_up"] == [tool["function"]["name"] for tool in brief.tools]


def test_an_unknown_level_is_refused() -> None:
    """The message lists the levels."""
    with pytest.raises(UsageError, match=r"Unknown level 'hard'\. .*demo, full"):
        RetailSupport(level="hard")


def test_the_pools_are_drawn_once() -> None:
    """Building another world of a level costs no new Space."""
    assert support_space("demo") is support_space("demo")


# The shop.


def filled() -> Shop:
    """A shop with a kettle for $40 in order W1000."""
    shop = Shop()
    shop.fill(shop_rows(scenario().values))
    return shop


def test_reads_change_nothing() -> None:
    """Whatever is looked at, the content stays as it was."""
    shop = filled()
    before = shop.rows()
    shop.find_customer(EMAIL, ZIP)
    shop.list_orders("C1000")
    shop.get_order("W1000")
    shop.get_product("kettle")
    shop.track_shipment("W1000")
    shop.get_balance("C1000")

    assert before == shop.rows()


def test_filling_a_shop_forgets_what_was_in_it() -> None:
    """Episodes of one instance do not meet."""
    shop = filled()
    before = shop.rows()
    shop.cancel_order("W1000")
    shop.fill(shop_rows(scenario().values))

    assert before == shop.rows()


def test_the_shop_gladly_pays_twice() -> None:
    """To follow the policy is the agent's job; the payments show it."""
    shop = filled()
    for _ in range(2):
        shop.refund_item("W1000", "kettle", "card")

    assert [40, -40, -40] == [row["amount"] for row in shop.rows()["payments"]]


def test_a_refusal_is_filed_once() -> None:
    """Repeating it after a time-out does no harm."""
    shop = filled()
    for _ in range(2):
        shop.file_refusal("W1000", "final_sale")

    assert 1 == len(shop.rows()["tickets"])


@pytest.mark.parametrize(
    ("tool", "args"),
    [
        ("find_customer", ("nobody@x.org", ZIP)),
        ("get_order", ("W9999",)),
        ("get_product", ("unicorn",)),
        ("track_shipment", ("W9999",)),
        ("get_balance", ("C9999",)),
        ("cancel_order", ("W9999",)),
        ("cancel_item", ("W1000", "unicorn")),
        ("refund_item", ("W1000", "unicorn", "card")),
        ("exchange_item", ("W1000", "kettle", "unicorn")),
        ("change_address", ("W9999", "1 Road")),
        ("pay_with_gift_card", ("W9999",)),
        ("open_claim", ("W9999", "lost")),
        ("update_email", ("C9999", EMAIL)),
        ("escalate", ("C9999", "human")),
    ],
)
def test_what_does_not_exist_is_refused_and_changes_nothing(tool: str, args: tuple[str, ...]) -> None:
    """A tool error is an answer; half a change is none."""
    shop = filled()
    before = shop.rows()
    with pytest.raises(ToolError, match=r"no such|no match"):
        getattr(shop, tool)(*args)

    assert before == shop.rows()
