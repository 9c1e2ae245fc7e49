"""How alike columns are one by one: distances between distributions, with p-values."""

from collections.abc import Sequence

import msgspec
import numpy as np

from gristmill.generators.fidelity.columns import Array, Feature
from gristmill.generators.fidelity.types import Marginal, Picture

__all__ = ["holm", "marginals", "picture"]

_BINS, _SHOWN = 40, 12  # of a histogram, and the categories of a picture
_EXPECTED = 5  # counts that a cell of a chi-square test should have
_KOLMOGOROV_MEAN = 0.8687311606361592  # sqrt(pi / 2) log 2, of the Kolmogorov distribution


def marginals(found: Sequence[Feature]) -> list[Marginal]:
    """Return how alike the tables are in each feature, the most different first.

    Numbers and times by Kolmogorov–Smirnov and 1-Wasserstein distances, categories by total variation and a chi-square test
    of homogeneity, and all of them by how many values are missing.
    """
    shapes = [_category(one) if one.kind == "category" else _number(one) for one in found]
    gaps = [_missing(one) for one in found]
    adjusted = holm([p for _, p in shapes] + gaps)
    least = map(min, adjusted[: len(found)], adjusted[len(found) :])
    made = [msgspec.structs.replace(one, p=p) for (one, _), p in zip(shapes, least, strict=True)]
    return sorted(made, key=lambda one: (not one.differs, one.chance - one.distance))


def holm(p_values: Sequence[float]) -> list[float]:
    """Return p-values adjusted for how many they are.

    Holm, A simple sequentially rejective multiple test procedure, Scandinavian Journal of Statistics 6, 1979.
    """
    order = np.argsort(p_values, kind="stable")
    scaled = np.asarray(p_values)[order] * np.arange(len(order), 0, -1)
    adjusted = np.empty(len(order))
    adjusted[order] = np.minimum(1.0, np.maximum.accumulate(scaled))
    return [float(one) for one in adjusted]


def picture(real: Array, synthetic: Array, *, low: float | None = None) -> Picture:
    """Return the histogram of two samples of numbers without NaN, over the middle 99 % of both, or all from `low` on."""
    pooled = np.concatenate([real, synthetic])
    least, high = np.quantile(pooled, [0.005, 0.995])
    low = least if low is None else low
    if low == high:
        low, high = pooled.min(), pooled.max()
    edges = np.linspace(low, high if high > low else low + 1.0, _BINS + 1)
    if np.all(pooled == np.round(pooled)):  # bins of whole numbers, as many in each
        width = max(1, int(np.ceil((high - low + 1) / _BINS)))
        edges = np.arange(low - 0.5, high + width, width)
    counts = [np.histogram(one, edges)[0] / max(len(one), 1) for one in (real, synthetic)]
    return Picture(edges=edges.tolist(), real=counts[0].tolist(), synthetic=counts[1].tolist())


def _number(one: Feature) -> tuple[Marginal, float]:
    real, synthetic = (values[~np.isnan(values)] for values in (one.real, one.synthetic))
    distance, area, p = 1.0, None, 1.0
    if len(real) and len(synthetic):
        distance, area, p = _kolmogorov(real, synthetic)
        spread = float(np.std(real))
        # A real column that never varies has no unit; the distance is then zero or as it is.
        area = area / spread if spread else area
    drawn = (real, synthetic) if len(real) and len(synthetic) else (np.zeros(0), np.zeros(0))
    return Marginal(
        name=one.name,
        column=one.column,
        kind="time" if one.kind == "time" else "number",
        measure="Kolmogorov-Smirnov",
        distance=distance,
        chance=_KOLMOGOROV_MEAN / float(np.sqrt(_effective(len(real), len(synthetic)))),
        p=1.0,
        shift=area,
        missing=_shares(one),
        picture=picture(*drawn) if len(drawn[0]) else Picture(real=[], synthetic=[]),
    ), p


