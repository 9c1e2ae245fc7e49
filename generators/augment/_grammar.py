"""The little English grammar that a change of words needs: forms, capitals, and the article before a word."""

import re

__all__ = ["article_edit", "cased", "plural", "takes_an", "verb_forms"]

_VOWELS = "aeiou"
_SILENT_H = re.compile(r"hour|honest|hono|heir", re.IGNORECASE)
# Vowels that sound like the beginning of "you" or "won".
_CONSONANTAL = re.compile(
    r"eu|ewe|one\b|one-|once\b|uni(?!m|n|ss|de|do)|unan|ub[iu]|uk|ur(?:an|in)|us(?:e|a[bg]|u)|ut(?:il|en|op)",
    re.IGNORECASE,
)
_LETTERS = re.compile(r"[AEFHILMNORSX](?:[A-Z\d]|\b)")  # said letter by letter: an FBI agent, a TV
_ARTICLE = re.compile(r"\b(an?)(\s+)$", re.IGNORECASE)


def takes_an(word: str) -> bool:
    """Return whether the article before a word is `an`, by how the word sounds."""
    if word[:2].isupper():
        return _LETTERS.match(word) is not None
    if word[:1].lower() in _VOWELS:
        return _CONSONANTAL.match(word) is None
    return _SILENT_H.match(word) is not None


def article_edit(text: str, start: int, word: str) -> tuple[int, str]:
    """Return where an edit that puts `word` at `start` has to begin, and what it has to begin with.

    That is the article, where it stands before the word and would no longer fit.
    """
    found = _ARTICLE.search(text, 0, start)
    if not found or found.end() != start:
        return start, ""
    fitting = "an" if takes_an(word) else "a"
    if fitting == found[1].lower():
        return start, ""
    return found.start(), (fitting.capitalize() if found[1][0].isupper() else fitting) + found[2]


def cased(word: str, model: str) -> str:
    """Return a word with the capitals of another one; one that has capitals of its own keeps them."""
    if len(model) > 1 and model.isupper():
        return word.upper()
    if model[:1].isupper() and word[:1].islower():
        return word[0].upper() + word[1:]
    return word


def plural(noun: str) -> str:
    """Return the regular plural of a noun."""
    if noun.endswith("y") and noun[-2:-1] not in _VOWELS:
        return noun[:-1] + "ies"
    return noun + ("es" if noun.endswith(("s", "x", "z", "ch", "sh")) else "s")


def verb_forms(base: str, past: str = "", participle: str = "", present: str = "") -> tuple[str, ...]:
    """Return base, third person, past, participle and -ing form of a verb, regular where no other is given.

    Words after the verb, as in `ask for`, go with every form.
    """
    head, _, rest = base.partition(" ")
    past = past or _ed(head)
    doubled = past.endswith(f"{head[-1]}{head[-1]}ed") and len(past) == len(head) + 3
    ing = present or (past[:-2] if doubled else _stem(head)) + "ing" * (not present)
    forms = (head, _third(head), past, participle or past, ing)
    return tuple(f"{form} {rest}" if rest else form for form in forms)


def _third(head: str) -> str:
    return {"have": "has", "do": "does", "go": "goes"}.get(head) or plural(head)


def _ed(head: str) -> str:
    if head.endswith("e"):
        return head + "d"
    return (head[:-1] + "ied") if head.endswith("y") and head[-2] not in _VOWELS else head + "ed"


def _stem(head: str) -> str:
    if head.endswith("ie"):
        return head[:-2] + "y"
    return head[:-1] if head.endswith("e") and not head.endswith(("ee", "ye", "oe")) else head
