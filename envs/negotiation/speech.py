"""What was said: the terms that a message names, what it gives away, and what it states about its author.

Language is open and these patterns are not. They read a plain sentence as a plain reader would, and where they cannot
tell, they ask for a plainer one: figures with their issue, and no others.

What a sentence says apart from its figures is its *form*: which issue or seat every figure in it may belong to, and what
it states and gives away in words. Forms without figures come again and again, and are read once. Offers are put in more
ways than can be remembered, out of parts that are few, so that of those the parts are.
"""

import re
from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import chain, pairwise
from typing import Any
from unicodedata import category, decimal, normalize

import msgspec

from gristmill.envs.negotiation.disclosure import FORMS, NUMBER_WORDS, any_of, limit, may_tell, shares, stated
from gristmill.envs.negotiation.domain import Domain, Terms
from gristmill.envs.negotiation.scenarios import DELIVERY, MARKET_ISSUES, PAYMENT, WARRANTY
from gristmill.envs.negotiation.sharing import split, start

__all__ = ["Form", "MarketSpeech", "Message", "ResourceSpeech", "Speech"]

# It begins with a digit and nothing else, which is found many times as fast as one of several things.
_FIGURE = re.compile(r"(\d\d*(?:,\d{3}(?!\d))*(?:\.\d+)?)", re.ASCII)
_ENDS = tuple((f"{mark} ", f"{mark}\n") for mark in ".!?")


class Form(msgspec.Struct, frozen=True):
    """What a sentence, or a whole message, says apart from its figures, which stand as `#`.

    Attributes:
        roles: for every figure what it may be, as the world's speech has it.
        shares: places of figures that are percentages or points.
        unclear: why its terms cannot be read; empty if they can.
        limit: words by which it gives away what its author must keep to itself; empty if there are none.
        states: what it states of its author: `priority` with an issue, `alternative` with yes or no.
    """

    roles: tuple[Any, ...]
    shares: tuple[int, ...]
    unclear: str
    limit: str
    states: tuple[tuple[str, str], ...]


class Message(msgspec.Struct, frozen=True):
    """A message as it is read.

    Attributes:
        figures: whole numbers as whole numbers, others as they are.
        form: the rest.
    """

    figures: tuple[float, ...]
    form: Form

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
        for place in self.form.shares:
            if any(abs(self.figures[place] - 100 * one) < 0.5 for one in secrets):
                return f"{self.figures[place]:g} %"
        return self.form.limit


class Speech(ABC):
    """How the messages of a world name terms."""

    def read(self, text: str) -> Message:
        """Return a message as it is read."""
        if not text.isascii():  # figures, letters and marks that only look like others are read as those
            plain = [f"{decimal(one, one)}" for one in normalize("NFKC", text) if category(one) != "Cf"]
            text = "".join(plain).replace("’", "'")
        pieces = _FIGURE.split(text.replace("#", " ") if "#" in text else text)
        figures = tuple(map(_number, pieces[1::2]))
        form = "#".join(pieces[::2])
        for end, line in _ENDS:
            form = form.replace(end, line)
        sentences = form.lower().replace("*", "").split("\n")
        said = [self.figured(one) if "#" in one else self.worded(one) for one in sentences]
        telling = [one for one in said if one is not _NOTHING]
        return Message(figures, telling[0] if len(telling) == 1 else _joined(telling))

    @staticmethod
    @abstractmethod
    def figured(text: str) -> Form:
        """Return what a sentence with figures says, which is in lower case and has `#` for each of them."""

    @staticmethod
    @abstractmethod
    def worded(text: str) -> Form:
        """Return what a sentence without figures says, which is in lower case."""

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
_NOTHING = Form((), (), "", "", ())
_NOTHING_TOLD = (), "", ()


def _joined(several: Sequence[Form]) -> Form:
    """Return the form of a message of several sentences."""
    roles: list[Any] = []
    places: list[int] = []
    unclear = gives_away = ""
    states: tuple[tuple[str, str], ...] = ()
    for one in several:
        if one.shares:
            places += [place + len(roles) for place in one.shares]
        roles += one.roles
        unclear = unclear or one.unclear
        gives_away = gives_away or one.limit
        states += one.states
    return Form(tuple(roles), tuple(places), unclear, gives_away, states)


