"""Rows of the built-in templates are legal, add up, and have the rates that their files declare."""

from collections import Counter
from datetime import date, timedelta
from functools import cache
from itertools import pairwise
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy.stats import chisquare

from gristmill.generators.fields import Cases, Choice, Unique
from gristmill.generators.template import Template, built_in, template
from gristmill.nested import texts

NAMES = (
    "bank-statements",
    "card-transactions",
    "configuration-files",
    "contracts",
    "cvs",
    "event-agendas",
    "insurance-claims",
    "invoices",
    "medical-notes",
    "product-catalogues",
    "tax-forms",
)
TABLES = [(name, table) for name in NAMES for table in template(name).tables]
ROWS = 400
FRAUDS = ("card testing", "account takeover")


@cache
def drawn(name: str, n: int = ROWS, *, hidden: bool = False, table: str = "") -> list[dict[str, Any]]:
    """Rows as Python has them, from seed 11."""
    found = template(name)
    rows: list[dict[str, Any]] = found.table(11, range(n), n, table=table, hidden=hidden).to_pylist()
    return rows


def cents(amount: float) -> int:
    """An amount of money in cents, which must be a whole number of them."""
    assert abs(round(100 * amount) - 100 * amount) < 1e-6, amount
    return round(100 * amount)


def test_all_of_them_are_there() -> None:
    """Each has one line on what it makes, and layouts."""
    assert list(NAMES) == built_in()
    for name in NAMES:
        found = template(name)
        assert name == found.name
        assert found.about.endswith(".")
        assert len(found.documents) >= 2


@pytest.mark.parametrize(("name", "table"), TABLES)
def test_rows_are_legal(name: str, table: str) -> None:
    """Each value is in the support of its field, follows from what it should, and the rules hold."""
    found = template(name)
    row = st.deferred(lambda: found.strategy(table=table))

    @settings(max_examples=6, deadline=None, suppress_health_check=list(HealthCheck))
    @given(row)
    def check(value: dict[str, Any]) -> None:
        space = found.tables[table].space
        assert "" == space.problem(value)
        assert space.log_prob(value) > float("-inf")

    check()


@pytest.mark.parametrize(("name", "table"), TABLES)
def test_a_row_is_the_same_alone_and_in_a_batch(name: str, table: str) -> None:
    """Row i depends on seed and number alone, hidden fields or not."""
    found = template(name)
    some = found.table(5, range(40), 1_000, table=table)

    assert some.slice(23, 1).to_pylist() == found.table(5, [23], 1_000, table=table).to_pylist()
    full = found.table(5, [39, 0, 23], 1_000, table=table, hidden=True)
    assert (
        pa.concat_tables([some.slice(place, 1) for place in (39, 0, 23)]).select([0]).to_pylist()
        == full.select([some.column_names[0]]).to_pylist()
    )


@pytest.mark.parametrize("name", NAMES)
def test_identifiers_are_unique(name: str) -> None:
    """What tells rows apart does so for 2,000 of them."""
    found = template(name)
    field = next(
        one for one, kind in found.tables[found.main].space.fields.items() if isinstance(kind, Unique)
    )
    space = found.tables[found.main].space.only([field])
    only = Template("ids", {"ids": found.tables[found.main]._replace(space=space)})

    assert 2_000 == len(only.table(0, range(2_000), 2_000, hidden=True)[field].unique())


# Card transactions


def luhn_holds(number: str) -> bool:
    """Whether the check digit of a number is that of ISO/IEC 7812-1."""
    digits = [int(one) for one in reversed(number)]
    return (
        sum(one if place % 2 == 0 else sum(divmod(2 * one, 10)) for place, one in enumerate(digits)) % 10 == 0
    )


@cache
def cards() -> pa.Table:
    """100,000 card transactions with all that is hidden."""
    return template("card-transactions").table(2, range(100_000), 100_000, hidden=True)


