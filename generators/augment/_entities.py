"""What in a record could be something else: identifiers, e-mail addresses, dates, amounts and numbers, as they are written."""

import re
from collections.abc import Iterable
from decimal import Decimal
from functools import lru_cache
from itertools import pairwise
from typing import Any, NamedTuple

from gristmill.generators.augment._base import leaves
from gristmill.generators.augment._dates import MONTH, calendar_said
from gristmill.generators.augment._labels import (
    is_bound,
    is_card,
    is_ordinary,
    is_share,
    named_phone,
    role_of,
)
from gristmill.generators.augment._spans import clear_of
from gristmill.generators.augment._sums import settled
from gristmill.generators.augment._vocabulary import word_list
from gristmill.generators.check_digits import luhn_remainder

__all__ = ["FIELD", "FIGURES", "MONEY_KEY", "Entity", "Seen", "cents", "entities"]

_ENTITY = re.compile(
    rf"""
    (?P<url>(?:https?://|www\.)\S+)
  | (?P<email>[\w.+'-]+@[\w-]+(?:\.[\w-]+)+)
  | (?P<date>(?<![\w-])\d{{4}}-\d\d-\d\d(?!\d|-\d)
      | \b(?:{MONTH})\.?\ \d{{1,2}}(?:st|nd|rd|th)?,?\ \d{{4}}\b | \b\d{{1,2}}(?:st|nd|rd|th)?\ (?:{MONTH})\.?,?\ \d{{4}}\b)
  | (?P<vague>\b(?:{MONTH})\.?\ \d{{1,2}}(?:st|nd|rd|th)?\b | \b\d{{1,2}}(?:st|nd|rd|th)?\ (?:of\ )?(?:{MONTH})\b
      | \b\d{{1,2}}[/.]\d{{1,2}}[/.]\d{{2,4}}\b | (?<![\w-])(?:19|20)\d\d-\d\d-\d\d(?:-\w+)+)
  | (?P<amount>(?:[$€£]\s?|\b(?:USD|EUR|GBP)\ )\d[\d,]*(?:\.\d\d?)?\b | \b\d[\d,]*(?:\.\d\d?)?\ ?(?:€|dollars?\b|euros?\b|pounds?\b|USD\b|EUR\b|GBP\b))
  | (?P<id>(?<![\d)=]\ )(?<![\d)=])\+\d[\d\ ()-]{{6,}}\d | (?P<phone>(?:\(\d{{3}}\)\ ?|\b\d{{3}}[-. ])\d{{3}}[-. ]\d{{4}}\b) | (?P<card>\b(?:\d{{4}}[ -]){{3}}\d{{1,7}}\b)
      | (?<!&)\b(?=[\w-]*\d{{3}})(?=[\w-]*[A-Za-z])[A-Za-z0-9]+(?:[-_][A-Za-z0-9]+)*\b)
  | (?P<bare>(?<![\w.,:/-])\d{{5,}}(?![\w.,:-]*\w))
  | (?P<number>(?<![\w.,:/-])\d{{1,4}}(?![\w-]|[.,:/]\d))
  | (?P<figure>(?<!\w)\d[\d,]*(?:\.\d+)?(?!\w))
    """,
    re.VERBOSE,
)
MONEY_KEY = re.compile(
    r"amount|price|total|cost|fee|difference|payment$|sum|due$|balance|paid|refund|charge|budget|offer|salary|discount|subtotal|tax",
    re.IGNORECASE,
)
_ID_KEY = re.compile(
    r"(?:^|[_\W])id$|(?-i:[a-z]I[dD]$)|\w[_ ]?number$|_no$|zip|postcode|postal|phone(?!s)|account(?!s)|sku|code$"
    r"|^(?:order|ticket|invoice|booking|reference|tracking|case|policy)$",
    re.IGNORECASE,
)
_PLAIN_KINDS = ("bare", "number", "figure")
_BARE = 5  # digits of a number that may identify something by itself
FIGURES = re.compile(r"\d[\d,]*(?:\.\d+)?")
FIELD = re.compile(rf"-?{FIGURES.pattern}")
_PLAIN = re.compile(r"\d+(?:\.\d+)?|\d{1,3}(?:,\d{3})+(?:\.\d+)?")
_CUT = re.compile(r"\d[.,]?$")
_GOES_ON = re.compile(r"[.,]?\d|\s?(?:k|m|bn|mio|mrd|thousand|million|billion)\b", re.IGNORECASE)
_GOES_TO = re.compile(r"\s?(?:[-–—/]|to|or)\s?\d")  # $20 to 30
_COMES_FROM = re.compile(r"\d\s?(?:[-–—/]|to|or)\s?$")
_NEARBY = 8  # characters before an amount that may be a number and what joins both
_MONEY = re.compile(
    rf"[$€£¥₹]\s?\d|(?:\d|\b(?:{'|'.join(sorted(word_list('numbers')))}))[\s-]?(?:[€£¥₹]|dollars?\b|euros?\b|pounds?\b|bucks?\b)",
    re.IGNORECASE,
)
# What compares identifiers, or runs from one to another: others would have to come in the same order.
_ORDERED = re.compile(
    r"\b(?:newer|older|latest|newest|oldest|consecutive\w*|successive|adjacent|next to|neighbou?r\w*|sort(?:ed|s)?|ascending|descending|alphabetical\w*"
    r"|(?:larger|greater|smaller|higher|lower|bigger|less|more) than|larger|largest|smallest|between|ranges?|sequence|series)\b",
    re.IGNORECASE,
)
# What is true of the digits of one identifier and not of others.
_DIGITS = re.compile(
    r"\b(?:odd|even number|divisible|multiple of|prime|palindrom\w*|digit sum|sum of (?:the|its|all) digits|(?:last|first|final|each|every|which) digit)\b",
    re.IGNORECASE,
)
_RANGE = re.compile(r"\s?(?:[-–—…]|\.\.+|to|through|thru|till|until)\s?")
_DATED = re.compile(r"[-_](?:19|20)\d\d-\d\d-\d\d(?!\d)")
_SAME_TWICE = re.compile(r"([A-Za-z]+)\d+-\1\d+")


