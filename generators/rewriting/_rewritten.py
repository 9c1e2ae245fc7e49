"""Whether a model has said what it was asked for: what was kept, lost, added, turned or copied, without any model."""

import re
from collections.abc import Sequence
from typing import NamedTuple

from gristmill.generators.rewriting.facts import changed
from gristmill.generators.rewriting.languages import LANGUAGES, guess
from gristmill.generators.rewriting.similarity import (
    Problem,
    chrf,
    content,
    kept,
    letters,
    orders,
    sentences,
    turned,
    words,
)

__all__ = [
    "NOWHERE",
    "Item",
    "asked_well",
    "paraphrased",
    "returned",
    "reverted",
    "sentence_at",
    "span_of",
    "translated",
]

SAME = 0.95  # chrF of the letters from which on a paraphrase says nothing new
SHARED = 0.15  # least share of the words that carry meaning which a paraphrase has in common with its source
LENGTHS = (0.4, 2.5)  # how much shorter or longer a text may become, in characters
COPIED = 0.5  # most of the four-word sequences of an answer that its instruction may hold
SPAN = 60  # most words of an answer that is found in a document
NOWHERE = Problem("not found in the document", "no such words")
NOTHING_NEW = Problem("nothing new", "the same words")


class Item(NamedTuple):
    """A text to work on.

    Attributes:
        id: of what it comes from.
        text: the text.
        start: where it begins in the document, in characters, if it is a part of one.
        keep: words of it that other words of its language must not take the place of.
        fixed: words of it that a translation must not touch, since an answer is judged by them.
        literal: whether its answer hangs on its very words, so that a translation would have another.
    """

    id: str
    text: str
    start: int = 0
    keep: tuple[str, ...] = ()
    fixed: tuple[str, ...] = ()
    literal: bool = False


def _spoken(text: str, code: str) -> Problem | None:
    """Return that a text is in another language; what is too short to tell is not held against it."""
    got = guess(text)
    if got == code or not code or (not got and len(words(text)) < 12):
        return None
    return Problem(
        "another language", f"expected {LANGUAGES[code]}, got {LANGUAGES.get(got, 'none that is known')}"
    )


def _sized(source: str, text: str) -> Problem | None:
    if not text:
        return Problem("empty or cut off", "nothing was said")
    ratio, (low, high) = len(text) / len(source), LENGTHS
    # A few words more or less are nothing in a short text.
    if abs(len(text) - len(source)) > 40 and not low <= ratio <= high:
        return Problem("length", f"{ratio:.2f} times as long")
    return None


def _faithful(item: Item, text: str, spoken: str) -> Problem | None:
    """Return what a text in the language of its source has lost, added or turned."""
    return (
        _sized(item.text, text)
        or _spoken(text, spoken)
        or kept(item.text, text, names=spoken != "de")
        or _untouched(item.keep, text)
        or turned(item.text, text)
    )


def _untouched(parts: Sequence[str], text: str) -> Problem | None:
    lost = next((one for one in parts if one.casefold() not in text.casefold()), None)
    return None if lost is None else Problem("words changed", f"lost {lost!r}")


def _same(source: str, text: str) -> bool:
    """Return whether two texts are the same words, however they are spelt, set apart and spaced."""
    return chrf(letters(text), letters(source)) > SAME


def paraphrased(item: Item, text: str, spoken: str) -> Problem | None:
    source = item.text
    if problem := _faithful(item, text, spoken):
        return problem
    if _same(source, text):
        return NOTHING_NEW
    ours, theirs = content(text), content(source)
    shared = len(ours & theirs) / min(len(ours), len(theirs)) if ours and theirs else 1.0
    if shared < SHARED:
        return Problem("something else", f"{shared:.0%} of the words in common")
    return _told(source, text, spoken)


def _told(source: str, text: str, spoken: str) -> Problem | None:
    """Return what of the small words of English has changed; a text too short to tell its language may be English."""
    return changed(source, text) if spoken in ("en", "") else None


