"""Texts that are somebody's, however often they occur: e-mail addresses, and numbers of phones, accounts and cards."""

import re
from collections.abc import Mapping

import numpy as np

from gristmill.generators.fitting._laws import Array

__all__ = ["MADE_UP", "personal", "whole_personal"]

# What is made up instead, by the provider of Faker's.
MADE_UP = {
    "e-mail address": "email",
    "phone number": "phone_number",
    "IBAN": "iban",
    "card number": "credit_card_number",
}
_EMAIL = re.compile(r"[^@\s<>]+@[^@\s<>]+\.[^@\s<>.]{2,}")
_PHONE = re.compile(
    r"\+\d[\d ()./-]{5,20}\d(?:x\d+)?"
    r"|(?:00)?1?[-. ]?(?:\(\d{3}\) ?|\d{3}[-. ])\d{3}[-. ]\d{4}(?:x\d+)?"
    r"|0\d{1,5}[ /-]\d[\d -]{4,12}\d"
)
_IBAN = re.compile(r"[A-Z]{2}\d{2}[A-Z0-9]{11,30}")
_CARD = re.compile(r"\d{13,19}")
_MOST = 0.5  # share of the rows of a column that is called so
_LONGEST = 320  # characters of an e-mail address (RFC 3696), the longest of them
_LONG = 10**8  # numbers from which on they are long enough for a phone, an account or a card


def personal(counts: Mapping[str, int]) -> tuple[str, set[str]]:
    """Return what most rows of a column are, if it is somebody's, and which of its texts are somebody's.

    Args:
        counts: how often each text occurs.
    """
    kinds = {text: kind for text in counts if (kind := _kind(text))}
    for kind in MADE_UP:
        if sum(counts[text] for text, one in kinds.items() if one == kind) > _MOST * sum(counts.values()):
            return kind, set(kinds)
    return "", set(kinds)


def whole_personal(numbers: Array) -> bool:
    """Return whether whole numbers are so long that each may be the number of a phone, an account or a card."""
    return bool(np.median(np.abs(numbers)) >= _LONG)


def _kind(text: str) -> str:
    if len(text) > _LONGEST:
        return ""
    text = text.strip()
    close = re.sub(r"[ -]", "", text)
    if _EMAIL.fullmatch(text):
        return "e-mail address"
    if _IBAN.fullmatch(close) and _remainder(close) == 1:
        return "IBAN"
    if _CARD.fullmatch(close) and _luhn(close):
        return "card number"
    return "phone number" if _PHONE.fullmatch(text) else ""


def _remainder(iban: str) -> int:
    """Return the remainder of ISO 7064's mod 97-10, 1 where the check digits are right."""
    return int("".join(str(int(mark, 36)) for mark in iban[4:] + iban[:4])) % 97


def _luhn(digits: str) -> bool:
    """Return whether the last digit is the check digit of the others (ISO/IEC 7812-1, annex B)."""
    doubled = [int(one) * (1 + place % 2) for place, one in enumerate(reversed(digits))]
    return sum(one // 10 + one % 10 for one in doubled) % 10 == 0
