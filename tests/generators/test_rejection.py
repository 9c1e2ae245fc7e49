"""Rows that break a constraint are drawn again, whatever they are drawn with."""

import math
from datetime import date
from typing import Any

import numpy as np
import pytest

from gristmill.errors import UsageError
from gristmill.generators._columns import plain_values
from gristmill.generators.fields import Cases, Choice, Date, Derived, Field, Integer, Many, Uniform
from gristmill.generators.space import Space
from gristmill.seeding import derive, mix, units


def test_a_long_table_of_rare_rows_is_drawn() -> None:
    """One draw in a hundred is enough for every row of many, and the rows are those drawn alone."""
    space = Space(x=Integer(1, 100), y=Integer(0, 999), where="x == 1")
    table = space.table(0, range(20_000))

    assert {1} == set(table["x"].to_pylist())
    assert table["y"].to_pylist()[:20] == [space.sample(0, row)["y"] for row in range(20)]


def test_many_rows_are_judged_as_each_alone() -> None:
    """Dates as dates, what is absent or nothing as nothing, and records within by their own constraint first."""
    space = Space(
        day=Date("2024-01-01", "2024-12-31"),
        kind=Choice(["a", "b", None]),
        size=Integer(1, 3).when(kind="a"),
        within=Space(x=Integer(0, 5), where="x > 0"),
        where="month(day) > 3 and (size is None or size < 3) and 6 / within.x > 1",
    )
    rows = space.samples(0, range(200))

    assert rows == [space.samples(0, [row])[0] for row in range(200)]
    assert all(not space.problem(row) for row in rows)
    assert {1, 2, None} == {row.get("size") for row in rows}


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


TYPED: dict[str, tuple[Field, str]] = {
    "date": (Date("2023-01-01", "2024-12-31"), "year(x) == 2024"),
    "within": (Space(d=Date("2023-01-01", "2024-12-31"), n=Integer(1, 3)), "year(x.d) == 2024 and x.n > 1"),
    "derived": (Derived("day + days(7)"), "month(x) > 6"),
    "listed": (
        Many(Space(d=Date("2023-01-01", "2024-12-31"), n=Uniform(0, 1)), Choice([1, 2])),
        "sum(x.n) > 1",
    ),
    "mixed": (Cases("kind", {"p": Integer(1, 2), "q": Uniform(0, 3)}), "x + 1 > 2"),
    "nothing": (Choice([None, 1, 2.5]), "x is None or x > 2"),
}


@pytest.mark.parametrize("name", TYPED)
def test_a_constraint_means_the_same_for_columns_and_for_values(name: str) -> None:
    """Dates in an expression are dates, wherever the values come from."""
    field, rule = TYPED[name]
    fields = {"kind": Choice(["p", "q"]), "day": Date("2024-01-01", "2024-12-31"), "x": field}
    space = Space(fields, where=rule)
    values = space.samples(0, range(30))
    nested = Space(whole=space)
    drawn = plain_values(space.table(0, range(30)).to_struct_array().combine_chunks())

    assert drawn == [{key: one for key, one in row.items() if one is not None} for row in values]
    assert all(math.isfinite(space.log_prob(one)) and space.problem(one) == "" for one in values)
    assert 30 == nested.table(0, range(30)).num_rows
    assert 30 == len(nested.samples(0, range(30)))


def test_a_value_that_is_nothing_is_there_for_a_constraint() -> None:
    """A function of the values sees the same row whether a table or a scenario is drawn."""
    space = Space(d=Choice([None, "a"]), x=Integer(0, 9), where=lambda values: values["d"] is None)

    assert space.table(0, range(20))["x"].to_pylist() == [one["x"] for one in space.samples(0, range(20))]


def test_a_constraint_is_true_or_false() -> None:
    """A number is none."""
    space = Space(x=Integer(1, 5), where="x + 1")

    for draw in (space.table, space.samples):
        with pytest.raises(UsageError, match=r"true or false, got 'x \+ 1', which gives int64"):
            draw(0, range(3))


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        (
            Choice(["approved", "declined"]),
            ["aproved"],
            "'a' is 'aproved', which it never is: expected one of",
        ),
        (Integer(1, 2), "1", "'a' is '1', which it never is: expected integer"),
        (Integer(0, 1), True, "'a' is True"),
        (Derived("2"), "2", "expected int64, got '2'"),
        (Integer(0, 1), [0, None], "'a' is None, which it never is: expected integer"),
        (Choice(["x"]), [], "Expected at least one value of 'a' in a condition, got none"),
        (Choice([[1], [2]]), [[1]], "Expected texts, numbers, true, false or None as values of 'a'"),
    ],
)
def test_a_condition_that_is_never_met_is_refused(field: Field, value: Any, message: str) -> None:
    """Most are typing errors."""
    with pytest.raises(UsageError, match=message):
        Space(a=field, b=Integer(1, 2).when(a=value))


def test_a_condition_takes_a_date_as_it_is_written() -> None:
    """TOML has dates of its own."""
    space = Space(a=Date("2024-01-01", "2024-01-02"), b=Integer(1, 2).when(a=date(2024, 1, 2)))

    assert {("2024-01-01", False), ("2024-01-02", True)} == {
        (one["a"], "b" in one) for one in space.samples(0, range(20))
    }
