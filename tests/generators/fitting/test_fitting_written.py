"""Dates and amounts that a table has as texts, and whole numbers that depend on a category."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from gristmill.generators.fitting import Fitted, fit
from gristmill.generators.template.entries import space_of

ROWS = 800
RNG = np.random.default_rng(31)
DAYS = [date(2025, 1, 1) + timedelta(int(day)) for day in RNG.integers(0, 365, ROWS)]
PRICES = np.round(RNG.lognormal(3, 1, ROWS), 2)


def fitted(**columns: Any) -> Fitted:
    """What is fitted to columns."""
    return fit(pa.table(columns), name="t")


def drawn(found: Fitted, rows: int = ROWS) -> dict[str, list[Any]]:
    """Columns of rows of a template."""
    columns: dict[str, list[Any]] = space_of(found.template, "").table(0, range(rows)).to_pydict()
    return columns


# Dates.


@pytest.mark.parametrize(
    "pattern",
    ["%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y", "%Y/%m/%d", "%Y-%m-%d", "%Y%m%d", "%d %b %Y", "%b %d, %Y", "%d.%m.%y"],
)  # fmt: skip
def test_written_dates_are_dates(pattern: str) -> None:
    """In a hidden field, and written as they were."""
    found = fitted(day=[one.strftime(pattern) for one in DAYS])
    shown = [datetime.strptime(one, pattern) for one in drawn(found)["day"]]

    assert "date" == found.template["fields"]["day_"]["kind"]
    assert {"kind": "derived", "value": f'format_date(day_, "{pattern}")'} == found.template["fields"]["day"]
    assert {2025} == {one.year for one in shown}
    assert 200 < len(set(shown))


def test_dates_without_leading_zeros_are_written_so() -> None:
    """As American spreadsheets do, also with the time of day."""
    found = fitted(
        at=[f"{one.month}/{one.day}/{one.year} {14 + one.day % 3}:{one.day:02d}" for one in DAYS],
        on=[f"{one.day}.{one.month}.{one.year}" for one in DAYS],
    )
    made = drawn(found)

    assert 'f"{day(on_)}.{month(on_)}.{year(on_)}"' == found.template["fields"]["on"]["value"]
    assert all(one == f"{int(one.split('.')[0])}.{int(one.split('.')[1])}.2025" for one in made["on"])
    assert {"14", "15", "16"} == {one.split()[1][:2] for one in made["at"]}
    assert all(datetime.strptime(one, "%m/%d/%Y %H:%M") for one in made["at"])


def test_a_written_date_comes_some_days_after_another() -> None:
    """As dates do, whatever format each has, and with gaps."""
    lags = RNG.integers(1, 9, ROWS)
    sent = [one + timedelta(int(lag)) for one, lag in zip(DAYS, lags, strict=True)]
    found = fitted(
        ordered=[one.strftime("%d.%m.%Y") for one in DAYS],
        sent=[one.strftime("%m/%d/%Y") if row % 4 else None for row, one in enumerate(sent)],
    )
    made = drawn(found)
    both = [
        (datetime.strptime(start, "%d.%m.%Y"), datetime.strptime(end, "%m/%d/%Y"))
        for start, end in zip(made["ordered"], made["sent"], strict=True)
        if end
    ]

    assert pytest.approx(0.75, abs=0.05) == len(both) / ROWS
    assert set(range(1, 9)) == {(end - start).days for start, end in both}


def test_what_day_and_month_were_taken_for_is_said() -> None:
    """Where the data do not tell, and only there."""
    early = [one.replace(day=1 + one.day % 12) for one in DAYS]
    found = fitted(
        open=[f"{one:%d/%m/%Y}" for one in early], plain=[one.strftime("%d/%m/%Y") for one in DAYS]
    )

    assert "read as %d/%m/%Y, since the data do not tell" in found.notes["open"]
    assert "do not tell" not in found.notes.get("plain", "")


def test_dates_that_leave_open_which_they_are_have_no_pattern() -> None:
    """Two digits for each part, or several formats in one column."""
    early = [one.replace(day=1 + one.day % 12) for one in DAYS]
    mixed = [one.strftime("%d/%m/%Y" if row % 2 else "%d.%m.%Y") for row, one in enumerate(DAYS)]
    found = fitted(short=[f"{one:%d/%m/%y}" for one in early], mixed=mixed, other=PRICES)

    assert ["other"] == list(found.template["fields"])
    assert ["left out: dates of which no one format can be told"] * 2 == [
        found.notes[name].split(";")[0] for name in ("short", "mixed")
    ]


def test_a_few_texts_that_are_no_dates_are_gaps() -> None:
    """As many as there were, which is said."""
    found = fitted(day=["n/a" if row % 20 == 0 else f"{one:%d.%m.%Y}" for row, one in enumerate(DAYS)])

    assert "40 texts that are no such date as %d.%m.%Y are gaps" in found.notes["day"]
    assert pytest.approx(0.05, abs=0.02) == drawn(found)["day"].count(None) / ROWS


def test_a_few_dates_that_come_again_and_again_stay_as_they_are() -> None:
    """The ends of months, which even days would not be."""
    ends = [f"{28 + month % 3}.0{month}.2025" for month in range(3, 7)]

    assert set(ends) == set(fitted(day=ends * 50).template["fields"]["day"]["options"])


# Amounts.


@pytest.mark.parametrize(
    ("write", "form"),
    [
        (lambda one: f"{one:.2f} €", 'f"{fee_:.2f} €"'),
        (lambda one: f"${one:.2f}", 'f"${fee_:.2f}"'),
        (lambda one: f"EUR {one:.2f}", 'f"EUR {fee_:.2f}"'),
        (lambda one: f"{one:.1f}kg", 'f"{fee_:.1f}kg"'),
        (lambda one: f"{one:.0f} kg", 'f"{fee_} kg"'),
        (lambda one: f"{one:.2f} €".replace(".", ","), 'replace(f"{fee_:.2f}", ".", ",") + " €"'),
        (lambda one: f"{one:.2f}", 'f"{fee_:.2f}"'),
    ],
)
def test_written_amounts_are_numbers(write: Callable[[float], str], form: str) -> None:
    """With a law in a hidden field, and written as they were."""
    found = fitted(fee=[write(one) for one in PRICES])
    made = [
        float("".join(filter("0123456789.".__contains__, one.replace(",", "."))))
        for one in drawn(found)["fee"]
    ]

    assert {"kind": "derived", "value": form} == found.template["fields"]["fee"]
    assert pytest.approx(np.median(PRICES), rel=0.15) == np.median(made)


def test_written_amounts_add_up() -> None:
    """As numbers do."""
    sent = np.round(RNG.uniform(1, 9, ROWS), 2)
    total = np.round(PRICES + sent, 2)
    columns = {"price": PRICES, "sent": sent, "total": total}
    made = drawn(fitted(**{name: [f"{one:.2f} €" for one in amounts] for name, amounts in columns.items()}))
    price, sent, total = (np.array([float(one[:-2]) for one in made[name]]) for name in columns)

    assert np.allclose(total, price + sent)


def test_amounts_that_no_expression_writes_are_left_out() -> None:
    """And never a pattern: thousands, and several currencies."""
    found = fitted(
        large=[f"${1000 + 9 * one:,.2f}" for one in PRICES],
        short=[f"{one % 9:.2f} {'€$'[row % 2]}" for row, one in enumerate(PRICES)],
        other=PRICES,
    )

    assert ["other"] == list(found.template["fields"])
    assert "left out: amounts with thousands separators" in found.notes["large"]
    assert "left out: amounts in no one form" in found.notes["short"]


def test_prices_of_a_few_plans_stay_categories() -> None:
    """Which others may depend on."""
    plan = RNG.choice(["9.99 €", "19.99 €"], ROWS)
    found = fitted(plan=plan, seats=np.where(plan == "9.99 €", 1, 5) + RNG.integers(0, 3, ROWS))

    assert ["choice", "cases"] == [one["kind"] for one in found.template["fields"].values()]


def test_codes_stay_patterns() -> None:
    """Those with units of one capital letter, and those that only begin as a date does, too."""
    numbers = RNG.integers(0, 9999, ROWS)
    found = fitted(
        seat=[f"{one:04d}A" for one in [*numbers[1:], numbers[2]]],
        code=[f"{one:06d}" for one in numbers],
    )

    assert {"seat": "####A", "code": "00####"} == {
        name: one["pattern"] for name, one in found.template["fields"].items()
    }


# Whole numbers.


def test_whole_numbers_of_a_case_are_as_often_at_the_ends_as_between() -> None:
    """Days after another date, in each of three regions."""
    region = RNG.choice(["north", "south", "east"], ROWS, p=[0.5, 0.3, 0.2])
    first = np.select([region == "north", region == "south"], [10, 20], 1)
    lags = first + RNG.integers(0, 8, ROWS)
    sent = [one + timedelta(int(lag)) for one, lag in zip(DAYS, lags, strict=True)]
    found = fitted(region=region, ordered=DAYS, sent=sent)
    made = drawn(found, 20 * ROWS)
    days = np.array([(e - s).days for s, e in zip(made["ordered"], made["sent"], strict=True)])
    east = days[np.array(made["region"]) == "east"]

    assert {"integer", "choice"} >= {
        one["kind"] for one in found.template["fields"]["sent_after_ordered"]["cases"].values()
    }
    assert set(range(1, 9)) == set(east.tolist())
    assert pytest.approx(1 / 8, abs=0.06) == np.mean(east == 8)


def test_whole_numbers_that_are_floats_are_even_too() -> None:
    """As those of a column with gaps often are; from the tenth on, since the very least is one row's."""
    numbers = RNG.integers(1, 900, 5000)
    one = fitted(number=numbers.astype(float)).template["fields"]["number"]

    assert ("integer", np.sort(numbers)[9]) == (one["kind"], one["low"])
