"""Fields that depend on what is around them: on other fields, on the number of the row, on one another."""

import math
from collections import Counter
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import Phase, find, given, settings
from hypothesis import strategies as st

from gristmill.errors import UsageError
from gristmill.generators.fields import (
    Cases,
    Choice,
    Constant,
    Correlated,
    Derived,
    Fake,
    Field,
    Flag,
    Integer,
    LogNormal,
    Many,
    Normal,
    Pattern,
    Reference,
    Timestamp,
    Uniform,
    Unique,
)
from gristmill.generators.space import Space

ORDER = Space(
    id=Unique("C####"),
    kind=Choice(("food", "fuel"), (0.7, 0.3)),
    shop=Cases("kind", {"food": Choice(("Mill", "Corn")), "otherwise": Fake("city", size=20)}),
    price=LogNormal(30.0, 1.0, digits=2),
    tip=Integer(1, 5).when(kind="food"),
    total=Derived("round(price + coalesce(tip, 0), 2)"),
    doubled=Derived("tip * 2").when(kind="food"),
    label=Derived('"T" + pad(row, 5)'),
    lines=Many(Space(net=Integer(1, 9), gross=Derived("net * 2")), Choice((1, 2))),
    where="total < 200",
)
PAIR = Space(
    a=LogNormal(10.0, 0.5),
    b=Normal(0.0, 2.0),
    c=Uniform(0, 1),
    correlated=[Correlated(["a", "c"], [[1, 0.8], [0.8, 1]])],
)


@pytest.mark.parametrize("space", [ORDER, PAIR], ids=["order", "pair"])
@given(rows=st.lists(st.integers(0, 9_999), min_size=1, max_size=12))
@settings(max_examples=25)
def test_a_row_is_the_same_alone_in_a_batch_and_as_data(space: Space, rows: list[int]) -> None:
    """Tables and scenarios hold one and the same draw of a row, with whatever it is drawn."""
    together = space.table(3, rows).to_pylist()

    assert together == [space.table(3, [row]).to_pylist()[0] for row in rows]
    assert [
        {name: value for name, value in one.items() if value is not None} for one in together
    ] == space.samples(3, rows)


def test_what_is_drawn_is_what_the_space_calls_legal() -> None:
    """Derived values are as they should be, and the density is finite."""
    for values in ORDER.samples(1, range(200)):
        assert "" == ORDER.problem(values)
        assert math.isfinite(ORDER.log_prob(values))
        assert values["total"] < 200
        assert ("tip" in values) == (values["kind"] == "food") == ("doubled" in values)
        assert all(line["gross"] == 2 * line["net"] for line in values["lines"])


def test_a_value_that_does_not_follow_is_named() -> None:
    """A total that is not the sum has no density, and one sentence says what it should be."""
    values = ORDER.sample(0, 0) | {"total": 3.0}

    assert -math.inf == ORDER.log_prob(values)
    assert ORDER.problem(values).startswith("field 'total': expected ")


def test_a_field_by_cases_has_the_density_of_its_case() -> None:
    """What is likely in one case is impossible in another."""
    space = Space(kind=Choice(("a", "b")), n=Cases("kind", {"a": Integer(0, 9), "b": Integer(10, 11)}))

    assert math.isclose(math.log(1 / 20), space.log_prob({"kind": "a", "n": 3}))
    assert math.isclose(math.log(1 / 4), space.log_prob({"kind": "b", "n": 10}))
    assert -math.inf == space.log_prob({"kind": "b", "n": 3})
    assert {"kind": "b", "n": 11} == space.draw(space.locate({"kind": "b", "n": 11}))


def test_cases_go_by_yes_and_no_as_json_spells_them() -> None:
    """A flag has the cases `true` and `false`."""
    space = Space(big=Flag(0.5), n=Cases("big", {"true": Integer(10, 19), "false": Integer(0, 9)}))

    assert {(True, True), (False, False)} == {
        (row["big"], row["n"] >= 10) for row in space.samples(0, range(50))
    }