@lru_cache(FORMS)
def _number(text: str) -> float:
    number = float(text.replace(",", ""))
    return int(number) if number.is_integer() else number


def _form(roles: tuple[Any, ...], unclear: str, telling: str) -> Form:
    """Return the form of a sentence; `telling` is its text if it may state or give away something."""
    of_figures, gives_away, states = _told(telling) if telling else _NOTHING_TOLD
    if roles or unclear or gives_away or states:
        return Form(roles, of_figures, unclear, gives_away, states)
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
    def figured(text: str) -> Form:
        """Return the issues that the figures of a sentence can be about, and what else it says."""
        roles: list[frozenset[str]] = []
        unclear, tells = "", False
        for part in text.split(", "):
            of_part, in_words, telling = _part(part)
            roles += of_part
            unclear = unclear or in_words
            tells = tells or telling
        return _form(tuple(roles), unclear, text if tells else "")

    @staticmethod
    @lru_cache(FORMS)
    def worded(text: str) -> Form:
        """Return what a sentence without figures says."""
        return MarketSpeech.figured(text) if any_of(_TIMES, text) or may_tell(text) else _NOTHING

    def mismatch(self, message: Message, terms: Terms, domain: Domain) -> str:
        """Return a term that is missing, or a figure that is none of the terms or is given as another issue's."""
        figures = message.figures
        issues = {value: name for name, value in terms.items()}
        for figure, role in zip(figures, message.form.roles, strict=True):
            name = issues.get(figure)  # type: ignore[call-overload]  # a fraction is no term
            if name is None:
                if figure:
                    return f"names {figure:g}"
            elif name not in role:
                return f"gives {figure:g} as another issue's"
        for name, value in terms.items():
            if value and value not in figures:
                return f"does not name the {name}"
        return message.form.unclear

    def strays(self, message: Message, offered: Sequence[Terms], domain: Domain) -> str:
        """Return a price, a time of delivery or payment, a warranty, or a bare figure, that was never offered."""
        if not message.figures:
            return ""
        known = {value for terms in offered for value in terms.values()}
        for figure, role in zip(message.figures, message.form.roles, strict=True):
            has_unit = 0 < len(role) < 3  # words around it alone leave three issues
            # Without one, it may be a few turns; whatever is more is a term, or else a weight or a limit.
            if figure not in known and (has_unit or (role and figure > domain.deadline)):
                return f"{figure:g}"
        return ""


@lru_cache(FORMS)
def _part(text: str) -> tuple[tuple[frozenset[str], ...], str, bool]:
    """Return the issues that each figure in a part of a sentence can be about, what is wrong, and whether it may tell more."""
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
    def figured(text: str) -> Form:
        """Return whose the items of a sentence are, and what else it says."""
        before, figure, after = text.partition("#")
        owner, unclear, tells = start(before)
        roles, unclear, telling = split(figure + after, owner, unclear)
        return _form(roles, unclear, text if tells or telling else "")

    @staticmethod
    @lru_cache(FORMS)
    def worded(text: str) -> Form:
        """Return what a sentence without figures says."""
        _, unclear, tells = start(text)
        return _form((), unclear, text if tells else "")

    def mismatch(self, message: Message, terms: Terms, domain: Domain) -> str:
        """Return a share that is said otherwise than in the terms, or is not said."""
        if message.form.unclear:
            return message.form.unclear
        rest = domain.mirror(terms)
        named: set[str] = set()
        mine = yours = False
        for figure, role in zip(message.figures, message.form.roles, strict=True):
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
        for place, (figure, role) in enumerate(zip(message.figures, message.form.roles, strict=True)):
            if figure > domain.deadline and place not in message.form.shares:
                return f"{figure:g}"
            if role is not None:
                most = domain.issues[role[1]][-1]
                known = {most, *[one[role[1]] for one in offered]}
                if figure not in known and most - figure not in known:
                    return f"{figure:g} {role[1]}"
        return ""
