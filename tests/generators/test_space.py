"""A Space draws scenarios that depend on nothing but seed and index."""

import math
import subprocess
import sys
from typing import Any

import pytest

from gristmill.errors import UsageError
from gristmill.generators.fields import Choice, Constant, Date, Flag, Integer, Many, Normal, Pattern, Uniform
from gristmill.generators.space import Space
from gristmill.types import Scenario

LINE = Space(item=Choice(("pen", "ink")), gift=Flag(0.5), card=Pattern("##").when(gift=True))
ORDER = Space(
    size=Choice(("small", "large")),
    boxes=Integer(1, 9).when(size=("large",)),
    lines=Many(LINE, Choice((1, 2))),
    where=lambda values: values.get("boxes") != 5,
)
GOOD: dict[str, Any] = {"size": "large", "boxes": 2, "lines": [{"item": "pen", "gift": True, "card": "07"}]}


def test_a_draw_is_the_same_alone_and_in_any_batch() -> None:
    """Draw i depends on seed and i, in whatever order draws are made."""
    batch = [ORDER.sample(7, index) for index in range(20)]

    assert batch == [ORDER.sample(7, index) for index in reversed(range(20))][::-1]
    assert batch != [ORDER.sample(8, index) for index in range(20)]


def test_rows_of_any_order_are_those_drawn_one_by_one() -> None:
    """Many rows at once, with gaps and repeats, are the rows that `sample` gives."""
    rows = [3, 900, 4, 3, 77]

    assert [ORDER.sample(2, row) for row in rows] == ORDER.samples(2, rows)


def test_a_row_alone_looks_for_no_module(monkeypatch: pytest.MonkeyPatch) -> None:
    """Arrow looks for another library with every value of no type, which takes as long as all of the row."""
    space = Space(
        size=Integer(1, 9),
        kind=Choice(["a", "b", None]),
        day=Date("2024-01-01", "2024-12-31"),
        height=Normal(2, 1, digits=1).when(kind="a"),
        where="size * coalesce(height, 1.0) < 20 and day < date('2024-12-01') and kind != 'c'",
    )
    space.sample(0, 0)
    asked: list[str] = []

    class Finder:
        @staticmethod
        def find_spec(name: str, *_: object) -> None:
            asked.append(name)

    monkeypatch.setattr(sys, "meta_path", [Finder, *sys.meta_path])
    for row in range(10, 300, 10):
        space.sample(0, row)

    assert [] == asked


def test_a_draw_may_be_changed_by_whoever_asked_for_it() -> None:
    """What was drawn ahead is handed out once, and drawn again for the next who asks."""
    for index in range(4):
        ORDER.sample(6, index)["size"] = "spoiled"

    assert "spoiled" not in [ORDER.sample(6, index)["size"] for index in range(4)]


def test_lists_of_a_draw_may_be_changed_too() -> None:
    """Options and constants are handed out as copies, and taken as such."""
    given = [1]
    space = Space(a=Constant(given), b=Choice([{"k": [1]}]), c=Many(Space(d=Constant([2])), Choice([2])))
    given.append(5)
    for one in (space.sample(0, 0), space.mode):
        one["a"].append(99)
        one["b"]["k"].append(99)
        one["c"][0]["d"].append(99)
        assert [2] == one["c"][1]["d"]

    assert {"a": [1], "b": {"k": [1]}, "c": [{"d": [2]}, {"d": [2]}]} == space.sample(0, 0) == space.mode


def test_another_field_changes_none_of_the_others() -> None:
    """Every field has a stream of its own, by its name."""
    one = Space(a=Integer(0, 999), b=Uniform(0, 1))
    other = Space(b=Uniform(0, 1), new=Flag(0.5), a=Integer(0, 999))
    drawn = [(space.sample(1, 5)["a"], space.sample(1, 5)["b"]) for space in (one, other)]

    assert drawn[0] == drawn[1]


def test_names_that_look_like_paths_have_streams_of_their_own() -> None:
    """A slash in the name of a field is no step into another."""
    space = Space({"a/b": Uniform(0, 1), "a": Space(b=Uniform(0, 1))})

    assert len(space.labels) == len(set(space.labels))


def test_two_worlds_draw_their_own_scenarios() -> None:
    """Equal spaces under one seed have nothing to do with each other where the worlds differ."""
    one, other = (
        [ORDER.scenario(world, 4, index).values for index in range(20)] for world in ("a/b-v0", "a/c-v0")
    )

    assert sum(first == second for first, second in zip(one, other, strict=True)) < 10


def test_every_draw_is_legal_and_can_be_located() -> None:
    """Constraints hold, conditional fields are there exactly when they should be, and units lead back."""
    for index in range(200):
        values = ORDER.sample(1, index)
        assert "" == ORDER.problem(values)
        assert math.isfinite(ORDER.log_prob(values))
        assert ("boxes" in values) == (values["size"] == "large")
        assert values == ORDER.draw(ORDER.locate(values))


