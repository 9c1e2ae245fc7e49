"""Entities filled in anew, the same everywhere in a record: text, fields and arguments of tools alike.

What is true of the old record has to be true of the new one, so every kind is changed in a way that keeps what could
have been concluded from it. Identifiers and names mean nothing but themselves, and become others of the same form.
Amounts are all multiplied by one factor, which keeps sums, differences, shares and comparisons. Dates are all shifted by
the same number of whole weeks, which keeps intervals, order and days of the week. Plain numbers are replaced only on
demand, and only those that follow from no others. A kind of which a rule cannot tell that stays as it is in the whole
record: dates of which the month is said, amounts that an answer in figures hangs on, numbers that may be quantities.
"""

import random
import re
from collections.abc import Collection, Iterable, Mapping
from math import gcd
from typing import Any, ClassVar

from gristmill.errors import unknown
from gristmill.generators.augment._base import Augmentation, Edit, Rewriter
from gristmill.generators.augment._dates import shifted
from gristmill.generators.augment._entities import FIELD, FIGURES, MONEY_KEY, Seen, cents, entities
from gristmill.generators.augment._ids import new_ids
from gristmill.generators.augment._people import GENDERS, doubtful, fresh, known, names_in, renamed
from gristmill.generators.augment._spans import clear_of, words
from gristmill.generators.augment._sums import follows

__all__ = ["Refill"]

KINDS = ("ids", "names", "emails", "amounts", "dates", "numbers")
_USUAL = ("ids", "names", "emails", "amounts", "dates")


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
        seen = Seen.of(record)
        mapping: dict[str, str] = {}
        names = _new_names(record, seen.emails, rng) if {"names", "emails"}.intersection(self._kinds) else {}
        if "ids" in self._kinds:
            mapping |= new_ids(seen.ids, seen.numbers, rng)
        if "emails" in self._kinds:
            mapping |= {one: _new_email(one, names, rng) for one in seen.emails}
        if "dates" in self._kinds:
            mapping |= shifted(seen.dates, rng)
        factor = _factor(seen, rng) if "amounts" in self._kinds else None
        if "numbers" in self._kinds:
            mapping |= _new_numbers(seen, rng)
        kept = set(keep)
        return _Filled(
            {one: new for one, new in mapping.items() if one not in kept},
            {one: new for one, new in names.items() if one not in kept} if "names" in self._kinds else {},
            factor,
        )


class _Filled(Rewriter):
    """What each entity becomes."""

    def __init__(
        self, mapping: Mapping[str, str], names: Mapping[str, str], factor: tuple[int, int] | None
    ) -> None:
        self._mapping, self._names, self._factor = mapping, names, factor

    def edits(self, text: str) -> Iterable[Edit]:
        found: list[Edit] = []
        for one in entities(text):
            if one.text in self._mapping:
                found.append((one.start, one.end, self._mapping[one.text]))
            elif one.kind == "amount" and self._factor:
                figures = FIGURES.search(one.text)
                assert figures is not None  # an amount has some
                new = one.text.replace(figures[0], _scaled(figures[0], self._factor))
                found.append((one.start, one.end, new))
        busy = [(one.start, one.end) for one in entities(text)]  # also May in a date that stays
        named = (one for one in self._named(text) if clear_of(busy, one[0], one[1]))
        return sorted([*found, *named])

    def field(self, key: str, value: Any) -> Any:
        if type(value) not in (int, float, str) or (isinstance(value, str) and not FIELD.fullmatch(value)):
            return value
        text = f"{value}"
        if MONEY_KEY.search(key) and self._factor:
            text = _scaled(text, self._factor)
        else:
            text = self._mapping.get(text, text)
        return type(value)(text) if text != f"{value}" else value

    def _named(self, text: str) -> Iterable[Edit]:
        for word in words(text, guarded=True):
            if (new := renamed(text, word, self._names)) is not None:
                yield new


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


def _factor(seen: Seen, rng: random.Random) -> tuple[int, int] | None:
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
    new = cents(text) * factor[0] // factor[1]
    minus = "-" * text.startswith("-")
    whole, part = divmod(new, 100)
    figures = f"{minus}{whole:,}" if "," in text else f"{minus}{whole}"
    point = text.partition(".")[2]
    if not point and not part:
        return figures
    return f"{figures}.{part:02}" if len(point) != 1 or part % 10 else f"{figures}.{part // 10}"


def _new_numbers(seen: Seen, rng: random.Random) -> dict[str, str]:
    """Return another number of as many digits for each that stands in a text and a field, and follows from no others."""
    known = [int(one) for one in seen.numbers]
    taken = {*seen.numbers, *seen.fields}
    found: dict[str, str] = {}
    for one in seen.numbers:
        if one in seen.fields and one not in seen.bound and not follows(int(one), known):
            low = 10 ** (len(one) - 1) if len(one) > 1 else 2
            free = [str(new) for new in range(low, 10 ** len(one)) if str(new) not in taken]
            if free:
                found[one] = rng.choice(free)
                taken.add(found[one])
    return found
