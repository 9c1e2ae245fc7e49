"""How the support customer and the support agent put things.

Every message is made of phrases, and stands for hundreds of forms, see `wording`. The words that carry the meaning
(refund, exchange, zip …) are those by which each side understands the other. Items may be plural (gloves), so no
verb agrees with them.
"""

import re
from functools import lru_cache

from gristmill.wording import Phrase

_QUESTIONS = ("Can ", "Could ", "What ", "When ", "Any ", "Do ")
_THANKS = {", thanks": " Thanks.", ", thank you": " Thank you."}


def sentence(opening: str, wish: str, closing: str) -> str:
    """Join an opening, a wish and a closing, as a question where the wish is one."""
    question = wish.startswith(_QUESTIONS)
    if opening and not wish.startswith(("I ", "I'")):
        wish = wish[0].lower() + wish[1:]
    if not question:
        return opening + wish + closing + "."
    if closing in _THANKS:
        return opening + wish + "?" + _THANKS[closing]
    return opening + wish + closing + "?"


# The customer.

HELLO = Phrase("[|Hi, |Hello, |Hey, |Hi there, |Hello there, |Good day, |Greetings, ]")
NEXT = Phrase("[Also, |And |One more thing: |Next: |Then |Another thing: |Besides, |Oh, and ]")
_PLEASE = Phrase("[|, please|, thanks|, thank you|, if you can|, if possible]")
_SADLY = Phrase("[|, I'm afraid|, sadly|, it seems|, unfortunately|, by the way]")
_QUERY = Phrase("[|, please|, thanks|, thank you]")
CLOSING = {"lost": _SADLY, "damaged": _SADLY, "status": _QUERY, "balance": _QUERY}
CLOSING_OF_A_WISH = _PLEASE
OF_ORDER = Phrase("[ in order | from order | of order | in my order | from my order ]")
_WANT = "[I'd like to|I want to|I need to|Can I|Could I|Please let me|I would like to|I have to]"
_GET = "[I'd like|I want|I need|Can I get|Could I have|Please give me|I would like|I am asking for]"

