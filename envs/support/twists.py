"""What makes a conversation harder: what a scenario has in store, and what of it came to pass.

What a tool did stands in the log as a hidden event; what a customer did, as what it said; what the records show, as a
result that the agent was given. A twist that nobody met has not fired.
"""

import re
from collections.abc import Callable
from typing import Any

from gristmill.envs.support import briefing, rare
from gristmill.envs.support.record import Call, calls_of
from gristmill.envs.support.script import raises
from gristmill.types import Entry, Episode

__all__ = ["TWISTS", "fired", "planned"]

_STATED = {
    "recently": re.compile(r"\bother (day|week)\b|\bfew days\b|\bnot long ago\b|\brecently\b"),
    "long ago": re.compile(r"\bmonths\b"),
    "not yet": re.compile(r"\byet\b|\bwaiting\b"),
    "card": re.compile(r"\bpaid\b[^.]*(?<!gift )\bcard\b"),
    "gift card": re.compile(r"\bpaid\b[^.]*\bgift card\b"),
}
_AGAIN = re.compile(r"\b(again|once more|anew|a second time)\b")


def planned(values: dict[str, Any]) -> tuple[str, ...]:
    """Return the names of all that a scenario has in store, sorted."""
    told = briefing.facts(values)
    found = {values["fault"]} - {"none"}
    found |= {name for name in ("impostor", "alert") if values.get(name)}
    if values["zip_slip"] and not values["impostor"]:
        found.add("zip_slip")
    if rare.is_takeover(values):
        found.add("takeover")
    if "first_wish" in told:
        found.add("second_thoughts")
    for request, known in zip(values["requests"], told["requests"], strict=True):
        if request.get("owner") == "other":
            found.add("not_owner")
        elif request.get("fraud"):
            found.add("refunded-before" if request["intent"] == "refund" else "delivered")
        if len(known.get("orders", [])) > 1:
            found.add("order_slip")
        if "story" in known:
            found.add(f"changed-{request['story']}")
        if "denies" in known:
            found.add("denial")
    return tuple(sorted(found))


def fired(episode: Episode) -> tuple[str, ...]:
    """Return which of what was in store came to pass, sorted."""
    log = _Log(episode)
    return tuple(name for name in planned(episode.scenario.values) if _SHOWN[name](log))


class _Log:
    """What the record of an episode shows.

    Attributes:
        values: the scenario's.
        struck: kinds of the faults of tools, in order.
        lines: what the customer said, with the places in the log, in lower case.
        said: all of it.
        calls: the agent's.
    """

    def __init__(self, episode: Episode) -> None:
        entries: list[Entry] = episode.entries
        self.values = episode.scenario.values
        self.struck = [entry["kind"] for entry in entries if entry.get("event") == "fault"]
        self.lines = [
            (at, entry["say"].lower())
            for at, entry in enumerate(entries)
            if entry["from"] == "customer" and "say" in entry
        ]
        self.said = " ".join(line for _, line in self.lines)
        self.calls = calls_of(entries)

    def slipped(self) -> bool:
        return self.values["wrong_zip"] in self.said

    def alerted(self) -> bool:
        return any(call.tool == "find_customer" and "alert" in (call.result or {}) for call in self.calls)

    def thought_again(self) -> bool:
        return bool(self.lines) and raises(self.values["first_wish"], self.lines[0][1])

    def wrong_order(self) -> bool:
        return any(
            request["wrong_order"].lower() in self.said
            for request in self.values["requests"]
            if request.get("order_slip")
        )

    def another_owner(self) -> bool:
        return any(view["customer_id"] != self.values["customer_id"] for _, view in self._views())

    def refunded_before(self) -> bool:
        for call, view in self._views():
            shown = any(row.get("state") == "refunded" for row in view["items"])
            if shown and not self._changed(call.subject, before=call.at):
                return True
        return False

    def was_delivered(self) -> bool:
        lost = {one["order_id"] for one in self.values["requests"] if one["intent"] == "lost"}
        return any(call.subject in lost and view["status"] == "delivered" for call, view in self._views())

    def told_twice(self) -> bool:
        stories = [
            request["story"] for request in briefing.facts(self.values)["requests"] if "story" in request
        ]
        return any(all(_STATED[one].search(self.said) for one in story) for story in stories)

    def denied(self) -> bool:
        orders = [one["order_id"] for one in self.values["requests"] if one.get("denies")]
        return any(
            _AGAIN.search(line) and any(self._changed(order, before=at) for order in orders)
            for at, line in self.lines
        )

    def _views(self) -> list[tuple[Call, dict[str, Any]]]:
        return [(call, call.result) for call in self.calls if call.tool == "get_order" and call.result]

    def _changed(self, order: str, *, before: int) -> bool:
        changes = ("cancel_item", "exchange_item", "refund_item")
        return any(
            call.tool in changes and call.subject == order and call.effective and call.at < before
            for call in self.calls
        )


def _struck(kind: str) -> Callable[[_Log], bool]:
    return lambda log: kind in log.struck


_SHOWN: dict[str, Callable[[_Log], bool]] = {
    **{kind: _struck(kind) for kind in rare.FAULTS if kind != "timeouts"},
    "timeouts": lambda log: sum(kind.startswith("timeout") for kind in log.struck) > 1,
    "impostor": _Log.slipped,
    "zip_slip": _Log.slipped,
    "alert": _Log.alerted,
    "takeover": lambda log: log.slipped() and log.alerted(),
    "second_thoughts": _Log.thought_again,
    "order_slip": _Log.wrong_order,
    "not_owner": _Log.another_owner,
    "refunded-before": _Log.refunded_before,
    "delivered": _Log.was_delivered,
    "changed-date": _Log.told_twice,
    "changed-method": _Log.told_twice,
    "denial": _Log.denied,
}
TWISTS = tuple(_SHOWN)
