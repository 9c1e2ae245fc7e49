"""Whether synthetic rows are copies of real ones, whole or nearly.

How near a synthetic row may come to a real one is told by real rows that are held out: they are no copies, and come as near
as independent draws do.
"""

from collections.abc import Collection, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from gristmill.generators.fidelity.columns import Aligned, Array, Feature, marked
from gristmill.generators.fidelity.marginals import picture
from gristmill.generators.fidelity.types import Excess, Privacy, Verdict
from gristmill.generators.kinds.numbers import normal_quantile
from gristmill.seeding import numpy_stream

__all__ = ["excess", "nearest", "privacy", "shared"]

MOST = 20_000, 10_000  # rows of the reference, and rows of each kind whose distances to it are measured
_LEAST = 100  # rows to measure distances of
_CATEGORIES = 50  # of a column; the others count as one
_RARE, _MORE = 0.5, 0.1  # share of rows with such a category, and how much more of one table
_LEVELS = (0.001, 0.01, 0.05)  # shares of all distances among which there may be too many synthetic rows
_LEVEL = 0.001  # of significance, of each of the three findings
_POINTS = (0.05, 0.25, 0.5, 0.75, 0.95)


def privacy(tables: Aligned, sampled: Sequence[Feature], keys: dict[str, float], seed: int) -> Privacy:
    """Return whether synthetic rows are copies.

    Args:
        tables: all rows, for exact copies.
        sampled: features of some of them, for distances.
        keys: by column of identifiers, the share of synthetic ones that are real.
        seed: of how the real rows are halved.
    """
    copies, copies_rate, repeats_rate, copies_p = _copies(tables, seed)
    found = _distances(sampled, seed)
    near = alone = drawn = None
    points: tuple[list[float], list[float]] = ([], [])
    compared = (0, 0, 0)
    if found:
        (near_synthetic, ratio_synthetic), (near_holdout, ratio_holdout), reference = found
        near = excess(near_synthetic, near_holdout)
        alone = excess(ratio_synthetic, ratio_holdout)
        drawn = picture(near_holdout, near_synthetic, low=0.0)
        points = (
            [float(one) for one in np.quantile(near_synthetic, _POINTS)],
            [float(one) for one in np.quantile(near_holdout, _POINTS)],
        )
        compared = (reference, len(near_synthetic), len(near_holdout))
    return Privacy(
        verdict=_verdict(copies_p, near, alone), copies=copies, copies_rate=copies_rate,
        repeats_rate=repeats_rate, copies_p=copies_p, near=near, alone=alone, distances=points, picture=drawn,
        texts=_texts(tables), left_out=_left_out(sampled), keys=keys, compared=compared,
    )  # fmt: skip


def shared(real: pa.ChunkedArray, synthetic: pa.ChunkedArray) -> float:
    """Return the share of synthetic values that occur among the real ones."""
    there = synthetic.cast(pa.string()).drop_null()
    known = pc.is_in(there, value_set=real.cast(pa.string()).drop_null().unique())
    return float(pc.mean(known).as_py() or 0.0)


def nearest(reference: Array, rows: Array) -> Array:
    """Return the Euclidean distances of each row to the nearest and second nearest row of the reference, [2, N].

    Args:
        reference: [M, D].
        rows: [N, D].
    """
    from sklearn.neighbors import NearestNeighbors
    from threadpoolctl import threadpool_limits

    search = NearestNeighbors(n_neighbors=2, algorithm="brute").fit(reference)
    with threadpool_limits(1):  # as for the classifier
        places = search.kneighbors(rows, return_distance=False)
    # Measured anew: those of the search have lost their digits where they are small.
    return np.sort([np.linalg.norm(rows - reference[places[:, one]], axis=1) for one in (0, 1)], axis=0)


def scattered(one: Feature) -> bool:
    """Return whether rows would look alike if rare categories counted as one: most have such a one, or many more of one table."""
    if one.kind != "category":
        return False
    shares = [float(np.mean(side >= _CATEGORIES)) for side in (one.real, one.synthetic)]
    return max(shares) > _RARE or max(shares) > min(shares) + _MORE


def excess(synthetic: Array, holdout: Array) -> Excess:
    """Return the threshold below which there are the most too many synthetic values, among some shares of all of them.

    Of all that is below it, how many are synthetic is hypergeometric if they are draws like those held out; p is that of
    the likeliest excess times the number of thresholds.
    """
    from scipy.stats import hypergeom

    pooled = np.concatenate([synthetic, holdout])
    found = []
    for level in _LEVELS:
        threshold = float(np.quantile(pooled, level, method="lower"))
        counts = [int(np.sum(one <= threshold)) for one in (synthetic, holdout)]
        p = float(hypergeom.sf(counts[0] - 1, len(pooled), sum(counts), len(synthetic)))
        rates = counts[0] / len(synthetic), counts[1] / len(holdout)
        found.append(
            Excess(threshold=threshold, synthetic=rates[0], holdout=rates[1], p=min(1.0, p * len(_LEVELS)))
        )
    return min(found, key=lambda one: one.p)


