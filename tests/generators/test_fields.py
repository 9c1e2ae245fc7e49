"""Every field is a quantile map: draw, log_prob and locate agree with one another."""

import json
import math
import random
from collections import Counter
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from faker.providers.person.en_US import Provider
from hypothesis import Phase, find, given, settings
from hypothesis import strategies as st

from gristmill.errors import UsageError
from gristmill.generators._columns import plain_values
from gristmill.generators.fields import (
    Binomial,
    Choice,
    Constant,
    Date,
    Fake,
    Field,
    Flag,
    Geometric,
    Grammar,
    Integer,
    LogNormal,
    Many,
    Normal,
    Pattern,
    Poisson,
    Regex,
    Timestamp,
    Uniform,
    Zipf,
)
from gristmill.generators.space import Space
from gristmill.seeding import numpy_stream

FIELDS: dict[str, Field] = {
    "constant": Constant({"a": [1, None]}),
    "choice": Choice(("red", "green", "blue"), (0.7, 0.3, 0.0)),
    "lists": Choice([[1], [2, 3], []]),
    "flag": Flag(0.25),
    "integer": Integer(-3, 12),
    "uniform": Uniform(-1.5, 2.5),
    "normal": Normal(10.0, 3.0),
    "lognormal": LogNormal(2.0, 0.5),
    "rounded": Uniform(0.0, 1.0, digits=1),
    "cut off": Normal(0.0, 1.0, low=-0.5, high=2.0),
    "money": LogNormal(30.0, 1.0, low=1.0, high=500.0, digits=2, unit="dollars"),
    "whole": Normal(40.0, 12.0, low=18, digits=0, unit="years"),
    "poisson": Poisson(3.5),
    "binomial": Binomial(9, 0.3),
    "geometric": Geometric(0.2),
    "zipf": Zipf(1.1, 50),
    "date": Date("2024-02-01", "2024-03-31", weekly=[1, 1, 1, 1, 1, 0, 0]),
    "timestamp": Timestamp("2024-02-01T00:00:00", "2024-02-03T12:00:00", daily=[0] * 8 + [1] * 16),
    "regex": Regex(r"[A-C]{2}-\d"),
    "grammar": Grammar({"start": ["{size} tea", "tea"], "size": ["small", "large"]}),
    "pattern": Pattern("W##-?"),
    "fake": Fake("first_name", size=40),
    "flat": Fake("last_name", size=40, flat=True),
    "many": Many(Space(a=Integer(1, 3), b=Flag(0.5)), Choice((0, 1, 2))),
    "space": Space(
        kind=Choice(("x", "y")), size=Integer(1, 9).when(kind="x"), note=Pattern("#").when(kind="y")
    ),
    "nested": Many(Space(rows=Many(Space(n=Integer(0, 5)), Choice((1, 2)))), Choice((1, 3))),
}
ALL = pytest.mark.parametrize("field", FIELDS.values(), ids=FIELDS)
QUICK = settings(database=None, phases=[Phase.generate, Phase.shrink])
UNIT = st.floats(0, 1, exclude_max=True)
JUNK: tuple[Any, ...] = (
    None,
    "",
    "no",
    -1,
    10**30,
    0.5,
    math.nan,
    math.inf,
    True,
    [],
    [[]],
    {},
    {"a": 1},
    [{"a": 1}],
    object(),
)


@ALL
@given(data=st.data())
@settings(max_examples=60)
def test_what_is_drawn_is_in_the_support_and_can_be_found_again(field: Field, data: st.DataObject) -> None:
    """Any units give a plain JSON value of finite density, and `locate` leads back to it."""
    units = data.draw(st.lists(UNIT, min_size=field.dims, max_size=field.dims))
    value = field.draw(units)
    back = field.locate(value)

    assert value == json.loads(json.dumps(value))
    assert -math.inf < field.log_prob(value) < math.inf
    assert "" == field.problem(value)
    assert field.even in (None, field.log_prob(value))
    assert field.dims == len(back)
    assert all(0 <= unit < 1 for unit in back)
    if isinstance(value, float) and getattr(field, "digits", None) is None:  # up to rounding
        assert math.isclose(units[0], back[0], rel_tol=1e-9, abs_tol=2e-16)
    else:
        assert value == field.draw(back)


