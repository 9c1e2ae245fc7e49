"""Messages of a chat back into what the seat saw: the way that `gristmill.chat` goes, the other way round.

A model that is asked through chat completions thus reads the tokens that it would read in its own seat. What the
messages do not tell apart is read as the more frequent case: a tool's answer that spells JSON is that value.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from gristmill.chat import UNREADABLE
from gristmill.digest import decode
from gristmill.errors import UsageError
from gristmill.types import Entry, call, raw, say

__all__ = ["Message", "entries_of", "instructions"]


class _Function(msgspec.Struct, frozen=True):
    name: str
    arguments: str = "{}"


class _Call(msgspec.Struct, frozen=True):
    id: str
    function: _Function


class _Part(msgspec.Struct, frozen=True):
    type: str
    text: str = ""


class Message(msgspec.Struct, frozen=True):
    """One message of a request.

    Attributes:
        name: of a user message, the seat that speaks, where there are several.
    """

    role: str
    content: str | list[_Part] | None = None
    name: str = ""
    tool_calls: list[_Call] | None = None
    tool_call_id: str = ""

    def text(self) -> str:
        """Return the content.

        Raises:
            UsageError: when it is more than text.
        """
        if isinstance(self.content, list):
            if other := [part.type for part in self.content if part.type not in ("text", "refusal")]:
                raise UsageError(
                    f"Expected content of text, got {other[0]!r}; this model reads nothing else."
                )
            return "".join(part.text for part in self.content)
        return self.content or ""


def instructions(messages: Sequence[Message]) -> str:
    """Return what the system says."""
    return "\n\n".join(one.text() for one in messages if one.role in ("system", "developer"))


def entries_of(messages: Sequence[Message], seat: str, other: str, tools: frozenset[str]) -> list[Entry]:
    """Return the entries that a seat saw and made.

    Args:
        messages: the chat, the seat as its assistant.
        seat: the seat.
        other: who speaks in user messages that name nobody.
        tools: those of the chat; a user message `offer {"price":1200}` is a call if it begins with one of them.

    Raises:
        UsageError: when the messages are no chat.
    """
    entries: list[Entry] = []
    rest = iter([*messages, None])
    message = next(rest)
    while message is not None:
        following = next(rest)
        match message.role:
            case "system" | "developer":
                pass
            case "user":
                _hear(entries, message, seat, other, tools)
            case "assistant":
                answers: dict[str, str] = {}
                while following is not None and following.role == "tool":
                    answers[following.tool_call_id] = following.text()
                    following = next(rest)
                entries += _acts(message, seat, answers)
            case "tool":
                raise UsageError("Expected messages of role 'tool' only behind an assistant's tool calls.")
            case role:
                raise UsageError(
                    f"Expected a role among system, developer, user, assistant and tool, got {role!r}."
                )
        message = following
    return entries


def _hear(entries: list[Entry], message: Message, seat: str, other: str, tools: frozenset[str]) -> None:
    """Add what a user message tells."""
    text = message.text()
    value = _json(text)
    if _is_error(value) and entries and entries[-1]["from"] == seat:
        entries[-1] = {"from": seat, **_refused(entries[-1])}
        entries.append({"from": "world", **value})
        return
    name, _, given = text.partition(" ")
    args = _json(given) if name in tools else None
    act = call(name, **args) if isinstance(args, dict) else say(text)
    entries.append({"from": message.name or other, **act})


def _refused(entry: Entry) -> Entry:
    """Return the act that was refused, given how a chat writes it."""
    if "say" not in entry:
        return {key: value for key, value in entry.items() if key != "from"}
    text = entry["say"]
    value = _json(text)
    if isinstance(value, dict) and value.keys() == {"call", "args"}:
        return value
    return raw("" if text == UNREADABLE else text)


def _acts(message: Message, seat: str, answers: dict[str, str]) -> Iterator[Entry]:
    """Yield what an assistant's message does, each call before its answer."""
    if text := message.text():
        yield {"from": seat, **say(text)}
    for one in message.tool_calls or ():
        args = _json(one.function.arguments or "{}")
        if not isinstance(args, dict):
            yield {"from": seat, **raw(f"{one.function.name}{one.function.arguments}")}
        else:
            yield {"from": seat, "call": one.function.name, "args": args}
        if content := answers.pop(one.id, ""):
            yield {"from": "tool", "tool": one.function.name, **_answer(content)}
    if answers:
        raise UsageError(f"Expected the tool_call_id of a call right before it, got {next(iter(answers))!r}.")


def _answer(content: str) -> Entry:
    value = _json(content)
    return value if _is_error(value) else {"result": content if value is _NOTHING else value}


def _is_error(value: Any) -> bool:
    return isinstance(value, dict) and value.keys() == {"error"} and isinstance(value["error"], str)


_NOTHING = object()  # which JSON cannot say


def _json(text: str) -> Any:
    try:
        return decode(text)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return _NOTHING
