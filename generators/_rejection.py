"""Rejection sampling: rows that break a constraint are drawn again, and rows asked for in turn are drawn ahead."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from gristmill.errors import UsageError
from gristmill.generators._columns import Units
from gristmill.seeding import derive, mix, units

__all__ = ["Ahead", "Rows", "accepted"]

Rows = NDArray[np.int64]
T = TypeVar("T")
_HOPELESS = 200_000  # draws in a row of which none is legal
_BLOCK = 2**20  # units at once while few rows are left
_AHEAD = 256  # rows at once where they are asked for in turn


def accepted(
    streams: NDArray[np.uint64],
    seed: int,
    name: str,
    rows: Rows,
    draw: Callable[[Units, Rows], tuple[T, NDArray[np.bool_]]],
) -> Iterator[tuple[Rows, T, NDArray[np.bool_]]]:
    """Yield places of rows, what was drawn for them, and which of that counts, until every row has its first legal draw.

    Args:
        streams: keys of the units, [dims].
        seed: root seed.
        name: of the stream of rows.
        rows: their numbers, [N].
        draw: from units, [dims, M], and the numbers of rows, [M], to values and which of them are legal, [M].

    Raises:
        UsageError: when next to no draw is legal.
    """
    left, attempt, spent, since, most = np.arange(len(rows)), 0, 0, 0, _BLOCK
    while True:
        # Later attempts are many at once; half as many as there were, so that few are in vain.
        several = max(1, min(attempt // 2, most // max(1, len(left) * len(streams))))
        numbers = rows[left]
        places = left if several == 1 else np.tile(left, several)
        seeds = [derive(seed, name, attempt + one) for one in range(several)]
        try:
            drawn, legal = draw(
                _units(streams, seeds, numbers), numbers if several == 1 else np.tile(numbers, several)
            )
        except Exception:
            if several == 1:
                raise
            most = 0  # what fails may be an attempt after the first legal one
            continue
        chosen = legal if several == 1 else _first(legal.reshape(several, -1)).ravel()
        yield places, drawn, chosen
        if several == 1 and chosen.all():
            return
        attempt, spent = attempt + several, spent + len(places)
        since = 0 if chosen.any() else since + len(places)
        left = left[~chosen.reshape(several, -1).any(axis=0)]
        if not len(left):
            return
        if since >= _HOPELESS:
            raise UsageError(
                f"Expected a constraint that some draws meet, got {len(rows) - len(left)} legal rows of {len(rows)} "
                f"in {spent:,} draws; widen the fields or loosen the constraint."
            )


class Ahead(Generic[T]):
    """Rows of one stream, some of which are drawn before they are asked for.

    Args:
        draw: from numbers of rows to these.
    """

    def __init__(self, draw: Callable[[Sequence[int]], list[T]]) -> None:
        self._draw, self._drawn = draw, dict[int, T]()
        self._last, self._at_once = -2, 1

    def row(self, index: int) -> T:
        """Return a row, drawn ahead or now; whoever asks in turn gets rows from larger and larger batches."""
        found: Any = self._drawn.pop(index, None)
        if found is None:
            in_turn = self._last == index - 1
            self._at_once = min(2 * self._at_once, _AHEAD) if in_turn else 1
            found, *rest = self._batch(index)
            self._drawn = dict(enumerate(rest, index + 1))
        self._last = index
        return found  # type: ignore[no-any-return]

    def _batch(self, index: int) -> list[T]:
        try:
            return self._draw(range(index, index + self._at_once))
        except Exception:
            if self._at_once == 1:
                raise
            self._at_once = 1  # what failed may be a row that nobody asked for
            return self._draw([index])


def _first(legal: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return of attempts, [A, N], the first legal one of each row."""
    first: NDArray[np.bool_] = legal & (legal.cumsum(axis=0) == 1)
    return first


def _units(streams: NDArray[np.uint64], seeds: Sequence[int], rows: Rows) -> Units:
    """Return the units of rows for each of A attempts, [dims, A * N]: one stream for each unit, by its name."""
    if len(seeds) == 1:
        return units(mix(streams + np.uint64(seeds[0])), rows)
    found = units(mix((streams + np.array(seeds, np.uint64)[:, None]).ravel()), rows)
    return found.reshape(len(seeds), len(streams), -1).swapaxes(0, 1).reshape(len(streams), -1)
