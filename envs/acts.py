"""Acts of dialogue: which are well formed, and how the others are recorded and answered.

A malformed act is recorded as text, `{"raw": …}`, and answered by what that text says, so that a replay of the
record is answered alike.
"""

from typing import Any

import msgspec

from gristmill.digest import decode, encode
from gristmill.types import Act

__all__ = ["MAX_TEXT", "parse"]

MAX_TEXT = 4_000  # characters of a message, bytes of a call
_MAX_DEPTH = 32  # of lists and objects within one another
_SAY, _CALL, _RAW = {"say"}, {"call", "args"}, {"raw"}  # the keys of an act
_NOT_JSON = (TypeError, ValueError, OverflowError, RecursionError, msgspec.MsgspecError)


def parse(action: Any) -> tuple[str, Act]:
    """Return an error, or an empty string, and the act as it is to be recorded."""
    try:
        data = encode(action)
        act = decode(data)
        same = bool(act == action)  # bytes, tuples and NaN come back as something else
    except _NOT_JSON:
        data, act, same = b"", None, False
    if same and isinstance(act, dict):
        keys = act.keys()
        if keys == _SAY and isinstance(act["say"], str) and len(act["say"]) <= MAX_TEXT:
            return "", act
        if keys == _CALL and isinstance(act["call"], str) and isinstance(act["args"], dict):
            # What is not written with that many brackets is not that deep.
            brackets = data.count(b"{") + data.count(b"[")
            if len(data) <= MAX_TEXT and (brackets <= _MAX_DEPTH or not _deep(act["args"])):
                return "", act
    if same:
        text = act["raw"] if _is_raw(act) else data.decode()
    else:
        text = _shown(action)
    text = text[: MAX_TEXT + 1]
    return _problem(text), {"raw": text}


def _is_raw(act: Any) -> bool:
    return isinstance(act, dict) and act.keys() == _RAW and isinstance(act["raw"], str)


def _problem(text: str) -> str:
    if len(text) > MAX_TEXT:
        return f"expected a message or a tool call of at most {MAX_TEXT} characters"
    try:
        act = decode(text)
    except _NOT_JSON:
        return "expected a message or a tool call, got text that is neither"
    if isinstance(act, dict) and act.keys() == _CALL and _deep(act["args"]):
        return f"expected arguments nested at most {_MAX_DEPTH} deep"
    return 'expected {"say": text} or {"call": tool, "args": {…}}'


def _deep(value: Any, left: int = _MAX_DEPTH) -> bool:
    """Return whether lists and objects lie more than `left` deep in one another."""
    if isinstance(value, dict):
        value = list(value.values())
    return isinstance(value, list) and (left == 0 or any(_deep(one, left - 1) for one in value))


def _shown(value: Any) -> str:
    """Return the beginning of what `value` looks like, whatever it is."""
    try:
        return repr(value)[:200].encode(errors="replace").decode()
    except Exception:  # noqa: BLE001  # repr runs code of the value's, and may raise anything
        return f"<{type(value).__name__}>"
