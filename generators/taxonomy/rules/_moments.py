"""Days and times as a task tells them."""

from datetime import date

from gristmill.generators.answers import MONTHS

__all__ = ["clock", "written"]


def written(day: date) -> str:
    """Return a day such as `5 March 2026`."""
    return f"{day.day} {MONTHS[day.month - 1]} {day.year}"


def clock(minutes: int) -> str:
    """Return the time of day so many minutes after a midnight, such as `09:15`."""
    return f"{minutes // 60 % 24:02}:{minutes % 60:02}"
