"""The same intent put otherwise, by rules: polite forms, questions and imperatives, contractions, the order of clauses.

A rule applies only where it cannot change what is asked for. A question whether something can be done at all ("Can I
return it after 30 days?") is never turned into a demand.
"""

import random
import re
from collections.abc import Callable, Collection, Iterable, Sequence
from functools import cache
from typing import ClassVar

from gristmill.generators.augment._base import Augmentation, ByText, Edit, Rewriter
from gristmill.generators.augment._grammar import cased
from gristmill.generators.augment._lexicon import lexicon
from gristmill.generators.augment._spans import clear_of, kept
from gristmill.generators.augment._vocabulary import word_list

__all__ = ["Contractions", "Paraphrase", "acts"]

_SENTENCE = re.compile(r"\S(?:.*?[.!?]+(?=\s|$)|.*$)", re.MULTILINE)
# What may come before the intent itself, and what after it.
_LEAD = (
    r"(?P<lead>(?:(?:hi|hello|hey|good day|greetings)(?: there)?[,!] )?"
    r"(?:(?:also|and|oh, and|besides|then|next|one more thing|another thing|actually|well)[,:]? )?)"
)
_TAIL = re.compile(r"(?P<polite>, (?:please|thanks|thank you))?(?P<end>[.!?]*)$", re.IGNORECASE)
_SECOND_CLAUSE = re.compile(r"[;:—–]| - |, |\b(?:because|but|so|since|or|and (?:i|it|we|they|you|he|she))\b")

# Ways to say that one wants a thing, wants to do something, needs to, and wants the other to do something. The question
# mark says which are questions.
_THING = (
    "I want",
    "I'd like",
    "I would like",
    "I am asking for",
    "Could I have?",
    "Can I get?",
    "May I have?",
    "Please give me",
)
_ACT = (
    "I want to",
    "I'd like to",
    "I would like to",
    "I wish to",
    "Could I?",
    "Can I?",
    "May I?",
    "Would it be possible to?",
    "Please let me",
)
_SELDOM = "Please let me"  # is put otherwise, and nothing is put like it
_MUST = ("I need to", "I have to", "I've got to")
_FAVOUR = (
    "Please",
    "Could you?",
    "Can you?",
    "Would you please?",
    "Could you please?",
    "I'd like you to",
    "I need you to",
)
_FACT = (
    "What is?",
    "Could you tell me?",
    "Can you tell me?",
    "Please tell me",
    "I'd like to know",
    "I want to know",
)
_IS_THING = re.compile(r" (?:an?|the|my|some|another|our)\b")
_NOT_AN_ACT = word_list("no-acts")
_DONE = re.compile(r"(?<!the )(?<!my )(?<!an )(?<!a )\b(?:\w{3,}ed|sent|paid|done)\b")
_TO_DO = re.compile(r"\bto (\w+)")
_IS_FACT = re.compile(
    r" (?:the|my) (?:[\w'-]+ ){0,2}?([\w'-]+)(?= (?:of|for|in|on|at|to|with|from|between)\b|[,.?!]|$)"
)
_TO_ME = re.compile(r"\b(?:me|my|us|our)\b")

_CONTRACTED = {
    "i am": "I'm", "i will": "I'll", "i have": "I've", "i would": "I'd", "you are": "you're", "we are": "we're", "they are": "they're",
    "it is": "it's", "that is": "that's", "there is": "there's", "what is": "what's", "he is": "he's", "she is": "she's",
    "we have": "we've", "they have": "they've", "you have": "you've", "we will": "we'll", "you will": "you'll", "they will": "they'll",
    "do not": "don't", "does not": "doesn't", "did not": "didn't", "is not": "isn't", "are not": "aren't", "was not": "wasn't",
    "were not": "weren't", "cannot": "can't", "could not": "couldn't", "would not": "wouldn't", "should not": "shouldn't",
    "will not": "won't", "has not": "hasn't", "have not": "haven't", "had not": "hadn't",
}  # fmt: skip
_EXPANDED = {short.lower(): long for long, short in _CONTRACTED.items()}
_AMBIGUOUS = frozenset(
    {"i'd", "it's", "that's", "there's", "what's", "he's", "she's"}
)  # had or would, is or has
_WOULD = word_list("would")
_HAS = word_list("has")
_PARTICIPLES = word_list("participles")
_HAVE = frozenset({"i have", "we have", "they have", "you have"})
_LONG = re.compile(rf"(?<!than )\b(?:{'|'.join(_CONTRACTED)})\b(?= (?P<next>(?!it\b)[a-z']+))", re.IGNORECASE)
_SHORT = re.compile(rf"\b(?:{'|'.join(_EXPANDED)})\b(?!['’])(?=(?: (?P<next>[a-z']+))?)", re.IGNORECASE)

