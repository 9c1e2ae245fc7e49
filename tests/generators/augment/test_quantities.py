"""What is no identifier, and what more is said of than a new value would fit, stays as it is when entities are filled in."""

import random
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gristmill.generators.augment import Undecided, augmentation
from gristmill.generators.augment._labels import role_of
from gristmill.generators.augment._sums import follows


def refilled(record: Any, what: str = "") -> Any:
    """What becomes of a record."""
    return augmentation(f"refill?what={what}" if what else "refill").apply(record, random.Random(3)).record


@pytest.mark.parametrize(
    "record",
    [
        {"user": "What is 15000 + 27500?", "agent": "15000 + 27500 = 42500."},
        {"question": "A stadium has 45000 seats and 38250 are taken. How many are free?", "answer": "6750"},
        {"prompt": "Convert 12345 metres to kilometres.", "completion": "12.345 km"},
        {"text": "Which is larger, 10450 or 9800?", "label": "10450"},
        {"bid": 15000, "number": 27500, "valid": 5555, "accounts": 12000},
        "Convert the binary number 010110.",
        "We order 15000 boxes. The order is 15000 units.",
        "The ticket costs 15000 yen, which is what account 15000 has.",
        "I said no. 15000 people came.",
    ],
)
def test_quantities_are_no_identifiers(record: Any) -> None:
    """A number that counts something would make sums and answers false."""
    assert record == refilled(record)


@pytest.mark.parametrize(
    "text",
    [
        "My order 10023 arrived broken.",
        "Ticket #10023, please",
        "account number 123456 is mine",
        "Invoice 20331 shows an error.",
        "No. 12345 is mine",
        "Orders 10023 and 10024 are late.",
        "customer id: 55512",
        "The key is 00123.",
        "Call me at 4155550132.",
    ],
)
def test_a_number_identifies_where_a_word_says_so(text: str) -> None:
    """As a thing that has a number, a sign, or zeros in front do."""
    assert text != refilled(text, "ids")


def test_the_word_beside_a_number_decides() -> None:
    """The same number in three roles."""
    text = "order 15000, then 15000 seats, then 15000"
    places = [place for place in range(len(text)) if text.startswith("15000", place)]

    assert ["id", "quantity", "unknown"] == [role_of(text, one, one + 5) for one in places]


@pytest.mark.parametrize(
    "text",
    [
        "A 500-page book of the mid-1990s.",
        "It went 100mph for 250ft and 100m2.",
        "A 1920x1080 screen, ISO9001, FY2024, 2024-Q2 and v1234.",
        "Add 100 200 3000.",
        "The years 2001 2002 2003 2004.",
    ],
)
def test_units_sizes_years_and_lists_are_no_identifiers(text: str) -> None:
    """Digits beside letters or one another mean what everybody reads in them."""
    assert text == refilled(text, "ids")


@pytest.mark.parametrize(
    "text",
    [
        "Invoices 10023 to 10027, five in all.",
        "Seats R100-R199.",
        "Version A123 is newer than A122.",
        "Order 10023: the last digit is 3.",
        "Is order 10023 odd?",
        "It is INV-2024-05-06-117.",
    ],
)
def test_identifiers_in_order_stay(text: str) -> None:
    """Others would come in another order, be more or fewer, or end otherwise."""
    assert text == refilled(text, "ids")


@pytest.mark.parametrize(
    ("text", "area"), [("Call 800-555-0132.", "800-"), ("Call (415) 555-0132.", "(415) ")]
)
def test_phone_numbers_keep_their_area_code(text: str, area: str) -> None:
    """It says where somebody is, or who pays."""
    found = refilled(text)

    assert found.startswith(f"Call {area}")
    assert text != found


@pytest.mark.parametrize(
    "said",
    [
        "Meet on DATE, a Monday.",
        "Meet on DATE, in May.",
        "In 2024 I paid on DATE.",
        "Was DATE in a leap year?",
        "In which month was DATE?",
        "From the 6th to DATE.",
        "It takes 3 months from DATE.",
        "I'm 34, born DATE.",
        "Q2 ends on DATE.",
        "On Christmas, DATE, we are closed.",
        "Order DATE-117 was placed on DATE.",
    ],
)
def test_dates_stay_where_the_calendar_is_spoken_of(said: str) -> None:
    """Months, days of the week, seasons, years, ages: some weeks later they are others."""
    text = said.replace("DATE", "2024-05-06")

    assert text == refilled(text)


