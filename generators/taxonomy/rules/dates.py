"""Dates and times of day."""

from datetime import date, timedelta
from random import Random
from typing import Any

from gristmill.generators.answers import MONTHS
from gristmill.generators.taxonomy.rules._moments import clock, written

__all__ = ["between_days", "between_times", "days_later", "later", "month_length", "weekday", "zoned"]

Values = dict[str, Any]
_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_FIRST = date(2015, 1, 1)  # which day 0 of a slot is


def weekday(values: Values, rng: Random) -> Values:
    """The day of the week of a date."""
    day = _day(values["day"])
    return {"date": written(day), "options": list(_WEEKDAYS), "answer": _WEEKDAYS[day.weekday()]}


def between_days(values: Values, rng: Random) -> Values:
    """How many days there are from one date to another."""
    day = _day(values["day"])
    return {
        "date": written(day),
        "date_2": written(day + timedelta(values["days"])),
        "answer": values["days"],
    }


def days_later(values: Values, rng: Random) -> Values:
    """The date some days after another."""
    day = _day(values["day"])
    found = day + timedelta(values["days"])
    return {"date": written(day), "found": written(found), "answer": found.isoformat()}


def month_length(values: Values, rng: Random) -> Values:
    """How many days a month has in a year."""
    year, month = values["year"], values["month"]
    after = date(year + month // 12, month % 12 + 1, 1)
    return {"named": MONTHS[month - 1], "answer": (after - date(year, month, 1)).days}


def between_times(values: Values, rng: Random) -> Values | None:
    """How many minutes there are from one time to another on the same day."""
    end = values["start"] + values["minutes"]
    if end >= 24 * 60:
        return None
    return {"time": clock(values["start"]), "time_2": clock(end), "answer": values["minutes"]}


def later(values: Values, rng: Random) -> Values:
    """The time of day some hours and minutes later."""
    end = values["start"] + 60 * values["hours"] + values["minutes"]
    return {
        "time": clock(values["start"]),
        "next": " the next day" * (end >= 24 * 60),
        "answer": clock(end),
    }


def zoned(values: Values, rng: Random) -> Values | None:
    """The time of day in another time zone."""
    (city, offset), (city_2, offset_2) = values["place"], values["place_2"]
    if offset == offset_2:
        return None
    ahead = offset_2 - offset
    return {
        "city": city, "zone": f"UTC{offset:+}" if offset else "UTC", "city_2": city_2,
        "zone_2": f"UTC{offset_2:+}" if offset_2 else "UTC", "time": clock(values["start"]),
        "shift": f"{abs(ahead)} hour{'s' * (abs(ahead) > 1)} {'ahead of' if ahead > 0 else 'behind'}",
        "answer": clock(values["start"] + 60 * ahead),
    }  # fmt: skip


def _day(number: int) -> date:
    return _FIRST + timedelta(number)