class Entity(NamedTuple):
    """Something in a text that could be something else; its kind is the group of the pattern."""

    start: int
    end: int
    kind: str
    text: str


@lru_cache(1024)  # a text is looked at twice, and some, such as instructions, come again in every record
def entities(text: str) -> list[Entity]:
    """Return the entities of a text, in order."""
    found = [Entity(*one.span(), _kind(one, text), one[0]) for one in _ENTITY.finditer(text)]
    return [one for one in found if one.kind]


def _kind(found: re.Match[str], text: str) -> str:
    """Return the kind of what was found; nothing for what means what it says."""
    start, digits = found.start(), [int(one) for one in found[0] if one.isdecimal()]
    if found["phone"]:
        return "id" if "-" in found[0] or named_phone(text, start) else ""
    if found["card"]:
        return "id" if luhn_remainder(digits) == 0 or is_card(text, start) else ""
    if found.lastgroup == "id" and is_ordinary(found[0]):
        return ""
    # One that a date is part of may neither move with the dates nor without them.
    return "vague" if found.lastgroup == "id" and _DATED.search(found[0]) else str(found.lastgroup)


def _legible(text: str) -> bool:
    """Return whether all amounts in a text are read as they are meant, not as parts of `$1.5M`, `1.299,00 €` or `$2k`."""
    amounts = [one for one in entities(text) if one.kind == "amount"]
    spans = [(one.start, one.end) for one in amounts]
    if any(clear_of(spans, *one.span()) for one in _MONEY.finditer(text)):
        return False
    return all(
        _PLAIN.fullmatch(FIGURES.search(one.text)[0])  # type: ignore[index]  # an amount has some
        and not _CUT.search(text[: one.start])
        and not _GOES_ON.match(text, one.end)
        and not (_GOES_TO.match(text, one.end) or _begun(text, one.start))
        for one in amounts
    )


def _begun(text: str, start: int) -> bool:
    """Return whether a number that is no amount by itself begins a range that ends at `start`, as in 20 to $30."""
    before = _COMES_FROM.search(text[max(0, start - _NEARBY) : start])
    if before is None:
        return False
    place = max(0, start - _NEARBY) + before.start()
    return not any(one.kind == "amount" and one.start <= place < one.end for one in entities(text))


