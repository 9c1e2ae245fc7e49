"""What follows from numbers: whether some of a record may change without others that would have to change with them."""

import re
from collections.abc import Collection, Iterable, Sequence
from decimal import Decimal

__all__ = ["follows", "settled"]

_UNITS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
_WORDED = re.compile(
    r"\b(?:(?:thir|four|fif|six|seven|eigh|nine)teen|(?:twen|thir|for|fif|six|seven|eigh|nine)ty|hundred|thousand|[mb]illion|dozen)\b",
    re.IGNORECASE,
)
_UNIT = re.compile(rf"\b(?:{'|'.join(_UNITS)})\b", re.IGNORECASE)
_ADDED = re.compile(
    rf"\b(?:(?:plus|minus|more|less|equals|makes) (?:{'|'.join(_UNITS)})|(?:{'|'.join(_UNITS)}) (?:plus|minus|more|less|equals|makes))\b",
    re.IGNORECASE,
)
# A result by itself: a text that is a number and perhaps its unit, or one that is marked as the answer.
_RESULT = re.compile(
    r"\s*[-−]?\d[\d,.]*\s?(?:%|(?!dollar|euro|pound|USD|EUR|GBP)[^\W\d_]+)?\.?\s*|.*(?:####\s|\\boxed\{).*",
    re.DOTALL,
)
_NEAR = 10  # smaller numbers equal an amount by chance
_ALL = 100  # percent
_MOST = 12  # numbers of which all sums are tried


def settled(amounts: Sequence[int], plain: Iterable[Decimal], texts: Iterable[str]) -> bool:
    """Return whether something beside amounts follows from them, so that they have to stay.

    That is a bare number that equals one, or the sum, difference, product or quotient of one and another number, an amount in
    words, and an answer that is a number.

    Args:
        amounts: in cents.
        plain: the other numbers.
        texts: those of the record.
    """
    if not amounts:
        return False
    bare, texts = set(plain), list(texts)
    related = {Decimal(one) / 100 for one in _related(amounts)}
    scaled = {found for one in related for by in bare if by > 1 for found in (one * by, one / by)}
    if any(one >= _NEAR and one in related | scaled for one in bare):
        return True
    return any(_RESULT.fullmatch(one) or _worded(one, related) for one in texts)


def _related(amounts: Sequence[int]) -> set[int]:
    pairs = [(one, other) for one in amounts for other in amounts]
    return {
        *amounts,
        sum(amounts),
        *[one + other for one, other in pairs],
        *[abs(one - other) for one, other in pairs],
    }


def _worded(text: str, related: Collection[Decimal]) -> bool:
    """Return whether a text has a number in words that may be one of the related amounts."""
    small = (_UNITS.index(one[0].lower()) + 1 for one in _UNIT.finditer(text))
    return any(one.search(text) for one in (_WORDED, _ADDED)) or any(Decimal(one) in related for one in small)


def follows(number: int, known: Collection[int]) -> bool:
    """Return whether a number is a sum of others, a difference, product or quotient of two, or is part of one.

    One that comes right before or after another one may be part of a series.
    """
    others = [one for one in known if one != number]
    if number < 2 or len(others) > _MOST or _summed(number, others):
        return True
    if any(number == 2 * one or one == 2 * number or abs(number - one) == 1 for one in others):
        return True
    return any(
        one in (number + other, number * other, number - other) or number == other * one
        for place, one in enumerate(others)
        for other in others[:place] + others[place + 1 :]
    )


def _summed(number: int, others: Sequence[int]) -> bool:
    """Return whether some numbers come to another one, or do so with it, or with it to a hundred, as shares do."""
    sums = {0}
    for one in others:
        sums |= {one + before for before in sums}
    return number in sums or any(one - number in sums - {0} for one in (_ALL, *others))
