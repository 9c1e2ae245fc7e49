"""Counterfactuals: the same record with people of the other gender, with names of another origin, or in another job.

What a model does with both should be the same. One mapping serves a whole record, its labels and arguments included, so
that whoever is meant stays the same everywhere. Where a rule cannot tell how a sentence would go on to be right, the
record is left as it is. Zhao et al., "Gender Bias in Coreference Resolution: Evaluation and Debiasing Methods", 2018,
section 4.1; names as in Hall Maudslay et al., "It's All in the Name: Mitigating Gender Bias with Name-Based
Counterfactual Data Substitution", 2019.
"""

import random
import re
from collections.abc import Collection, Iterable, Mapping
from functools import cache
from typing import Any, ClassVar, Literal

from gristmill.errors import unknown
from gristmill.generators.augment._base import Augmentation, Edit, Rewriter, leaves
from gristmill.generators.augment._grammar import article_edit, cased, plural
from gristmill.generators.augment._people import (
    GENDERS,
    ORIGINS,
    Gender,
    doubtful,
    fresh,
    names_in,
    other_words,
    renamed,
    stem_of,
    unnoticed,
)  # fmt: skip
from gristmill.generators.augment._pronouns import resolved
from gristmill.generators.augment._spans import clear_of, kept, words
from gristmill.generators.augment._vocabulary import DETERMINERS, lines

__all__ = ["SwapGender", "SwapNames", "SwapRoles"]

_FEMALE, _MALE = (
    re.compile(r"\b(?:she|hers?|herself)\b", re.IGNORECASE),
    re.compile(r"\b(?:he|his|him|himself)\b", re.IGNORECASE),
)
# What is true of one sex only, or names it for good: such a record has no counterfactual.
_BOUND = re.compile(
    r"\b(?:pregnan\w*|maternity|paternity|gave birth|giving birth|birth to|breast-?fe\w*|menstrua\w*|menopaus\w*|uter\w+|ovar\w+"
    r"|prostat\w*|testic\w*|gyna?ecolog\w*|vasectom\w*|miscarr\w*|maiden name|sperm|beards?|bearded|(?:mother|father)['’]s day"
    r"|(?:kings?|queens?) of (?:spades|hearts|diamonds|clubs)|chess)\b"
    r"|(?-i:\b(?:Sir|Dame|Lord|Lady|King|Queen|Prince|Princess|Duke|Duchess|Pope) [A-Z][a-z])",
    re.IGNORECASE,
)
_FIXED = re.compile(
    r"ladies and gentlemen|\b(?:he or she|she or he|him or her|his or her|her or his|sir or madam)\b|\b(?:s/he|he/she|his/her|him/her)\b"
    r"|\bmother (?:tongue|nature|board)\b|\b(?:king|queen)[- ](?:size\w*|beds?|mattress\w*)\b|\boh (?:boy|man)\b"
    r"|\bbest man\b",
    re.IGNORECASE,
)
_QUOTES = "\"'`“‘«„"
_TITLES = frozenset({"mr", "mrs", "ms", "miss"})
_TWO_NAMES = re.compile(r"\.? ([A-Z][^\W\d_]+) [A-Z][^\W\d_]+")
_GENDER_KEYS = frozenset({"gender", "sex"})
_LETTERS = {"m": "F", "f": "M"}


class SwapGender(Augmentation):
    """Men become women and women men: pronouns, titles, kin, occupations, first names."""

    name: ClassVar[str] = "swap-gender"
    about: ClassVar[str] = (
        "he ↔ she with her → him or his, mother ↔ father, Mr ↔ Ms, first names of the other gender"
    )
    keeps: ClassVar[str] = (
        "grammar, labels, who is meant; a record about what only one sex has is left as it is"
    )
    usual: ClassVar[float] = 1.0  # of the records
    whole: ClassVar[bool] = True

    def begin(self, record: Any, rng: random.Random, rate: float, keep: Collection[str]) -> Rewriter | None:
        texts = _texts(record)
        if rng.random() >= rate or any(map(_BOUND.search, texts)):
            return None
        names = names_in(record, _gender_of(record))
        if doubtful(record, names) or any(unnoticed(one, names) for one in texts):
            return None
        taken, mapping = set(names), dict[str, str]()
        for name, genders in names.items():
            if len(genders) == 1 and name not in keep:
                (own,) = genders
                mapping[name] = fresh(rng, taken, GENDERS[1 - GENDERS.index(own)], ("english",), name)
        swap = _GenderSwap(mapping)
        # One pronoun that cannot be told would contradict all the others.
        return None if any(map(swap.unsure, texts)) or _quoted(swap, texts) else swap


