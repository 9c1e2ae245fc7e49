"""How alike pairs of columns go together."""

from collections.abc import Callable, Sequence
from itertools import combinations

import msgspec
import numpy as np

from gristmill.generators._dependence import spearman
from gristmill.generators.fidelity.columns import Array, Feature
from gristmill.generators.fidelity.marginals import holm
from gristmill.generators.fidelity.types import Association
from gristmill.seeding import numpy_stream

__all__ = ["MOST_PAIRS", "associations", "correlation_ratio", "cramer"]

_GROUPS = 20  # random groups, from whose scatter a standard error comes
_LEAST = 25  # rows of a group
_SAME = 1e-9  # difference that is one of rounding
_CATEGORIES = 30  # of a column; the others count as one
MOST_PAIRS = 2_000  # that are looked at
_PAIRED_ROWS = 5_000_000  # rows times pairs that are looked at, in each table


def associations(found: Sequence[Feature], seed: int = 0) -> list[Association]:
    """Return how strongly each two columns go together in both tables, the most different first.

    The standard error of a difference comes from the scatter over disjoint groups of rows, of which each table has as many (the
    method of random groups; Wolter, Introduction to Variance Estimation, 2007, chapter 2), and p from Student's
    distribution. Rows are taken to be in random order. Where there are too many pairs, some are drawn.
    """
    whole = [one for one in found if not one.derived]
    pairs = _some(whole, seed)
    made = [_of_pair(*pair, _PAIRED_ROWS // len(pairs)) for pair in pairs]
    known = [place for place, one in enumerate(made) if one.p is not None]
    adjusted = dict(zip(known, holm([made[place].p or 0.0 for place in known]), strict=True))
    made = [msgspec.structs.replace(one, p=adjusted.get(place)) for place, one in enumerate(made)]
    return sorted(made, key=lambda one: (not one.differs, -abs(one.difference)))


def cramer(first: Array, second: Array) -> float:
    """Return the square of Cramér's V of two columns of codes, without its bias; where there is none it scatters around 0.

    Bergsma, A bias-correction for Cramér's V and Tschuprow's T, Journal of the Korean Statistical Society 42, 2013.
    """
    rows, columns = (np.unique(one, return_inverse=True) for one in (first, second))
    height, width, n = len(rows[0]), len(columns[0]), len(first)
    if min(height, width, n) < 2:
        return 0.0
    table = np.bincount(rows[1] * width + columns[1], minlength=height * width).reshape(height, width)
    expected = np.outer(table.sum(axis=1), table.sum(axis=0)) / n
    square = np.sum((table - expected) ** 2 / expected) / n - (height - 1) * (width - 1) / (n - 1)
    least = min(height - (height - 1) ** 2 / (n - 1), width - (width - 1) ** 2 / (n - 1)) - 1
    return float(square / least) if least > 0 else 0.0


def correlation_ratio(codes: Array, numbers: Array) -> float:
    """Return the share of the scatter of the ranks of `numbers` that is between categories, without its bias, likewise.

    Kelley, An unbiased correlation ratio measure, PNAS 21, 1935.
    """
    from scipy.stats import rankdata

    ranks = rankdata(numbers)
    ranks -= ranks.mean()
    _, places = np.unique(codes, return_inverse=True)
    sizes = np.bincount(places)
    n, groups = len(ranks), len(sizes)
    total = float(np.sum(ranks**2))
    if not total or n <= groups:
        return 0.0
    between = float(np.sum(np.bincount(places, weights=ranks) ** 2 / sizes))
    return 1 - (total - between) / total * (n - 1) / (n - groups)


def _some(found: Sequence[Feature], seed: int) -> list[tuple[Feature, Feature]]:
    """Return all pairs of columns, or some of them at random where there are too many."""
    count = len(found) * (len(found) - 1) // 2
    if count <= MOST_PAIRS:
        return list(combinations(found, 2))
    chosen = set(
        numpy_stream(seed, "fidelity", "pairs")
        .choice(count, MOST_PAIRS, replace=False, shuffle=False)
        .tolist()
    )
    return [pair for place, pair in enumerate(combinations(found, 2)) if place in chosen]


def _of_pair(first: Feature, second: Feature, rows: int) -> Association:
    if first.kind != "category" and second.kind == "category":
        first, second = second, first
    measure, name = _measure(first, second)
    values, variances = [], []
    for side in ("real", "synthetic"):
        pair = np.stack([_few(getattr(one, side)[:rows], one) for one in (first, second)])
        pair = pair[:, ~np.isnan(pair).any(axis=0)]
        values.append(measure(*pair) if pair.shape[1] else 0.0)
        if pair.shape[1] >= _GROUPS * _LEAST:
            groups = [measure(*group) for group in np.array_split(pair, _GROUPS, axis=1)]
            variances.append(float(np.var(groups, ddof=1)) / _GROUPS)
    p = _p(values[1] - values[0], sum(variances)) if len(variances) == 2 else None
    # Squares are compared, since their scatter is that of a mean; roots are what people know.
    shown = values if measure is spearman else [float(np.sqrt(max(0.0, one))) for one in values]
    return Association(
        first=first.name, second=second.name, measure=name, real=shown[0], synthetic=shown[1], p=p
    )  # fmt: skip


def _p(difference: float, variance: float) -> float:
    from scipy.stats import t

    if abs(difference) < _SAME:
        return 1.0
    if not variance:  # where no group differs from another, a difference is none by chance
        return 0.0
    return float(2 * t.sf(abs(difference) / np.sqrt(variance), 2 * _GROUPS - 2))


def _measure(first: Feature, second: Feature) -> tuple[Callable[[Array, Array], float], str]:
    if second.kind == "category":
        return cramer, "Cramér's V"
    if first.kind == "category":
        return correlation_ratio, "correlation ratio"
    return spearman, "Spearman"


def _few(values: Array, feature: Feature) -> Array:
    """Return codes with the rare categories as one; numbers as they are."""
    return np.minimum(values, _CATEGORIES) if feature.kind == "category" else values
