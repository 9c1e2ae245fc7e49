"""Words, options and lists, as replies give them."""

import re
from collections.abc import Mapping
from difflib import SequenceMatcher
from typing import Any

from gristmill.generators.answers._around import changed_after, shifted, taken_back
from gristmill.generators.answers._plain import BOX, BOX_END, plain
from gristmill.generators.answers._told import Said, concluded, denied

__all__ = ["listed", "option", "text_of", "words"]

_EDGES = " \t\n.,;:!?\"'`*_“”‘’()[]<>#" + BOX + BOX_END
_LINK = re.compile(r"\[([^\]]*)\]\((?:mailto:)?[^)]*\)|\bmailto:")
_SPELT = re.compile(r"(?<![\w'])(?:\w[.\- ]\s?){2,}\w(?![\w'])\.?")
_BULLET = re.compile(r"\s*(?:[-*•]|\d+[.)])\s+")
_NUMBERED = re.compile(r"(?:^|(?<=[\s,;]))\(?\d+[.)]\s+")
_SEPARATORS = re.compile(r"\s*(?:,|;|→|->|[<>|/&])\s*(?:(?:and|then)\s+)?|\s+(?:and|then)\s+", re.IGNORECASE)
_REMARK = re.compile(
    r"\s+[–—-]\s+in (?:this|that) order\W*$|\s*\([^()]*\)|\s*[:–—-]\s*[$€]?\d[^,;]*$|\s+[$€]?\d[\d.,]*$"
)
_COMPARED = re.compile(r"(?<!-)>")  # which end is first depends on what is compared
_OTHER = re.compile(r"\b(?:not|never|isn't|wrong|reversed?|opposite)\b(?: of)?\W*$", re.IGNORECASE)
_LONGEST_ITEM = 6  # words in a line that is an item of a list


def words(text: str) -> list[str]:
    """Return the words of a text in one case, without the punctuation around them."""
    return [word for one in text.casefold().split() if (word := one.strip(_EDGES))]


def text_of(check: Mapping[str, Any], text: str) -> list[str]:
    """Return as many of the last words as the answer has, none where they are denied or one of several."""
    answer = words(str(check["answer"]))
    told = _LINK.sub(
        lambda found: found[1] or "", re.sub(r"\\(?:f?boxed|text\w*)\s*\{([^{}]*)\}", r"\1", text)
    )
    if len(answer) == 1 and answer[0].isalpha():
        told = _SPELT.sub(lambda found: re.sub(r"\W", "", found[0]), told)
    lines = [line for line in told.splitlines() if line.strip(_EDGES)]
    if not lines or (lines[-1].rstrip(" *\"'”").endswith("?") and not str(check["answer"]).endswith("?")):
        return []
    said = words(lines[-1])
    last = said[-len(answer) :]
    return [] if _one_of_several(lines[-1], last, said[: -len(answer)]) else last


def _one_of_several(line: str, last: list[str], before: list[str]) -> bool:
    """Return whether the last words of a line are denied by those before, or follow others like them."""
    if not before or not last:
        return False
    found = re.search(re.escape(last[0]), line.casefold())
    at = line.casefold().rfind(last[0]) if len(last) == 1 or not found else found.start()
    head = line[:at].rstrip("\"'`*“‘ ")
    if denied(head + " ") or re.search(r"\b(?:or|maybe|perhaps)$", head, re.IGNORECASE):
        return True
    alike = SequenceMatcher(None, before[-1], last[0]).ratio() > 0.6 or sorted(before[-1]) == sorted(last[0])
    return len(last) == 1 and before[-1] != last[0] and alike and not re.search(r"[:=→]|\bis$", head[-3:])


def option(check: Mapping[str, Any], text: str) -> str | None:
    """Return the option that a reply concludes with."""
    names = sorted(map(str, check["options"]), key=len, reverse=True)
    pattern = re.compile(rf"(?<!\w)({'|'.join(map(re.escape, names))})(?!\w)", re.IGNORECASE)

    def read(sentence: str) -> list[Said]:
        found = [one for one in pattern.finditer(sentence) if not shifted(sentence, one.start())]
        return [
            Said(one.start(), one.end(), None if _more(sentence, one) else one[1].casefold()) for one in found
        ]

    return concluded(plain(text), read)  # type: ignore[no-any-return]


def _more(sentence: str, found: re.Match[str]) -> bool:
    return changed_after(sentence, found.end(), unit=True)


def listed(check: Mapping[str, Any], text: str) -> list[str]:
    """Return the items of the last list that names one of the answer's: in a line, or on lines of their own."""
    lines = plain(text).replace(BOX, "").replace(BOX_END, "").splitlines()
    names = [" ".join(words(str(one))) for one in check["answer"]]
    while lines and not any(name in " ".join(words(lines[-1])) for name in names):
        if taken_back(lines.pop()):
            return []
    if not lines or _no_list(lines[-1]):
        return []
    items = _in_line(lines[-1], len(names))
    if len(items) > 1 and _same_in_another_order(lines, items):
        return []
    if len(items) < 2 <= len(names) or (_BULLET.match(lines[-1]) and len(items) != len(names)):
        items = [_item(one) for one in _block(lines)]
    return items


def _no_list(line: str) -> bool:
    """Return whether a line takes its list back, compares its items, or says that it is another one."""
    head = line.rpartition(": ")[0]
    return bool(taken_back(line) or _COMPARED.search(line) or _OTHER.search(head))


def _same_in_another_order(lines: list[str], items: list[str]) -> bool:
    """Return whether the line before the last has the same items in another order, and neither says which of them it is."""
    before = next((line for line in reversed(lines[:-1]) if line.strip()), "")
    other = [] if ":" in before + lines[-1] else _in_line(before, len(items))
    return other != items and sorted(other) == sorted(items)


def _in_line(line: str, size: int) -> list[str]:
    line = re.sub(r"(?<=\w)\s*\([^()]*\)", "", line)  # remarks
    one = _NUMBERED.sub(", ", line.rpartition(": ")[2]).strip(", ")
    one = re.sub(r"^.*\b(?:are|is|be)\b\s+", "", one, flags=re.IGNORECASE)
    items = [_item(item) for item in _SEPARATORS.split(one) if item.strip(_EDGES)]
    return one.casefold().split() if len(items) == 1 and len(one.split()) == size else items


def _item(text: str) -> str:
    return " ".join(words(_REMARK.sub("", _BULLET.sub("", text, count=1))))


def _block(lines: list[str]) -> list[str]:
    """Return the lines at the end that are items: all with bullets, or all short ones without a gap."""
    bulleted = bool(_BULLET.match(lines[-1]))
    block: list[str] = []
    for line in reversed(lines):
        if bulleted and not line.strip():
            continue
        item = bool(_BULLET.match(line)) if bulleted else 0 < len(line.split()) <= _LONGEST_ITEM
        if not item or line.rstrip().endswith(":"):
            break
        block.append(line)
    return block[::-1]