def test_card_transactions_have_ten_fields() -> None:
    """What tells of fraud is hidden unless it is asked for."""
    expected = {
        "id",
        "date",
        "time",
        "amount",
        "merchant",
        "category",
        "location",
        "method",
        "status",
        "description",
    }

    assert expected == set(drawn("card-transactions")[0])


def test_luhn_holds_for_all_card_numbers() -> None:
    """Every one of 100,000 has sixteen digits, the check digit right and a beginning that no bank issues."""
    numbers = cards()["card"].to_pylist()

    assert all(map(luhn_holds, set(numbers)))
    assert {(16, "400000")} == {(len(number), number[:6]) for number in numbers}


def test_fraud_has_its_declared_rate() -> None:
    """0.172 percent, within four standard deviations of 1,000,000 rows."""
    found = template("card-transactions")
    pieces = found.pieces(4, 1_000_000, hidden=["fraud"])
    number = sum(piece["fraud"].to_pylist().count(True) for piece in pieces)

    assert abs(number - 1_718) < 4 * 1_718**0.5


def test_segments_have_their_declared_rates() -> None:
    """Rare ones too: a chi-square test over all of them, fraud included."""
    segment = template("card-transactions").tables["card-transactions"].space.fields["segment"]
    assert isinstance(segment, Choice)
    counts = Counter(cards()["segment"].to_pylist())
    expected = [100_000 * one / sum(segment.weights) for one in segment.weights]

    assert chisquare([counts[one] for one in segment.options], expected).pvalue > 1e-4


def test_fraud_looks_like_fraud() -> None:
    """Cards are tested at night with small amounts that are often declined; accounts taken over are emptied online."""
    rows = cards().filter(cards()["fraud"]).to_pylist()
    testing, takeover = ([row for row in rows if row["segment"] == one] for one in FRAUDS)

    assert min(len(testing), len(takeover)) > 40
    assert all(row["amount"] < 5 for row in testing)
    assert sum("00" <= row["time"][:2] < "06" for row in testing) > 0.4 * len(testing)
    assert sum(row["status"] == "declined" for row in testing) > 0.4 * len(testing)
    assert sum(row["amount"] > 150 for row in takeover) > 0.8 * len(takeover)
    assert sum(row["location"] == "Online" for row in takeover) > 0.6 * len(takeover)
    assert {"digital goods", "charity", "subscriptions", "online shopping"} >= {
        row["category"] for row in testing
    }


def test_merchants_keep_to_their_category() -> None:
    """Merchant and description go with the category, and the location with how holder and merchant met."""
    found = template("card-transactions")
    merchants = found.tables[found.main].space.fields["merchant"]
    assert isinstance(merchants, Cases)
    for row in drawn("card-transactions"):
        assert merchants.log_prob_given(row["merchant"], row) > float("-inf")
        assert (row["location"] == "Online") == (row["method"] in ("online", "recurring")) or (
            row["location"] == "Online" and row["method"] == "mobile wallet"
        )


# Invoices, statements, forms


def test_invoices_add_up_to_the_cent() -> None:
    """Lines, discount and tax give the total; no line comes twice."""
    for row in drawn("invoices"):
        for line in row["lines"]:
            assert cents(line["amount"]) == line["quantity"] * cents(line["price"])
        taxed = cents(row["subtotal"]) - cents(row["discount"] or 0.0)
        assert sum(cents(line["amount"]) for line in row["lines"]) == cents(row["subtotal"])
        assert abs(cents(row["tax"]) - taxed * row["tax_rate"]) <= 0.5 + 1e-6
        assert taxed + cents(row["tax"]) == cents(row["total"])
        assert len(row["lines"]) == len({line["sku"] for line in row["lines"]})


def test_invoices_are_those_of_their_customers() -> None:
    """Terms and tax are the customer's; payment comes after the invoice, and only of what is paid."""
    found = template("invoices")
    customers = found.table(11, range(found.count("customers", ROWS)), ROWS, table="customers").to_pylist()
    by_id = {one["id"]: one for one in customers}
    for row in drawn("invoices"):
        customer = by_id[row["customer_id"]]
        assert row["due"] - row["issued"] == timedelta(days=customer["terms"])
        assert row["tax_rate"] == customer["tax_rate"]
        assert (row["paid_on"] is not None) == (row["status"] == "paid")
        assert row["paid_on"] is None or row["paid_on"] >= row["issued"]


