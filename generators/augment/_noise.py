"""Noise as people make it: slips on the keyboard, careless capitals and spaces, and words that are simply wrong."""

import random
from collections.abc import Collection, Iterable
from functools import cache
from typing import ClassVar

from gristmill.generators.augment._base import Augmentation, ByText, Edit, Rewriter
from gristmill.generators.augment._grammar import cased
from gristmill.generators.augment._spans import begins, clear_of, kept, latin, words
from gristmill.generators.augment._vocabulary import common_words, is_word

__all__ = ["Casing", "RandomTokens", "Spacing", "Typos"]

_ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
_SHORTEST = (
    4  # letters of a word with a slip: people notice slips in shorter ones, and those become other words
)
_TRIES = 4


def _neighbours() -> dict[str, str]:
    """Return the keys that touch each letter on a QWERTY keyboard; a lower row is set off by half a key."""
    found: dict[str, str] = {}
    for number, row in enumerate(_ROWS):
        for place, letter in enumerate(row):
            near = [(number, place - 1), (number, place + 1)]
            near += [
                (number - 1, place),
                (number - 1, place + 1),
                (number + 1, place - 1),
                (number + 1, place),
            ]
            found[letter] = "".join(
                _ROWS[one][at] for one, at in near if 0 <= one < len(_ROWS) and 0 <= at < len(_ROWS[one])
            )
    return found


_NEAR = _neighbours()


class Typos(Augmentation):
    """Slips of the finger: a key beside the right one, two letters swapped, one dropped, one twice.

    The first letter stays right, as it nearly always does: Yannakoudakis and Fawthrop, "The rules of spelling errors",
    1983. A slip that makes another common word is taken back.
    """

    name: ClassVar[str] = "typos"
    about: ClassVar[str] = "a key beside the right one, two letters swapped, one dropped or doubled"
    keeps: ClassVar[str] = (
        "what is meant; denials, numbers, and whatever is meant to the letter stay as they are"
    )
    usual: ClassVar[float] = 0.08

    def begin(self, record: object, rng: random.Random, rate: float, keep: Collection[str]) -> Rewriter:
        return ByText(lambda text: self._slips(text, rng, rate, keep))

    @staticmethod
    def _slips(text: str, rng: random.Random, rate: float, keep: Collection[str]) -> Iterable[Edit]:
        for word in words(text, keep):
            if len(word.text) >= _SHORTEST and latin(word.text) and rng.random() < rate:
                yield word.start, word.end, _slip(word.text, rng)


def _slip(word: str, rng: random.Random) -> str:
    """Return a word with one slip in it."""
    for _ in range(_TRIES):
        place = rng.randrange(1, len(word))
        letter = word[place]
        match rng.choices(("near", "swap", "drop", "double"), (0.35, 0.25, 0.25, 0.15))[0]:
            case "near":
                other = rng.choice(_NEAR.get(letter.lower(), letter))
                found = word[:place] + (other.upper() if letter.isupper() else other) + word[place + 1 :]
            case "swap" if place + 1 < len(word):
                found = word[:place] + word[place + 1] + letter + word[place + 2 :]
            case "drop":
                found = word[:place] + word[place + 1 :]
            case _:
                found = word[:place] + letter + word[place:]
        if found != word and not is_word(found.lower()):
            return found
    return word


class RandomTokens(Augmentation):
    """Words replaced by others at random.

    The default is the share of all tokens that masked language models are trained with: 10 % of the 15 % that are
    chosen. Devlin, Chang, Lee and Toutanova, "BERT: Pre-training of Deep Bidirectional Transformers for Language
    Understanding", 2019, section 3.1.
    """

    name: ClassVar[str] = "random-tokens"
    about: ClassVar[str] = "words replaced by common ones at random"
    keeps: ClassVar[str] = "length and order; a sentence may no longer make sense, so the rate is to be small"
    usual: ClassVar[float] = 0.015

    def begin(self, record: object, rng: random.Random, rate: float, keep: Collection[str]) -> Rewriter:
        pool = _pool()

        def replaced(text: str) -> Iterable[Edit]:
            for word in words(text, keep):
                # Elsewhere, as in Japanese, one of our words is a sentence of theirs.
                if latin(word.text) and rng.random() < rate:
                    yield word.start, word.end, cased(rng.choice(pool), word.text)

        return ByText(replaced)