def _copies(tables: Aligned, seed: int) -> tuple[int, float, float, float]:
    """Return how many synthetic rows equal a real one, the shares of synthetic and of held-out rows that equal one of the
    reference, and the p-value of so many copies.

    Where real rows repeat, the latter comes from how often those held out do. Where none does, that would say little of a
    few copies, and it comes from how many there would be by chance if columns were independent.
    """
    from scipy.stats import hypergeom, poisson

    size, more = tables.real.num_rows, tables.synthetic.num_rows
    held = np.zeros(size, bool)
    held[: size // 2] = True
    numpy_stream(seed, "fidelity", "copies").shuffle(held)
    real = marked(tables.real, {"reference": ~held, "holdout": held, "synthetic": np.zeros(size, bool)})
    none, all_ = np.zeros(more, bool), np.ones(more, bool)
    synthetic = marked(tables.synthetic, {"reference": none, "holdout": none, "synthetic": all_})
    columns = real.column_names[: len(tables.kinds)]
    groups = pa.concat_tables([real, synthetic]).group_by(columns, use_threads=False)
    found = groups.aggregate([(name, "sum") for name in ("reference", "holdout", "synthetic")])
    reference, holdout, drawn = (
        found[f"{name}_sum"].to_numpy() for name in ("reference", "holdout", "synthetic")
    )
    copies = int(drawn[reference + holdout > 0].sum())
    again = [int(one[reference > 0].sum()) for one in (drawn, holdout)]
    if np.any(reference + holdout > 1):
        p = hypergeom.sf(again[0] - 1, more + size // 2, sum(again), more)
    else:
        p = poisson.sf(copies - 1, more * _likelihood(tables.real)) if copies else 1.0
    return copies, again[0] / more, again[1] / max(1, size // 2), float(p)


def _likelihood(table: pa.Table) -> float:
    """Return how likely a draw is to equal one of the rows, which are all different, if columns were independent."""
    logs = np.zeros(table.num_rows)
    for column in table.columns:
        codes = column.combine_chunks().dictionary_encode("encode").indices.to_numpy()
        logs += np.log(np.bincount(codes)[codes] / len(codes))
    return float(np.exp(logs).sum())


def _distances(found: Sequence[Feature], seed: int) -> tuple[Array, Array, int] | None:
    """Return distance and distance ratio of synthetic rows and of rows held out, [2, N] each, and the size of the reference.

    The ratio is that of the nearest to the second nearest: it says whether a row belongs to one real row alone, and unlike
    the distance itself is the same wherever rows lie densely or thinly.
    """
    whole = [one for one in found if not (one.derived or scattered(one))]
    if not whole:
        return None
    real, synthetic = _scaled(whole)
    order = numpy_stream(seed, "fidelity", "distances").permutation(len(real))
    half = len(real) // 2
    reference, holdout = real[order[half:]][: MOST[0]], real[order[:half]][: MOST[1]]
    if min(len(holdout), len(synthetic)) < _LEAST:
        return None
    both = [nearest(reference, rows) for rows in (synthetic[: MOST[1]], holdout)]
    ratios = [np.divide(one[0], one[1], out=np.ones(one.shape[1]), where=one[1] > 0) for one in both]
    pair = [np.stack([one[0], ratio]) for one, ratio in zip(both, ratios, strict=True)]
    return pair[0], pair[1], len(reference)


def _scaled(found: Collection[Feature]) -> tuple[Array, Array]:
    """Return both tables as points: numbers by their normal scores in the real table, categories as corners of a simplex.

    Two numbers drawn at random are as far apart as two different categories are, so that no column counts more than another.
    """
    real, synthetic = [], []
    for one in found:
        made = _corners(one) if one.kind == "category" else _scores(one)
        real.append(made[0])
        synthetic.append(made[1])
    return np.column_stack(real), np.column_stack(synthetic)


def _scores(one: Feature) -> tuple[Array, Array]:
    known = np.sort(one.real[~np.isnan(one.real)])
    values, first = np.unique(known, return_index=True)
    last = np.append(first[1:], len(known))
    levels = normal_quantile((first + last) / 2 / max(len(known), 1))
    found = []
    for side in (one.real, one.synthetic):
        missing = np.isnan(side)
        scores = (
            np.interp(np.where(missing, 0.0, side), values, levels) if len(values) else np.zeros(len(side))
        )
        found.append(np.column_stack([np.where(missing, 0.0, scores), missing]))
    return found[0], found[1]


def _corners(one: Feature) -> tuple[Array, Array]:
    size = min(len(one.labels), _CATEGORIES) + 1  # the last is for what is missing
    codes = (
        np.where(np.isnan(side), size - 1, np.minimum(side, size - 2)) for side in (one.real, one.synthetic)
    )
    first, second = (np.eye(size)[code.astype(int)] for code in codes)
    return first, second


def _left_out(found: Sequence[Feature]) -> dict[str, str]:
    """Return the columns that distances leave out, with the reason."""
    texts = {
        one.column: "texts that are nearly all different"
        for one in found
        if one.derived and one.kind == "number"
    }
    rare = f"more than {_CATEGORIES} categories, many of them rare"
    return texts | {one.column: rare for one in found if scattered(one)}


def _texts(tables: Aligned) -> dict[str, float]:
    names = [name for name, kind in tables.kinds.items() if kind == "text"]
    return {name: shared(tables.real[name], tables.synthetic[name]) for name in names}


def _verdict(copies_p: float, near: Excess | None, alone: Excess | None) -> Verdict:
    if copies_p < _LEVEL:
        return "copies"
    if near is None or alone is None:
        return "too-few-rows"
    if near.p < _LEVEL:
        return "near-copies" if alone.p < _LEVEL else "too-typical"
    return "clear"
