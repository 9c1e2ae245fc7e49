"""Hypothesis strategies of Spaces shrink to what is likeliest, and draw no more than there is."""

from typing import Any

from hypothesis import find, given, settings

from gristmill.generators.fields import Cases, Choice, Derived, Integer, LogNormal, Many, Unique, Zipf
from gristmill.generators.space import Space

QUIET = settings(database=None, max_examples=300)
BRIEF = settings(database=None, max_examples=30)


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


def test_cases_shrink_to_the_mode_of_their_case() -> None:
    """Of the case that the row has: the first value of a range, the peak of a distribution."""
    by_size = Cases("size", {"large": Integer(50, 99), "small": Integer(1, 9)})
    space = Space(size=Choice(["small", "large"], [3, 1]), boxes=by_size, twice=Derived("2 * boxes"))
    peaked = Space(kind=Choice(["a"]), price=Cases("kind", {"a": LogNormal(14, 1, digits=2)}))

    assert {"size": "small", "boxes": 1, "twice": 2} == space.mode
    assert space.mode == find(space.strategy(), lambda _: True, settings=BRIEF)
    assert {"size": "large", "boxes": 50, "twice": 100} == find(
        space.strategy(), lambda one: one["boxes"] > 9, settings=QUIET
    )
    assert LogNormal(14, 1, digits=2).mode == peaked.mode["price"]


def test_lists_that_read_what_is_around_shrink_to_their_mode() -> None:
    """To the likeliest number of records, each as likely as can be."""
    record = Space(
        {
            "kind": Choice(["a", "b"], [1, 2]),
            "count": Cases("kind", {"a": Integer(1, 5), "b": Integer(3, 8)}),
            "whole": Derived("count * factor"),
        },
        inner=True,
    )
    space = Space(factor=Integer(2, 4), items=Many(record, Choice([1, 2, 3], [1, 5, 1])))

    assert {"factor": 2, "items": [{"kind": "b", "count": 3, "whole": 6}] * 2} == space.mode
    assert space.mode == find(space.strategy(), lambda _: True, settings=BRIEF)


@settings(database=None, max_examples=200)
@given(Space(id=Unique("#"), x=Integer(1, 5)).strategy())
def test_rows_of_a_strategy_have_identifiers(row: dict[str, Any]) -> None:
    """A pattern of few allows for few rows."""
    assert row["id"] in "0123456789"
