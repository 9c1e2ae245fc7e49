"""Identifiers of the same form as others: order and account numbers, phones, cards. What ends alike goes on to end alike."""

import random
import re
from collections.abc import Collection, Iterable

from gristmill.generators.augment._base import Undecided
from gristmill.generators.check_digits import iban_remainder, luhn_remainder

__all__ = ["new_ids"]

# Calling codes, of one digit only 1 and 7, and area codes of North America, which tell a place or who pays: (415), 800.
_COUNTRY = re.compile(r"\+1[ (-]*\d{3}|\+(?:7|\d\d)|\(?\d{3}(?=(?:\) ?|[-. ])\d{3}[-. ]\d{4}$)|")
_SHARED = 4  # digits at the end of an identifier that stand for it, as in "the card that ends in 1234"
_LONG = 8  # digits of an identifier that is called by its last four
_CARD = 13  # digits of a card number, at least
_IBAN = re.compile(r"[A-Z]{2}\d{2}[A-Z\d]{11,30}")
_TRIES = 1000  # drawings of one identifier, until its form counts as used up


def new_ids(ids: Collection[str], numbers: Iterable[str], rng: random.Random) -> dict[str, str]:
    """Return another identifier of the same form for each, no two alike.

    Args:
        ids: identifiers as they are written. Those that end in another one's digits, such as ORD-10023 and 10023, do so
            afterwards.
        numbers: other numbers, of which those are changed that are the last four digits of an identifier.
        rng: where the digits come from.

    Raises:
        Undecided: when there are hardly more identifiers of a form than are in use.
    """
    found: dict[str, str] = {}
    taken = set(ids)
    for one in sorted(taken, key=lambda one: (-len(_digits(one)), one)):
        tail = _tail_of(_digits(one), found)
        new = _filled(one, tail) if tail else _unused(one, taken, rng)
        taken.add(new)
        found[one] = new
    long = {one: new for one, new in found.items() if len(_digits(one)) >= _LONG}
    tails = {one: _tail_of(one, long) for one in numbers if len(one) == _SHARED}
    return found | {one: tail for one, tail in tails.items() if tail}


def _unused(one: str, taken: Collection[str], rng: random.Random) -> str:
    """Return an identifier of the same form that is not taken.

    Raises:
        Undecided: when none is found.
    """
    for _ in range(_TRIES):
        if (new := _of_form(one, rng)) not in taken:
            return new
    raise Undecided("more identifiers of one form than others are left to take their place")


def _digits(one: str) -> str:
    return re.sub(r"\D", "", one)


def _tail_of(digits: str, found: dict[str, str]) -> str:
    """Return the new digits at the end of an identifier whose old ones end so; nothing where there is none."""
    if len(digits) < _SHARED:
        return ""
    return next(
        (_digits(new)[-len(digits) :] for old, new in found.items() if _digits(old).endswith(digits)), ""
    )


def _filled(one: str, digits: str) -> str:
    """Return an identifier with other digits in place of its own."""
    left = iter(digits)
    return "".join(next(left) if mark.isdigit() else mark for mark in one)


def _of_form(one: str, rng: random.Random) -> str:
    """Return an identifier of the same form: other digits, a first one that is not zero, and a check digit that is right."""
    country = _COUNTRY.match(one)
    fixed = country.end() if country else 0
    first = next(place for place, mark in enumerate(one) if mark.isdigit())
    marks = [
        str(rng.randrange(1 if place == first and mark != "0" else 0, 10))
        if mark.isdigit() and place >= fixed
        else mark
        for place, mark in enumerate(one)
    ]
    digits = [place for place, mark in enumerate(one) if mark.isdigit()]
    if len(digits) >= _CARD and luhn_remainder([int(one[place]) for place in digits]) == 0:
        marks[digits[-1]] = "0"
        marks[digits[-1]] = str(-luhn_remainder([int(marks[place]) for place in digits]) % 10)
    new = "".join(marks)
    return _checked(new) if _IBAN.fullmatch(one) and iban_remainder(one) == 1 else new


def _checked(iban: str) -> str:
    """Return an account number with the check digits that are right for it. ISO 13616-1, section 6, by ISO 7064."""
    return f"{iban[:2]}{98 - iban_remainder(f'{iban[:2]}00{iban[4:]}'):02}{iban[4:]}"
