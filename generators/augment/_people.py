"""Who is named in a record: first names with their gender and origin, and family names, from Faker's lists."""

import random
import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import cache
from importlib import import_module
from typing import Any, Literal, NamedTuple

from gristmill.generators.augment._base import leaves
from gristmill.generators.augment._spans import Word, words
from gristmill.generators.augment._vocabulary import FUNCTION_WORDS, common_words, lines, word_list

__all__ = [
    "GENDERS",
    "ORIGINS",
    "Gender",
    "Mention",
    "doubtful",
    "fresh",
    "known",
    "mentions",
    "names_in",
    "other_words",
    "renamed",
    "stem_of",
    "unnoticed",
]

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
_TITLE = re.compile(r"\b(?:Mr|Mrs|Ms|Miss|Dr|Prof|Doctor|Professor|Nurse|Officer)\.? $")
_BEFORE = re.compile(r"([^\W\d_]+(?:-[^\W\d_]+)*)\.? $")
_ENDINGS = ("'s", "’s", "'ll", "’ll", "'d", "’d")
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
_NEXT = re.compile(r" (\w+)")
_ACTS = re.compile(r"(?: (?:is|was|has|had|says|said|wants|told|thinks|knows|\w+ed)|['’]s)\b")
_OBJECTS = word_list("pronouns") | word_list("determiners") | word_list("particles")
_OWNS = re.compile(r"['’](?!\w)")
# Who is named with a rank, and places called after somebody, are known by the whole of it: King George, St. Thomas, Anne Street.
_RANKED = re.compile(
    r"\b(?P<rank>King|Queen|Prince|Princess|Duke|Duchess|Earl|Count|Countess|Baron|Baroness|Lord|Lady|Sir|Dame|Pope|Saint|Sainte|St|Ste|Emperor|Empress"
    r"|Tsar|Tsarina|Czar|Kaiser|Sultan|Emir|Pharaoh|President|Chancellor|San|Santa|Santo|São|Sankt|Sint|Fort|Mount|Mt|Lake|Port|Cape|Los|Las)\.?"
    r"[ -](?P<one>[A-Z][^\W\d_]+)(?: (?P<more>[A-Z][^\W\d_]+))?"
    r"|\b(?P<first>[A-Z][^\W\d_]+)(?:['’]s)?(?: (?P<last>[A-Z][^\W\d_]+)(?:['’]s)?)? (?:(?:II|III|IV|VI{0,3}|IX|XI{0,3}|XI?V|XVI{0,3})\b|the (?:Great|First|Second)\b"
    r"|(?:Street|Avenue|Road|Boulevard|Islands?|island|Park|Station|Hospital|University|College|School|County|City|River|Square|Bridge|Airport|Cathedral"
    r"|Church|Inc|Ltd|LLC|Corp|GmbH|Foundation|Institute|Museum|Award|Prize)\b|& (?:Sons?|Co|Company|Partners|Associates|(?P=first))\b)"
)
_SHORTEST = 3  # letters of a name that is known without more
_NAME_WORDS = 3  # of a field that is a name and nothing else
_WIDEST = 24  # characters looked at before a name


class Mention(NamedTuple):
    """A name in a text.

    Attributes:
        start, end: where it is.
        text: the name.
        genders: of a first name, those that bear it; empty for a family name.
        told: whether a word before it, as in `aunt Jordan`, tells its gender.
    """

    start: int
    end: int
    text: str
    genders: frozenset[Gender]
    told: bool = False


class _Book(NamedTuple):
    """The names of all origins.

    Attributes:
        first: the genders of each first name.
        both: first names that anybody bears, however seldom.
        last: family names.
        of: by origin and gender, or `last`, the names to choose from: those of one gender that are nothing else.
        origins: by name, where it is from.
    """

    first: Mapping[str, frozenset[Gender]]
    both: frozenset[str]
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
        key: [
            one for one in names if not is_word_name(one) and (key[1] == "last" or genders[one] == {key[1]})
        ]
        for key, names in listed.items()
    }
    both = frozenset(name for name, found in first.items() if len(found) > 1)
    return _Book(genders, both, frozenset(last), plain, origins)


