"""Synonyms from a lexicon, in the form of the word they stand for."""

import random
from collections.abc import Collection, Iterable
from typing import ClassVar

from gristmill.generators.augment._base import Augmentation, Edit, Rewriter
from gristmill.generators.augment._grammar import article_edit, cased
from gristmill.generators.augment._lexicon import Lexicon, Sense, fits, lexicon, takes
from gristmill.generators.augment._spans import Word, begins, clear_of, kept, words

__all__ = ["Synonyms"]


class Synonyms(Augmentation):
    """Words and phrases in place of others that mean the same there.

    Args:
        rate: share of the words with synonyms that are replaced.
        lexicon: path of a lexicon; by default the one that comes with Gristmill, whose first lines say how one is written.

    Raises:
        UsageError: when the lexicon cannot be read.
    """

    name: ClassVar[str] = "synonyms"
    about: ClassVar[str] = "words and phrases in place of others that mean the same there, in the same form"
    keeps: ClassVar[str] = "meaning, grammar, denials, numbers, and whatever is meant to the letter"
    usual: ClassVar[float] = 0.5

    def __init__(self, *, rate: float | None = None, lexicon: str = "") -> None:
        super().__init__(rate=rate)
        self._lexicon = _read(lexicon)

    def begin(self, record: object, rng: random.Random, rate: float, keep: Collection[str]) -> Rewriter:
        return _Synonyms(self._lexicon, rng, rate, keep)


def _read(path: str) -> Lexicon:
    return lexicon(path)


class _Synonyms(Rewriter):
    def __init__(self, source: Lexicon, rng: random.Random, rate: float, keep: Collection[str]) -> None:
        self._source, self._rng, self._rate, self._keep = source, rng, rate, keep

    def edits(self, text: str) -> Iterable[Edit]:
        last = 0
        for word, sense in self._found(text):
            if word.start < last or self._rng.random() >= self._rate:
                continue
            others = [one for one in sense.others if takes(sense, one, text, word.start, word.end)]
            if others:
                other = self._rng.choice(others)
                start, article = article_edit(text, word.start, other)
                if start >= last:
                    yield start, word.end, article + cased(other, _model(text, word))
                    last = word.end

    def _found(self, text: str) -> list[tuple[Word, Sense]]:
        """Return what has synonyms where it stands, in order; of what overlaps the longest first."""
        found = []
        for one in [*self._phrases(text), *words(text, self._keep)]:
            for sense in self._source.senses.get(one.text.lower().replace("’", "'"), ()):
                if fits(sense, text, one.start, one.end):
                    found.append((one, sense))
                    break
        return sorted(found, key=lambda one: (one[0].start, -one[0].end))

    def _phrases(self, text: str) -> list[Word]:
        if self._source.phrases is None:
            return []
        several = [Word(one.start(), one.end(), one[0]) for one in self._source.phrases.finditer(text)]
        spans = kept(text, self._keep) if several else []
        return [one for one in several if clear_of(spans, one.start, one.end)]


def _model(text: str, word: Word) -> str:
    """Return what has the capitals that a word is to have; the one of `I'm afraid` within a sentence is none of its place."""
    speaker = word.text[:1] == "I" and word.text[1:2] in (" ", "'", "’")
    return word.text[0].lower() + word.text[1:] if speaker and not begins(text, word) else word.text
