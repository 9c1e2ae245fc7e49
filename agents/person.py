"""A person in a seat: sees what the seat sees, types messages, and calls tools by name."""

from collections.abc import Callable, Sequence
from typing import Any

from gristmill.agents._schemas import parameters
from gristmill.digest import decode, encode
from gristmill.policy import Session
from gristmill.types import Act, Brief, Entry, call, say

__all__ = ["Person", "Quit"]

_HELP = (
    "Type a message, or /tools, /TOOL to call a tool, /brief to see again what you were told, /quit to leave."
)


class Quit(KeyboardInterrupt):
    """The person has left; like an interrupt, it is no fault of anyone."""


class Person:
    """A policy that asks a person; see `gristmill.policy.Policy`.

    Args:
        ask: shows a prompt and returns a line; raises EOFError at the end of the input.
        show: shows one line.
    """

    name = digest = "person"
    generation = 0
    width = 1

    def __init__(self, ask: Callable[[str], str], show: Callable[[str], None]) -> None:
        self._ask, self._show = ask, show

    def begin(self, briefs: Sequence[Brief], seeds: Sequence[int]) -> Session:
        """Tell the person what the seat is told."""
        (brief,) = briefs
        seat = _Seat(brief, self._ask, self._show)
        seat.tell()
        return seat


class _Seat:
    def __init__(self, brief: Brief, ask: Callable[[str], str], show: Callable[[str], None]) -> None:
        self._brief, self._ask, self._show = brief, ask, show
        self._tools = dict(map(parameters, brief.tools))

    def tell(self) -> None:
        """Show the instructions."""
        self._show(f"You are the {self._brief.seat}.\n{self._brief.text}\n{_HELP}")

    def act(self, rows: Sequence[int], observations: Sequence[list[Entry]]) -> list[Act]:
        for entry in observations[0]:
            self._show(_line(entry))
        while True:
            act = self._typed(self._line("> ").strip())
            if act is not None:
                return [act]

    def _typed(self, text: str) -> Act | None:
        """Return the act that was typed, or None after a command that is none."""
        if not text.startswith("/"):
            return say(text) if text else None
        name = text[1:]
        if name == "quit":
            raise Quit
        if name in self._tools:
            schema = self._tools[name]
            properties = schema.get("properties", {})
            return call(name, **{key: self._argument(key, one) for key, one in properties.items()})
        if name == "brief":
            self.tell()
        elif name == "tools":
            for tool in self._brief.tools:
                word, schema = parameters(tool)
                arguments = ", ".join(schema.get("properties", {}))
                self._show(f"/{word} ({arguments}): {tool['function'].get('description', '')}")
        else:
            self._show(
                f"Expected /tools, /brief, /quit or a tool ({', '.join(self._tools) or 'none'}), got {text}."
            )
        return None

    def _argument(self, name: str, schema: dict[str, Any]) -> Any:
        """Ask for one argument; what is no text is typed as JSON."""
        options = schema.get("enum")
        hint = f" ({'|'.join(map(str, options))})" if options else ""
        text = self._line(f"  {name}{hint}: ").strip()
        if schema.get("type", "string") == "string" or options:
            return text
        try:
            return decode(text)
        except ValueError:
            return text  # the world says what is wrong with it

    def _line(self, prompt: str) -> str:
        try:
            return self._ask(prompt)
        except EOFError:
            raise Quit from None


def _line(entry: Entry) -> str:
    """Return an entry as one line for a person."""
    for key in ("say", "result", "error"):
        if key in entry:
            value = entry[key] if isinstance(entry[key], str) else encode(entry[key]).decode()
            who = entry.get("tool", entry["from"])
            return f"{who}: {'error: ' if key == 'error' else ''}{value}"
    return encode(entry).decode()
