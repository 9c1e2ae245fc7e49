"""Whether a reply says that who speaks cannot do what was asked, and did not do it.

"I couldn't find a cheaper one" and "you don't need a jacket" hold the words of a refusal after the thing was done, so it is
the speaker, a tool or the request that has to lack the ability, and no clause may claim that it was done or give a result.
"""

import re

__all__ = ["declined"]

_MINE = r"(?:my|our|the|these|those|this)"
_MEANS = r"(?:tools?|functions?|access|means|way (?:to|of|for)|ability|abilities|capabilit(?:y|ies)|permissions?|integrations?|data|information)"
_ABILITY = r"(?:capabilit(?:y|ies)|abilit(?:y|ies)|scope|reach|power|remit|what (?:i|we|my|these|the)|of my|my (?:tools|functions))"
_UNABLE = re.compile(
    r"\b(?:i|we)(?:'m|'re| am| are) (?:\w+ )?(?:unable|incapable|(?:not|n't) (?:\w+ )?(?:able|capable|equipped|in a position|allowed))\b"
    r"|(?<!did )(?<!didn't )(?<!say )(?<!that )\b(?:i|we) (?:\w+ )?(?:cannot|can not|can't)\b(?! (?:wait|agree|help but|thank|stress|believe|imagine"
    r"|recommend|complain|say i|fail|miss|refuse|go wrong)\b)"
    rf"|\b(?:i|we) (?:\w+ )?(?:(?:do not|don't) (?:\w+ )?have (?:\w+ ){{0,3}}?{_MEANS}|lack|(?:have|'ve) no (?:\w+ )?{_MEANS})"
    r"|\b(?:i|we) (?:do not|don't) (?:support|offer)\b|\b(?:i|we) only have (?:\w+ )?(?:tools|functions|access)\b"
    rf"|\bno (?:\w+ )?{_MEANS}\b|\bnone of {_MINE} (?:\w+ )*?(?:tools|functions)\b"
    rf"|\b{_MINE} (?:\w+ )?(?:tools|functions) (?:do not|don't|cannot|can't|can not)\b"
    r"|(?:\bnot|n't) (?:something|anything|a thing|one of the things) (?:that )?(?:i|we|my tools)(?:'m|'re| am| are)? (?:can|could|able)\b"
    rf"|\b(?:outside|beyond|out of)\b(?: of)? (?:\w+ )?{_ABILITY}"
    r"|(?:\bnot|n't) (?:possible (?:for me|with|here)|available to me|supported)\b",
    re.IGNORECASE,
)
_PARTICIPLE = (
    r"(?:booked|sent|done|scheduled|ordered|created|deleted|added|updated|cancell?ed|completed|reserved|bought|paid|posted|saved|"
    r"set|arranged|confirmed|placed|submitted|turned (?:on|off)|transferred|converted|translated|emailed|mailed|published|found)"
)
_TRIED = (
    r"(?:apologi[sz]|check|look(?!ed (?:it|that|them|this) up)|search|tri|review|need|wish|want|limit|design|train|understood|notic|regret|ask|consider|thought"
    r"|only|am\b|'m\b)"
)
_CLAIMED = re.compile(
    rf"\b(?:i|we)(?:'ve| have)?(?: (?:just|already|now|also|then))* (?!{_TRIED})"
    r"(?:\w{2,}ed|sent|did|made|set|bought|paid|got|took|put|wrote|found|went ahead)\b(?! not\b| by design)"
    rf"|\b{_PARTICIPLE}\s*(?:$|[.!:;,–—\n])"
    rf"|\b(?:is|are|was|were|has been|have been|'s|'ve been)(?: now| already| all)? (?:{_PARTICIPLE}|on (?:its|the) way)\b"
    r"|\bhere(?: is|'s| are) (?:your|the|what)\b",
    re.IGNORECASE,
)
_RESULT = re.compile(
    r"\b(?:is|are|was|were|will be|costs?|leaves?|lands?|arrives?|at)(?: (?:at|about|around|currently|now))? [-−$€£]?\d"
    r"|[-−]?\d+(?:[.,:]\d+)?\s?(?:°|degrees?|%|[€$£]|[ap]\.?m\b|o'clock|euros?|dollars?)",
    re.IGNORECASE,
)
_STATED = re.compile(  # a sentence about the world before the refusal; what is said of tools belongs to that
    r"(?:^|[.!?\n]\s*)(?:it(?:'s| is)|the|your|they|there)\b(?![^.;!\n]*\b(?:tool|function|request)s?\b)[^.;!\n]*[.;!\n]",
    re.IGNORECASE,
)
_NEAR = 80  # characters before a claim in which it may be denied
_UNDONE = re.compile(
    r"\b(?:cannot|can ?not|can't|could ?n[o']t|not|n't|no|nothing|unable|if|once|when|until|to get)\b[^.!?\n]*$",
    re.IGNORECASE,
)


def declined(reply: str) -> bool:
    """Return whether a reply is a refusal: it says who or what cannot, claims nothing to be done, and gives no result."""
    told = re.sub(r"[*_`]", "", reply.replace("’", "'"))
    unable = _UNABLE.search(told)
    if not unable or _RESULT.search(told) or _STATED.search(told[: unable.start()]):
        return False
    return all(
        _UNDONE.search(told[max(0, one.start() - _NEAR) : one.start()]) for one in _CLAIMED.finditer(told)
    )
