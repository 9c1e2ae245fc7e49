"""Where the words of a text are, and what of it nobody may touch.

Identifiers, numbers, e-mail and web addresses, whatever is quoted, code and the names of tools are *kept*: they mean
something to the letter. *Guarded* words, denials and numbers in words, may be put otherwise by someone who knows how,
but noise in them would make a label false.
"""

import re
from collections.abc import Collection, Sequence
from functools import lru_cache
from typing import NamedTuple

from gristmill.generators.augment._vocabulary import GUARDED

__all__ = ["Word", "begins", "clear_of", "kept", "latin", "words"]

_KEPT = r"""
    ```.*?(?:```|\Z) | `[^`\n]+`                                        # code
  | "[^"\n]+" | “[^”\n]+” | «[^»\n]+» | „[^“”\n]+[“”]                    # quoted
  | (?<![\w'])'[^'\n]+'(?!\w) | (?<!\w)‘[^’\n]+’(?!\w)
  | (?:https?://|www\.)[^\s<>"]*[^\s<>".,;:!?)]                          # addresses
  | [\w.+'-]+@[\w-]+(?:\.[\w-]+)+
  | \{[^{}\n]*\} | <[^<>\s][^<>\n]*> | \[\[[^\]\n]*\]\]                   # gaps of templates, tags
  | [$€£¥]\s?\d[\d,.]*\d | [$€£¥]\s?\d                                  # numbers, with their unit
  | \b\d+(?:[.,:]\d+)*(?!\w)(?:\s?%|[ -](?!_BESIDE_)[^\W\d_]+(?!['’\w]))?
  | [#@]?(?:[^\W\d_]+[-_/]){0,5}\w*\d(?:[\w/:.,+-]*\w)?                # identifiers
  | \w+(?:_+\w+)+ | \b[a-z]+[A-Z]\w* | \b\w+\(\)                         # names in code
  | \w+\.(?:py|js|json|toml|yaml|csv|txt|pdf|com|org|net)\b
"""
_BEYOND_LATIN = "\u0250"
_WORD = r"[^\W\d_]+(?:['’-][^\W\d_]+)*"
# No units: what comes behind "30 and" is not counted.
_BESIDE = r"(?:and|or|with|for|in|of|to|from|is|was|are|please|that|then|by|at|on|if|as|it|i|you|we|thanks|sorry|but|so|when)\b"
_SCAN = re.compile(
    rf"(?P<kept>{_KEPT.replace('_BESIDE_', _BESIDE)})|(?P<word>{_WORD})", re.VERBOSE | re.DOTALL
)


class Word(NamedTuple):
    """A word and its place in a text."""

    start: int
    end: int
    text: str


def words(text: str, keep: Collection[str] = (), *, guarded: bool = False) -> list[Word]:
    """Return the words of a text that may be changed, in order.

    Args:
        text: in which they are.
        keep: words and phrases that may not, whatever their case.
        guarded: whether those that make or break the meaning are among them.
    """
    found = [one for one in _scanned(text)[1] if guarded or not _is_guarded(one.text)]
    more = _also(text, keep)
    return [one for one in found if clear_of(more, one.start, one.end)] if more else found


def kept(text: str, keep: Collection[str] = ()) -> list[tuple[int, int]]:
    """Return the parts of a text that nobody may touch, as start and end."""
    return sorted([*_scanned(text)[0], *_also(text, keep)])


@lru_cache(
    1024
)  # a text is looked at several times, and some, such as instructions, come again in every record
def _scanned(text: str) -> tuple[list[tuple[int, int]], list[Word]]:
    """Return the parts of a text that nobody may touch, and its words."""
    spans, found = list[tuple[int, int]](), list[Word]()
    for match in _SCAN.finditer(text):
        if match.lastgroup == "word":
            found.append(Word(match.start(), match.end(), match[0]))
        else:
            spans.append(match.span())
    return spans, found


def clear_of(spans: Sequence[tuple[int, int]], start: int, end: int) -> bool:
    """Return whether a part of a text has nothing in common with others; an empty one may lie at their edge."""
    return all(end <= first or last <= start for first, last in spans)


def latin(word: str) -> bool:
    """Return whether a word is written in Latin letters, which are typed on keyboards like ours and stand in words."""
    return all(one < _BEYOND_LATIN or not one.isalpha() for one in word)


def begins(text: str, word: Word) -> bool:
    """Return whether a sentence begins with a word."""
    before = text[: word.start].rstrip()
    return not before or before[-1] in ".!?\n"


def _also(text: str, keep: Collection[str]) -> list[tuple[int, int]]:
    pattern = _any_of(frozenset(keep)) if keep else None
    return [match.span() for match in pattern.finditer(text)] if pattern else []


@lru_cache(256)
def _any_of(keep: frozenset[str]) -> re.Pattern[str] | None:
    """Return a pattern for whole words and phrases, the longest first; inflected forms are covered, too."""
    found = sorted((re.escape(one) for one in keep if one.strip()), key=lambda one: (-len(one), one))
    return re.compile(rf"(?<!\w)(?:{'|'.join(found)})(?:'s|s|es)?(?!\w)", re.IGNORECASE) if found else None


def _is_guarded(word: str) -> bool:
    folded = word.lower()
    return folded in GUARDED or folded.endswith(("n't", "n’t"))
