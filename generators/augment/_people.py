"""Who is named in a record: first names with their gender and origin, and family names, from Faker's lists."""

import random
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from importlib import import_module
from typing import Any, Literal, NamedTuple

from gristmill.generators.augment._base import leaves
from gristmill.generators.augment._spans import Word, words
from gristmill.generators.augment._vocabulary import FUNCTION_WORDS, common_words, word_list

__all__ = ["GENDERS", "ORIGINS", "Gender", "Mention", "fresh", "known", "mentions", "names_in"]

Gender = Literal["male", "female"]
GENDERS: tuple[Gender, Gender] = ("male", "female")
# Locales whose names are written in Latin letters and whose family names are the same for everybody.
ORIGINS: dict[str, tuple[str, ...]] = {
    "english": ("en_US", "en_GB"),
    "german": ("de_DE",),
    "french": ("fr_FR",),
    "spanish": ("es_ES", "es_MX"),
    "italian": ("it_IT",),
    "dutch": ("nl_NL",),
    "swedish": ("sv_SE",),
    "brazilian": ("pt_BR",),
    "turkish": ("tr_TR",),
    "indian": ("en_IN",),
    "indonesian": ("id_ID",),
    "nigerian": ("yo_NG", "ig_NG", "ha_NG"),
    "ghanaian": ("tw_GH",),
}
_ONE_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_TITLE = re.compile(r"\b(?:Mr|Mrs|Ms|Miss|Dr|Prof)\.? $")
_INTRODUCES = re.compile(
    r"(?:\b(?:[Mm]y name is|I am|I'm|[Tt]his is|[Dd]ear|named|called|[Rr]egards,|[Ss]incerely,|[Ww]ishes,|[Tt]hanks,) ?\n?)$"
)
# Behind these, May is a month and Paris a place.
_NO_NAME_AFTER = re.compile(
    r"\b(?:in|from|to|at|of|near|on|by|since|until|till|before|after|this|next|last|every|early|late|the|an?) $",
    re.IGNORECASE,
)
_NAME_KEY = re.compile(
    r"name|first|last|surname|customer|buyer|seller|patient|holder|contact|author", re.IGNORECASE
)
_FAMILY_KEY = re.compile(r"last|surname|family", re.IGNORECASE)
_INSIDE = re.compile(r"[\w,;]['’]? $")
_SHORTEST = 3  # letters of a name that is known without more
_NAME_WORDS = 3  # of a field that is a name and nothing else
_WIDEST = 24  # characters looked at before a name


class Mention(NamedTuple):
    """A name in a text.

    Attributes:
        start, end: where it is.
        text: the name.
        genders: of a first name, those that bear it; empty for a family name.
    """

    start: int
    end: int
    text: str
    genders: frozenset[Gender]


class _Book(NamedTuple):
    """The names of all origins.

    Attributes:
        first: the genders of each first name.
        last: family names.
        of: by origin and gender, or `last`, the names to choose from: those of one gender that are nothing else.
        origins: by name, where it is from.
    """

    first: Mapping[str, frozenset[Gender]]
    last: frozenset[str]
    of: Mapping[tuple[str, str], Sequence[str]]
    origins: Mapping[str, Sequence[str]]


@cache
def _book() -> _Book:
    first: dict[str, Counter[Gender]] = {}
    last: set[str] = set()
    listed: dict[tuple[str, str], dict[str, None]] = {}
    for origin, locales in ORIGINS.items():
        for locale in locales:
            provider: Any = import_module(f"faker.providers.person.{locale}").Provider
            for gender in GENDERS:
                for name in _single(getattr(provider, f"first_names_{gender}")):
                    first.setdefault(name, Counter())[gender] += 1
                    listed.setdefault((origin, gender), {})[name] = None
            surnames = list(_single(provider.last_names))
            last.update(surnames)
            listed.setdefault((origin, "last"), {}).update(dict.fromkeys(surnames))
    origins: dict[str, list[str]] = {}
    for (origin, _), names in listed.items():
        for name in names:
            origins.setdefault(name, []).append(origin)
    genders = {name: _genders(found) for name, found in first.items()}
    plain = {
        key: [one for one in names if not _is_word(one) and (key[1] == "last" or genders[one] == {key[1]})]
        for key, names in listed.items()
    }
    return _Book(genders, frozenset(last), plain, origins)


