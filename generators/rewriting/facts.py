"""Words of small closed classes that an English text hangs on, and that other words for the same have to keep.

Numbers in words, units, times of day, colours, letters and names in code cannot be put otherwise but by a few spellings;
open classes, of which nobody has a list, are not looked at.
"""

import re
from collections.abc import Iterator
from functools import cache

from gristmill.generators.rewriting.similarity import Problem, content, sentences

__all__ = ["changed"]

# Each line is a class: what is changed, and words with other spellings of the same behind slashes.
_CLASSES = """
numbers: two/2/twice/double/both/pair/couple three/3 four/4 five/5 six/6 seven/7 eight/8 nine/9 ten/10 eleven/11 twelve/12/dozen thirteen/13
numbers: fourteen/14 fifteen/15 sixteen/16 seventeen/17 eighteen/18 nineteen/19 twenty/20 thirty/30 forty/40 fifty/50 sixty/60 seventy/70
numbers: eighty/80 ninety/90 hundred/100 thousand million billion half/halves/50 third/3rd quarter/quarters fourth/4th fifth/5th sixth/6th tenth/10th
units: days/day/daily weeks/week/weekly months/month/monthly years/year/yearly/annual/annually/annum hours/hour/hourly/h/hrs minutes/minute/min/mins seconds/sec
units: centimetres/centimetre/centimeters/centimeter/cm millimetres/millimetre/millimeters/millimeter/mm metres/metre/meters/meter/m feet/foot/ft inches/inch miles/mile/mph
units: kilometres/kilometre/kilometers/kilometer/km kilograms/kilogram/kilos/kilo/kg grams/gram/g litres/litre/liters/liter/l millilitres/milliliters/ml
units: dollars/dollar/usd euros/euro/eur pounds/pound/gbp cents/cent degrees/degree percent/%
times: today tomorrow yesterday am/a.m/morning/mornings pm/p.m/afternoon/evening weekends/weekend/weekday weekdays noon/midday midnight
colours: red blue green yellow black white brown grey/gray pink purple
"""
# What limits, and how else it may be said; many of these other words do so only now and then.
_LIMITS = (
    (r"\b(?:only|solely|exclusively)\b", r"\b(?:only|solely|exclusively|just|merely|alone|nothing|no more|limited|single)\b"),
    (r"\b(?:except|excluding|unless)\b", r"\b(?:except\w*|excluding|unless|but|apart|aside|besides|other than|without|not|if)\b|n['’]t\b"),
)  # fmt: skip
_SIGNS = {"$": "dollars", "€": "euros", "£": "pounds"}
_TOKEN = re.compile(r"[^\W\d_]+(?:\.[a-z])?|\d+(?:st|nd|rd|th)?|[%$€£]", re.IGNORECASE)
_CODE = re.compile(r"\b\w+\(\)|\b[a-z]\w*_\w+|\b[\w-]{2,}\.[a-z]\w{0,4}\b|(?<=letter )[\"'“]?\w\b")
_GREETING = re.compile(r"\bgood (?:day|morning|afternoon|evening|night)\b", re.IGNORECASE)
_BEHIND = re.compile(r"\d\s?$")  # short units and am are words of their own elsewhere
_SHORT = frozenset({"h", "min", "mins", "sec", "m", "ft", "g", "l", "am", "pm", "a.m", "p.m"})
_SHARE = re.compile(r"\d+(?:[.,]\d+)*(?=\s?(?:%|per ?cent\b))")
_WAY = re.compile(r"\b(to|from) ([A-Z]\w+)")
_SPAN = re.compile(r"\bfrom (\w+) to (\w+)")
_SENTENCE = 3  # words with a meaning in a sentence that is about something


def changed(source: str, text: str) -> Problem | None:
    """Return what of the closed classes an English text has lost or added, or which sentence is about something else."""
    for what, spellings in _classes().items():
        here, there = _named(source, spellings), _named(text, spellings)
        if here != there:
            return _problem(f"{what} changed", here, there)
    for what, pattern in (("codes", _CODE), ("shares", _SHARE)):
        here, there = ({one.strip("\"'“") for one in pattern.findall(part)} for part in (source, text))
        if here != there:
            return _problem(f"{what} changed", here, there)
    for said, again in _LIMITS:
        if (limit := re.search(said, source, re.IGNORECASE)) and not re.search(again, text, re.IGNORECASE):
            return Problem("limits changed", f"lost {limit[0]}")
    return _reversed(source, text) or _strange(source, text)


def _problem(reason: str, here: set[str], there: set[str]) -> Problem:
    lost, new = sorted(here - there), sorted(there - here)
    said = [f"lost {', '.join(lost)}"] if lost else []
    return Problem(reason, " and ".join(said + ([f"added {', '.join(new)}"] if new else [])))


@cache
def _classes() -> dict[str, dict[str, set[str]]]:
    """Return by class and word what it can be, by the first spelling of each."""
    found: dict[str, dict[str, set[str]]] = {}
    for line in _CLASSES.strip().splitlines():
        what, _, several = line.partition(": ")
        for spellings in several.split():
            first, *others = spellings.split("/")
            for one in (first, *others):
                found.setdefault(what, {}).setdefault(one, set()).add(first)
    return found


def _named(text: str, spellings: dict[str, set[str]]) -> set[str]:
    """Return what of a class a text names."""
    return {first for one in _tokens(text) for first in spellings.get(one, ())}


def _tokens(text: str) -> Iterator[str]:
    text = _GREETING.sub("", text)
    for one in _TOKEN.finditer(text):
        token = one[0].lower()
        if token not in _SHORT or _BEHIND.search(text[: one.start()][-2:]):
            yield _SIGNS.get(token, token)


def _reversed(source: str, text: str) -> Problem | None:
    """Return which way was turned: to and from somewhere."""
    here, there = ({(one[2], one[1]) for one in _WAY.finditer(part)} for part in (source, text))
    for place, way in here:
        other = (place, "from" if way == "to" else "to")
        if other in there and (place, way) not in there and other not in here:
            return Problem("meaning turned", f"{way} {place} became {other[1]} {place}")
    spans = {one.groups() for one in _SPAN.finditer(source)}
    if turned := [one for one in _SPAN.finditer(text) if one.groups()[::-1] in spans]:
        return Problem("meaning turned", f"{turned[0][0]!r} is the other way round")
    return None


def _strange(source: str, text: str) -> Problem | None:
    """Return the sentence of one text that has no word with a meaning in common with the other."""
    for what, part, whole in (("added", text, source), ("lost", source, text)):
        known = content(whole)
        for one in sentences(part):
            if len(content(one)) >= _SENTENCE and not content(one) & known and len(sentences(part)) > 1:
                return Problem("something else", f"{what} {one.strip()!r}")
    return None
