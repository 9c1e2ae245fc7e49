"""Check digits of one number are those that expressions work out for columns of them."""

from hypothesis import given
from hypothesis import strategies as st

from gristmill.generators.check_digits import iban_remainder, luhn_remainder
from gristmill.generators.expressions import Expression

DIGITS = st.text("0123456789", min_size=1, max_size=20)


@given(DIGITS)
def test_a_number_with_its_luhn_digit_has_no_remainder(number: str) -> None:
    """And with any other digit it has one."""
    whole = Expression.parse("luhn(number)").value({"number": number})

    assert number == whole[:-1]
    assert 0 == luhn_remainder([*map(int, whole)])
    assert 0 != luhn_remainder([*map(int, number), (int(whole[-1]) + 1) % 10])


@given(st.sampled_from(["DE", "GB", "NO"]), DIGITS)
def test_an_account_number_with_its_check_digits_leaves_one(country: str, account: str) -> None:
    """As ISO 13616 has it."""
    whole = Expression.parse("iban(country, account)").value({"country": country, "account": account})

    assert 1 == iban_remainder(whole)
