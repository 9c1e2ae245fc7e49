"""Regular expressions as parts of a language.

Read by hand rather than by `re._parser`, whose tree does not say where in the pattern a thing stands, and whose name
is private. `re` itself looks at the pattern first, so that what is read here is well-formed.
"""

import re
from string import ascii_letters, digits
from typing import NoReturn

from gristmill.errors import UsageError
from gristmill.generators.grammars._languages import LIMIT, Either, OneOf, Part, Parts, Repeat, Text, size_of
from gristmill.generators.kinds.field import short

__all__ = ["ALPHABET", "read_regex"]

ALPHABET = "".join(map(chr, range(32, 127)))  # what `.`, a class such as \w and a negated class draw from
_NESTED = 50
_NEVER = re.compile("[\ud800-\udfff]")  # half a surrogate pair cannot be written

_CLASSES = {"d": digits, "w": ascii_letters + digits + "_", "s": " "}
_CLASSES |= {
    name.upper(): "".join(one for one in ALPHABET if one not in chars) for name, chars in _CLASSES.items()
}
_CONTROLS = {"a": "\a", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
_CODES = {"x": 2, "u": 4, "U": 8}  # escapes by a number, and its hexadecimal digits
_QUANTIFIER = re.compile(r"[*+?]|\{([0-9]+)\}|\{([0-9]*),([0-9]*)\}")
_GROUP = re.compile(r"\((?!\?)|\(\?:|\(\?P<\w+>")
_REFUSED = {
    "(?=": "lookaround",
    "(?!": "lookaround",
    "(?<": "lookaround",
    "(?P=": "a backreference",
    "(?>": "an atomic group",
    "(?(": "a condition",
    "(?#": "a comment",
}


def read_regex(pattern: str, repeats: int) -> Parts:
    """Return the parts that texts matching `pattern` are derived from, `repeats` at most where there is no bound.

    Raises:
        UsageError: with the place of what is not supported, or is too much.
    """
    try:
        re.compile(pattern)
    except (re.error, OverflowError, RecursionError, TypeError) as error:
        raise UsageError(f"Expected a regular expression, got {short(pattern)}: {error}.") from None
    return _Reader(pattern, repeats).whole()


class _Reader:
    def __init__(self, pattern: str, repeats: int) -> None:
        self._pattern, self._repeats = pattern, repeats
        self._at = 0
        self._nested = 0

    def whole(self) -> Parts:
        parts = self._alternatives()
        return parts if size_of(parts).fits else self._too_much(0)

    def _alternatives(self) -> Parts:
        options = [self._sequence()]
        while self._taken("|"):
            options.append(self._sequence())
        return options[0] if len(options) == 1 else (Either(options),)

    def _sequence(self) -> Parts:
        parts: list[Part] = []
        self._anchors("^", r"\A")
        while self._at < len(self._pattern) and self._pattern[self._at] not in "|)":
            start = self._at
            if self._anchors("$", r"\Z"):
                continue
            parts += self._quantified(self._atom(), start)
        return tuple(_joined(parts))

    def _anchors(self, *anchors: str) -> bool:
        """Skip anchors that change nothing, where `re.fullmatch` would not let them fail."""
        start = self._at
        while any(map(self._taken, anchors)):
            ends = self._pattern[self._at : self._at + 1] in ("", "|") if "$" in anchors else True
            if self._nested or not (ends or self._ahead(*anchors)):
                self._refuse(start, "an anchor inside")
        return self._at > start

    def _atom(self) -> Parts:
        start, char = self._at, self._pattern[self._at]
        if char == "(":
            return self._group()
        self._at += 1
        if char in "^$":
            self._refuse(start, "an anchor inside")
        if char == ".":
            return (OneOf(ALPHABET),)
        if char == "[":
            return (OneOf(self._class(start)),)
        chars = self._escape(start) if char == "\\" else char
        return (OneOf(chars) if len(chars) > 1 else Text(self._writable(chars, start)),)

    def _group(self) -> Parts:
        start = self._at
        opening = _GROUP.match(self._pattern, start)
        if not opening:
            known = next((name for mark, name in _REFUSED.items() if self._ahead(mark)), "a flag")
            self._refuse(start, known)
        self._at, self._nested = opening.end(), self._nested + 1
        if self._nested > _NESTED:
            self._refuse(start, f"groups nested more than {_NESTED} deep")
        parts = self._alternatives()
        self._at, self._nested = self._at + 1, self._nested - 1
        return parts

    def _class(self, start: int) -> str:
        negated = self._taken("^")
        chars, first = "", True
        while first or self._pattern[self._at] != "]":
            place, first = self._at, False
            member = self._member()
            if self._ahead("-") and not self._ahead("-]"):
                self._at += 1
                member = "".join(map(chr, range(ord(member), ord(self._member()) + 1)))
            chars += _NEVER.sub("", member)
            if len(chars) > LIMIT:
                self._refuse(place, f"a class of more than {LIMIT:,} characters")
        self._at += 1
        kept = "".join(dict.fromkeys(chars))
        kept = "".join(char for char in ALPHABET if char not in kept) if negated else kept
        return kept or self._refuse(start, "a class without a character that can be drawn")

    def _member(self) -> str:
        self._at += 1
        return (
            self._escape(self._at - 1) if self._pattern[self._at - 1] == "\\" else self._pattern[self._at - 1]
        )

    def _escape(self, start: int) -> str:
        """Return the characters that an escape stands for; its backslash at `start` has been read."""
        char = self._pattern[self._at]
        self._at += 1
        if char in _CODES:
            self._at += _CODES[char]
            return chr(int(self._pattern[start + 2 : self._at], 16))
        if char in digits:
            self._refuse(start, "a backreference or an octal number")
        if char in "bBAZN":
            self._refuse(start, f"\\{char}")
        return _CLASSES.get(char) or _CONTROLS.get(char, char)

    def _quantified(self, parts: Parts, start: int) -> Parts:
        found = _QUANTIFIER.match(self._pattern, self._at)
        if not found:
            return parts
        self._at = found.end()
        if self._taken("+"):
            self._refuse(start, "a possessive repeat")
        self._taken("?")  # which of several matches is found first changes nothing here
        low, high = self._bounds(found)
        if high is None and not size_of(parts).shortest:
            self._refuse(start, "a repeat without bound of what can be empty, which explodes")
        repeat = Repeat(parts, low, max(low, self._repeats) if high is None else high)
        return (repeat,) if repeat.size.fits else self._too_much(start)

    def _bounds(self, found: re.Match[str]) -> tuple[int, int | None]:
        if found[0] in "*+?":
            return int(found[0] == "+"), 1 if found[0] == "?" else None
        if found[1]:
            return int(found[1]), int(found[1])
        return int(found[2] or 0), int(found[3]) if found[3] else None

    def _ahead(self, *texts: str) -> bool:
        return self._pattern.startswith(texts, self._at)

    def _taken(self, text: str) -> bool:
        found = self._ahead(text)
        self._at += len(text) * found
        return found

    def _writable(self, char: str, start: int) -> str:
        return char if not _NEVER.match(char) else self._refuse(start, "half a surrogate pair")

    def _refuse(self, start: int, what: str) -> NoReturn:
        raise UsageError(
            "Expected a regular expression of characters, classes, groups, alternatives and repeats, with anchors "
            f"only at its ends, got {what} at place {start} of {short(self._pattern)}."
        )

    def _too_much(self, start: int) -> NoReturn:
        raise UsageError(
            f"Expected texts of at most {LIMIT:,} characters and as many parts, got a regular expression that "
            f"explodes beyond it at place {start} of {short(self._pattern)}; lower the numbers of its repeats."
        )


def _joined(parts: list[Part]) -> list[Part]:
    """Return `parts` with texts that follow one another as one."""
    joined: list[Part] = []
    for part in parts:
        if isinstance(part, Text) and joined and isinstance(last := joined[-1], Text):
            joined[-1] = Text(last.text + part.text)
        else:
            joined.append(part)
    return joined
