"""Batches: every view once per epoch, in an order that is a function of the seed."""

import numpy as np
import pytest

from gristmill.agents.model.template import Template, View
from gristmill.errors import UsageError
from gristmill.training.data import Batch, Batches, Corpus, bucket_bounds, choose_shapes
from tests.training.tiny import entries, model, views

TEMPLATE = Template(model().tokenizer)
PAD = model().tokenizer.pad


def mixed(count: int) -> list[View]:
    """Return views of different lengths."""
    return [
        View("agent", [{"from": "customer", "say": "hm " * (number % 7) * 9}, *entries(number)])
        for number in range(count)
    ]


CORPUS = Corpus.of(TEMPLATE, mixed(30), max_len=256)


def batches(seed: int = 0) -> Batches:
    """Return batches of four rows."""
    return Batches(CORPUS, choose_shapes(CORPUS, rows=4, buckets=3), seed=seed, pad=PAD)


def rows_of(batch: Batch) -> list[bytes]:
    """Return the rows that are not empty, without their padding."""
    return [
        tokens[tokens != PAD].tobytes()
        for tokens, weights in zip(batch.tokens, batch.weights, strict=True)
        if weights.any()
    ]


def test_every_view_comes_once_in_an_epoch() -> None:
    """Nothing is lost in buckets, and the last batch is filled up with empty rows."""
    per_epoch = batches().per_epoch
    first = sorted(row for at in range(per_epoch) for row in rows_of(batches().at(at)))
    second = sorted(row for at in range(per_epoch, 2 * per_epoch) for row in rows_of(batches().at(at)))
    wanted = sorted(part.tobytes() for part in np.split(CORPUS.tokens, CORPUS.starts[1:-1]))

    assert wanted == first == second


def test_a_position_is_enough_to_go_on() -> None:
    """The batch at a position does not depend on what was asked for before; epochs and seeds differ."""
    stream, position = batches(), batches().per_epoch + 2
    for at in range(position):
        stream.at(at)

    assert rows_of(stream.at(position)) == rows_of(batches().at(position))
    assert rows_of(batches().at(2)) != rows_of(batches().at(position))
    assert rows_of(batches().at(2)) != rows_of(batches(seed=1).at(2))


def test_targets_are_the_tokens_with_loss() -> None:
    """Each kept position stands before its target, and all tokens with loss are targets."""
    corpus = Corpus.of(TEMPLATE, views(2), max_len=256)
    batch = Batches(corpus, choose_shapes(corpus, rows=2, buckets=1), seed=0, pad=PAD).at(0)
    real = batch.weights > 0

    assert corpus.loss.sum() == real.sum()
    after = np.take_along_axis(batch.tokens, batch.keep + 1, axis=1)
    assert (after[real] == batch.targets[real]).all()
    learnt = model().tokenizer.decode(batch.targets[0][real[0]].tolist())
    assert learnt.startswith("<call>get_order")
    assert learnt.endswith("is sent.<end>")


def test_shapes_hold_every_view() -> None:
    """Lengths are multiples of the grid, and the longest shape holds everything."""
    shapes = batches().shapes

    assert 3 == len(shapes)
    assert all(size % 32 == 0 for shape in shapes for size in shape[1:])
    assert shapes == sorted(shapes)
    assert shapes[-1][1] >= CORPUS.lengths.max()
    assert shapes[-1][2] >= CORPUS.predicted.max()


def test_bucket_bounds_pad_least() -> None:
    """The bounds are the best there are."""
    sizes = np.array([32] * 5 + [64] + [96] * 3 + [256])

    assert [256] == bucket_bounds(sizes, 1).tolist()
    assert [96, 256] == bucket_bounds(sizes, 2).tolist()
    assert [32, 96, 256] == bucket_bounds(sizes, 3).tolist()
    assert [32, 64, 96, 256] == bucket_bounds(sizes, 9).tolist()


def test_a_long_view_is_cut_and_an_empty_one_left_out() -> None:
    """Both are counted."""
    corpus = Corpus.of(TEMPLATE, [*mixed(2), View("nobody", entries(0))], max_len=60)

    assert (2, 1) == (len(corpus), corpus.empty)
    assert corpus.lengths.max() <= 60
    assert corpus.cut >= 1


def test_views_without_loss_are_refused() -> None:
    """There must be something to learn."""
    with pytest.raises(UsageError, match="got 1 views without any"):
        Corpus.of(TEMPLATE, [View("nobody", entries(0))], max_len=256)


def test_shapes_that_are_too_short_are_refused() -> None:
    """No view is cut because a batch is too small."""
    with pytest.raises(UsageError, match="longest shape"):
        Batches(CORPUS, [(4, 32, 32)], seed=0, pad=PAD)