@ALL
@given(data=st.data())
@settings(max_examples=20)
def test_a_row_is_the_same_alone_and_in_any_batch(field: Field, data: st.DataObject) -> None:
    """Whichever rows are drawn together, each has the value that it has alone."""
    rows = data.draw(st.integers(1, 9))
    units = numpy_stream(rows, "units").random((field.dims, rows))
    some = data.draw(st.lists(st.integers(0, rows - 1), min_size=1, max_size=9))

    assert [field.draw(units[:, row].tolist()) for row in some] == field.values(units[:, some])


@pytest.mark.parametrize("name", [name for name in FIELDS if name != "lists"])
def test_a_column_holds_the_same_values(name: str) -> None:
    """Arrow has what plain data have; an absent field is null there."""
    field = FIELDS[name]
    units = numpy_stream(4, "units").random((field.dims, 50))

    assert field.values(units) == [_present(one) for one in plain_values(field.column(units))]


def _present(value: Any) -> Any:
    if isinstance(value, list):
        return [_present(one) for one in value]
    if isinstance(value, dict) and set(value) != {"a"}:  # the constant has a null of its own
        return {name: _present(one) for name, one in value.items() if one is not None}
    return value


@ALL
def test_the_mode_is_in_the_support(field: Field) -> None:
    """The most likely value is a value."""
    assert field.log_prob(field.mode) > -math.inf


@ALL
def test_the_ends_of_the_units_are_in_the_support(field: Field) -> None:
    """Zero and the last number before one are units like any other."""
    for unit in (0.0, math.nextafter(1, 0)):
        assert "" == field.problem(field.draw([unit] * field.dims))


@ALL
def test_values_of_another_type_have_no_density(field: Field) -> None:
    """Nothing raises: a value is in the support, or there is a sentence that says why it is not."""
    for junk in JUNK:
        inside = field.log_prob(junk) > -math.inf
        assert inside == (field.problem(junk) == "")


@ALL
def test_a_description_is_plain_json(field: Field) -> None:
    """What a field says of itself can be written to a file."""
    described = field.describe()

    assert described == json.loads(json.dumps(described))


@pytest.mark.parametrize("name", ["choice", "flag", "integer", "lists", "rounded", "fake"])
def test_frequencies_match_the_density(name: str) -> None:
    """A chi-square of 20,000 draws stays below a bound that chance passes once in a million."""
    field, rng, count = FIELDS[name], random.Random(5), 20_000
    seen = Counter(json.dumps(field.draw([rng.random()])) for _ in range(count))
    expected = {one: count * math.exp(field.log_prob(json.loads(one))) for one in seen}
    chi = sum((seen[one] - expected[one]) ** 2 / expected[one] for one in seen)

    assert math.isclose(count, sum(expected.values()))
    assert chi < 25 + 4 * len(seen)


def test_the_quantiles_of_a_normal_match_its_density() -> None:
    """The density integrates to the cells that the quantile map cuts."""
    field, cells = Normal(1.0, 2.0), 200
    edges = [field.draw([place / cells]) for place in range(1, cells)]
    widths = pairwise(edges)
    masses = [math.exp(field.log_prob((low + high) / 2)) * (high - low) for low, high in widths]

    assert all(math.isclose(1 / cells, mass, rel_tol=0.05) for mass in masses)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        (Choice((1, 2)), True),
        (Flag(0.5), 1),
        (Integer(0, 1), True),
        (Integer(0, 9), 1.0),
        (Uniform(0, 1), True),
        (Uniform(0, 1), 1.0),
        (LogNormal(1, 1), 0.0),
        (Pattern("W##"), "W#1"),
        (Pattern("W##"), "W1"),
        (Pattern("?#"), "a1"),
        (Fake("first_name", size=10), ["Ada"]),
    ],
)
def test_near_misses_are_outside(field: Field, value: Any) -> None:
    """True is not 1, a mark is not a digit, and an open end is open; asking for their units says so."""
    assert -math.inf == field.log_prob(value)
    with pytest.raises(UsageError, match="got"):
        field.locate(value)


