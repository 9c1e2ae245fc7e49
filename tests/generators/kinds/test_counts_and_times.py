"""Fields of counts and of time."""

import json
import math
import random
from collections import Counter
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gristmill.errors import UsageError
from gristmill.generators.kinds.counts import Binomial, Geometric, Poisson, Zipf
from gristmill.generators.kinds.times import Date, Timestamp

WORKDAYS = (1, 1, 1, 1, 1, 0.25, 0)
OFFICE = [0] * 8 + [3, 5, 5, 4, 2, 4, 5, 4, 2] + [0] * 6 + [0.1]
FIELDS: dict[str, Any] = {
    "poisson": Poisson(3.5),
    "poisson rare": Poisson(1e-9),
    "poisson many": Poisson(10_000),
    "binomial": Binomial(20, 0.3),
    "binomial one": Binomial(1, 0.5),
    "binomial many": Binomial(100_000, 0.999),
    "geometric": Geometric(0.2),
    "geometric long": Geometric(0.001),
    "zipf": Zipf(1.1, 1_000),
    "zipf steep": Zipf(60, 50),
    "zipf even": Zipf(0, 5),
    "date": Date("2024-01-01", "2024-02-29"),
    "date weekly": Date("2023-12-30", "2024-03-03", weekly=WORKDAYS),
    "date one": Date("1969-12-31", "1969-12-31"),
    "timestamp": Timestamp("2024-01-01", "2024-01-01T00:00:07"),
    "timestamp years": Timestamp("0001-01-01", "9999-12-31"),
    "timestamp weekly": Timestamp("1969-12-28T22:59:59", "1970-02-01T00:30:00", weekly=WORKDAYS),
    "timestamp daily": Timestamp("2024-01-01T10:20:30", "2024-01-03T10:20:31", daily=OFFICE),
    "timestamp both": Timestamp("2023-12-01", "2024-03-01T00:00:01", weekly=WORKDAYS, daily=OFFICE),
}
ALL = pytest.mark.parametrize("field", FIELDS.values(), ids=FIELDS)
UNIT = st.floats(0, 1, exclude_max=True) | st.sampled_from([0.0, 2.0**-53, 1 - 2.0**-53])


@ALL
@given(unit=UNIT)
def test_what_is_drawn_is_in_the_support_and_can_be_found_again(field: Any, unit: float) -> None:
    """Any unit gives a plain value of finite density, and `locate` leads back to it."""
    value = field.draw([unit])
    back = field.locate(value)

    assert value == json.loads(json.dumps(value))
    assert type(value) is (str if field.column(np.zeros((1, 0))).type != pa.int64() else int)
    assert -math.inf < field.log_prob(value) <= 1e-9
    assert "" == field.problem(value)
    assert value == field.draw(back)
    assert 0 <= back[0] < 1


@ALL
@given(units=st.lists(UNIT, max_size=20))
@settings(max_examples=20)
def test_a_column_holds_what_is_drawn_one_by_one(field: Any, units: list[float]) -> None:
    """In the type of Arrow for it."""
    column = field.column(np.array([units], float))
    values = column.to_pylist()

    assert [field.draw([unit]) for unit in units] == [
        one.isoformat() if isinstance(one, date) else one for one in values
    ]
    assert column.type in (pa.int64(), pa.date32(), pa.timestamp("s"))


@ALL
@given(units=st.lists(UNIT, min_size=2, max_size=2))
@settings(max_examples=20)
def test_a_greater_unit_gives_no_smaller_value(field: Any, units: list[float]) -> None:
    """The map is a quantile function, which a copula and rare-event search need."""
    low, high = field.column(np.array([sorted(units)])).to_pylist()

    assert low <= high


@ALL
def test_the_density_is_normalised(field: Any) -> None:
    """Its sum over the whole support is one, and its greatest value is at the mode."""
    stretches = _stretches(field)
    logs = np.array([field.log_prob(value) for value in stretches])

    assert math.isclose(1, np.exp(logs) @ np.array(list(stretches.values())), abs_tol=1e-9)
    assert math.isclose(logs.max(), field.log_prob(field.mode), rel_tol=1e-9, abs_tol=1e-9)
    assert field.even is None or np.allclose(field.even, logs[logs > -math.inf])


@ALL
def test_every_value_can_be_found_again(field: Any) -> None:
    """Those at both ends too, which are so unlikely that no test draws them."""
    values = [value for value in _stretches(field) if field.log_prob(value) > -math.inf]
    some = values[:50] + values[50:-50:97] + values[-50:]

    assert some == [field.draw(field.locate(value)) for value in some]


