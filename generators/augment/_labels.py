"""Whether a number identifies something or counts it, by the words beside it: order 10023, and 15000 seats.

Only what identifies may become another number by itself. Whoever takes a quantity for an identifier makes sums false.
"""

import re
from typing import Literal

from gristmill.generators.augment._vocabulary import BESIDE_NOUNS, DETERMINERS, word_list

__all__ = ["Role", "is_bound", "is_card", "is_ordinary", "is_share", "named_phone", "role_of"]

Role = Literal["id", "quantity", "unknown"]

UNITS = (
    r"(?:[kcmµun]?m|km|[km]?g|t|lbs?|oz|ft|mi|in|yd|m[²³23]|km[²2]|ha|[mcd]?l|gal|[kmg]?hz|[kmgt]i?b|[kmg]?w|[kmg]?wh|v|m?ah?|k?pa|bar|k?cal|kj|ms|ns|µs"
    r"|s|secs?|seconds?|min|mins|minutes?|h|hrs?|hours?|days?|weeks?|months?|years?|yrs?|mph|kmh|km/h|m/s|rpm|bpm|fps|dpi|ppm|met(?:er|re)s?|kilomet(?:er|re)s?"
    r"|miles?|feet|foot|inch(?:es)?|yards?|acres?|hectares?|lit(?:er|re)s?|gallons?|gram(?:me)?s?|kilograms?|kilos?|tons?|tonnes?|pounds?|ounces?|watts?|volts?|degrees?"
    r"|percent|per\ cent|points?|pts?|times|people|persons|°\s?[cf]?|[%‰°€$£])"
)
_THINGS = (
    r"(?:orders?|tickets?|invoices?|accounts?|acct|references?|ref|customers?|clients?|cases?|policy|policies|flights?|tracking|bookings?|reservations?|confirmation"
    r"|member(?:ship)?|serial|claims?|contracts?|employees?|patients?|transactions?|receipts?|parcels?|shipments?|licen[cs]e|passport|registration|card|routing|phone"
    r"|telephone|tel|mobile|cell|fax|pin|code|zip(?:\ ?code)?|postcode|postal\ code|id|identifier|sku|iban|incidents?|vouchers?|coupons?|batch|student|user|item|model|part)"
)
_LABEL = re.compile(
    rf"""(?:\b(?P<det>[\w']+)\ )?\b(?P<thing>{_THINGS})(?P<numbered>(?:[ _-](?:number|no\.?|nr\.?|id|code)|\ ?\#)s?)?
    (?P<joint>\ (?:is|was|are|were)|\ ?[:=])?[ ]?[#(]?\ ?$
    | (?P<sign>(?<!\w)\#\ ?|\bN[or]\.\ ?|№\ ?)$ | \b(?:my|your|his|her|our|their)\ number(?:\ is|:)?\ $""",
    re.VERBOSE | re.IGNORECASE,
)
# Behind these, `is 15000` tells how many or how much.
_COUNTS = re.compile(r"(?:account|case|item|model|part|card|claim|contract)s?|policy|policies")
_WEAK = re.compile(r"(?:order|case)s?|item|part|model")  # also verbs, `in case`, and parts of sums
_LISTED = re.compile(r"(?:\#?\d{5,}(?:,| and| or|, and| &) )+$")
_SUM_BEFORE = re.compile(r"(?:[+*/×÷=<>≤≥≈^~±√(]|\d\s?[-–−]|\s[-–−])\s*$")
_SUM_AFTER = re.compile(r"\s*(?:[*/×÷=<>≤≥≈^±√]|[-+–−]\s?\d|\s[-+–−]\s)")
_UNIT_AFTER = re.compile(rf"[ \t-]?{UNITS}(?!\w)", re.IGNORECASE)
_NEXT = re.compile(r"[ \t]([a-zß-ÿ][\w'’-]*)")
_PHONED = re.compile(
    r"\b(?:call(?:ed|ing)?|phone|telephone|tel|text(?:ed)?|number|mobile|cell|fax|reach\w*|contact|dial(?:led|ed)?|at|on|or|is)\b\W*$",
    re.IGNORECASE,
)
_CARDS = re.compile(r"\b(?:card|account|iban|visa|mastercard|number|no\.?)\b[^.;\d]{0,12}$", re.IGNORECASE)
_DIALLED = re.compile(
    r"\b(?:call|phone|text|dial|reach|whatsapp)(?: (?:me|us|him|her|them))?(?: (?:at|on))? $", re.IGNORECASE
)
_PHONE = 9  # digits of a phone number that is written in one
_DOES = word_list("subjects") | word_list("modals")
_SHARE = re.compile(r"\s?(?:[%‰]|percent\b|per cent\b)", re.IGNORECASE)
_WIDEST = 48  # characters looked at before a number
_SIGN_BEFORE = re.compile(r"[/:+*×÷=<>≤≥≈^~±√–—%-]\s?$|\b(?:from|between|than|at least|at most|up to)\s$")
_SIGN_AFTER = re.compile(r"\s?[/:+*×÷=<>≤≥≈^±√–—-]|\s(?:to|through|till|until|out of|of)\s\d")
_BITS = {"0", "1"}