@pytest.mark.parametrize(
    "make",
    [
        lambda: Choice(()),
        lambda: Choice((1, 1)),
        lambda: Choice(((1, 2),)),
        lambda: Choice((1, 2), (1,)),
        lambda: Choice((1, 2), (0, 0)),
        lambda: Choice((1, 2), (1, math.nan)),
        lambda: Choice((1, 2), (1, math.inf)),
        lambda: Constant(object()),
        lambda: Flag(1.5),
        lambda: Integer(3, 2),
        lambda: Integer(0, 2**60),
        lambda: Integer(*json.loads("[0.5, 2]")),
        lambda: Uniform(1, 1),
        lambda: Uniform(0, math.inf),
        lambda: Normal(0, 0),
        lambda: LogNormal(-1, 1),
        lambda: Normal(0, 1, low=2, high=1),
        lambda: Normal(0, 1, low=60),
        lambda: Uniform(0, 1, digits=-1),
        lambda: Pattern("#" * 20),
        lambda: Fake("first_name", size=0),
        lambda: Fake("no_such_provider").mode,
        lambda: Fake("first_name", locale="xx_YY").mode,
        lambda: Many(Space(), Choice(("two",))),
    ],
)
def test_senseless_parameters_are_refused(make: Any) -> None:
    """The message says what was expected and what was got."""
    with pytest.raises(UsageError, match=r"Expected .*got"):
        make()


def test_a_distribution_that_is_cut_off_keeps_its_shape() -> None:
    """Between its ends, the density is that of the whole divided by the mass that is left."""
    whole, part = Normal(0.0, 1.0), Normal(0.0, 1.0, low=0.0)

    assert math.isclose(whole.log_prob(0.7) + math.log(2), part.log_prob(0.7))
    assert -math.inf == part.log_prob(-0.1)
    assert 0.0 <= min(part.values(np.linspace(0, 0.999, 100)[None]))


def test_the_masses_of_rounded_values_add_up_to_one() -> None:
    """A rounded value has the mass of all that is rounded to it, at the ends too."""
    field = Normal(1.0, 0.3, low=0.42, high=2.0, digits=1)

    assert math.isclose(1.0, sum(math.exp(field.log_prob(round(place / 10, 1))) for place in range(4, 21)))
    assert -math.inf == field.log_prob(1.05)


def test_a_name_is_as_likely_as_faker_has_it() -> None:
    """Of the ten most frequent first names, each has Faker's own rate up to the error of a sample."""
    weights = Provider.first_names
    total, size = sum(weights.values()), 4_096
    pool = Fake("first_name", size=size)
    for name in sorted(weights, key=weights.__getitem__)[-10:]:
        rate = weights[name] / total
        assert abs(rate - math.exp(pool.log_prob(name))) < 5 * math.sqrt(rate * (1 - rate) / size)


def test_a_flat_pool_has_as_many_names_as_it_says_all_as_likely() -> None:
    """However often Faker would give each."""
    field = Fake("last_name", size=60, flat=True)

    assert field.even == -math.log(60)
    assert 60 == len(set(field.values(np.linspace(0, 1, 6_000, endpoint=False)[None])))


def test_a_condition_belongs_to_one_use_of_a_field() -> None:
    """`when` returns another field and leaves the first as it was."""
    plain = Integer(1, 2)
    plain.when(kind="x")

    assert () == plain.condition


def test_equal_pools_are_drawn_once() -> None:
    """Two fields of one provider share the pool, which is the same in every process."""
    assert Fake("city", size=30).describe() == Fake("city", size=30).describe()


@pytest.mark.parametrize(
    "name", ["choice", "integer", "normal", "pattern", "fake", "space", "nested", "money"]
)
def test_a_strategy_gives_values_of_the_field_and_shrinks_to_the_mode(name: str) -> None:
    """What Hypothesis draws is in the support, and the simplest of all is the most likely value."""
    field = FIELDS[name]

    assert field.mode == find(field.strategy(), lambda value: field.problem(value) == "", settings=QUICK)


def test_a_strategy_shrinks_to_the_nearest_value_that_fails() -> None:
    """A whole number stops at the bound, a text at the first that is different."""
    assert 7 == find(Integer(0, 1_000).strategy(), lambda value: value >= 7, settings=QUICK)
    assert "W02" == find(Pattern("W##").strategy(), lambda value: value >= "W02", settings=QUICK)
    assert "blue" == find(
        Choice(("red", "green", "blue"), (0.2, 0.7, 0.1)).strategy(),
        lambda value: value == "blue",
        settings=QUICK,
    )
