"""The leaves of a Space are all that is drawn by itself, wherever it stands."""

import pytest

from gristmill.generators.fields import Choice, Flag, Integer, Many, Normal, Pattern
from gristmill.generators.rare.leaves import leaves, peak, present, unusual
from gristmill.generators.space import Space
from tests.generators.rare.hazards import desk

NESTED = Space(
    kind=Choice(["a", "b"], [3, 1]),
    part=Space(size=Normal(0, 1), extra=Flag(0.1)).when(kind="b"),
    items=Many(Space(count=Integer(1, 9)), Choice([0, 1, 2])),
)


def test_leaves_have_the_places_of_their_units() -> None:
    """What is found at the place of a leaf's units is what its value was drawn from."""
    space = desk().space
    for values in space.samples(1, range(20)):
        units = space.origin(values)
        for leaf, value, row in present(leaves(space), values):
            assert leaf.field.origin(value, row) == pytest.approx(units[leaf.start : leaf.end])


def test_leaves_say_what_they_need_to_be_there() -> None:
    """The condition of what they are in, and a list that is long enough."""
    needs = {leaf.path: leaf.needs for leaf in leaves(NESTED)}

    assert ((("kind",), frozenset({"b"})),) == needs["part", "size"]
    assert ((("items",), frozenset({2})),) == needs["items", 1, "count"]


def test_only_what_exists_is_present() -> None:
    """The number of a list's records counts as a value of the list."""
    there = {
        leaf.name: value for leaf, value, _ in present(leaves(NESTED), {"kind": "a", "items": [{"count": 3}]})
    }

    assert {"kind": "a", "items": 1, "items 1 count": 3} == there


def test_the_mode_falls_short_of_the_peak_by_nothing() -> None:
    """So does a scenario with more fields, as long as each has its likeliest value."""
    found = leaves(NESTED)
    more = {"kind": "a", "items": [{"count": 3}, {"count": 9}]}

    assert NESTED.log_prob(NESTED.mode) == pytest.approx(peak(found, NESTED.mode))
    assert NESTED.log_prob(more) == pytest.approx(peak(found, more))


@pytest.mark.parametrize(
    ("field", "value", "expected"),
    [
        (Normal(0, 1), 1.5, False),
        (Normal(0, 1), -1.7, True),
        (Integer(1, 100), 1, False),
        (Integer(1, 100), 99, True),
        (Choice(["a", "b"], [2, 1]), "b", True),
        (Flag(0.1), False, False),
        (Pattern("####"), "4711", False),
    ],
)
def test_values_are_as_usual_or_not(field: Choice, value: object, expected: bool) -> None:
    """Numbers in the middle of their distribution are, options that are the likeliest, and names always."""
    (leaf,) = leaves(Space(one=field))

    assert expected == unusual(leaf, value, {"one": value})
