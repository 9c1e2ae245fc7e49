"""What rows of the built-in templates say goes together: dates and times in order, and nothing that a reader would doubt."""

from collections import Counter
from datetime import date, timedelta
from itertools import pairwise

import pytest

from tests.generators.built_in_rows import cents, drawn

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


def test_conferences_are_not_between_the_years() -> None:
    """And go on after noon, but for few."""
    rows = drawn("event-agendas")

    assert [] == [row["date"] for row in rows if not "01-05" <= row["date"].strftime("%m-%d") <= "12-18"]
    assert sum(row["sessions"][-1]["ends"].hour >= 14 for row in rows) > 0.8 * len(rows)


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


def test_who_is_promoted_does_not_leave_in_between() -> None:
    """Two jobs at one employer follow on each other without a month apart."""
    for row in drawn("cvs", 2_000):
        for later, earlier in pairwise(row["jobs"]):
            assert later["employer"] != earlier["employer"] or later["started"] == earlier["ended"]


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


def test_who_is_hurt_goes_with_what_happened() -> None:
    """Bites and falls hurt one, damage to things hurts nobody."""
    for row in drawn("insurance-claims", 2_000):
        hurt = row["description"] in ("Dog bit a delivery driver", "Visitor fell on the front steps")
        assert (
            (row["injured"] == 1) if hurt else (row["injured"] == 0 or row["peril"] in ("collision", "fire"))
        )


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


def test_treatment_goes_with_the_patient() -> None:
    """Follow-ups have no duration, infections of the bladder no fever, and the old get no tablets that are hard on kidneys."""
    for row in drawn("medical-notes", 2_000):
        assert (row["since"] is None) == row["complaint"].startswith("follow-up of")
        assert row["diagnosis"] != "urinary tract infection" or row["temperature"] < 38
        assert row["drug"] not in ("naproxen", "ibuprofen") or row["age"] < 65
        assert row["drug"] != "fosfomycin" or row["sex"] == "female"


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
