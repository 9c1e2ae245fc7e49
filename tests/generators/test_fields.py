"""Every field is a quantile map: draw, log_prob and locate agree with one another."""

import json
import math
import random
from collections import Counter
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gristmill.errors import UsageError
from gristmill.generators.fields import (
    Choice,
    Constant,
    Fake,
    Field,
    Flag,
    Integer,
    LogNormal,
    Normal,
    Pattern,
    Uniform,
)
from gristmill.generators.space import Many, Space

FIELDS: dict[str, Field] = {
    "constant": Constant({"a": [1, None]}),
    "choice": Choice(("red", "green", "blue"), (0.7, 0.3, 0.0)),
    "lists": Choice([[1], [2, 3], []]),
    "flag": Flag(0.25),
    "integer": Integer(-3, 12),
    "uniform": Uniform(-1.5, 2.5),
    "normal": Normal(10.0, 3.0),
    "lognormal": LogNormal(2.0, 0.5),
    "pattern": Pattern("W##-?"),
    "fake": Fake("first_name", size=40),
    "many": Many(Space(a=Integer(1, 3), b=Flag(0.5)), Choice((0, 1, 2))),
    "space": Space(
        kind=Choice(("x", "y")), size=Integer(1, 9).when(kind="x"), note=Pattern("#").when(kind="y")
    ),
    "nested": Many(Space(rows=Many(Space(n=Integer(0, 5)), Choice((1, 2)))), Choice((1, 3))),
}
ALL = pytest.mark.parametrize("field", FIELDS.values(), ids=FIELDS)
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
    if isinstance(value, float):  # up to rounding
        assert math.isclose(units[0], back[0], rel_tol=1e-9, abs_tol=2e-16)
    else:
        assert value == field.draw(back)


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


@pytest.mark.parametrize("name", ["choice", "flag", "integer", "lists"])
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


def test_a_condition_belongs_to_one_use_of_a_field() -> None:
    """`when` returns another field and leaves the first as it was."""
    plain = Integer(1, 2)
    plain.when(kind="x")

    assert () == plain.condition


def test_equal_pools_are_drawn_once() -> None:
    """Two fields of one provider share the pool, which is the same in every process."""
    assert Fake("city", size=30).describe() == Fake("city", size=30).describe()
