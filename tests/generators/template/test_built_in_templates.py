"""Rows of the built-in templates are legal, add up, and have the rates that their files declare."""

from collections import Counter
from datetime import timedelta
from fractions import Fraction
from functools import cache
from itertools import pairwise
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy.stats import chisquare

from gristmill.generators.fields import Cases, Choice, Unique
from gristmill.generators.template import Table, Template, built_in, template
from gristmill.nested import texts
from tests.generators.built_in_rows import ROWS, cents, drawn

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
FRAUDS = ("card testing", "account takeover")


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
    only = Template("ids", {"ids": Table(found.tables[found.main].space.only([field]))})

    assert 2_000 == len(only.table(0, range(2_000), 2_000)[field].unique())


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


def test_the_status_of_an_invoice_is_that_of_its_day() -> None:
    """What is paid was paid by then, what is overdue was due, and nothing is paid, cancelled or overdue on the first day."""
    rows = drawn("invoices", 2_000)
    assert {"open", "paid", "overdue", "cancelled"} == {row["status"] for row in rows}
    for row in rows:
        assert row["issued"] <= row["as_of"]
        assert row["status"] == "open" or row["issued"] < row["as_of"]
        assert row["paid_on"] is None or row["paid_on"] <= row["as_of"]
        assert row["status"] not in ("open", "overdue") or (row["due"] < row["as_of"]) == (
            row["status"] == "overdue"
        )


def test_banks_book_on_working_days() -> None:
    """Nothing is on a Saturday, on a Sunday, at New Year or at Christmas."""
    days = {one["date"] for row in drawn("bank-statements") for one in row["entries"]}

    assert [] == [
        day for day in days if day.weekday() > 4 or (day.month, day.day) in ((1, 1), (12, 25), (12, 26))
    ]


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


def row_of_tax_table(taxable: int) -> tuple[int, int]:
    """From where to before where the Tax Table has one tax (Instructions for Form 1040, 2024)."""
    if taxable < 25:
        return next(row for row in ((0, 5), (5, 15), (15, 25)) if taxable < row[1])
    width = 25 if taxable < 3_000 else 50
    return taxable // width * width, taxable // width * width + width


def tax_of(status: str, taxable: int) -> int:
    """The tax of 2024 in whole dollars, bracket by bracket (Revenue Procedure 2023-34).

    Below 100,000 it is that of the middle of a row of the Tax Table, but none for the first row.
    """
    low, high = row_of_tax_table(taxable)
    base = Fraction(low + high, 2) if 5 <= taxable < 100_000 else Fraction(taxable if taxable >= 5 else 0)
    edges = [Fraction(0), *map(Fraction, BRACKETS[status]), base]
    rates = (10, 12, 22, 24, 32, 35, 37)
    hundredths = sum(
        rate * max(min(base, end) - start, Fraction(0))
        for rate, (start, end) in zip(rates, pairwise(edges), strict=False)
    )
    return int(hundredths / 100 + Fraction(1, 2))


def test_tax_forms_add_up() -> None:
    """Income, deduction, brackets, credit and what was withheld give the refund or what is owed."""
    for row in drawn("tax-forms", 2_000):
        status, income = row["filing_status"], row["wages"] + row["interest"]
        limit = 400_000 if status == "married filing jointly" else 200_000
        reduced = 50 * max(0, -(-(income - limit) // 1_000))
        assert income == row["total_income"]
        assert max(income - DEDUCTIONS[status], 0) == row["taxable_income"]
        assert tax_of(status, row["taxable_income"]) == row["tax"]
        assert min(row["tax"], max(2_000 * row["dependents"] - reduced, 0)) == row["child_credit"]
        assert row["withheld"] - (row["tax"] - row["child_credit"]) == row["refund"] - row["amount_owed"]
        assert 0 == min(row["refund"], row["amount_owed"])
        assert abs(row["social_security_tax"] - 0.062 * min(row["wages"], 168_600)) < 0.0051
        assert (row["spouse"] is not None) == (status == "married filing jointly")
        assert row["ssn"].startswith("9")
        assert row["ein"].startswith("00")


RATES = [
    ("insurance-claims", "product"),
    ("medical-notes", "sex"),
    ("tax-forms", "filing_status"),
    ("contracts", "term_months"),
    ("invoices", "age"),
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
