"""Dates, all shifted by the same number of whole weeks, where nothing beside them says more than how they follow."""

import random
import re
from calendar import day_name, month_abbr, month_name
from collections.abc import Iterable
from datetime import date, timedelta

__all__ = ["MONTH", "calendar_said", "shifted"]

_MONTHS = {
    name.lower(): place for names in (month_name, month_abbr) for place, name in enumerate(names) if name
}
MONTH = "|".join(sorted(map(str.capitalize, _MONTHS), key=len, reverse=True))
_WEEKS = 104  # by which dates are shifted at most, either way
# What is true of a date and not of the same date some weeks on: its month, day of the week, season or year, a feast, how
# old somebody is on it, and what is so many months later.
_SAID = re.compile(
    rf"""
    \b(?:(?-i:{MONTH})(?!\ (?:I|we|you)\b)
      | {"|".join([name for name in (*month_name, *day_name) if name and name not in ("May", "March")])}
      | (?-i:Mon|Tue|Tues|Wed|Thu|Thur|Thurs|Fri|Sat|Sun)
      | weekdays? | weekends? | (?:mid-?)?months? | monthly | fortnight | quarters? | quarterly | (?-i:[QH][1-4]) | seasons? | spring | summer
      | autumn | fall | winter | (?:half|leap|mid|multi)?-?years? | yearly | annual(?:ly)? | decades? | century | anniversary
      | christmas | xmas | easter | thanksgiving | hallowe'?en | ramadan | eid | diwali | hanukkah | new\ year | valentine
      | holidays? | solstice | equinox | leap | born | birth\w* | aged? | \d{{1,3}}-year-old | \d{{1,2}}(?:st|nd|rd|th)
      | (?:19|20)\d\d)s?\b
    """,
    re.VERBOSE | re.IGNORECASE,
)
_SAID_BY_KEY = re.compile(
    r"(?:^|_)(?:month|year|quarter|season|weekday|day_of_week|week|age|birth\w*|dob|timestamp|epoch)s?(?:_|$)",
    re.IGNORECASE,
)


def calendar_said(key: str, text: str, dates: Iterable[tuple[int, int]]) -> bool:
    """Return whether a text tells, or asks, of a date what would no longer be true of it some weeks later.

    Args:
        key: under which it stands.
        text: where what is said is looked for.
        dates: start and end of the dates in it, which do not count.
    """
    for start, end in reversed(list(dates)):
        text = f"{text[:start]}-{text[end:]}"
    return _SAID_BY_KEY.search(key) is not None or _SAID.search(text) is not None


def shifted(dates: Iterable[str], rng: random.Random) -> dict[str, str]:
    """Return every date so many weeks earlier or later; none where one cannot be told."""
    days = {one: _day(one) for one in dates}
    if not all(days.values()):
        return {}
    shift = timedelta(weeks=rng.choice([one for one in range(-_WEEKS, _WEEKS + 1) if one]))
    try:
        return {text: _written(day + shift, text) for text, day in days.items() if day is not None}
    except OverflowError:  # beyond the years that a date can have
        return {}


def _day(text: str) -> date | None:
    """Return the day that a date is."""
    try:
        if text[4:5] == "-":
            return date.fromisoformat(text)
        numbers = [int(one) for one in re.findall(r"\d+", text)]
        name = re.search(r"[A-Za-z]{3,}", text)
        return date(numbers[1], _MONTHS[name[0].lower()], numbers[0]) if name else None
    except ValueError:
        return None


def _written(day: date, like: str) -> str:
    """Return a date written like another one."""
    if like[4:5] == "-":
        return day.isoformat()
    name = re.search(r"[A-Za-z]{3,}", like)
    assert name is not None  # `_day` has read it
    full = len(name[0]) > 3 or name[0].lower() == "may"
    month = (month_name if full else month_abbr)[day.month]
    number = re.sub(r"\d{1,2}(?:st|nd|rd|th)?(?=\D|$)", lambda one: _numbered(day.day, one[0]), like, count=1)
    return re.sub(r"\d{4}", str(day.year), number.replace(name[0], month))


def _numbered(day: int, like: str) -> str:
    if like.isdigit():
        return str(day)
    ending = "th" if 10 < day < 14 else {1: "st", 2: "nd", 3: "rd"}.get(day % 10, "th")
    return f"{day}{ending}"
