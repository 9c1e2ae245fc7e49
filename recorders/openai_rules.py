"""The rules of OpenAI's chat fine-tuning format with tools, checked line by line.

Written from the format's description, apart from the exporter, so that one does not excuse the other.
Source: OpenAI, "Supervised fine-tuning" (platform guide) and "Data preparation and analysis for chat model
fine-tuning" (Cookbook).
"""

import re
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import msgspec

from gristmill.digest import decode

__all__ = ["MIN_LINES", "Offence", "check_line", "check_lines"]

MIN_LINES = 10  # the fewest examples of a fine-tuning job
MAX_TOOLS = 128
_NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}")
_KEYS = {
    "system": {"role", "content", "name"},
    "developer": {"role", "content", "name"},
    "user": {"role", "content", "name"},
    "assistant": {"role", "content", "name", "tool_calls", "weight"},
    "tool": {"role", "content", "tool_call_id"},
}


class Offence(NamedTuple):
    """A rule that a line breaks; lines count from 1, and 0 is the whole file."""

    line: int
    message: str


def check_lines(lines: Iterable[bytes | str]) -> list[Offence]:
    """Return every offence of a file, given as its lines."""
    offences: list[Offence] = []
    number = 0
    for number, line in enumerate(lines, 1):
        try:
            row = decode(line)
        except (msgspec.DecodeError, UnicodeError) as error:
            offences.append(Offence(number, f"expected JSON: {error}"))
            continue
        offences += [Offence(number, message) for message in check_line(row)]
    if number < MIN_LINES:
        offences.append(Offence(0, f"expected at least {MIN_LINES} lines, got {number}"))
    return offences


def check_line(row: Any) -> list[str]:
    """Return what is wrong with one decoded line."""
    if not isinstance(row, dict):
        return [f"expected an object, got {type(row).__name__}"]
    found = [f"unknown key {key!r}" for key in row if key not in ("messages", "tools", "parallel_tool_calls")]
    names: set[str] = set()
    if "tools" in row:
        found += _check_tools(row["tools"], names)
    if "parallel_tool_calls" in row:
        if "tools" not in row:
            found.append("parallel_tool_calls without tools")
        if not isinstance(row["parallel_tool_calls"], bool):
            found.append("parallel_tool_calls is not true or false")
    messages = row.get("messages")
    if not isinstance(messages, list) or not messages:
        return [*found, "expected a list of messages"]
    for place, message in enumerate(messages):
        found += [f"message {place}: {text}" for text in _check_message(message, place, names)]
    if all(isinstance(message, dict) for message in messages):
        found += _check_pairs(messages, parallel=row.get("parallel_tool_calls", True) is not False)
        if not any(one.get("role") == "assistant" and one.get("weight", 1) == 1 for one in messages):
            found.append("no assistant message to learn from")
    return found


def _check_tools(tools: Any, names: set[str]) -> Iterator[str]:
    if not isinstance(tools, list) or not 0 < len(tools) <= MAX_TOOLS:
        yield f"expected a list of 1 to {MAX_TOOLS} tools"
        return
    for place, tool in enumerate(tools):
        function = tool.get("function") if isinstance(tool, dict) and tool.get("type") == "function" else None
        name = function.get("name") if isinstance(function, dict) else None
        if not isinstance(function, dict) or not isinstance(name, str) or not _NAME.fullmatch(name):
            yield f"tool {place}: expected a function with a name of up to 64 letters, digits, '_' and '-'"
            continue
        if name in names:
            yield f"tool {place}: {name!r} is listed twice"
        names.add(name)
        parameters = function.get("parameters", {"type": "object"})
        if not isinstance(parameters, dict) or parameters.get("type") != "object":
            yield f"tool {place}: expected parameters as a JSON Schema of an object"


def _check_message(message: Any, place: int, tools: set[str]) -> Iterator[str]:
    role = message.get("role") if isinstance(message, dict) else None
    if not isinstance(role, str) or role not in _KEYS:
        yield f"expected a role among {', '.join(_KEYS)}, got {role!r}"
        return
    if unknown := sorted(set(message) - _KEYS[role]):
        yield f"unknown keys {unknown} of a message of {role}"
    if role in ("system", "developer") and place > 0:
        yield f"a message of {role} may only come first"
    content = message.get("content")
    if content is not None and not isinstance(content, str):
        yield "content is not a text"
    elif (
        not content
        and not (role == "tool" and content == "")
        and not (role == "assistant" and "tool_calls" in message)
    ):
        yield "no content"
    if "weight" in message and (isinstance(message["weight"], bool) or message["weight"] not in (0, 1)):
        yield f"expected a weight of 0 or 1, got {message['weight']!r}"
    if role == "tool" and not isinstance(message.get("tool_call_id"), str):
        yield "a message of a tool without tool_call_id"
    if "tool_calls" in message:
        yield from _check_calls(message["tool_calls"], tools)


def _check_calls(calls: Any, tools: set[str]) -> Iterator[str]:
    if not isinstance(calls, list) or not calls:
        yield "expected a list of tool calls"
        return
    for call in calls:
        function = call.get("function") if isinstance(call, dict) and call.get("type") == "function" else None
        if not isinstance(function, dict) or not isinstance(call.get("id"), str) or not call["id"]:
            yield "expected a tool call with an id, the type function and a function"
            continue
        if function.get("name") not in tools:
            yield f"calls {function.get('name')!r}, which is not among the tools"
        try:
            arguments = decode(function["arguments"])
        except (msgspec.DecodeError, TypeError, KeyError):
            arguments = None
        if not isinstance(function.get("arguments"), str) or not isinstance(arguments, dict):
            yield "expected arguments as a string that holds a JSON object"


def _check_pairs(messages: list[dict[str, Any]], *, parallel: bool) -> Iterator[str]:
    """Every call has one answer, right after it; only calls in the last message may go without."""
    used: set[str] = set()
    open_calls: list[str] = []
    for place, message in enumerate(messages):
        if message.get("role") == "tool":
            name = message.get("tool_call_id")
            if name in open_calls:
                open_calls.remove(name)
            else:
                yield f"message {place}: answers {name!r}, which no open call has as its id"
            continue
        if open_calls:
            yield f"message {place}: follows calls without an answer: {open_calls}"
        calls = message.get("tool_calls") or []
        names = (
            [str(one.get("id")) for one in calls if isinstance(one, dict)] if isinstance(calls, list) else []
        )
        if len(names) > 1 and not parallel:
            yield f"message {place}: {len(names)} calls at once, but parallel_tool_calls is false"
        for name in names:
            if name in used:
                yield f"message {place}: the id {name!r} is used twice"
            used.add(name)
        open_calls = names
