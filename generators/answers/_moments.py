"""Dates and times of day, as replies give them."""

import re
from collections.abc import Mapping
from datetime import date
from typing import Any

from gristmill.generators.answers._around import changed_after, shifted
from gristmill.generators.answers._plain import plain
from gristmill.generators.answers._told import Said, concluded

__all__ = ["MONTHS", "day", "time_of_day"]

MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip
_NAMED = "|".join(f"{month[:3]}(?:{month[3:]})?" for month in MONTHS)
_ALTERNATIVE = re.compile(r"(?:^|\D)\d\d?\s*(?:or|and|/|-)\s*$")  # 4 or 5 March 2025
_DATES = (  # with the places of year, month and day
    (re.compile(r"\b(\d{4})([-/])(\d\d?)\2(\d\d?)\b"), (1, 3, 4)),
    (re.compile(r"\b(\d\d?)\.(\d\d?)\.(\d{4})\b"), (3, 2, 1)),
    (
        re.compile(
            rf"\b(\d\d?)(?:st|nd|rd|th|\.)?(?: of)?[ -]({_NAMED})\.?,?[ -](\d{{4}})\b",
            re.IGNORECASE,
        ),
        (3, 2, 1),
    ),
    (
        re.compile(rf"\b({_NAMED})\.? (?:the )?(\d\d?)(?:st|nd|rd|th)?,? (\d{{4}})\b", re.IGNORECASE),
        (3, 1, 2),
    ),
)
_TIME = re.compile(
    r"\b(\d\d?)(?:[:h](\d\d)(?::00)?(?!:?\d)|\.(\d\d)(?=\s*(?:[ap]\.?m|h\b)))?(?:\s*([ap])\.?\s?m\b\.?|(?=\s*o'clock))?",
    re.IGNORECASE,
)


def day(check: Mapping[str, Any], text: str) -> date | None:
    """Return the date that a reply concludes with."""
    return concluded(plain(text), _days)  # type: ignore[no-any-return]


def _days(sentence: str) -> list[Said]:
    found = [
        Said(
            one.start(),
            one.end(),
            _date(*(one[place] for place in places)) if _alone(sentence, one) else None,
        )
        for pattern, places in _DATES
        for one in pattern.finditer(sentence)
        if not shifted(sentence, one.start())
    ]
    return sorted(found, key=lambda one: one.start)


def _alone(sentence: str, found: re.Match[str]) -> bool:
    if changed_after(sentence, found.end()):
        return False
    after = re.match(r"\s*or\s+\d{4}\b(?!-)", sentence[found.end() :])
    return not after and not _ALTERNATIVE.search(sentence[: found.start()])


def _date(year: str, month: str, day_: str) -> date | None:
    number = int(month) if month.isdigit() else _month(month)
    try:
        return date(int(year), number, int(day_))
    except ValueError:
        return None


def _month(name: str) -> int:
    return next(
        number for number, one in enumerate(MONTHS, 1) if one.casefold().startswith(name[:3].casefold())
    )


def time_of_day(check: Mapping[str, Any], text: str) -> tuple[int, int] | None:
    """Return the time that a reply concludes with, in hours and minutes after midnight."""
    return concluded(plain(text), _times)  # type: ignore[no-any-return]


def _times(sentence: str) -> list[Said]:
    return [
        Said(one.start(), one.end(), None if changed_after(sentence, one.end(), unit=True) else _clock(one))
        for one in _TIME.finditer(sentence)
        if (one[2] or one[3] or one[4]) and not shifted(sentence, one.start())
    ]


def _clock(found: re.Match[str]) -> tuple[int, int]:
    hour, minute = int(found[1]), int(found[2] or found[3] or 0)
    return (hour % 12 + 12 * (found[4].casefold() == "p"), minute) if found[4] else (hour, minute)
