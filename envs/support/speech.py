"""What was said: the numbers in it, whether it is a yes or a no, and what it claims to have been done.

Language is open and these patterns are not. They are made so that a plain answer in other words than those of the
scripted seats is understood, and so that what they miss is told from the facts by another check.
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

__all__ = [
    "claims",
    "clauses",
    "contradicts",
    "digits",
    "invented",
    "numbers",
    "plain",
    "questions",
    "says_no",
    "tells",
]

_NUMBER = re.compile(r"\d+")
_LISTED = re.compile(r"(?m)^\s*\d{1,2}[.)]\s")  # the numbers of a list are not about anything
_CENTS = re.compile(r"(?<=\d)\.00\b")
_THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}\b)")
_ONES = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
]
_TENS = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
_WORDS = {word: count for count, word in enumerate(_ONES)} | {
    f"{tens}{f'-{ones}' if count else ''}": 10 * place + count
    for place, tens in enumerate(_TENS, 2)
    for count, ones in enumerate(_ONES[:10])
}
_WORDS |= {"tomorrow": 1, "yesterday": 1, "a day": 1, "a week": 7, "one week": 7, "two weeks": 14}
_WORDS |= {"nothing": 0, "no difference": 0, "no price difference": 0, "same price": 0, "empty": 0, "free": 0}
_WORD = re.compile(rf"\b({'|'.join(sorted(_WORDS, key=len, reverse=True))})\b")

_CLAUSE = re.compile(r"[.!?;:,](?=\s|$)|\n|—|–|\bbut\b|\bhowever\b")
_SENTENCE = re.compile(r"(?<=[.!?])\s+|\n+")
# Said in passing, and no refusal.
_POLITE = re.compile(
    r"\b(no (problem|worries|need|further|additional|other|extra|charge|cost|trouble)|not a problem|why not|if not"
    r"|sorry (for|about|to hear)[^.!?,:;]*|don't (worry|hesitate)|can't wait)",
    re.IGNORECASE,
)
# All that follow, and _WORD, are looked for in folded text: ignoring the case as they search takes twice the time.
_MAYBE_POLITE = ("no", "sorry", "n't")  # each of them holds one of these
_NO = re.compile(
    r"\b(not|no|cannot|unable|afraid|regret\w*|unfortunately|declin\w+|refus\w+|reject\w*|den(y|ied)|impossible|sorry"
    r"|ineligible|never|neither|nor|without|too (late|early|low|little))\b|n't\b",
)
_CANNOT = re.compile(
    r"\b(can't|cannot|can not|couldn't|unable to|not able to|won't)\b(?!.{0,30}\b(find|see|match|locate)\b)"
    r"|\b(not possible|impossible|declin\w+|refus\w+|denied|rejected)\b",
)
_DONE = re.compile(
    r"^\W*((great|okay|ok|good|perfect|alright)\W+)?(yes\W+)?(it is |it's |that is |that's )?"
    r"(done|all set|all done|settled|that worked|there you go|good news|taken care of)\b"
    r"|\b(has|have) been (processed|completed|issued|approved)\b|\bis (complete|processed|approved)\b|\bsuccessfully\b",
)
# Not a claim about what is, but about what could be.
_MODAL = re.compile(
    r"\b(can|could|would|will|if|once|when|until|before|unless|only|need|must|should|may|might|want|like|wish|request\w*"
    r"|to be|eligible|whether|going to)\b|'ll\b|'d\b",
)
# Which tools stand behind which claim.
_CLAIMS = (
    (
        re.compile(r"\brefunded\b|\b(goes|went|gone) back to you|\bgets? \S+ back\b"),
        ("refund_item", "cancel_item", "cancel_order", "exchange_item"),
    ),
    (
        re.compile(r"\bcancel+ed\b|\btook out\b|\b(i|have|has been|i've) (removed|dropped)\b"),
        ("cancel_order", "cancel_item"),
    ),
    (re.compile(r"\b(exchanged|swapped|traded)\b"), ("exchange_item",)),
    (
        re.compile(r"\b(opened|filed|submitted|created) (a|your|the) claim\b|\bclaim\b.* is open\b"),
        ("open_claim",),
    ),
    (
        re.compile(r"\baddress (is|has been|was) (now )?(changed|updated)\b|\bupdated (the|your) address\b"),
        ("change_address", "update_email"),
    ),
    (re.compile(r"\b(escalated|transferred|takes over)\b"), ("escalate",)),
)  # fmt: skip
# What can stand for a reason where no "no" is said; and what would be another reason.
_REASONS = {
    name: re.compile(pattern)
    for name, pattern in {
        "already_shipped": r"\b(shipped|left|dispatched|on its way|delivered|no longer pending)\b",
        "final_sale": r"\bfinal[- ]sale\b",
        "identity": r"\b(identi\w+|who you are|details|verif\w+)\b",
        "low_balance": r"\b(balance|cover|too little|insufficient)\b",
        "not_delivered": r"\b(delivered|on its way|arrived)\b",
        "not_late": r"\blate\b",
        "not_owner": r"\b(another|other|different|someone else's?) (customer|account|person)\b|\b(yours|your order|belongs?)\b",
        "other_family": r"\b(famil\w+|categor\w+|kind of product|type of product)\b",
        "out_of_stock": r"\b(stock|sold out|none left|unavailable)\b",
        "outside_window": r"\b(window|30|thirty|a month|too long)\b",
    }.items()
}
_DISTINCT = ("final_sale", "out_of_stock", "other_family")
_ABOUT = {
    "change_address": re.compile(r"address"),
    "update_email": re.compile(r"e-?mail"),
    "open_claim": re.compile(r"\b(claim|report|case|ticket)"),
    "escalate": re.compile(
        r"\b(person|human|colleague|some(body|one)|manager|representative|specialist|team|transfer|escalat|hand)"
    ),
}
# What must not be said of a parcel in each state.
_FALSE_OF = {
    "preparing": re.compile(r"\b(delivered|came|arrived|ago|late|(has|have) shipped|in transit)\b"),
    "in transit": re.compile(
        r"\b(was delivered|been delivered|came|arrived|ago|ships in|preparing|pending)\b"
    ),
    "delivered": re.compile(
        r"\b(on its way|in transit|arrives|ships|will (arrive|be delivered|ship)|preparing|pending)\b"
    ),
    "late": re.compile(r"\b(was delivered|been delivered|ago|ships in|preparing|pending)\b"),
}
_BACK = re.compile(r"\b(back|refund\w*|receiv\w+|returned|credit\w*)\b")
_PAY = re.compile(r"\b(pay|owe|charged?)\b")
_ASKED = (
    ("new_email", re.compile(r"\bnew e-?mail\b")),
    ("identity", re.compile(r"\b(e-?mail|zip)\b")),
    ("order", re.compile(r"\border (number|id)\b|\b(which|what) order\b")),
    ("address", re.compile(r"\baddress\b")),
    ("new_item", re.compile(r"\binstead\b")),
    ("", re.compile(r"\b(else|more|further|other|help you)\b")),
)


# Several checks read the same messages, and messages share clauses, so what is made of the latest ones is kept.
@lru_cache(4096)
def plain(text: str) -> str:
    """Return `text` with one sort of apostrophe, without list numbers, and with amounts as whole numbers."""
    text = _LISTED.sub("", text.replace("’", "'").replace("‘", "'"))
    if ".00" in text:
        text = _CENTS.sub("", text)
    return _THOUSANDS.sub("", text) if "," in text else text


@lru_cache(4096)
def clauses(text: str) -> list[str]:
    """Return the clauses of a message, politeness taken out."""
    text = plain(text)
    folded = text.casefold()
    if any(mark in folded for mark in _MAYBE_POLITE):
        text = _POLITE.sub(" ", text)
    return [part for piece in _CLAUSE.split(text) if (part := piece.strip())]


@lru_cache(4096)
def _folded(text: str) -> list[str]:
    return [clause.casefold() for clause in clauses(text)]


@lru_cache(4096)
def _denies(folded: str) -> bool:
    return _NO.search(folded) is not None


def digits(text: str) -> set[str]:
    """Return the numbers in a text that is no message."""
    return set(_NUMBER.findall(text))


@lru_cache(4096)
def numbers(text: str, *, words: bool = False) -> frozenset[str]:
    """Return the numbers in a message, and if wanted those in words."""
    text = plain(text)
    found = set(_NUMBER.findall(text))
    if words:
        found |= {str(_WORDS[word]) for word in _WORD.findall(text.casefold())}
    return frozenset(found)


def invented(text: str, known: set[str]) -> list[str]:
    """Return the numbers of a message that are not known."""
    return sorted(numbers(text) - known)


def questions(text: str) -> Iterator[str]:
    """Yield what a message asks for, by name; `other` if that is not known, nothing for "anything else?"."""
    for sentence in _SENTENCE.split(text):
        if sentence.rstrip().endswith("?"):
            folded = sentence.casefold()
            yield next((name for name, pattern in _ASKED if pattern.search(folded)), "other")


def says_no(text: str, reason: str) -> str:
    """Return what is wrong with a message as a refusal for `reason`; empty if nothing is."""
    wanted = _REASONS[reason]
    if not any(_denies(clause) or wanted.search(clause) for clause in _folded(text)):
        return "no refusal"
    folded = text.casefold()
    others = [name for name in _DISTINCT if name != reason and _REASONS[name].search(folded)]
    if others and not wanted.search(folded):
        return f"another reason: {others[0]}"
    return ""


def tells(text: str, tool: str, args: dict[str, Any], tell: tuple[int, ...], sign: int) -> bool:
    """Return whether a message tells that a change was made, or what was looked up, with its numbers."""
    if not tool and (false := _FALSE_OF.get(args.get("state", ""))) and false.search(text.casefold()):
        return False
    about = _ABOUT.get(tool)
    exact = [str(args[key]) for key in ("address", "email") if key in args]
    for clause in _folded(text):
        if tool and _denies(clause):
            continue
        if tell:
            if not {str(number) for number in tell} <= numbers(clause, words=True):
                continue
            pays, gets = _PAY.search(clause) is not None, _BACK.search(clause) is not None
            if (sign < 0 and pays and not gets) or (sign > 0 and gets and not pays):
                continue
            return True
        if _DONE.search(clause) or any(one in text for one in exact) or (about and about.search(clause)):
            return True
    return False


def contradicts(text: str) -> bool:
    """Return whether a message says that something cannot be done."""
    return any(_CANNOT.search(clause) for clause in _folded(text))


def claims(text: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield what a message claims to have been done, with the tools that can do it; none of them means any."""
    for sentence in _SENTENCE.split(text):
        yield from _claims_of(sentence)


@lru_cache(4096)
def _claims_of(sentence: str) -> list[tuple[str, tuple[str, ...]]]:
    if sentence.rstrip().endswith("?"):
        return []
    found: list[tuple[str, tuple[str, ...]]] = []
    for clause, folded in zip(clauses(sentence), _folded(sentence), strict=True):
        if _denies(folded) or _MODAL.search(folded):
            continue
        if _DONE.search(folded):
            found.append((clause, ()))
        found += [(clause, tools) for pattern, tools in _CLAIMS if pattern.search(folded)]
    return found
