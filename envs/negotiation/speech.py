"""What was said: the terms that a message names, what it gives away, and what it states about its author.

Language is open and these patterns are not. They read a plain sentence as a plain reader would, and where they cannot
tell, they ask for a plainer one: figures with their issue, and no others.

What a sentence says apart from its figures is its *form*. Messages are many and forms are few, so that each form is read
once: which issue or seat every figure in it may belong to, and what it states and gives away in words.
"""

import itertools
import re
from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any, NamedTuple
from unicodedata import category, normalize

from gristmill.envs.negotiation.disclosure import any_of, limit, may_tell, shares, stated
from gristmill.envs.negotiation.domain import Domain, Terms
from gristmill.envs.negotiation.scenarios import DELIVERY, ITEMS, MARKET_ISSUES, PAYMENT, WARRANTY

__all__ = ["Form", "MarketSpeech", "Message", "ResourceSpeech", "Speech"]

# It begins with a digit and nothing else, which is found many times as fast as one of several things.
_FIGURE = re.compile(r"(\d\d*(?:,\d{3}(?!\d))*(?:\.\d+)?)")
_ENDS = tuple((f"{mark} ", f"{mark}\n") for mark in ".!?")
_FORMS = 16_384  # that are remembered
_NUMBER_WORDS = (
    "one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|fifteen|twenty|thirty|forty|fifty|sixty|seventy"
    "|eighty|ninety|hundred|thousand|fortnight|couple of|dozen"
)


class Form(NamedTuple):
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


class Message(NamedTuple):
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
        if not text.isascii():  # figures and letters that only look like others are read as those
            text = "".join(one for one in normalize("NFKC", text) if category(one) != "Cf")
        pieces = _FIGURE.split(text.replace("#", " ") if "#" in text else text)
        figures = tuple(
            [int(one) if len(one) < 9 and one.isdigit() else _number(one) for one in pieces[1::2]]
        )
        form = "#".join(pieces[::2])
        for end, line in _ENDS:
            form = form.replace(end, line)
        telling = [one for one in map(self.form, form.split("\n")) if one is not _NOTHING]
        return Message(figures, telling[0] if len(telling) == 1 else _joined(telling))

    @staticmethod
    @abstractmethod
    def form(text: str) -> Form:
        """Return what a sentence says, with `#` for its figures."""

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


def _joined(several: Sequence[Form]) -> Form:
    """Return the form of a message of several sentences."""
    found = _NOTHING
    for one in several:
        found = Form(
            roles=found.roles + one.roles,
            shares=found.shares + tuple([place + len(found.roles) for place in one.shares]),
            unclear=found.unclear or one.unclear,
            limit=found.limit or one.limit,
            states=found.states + one.states,
        )
    return found


def _number(text: str) -> float:
    number = float(text.replace(",", ""))
    return int(number) if number.is_integer() else number


def _plain(text: str) -> str:
    """Return a form in lower case, with one sort of apostrophe."""
    return text.lower().replace("’", "'").replace("*", "")


def _form(text: str, roles: tuple[Any, ...], unclear: str) -> Form:
    form = Form(roles, shares(text) if roles else (), unclear, limit(text), stated(text))
    return _NOTHING if form == _NOTHING else form


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
_IN_WORDS = re.compile(rf"\b(?:{_NUMBER_WORDS}|an?)[ -](?:dollars?|days?|weeks?|months?|years?)\b")
_TIMES = ("day", "week", "month", "year", "dollar")
_PARTS = (
    " and ",
    " with ",
    " plus ",
    "; ",
    ": ",
    " (",
    ") ",
    " - ",
    "—",
)  # that clauses are separated by, as by commas
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
    @lru_cache(_FORMS)
    def form(text: str) -> Form:
        text = _plain(text)
        clauses = text
        for part in _PARTS:
            clauses = clauses.replace(part, ", ")
        roles: tuple[frozenset[str], ...] = ()
        unclear, tells = "", False
        for clause in clauses.split(", "):
            of_clause, in_words, telling = _clause(clause)
            roles += of_clause
            unclear = unclear or in_words
            tells = tells or telling
        if tells:
            return _form(text, roles, unclear)
        return Form(roles, (), unclear, "", ()) if roles or unclear else _NOTHING

    def mismatch(self, message: Message, terms: Terms, domain: Domain) -> str:
        """Return a term that is missing, or a figure that is none of the terms or is given as another issue's."""
        issues = {value: name for name, value in terms.items()}
        for figure, role in zip(message.figures, message.form.roles, strict=True):
            name = issues.get(figure)  # type: ignore[call-overload]  # a fraction is no term
            if name is None and figure != 0:
                return f"names {figure:g}"
            if name is not None and name not in role:
                return f"gives {figure:g} as another issue's"
        for name, value in terms.items():
            if value and value not in message.figures:
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