@pytest.mark.parametrize(
    "beside", [{"month": 3}, {"age": 34}, {"birth_year": 1990}, {"answer": "May"}, {"due_weekday": 1}]
)
def test_dates_stay_beside_fields_of_the_calendar(beside: dict[str, Any]) -> None:
    """Labels that follow from a date."""
    record = {"date": "2024-05-06", **beside}

    assert record == refilled(record)


def test_dates_move_where_may_is_no_month() -> None:
    """It is mostly a verb."""
    assert "2024-05-06" not in refilled("May I come on 2024-05-06? It may rain.")


def test_a_date_that_stays_keeps_its_month() -> None:
    """May is no first name there."""
    for seed in range(10):
        text = "It is May 6, 2024; the 6th is free."
        assert text == augmentation("refill").apply(text, random.Random(seed)).record


def test_dates_at_the_end_of_time_stay() -> None:
    """No later ones can be written."""
    for seed in range(10):
        found = augmentation("refill").apply("9999-12-31", random.Random(seed)).record
        assert found <= "9999-12-31"


@pytest.mark.parametrize(
    "record",
    [
        "I paid $20 plus twenty for shipping.",
        "Half of $100 is fifty.",
        "$1 and three more is four.",
        "$4 and then four again.",
        "They are $20–30 each.",
        "It is from $20 to 30.",
        "Pay 20 to $30.",
        "It was $20.50, I repeat 20.50.",
        "It was $15000, that is 15000.",
        "$60 for 3 is 20 each.",
        {"question": "Three shirts cost $60. What do 7 shirts cost?", "answer": "140"},
        {"question": "3 shirts cost $61. How much is a shirt?", "answer": "It is 20.33. #### 20.33"},
    ],
)
def test_amounts_stay_where_words_or_bare_numbers_follow_from_them(record: Any) -> None:
    """Times a factor they would no longer come to those."""
    assert record == refilled(record, "amounts")


@pytest.mark.parametrize("text", ["$20 to $30", "$20-$30", "$20 or $30"])
def test_ranges_of_amounts_stay_ranges(text: str) -> None:
    """Both ends share the factor."""
    low, high = (float(one) for one in re.findall(r"\d+", refilled(text, "amounts")))

    assert low != 20
    assert 1.5 * low == high


def test_percentages_of_amounts_hold_of_any() -> None:
    """They are shares, although 10 is also $100 less $90."""
    price, _, _, _, paid = refilled("$100, get 10% off: $90", "amounts").split()

    assert "$100," != price
    assert 0.9 * float(price.strip("$,")) == pytest.approx(float(paid.strip("$")))


@pytest.mark.parametrize(
    "record",
    [
        {"text": "60 red, 30 blue and 10 green", "red": 60},  # shares
        {"text": "60% red", "red": 60},
        {"text": "It is 37 km away.", "distance": 37},
        {"text": "Come at 14:05.", "hour": 14},
        {"text": "It takes 10–20 men.", "least": 10},
        {"text": "From 10 to 20 men.", "most": 20},
        {"text": "37 of 50 passed.", "passed": 37},
        {"text": "Rooms 37, 38 and 39.", "room": 38},
        {"text": "I am 34, born 1990.", "years": 34},
        {"text": "5 and 5 make 10.", "all": 10},
        {"text": "3 and 4 and 8 make 15.", "all": 15},
    ],
)
def test_plain_numbers_stay_where_they_mean_more_than_how_many(record: Any) -> None:
    """Shares of a hundred, units, times, ranges, ages and sums."""
    assert record == refilled(record, "numbers")


@given(st.lists(st.integers(2, 99), min_size=2, max_size=6, unique=True))
def test_a_sum_follows_from_what_it_is_made_of(numbers: list[int]) -> None:
    """However many they are, and each of them from the sum and the others."""
    total = sum(numbers)

    assert all(follows(one, [*numbers, total]) for one in [*numbers, total])


def test_a_form_that_is_used_up_leaves_the_record() -> None:
    """Of 900 identifiers such as R100 no 500 others can take the place of 500."""
    record = {"text": " ".join(f"R{one}" for one in range(100, 600))}

    assert record == refilled(record)
    with pytest.raises(Undecided, match="more identifiers of one form"):
        augmentation("refill").stages[0].alter(record, random.Random(0))
