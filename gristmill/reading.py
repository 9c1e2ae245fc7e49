"""Entries of a transcript as lines that a person reads in a terminal."""

import re
from typing import Any

from gristmill.digest import encode
from gristmill.types import Entry

__all__ = ["brief", "line", "printable", "worded"]

_SHOWN = {"from", "to", "say", "call", "args", "raw", "tool", "result", "error", "refused", "event"}
_FEW = 16  # numbers in a row that are still read
_MANY, _ENDS = 16, 3  # numbers that a list may have before it is cut, and what is left of it on each side
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")


def line(entry: Entry) -> str:
    """Return an entry on one line, who it is from in a column of its own; more lines only where more were said."""
    words = _words(entry)
    if rest := {key: value for key, value in entry.items() if key not in _SHOWN}:
        words = f"{words} {_named(rest)}".lstrip()
    hidden = " (hidden from every seat)" if entry.get("to") == [] else ""
    return printable(f"{entry['from']:>10}: {words}{hidden}").replace("\n", f"\n{'':12}")


def printable(text: str) -> str:
    """Return `text` without what would steer a terminal, or cannot be written at all."""
    return _UNPRINTABLE.sub(lambda found: ascii(found[0])[1:-1], text)


def worded(value: Any) -> str:
    """Return plain data on one line: words as they are, anything else as JSON."""
    return value if isinstance(value, str) else _json(value)


def brief(value: Any) -> Any:
    """Return plain data for people who do not calculate with it: four digits of a number, the ends of a long list of them."""
    if isinstance(value, float):
        return float(f"{value:.4g}")
    if isinstance(value, dict):
        return {key: brief(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        if len(value) > _MANY and all(isinstance(one, int | float) for one in value):
            return [*map(brief, value[:_ENDS]), f"… {len(value)} numbers …", *map(brief, value[-_ENDS:])]
        return [brief(one) for one in value]
    return value


def _words(entry: Entry) -> str:
    if "say" in entry:
        return str(entry["say"])
    if "call" in entry:
        return f"{entry['call']}({_named(entry.get('args', {}), ', ')})"
    if "raw" in entry:
        return f"what could not be parsed: {entry['raw']}"
    of = f"{entry['tool']}: " if "tool" in entry and "event" not in entry else ""
    if "error" in entry:
        return f"{of}{'refused' if entry.get('refused') else 'error'}: {entry['error']}"
    if "result" in entry:
        return f"{of}{worded(entry['result'])}"
    about = f" of {entry['tool']}" if "tool" in entry else ""
    return f"{entry.get('event', '')}{about}"


def _named(values: Any, between: str = " ") -> str:
    if not isinstance(values, dict):
        return _json(values)
    return between.join(f"{name}={_json(value)}" for name, value in values.items())


def _json(value: Any) -> str:
    """Return `value` as JSON, long rows of numbers by their count.

    Half a surrogate pair, which JSON cannot say, stands as Python writes it.
    """
    if isinstance(value, list) and len(value) > _FEW and all(isinstance(one, int | float) for one in value):
        return f"[{len(value)} numbers]"
    try:
        return encode(value).decode()
    except UnicodeEncodeError:
        return ascii(value)
