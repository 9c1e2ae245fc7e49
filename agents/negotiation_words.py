"""How negotiators put things, by composition: see `wording` for the grammar.

A message that goes with terms names them in figures and has no others; a message without terms has none at all. What
the rules forbid is not in the grammar: nobody speaks of limits, weights or worth, and what is said of oneself is true.
"""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from gristmill.wording import Phrase

__all__ = ["asked_in_words", "issue", "split", "terms"]

_HELLO = "[Hello|Hi|Good day|Greetings|Hello there|Nice to meet you][, {other}|][.|!] "
HELLO = Phrase(_HELLO)
# Who opens, or answers whoever opens, says what it is there for: by seat, or for items.
OPENING = {
    "buyer": Phrase(
        _HELLO + "[I would like to buy|I am interested in|I am looking for|I need|I have come for] {product}"
        "[| on fair terms| today| if we can agree]. "
    ),
    "seller": Phrase(
        _HELLO + "[I have|I can offer you|I am happy to sell you|I can let you have] {product}"
        "[| in good condition| on fair terms| if we can agree]. "
    ),
    "items": Phrase(
        _HELLO
        + "[Let's|Let us] [split|share|divide] [these|all this|what is here][ fairly| well| sensibly|]. "
    ),
}

# What is said about the other's last act.

BETTER = Phrase(
    "[Thank you, |Good, |I see that, |Fine, |All right, ][that is a step|that helps|that is better|we are getting closer"
    "|you have moved|that is movement|that is the right direction].[ | I appreciate it. | That is kind. ]"
)
STUCK = Phrase(
    "[You have not moved.|That is what you said before.|You are not making this easy.|I see no movement there."
    "|We are going in circles.|That brings us no closer.] [|Please move too. |I need to see more. |Meet me on the way. ]"
)
WORSE = Phrase(
    "[That is a step back.|That is worse than before.|Now we are moving apart.|You offered more before.]"
    " [|Please think again. |That does not help. |Let us not go backwards. ]"
)
FAR = Phrase(
    "[Thank you, but |I see, but |Interesting, but |Well, |Hm, ][that is far from what I need|we are far apart"
    "|that is not what I hoped for|that asks a lot of me|I had something else in mind]. "
)
CLOSE = Phrase(
    "[Not bad|We are close|That is close|Almost|Nearly there|I like the direction]. [|A little more, please. |Let me try this. ]"
)
REMARK = Phrase("[I see|I understand|I hear you|Fair enough|Let us talk terms|Very well|All right]. ")
TOLD = Phrase(
    "[Thank you, that is good to know.|Good to know.|Thank you for telling me.|That helps, thank you.|I will keep that in mind.] "
)
REFUSED = Phrase(
    "[Sorry, let me think again.|One moment, I misspoke.|Sorry, that was a slip.|Let me put that differently.|Bear with me, please.]"
)

# Arguments.

FAIR = Phrase(
    " [That would be fair to both of us|There is something in it for both of us|I think we both gain by it"
    "|That should suit us both|I think that is reasonable|That looks fair to me]."
)
PRIORITY = Phrase(
    "[To be open, |Frankly, |You should know: |I will be frank: |As you can guess, ]{issue} [matters most to|counts most for] me. "
)
CARE = Phrase(
    "[To be open, |Frankly, |You should know: |I will be frank: |As you can guess, ]I [care most about|am most interested in] the {issue}. "
)
ELSEWHERE = Phrase(
    "[You should know that |To be open, |Please bear in mind: |Frankly, |I will be frank: ]I have another offer[ in hand|]. "
)
HURRY = Phrase(
    "[Time is short.|There is not much time left.|We are running out of time.|Let us come to an end.|Time is nearly up.] "
)

# Offers of the market.

OPENERS = Phrase(
    "[I offer|My offer is|I propose|I suggest|Let me start with|I have in mind|What I suggest is|I would say] "
)
MOVES = Phrase(
    "[I can move to|I could go to|I can meet you at|I can improve it to|I am ready to agree to|Let me come to you with|I can do] "
)
HOLDS = Phrase(
    "[I stay with|I have to stay with|I keep to|I stand by|My offer is still|I hold on to|I still say] "
)
LAST = Phrase("[My last offer is|My final offer is|For the last time, I offer|This is my last word:] ")
ASKING = Phrase("[How about|What about|What do you say to|Could we agree on|Would you take|Shall we say] ")
_DELIVERY = "[delivery in|delivery within|delivery after] {delivery} days"
_WARRANTY = "[{warranty} months of warranty|a warranty of {warranty} months|{warranty} months' warranty]"
_PAYMENT = "[payment after|payment within|payment in] {payment} days"
_AT_ONCE = "[payment on delivery|cash on delivery|payment at once]"
_AND = "[, | and | with ]"
_THANKS = (
    "[| Thank you.| It was good to deal with you.| I am glad we agree.| Good that we found a way.| Thanks.]"
)


def _orders(payment: str, end: str) -> tuple[Phrase, ...]:
    """Return the phrases that name all terms, one for each order of them."""
    return (
        Phrase(f"${{price}}, {_DELIVERY}, {_WARRANTY}{_AND}{payment}{end}"),
        Phrase(f"${{price}}{_AND}{_WARRANTY}, {_DELIVERY}, {payment}{end}"),
        Phrase(f"{_DELIVERY}, {_WARRANTY}{_AND}{payment}[ for | at | for a price of ]${{price}}{end}"),
        Phrase(f"${{price}}, {payment}, {_DELIVERY}{_AND}{_WARRANTY}{end}"),
    )


