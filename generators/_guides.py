"""Guide tables: in which of many cells of cumulative probability a unit lies, found with one look instead of a search."""

import math
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

__all__ = ["Guide"]

_FEW, _SHORT = 8, 2_000  # edges and units below which a search is as quick
_FINE = 8  # parts for each edge
_LARGEST = 2**18  # parts, as many as stay in the processor's cache


class Guide:
    """The edges of cells, and for even parts of their range the cells that begin there.

    H.-C. Chen and Y. Asau, On generating random variates from an empirical distribution, AIIE Transactions 6, 1974.

    Args:
        edges: where the cells end, [cells], ascending from above 0; the last end may be left out.
    """

    def __init__(self, edges: NDArray[np.float64]) -> None:
        self.edges = edges
        whole = max(1, math.ceil(edges[-1])) if len(edges) else 1
        # A power of two, so that the part of a unit is exact.
        self._scale = 2 ** math.ceil(math.log2(max(1.0, _FINE * len(edges) / whole)))
        self._parts = whole * self._scale
        self._guides = len(edges) >= _FEW and self._parts <= _LARGEST

    def places(self, units: NDArray[np.float64]) -> NDArray[np.intp] | NDArray[np.int32]:
        """Return the cell of each unit, [N]: how many edges are not above it.

        Args:
            units: from 0 to below the last end, [N].
        """
        if not self._guides or len(units) < _SHORT:
            return self.edges.searchsorted(units, "right")
        first, several, ends = self._table
        parts = (units * self._scale).astype(np.int32)
        found: NDArray[np.int32] = first.take(parts)
        found += ends.take(found) <= units
        if several is not None:
            rest = np.flatnonzero(several.take(parts))
            found[rest] = self.edges.searchsorted(units[rest], "right")
        return found

    @cached_property
    def _table(self) -> tuple[NDArray[np.int32], NDArray[np.bool_] | None, NDArray[np.float64]]:
        """Of each part the cell at its start, and whether several edges are within it; the ends of all cells."""
        starts = np.arange(self._parts + 1) / self._scale
        first = self.edges.searchsorted(starts[:-1], "right")
        several = self.edges.searchsorted(starts[1:], "left") > first + 1
        ends = np.append(self.edges, math.inf)
        return first.astype(np.int32), several if several.any() else None, ends
