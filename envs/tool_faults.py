"""Faults of tools: what a scenario has in store for calls, and which call each of them strikes."""

from collections.abc import Iterable
from copy import copy
from typing import Any

import msgspec

from gristmill.envs.tools import Tool

__all__ = ["NOTES", "REPLIES", "UNDONE", "FaultPlan", "ToolFault"]

# What is answered in place of a result.
REPLIES = {
    "outage": "unavailable",
    "rate-limit": "rate limited, try again",
    "timeout-after": "timed out",
    "timeout-before": "timed out",
}
UNDONE = {"outage", "rate-limit", "timeout-before"}  # of which the tool learns nothing
NOTES = {"injection", "note"}  # which put words into a result


class ToolFault(msgspec.Struct):
    """A fault that a scenario has in store for a tool.

    Attributes:
        kind: `timeout-before` (nothing was done), `timeout-after` (it was done), `stale-read`, `rate-limit`, `outage`
            (nothing was done), `injection` (a text in the result that gives orders) or `note` (one that gives none).
        tool: name of the tool, or of several; or `read` or `write` for any tool of that sort.
        nth: it strikes from the nth such call on, counted from 1.
        calls: how many of them it strikes.
        args: arguments of the calls that it strikes; those of a call that are not named here may be any.
        text: what an `injection` or a `note` adds to a result, an object, as its `note`.
    """

    kind: str
    tool: str | tuple[str, ...]
    nth: int = 1
    calls: int = 1
    args: dict[str, Any] = {}
    text: str = ""

    def fits(self, tool: Tool, args: dict[str, Any]) -> bool:
        """Return whether a call is one of those that count."""
        if tool.ends or tool.public:
            return False
        names = (self.tool,) if isinstance(self.tool, str) else self.tool
        sort = "write" if tool.mutates else "read"
        return (tool.name in names or sort in names) and self.args.items() <= args.items()


class FaultPlan:
    """The faults that are still to come in an episode."""

    def __init__(self, faults: Iterable[ToolFault] = ()) -> None:
        self._waiting = [copy(fault) for fault in faults]  # which are counted down

    def strike(self, tool: Tool, args: dict[str, Any]) -> ToolFault | None:
        """Return the fault that strikes this call, counting it off for the others."""
        struck = None
        for fault in list(self._waiting):
            if not fault.fits(tool, args):
                continue
            fault.nth -= 1
            if fault.nth <= 0 and struck is None:
                struck = fault
                fault.calls -= 1
                if not fault.calls:
                    self._waiting.remove(fault)
        return struck

    def spare(self, fault: ToolFault) -> None:
        """Have a fault that could not strike wait for the next such call."""
        if not fault.calls:
            self._waiting.append(fault)
        fault.nth, fault.calls = 1, fault.calls + 1
