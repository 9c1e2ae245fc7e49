"""Where the numbers of a solution come from: what is given, and what was worked out before."""

import re
from collections.abc import Sequence
from fractions import Fraction

__all__ = ["Known", "largest_index", "stated"]

_NUMBER = re.compile(r"(?<![A-Za-z\d.])(\d[\d,]*(?:\.\d+)?)(%?)")
_SIGNED = re.compile(r"(?<![A-Za-z\d.])((?:(?<=\s)|^)-)?(\d[\d,]*(?:\.\d+)?)")
_INDEX = re.compile(r"\b[A-Za-z]+(\d+)\b")
_ALWAYS = frozenset(map(Fraction, (0, 1, 2, 4, 100)))  # of halves, of percent, and of the quadratic formula


def stated(text: str) -> list[Fraction]:
    """Return the numbers in a text with their signs; those in names such as `u12` are none."""
    return [Fraction(found[2].replace(",", "")) * (-1 if found[1] else 1) for found in _SIGNED.finditer(text)]


def largest_index(texts: Sequence[str]) -> list[Fraction]:
    """Return the largest number in names such as `u12`, if there are any."""
    found = [int(one) for text in texts for one in _INDEX.findall(text)]
    return [Fraction(max(found))] if found else []


class Known:
    """The numbers that may be used in a step, without their signs.

    Args:
        facts: the equations that are given.
    """

    def __init__(self, facts: Sequence[str]) -> None:
        self._numbers = {*_ALWAYS, *largest_index(facts)}
        for fact in facts:
            self._add(fact)

    def strange(self, step: str) -> list[str]:
        """Return the numbers of a step that come from nowhere, and take in all that it has.

        The last side of an equation is what it comes to, and one less than another beside it is counted down to.
        """
        _, _, equations = step.rpartition(": ")
        sides = [
            side
            for option in equations.split(" or ")
            for chain in option.split(", ")
            for side in chain.split("=")[:-1]
        ]
        found = [text for side in sides for text in self._unknown(side)]
        self._add(equations)
        return found

    def missing(self, text: str) -> list[str]:
        """Return the numbers of a text that no step has."""
        return [str(one) for one in _unsigned(text) if one not in self._numbers]

    def _unknown(self, side: str) -> list[str]:
        numbers = _unsigned(side)
        return [str(one) for one in numbers if one not in self._numbers and one + 1 not in numbers]

    def _add(self, text: str) -> None:
        for found in _NUMBER.finditer(text):
            value = Fraction(found[1].replace(",", ""))
            self._numbers |= {value, value / 100} if found[2] else {value}


def _unsigned(text: str) -> list[Fraction]:
    return [Fraction(found[1].replace(",", "")) for found in _NUMBER.finditer(text)]