def test_what_is_wrong_in_its_case_is_said() -> None:
    """Also where it would be right in another, and where the field that tells the case is missing."""
    space = Space(kind=Choice(("a", "b")), n=Cases("kind", {"a": Integer(0, 9), "b": Integer(10, 11)}))

    assert "field 'n': expected integer low 0 high 9, got 10" == space.problem({"kind": "a", "n": 10})
    assert -math.inf == space.log_prob({"n": 10})
    assert -math.inf == Space(id=Unique("##")).log_prob({"id": "hello"})


@pytest.mark.parametrize(
    ("of", "first"),
    [
        (Choice([1.0, 2.5]), "1.0"),
        (Choice([1, 2.5]), "1"),
        (Timestamp("2024-01-01", "2024-01-01T00:00:02"), "2024-01-01T00:00:00"),
        (Choice([None, 3]), "null"),
    ],
)
def test_a_case_is_called_as_json_spells_its_value(of: Field, first: str) -> None:
    """In tables and in scenarios alike."""
    space = Space(of=of, n=Cases("of", {first: Integer(1, 2), "otherwise": Integer(7, 8)}))
    rows = space.samples(0, range(20))

    assert {1, 2, 7, 8} == {one["n"] for one in rows}
    assert space.table(0, range(20))["n"].to_pylist() == [one["n"] for one in rows]
    assert all(math.isfinite(space.log_prob(one)) and space.problem(one) == "" for one in rows)


def test_what_follows_from_whole_and_other_numbers_has_a_density() -> None:
    """Whole numbers of one case stand in the column of the other."""
    space = Space(
        k=Choice(["p", "q"]), x=Cases("k", {"p": Integer(1, 2), "q": Uniform(7, 8)}), y=Derived("x + 1")
    )

    assert all(math.isfinite(space.log_prob(one)) for one in space.samples(0, range(9)))


@pytest.mark.parametrize("rows", [[-1], [3, -2]])
def test_rows_are_numbered_from_zero(rows: list[int]) -> None:
    """Others are told, and do not keep the program busy for ever."""
    with pytest.raises(UsageError, match="Expected numbers of rows from 0, got -"):
        Space(id=Unique("###")).table(0, rows)


def test_a_value_without_a_case_is_an_error() -> None:
    """The message says which value it is and which cases there are."""
    with pytest.raises(UsageError, match="Expected a case for kind 'b', got cases for a"):
        Space(kind=Choice(("a", "b")), n=Cases("kind", {"a": Integer(0, 9)})).table(0, range(50))


@pytest.mark.parametrize("pattern", ["#", "C##", "??", "A#?#", "####"])
def test_unique_identifiers_are_all_there_are(pattern: str) -> None:
    """Every identifier of the pattern comes once, in no evident order."""
    count = Pattern(pattern).count
    drawn = Space(id=Unique(pattern)).table(5, range(count))["id"].to_pylist()
    rising = sum(one < other for one, other in pairwise(drawn))

    assert count == len(set(drawn))
    assert all(Pattern(pattern).problem(one) == "" for one in drawn)
    assert abs(rising - count / 2) < 1 + 3 * math.sqrt(count)


def test_another_seed_numbers_the_rows_anew() -> None:
    """Few rows have the same identifier under two seeds."""
    one, other = (Space(id=Unique("####")).table(seed, range(1_000))["id"].to_pylist() for seed in (1, 2))

    assert sum(first == second for first, second in zip(one, other, strict=True)) < 5


def test_two_fields_of_one_pattern_have_nothing_to_do_with_each_other() -> None:
    """They differ in nearly every row."""
    drawn = Space(one=Unique("###"), other=Unique("###")).table(0, range(1_000))

    assert sum(map(str.__eq__, drawn["one"].to_pylist(), drawn["other"].to_pylist())) < 10


def test_more_rows_than_identifiers_are_refused() -> None:
    """The message says what to do."""
    with pytest.raises(UsageError, match=r"Expected at most 100 rows.*make the pattern longer"):
        Space(id=Unique("##")).table(0, range(101))


