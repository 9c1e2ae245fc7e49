r"""Exact numbers and the solutions of equations, read out of what somebody wrote.

`7/3`, `2 1/3`, `2⅓` and LaTeX's `\frac{7}{3}` are the same number, and 2.33 is another one.
"""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

__all__ = ["exact", "solutions"]

# How units are written besides their name and the plural of that; `in` is left out, for it is a word, too.
_UNITS = {
    "year": ("years old", "yr", "yrs"), "month": (), "week": (), "day": (), "hour": ("h", "hr", "hrs"),
    "minute": ("min", "mins"), "second": ("s", "sec", "secs"),
    "km/h": ("kmh", "kph", "km / h", "km per hour", "km an hour", "kilometers per hour", "kilometres per hour"),
    "kilometer": ("km", "kilometre", "kilometres"), "meter": ("m", "metre", "metres"),
    "centimeter": ("cm", "centimetre", "centimetres"), "millimeter": ("mm", "millimetre", "millimetres"),
    "inch": ("inches",), "foot": ("ft", "feet"), "yard": ("yd",), "mile": (),
    "metric ton": ("tonne", "tonnes"), "kilogram": ("kg",), "gram": ("g",),
    "liter": ("l", "litre", "litres"), "deciliter": ("dl", "decilitre", "decilitres"),
    "milliliter": ("ml", "millilitre", "millilitres"), "gallon": (), "quart": (), "pint": (), "cup": (),
    "dollar": ("usd",), "cent": (), "%": ("percent", "per cent"),
}  # fmt: skip
_NAME_OF = {word: unit for unit, more in _UNITS.items() for word in (unit, f"{unit}s", *more)}
_UNIT = "|".join(sorted(map(re.escape, _NAME_OF), key=len, reverse=True))
_AFTER = re.compile(rf"\s*({_UNIT})(?![\w/])", re.IGNORECASE)
_TOGETHER = re.compile(rf"\s*(?:{_UNIT})\s*(?:and|,)?\s*", re.IGNORECASE)
_SIZES = {  # of one unit in another that may stand beside it
    ("year", "month"): 12, ("day", "hour"): 24, ("hour", "minute"): 60, ("minute", "second"): 60,
    ("foot", "inch"): 12, ("dollar", "cent"): 100,
}  # fmt: skip
_VALUE = re.compile(
    r"(?<![\w.])(-?)(?:(\d+)\s+(?:and\s+)?(?=\d+/\d))?"
    r"((?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?|\.\d+)(?:\s?/\s?(\d+(?:\.\d+)?))?(?!\d)"
)
_ASSIGNED = re.compile(r"(?<![\w.)+*/×·^-])(?<![\d)+*/×·-]\s)([a-z])\s*(?:=|:|∈|\bis\b)", re.IGNORECASE)
_PARTS = re.compile(r",(?!\d{3}(?!\d))|;|\.\s|\b(?:and|or)\b|∨|∪", re.IGNORECASE)
_NO_WORDS = re.compile(r"[(){}\[\]*`]")
Named = list[tuple[str, Fraction]]


def exact(check: Mapping[str, Any], text: str) -> Fraction | str | None:
    """Return the last number that is named, with its unit if that is another one than is asked for."""
    text = _plain(text)
    found = list(_VALUE.finditer(text))
    if not found or (value := _worth(found[-1])) is None:
        return None
    unit, asked = _unit_after(text, found[-1]), _NAME_OF.get(str(check.get("unit", "")).casefold(), "")
    if not unit or not asked or unit == asked:
        return value
    size = _SIZES.get((asked, unit))
    if size and len(found) > 1 and _TOGETHER.fullmatch(text[found[-2].end() : found[-1].start()]):
        larger = _worth(found[-2])  # 4 hours 48 minutes
        if larger is not None and _unit_after(text, found[-2]) == asked:
            return larger + value / size
    return f"{value} {unit}"


