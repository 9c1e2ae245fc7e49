"""Fields that tell rows apart and lead from one table to another."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from gristmill.errors import UsageError
from gristmill.generators._columns import Units
from gristmill.generators.kinds.placed import ROW, Context, Placed
from gristmill.generators.kinds.texts import Pattern
from gristmill.seeding import GAMMA, derive, mix

__all__ = ["Reference", "Unique"]

_ROUNDS = 4  # of a Feistel network; Luby and Rackoff, How to construct pseudorandom permutations, 1988


class Unique(Placed):
    """An identifier after a pattern as of `Pattern`, a different one in every row.

    The number of a row goes through a permutation of all identifiers that the seed picks, so that uniqueness needs no
    memory of what was drawn.
    """

    dims = 0
    reads = frozenset((ROW,))

    def __init__(self, pattern: str) -> None:
        self.pattern = pattern
        self._pattern = Pattern(pattern)

    @property
    def count(self) -> int:
        """How many identifiers there are."""
        return self._pattern.count

    def within(self, units: Units, context: Context) -> pa.Array:
        if context.rows is None:
            raise UsageError("Expected numbered rows for unique identifiers, got units alone.")
        if len(context.rows) and int(context.rows.min()) < 0:
            raise UsageError(f"Expected numbers of rows from 0, got {int(context.rows.min())}.")
        if len(context.rows) and int(context.rows.max()) >= self._pattern.count:
            raise UsageError(
                f"Expected at most {self._pattern.count:,} rows, since {self.pattern!r} has no more identifiers, got row "
                f"{int(context.rows.max()):,}; make the pattern longer."
            )
        # By its name, since two fields of one pattern would else be equal in every row.
        numbers = _permuted(context.rows, self._pattern.count, derive(context.seed, "unique", context.name))
        return self._pattern.numbered(numbers)

    def log_prob(self, value: Any) -> float:
        return 0.0 if not self.problem(value) else -math.inf

    def problem(self, value: Any) -> str:
        return self._pattern.problem(value)


class Reference(Placed):
    """A row of another table: the value of its `field`, or a record of `fields` that expressions read as `name.field`."""

    def __init__(self, table: str, field: str = "", *, fields: Sequence[str] = ()) -> None:
        if bool(field) == bool(fields):
            raise UsageError(
                f"Expected either field or fields of table {table!r}, got {field!r} and {list(fields)}."
            )
        self.table, self.field, self.fields = table, field, list(fields)

    def within(self, units: Units, context: Context) -> pa.Array:
        if context.records is None:
            raise UsageError(f"Expected the table {self.table!r} beside this one, got a space by itself.")
        found = context.records(self.table, self.fields or [self.field], units[0])
        return found.field(self.field) if self.field else found


def _permuted(rows: NDArray[np.int64], count: int, key: int) -> NDArray[np.int64]:
    """Return where a permutation of 0 … count - 1 takes each row, [N]; steps that lead outside are walked on."""
    half = max(1, math.ceil(math.log2(max(2, count)) / 2))
    keys = [derive(key, "round", number) for number in range(_ROUNDS)]
    found = rows.astype(np.uint64)
    outside = np.ones(len(found), bool)
    while outside.any():
        found[outside] = _feistel(found[outside], np.uint64(half), keys)
        outside = found >= count
    return found.astype(np.int64)


def _feistel(words: NDArray[np.uint64], half: np.uint64, keys: Sequence[int]) -> NDArray[np.uint64]:
    low = (np.uint64(1) << half) - np.uint64(1)
    left, right = words >> half, words & low
    for key in keys:
        left, right = right, left ^ (mix((right + np.uint64(1)) * GAMMA + np.uint64(key)) & low)
    return left << half | right
