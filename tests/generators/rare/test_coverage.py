"""Coverage sets have every combination that there can be."""

from itertools import combinations, product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gristmill.errors import UsageError
from gristmill.generators.fields import Choice, Correlated, Fake, Flag, Integer, Many, Normal, Pattern
from gristmill.generators.rare.coverage import cover
from gristmill.generators.space import Space
from tests.generators.rare.hazards import desk

SIZES = (2, 3, 4, 5, 2, 3, 4, 5, 3, 3)
TEN = Space({f"f{place}": Choice(list(range(size))) for place, size in enumerate(SIZES)})


def test_all_pairs_are_in_few_scenarios() -> None:
    """Of ten fields of two to five options: in at most 34 rows, a fifth more than covertable's 28."""
    found = cover(TEN, seed=1)
    pairs = sum(one * other for one, other in combinations(SIZES, 2))

    assert pairs == found.possible == found.covered
    assert 1.0 == found.share
    assert 25 <= len(found.scenarios) <= 34


def test_all_triples_are_counted_one_by_one() -> None:
    """By another count than the one that the set is made with."""
    space = Space(a=Choice("xyz"), b=Choice("pq"), c=Flag(0.01), d=Choice([1, 2, 3]))
    found = cover(space, seed=1, strength=3)
    for names in combinations(space.fields, 3):
        options = product(*(space.fields[name].options for name in names))  # type: ignore[attr-defined]
        assert set(options) == {tuple(row[name] for name in names) for row in found.scenarios}


@settings(max_examples=20, deadline=None)
@given(st.lists(st.integers(2, 4), min_size=2, max_size=5), st.integers(0, 2**32))
def test_every_seed_covers_all_pairs(sizes: list[int], seed: int) -> None:
    """Whatever the fields."""
    space = Space({f"f{place}": Choice(list(range(size))) for place, size in enumerate(sizes)})

    assert 1.0 == cover(space, seed=seed).share


def test_what_conditions_rule_out_is_not_asked_for() -> None:
    """A field that is not there has a level for that, which goes with some of the others only."""
    space = Space(
        kind=Choice(["a", "b", "c"], [90, 9, 1]),
        way=Choice(["l", "r"]).when(kind="c"),
        slow=Flag(0.1).when(way="r"),
    )
    found = cover(space, seed=1)
    seen = {(row["kind"], row.get("way"), row.get("slow")) for row in found.scenarios}

    # kind × way: a-, b-, c l, c r; kind × slow: a-, b-, c-, c no, c yes; way × slow: --, l-, r no, r yes.
    assert (13, 13, 0) == (found.possible, found.covered, found.excluded)
    assert {
        ("a", None, None),
        ("b", None, None),
        ("c", "l", None),
        ("c", "r", False),
        ("c", "r", True),
    } == seen


def test_what_a_constraint_rules_out_is_not_asked_for() -> None:
    """Here one pair of options, and what would need three of them at once is reached by others."""
    space = Space(
        a=Choice([0, 1, 2]),
        b=Choice([0, 1, 2]),
        c=Choice([0, 1, 2]),
        where=lambda row: (row["a"], row["b"]) != (1, 2) and row["a"] + row["b"] + row["c"] < 6,
    )
    found = cover(space, seed=1)

    assert (26, 26, 1) == (found.possible, found.covered, found.excluded)
    assert all(space.legal(row) for row in found.scenarios)


def test_numbers_are_in_bands_of_their_distribution() -> None:
    """Both tails go with every option; what has a name alone is not varied."""
    space = Space(
        x=Normal(0, 1),
        n=Integer(0, 4),
        kind=Choice("ab"),
        who=Fake("name", size=50, flat=True),
        id=Pattern("##"),
    )
    found = cover(space, seed=1)
    low, high = -1.2816, 1.2816
    seen = {((row["x"] >= low) + (row["x"] >= high), row["kind"]) for row in found.scenarios}

    assert {
        "x": ("below -1.282", "-1.282 to 1.282", "from 1.282"),
        "n": ("below 4", "from 4"),
        "kind": ("a", "b"),
    } == found.factors
    assert set(product(range(3), "ab")) == seen


def test_lists_have_their_first_record_varied() -> None:
    """And the number of their records."""
    found = cover(desk().space, seed=1)

    assert ("1", "2", "3") == found.factors["requests"]
    assert ("False", "True", "absent") == found.factors["requests 1 urgent"]
    assert 1.0 == found.share


def test_a_list_may_be_empty() -> None:
    """Then its first record is not there."""
    space = Space(items=Many(Space(n=Choice("ab")), Choice([0, 1])), kind=Choice("xy"))

    assert (13, 13) == ((found := cover(space, seed=1)).possible, found.covered)


def test_correlated_numbers_are_covered_as_far_as_they_go() -> None:
    """One far below and the other far above its median is never drawn, and not asked for."""
    space = Space(
        x=Normal(0, 1),
        y=Normal(0, 1),
        kind=Choice("ab"),
        correlated=[Correlated(("x", "y"), [[1.0, 0.99], [0.99, 1.0]])],
    )
    found = cover(space, seed=1)

    assert (19, 19, 2) == (found.possible, found.covered, found.excluded)


def test_fields_can_be_named() -> None:
    """What they depend on comes along."""
    found = cover(desk().space, seed=1, fields=["requests.urgent", "nth"])

    assert ["nth", "requests 1 wish", "requests 1 urgent"] == list(found.factors)


def test_what_cannot_be_covered_is_said() -> None:
    """Names that are none, strengths without enough fields, bands out of order."""
    with pytest.raises(UsageError, match="Unknown field to vary 'f99'"):
        cover(TEN, seed=1, fields=["f99"])
    with pytest.raises(UsageError, match="Expected a strength from 2 to 4, got 5"):
        cover(TEN, seed=1, strength=5)
    with pytest.raises(UsageError, match="Expected ascending shares"):
        cover(TEN, seed=1, edges=[0.9, 0.1])
    with pytest.raises(UsageError, match="Expected at least two fields"):
        cover(Space(only=Flag(0.5)), seed=1)
