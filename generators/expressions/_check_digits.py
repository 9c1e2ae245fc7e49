"""Check digits of card, account and reference numbers, over columns of texts.

The formulas are those of ISO/IEC 7812-1 (Luhn) and ISO/IEC 7064 (MOD 97-10), the latter as ISO 13616 uses it for
an IBAN.
"""

from string import ascii_uppercase, digits

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from gristmill.generators.expressions._columns import Wrong, missing

__all__ = ["iban", "luhn", "mod97"]

LONGEST = 64  # marks of a number
_NO_MARK = 255
_VALUES = np.full(256, _NO_MARK, np.uint8)  # of a byte: 0 to 9, then A to Z as 10 to 35
_VALUES[np.frombuffer((digits + ascii_uppercase).encode(), np.uint8)] = np.arange(36)
_DOUBLED = np.array([0, 2, 4, 6, 8, 1, 3, 5, 7, 9], np.uint16)  # twice a digit, the digits of that summed up


def luhn(numbers: pa.Array) -> pa.Array:
    """Return numbers, texts of digits, each with its Luhn digit after it.

    Raises:
        Wrong: when a text holds anything but digits, or more than 64 of them.
    """
    marks = _marks(numbers, 9, "digits")
    sums = np.zeros(len(numbers), np.uint16)
    for place, mark in enumerate(marks[::-1]):  # every second one counts twice, from the right
        sums += mark if place % 2 else _DOUBLED[mark]
    digit = pa.array((10 - sums % 10) % 10).cast(pa.string())
    return pc.binary_join_element_wise(numbers, digit, "")


def mod97(numbers: pa.Array) -> pa.Array:
    """Return numbers modulo 97, int64; a letter stands for two digits, A for 10 and Z for 35.

    Raises:
        Wrong: when a text holds anything but digits and capital letters, or more than 64 of them.
    """
    rest = np.zeros(len(numbers), np.int32)
    for mark in _marks(numbers, 35, "digits and capital letters"):
        rest = (rest * np.where(mark > 9, 100, 10) + mark) % 97
    return pa.array(rest.astype(np.int64), mask=missing(numbers))


def iban(country: pa.Array, account: pa.Array) -> pa.Array:
    """Return the IBAN, without spaces, of an account number as `country` (two letters) writes it."""
    rest = mod97(pc.binary_join_element_wise(account, country, "00", ""))
    check = pc.utf8_lpad(pc.subtract(98, rest).cast(pa.string()), 2, "0")
    return pc.binary_join_element_wise(country, check, account, "")


def _marks(numbers: pa.Array, greatest: int, kind: str) -> NDArray[np.uint8]:
    """Return the values of the marks, [places, rows]; zeros before short numbers, which change no check digit."""
    texts = pc.fill_null(numbers, "0")
    width = max(pc.max(pc.binary_length(texts)).as_py() or 0, 1)
    if width > LONGEST:
        raise Wrong(f"Expected a text of at most {LONGEST} {kind}, got one of {width}")
    _, _, data = pc.ascii_lpad(texts, width, "0").buffers()
    values = _VALUES[np.frombuffer(data, np.uint8)[: len(texts) * width].reshape(len(texts), width)]
    strange = values.max(axis=1, initial=0) > greatest
    if strange.any():
        raise Wrong(f"Expected a text of {kind} only, got {texts[int(strange.argmax())].as_py()!r}")
    return np.ascontiguousarray(values.T)
