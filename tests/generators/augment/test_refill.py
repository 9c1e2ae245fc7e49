"""Entities filled in anew: the same everywhere, and whatever could be concluded before can be concluded now."""

import random
import re
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gristmill.generators.augment import augmentation
from gristmill.generators.check_digits import luhn_remainder


def refilled(record: Any, seed: int = 0, what: str = "") -> Any:
    """What becomes of a record."""
    return augmentation(f"refill?what={what}" if what else "refill").apply(record, random.Random(seed)).record


def test_text_fields_and_arguments_agree() -> None:
    """One new value for each old one, whatever it stands in."""
    record = {
        "text": "I'm Anna Smith, anna.smith@mail.com, order W4821, zip 30219, two lamps at $20 each.",
        "call": "find",
        "tool_calls": [
            {
                "function": {
                    "arguments": '{"order_id":"W4821","zip":"30219","email":"anna.smith@mail.com","price":20}'
                }
            }
        ],
        "order": "W4821",
        "total": 40,
        "zip": 30219,
    }

    found = refilled(record)

    words = found["text"].replace(",", "").split()
    first, last, mail, order, code = words[1], words[2], words[3], words[5], words[7]
    price = int(words[11].removeprefix("$"))
    assert {"Anna", "Smith", "W4821", "30219"}.isdisjoint(words)
    assert f"{first}.{last}@mail.com".lower() == mail
    assert (
        f'{{"order_id":"{order}","zip":"{code}","email":"{mail}","price":{price}}}'
        == found["tool_calls"][0]["function"]["arguments"]
    )
    assert (order, int(code), 2 * price) == (found["order"], found["zip"], found["total"])
    assert order[0] == "W"
    assert order[1:].isdigit()
    assert len(order) == 5


@given(st.lists(st.integers(1, 99_999), min_size=1, max_size=5), st.integers(0, 20))
def test_amounts_share_one_factor(cents: list[int], seed: int) -> None:
    """Sums stay sums, and order stays order."""
    amounts = [Decimal(one) / 100 for one in cents]
    text = " and ".join(f"${one:.2f}" for one in [*amounts, sum(amounts)])

    new = [Decimal(one[1:]) for one in refilled(text, seed).split(" and ")]

    assert sum(new[:-1]) == new[-1]
    assert {new[-1] / sum(amounts)} == {
        one / was for one, was in zip(new, [*amounts, sum(amounts)], strict=True)
    }


def test_amounts_stay_where_another_number_would_no_longer_fit() -> None:
    """A bare number that equals an amount, or a sum of them, under a key that is none of money."""
    for record in ({"text": "It was $20 and $30.", "points": 50}, {"text": "It was $20, I paid 20."}):
        assert record == refilled(record)


def test_dates_are_shifted_by_whole_weeks() -> None:
    """Intervals and days of the week stay; every form is written as it was."""
    text = "Ordered 2024-03-05, shipped March 8, 2024, came 12th Mar 2024."
    new = refilled(text, 3)

    ordered = date.fromisoformat(new.split()[1].rstrip(","))
    shift = ordered - date(2024, 3, 5)
    assert shift.days
    assert 0 == shift.days % 7
    shipped, came = date(2024, 3, 8) + shift, date(2024, 3, 12) + shift
    assert f"{shipped:%B} {shipped.day}, {shipped.year}" in new
    assert f" {came:%b} {came.year}." in new


@pytest.mark.parametrize(
    "text", ["Ordered 2024-03-05, came March 8.", "Ordered 2024-03-05, came 3/8/24.", "On 2024-02-31."]
)
def test_dates_stay_where_one_cannot_be_told(text: str) -> None:
    """The others would no longer go with it."""
    assert text == refilled(text)


def test_identifiers_keep_their_form() -> None:
    """Letters, length, zeros in front, and the check digit of a card; two stay two."""
    new = refilled(
        "W4821, W4822, AB-0012, 4111 1111 1111 1111, +1 555 123 4567 and a PS5 of 2024 in 4K"
    ).split(", ")

    assert new[0] != new[1]
    assert new[0][0] == new[1][0] == "W"
    assert "AB-" == new[2][:3]
    assert 0 == luhn_remainder([int(one) for one in new[3] if one.isdigit()])
    assert new[4].startswith("+")
    assert new[4].endswith(" and a PS5 of 2024 in 4K")


def test_an_account_number_keeps_its_check_digits_right() -> None:
    """The example of ISO 13616; moved to the end and read as a number it leaves 1 by 97."""
    for seed in range(10):
        new = refilled("DE89370400440532013000", seed)

        assert new != "DE89370400440532013000"
        assert 1 == int(f"{new[4:]}1314{new[2:4]}") % 97


def test_plain_numbers_only_on_demand_and_if_they_follow_from_no_others() -> None:
    """37 hats may be any number of hats; 12 that is 7 and 5 may not."""
    record = {"text": "I bought 37 hats, 7 red and 5 blue balls, 12 in all.", "hats": 37, "balls": 12}

    assert record == refilled(record)
    found = refilled(record, what="numbers")
    assert 37 != found["hats"]
    assert f"I bought {found['hats']} hats, 7 red and 5 blue balls, 12 in all." == found["text"]
    assert 12 == found["balls"]


def test_only_what_is_asked_for_is_filled_in() -> None:
    """Kinds by name."""
    assert "Anna paid $20" in refilled("Order W4821: Anna paid $20", what="ids")
    assert "W4821" in refilled("Order W4821: Anna paid $20", what="names+amounts")


@pytest.mark.parametrize(
    ("text", "pattern"),
    [
        ("My order 10023 is ORD-10023.", r"My order (\d{5}) is ORD-\1\."),
        ("Call +1 415-555-0132 or 415-555-0132.", r"Call \+1 (\d{3}-\d{3}-\d{4}) or \1\."),
        ("Card 4111 1111 1111 1111 ends in 1111.", r"Card (?:\d{4} ){3}(\d{4}) ends in \1\."),
    ],
)
def test_what_ends_alike_goes_on_to_end_alike(text: str, pattern: str) -> None:
    """One thing, written at more or less length."""
    found = refilled(text)

    assert re.fullmatch(pattern, found)
    assert found != text


@pytest.mark.parametrize(
    "text",
    [
        "It was $1.5M, not $20.",
        "It cost $2k, then $30.",
        "It cost 1.299,00 € and 20 €.",
        "It was ten dollars, not $20.",
        "$3 million or $20.",
        "¥5000 or $20.",
    ],
)
def test_amounts_stay_where_one_of_them_cannot_be_read(text: str) -> None:
    """Half of them times a factor would be another story."""
    assert text == refilled(text)


def test_a_month_does_not_become_a_name() -> None:
    """Whoever is called like one keeps the name where both are spoken of."""
    assert "Will you ask Will if May can come in May?" == refilled(
        "Will you ask Will if May can come in May?"
    )
