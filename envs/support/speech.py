"""What was said: the numbers in it, whether it is a yes or a no, and what it claims to have been done.

Language is open and these patterns are not. They are made so that a plain answer in other words than those of the
scripted seats is understood, and so that what they miss is told from the facts by another check.
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from gristmill.envs.support.patterns import (
    ABOUT,
    CARDS,
    CLAIMS,
    CONDITION,
    DISTINCT,
    DONE,
    ELSEWHERE,
    FAILED,
    GETS,
    HYPOTHETICAL,
    LESS,
    MODAL,
    MORE,
    NO_CARD,
    PAYS,
    PAYS_BACK,
    PENDING,
    PROMISES,
    REASONS,
    REFUSES,
    UNCERTAIN,
    UNDENIABLE,
    UNTRUE,
)

__all__ = [
    "claims",
    "contradicts",
    "days",
    "digits",
    "invented",
    "numbers",
    "plain",
    "promises",
    "questions",
    "says_no",
    "statements",
    "tells",
]

_NUMBER = re.compile(r"\d+")
_DAYS = re.compile(r"\b(\d+)(?=\+?[- ](?:\w+ )?days?\b)")
_DAYS_OFF = re.compile(  # how far something is from a limit
    r"(?:(?<=\bin )|(?<=\bby )|(?<=\banother )|(?<=\bwait ))(\d+)(?= (?:more )?days?\b)"
    r"|\b(\d+)(?= (?:more )?days? (?:over|past|after|beyond|outside|too|ago|left|more)\b)"
)
_LISTED = re.compile(r"(?m)^\s*\d{1,2}[.)]\s")  # the numbers of a list are not about anything
_CENTS = re.compile(r"(?<=\d)\.00\b")
_THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}\b)")
_ONES = [
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
    "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
]  # fmt: skip
_TENS = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
_WORDS = {word: count for count, word in enumerate(_ONES) if word != "one"} | {
    f"{tens}{f'-{ones}' if count else ''}": 10 * place + count
    for place, tens in enumerate(_TENS, 2)
    for count, ones in enumerate(_ONES[:10])
}
# A bare "one" is more often a pronoun.
_WORDS |= {"tomorrow": 1, "yesterday": 1, "a day": 1, "one day": 1, "one dollar": 1}
_WORDS |= {"a week": 7, "one week": 7, "two weeks": 14}
_WORDS |= dict.fromkeys(
    ("nothing", "no difference", "no price difference", "same price", "the same", "empty", "free"), 0
)
_WORDS |= dict.fromkeys(("no extra", "no additional", "no charge", "no cost", "no money", "no balance"), 0)
# Looking words up takes half the time of looking for each of them.
_WORD = re.compile(r"[a-z]+(?:-[a-z]+)?")
_PHRASE = re.compile(
    rf"\b({'|'.join(sorted((one for one in _WORDS if ' ' in one), key=len, reverse=True))})\b"
)

# These are looked for in folded text: ignoring the case as they search takes twice the time.
_CLAUSE = re.compile(r"[.!?;:,](?=\s|$)|\n|—|–|\bbut\b|\bhowever\b")
_SENTENCE = re.compile(r"(?<=[.!?])\s+|\n+")
# Said in passing: neither a refusal nor a number.
_POLITE = re.compile(
    r"\b((no|without( any)?) (problem|worries|need|further|additional|other|extra|charge|cost|trouble|deduction|fee)s?"
    r"|not a problem|why not|if not|feel free|nothing (else|more|further)"
    r"|sorry (for|about|to (hear|keep|have|bother|disappoint))\b[^.!?,:;]*|(don't|no need to) (worry|hesitate)|can't wait)",
)
_MAYBE_POLITE = ("no", "sorry", "n't", "without", "free")  # each of them holds one of these
_OPENER = re.compile(
    r"\W*(and |so |or )?(shall|should|do|does|did|can|could|would|will|may|is|are|what|which|how)\b"
)
_NO = re.compile(
    r"\b(not|no|cannot|unable|declin\w+|refus\w+|reject\w*|den(y|ied)|impossible|ineligible|never|neither|nor|without)\b"
    r"|n't\b",
)
_ASKED = (
    ("new_email", re.compile(r"\bnew (e-?mail|address for your account)\b")),
    ("identity", re.compile(r"(?<!new )\be-?mail\b|\bzip\b")),
    ("order", re.compile(r"\border (number|id)\b|\b(which|what) order\b")),
    ("address", re.compile(r"(?<!mail )\baddress\b(?! for your account)")),
    ("new_item", re.compile(r"\binstead\b")),
)
_ELSE = re.compile(r"\b(else|more|further|other|help you)\b")


# Several checks read the same messages, and messages share clauses, so what is made of the latest ones is kept.
@lru_cache(4096)
def plain(text: str) -> str:
    """Return `text` with one sort of apostrophe, without stars and list numbers, and with amounts as whole numbers."""
    text = _LISTED.sub("", text.replace("’", "'").replace("‘", "'").replace("*", ""))
    if ".00" in text:
        text = _CENTS.sub("", text)
    return _THOUSANDS.sub("", text) if "," in text else text


@lru_cache(4096)
def statements(text: str) -> list[str]:
    """Return the clauses of a message in lower case, without politeness and questions."""
    folded = plain(text).casefold()
    if any(mark in folded for mark in _MAYBE_POLITE):
        folded = _POLITE.sub(" ", folded)
    if "?" not in folded:
        return _pieces(folded)
    return [piece for sentence in _SENTENCE.split(folded) for piece in _stated(sentence)]


@lru_cache(4096)
def _stated(sentence: str) -> list[str]:
    """Return the clauses of one sentence; those before a question that is added to them are no question."""
    pieces = _pieces(sentence)
    if not sentence.rstrip().endswith("?"):
        return pieces
    return [] if _OPENER.match(sentence) else pieces[:-1]


def _pieces(text: str) -> list[str]:
    return [piece for part in _CLAUSE.split(text) if (piece := part.strip())]


def digits(text: str) -> set[str]:
    """Return the numbers in a text that is no message."""
    return set(_NUMBER.findall(text))


@lru_cache(4096)
def numbers(text: str, *, words: bool = False) -> frozenset[str]:
    """Return the numbers in a message, and if wanted those in words."""
    text = plain(text)
    found = set(_NUMBER.findall(text))
    if words:
        folded = text.casefold()
        said = [*_WORD.findall(folded), *_PHRASE.findall(folded)]
        said += [part for one in said if "-" in one and one not in _WORDS for part in one.split("-")]
        found |= {str(_WORDS[one]) for one in said if one in _WORDS}
    return frozenset(found)


def invented(text: str, known: set[str]) -> set[str]:
    """Return the numbers of a message that are not known."""
    return set(numbers(text) - known)


def days(text: str) -> tuple[set[str], set[str]]:
    """Return the numbers of a message that are nothing but counts of days, and those that are days from a limit."""
    text = plain(text)
    found = [
        set(_NUMBER.findall(text)) - set(_NUMBER.findall(one.sub("", text))) for one in (_DAYS, _DAYS_OFF)
    ]
    return found[0], found[1]


@lru_cache(4096)
def questions(text: str) -> frozenset[str]:
    """Return what a message asks for, by name; `other` where that is not known, nothing for "anything else?"."""
    found: set[str] = set()
    for sentence in _SENTENCE.split(text) if "?" in text else ():
        if sentence.rstrip().endswith("?"):
            folded = sentence.casefold()
            facts = {name for name, pattern in _ASKED if pattern.search(folded)}
            found |= facts or (set() if _ELSE.search(folded) else {"other"})
    return frozenset(found)


def says_no(text: str, reason: str) -> str:
    """Return what is wrong with a message as a refusal for `reason`; empty if nothing is."""
    wanted = REASONS[reason]
    if not any(REFUSES.search(clause) or wanted.search(clause) for clause in statements(text)):
        return "no refusal"
    folded = plain(text).casefold()
    others = [name for name in DISTINCT if name != reason and REASONS[name].search(folded)]
    if others and not wanted.search(folded):
        return f"another reason: {others[0]}"
    return ""


def promises(text: str) -> str:
    """Return the clause of a message that promises what a refusal denies, or an empty string."""
    said = statements(text)
    for place, clause in enumerate(said):
        if _holds_out(clause) and not (place and CONDITION.match(said[place - 1])):
            return clause
    return ""


@lru_cache(4096)
def _holds_out(clause: str) -> bool:
    return (
        PROMISES.search(clause) is not None
        and _NO.search(clause) is None
        and HYPOTHETICAL.search(clause) is None
    )


def tells(
    text: str, tool: str, args: dict[str, Any], tell: tuple[int, ...], *, sign: int = 0, paid_by: str = ""
) -> bool:
    """Return whether a message tells that a change was made, or what was looked up, with its numbers.

    `sign` is that of a price difference, and `paid_by` where money comes from or goes to.
    """
    said = statements(text)
    if tool in ("", "pay_with_gift_card") and _is_untrue(said, args.get("state", "balance")):
        return False
    about = ABOUT.get(tool)
    if not tell:
        exact = [str(args[key]).casefold() for key in ("address", "email") if key in args]
        return any(
            (
                DONE.search(clause)
                or (about and about.search(clause))
                or any(_has(clause, one) for one in exact)
            )
            and _is_certain(clause, about)
            for clause in said
        )
    wanted = {str(number) for number in tell}
    named = [
        clause for clause in said if wanted <= numbers(clause, words=True) and _is_certain(clause, about)
    ]
    if tool == "exchange_item":
        fits = any(_direction(clause, text) in (sign, 0) for clause in named)
        fits = fits or (not sign and "0" in numbers(text, words=True))
    else:
        fits = any(_is_about(clause, said, tool) for clause in named)
    return fits and not (paid_by and _other_card(said, paid_by))


def _has(clause: str, exact: str) -> bool:
    """Return whether a clause says something to the letter, and not as what it is not."""
    no = _NO.search(clause)
    return exact in (clause if no is None else clause[: no.start()])


def _is_about(clause: str, said: list[str], tool: str) -> bool:
    """Return whether a clause with the numbers in it, or what stands beside it, tells what was done."""
    if tool not in PAYS_BACK:
        return tool not in ABOUT or any(ABOUT[tool].search(one) for one in said)
    if _direction(clause) == 1 or any(map(PENDING.search, said)):
        return False
    return ABOUT[tool].search(clause) is not None or any(
        ELSEWHERE.search(one) and _is_certain(one, ELSEWHERE) for one in said
    )


def _is_certain(clause: str, about: re.Pattern[str] | None) -> bool:
    """Return whether a clause says that something is, and does not deny it: what is denied stands behind the "no"."""
    if UNCERTAIN.search(clause):
        return False
    no = _NO.search(clause)
    return no is None or about is None or about.search(clause, no.end()) is None


def _is_untrue(said: list[str], state: str) -> bool:
    """Return whether something is said that does not go with a state."""
    untrue, undeniable = UNTRUE[state], UNDENIABLE.get(state)
    for clause in said:
        pattern = undeniable if _NO.search(clause) else untrue
        if pattern and pattern.search(clause) and not CONDITION.search(clause):
            return True
    return False


def _direction(clause: str, context: str = "") -> int | None:
    """Return 1 if the customer pays, -1 if the shop does, 0 if it could be either, None if that is not said."""
    gets, pays = GETS.search(clause) is not None, PAYS.search(clause) is not None
    if gets and pays:
        return (MORE.search(clause) is not None) - (LESS.search(clause) is not None)
    if gets or pays:
        return pays - gets
    return _direction(" ".join(statements(context))) if context else None


def _other_card(said: list[str], paid_by: str) -> bool:
    """Return whether only the other way to pay is named."""
    text = NO_CARD.sub("", " ".join(said))
    named = {name for name, card in CARDS.items() if card.search(text)}
    return bool(named) and paid_by not in named


def contradicts(text: str) -> bool:
    """Return whether a message says that something was not done."""
    return any(map(_fails, statements(text)))


@lru_cache(4096)
def _fails(clause: str) -> bool:
    return FAILED.search(clause) is not None


def claims(text: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield what a message claims to have been done, with the tools that can do it; none of them means any."""
    for clause in statements(text):
        for tools in _claimed(clause):
            yield clause, tools


@lru_cache(4096)
def _claimed(clause: str) -> list[tuple[str, ...]]:
    if _NO.search(clause) or MODAL.search(clause):
        return []
    done: list[tuple[str, ...]] = [()] if DONE.search(clause) else []
    return done + [tools for pattern, tools in CLAIMS if pattern.search(clause)]
