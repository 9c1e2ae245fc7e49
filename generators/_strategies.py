"""Hypothesis strategies for fields: draws in the latent cube that shrink towards the mode."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from gristmill.generators.kinds.field import List

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

__all__ = ["strategy"]

# Hypothesis draws small whole numbers evenly and prefers those near zero among large ones, so a unit is a cell of the
# many and a place within it.
_CELLS, _PLACES = 2**10, 2**14


def strategy(
    draw: Callable[[Sequence[float], int], Any],
    start: Sequence[float],
    *,
    rows: int,
    lists: Sequence[List] = (),
) -> "SearchStrategy[Any]":
    """Return a strategy of what `draw` makes of units and the number of a row.

    Every unit is so many cells, and so far within the last, from where it starts; both shrink towards none. Units of
    records that a list has not stay where they start.

    Args:
        draw: from units and row to a value.
        start: units, [dims].
        rows: from how many rows the number is.
        lists: which of the units are those of records.
    """
    from hypothesis import strategies as st

    cells = [int(unit * _CELLS) for unit in start]
    steps = [st.tuples(st.integers(-cell, _CELLS - 1 - cell), st.integers(0, _PLACES - 1)) for cell in cells]
    records = {place for one in lists for place in range(one.place + 1, one.place + 1 + one.size * one.most)}
    others = [place for place in range(len(start)) if place not in records]
    first, row = st.tuples(*(steps[place] for place in others)), st.integers(0, rows - 1)

    @st.composite
    def value(some: Any) -> Any:
        units = list(start)

        def move(places: Sequence[int], moved: Sequence[tuple[int, int]]) -> None:
            for place, step in zip(places, moved, strict=True):
                units[place] = _moved(start[place], cells[place], step)

        move(others, some(first))
        for one in lists:
            # Of no fewer records than where it starts, since what needs fewer choices counts as simpler.
            count = max(one.count(units[one.place]), one.count(start[one.place]))
            places = range(one.place + 1, one.place + 1 + one.size * count)
            move(places, some(st.tuples(*(steps[place] for place in places))))
        return draw(units, some(row))

    return value()


def _moved(unit: float, cell: int, step: tuple[int, int]) -> float:
    """Return the unit that a step leads to from `unit` in `cell`; no step leads nowhere."""
    cells, places = step
    if not cells and not places:
        return unit
    within = (places + 0.5) / _PLACES
    return (cell + cells + (within if cells >= 0 else 1 - within)) / _CELLS
