"""What was said: the terms that a message names, what it gives away, and what it states about its author.

Language is open and these patterns are not. They read a plain sentence as a plain reader would, and where they cannot
tell, they ask for a plainer one: figures with their issue, and no others.

Most sentences come again and again, and are read once. Offers are put in more ways than can be remembered, out of parts
that are few, so that of those the parts are.
"""

import re
from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import chain, pairwise
from typing import Any
from unicodedata import category, decimal, normalize

import msgspec

from gristmill.envs.negotiation.disclosure import (
    FORMS,
    NUMBER_WORDS,
    TELLING,
    any_of,
    limit,
    may_tell,
    shares,
    stated,
)
from gristmill.envs.negotiation.domain import Domain, Terms
from gristmill.envs.negotiation.scenarios import DELIVERY, MARKET_ISSUES, PAYMENT, WARRANTY
from gristmill.envs.negotiation.sharing import split, start

__all__ = ["MarketSpeech", "Message", "ResourceSpeech", "Speech"]

# It begins with a digit and nothing else, which is found many times as fast as one of several things.
_FIGURE = re.compile(r"(\d\d*(?:,\d{3}(?!\d))*(?:\.\d+)?)", re.ASCII)
_ENDS = tuple((f"{mark} ", f"{mark}\n") for mark in ".!?")


class Message(msgspec.Struct, frozen=True):
    """A sentence, or a whole message, as it is read.

    Attributes:
        figures: whole numbers as whole numbers, others as they are.
        roles: for every figure what it may be, as the world's speech has it.
        shares: places of figures that are percentages or points.
        unclear: why its terms cannot be read; empty if they can.
        limit: words by which it gives away what its author must keep to itself; empty if there are none.
        states: what it states of its author: `priority` with an issue, `alternative` with yes or no.
    """

    figures: tuple[float, ...]
    roles: tuple[Any, ...]
    shares: tuple[int, ...]
    unclear: str
    limit: str
    states: tuple[tuple[str, str], ...]

    def given_away(self, secrets: Iterable[float], allowed: float) -> str:
        """Return what gives away something that the author must keep to itself; empty if nothing does.

        Nobody needs a fraction to speak of terms, so that any is a weight, a value or a utility.

        Args:
            secrets: weights, and what no deal is worth, in [0, 1].
            allowed: the discount, which both know.
        """
        for figure in self.figures:
            if type(figure) is float and figure < 1 and figure != allowed:
                return f"{figure}"
        for place in self.shares:
            if any(abs(self.figures[place] - 100 * one) < 0.5 for one in secrets):
                return f"{self.figures[place]:g} %"
        return self.limit


class Speech(ABC):
    """How the messages of a world name terms."""

    def read(self, text: str) -> Message:
        """Return a message as it is read."""
        if not text.isascii():  # figures, letters and marks that only look like others are read as those
            plain = [f"{decimal(one, one)}" for one in normalize("NFKC", text) if category(one) != "Cf"]
            text = "".join(plain).replace("’", "'")
        text = text.replace("#", " ")  # which stands for figures
        for end, line in _ENDS:
            text = text.replace(end, line)
        said = [one for one in map(self.said, text.split("\n")) if one is not _NOTHING]
        return said[0] if len(said) == 1 else _joined(said)

    @staticmethod
    @abstractmethod
    def said(sentence: str) -> Message:
        """Return a sentence as it is read."""

    @abstractmethod
    def mismatch(self, message: Message, terms: Terms, domain: Domain) -> str:
        """Return what is wrong with a message that goes with terms, as its author names them; empty if nothing is."""

    @abstractmethod
    def strays(self, message: Message, offered: Sequence[Terms], domain: Domain) -> str:
        """Return a term that a message names although it was never offered; empty if there is none.

        Args:
            message: one that goes with no terms.
            offered: what was offered before, as the message's author names it.
            domain: what is negotiated.
        """


# Most sentences are of no consequence.
_NOTHING = Message((), (), (), "", "", ())
_NOTHING_TOLD = (), "", ()


def _joined(several: Sequence[Message]) -> Message:
    """Return what several sentences say."""
    figures: list[float] = []
    roles: list[Any] = []
    places: list[int] = []
    unclear = gives_away = ""
    states: tuple[tuple[str, str], ...] = ()
    for one in several:
        if one.shares:
            places += [place + len(roles) for place in one.shares]
        figures += one.figures
        roles += one.roles
        unclear = unclear or one.unclear
        gives_away = gives_away or one.limit
        states += one.states
    return Message(tuple(figures), tuple(roles), tuple(places), unclear, gives_away, states)


