"""The expression language of templates."""

import datetime as dt
import re
from contextlib import suppress
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gristmill.errors import UsageError
from gristmill.generators import expressions
from gristmill.generators.expressions import Expression
from gristmill.generators.expressions._functions import FUNCTIONS

ROW: dict[str, Any] = {
    "amount": 31.455,
    "n": 7,
    "k": -2,
    "name": "Zoë Ødegård",
    "status": "approved",
    "flag": True,
    "d": dt.date(2024, 2, 29),
    "t": dt.datetime(2024, 1, 2, 3, 4, 5),
    "gone": None,
    "customer": {"age": 41, "address": {"city": "Oslo"}},
    "items": [{"price": 1.5, "count": 2}, {"price": 2.25, "count": 1}],
    "none_of_them": [],
}

RIGHT = [
    ("1 + 2 * 3 - 4", 3),
    ("n / 2", 3.5),
    ("n // k", -4),
    ("n % k", -1),
    ("n ** 2", 49),
    ("n ** -1 * 7", 1.0),
    ("-n + +n", 0),
    ("0.1 + 0.2", 0.1 + 0.2),
    ("1 < n < 10", True),
    ("1 < n < 5 < 6", False),
    ("status == 'approved' and not n == 3", True),
    ("status in ['approved', 'declined']", True),
    ("n not in (1.5, 7)", False),
    ("'big' if amount > 30 else 'small'", "big"),
    ("1.5 if flag else n", 1.5),
    ("n if flag else 1.5", 7.0),
    ("customer.age + 1", 42),
    ("customer.address.city", "Oslo"),
    ("items.price", [1.5, 2.25]),
    ("sum(items.price)", 3.75),
    ("sum(items.count) * length(items)", 6),
    ("sum(none_of_them.price)", 0),
    ("min(n, 2.5, k)", -2.0),
    ("max('a', 'b')", "b"),
    ("max(d, date('2025-01-01'))", "2025-01-01"),
    ("abs(k)", 2),
    ("round(2.5)", 3),
    ("round(-2.5)", -3),
    ("round(1.005, 2)", 1.01),
    ("round(amount * 1.2, 2)", 37.75),
    ("round(-1250, -2)", -1300),
    ("round(n, 2)", 7),
    ("floor(-1.5)", -2),
    ("ceil(1.2)", 2),
    ("sqrt(16)", 4.0),
    ("log(exp(0))", 0.0),
    ("'a' + 'b'", "ab"),
    ("text(n)", "7"),
    ("text(0.1)", "0.1"),
    ("text(-0.0)", "0"),
    ("text(flag)", "true"),
    ("text(d)", "2024-02-29"),
    ("text(t)", "2024-01-02T03:04:05"),
    ("text(1234.5, 2)", "1234.50"),
    ("text(-0.004, 2)", "0.00"),
    ("text(n, 1)", "7.0"),
    ("text(amount, 0)", "31"),
    ("upper(name)", "ZOË ØDEGÅRD"),
    ("lower(replace(ascii(name), ' ', '.')) + '@example.com'", "zoe.odegard@example.com"),
    ("title('old mill')", "Old Mill"),
    ("strip('  x ')", "x"),
    ("length(name)", 11),
    ("slice(name, 0, 3)", "Zoë"),
    ("slice(name, -3)", "ård"),
    ("join(', ', name, status)", "Zoë Ødegård, approved"),
    ("pad(n, 4)", "0007"),
    ("pad('70', 3)", "070"),
    ("f'{n} of {amount:.1f} on {d}'", "7 of 31.5 on 2024-02-29"),
    ("f'A{n + 1:04d}-{n:00d}'", "A0008-7"),
    ("f'{gone:04d}'", None),
    ("f''", ""),
    ("coalesce(gone, n, 1)", 7),
    ("year(d) * 10000 + month(d) * 100 + day(d)", 20240229),
    ("weekday(d)", 3),
    ("hour(t) * 10000 + minute(t) * 100 + second(t)", 30405),
    ("d + days(1)", "2024-03-01"),
    ("days(1) + d - days(1)", "2024-02-29"),
    ("t + hours(1.5) - minutes(1) + seconds(1)", "2024-01-02T04:33:06"),
    ("(date('2024-03-01') - d) / days(1)", 1.0),
    ("(t - timestamp('2024-01-01')) // hours(1)", 27),
    ("d - date(t)", 58 * 86_400.0),
    ("timestamp(d)", "2024-02-29T00:00:00"),
    ("t < timestamp('2024-01-02T03:04:06')", True),
    ("format_date(d, '%d %b %Y, %A')", "29 Feb 2024, Thursday"),
    ("format_date(t, '%H:%M:%S')", "03:04:05"),
    ("luhn('7992739871')", "79927398713"),
    ("iban('GB', 'WEST12345698765432')", "GB82WEST12345698765432"),
    ("iban('DE', '370400440532013000')", "DE89370400440532013000"),
    ("mod97('194')", 0),
    # What is missing stays missing, except where the language says otherwise.
    ("gone + 1", None),
    ("join('-', 'a', gone)", None),
    ("gone > 1", None),
    ("gone in ['a']", None),
    ("round(gone, 2)", None),
    ("not gone", None),
    ("gone is None", True),
    ("n is not None", True),
    ("1 if gone else 2", 2),
    ("gone and False", False),
    ("flag or gone", True),
    ("gone or False", None),
    ("None if flag else 1", None),
    # The other side is not looked at where it does not count.
    ("1 / k if k > 0 else 0", 0.0),
    ("k < 0 or 1 / (k + 2) > 1", True),
    ("k > 0 and 1 / (k + 2) > 1", False),
    ("coalesce(n, 1 // (k + 2))", 7),
]


