"""How texts that are dates or amounts look, also those that none could be read from: no pattern of digits does them justice."""

import re
from collections.abc import Mapping

__all__ = ["AFTER", "BEFORE", "likeness"]

_SPACE = "[ \u00a0\u202f]?"
_CURRENCY = (
    r"(?:[€$£¥₹₽₩₺₫₪₦฿]|(?:US|C|A|R)\$|kr\.?|zł|Kč|Ft|EUR|USD|GBP|CHF|JPY|CNY|INR|CAD|AUD|NZD|SEK|NOK|DKK|PLN|CZK|HUF|BRL"
    r"|MXN|ZAR|TRY|RUB|SGD|HKD|KRW)"
)
_UNIT = (
    r"[%‰]|°[CF]|[cmkµn]?m[²³23]?|in|ft|yd|mi|[mk]?g|t|lbs?|oz|[cm]?l|[mµn]?s|secs?|mins?|h|hrs?|days?|[mkMG](?:W|V|A|Hz|J|N)"
    r"|[kMG]?Wh|Hz|[kKMGT]i?B|px|pt|pcs|rpm|km/h|mph|m/s|bar|[kh]?Pa|psi|Nm|k?cal|dB|(?i:kg|lbs?|oz)"
)
BEFORE = _CURRENCY + _SPACE
# One capital letter right after a number is more often a place, such as a seat's, than a unit.
AFTER = rf"(?:{_SPACE}(?:{_CURRENCY}|{_UNIT})|[ \u00a0\u202f][CFKAVWJNLB])"

_DAY, _MONTH, _YEAR = r"(?:0?[1-9]|[12]\d|3[01])", r"(?:0?[1-9]|1[0-2])", r"(?:19|20)\d\d"
_NAME = r"(?i:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*"
_DATE = re.compile(
    rf"(?:{_DAY}([./ -]){_DAY}\1(?:{_YEAR}|\d\d)|(?:{_YEAR}|\d\d)([./ -]){_MONTH}\2{_DAY}|{_DAY}[ .-]+{_NAME}[ .,-]+(?:{_YEAR}|\d\d)"
    rf"|{_NAME}\.? {_DAY}(?:st|nd|rd|th)?,? {_YEAR}|{_YEAR}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])(?:\d{{4}}|\d{{6}})?)(?:[T ,].*)?"
)
_WHOLE = r"\d{1,3}(?:[,.'’ \u00a0\u202f]\d{3})+"
_THOUSANDS = re.compile(rf"[-+(]?(?:{BEFORE})?[-+]?{_WHOLE}(?:[.,]\d{{1,6}})?(?:{AFTER})?\)?")
_AMOUNT = re.compile(
    rf"[-+(]?(?:{BEFORE}[-+]?\d+(?:[.,]\d+)?|[-+]?\d+(?:[.,]\d+)?{AFTER}|[-+]?\d+[.,]\d{{1,6}})\)?"
)
_LONGEST = 64  # characters


def likeness(counts: Mapping[str, int]) -> str:
    """Return what to say of texts most of which look like dates or amounts, nothing of others.

    Args:
        counts: how often each text occurs.
    """
    half = sum(counts.values()) / 2
    if _rows(counts, _DATE) > half:
        return "dates of which no one format can be told; convert them to dates"
    if _rows(counts, _AMOUNT, _THOUSANDS) <= half:
        return ""
    if _rows(counts, _THOUSANDS):
        return "amounts with thousands separators, which no expression writes; convert them to numbers"
    return "amounts in no one form; convert them to numbers"


def _rows(counts: Mapping[str, int], *forms: re.Pattern[str]) -> int:
    return sum(
        count
        for text, count in counts.items()
        if len(text) <= _LONGEST and any(form.fullmatch(text) for form in forms)
    )
