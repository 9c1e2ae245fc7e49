r"""Numbers and their units, read out of what somebody wrote.

`7/3`, `2 1/3`, `2⅓` and LaTeX's `\frac{7}{3}` are the same number, and 2.33 is another one; so are 1,000.50, 1 000.50,
1.000,50 and 1.0005 × 10^3.
"""

import re
from fractions import Fraction
from typing import NamedTuple

__all__ = ["NAME_OF", "VALUE", "Number", "numbers", "priced", "worth"]

# How units are written besides their name and the plural of that; `in` is left out, for it is a word, too.
_UNITS = {
    "year": ("years old", "yr", "yrs"), "month": (), "week": (), "day": (), "hour": ("h", "hr", "hrs"),
    "minute": ("min", "mins"), "second": ("s", "sec", "secs"),
    "km/h": (
        "kmh", "kph", "km / h", "km/hr", "km h^-1", "km per hour", "km an hour", "kilometers per hour", "kilometres per hour",
        "kilometers an hour", "kilometres an hour",
    ),
    "mile per hour": ("mph", "miles per hour", "miles an hour", "mi/h"), "knot": (),
    "m/s": ("m / s", "meters per second", "metres per second"),
    "kilometer": ("km", "kilometre", "kilometres"), "meter": ("m", "metre", "metres"),
    "centimeter": ("cm", "centimetre", "centimetres"), "millimeter": ("mm", "millimetre", "millimetres"),
    "inch": ("inches",), "foot": ("ft", "feet"), "yard": ("yd",), "mile": (),
    "metric ton": ("tonne", "tonnes"), "kilogram": ("kg",), "gram": ("g",),
    "liter": ("l", "litre", "litres"), "deciliter": ("dl", "decilitre", "decilitres"),
    "milliliter": ("ml", "millilitre", "millilitres"), "gallon": (), "quart": (), "pint": (), "cup": (),
    "dollar": ("usd", "us dollars"), "cent": (), "euro": ("eur", "€"), "pound": ("gbp", "£"), "%": ("percent", "per cent"),
    "quarter": (), "dime": (), "nickel": (),
}  # fmt: skip
NAME_OF = {word: unit for unit, more in _UNITS.items() for word in (unit, f"{unit}s", *more)}
_UNIT = "|".join(sorted(map(re.escape, NAME_OF), key=len, reverse=True))
_AFTER = re.compile(rf"[\s-]*({_UNIT})(?![\w/^])", re.IGNORECASE)
_JOINED = re.compile(rf"[\s-]*(?:{_UNIT})\s*(?:and|,)?\s*", re.IGNORECASE)
_SIZES = {  # of one unit in another that may stand beside it
    ("year", "month"): 12, ("day", "hour"): 24, ("day", "minute"): 1440, ("day", "second"): 86_400,
    ("hour", "minute"): 60, ("hour", "second"): 3600, ("minute", "second"): 60, ("foot", "inch"): 12,
    ("dollar", "cent"): 100,
}  # fmt: skip
_SCALES = {"hundred": 100, "thousand": 1_000, "k": 1_000, "million": 10**6, "billion": 10**9}
_WHOLE = r"\d{1,3}(?:,\d{3})+|\d{1,3}(?:[ '_]\d{3})+|\d+"
VALUE = re.compile(  # without a comma as the sign of decimals, for where values stand between commas
    rf"(?<![\w.])(-?)(?:(\d+)\s+(?:and\s+)?(?=\d+/\d))?((?:{_WHOLE})(?:\.\d+)?|\.\d+)(?:\s?/\s?(\d+(?:\.\d+)?))?(?!\d)"
)
_NUMBER = re.compile(
    r"(?<![\w.])(?<!\d,)([-+]?)(?:(\d+)\s+(?:and\s+)?(?=\d+/\d))?"
    rf"(\d{{1,3}}(?:[. ]\d{{3}})+,\d+|\d{{1,3}}(?:\.\d{{3}}){{2,}}|\d+,\d{{1,2}}(?![\d,])|(?:{_WHOLE})(?:\.\d+)?|\.\d+)"
    r"(?:\s?/\s?(\d+(?:\.\d+)?))?(?:e([+-]?\d+)|\s?[×*]\s?10\^\{?([+-]?\d+)\}?)?(?!\d|,\d|st\b|nd\b|rd\b|th\b)"
    rf"(?:\s?({'|'.join(_SCALES)})\b)?",
    re.IGNORECASE,
)
_PRICE = re.compile(
    r"(-?)\s?(US\$|[$€£]|\b(?:USD|EUR|GBP)\b)\s?(-?[\d.,' ]*\d(?:\s+\d+/\d+)?(?:\s?(?:thousand|million|billion|k)\b)?)",
    re.IGNORECASE,
)
_OPERATED = re.compile(r"(?:[\d)%]\s*[×*·÷/+]\s*\(?|[\d)%]-|[\d)%]\s+-\s+|[√|±]\s*|√\(|sqrt\()$")
_OPERATES = re.compile(r"\s*[×*·÷^±]\s*[\d(√]|\s*\+\s*[\d(√]|\s-\s[\d(√]|-\d")
_NEAR = 20  # characters before a number in which a sign of operation may stand
_LARGEST = 40  # exponent of ten