@pytest.mark.parametrize(("text", "expected"), RIGHT, ids=[text for text, _ in RIGHT])
def test_an_expression_has_the_value_it_says(text: str, expected: Any) -> None:
    """Each has one value of one type."""
    value = Expression.parse(text).value(ROW)

    assert (expected, type(expected)) == (value, type(value))


WRONG = [
    ("'a' + n", r"two numbers for \+, got a text and a whole number; write text\(\.\.\.\)", 5),
    ("'a' * 1000000000", "two numbers for", 5),
    ("flag + 1", "got a truth value and a whole number; write 1 if", 6),
    ("d + 1", r"days\(n\)", 3),
    ("d + hours(5)", "whole days", 3),
    ("d > '2024-01-01'", r'date\("2024-01-31"\)', 3),
    ("d == t", "around the timestamp", 3),
    ("flag < True", "got truth values", 6),
    ("n in ['a']", "a whole number and a text", 3),
    ("n and flag", "Expected a condition, got a whole number", 1),
    ("not n", "Expected a condition", 5),
    ("n if n else 1", "Expected a condition", 6),
    ("1 if flag else 'a'", "a whole number and a text", 1),
    ("coalesce(gone, n, 'a')", "one kind for coalesce", 1),
    ("-name", "a number for -, got a text", 1),
    ("customer + 1", "got a record", 10),
    ("customer == customer", "got a record", 10),
    ("upper(n)", r"a text as argument 1 of upper\(text\), got a whole number", 1),
    ("hour(d)", "Expected a timestamp", 1),
    ("sum(n)", "a list of numbers", 1),
    ("1 + n / 0", "divisor other than 0", 7),
    ("n // 0", "divisor other than 0", 3),
    ("n % 0.0", "divisor other than 0", 3),
    ("9223372036854775807 + n", r"below 2\*\*63", 21),
    ("9223372036854775807 * k", r"below 2\*\*63", 21),
    ("(-9223372036854775807 - 1) // -1", r"below 2\*\*63", 28),
    ("abs(-9223372036854775807 - 1)", r"below 2\*\*63", 1),
    ("n ** 16 ** 2", r"power written out", 9),
    ("(n * 999999) ** 16", r"below 2\*\*63", 14),
    ("ceil(1e300)", r"below 2\*\*63", 1),
    ("days(9223372036854775807)", r"below 2\*\*63", 1),
    ("1e308 * 10", "finite number", 7),
    ("exp(1000)", "finite number", 1),
    ("k ** 0.5", "finite number", 3),
    ("sqrt(k)", "from 0 for sqrt", 1),
    ("log(0)", "above 0 for log", 1),
    ("d + days(9999999)", "year from 1 to 9999", 3),
    ("t - days(999999)", "year from 1 to 9999", 3),
    ("date('2024-02-30')", "'2024-01-31', got '2024-02-30'", 1),
    ("luhn('12a')", "digits only, got '12a'", 1),
    ("iban('GB', 'west')", "capital letters only, got 'west", 1),
    ("luhn('١٢')", "digits only", 1),
    ("pad(k, 4)", "from 0 for pad", 1),
    ("pad(n, 1000)", "0 to 64 characters", 1),
    ("round(1.5, 99)", "-15 to 15 digits", 1),
    ("round(1.5, n)", "literal whole number here", 12),
    ("text(1e15, 5)", "numbers below", 1),
    ("replace(name, '', 'x')", "got an empty one", 1),
    ("format_date(d, '%Q')", "got %Q", 1),
    ("format_date(d, 'at 5%')", "got %", 1),
    ("customer.agee", "'agee'. Did you mean 'age'?", 10),
    ("n.x", r"a record before \.x, got a whole number", 3),
    ("1 + amont", "Unknown field 'amont'. Did you mean 'amount'?.*Valid: amount, customer", 5),
    ("2 * rond(n)", "Unknown function 'rond'. Did you mean 'round'?.*Valid: abs", 5),
]


