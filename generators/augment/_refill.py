"""Entities filled in anew, the same everywhere in a record: text, fields and arguments of tools alike.

What is true of the old record has to be true of the new one, so every kind is changed in a way that keeps what could
have been concluded from it. Identifiers and names mean nothing but themselves, and become others of the same form.
Amounts are all multiplied by one factor, which keeps sums, differences, shares and comparisons. Dates are all shifted by
the same number of whole weeks, which keeps intervals, order and days of the week. Plain numbers are replaced only on
demand, and only those that follow from no others.
"""

import random
import re
from calendar import month_abbr, month_name
from collections.abc import Collection, Iterable, Mapping
from datetime import date, timedelta
from decimal import Decimal
from functools import lru_cache
from math import gcd
from typing import Any, ClassVar, NamedTuple

from gristmill.errors import unknown
from gristmill.generators.augment._base import Augmentation, Edit, Rewriter, leaves
from gristmill.generators.augment._ids import new_ids
from gristmill.generators.augment._people import GENDERS, doubtful, fresh, known, names_in, renamed
from gristmill.generators.augment._spans import clear_of, words
from gristmill.generators.augment._vocabulary import word_list

__all__ = ["Refill"]

KINDS = ("ids", "names", "emails", "amounts", "dates", "numbers")
_USUAL = ("ids", "names", "emails", "amounts", "dates")
_MONTHS = {
    name.lower(): place for names in (month_name, month_abbr) for place, name in enumerate(names) if name
}
_MONTH = "|".join(sorted(map(str.capitalize, _MONTHS), key=len, reverse=True))
_ENTITY = re.compile(
    rf"""
    (?P<url>(?:https?://|www\.)\S+)
  | (?P<email>[\w.+'-]+@[\w-]+(?:\.[\w-]+)+)
  | (?P<date>\b\d{{4}}-\d\d-\d\d(?!\d)
      | \b(?:{_MONTH})\.?\ \d{{1,2}}(?:st|nd|rd|th)?,?\ \d{{4}}\b | \b\d{{1,2}}(?:st|nd|rd|th)?\ (?:{_MONTH})\.?,?\ \d{{4}}\b)
  | (?P<vague>\b(?:{_MONTH})\.?\ \d{{1,2}}(?:st|nd|rd|th)?\b | \b\d{{1,2}}(?:st|nd|rd|th)?\ (?:of\ )?(?:{_MONTH})\b
      | \b\d{{1,2}}[/.]\d{{1,2}}[/.]\d{{2,4}}\b)
  | (?P<amount>(?:[$€£]\s?|\b(?:USD|EUR|GBP)\ )\d[\d,]*(?:\.\d\d?)?\b | \b\d[\d,]*(?:\.\d\d?)?\ ?(?:€|dollars?\b|euros?\b|pounds?\b|USD\b|EUR\b|GBP\b))
  | (?P<id>\+\d[\d\ ()-]{{6,}}\d | \b\d{{3}}[-. ]\d{{3}}[-. ]\d{{4}}\b | \b(?:\d{{4}}[ -]){{3}}\d{{1,7}}\b
      | \b(?=[\w-]*\d{{3}})(?=[\w-]*[A-Za-z])[A-Za-z0-9]+(?:[-_][A-Za-z0-9]+)*\b | (?<![\w.,-])\d{{5,}}(?![\w.,-]*\w))
  | (?P<number>(?<![\w.,-])\d{{1,4}}(?![\w-]|[.,]\d))
    """,
    re.VERBOSE,
)
_ORDINARY = re.compile(
    r"\d+(?:st|nd|rd|th|s|k|m|km|kg|g|cm|mm|ml|l|h|hz|khz|mhz|ghz|gb|mb|tb|w|kw|kwh|v|mah|px|p|x)",
    re.IGNORECASE,
)
_MONEY_KEY = re.compile(
    r"amount|price|total|cost|fee|difference|payment$|sum|due$|balance|paid|refund|charge|budget|offer|salary|discount|subtotal|tax",
    re.IGNORECASE,
)
_ID_KEY = re.compile(r"id$|number$|_no$|zip|postcode|postal|phone|account|sku|code$", re.IGNORECASE)
_FIGURES = re.compile(r"\d[\d,]*(?:\.\d+)?")
_FIELD = re.compile(rf"-?{_FIGURES.pattern}")
_PLAIN = re.compile(r"\d+(?:\.\d+)?|\d{1,3}(?:,\d{3})+(?:\.\d+)?")
_CUT = re.compile(r"\d[.,]?$")
_GOES_ON = re.compile(r"[.,]?\d|\s?(?:k|m|bn|mio|mrd|thousand|million|billion)\b", re.IGNORECASE)
_MONEY = re.compile(
    rf"[$€£¥₹]\s?\d|(?:\d|\b(?:{'|'.join(sorted(word_list('numbers')))}))[\s-]?(?:[€£¥₹]|dollars?\b|euros?\b|pounds?\b|bucks?\b)",
    re.IGNORECASE,
)
_NEAR = 10  # smaller numbers equal an amount by chance
_WEEKS = 104  # by which dates are shifted at most, either way


