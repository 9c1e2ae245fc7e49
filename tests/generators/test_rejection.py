"""Rows that break a constraint are drawn again, whatever they are drawn with."""

from typing import Any

import numpy as np
import pytest

from gristmill.generators.fields import Integer
from gristmill.generators.space import Space
from gristmill.seeding import derive, mix, units


def test_a_long_table_of_rare_rows_is_drawn() -> None:
    """One draw in a hundred is enough for every row of many, and the rows are those drawn alone."""
    space = Space(x=Integer(1, 100), y=Integer(0, 999), where="x == 1")
    table = space.table(0, range(20_000))

    assert {1} == set(table["x"].to_pylist())
    assert table["y"].to_pylist()[:20] == [space.sample(0, row)["y"] for row in range(20)]


def test_a_single_rare_row_is_drawn() -> None:
    """One draw in ten thousand is enough."""
    space = Space(x=Integer(1, 10_000), where="x == 1")

    assert [1] * 5 == [space.table(0, [row])["x"][0].as_py() for row in range(5)]


def test_the_first_legal_attempt_of_a_row_counts() -> None:
    """In whatever blocks attempts are drawn."""
    whole = Space(x=Integer(1, 40), y=Integer(0, 999))
    space = Space(x=Integer(1, 40), y=Integer(0, 999), where=lambda values: values["x"] == 1)

    for row in range(10):
        assert space.sample(1, row) == _first(whole, 1, row)


def _first(space: Space, seed: int, row: int) -> dict[str, Any]:
    """The first draw of a row with x = 1, attempt by attempt."""
    attempt = 0
    while True:
        at = units(mix(space._streams + np.uint64(derive(seed, "scenario", attempt))), np.array([row]))
        (found,) = space.values(at)
        if found["x"] == 1:
            return found
        attempt += 1


def test_a_row_that_fails_fails_alone() -> None:
    """Rows before it, asked for in turn, know nothing of what is drawn ahead of them."""

    def space() -> Space:
        return Space(x=Integer(0, 19), where=lambda values: 100 / values["x"] < 1_000)

    one, bad = space(), next(row for row in range(500) if _fails(space(), row))
    for row in range(bad):
        assert one.sample(0, row)["x"] > 0
    with pytest.raises(ZeroDivisionError):
        one.sample(0, bad)


def _fails(space: Space, row: int) -> bool:
    try:
        space.sample(0, row)
    except ZeroDivisionError:
        return True
    return False


def test_rows_are_drawn_ahead_for_each_of_several_seeds() -> None:
    """Who takes turns between seeds causes few batches."""
    batches: list[int] = []

    class Counting(Space):
        def samples(self, seed: int, rows: Any, *, name: str = "scenario") -> list[dict[str, Any]]:
            batches.append(len(rows))
            return super().samples(seed, rows, name=name)

    space = Counting(x=Integer(0, 999))
    drawn = [space.sample(seed, row) for row in range(200) for seed in (1, 2)]

    assert len(batches) < 20
    assert drawn == [Space(x=Integer(0, 999)).sample(seed, row) for row in range(200) for seed in (1, 2)]
