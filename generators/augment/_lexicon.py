"""A lexicon: which words can stand for one another, by part of speech and form, and in what surroundings."""

import re
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import NamedTuple

from gristmill.errors import UsageError, unknown
from gristmill.generators.augment._grammar import plural, verb_forms
from gristmill.generators.augment._vocabulary import BESIDE_NOUNS, DETERMINERS, lines, word_list
from gristmill.lines import read_text

__all__ = ["Lexicon", "Sense", "lexicon"]

POS = ("verb", "noun", "adj", "pred", "adv", "phrase")
_PLURAL_DETERMINERS = DETERMINERS - word_list("singular")
_BE = word_list("be")
_DEGREES = word_list("degrees")
_HAVE = word_list("have")
_SUBJECTS = word_list("subjects")
_MODALS = word_list("modals")
_THIRD = word_list("third")
_BEFORE_ING = word_list("before-ing")
_PARTICLES = word_list("particles")
_PRONOUNS = word_list("objects")
_OPEN_ENDS = word_list("open-ends")
_VERB = re.compile(r"([^\s/]+)((?:/[^\s/]+)*)((?: \S+)*)")
_WIDEST = 32  # characters looked at before a word


class Sense(NamedTuple):
    """What a word or phrase can be, and what may stand for it.

    Attributes:
        pos: part of speech.
        form: of a verb 0 to 4 (base, third person, past, participle, -ing), of a noun 0 or 1 (plural), else 0.
        others: what may come in its place, in the same form.
    """

    pos: str
    form: int
    others: tuple[str, ...]


class Lexicon:
    """The senses of words and phrases.

    Attributes:
        senses: by word or phrase in lower case.
        phrases: finds those of several words; None where there are none.
    """

    def __init__(self, senses: Mapping[str, list[Sense]]) -> None:
        self.senses = senses
        several = sorted(
            (one for one in senses if " " in one or not one[0].isalpha()), key=lambda one: (-len(one), one)
        )
        pattern = rf"(?<![\w'-])(?:{'|'.join(map(re.escape, several))})(?![\w'-])"
        self.phrases = (
            re.compile(pattern.replace("(?<![\\w'-])(?:", "(?:(?<![\\w'-])|(?=,))(?:"), re.IGNORECASE)
            if several
            else None
        )

    @classmethod
    def of(cls, text: Iterable[str], where: str) -> "Lexicon":
        """Return the lexicon that some lines make.

        Raises:
            UsageError: naming the line that is none.
        """
        senses: dict[str, list[Sense]] = {}
        for number, line in enumerate(text, 1):
            if not line.strip() or line.startswith("#"):
                continue
            pos, sign, rest = line.partition(":")
            pos = pos.strip()
            if not sign or ("=" not in rest and ">" not in rest) or ("=" in rest and ">" in rest):
                raise UsageError(
                    f"{where}, line {number}: expected a set such as `noun: parcel = package` or `adj: vast > huge`, "
                    f"got {line!r}."
                )
            if pos not in POS:
                raise UsageError(f"{where}, line {number}: {unknown('part of speech', pos, POS)}")
            _add(senses, pos, rest)
        if not senses:
            raise UsageError(
                f"Expected at least one set in {where}, got none; a set is `noun: parcel = package`."
            )
        return cls(senses)


@cache
def lexicon(path: str = "") -> Lexicon:
    """Return the lexicon in a file, by default the one that comes with Gristmill.

    Raises:
        UsageError: when there is no such file, or it is none of a lexicon.
    """
    if not path:
        return Lexicon.of(lines("lexicon.txt"), "lexicon.txt")
    return Lexicon.of(read_text(Path(path), "a lexicon, a text file in UTF-8").splitlines(), path)


def fits(sense: Sense, text: str, start: int, end: int) -> bool:
    """Return whether a word stands where it has a sense, as far as its neighbours tell."""
    before, after = _before(text, start), _after(text, end)
    match sense.pos:
        case "noun":
            allowed = _PLURAL_DETERMINERS if sense.form else DETERMINERS
            return before in allowed and (not after or after in BESIDE_NOUNS)
        case "adj":
            inside = before in DETERMINERS and after not in BESIDE_NOUNS and after != ""
            return inside or ((before in _BE or before in _DEGREES) and (not after or after in BESIDE_NOUNS))
        case "pred":
            return (before in _BE or before in _DEGREES) and (not after or after in BESIDE_NOUNS)
        case "verb":
            return after not in _PARTICLES and _verb_fits(sense.form, before)
        case "phrase":
            return before not in ("to", "i", "we", "don't") or text[start:end].lower() != "thank you"
    return True


def takes(sense: Sense, other: str, text: str, start: int, end: int) -> bool:
    """Return whether another word of a sense can stand in its place, where verbs of two words make a difference."""
    if sense.pos != "verb" or " " not in other:
        return True
    # "put off it" and "was asked for" are not said.
    return _before(text, start) not in _BE and (
        other.rpartition(" ")[2] in _OPEN_ENDS or _after(text, end) not in _PRONOUNS
    )


def _verb_fits(form: int, before: str) -> bool:
    match form:
        case 0:
            return before in _MODALS or before in _SUBJECTS
        case 1:
            return before in _THIRD
        case 2 | 3:
            return before in _SUBJECTS or before in _THIRD or before in _HAVE or (form == 3 and before in _BE)
    return before in _BE or before in _BEFORE_ING


def _before(text: str, start: int) -> str:
    """Return the word right before a place, in lower case; empty where a mark or the beginning is."""
    head = text[max(0, start - _WIDEST) : start]
    if not head.endswith(" "):
        return ""
    return re.split(r"[^\w'’-]", head[:-1])[-1].lower().replace("’", "'")


def _after(text: str, end: int) -> str:
    """Return the word right behind a place, in lower case; empty where a mark or the end is."""
    tail = text[end : end + _WIDEST]
    if not tail.startswith(" "):
        return ""
    return re.split(r"[^\w'’-]", tail[1:])[0].lower().replace("’", "'")


def _add(senses: dict[str, list[Sense]], pos: str, rest: str) -> None:
    """Add the senses that one set gives."""
    if "=" in rest:
        several = [_forms(pos, one.strip()) for one in rest.split("=")]
        pairs = [(one, [other for other in several if other is not one]) for one in several]
    else:
        first, _, others = rest.partition(">")
        pairs = [(_forms(pos, first.strip()), [_forms(pos, one.strip()) for one in others.split(", ")])]
    for one, others_of in pairs:
        for form, word in enumerate(one):
            sense = Sense(pos, form, tuple(other[form] for other in others_of))
            found = senses.setdefault(word.lower(), [])
            if sense not in found:
                found.append(sense)


def _forms(pos: str, text: str) -> tuple[str, ...]:
    if pos == "noun":
        one, _, many = text.partition("/")
        return one, many or plural(one)
    if pos == "verb" and (match := _VERB.fullmatch(text)):
        return verb_forms(match[1] + match[3], *match[2].split("/")[1:])
    return (text,)
