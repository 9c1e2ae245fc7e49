"""Words that everybody knows, as far as rules go by them, and to tell a slip from another word and a name from a word."""

import re
from functools import cache
from importlib.resources import files

__all__ = [
    "BESIDE_NOUNS",
    "DETERMINERS",
    "FUNCTION_WORDS",
    "GUARDED",
    "common_words",
    "is_word",
    "lines",
    "word_list",
]

_ENDINGS = ("s", "es", "d", "ed", "ing", "er", "ly", "n")


def lines(name: str) -> list[str]:
    """Return the lines of a data file, without empty ones and remarks."""
    text = files("gristmill.generators.augment").joinpath(f"assets/{name}").read_text(encoding="utf-8")
    return [line for line in text.splitlines() if line.strip() and not line.startswith("#")]


def word_list(name: str) -> frozenset[str]:
    """Return one of the lists in `assets/words.txt`."""
    return _word_lists()[name]


@cache
def _word_lists() -> dict[str, frozenset[str]]:
    found: dict[str, frozenset[str]] = {}
    name = ""
    for line in lines("words.txt"):
        if line.startswith("["):
            name = line.strip("[]")
        else:
            found[name] = found.get(name, frozenset()).union(line.split())
    return found


DETERMINERS = word_list("determiners")
# What may stand right after a noun without being one part of a name with it, as "number" is in "order number".
BESIDE_NOUNS = frozenset[str]().union(
    *map(word_list, ("prepositions", "joining", "auxiliaries", "pronouns", "passing"))
)
GUARDED = word_list("denials") | word_list("numbers")
FUNCTION_WORDS = BESIDE_NOUNS | DETERMINERS | GUARDED


@cache
def common_words() -> frozenset[str]:
    """Return about a thousand common English words in lower case, without those that make or break the meaning."""
    from faker.providers.lorem.en_US import Provider

    return frozenset(map(str.lower, Provider.word_list)) - FUNCTION_WORDS


def is_word(text: str) -> bool:
    """Return whether a text in lower case is a word that is known, or an inflected form of one."""
    known = _known()
    stems = (text.removesuffix(ending) for ending in _ENDINGS if text.endswith(ending))
    return text in known or any(one in known or f"{one}e" in known for one in stems)


@cache
def _known() -> frozenset[str]:
    written = re.findall(r"[a-z]{2,}", " ".join(lines("lexicon.txt")).lower())
    return common_words() | FUNCTION_WORDS | word_list("acts") | frozenset(written)
