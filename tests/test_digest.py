"""Equal values have equal digests, others do not, and nothing but plain JSON has one."""

import json
import math
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gristmill.digest import canonical, decode, decoder, digest, encode, fingerprint, indented
from gristmill.errors import UsageError
from gristmill.types import Scenario

PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)  # fmt: skip


@given(PLAIN)
def test_a_digest_survives_writing_and_reading(value: Any) -> None:
    """What comes back from a file has the digest of what was written."""
    assert digest(value) == digest(decode(encode(value))) == digest(json.loads(json.dumps(value)))


def test_equal_values_have_one_digest() -> None:
    """Key order, 25 against 25.0, 0 against -0.0 and list against tuple do not matter."""
    one = {"a": 25, "b": [0, {"c": 1, "d": 2}]}
    other = {"b": (-0.0, {"d": 2.0, "c": 1}), "a": 25.0}

    assert digest(one) == digest(other)


def test_different_values_have_different_digests() -> None:
    """Types, order, nesting and text all count."""
    values: list[Any] = [
        None,
        False,
        True,
        0,
        1,
        0.5,
        "",
        "0",
        "1",
        [],
        {},
        [0],
        [[0]],
        [0, 1],
        [1, 0],
        {"a": 1},
        {"b": 1},
    ]

    assert len(values) == len({digest(value) for value in values})


def test_the_digest_is_the_same_on_every_machine() -> None:
    """Ids of recorded scenarios are digests, so this one must never change."""
    assert b'{"a":[1,2.5,null],"b":"\xc3\xa9"}' == canonical({"b": "é", "a": [1.0, 2.5, None]})
    assert "90adee927e01caf39ef9781e1c85a688" == digest({"b": "é", "a": [1.0, 2.5, None]})


@pytest.mark.parametrize(
    "value",
    [
        math.nan,
        math.inf,
        -math.inf,
        [math.nan],
        {"a": math.inf},
        object(),
        {1, 2},
        b"x",
        1j,
        {1: 2},
        "\ud800",
    ],
)
def test_what_json_cannot_say_has_no_digest(value: Any) -> None:
    """A message says what was expected, instead of a silent null."""
    with pytest.raises(UsageError, match="Expected"):
        digest(value)


def test_bottomless_data_has_no_digest() -> None:
    """Recursion ends in the same error."""
    value: list[Any] = []
    for _ in range(50_000):
        value = [value]
    with pytest.raises(UsageError, match="Expected plain JSON data"):
        digest(value)


def test_a_struct_has_the_digest_of_its_fields() -> None:
    """Structs are plain JSON underneath."""
    one = Scenario.of("a/b-v0", {"x": 1})

    assert digest(msgspec.to_builtins(one)) == digest(one)


def test_a_typed_decoder_refuses_other_types() -> None:
    """What is read from a file is of the kind asked for."""
    read = decoder(Scenario)
    one = Scenario.of("a/b-v0", {"x": 1})

    assert one == read(encode(one))
    with pytest.raises(msgspec.DecodeError):
        read(b'{"id": 3}')


def test_json_for_people_has_one_item_a_line() -> None:
    """Keys keep their order, and the file ends in a newline."""
    value = {"name": "é", "mean": [0.5, {}]}

    assert b'{\n "name": "\xc3\xa9",\n "mean": [\n  0.5,\n  {}\n ]\n}\n' == indented(value)


def test_a_fingerprint_is_of_the_bytes_as_they_are() -> None:
    """A space more is another file."""
    assert fingerprint(b"{}") != fingerprint(b"{ }")
    assert 32 == len(fingerprint(b""))