def _genders(found: Counter[Gender]) -> frozenset[Gender]:
    """Return the genders that bear a name; one that is much rarer than the other is left out."""
    return frozenset(gender for gender, lists in found.items() if 3 * lists > found.total())


def _single(names: Iterable[str]) -> Iterator[str]:
    return (name for name in names if name[:1].isupper() and _ONE_WORD.fullmatch(name) and not name.isupper())


@cache
def _word_names() -> frozenset[str]:
    return word_list("names") | common_words() | FUNCTION_WORDS


def is_word_name(name: str) -> bool:
    """Return whether a name is also a word, or too short to tell."""
    return name.lower() in _word_names() or len(name) < _SHORTEST


def mentions(text: str, key: str = "") -> list[Mention]:
    """Return the names in a text, in order.

    Args:
        text: in which they are.
        key: of the field that it is, since what is nothing but a name is known for one there.
    """
    book, found = _book(), list[Mention]()
    capital = [_bare(one) for one in words(text, guarded=True) if one.text[0].isupper()]
    field = _NAME_KEY.search(key) is not None and len(text.split()) <= _NAME_WORDS
    for place, one in enumerate(capital):
        after = capital[place + 1] if place + 1 < len(capital) else None
        family = after is not None and after.start == one.end + 1 and after.text in book.last
        behind = found and found[-1].genders and found[-1].end + 1 == one.start
        head = text[max(0, one.start - _WIDEST) : one.start]
        titled, genders = _TITLE.search(head) is not None, book.first.get(one.text, frozenset())
        second = _second(text, capital[place - 1], one) if place else False
        if one.text in book.last and (
            behind or second or (titled and not family) or (field and _FAMILY_KEY.search(key))
        ):
            found.append(Mention(*one, frozenset()))
        elif (
            genders
            and not second
            and (
                field
                or family
                or titled
                or not is_word_name(one.text)
                or _INTRODUCES.search(head)
                or _within(text, one)
            )
        ):
            told = _told(head)
            found.append(Mention(*one, told or genders, bool(told)))
    return found


def _second(text: str, previous: Word, word: Word) -> bool:
    """Return whether a capital stands behind a title and a first name, known or not, and so is a family name."""
    return previous.end + 1 == word.start and _TITLE.search(text[: previous.start][-_WIDEST:]) is not None


def _told(head: str) -> frozenset[Gender]:
    """Return the gender that the word before a name tells, as in `aunt Jordan` or `Mr Kim`."""
    before = _BEFORE.search(head)
    gender = gender_words().get(before[1].lower()) if before else None
    return frozenset({gender}) if gender else frozenset()


def _within(text: str, word: Word) -> bool:
    """Return whether a capital stands within a sentence, where only names have one, and not where a month or a place would."""
    if (after := _NEXT.match(text, word.end)) and after[1].isdigit():
        return False
    head = text[max(0, word.start - _WIDEST) : word.start]
    lower = any(one.islower() for one in text)
    return lower and _INSIDE.search(head) is not None and _NO_NAME_AFTER.search(head) is None


def _bare(word: Word) -> Word:
    stem, ending = stem_of(word.text)
    return Word(word.start, word.end - len(ending), stem)


def stem_of(word: str) -> tuple[str, str]:
    """Return a word without what is contracted with it or owns, and that."""
    for ending in _ENDINGS if "'" in word or "’" in word else ():
        if word.endswith(ending) and len(word) > len(ending) + 1:
            return word.removesuffix(ending), ending
    return word, ""


def renamed(text: str, word: Word, names: Mapping[str, str]) -> tuple[int, int, str] | None:
    """Return the edit that gives the bearer of a name another one, in the same capitals; None for what is no name of these."""
    stem, ending = stem_of(word.text)
    new = names.get(stem)
    if new is None and (stem.isupper() or stem.islower()) and not is_word_name(stem):
        new = names.get(stem.capitalize(), "")
        new = new.upper() if stem.isupper() else new.lower()
    if not new:
        return None
    end = word.end - len(ending)
    owns = stem.endswith("s") and not new.endswith("s") and _OWNS.match(text, word.end) is not None
    return (word.start, end + 1, f"{new}{text[end]}s") if owns else (word.start, end, new)