def test_correlated_fields_keep_their_own_distributions() -> None:
    """The copula changes how fields go together and nothing about each of them."""
    drawn = PAIR.table(2, range(40_000))
    a, b, c = (drawn[name].to_numpy() for name in "abc")
    ranks = np.corrcoef(np.argsort(np.argsort(a)), np.argsort(np.argsort(c)))[0, 1]

    assert abs(6 / math.pi * math.asin(0.4) - ranks) < 0.01  # Spearman's rho of a Gaussian copula
    assert abs(np.corrcoef(a, b)[0, 1]) < 0.02
    assert abs(np.median(a) - 10) < 0.15
    assert abs(c.std() - math.sqrt(1 / 12)) < 0.005


def test_the_density_of_correlated_fields_is_that_of_the_copula() -> None:
    """Against the bivariate normal, whose density is known."""
    rho = 0.6
    space = Space(x=Normal(0, 1), y=Normal(0, 1), correlated=[Correlated(["x", "y"], [[1, rho], [rho, 1]])])
    x, y = 0.7, -0.3
    exponent = (x * x - 2 * rho * x * y + y * y) / (2 * (1 - rho**2))
    expected = -math.log(2 * math.pi) - 0.5 * math.log(1 - rho**2) - exponent

    assert math.isclose(expected, space.log_prob({"x": x, "y": y}), rel_tol=1e-9)
    assert np.allclose([x, y], list(space.draw(space.locate({"x": x, "y": y})).values()))


@pytest.mark.parametrize(
    ("fields", "matrix", "message"),
    [
        (["a"], [[1]], "at least two"),
        (["a", "c"], [[1, 0.5]], "2 rows of 2"),
        (["a", "c"], [[1, 0.5], [0.4, 1]], "symmetric"),
        (["a", "c"], [[1, 1.5], [1.5, 1]], "positive definite"),
    ],
)
def test_correlations_that_cannot_be_are_refused(
    fields: list[str], matrix: list[list[float]], message: str
) -> None:
    """The message says what a matrix must be."""
    with pytest.raises(UsageError, match=message):
        Correlated(fields, matrix)


def test_a_field_reads_none_that_comes_after_it() -> None:
    """So that no two fields can wait for each other."""
    with pytest.raises(UsageError, match="'a' depends on 'b'; expected one of the earlier fields"):
        Space(a=Derived("b + 1"), b=Derived("a + 1"))
    with pytest.raises(UsageError, match="constraint depends on 'c'"):
        Space(a=Integer(0, 1), where="c > 0")


def test_a_reference_needs_a_table_beside_it() -> None:
    """A space by itself has no other rows."""
    with pytest.raises(UsageError, match="Expected the table 'shops' beside this one"):
        Space(shop=Reference("shops", "id")).table(0, [0])


def test_a_part_of_a_space_has_the_same_rows() -> None:
    """Fields that are left out change nothing, and those that the rest needs stay."""
    part = ORDER.only(["doubled"])

    assert {"kind", "tip", "doubled", "price", "total"} == set(part.fields) - {"lines"}
    assert ORDER.table(4, range(60))["doubled"] == part.table(4, range(60))["doubled"]


def test_the_mode_follows_the_modes() -> None:
    """What is derived, is derived from the most likely values."""
    mode = ORDER.mode

    assert ("food", round(mode["price"] + 1, 2)) == (mode["kind"], mode["total"])


def test_a_strategy_of_linked_fields_gives_legal_rows_and_shrinks() -> None:
    """Hypothesis finds the simplest row that has what it looks for."""
    found = find(
        ORDER.strategy(),
        lambda values: values["total"] > 60,
        settings=settings(database=None, max_examples=400, phases=[Phase.generate, Phase.shrink]),
    )

    assert "" == ORDER.problem(found | {"label": found["label"]})
    assert ("food", 1, "T00000") == (found["kind"], len(found["lines"]), found["label"])
    assert 60 < found["total"] < 61


def test_rates_are_those_declared() -> None:
    """A case that is rare comes as often as it should."""
    space = Space(fraud=Flag(0.01), amount=Cases("fraud", {"true": Integer(1, 5), "false": Integer(50, 60)}))
    rows = Counter(row["amount"] < 10 for row in space.samples(0, range(20_000)))

    assert abs(rows[True] - 200) < 5 * math.sqrt(200)


