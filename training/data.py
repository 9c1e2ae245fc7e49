"""Views to batches of token arrays, in an order that is a function of the seed.

Letters in shapes: N tokens in all, n views, B rows of a batch, T tokens of a row, P predicted positions of a row.

Rows of similar length share a batch, so that little is padding; the few lengths are chosen from a fixed grid, so that
a second training job meets shapes that are compiled already.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from gristmill.agents.model.template import Template, View
from gristmill.digest import digest, fingerprint
from gristmill.errors import UsageError
from gristmill.seeding import numpy_stream

__all__ = ["Batch", "Batches", "Corpus", "Shape", "choose_shapes", "size_up"]

BLOCK = 1024  # views that are encoded together
GRID = 32  # row lengths are multiples of this
COMMON = 0.97  # a bucket's P suits this share of its views; the others go to the next bucket
Shape = tuple[int, int, int]
Ints = npt.NDArray[np.int32]
Floats = npt.NDArray[np.float32]


class Batch(NamedTuple):
    """Rows padded at their end.

    Attributes:
        tokens: what the model reads [B, T].
        keep: positions whose next token is predicted [B, P].
        targets: those next tokens [B, P].
        weights: 1 for a real prediction, 0 for padding [B, P].
    """

    tokens: Ints
    keep: Ints
    targets: Ints
    weights: Floats


@dataclass(frozen=True)
class Corpus:
    """Encoded views, end to end.

    Attributes:
        tokens: [N].
        loss: which tokens are to be predicted [N].
        starts: where each view begins, and N at the end [n + 1].
        cut: how many views were longer than allowed and lost their end.
        empty: how many views were left out because nothing in them has loss.
    """

    tokens: Ints
    loss: npt.NDArray[np.bool_]
    starts: npt.NDArray[np.int64]
    cut: int
    empty: int

    @classmethod
    def of(cls, template: Template, views: Sequence[View], *, max_len: int) -> "Corpus":
        """Return the views as tokens, each cut after `max_len`.

        Raises:
            UsageError: when no view has a token with loss.
        """
        tokens, loss = [], []
        cut = 0
        # Encoded views are lists of numbers and names; in blocks, no more than one block of them is ever there.
        for begin in range(0, len(views), BLOCK):
            for code in template.views(views[begin : begin + BLOCK]):
                if any(code.loss[1:max_len]):
                    tokens.append(np.array(code.ids[:max_len], np.int32))
                    loss.append(np.array(code.loss[:max_len], np.bool_))
                    cut += len(code.ids) > max_len
        if not tokens:
            raise UsageError(
                f"Expected views with acts of the trained seat, got {len(views)} views without any."
            )
        starts = np.concatenate([[0], np.cumsum([len(one) for one in tokens])])
        return cls(np.concatenate(tokens), np.concatenate(loss), starts, cut, len(views) - len(tokens))

    def __len__(self) -> int:
        return len(self.starts) - 1

    @property
    def lengths(self) -> npt.NDArray[np.int64]:
        """Tokens per view [n]."""
        return np.diff(self.starts)

    @property
    def predicted(self) -> npt.NDArray[np.int64]:
        """Tokens with loss per view [n]; the first token of a view is never predicted."""
        firsts = np.zeros(len(self.loss), bool)
        firsts[self.starts[:-1]] = True
        counts: npt.NDArray[np.int64] = np.add.reduceat(self.loss & ~firsts, self.starts[:-1], dtype=np.int64)
        return counts

    @property
    def digest(self) -> str:
        """Content hash."""
        return digest([fingerprint(part.tobytes()) for part in (self.tokens, self.loss, self.starts)])

    def batch(
        self, rows: Sequence[int] | npt.NDArray[np.int64], shape: tuple[int, int, int], pad: int
    ) -> Batch:
        """Return the views `rows` padded to (B, T, P); missing rows have no weight."""
        height, width, most = shape
        tokens = np.full((height, width), pad, np.int32)
        keep, targets = np.zeros((height, most), np.int32), np.zeros((height, most), np.int32)
        weights = np.zeros((height, most), np.float32)
        for place, row in enumerate(rows):
            begin, end = self.starts[row], self.starts[row + 1]
            tokens[place, : end - begin] = self.tokens[begin:end]
            before = np.flatnonzero(self.loss[begin + 1 : end])
            keep[place, : len(before)] = before
            targets[place, : len(before)] = self.tokens[begin + 1 + before]
            weights[place, : len(before)] = 1.0
        return Batch(tokens, keep, targets, weights)


class Batches:
    """The batches of a corpus: every epoch has the same number, in another order.

    The batch at any position is a function of the corpus, the seed and the position, so a job resumes exactly by
    remembering a number.

    Attributes:
        shapes: (B, T, P) of the buckets, short to long.
        per_epoch: batches in one epoch.
    """

    def __init__(self, corpus: Corpus, shapes: Sequence[Shape], *, seed: int, pad: int) -> None:
        self._corpus, self._seed, self._pad = corpus, seed, pad
        self.shapes, self._rows = list(shapes), shapes[0][0]
        fits = _fit(corpus, self.shapes)
        if not fits[-1].all():
            raise UsageError(
                f"Expected batches that hold views of {corpus.lengths.max()} tokens, {corpus.predicted.max()} of them "
                f"with loss, got a longest shape (rows, tokens, predictions) of {self.shapes[-1]}."
            )
        self._bucket = fits.argmax(axis=0)
        self.per_epoch = len(self._plan(0))
        self._epoch, self._order = -1, self._plan(0)

    def at(self, position: int) -> Batch:
        """Return the batch at a position, 0, 1, …, counted over all epochs."""
        epoch, place = divmod(position, self.per_epoch)
        if epoch != self._epoch:
            self._epoch, self._order = epoch, self._plan(epoch)
        bucket, rows = self._order[place]
        return self._corpus.batch(rows, self.shapes[bucket], self._pad)

    def __iter__(self) -> Iterator[Batch]:
        """Yield the batches of the first epoch."""
        return (self.at(position) for position in range(self.per_epoch))

    def _plan(self, epoch: int) -> list[tuple[int, npt.NDArray[np.int64]]]:
        """Return (bucket, views) of each batch of an epoch, in order."""
        rng = numpy_stream(self._seed, "batches", epoch)
        order = rng.permutation(len(self._corpus))
        plan = []
        rest = order[:0]
        for bucket in range(len(self.shapes)):
            # What does not fill a batch goes to the next longer bucket; only the last batch may have empty rows.
            mine = np.concatenate([rest, order[self._bucket[order] == bucket]])
            full = len(mine) // self._rows * self._rows
            plan += [(bucket, mine[begin : begin + self._rows]) for begin in range(0, full, self._rows)]
            rest = mine[full:]
        if len(rest):
            plan.append((len(self.shapes) - 1, rest))
        return [plan[place] for place in rng.permutation(len(plan))]


def choose_shapes(corpus: Corpus, *, rows: int, buckets: int) -> list[Shape]:
    """Return at most `buckets` shapes (B, T, P), short to long, the last of which holds any view."""
    sizes, predicted = -(-corpus.lengths // GRID) * GRID, corpus.predicted
    bounds = bucket_bounds(sizes, buckets)
    shapes: list[Shape] = []
    most = 0
    for bound in bounds:
        shorter = shapes[-1][1] if shapes else 0
        here = predicted[(sizes > shorter) & (sizes <= bound)]
        common = predicted.max() if bound == bounds[-1] else np.quantile(here, COMMON)
        most = max(most, size_up(common))
        shapes.append((rows, int(bound), most))
    return shapes


def _fit(corpus: Corpus, shapes: Sequence[Shape]) -> npt.NDArray[np.bool_]:
    """Return which views fit which shape [shapes, n]."""
    longest = np.array([shape[1] for shape in shapes])[:, None]
    most = np.array([shape[2] for shape in shapes])[:, None]
    fits: npt.NDArray[np.bool_] = (corpus.lengths <= longest) & (corpus.predicted <= most)
    return fits


def size_up(count: float) -> int:
    """Return `count` rounded up to the grid."""
    return int(-(-count // GRID) * GRID)


def bucket_bounds(sizes: npt.NDArray[np.int64], buckets: int) -> npt.NDArray[np.int64]:
    """Return at most `buckets` row lengths that pad `sizes` least, by dynamic programming over the distinct sizes."""
    values, counts = np.unique(sizes, return_counts=True)
    below = np.concatenate([[0], np.cumsum(counts)])
    cost = np.full((buckets + 1, len(values) + 1), np.inf)
    cost[:, 0] = 0
    cut = np.zeros((buckets + 1, len(values) + 1), int)
    for used in range(1, buckets + 1):
        for end in range(1, len(values) + 1):
            totals = cost[used - 1, :end] + values[end - 1] * (below[end] - below[:end])
            cut[used, end] = int(totals.argmin())
            cost[used, end] = totals[cut[used, end]]
    chosen, end = [], len(values)
    for used in range(buckets, 0, -1):
        if end == 0:
            break
        chosen.append(values[end - 1])
        end = cut[used, end]
    return np.array(sorted(chosen))
