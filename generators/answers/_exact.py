"""Numbers and the solutions of equations, as replies give them."""

import re
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

from gristmill.generators.answers._around import changed, changed_before, taken_back
from gristmill.generators.answers._numbers import NAME_OF, VALUE, Number, numbers, priced, worth
from gristmill.generators.answers._plain import BOX, BOX_END, plain
from gristmill.generators.answers._told import CHECKED, Said, concluded

__all__ = ["exact", "number", "solutions"]

Named = list[tuple[str, Fraction]]

_ASSIGNED = re.compile(r"(?<![\w.)+*/×·^-])(?<![\d)+*/×·-]\s)([a-z])\s*(?:=|:|∈|\bis\b)", re.IGNORECASE)
_BOX = re.compile(f"{BOX}([^{BOX_END}]*){BOX_END}")
_INTERVAL = re.compile(r"[=:∈]\s*\(\s*-?[\d./]+\s*[,;]")
_ORDER = re.compile(r"([a-z](?:\s*,\s*[a-z])+)\s*\)\s*=\s*\(")
_PARTS = re.compile(r",(?!\d{3}(?!\d))|;|\.\s|\b(?:and|or)\b|∨|∪", re.IGNORECASE)
_NO_WORDS = re.compile(r"[(){}\[\]*`]")
_CALCULATED = re.compile(
    r"\d\s*[×*·÷+]\s*[a-z]\b|[\da-z]\s*[×*·÷+]\s*[\d(]|[\da-z]\s+-\s+\d|\d-\d|\)\s*[/×*·÷]|[×*·÷+]\s*\(|\d\s*\(\s*-?\d",
    re.IGNORECASE,
)
_INEXACT = re.compile(
    r"[≠<>≥≤]|\b(?:not|neither|never|between|unless|at least|at most|more than|less than|vice versa|no (?:real )?solutions?|guess)\b"
    r"|(?:\bin|∈)\s*[(\[]|[=:]\s*\[|\w\([a-z]\)\s*=\s*-?\d|n't\b|\b(?:maybe|perhaps|possibly)\b",
    re.IGNORECASE,
)


def exact(check: Mapping[str, Any], text: str) -> Fraction | str | None:
    """Return the number that a reply concludes with, with its unit if that is another one than is asked for."""
    wanted = str(check.get("unit", "")).casefold()
    asked = NAME_OF.get(wanted, "")

    def read(sentence: str) -> list[Said]:
        found = numbers(sentence, asked)
        of_unit = [one for one in found if _has_unit(sentence, one, wanted, asked)]
        return [
            Said(one.start, one.end, _sure(sentence, one, _in_unit(one, wanted, asked)))
            for one in of_unit or found
        ]

    return concluded(priced(plain(text)), read)  # type: ignore[no-any-return]


def _has_unit(sentence: str, one: Number, wanted: str, asked: str) -> bool:
    if asked:
        return one.unit == asked
    return bool(wanted) and sentence[one.end :].lstrip().casefold().startswith(wanted)


def _sure(sentence: str, one: Number, value: Fraction | str) -> Fraction | str | None:
    """Return a value, None where what stands around it makes another of it."""
    share = one.unit == "%" and re.match(r"\s*\S+\s+(?:more|less|higher|lower|off|of)\b", sentence[one.end :])
    return None if share or changed(sentence, one.start, one.end, bool(one.unit)) else value


def _in_unit(one: Number, wanted: str, asked: str) -> Fraction | str:
    if one.unit == "%" and not wanted:
        return one.value / 100
    return f"{one.value} {one.unit}" if wanted and one.unit not in ("", asked) else one.value


def number(check: Mapping[str, Any], text: str) -> Fraction | None:
    """Return the number that a reply concludes with, rounded as the answer is written if that has decimals.

    3.1416 answers 3.14, and 3 does not; 42.1 does not answer 42.
    """

    def read(sentence: str) -> list[Said]:
        return [Said(one.start, one.end, _sure(sentence, one, one.value)) for one in numbers(sentence)]

    value = concluded(priced(plain(text)), read)
    scale = 10 ** len(str(check["answer"]).partition(".")[2])
    return value if value is None or scale == 1 else Fraction(round(value * scale), scale)


def solutions(check: Mapping[str, Any], text: str) -> list[str] | None:
    """Return the solutions that are named last, such as `["x = -4", "x = 5"]` or `["x = 4, y = -1"]`.

    They stand in a box, in the last line with a number, or one value each in several lines. None where there are none,
    where a name out of several has none or two, or where something else than an equation is said of them.
    """
    names = list(dict.fromkeys(_ASSIGNED.findall(str(check["answer"]))))
    found = _last(_equations(plain(text).replace("$", " "), names), names)
    if len(names) == 1:
        return sorted({f"{names[0]} = {value}" for _, value in found}) or None
    values = dict(found)
    if set(values) != set(names) or len(set(found)) != len(names):
        return None
    return [", ".join(f"{name} = {values[name]}" for name in names)]


