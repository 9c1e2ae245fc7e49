"""Hypothesis strategies of Spaces shrink to what is likeliest, and draw no more than there is."""

from typing import Any

from hypothesis import find, given, settings

from gristmill.generators.fields import Choice, Integer, Many, Unique, Zipf
from gristmill.generators.space import Space

QUIET = settings(database=None, max_examples=300)


def test_a_field_that_the_mode_lacks_shrinks_to_its_own_mode() -> None:
    """Not to the middle of what it may be."""
    space = Space(
        k=Choice(["none", "some"], [3, 1]),
        x=Zipf(1.2, 1000).when(k="some"),
        a=Integer(1, 1000).when(k="some"),
    )

    assert {"k": "some", "x": 1, "a": 1} == find(
        space.strategy(), lambda one: one["k"] == "some", settings=QUIET
    )


def test_records_that_the_mode_lacks_shrink_to_their_mode() -> None:
    """Of a list of none to nine, one record is left, likely but for what was looked for."""
    record = Space({f"f{place}": Integer(1, 100) for place in range(8)})
    space = Space(items=Many(record, Choice(list(range(10)))))
    found = find(space.strategy(), lambda one: any(item["f3"] > 50 for item in one["items"]), settings=QUIET)

    assert [{**record.mode, "f3": 51}] == found["items"]


@settings(database=None, max_examples=200)
@given(Space(id=Unique("#"), x=Integer(1, 5)).strategy())
def test_rows_of_a_strategy_have_identifiers(row: dict[str, Any]) -> None:
    """A pattern of few allows for few rows."""
    assert row["id"] in "0123456789"