@ALL
def test_frequencies_match_the_density(field: Any) -> None:
    """A chi-square of 20,000 draws stays below a bound that chance passes once in a million."""
    rng, count = random.Random(5), 20_000
    drawn = field.column(np.array([[rng.random() for _ in range(count)]])).to_pylist()
    seen, stretches = Counter(_stretch(field, one) for one in drawn), _stretches(field)
    expected = np.array([count * size * math.exp(field.log_prob(one)) for one, size in stretches.items()])
    # Neighbours are taken together until ten draws are expected.
    cells = (np.cumsum(expected) // 10).astype(int)
    awaited = np.bincount(cells, expected)
    found = np.bincount(cells, [seen[one] for one in stretches])
    filled = awaited > 1

    assert count == found.sum()
    chi = ((found - awaited)[filled] ** 2 / awaited[filled]).sum()
    assert chi < 25 + filled.sum() + 6 * math.sqrt(2 * filled.sum())


@pytest.mark.parametrize(
    ("field", "value", "probability"),
    [
        (Poisson(2.0), 3, math.exp(-2) * 8 / 6),
        (Binomial(10, 0.25), 4, math.comb(10, 4) * 0.25**4 * 0.75**6),
        (Geometric(0.2), 3, 0.8 * 0.8 * 0.2),
        (Zipf(2.0, 3), 2, 1 / 4 / (1 + 1 / 4 + 1 / 9)),
        (Date("2024-01-01", "2024-01-07", weekly=WORKDAYS), "2024-01-06", 0.25 / 5.25),
        (
            Timestamp("2024-01-01", "2024-01-02", daily=[1] * 12 + [3] * 12),
            "2024-01-01T13:00:00",
            3 / 48 / 3600,
        ),
    ],
    ids=lambda one: str(one)[:12],
)
def test_the_density_is_that_of_the_textbook(field: Any, value: Any, probability: float) -> None:
    """The formulas are the usual ones; a geometric count starts from one."""
    assert math.isclose(probability, math.exp(field.log_prob(value)), rel_tol=1e-12)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        (Poisson(3.5), -1),
        (Poisson(3.5), 3.0),
        (Poisson(3.5), True),
        (Poisson(3.5), 10_000),
        (Binomial(20, 0.3), 21),
        (Geometric(0.2), 0),
        (Zipf(1.1, 10), 11),
        (Zipf(1.1, 10), "1"),
        (Date("2024-01-01", "2024-01-31"), "2024-02-01"),
        (Date("2024-01-01", "2024-01-31"), "20240105"),
        (Date("2024-01-01", "2024-01-31"), "2024-01-05T00:00:00"),
        (Date("2024-01-01", "2024-01-31"), date(2024, 1, 5)),
        (Date("2024-01-01", "2024-01-31", weekly=WORKDAYS), "2024-01-07"),
        (Timestamp("2024-01-01", "2024-01-31"), "2024-01-31T00:00:00"),
        (Timestamp("2024-01-01", "2024-01-31"), "2024-01-05 10:00:00"),
        (Timestamp("2024-01-01", "2024-01-31"), "2024-01-05"),
        (Timestamp("2024-01-01", "2024-01-31"), "2024-01-05T10:00:00Z"),
        (Timestamp("2024-01-01", "2024-01-31"), "2024-01-05T10:00:00.500000"),
        (Timestamp("2024-01-01", "2024-01-31"), "soon"),
        (Timestamp("2024-01-01", "2024-01-31"), 5),
        (Timestamp("2024-01-01", "2024-01-31"), None),
    ],
    ids=str,
)
def test_near_misses_are_outside(field: Any, value: Any) -> None:
    """Another type, the value after the last, another way to write a date: none is in the support."""
    assert -math.inf == field.log_prob(value)
    with pytest.raises(UsageError, match=r"Expected .*got"):
        field.locate(value)


