"""Checks of `support/retail-v1`: what the shop holds in the end, and what the log shows.

Nothing a policy says of itself counts, except as speech to be compared with the facts. A do-nothing agent fails:
every request, a refused one too, leaves a trace in the end state or in what the customer was told.
"""

import re
from collections.abc import Iterator
from typing import Any

from gristmill.digest import canonical
from gristmill.envs.dialogue import expect
from gristmill.envs.support.rules import decide, expected_rows, new_address, new_email
from gristmill.envs.support.scenarios import email_of
from gristmill.envs.support.types import BLOCKERS, Rows, Wish
from gristmill.types import Check, Entry, Episode

__all__ = ["judge"]

_NUMBER = re.compile(r"\d+")
_NO = re.compile(
    r"\b(not|no|cannot|can't|unable|sorry|afraid|regret\w*|declin\w*|refus\w*|impossible)\b", re.IGNORECASE
)
_POLICY_NUMBERS = {"7", "30"}
_BOOKKEEPING = {"payment_id", "ticket_id"}
_KEYWORDS = {
    "balance": ("balance", "left on", "worth", "gift card"),
    "human": ("person", "human", "someone", "manager", "representative", "colleague"),
}


def judge(episode: Episode) -> list[Check]:
    """Return the findings about both seats."""
    values = episode.scenario.values
    wishes = decide(values)
    customer = _customer(episode, values)
    if customer.status != "pass":
        return [customer]
    return [
        customer,
        expect("hung_up", "terminated", episode.end),
        _end_state(episode, values, wishes),
        _identity_first(episode),
        _looked_first(episode),
        _told(episode, wishes),
        _truthful(episode),
    ]


def _customer(episode: Episode, values: dict[str, Any]) -> Check:
    """The customer keeps to its facts, reveals them only when asked, and raises what it came for."""
    lines = [(place, entry) for place, entry in enumerate(episode.entries) if entry["from"] == "customer"]
    spoken = next(
        (place for place, entry in enumerate(episode.entries) if _says(entry, "agent")), len(episode.entries)
    )
    text = " ".join(entry.get("say", "") for _, entry in lines)
    early = " ".join(entry.get("say", "") for place, entry in lines if place < spoken)
    email = email_of(values)
    problem: dict[str, Any] = {}
    if not lines or "say" not in lines[0][1]:
        problem = {"expected": "an opening message", "got": lines[0][1] if lines else None}
    elif any("raw" in entry for _, entry in lines):
        problem = {"expected": "acts that parse", "got": next(entry for _, entry in lines if "raw" in entry)}
    elif email in early or values["zip"] in early or values["wrong_zip"] in early:
        problem = {"expected": "e-mail and zip code only when asked", "got": early}
    elif strange := sorted(set(_NUMBER.findall(text)) - _customer_numbers(values)):
        problem = {"expected": "only numbers from its brief", "got": strange}
    else:
        left = [entry["args"].get("outcome") for _, entry in lines if entry.get("call") == "hang_up"]
        due = values["requests"] if left == ["done"] and not values["impostor"] else values["requests"][:1]
        missing = [request["intent"] for request in due if not _raised(values, request, text)]
        if missing:
            problem = {"expected": "every request raised", "got": f"never raised: {', '.join(missing)}"}
    if problem:
        return Check(name="customer_script", status="error", evidence=problem, side="customer")
    return Check(name="customer_script", status="pass")


def _customer_numbers(values: dict[str, Any]) -> set[str]:
    known = [values["zip"], values["wrong_zip"], email_of(values)]
    for request in values["requests"]:
        known += [str(request.get("order_id", "")), str(request.get("wrong_order", ""))]
        if request["intent"] == "address":
            known.append(new_address(request))
        if request["intent"] == "email":
            known.append(new_email(values, request))
    return set(_NUMBER.findall(" ".join(known)))


def _raised(values: dict[str, Any], request: dict[str, Any], text: str) -> bool:
    if request["intent"] in BLOCKERS:
        names = (request["item"], request["order_id"], request.get("wrong_order", request["item"]))
        return any(name in text for name in names)
    if request["intent"] == "email":
        return "mail" in text
    return any(word in text.lower() for word in _KEYWORDS[request["intent"]])


def _end_state(episode: Episode, values: dict[str, Any], wishes: list[Wish]) -> Check:
    """The shop holds exactly what the policy asks for, no more and no less."""
    wanted, got = expected_rows(values, wishes), episode.state
    if not isinstance(got, dict):
        return Check(name="end_state", status="unverified", evidence={"got": "no final state was recorded"})
    difference = {
        table: {"missing": missing, "surplus": surplus}
        for table in wanted
        for missing, surplus in [_difference(wanted, got, table)]
        if missing or surplus
    }
    if difference:
        return Check(
            name="end_state",
            status="fail",
            evidence={"expected": [_plain(w) for w in wishes], "got": difference},
        )
    return Check(name="end_state", status="pass", evidence={"changes": [_plain(w) for w in wishes if w.tool]})


