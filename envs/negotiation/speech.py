"""What was said: the terms that a message names, what it gives away, and what it states about its author.

Language is open and these patterns are not. They read a plain sentence as a plain reader would, and where they cannot
tell, they ask for a plainer one: figures with their issue, and no others.
"""

import re
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator

from gristmill.envs.negotiation.domain import Domain, Terms
from gristmill.envs.negotiation.scenarios import DELIVERY, ITEMS, PAYMENT, WARRANTY

__all__ = ["MarketSpeech", "ResourceSpeech", "Speech", "given_away", "stated"]

_THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}\b)")
_CENTS = re.compile(r"(?<=\d)\.00?\b")
_NUMBER_WORDS = (
    "one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|fifteen|twenty|thirty|forty|fifty|sixty|seventy"
    "|eighty|ninety|hundred|thousand|fortnight|couple of|dozen"
)


def plain(text: str) -> str:
    """Return `text` in lower case, with amounts as whole numbers and one sort of apostrophe."""
    text = text.lower()
    if "’" in text:
        text = text.replace("’", "'")
    if "," in text:
        text = _THOUSANDS.sub("", text)
    return _CENTS.sub("", text) if ".0" in text else text


# What must not be said.

_FRACTION = re.compile(r"(?<![\d.])0?\.\d+")
_PERCENT = re.compile(r"(\d+(?:\.\d+)?) ?(?:%|percent|per cent|points?\b)")
_MINE = r"\b(?:my|our|mine|ours)\b"
_LIMIT = re.compile(
    rf"{_MINE}(?: \w+){{0,2}} (?:limit|reservation|bottom line|walk-?away|break-?even|threshold|floor|ceiling"
    r"|utility|weights?|weighting|score)\b"
    rf"|{_MINE} (?:absolute |very |own )?(?:max|maximum|min|minimum|lowest|highest)\b"
    r"|\b(?:lowest|highest|least|most|maximum|minimum|worst) (?:(?:price|offer|deal|terms|share|that|which) )?"
    r"(?:i|we) (?:can|could|will|would|may|might|am|are|'d|'ll)\b"
    r"|\b(?:i|we) (?:can't|cannot|can not|couldn't|could not|won't|will not|wouldn't|would not|am not able to|are not able to)"
    r" (?:possibly |ever )?(?:go|pay|take|accept|sell|buy|settle)\b[^.!?;]{0,30}"
    r"\b(?:below|above|under|over|beyond|less than|more than|lower|higher|less|more|any further)\b"
    r"|\bas (?:low|high|far) as (?:i|we) (?:can|could|will|would)\b"
    r"|\bworth (?:only |just |about |exactly )?(?:0|1)?\.?\d+ to (?:me|us)\b"
    r"|\b(?:no|without a) deal is worth\b"
)


def given_away(text: str, secrets: Iterable[float], allowed: float) -> str:
    """Return what a message gives away of what its author must keep to itself; empty if nothing.

    Nobody needs a fraction to speak of terms, so that any is a weight, a value or a utility.

    Args:
        text: in plain form.
        secrets: weights, and what no deal is worth, in [0, 1].
        allowed: the discount, which both know.
    """
    if "." in text:
        for found in _FRACTION.finditer(text):
            if float(found[0]) != allowed:
                return found[0]
    if "%" in text or "p" in text:
        for found in _PERCENT.finditer(text):
            share = float(found[1])
            if any(abs(share - 100 * one) < 0.5 for one in secrets):
                return found[0]
    limit = _LIMIT.search(text)
    return limit[0] if limit else ""


# What is stated of oneself.

_ISSUE = r"(?:the |a |an )?(?:\w+ ){0,1}?(price|delivery|warranty|payment)\b"
_PRIORITIES = (
    re.compile(rf"\b{_ISSUE}[^.!?,;]{{0,30}}\b(?:matters|counts|weighs) (?:the )?most\b(?! to you| for you)"),
    re.compile(
        rf"\b{_ISSUE} (?:is|comes) (?:what matters most|(?:by far )?(?:the )?most important|(?:my|our) (?:top |main |first )?"
        r"(?:priority|concern)|first|above all|the main thing|the (?:top|first) priority)\b(?! to you| for you)"
    ),
    re.compile(
        r"\b(?:what (?:matters|counts) (?:the )?most (?:to|for) (?:me|us)|(?:my|our) (?:(?:top|main|first|biggest) )?"
        rf"(?:priority|concern)|what (?:i|we) care (?:about )?most(?: about)?|(?:i|we) care most about) (?:is |are |: ?)?{_ISSUE}"
    ),
)
_OFFER = r"(?:offer|buyer|seller|supplier|bidder|option|alternative|quote)s?"
_HAS = re.compile(
    rf"\b(?:i|we)(?:'ve| have| do have| already have|'ve got| have got| got| hold)(?: \w+){{0,3}}? (?:another|other|a second|a better|an alternative) ?(?:{_OFFER})?\b"
    rf"|\bthere is (?:another|a second) {_OFFER}\b|\banother {_OFFER} (?:in hand|waiting|lined up)\b"
)
_HAS_NOT = re.compile(
    rf"\b(?:i|we) (?:have|had|hold|got)(?: got)? (?:no|nothing)(?: \w+){{0,1}}? ?(?:other|else|alternative|second)\b"
    rf"|\b(?:i|we) (?:do not|don't|haven't|have not)(?: \w+){{0,2}} (?:any |another |an? )?(?:other |second |alternative )?{_OFFER}\b"
    rf"|\bthere is no other {_OFFER}\b|\bno other {_OFFER} in hand\b|\byou are (?:my|our) only {_OFFER}\b"
)


