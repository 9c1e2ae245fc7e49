"""Whether a reply answers a task: the last thing of the asked kind that it says is its answer, or the calls it makes.

What is asked for stands in the task as data, its `check`:

    {"kind": "number", "answer": "42.5"}                   as exact as it is written
    {"kind": "exact", "answer": "7/3", "unit": "hours"}    as a fraction or with all decimals; in no other unit
    {"kind": "solutions", "answer": "x = -4 or x = 5"}     all of them; or "x = 4, y = -1"
    {"kind": "text", "answer": "olleh"}                    the last words of the last line
    {"kind": "option", "answer": "Tuesday", "options": …}  the last option that is named
    {"kind": "list", "answer": ["figs", "pears"]}          in this order
    {"kind": "date", "answer": "2025-03-04"}               however it is written
    {"kind": "time", "answer": "14:05"}                    with or without am and pm
    {"kind": "calls", "calls": [{"name": …, "arguments": …}]}   in any order
    {"kind": "ask", "about": ["date"]}                     a question with one of the words, and no call
    {"kind": "no-call"}                                    some words, and no call
"""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

from gristmill.digest import canonical
from gristmill.errors import unknown
from gristmill.generators.answers._exact import exact, solutions
from gristmill.nested import mapped_texts
from gristmill.types import Check

__all__ = ["MONTHS", "judge"]

MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip
_NUMBER = re.compile(r"(?<![\w.])-?\d+(?:,\d{3})*(?:\.\d+)?(?![\w]*\d)")
_ISO = re.compile(r"\b(\d{4})-(\d\d?)-(\d\d?)\b")
_NAMED = "|".join(f"{month[:3]}(?:{month[3:]})?" for month in MONTHS)
_DAY_FIRST = re.compile(rf"\b(\d\d?)(?:st|nd|rd|th)?(?: of)? ({_NAMED}),? (\d{{4}})\b", re.IGNORECASE)
_MONTH_FIRST = re.compile(rf"\b({_NAMED}) (\d\d?)(?:st|nd|rd|th)?,? (\d{{4}})\b", re.IGNORECASE)
_TIME = re.compile(r"\b(\d\d?):(\d\d)(?:\s*([ap])\.?m\b)?", re.IGNORECASE)
_EDGES = " \t\n.,;:!?\"'`*_“”‘’()[]"


def judge(check: Mapping[str, Any], reply: str, calls: Sequence[Mapping[str, Any]] = ()) -> Check:
    """Return whether a reply answers a task, with what was expected and what was got.

    Args:
        check: of the task, see above.
        reply: what was said.
        calls: of tools, each with `name` and `arguments`.

    Raises:
        UsageError: when the check is of no known kind.
    """
    kind = str(check.get("kind"))
    if kind == "calls":
        expected: Any = sorted(map(_plain_call, check["calls"]))
        got: Any = sorted(map(_plain_call, calls))
        return _found(kind, expected == got, list(check["calls"]), list(calls))
    if kind not in _READERS and kind not in ("ask", "no-call"):
        raise unknown("kind of check", kind, {*_READERS, "calls", "ask", "no-call"})
    if calls:
        return _found(kind, False, "no call", list(calls))
    if kind == "ask":
        words = re.findall(r"\w+", reply.casefold())
        asked = "?" in reply and any(word.casefold() in words for word in check["about"])
        return _found(kind, asked, f"a question about {' or '.join(check['about'])}", reply)
    if kind == "no-call":
        return _found(kind, bool(reply.strip()), "a reply in words", reply)
    expected, got = _READERS[kind](check, _wanted(check)), _READERS[kind](check, reply)
    return _found(kind, expected == got and expected is not None, check["answer"], got)


def _found(kind: str, passed: bool, expected: Any, got: Any) -> Check:
    got = str(got) if isinstance(got, Decimal | Fraction) else got
    return Check(name=kind, status="pass" if passed else "fail", evidence={"expected": expected, "got": got})


def _wanted(check: Mapping[str, Any]) -> str:
    answer = check["answer"]
    return ", ".join(answer) if isinstance(answer, list) else str(answer)


# Each reads the answer out of a text, the same way from the one that is right and the one that is judged.


def _number(check: Mapping[str, Any], text: str) -> Decimal | None:
    """Return the last number, rounded as the answer is written: 3.1416 answers 3.14, and 3 does not."""
    found = _NUMBER.findall(text.replace("−", "-"))
    if not found:
        return None
    digits = Decimal(str(check["answer"]).replace(",", "")).as_tuple().exponent
    value = Decimal(found[-1].replace(",", ""))
    return value.quantize(Decimal(1).scaleb(min(int(digits), 0)))


def _text(check: Mapping[str, Any], text: str) -> list[str]:
    """Return as many of the last words as the answer has."""
    size = len(_words(str(check["answer"])))
    lines = [line for line in text.splitlines() if line.strip(_EDGES)]
    return _words(lines[-1])[-size:] if lines else []


def _option(check: Mapping[str, Any], text: str) -> str | None:
    names = sorted(map(str, check["options"]), key=len, reverse=True)
    found = re.findall(rf"(?<!\w)({'|'.join(map(re.escape, names))})(?!\w)", text, re.IGNORECASE)
    return found[-1].casefold() if found else None


def _list(check: Mapping[str, Any], text: str) -> list[str]:
    """Return the items after the last colon, or of the last line, between commas or on lines of their own."""
    size = len(check["answer"])
    lines = [line for line in text.splitlines() if line.strip(_EDGES)]
    one = lines[-1].rpartition(": ")[2] if lines else ""
    items = re.split(r",\s*(?:and\s+)?|\s+and\s+", one)
    if len(items) == 1 and size > 1:
        items = [re.sub(r"^\s*(?:[-*•]|\d+[.)])\s*", "", line) for line in lines[-size:]]
    return [" ".join(_words(item)) for item in items]


def _date(check: Mapping[str, Any], text: str) -> date | None:
    found = [(one.start(), one[1], one[2], one[3]) for one in _ISO.finditer(text)]
    found += [(one.start(), one[3], one[2], one[1]) for one in _DAY_FIRST.finditer(text)]
    found += [(one.start(), one[3], one[1], one[2]) for one in _MONTH_FIRST.finditer(text)]
    if not found:
        return None
    _, year, month, day = max(found)
    try:
        return date(int(year), int(month) if month.isdigit() else _month(month), int(day))
    except ValueError:
        return None


def _month(name: str) -> int:
    return next(
        number for number, one in enumerate(MONTHS, 1) if one.casefold().startswith(name[:3].casefold())
    )


def _time(check: Mapping[str, Any], text: str) -> tuple[int, int] | None:
    found = _TIME.findall(text)
    if not found:
        return None
    hour, minute, half = found[-1]
    if half:
        return int(hour) % 12 + 12 * (half.casefold() == "p"), int(minute)
    return int(hour), int(minute)


_READERS: dict[str, Callable[[Mapping[str, Any], str], Any]] = {
    "number": _number, "exact": exact, "solutions": solutions, "text": _text, "option": _option, "list": _list, "date": _date, "time": _time,
}  # fmt: skip


def _words(text: str) -> list[str]:
    return [word for one in text.casefold().split() if (word := one.strip(_EDGES))]


def _plain_call(call: Mapping[str, Any]) -> bytes:
    """Return a call so that equal ones are equal: names as they are, words in one case, numbers as numbers."""
    arguments = mapped_texts(call.get("arguments") or {}, lambda one: " ".join(_words(one)))
    return canonical([call.get("name"), arguments])
