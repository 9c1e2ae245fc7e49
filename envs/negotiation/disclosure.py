"""What a sentence gives away of what its author must keep to itself, and what it states about it.

Sentences are in lower case, with `#` for their figures.
"""

import re
from collections.abc import Iterable

__all__ = ["FORMS", "NUMBER_WORDS", "TELLING", "any_of", "limit", "may_tell", "shares", "stated"]

FORMS = 16_384  # sentences, or parts of them, that are remembered
NUMBER_WORDS = (
    "one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|fifteen|twenty|thirty|forty|fifty|sixty|seventy"
    "|eighty|ninety|hundred|thousand|fortnight|couple of|dozen"
)

_SHARE = re.compile(r"# ?(?:%|percent\b|per cent\b|points?\b)|#")
_DIGIT = r"(?:zero|nought|one|two|three|four|five|six|seven|eight|nine)"
_TENS = r"(?:ten|fifteen|twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety)"
_MINE = r"\b(?:my|our|mine|ours)\b"
_LIMIT = re.compile(
    r"(?<![#\w])\.#|"
    rf"{_MINE}(?: \w+){{0,2}} (?:limit|reservation|bottom line|walk-?away|break-?even|threshold|floor|ceiling"
    r"|utility|weights?|weighting|score)\b"
    rf"|{_MINE} (?:absolute |very |own )?(?:max|maximum|min|minimum|lowest|highest)\b"
    r"|\b(?:lowest|highest|least|most|maximum|minimum|worst) (?:(?:price|offer|deal|terms|share|that|which) )?"
    r"(?:i|we) (?:can|could|will|would|may|might|am|are|'d|'ll)\b"
    r"|\b(?:i|we) (?:can't|cannot|can not|couldn't|could not|won't|will not|wouldn't|would not|am not able to|are not able to)"
    r" (?:possibly |ever )?(?:go|pay|take|accept|sell|buy|settle)\b[^.!?;]{0,30}"
    r"\b(?:below|above|under|over|beyond|less than|more than|lower|higher|less|more|any further)\b"
    r"|\bas (?:low|high|far) as (?:i|we) (?:can|could|will|would)\b"
    r"|\bworth (?:only |just |about |exactly )?# to (?:me|us)\b"
    r"|\b(?:no|without a) deal is worth\b"
    # Nobody needs digits in a row, fractions or shares in words to speak of terms.
    rf"|\b{_DIGIT}(?:[ -]{_DIGIT})+\b|\bpoint {_DIGIT}\b(?! of)|\b(?:hundred|thousand)ths\b"
    rf"|\b(?:{_TENS}|{_DIGIT})[ -](?:{_DIGIT}[ -])?(?:percent|per cent|points)\b"
)


def shares(form: str) -> tuple[int, ...]:
    """Return the places of the figures that are percentages or points."""
    return tuple(place for place, found in enumerate(_SHARE.findall(form)) if found != "#")


_ISSUE = r"(?:the |a |an )?(?:\w+ ){0,1}?(price|delivery|warranty|payment|books|hats|balls)\b"
_PRIORITIES = (
    re.compile(rf"\b{_ISSUE}[^.!?,;]{{0,30}}\b(?:matters|counts|weighs) (?:the )?most\b(?! to you| for you)"),
    re.compile(
        rf"\b{_ISSUE} (?:is|comes) (?:what matters most|(?:by far )?(?:the )?most important|(?:my|our) (?:top |main |first )?"
        r"(?:priority|concern)|first|above all|the main thing|the (?:top|first) priority)\b(?! to you| for you)"
    ),
    re.compile(
        r"\b(?:what (?:matters|counts) (?:the )?most (?:to|for) (?:me|us)|(?:my|our) (?:(?:top|main|first|biggest) )?"
        r"(?:priority|concern)|what (?:i|we) care (?:about )?most(?: about)?|(?:i|we) care (?:the )?most (?:about|for)"
        r"|(?:i am|i'm|we are|we're) most interested in|(?:i|we) (?:most want|want most of all|value most))"
        rf" ?(?:is |are |: ?)?{_ISSUE}"
    ),
)
_OFFER = r"(?:(?:offer|buyer|seller|supplier|bidder|bid|quote)s?)\b(?! for you| to make| to you)"
_HAVE = r"(?<!can )(?<!could )(?<!may )(?<!would )(?<!if )\b(?:i|we)(?:'ve| have| hold| do have| already have)(?: got| already)?"
_HAS = re.compile(
    rf"{_HAVE} (?:(?:another|other|a second|an alternative) (?:\w+ )?{_OFFER}|an alternative\b|alternatives\b)"
    rf"|\bthere is (?:another|a second) {_OFFER}|\b(?<!no )(?:another|other) {_OFFER} (?:in hand|waiting|lined up)\b"
)
_HAS_NOT = re.compile(
    rf"{_HAVE} no (?:(?:other|second|alternative) )?(?:{_OFFER}|alternatives?\b)"
    rf"|\b(?:i|we) (?:do not|don't|haven't|have not)(?: \w+){{0,2}}? (?:another|an?|any) (?:other |second |alternative )?"
    rf"(?:{_OFFER}|alternatives?\b)|\bthere is no other {_OFFER}|\bno other {_OFFER} in hand\b"
    rf"|\byou are (?:my|our) only {_OFFER}"
)