def _difference(wanted: Rows, got: Rows, table: str) -> tuple[list[Any], list[Any]]:
    """Compare two tables as multisets, row numbers aside: order is not part of the meaning."""
    if wanted[table] == got.get(table):
        return [], []
    left, right = _bag(wanted[table]), _bag(got.get(table, []))
    missing = list(left)
    surplus = []
    for key in right:
        if key in missing:
            missing.remove(key)
        else:
            surplus.append(key)
    return [key.decode() for key in missing], [key.decode() for key in surplus]


def _bag(rows: list[dict[str, Any]]) -> list[bytes]:
    return [canonical({key: value for key, value in row.items() if key not in _BOOKKEEPING}) for row in rows]


def _identity_first(episode: Episode) -> Check:
    """No tool but find_customer before it has found somebody; a refusal for want of identity aside."""
    for entry in episode.entries:
        if entry.get("tool") == "find_customer" and "result" in entry:
            break
        if entry["from"] == "agent" and "call" in entry and entry["call"] != "find_customer":
            if entry["call"] == "file_refusal" and entry["args"].get("reason") == "identity":
                continue
            return Check(
                name="identity_first",
                status="fail",
                evidence={"expected": "find_customer", "got": entry["call"]},
            )
    return Check(name="identity_first", status="pass")


def _looked_first(episode: Episode) -> Check:
    """Whatever is done about an order is done after a fresh look at it."""
    seen: set[str] = set()
    for act, answer in _calls(episode):
        order = act["args"].get("order_id")
        if act["call"] == "get_order" and "result" in answer and not answer["result"].get("cached"):
            seen.add(str(order))
        elif order and act["call"] != "get_order" and order not in seen and "result" in answer:
            return Check(
                name="looked_first",
                status="fail",
                evidence={"expected": f"get_order of {order}", "got": act["call"]},
            )
    return Check(name="looked_first", status="pass")


def _told(episode: Episode, wishes: list[Wish]) -> Check:
    """The customer hears of every outcome after it is there: its numbers, and a no where it is one."""
    for wish in wishes:
        place = _done(episode.entries, wish)
        heard = [entry["say"] for entry in episode.entries[place:] if _says(entry, "agent")]
        numbers = {str(number) for number in wish.tell}
        if not any(
            numbers <= set(_NUMBER.findall(line)) and (not wish.refused or _NO.search(line)) for line in heard
        ):
            wanted = {
                "after": wish.tool or "the look-up",
                "numbers": sorted(numbers),
                "refused": wish.refused,
            }
            return Check(name="told", status="fail", evidence={"expected": wanted, "got": heard})
    return Check(name="told", status="pass")


def _done(entries: list[Entry], wish: Wish) -> int:
    """Return the place after the last call that makes the change; after the telling read where there is none."""
    place = 0
    for at, entry in enumerate(entries):
        if wish.tool and entry.get("call") == wish.tool and entry["args"] == wish.args:
            place = at + 1
        elif not wish.tool and entry.get("tool") in ("track_shipment", "get_balance") and "result" in entry:
            if set(wish.tell) <= set(entry["result"].values()):
                return at + 1
    return place or len(entries)


def _truthful(episode: Episode) -> Check:
    """The agent says no number that it was not given."""
    known = set(_POLICY_NUMBERS)
    for entry in episode.entries:
        if _says(entry, "agent"):
            invented = sorted(set(_NUMBER.findall(entry["say"])) - known)
            if invented:
                return Check(
                    name="truthful", status="fail", evidence={"expected": "known numbers", "got": invented}
                )
        elif entry["from"] == "customer":
            known.update(_NUMBER.findall(entry.get("say", "")))
        elif "result" in entry:
            known.update(_NUMBER.findall(canonical(entry["result"]).decode()))
    return Check(name="truthful", status="pass")


def _calls(episode: Episode) -> Iterator[tuple[Entry, Entry]]:
    """Yield the agent's calls, each with the answer it got."""
    entries = episode.entries
    for place, act in enumerate(entries):
        if act["from"] == "agent" and "call" in act:
            answer = next((entry for entry in entries[place + 1 : place + 3] if entry["from"] == "tool"), {})
            yield act, answer


def _says(entry: Entry, seat: str) -> bool:
    return entry["from"] == seat and "say" in entry


def _plain(wish: Wish) -> dict[str, Any]:
    return {"tool": wish.tool, "args": wish.args, "tell": list(wish.tell)}