# By what they are part of: an offer, one that is put as a question, a deal. First those with payment after some days.
_TERMS = {
    kind: tuple(_orders(payment, end) for payment in (_PAYMENT, _AT_ONCE))
    for kind, end in {
        "offer": "[.|. What do you say?|. Please think about it.|. Can we agree?|. I hope that works.|.]",
        "question": "[?|, please?|, all told?]",
        "deal": "." + _THANKS,
    }.items()
}

# Offers of items.

PROPOSES = Phrase(
    "[My offer: |How about this: |I propose this: |What I suggest: |Here is an idea: |Let me propose: |I suggest: ]"
)
SHIFTS = Phrase(
    "[I can move: |Let me improve that: |A step towards you: |Then how about this: |I can do better: |All right: ]"
)
STAYS = Phrase(
    "[I stay with this: |I have to repeat: |My offer is still the same: |I stand by this: |Again: |As before: ]"
)
FINALLY = Phrase("[My last offer: |My final offer: |For the last time: |This is my last word: ]")
_YOU_REST = "[.|, you get the rest.|, the rest is yours.|, you take the rest.|.]"
_I_REST = "[.|, I keep the rest.|, the rest is mine.|, I take the rest.|.]"
# Splits by what they are part of, by what the speaker gets or what the other gets, and whether there is a rest.
_SPLITS = {
    (kind, by_mine, rest): Phrase(
        f"[{who}] {'{mine}' if by_mine else '{yours}'}"
        + ((_YOU_REST if by_mine else _I_REST) if rest else ".")
        + (_THANKS if kind == "deal" else "")
    )
    for kind, by_mine, who in (
        ("offer", True, "I keep|I take|I would keep|I would take|I get"),
        ("offer", False, "you get|you take|you can have|you keep"),
        ("deal", True, "I get|I take|I keep"),
        ("deal", False, "you get|you take|you keep"),
    )
    for rest in (True, False)
}

# How an offer is announced: one's first, one that concedes, one that does not, and the last.
LEADS = (OPENERS, MOVES, HOLDS, LAST)
ITEM_LEADS = (PROPOSES, SHIFTS, STAYS, FINALLY)

# Ends.

AGREED = Phrase(
    "[Agreed|Deal|Done|Accepted|I accept|Good, we have a deal|Very well, I accept|Fine, that works for me|All right, agreed]: "
)
WALK = Phrase(
    "[I am sorry|Unfortunately|I am afraid|It is a pity, but|Sadly|Well], "
    "[we cannot agree|this does not work for me|we are too far apart|we have not found a way|I see no deal here]. "
    "[I leave it at that.|Let us stop here.|I have to leave.|I wish you luck.|Thank you all the same.|Maybe next time.]"
)

# Questions and claims.

ASK = {
    "priority": Phrase(
        "[Before I say more, |May I ask: |Tell me, |One question: |To see what we can do: ][what|which point|which issue]"
        " [matters most|counts most|is most important] to you?"
    ),
    "alternative": Phrase(
        "[Before I say more, |May I ask: |Tell me, |One question: |I wonder: ][do you have|have you got|is there] another offer"
        "[ in hand| on the table| already|]?"
    ),
}
CLAIM = {
    "priority": Phrase(
        "[To be open, |Frankly, |You ask, so: |Since you ask, |Well, |]{issue} [matters most to|counts most for] me."
    ),
    "yes": Phrase(
        "[Yes, |To be open, |Frankly, yes: |Since you ask: |Indeed, ]I have another offer[ in hand| already|]."
    ),
    "no": Phrase("[No, |To be open, |Frankly, no: |Since you ask: |Well, ]I have no other offer[ in hand|]."),
}
NOT_TOLD = Phrase(
    "[That I keep to myself|I would rather not say|Let us look at offers instead|Offers say it best]. "
)

_ISSUES = {"price": "the price", "payment": "payment", "delivery": "delivery", "warranty": "the warranty"}


def issue(name: str) -> str:
    """Return an issue in words."""
    return _ISSUES.get(name, name)


def terms(kind: str, values: Mapping[str, Any], order: int) -> Phrase:
    """Return the phrase that names the terms of the market, in one of several orders, as part of an offer or a deal."""
    return _TERMS[kind][not values["payment"]][order % 4]


def split(
    kind: str, mine: Mapping[str, int], yours: Mapping[str, int], order: int
) -> tuple[Phrase, dict[str, str]]:
    """Return the phrase that names a split of items, by what the speaker or what the other gets, and its slots."""
    ours, theirs = _listed(tuple(mine.items())), _listed(tuple(yours.items()))
    by_mine = not theirs or (bool(ours) and order % 2 == 1)
    return _SPLITS[kind, by_mine, bool(ours and theirs)], {"mine": ours, "yours": theirs}


# There are few items.
@lru_cache(1_024)
def _listed(items: tuple[tuple[str, int], ...]) -> str:
    """Return items in words, those there are none of left out."""
    some = [f"{count} {name if count != 1 else name[:-1]}" for name, count in items if count]
    return " and ".join([", ".join(some[:-1]), some[-1]] if len(some) > 1 else some)


_QUESTIONS = (
    (
        "priority",
        re.compile(r"\b(matters?|important|priority|prefer|care)\b[^.!]*\?|\bwhat do you (want|need)\b"),
    ),
    ("alternative", re.compile(r"\b(other|another|better) offers?\b[^.!]*\?|\balternatives?\b[^.!]*\?")),
)


def asked_in_words(text: str) -> str:
    """Return what a message asks after, `priority` or `alternative`; empty if neither."""
    if "?" not in text:
        return ""
    folded = text.casefold()
    return next((about for about, pattern in _QUESTIONS if pattern.search(folded)), "")
