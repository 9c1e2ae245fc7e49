"""Expressions over columns of all types: what is kept, what fits, and that a row is the same in any batch."""

import datetime as dt
import math
import operator
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from gristmill.errors import UsageError
from gristmill.generators.expressions import Expression

COLUMNS = {
    "dictionary": pa.array(["7", "x", None]).dictionary_encode(),
    "large": pa.array(["7", "x", None], pa.large_string()),
    "view": pa.array(["7", "x", None], pa.string_view()),
    "chunked": pa.chunked_array([["7"], ["x", None]]),
    "slice": pa.array(["0", "7", "x", None])[1:],
}


@pytest.mark.parametrize("name", COLUMNS)
def test_all_ways_to_keep_a_text_are_one(name: str) -> None:
    """Dictionaries, long offsets, views, chunks and slices give the same column."""
    columns = {"s": COLUMNS[name]}

    assert ["7!", "x!", None] == Expression.parse("s + '!'").column(columns, 3).to_pylist()
    with pytest.raises(UsageError, match="digits only, got 'x'"):
        Expression.parse("luhn(s)").column(columns, 3)


@pytest.mark.parametrize(
    ("column", "text", "expected"),
    [
        (pa.array([1, None], pa.uint8()), "c - 2", [-1, None]),
        (pa.array([1.5, None], pa.float32()), "c * 2", [3.0, None]),
        (pa.array([0, None], pa.timestamp("ns")), "c + days(1)", [dt.datetime(1970, 1, 2), None]),
        (pa.array([1_500, None], pa.timestamp("ms")), "text(c)", ["1970-01-01T00:00:01", None]),
        (pa.array([0, None], pa.date64()), "c + days(1)", [dt.date(1970, 1, 2), None]),
        (pa.array([[1, 2], None, []]), "sum(c)", [3, None, 0]),
        (pa.array([[{"a": 1}, {"a": 2}], None, []]), "c.a", [[1, 2], None, []]),
        (pa.array([{"a": 1}, None, {"a": None}]), "c.a + 1", [2, None, None]),
        (pa.nulls(1, pa.float64()), "c / 0.0 + c // 0.0 + c % 0.0", [None]),
        (pa.array([], pa.int64()), "c // c", []),
        (pa.array([], pa.string()), "luhn(c)", []),
        (pa.nulls(2, pa.string()), "luhn(c) + text(mod97(c))", [None, None]),
    ],
    ids=str,
)
def test_columns_of_other_types_are_read(column: pa.Array, text: str, expected: list[Any]) -> None:
    """Narrow and coarse types are widened, and missing values and lists keep their places."""
    assert expected == Expression.parse(text).column({"c": column}, len(column)).to_pylist()


@pytest.mark.parametrize(
    "column",
    [
        pa.array([2**63], pa.uint64()),
        pa.array([1], pa.decimal128(5, 2)),
        pa.array([0], pa.timestamp("s", "UTC")),
        pa.array([b"a"]),
        pa.array([1, 2]),
    ],
    ids=str,
)
def test_columns_that_do_not_fit_are_refused(column: pa.Array) -> None:
    """Too large a number, a type outside of the language, a zone, another length: each is told of."""
    with pytest.raises(UsageError, match="Expected"):
        Expression.parse("c == c").column({"c": column}, 1)


def test_what_lies_under_a_missing_value_does_not_matter() -> None:
    """Arrow leaves anything in the places of missing values: a zero there is no division by zero."""
    valid, ones = pa.py_buffer(b"\x01"), pa.array([6, 6])
    zeros = pa.Array.from_buffers(pa.int64(), 2, [valid, pa.py_buffer(np.array([3, 0]))])
    large = pa.Array.from_buffers(pa.float64(), 2, [valid, pa.py_buffer(np.array([3.0, math.inf]))])
    columns = {"a": ones, "b": zeros, "c": large}

    for text in ("a / b", "a // b + a % b", "a // c", "a / c + c * c", "round(c) + floor(c)"):
        assert Expression.parse(text).column(columns, 2)[1].as_py() is None


WHOLE = st.integers(-(2**63), 2**63 - 1) | st.integers(-9, 9)
REAL = st.floats(allow_nan=False, allow_infinity=False) | st.floats(-10, 10).map(lambda x: round(x, 1))
SIGNS = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "//": operator.floordiv,
    "%": operator.mod,
    "/": operator.truediv,
    "<": operator.lt,
    "==": operator.eq,
}


@pytest.mark.parametrize("sign", SIGNS)
@given(pair=st.tuples(WHOLE, WHOLE) | st.tuples(REAL, REAL))
def test_arithmetic_is_that_of_python(sign: str, pair: tuple[Any, Any]) -> None:
    """Or an error, where Python raises one or the result does not fit."""
    one, other = pair
    try:
        expected = SIGNS[sign](*(map(float, pair) if sign == "/" else pair))
        fits = -(2**63) <= expected < 2**63 if type(expected) is int else math.isfinite(expected)
    except ZeroDivisionError:
        fits = False
    expression, row = Expression.parse(f"a {sign} b"), {"a": one, "b": other}

    if fits:
        assert expected == expression.value(row)
    else:
        with pytest.raises(UsageError):
            expression.value(row)


