"""How a text is derived: the log-probability over all derivations, and the decisions of the most likely one.

The inside algorithm (J. K. Baker, Trainable grammars for speech recognition, 1979), from left to right: parts carry
the places where they may begin to the places where they may end. Where two derivations meet, their probabilities add
and the likelier one is remembered (A. J. Viterbi, Error bounds for convolutional codes, 1967).
"""

import math
from typing import Any, NamedTuple

from gristmill.errors import UsageError
from gristmill.generators.grammars._languages import Decision, Either, OneOf, Part, Parts, Repeat, Text

__all__ = ["parse"]

_STEPS = 200_000  # about half a second


class _Cell(NamedTuple):
    """All derivations that end in one place: their log-probability, that of the likeliest, and its marks.

    The marks are a linked list from the last to the first: decisions, and lists of marks of what was parsed before.
    A repeat is decided before its parts but known after them, so it leaves `_OPEN` and, later, its decision in a `_Close`.
    """

    total: float
    best: float
    marks: Any


class _Close(NamedTuple):
    decision: Decision


class _Inner(NamedTuple):
    marks: Any


_Cells = dict[int, _Cell]
_OPEN = object()


def parse(parts: Parts, text: str) -> tuple[float, list[Decision]]:
    """Return the log-probability of `text` and the decisions of its most likely derivation.

    Raises:
        UsageError: when there are too many derivations to look at.
    """
    found = _Chart(text).through(parts, {0: _Cell(0.0, 0.0, None)}).get(len(text))
    return (found.total, _decisions(found.marks)) if found else (-math.inf, [])


class _Chart:
    def __init__(self, text: str) -> None:
        self._text = text
        self._left = _STEPS
        self._known: dict[tuple[int, int], _Cells] = {}

    def through(self, parts: Parts, cells: _Cells) -> _Cells:
        """Return where `parts` end that begin at `cells`."""
        for part in parts:
            if not cells:
                break
            self._left -= len(cells)
            if self._left < 0:
                raise UsageError(
                    f"Expected a text with few derivations, got one of {len(self._text)} characters that takes "
                    f"more than {_STEPS:,} steps to parse; make the rules or the pattern less ambiguous."
                )
            cells = self._over(part, cells)
        return cells

    def _over(self, part: Part, cells: _Cells) -> _Cells:
        if isinstance(part, Text):
            size, starts = len(part.text), self._text.startswith
            return {at + size: cell for at, cell in cells.items() if starts(part.text, at)}
        if isinstance(part, OneOf):
            return self._one(part, cells)
        if isinstance(part, Repeat):
            return self._repeated(part, cells)
        return self._known_ends(part, cells) if part.shared else self._either(part, cells)

    def _one(self, part: OneOf, cells: _Cells) -> _Cells:
        ends = {}
        for at, cell in cells.items():
            place = part.places.get(self._text[at : at + 1])
            if place is not None:
                ends[at + 1] = _after(cell, part.log, (place, place + 1, part.total))
        return ends

    def _either(self, part: Either, cells: _Cells) -> _Cells:
        ends: _Cells = {}
        for place, (option, log) in enumerate(zip(part.options, part.logs, strict=True)):
            decision = part.decision(place)
            begun = {at: _after(cell, log, decision) for at, cell in cells.items()}
            for at, cell in self.through(option, begun).items():
                _meet(ends, at, cell)
        return ends

    def _known_ends(self, part: Either, cells: _Cells) -> _Cells:
        """Return the ends of a rule, which is parsed once for every place where it may begin."""
        ends: _Cells = {}
        for start, cell in cells.items():
            key = (id(part), start)
            if key not in self._known:
                self._known[key] = self._either(part, {start: _Cell(0.0, 0.0, None)})
            for at, inner in self._known[key].items():
                self._left -= 1
                marks = (cell.marks, _Inner(inner.marks))
                _meet(ends, at, _Cell(cell.total + inner.total, cell.best + inner.best, marks))
        return ends

    def _repeated(self, part: Repeat, cells: _Cells) -> _Cells:
        ends: _Cells = {}
        cells = {at: _after(cell, 0.0, _OPEN) for at, cell in cells.items()}
        for count in range(part.high + 1):
            if count >= part.low:
                place = count - part.low
                for at, cell in cells.items():
                    _meet(ends, at, _after(cell, part.log, _Close((place, place + 1, part.total))))
            if count < part.high:
                cells = self.through(part.parts, cells)
            if not cells:
                break
        return ends


def _after(cell: _Cell, log: float, mark: Any) -> _Cell:
    return _Cell(cell.total + log, cell.best + log, (cell.marks, mark))


def _meet(ends: _Cells, at: int, cell: _Cell) -> None:
    """Add the derivations in `cell` to those that end at `at`."""
    there = ends.get(at)
    if there is None:
        ends[at] = cell
        return
    high, low = max(there.total, cell.total), min(there.total, cell.total)
    likelier = cell if cell.best > there.best else there
    ends[at] = _Cell(high + math.log1p(math.exp(low - high)), likelier.best, likelier.marks)


def _decisions(marks: Any) -> list[Decision]:
    found: list[Decision] = []
    closed: list[Decision] = []
    todo = [marks]
    while todo:
        marks = todo.pop()
        while marks is not None:
            marks, mark = marks
            if mark is _OPEN:
                found.append(closed.pop())
            elif isinstance(mark, _Close):
                closed.append(mark.decision)
            elif isinstance(mark, _Inner):
                todo.append(marks)
                marks = mark.marks
            else:
                found.append(mark)
    return found[::-1]