_CONDITION = re.compile(
    r"(?P<clause>(?:If|When|Once|Because|Unless|As soon as) [^,.;:?!]+), (?P<main>[^,.;:?!]+)(?P<end>\.|)$"
)
# A clause that comes to stand first must not speak of something that is yet to be named.
_REFERS = re.compile(
    r"\b(?:it|its|they|them|their|he|him|his|she|her|this|that|these|those|one|ones|there|then|so|such|same|other|another|also"
    r"|too|either|instead|again|however|therefore|but|and|or|because|first|second|finally|next|yes|no|sure|right|okay|ok|thanks?"
    r"|hello|hi|hey|dear|regards|please|sorry|actually|otherwise|do|did|does)\b",
    re.IGNORECASE,
)

# A fact that is told, which may as well be told before another one.
_REPORT = re.compile(
    r"(?:(?:My|Our|The) (?!last|final|first|next|only|best|other)|(?:I|We) (?:\w+ed|bought|paid|got|sent|wrote|chose|live|own|use) )[^?!]+\."
)


class Contractions(Augmentation):
    """Contractions written out, and what is written out contracted."""

    name: ClassVar[str] = "contractions"
    about: ClassVar[str] = "I'd like ↔ I would like, do not ↔ don't, it's ↔ it is or it has"
    keeps: ClassVar[str] = "meaning and grammar"
    usual: ClassVar[float] = 0.6

    def begin(self, record: object, rng: random.Random, rate: float, keep: Collection[str]) -> Rewriter:
        return ByText(lambda text: _contracted(text, rng, rate, keep))


class Paraphrase(Augmentation):
    """The intent of each sentence in another form, contractions, and clauses and sentences in another order."""

    name: ClassVar[str] = "paraphrase"
    about: ClassVar[str] = (
        "polite forms, questions and imperatives, contractions, order of clauses and sentences"
    )
    keeps: ClassVar[str] = "what is asked for, and of whom; a question of fact stays one"
    usual: ClassVar[float] = 0.7

    def begin(self, record: object, rng: random.Random, rate: float, keep: Collection[str]) -> Rewriter:
        return ByText(lambda text: self._put(text, rng, rate, keep))

    @staticmethod
    def _put(text: str, rng: random.Random, rate: float, keep: Collection[str]) -> Iterable[Edit]:
        spans = kept(text, keep)
        sentences = [match.span() for match in _SENTENCE.finditer(text)]
        taken: list[Edit] = []
        for start, end in sentences:
            if rng.random() < rate:
                edits = _reformed(text[start:end], rng)
                taken += [(start + first, start + last, words) for first, last, words in edits]
        taken = [one for one in taken if clear_of(spans, one[0], one[1])] if _all_clear(taken, spans) else []
        if not taken and rng.random() < rate / 2:
            taken = _swapped(text, sentences)
        busy = [(first, last) for first, last, _ in taken]
        more = [one for one in _contracted(text, rng, rate / 2, keep) if clear_of(busy, one[0], one[1])]
        return sorted([*taken, *more])


def _all_clear(edits: Sequence[Edit], spans: Sequence[tuple[int, int]]) -> bool:
    return all(clear_of(spans, start, end) for start, end, _ in edits)


def _reformed(sentence: str, rng: random.Random) -> list[Edit]:
    """Return the edits that put one sentence in another form; none where no rule applies."""
    for pattern, way, ways, applies in _patterns():
        found = pattern.match(sentence)
        if found and applies(sentence[found.end() :]) and way.endswith("?") == sentence.endswith("?"):
            return _in_another(sentence, found, way, ways, rng)
    return _clauses_swapped(sentence) if rng.random() < 0.7 else []


@cache
def _patterns() -> list[tuple[re.Pattern[str], str, tuple[str, ...], Callable[[str], bool]]]:
    """Return what finds each way to say something, the longest of a kind first, and whether it applies to what follows."""
    kinds = ((_FACT, _is_fact), (_ACT, _is_act), (_THING, _is_thing), (_MUST, _is_act), (_FAVOUR, _is_favour))
    return [
        (re.compile(rf"{_LEAD}(?P<way>{re.escape(way.rstrip('?'))})(?= )", re.IGNORECASE), way, ways, applies)
        for ways, applies in kinds
        for way in sorted(ways, key=len, reverse=True)
    ]


