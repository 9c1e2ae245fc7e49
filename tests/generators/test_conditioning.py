"""A Space given some values draws as the whole Space does where it has them."""

from collections import Counter
from typing import Any

import pytest

from gristmill.errors import UsageError
from gristmill.generators.conditioning import conditioned
from gristmill.generators.fields import Cases, Choice, Correlated, Derived, Flag, Integer, Many, Normal
from gristmill.generators.space import Space

ITEM = Space(kind=Choice(("a", "b", "c"), (0.2, 0.3, 0.5)), size=Integer(1, 9).when(kind="a"))
SPACE = Space(
    fault=Choice(("none", "late"), (0.8, 0.2)),
    items=Many(ITEM, Choice((1, 2, 3))),
    sure=Flag(0.5),
    where=lambda values: not (values["fault"] == "late" and values["sure"]),
)


def drawn(space: Space, count: int = 600) -> list[dict[str, Any]]:
    """Some draws."""
    return [space.sample(1, index) for index in range(count)]


def test_fixed_fields_have_their_values_and_the_others_vary() -> None:
    """A list of draws has the number that its name stands for."""
    values = drawn(conditioned(SPACE, {"fault": "late", "items": 2, "items.kind": "a"}), 200)

    assert {("late", 2)} == {(one["fault"], len(one["items"])) for one in values}
    assert {"a"} == {item["kind"] for one in values for item in one["items"]}
    assert {*range(1, 10)} == {item["size"] for one in values for item in one["items"]}


def test_constraints_still_hold() -> None:
    """The whole Space says what is legal."""
    assert {False} == {one["sure"] for one in drawn(conditioned(SPACE, {"fault": "late"}), 100)}


def test_values_that_are_allowed_stay_as_likely_as_they_were() -> None:
    """Of b and c, three eighths are b, as in the draws of the whole Space that have one of them."""
    kinds = Counter(
        item["kind"] for one in drawn(conditioned(SPACE, {"items.kind": ["b", "c"]})) for item in one["items"]
    )

    assert {"b", "c"} == set(kinds)
    assert abs(kinds["b"] / kinds.total() - 0.375) < 0.05


def test_what_is_drawn_is_in_the_whole_space() -> None:
    """So its density there can be told."""
    values = drawn(conditioned(SPACE, {"items": [1, 3], "items.kind": "a"}), 50)

    assert [] == [problem for one in values if (problem := SPACE.problem(one))]


@pytest.mark.parametrize(
    ("fix", "words"),
    [
        ({"falt": "late"}, r"Unknown field 'falt'.*'fault'"),
        ({"items.knd": "a"}, r"Unknown field 'knd'.*'kind'"),
        ({"fault": "early"}, r"'fault': expected one of 'none', 'late', got 'early'"),
        ({"items": 9}, r"'items': expected one of 1, 2, 3, got 9"),
        ({"fault.kind": "a"}, r"'fault', which has no fields"),
    ],
)
def test_what_cannot_be_fixed_is_named(fix: dict[str, Any], words: str) -> None:
    """With what would be right."""
    with pytest.raises(UsageError, match=words):
        conditioned(SPACE, fix)


MIXED = Space(
    {
        "a": Normal(0, 1),
        "b": Normal(0, 1),
        "k": Choice(("p", "q")),
        "c": Cases("k", {"p": Integer(1, 2), "q": Integer(2, 3)}),
        "d": Derived("a * 2"),
    },
    correlated=[Correlated(["a", "b"], [[1, 0.95], [0.95, 1]])],
)


@pytest.mark.parametrize(
    ("name", "value", "why"),
    [("a", 0.5, "is correlated with b"), ("c", 2, "follows from"), ("d", 1.0, "follows from")],
)
def test_a_field_that_others_have_to_do_with_cannot_be_fixed(name: str, value: Any, why: str) -> None:
    """What the others are given its value would have to be worked out."""
    with pytest.raises(UsageError, match=f"drawn independently, got '{name}', which {why}"):
        conditioned(MIXED, {name: value})


def test_fixing_one_field_leaves_the_others_as_they_depend_on_each_other() -> None:
    """Correlations and cases stay."""
    values = drawn(conditioned(MIXED, {"k": "q"}))

    assert {2, 3} == {one["c"] for one in values}
    assert sum(one["a"] * one["b"] for one in values) / len(values) > 0.8


def test_a_field_that_can_no_longer_exist_is_gone() -> None:
    """With all that depends on it."""
    values = drawn(conditioned(ITEM, {"kind": ["b", "c"]}), 20)

    assert {"kind"} == {name for one in values for name in one}