def stated(text: str) -> Iterator[tuple[str, str]]:
    """Yield what a message states of its author: `priority` with an issue, `alternative` with yes or no.

    Args:
        text: in plain form.
    """
    if "?" in text:
        text = " ".join(one for one in re.split(r"(?<=[.!?])\s+", text) if not one.endswith("?"))
    for pattern in _PRIORITIES:
        for found in pattern.finditer(text):
            yield "priority", found[1]
    if _HAS_NOT.search(text):
        yield "alternative", "no"
    elif _HAS.search(text):
        yield "alternative", "yes"


class Speech(ABC):
    """How the messages of a world name terms."""

    @abstractmethod
    def mismatch(self, text: str, terms: Terms, domain: Domain) -> str:
        """Return what is wrong with a message that goes with terms, as its author names them; empty if nothing is."""

    @abstractmethod
    def strays(self, text: str, offered: list[Terms], domain: Domain) -> str:
        """Return a term that a message names although it was never offered; empty if there is none.

        Args:
            text: in plain form.
            offered: what was offered before, as the message's author names it.
            domain: what is negotiated.
        """


# The market.

_FIGURE = re.compile(r"\d+(?:\.\d+)?")
_IN_WORDS = re.compile(rf"\b(?:{_NUMBER_WORDS}|an?)[ -](?:dollars?|days?|weeks?|months?|years?)\b")
_UNITS = {
    "day": re.compile(r"(\d+)[- ]?(?:\w+ )?days?\b"),
    "month": re.compile(r"(\d+)[- ]?(?:\w+ )?months?\b"),
    "dollar": re.compile(r"\$ ?(\d+)|(\d+) ?(?:dollars?|usd|bucks)\b|\busd (\d+)"),
    "other": re.compile(r"(\d+)[- ]?(?:\w+ )?(?:weeks?|years?|%|percent|hours?)"),
}
_BY_UNIT = {"day": {*DELIVERY, *PAYMENT}, "month": set(WARRANTY)}
_CLAUSE = re.compile(r"[,;:.!?](?=\s|$)|\band\b|\bwith\b|\bplus\b|\n|\(|\)")
_AFTER = re.compile(r"\b(?:after|from|upon|on|of|following|since) (?:the )?delivery\b")
_DELIVERING = re.compile(r"\b(?:deliver\w*|ship\w*|arriv\w*|hand(?:ed)? over)\b")
_PAYING = re.compile(
    r"\b(?:payment|payable|credit|net|to pay|pay (?:within|in|after)|paid (?:within|in|after)|invoice\w*)\b"
)


class MarketSpeech(Speech):
    """Price, delivery, warranty and payment, told apart by their numbers, of which no two issues have one in common."""

    def mismatch(self, text: str, terms: Terms, domain: Domain) -> str:
        """Return a term that is missing, or a figure that is none of the terms or is given as another issue's."""
        said = set(_FIGURE.findall(text))
        wanted = {str(value) for value in terms.values()}
        if missing := wanted - said - {"0"}:
            return f"does not name {', '.join(sorted(missing))}"
        if surplus := said - wanted - {"0"}:
            return f"names {', '.join(sorted(surplus))}"
        if found := _IN_WORDS.search(text):
            return f"names {found[0]!r} in words"
        return self._misplaced(text, terms)

    def strays(self, text: str, offered: list[Terms], domain: Domain) -> str:
        """Return a price, a time of delivery or payment, or a warranty that was never offered."""
        numbers = {int(float(one)) for one in _FIGURE.findall(text)}
        if not numbers:
            return ""
        known = {value for terms in offered for value in terms.values()}
        lowest = domain.issues["price"][0] // 2
        like = {one for one in numbers if one >= lowest}
        for name in ("day", "month", "dollar"):
            like |= {int(next(filter(None, one.groups()))) for one in _UNITS[name].finditer(text)}
        return ", ".join(map(str, sorted(like - known)))

    def _misplaced(self, text: str, terms: Terms) -> str:
        """Return a figure with the unit, or among the words, of another issue."""
        price = str(terms["price"])
        for unit, pattern in _UNITS.items():
            for found in pattern.finditer(text):
                number = next(filter(None, found.groups()))
                fits = number == price if unit == "dollar" else int(number) in _BY_UNIT.get(unit, ())
                if not fits:
                    return f"gives {number} in {unit}s"
        if terms["payment"]:
            delivery, payment = (re.compile(rf"\b{terms[name]}\b") for name in ("delivery", "payment"))
            for clause in _CLAUSE.split(_AFTER.sub("", text)):
                delivering, paying = _DELIVERING.search(clause), _PAYING.search(clause)
                if delivering and not paying and payment.search(clause) and not delivery.search(clause):
                    return f"gives {terms['payment']} as the time of delivery"
                if paying and not delivering and delivery.search(clause) and not payment.search(clause):
                    return f"gives {terms['delivery']} as the time of payment"
        return ""