@cache
def _pool() -> tuple[str, ...]:
    return tuple(sorted(common_words()))


class Casing(Augmentation):
    """Capitals as people set them in a hurry: none at all, none where a sentence begins, or all of them."""

    name: ClassVar[str] = "casing"
    about: ClassVar[str] = "no capitals, none at the beginning of sentences, or nothing else"
    keeps: ClassVar[str] = "every letter; whatever is meant to the letter keeps its capitals"
    usual: ClassVar[float] = 1.0  # of the texts

    def begin(self, record: object, rng: random.Random, rate: float, keep: Collection[str]) -> Rewriter:
        def recased(text: str) -> Iterable[Edit]:
            if rng.random() >= rate:
                return
            style = rng.choices(("lower", "starts", "upper"), (0.5, 0.35, 0.15))[0]
            if text.isupper():
                style = "lower"
            marks = list(text)
            for word in words(text, keep, guarded=True):
                if style == "upper":
                    marks[word.start : word.end] = map(_upper, word.text)
                elif style == "lower" or begins(text, word):
                    marks[word.start : word.end] = map(_lower, word.text)
            yield 0, len(text), "".join(marks)

        return ByText(recased)


def _upper(letter: str) -> str:
    """Return a letter as a capital; one whose capitals are two, such as ß, as it is."""
    return letter.upper() if len(letter.upper()) == 1 else letter


def _lower(letter: str) -> str:
    return letter.lower() if len(letter.lower()) == 1 else letter


class Spacing(Augmentation):
    """Spaces and marks as people set them in a hurry: two spaces, one before a comma or none behind it, no full stop."""

    name: ClassVar[str] = "spacing"
    about: ClassVar[str] = "doubled and misplaced spaces, missing and repeated marks at the end"
    keeps: ClassVar[str] = "every word, and the spaces within and beside whatever is meant to the letter"
    usual: ClassVar[float] = 0.12

    def begin(self, record: object, rng: random.Random, rate: float, keep: Collection[str]) -> Rewriter:
        return ByText(lambda text: self._spaced(text, rng, rate, keep))

    @staticmethod
    def _spaced(text: str, rng: random.Random, rate: float, keep: Collection[str]) -> Iterable[Edit]:
        spans = kept(text, keep)
        for place, mark in enumerate(text[:-1]):
            beside = place > 0 and text[place - 1].isalpha() and clear_of(spans, place - 1, place + 2)
            if mark == " " and beside and text[place + 1].isalpha() and rng.random() < rate / 2:
                yield place, place + 1, "  "
            elif mark in ",;" and beside and text[place + 1] == " " and rng.random() < 2 * rate:
                after = place + 2 < len(text) and text[place + 2].isalpha()
                if after and clear_of(spans, place + 1, place + 3) and rng.random() < 0.5:
                    yield place, place + 2, mark
                else:
                    yield place, place + 1, f" {mark}"
        if text and clear_of(spans, len(text) - 1, len(text)) and rng.random() < 4 * rate:
            yield from _last_mark(text, rng)


def _last_mark(text: str, rng: random.Random) -> Iterable[Edit]:
    """Yield the change of the mark at the end: a question stays one."""
    end, mark = len(text), text[-1]
    if mark == ".":
        yield end - 1, end, rng.choice(("", "..", " .", "!"))
    elif mark in "?!":
        yield end - 1, end, rng.choice((mark * 2, f" {mark}", mark * 3))
