"""Finite languages: the parts that a text is derived from, and how a number in [0, 1) decides a derivation.

A derivation is a sequence of decisions: which alternative, how many repeats, which character. Each splits what is
left of the interval [0, 1) by its probability (I. H. Witten, R. M. Neal, J. G. Cleary, Arithmetic coding for data
compression, 1987). The interval is a whole number of steps wide, so nothing is ever rounded away.
"""

import math
from bisect import bisect_right
from collections.abc import Sequence
from fractions import Fraction
from itertools import accumulate
from typing import NamedTuple, TypeAlias

__all__ = [
    "LIMIT",
    "Decision",
    "Either",
    "OneOf",
    "Part",
    "Parts",
    "Repeat",
    "Size",
    "Text",
    "decode",
    "encode",
    "likeliest",
    "size_of",
    "units_for",
]

LIMIT = 10_000  # characters that a text may have, and parts that a derivation may have
_BITS = 52  # of one unit
_WIDE = 1 << 60  # an interval narrower than this takes in the next unit, while there is one
_SPARE = 32  # bits that the narrowest interval has left: frequencies are right to one in 2**32

Decision: TypeAlias = tuple[int, int, int]  # the numbers from the first up to the second, of so many


class Size(NamedTuple):
    """What bounds the texts of a part.

    Attributes:
        shortest: characters.
        longest: characters.
        parts: of the longest derivation.
        bits: that the least likely derivation takes.
        best: log-probability of the most likely derivation.
    """

    shortest: int = 0
    longest: int = 0
    parts: int = 0
    bits: float = 0.0
    best: float = 0.0

    @property
    def fits(self) -> bool:
        """Whether its texts and derivations stay within the limit."""
        return self.longest <= LIMIT and self.parts <= LIMIT


class Text:
    """Always the same characters."""

    __slots__ = ("size", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self.size = Size(len(text), len(text), 1)


class OneOf:
    """One of some characters, all equally likely."""

    __slots__ = ("chars", "log", "places", "size", "total")

    def __init__(self, chars: str) -> None:
        self.chars = chars
        self.places = {char: place for place, char in enumerate(chars)}
        self.total = len(chars)
        self.log = -math.log(self.total)
        self.size = Size(1, 1, 1, math.log2(self.total), self.log)


class Either:
    """One of several sequences of parts, by weight.

    Attributes:
        options: the sequences.
        edges: running sums of their weights, as whole numbers.
        logs: their log-probabilities.
        favourite: the place of the one with the most likely derivation.
        shared: whether it stands in many places, so that a parse of it is worth keeping.
    """

    __slots__ = ("edges", "favourite", "logs", "options", "shared", "size", "total")

    def __init__(
        self, options: Sequence["Parts"], weights: Sequence[Fraction] = (), *, shared: bool = False
    ) -> None:
        exact = weights or [Fraction(1)] * len(options)
        scale = math.lcm(*(weight.denominator for weight in exact))
        whole = [int(weight * scale) for weight in exact]
        self.options, self.shared = tuple(options), shared
        self.edges = list(accumulate(whole))
        self.total = self.edges[-1]
        self.logs = [math.log(weight) - math.log(self.total) for weight in whole]
        sizes = [size_of(option) for option in options]
        best = [log + size.best for log, size in zip(self.logs, sizes, strict=True)]
        self.favourite = best.index(max(best))
        self.size = Size(
            min(size.shortest for size in sizes),
            max(size.longest for size in sizes),
            1 + max(size.parts for size in sizes),
            max(size.bits - log / math.log(2) for log, size in zip(self.logs, sizes, strict=True)),
            max(best),
        )

    def decision(self, place: int) -> Decision:
        """Return what chooses the option at `place`."""
        return (self.edges[place - 1] if place else 0, self.edges[place], self.total)


class Repeat:
    """A sequence of parts `low` to `high` times, every number of times equally likely."""

    __slots__ = ("high", "log", "low", "parts", "size", "total")

    def __init__(self, parts: "Parts", low: int, high: int) -> None:
        self.parts, self.low, self.high = parts, low, high
        self.total = high - low + 1
        self.log = -math.log(self.total)
        one = size_of(parts)
        self.size = Size(
            low * one.shortest,
            high * one.longest,
            1 + high * max(one.parts, 1),
            min(high, LIMIT) * one.bits + math.log2(self.total),
            low * one.best + self.log if low <= LIMIT else -math.inf,
        )


Part: TypeAlias = Text | OneOf | Either | Repeat
Parts: TypeAlias = tuple[Part, ...]


def size_of(parts: Parts) -> Size:
    """Return what bounds the texts of a sequence."""
    sizes = [part.size for part in parts]
    return Size(
        sum(size.shortest for size in sizes),
        sum(size.longest for size in sizes),
        sum(size.parts for size in sizes),
        math.fsum(size.bits for size in sizes),
        math.fsum(size.best for size in sizes),
    )


def units_for(parts: Parts) -> int:
    """Return how many units a draw takes; none where there is nothing to decide."""
    bits = size_of(parts).bits
    return math.ceil((bits + _SPARE) / _BITS) if bits else 0


def decode(parts: Parts, units: Sequence[int]) -> str:
    """Return the text that `units`, whole numbers below 2**52, decide."""
    todo, out = [*reversed(parts)], []
    value, width, taken = 0, 1, 0
    while todo:
        part = todo.pop()
        if isinstance(part, Text):
            out.append(part.text)
            continue
        while width < _WIDE and taken < len(units):
            value, width, taken = value << _BITS | units[taken], width << _BITS, taken + 1
        # The last of `total` equal intervals that begins at or below the value.
        total = part.total
        ticket = ((value + 1) * total - 1) // width
        if isinstance(part, Either):
            place = bisect_right(part.edges, ticket)
            first, after, _ = part.decision(place)
            todo += reversed(part.options[place])
        elif isinstance(part, OneOf):
            first, after = ticket, ticket + 1
            out.append(part.chars[ticket])
        else:
            first, after = ticket, ticket + 1
            todo += part.parts[::-1] * (part.low + ticket)
        start = width * first // total
        value, width = value - start, width * after // total - start
    return "".join(out)


def encode(decisions: Sequence[Decision], units: int) -> list[float]:
    """Return the middle of the interval that `decisions` leave, as `units` numbers in [0, 1)."""
    value, width, taken = 0, 1, 0
    for first, after, total in decisions:
        while width < _WIDE and taken < units:
            value, width, taken = value << _BITS, width << _BITS, taken + 1
        start = width * first // total
        value, width = value + start, width * after // total - start
    value += width // 2
    used = [value >> _BITS * place & (1 << _BITS) - 1 for place in reversed(range(taken))]
    return [(unit + 0.5) / (1 << _BITS) for unit in used] + [0.5] * (units - taken)


def likeliest(parts: Parts) -> str:
    """Return the text of the most likely derivation, the first of those that are equally likely."""
    todo, out = [*reversed(parts)], []
    while todo:
        part = todo.pop()
        if isinstance(part, Text):
            out.append(part.text)
        elif isinstance(part, OneOf):
            out.append(part.chars[0])
        elif isinstance(part, Either):
            todo += reversed(part.options[part.favourite])
        else:
            todo += part.parts[::-1] * part.low
    return "".join(out)