class Seen(NamedTuple):
    """The entities of a record, as they are written, each once.

    Attributes:
        ids, emails, dates: those that may become others.
        amounts: in cents.
        numbers: of up to four digits in texts, and `fields` that are numbers, as they are written.
        bound: those of the numbers that mean more than how many: with a unit, in a range, or beside dates.
        money: whether amounts may be multiplied: all can be read, and nothing else follows from them.
    """

    ids: list[str]
    emails: list[str]
    dates: list[str]
    amounts: list[int]
    numbers: list[str]
    fields: set[str]
    bound: set[str]
    money: bool

    @classmethod
    def of(cls, record: Any) -> "Seen":
        """Return what is in a record."""
        notes = _Notes()
        for key, value in leaves(record):
            notes.field(key, value)
            if isinstance(value, str):
                notes.text(key, value)
        found = notes.found
        values = [cents(one) for one in found["amount"]]
        ids = [one for one in found["id"] if one not in notes.quantities]
        return cls(
            [] if notes.runs or (notes.ordered and len(ids) > 1) else ids,
            list(found["email"]),
            [] if notes.calendar or found["vague"] else list(found["date"]),
            values,
            list(found["number"]),
            notes.fields,
            set(found["number"]) if notes.calendar or found["date"] or found["vague"] else notes.bound,
            notes.legible and not settled(values, notes.plain, notes.texts),
        )


class _Notes:
    """What is noted while a record is read."""

    def __init__(self) -> None:
        self.found: dict[str, dict[str, None]] = {name: {} for name in _ENTITY.groupindex}
        self.plain: set[Decimal] = set()
        self.fields: set[str] = set()
        self.quantities: set[str] = set()
        self.bound: set[str] = set()
        self.texts: list[str] = []
        self.legible, self.ordered, self.runs, self.calendar = True, False, False, False

    def field(self, key: str, value: Any) -> None:
        """Note a value that is a number."""
        self.calendar = self.calendar or calendar_said(key, "", ())
        if type(value) not in (int, float) and not (isinstance(value, str) and FIELD.fullmatch(value)):
            return
        if MONEY_KEY.search(key):
            self.found["amount"][f"{value}"] = None
        elif _ID_KEY.search(key) and _is_id(f"{value}"):
            self.found["id"][f"{value}"] = None
        elif isinstance(value, int | float):
            self.plain.add(abs(Decimal(f"{value}")))
            self.fields.add(f"{value}")

    def text(self, key: str, text: str) -> None:
        """Note what stands in a text."""
        here = entities(text)
        for one in here:
            self.found[one.kind][one.text] = None
            if one.kind in _PLAIN_KINDS:
                self._role(one, text)
        told = [(one.start, one.end) for one in here if one.kind not in (*_PLAIN_KINDS, "vague")]
        self.calendar = self.calendar or calendar_said(key, text, told)
        self.legible = self.legible and _legible(text)
        self.ordered = self.ordered or _ORDERED.search(text) is not None
        self.runs = self.runs or _runs(here, text) or _DIGITS.search(text) is not None
        if not (FIELD.fullmatch(text) and (MONEY_KEY.search(key) or _ID_KEY.search(key))):
            self.texts.append(text)

    def _role(self, one: Entity, text: str) -> None:
        if one.kind == "number" and is_bound(text, one.start, one.end):
            self.bound.add(one.text)
        if not is_share(text, one.end):  # which stays true of all amounts
            self.plain.add(_number(one.text))
        role = role_of(text, one.start, one.end)
        if role == "quantity":
            self.quantities.add(one.text)
        elif role == "id" and one.kind == "bare":
            self.found["id"][one.text] = None


def _runs(here: Iterable[Entity], text: str) -> bool:
    """Return whether one identifier, or number, is the first and another one the last of those that are meant."""
    several = [
        one for one in here if one.kind == "id" or (one.kind in _PLAIN_KINDS and len(one.text) >= _BARE)
    ]
    return any(_SAME_TWICE.fullmatch(one.text) for one in several) or any(
        _RANGE.fullmatch(text[one.end : other.start]) for one, other in pairwise(several)
    )


def _is_id(text: str) -> bool:
    return text.isdigit() and len(text) >= 4


def _number(text: str) -> Decimal:
    return Decimal(text.replace(",", ""))


def cents(text: str) -> int:
    """Return an amount in hundredths of its currency."""
    figures = FIGURES.search(text)
    assert figures is not None  # an amount has some
    return int(_number(figures[0]) * 100)
