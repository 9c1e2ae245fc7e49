"""A person in a seat: sees what the seat sees, types messages, and calls tools by name."""

import shlex
from collections.abc import Callable, Sequence
from typing import Any

from gristmill.agents._schemas import parameters
from gristmill.digest import decode
from gristmill.policy import Session
from gristmill.reading import line, printable
from gristmill.types import Act, Brief, Entry, call, say

__all__ = ["Person", "Quit"]

_HELP = "Type a message, or /tools, /TOOL or /TOOL NAME=VALUE … to call a tool, /brief to see again what you were told, /quit to leave."


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
        self._show(printable(f"You are the {self._brief.seat}.\n{self._brief.text}\n{_HELP}"))

    def act(self, rows: Sequence[int], observations: Sequence[list[Entry]]) -> list[Act]:
        for entry in observations[0]:
            self._show(line(entry))
        while True:
            act = self._typed(self._line("> ").strip())
            if act is not None:
                return [act]

    def _typed(self, text: str) -> Act | None:
        """Return the act that was typed, or None after a command that is none."""
        if not text.startswith("/"):
            return say(text) if text else None
        name, _, given = text[1:].partition(" ")
        if name == "quit":
            raise Quit
        if name in self._tools:
            return self._call(name, given)
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

    def _call(self, name: str, given: str) -> Act | None:
        """Return the call of a tool; every argument is asked for if none is given, else those it cannot do without."""
        schema = self._tools[name]
        properties = schema.get("properties", {})
        try:
            pairs = [word.partition("=") for word in shlex.split(given)]
        except ValueError:  # a quote that is not closed
            pairs = [(given, "", "")]
        if any(not sign or key not in properties for key, sign, _ in pairs):
            takes = " ".join(f"{key}=…" for key in properties)
            self._show(
                f"Expected /{name} {takes}, with quotes around what has blanks, or /{name} alone, got {given}."
            )
            return None
        typed = {key: _value(text, properties[key]) for key, _, text in pairs}
        wanted = schema.get("required", ()) if typed else properties
        asked = {key: self._argument(key, properties[key]) for key in wanted if key not in typed}
        return call(name, **{key: (typed | asked)[key] for key in properties if key in typed | asked})

    def _argument(self, name: str, schema: dict[str, Any]) -> Any:
        """Ask for one argument."""
        options = schema.get("enum")
        hint = f" ({'|'.join(map(str, options))})" if options else ""
        return _value(self._line(f"  {name}{hint}: ").strip(), schema)

    def _line(self, prompt: str) -> str:
        try:
            return self._ask(prompt)
        except EOFError:
            raise Quit from None


def _value(text: str, schema: dict[str, Any]) -> Any:
    """Return what was typed as an argument; what is no text is typed as JSON."""
    if schema.get("type", "string") == "string" or "enum" in schema:
        return text
    try:
        return decode(text)
    except ValueError:
        return text  # the world says what is wrong with it
