"""What is fitted to identifiers, long numbers and values that stand for none."""

import datetime
import random
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from gristmill.errors import UsageError
from gristmill.generators.fitting import Fitted, fit
from gristmill.generators.fitting._identifiers import widened
from gristmill.generators.fitting._laws import ends
from gristmill.generators.fitting._personal import called
from gristmill.generators.template import Source, read
from gristmill.generators.toml import written

ROWS = 500
RNG = random.Random(7)
KIND = [RNG.choice("xy") for _ in range(ROWS)]
AMOUNT = [round(RNG.uniform(1, 99), 2) for _ in range(ROWS)]


def fitted(values: Any) -> Fitted:
    """What is fitted to a column beside a category and a number."""
    return fit(pa.table({"of": values, "kind": KIND, "amount": AMOUNT}), name="t")


def drawn(found: Fitted, rows: int = ROWS) -> list[Any]:
    """The values of the column in rows of what is read from a file of the template."""
    values: list[Any] = (
        read(Source("t.toml", written(found.template))).table(0, range(rows), rows)["of"].to_pylist()
    )
    return values


# Identifiers.


@pytest.mark.parametrize(
    ("pattern", "rows", "expected"),
    [
        ("T0######", 5_000, "T#######"),
        ("ID-00000###", 500, "ID-0#######"),
        ("ID-00000###", 50_000, "ID-########"),
        ("ORD-10###", 1_000, "ORD-#####"),
        ("AAB?-7", 20, "????-#"),
        ("INV-2024-00##", 90, "INV-2###-####"),
        ("#" * 15 + "00", 10**15, "#" * 15 + "00"),
    ],
)
def test_patterns_are_widened_as_far_as_they_have_to_be(pattern: str, rows: int, expected: str) -> None:
    """From the right on: digits beside those that vary, then capitals beside those that vary, then other digits."""
    assert expected == widened(pattern, rows)


def test_more_rows_than_the_real_ones_can_be_drawn() -> None:
    """Far more, each with an identifier of its own, of the length and the letters of the real ones."""
    found = fitted([f"ORD-{number}" for number in range(10_000, 10_000 + ROWS)])
    made = drawn(found, 50 * ROWS)

    assert 50 * ROWS == len({*made})
    assert "enough for 100,000 rows" in found.notes["of"]
    assert "enough" not in fitted([f"ORDER-{number:07d}" for number in range(ROWS)]).notes["of"]
    assert {("ORD-", 9)} == {(one[:4], len(one)) for one in made}


def test_what_counts_up_goes_on_behind_the_real_ones() -> None:
    """From a round number on, so that no real identifier is drawn; the numbers of rows are as they were."""
    found = fitted([52_706_749 + number for number in range(ROWS)])
    rows = fitted(range(1, ROWS + 1))

    assert {"kind": "derived", "value": "52708000 + row"} == found.template["fields"]["of"]
    assert "from behind the real ones on" in found.notes["of"]
    assert {"kind": "derived", "value": "1 + row"} == rows.template["fields"]["of"]
    assert "numbers of the rows" in rows.notes["of"]


@pytest.mark.parametrize("spread", [1, 3, 1000])
def test_ends_of_identifiers_are_no_extremes(spread: int) -> None:
    """Ten of them are no greater than the lower end, and ten no less than the upper one."""
    values = RNG.sample(range(8_590_190, 8_590_190 + spread * ROWS), ROWS)
    entry = fitted(values).template["fields"]["of"]
    ordered = sorted(values)

    assert ordered[9] <= entry["low"] <= ordered[50]
    assert ordered[-51] <= entry["high"] <= ordered[-10]


def test_ends_of_dense_numbers_are_no_extremes_unless_common() -> None:
    """Those of few rows are the values of ten rows at least."""
    rare = np.array(sorted([*range(40, 440), *range(40, 240)]), float)

    assert (44, 435) == ends(rare, 10, whole=True)
    assert (1, 6) == ends(np.repeat(np.arange(1.0, 7), 50), 10, whole=True)


# Long numbers.


LONG: dict[str, Any] = {
    "snowflakes in order": [1700 * 10**15 + number * 4_194_304_000 + RNG.randrange(4096) for number in range(ROWS)],
    "snowflakes": [1700 * 10**15 + RNG.randrange(10**17) for _ in range(ROWS)],
    "close together": [1700 * 10**15 + RNG.randrange(10**10) for _ in range(ROWS)],
    "hashes": [RNG.randrange(-(2**63) + 1, 2**63 - 1) for _ in range(ROWS)],
    "upper half": [RNG.randrange(2**62, 2**63 - 1) for _ in range(ROWS)],
    "hashes in order": sorted(RNG.randrange(-(2**63) + 1, 2**63 - 1) for _ in range(ROWS)),
    "few hashes": [RNG.choice([-7 * 10**18, -(10**16), 8 * 10**18]) for _ in range(ROWS)],
    "without sign": pa.array([RNG.randrange(2**64 - 1) for _ in range(ROWS)], pa.uint64()),
    "with gaps": [RNG.choice([None, 17 * 10**17 + RNG.randrange(10**16)]) for _ in range(ROWS)],
}  # fmt: skip