class _GenderSwap(Rewriter):
    def __init__(self, names: Mapping[str, str]) -> None:
        self._names = names

    def unsure(self, text: str) -> bool:
        return any(new is None for _, _, new in self._found(text))

    def edits(self, text: str) -> Iterable[Edit]:
        last = 0
        for start, end, new in self._found(text):
            if new is not None:
                begin, article = article_edit(text, start, new)
                if begin >= last:
                    yield begin, end, article + cased(new, text[start:end])
                    last = end

    def field(self, key: str, value: Any) -> Any:
        if key.lower() in _GENDER_KEYS and isinstance(value, str) and value.lower() in _LETTERS:
            other = _LETTERS[value.lower()]
            return other if value.isupper() else other.lower()
        return value

    def _found(self, text: str) -> list[tuple[int, int, str | None]]:
        """Return what is to be said otherwise, and how; None where that cannot be told."""
        spans = [*kept(text), *[one.span() for one in _FIXED.finditer(text)]]
        found: list[tuple[int, int, str | None]] = []
        for word in words(text, guarded=True):
            if not clear_of(spans, word.start, word.end):
                continue
            stem, ending = stem_of(word.text)
            folded, end = stem.lower(), word.end - len(ending)
            if (new := renamed(text, word, self._names)) is not None:
                found.append(new)
            elif folded in _TITLES and self._nameless(text, end):
                found.append((word.start, end, None))
            elif folded in ("her", "his") and not ending:
                found.append((word.start, end, resolved(text, word.start, word.end, folded)))
            elif folded == "miss":
                if stem == "Miss" and re.match(r" [A-Z]", text[end:]):
                    found.append((word.start, end, "Mr"))
            elif (other := _others().get(folded)) is not None:
                found.append((word.start, end, other))
        return found

    def _nameless(self, text: str, end: int) -> bool:
        """Return whether a first name that nobody knows stands behind a title, which would no longer go with it."""
        names = _TWO_NAMES.match(text, end)
        return names is not None and names[1] not in self._names


def _texts(record: Any) -> list[str]:
    return [value for _, value in leaves(record) if isinstance(value, str)]


def _quoted(rewriter: Rewriter, texts: Iterable[str]) -> bool:
    """Return whether anything in quotation marks, where nothing is changed, would have to be."""
    quotes = (
        text[start + 1 : end - 1] for text in texts for start, end in kept(text) if text[start] in _QUOTES
    )
    return any(True for inner in quotes for _ in rewriter.edits(inner))


@cache
def _others() -> dict[str, str]:
    return {"him": "her", "hers": "his"} | other_words()


class SwapNames(Augmentation):
    """Everybody gets a name of the same gender from another origin.

    Args:
        rate: share of the records.
        origin: of the new names; by default one at random.
    """

    name: ClassVar[str] = "swap-names"
    about: ClassVar[str] = "names of another origin and the same gender, one mapping per record"
    keeps: ClassVar[str] = "grammar, labels, gender, who is meant; e-mail addresses stay, see refill"
    usual: ClassVar[float] = 1.0
    whole: ClassVar[bool] = True

    def __init__(self, *, rate: float | None = None, origin: str = "") -> None:
        super().__init__(rate=rate)
        if origin and origin not in ORIGINS:
            raise unknown("origin of names", origin, ORIGINS)
        self._origin = origin

    def begin(self, record: Any, rng: random.Random, rate: float, keep: Collection[str]) -> Rewriter | None:
        origin = self._origin or rng.choice(list(ORIGINS))
        sure = _gender_of(record)
        names = names_in(record, sure)
        if rng.random() >= rate or not names or doubtful(record, names):
            return None
        taken, mapping = set(names), dict[str, str]()
        for name, genders in names.items():
            gender = _one_gender(genders, sure)
            if gender is None:
                return None
            if name not in keep:
                mapping[name] = fresh(rng, taken, gender, (origin,))
        renaming = Renaming(mapping)
        return None if _quoted(renaming, _texts(record)) else renaming