def _equations(text: str, names: Sequence[str]) -> str:
    """Return a text in which every equation has its name at the left, and a sign for `equals`."""
    text = re.sub(r"\b(?:is )?equals?(?: to)?\b", "=", text, flags=re.IGNORECASE)
    text = re.sub(r"\b[A-Z]\s*=\s*(?=\{)", "", text)  # S = {-4, 5}
    names_ = "|".join(names)
    return re.sub(
        rf"(?<![\w.=+*/×·-])(?<![=+*/×·-]\s)(-?[\d./]+)\s*=\s*({names_})(?![\w=])(?!\s*=)", r"\2 = \1", text
    )


def _last(text: str, names: Sequence[str]) -> Named:
    """Return what the last line says, and the lines just before it if all of them are but one value of a name."""
    lines = _lines(text, names)
    if taken_back(text.rpartition(lines[-1])[2] if lines else ""):
        return []
    told = re.split(r"\banswer\b", lines[-1] if lines else "", flags=re.IGNORECASE)
    found = _of_line(told[-1], names)
    alone = re.compile(rf"\W*(?:{'|'.join(names)})(?:_?\{{?\d\}}?)?\s*=\s*-?[\d./]+\W*", re.IGNORECASE)
    while len(told) == 1 and len(lines) > 1 and alone.fullmatch(lines.pop()) and alone.fullmatch(lines[-1]):
        found = _of_line(lines[-1], names) + found
    return found


def _lines(text: str, names: Sequence[str]) -> list[str]:
    """Return what stands in boxes, else the lines with numbers but for checks at the end; none for a box in a formula."""
    boxes = [*_BOX.finditer(text)]
    if any(changed(text, one.start(), one.end()) for one in boxes):
        return []
    if boxes:
        return [", ".join(one[1] for one in boxes) if len(names) > 1 else boxes[-1][1]]
    lines = [line for line in text.splitlines() if re.search(r"\d", line)]
    while len(lines) > 1 and CHECKED.match(lines[-1]):
        lines.pop()
    return lines


def _of_line(line: str, names: Sequence[str]) -> Named:
    if taken_back(line) or _in_another_way(line, names):
        return []
    line = re.sub(r"^\s*[-•]\s+|\([^()]*\b[a-z]{3,}\b[^()]*\)", "", line)  # bullets and remarks
    if _INEXACT.search(line) or line.rstrip().endswith("?"):
        return []
    pairs = re.findall(r"\(([^()]*\d[^()]*,[^()]*\d[^()]*)\)", line) if len(names) > 1 else []
    if pairs:  # (x, y) = (4, -1)
        values = [
            [value for part in _PARTS.split(pair) for _, value in _of_part(part, names)] for pair in pairs
        ]
        right = len(values[-1]) == len(names) and len(set(map(tuple, values))) == 1
        return list(zip(names, values[-1], strict=True)) if right else []
    found = [one for part in _PARTS.split(line) for one in _of_part(part, names)]
    return [(name or names[0], value) for name, value in found if name or len(names) == 1]


def _in_another_way(line: str, names: Sequence[str]) -> bool:
    """Return whether a line gives an interval for the values of a name, or one of several names, or those in another order."""
    if len(names) == 1:
        return bool(_INTERVAL.search(line))
    order = _ORDER.search(line)
    return bool(re.search(r"\bor\b|∨", line) or (order and order[1].replace(" ", "").split(",") != names))


def _of_part(part: str, names: Sequence[str]) -> Named:
    """Return the value at the end of `x = 14/2 = 7` with its name; both values of `x = ±4`."""
    for name in names:
        part = re.sub(rf"(?<![\w.]){name}_?\{{?\d\}}?(?=\s*=)", name, part, flags=re.IGNORECASE)  # x_1 =
    if _CALCULATED.search(part.rpartition("=")[2]):
        return []
    part = re.sub(r"(^|=)(\s*)\+(?=\s*[\d.])", r"\1\2 ", _NO_WORDS.sub(" ", part))
    named = [one.casefold() for one in _ASSIGNED.findall(part)]
    found = [
        one for one in VALUE.finditer(part.replace("±", " ")) if not part[one.end() : one.end() + 1].isalpha()
    ]
    value = worth(found[-1]) if found and not _in_formula(part, found[-1]) else None
    if value is None or (named and {*named} != {named[0]} & {*names}) or (not named and "=" in part):
        return []
    name = named[0] if named else ""
    return [(name, value), (name, -value)] if "±" in part else [(name, value)]


def _in_formula(part: str, found: re.Match[str]) -> bool:
    """Return whether a value is but a part of what a name equals, or what equals it is more than the name: `ln t = 6`."""
    right = re.sub(r"\beither\b", "", part.rpartition("=")[2] if "=" in part else "")
    return (
        changed(part, *found.span())
        or part.startswith("%", found.end())
        or bool(re.match(r"\D*[a-z√|]", right, re.IGNORECASE))
        or any(changed_before(part, one.start()) for one in _ASSIGNED.finditer(part))
    )
