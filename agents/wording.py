"""Wording by composition: one line of grammar stands for hundreds of sentences.

`[a|b|c]` is a choice, `{slot}` a gap to fill: "[Hi, |Hello, |][I want|I need] a refund for the {item}." A *form*
is one way through the choices. Forms are split in two by their hash, so that an evaluation can use sentences of
which not one occurred in training.
"""

import random
import re
from collections.abc import Iterable
from math import prod

from gristmill.errors import unknown

__all__ = ["Phrase", "Wording"]

_PART = re.compile(r"\[([^\]]*)\]")
_SPLITS = ("all", "train", "held-out")
_HELD_OUT = 5  # every fifth form, by hash
_TRIES = 50


class Phrase:
    """One line of grammar.

    Attributes:
        forms: how many sentences it stands for, gaps aside.
    """

    def __init__(self, grammar: str) -> None:
        pieces = _PART.split(grammar)
        # re.split leaves the fixed text at even and the choices at odd places.
        self._parts = [piece.split("|") if odd % 2 else [piece] for odd, piece in enumerate(pieces)]
        self.forms = prod(map(len, self._parts))

    def pick(self, rng: random.Random) -> tuple[int, str]:
        """Return a form's number and its text, gaps unfilled."""
        number, text = 0, []
        for options in self._parts:
            place = int(rng.random() * len(options)) if len(options) > 1 else 0
            number = number * len(options) + place
            text.append(options[place])
        return number, "".join(text)


class Wording:
    """Says things in one split of the forms.

    Args:
        rng: where the choices come from.
        forms: `train`, `held-out` (a fifth of all forms, by hash) or `all`.
    """

    def __init__(self, rng: random.Random, forms: str = "all") -> None:
        if forms not in _SPLITS:
            raise unknown("split of the forms", forms, _SPLITS)
        self._rng, self._forms = rng, forms

    def __call__(self, phrases: Phrase | Iterable[Phrase], **slots: object) -> str:
        """Return one sentence of the phrase, or of one of the phrases, with its gaps filled."""
        phrase = phrases if isinstance(phrases, Phrase) else self._rng.choice(list(phrases))
        for _ in range(_TRIES):
            number, text = phrase.pick(self._rng)
            if self._forms == "all" or _held_out(number) == (self._forms == "held-out"):
                break
        return text.format(**slots) if slots else text


def _held_out(number: int) -> bool:
    """Knuth's multiplicative hash spreads neighbouring forms over both splits."""
    return (number * 2654435761 % 2**32) >> 8 < 2**24 // _HELD_OUT