def _genders(found: Counter[Gender]) -> frozenset[Gender]:
    """Return the genders that bear a name; one that is much rarer than the other is left out."""
    return frozenset(gender for gender, lists in found.items() if 3 * lists > found.total())


def _single(names: Iterable[str]) -> Iterator[str]:
    return (name for name in names if name[:1].isupper() and _ONE_WORD.fullmatch(name) and not name.isupper())


@cache
def _word_names() -> frozenset[str]:
    return word_list("names") | common_words() | FUNCTION_WORDS


def _is_word(name: str) -> bool:
    return name.lower() in _word_names() or len(name) < _SHORTEST


def mentions(text: str, key: str = "") -> list[Mention]:
    """Return the names in a text, in order.

    Args:
        text: in which they are.
        key: of the field that it is, since what is nothing but a name is known for one there.
    """
    book, found = _book(), list[Mention]()
    capital = [_without_s(one) for one in words(text, guarded=True) if one.text[0].isupper()]
    field = _NAME_KEY.search(key) is not None and len(text.split()) <= _NAME_WORDS
    for place, one in enumerate(capital):
        after = capital[place + 1] if place + 1 < len(capital) else None
        family = after is not None and after.start == one.end + 1 and after.text in book.last
        behind = found and found[-1].genders and found[-1].end + 1 == one.start
        head = text[max(0, one.start - _WIDEST) : one.start]
        titled, genders = _TITLE.search(head) is not None, book.first.get(one.text, frozenset())
        if one.text in book.last and (
            behind or (titled and not family) or (field and _FAMILY_KEY.search(key))
        ):
            found.append(Mention(*one, frozenset()))
        elif genders and (
            field
            or family
            or titled
            or not _is_word(one.text)
            or _INTRODUCES.search(head)
            or _within(text, one)
        ):
            found.append(Mention(*one, genders))
    return found


def _within(text: str, word: Word) -> bool:
    """Return whether a capital stands within a sentence, where only names have one, and not where a month or a place would."""
    head = text[max(0, word.start - _WIDEST) : word.start]
    lower = any(one.islower() for one in text)
    return lower and _INSIDE.search(head) is not None and _NO_NAME_AFTER.search(head) is None


def _without_s(word: Word) -> Word:
    for ending in ("'s", "’s"):
        if word.text.endswith(ending):
            return Word(word.start, word.end - len(ending), word.text.removesuffix(ending))
    return word


def known(name: str) -> frozenset[Gender] | None:
    """Return the genders of a name, none of them for a family name; None for what is no name."""
    book = _book()
    return book.first.get(name) or (frozenset() if name in book.last else None)


def names_in(record: Any) -> dict[str, frozenset[Gender]]:
    """Return the names in a record, in the order they come; family names without a gender."""
    found: dict[str, frozenset[Gender]] = {}
    for key, value in leaves(record):
        if isinstance(value, str):
            for one in mentions(value, key):
                found.setdefault(one.text, one.genders)
    return found


def fresh(
    rng: random.Random,
    taken: set[str],
    gender: Gender | Literal["last"],
    origins: Sequence[str],
    name: str = "",
) -> str:
    """Return a name that is not taken, of an origin that `name` has, or else of one of `origins`, and take it."""
    book = _book()
    own = list(book.origins.get(name, origins))[:1] if name else origins
    pool = [one for one in book.of[rng.choice(own), gender] if one not in taken]
    found = rng.choice(pool)
    taken.add(found)
    return found
