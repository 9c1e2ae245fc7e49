"""Wording by composition: one line of grammar stands for hundreds of sentences.

`[a|b|c]` is a choice, `{slot}` a gap to fill: "[Hi, |Hello, |][I want|I need] a refund for the {item}." A bracket
itself is written twice. Rules of a `Grammar` are written the same way, their gaps being other rules. Phrases said together make one message, and a *form* of a message is one way through all their choices. Forms are split in
two by their number's hash, so that an evaluation can use messages of which not one occurred in training.
"""

import random
import re
from itertools import product
from math import prod
from typing import Literal, get_args

from gristmill.errors import UsageError, unknown

__all__ = ["Forms", "Phrase", "Wording", "choices", "forms_of"]

Forms = Literal["all", "train", "held-out"]

_SPLITS = get_args(Forms)
_BRACKET = re.compile(r"(\[\[|\]\]|\[[^\[\]]*\]|[\[\]])")
_HELD_OUT = 5  # every fifth form, by hash


class Phrase:
    """One line of grammar.

    Attributes:
        forms: how many sentences it stands for, gaps aside.
    """

    def __init__(self, grammar: str) -> None:
        parts = choices(grammar)
        self.forms = prod(map(len, parts))
        # The choices are the digits of a form's number. All there is to a half of them is few, and quick to put together.
        halves = ((parts[:place], parts[place:]) for place in range(len(parts) + 1))
        heads, tails = min(halves, key=lambda both: sum([prod(map(len, half)) for half in both]))
        self._halves = (_combined(heads), _combined(tails))

    def text(self, number: int) -> str:
        """Return form `number`, from 0 to `forms` - 1, gaps unfilled."""
        heads, tails = self._halves
        head, tail = divmod(number, len(tails))
        return heads[head] + tails[tail]


def choices(text: str) -> list[list[str]]:
    """Return the parts of a text in order: the options of each of its choices, one where there is nothing to choose.

    Raises:
        UsageError: when a bracket stands alone.
    """
    parts = [[""]]
    for piece in _BRACKET.split(text):
        if piece in ("[", "]"):
            raise UsageError(f"Expected [a|b] for a choice, or [[ and ]] for brackets, got {text!r}.")
        if piece.startswith("[") and piece != "[[":
            parts += [piece[1:-1].split("|"), [""]]
        else:
            parts[-1][0] += piece[0] if piece in ("[[", "]]") else piece
    return parts


def _combined(parts: list[list[str]]) -> list[str]:
    """Return every way through some choices, in order."""
    return list(map("".join, product(*parts)))


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

    def __call__(self, *phrases: Phrase, **slots: object) -> str:
        """Return one message made of the phrases, with its gaps filled and a capital at its beginning."""
        text = "".join(self.parts(*phrases)).format_map(slots)
        if "@" in text and "@" in text.partition(" ")[0]:
            return text  # an address is written as it is
        return text[:1].upper() + text[1:]

    def parts(self, *phrases: Phrase) -> list[str]:
        """Return the phrases in one form of the message that they make, gaps unfilled."""
        count = forms_of(*phrases)
        number = self._form(count)
        texts = []
        for phrase in phrases:
            count //= phrase.forms
            texts.append(phrase.text(number // count))
            number %= count
        return texts

    def _form(self, count: int) -> int:
        """Return which of so many forms is said."""
        number = int(self._rng.random() * count)
        if self._forms != "all":
            wanted = self._forms == "held-out"
            around = ((number + step) % count for step in range(count))
            number = next((one for one in around if _held_out(one) == wanted), number)
        return number


def forms_of(*phrases: Phrase) -> int:
    """Return how many forms the message has that is made of `phrases`."""
    count = 1
    for phrase in phrases:
        count *= phrase.forms
    return count


def _held_out(number: int) -> bool:
    """Knuth's multiplicative hash spreads neighbouring forms over both splits."""
    return (number * 2654435761 % 2**32) >> 8 < 2**24 // _HELD_OUT
