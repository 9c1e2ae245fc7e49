"""Streams are named, independent and the same everywhere."""

import copy
import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gristmill.seeding import Stream, derive, mix, numpy_stream, stream, units


def test_a_seed_is_the_same_on_every_machine() -> None:
    """Recorded episodes depend on these numbers, so they must never change."""
    assert 8493733112532773764 == derive(0)
    assert derive(0, "env", "x", 1) == derive(0, "env", "x", 1)


def test_names_make_different_seeds() -> None:
    """Another root, name, number, order or depth is another stream; neighbouring roots share nothing."""
    names = [(), ("a",), ("b",), ("a", "b"), ("b", "a"), ("ab",), ("a", 1), ("a", 11), ("a", 1, 1)]
    seeds = {derive(root, *some) for root in range(100) for some in names}

    assert 100 * len(names) == len(seeds)


def test_streams_look_independent() -> None:
    """The correlation of neighbouring streams is that of chance."""
    some = [stream(0, "x", place) for place in range(400)]
    draws = np.array([[one.random() for _ in range(50)] for one in some])
    worst = np.abs(np.corrcoef(draws[:-1].ravel(), draws[1:].ravel())[0, 1])

    assert worst < 0.03


def test_no_global_state_is_read_or_changed() -> None:
    """Drawing from a stream leaves the generators of the libraries where they were."""
    before = random.getstate()
    values = (stream(1, "a").random(), float(numpy_stream(1, "a").random()))

    assert before == random.getstate()
    assert values == (stream(1, "a").random(), float(numpy_stream(1, "a").random()))


def test_a_stream_is_uniform_and_never_the_same_twice() -> None:
    """A chi-square of 64,000 numbers over 64 cells stays below a bound that chance passes once in a million."""
    one = stream(3, "cells")
    drawn = np.array([one.random() for _ in range(64_000)])
    counts = np.histogram(drawn, 64, (0, 1))[0]

    assert len(set(drawn.tolist())) == len(drawn)
    assert ((counts - 1_000) ** 2 / 1_000).sum() < 128


@pytest.mark.parametrize("bits", [1, 7, 53, 64, 65, 200])
def test_random_bits_are_as_many_as_asked_for(bits: int) -> None:
    """The largest of many is near the end of the range, and no bit is always the same."""
    one = Stream(7)
    drawn = [one.getrandbits(bits) for _ in range(200)]

    assert 2 ** (bits - 1) <= max(drawn) < 2**bits
    assert 0 == min(number >> (bits - 1) for number in drawn)
    assert {0, 1} == {number & 1 for number in drawn}


def test_a_copy_of_a_stream_goes_on_from_where_it_was() -> None:
    """Copies and states give the same numbers as the stream they were taken from, those of a normal included."""
    one = Stream(5)
    one.gauss()
    other, again = copy.deepcopy(one), Stream()
    again.setstate(one.getstate())
    drawn = [[some.gauss(), some.random(), some.choice("abcdef")] for some in (one, other, again)]

    assert drawn[0] == drawn[1] == drawn[2]


@given(
    rows=st.lists(st.integers(0, 2**40), max_size=20),
    keys=st.lists(st.integers(0, 2**64 - 1), min_size=1, max_size=4),
)
def test_a_unit_depends_on_its_key_and_its_row_alone(rows: list[int], keys: list[int]) -> None:
    """A row has the same units alone and among others, and all of them are in [0, 1)."""
    drawn = units(np.array(keys, np.uint64), np.array(rows, np.int64))
    alone = [
        units(np.array([key], np.uint64), np.array([row], np.int64))[0, 0] for key in keys for row in rows
    ]

    assert alone == drawn.ravel().tolist()
    assert all(0 <= one < 1 for one in alone)


def test_units_are_uniform_and_independent_of_those_beside_them() -> None:
    """Neighbouring rows and neighbouring keys have the correlation, and the cells the counts, of chance."""
    drawn = units(mix(np.arange(8, dtype=np.uint64)), np.arange(100_000))
    cells = np.histogram(drawn, 100, (0, 1))[0]
    across = np.asarray(np.corrcoef(drawn))[np.triu_indices(8, 1)]
    along = [np.corrcoef(one[:-1], one[1:])[0, 1] for one in drawn]

    assert ((cells - 8_000) ** 2 / 8_000).sum() < 180
    assert max(map(abs, [*across, *along])) < 5 / np.sqrt(100_000)


def test_units_are_the_same_on_every_machine() -> None:
    """Scenarios depend on these numbers, so they must never change: the first outputs of SplitMix64 seeded with zero."""
    first = units(np.zeros(1, np.uint64), np.arange(3))[0]
    known = np.array([0xE220A8397B1DCDAF, 0x6E789E6AA1B965F4, 0x06C45D188009454F], np.uint64)

    assert ((known >> np.uint64(11)) * 2.0**-53).tolist() == first.tolist()