@given(value=REAL, digits=st.integers(-6, 6))
@example(value=1.7976931348623157e308, digits=-6)
def test_rounding_is_that_of_the_number_as_it_is_written(value: float, digits: int) -> None:
    """Ties go away from zero: what Decimal makes of the shortest way to write the number."""
    unit = Decimal(1).scaleb(-digits)
    exact = Decimal(repr(value))
    expected = exact if abs(value) > 1e9 else (exact / unit).quantize(Decimal(1), ROUND_HALF_UP) * unit
    rounded = Expression.parse(f"round(a, {digits})").value({"a": value})

    if abs(value) <= 1e9:
        assert float(expected) == rounded
        if digits >= 0:
            written = Expression.parse(f"text(a, {digits})").value({"a": value})
            assert abs(expected) == abs(Decimal(written))
            assert digits == len(written.partition(".")[2])


@given(st.lists(st.none() | st.text("0123456789", min_size=1, max_size=30), min_size=1, max_size=9))
def test_check_digits_are_right(numbers: list[str | None]) -> None:
    """Whatever the lengths in a column: a number and its Luhn digit pass the test, and modulo is that of Python."""
    column = {"a": pa.array(numbers, pa.string())}
    whole = Expression.parse("luhn(a)").column(column, len(numbers)).to_pylist()
    rest = Expression.parse("mod97(a)").column(column, len(numbers)).to_pylist()

    assert [None if one is None else int(one) % 97 for one in numbers] == rest
    assert numbers == [one and one[:-1] for one in whole]
    for one in filter(None, whole):
        digits = [int(mark) for mark in reversed(one)]
        doubled = [sum(divmod(2 * digit, 10)) for digit in digits[1::2]]
        assert 0 == (sum(digits[::2]) + sum(doubled)) % 10


def _binary(signs: list[str], sides: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.builds("({} {} {})".format, sides, st.sampled_from(signs), sides)


def _numbers(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    test = _binary(["<", "==", ">="], inner.filter(lambda text: text != "None"))
    test = test | st.builds("({} {} {})".format, test, st.sampled_from(["and", "or"]), test)
    return (
        _binary(["+", "-", "*", "/", "//", "%"], inner)
        | st.builds("({} if {} else {})".format, inner, test, inner)
        | st.builds("{}({}, {})".format, st.sampled_from(["min", "max", "coalesce"]), inner, inner)
        | st.builds("round({}, {})".format, inner, st.integers(-2, 3))
        | st.builds("{}({})".format, st.sampled_from(["abs", "floor", "sqrt", "-"]), inner)
        | st.builds("length(f'{{{}}}')".format, st.sampled_from(["a", "b", "c"]))
    )


EXPRESSIONS = st.recursive(st.sampled_from(["a", "b", "c", "0", "2", "0.5", "None"]), _numbers, max_leaves=8)
ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "a": st.none() | st.integers(-3, 3) | st.just(2**62),
            "b": st.none() | st.sampled_from([-1.5, 0.0, 0.5, 2.0, 1e200]),
            "c": st.none() | st.integers(0, 2),
        }
    ),
    min_size=1,
    max_size=5,
)
TYPES = {"a": pa.int64(), "b": pa.float64(), "c": pa.int8()}


@given(text=EXPRESSIONS, rows=ROWS)
@settings(max_examples=300, deadline=None)
def test_a_row_has_one_result_alone_and_in_a_batch(text: str, rows: list[dict[str, Any]]) -> None:
    """A batch fails exactly when one of its rows does, and its type is known beforehand."""
    expression = Expression.parse(text)
    columns = {name: pa.array([row[name] for row in rows], kind) for name, kind in TYPES.items()}
    try:
        together = expression.column(columns, len(rows))
    except UsageError:
        with pytest.raises(UsageError):
            [expression.value(row, types=TYPES) for row in rows]
    else:
        assert expression.type_of(TYPES) == together.type
        assert [expression.value(row, types=TYPES) for row in rows] == together.to_pylist()


@pytest.mark.parametrize(
    "text",
    [
        "'{}'",
        "'{}' if flag else 'b'",
        "gone if gone is not None else '{}'",
        "coalesce(gone, '{}')",
        "max(gone, '{}')",
    ],
)
def test_more_text_than_a_column_holds_is_an_error(text: str) -> None:
    """Arrow's columns of text end at 2 GiB, which one message says before they are filled."""
    rows, long = 1_000_000, "x" * 3_900
    columns = {"flag": pa.repeat(pa.scalar(True), rows), "gone": pa.nulls(rows, pa.string())}

    with pytest.raises(UsageError, match="2 GiB"):
        Expression.parse(text.format(long)).column(columns, rows)