# What has digits and letters, and is no identifier: quantities with a unit, years, sizes, ages, versions, standards, products.
_ORDINARY = re.compile(
    rf"""\d+(?:st|nd|rd|th|s|k|x|p|px|bn?|bc|bce|ad|ce|am|pm|{UNITS}) | \d+[a-zµ]+[23]? | (?-i:\d+(?:-[a-z]+)+s?) | \d+(?:x\d+)+
    | (?:mid|pre|post|early|late|circa|top|size|under|over|sub|non|class|level|route|highway|interstate)-?\d{{3,4}}s?
    | 0x[\da-f]+ | \d+e\d+ | v\d+ | (?:FY|CY|[QH]\d|(?-i:[A-Z][a-z]{{2,8}}))-?(?:19|20)\d\d
    | (?:19|20)\d\d-?(?:[QH]\d|W\d\d|(?-i:[A-Z]?[a-z]{{2,9}})) | (?:19|20)\d\d-(?:19|20)?\d\ds?
    | (?:ISO|IEC|IEEE|DIN|EN|BS|ASTM|ANSI|RFC|PEP|CVE|SHA|MD|AES|RSA|UTF|CP|RS|HTTP|GPT|COVID|RTX|GTX|MS|Boeing|Airbus|Python|Windows)-?\d+(?:-\d+)*""",
    re.VERBOSE | re.IGNORECASE,
)


def is_ordinary(text: str) -> bool:
    """Return whether digits with letters, such as `500-page`, `1990s` or `ISO9001`, mean what everybody knows."""
    return _ORDINARY.fullmatch(text) is not None


def role_of(text: str, start: int, end: int) -> Role:
    """Return whether the number from `start` to `end` of a text identifies something, counts it, or may do either."""
    number, before = text[start:end], _LISTED.sub("", text[max(0, start - _WIDEST) : start])
    label, counts = _LABEL.search(before), _counts(text, end)
    if _UNIT_AFTER.match(text, end) or _SUM_AFTER.match(text, end):
        return "quantity"
    dialled = len(number) >= _PHONE and _DIALLED.search(before)
    if dialled or (label and _labels(label, counts=counts)):
        return "id"
    if _SUM_BEFORE.search(before) or counts:
        return "quantity"
    return "id" if number.startswith("0") and not _BITS.issuperset(number) else "unknown"


def is_share(text: str, end: int) -> bool:
    """Return whether the number before `end` is a percentage."""
    return _SHARE.match(text, end) is not None


def is_bound(text: str, start: int, end: int) -> bool:
    """Return whether a number has a unit, or is part of a sum, a ratio, a time of day or a range."""
    before = _SIGN_BEFORE.search(text[max(0, start - _WIDEST) : start])
    return bool(before or _SIGN_AFTER.match(text, end) or _UNIT_AFTER.match(text, end))


def _labels(label: re.Match[str], *, counts: bool) -> bool:
    """Return whether words before a number say what it identifies, where a noun or a verb may come behind it."""
    thing = (label["thing"] or "").lower()
    if not thing or label["numbered"]:
        return True
    if (label["joint"] or "").strip() in ("is", "was", "are", "were"):
        return not counts and not _COUNTS.fullmatch(thing)
    before = (label["det"] or "").lower()
    return not _WEAK.fullmatch(thing) or before in DETERMINERS or not (counts or before in _DOES)


def _counts(text: str, end: int) -> bool:
    """Return whether a noun, or a verb, stands behind a number."""
    after = _NEXT.match(text, end)
    return after is not None and after[1].lower() not in BESIDE_NOUNS and not after[1].startswith("thank")


def named_phone(text: str, start: int) -> bool:
    """Return whether three groups of digits from `start` on are said to be a phone number, not three numbers."""
    return _PHONED.search(text[max(0, start - _WIDEST) : start]) is not None


def is_card(text: str, start: int) -> bool:
    """Return whether groups of four digits from `start` on are said to be a card or an account, not years or a list."""
    return _CARDS.search(text[max(0, start - _WIDEST) : start]) is not None