WISHES = {
    "cancel_order": Phrase(_WANT + " [cancel|call off] [the order with the|my order with the|everything with the] {item}{order}"),
    "cancel_item": Phrase(_WANT + " [remove|drop|take out] [the|just the|only the] {item}{order}"),
    "refund": Phrase(_GET + " [a refund|my money back|a full refund] for [the|my] {item}{order}"),
    "exchange": Phrase(_WANT + " [exchange|swap|trade in] [the|my] {item}{order}"),
    "address": Phrase(_WANT + " change the address [for|of] the {item}{order}"),
    "gift_payment": Phrase(_WANT + " [pay|pay for] the {item}{order} [by gift card|with my gift card|with a gift card]"),
    "lost": Phrase("[The|My] {item}{order} [never came|never arrived|got lost|never turned up|never showed up]"),
    "damaged": Phrase("[The|My] {item}{order} [came|arrived|got here|turned up] [damaged|broken|cracked|scratched|dented]"),
    "status": Phrase("[What is the status of|When do I get|Can you track|Please track|When will I get|Any status on] [the|my] {item}{order}"),
    "balance": Phrase(
        "[What is|Tell me|Can you check|I'd like to know|Please check|I want to know|Could you look up|Can I hear]"
        " [the balance of my gift card|my gift card balance|what is left on my gift card|my balance]"
    ),
    "email": Phrase(_WANT + " [change|update|replace|correct] my e-mail"),
    "human": Phrase(_WANT + " [speak|talk] [to|with] a [person|human|manager|representative|real person|colleague of yours]"),
}  # fmt: skip
WISHES_WITH_DETAIL = {
    "exchange": Phrase(_WANT + " [exchange|swap|trade in] [the|my] {item}{order} for [the|one] {new_item}"),
    "address": Phrase(_WANT + " change the address [for|of] the {item}{order} to {address}"),
    "email": Phrase(_WANT + " [change|update|replace|correct] my e-mail to {new_email}"),
}
CHANGED_MIND = Phrase(
    "[Actually, |No wait, actually |Hm, actually |Sorry, actually |On second thought, |Well, actually ]"
)
# What a customer says of an order besides, in whose words an agent is not to look for a wish.
STORIES = {
    "recently": Phrase("I [got|received] the order [only the other week|not long ago|a few days ago|just the other day]."),
    "long ago": Phrase("I [got|received] the order [months ago|a good two months ago|many months ago|some months ago]."),
    "not yet": Phrase("I [have not got the order yet|have yet to get the order|am still waiting for the order|have not received the order yet]."),
    "card": Phrase("I paid [by card|with my card|for it by card|for it with my card]."),
    "gift card": Phrase("I paid [by gift card|with my gift card|for it by gift card|for it with my gift card]."),
}  # fmt: skip
CORRECTED = Phrase(
    "[Sorry, that was wrong: |No, I mixed that up: |Wait, I have to correct that: |Oh, I got that wrong: ]"
)
DENIAL = Phrase(
    "[|But |Hm, |Sorry, |Strange: ][I see nothing of it|I see no such thing|I have heard nothing of it|I have had nothing]. "
    "[Please do it again.|Could you do it again?|Please do it once more.|Can you do it once more?]"
)
IDENTITY = Phrase(
    "[|Sure: |Of course: |It is |Yes, |Here you are: |Certainly: |Right, ]{email}"
    "[, | and | with zip |, zip | / | and zip ]{zip}[.|, that is it.|, thanks.|, thank you.|, as always.]"
)
ORDER = Phrase(
    "[|Sorry, |Oh, |Right, |My mistake, |Hm, ][it is |the number is |I meant |that is |it should be |make that |it was |it must be ]"
    "{order}[.|, sorry.|, I think.|, thanks.|, thank you.]"
)
ADDRESS = Phrase(
    "[|Sure: |Yes: |Right: |Here it is: |Of course: ][to |it is |please use |the new one is |send it to |make it |ship to ]"
    "{address}[.|, please.|, thanks.| from now on.|, thank you.]"
)
NEW_ITEM = Phrase(
    "[|Hm, |Well, |Let me see, |Right, |Oh, ][the |I'd like the |make it the |I'll take the |let it be the |just the |give me the ]"
    "{item}[.|, please.|, thanks.| then.|, I think.]"
)
NEW_EMAIL = Phrase(
    "[|Sure: |Yes: |Right: |Here it is: |Of course: ][|it is |it should be |please use |make it |the new one is |take ]"
    "{email}[|, please|, thanks| from now on|, thank you]."
)
DO_NOT_KNOW = Phrase(
    "[|Hm, |Well, |Oh, |Sorry, |Let me see, ][I do not know|I have no idea|I can't say|no idea|I could not tell you|that I don't know"
    "|I don't have that][.|, sorry.| right now.|, I'm afraid.| at the moment.]"
)
YES = Phrase(
    "[Yes|Sure|Of course|Certainly|Right|Absolutely|Yes, yes][, please|, go ahead|, do that|, I'd like that|, I do|]"
    "[.|, thanks.|, thank you.|, I'm sure.|, that's it.]"
)

# The agent.

ASK_IDENTITY = Phrase(
    "[Sure.|Of course.|Happy to help.|I can help.|Certainly.|No problem.|Let's see.|Thanks for writing.]"
    " [May I have|Can I have|Could you give me|What are|Would you tell me|Could I get]"
    " your e-mail[ address|] and zip[ code|][|, please]?"
)
ASK_IDENTITY_AGAIN = Phrase(
    "[That does not match.|I find no match.|No match there.|I can't find you with that.|That finds nobody.]"
    " [Could you check|Can you check|Would you check|Could you please check|May I have|Can I have]"
    " your e-mail[ address|] and zip[ code| again| code again|]?"
)
ASK_ORDER = Phrase(
    "[I can't find that order.|There is no such order.|No such order here.|That order does not exist.|I see no such order.]"
    " [What is|Could you check|Can you tell me|Could you repeat|May I have|Would you check] the order number"
    "[| again| once more|, please| for me|, if you can|, maybe]?"
)
_GLADLY = "[|Sure. |Of course. |Gladly. |Certainly. |No problem. |Happy to. |All right. ]"
_COULD = (
    "[What is|Could you tell me|Can you give me|May I have|Would you tell me|Would you give me|Could I have]"
)
ASK_ADDRESS = Phrase(_GLADLY + _COULD + " the new address[ for it||, please| then]?")
ASK_EMAIL = Phrase(_GLADLY + _COULD + " the new e-mail[ address||, please| then]?")
ASK_ITEM = Phrase(
    _GLADLY
    + "[What|Which item|Which one|Which product] [would you like|do you want|should it be|may it be] instead[|, please| then]?"
)