def test_constraints_of_inner_spaces_hold_too() -> None:
    """A Space within a list keeps its own constraint."""
    inner = Space(n=Integer(0, 9), where=lambda values: values["n"] % 2 == 0)
    space = Space(rows=Many(inner, Choice((2, 3))), one=inner)
    draws = [space.sample(0, index) for index in range(50)]

    assert {0} == {row["n"] % 2 for values in draws for row in [*values["rows"], values["one"]]}
    assert all(math.isfinite(space.log_prob(values)) for values in draws)


def test_a_constraint_that_nothing_meets_is_named() -> None:
    """Drawing gives up with a message and does not hang."""
    with pytest.raises(
        UsageError,
        match=r"Expected a constraint that some draws meet, got 0 legal rows of 1 in 2[0-9]{2},[0-9]{3} draws",
    ):
        Space(n=Integer(0, 9), where=lambda values: False).sample(0, 0)


def test_the_log_density_is_the_sum_over_the_fields_that_are_there() -> None:
    """An absent field adds nothing, and the length of a list counts."""
    expected = math.log(1 / 2) + math.log(1 / 9) + math.log(1 / 2) + math.log(1 / 2 * 1 / 2 * 1 / 100)

    assert math.isclose(expected, ORDER.log_prob(GOOD))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"size": "medium"}, "field 'size'.*got 'medium'"),
        ({"size": ["large"]}, r"field 'size'.*got \['large'\]"),
        ({"boxes": "2"}, "field 'boxes'.*got '2'"),
        ({"boxes": 5}, "constraint"),
        ({"size": "small"}, "field 'boxes': expected no value where size is 'small', got 2"),
        ({"colour": "red"}, "Unknown field 'colour'"),
        ({"lines": []}, r"field 'lines'.*in number, got 0"),
        ({"lines": "pen"}, "field 'lines': expected a list, got str"),
        ({"lines": ["pen"]}, "field 'lines': number 1: expected an object"),
        ({"lines": [{"item": "pen"}]}, "number 1: field 'gift': expected one of False, True, got nothing"),
        ({"lines": [{"item": "pen", "gift": 1}]}, "number 1: field 'gift'"),
    ],
)
def test_what_is_wrong_is_said_with_the_field(changes: dict[str, Any], message: str) -> None:
    """A malformed scenario has no density, and one sentence names the first field that is wrong."""
    values = {**GOOD, **changes}

    assert -math.inf == ORDER.log_prob(values)
    with pytest.raises(AssertionError, match=message):
        raise AssertionError(ORDER.problem(values))


@pytest.mark.parametrize("junk", [None, 3, [], "x", math.nan])
def test_what_is_no_object_is_no_scenario(junk: Any) -> None:
    """Neither log_prob nor problem raises."""
    assert -math.inf == ORDER.log_prob(junk)
    assert ORDER.problem(junk).startswith("expected an object")


def test_a_condition_names_an_earlier_field() -> None:
    """A field cannot depend on what is drawn after it."""
    with pytest.raises(UsageError, match="'a' depends on 'b'; expected one of the earlier fields"):
        Space(a=Integer(0, 1).when(b=1), b=Integer(0, 1))


def test_a_nested_space_is_described_with_its_condition() -> None:
    """The description says of which kind every field is, and when it exists."""
    described = Space(on=Flag(0.5), part=Space(n=Uniform(0, 1)).when(on=True)).describe()

    assert ("space", {"on": [True]}) == (described["part"]["kind"], described["part"]["when"])


def test_the_mode_shares_nothing_between_its_items() -> None:
    """Changing one item of a list leaves the others alone."""
    mode = Many(LINE, Choice((2,))).mode
    mode[0]["item"] = "other"

    assert "pen" == mode[1]["item"]


def test_the_hash_of_a_scenario_is_that_of_its_content() -> None:
    """Key order and 25 against 25.0 do not matter; another value does."""
    one = Scenario.of("a/b-v0", {"x": 25, "y": [1, 2]})

    assert one.id == Scenario.of("a/b-v0", {"y": [1.0, 2], "x": 25.0}).id
    assert one.id != Scenario.of("a/b-v0", {"x": 25, "y": [2, 1]}).id
    assert one.id != Scenario.of("a/c-v0", {"x": 25, "y": [1, 2]}).id


def test_scenarios_are_the_same_in_another_process() -> None:
    """Neither hash randomisation nor import order reaches a draw."""
    code = (
        "from gristmill.envs.support.scenarios import support_space\n"
        "print([support_space().scenario('w/x-v0', 3, i).id for i in range(5)])"
    )
    runs = {
        subprocess.run(
            [sys.executable, "-c", code],
            check=True,
            capture_output=True,
            text=True,
            env={"PYTHONHASHSEED": seed},
        ).stdout
        for seed in ("1", "2")
    }

    assert 1 == len(runs)


def test_a_scenario_says_where_it_comes_from() -> None:
    """Seed, index, log-density and stratum are with it."""
    some = [
        ORDER.scenario("a/b-v0", 4, index, stratum=lambda values: str(values["size"])) for index in range(9)
    ]

    assert [(4, index, one.values["size"]) for index, one in enumerate(some)] == [
        (one.seed, one.index, one.stratum) for one in some
    ]
    assert [one.log_density for one in some] == [ORDER.log_prob(one.values) for one in some]
