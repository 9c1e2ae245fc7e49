"""Scenarios like another one: legal, and different only where that was asked for."""

from collections import Counter

import pytest

from gristmill.errors import UsageError
from gristmill.generators.augment.resampling import check_fields, resampled
from gristmill.generators.fields import Choice, Flag, Integer, Many
from gristmill.generators.space import Space

ITEM = Space(kind=Choice(("hat", "ball")), size=Integer(1, 9).when(kind="hat"), price=Integer(1, 50))
SPACE = Space(
    fault=Flag(0.5),
    when=Integer(1, 9).when(fault=True),
    low=Integer(0, 10),
    high=Integer(0, 10),
    items=Many(ITEM, Choice((1, 2))),
    where=lambda values: values["low"] <= values["high"],
)
VALUES = {
    "fault": False,
    "low": 2,
    "high": 3,
    "items": [{"kind": "hat", "size": 4, "price": 10}, {"kind": "ball", "price": 3}],
}


@pytest.mark.parametrize("seed", range(10))
def test_only_chosen_fields_change_and_the_constraint_holds(seed: int) -> None:
    """What is drawn has to go with the rest."""
    found = resampled(SPACE, VALUES, ["low"], seed)

    assert found is not None
    assert found["low"] in (0, 1, 3)
    assert VALUES == found | {"low": 2}


@pytest.mark.parametrize("seed", range(10))
def test_what_exists_because_of_a_field_comes_and_goes_with_it(seed: int) -> None:
    """A fault needs its time; an item that is no hat has no size."""
    found = resampled(SPACE, VALUES, ["fault", "items.kind"], seed)

    assert found is not None
    assert "" == SPACE.problem(found)
    assert [10, 3] == [one["price"] for one in found["items"]]
    assert found["fault"] == ("when" in found)


def test_the_same_seed_gives_the_same_scenario() -> None:
    """And others give others."""
    found = [resampled(SPACE, VALUES, ["items.price"], seed) for seed in (1, 1, 2)]

    assert found[0] == found[1] != found[2]


def test_none_where_nothing_else_is_legal() -> None:
    """With the rest as it is."""
    full = VALUES | {"low": 0, "high": 0}
    assert resampled(Space(low=Integer(0, 0)), {"low": 0}, ["low"], 1) is None
    assert resampled(SPACE, full, ["low"], 1) is None


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        (["lowest"], "Unknown field 'lowest'"),
        (["items.colour"], "Unknown field 'items.colour'"),
        ([], "got none"),
    ],
)
def test_unknown_fields_are_told(fields: list[str], message: str) -> None:
    """With those there are."""
    with pytest.raises(UsageError, match=message):
        check_fields(SPACE, fields)


def test_what_is_drawn_again_is_as_likely_as_given_the_rest() -> None:
    """The constraint counts once: with y = 0 all values of x are alike."""
    space = Space(x=Integer(0, 4), y=Integer(0, 4), where="x + y <= 4")
    found = [resampled(space, {"x": 0, "y": 0}, ["x"], seed) for seed in range(400)]
    counts = Counter(one["x"] for one in found if one)

    assert {1, 2, 3, 4} == set(counts)
    assert all(abs(count - 100) < 45 for count in counts.values())