class Refill(Augmentation):
    """Identifiers, names, e-mail addresses, amounts and dates filled in anew, consistently.

    Args:
        rate: share of the records.
        what: which kinds, such as `ids+amounts`; `numbers` are filled in only if named.
    """

    name: ClassVar[str] = "refill"
    about: ClassVar[str] = (
        "new identifiers, names, e-mail addresses, amounts and dates in text, fields and tool arguments alike"
    )
    keeps: ClassVar[str] = "labels and arithmetic: amounts share one factor, dates one shift by weeks"
    usual: ClassVar[float] = 1.0
    whole: ClassVar[bool] = True

    def __init__(self, *, rate: float | None = None, what: str = "+".join(_USUAL)) -> None:
        super().__init__(rate=rate)
        self._kinds = re.split(r"[+\s]+", what.strip())
        for one in self._kinds:
            if one not in KINDS:
                raise unknown("kind of entity", one, KINDS)

    def begin(self, record: Any, rng: random.Random, rate: float, keep: Collection[str]) -> Rewriter | None:
        if rng.random() >= rate:
            return None
        seen = _Seen.of(record)
        mapping: dict[str, str] = {}
        names = _new_names(record, seen.emails, rng) if {"names", "emails"}.intersection(self._kinds) else {}
        if "ids" in self._kinds:
            mapping |= new_ids(seen.ids, seen.numbers, rng)
        if "emails" in self._kinds:
            mapping |= {one: _new_email(one, names, rng) for one in seen.emails}
        if "dates" in self._kinds:
            mapping |= _shifted(seen, rng)
        factor = _factor(seen, rng) if "amounts" in self._kinds else None
        if "numbers" in self._kinds:
            mapping |= _new_numbers(seen, rng)
        kept = set(keep)
        return _Filled(
            {one: new for one, new in mapping.items() if one not in kept},
            {one: new for one, new in names.items() if one not in kept} if "names" in self._kinds else {},
            factor,
        )


class _Entity(NamedTuple):
    """Something in a text that could be something else; its kind is the group of the pattern."""

    start: int
    end: int
    kind: str
    text: str


@lru_cache(1024)  # a text is looked at twice, and some, such as instructions, come again in every record
def _entities(text: str) -> list[_Entity]:
    found = (_Entity(*one.span(), str(one.lastgroup), one[0]) for one in _ENTITY.finditer(text))
    return [one for one in found if one.kind != "id" or not _ORDINARY.fullmatch(one.text)]


def _legible(text: str) -> bool:
    """Return whether all amounts in a text are read as they are meant, not as parts of `$1.5M`, `1.299,00 €` or `$2k`."""
    amounts = [one for one in _entities(text) if one.kind == "amount"]
    spans = [(one.start, one.end) for one in amounts]
    if any(clear_of(spans, *one.span()) for one in _MONEY.finditer(text)):
        return False
    return all(
        _PLAIN.fullmatch(_FIGURES.search(one.text)[0])  # type: ignore[index]  # an amount has some
        and not _CUT.search(text[: one.start])
        and not _GOES_ON.match(text, one.end)
        for one in amounts
    )