@pytest.mark.parametrize(("text", "message", "column"), WRONG, ids=[one[0] for one in WRONG])
def test_a_mistake_is_named_with_its_place(text: str, message: str, column: int) -> None:
    """The message says what was expected, and a caret stands under the place."""
    with pytest.raises(UsageError, match=message) as error:
        Expression.parse(text).value(ROW)

    assert f"at column {column}:\n  {text}\n  {' ' * (column - 1)}^" in str(error.value)


REFUSED = [
    "name.__class__",
    "().__class__.__bases__",
    "customer.age.__init__",
    "__import__('os').system('true')",
    "name.upper()",
    "(lambda: n)()",
    "lambda: n",
    "[x for x in items]",
    "{x for x in items}",
    "{x: x for x in items}",
    "sum(x for x in items)",
    "items[0]",
    "name[0:2]",
    "[1, 2]",
    "(1, 2)",
    "{'a': 1}",
    "{1, 2}",
    "(n := 1)",
    "n = 1",
    "n; n",
    "import os",
    "await n",
    "(yield n)",
    "max(*items)",
    "max(a=1, b=2)",
    "eval('1')",
    "open('/etc/passwd')",
    "n ** n",
    "n ** 17",
    "10 ** 10 ** 10",
    "2 ** 'a'",
    "n @ 2",
    "n & 1",
    "n << 60",
    "~n",
    "n is 3",
    "n == None",
    "n in items",
    "n in [gone]",
    "n in []",
    "b'a'",
    "1j",
    "...",
    "1e999",
    "9223372036854775808",
    "1" * 3_900,
    "f'{name!r}'",
    "f'{n:>{k}}'",
    "f'{n:04}'",
    "f'{n:>1000000000}'",
    "1if flag else 2",
    "'\\d'",
    "'\\ud800'",
    "\ud800",
    "\x00",
    "",
    "  ",
    "1 +",
    "'abc",
    "n if flag",
    "n +\n1",
    "(" * 2_000 + "n" + ")" * 2_000,
    "-" * 3_000 + "n",
    "not " * 900 + "flag",
    "n" + ".a" * 1_500,
    "+".join(["n"] * 500),
    "n" + " " * 5_000 + "+ n",
    "round(" * 300 + "n" + ")" * 300,
    "1 if flag else " * 200 + "2",
]


@pytest.mark.parametrize("text", REFUSED, ids=lambda text: text[:30])
def test_what_is_not_of_the_language_is_refused(text: str) -> None:
    """Nothing reaches outside of the fields, takes memory or goes deep: reading it is one clear error."""
    with pytest.raises(UsageError, match=r"Expected|Unknown"):
        Expression.parse(text)


BLOWN = {
    "replace": "replace(" * 12 + "name" + ", 'o', 'oooooooooooooooooooo')" * 12,
    "add": "+".join(["long"] * 50),
    "join": "join(', ', " + ", ".join(["long"] * 50) + ")",
    "f-string": "f'" + "{long}" * 50 + "'",
}