# Items to split.

_ITEM = "|".join(f"{name[:-1]}s?" for name in ITEMS)
_TOKEN = re.compile(
    rf"(?P<for>\b(?:for|to) (?:me|us|you|yourself|myself)\b|\b(?:are|is|being) (?:mine|yours)\b)"
    rf"|(?P<me>\b(?:i|me|my|mine|we|us|our|myself)\b|\bi'|\bwe')"
    rf"|(?P<you>\b(?:you|your|yours|yourself)\b|\byou')"
    rf"|(?P<count>\d+) (?:of (?:the )?|more )?(?P<item>{_ITEM})\b"
    rf"|(?P<word>\b(?:{_NUMBER_WORDS})\b) (?:of (?:the )?)?(?:{_ITEM})\b"
    rf"|(?P<figure>\d+)"
    rf"|(?P<list>,? ?\band\b|,)"
    rf"|(?P<end>[.;!?\n])"
    rf"|(?P<other>[a-z]+)"
)


class _Share:
    """What a message says that its author and the other seat get; several numbers where it says several."""

    def __init__(self) -> None:
        self.mine: dict[str, set[int]] = {}
        self.yours: dict[str, set[int]] = {}
        self.unclear = ""


class ResourceSpeech(Speech):
    """Books, hats and balls, with who gets them."""

    def mismatch(self, text: str, terms: Terms, domain: Domain) -> str:
        """Return a share that is said otherwise than in the terms, or is not said."""
        shares = _shares(text)
        if shares.unclear:
            return shares.unclear
        rest = domain.mirror(terms)
        for said, real, who in ((shares.mine, terms, "me"), (shares.yours, rest, "you")):
            for name, numbers in said.items():
                if numbers != {real[name]}:
                    return f"says {min(numbers - {real[name]})} {name} for {who}"
        for name, count in terms.items():
            if name in shares.mine or name in shares.yours:
                continue
            if not (shares.mine and count == 0) and not (shares.yours and rest[name] == 0):
                return f"does not name the {name}"
        return ""

    def strays(self, text: str, offered: list[Terms], domain: Domain) -> str:
        """Return a number of items that was never offered to be kept or given."""
        shares = _shares(text)
        for said in (shares.mine, shares.yours):
            for name, numbers in said.items():
                known = {domain.issues[name][-1], *[one[name] for one in offered]}
                known |= {domain.issues[name][-1] - one[name] for one in offered}
                if stray := numbers - known:
                    return f"{min(stray)} {name}"
        return ""


def _shares(text: str) -> _Share:
    """Read who gets what: the nearest word before it that means me or you, or "for you" right behind its list."""
    found = _Share()
    owner = ""
    pending: list[tuple[str, int]] = []  # named before anybody was
    recent: list[tuple[str, str, int]] = []  # the list that goes on
    for token in _TOKEN.finditer(text):
        kind = token.lastgroup
        if kind == "item":
            pair = token["item"].rstrip("s") + "s", int(token["count"])
            if owner:
                recent.append((owner, *pair))
            else:
                pending.append(pair)
        elif kind == "for":
            mine = token["for"].endswith(("me", "us", "myself", "mine"))
            recent = [("me" if mine else "you", *one[1:]) for one in recent]
            recent += [("me" if mine else "you", *one) for one in pending]
            pending = []
        elif kind in ("me", "you"):
            _keep(found, recent)
            owner, recent = kind, [(kind, *one) for one in pending]
            pending = []
        elif kind == "end":
            _keep(found, recent)
            owner, recent = "", []
        elif kind == "other":
            _keep(found, recent)
            recent = []
        elif kind == "word":
            found.unclear = f"names {token[0]!r} in words"
        elif kind == "figure":
            found.unclear = f"names {token[0]} without its items"
    _keep(found, recent)
    if pending and not found.unclear:
        found.unclear = f"does not say who gets {pending[0][1]} {pending[0][0]}"
    return found


def _keep(found: _Share, pairs: list[tuple[str, str, int]]) -> None:
    for owner, name, count in pairs:
        (found.mine if owner == "me" else found.yours).setdefault(name, set()).add(count)
