"""Requests that a tool can fulfil, or none can."""

from datetime import date, timedelta
from random import Random
from typing import Any

from gristmill.generators.taxonomy.rules._moments import clock, written

__all__ = [
    "alarm",
    "booking",
    "event",
    "exchange_rate",
    "missing",
    "sum_of_two",
    "two_cities",
    "unavailable",
    "weather",
]

Values = dict[str, Any]
_FIRST = date(2026, 1, 1)  # which day 0 of a slot is
_MISSING = {  # what is not said, how the request reads without it, what has to be asked, and a question
    "send_message": (("text", "message", "say", "write"), "Send a message to {name}.", "What should the message to {name} say?"),
    "book_table": (("people", "guests", "party", "persons"), "Book a table at {venue} for {time} on {date}.", "For how many people should I book the table?"),
    "create_event": (("time", "start", "when", "o'clock"), "Put lunch with {name} into my calendar on {date}, for an hour.", "At what time does it start?"),
    "convert_currency": (("currency", "currencies"), "Convert {amount} US dollars for me.", "Into which currency should I convert it?"),
    "search_trains": (("date", "day", "when"), "Find me a train from {city} to {city_2}.", "On which date would you like to travel?"),
    "set_alarm": (("time", "when"), "Set an alarm for tomorrow morning.", "At what time should it ring?"),
}  # fmt: skip


def weather(values: Values, rng: Random) -> Values:
    """A date as it is said, and as a tool takes it."""
    return _dated(values["day"])


def two_cities(values: Values, rng: Random) -> Values | None:
    """Two different cities on one date."""
    return _dated(values["day"]) if values["city"] != values["city_2"] else None


def exchange_rate(values: Values, rng: Random) -> Values | None:
    """An amount in one currency, wanted in another."""
    (code, named), (code_2, named_2) = values["money"], values["money_2"]
    if code == code_2:
        return None
    return {"code": code, "named": named, "code_2": code_2, "named_2": named_2}


def event(values: Values, rng: Random) -> Values:
    """An entry of a calendar."""
    minutes = values["half_hours"] * 30
    long = f"{minutes} minutes" if minutes < 60 else f"{minutes // 60} hour{'s' * (minutes >= 120)}"
    if minutes == 90:
        long = "an hour and a half"
    title = f"{values['what']} with {values['name']}"
    return {
        **_dated(values["day"]),
        "start": clock(15 * values["slot"]),
        "minutes": minutes,
        "long": long,
        "title": title,
    }


def booking(values: Values, rng: Random) -> Values | None:
    """A journey by train or by air, whichever is asked for."""
    if values["city"] == values["city_2"]:
        return None
    by, mode, tool = (
        ("train", "rail", "search_trains") if values["by_rail"] else ("flight", "air", "search_flights")
    )
    return {**_dated(values["day"]), "by": by, "mode": mode, "tool": tool}


def alarm(values: Values, rng: Random) -> Values:
    """A time of day for an alarm."""
    return {"time": clock(15 * values["slot"])}


def missing(values: Values, rng: Random) -> Values | None:
    """A request that lacks what the tool cannot do without."""
    if values["city"] == values["city_2"]:
        return None
    words, request, question = _MISSING[values["tool"]]
    told = {**values, **_dated(values["day"]), "time": clock(15 * values["slot"])}
    return {"request": request.format_map(told), "question": question.format_map(told), "answer": list(words)}


def unavailable(values: Values, rng: Random) -> Values:
    """What is wanted, and what one would have to be able to do."""
    what, how = values["wish"]
    return {"what": what, "how": how}


def sum_of_two(values: Values, rng: Random) -> Values:
    """What anybody can work out without a tool."""
    return {"answer": values["a"] + values["b"]}


def _dated(number: int) -> Values:
    day = _FIRST + timedelta(number)
    return {"date": written(day), "iso": day.isoformat()}