def translated(item: Item, text: str, to: str) -> Problem | None:
    source = item.text
    problem = _sized(source, text) or _spoken(text, to) or kept(source, text, names=False)
    if problem := problem or _untouched(item.fixed, text):
        return problem
    if _same(source, text):
        return NOTHING_NEW
    return None


def returned(item: Item, text: str, spoken: str) -> Problem | None:
    """Return what is wrong with a translation that was translated back, synonyms aside."""
    found = _faithful(item._replace(keep=()), text, spoken) or _told(item.text, text, spoken)
    return Problem(found.reason, f"{found.detail}, when translated back") if found else None


def reverted(answer: str, text: str, spoken: str) -> Problem | None:
    if len(words(text)) < 3:
        return Problem("empty or cut off", f"{len(words(text))} words")
    if len(words(text)) > 40 + 2 * len(words(answer)):
        return Problem("length", f"{len(words(text))} words for an answer of {len(words(answer))}")
    if problem := _spoken(text, spoken):
        return problem
    if _holds(words(text), words(answer)) or _copied(answer, text) > COPIED:
        return Problem("gives the answer away", "the instruction holds the answer")
    new = sorted(set(re.findall(r"\d+", text)) - set(re.findall(r"\d+", answer)))
    if new:
        return Problem("numbers changed", f"added {', '.join(new)}")
    ours, theirs = content(text), content(answer)
    if len(theirs) >= 5 and not ours & theirs:
        return Problem("something else", "no word in common")
    return Problem("an order in the text", "it tells a model what to do") if orders(text) else None


def asked_well(
    text: str, question: str, answer: str, span: tuple[int, int] | None, spoken: str
) -> Problem | None:
    if span is None:
        return NOWHERE
    if len(words(answer)) > SPAN:
        return Problem("length", f"an answer of {len(words(answer))} words")
    if not question.rstrip().endswith(("?", "？", "؟", ";")) or len(question) < 8:
        return Problem("no question", "it does not end like one")
    if problem := _spoken(question, spoken):
        return problem
    if _holds(words(question), words(answer)):
        return Problem("gives the answer away", "the question holds the answer")
    if orders(sentence_at(text, span[0])) or orders(question):
        return Problem("an order in the document", "the answer stands in words that tell a model what to do")
    new = sorted(set(re.findall(r"\d+", question)) - set(re.findall(r"\d+", text)))
    if new:
        return Problem("numbers changed", f"the document has no {', '.join(new)}")
    if content(question) and not content(question) & content(text):
        return Problem("something else", "no word of the question is in the document")
    return None


def span_of(text: str, answer: str) -> tuple[int, int] | None:
    """Return where an answer stands in a text, in any case, spacing and punctuation, as whole words."""
    tokens = re.findall(r"\w+", answer)
    if not tokens:
        return None
    between = r"[^\w]{1,3}"
    found = re.search(
        rf"(?<!\w)(?<!\d[.,]){between.join(map(re.escape, tokens))}(?!\w)(?![.,]\d)", text, re.IGNORECASE
    )
    return (found.start(), found.end()) if found else None


def sentence_at(text: str, place: int) -> str:
    """Return the sentence that stands at a place."""
    start = 0
    for one in sentences(text):
        start = text.find(one, start)
        if start <= place < start + len(one):
            return one.strip()
        start += len(one)
    return ""


def _holds(text: list[str], part: list[str]) -> bool:
    """Return whether some words hold others, one after the other."""
    return bool(part) and any(text[at : at + len(part)] == part for at in range(len(text) - len(part) + 1))


def _copied(source: str, text: str) -> float:
    """Return the share of a source's sequences of four words that stand in a text."""
    ours, theirs = words(source), words(text)
    grams = {tuple(ours[at : at + 4]) for at in range(len(ours) - 3)}
    return (
        len(grams & {tuple(theirs[at : at + 4]) for at in range(len(theirs) - 3)}) / len(grams)
        if grams
        else 0.0
    )
