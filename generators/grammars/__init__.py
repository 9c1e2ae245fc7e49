"""Fields of text that a grammar or a regular expression describes."""

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from itertools import chain
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from gristmill.errors import UsageError, unknown
from gristmill.generators.grammars._languages import (
    LIMIT,
    Either,
    Parts,
    Text,
    decode,
    encode,
    likeliest,
    size_of,
    units_for,
)
from gristmill.generators.grammars._parses import parse
from gristmill.generators.grammars._regexes import read_regex
from gristmill.generators.kinds.field import CELLS, Field, short
from gristmill.wording import choices

__all__ = ["Grammar", "Regex"]

_DEEPEST = 100  # that `depth` may be, and rules that may stand within one another
_RATIO = 10**12  # of the weights of one rule
_MARKS = re.compile(r"(\{\{|\}\}|\{[^{}]*\}|[{}])")


class _Language(Field):
    """Texts derived from parts by decisions, each with its probability."""

    _parts: Parts

    def _derive(self, parts: Parts) -> None:
        self._parts = parts
        self.dims = units_for(parts)

    def column(self, units: npt.NDArray[np.float64]) -> pa.Array:
        """Return the texts at `units`, [dims, n] numbers in [0, 1), as n strings."""
        cells = (units * CELLS).astype(np.int64).T.tolist()
        return pa.array([decode(self._parts, one) for one in cells], pa.string())

    def log_prob(self, value: Any) -> float:
        """Return the log-probability of a text, summed over all its derivations; minus infinity for any other value.

        Raises:
            UsageError: when the text has so many derivations that this would take seconds.
        """
        size = size_of(self._parts)
        if not isinstance(value, str) or not size.shortest <= len(value) <= size.longest:
            return -math.inf
        return min(parse(self._parts, value)[0], 0.0)

    def locate(self, value: Any) -> list[float]:
        """Return units that lead to `value` by its most likely derivation."""
        log, decisions = parse(self._parts, value) if isinstance(value, str) else (-math.inf, [])
        if log == -math.inf:
            raise self._outside(value)
        return encode(decisions, self.dims)

    @property
    def mode(self) -> str:
        """The text of the most likely derivation; one with many derivations may be likelier still."""
        return likeliest(self._parts)


class Regex(_Language):
    r"""Texts that match a regular expression as a whole, as `re.fullmatch` sees it.

    Alternatives, the characters of a class and the numbers of repeats are equally likely among themselves. A class
    such as `\w`, a negated class and `.` stand for what is printable ASCII among their members; what is written
    out may be any character.

    Args:
        pattern: of characters, escapes, classes, groups, alternatives and repeats, with anchors only at its ends.
        repeats: how often a repeat without an upper bound repeats at most, or just as often as it must if that is more.
    """

    def __init__(self, pattern: str, *, repeats: int = 8) -> None:
        if not isinstance(pattern, str) or type(repeats) is not int or not 0 <= repeats <= LIMIT:
            raise UsageError(
                f"Expected a regular expression as text, and repeats from 0 to {LIMIT:,}, got {short(pattern)} "
                f"and {short(repeats)}."
            )
        self.pattern, self.repeats = pattern, repeats
        self._derive(read_regex(pattern, repeats))

    def _expected(self) -> str:
        return (
            f"a text that matches {short(self.pattern)}, of printable ASCII and up to {self.repeats} repeats"
        )


class Grammar(_Language):
    """Texts of a context-free grammar.

    Args:
        rules: by name, each a list of alternatives. An alternative is text in which `{name}` stands for a rule,
            `[a|b]` for a rule of its own with these alternatives, and `{{`, `}}`, `[[`, `]]` for braces and brackets,
            or a pair of such text and its weight, which is 1 otherwise.
        start: the rule that derives whole texts.
        depth: how many steps a derivation may take from rule to rule within those that lead back to one another.
            Where they are used up, the only alternatives are such as can end.

    Example:
        >>> order = Grammar({"start": ["{size} [tea|milk]"], "size": ["small", ["large", 2]]})
        >>> order.draw([0.9])
        'large milk'
    """

    def __init__(
        self,
        rules: Mapping[str, Sequence[str | Sequence[Any]]],
        *,
        start: str = "start",
        depth: int = 8,
    ) -> None:
        if type(depth) is not int or not 0 <= depth <= _DEEPEST:
            raise UsageError(f"Expected a depth from 0 to {_DEEPEST}, got {short(depth)}.")
        self.rules, self.start, self.depth = _plain(rules), start, depth
        read: _Rules = {}
        for name, options in self.rules.items():
            read[name] = [_alternative(name, one, read) for one in options]
        for name, options in read.items():
            _check(name, options, read)
        if start not in read:
            raise unknown("rule", str(start), read, of="the grammar, to start with")
        self._derive((_Bounded(read).rule(start, depth),))

    def _expected(self) -> str:
        return f"a text of the grammar's rule {self.start!r}"


class _Alternative(NamedTuple):
    """Texts (even places) and names of rules (odd places) in turn, and the weight."""

    pieces: list[str]
    weight: Fraction

    @property
    def names(self) -> list[str]:
        return self.pieces[1::2]


_Rules = dict[str, list[_Alternative]]