def _in_another(
    sentence: str, found: re.Match[str], way: str, ways: Sequence[str], rng: random.Random
) -> list[Edit]:
    """Return the edits that put an intent in another of its ways."""
    body = sentence[found.end() :]
    tail = _TAIL.search(body)
    assert tail is not None  # it may be empty
    asks = way.endswith("?")
    # An order in place of a question is one only where it is plain that something is asked for.
    plain = not _SECOND_CLAUSE.search(body[: tail.start()])
    asked = _TO_ME.search(body) is not None or "please" in sentence.lower()
    demand = plain and (ways is _FACT or (ways is _FAVOUR and asked))
    others = [
        one
        for one in ways
        if one not in (way, _SELDOM) and (one.endswith("?") == asks or (demand if asks else plain))
    ]
    polite = (tail["polite"] or "").lower()
    if "please" in polite or (ways is _FAVOUR and asks and not demand):
        others = [one for one in others if "lease" not in one]
    other = rng.choice(others)
    words = other.rstrip("?")
    if found["lead"] and not words.startswith("I"):
        words = words[0].lower() + words[1:]
    edits = [
        (found.start("way"), found.end("way"), cased(words, found["way"]) if not found["lead"] else words)
    ]
    if other.endswith("?") != asks:
        mark = "?" if not asks else "."
        thanks = polite[2:].capitalize() if "thank" in polite and mark == "?" else ""
        ending = f"{mark} {thanks}." if thanks else f"{polite}{mark}"
        edits.append((found.end() + tail.start(), len(sentence), ending))
    return edits


def _is_thing(rest: str) -> bool:
    """Return whether a thing follows, and not that something is to be done with it, or by it."""
    done = _DONE.search(rest) or any(one[1] in acts() for one in _TO_DO.finditer(rest))
    return _IS_THING.match(rest) is not None and not done


def _is_fact(rest: str) -> bool:
    """Return whether something follows that one can be told: a price, a status."""
    found = _IS_FACT.match(rest)
    return found is not None and found[1].lower() in word_list("facts")


def _is_act(rest: str) -> bool:
    """Return whether a verb follows that says what is to be done."""
    word = re.match(r" ([a-z]+)\b", rest)
    return word is not None and word[1] in acts()


def _is_favour(rest: str) -> bool:
    return _is_act(rest) and not rest.startswith((" let ", " note "))


@cache
def acts() -> frozenset[str]:
    """Return verbs, by their base form, that say what somebody does."""
    senses = lexicon().senses.items()
    found = {word for word, several in senses if any(one.pos == "verb" and one.form == 0 for one in several)}
    return frozenset(found | word_list("acts")) - _NOT_AN_ACT


def _contracted(text: str, rng: random.Random, rate: float, keep: Collection[str]) -> list[Edit]:
    """Return the edits that contract some words and write others out."""
    several = [*_LONG.finditer(text), *_SHORT.finditer(text)]
    spans = kept(text, keep) if several else []
    found: list[Edit] = []
    for match in several:
        words, after = match[0].lower(), (match["next"] or "").lower()
        if not clear_of(spans, *match.span()) or rng.random() >= rate:
            continue
        other = _CONTRACTED.get(words) if words in _CONTRACTED else _written_out(words, after)
        if other and not (words in _HAVE and after not in _HAS | {"already", "not", "never", "just"}):
            found.append((match.start(), match.end(), _capital(other, match[0])))
    return sorted(found)


def _written_out(words: str, after: str) -> str:
    """Return what a contraction stands for; nothing where it could be two things."""
    if words == "i'd":
        return "I would" if after in _WOULD else ""
    if words in _AMBIGUOUS:
        if not after or after.endswith("ed") or after in _PARTICIPLES:
            return ""
        return _EXPANDED[words].removesuffix("is") + "has" if after in _HAS else _EXPANDED[words]
    return _EXPANDED[words]


def _capital(words: str, model: str) -> str:
    if words[0] in "iI" and words[1:2] in (" ", "'"):
        return "I" + words[1:]
    return cased(words, model) if not model.isupper() else words.upper()


def _clauses_swapped(sentence: str) -> list[Edit]:
    """Return the edit that puts a condition behind what it is one of."""
    found = _CONDITION.fullmatch(sentence)
    if not found or _REFERS.search(found["main"]):
        return []
    clause, main = found["clause"], found["main"]
    return [(0, len(sentence), f"{main[0].upper()}{main[1:]} {clause[0].lower()}{clause[1:]}{found['end']}")]


def _swapped(text: str, sentences: Sequence[tuple[int, int]]) -> list[Edit]:
    """Return the edit that swaps the last two sentences where neither speaks of the other."""
    if len(sentences) < 2:
        return []
    (start, middle), (begin, end) = sentences[-2:]
    one, other = text[start:middle], text[begin:end]
    if any(_REFERS.search(part) or not _REPORT.fullmatch(part) for part in (one, other)):
        return []
    return [(start, end, f"{other}{text[middle:begin]}{one}")]