@pytest.mark.parametrize("text", BLOWN.values(), ids=BLOWN)
def test_a_text_cannot_be_blown_up(text: str) -> None:
    """Texts that are put together have at most 10,000 bytes, and are measured before they are made."""
    row = {"name": "foo", "long": "x" * 1_000}

    with pytest.raises(UsageError, match="at most 10,000 bytes"):
        Expression.parse(text).value(row)


def test_the_place_is_found_in_any_text() -> None:
    """Letters of several bytes and lines before the place do not move the caret; a long line is cut around it."""
    with pytest.raises(UsageError) as lines:
        Expression.parse("(n +\n  length('Ødegård') + m)").value(ROW)
    with pytest.raises(UsageError) as long:
        Expression.parse(" + ".join(["n"] * 50) + " + m").value(ROW)

    assert "at column 23 of line 2:\n    length('Ødegård') + m)\n" + " " * 24 + "^" in str(lines.value)
    assert str(long.value).endswith("n + n + m\n  " + " " * 53 + "^")


def test_an_expression_is_its_text() -> None:
    """Two of one text are equal, whatever space is around it, and say which fields they read."""
    one, other = Expression.parse("max(a, b.c) if max > 1 else d"), Expression.parse("  n ")

    assert Expression.parse("n") == other
    assert {other} == {Expression.parse("n"), other}
    assert one != other
    assert {"a", "b", "d", "max"} == one.names


def test_the_language_is_documented() -> None:
    """Every function is in the text that describes the language, as it is written."""
    missing = [one.usage for one in FUNCTIONS.values() if f"`{one.usage}`" not in str(expressions.__doc__)]

    assert [] == missing


def test_the_type_is_known_before_there_are_rows() -> None:
    """It follows from the types of the fields, also where a value is missing; wrong kinds are told of at once."""
    types = {"a": pa.int32(), "b": pa.float32(), "s": pa.dictionary(pa.int8(), pa.string()), "d": pa.date32()}

    assert pa.float64() == Expression.parse("a if d is None else b").type_of(types)
    assert pa.int64() == Expression.parse("a // 2").type_of(types)
    assert pa.string() == Expression.parse("s + text(d)").type_of(types)
    assert pa.duration("s") == Expression.parse("d - d").type_of(types)
    with pytest.raises(UsageError, match="got a text and a whole number"):
        Expression.parse("s + a").type_of(types)


def test_a_date_that_is_written_as_text_is_one_where_its_type_is_given() -> None:
    """Plain values do not tell dates from texts; the types of the fields do."""
    year = Expression.parse("year(d)")

    assert 2024 == year.value({"d": "2024-05-06"}, types={"d": pa.date32()})
    with pytest.raises(UsageError, match="a date or timestamp as argument 1"):
        year.value({"d": "2024-05-06"})
    with pytest.raises(UsageError, match=r"Expected date32.*in field 'd', got 'soon'"):
        year.value({"d": "soon"}, types={"d": pa.date32()})


@pytest.mark.parametrize("value", [2**70, object(), "\ud800", [1, "a"], {1: 2}, 1 + 2j])
def test_a_value_that_is_not_plain_is_an_error(value: Any) -> None:
    """It names the field."""
    with pytest.raises(UsageError, match=r"field|got"):
        Expression.parse("a is None").value({"a": value})


TOKENS = re.findall(
    r"\S+",
    "n name flag d t gone customer items .age . ( ) [ ] , + - * / // % ** == < in not and or if else is None True "
    "1 0 2.5 'a' f'{n}' round( text( min( sum( date( days( replace( pad( lambda : { } := @ ~ __class__ \\ # ' \" ;",
)


@given(st.lists(st.sampled_from(TOKENS), max_size=12).map(" ".join))
@settings(max_examples=400, deadline=None)
def test_no_text_makes_anything_but_a_value_or_a_usage_error(text: str) -> None:
    """Whatever is put together from the marks of the language and from Python's."""
    value = None
    with suppress(UsageError):
        value = Expression.parse(text).value(ROW)

    assert value is None or type(value) in (bool, int, float, str, list, dict)
