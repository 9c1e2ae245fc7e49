r"""What stands around a value and makes something else of it, or takes it back.

`-(42)`, `\ln 42`, `x + 42`, `42 trillion` and `42, which is wrong` all hold a 42 and do not say 42. A reply of which that
cannot be told for sure fails: a wrong one that passes spoils what is trained on it, a right one that fails is one example less.
"""

import re

__all__ = ["changed", "changed_after", "changed_before", "shifted", "taken_back"]

_FUNCTIONS = (
    "log", "ln", "lg", "exp", "sin", "cos", "tan", "cot", "csc", "arcsin", "arccos", "arctan", "sinh", "cosh", "tanh", "sqrt",
    "cbrt", "abs", "max", "gcd", "lcm", "sum", "prod", "frac", "dfrac", "tfrac", "binom", "overline",
)  # fmt: skip
_FUNCTION = rf"(?:√(?:\[\d+\])?|\b(?:{'|'.join(_FUNCTIONS)})(?:_\{{?\w+\}}?|\^-?\d)?)"
_NEAR = 60  # characters around a value that are looked at
_BEFORE = re.compile(
    rf"(?:[-+*×·÷^√|]|\}}\s*(?=\{{)|(?<=[\w)])/|(?<=\w)(?=[(⟦])|{_FUNCTION}"
    r"|\b(?:minus|negative|plus|twice|double|triple|half|(?:(?:half|third|quarter|root|square|cube|reciprocal|negative|inverse|opposite"
    r"|predecessor|successor|factorial|logarithm|multiple|power) of(?: the)?)"
    r"|(?:number|value|integer|digit|one) (?:before|after|following|preceding)))\s*[(\[{⟦]*\s*$",
    re.IGNORECASE,
)
_SUM_BEFORE = re.compile(
    r"(?:\b[b-zπ]|\))\s*$", re.IGNORECASE
)  # x +42, whose sign is read as that of the number
_FACTOR = re.compile(r"(?:\d|\b[b-z])$", re.IGNORECASE)  # 2 of a box with 42 in it
_SCALED = re.compile(r"\s?(?:M|B|T|Mn|Bn|Tn)\b|\s?(?:mn|bn|tn|mil|mio|mrd)\b")  # but 42 m are meters
_CHANGED_AFTER = re.compile(
    r"\s*[)\]}⟧]?(?:\s*[×*·÷^√±]|\s*\+|_|\s+-\s+[\d(]|-\d|\s*/\s*[\d(]|\s*\(\s*(?:[-\d.,/]+\s*\)|base\b)|\s?π"
    r"|[\s-]*(?:ish|thousand|[a-z]{1,6}illion|lakh|crore|dozen|gross|squared|cubed|factorial|doubled|tripled|halved)\b"
    r"|\s+(?:plus|minus|mod|(?:times|over|divided by|multiplied by|to the power of|(?:less|more|fewer|greater) than)\s+[-\d($])"
    r"|\s+(?:in |to )?base\s+\d|\s+and\s+(?:an?|one|two|three)\s+(?:half|halves|third|quarter|fifth|tenth)s?\b"
    r"|\s+(?:and|or)\s+(?:more|less|fewer|up|above|below|later|earlier)\b|\s+below zero|\s*(?:UTC|GMT)\s*[-+]\s*\d)",
    re.IGNORECASE,
)
_OPERATED_AFTER = re.compile(r"\s*[A-Za-z°%]+(?:/[a-z]+)?\s*(?:[×*·÷^]|\+\s*\d|\s-\s\d)")  # 7/3 hours × 2
_PART_AFTER = re.compile(  # of something else, where no unit of the task is called so
    r"\s*[)\]}⟧]?\s*[b-zπ](?![\w'.’/])"
    r"|[\s-]*(?:half|halves|third|quarter|fifth|tenth|hundredth|thousandth|millionth|billionth)s?\b",
    re.IGNORECASE,
)
_SHIFTED = re.compile(
    r"\b(?:before|after|following|preceding|past|since|until|till|by|from|around|prior to|week of)\s+(?:(?:the|an?|on)\s+)?[\"'“(]*$|\+\s*$",
    re.IGNORECASE,
)
_OFFERED = re.compile(
    r"\b(?:let me know|tell me|feel free|if (?:any|some|you|there)\w*)\b[^.!?\n]*", re.IGNORECASE
)  # ... if anything is wrong
_TAKEN_BACK = re.compile(
    r"\b(?:wrong|incorrect|false|mistak\w+|erroneous|invalid|impossible|extraneous|reject\w*|discard\w*|rul(?:e|es|ed|ing) out"
    r"|ruled it out|exclud\w+|eliminat\w+|(?:scratch|scrap) (?:that|it)|(?:take|took) (?:that|it) back|disregard|unlikely|fails?|(?:but|and|of which) only|only\s+-?\d+\s+works?"
    r"|too (?:high|low|big|small|large|many|few|much|long|short|early|late))\b"
    r"|\b(?:cannot|can ?not|can't|could ?n['o]t|won't) be\b|\bno such\b"
    r"|(?:n't|\bnot) (?:(?:be|quite|really|look|seem|sound|feel|think|believe|it's|it|is|the|that|that's) ){0,3}(?:right|correct|true|it|so|hold|work|satisfy|valid|count|really|sure|certain|answer)\b|\bnope\b"
    r"|(?:^|[,;:.!?–—-]|\b(?:wait|hmm|oh|actually))\s*no\s*(?:$|[,.;:!–—-]|\b(?:wait|that|it|sorry|scratch|longer)\b)",
    re.IGNORECASE,
)


def changed(text: str, start: int, end: int, unit: bool = False) -> bool:
    """Return whether what stands around a value on its line makes another of it: a sign, a function, a power, a factor.

    Args:
        text: where the value stands.
        start: of the value.
        end: of the value, without its unit.
        unit: whether a unit follows, so that `h` is no variable and a quarter no fraction.
    """
    before = text[max(0, start - _NEAR) : start]
    signed = text[start : start + 1] in ("+", "-") and _SUM_BEFORE.search(before)
    factor = text.startswith("⟦", start) and _FACTOR.search(before)
    return bool(signed or factor) or changed_before(text, start) or changed_after(text, end, unit)


def changed_before(text: str, start: int) -> bool:
    """Return whether what stands before a value makes another of it."""
    return bool(_BEFORE.search(text[max(0, start - _NEAR) : start].rpartition("\n")[2]))


def changed_after(text: str, end: int, unit: bool = False) -> bool:
    """Return whether what stands after a value makes another of it."""
    after = text[end : end + _NEAR]
    patterns = (_SCALED, _CHANGED_AFTER, _OPERATED_AFTER, *(() if unit else (_PART_AFTER,)))
    return any(one.match(after) for one in patterns)


def shifted(text: str, start: int) -> bool:
    """Return whether a day or a time is but what another one is told by: `two days after Tuesday`."""
    return bool(_SHIFTED.search(text[max(0, start - _NEAR) : start]))


def taken_back(text: str) -> bool:
    """Return whether what is said after a value, or beside it, says that it is none."""
    return bool(_TAKEN_BACK.search(_OFFERED.sub(" ", text)))
