"""Where in a reply its answer stands, and whether it is given at all.

The answer is the last thing of the asked kind that is said for sure: in a box, after "the answer is", or in the last
sentence that says one. What is denied ("not 41 but 42"), put in brackets beside it or said as a reason is no answer; one
of several ("41 or 42"), a bound ("more than 42") or a question ("42?") leaves it open. Verifiers that take any number of
the last line reward a model for saying all of them.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

from gristmill.generators.answers._around import changed, taken_back
from gristmill.generators.answers._plain import BOX, BOX_END

__all__ = ["CHECKED", "Read", "Said", "concluded", "denied", "sentences"]


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
CHECKED = re.compile(
    r"(?:to |let's |let me )?(?:check|verify|verification|proof|probe)\w*\b(?!.*\b(?:so|thus|therefore|hence)\b)",
    re.IGNORECASE,
)
_LABEL = re.compile(
    r"^\W*(?:(?:option|answer|choice|result)\s+)?(?:[a-z]|[ivx]{2,4}|\d)\s?[.):]\s*", re.IGNORECASE
)
_CORRECTED = re.compile(
    r"\b(?:wait|actually|correction|corrected|mistake|wrong|incorrect|rather|instead|sorry|second thought|oops|no)\b",
    re.IGNORECASE,
)
_SENTENCES = re.compile(r"(?<=[.!?])(?<!\b[A-Z][a-z]{2}\.)(?<!\.\.)[\"'”)]*\s+|\n+")  # but after `Mar.`
_TABLE = re.compile(r"^\s*\|.*\|\s*$", re.MULTILINE)  # rows, which are given and not said
_ASIDE = re.compile(r"\([^()]*\)")
_REASON = re.compile(
    r"\b(?:because|since|whereas|while|than|rather than|instead of|unlike)\b"
    r"|\b(?:after|in|within|over|for)\s+(?=\d[\d.,]*\s+(?:more\s+)?(?:second|minute|hour|day|week|month|year)s?\b)"
    r"|\bby\s+(?:adding|taking|subtracting|multiplying|dividing)\b",
    re.IGNORECASE,
)
_LITTLE = (  # words that may stand between a denial and what is denied
    r"(?:\s+(?:an?|the|be|is|it|it's|equal|to|on|that|this|really|exactly|say|write|give|answer|value|order|day|word|at|in|of|"
    r"[a-z](?=\s*=))|\s*[:=]|\s+['\"“]?)"
)
_DENIED = re.compile(
    r"(?:\bnot|n't|\bnever|\bneither|\bnor|\bdoubt|\brefuse|\bexcept|\b(?:every|any|all)\w*(?: \w+)? but|\bcannot|\bbut for|anything but"
    r"|\brul(?:e|es|ed|ing) out|\bunlikely to be|\bhardly|\bfar from|\bignore)"
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
_ANOTHER = re.compile(r"(?:(?:hmm+|well|oh|no|maybe|perhaps)\W+)*or\b", re.IGNORECASE)  # 41. Hmm, or 42
_OTHERWISE = re.compile(rf"{_OPEN.pattern}|\b(?:no|rather|actually|correction)\b", re.IGNORECASE)
_ALONG = re.compile(r"\s*,?\s*n?or\s+(?:(?:an?|the|on)\s+)?", re.IGNORECASE)
_GUESS = re.compile(r"\b(?:maybe|perhaps|possibly|(?:could|might|may) be|either)\b", re.IGNORECASE)
_LISTED = re.compile(
    r"(?:[\s,;/&\d]|\(?\b[A-Za-z]\)|\bvs\b\.?)*(?:\.\.\.|…)?[\s,/&]*(?:\b(?:and|to)\b)?\s*(?:an?\s|the\s)?",
    re.IGNORECASE,
)
_GIVEN = re.compile(r"\b(?:of|from|for|with|in)\s+$", re.IGNORECASE)  # Out of 50, 42 remain.


def concluded(text: str, read: Read) -> Any:
    """Return what a plain text says last and for sure, None where it says nothing or leaves it open."""
    marked = [*_BOX.finditer(text)] or [*_MARKED.finditer(text)]
    found = [(one, value) for one in marked if (value := _of_mark(text, one, read)) is not _SILENT]
    if found:
        after = text[found[-1][0].end() :]
        if not (_CORRECTED.search(after) or taken_back(after)) or _last_of(after, read) is _SILENT:
            between = text[found[0][0].start() : found[-1][0].start()]
            same = len({value for _, value in found}) == 1 or _CORRECTED.search(between)
            return found[-1][1] if same else None
    value = _last_of(text.replace(BOX, " ").replace(BOX_END, " "), read)
    return None if value is _SILENT else value


def _of_mark(text: str, found: re.Match[str], read: Read) -> Any:
    """Return what stands in a box or after "the answer is", None in a box that is but a part of something."""
    part = found[0].startswith(BOX) and changed(text, found.start(), found.end())
    return None if part else _last_of(found[1], read)


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
    """Return what the last sentence that says something says; None where a later one takes it back or one before is alike."""
    later: set[Any] = set()
    told = [*sentences(text)]
    for place, sentence in enumerate(told):
        found = read(sentence)
        value = _SILENT if CHECKED.match(sentence) else _settled(sentence, found)
        if value is not _SILENT:
            return None if value in later or _alike(sentence, told[place + 1 :], read) else value
        if not found and taken_back(sentence):
            return None
        later |= set() if CHECKED.match(sentence) else {one.value for one in found}
    return _SILENT


def _alike(sentence: str, before: Sequence[str], read: Read) -> bool:
    """Return whether the sentence before says another value in the same words: `A) 41`, `B) 42`."""
    other = next((one for one in before if re.search(r"\w", _LABEL.sub("", one))), "")
    if re.fullmatch(r"or\W*", other, re.IGNORECASE):
        return True
    mine, others = _framed(sentence, read), _framed(other, read)
    return mine is not None and others is not None and mine[0] == others[0] and mine[1] != others[1]


def _framed(sentence: str, read: Read) -> tuple[str, Any] | None:
    """Return the words around the only value of a sentence, and that; None where it has none or several."""
    sentence = _LABEL.sub("", sentence)
    found = read(sentence)
    if len(found) != 1:
        return None
    around = f"{sentence[: found[0].start]}#{sentence[found[0].end :]}"
    return re.sub(r"[^\w#]+", " ", around).strip().casefold(), found[0].value


def _settled(sentence: str, found: Sequence[Said]) -> Any:
    """Return what a sentence says for sure, None where it leaves it open."""
    stated = found
    found = _not_denied(sentence, found)
    if _asides_differ(sentence, found):
        return None
    found = _before_reasons(sentence, _outside(sentence, found))
    exact = [one for one in found if not _nearly(sentence, one)]
    found = exact or found
    if not found:
        return _SILENT
    values = {one.value for one in found}
    if len(values) > 1 and (_left_open(sentence, found) or _GUESS.search(sentence)):
        return None
    if _ANOTHER.match(sentence) or taken_back(_rest(sentence, found[-1], stated)):
        return None
    return found[-1].value


def _nearly(sentence: str, one: Said) -> bool:
    return bool(_NEARLY.search(sentence[max(0, one.start - _NEAR) : one.start]))


def _not_denied(sentence: str, found: Sequence[Said]) -> Sequence[Said]:
    """Return what is not denied, alone or along with what is denied before it: `not Monday or Tuesday`."""
    kept: list[Said] = []
    end = -1  # of what was denied last
    for one in found:
        listed = end >= 0 and _ALONG.fullmatch(sentence[end : one.start])
        if listed or denied(sentence[: one.start]) or _WRONG.match(sentence, one.end):
            end = one.end
        else:
            kept.append(one)
    return kept


def _rest(sentence: str, last: Said, stated: Sequence[Said]) -> str:
    """Return what is said after a value, up to another one."""
    ends = [one.start for one in stated if one.start > last.end]
    return sentence[last.end : min(ends, default=len(sentence))]


def _outside(sentence: str, found: Sequence[Said]) -> Sequence[Said]:
    """Return what is said outside brackets, if anything is."""
    asides = [one.span() for one in _ASIDE.finditer(sentence)]
    kept = [one for one in found if not any(start < one.start and one.end <= end for start, end in asides)]
    return kept or found


def _asides_differ(sentence: str, found: Sequence[Said]) -> bool:
    """Return whether brackets hold another answer: `Tuesday (or Wednesday)`."""
    asides = [one.span() for one in _ASIDE.finditer(sentence) if _OTHERWISE.match(one[0], 1)]
    exact = [one for one in found if not _nearly(sentence, one)]
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
