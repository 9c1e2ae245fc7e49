"""Whether a reply answers a task: the last thing of the asked kind that it says for sure is its answer, or the calls it makes.

What is asked for stands in the task as data, its `check`:

    {"kind": "number", "answer": "42.5"}                   to the decimals that it is written with
    {"kind": "exact", "answer": "7/3", "unit": "hours"}    as a fraction or with all decimals; in no other unit
    {"kind": "solutions", "answer": "x = -4 or x = 5"}     all of them; or "x = 4, y = -1"
    {"kind": "text", "answer": "olleh"}                    the last words of the last line
    {"kind": "option", "answer": "Tuesday", "options": …}  the last option that is named
    {"kind": "list", "answer": ["figs", "pears"]}          in this order
    {"kind": "date", "answer": "2025-03-04"}               however it is written
    {"kind": "time", "answer": "14:05"}                    with or without am and pm
    {"kind": "calls", "calls": [{"name": …, "arguments": …}]}   in any order
    {"kind": "ask", "about": ["date"]}                     a question with one of the words, and no call
    {"kind": "decline"}                                    that who speaks cannot do it, no claim that it is done, and no call
    {"kind": "no-call"}                                    some words, and no call

Numbers are read from digits, in any usual dress. What is denied, taken back, one of several, part of a formula or asked
back is no answer: a reply of which that cannot be told for sure fails.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any

from gristmill.digest import canonical
from gristmill.errors import unknown
from gristmill.generators.answers._exact import exact, number, solutions
from gristmill.generators.answers._moments import MONTHS, day, time_of_day
from gristmill.generators.answers._refused import declined
from gristmill.generators.answers._words import listed, option, text_of, words
from gristmill.nested import mapped_texts
from gristmill.types import Check

__all__ = ["MONTHS", "judge"]

_ASKS = re.compile(
    r"\b(?:what|which|when|how|who|whom|where|(?:could|can|would|will|do|shall|may|is|are) (?:you|i|it|there)|tell me|please)\b",
    re.IGNORECASE,
)
_LONGEST = 1500  # characters of a reply that are read from its end
_QUESTION = re.compile(r"[^.!?\n]*\?")
_NAME = re.compile(r"[^\W\d_]{2,}(?:[ -][^\W\d_]{2,})*")


def judge(check: Mapping[str, Any], reply: str | None, calls: Sequence[Mapping[str, Any]] = ()) -> Check:
    """Return whether a reply answers a task, with what was expected and what was got.

    Args:
        check: of the task, see above.
        reply: what was said; None, as the content of a message that only calls tools may be, is nothing.
        calls: of tools, each with `name` and `arguments`.

    Raises:
        UsageError: when the check is of no known kind.
    """
    reply = reply or ""
    kind = str(check.get("kind"))
    if kind == "calls":
        expected: Any = sorted(map(_plain_call, check["calls"]))
        got: Any = sorted(map(_plain_call, calls))
        return _found(kind, expected == got, list(check["calls"]), list(calls))
    if kind not in _READERS and kind not in _TALKS:
        raise unknown("kind of check", kind, {*_READERS, *_TALKS, "calls"})
    if calls:
        return _found(kind, False, "no call", list(calls))
    if kind in _TALKS:
        expected, passed = _TALKS[kind](check, _end(reply))
        return _found(kind, passed, expected, reply)
    expected, got = _READERS[kind](check, _wanted(check)), _READERS[kind](check, _end(reply))
    return _found(kind, expected == got and expected is not None, check["answer"], got)


def _found(kind: str, passed: bool, expected: Any, got: Any) -> Check:
    got = str(got) if isinstance(got, Decimal | Fraction) else got
    return Check(name=kind, status="pass" if passed else "fail", evidence={"expected": expected, "got": got})


def _end(reply: str) -> str:
    """Return the end of a reply, where its answer stands, so that judging takes no longer for endless ones."""
    return reply if len(reply) <= _LONGEST else reply[-_LONGEST:].partition(" ")[2]


def _wanted(check: Mapping[str, Any]) -> str:
    answer = check["answer"]
    return ", ".join(answer) if isinstance(answer, list) else str(answer)


# Each returns what is expected of a reply in words, and whether it is that.


def _asks(check: Mapping[str, Any], reply: str) -> tuple[str, bool]:
    """Return whether some question has one of the words, and asks rather than tells."""
    about = {form for word in check["about"] for form in (word.casefold(), f"{word.casefold()}s")}
    asked = any(not about.isdisjoint(words(one)) and _ASKS.search(one) for one in _QUESTION.findall(reply))
    return f"a question about {' or '.join(check['about'])}", asked


def _declines(check: Mapping[str, Any], reply: str) -> tuple[str, bool]:
    return "to hear that it cannot be done", declined(reply)


def _talks(check: Mapping[str, Any], reply: str) -> tuple[str, bool]:
    return "a reply in words", bool(re.search(r"\w", reply))


_TALKS: dict[str, Callable[[Mapping[str, Any], str], tuple[str, bool]]] = {
    "ask": _asks, "decline": _declines, "no-call": _talks,
}  # fmt: skip
# Each reads the answer out of a text, the same way from the one that is right and the one that is judged.
_READERS: dict[str, Callable[[Mapping[str, Any], str], Any]] = {
    "number": number, "exact": exact, "solutions": solutions, "text": text_of, "option": option, "list": listed, "date": day,
    "time": time_of_day,
}  # fmt: skip


def _plain_call(call: Mapping[str, Any]) -> bytes:
    """Return a call so that equal ones are equal: texts as they are, but for spaces around them, and numbers as numbers.

    Only words of letters alone mean the same in any case: `lima` is Lima, but `c` is not C, nor `readme.md` README.md.
    """
    arguments = mapped_texts(call.get("arguments") or {}, _plain_text)
    return canonical([call.get("name"), arguments])


def _plain_text(text: str) -> str:
    text = text.strip()
    return text.casefold() if _NAME.fullmatch(text) else text