def doubtful(record: Any, names: Collection[str]) -> set[str]:
    """Return the names that stand elsewhere in a record as what may be a word, such as the `Will` of a question.

    Those that go with a rank, or are part of the name of a place, are among them: what is known by both has no other name.
    """
    found = _ranked(record).intersection(names)
    if wordy := {one for one in names if is_word_name(one)}:
        for key, value in leaves(record):
            if isinstance(value, str):
                named = {one.start for one in mentions(value, key)}
                there = (_bare(one) for one in words(value, guarded=True))
                others = (one for one in there if one.text in wordy and one.start not in named)
                found |= {one.text for one in others if _may_be_word(value, one)}
    return found


def _ranked(record: Any) -> set[str]:
    """Return the words of a record that stand with a rank or in the name of a place."""
    texts = (value for _, value in leaves(record) if isinstance(value, str))
    return {word for text in texts for one in _RANKED.finditer(text) for word in one.groups() if word}


def _may_be_word(text: str, word: Word) -> bool:
    """Return whether a capital stands where a month or a place does, or before what only a verb has: Will you, Mark my."""
    if _NO_NAME_AFTER.search(text[max(0, word.start - _WIDEST) : word.start]):
        return True
    after = _NEXT.match(text, word.end)
    return after is not None and (after[1].isdigit() or after[1].lower() in _OBJECTS)


def unnoticed(text: str, names: Collection[str]) -> bool:
    """Return whether a text names somebody who is not among some names: without a capital, in capitals, or where a word is."""
    book = _book()
    for word in words(text, guarded=True):
        stem, _ = stem_of(word.text)
        name = stem.capitalize()
        if name in book.first and name not in names:
            plain = not is_word_name(name) and (stem.islower() or stem.isupper())
            if plain or (stem == name and _ACTS.match(text, word.end)):
                return True
    return False


def known(name: str) -> frozenset[Gender] | None:
    """Return the genders of a name, none of them for a family name; None for what is no name."""
    book = _book()
    return book.first.get(name) or (frozenset() if name in book.last else None)


def names_in(record: Any, sure: Gender | None = None) -> dict[str, frozenset[Gender]]:
    """Return the names in a record, in the order they come; family names without a gender.

    Args:
        record: in which they are.
        sure: gender of the only person that it speaks of, if its pronouns tell.
    """
    found: dict[str, frozenset[Gender]] = {}
    told: dict[str, frozenset[Gender]] = {}
    for key, value in leaves(record):
        if isinstance(value, str):
            for one in mentions(value, key):
                found.setdefault(one.text, one.genders)
                if one.told:
                    told[one.text] = told.get(one.text, frozenset()) | one.genders
    found |= told
    first = [name for name, genders in found.items() if genders]
    if sure and len(first) == 1 and first[0] in _book().both and first[0] not in told:
        found[first[0]] = frozenset({sure})
    return found


@cache
def other_words() -> dict[str, str]:
    """Return the word of the other gender, by word in lower case."""
    found: dict[str, str] = {}
    for line in lines("genders.txt"):
        one, sign, other = line.split()
        found[one] = other
        if sign == "=":
            found[other] = one
    return found


@cache
def gender_words() -> dict[str, Gender]:
    """Return the gender that a word tells, by word in lower case."""
    pairs = [line.split() for line in lines("genders.txt")]
    found: dict[str, Gender] = {}
    for male, _, female in (one for one in pairs if one[1] == "="):
        found |= {male: GENDERS[0], female: GENDERS[1]}
    for one, _, other in (one for one in pairs if one[1] == ">" and one[2] in found):
        found[one] = GENDERS[1 - GENDERS.index(found[other])]
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
