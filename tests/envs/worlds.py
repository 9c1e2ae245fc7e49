"""A small dialogue world for tests: a counter that two seats talk about."""

from typing import Any, Literal

from gristmill.envs.dialogue import DialogueWorld, ToolFault, expect
from gristmill.envs.tools import tool
from gristmill.errors import ToolError
from gristmill.generators.fields import Choice, Integer
from gristmill.generators.space import Space
from gristmill.types import Check, Episode


class Counter(DialogueWorld):
    """Bring the counter to the goal."""

    id = "test/counter-v0"
    space = Space(
        goal=Integer(1, 9),
        fault=Choice(("none", "timeout-before", "timeout-after", "stale-read", "rate-limit")),
    )
    max_acts = 12

    def setup(self, values: dict[str, Any]) -> None:
        self.count = 0

    def state(self) -> Any:
        return {"count": self.count}

    def checks(self, episode: Episode) -> list[Check]:
        return [expect("count", episode.scenario.values["goal"], episode.state["count"])]

    def instruct(self, seat: str, values: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        return f"You are the {seat}.", {"goal": values["goal"]} if seat == "customer" else {}

    def faults(self, values: dict[str, Any]) -> list[ToolFault]:
        kind = values["fault"]
        return [] if kind == "none" else [ToolFault(kind, "read" if kind == "stale-read" else "add", 2)]

    def stale(self, name: str, args: dict[str, Any], result: Any) -> Any:
        return 0

    @tool
    def look(self) -> int:
        """Read the counter."""
        return self.count

    @tool(mutates=True)
    def add(self, by: int, *, how: Literal["up", "down"] = "up", note: str | None = None) -> int:
        """Change the counter."""
        if by > 9:
            raise ToolError("too much")
        self.count += by if how == "up" else -by
        return self.count

    @tool(seat="customer", ends=True)
    def leave(self) -> None:
        """End the conversation."""


class Stall(DialogueWorld):
    """Name a number that the other takes; both have the same tools, and both see them used."""

    id = "test/stall-v0"
    seats = ("left", "right")
    space = Space(patience=Integer(2, 9))
    max_acts = 12

    def setup(self, values: dict[str, Any]) -> None:
        self.named: list[int] = []

    def state(self) -> Any:
        return {"named": self.named}

    def checks(self, episode: Episode) -> list[Check]:
        return [expect("named", True, bool(episode.state["named"]))]

    def over(self) -> bool:
        return self.turns >= int(self._values()["patience"])

    @tool(seat="*", mutates=True, public=True)
    def name(self, number: int) -> None:
        """Name a number."""
        if number < 0:
            raise ToolError("too little")
        self.named.append(number)

    @tool(seat="*", public=True)
    def count(self) -> int:
        """Say how many were named."""
        return len(self.named)

    @tool(seat="*", public=True, ends=True)
    def take(self) -> None:
        """Take the last number."""
        if not self.named:
            raise ToolError("nothing was named")

    @tool(seat="left")
    def peek(self) -> int:
        """See how many were named."""
        return len(self.named)