class _Seen(NamedTuple):
    """The entities of a record, as they are written, each once.

    Attributes:
        amounts: in cents, and `loose` numbers beside them that may be amounts, as they are written.
        money: whether all amounts are written so that they can be read, and every number that equals one, or the sum or
            difference of two, stands where amounts do.
        vague: whether there are dates without a year, or of which nobody knows which number is the month.
    """

    ids: list[str]
    emails: list[str]
    dates: list[str]
    amounts: list[int]
    numbers: list[str]
    fields: set[str]
    money: bool
    vague: bool

    @classmethod
    def of(cls, record: Any) -> "_Seen":
        """Return what is in a record."""
        found: dict[str, dict[str, None]] = {name: {} for name in _ENTITY.groupindex}
        plain: set[Decimal] = set()
        legible = True
        fields: set[str] = set()
        for key, value in leaves(record):
            if type(value) in (int, float) or (isinstance(value, str) and _FIELD.fullmatch(value)):
                if _MONEY_KEY.search(key):
                    found["amount"][f"{value}"] = None
                elif _ID_KEY.search(key) and _is_id(f"{value}"):
                    found["id"][f"{value}"] = None
                elif isinstance(value, int | float):
                    plain.add(abs(Decimal(f"{value}")))
                    fields.add(f"{value}")
            if isinstance(value, str):
                for entity in _entities(value):
                    found[entity.kind][entity.text] = None
                legible = legible and _legible(value)
        values = [_cents(one) for one in found["amount"]]
        bare = plain | {Decimal(one) for one in found["number"]}
        related = {
            *values,
            *[one + other for one in values for other in values],
            *[abs(one - other) for one in values for other in values],
        }
        money = legible and not any(int(one * 100) in related for one in bare if one >= _NEAR)
        return cls(
            list(found["id"]), list(found["email"]), list(found["date"]), values, list(found["number"]), fields,
            money, bool(found["vague"]),
        )  # fmt: skip


class _Filled(Rewriter):
    """What each entity becomes."""

    def __init__(
        self, mapping: Mapping[str, str], names: Mapping[str, str], factor: tuple[int, int] | None
    ) -> None:
        self._mapping, self._names, self._factor = mapping, names, factor

    def edits(self, text: str) -> Iterable[Edit]:
        found: list[Edit] = []
        for one in _entities(text):
            if one.text in self._mapping:
                found.append((one.start, one.end, self._mapping[one.text]))
            elif one.kind == "amount" and self._factor:
                figures = _FIGURES.search(one.text)
                assert figures is not None  # an amount has some
                new = one.text.replace(figures[0], _scaled(figures[0], self._factor))
                found.append((one.start, one.end, new))
        busy = [(start, end) for start, end, _ in found]
        named = (one for one in self._named(text) if clear_of(busy, one[0], one[1]))
        return sorted([*found, *named])

    def field(self, key: str, value: Any) -> Any:
        if type(value) not in (int, float, str) or (isinstance(value, str) and not _FIELD.fullmatch(value)):
            return value
        text = f"{value}"
        if _MONEY_KEY.search(key) and self._factor:
            text = _scaled(text, self._factor)
        else:
            text = self._mapping.get(text, text)
        return type(value)(text) if text != f"{value}" else value

    def _named(self, text: str) -> Iterable[Edit]:
        for word in words(text, guarded=True):
            if (new := renamed(text, word, self._names)) is not None:
                yield new


def _is_id(text: str) -> bool:
    return text.isdigit() and len(text) >= 4


