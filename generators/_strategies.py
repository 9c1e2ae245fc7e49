"""Hypothesis strategies for fields: draws in the latent cube that shrink towards the mode."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

__all__ = ["strategy"]

# Hypothesis draws small whole numbers evenly and prefers those near zero among large ones, so a unit is a cell of the
# many and a place within it.
_CELLS, _PLACES = 2**10, 2**14


def strategy(
    draw: Callable[[Sequence[float], int], Any], mode: Sequence[float], *, rows: int
) -> "SearchStrategy[Any]":
    """Return a strategy of what `draw` makes of units and the number of a row.

    Every unit is so many cells, and so far within the last, from that of the mode; both shrink towards none.

    Args:
        draw: from units and row to a value.
        mode: units of the mode, [dims].
        rows: from how many rows the number is.
    """
    from hypothesis import strategies as st

    cells = [int(unit * _CELLS) for unit in mode]
    steps = [st.tuples(st.integers(-cell, _CELLS - 1 - cell), st.integers(0, _PLACES - 1)) for cell in cells]

    def value(drawn: tuple[tuple[tuple[int, int], ...], int]) -> Any:
        moved = map(_moved, mode, cells, drawn[0])
        return draw(list(moved), drawn[1])

    return st.tuples(st.tuples(*steps), st.integers(0, rows - 1)).map(value)


def _moved(unit: float, cell: int, step: tuple[int, int]) -> float:
    """Return the unit that a step leads to from `unit` in `cell`; no step leads nowhere."""
    cells, places = step
    if not cells and not places:
        return unit
    within = (places + 0.5) / _PLACES
    return (cell + cells + (within if cells >= 0 else 1 - within)) / _CELLS