# Sentences are made of clauses, of which there are fewer still.
@lru_cache(_FORMS)
def _clause(clause: str) -> tuple[tuple[frozenset[str], ...], str, bool]:
    """Return the issues that each figure in a clause can be about, what is wrong with it, and whether it may tell more."""
    telling = may_tell(clause)
    if "#" not in clause and not any_of(_TIMES, clause):
        return (), "", telling
    words = _AFTER.sub("", clause)
    delivering, paying = _DELIVERING.search(words), _PAYING.search(words)
    about = _ALL
    if delivering and not paying:
        about = _ALL - {"payment"}
    elif paying and not delivering:
        about = _ALL - {"delivery"}
    roles = [about & _of_unit(before, after) for before, after in itertools.pairwise(clause.split("#"))]
    found = _IN_WORDS.search(clause)
    return tuple(roles), f"names {found[0]!r} in words" if found else "", telling


def _of_unit(before: str, after: str) -> frozenset[str]:
    """Return the issues that a figure between two texts can be about."""
    if _BEFORE_PRICE.search(before):
        return frozenset({"price"})
    return next((issues for pattern, issues in _OF_UNIT if pattern.match(after)), _ALL)


assert len({*DELIVERY, *WARRANTY, *PAYMENT}) == len(DELIVERY) + len(WARRANTY) + len(PAYMENT)


# Items to split.

_SINGULAR = tuple(name[:-1] for name in ITEMS)
_ITEM = "|".join(f"{name}s?" for name in _SINGULAR)
_TOKEN = re.compile(
    rf"(?P<for>\b(?:for|to) (?:me|us|you|yourself|myself)\b|\b(?:are|is|being) (?:mine|yours)\b)"
    rf"|(?P<me>\b(?:i|me|my|mine|we|us|our|myself)\b)"
    rf"|(?P<you>\b(?:you|your|yours|yourself)\b)"
    rf"|# (?:of (?:the |my |your )?|more )?(?P<item>{_ITEM})\b"
    rf"|(?P<word>\b(?:{_NUMBER_WORDS})\b) (?:of (?:the )?)?(?:{_ITEM})\b"
    rf"|(?P<figure>#)"
    rf"|(?P<list>,? ?\band\b|,)"
    rf"|(?P<end>[.;!?\n])"
    rf"|(?P<other>[a-z]+)"
)


class ResourceSpeech(Speech):
    """Books, hats and balls, with who gets them.

    The role of a figure is whether it is what its author gets, and the item; None where that is not said.
    """

    @staticmethod
    @lru_cache(_FORMS)
    def form(text: str) -> Form:
        text = _plain(text)
        reader, unclear = _Reader(), ""
        if "#" not in text and not any_of(_SINGULAR, text):
            return _form(text, (), "")
        for token in _TOKEN.finditer(text):
            kind = token.lastgroup
            if kind == "item":
                reader.item(token["item"].rstrip("s") + "s")
            elif kind == "for":
                reader.own(reader.list, mine=token["for"].endswith(("me", "us", "myself", "mine")))
                reader.list = []
            elif kind in ("me", "you"):
                # What was named before anybody was is theirs: "2 books are what I keep".
                reader.own([at for at in reader.items if reader.roles[at] is None], mine=kind == "me")
                reader.owner, reader.list = kind == "me", []
            elif kind in ("end", "other"):
                reader.list = []
                reader.owner = None if kind == "end" else reader.owner
            elif kind == "word":
                unclear = f"names {token[0]!r} in words"
            elif kind == "figure":
                reader.roles.append(None)
                unclear = unclear or "names a figure without its items"
        if not unclear and None in reader.roles:
            unclear = "does not say who gets what"
        return _form(text, tuple(reader.roles), unclear)

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


class _Reader:
    """Reads who gets what: by the nearest word before it that means me or you, or by "for you" right behind its list."""

    def __init__(self) -> None:
        self.roles: list[tuple[bool, str] | None] = []
        self.items: dict[int, str] = {}  # by place
        self.owner: bool | None = None
        self.list: list[int] = []  # places of the list that goes on

    def item(self, name: str) -> None:
        """Take in a figure with its items."""
        self.items[len(self.roles)] = name
        self.list.append(len(self.roles))
        self.roles.append(None if self.owner is None else (self.owner, name))

    def own(self, places: Iterable[int], *, mine: bool) -> None:
        """Say whose figures are."""
        for place in places:
            self.roles[place] = mine, self.items[place]