# Without one of these words nothing is stated or given away, and to look for them is cheaper.
_OF_PRIORITIES = ("priority", "concern", "most", "first", "above all", "main")
_OFFERED = (
    "offer",
    "buyer",
    "seller",
    "supplier",
    "bid",
    "quote",
    "alternative",
)  # which there are alternatives of
_OF_ALTERNATIVES = (" have", "'ve", "hold", "don't", "do not", "there is", "another", "other ", "you are")
_TELLTALES = (
    "limit", "reserv", "bottom", "walk", "break", "thresh", "floor", "ceil", "utilit", "weigh", "score", "max",
    "lowest", "highest", "least", "worst", "most", "not ", "n't", "as low", "as high", "as far", "worth", ".#",
    "zero", "nought", "two", "three", "four", "five", "six", "seven", "eight", "nine", "point", "dths", "percent", "per cent",
)  # fmt: skip
_LEAST = re.compile(r"min(?:imum)?\b")  # also a telltale, which "mine" is not
_OF_SHARES = ("%", "percent", "per cent", "point")
_IS_THERE, _IS_OFFER = 1, 2
TELLING = _IS_THERE | _IS_OFFER
_MARKS = tuple(dict.fromkeys((*_TELLTALES, *_OF_PRIORITIES, *_OF_SHARES)))  # each once


def may_tell(part: str) -> int:
    """Return bits which those of a sentence's other parts are added to: it tells something only if they are `TELLING`.

    To tell is to state or give away anything, or to have shares among its figures. An alternative takes two words: one
    that says that there is something, and one that says that it is an offer.
    """
    text = f" {part} "  # there are marks with the spaces that parts are cut at
    if any_of(_MARKS, text) or _LEAST.search(text):
        return TELLING
    return _IS_THERE * any_of(_OF_ALTERNATIVES, text) | _IS_OFFER * any_of(_OFFERED, text)


def any_of(marks: Iterable[str], text: str) -> bool:
    """Return whether one of the marks occurs in a text."""
    for mark in marks:  # noqa: SIM110  # a generator takes twice the time, and this runs for every sentence
        if mark in text:
            return True
    return False


def limit(form: str) -> str:
    """Return the words by which a sentence gives a limit, a weight or a utility away; empty if there are none."""
    found = _LIMIT.search(form) if any_of(_TELLTALES, form) or _LEAST.search(form) else None
    return found[0] if found else ""


def stated(form: str) -> tuple[tuple[str, str], ...]:
    """Return what is stated of the author; of a question, what stands before its last comma, as in "…, you know?"."""
    if form.rstrip().endswith("?"):
        form = form.rpartition(",")[0]
    found = []
    if any_of(_OF_PRIORITIES, form):
        found += [("priority", one[1]) for pattern in _PRIORITIES for one in pattern.finditer(form)]
    if any_of(_OF_ALTERNATIVES, form) and any_of(_OFFERED, form):
        if _HAS_NOT.search(form):
            found.append(("alternative", "no"))
        elif _HAS.search(form):
            found.append(("alternative", "yes"))
    return tuple(found)