@pytest.mark.parametrize("values", LONG.values(), ids=LONG)
def test_long_numbers_are_drawn(values: Any) -> None:
    """As whole numbers of 64 bits about as large as the real ones, none of which is one of these."""
    found = fitted(values)
    made = [one for one in drawn(found, 20 * ROWS)[:ROWS] if one is not None]
    real = [one for one in pa.array(values).to_pylist() if one is not None and one < 2**63]
    spread = max(real) - min(real)

    assert pytest.approx(len(made), rel=0.2) == sum(one is not None for one in pa.array(values).to_pylist())
    assert min(real) - spread / 10 <= min(made)
    # What counts up goes on behind the real ones.
    assert max(made) <= max(real) + (2.1 * spread if "row" in str(found.template) else spread / 10)
    assert not {*made} & {*real}
    assert set(found.notes) == {"of"}


def test_numbers_nearly_equal_are_not_equal() -> None:
    """Two moments in nanoseconds differ, though not as floats."""
    moments = [1700 * 10**15 + RNG.randrange(10**15) for _ in range(ROWS)]
    later = [one + RNG.randrange(1, 1000) for one in moments]
    found = fit(pa.table({"start": moments, "end": later}), name="t").template["fields"]

    assert ["start_steps", "start", "end_steps", "end"] == list(found)


# Values that stand for none.


@pytest.mark.parametrize(
    ("common", "worst", "note"),
    [
        (datetime.date(2024, 1, 5), datetime.date(9999, 12, 31), "before the year 1000 or from 9000 on"),
        (datetime.datetime(2024, 1, 5), datetime.datetime(1, 1, 1), "before the year 1000 or from 9000 on"),
        (17, 2**63 - 1, "of 64 bits"),
        (17, -(2**63), "of 64 bits"),
        (0.25, float("inf"), "infinite or beyond 1e"),
        (0.25, 1.7976931348623157e308, "infinite or beyond 1e"),
    ],
)  # fmt: skip
def test_values_that_stand_for_none_are_missing(common: Any, worst: Any, note: str) -> None:
    """As often as they occur, and it is said; they are no end of what is drawn."""
    found = fitted([RNG.choice([common, worst]) for _ in range(ROWS)])
    made = drawn(found)

    assert note in found.notes["of"]
    assert {str(common)[:10], "None"} == {str(one)[:10] for one in made}
    assert 0.4 < made.count(None) / ROWS < 0.6


@pytest.mark.parametrize("unit", [1e-10, 1e-100, 1e-200, 1e100])
def test_numbers_of_any_size_are_drawn(unit: float) -> None:
    """About as large as the real ones, none of them rounded away."""
    made = drawn(fitted([unit * RNG.uniform(3, 4) for _ in range(ROWS)]))

    assert pytest.approx(3.5 * unit, rel=0.05, abs=0) == np.mean(made)


def test_columns_of_one_name_are_refused() -> None:
    """Tables of Arrow may have them, and templates not."""
    twice = pa.Table.from_arrays([pa.array(KIND), pa.array(AMOUNT)], names=["a", "a"])

    with pytest.raises(UsageError, match="Expected columns of different names"):
        fit(twice, name="t")


def test_names_that_templates_keep_are_left_out() -> None:
    """A template tells by such a name that a value is missing."""
    found = fit(pa.table({"price is missing": KIND, "amount": AMOUNT}), name="t")

    assert ["amount"] == list(found.template["fields"])
    assert "left out: the end of its name" in found.notes["price is missing"]


# What is somebody's.


@pytest.mark.parametrize(
    ("texts", "provider"),
    [
        (["123-45-6789", "987-65-4321"], "ssn"),
        (["84.12.33.7", "91.5.6.7"], "ipv4"),
        (["2a02:908::1", "2001:db8::7:1"], "ipv6"),
    ],
)
def test_social_security_numbers_and_ip_addresses_have_a_shape(texts: list[str], provider: str) -> None:
    """They are written under no name of a column, however often they occur."""
    found = fitted([RNG.choice(texts) for _ in range(ROWS)])

    assert provider == found.template["fields"]["of"]["provider"]
    assert not [one for one in texts if one in written(found.template)]


@pytest.mark.parametrize(
    ("column", "kind"),
    [
        ("name", "name"), ("customerName", "name"), ("patient full name", "name"), ("FIRST_NAME", "first name"),
        ("surname", "last name"), ("street", "address"), ("Billing Address", "address"), ("address_line_2", "address"),
        ("email_address", "e-mail address"), ("client_ip", "IP address"), ("mobile", "phone number"), ("SSN", "social security number"),
        ("product_name", ""), ("filename", ""), ("address_type", ""), ("mac address", ""), ("trip", ""), ("city", ""), ("shipping", ""),
    ],
)  # fmt: skip
def test_columns_say_by_their_names_whose_texts_they_hold(column: str, kind: str) -> None:
    """Of people, in words however they are written together; not those of things."""
    assert kind == called(column)


def test_names_of_people_are_made_up() -> None:
    """In columns that are called so, however often they occur or how rare they are, and it is said how to keep them."""
    common = [RNG.choice(["Max Mustermann", "Erika Musterfrau"]) for _ in range(ROWS)]
    rare = [f"{'ab' * (number % 7)} {number}" for number in range(ROWS)]
    table = pa.table({"patient_name": common, "surname": rare, "doctor": common[::-1], "name": AMOUNT})
    found = fit(table, name="t")
    fields = found.template["fields"]

    assert ["name", "last_name"] == [fields[one]["provider"] for one in ("patient_name", "surname")]
    assert 'write kind = "choice"' in found.notes["patient_name"]
    assert ("choice", "uniform") == (fields["doctor"]["kind"], fields["name"]["kind"])
