"""Her is him or his, and his is her or hers: which of them, by the words around it.

Before something owned it is a determiner (`her lamp`), else a pronoun (`call her`, `it is his`). What follows a verb with
two objects can be either (`gave her money`), and so can some adverbs (`called her last week`): there nobody can tell.
"""

import re

from gristmill.generators.augment._paraphrase import acts
from gristmill.generators.augment._vocabulary import BESIDE_NOUNS, DETERMINERS, GUARDED, word_list

__all__ = ["resolved"]

_GIVING = word_list("giving")
_LETTING = word_list("letting")
_DOING = word_list("doing")
_ADVERBS = word_list("adverbs")
_EITHER = word_list("either")
_OWNED_LY = word_list("owned")
_CALLING = word_list("calling")
_NOT_OWNED = (BESIDE_NOUNS | DETERMINERS | GUARDED | _ADVERBS) - frozenset(
    {"last", "near", "past", "second", "first", "outside"}
)
_COUNTS = word_list("numbers") - _EITHER - word_list("frequencies")
_DECADE = re.compile(r" (?:\d0|\d0')s\b")  # in her 30s
_WORDS = re.compile(r"[\w'’-]+")


def resolved(text: str, start: int, end: int, word: str) -> str | None:
    """Return what `her` or `his` at a place of a text is for the other gender; None where that cannot be told."""
    before = text[max(0, start - 40) : start]
    previous = (_WORDS.findall(before) or [""])[-1].lower() if before.endswith(" ") else ""
    tail = re.match(r" ([^\W\d_][\w'’-]*)", text[end:])
    if tail is None:
        if _DECADE.match(text, end):
            return "his" if word == "her" else "her"
        if re.match(r" [\"“'‘$€£\d]", text[end:]):
            return None  # a title, a quotation or an amount could be owned or given
        return "him" if word == "her" else "hers"
    after = tail[1].lower().replace("’", "'")
    if word == "his":
        return _of_his(previous, after)
    return _of_her(previous, after)


def _of_his(previous: str, after: str) -> str | None:
    if after in _COUNTS:
        return "her"
    if after in _EITHER:
        return "her" if previous not in ("is", "was", "of") else None
    if after in _NOT_OWNED - _OWNED_LY:
        return "hers"
    return "her"


def _of_her(previous: str, after: str) -> str | None:
    if not previous or after in _COUNTS:
        return None if previous in _GIVING else "his"
    if after == "back" and previous in _CALLING:
        return "him"
    if after in _EITHER:
        return None
    if after in _OWNED_LY:
        return "his"
    if after in _NOT_OWNED or after.endswith("ly"):
        return "him"
    if previous in _LETTING and (after in _DOING or after in acts()):
        return "him"
    if previous in _GIVING or (previous in _LETTING and after.endswith("ing")):
        return None
    return "his"