def _kolmogorov(real: Array, synthetic: Array) -> tuple[float, float, float]:
    """Return Kolmogorov–Smirnov and 1-Wasserstein distances of two samples, and the asymptotic p-value of the former.

    The p-value is too large rather than too small where values are tied (Noether, Note on the Kolmogorov statistic in the
    discrete case, Metrika 7, 1963).
    """
    from scipy.stats import kstwo

    pooled = np.sort(np.concatenate([real, synthetic]))
    below = [np.searchsorted(np.sort(one), pooled, side="right") / len(one) for one in (real, synthetic)]
    gap = np.abs(below[0] - below[1])
    distance = float(gap.max())
    area = float(np.sum(gap[:-1] * np.diff(pooled)))
    p = float(kstwo.sf(distance, max(1, round(_effective(len(real), len(synthetic))))))
    return distance, area, p


def _category(one: Feature) -> tuple[Marginal, float]:
    counts = np.array([_counts(values, len(one.labels)) for values in (one.real, one.synthetic)], float)
    sizes = counts.sum(axis=1)
    shares = counts / np.maximum(sizes, 1)[:, None]
    pooled = counts.sum(axis=0) / max(sizes.sum(), 1)
    # The mean of the absolute value of a normal difference, category by category.
    chance = 0.5 * np.sum(np.sqrt(2 / np.pi * pooled * (1 - pooled) / _effective(*sizes)))
    shown = slice(0, _SHOWN if not one.derived else None)
    return Marginal(
        name=one.name,
        column=one.column,
        kind="category",
        measure="total variation",
        distance=float(0.5 * np.abs(shares[0] - shares[1]).sum()) if sizes.all() else 1.0,
        chance=float(chance),
        p=1.0,
        missing=_shares(one),
        unseen=float(shares[1][counts[0] == 0].sum()),
        lost=float(shares[0][counts[1] == 0].sum()),
        picture=Picture(
            # What has an order and is not few is seen better as a histogram.
            edges=[float(edge) for edge in range(len(one.labels) + 1)]
            if one.derived and len(one.labels) > _SHOWN
            else [],
            labels=one.labels[shown],
            real=shares[0][shown].tolist(),
            synthetic=shares[1][shown].tolist(),
        ),
    ), _homogeneous(counts)


def _homogeneous(counts: Array) -> float:
    """Return the p-value of Pearson's chi-square test that rows of counts have one law, [2, K]; rare columns count as one."""
    from scipy.special import gammaincc

    sizes = counts.sum(axis=1)
    if not sizes.all():
        return 1.0
    totals = counts.sum(axis=0)
    common = totals * sizes.min() / sizes.sum() >= _EXPECTED
    rare = counts[:, ~common].sum(axis=1)
    cells = np.column_stack([counts[:, common], rare]) if rare.any() else counts[:, common]
    if cells.shape[1] < 2:
        return 1.0
    expected = np.outer(sizes, cells.sum(axis=0)) / sizes.sum()
    statistic = float(np.sum((cells - expected) ** 2 / expected))
    return float(gammaincc((cells.shape[1] - 1) / 2, statistic / 2))


def _missing(one: Feature) -> float:
    """Return the p-value of as many values being missing in both tables; what is derived has none of its own."""
    counts = np.array(
        [[np.isnan(values).sum(), (~np.isnan(values)).sum()] for values in (one.real, one.synthetic)]
    )
    return 1.0 if one.derived or not counts[:, 0].any() else _homogeneous(counts.astype(float))


def _counts(codes: Array, size: int) -> Array:
    return np.bincount(codes[~np.isnan(codes)].astype(int), minlength=size)


def _shares(one: Feature) -> tuple[float, float]:
    return float(np.mean(np.isnan(one.real))), float(np.mean(np.isnan(one.synthetic)))


def _effective(first: float, second: float) -> float:
    """Return the size of the two equal halves of what tells as much as two samples of these sizes do."""
    return max(first * second, 1.0) / max(first + second, 1.0)
