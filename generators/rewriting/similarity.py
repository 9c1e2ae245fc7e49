"""How near one text is to another, and what of it has been kept, without any model."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable
from decimal import Decimal
from typing import NamedTuple

__all__ = ["Problem", "chrf", "content", "kept", "letters", "orders", "sentences", "turned", "words"]

_WORD = re.compile(r"[^\W_]+(?:['’.@-][^\W_]+)*")
_ADDRESS = re.compile(r"https?://\S+[\w/]|[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_CODE = re.compile(r"\b(?!\d+-[^\W\d_]+\b)(?=[\w-]*\d)(?=[\w-]*[^\W\d_])[^\W_][\w-]*\b|\b\d+(?:[-/:]\d+)+\b")
_NUMBER = re.compile(r"\d+(?:[.,’\u00a0\u202f]\d{3})*(?:[.,]\d+)?")
_QUOTED = re.compile(r"[\"“„«]([^\"“”„«»\n]{1,200})[\"”“»]")
_INSIDE = re.compile(r"(?<=[^.!?:\"“„«|\s]) +\(?([^\W\d_]{2,}+)(?!\w)")  # words that begin no sentence
_LETTERS = re.compile(r"[^\W\d_]+")
_SENTENCE = re.compile(r"(?<=[.!?…])[\"”’)]*\s+|\n+")
_NEGATION = re.compile(r"\b(?:not|no|never|none|nor|without|cannot|neither)\b|n['’]t\b", re.IGNORECASE)
_ORDERS = re.compile(
    r"\b(?:ignore|disregard|forget|override)\b.{0,40}\b(?:instructions?|prompts?|rules|above|previous|everything)\b"
    r"|\b(?:system prompt|you are now|new instructions?|developer message|as an ai)\b"
    r"|\b(?:answer|reply|respond|output|say|write|print)\b.{0,20}\b(?:only|nothing but|exactly)\b",
    re.IGNORECASE,
)
# What turns one task into another.
_OPPOSITES = (
    ("before", "after"), ("earlier", "later"), ("more", "less"), ("more", "fewer"), ("most", "least"), ("highest", "lowest"),
    ("higher", "lower"), ("longest", "shortest"), ("longer", "shorter"), ("largest", "smallest"), ("larger", "smaller"), ("above", "below"),
    ("risen", "fallen"), ("rise", "fall"), ("increase", "decrease"), ("increased", "decreased"), ("ascending", "descending"),
    ("add", "subtract"), ("multiply", "divide"), ("buy", "sell"), ("train", "flight"), ("ahead", "behind"), ("maximum", "minimum"),
    ("high", "low"), ("up", "down"), ("open", "close"), ("opens", "closes"), ("first", "last"), ("first", "second"), ("older", "younger"),
    ("except", "included"), ("pass", "fail"), ("passed", "failed"), ("since", "until"), ("if", "unless"), ("radius", "diameter"),
    ("sum", "difference"), ("sum", "product"), ("arrive", "leave"), ("arrives", "leaves"), ("cancel", "renew"), ("rose", "down"),
    ("early", "late"), ("accept", "reject"), ("accept", "refuse"), ("allow", "forbid"), ("include", "exclude"), ("start", "stop"),
    ("start", "end"), ("begin", "end"), ("enable", "disable"), ("activate", "deactivate"), ("inside", "outside"), ("north", "south"),
    ("east", "west"), ("left", "right"), ("area", "circumference"), ("numerator", "denominator"), ("import", "export"), ("credit", "debit"),
)  # fmt: skip
_COMMON = frozenset(
    [
        "the",
        "a",
        "an",
        "of",
        "and",
        "to",
        "in",
        "is",
        "are",
        "was",
        "were",
        "be",
        "been",
        "that",
        "this",
        "these",
        "those",
        "it",
        "its",
        "for",
        "on",
        "at",
        "by",
        "with",
        "as",
        "from",
        "or",
        "but",
        "what",
        "which",
        "who",
        "how",
        "many",
        "much",
        "when",
        "where",
        "why",
        "do",
        "does",
        "did",
        "can",
        "could",
        "would",
        "should",
        "will",
        "i",
        "you",
        "he",
        "she",
        "we",
        "they",
        "me",
        "my",
        "your",
        "his",
        "her",
        "our",
        "their",
        "if",
        "then",
        "than",
        "there",
        "here",
        "have",
        "has",
        "had",
        "not",
        "no",
        "so",
        "please",
        "give",
        "tell",
        "find",
        "out",
        "one",
        "two",
    ]
)
ORDER, BETA = 6, 2.0  # of chrF


class Problem(NamedTuple):
    """Why a text is not taken: a reason that can be counted, and what exactly."""

    reason: str
    detail: str


def chrf(text: str, reference: str) -> float:
    """Return the F-score of character n-grams of a text against a reference, from 0 to 1.

    chrF2 of n-grams of 1 to 6 characters, spaces left out (Popović, "chrF: character n-gram F-score for automatic MT
    evaluation", 2015), averaged over the orders that both texts have, as sacreBLEU does.
    """
    one, other = "".join(text.split()), "".join(reference.split())
    precisions, recalls = [], []
    for n in range(1, ORDER + 1):
        ours, theirs = _grams(one, n), _grams(other, n)
        if ours and theirs:
            both = (ours & theirs).total()
            precisions.append(both / ours.total())
            recalls.append(both / theirs.total())
    if not precisions or not sum(precisions):
        return 0.0
    precision, recall = sum(precisions) / len(precisions), sum(recalls) / len(recalls)
    return (1 + BETA**2) * precision * recall / (BETA**2 * precision + recall)


def letters(text: str) -> str:
    """Return the letters and digits of a text, without case, punctuation and spacing."""
    # Marks belong to letters: Hindi writes its vowels with them.
    folded = unicodedata.normalize("NFKC", text).casefold()
    return "".join(one for one in folded if unicodedata.category(one)[0] in "LMN")


def words(text: str) -> list[str]:
    """Return the words of a text in lower case."""
    return [one.casefold().replace("’", "'") for one in _WORD.findall(text)]


def content(text: str) -> set[str]:
    """Return the numbers, and the first letters of the words that carry meaning, so that "book" and "booked" are one."""
    return {one[:5] for one in words(text) if one.isdigit() or (one not in _COMMON and len(one) > 2)}


def sentences(text: str) -> list[str]:
    """Return the sentences and lines of a text."""
    return [one for one in _SENTENCE.split(text) if one.strip()]


def orders(text: str) -> bool:
    """Return whether a text tells whoever reads it, such as a model, to do something else than was asked of it."""
    return bool(_ORDERS.search(text))


def kept(source: str, text: str, *, names: bool = True) -> Problem | None:
    """Return what of a source a text has lost or added: addresses, codes, numbers, quotations, rows of tables, names.

    Args:
        source: the text that there was.
        text: what was made of it.
        names: whether words with a capital inside a sentence are names, as in English.
    """
    plain, other = _plain(source), _plain(text)
    for what, pattern in (("addresses", _ADDRESS), ("codes", _CODE)):
        if problem := _differ(what, Counter(pattern.findall(plain)), Counter(pattern.findall(other))):
            return problem
        plain, other = pattern.sub(" ", plain), pattern.sub(" ", other)
    if problem := _numbers(plain, other):
        return problem
    for what, parts in (("quotations", _QUOTED.findall(source)), ("rows of a table", _rows(source))):
        if lost := [one for one in parts if not re.search(rf"(?<!\w){re.escape(one)}(?!\w)", text)]:
            return Problem(f"{what} changed", f"lost {lost[0]!r}")
    if not names:
        return None
    here, there = (set(_LETTERS.findall(one.casefold())) for one in (source, text))
    if lost := [one for one in _names(source) if one.casefold() not in there]:
        return Problem("names changed", f"lost {lost[0]!r}")
    if new := [one for one in _names(text) if one.casefold() not in here]:
        return Problem("names changed", f"added {new[0]!r}")
    return None


def turned(source: str, text: str) -> Problem | None:
    """Return which English word of a source became its opposite, or whether a negation came or went."""
    here, there = set(words(source)), set(words(text))
    for pair in _OPPOSITES:
        for one, other in (pair, pair[::-1]):
            if one in here and other not in here and other in there and one not in there:
                return Problem("meaning turned", f"{one!r} became {other!r}")
    before, after = bool(_NEGATION.search(source)), bool(_NEGATION.search(text))
    if before != after:
        return Problem("meaning turned", "a negation was lost" if before else "a negation was added")
    return None


def _grams(text: str, n: int) -> Counter[str]:
    return Counter(text[start : start + n] for start in range(len(text) - n + 1))


def _plain(text: str) -> str:
    """Return a text with the digits of all scripts as those of ASCII, and one sort of dash."""
    return "".join(
        str(unicodedata.decimal(one)) if one.isdecimal() else "-" if one in "−‐‑–" else one for one in text
    )


def _differ(what: str, before: Counter[str], after: Counter[str]) -> Problem | None:
    lost, new = before - after, after - before
    if not lost and not new:
        return None
    said = [f"lost {', '.join(lost)}"] if lost else []
    said += [f"added {', '.join(new)}"] if new else []
    return Problem(f"{what} changed", " and ".join(said))


def _numbers(source: str, text: str) -> Problem | None:
    """Return which number has no counterpart, however either language writes decimals and thousands."""
    left = _NUMBER.findall(text)
    for one in _NUMBER.findall(source):
        match = next((other for other in left if _readings(one) & _readings(other)), None)
        if match is None:
            return Problem("numbers changed", f"lost {one}" + (f", added {left[0]}" if left else ""))
        left.remove(match)
    return Problem("numbers changed", f"added {left[0]}") if left else None


def _readings(number: str) -> set[Decimal]:
    """Return what a number can mean: 1.234 is more than a thousand in German, and less than two in English."""
    plain = re.sub(r"[’\u00a0\u202f]", "", number)
    found = set()
    for point, comma in ((".", ","), (",", ".")):
        if re.fullmatch(rf"\d+(?:\{comma}\d{{3}})*(?:\{point}\d+)?", plain):
            found.add(Decimal(plain.replace(comma, "").replace(point, ".")))
    return found or {Decimal(re.sub(r"\D", "", plain))}


def _names(text: str) -> list[str]:
    return [one for one in _INSIDE.findall(text) if one[0].isupper()]


def _rows(text: str) -> Iterable[str]:
    return [line for line in text.splitlines() if line.startswith("|")]