def solutions(check: Mapping[str, Any], text: str) -> list[str] | None:
    """Return the solutions that are named last, such as `["x = -4", "x = 5"]` or `["x = 4, y = -1"]`.

    They stand in the last line with a number, or one value each in several lines. None where there are none, or where a
    name out of several has none or two.
    """
    names = list(dict.fromkeys(_ASSIGNED.findall(str(check["answer"]))))
    found = _last(_plain(text), names)
    if len(names) == 1:
        return sorted({f"{names[0]} = {value}" for _, value in found}) or None
    values = dict(found)
    if set(values) != set(names) or len(set(found)) != len(names):
        return None
    return [", ".join(f"{name} = {values[name]}" for name in names)]


def _plain(text: str) -> str:
    """Return a text without the marks of LaTeX and Markdown, fractions as `7/3`, minus signs as `-`."""
    text = re.sub(r"(\d)([¼-¾⅐-⅞])", r"\1 \2", text).replace("²", "^2")
    text = unicodedata.normalize("NFKC", text).translate({0x2044: "/", 0x2212: "-", 0x2013: "-"})
    text = re.sub(r"(?<=\d)\s*(?=\\[dt]?frac)", " ", text)
    text = re.sub(r"\\[dt]?frac\s*\{(-?\d+)\}\s*\{(\d+)\}", r"\1/\2 ", text)
    text = re.sub(r"\\%", "%", text).replace(r"\pm", "±")
    text = re.sub(r"\\(?:[a-zA-Z]+|.)", " ", text).replace("$", " ").replace("**", "")
    return re.sub(r"(\bminus|\bnegative|(?<==)\s*-)\s+(?=[\d.])", "-", text, flags=re.IGNORECASE)


def _worth(found: re.Match[str]) -> Fraction | None:
    sign, mixed, above, below = found.groups()
    if below and not Fraction(below):
        return None
    value = Fraction(above.replace(",", "")) / Fraction(below or 1) + int(mixed or 0)
    return -value if sign else value


def _unit_after(text: str, found: re.Match[str]) -> str:
    unit = _AFTER.match(text, found.end())
    return _NAME_OF[unit[1].casefold()] if unit else ""


def _last(text: str, names: Sequence[str]) -> Named:
    """Return what the last line says, and the lines just before it if all of them are but one value of a name."""
    lines = [line for line in text.splitlines() if re.search(r"\d", line)]
    told = re.split(r"\banswer\b", lines[-1] if lines else "", flags=re.IGNORECASE)
    found = _of_line(told[-1], names)
    alone = re.compile(rf"\W*(?:{'|'.join(names)})(?:_?\{{?\d\}}?)?\s*=\s*-?[\d./]+\W*", re.IGNORECASE)
    while len(told) == 1 and len(lines) > 1 and alone.fullmatch(lines.pop()) and alone.fullmatch(lines[-1]):
        found = _of_line(lines[-1], names) + found
    return found


def _of_line(line: str, names: Sequence[str]) -> Named:
    pairs = re.findall(r"\(([^()]*\d[^()]*,[^()]*\d[^()]*)\)", line) if len(names) > 1 else []
    if pairs:  # (x, y) = (4, -1)
        values = [value for part in _PARTS.split(pairs[-1]) for _, value in _of_part(part, names)]
        return list(zip(names, values, strict=False)) if len(values) == len(names) else []
    line = re.sub(r"^\s*[-•]\s+", "", line)
    found = [one for part in _PARTS.split(line) for one in _of_part(part, names)]
    return [(name or names[0], value) for name, value in found if name or len(names) == 1]


def _of_part(part: str, names: Sequence[str]) -> Named:
    """Return the value at the end of `x = 14/2 = 7` with its name; both values of `x = ±4`."""
    for name in names:
        part = re.sub(rf"(?<![\w.]){name}_?\{{?\d\}}?(?=\s*=)", name, part, flags=re.IGNORECASE)  # x_1 =
    part = _NO_WORDS.sub(" ", part)
    named = [one.casefold() for one in _ASSIGNED.findall(part)]
    found = list(_VALUE.finditer(part.replace("±", " ")))
    value = _worth(found[-1]) if found else None
    if value is None or (named and named[0] not in names) or (not named and "=" in part):
        return []
    name = named[0] if named else ""
    return [(name, value), (name, -value)] if "±" in part else [(name, value)]