ELSE = Phrase(
    "[| Anything else?| Is there anything else?| What else?| Can I do more for you?| Is there more I can do?"
    "| Do you need anything else?| Can I do anything else?]"
)
REFUSE = Phrase(
    "[Sorry, |I'm sorry, |I am afraid |Unfortunately |Regrettably ][I cannot|I can't|we cannot|we can't] do that: "
)
BECAUSE = {
    "identity": Phrase("[I could not confirm who you are|your identity is not confirmed|your details do not match]."),
    "not_owner": Phrase("[that order is not yours|it is not your order|that order belongs to another customer]."),
    "already_shipped": Phrase("[it has already shipped|it has left already|the order is no longer pending]."),
    "low_balance": Phrase("[your gift card does not cover it|the gift card balance is too low|there is too little on the gift card]."),
    "not_delivered": Phrase("[it has not been delivered|it is not delivered yet|it is still on its way]."),
    "outside_window": Phrase("[it was delivered over 30 days ago|the 30 days are over|that was more than 30 days ago]."),
    "final_sale": Phrase("[it was a final sale|final sale items stay sold|that item was final sale]."),
    "other_family": Phrase("[that is another product family|the items are of different families|it is not the same product family]."),
    "out_of_stock": Phrase("[it is out of stock|we have none left|the new item is out of stock]."),
    "not_late": Phrase("[it is only {days} late|{days} late is too early for a claim|it is {days} late so far]."),
}  # fmt: skip
_DONE = "[Done: |All set: |Good: |There you go: |Settled: |That worked: |All done: |Good news: ]"
_LOOKED = "[I looked: |Let me see: |Here it is: |I checked: |I found it: |So: |I see: |Let's see: ]"
OUTCOMES = {
    "cancel_order": Phrase(
        _DONE + "[the order is cancelled, ${amount} goes back to you|I cancelled it and refunded ${amount}"
        "|I cancelled the order, you get ${amount} back|the order is cancelled and ${amount} is refunded]."
    ),
    "cancel_item": Phrase(
        _DONE + "[I took out the {item}, ${amount} goes back to you|I removed the {item} and refunded ${amount}"
        "|I dropped the {item}, you get ${amount} back|I took out the {item} and refunded ${amount}]."
    ),
    "refund": Phrase(
        _DONE + "[${amount} goes back to your {to}|I refunded ${amount} to your {to}|your {to} gets ${amount} back"
        "|${amount} is refunded to your {to}]."
    ),
    "exchange": Phrase(
        _DONE + "[I exchanged the {item} for the {new_item}|you get the {new_item} for the {item}"
        "|I swapped the {item} for the {new_item}|you will get the {new_item}], {how} ${amount}."
    ),
    "address": Phrase(_DONE + "[it goes|it will go|the order goes|your order will go] to {address}."),
    "gift_payment": Phrase(
        _DONE + "[your gift card paid, ${amount} is left|paid by gift card, ${amount} remains"
        "|the gift card covers it, ${amount} is left|it is paid by gift card, ${amount} is left]."
    ),
    "lost": Phrase(
        _DONE + "[I opened a claim for the lost parcel|a claim for the lost parcel is open"
        "|I filed a claim for the lost parcel|your claim for the lost parcel is open]."
    ),
    "damaged": Phrase(
        _DONE + "[I opened a claim for the {item}|a claim for the damaged {item} is open"
        "|I filed a claim for the {item}|your claim for the {item} is open]."
    ),
    "status": Phrase(_LOOKED + "[it|your order|the order|your parcel] {state}."),
    "balance": Phrase(
        _LOOKED + "[there is ${amount} on it|your balance is ${amount}|your gift card holds ${amount}|you have ${amount} left]."
    ),
    "email": Phrase(_DONE + "[your e-mail is now|we now have|your new e-mail is|from now on we use] {email}."),
    "human": Phrase(_DONE + "[a person will take over|a colleague takes over|somebody will call you|a colleague will call you]."),
    "fraud": Phrase(
        "[I have to pass this on|I pass this on|Someone has to look at this|I can't settle this here|I cannot settle this here|Someone else has to look at this]:"
        " [a colleague takes over|a colleague will call you|a person will take over|a colleague will contact you|a person will call you|a colleague will take over]."
    ),
    "outage": Phrase(
        "[One of our services is down|A service that I need is down|Sorry, our service is down|A service is down right now|Sorry, a service is down|A service that I need is down right now]:"
        " [a colleague takes over|a colleague will call you|a person will take over|a colleague will contact you|a person will call you|a colleague will take over]."
    ),
    "unclear": Phrase("[Sorry, |I am sorry, ][I cannot find it|I can't find it]."),
}  # fmt: skip
LOOKED_AGAIN = Phrase(
    "[I looked again, and it is on file. |I looked once more: it is there. |It is on file, I looked again. |I checked, and it was made. ]"
)
STATES = {
    "preparing": "ships in {days}",
    "in transit": "arrives in {days}",
    "delivered": "came {days} ago",
    "late": "is {days} late",
}


