"""Texts that are somebody's, however often they occur, by their shape or by what their column is called.

Shapes are those of e-mail and IP addresses, social security numbers, and numbers of phones, accounts and cards. Names and
addresses of people have no shape, so they are known by the names of columns alone.
"""

import re
from collections.abc import Mapping
from ipaddress import ip_address

import numpy as np

from gristmill.generators.check_digits import iban_remainder, luhn_remainder
from gristmill.generators.fitting._laws import Array

__all__ = ["MADE_UP", "called", "personal", "whole_personal"]

# What is made up instead, by the provider of Faker's.
MADE_UP = {
    "e-mail address": "email",
    "phone number": "phone_number",
    "IBAN": "iban",
    "card number": "credit_card_number",
    "social security number": "ssn",
    "IP address": "ipv4",
    "IPv6 address": "ipv6",
    "name": "name",
    "first name": "first_name",
    "last name": "last_name",
    "address": "street_address",
}
_WHOSE = (
    "account holder|applicant|author|candidate|card ?holder|client|contact|customer|doctor|driver|employee|full|guest|holder"
    "|member|owner|passenger|patient|person|physician|recipient|student|teacher|user"
)
_WHERE = "billing|delivery|home|mailing|postal|residential|shipping|street"
# What a column is called, in lower case and words with spaces between.
_CALLED = {
    "first name": "(.* )?(first|given|middle) ?name|(.* )?forename|vorname|prenom",
    "last name": "(.* )?(last|family|maiden) ?name|(.* )?surname|nachname|apellidos?",
    "name": f"(.* )?({_WHOSE})( full)? ?name|name|person",
    "address": f"(({_WHOSE}) )?(({_WHERE}) )?(address|addr)( line)?( ?\\d)?|street|({_WHERE}) street|stra(ss|ß)e|adresse|anschrift",
    "social security number": "(.* )?(ssn|social security( number| no)?)",
    "IP address": "(.* )?ip( ?addr(ess)?)?",
    "phone number": "(.* )?(phone|telephone|mobile|cell ?phone|telefon)( ?(number|no))?",
    "e-mail address": "(.* )?e ?mail( ?addr(ess)?)?",
}
_EMAIL = re.compile(r"[^@\s<>]+@[^@\s<>]+\.[^@\s<>.]{2,}")
_PHONE = re.compile(
    r"\+\d[\d ()./-]{5,20}\d(?:x\d+)?"
    r"|(?:00)?1?[-. ]?(?:\(\d{3}\) ?|\d{3}[-. ])\d{3}[-. ]\d{4}(?:x\d+)?"
    r"|0\d{1,5}[ /-]\d[\d -]{4,12}\d"
)
_IBAN = re.compile(r"[A-Z]{2}\d{2}[A-Z0-9]{11,30}")
_SSN = re.compile(r"\d{3}-\d{2}-\d{4}")
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


def called(column: str) -> str:
    """Return what the texts of a column are by its name, if they are somebody's, else nothing."""
    words = re.sub(r"(?<=[a-z])(?=[A-Z])|[\W_]+", " ", column).strip().lower()
    return next((kind for kind, names in _CALLED.items() if re.fullmatch(names, words)), "")


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
    if _IBAN.fullmatch(close) and iban_remainder(close) == 1:
        return "IBAN"
    if _CARD.fullmatch(close) and not luhn_remainder([*map(int, close)]):
        return "card number"
    if _SSN.fullmatch(text):
        return "social security number"
    return "phone number" if _PHONE.fullmatch(text) else _ip(text)


def _ip(text: str) -> str:
    try:
        return {4: "IP address", 6: "IPv6 address"}[ip_address(text).version]
    except ValueError:
        return ""
