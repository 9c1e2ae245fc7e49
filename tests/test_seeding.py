"""Streams are named, independent and the same everywhere."""

import random

import numpy as np

from gristmill.seeding import derive, numpy_stream, stream


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
    draws = np.array([[stream(0, "x", place).random() for _ in range(50)] for place in range(400)])
    worst = np.abs(np.corrcoef(draws[:-1].ravel(), draws[1:].ravel())[0, 1])

    assert worst < 0.03


def test_no_global_state_is_read_or_changed() -> None:
    """Drawing from a stream leaves the generators of the libraries where they were."""
    before = random.getstate()
    values = (stream(1, "a").random(), float(numpy_stream(1, "a").random()))

    assert before == random.getstate()
    assert values == (stream(1, "a").random(), float(numpy_stream(1, "a").random()))
