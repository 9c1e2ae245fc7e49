"""What the checks of a conversation look at: the log, sorted into calls and messages, and what the rules say."""

from typing import Any

import msgspec

from gristmill.envs.support.types import Wish
from gristmill.types import Entry

__all__ = ["Call", "Record", "calls_of"]


class Call(msgspec.Struct, frozen=True):
    """One call of the agent's.

    Attributes:
        at: place of the call in the log, and `answered`, that of its answer.
        result: what it gave, None where it gave an error.
        effective: whether it did what it does, known to the agent or not.
        cached: whether the result is marked as old.
    """

    at: int
    answered: int
    tool: str
    args: dict[str, Any]
    result: Any
    timed_out: bool
    effective: bool
    cached: bool

    @property
    def subject(self) -> str:
        """The order, or else the customer, it is about."""
        return str(self.args.get("order_id") or self.args.get("customer_id") or "")


class Record(msgspec.Struct, frozen=True):
    """What the checks look at.

    Attributes:
        values: the scenario's.
        wishes: what the rules say about each request.
        entries: the log.
        calls: the agent's calls.
        lines: the agent's messages, with their places in the log.
    """

    values: dict[str, Any]
    wishes: list[Wish]
    entries: list[Entry]
    calls: list[Call]
    lines: list[tuple[int, str]]


def calls_of(entries: list[Entry]) -> list[Call]:
    """Return the calls of the agent's, each with its answer and with what came of it."""
    calls = []
    for at, act in enumerate(entries):
        if act["from"] != "agent" or "call" not in act:
            continue
        kind = ""
        for place, entry in enumerate(entries[at + 1 : at + 3], at + 1):
            if entry.get("event") == "fault":
                kind = entry["kind"]
            elif entry["from"] == "tool":
                result, error = entry.get("result"), entry.get("error", "")
                cached = isinstance(result, dict) and bool(result.get("cached"))
                late, done = error == "timed out", "result" in entry or kind == "timeout-after"
                calls.append(Call(at, place, act["call"], act["args"], result, late, done, cached))
                break
            else:
                break
    return calls
