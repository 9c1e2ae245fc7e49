"""Patterns of identifiers wide enough for a table that is larger than the real one."""

import math
import re
from collections.abc import Iterator, Sequence
from string import ascii_uppercase, digits

from gristmill.generators.kinds.field import CELLS

__all__ = ["TIMES", "room", "widened"]

TIMES = 1_000  # as many rows as the real ones that identifiers are to be enough for
_ROWS = 10_000_000  # that a pattern is to be enough for at least
_RUN = {"#": f"[{digits}#]+", "?": f"[{ascii_uppercase}?]+"}
_SIZES = {"#": len(digits), "?": len(ascii_uppercase)}


def widened(pattern: str, rows: int) -> str:
    """Return a pattern of the same length with so many identifiers that far more rows than the real ones can be drawn.

    What all real ones share becomes free from the right on, only as far as it has to: first digits beside digits that
    vary, then capitals beside capitals that vary, then other digits. Other letters stay as they are.

    Args:
        pattern: with `#` for digits and `?` for capitals that vary.
        rows: of the real table.
    """
    wanted = max(TIMES * rows, _ROWS)
    marks = list(pattern)
    for place, mark in _free(pattern):
        count = _count(marks)
        if count >= wanted or count * _SIZES[mark] > CELLS:
            break
        marks[place] = mark
    return "".join(marks)


def room(pattern: str, rows: int) -> str:
    """Return for how many rows a pattern has identifiers if they are not far more than the real ones, else nothing."""
    count = _count(pattern)
    return "" if count >= TIMES * rows else f"enough for {count:,} rows; make the pattern longer for more"


def _free(pattern: str) -> Iterator[tuple[int, str]]:
    """Yield places that may become free and what they become, in the order in which they do."""
    for mark, beside in (("#", True), ("?", True), ("#", False)):
        for run in reversed([*re.finditer(_RUN[mark], pattern)]):
            if (mark in run[0]) == beside:
                yield from ((place, mark) for place in reversed(range(*run.span())) if pattern[place] != mark)


def _count(marks: Sequence[str]) -> int:
    return math.prod(_SIZES.get(mark, 1) for mark in marks)
