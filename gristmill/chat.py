"""What one seat saw of a dialogue as chat messages: the seat is the assistant, whatever it saw is the rest.

The brief is the system message, what others said are user messages, answers of tools are tool messages of the call
they answer. What another seat called where everybody sees it is a user message too: `offer {"price":1200}`. An act
that was refused (it did not parse, or its arguments did not fit) stays, because the next one only makes sense after
it, but has weight 0: nobody should learn to make it. An error that answers no call is a user message, since a tool
message must have one.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from gristmill.digest import encode
from gristmill.types import Brief, Entry

__all__ = ["UNREADABLE", "Message", "conversation", "weighted"]

Message = dict[str, Any]
UNREADABLE = "…"  # stands for an act without any text, which no chat format allows


def weighted(seen: Iterable[Entry], seat: str) -> list[Entry]:
    """Return the entries that `seat` saw, its acts that the world refused with `"weight": 0`."""
    entries: list[Entry] = []
    for entry in seen:
        refusal = "error" in entry and (entry.get("from") == "world" or entry.get("refused"))
        if refusal and entries and entries[-1].get("from") == seat:
            entries[-1] = entries[-1] | {"weight": 0}
        entries.append({key: value for key, value in entry.items() if key != "to"})
    return entries


def conversation(seen: Sequence[Entry], seat: str, brief: Brief) -> list[Message]:
    """Return the messages of a dialogue with `seat` as the assistant.

    Args:
        seen: the entries that the seat could see, its own acts included, in order; its refused acts have weight 0.
        seat: the assistant.
        brief: what it was told.
    """
    chat = _Chat({tool["function"]["name"] for tool in brief.tools})
    if brief.text:
        chat.messages.append({"role": "system", "content": brief.text})
    for entry in seen:
        if entry.get("from") == seat:
            chat.act(entry)
        elif "call" in entry:
            chat.heard(f"{entry['call']} {_text(entry.get('args', {}))}")
        elif "tool" in entry or "error" in entry:
            chat.answer(entry)
        else:
            chat.heard(entry["say"] if "say" in entry else _text(entry))
    return chat.messages


class _Chat:
    """The messages so far, and the calls among them that wait for their answer."""

    def __init__(self, tools: set[str]) -> None:
        self.messages: list[Message] = []
        self._tools = tools
        self._waiting: list[tuple[str, str]] = []  # id and tool
        self._calls = 0

    def act(self, entry: Entry) -> None:
        """Add what the seat did."""
        self._settle()
        if "call" in entry and (entry["call"] in self._tools or entry.get("weight", 1)):
            self._calls += 1
            name = f"call{self._calls:05}"  # nine letters and digits, the strictest form that chat templates ask for
            function = {"name": entry["call"], "arguments": encode(entry.get("args", {})).decode()}
            message: Message = {
                "role": "assistant",
                "tool_calls": [{"id": name, "type": "function", "function": function}],
            }
            self._waiting.append((name, entry["call"]))
        else:
            # A refused call of a tool that does not exist is text, because formats allow only calls of listed tools.
            text = _text({key: entry[key] for key in ("call", "args")}) if "call" in entry else ""
            content = text or entry.get("say") or entry.get("raw") or UNREADABLE
            message = {"role": "assistant", "content": content}
        if "weight" in entry:
            message["weight"] = entry["weight"]
        self.messages.append(message)

    def answer(self, entry: Entry) -> None:
        """Add the answer of a tool, or of the world, to the call that waits for it."""
        tool = entry.get("tool")
        content = _text({key: entry[key] for key in ("error",) if key in entry} or entry.get("result"))
        match = next((one for one in self._waiting if tool in (None, one[1])), None)
        if match is None:
            self.heard(content)
        else:
            self._waiting.remove(match)
            self.messages.append({"role": "tool", "tool_call_id": match[0], "content": content})

    def heard(self, content: str) -> None:
        """Add what somebody else said."""
        self._settle()
        self.messages.append({"role": "user", "content": content})

    def _settle(self) -> None:
        """Answer the calls that nobody answered, before anything else can follow."""
        for name, _ in self._waiting:
            self.messages.append({"role": "tool", "tool_call_id": name, "content": ""})
        self._waiting.clear()


def _text(value: Any) -> str:
    return value if isinstance(value, str) else encode(value).decode()