@pytest.mark.parametrize(
    "make",
    [
        lambda: Poisson(0),
        lambda: Poisson(math.nan),
        lambda: Poisson(1e9),
        lambda: Binomial(0, 0.5),
        lambda: Binomial(10**7, 0.5),
        lambda: Binomial(10, 1.0),
        lambda: Geometric(0.0),
        lambda: Geometric(1e-9),
        lambda: Zipf(-1, 10),
        lambda: Zipf(1.1, 0),
        lambda: Zipf(1.1, 10**9),
        lambda: Date("2024-02-01", "2024-01-01"),
        lambda: Date("2024-13-01", "2024-12-01"),
        lambda: Date("2024-01-01T10:00:00", "2024-12-01"),
        lambda: Date("2024-01-01", "2024-12-01", weekly=[1] * 6),
        lambda: Date("2024-01-01", "2024-12-01", weekly=[0] * 7),
        lambda: Date("2024-01-01", "2024-12-01", weekly=[math.nan] * 7),
        lambda: Date("2024-01-06", "2024-01-07", weekly=[1, 1, 1, 1, 1, 0, 0]),
        lambda: Date("2024-01-01", "2024-12-01", weekly=[1, 1, 1, 1, 1, 1, 1e-30]),
        lambda: Timestamp("2024-01-01", "2024-01-01"),
        lambda: Timestamp("2024-01-01T00:00:00Z", "2025-01-01"),
        lambda: Timestamp("2024-01-01", "2025-01-01", daily=[1] * 7),
        lambda: Timestamp("0001-01-01", "2025-01-01", daily=[1] * 24),
    ],
)
def test_senseless_parameters_are_refused(make: Any) -> None:
    """The message says what was expected and what was got."""
    with pytest.raises(UsageError, match=r"Expected .*got"):
        make()


@ALL
def test_a_description_makes_the_field_again(field: Any) -> None:
    """It is plain JSON with the parameters by name."""
    described = field.describe()
    parameters = {name: value for name, value in described.items() if name not in ("kind", "unit")}

    assert described == json.loads(json.dumps(described))
    assert type(field).__name__.lower() == described["kind"]
    assert described == type(field)(**parameters).describe()


def test_dates_are_taken_as_text_and_as_python_and_toml_have_them() -> None:
    """The ways to write a date make the same field."""
    assert (
        Date(date(2024, 1, 1), datetime(2024, 1, 2)).describe() == Date("2024-01-01", "20240102").describe()
    )
    assert {"kind": "timestamp", "start": "2024-01-01T00:00:00", "end": "2024-01-02T05:00:00"} == Timestamp(
        date(2024, 1, 1), datetime(2024, 1, 2, 5)
    ).describe()


def test_the_week_begins_on_monday_and_the_day_at_midnight() -> None:
    """Weights for one weekday or one hour alone give that one, also before 1970 and where the first hour is cut."""
    units = np.linspace(0, 1, 999, endpoint=False)[None]
    monday = Date("1968-01-01", "1972-01-01", weekly=[1, 0, 0, 0, 0, 0, 0]).column(units).to_pylist()
    morning = Timestamp("1969-12-01T09:30:00", "1970-02-01T09:10:00", daily=[0] * 9 + [1] + [0] * 14)
    hours = morning.column(units).to_pylist()

    assert {0} == {one.weekday() for one in monday}
    assert {9} == {one.hour for one in hours}
    assert datetime(1969, 12, 1, 9, 30) == hours[0]
    assert hours[-1] < datetime(1970, 2, 1, 9, 10)


def _stretches(field: Any) -> dict[Any, int]:
    """Return the first values of stretches of one density, and how many values each has."""
    if isinstance(field, Timestamp):
        first, end = datetime.fromisoformat(field.start), datetime.fromisoformat(field.end)
        edges = [first, end]
        if field.weekly or field.daily:
            hours = (end - first) // timedelta(hours=1) + 1
            edges[1:1] = [_hour(first) + timedelta(hours=place + 1) for place in range(hours)]
        cut = [min(one, end) for one in edges]
        return {
            low.isoformat(): (high - low) // timedelta(seconds=1) for low, high in pairwise(cut) if low < high
        }
    if isinstance(field, Date):
        first_day = date.fromisoformat(field.start)
        days = (date.fromisoformat(field.end) - first_day).days + 1
        return {(first_day + timedelta(days=place)).isoformat(): 1 for place in range(days)}
    low, edges = field._table
    return dict.fromkeys(range(low, low + len(edges) - 1), 1)


def _stretch(field: Any, value: Any) -> Any:
    """Return the first value of the stretch of a value."""
    if not isinstance(value, datetime):
        return value.isoformat() if isinstance(value, date) else value
    start = datetime.fromisoformat(field.start)
    return max(_hour(value), start).isoformat() if field.weekly or field.daily else field.start


def _hour(moment: datetime) -> datetime:
    return moment.replace(minute=0, second=0)