def iban_holds(iban: str) -> bool:
    """Whether an IBAN has the check digits of ISO 13616."""
    return int("".join(str(int(mark, 36)) for mark in iban[4:] + iban[:4])) % 97 == 1


def test_bank_statements_add_up() -> None:
    """The balance goes on from entry to entry, sums and closing balance agree, and days come in order."""
    for row in drawn("bank-statements"):
        balance, days = cents(row["opening"]), [one["date"] for one in row["entries"]]
        for entry in row["entries"]:
            balance += cents(entry["amount"])
            assert balance == cents(entry["balance"])
        assert balance == cents(row["closing"])
        assert cents(row["opening"]) + cents(row["paid_in"]) - cents(row["paid_out"]) == balance
        assert [row["starts"], *days, row["ends"]] == sorted([row["starts"], *days, row["ends"]])
        assert (row["starts"].day, (row["ends"] + timedelta(days=1)).day) == (1, 1)


def test_ibans_are_valid() -> None:
    """Those of 3,000 accounts, and of the statements of them."""
    accounts = drawn("bank-statements", 3_000, table="accounts")

    assert all(iban_holds(one["iban"]) for one in [*accounts, *drawn("bank-statements")])


def test_rent_goes_with_the_wage() -> None:
    """The declared correlation is in the rows, and not only in the file."""
    rows = drawn("bank-statements", 3_000, table="accounts")
    ranks = [sorted(one[name] for one in rows) for name in ("salary", "rent")]
    middle = [one[len(one) // 2] for one in ranks]
    both = sum((one["salary"] > middle[0]) == (one["rent"] > middle[1]) for one in rows) / len(rows)

    # Of a Gaussian copula with correlation r both are on one side with probability 1/2 + asin(r) / pi.
    assert abs(both - 0.725) < 0.04


BRACKETS = {
    "single": (11_600, 47_150, 100_525, 191_950, 243_725, 609_350),
    "married filing jointly": (23_200, 94_300, 201_050, 383_900, 487_450, 731_200),
    "head of household": (16_550, 63_100, 100_500, 191_950, 243_700, 609_350),
}
DEDUCTIONS = {"single": 14_600, "married filing jointly": 29_200, "head of household": 21_900}


def tax_of(status: str, taxable: int) -> float:
    """The tax of 2024, bracket by bracket (Revenue Procedure 2023-34)."""
    edges = [0, *BRACKETS[status], taxable]
    rates = (0.10, 0.12, 0.22, 0.24, 0.32, 0.35, 0.37)
    return sum(
        rate * max(min(taxable, high) - low, 0)
        for rate, low, high in zip(rates, edges, [*BRACKETS[status], taxable], strict=False)
    )


def test_tax_forms_add_up() -> None:
    """Income, deduction, brackets, credit and what was withheld give the refund or what is owed."""
    for row in drawn("tax-forms", 2_000):
        status, income = row["filing_status"], row["wages"] + row["interest"]
        limit = 400_000 if status == "married filing jointly" else 200_000
        reduced = 50 * max(0, -(-(income - limit) // 1_000))
        assert income == row["total_income"]
        assert max(income - DEDUCTIONS[status], 0) == row["taxable_income"]
        assert abs(row["tax"] - tax_of(status, row["taxable_income"])) <= 0.5 + 1e-6
        assert min(row["tax"], max(2_000 * row["dependents"] - reduced, 0)) == row["child_credit"]
        assert row["withheld"] - (row["tax"] - row["child_credit"]) == row["refund"] - row["amount_owed"]
        assert 0 == min(row["refund"], row["amount_owed"])
        assert abs(row["social_security_tax"] - 0.062 * min(row["wages"], 168_600)) < 0.0051
        assert (row["spouse"] is not None) == (status == "married filing jointly")
        assert row["ssn"].startswith("9")
        assert row["ein"].startswith("00")


# Things in time


def test_sessions_do_not_overlap() -> None:
    """Each begins when the one before is over, lasts as long as it says, and the day neither begins nor ends with coffee."""
    for row in drawn("event-agendas"):
        sessions = row["sessions"]
        assert all(one["ends"] <= other["begins"] for one, other in pairwise(sessions))
        assert all(one["ends"] - one["begins"] == timedelta(minutes=one["minutes"]) for one in sessions)
        assert {row["date"]} == {one[when].date() for one in sessions for when in ("begins", "ends")}
        assert ("opening", False) == (sessions[0]["kind"], sessions[-1]["kind"] in ("break", "lunch"))
        assert sum(one["minutes"] for one in sessions) == row["minutes"]
        talks = [one["title"] for one in sessions if one["kind"] in ("talk", "panel", "workshop")]
        assert len(talks) == len(set(talks))


def test_lunch_is_at_noon() -> None:
    """No one eats before a quarter to twelve or after half past one, and no one twice."""
    for row in drawn("event-agendas"):
        lunches = [one["begins"].strftime("%H:%M") for one in row["sessions"] if one["kind"] == "lunch"]
        assert len(lunches) <= 1
        assert all("11:45" <= one <= "13:30" for one in lunches)


def test_jobs_do_not_overlap() -> None:
    """Jobs go back in time one after the other, from the one of today to the degree before the first."""
    for row in drawn("cvs"):
        jobs = row["jobs"]
        assert jobs[0]["ended"] is None
        assert all(earlier["ended"] <= later["started"] for later, earlier in pairwise(jobs))
        assert all(one["ended"] is None or one["started"] < one["ended"] for one in jobs)
        assert row["graduated"] - 1 <= jobs[-1]["started"].year <= row["graduated"] + 1
        assert len(row["skills"]) == len({one["skill"] for one in row["skills"]})
        assert row["email"].isascii()


def month_after(day: date, months: int) -> date:
    """The first of the month that many months after that of a day."""
    count = day.year * 12 + day.month - 1 + months
    return date(count // 12, count % 12 + 1, 1)


def test_contracts_last_as_long_as_they_say() -> None:
    """From the first of a month after the signing to the end of the last month; amounts follow from the fee."""
    for row in drawn("contracts"):
        assert row["signed"] < row["begins"]
        assert row["begins"].day == 1
        assert month_after(row["begins"], row["term_months"]) - timedelta(days=1) == row["ends"]
        assert row["monthly_fee"] * row["term_months"] == row["total_fee"]
        assert row["liability_cap"] in (6 * row["monthly_fee"], 12 * row["monthly_fee"])


def test_claims_follow_the_policy() -> None:
    """Loss, report and decision come in order; what is paid is the loss less the deductible, up to the limit."""
    seen = Counter(row["status"] for row in drawn("insurance-claims", 2_000))
    assert {"paid", "denied", "in review", "withdrawn"} == set(seen)
    for row in drawn("insurance-claims", 2_000):
        assert row["incident"].date() <= row["reported"]
        assert row["decided"] is None or row["reported"] < row["decided"]
        assert (row["paid"] is not None) == (row["status"] == "paid")
        assert (row["reason"] is not None) == (row["status"] == "denied")
        if row["paid"] is not None:
            assert cents(row["paid"]) == min(cents(row["loss"]) - 100 * row["deductible"], 100 * row["limit"])
        if row["reason"] == "loss below the deductible":
            assert row["loss"] <= row["deductible"]


# Things that go together


def test_notes_are_consistent() -> None:
    """Ages follow from dates, weight from height, and findings and laboratory values go with the diagnosis."""
    codes: dict[str, set[str]] = {}
    for row in drawn("medical-notes"):
        visit, born = row["visit"], row["born"]
        assert (
            visit.year - born.year - ((visit.month, visit.day) < (born.month, born.day)) == row["age"] >= 17
        )
        assert row["bmi"] == pytest.approx(row["weight_kg"] / (row["height_cm"] / 100) ** 2, abs=0.06)
        assert row["systolic"] > row["diastolic"] + 5
        assert (row["hba1c"] is not None) == (row["diagnosis"] == "type 2 diabetes")
        assert (row["tsh"] is not None) == (row["diagnosis"] == "hypothyroidism")
        assert row["visit"] < row["follow_up"]
        codes.setdefault(row["diagnosis"], set()).add(row["code"])
    assert all(len(one) == 1 for one in codes.values())


def test_blood_pressure_tells_who_has_a_high_one() -> None:
    """The mean of those with hypertension lies well above that of the others."""
    rows = drawn("medical-notes")
    high = [row["systolic"] for row in rows if row["diagnosis"] == "hypertension"]
    other = [row["systolic"] for row in rows if row["diagnosis"] != "hypertension"]

    assert sum(high) / len(high) > sum(other) / len(other) + 20


def test_article_numbers_are_valid() -> None:
    """GTIN-13 with its check digit, in the range for use within a shop."""
    for row in drawn("product-catalogues"):
        digits = [int(one) for one in row["ean"]]
        assert 13 == len(digits)
        assert 2 == digits[0]
        assert 0 == sum(one * (3 if place % 2 else 1) for place, one in enumerate(digits)) % 10


def test_products_are_consistent() -> None:
    """Names say the brand, sales are cheaper, ratings are means of whole stars."""
    for row in drawn("product-catalogues"):
        assert row["name"].startswith(row["brand"])
        assert (row["sale_price"] is None) == (row["reduced"] is None)
        assert row["sale_price"] is None or row["sale_price"] < row["price"]
        assert 1 <= row["rating"] <= 5
        stars = round(row["rating"] * row["reviews"])
        near = (stars + step for step in range(-row["reviews"] // 10 - 1, row["reviews"] // 10 + 2))
        assert row["rating"] in {round(one / row["reviews"] + 1e-9, 1) for one in near}


def test_configurations_are_consistent() -> None:
    """Nothing of development listens to the world, and production does not log for debugging."""
    for row in drawn("configuration-files"):
        assert (
            (row["address"] == "127.0.0.1")
            == (row["environment"] == "development")
            == (row["region"] is None)
        )
        assert (row["environment"], row["log_level"]) != ("production", "debug")
        assert {"postgresql": 5432, "mysql": 3306}[row["engine"]] == row["database_port"]
        assert (row["sample_rate"] is not None) == row["tracing"]
        assert len(row["features"]) == len({one["name"] for one in row["features"]})


RATES = [
    ("insurance-claims", "product"),
    ("medical-notes", "sex"),
    ("tax-forms", "filing_status"),
    ("contracts", "term_months"),
    ("invoices", "status"),
    ("configuration-files", "port"),
    ("product-catalogues", "category"),
]


@pytest.mark.parametrize(("name", "field"), RATES)
def test_categories_have_their_declared_rates(name: str, field: str) -> None:
    """Each within what chance allows, by a chi-square test over 20,000 rows."""
    found = template(name)
    choice = found.tables[found.main].space.fields[field]
    assert isinstance(choice, Choice)
    space = found.tables[found.main].space.only([field])
    rows = space.table(8, range(20_000), name=f"table {found.main}")[field].to_pylist()
    counts = Counter(rows)
    expected = [20_000 * one / sum(choice.weights) for one in choice.weights]

    assert chisquare([counts[one] for one in choice.options], expected).pvalue > 1e-4


@pytest.mark.parametrize(("name", "table"), TABLES)
def test_texts_are_clean(name: str, table: str) -> None:
    """No text is empty, runs over a line, or begins or ends with space."""
    rows = drawn(name, 200, table=table)

    assert [] == [one for one in texts(rows) if one != " ".join(one.split()) or not one]
