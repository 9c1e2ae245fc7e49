"""The expression language of templates: values worked out from other fields, and which rows are legal.

Comes in as text, such as `round(amount * 1.2, 2)`; goes out as a column of values for columns of fields. The text
is never run by Python: it is read into a tree, and only what is listed here is allowed in it.

Values
    `12`, `1.5`, `"text"`, `True`, `False`, `None`, the names of fields, and `customer.age` for a field within a
    record. `items.price` of a list of records is the list of their prices. `f"{name} paid {amount:.2f}"` is a text, and so is `f"{row:06d}"`, with leading zeros.
Operators
    `+ - * / // %` as in Python, `**` with a power written out, from -16 to 16; `== != < <= > >=`, also chained;
    `and or not`; `in` and `not in` a list written out; `is None`, `is not None`; `a if c else b`.
    Texts are joined with `+`. The difference of two dates or timestamps is a duration, by which they move; a
    duration divided by another is a number: `(end - start) / days(1)`.
Functions
    Numbers: `min(a, b, ...)` `max(a, b, ...)` `abs(x)` `round(x, [digits])` `floor(x)` `ceil(x)` `sqrt(x)` `log(x)`
    (natural) `exp(x)`; of a list `sum(list)`.
    Texts: `text(x, [digits])` `upper(text)` `lower(text)` `title(text)` `strip(text)` `ascii(text)` (accents taken
    off, letters of other alphabets left out) `length(x)` (of a list too) `slice(text, from, [to])`
    `replace(text, old, new)` `join(separator, a, b, ...)` `pad(x, width)` (with leading zeros).
    Dates: `date(x)` `timestamp(x)` (of ISO texts, and of each other) `year(d)` `month(d)` `day(d)` `weekday(d)`
    (0 is Monday) `hour(t)` `minute(t)` `second(t)` `days(n)` `hours(n)` `minutes(n)` `seconds(n)` (durations, to the
    second) `format_date(d, pattern)`, the pattern as in `"%d %b %Y"`, its words English.
    Check digits: `luhn(digits)` (the digits with their Luhn digit) `mod97(text)` (ISO 7064; A is 10, Z is 35)
    `iban(country, account)` (the whole IBAN).
    Where there may be nothing: `coalesce(a, b, ...)` is the first that is there.

Rules
    - The type of a result follows from the types of the fields, never from their values. Whole numbers have 64 bits,
      numbers with decimals are doubles; `/` always gives the latter, and so does a power unless both sides are whole
      and the power is not negative.
    - Nothing in, nothing out: a missing value makes the result missing. Exceptions: `coalesce`; `is None`; a
      condition that is missing counts as False; `and` and `or` know what does not depend on the missing side.
    - What has no value is an error and never a silent gap: a division by zero, the root of a negative number, a whole
      number from 2**63, an infinity, a year outside 1 to 9999, a text over 10,000 bytes.
    - `b != 0 and a / b > 1` and `a / b if b != 0 else 0` look at each side only in the rows where it counts, as do
      `or` and `coalesce`.
    - `round` and `text(x, digits)` round ties away from zero, as money is, and take a number as it is written:
      `round(1.005, 2)` is 1.01 and `round(-2.5)` is -3. `round(x)`, `floor` and `ceil` give whole numbers.
    - A row has the same result alone and in any batch.
"""

import ast
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, Self

import numpy as np
import pyarrow as pa

from gristmill.errors import UsageError
from gristmill.generators.expressions._evaluation import Batch
from gristmill.generators.expressions._syntax import names, parsed

__all__ = ["Expression"]


@dataclass(frozen=True)
class Expression:
    """An expression over the fields of a row; the module says what the language has. Equal where the texts are.

    Attributes:
        text: as it was written, without the space around it.
        names: the fields it reads; of `customer.age`, `customer`.
    """

    text: str
    names: frozenset[str] = field(compare=False, repr=False)
    _tree: ast.expr = field(compare=False, repr=False)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the expression that `text` writes.

        Raises:
            UsageError: when it has anything that the language has not, with the place.
        """
        text = text.replace("\r\n", "\n").replace("\r", "\n").strip()
        tree = parsed(text)
        return cls(text, names(tree), tree)

    def column(self, columns: Mapping[str, pa.Array], rows: int) -> pa.Array:
        """Return the values of `rows` rows.

        Args:
            columns: the fields by name, arrays of `rows` values.
            rows: how many there are, also when no field is read.

        Raises:
            UsageError: when a field is missing, kinds do not go together or a row has no value, with the place.
        """
        for name in self.names & columns.keys():
            if len(columns[name]) != rows:
                raise UsageError(f"Expected {rows} values of field {name!r}, got {len(columns[name])}.")
        return Batch(self.text, columns, rows, columns.keys()).whole(self._tree)

    def value(self, values: Mapping[str, Any], *, types: Mapping[str, pa.DataType] | None = None) -> Any:
        """Return the value for one row as plain data, dates as ISO texts: the column of that row.

        Args:
            values: of the fields, plain or as Python has them.
            types: the types of fields that their values alone do not tell, such as of a date written as a text.
        """
        columns = dict.fromkeys(values, pa.nulls(1))
        for name in self.names & values.keys():
            columns[name] = _alone(name, values[name], (types or {}).get(name))
        return _plain(self.column(columns, 1)[0].as_py())

    def type_of(self, types: Mapping[str, pa.DataType]) -> pa.DataType:
        """Return the type of the values for fields of these types.

        Raises:
            UsageError: when a field is missing or kinds do not go together, with the place.
        """
        return self.column({name: pa.array([], kind) for name, kind in types.items()}, 0).type


def _alone(name: str, value: Any, kind: pa.DataType | None) -> pa.Array:
    """Return a column of one value, in the type that `pyarrow.array` gives it.

    That one takes ten times as long for a plain number or text, since it looks each time whether pandas is there.
    """
    try:
        if type(value) in (bool, int, float):
            column = pa.array(np.array([value]))
        elif type(value) is str:
            data = value.encode()
            ends = pa.py_buffer(np.array([0, len(data)], np.int32))
            column = pa.Array.from_buffers(pa.string(), 1, [None, ends, pa.py_buffer(data)])
        else:
            column = pa.array([value])
        return column if kind is None else column.cast(kind)
    except (pa.ArrowException, OverflowError, UnicodeError) as error:
        expected = kind or "plain data"
        raise UsageError(f"Expected {expected} in field {name!r}, got {value!r:.80} ({error}).") from None


def _plain(value: Any) -> Any:
    if isinstance(value, date):  # a timestamp too
        return value.isoformat()
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, dict):
        return {name: _plain(one) for name, one in value.items()}
    return [_plain(one) for one in value] if isinstance(value, list) else value