def _new_names(record: Any, emails: Iterable[str], rng: random.Random) -> dict[str, str]:
    """Return another name of the same gender and origin for each, those that e-mail addresses are made of among them."""
    names = names_in(record)
    for one in doubtful(record, names):
        del names[one]
    for address in emails:
        local = re.findall(r"[a-z]{3,}", address.partition("@")[0].lower())
        names |= {
            one.capitalize(): known(one.capitalize()) or frozenset()
            for one in local
            if known(one.capitalize()) is not None and one.capitalize() not in names
        }
    taken = set(names)
    return {
        name: fresh(
            rng,
            taken,
            next(one for one in GENDERS if one in genders) if genders else "last",
            ("english",),
            name,
        )
        for name, genders in names.items()
    }


def _new_email(address: str, names: Mapping[str, str], rng: random.Random) -> str:
    """Return another address at the same host; one that is made of names in the record goes with their new names."""
    local, _, host = address.partition("@")
    folded = {one.lower(): new.lower() for one, new in names.items()}
    parts = re.split(r"([^a-zA-Z]+)", local)
    if any(one.lower() in folded for one in parts):
        return "".join(folded.get(one.lower(), one) for one in parts) + f"@{host}"
    taken: set[str] = set()
    first, last = (
        fresh(rng, taken, rng.choice(GENDERS), ("english",)),
        fresh(rng, taken, "last", ("english",)),
    )
    return f"{first}.{last}@{host}".lower()


def _cents(text: str) -> int:
    figures = _FIGURES.search(text)
    assert figures is not None  # an amount has some
    return int(Decimal(figures[0].replace(",", "")) * 100)


def _factor(seen: _Seen, rng: random.Random) -> tuple[int, int] | None:
    """Return a fraction by which every amount can be multiplied without a remainder; None where that is not safe."""
    values = [one for one in seen.amounts if one]
    if not values or not seen.money:
        return None
    divisor = gcd(*values)
    # Whole dollars stay whole, and tens stay tens where all of them are.
    step = next(one for one in (1000, 500, 100, 50, 10, 5, 1) if divisor % one == 0)
    low, high = max(1, divisor // step // 2), max(3, 2 * divisor // step)
    new = rng.choice([one for one in range(low, min(high, low + 10_000) + 1) if one * step != divisor])
    return new * step, divisor


def _scaled(text: str, factor: tuple[int, int]) -> str:
    """Return an amount times a factor, written like it."""
    cents = _cents(text) * factor[0] // factor[1]
    minus = "-" * text.startswith("-")
    whole, part = divmod(cents, 100)
    figures = f"{minus}{whole:,}" if "," in text else f"{minus}{whole}"
    point = text.partition(".")[2]
    if not point and not part:
        return figures
    return f"{figures}.{part:02}" if len(point) != 1 or part % 10 else f"{figures}.{part // 10}"


def _shifted(seen: _Seen, rng: random.Random) -> dict[str, str]:
    """Return every date so many weeks earlier or later; none where one cannot be told."""
    days = {one: _day(one) for one in seen.dates}
    if seen.vague or not all(days.values()):
        return {}
    shift = timedelta(weeks=rng.choice([one for one in range(-_WEEKS, _WEEKS + 1) if one]))
    return {text: _written(day + shift, text) for text, day in days.items() if day is not None}


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


def _new_numbers(seen: _Seen, rng: random.Random) -> dict[str, str]:
    """Return another number of as many digits for each that stands in a text and a field, and follows from no others."""
    known = [int(one) for one in seen.numbers]
    taken = {*seen.numbers, *seen.fields}
    found: dict[str, str] = {}
    for one in seen.numbers:
        if one in seen.fields and not _follows(int(one), known):
            low = 10 ** (len(one) - 1) if len(one) > 1 else 2
            free = [str(new) for new in range(low, 10 ** len(one)) if str(new) not in taken]
            if free:
                found[one] = rng.choice(free)
                taken.add(found[one])
    return found


def _follows(number: int, known: list[int]) -> bool:
    """Return whether a number is a sum, difference, product or quotient of two others, or is part of one."""
    others = [one for one in known if one != number]
    return number < 2 or any(
        one in (number + other, number * other, number - other) or number == other * one
        for place, one in enumerate(others)
        for other in others[:place] + others[place + 1 :]
    )
