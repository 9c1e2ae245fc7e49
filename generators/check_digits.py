"""Check digits of one number at a time; for columns of them, expressions have functions of their own."""

from collections.abc import Sequence

__all__ = ["iban_remainder", "luhn_remainder"]


def luhn_remainder(digits: Sequence[int]) -> int:
    """Return the remainder that is zero for card numbers (ISO/IEC 7812-1, annex B)."""
    doubled = [2 * one - 9 * (one > 4) for one in digits[-2::-2]]
    return (sum(digits[::-2]) + sum(doubled)) % 10


def iban_remainder(iban: str) -> int:
    """Return the remainder of ISO/IEC 7064's MOD 97-10 as ISO 13616 uses it, 1 where the check digits are right."""
    return int("".join(str(int(mark, 36)) for mark in iban[4:] + iban[:4])) % 97