class Number(NamedTuple):
    """A number in a sentence: where it begins and ends, what it is worth, and the name of the unit after it."""

    start: int
    end: int
    value: Fraction
    unit: str


def priced(text: str) -> str:
    """Return a plain text with the unit of an amount of money after it, and `4h48m` as `4 h 48 min`."""
    return _PRICE.sub(_amount, re.sub(r"(\d)\s?h\s?(\d+)\s?m\b", r"\1 h \2 min", text))


def numbers(text: str, asked: str = "") -> list[Number]:
    """Return the numbers of a sentence that are no part of a calculation.

    Args:
        text: a sentence, plain and `priced`.
        asked: the name of a unit: amounts such as `4 hours 48 minutes` are one number of it.
    """
    found = []
    for one in _NUMBER.finditer(text):
        value, before = _value(one), text[max(0, one.start() - _NEAR) : one.start()]
        minus = one[1] == "-" and re.search(r"[\d)]\s?$", before)
        if value is None or minus or _OPERATED.search(before) or _OPERATES.match(text, one.end()):
            continue
        unit = _AFTER.match(text, one.end())
        if not unit and text[one.end() : one.end() + 1].isalpha():
            continue  # 42x
        found.append(Number(one.start(), one.end(), value, NAME_OF[unit[1].casefold()] if unit else ""))
    return _together(text, found, asked)


def worth(found: re.Match[str]) -> Fraction | None:
    """Return what a match of `VALUE` is worth, None for a fraction of zero."""
    sign, mixed, above, below = found.groups()
    return _signed(sign, mixed, re.sub("[,'_ ]", "", above), below)


def _signed(sign: str, mixed: str | None, above: str, below: str | None) -> Fraction | None:
    if below and not Fraction(below):
        return None
    value = Fraction(above) / Fraction(below or 1) + int(mixed or 0)
    return -value if sign == "-" else value


def _value(found: re.Match[str]) -> Fraction | None:
    digits, exponent = found[3], int(found[5] or found[6] or 0)
    if re.fullmatch(r"[\d. ]+,\d+|\d{1,3}(?:\.\d{3}){2,}", digits) and not re.fullmatch(_WHOLE, digits):
        digits = digits.replace(".", "").replace(",", ".")
    value = _signed(found[1], found[2], re.sub("[,'_ ]", "", digits), found[4])
    if value is None or abs(exponent) > _LARGEST:
        return None
    return value * Fraction(10) ** exponent * _SCALES.get((found[7] or "").casefold(), 1)


def _amount(found: re.Match[str]) -> str:
    sign, name, amount = found.groups()
    unit = {"€": "euros", "£": "pounds", "EUR": "euros", "GBP": "pounds"}.get(name.upper(), "dollars")
    return f" {sign}{amount} {unit} "


def _together(text: str, found: list[Number], asked: str) -> list[Number]:
    """Return numbers with those that are one amount in several units put together."""
    joined: list[Number] = []
    for one in found:
        before, size = joined[-1] if joined else None, _SIZES.get((asked, one.unit))
        if before and size and before.unit == asked and _JOINED.fullmatch(text[before.end : one.start]):
            joined[-1] = Number(before.start, one.end, before.value + one.value / size, asked)
        else:
            joined.append(one)
    return joined
