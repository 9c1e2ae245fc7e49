"""Where in a reply its answer stands, and whether it is given at all.

The answer is the last thing of the asked kind that is said for sure: in a box, after "the answer is", or in the last
sentence that says one. What is denied ("not 41 but 42"), put in brackets beside it or said as a reason is no answer; one
of several ("41 or 42"), a bound ("more than 42") or a question ("42?") leaves it open. Verifiers that take any number of
the last line reward a model for saying all of them.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

from gristmill.generators.answers._plain import BOX, BOX_END

__all__ = ["Read", "Said", "concluded", "denied", "sentences"]


class Said(NamedTuple):
    """Something of the asked kind in a sentence: where it begins and ends, and what it is worth."""

    start: int
    end: int
    value: Any


_NEAR = 120  # characters before an answer in which it may be denied
_SILENT = object()  # of a sentence that says nothing of the asked kind
Read = Callable[[str], Sequence[Said]]

_MARKED = re.compile(
    r"(?:\banswers?\b(?:\s+(?:to|for|of)\b[^.:=\n]*?)?\s*(?:is|are|:|=)|^\s*#{4})[ \t]*:?\s*(?=\S)([^\n]*)",
    re.IGNORECASE | re.MULTILINE,
)
_BOX = re.compile(f"{BOX}([^{BOX_END}]*){BOX_END}")
_CORRECTED = re.compile(
    r"\b(?:wait|actually|correction|corrected|mistake|wrong|incorrect|rather|instead|sorry|second thought|oops|no)\b",
    re.IGNORECASE,
)
_SENTENCES = re.compile(r"(?<=[.!?])(?<!\b[A-Z][a-z]{2}\.)(?<!\.\.)[\"'”)]*\s+|\n+")  # but after `Mar.`
_TABLE = re.compile(r"^\s*\|.*\|\s*$", re.MULTILINE)  # rows, which are given and not said
_ASIDE = re.compile(r"\([^()]*\)")
_REASON = re.compile(r"\b(?:because|since|whereas|while|than|rather than|instead of|unlike)\b", re.IGNORECASE)
_LITTLE = (  # words that may stand between a denial and what is denied
    r"(?:\s+(?:an?|the|be|is|it|it's|equal|to|on|that|this|really|exactly|say|write|give|answer|value|order|day|word|at|in|of|"
    r"[a-z](?=\s*=))|\s*[:=]|\s+['\"“]?)"
)
_DENIED = re.compile(
    r"(?:\bnot|n't|\bnever|\bneither|\bnor|\bdoubt|\brefuse|\bexcept|\bcannot|\bbut for|anything but)"
    rf"{_LITTLE}{{0,4}}\s*$|[≠<>≥≤~]\s*$",
    re.IGNORECASE,
)
_BOUND = re.compile(
    r"\b(?:between|nearly|almost|nothing like|(?:later|earlier|sooner) than|(?:more|less|fewer|greater|higher|lower|other) than|at least|at most|up to|near|close to|within|below|"
    r"above|under|over|(?:is|on|at|not|year|month|week|day|hour|minute|time|sometime|until) (?:before|after))\s+(?:the\s+)?[\"'(]*$"
    r"|\bbetween\b[^.;]*\band\s+$|\bfrom\b[^.;,]*\bto\s+$",
    re.IGNORECASE,
)
_WRONG = re.compile(
    r"\s*[<>≤≥≠]|\s*(?:is|was|would be|seems)\s+(?:wrong|incorrect|false|not\b|no\b)", re.IGNORECASE
)
_NEARLY = re.compile(
    r"(?:≈|\babout|\bapproximately|\broughly|\baround|\bapprox\.?|\bca?\.)\s*[$]?$", re.IGNORECASE
)
_OPEN = re.compile(r"\b(?:or|either|unless|maybe|perhaps|possibly)\b", re.IGNORECASE)
_GUESS = re.compile(r"\b(?:maybe|perhaps|possibly|(?:could|might|may) be|either)\b", re.IGNORECASE)
_LISTED = re.compile(r"[\s,/&\d]*(?:\.\.\.|…)?[\s,/&]*(?:\b(?:and|to)\b)?\s*(?:an?\s|the\s)?", re.IGNORECASE)
_GIVEN = re.compile(r"\b(?:of|from|for|with|in)\s+$", re.IGNORECASE)  # Out of 50, 42 remain.


def concluded(text: str, read: Read) -> Any:
    """Return what a plain text says last and for sure, None where it says nothing or leaves it open."""
    marked = [*_BOX.finditer(text)] or [*_MARKED.finditer(text)]
    found = [(one, value) for one in marked if (value := _last_of(one[1], read)) is not _SILENT]
    if found:
        after = text[found[-1][0].end() :]
        if not _CORRECTED.search(after) or _last_of(after, read) is _SILENT:
            between = text[found[0][0].start() : found[-1][0].start()]
            same = len({value for _, value in found}) == 1 or _CORRECTED.search(between)
            return found[-1][1] if same else None
    value = _last_of(text.replace(BOX, " ").replace(BOX_END, " "), read)
    return None if value is _SILENT else value


def sentences(text: str) -> Iterator[str]:
    """Yield the sentences of a text that are no questions, the last one first."""
    parts = [part.strip() for part in _SENTENCES.split(_TABLE.sub("", text))]
    for place, one in reversed([*enumerate(parts)]):
        aside = place and one.startswith("(") and one.endswith((")", ")."))
        if one and not aside and not one.rstrip("\"'”)* ").endswith("?"):
            yield one


def denied(before: str) -> bool:
    """Return whether what comes after `before` is denied by it, or no more than a bound."""
    near = before[-_NEAR:]
    return bool(_DENIED.search(near) or _BOUND.search(near))


def _last_of(text: str, read: Read) -> Any:
    for sentence in sentences(text):
        value = _settled(sentence, read(sentence))
        if value is not _SILENT:
            return value
    return _SILENT


def _settled(sentence: str, found: Sequence[Said]) -> Any:
    """Return what a sentence says for sure, None where it leaves it open."""
    found = [
        one for one in found if not denied(sentence[: one.start]) and not _WRONG.match(sentence, one.end)
    ]
    if _asides_differ(sentence, found):
        return None
    found = _before_reasons(sentence, _outside(sentence, found))
    exact = [one for one in found if not _NEARLY.search(sentence[: one.start])]
    found = exact or found
    if not found:
        return _SILENT
    values = {one.value for one in found}
    if len(values) > 1 and (_left_open(sentence, found) or _GUESS.search(sentence)):
        return None
    if re.match(r"or\b", sentence, re.IGNORECASE):
        return None
    return found[-1].value


def _outside(sentence: str, found: Sequence[Said]) -> Sequence[Said]:
    """Return what is said outside brackets, if anything is."""
    asides = [one.span() for one in _ASIDE.finditer(sentence)]
    kept = [one for one in found if not any(start < one.start and one.end <= end for start, end in asides)]
    return kept or found


def _asides_differ(sentence: str, found: Sequence[Said]) -> bool:
    """Return whether brackets hold another answer: `Tuesday (or Wednesday)`."""
    asides = [one.span() for one in _ASIDE.finditer(sentence) if _OPEN.match(one[0], 1)]
    exact = [one for one in found if not _NEARLY.search(sentence[: one.start])]
    inside = {one.value for one in exact if any(start < one.start < end for start, end in asides)}
    return not inside <= {one.value for one in _outside(sentence, exact)}


def _before_reasons(sentence: str, found: Sequence[Said]) -> Sequence[Said]:
    reasons = [one.start() for one in _REASON.finditer(sentence)]
    for at in reasons:
        kept = [one for one in found if one.end <= at]
        if kept:
            return kept
    return found


def _left_open(sentence: str, found: Sequence[Said]) -> bool:
    """Return whether the last of several things is but one that may be meant."""
    last = found[-1]
    before = next(one for one in reversed(found) if one.value != last.value)
    gap, given = sentence[before.end : last.start], _GIVEN.search(sentence[: before.start])
    if re.search(r"\bor rather\b", gap, re.IGNORECASE):
        return False
    return bool((_LISTED.fullmatch(gap) and not given) or _OPEN.search(gap))