def _plain(rules: Any) -> dict[str, list[Any]]:
    """Return rules as plain data, so that they can be described."""
    if not isinstance(rules, Mapping) or not all(isinstance(name, str) for name in rules):
        raise UsageError(f"Expected rules by name, each a list of alternatives, got {short(rules)}.")
    for name, options in rules.items():
        if set(name) & set("[]{}"):
            raise UsageError(f"Expected names of rules without brackets and braces, got {short(name)}.")
        if not isinstance(options, list | tuple) or not options:
            raise UsageError(
                f"Rule {name!r}: expected at least one alternative in a list, got {short(options)}."
            )
    return {
        name: [list(one) if isinstance(one, tuple) else one for one in options]
        for name, options in rules.items()
    }


def _alternative(rule: str, given: Any, read: _Rules) -> _Alternative:
    """Return an alternative of a rule; each of its choices becomes a rule in `read`, called by its own text."""
    text, weight = given if isinstance(given, list) and len(given) == 2 else (given, 1)
    if not isinstance(text, str) or type(weight) not in (int, float) or not 0 < weight < math.inf:
        raise UsageError(f"Rule {rule!r}: expected text, or text and a positive weight, got {short(given)}.")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise UsageError(f"Rule {rule!r}: expected text that can be written, got {short(text)}.") from None
    pieces = [""]
    for options in choices(text):
        if len(options) == 1:
            _read_gaps(rule, options[0], pieces)
        else:
            choice = f"[{'|'.join(options)}]"
            read[choice] = [_alternative(rule, one, read) for one in options]
            pieces += [choice, ""]
    return _Alternative(pieces, Fraction(repr(weight)))


def _read_gaps(rule: str, text: str, pieces: list[str]) -> None:
    """Read the gaps of a text into texts and names of rules in turn."""
    for piece in _MARKS.split(text):
        if piece in ("{", "}"):
            raise UsageError(
                f"Rule {rule!r}: expected {{name}} for a rule, or {{{{ and }}}} for braces, got {short(text)}."
            )
        if piece.startswith("{") and piece != "{{":
            pieces += [piece[1:-1], ""]
        else:
            pieces[-1] += piece[0] if piece in ("{{", "}}") else piece


def _check(rule: str, options: list[_Alternative], rules: _Rules) -> None:
    for name in chain.from_iterable(option.names for option in options):
        if name not in rules:
            raise unknown("rule", name, rules, of=f"the grammar, in rule {rule!r}")
    weights = [option.weight for option in options]
    if max(weights) > _RATIO * min(weights):
        raise UsageError(
            f"Rule {rule!r}: expected weights within a factor of {_RATIO:,}, got {float(min(weights)):g} and "
            f"{float(max(weights)):g}."
        )


class _Bounded:
    """A grammar without end cut off at a depth: one `Either` for every rule and what is left of the depth."""

    def __init__(self, rules: _Rules) -> None:
        self._rules = rules
        below = {name: _reached(name, rules) for name in rules}
        self._mutual = {name: {one for one in found if name in below[one]} for name, found in below.items()}
        self._looping = {
            name for name, found in below.items() if any(self._mutual[one] for one in {name, *found})
        }
        self._needed = self._least()
        for name in sorted(
            rules, key=lambda one: not self._mutual[one]
        ):  # those that lead back first: the cause
            if self._needed[name] == math.inf:
                raise UsageError(
                    f"Rule {name!r}: expected an alternative that ends, got only such as lead back to it."
                )
        self._made: dict[tuple[str, int], Either] = {}

    def rule(self, name: str, left: int, within: int = 0) -> Either:
        """Return what `name` derives where `left` steps are left, `within` so many other rules."""
        key = (name, left if name in self._looping else 0)
        if key not in self._made:
            self._made[key] = self._make(*key, within)
        return self._made[key]

    def _make(self, name: str, left: int, within: int) -> Either:
        if self._needed[name] > left and name in self._looping:
            raise UsageError(
                f"Rule {name!r}: expected a depth of {self._needed[name]:g} or more, got {left}."
            )
        if within > 2 * _DEEPEST:
            raise UsageError(f"Rule {name!r}: expected rules within at most {2 * _DEEPEST} others, got more.")
        open_ = [one for one in self._rules[name] if self._least_of(name, one) <= left]
        options = [
            tuple(
                self.rule(piece, left - (piece in self._mutual[name]), within + 1)
                if place % 2
                else Text(piece)
                for place, piece in enumerate(one.pieces)
                if piece
            )
            for one in open_
        ]
        made = Either(options, [one.weight for one in open_], shared=True)
        if not made.size.fits:
            raise UsageError(
                f"Rule {name!r}: expected texts of at most {LIMIT:,} characters and as many parts, got up to "
                f"{max(made.size.longest, made.size.parts):,}; lower the depth or shorten the rules."
            )
        return made

    def _least(self) -> dict[str, float]:
        """Return for every rule the depth that it needs to end, infinity where it never does."""
        self._needed = dict.fromkeys(self._rules, math.inf)
        while True:
            least = {
                name: min(self._least_of(name, one) for one in options)
                for name, options in self._rules.items()
            }
            if least == self._needed:
                return least
            self._needed = least

    def _least_of(self, name: str, option: _Alternative) -> float:
        return max((self._needed[one] + (one in self._mutual[name]) for one in option.names), default=0)


def _reached(name: str, rules: _Rules) -> set[str]:
    """Return the rules that a derivation from `name` may come to."""
    found: set[str] = set()
    todo = _names(rules[name])
    while todo:
        one = todo.pop()
        if one not in found:
            found.add(one)
            todo += _names(rules[one])
    return found


def _names(options: Iterable[_Alternative]) -> list[str]:
    return [name for option in options for name in option.names]