def test_a_part_has_what_correlated_fields_need() -> None:
    """Those that come later bring the fields that they depend on."""
    space = Space(
        k=Choice(("a", "b")),
        x=Normal(0, 1),
        y=Cases("k", {"a": Normal(0, 1), "b": Normal(9, 1)}),
        correlated=[Correlated(["x", "y"], [[1, 0.5], [0.5, 1]])],
    )

    assert space.table(0, range(9))["x"] == space.only(["x"]).table(0, range(9))["x"]


def test_a_field_is_in_one_group_of_correlated_ones() -> None:
    """Two would each give it another dependence."""
    groups = [Correlated(["a", "b"], [[1, 0.5], [0.5, 1]]), Correlated(["b", "c"], [[1, 0.5], [0.5, 1]])]
    with pytest.raises(UsageError, match="in one group of correlated ones, got 'b' in several"):
        Space({name: Uniform(0, 1) for name in "abc"}, correlated=groups)


@pytest.mark.parametrize("field", [Unique("###"), Derived("row * 2")])
def test_a_constraint_on_the_number_of_the_row_is_refused(field: Field) -> None:
    """Drawing again would change nothing."""
    with pytest.raises(
        UsageError, match="on what is drawn, got 'x', which follows from the number of the row"
    ):
        Space(x=field, where="x != 3")


def test_the_description_of_a_nested_space_has_its_constraint() -> None:
    """It decides what is drawn."""
    free, bound = (Space(n=Integer(1, 9), where=where) for where in (None, "n > 3"))

    assert Space(x=free).describe() != Space(x=bound).describe()
    assert Many(free, Choice([1])).describe() != Many(bound, Choice([1])).describe()


def test_the_density_of_a_correlated_field_by_cases_is_that_of_its_case() -> None:
    """Every row that is drawn has one, and its units lead back to it."""
    space = Space(
        k=Choice(("a", "b")),
        x=Normal(0, 1),
        y=Cases("k", {"a": Normal(0, 1), "b": Normal(9, 1)}),
        correlated=[Correlated(["x", "y"], [[1, 0.9], [0.9, 1]])],
    )
    row = {"k": "b", "x": 0.0, "y": 9.0}

    assert math.isclose(math.log(0.5) - math.log(2 * math.pi) - 0.5 * math.log(1 - 0.81), space.log_prob(row))
    assert math.isclose(9, space.draw(space.locate(row))["y"])


def test_units_of_correlated_fields_stay_in_the_cube() -> None:
    """Also of a row that hardly comes."""
    coupled = Correlated(["x", "y"], [[1, 0.99], [0.99, 1]])

    assert all(0 <= one < 1 for one in coupled.uncouple([1e-9, 1 - 1e-9]))


def test_options_are_not_correlated() -> None:
    """They have no order, and a probability where the copula has a density."""
    with pytest.raises(UsageError, match="Expected fields of numbers to correlate, got 'a'"):
        Space(a=Flag(0.5), b=Flag(0.5), correlated=[Correlated(["a", "b"], [[1, 0.5], [0.5, 1]])])


def test_lists_and_patterns_have_a_length_that_can_be_drawn() -> None:
    """Longer ones are refused before they take all memory."""
    with pytest.raises(UsageError, match="lists of at most 4,096 values, got up to 100,000,000 records"):
        Many(Space(x=Integer(1, 9)), Choice([1, 100_000_000]))
    with pytest.raises(UsageError, match="at most 1,000 characters, got 40,000"):
        Pattern("x" * 40_000)
    with pytest.raises(
        UsageError, match="lists of at most 4,096 values, got up to 4,000 records of 4,000 each"
    ):
        Many(Space(lines=Many(Space(x=Constant(1)), Choice([4_000]))), Choice([4_000]))
    with pytest.raises(UsageError, match=r"at most 2\*\*52 different values, got more from '#{100}"):
        Pattern("#" * 1_000)
