"""What agents say, as patterns for one clause in lower case: refusals, claims, promises, reasons, ways of money.

Each is a list of the plain words for one thing, wide where another check holds the facts, narrow where words are
all there is. Ignoring the case as they search would take twice the time, so they are for folded text.
"""

import re

__all__ = [
    "ABOUT",
    "CARDS",
    "CLAIMS",
    "CONDITION",
    "DISTINCT",
    "DONE",
    "ELSEWHERE",
    "FAILED",
    "GETS",
    "HYPOTHETICAL",
    "LESS",
    "MODAL",
    "MORE",
    "NO_CARD",
    "PAYS",
    "PAYS_BACK",
    "PENDING",
    "PROMISES",
    "REASONS",
    "REFUSES",
    "UNCERTAIN",
    "UNDENIABLE",
    "UNTRUE",
]

# Refuses a request, whatever it was.
REFUSES = re.compile(
    r"\b(can't|cannot|can not|couldn't|could not|unable to|not able to)\b(?!.{0,30}\b(find|see|match|locate|wait|thank)\b)"
    r"|\bwon't be able\b|\b(won't|will not) (be )?(refund|cancel|exchang|chang|do |possible|go )|(\bnot|n't) (be )?(possible"
    r"|eligible|allowed|permitted|refundable|returnable|covered|an option)|\bnon-refundable\b|\bnothing (i|we) can do\b"
    r"|\b(impossible|ineligible|no longer (possible|eligible)|too (late|early)|declin\w+|refus\w+|reject\w*|denied"
    r"|rule[sd]? (it |that |this |a refund )?out|say no|against (our|the) (policy|rules)|off the table|out of the question)\b|^\W*(sorry )?no$",
)
# Says that what was asked for has not been done. What cannot be done again, or undone, is another thing.
FAILED = re.compile(
    r"\b(can't|cannot|can not|couldn't|could not|unable to|not able to|not possible to) (\w+ ){0,2}?(do (that|this|it|so)\b"
    r"|help|assist|proceed|go ahead|refund|cancel|exchang|swap|chang|updat|process|complet|open|fil|remov|tak|pay|mak"
    r"|transfer|escalat|return|use|appl)(?!.*\b(again|later|after\w*|once|twice|back)\b)"
    r"|\b(fail(s|ed)?|unsuccessful|impossible|declin\w+|refus\w+|reject\w*|denied)\b|(\bnot|n't) (go|gone) through\b",
)
DONE = re.compile(
    r"^\W*((great|okay|ok|good|perfect|alright)\W+)?(yes\W+)?(it is |it's |that is |that's )?"
    r"(done|all set|all done|settled|that worked|there you go|good news|taken care of)\b"
    r"|\b(refund|cancellation|exchange|return|claim|change|update|payment|swap|that|it)\b.{0,40}"
    r"\b(is|was|has been|have been) (complete|processed|completed|issued|approved)\b"
    r"|\bsuccessfully (cancel|refund|exchang|swap|chang|updat|remov|fil|open|submit|process|complet|escalat|paid)",
)
# Not a claim about what is, but about what could be, or what is asked for.
MODAL = re.compile(
    r"\b(can|could|would|will|if|once|when|until|before|unless|only|need|must|should|may|might|want\w*|like|wish|request\w*"
    r"|asked|to (be|get|have|see)|get (that|this|the|your|it)|eligible|whether|going to)\b|'ll\b|'d\b",
)
CONDITION = re.compile(r"\b(if|whether|unless|until|once|when|before|after|as soon as)\b")
# Says that something might be, not that it is. What will be is told well enough.
UNCERTAIN = re.compile(
    r"\b(if|whether|unless|until|would|could|might|may(?! take)|maybe|perhaps|want\w*|wish\w*|some ?day|possible|eligible"
    r"|qualif\w+|can (i|we|be|get|have|offer|give|file|report|open|call|contact|reach|help)|(i|we) can(?! confirm)"
    r"|please (file|report|open|submit|call|contact|send|return))\b|'d\b|^to (get|have|receive)\b",
)
# Makes what was done wait for something else.
PENDING = re.compile(
    r"\b(once|after|when|as soon as)\b.*\b(approv\w+|review\w*|inspect\w*|(we|you) (have |'ve )?(receiv\w+|g[eo]t|sen[dt]|return\w*))\b"
)
HYPOTHETICAL = re.compile(
    r"\b(if|whether|unless|until|once|when|would|could|can|might|may|only|want\w*|like|wish\w*|possible|eligible|asked"
    r"|request\w*|to (be|get|have|see))\b|'d\b",
)
PAYS_BACK = ("refund_item", "cancel_item", "cancel_order", "exchange_item")
# Which tools stand behind which claim.
CLAIMS = (
    (
        re.compile(
            r"\b(refunded|reimbursed)\b|\b(goes|went|gone) back to you|\bgets? \S+ back\b"
            r"|\b(refund|money) (is|has been) (already |now )?(on (its|the) way|coming|being|sent)\b"
        ),
        PAYS_BACK,
    ),
    (
        re.compile(
            r"\bcancel+ed\b|\bcalled off\b|\brecalled\b|\btook out\b|\b(i|have|has been|i've) (removed|dropped)\b"
        ),
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
# Holds out what was refused: money or a change on its way, or an act of the agent's.
PROMISES = re.compile(
    r"\b(money|refund|cash|cancellation|exchange|replacement|price)\b(?! (window|period|policy|limit)).{0,20}\b(is|are|was|has|have|will|comes|goes)\b.{0,15}"
    r"\b(on (its|the) way|coming|with you|to you|back|sent|yours|processed|approved|confirmed|issued|arranged|complete\w*|done"
    r"|go|gone|through|being|reach\w*|arrive\w*|follow\w*)\b"
    r"|\b(i|we)('ll| will|'m| am|'re| are|'ve| have)? (\w+ly |now |just |going to )?(cancel|recall|refund|call(ed|ing)? (it |that )?off"
    r"|reimburs|exchang|swap|redirect|rerout|(send(ing)?|sent|pay(ing)?) your? .{0,20}\b(money|refund|back|new|replacement)|open(ed|ing)? (a|the|your) claim)"
    r"|\b(i|we)('ve| have)? (managed|arranged|made an exception|(was|were) able) (?!.*\b(find|locate|look|see|reach|verify|check)\b)"
    r"|\bbeing (cancel|call|refund|recall|exchang|redirect|rerout|return|reimburs|replac)"
    r"|\byou('ll| will|'re)? (be )?(get|getting|receiv\w+|see|hav\w+) .{0,20}\b(refund|money|back)\b",
)
# What can stand for a reason where no "no" is said; and what would be another reason.
REASONS = {
    name: re.compile(pattern)
    for name, pattern in {
        "already_shipped": r"\b(has|have|had|was|been|is|already|just|'s)\b.{0,20}\b(shipped|left|dispatched|sent|delivered|gone)\b"
        r"|\bon (its|the) way\b|\bin transit\b|\bno longer pending\b|\bleft already\b",
        "final_sale": r"\bfinal[- ]sale\b",
        "identity": r"(\b(not|no|unable to)|n't)\b.{0,30}\b(identi\w+|who you are|details|verif\w+|confirm\w*|match\w*)\b",
        "low_balance": r"(\bnot|n't) (\w+ ){0,2}(cover|enough|sufficient)|\btoo (low|little|small)\b|\binsufficient\b|\b(short|exceeds)\b"
        r"|\b(less|lower|more) than\b|\bbelow\b|\bonly (has|have|holds|covers|\$?\d)",
        "not_delivered": r"(\b(not|yet|still|until|only after|once)|n't)\b.{0,30}\b(deliver\w+|on (its|the) way|arriv\w+|in transit|reach\w*)\b",
        "not_late": r"(\b(only|just|so far|not|until|after|wait|more than|at least)|n't)\b.{0,40}\b(late|days|week)\b|\blate\b.{0,20}\bso far\b",
        "not_owner": r"\b(another|other|different|someone else's?|somebody else's?) (customer|account|person|user|name)|(\bnot|n't)"
        r" (\w+ ){0,2}(yours|your (order|account|name|e-?mail)|you)\b",
        "other_family": r"\b(another|other|different|same)\b.{0,20}\b(famil\w+|categor\w+|kinds?|types?|groups?)\b",
        "out_of_stock": r"\b(out of stock|sold out|none left|unavailable|no longer available)\b|(\bnot|n't) (\w+ ){0,2}(in stock|available)\b",
        "outside_window": r"\b(window|period|deadline|limit|days|month)\b.{0,25}\b(over|passed|past|closed|expired|ended|up|out)\b"
        r"|\b(over|past|more than|outside|beyond|exceeds?|after|older than|longer than|only|first)\b.{0,30}"
        r"\b(window|period|deadline|limit|30|thirty|month)\b",
    }.items()
}
DISTINCT = ("final_sale", "out_of_stock", "other_family", "not_owner")
_MONEY = r"\b(back|refund\w*|reimburs\w*|credit\w*)\b"
_COMES = (
    r"|\b(receiv\w+|(?<!you )returned|returns|sent|get|gets|getting|goes|went|appears?|shows?|see|transferred|issued|reversed"
    r"|voided|reach\w*|on (its|the) way|(to|on|onto) your)\b"
)
# What an outcome is told by; where there is a number, in one clause with it.
ABOUT = {
    name: re.compile(pattern)
    for name, pattern in {
        "refund_item": _MONEY + _COMES,
        "cancel_order": _MONEY + _COMES + r"|\bcancel|\bcalled off\b",
        "cancel_item": _MONEY + _COMES + r"|\bcancel|\b(took|taken|remov\w+|dropp\w+)\b",
        "exchange_item": _MONEY + _COMES + r"|\b(exchang\w+|swap\w*|trad\w+|charg\w+|bill\w*)\b",
        "pay_with_gift_card": r"\b(left|remain\w*|rest|balance|leav\w+|holds?|still|now has|on it)\b",
        "change_address": r"\baddress\b.*\b(changed|updated|set|corrected|is now|new)\b"
        r"|\b(changed|updated|corrected|redirected|rerouted)\b.*\b(address|order|parcel|delivery)\b",
        "update_email": r"\b(e-?mail|address)\b.*\b(changed|updated|replaced|set|is now|new)\b|\b(changed|updated|replaced)\b.*\be-?mail",
        "open_claim": r"\b(open\w*|filed|submitted|created|raised|logged|registered|started|lodged|made|reported|set up|put in)\b"
        r".*\b(claim|report|case|ticket|damage|loss)|\b(claim|report|case|ticket)\b.*"
        r"\b(open\w*|filed|submitted|created|raised|logged|registered|started|lodged|set up|in place|under way)\b",
        "escalate": r"\b(person|human|colleague|some(body|one)|manager|representative|specialist|team|agent)s?\b.*"
        r"\b(call\w*|ring|phone|write|contact\w*|tak\w+|reach\w*|get\w*|touch|help\w*|assist\w*|join\w*|follow\w*|speak\w*|be with|look\w*)\b"
        r"|\b(transfer\w*|escalat\w+|hand(ed|ing) you|passed|forwarded|connect\w*|put\w* you through)\b",
    }.items()
}
# What may stand in another clause than the number.
ELSEWHERE = re.compile(_MONEY + r"|\bcancel|\bcalled off\b|\b(took|taken|remov\w+|dropp\w+)\b")
# What must not be said of a parcel in each state, or of a balance; and what must not be denied.
_AGO = r"^(?!.*\b(ordered|placed|bought|paid|shipped|left|sent)\b).*\bago\b"
_LATE = r"\b(late|overdue|delayed|behind|due since)\b"
UNTRUE = {
    name: re.compile(pattern)
    for name, pattern in {
        "preparing": rf"{_AGO}|{_LATE}|\b(delivered|came|arrived|in transit|on (its|the) way|out for delivery|handed|carrier|courier)\b"
        r"|\b(has|have|had|was|been|already|just|it's) (been )?(shipped|sent|dispatched|left)\b"
        r"|\b(arriv\w+|reach\w*( you)?|with you|there|here) (in|within)\b",
        "in transit": rf"{_AGO}|{_LATE}|\b(was|been|already|is) delivered\b|\b(came|arrived|preparing|being prepared|pending|waiting for you)\b"
        r"|\bships in\b|\b(will|be) (ship|shipped|sent)\b",
        "delivered": rf"{_LATE}|\b(on (its|the) way|in transit|arrives|arriving|ships|preparing|being prepared|pending)\b"
        r"|\b(will|should) (arrive|be delivered|ship|reach|come)\b|\bin (about |around )?[\w-]+ days?\b",
        "balance": r"\b(ow(e|es|ed|ing)|debt|due|negative|minus|overdrawn|short|spent)\b",
    }.items()
}
UNDENIABLE = {
    "in transit": re.compile(r"\b(shipped|left|dispatched|sent|on (its|the) way)\b"),
    "delivered": re.compile(r"\b(shipped|left|dispatched|delivered|arrived|come|came)\b"),
}
# Which way money goes. Where both ways are spoken of, more or less decides.
GETS = re.compile(
    r"\b(back|refund\w*|receiv\w+|returned|reimburs\w*|credit(s|ed)?(?! card)|less|cheaper|lower|sav(e|es|ed|ing|ings)|in your favou?r"
    r"|(we|we'll|we're|will|and|i|i'll|i've|have|are) (pay|paid|paying|ow(e|ing)) you|pays you|reversed|voided"
    r"|get(s|ting)? (about )?(\$?\d|the (price )?difference|your money))\b",
)
PAYS = re.compile(
    r"\b((pay|pays|paying|owe)(?! you)|payable|charg\w+|bill(ed|s)?|costs?|more|extra|additional|higher|add(s|ed)?|dearer|pricier|surcharge|top up"
    r"|debit\w*|deduct\w*|due|(taken|took)\b.{0,20}\bfrom|(comes|came|goes) (off|out of))\b",
)
LESS = re.compile(r"\b(less|cheaper|lower|sav(e|es|ed|ing|ings))\b")
MORE = re.compile(r"\b(more|extra|additional|higher|dearer|pricier)\b")
CARDS = {
    "gift card": re.compile(r"\b(gift[- ]?card|store credit|voucher)"),
    "card": re.compile(r"(?<!gift )(?<!gift-)\bcard\b"),
}
NO_CARD = re.compile(r"\b(instead of|rather than|not) (to |on |your |the |a )*(gift[- ])?card\b")
