"""Hypothesis strategies for fields: draws in the latent cube that shrink towards the mode."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

__all__ = ["strategy"]

# Hypothesis draws whole numbers evenly from ranges up to this size; from larger ones it prefers numbers near zero.
_STEPS = 2**24


def strategy(
    draw: Callable[[Sequence[float], int], Any], mode: Sequence[float], *, rows: int
) -> "SearchStrategy[Any]":
    """Return a strategy of what `draw` makes of units and the number of a row.

    Every unit is the mode's and a number of steps up or down; steps shrink towards none.

    Args:
        draw: from units and row to a value.
        mode: units of the mode, [dims].
        rows: from how many rows the number is.
    """
    from hypothesis import strategies as st

    places = [int(unit * _STEPS) for unit in mode]
    steps = st.tuples(*[st.integers(-place, _STEPS - 1 - place) for place in places])

    def value(drawn: tuple[tuple[int, ...], int]) -> Any:
        # No step is the mode itself; a step leads to the middle of a cell, so that the ends are in reach and inside.
        moved = [
            unit if not step else (place + step + 0.5) / _STEPS
            for unit, place, step in zip(mode, places, drawn[0], strict=True)
        ]
        return draw(moved, drawn[1])

    return st.tuples(steps, st.integers(0, rows - 1)).map(value)
