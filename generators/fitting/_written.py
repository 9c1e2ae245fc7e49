"""Texts that are written dates or amounts: what they stand for, and the expression that writes it.

What is fitted is the date or the number, so that a date of a synthetic row is one of the calendar and an amount follows a
law. A text counts only if it is, mark for mark, what the expression writes of what was read from it.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime
from typing import Any, NamedTuple

import pyarrow as pa

from gristmill.digest import encode
from gristmill.generators.fitting._lookalikes import AFTER, BEFORE
from gristmill.generators.fitting._marginals import seconds_of_day

__all__ = ["Writing", "typed"]

_NEARLY = 0.9  # share of the rows that have a value
_LOOKED_AT = 8, 200  # different texts, to see which formats are worth a try: in one of them, and in most
_MOST = 0.7  # share of those
_CATEGORIES = 12, 50  # different dates, and amounts, that may be categories
_YEARS = 1900, 2100
_DAY_FIRST = "%d.%m.%Y", "%d/%m/%Y", "%d-%m-%Y"
_DATES = (
    *_DAY_FIRST, "%m/%d/%Y", "%m-%d-%Y", "%Y/%m/%d", "%Y-%m-%d", "%Y.%m.%d", "%Y%m%d", "%d %b %Y", "%d-%b-%Y",
    "%d %B %Y", "%b %d, %Y", "%B %d, %Y", "%d.%m.%y", "%d/%m/%y", "%m/%d/%y", "%y/%m/%d", "%d-%m-%y", "%y-%m-%d",
)  # fmt: skip
_CLOCKS = "", " %H:%M", " %H:%M:%S", "T%H:%M", "T%H:%M:%S"
_AMOUNT = re.compile(
    rf"(?P<before>{BEFORE})?(?P<number>-?\d+(?:(?P<mark>[.,])(?P<decimals>\d{{1,6}}))?)(?P<after>{AFTER})?"
)


class Writing(NamedTuple):
    """How a column of texts is written.

    Attributes:
        form: the expression, with `{0}` for the name of the field that holds what is written.
        note: what a person should know.
    """

    form: str
    note: str


class _Reading(NamedTuple):
    """Texts of one form, with what each stands for, and how it is called."""

    values: Mapping[str, Any]
    type: pa.DataType
    form: str
    what: str
    assumed: str = ""


def typed(table: pa.Table, least: int) -> tuple[pa.Table, dict[str, Writing]]:
    """Return a table with dates and numbers in place of texts that are written ones, and how these are written."""
    found: dict[str, Writing] = {}
    for place, name in enumerate(table.column_names):
        column = table[name]
        if not pa.types.is_string(column.type) or seconds_of_day(column) is not None:
            continue
        texts = column.combine_chunks().dictionary_encode()
        counts = Counter(texts.indices.drop_null().to_pylist())
        words = texts.dictionary.to_pylist()
        by_text = {words[code]: count for code, count in counts.items()}
        reading = _reading(by_text, least)
        if reading is not None:
            values = pa.array([reading.values.get(word) for word in words], reading.type)
            table = table.set_column(place, name, values.take(texts.indices))
            found[name] = Writing(reading.form, _note(reading, by_text))
    return table, found


def _note(reading: _Reading, counts: Mapping[str, int]) -> str:
    lacking = sum(count for text, count in counts.items() if text not in reading.values)
    gaps = f"{lacking:,} texts that are no such {reading.what} are gaps" if lacking else ""
    return "; ".join(filter(None, [reading.assumed, gaps]))


def _reading(counts: Mapping[str, int], least: int) -> _Reading | None:
    """Return what nearly all texts are, None where they are nothing of the kind or categories."""
    enough = _NEARLY * sum(counts.values())
    if not counts or max(map(len, counts)) > 10_000:
        return None
    common = min(counts.values()) >= least
    few_dates, few_amounts = (common and len(counts) <= most for most in _CATEGORIES)
    dates = None if few_dates else _dates(counts, enough)
    return dates if dates or few_amounts else _amounts(counts, enough)


# Dates


def _dates(counts: Mapping[str, int], enough: float) -> _Reading | None:
    few, some = (list(counts)[:size] for size in _LOOKED_AT)
    worth = [one for one in _formats() if any(one(text) is not None for text in few)]
    worth = [one for one in worth if sum(one(text) is not None for text in some) > _MOST * len(some)]
    read = {one: {text: day for text in counts if (day := one(text)) is not None} for one in worth}
    shares = {one: sum(counts[text] for text in days) for one, days in read.items()}
    best = [one for one, share in shares.items() if share >= enough and share == max(shares.values())]
    # Equal readings, such as with and without leading zeros, leave nothing open.
    different = [one for place, one in enumerate(best) if read[one] not in [read[of] for of in best[:place]]]
    if not best or (len(different) > 1 and "%y" in "".join(one.pattern for one in different)):
        return None
    chosen = best[0]
    assumed = f"dates, read as {chosen.pattern}, since the data do not tell the day from the month"
    return _Reading(
        read[chosen],
        pa.timestamp("us") if chosen.clock else pa.date32(),
        chosen.form,
        f"date as {chosen.pattern}",
        assumed if len(different) > 1 else "",
    )


class _Format(NamedTuple):
    """A format of dates.

    Attributes:
        pattern: its marks.
        clock: it tells the time of day too.
        padded: days and months have leading zeros.
    """

    pattern: str
    clock: bool
    padded: bool

    def __call__(self, text: str) -> date | datetime | None:
        """Return the date that a text writes, None where it writes none in this format."""
        try:
            found = datetime.strptime(text, self.pattern)
        except ValueError:
            return None
        pattern = self.pattern
        if not self.padded:
            pattern = pattern.replace("%d", str(found.day)).replace("%m", str(found.month))
        if found.strftime(pattern) != text or not _YEARS[0] <= found.year <= _YEARS[1]:
            return None
        return found if self.clock else found.date()

    @property
    def form(self) -> str:
        """The expression that writes a date so."""
        value = "timestamp({0})" if self.clock else "{0}"
        if self.padded:
            return f"format_date({value}, {_spelt(self.pattern)})"
        parts = {"%d": "{{day({0})}}", "%m": "{{month({0})}}", "%Y": "{{year({0})}}"}
        marks = {
            mark: parts.get(mark, f"{{{{format_date({value}, '{mark}')}}}}") for mark in _marks(self.pattern)
        }
        return f'f"{re.sub("%.", lambda found: marks[found[0]], self.pattern)}"'


def _marks(pattern: str) -> list[str]:
    return re.findall("%.", pattern)


def _formats() -> Iterator[_Format]:
    for day in _DATES:
        for clock in _CLOCKS:
            yield _Format(day + clock, bool(clock), True)
            if re.search("%[dm]", day) and day != "%Y%m%d":
                yield _Format(day + clock, bool(clock), False)


# Amounts


def _amounts(counts: Mapping[str, int], enough: float) -> _Reading | None:
    """Return numbers with the same sign or unit and as many decimals, None where nothing but digits is in the texts."""
    found = {text: one for text in counts if (one := _AMOUNT.fullmatch(text))}
    shapes = Counter[tuple[str, str, str, int]]()
    for text, one in found.items():
        shapes[_shape(one)] += counts[text]
    if not shapes:
        return None
    shape, rows = shapes.most_common(1)[0]
    before, after, mark, decimals = shape
    if rows < enough or not (before or after or decimals) or (mark == "," and decimals > 2):
        return None
    read: Callable[[str], Any] = (lambda text: float(text.replace(",", "."))) if decimals else int
    values = {text: read(one["number"]) for text, one in found.items() if _shape(one) == shape}
    kept = {text: value for text, value in values.items() if _number(value, shape) == text}
    if sum(counts[text] for text in kept) < enough or max(map(abs, kept.values())) >= 2**52:
        return None
    type_ = pa.float64() if decimals else pa.int64()
    return _Reading(kept, type_, _form(shape), f"amount as {_number(0, shape)}")


def _shape(found: re.Match[str]) -> tuple[str, str, str, int]:
    return found["before"] or "", found["after"] or "", found["mark"] or "", len(found["decimals"] or "")


def _number(value: float, shape: tuple[str, str, str, int]) -> str:
    before, after, mark, decimals = shape
    return before + f"{value:.{decimals}f}".replace(".", mark or ".") + after


def _form(shape: tuple[str, str, str, int]) -> str:
    before, after, mark, decimals = shape
    number = f"{{{{{{0}}:.{decimals}f}}}}" if decimals else "{{{0}}}"
    if mark != ",":
        return f'f"{before}{number}{after}"'
    parts = (_spelt(before), f'replace(f"{number}", ".", ",")', _spelt(after))
    return " + ".join(part for part in parts if part != _spelt(""))


def _spelt(text: str) -> str:
    return encode(text).decode()