def _parted(text: str) -> tuple[tuple[float, ...], str]:
    """Return the figures of a text, and the rest of it in lower case, with `#` for each of them."""
    pieces = _FIGURE.split(text)
    return tuple(map(_number, pieces[1::2])), "#".join(pieces[::2]).lower().replace("*", "")


@lru_cache(FORMS)
def _number(text: str) -> float:
    number = float(text.replace(",", ""))
    return int(number) if number.is_integer() else number


def _sentence(figures: tuple[float, ...], roles: tuple[Any, ...], unclear: str, telling: str) -> Message:
    """Return a sentence as it is read; `telling` is its text if it may state or give away something."""
    of_figures, gives_away, states = _told(telling) if telling else _NOTHING_TOLD
    if roles or unclear or gives_away or states:
        return Message(figures, roles, of_figures, unclear, gives_away, states)
    return _NOTHING


@lru_cache(FORMS)
def _told(text: str) -> tuple[tuple[int, ...], str, tuple[tuple[str, str], ...]]:
    """Return which figures are shares, the words that give something away, and what is stated."""
    return shares(text), limit(text), stated(text)


# The market.

_ALL = frozenset(MARKET_ISSUES)
_OF_UNIT = (
    (
        re.compile(r"[- ]?(?:(?:business|working|calendar|full|short) )?days?\b"),
        frozenset({"delivery", "payment"}),
    ),
    (re.compile(r"[- ]?(?:full )?months?\b"), frozenset({"warranty"})),
    (re.compile(r" ?(?:dollars?|usd|bucks)\b"), frozenset({"price"})),
    (re.compile(r"[- ]?(?:(?:\w+ )?(?:weeks?|years?|hours?)\b|%|percent)"), frozenset[str]()),
)
_BEFORE_PRICE = re.compile(r"(?:\$|\busd) ?$")
_IN_WORDS = re.compile(rf"\b(?:{NUMBER_WORDS}|an?)[ -](?:dollars?|days?|weeks?|months?|years?)\b")
_TIMES = ("day", "week", "month", "year", "dollar")
_BETWEEN = (" and ", " with ", " plus ", "; ", ": ", " (", ") ", " - ", "—")  # clauses, as commas are
_AFTER = re.compile(r"\b(?:after|from|upon|on|of|following|since) (?:the )?delivery\b")
_DELIVERING = re.compile(r"\b(?:deliver\w*|ship\w*|arriv\w*|hand(?:ed)? over)\b")
_PAYING = re.compile(
    r"\b(?:payment|payable|credit|net|to pay|pay (?:within|in|after)|paid (?:within|in|after)|invoice\w*)\b"
)


class MarketSpeech(Speech):
    """Price, delivery, warranty and payment, told apart by their numbers, of which no two issues have one in common.

    The role of a figure is the set of issues that its unit, and the words around it, allow it to be about.
    """

    @staticmethod
    @lru_cache(FORMS)
    def said(sentence: str) -> Message:
        """Return a sentence as it is read, with the issues that its figures can be about."""
        figures: tuple[float, ...] = ()
        roles: tuple[frozenset[str], ...] = ()
        unclear, tells = "", 0
        # At these three only, or else it takes longer to part a sentence than to read it.
        parts = sentence.replace(", ", "\n").replace(" and ", "\n").replace(" with ", "\n").split("\n")
        for part in map(_part, parts):
            if part is not _SILENT:
                figures += part[0]
                roles += part[1]
                unclear = unclear or part[2]
                tells |= part[3]
        return _sentence(figures, roles, unclear, _parted(sentence)[1] if tells == TELLING else "")

    def mismatch(self, message: Message, terms: Terms, domain: Domain) -> str:
        """Return a term that is missing, or a figure that is none of the terms or is given as another issue's."""
        figures = message.figures
        issues = {value: name for name, value in terms.items()}
        for figure, role in zip(figures, message.roles, strict=True):
            name = issues.get(figure)  # type: ignore[call-overload]  # a fraction is no term
            if name is None:
                if figure:
                    return f"names {figure:g}"
            elif name not in role:
                return f"gives {figure:g} as another issue's"
        for name, value in terms.items():
            if value and value not in figures:
                return f"does not name the {name}"
        return message.unclear

    def strays(self, message: Message, offered: Sequence[Terms], domain: Domain) -> str:
        """Return a price, a time of delivery or payment, a warranty, or a bare figure, that was never offered."""
        if not message.figures:
            return ""
        known = {value for terms in offered for value in terms.values()}
        for figure, role in zip(message.figures, message.roles, strict=True):
            has_unit = 0 < len(role) < 3  # words around it alone leave three issues
            # Without one, it may be a few turns; whatever is more is a term, or else a weight or a limit.
            if figure not in known and (has_unit or (role and figure > domain.deadline)):
                return f"{figure:g}"
        return ""