def days(count: int) -> str:
    """Return a number of days in words."""
    return f"{count} day" if count == 1 else f"{count} days"


# What the customer makes of the agent's words. The patterns are for folded text: ignoring the case as they search
# takes twice the time.

_ASKS = re.compile(
    r"\?|\b(what|which|please|(may|can|could|do) (i|you|we)|(tell|give|send) me|need|want to know|let me know"
    r"|provide|share|verify)\b",
)
# What a sentence of the agent asks for.
_SENTENCE = re.compile(r"(?<=[.!?])\s+|\n+")
_FACTS_ASKED = (
    ("new_email", re.compile(r"\bnew (e-?mail|address for your account)\b")),
    ("identity", re.compile(r"(?<!new )\be-?mail\b|\b(zip|postal code|who you are)\b")),
    ("order", re.compile(r"\border (number|id)\b|\b(which|what) order\b")),
    ("address", re.compile(r"(?<!mail )\baddress\b(?! for your account)")),
    ("new_item", re.compile(r"\binstead\b|\bnew (item|product)\b|\bexchange .*for\b")),
)
_FACTS = {name for name, _ in _FACTS_ASKED}
_ELSE = re.compile(r"\b(else|more|further|other)\b")
_WHAT = re.compile(
    r"\b(how (can|may) i|what can i|what (is it|it is) about|what do you|what would you|which (item|product))\b",
)
_CONFIRM = re.compile(
    r"\b(shall|should i|like me to|want me to|proceed|go ahead|confirm|correct|right|sure|okay|ok|would you like)\b",
)
# A denial of who the customer is, and of nothing else.
_TURNS_AWAY = re.compile(
    r"(\b(not|cannot|unable to|no|fail\w*)|n't)( [\w']+){0,3} (identif\w+|confirm\w*|verif\w+|match\w*|find)"
    r" ((that |it's |that it's )?(who )?you( are)?\b(?=$|[.,;:!]| (with|as|from|by|in)\b)|((your|the|this|that|those|any|an|our) )*"
    r"(identity|details|account|e-?mail|zip|information|data|records?)\b)"
    r"|\b(identity|details|e-?mail|zip|information)\b[^.,;!?]{0,25}(\bnot|n't|\bno)\b[^.,;!?]{0,20}\b(confirm|verif|match)"
    r"|\bno match\b|\bwithout (\w+ )?verif"
)


def questions(message: str) -> list[str]:
    """Return all facts that a message asks the customer for; without any, what else it wants, which may be nothing."""
    found = [name for sentence in _SENTENCE.split(message.strip()) for name in _asked(sentence)]
    return [name for name in dict.fromkeys(found) if name in _FACTS] or found[-1:]


@lru_cache(4096)  # an agent uses the same sentences again and again
def _asked(sentence: str) -> tuple[str, ...]:
    """Return what a sentence asks for: some of `_FACTS`, a `wish`, a `yes`, something `unknown`, or nothing."""
    folded = sentence.casefold()
    if not _ASKS.search(folded):
        return ()
    if facts := tuple(name for name, pattern in _FACTS_ASKED if pattern.search(folded)):
        return facts
    if not sentence.rstrip().endswith("?") or _ELSE.search(folded):
        return ()
    return ("wish" if _WHAT.search(folded) else "yes" if _CONFIRM.search(folded) else "unknown",)


def turns_away(message: str) -> bool:
    """Return whether a message says that the customer is not known for who it is."""
    return _TURNS_AWAY.search(message.casefold().replace("’", "'")) is not None