def _one_gender(genders: frozenset[Gender], sure: Gender | None) -> Gender | Literal["last"] | None:
    """Return the gender of a name, of which there may be two; None where nothing tells which."""
    if not genders:
        return "last"
    return next(iter(genders)) if len(genders) == 1 else sure


def _gender_of(record: Any) -> Gender | None:
    """Return the gender of whom a record speaks, None where it speaks of both or does not tell."""
    text = " ".join(_texts(record))
    female, male = _FEMALE.search(text) is not None, _MALE.search(text) is not None
    if female == male:
        return None
    return "female" if female else "male"


class Renaming(Rewriter):
    """Puts names in place of others, wherever they are named."""

    def __init__(self, mapping: Mapping[str, str]) -> None:
        self.mapping = mapping

    def edits(self, text: str) -> Iterable[Edit]:
        for word in words(text, guarded=True):
            if (new := renamed(text, word, self.mapping)) is not None:
                yield new


class SwapRoles(Augmentation):
    """Whoever tells what they do for a living does something else."""

    name: ClassVar[str] = "swap-roles"
    about: ClassVar[str] = "another occupation for whoever says theirs: I am a nurse, works as an engineer"
    keeps: ClassVar[str] = "grammar, who is meant; jobs that are not said to be somebody's stay"
    usual: ClassVar[float] = 1.0
    whole: ClassVar[bool] = True

    def begin(self, record: Any, rng: random.Random, rate: float, keep: Collection[str]) -> Rewriter | None:
        found: dict[str, None] = {}
        for key, value in leaves(record):
            if isinstance(value, str):
                if key.lower() in _JOB_KEYS and value.lower() in _jobs():
                    found[value.lower()] = None
                found.update(dict.fromkeys(one["job"].lower() for one in _claimed().finditer(value)))
        told = [one for one in found if one not in keep]
        if rng.random() >= rate or not told:
            return None
        free = [one for one in sorted(_jobs()) if one not in found]
        swap = _RoleSwap(dict(zip(told, rng.sample(free, len(told)), strict=True)))
        return None if _quoted(swap, _texts(record)) else swap


_JOB_KEYS = frozenset({"job", "job_title", "occupation", "profession"})
_CLAIMS = (
    r"(?:\b(?:I am|I'm|he is|he's|she is|she's|[Ii] was|he was|she was|(?:my|her|his) \w+ is|work(?:s|ed|ing)? as|job as|trained as"
    r"|[Aa]s|, )) ?an?"
)


@cache
def _jobs() -> frozenset[str]:
    return frozenset(lines("occupations.txt"))


@cache
def _claimed() -> re.Pattern[str]:
    """Return what finds somebody's occupation where they, or another, tell it."""
    jobs = "|".join(sorted(map(re.escape, _jobs()), key=len, reverse=True))
    return re.compile(
        rf"{_CLAIMS} (?:\w+ )?(?P<job>{jobs})(?= at| by| for| in| from| with| and|[,.;!?)]|$)", re.IGNORECASE
    )


class _RoleSwap(Rewriter):
    def __init__(self, mapping: Mapping[str, str]) -> None:
        self._mapping = {**mapping, **{plural(one): plural(other) for one, other in mapping.items()}}
        several = "|".join(sorted(map(re.escape, self._mapping), key=len, reverse=True))
        self._pattern = re.compile(rf"(?<![\w-])(?:{several})(?![\w-])", re.IGNORECASE)

    def edits(self, text: str) -> Iterable[Edit]:
        spans = kept(text)
        for found in self._pattern.finditer(text):
            before = re.findall(r"[\w']+", text[max(0, found.start() - 30) : found.start()].lower())[-2:]
            alone = found.end() - found.start() == len(text)
            named = not DETERMINERS.isdisjoint(before) or found[0].lower() not in _jobs()
            if clear_of(spans, *found.span()) and (alone or named):
                other = self._mapping[found[0].lower()]
                start, article = article_edit(text, found.start(), other)
                yield start, found.end(), article + cased(other, found[0])