_Roles = tuple[frozenset[str], ...]
_SILENT: tuple[tuple[float, ...], _Roles, str, int] = (), (), "", 0


@lru_cache(FORMS)
def _part(text: str) -> tuple[tuple[float, ...], _Roles, str, int]:
    """Return the figures in a part of a sentence, and what `_worded` says of the rest."""
    figures, rest = _parted(text)
    said = figures, *_worded(rest)
    return _SILENT if said == _SILENT else said


@lru_cache(FORMS)
def _worded(text: str) -> tuple[_Roles, str, int]:
    """Return the issues that each figure in a part of a sentence can be about, what is wrong, and what it `may_tell`."""
    tells = may_tell(text)
    if "#" not in text and not any_of(_TIMES, text):
        return (), "", tells
    for mark in _BETWEEN:
        text = text.replace(mark, ", ")
    clauses = text.split(", ")
    found = next(filter(None, map(_IN_WORDS.search, clauses)), None)
    roles = tuple(chain.from_iterable(map(_roles, clauses)))
    return roles, f"names {found[0]!r} in words" if found else "", tells


def _roles(clause: str) -> list[frozenset[str]]:
    """Return the issues that each figure in a clause can be about."""
    words = _AFTER.sub("", clause)
    delivering, paying = _DELIVERING.search(words), _PAYING.search(words)
    about = _ALL
    if delivering and not paying:
        about = _ALL - {"payment"}
    elif paying and not delivering:
        about = _ALL - {"delivery"}
    return [about & _of_unit(before, after) for before, after in pairwise(clause.split("#"))]


def _of_unit(before: str, after: str) -> frozenset[str]:
    """Return the issues that a figure between two texts can be about."""
    if _BEFORE_PRICE.search(before):
        return frozenset({"price"})
    return next((issues for pattern, issues in _OF_UNIT if pattern.match(after)), _ALL)


assert len({*DELIVERY, *WARRANTY, *PAYMENT}) == len(DELIVERY) + len(WARRANTY) + len(PAYMENT)


# Items to split.


class ResourceSpeech(Speech):
    """Books, hats and balls, with who gets them.

    The role of a figure is whether it is what its author gets, and the item; None where that is not said.
    """

    @staticmethod
    @lru_cache(FORMS)
    def said(sentence: str) -> Message:
        """Return a sentence as it is read, with whose its items are."""
        figures, text = _parted(sentence)
        before, figure, after = text.partition("#")
        owner, unclear, tells = start(before)
        roles, unclear, telling = split(figure + after, owner, unclear) if figures else ((), unclear, 0)
        return _sentence(figures, roles, unclear, text if tells | telling == TELLING else "")

    def mismatch(self, message: Message, terms: Terms, domain: Domain) -> str:
        """Return a share that is said otherwise than in the terms, or is not said."""
        if message.unclear:
            return message.unclear
        rest = domain.mirror(terms)
        named: set[str] = set()
        mine = yours = False
        for figure, role in zip(message.figures, message.roles, strict=True):
            own, name = role
            if figure != (terms if own else rest)[name]:
                return f"says {figure:g} {name} for {'me' if own else 'you'}"
            named.add(name)
            mine, yours = mine or own, yours or not own
        for name, count in terms.items():
            if name not in named and not (mine and count == 0) and not (yours and rest[name] == 0):
                return f"does not name the {name}"
        return ""

    def strays(self, message: Message, offered: Sequence[Terms], domain: Domain) -> str:
        """Return a number of items that was never offered to be kept or given, or a figure that counts nothing here."""
        for place, (figure, role) in enumerate(zip(message.figures, message.roles, strict=True)):
            if figure > domain.deadline and place not in message.shares:
                return f"{figure:g}"
            if role is not None:
                most = domain.issues[role[1]][-1]
                known = {most, *[one[role[1]] for one in offered]}
                if figure not in known and most - figure not in known:
                    return f"{figure:g} {role[1]}"
        return ""
