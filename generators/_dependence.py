"""How the numbers of a table go together, as correlations of a Gaussian copula."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gristmill.generators.kinds.numbers import normal_quantile

__all__ = ["correlated", "positive_definite", "spearman"]

Array = NDArray[Any]
_ERRORS = 4  # standard errors from which on a correlation links two columns
_LEAST = 1e-3  # eigenvalue
_FEW = 30  # rows for a correlation
_TERMS = 30  # of the series of a column
_HALVINGS = 20  # of the interval in which a correlation is sought


class _Scores(NamedTuple):
    """A column as steps of the latent normal that it comes from.

    Attributes:
        values: the mean of the latent normal given the value, NaN where there is none, [N].
        series: coefficients of `values` over their standard deviation in normalised Hermite polynomials of the latent normal, [K].
    """

    values: Array
    series: Array


def correlated(columns: Mapping[str, tuple[Array, Array]], least: int) -> list[dict[str, Any]]:
    """Return groups of columns that go together, each with the correlations of their latent normals.

    A number that depends on a category has its place among those of its case, so that what the category explains is not
    counted again. Columns are grouped by the correlations that are no chance; within a group all of them count.

    Args:
        columns: by name, the numbers, NaN where there is none, and the case of each row, both [N].
        least: rows that a correlation is about.
    """
    names = list(columns)
    scores = [_scores(*one) for one in columns.values()]
    groups = []
    for group, matrix in _groups(scores, max(least, _FEW)) if len(names) > 1 else []:
        rounded = [[round(float(one), 4) for one in row] for row in positive_definite(matrix)]
        groups.append({"fields": [names[place] for place in group], "matrix": rounded})
    return groups


def positive_definite(matrix: Array) -> Array:
    """Return a correlation matrix close to a symmetric one: its small eigenvalues raised, its diagonal made one again.

    Rousseeuw and Molenberghs, Transformation of non positive semidefinite correlation matrices, 1993, the eigenvalue method.
    """
    values, vectors = np.linalg.eigh(matrix)
    if values[0] >= _LEAST:
        return matrix
    raised = (vectors * np.maximum(values, _LEAST)) @ vectors.T
    scale = np.sqrt(np.diag(raised))
    found: Array = raised / np.outer(scale, scale)
    np.fill_diagonal(found, 1.0)
    return found


def spearman(first: Array, second: Array) -> float:
    """Return the rank correlation of two columns of numbers, 0 where one of them never varies."""
    from scipy.stats import rankdata

    centred = [ranks - ranks.mean() for ranks in map(rankdata, (first, second))]
    scale = np.sqrt(np.sum(centred[0] ** 2) * np.sum(centred[1] ** 2))
    return float(np.sum(centred[0] * centred[1]) / scale) if scale else 0.0


def _groups(scores: Sequence[_Scores], least: int) -> Iterator[tuple[list[int], Array]]:
    """Yield the places of columns that go together, and their latent correlations."""
    seen, rows = _observed(np.stack([one.values for one in scores]))
    seen[rows < least] = 0.0
    pairs = max(1, len(scores) * (len(scores) - 1) // 2)
    errors = max(
        _ERRORS, 1 + float(np.sqrt(2 * np.log(pairs)))
    )  # the largest of so many by chance, and one more
    for group in _connected(np.abs(seen) > errors / np.sqrt(np.maximum(rows, 1))):
        if len(group) > 1:
            held = np.ix_(group, group)
            latent = _latent(seen[held], np.stack([scores[place].series for place in group]))
            yield group, _shrunk(latent, rows[held])


def _scores(numbers: Array, groups: Array) -> _Scores:
    """Return the scores of numbers by their places among those of their group."""
    values = np.full(len(numbers), np.nan)
    series = np.zeros(_TERMS)
    known = np.isfinite(numbers)
    for group in np.unique(groups[known]):
        held = np.flatnonzero((groups == group) & known)
        _, places, counts = np.unique(numbers[held], return_inverse=True, return_counts=True)
        found = _steps(counts / len(held))
        values[held] = found.values[places]
        series += found.series * len(held)
    # Over the rows, whose number the sums of series hold too.
    scale = np.sqrt(np.nansum(values**2) * known.sum())
    return _Scores(values, series / scale if scale else series)


def _steps(shares: Array) -> _Scores:
    """Return the scores of steps that have these shares of the normal, from below, and their series."""
    cuts = normal_quantile(np.concatenate([[0.0], np.minimum(np.cumsum(shares)[:-1], 1.0), [1.0]]))
    density = np.exp(-0.5 * cuts**2) / np.sqrt(2 * np.pi)
    heights = -np.diff(density) / shares
    # The integral of the polynomial h of order k times the density is minus that of order k - 1 times the density, over √k.
    below, last = np.zeros_like(cuts), np.ones_like(cuts)
    series = []
    for order in range(1, _TERMS + 1):
        series.append(float(heights @ -np.diff(density * last)) / np.sqrt(order))
        below, last = last, (cuts * last - np.sqrt(order - 1) * below) / np.sqrt(order)
    return _Scores(heights, np.array(series))


def _observed(scores: Array) -> tuple[Array, Array]:
    """Return the correlations of columns over the rows that both have, and how many these are, both [F, F]."""
    known = np.isfinite(scores)
    there, values = known.astype(float), np.where(known, scores, 0.0)
    rows = there @ there.T
    least = np.maximum(rows, 1)
    means = values @ there.T / least  # of each column where the other is known
    squares = values**2 @ there.T / least - means**2
    scale = np.sqrt(np.maximum(squares * squares.T, 0.0))
    covariance = values @ values.T / least - means * means.T
    return np.divide(covariance, scale, out=np.zeros_like(scale), where=scale > 1e-12), rows


def _latent(seen: Array, series: Array) -> Array:
    """Return the correlations of latent normals whose steps have the correlations `seen`, [F, F].

    By Mehler's formula steps of normals with the correlation ρ have the correlation Σ aₖ bₖ ρᵏ, with a and b their series in
    normalised Hermite polynomials (Lancaster, Some properties of the bivariate normal distribution, Biometrika 44, 1957).
    Where both columns have no ties that is ρ itself.
    """
    low, high = -np.ones_like(seen), np.ones_like(seen)
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        total = np.zeros_like(seen)
        for term in series.T[::-1]:
            total = (total + np.outer(term, term)) * middle
        low, high = np.where(total < seen, middle, low), np.where(total < seen, high, middle)
    found: Array = (low + high) / 2
    np.fill_diagonal(found, 1.0)
    return found


def _shrunk(matrix: Array, rows: Array) -> Array:
    """Return correlations that are smaller by the share of their squares that is noise.

    Schäfer and Strimmer, A shrinkage approach to large-scale covariance matrix estimation and implications for functional
    genomics, Statistical Applications in Genetics and Molecular Biology 4, 2005.
    """
    apart = ~np.eye(len(matrix), dtype=bool)
    noise = np.sum((1 - matrix[apart] ** 2) ** 2 / np.maximum(rows[apart], 1))
    kept = 1 - min(1.0, float(noise / max(np.sum(matrix[apart] ** 2), 1e-300)))
    return np.where(apart, kept * matrix, 1.0)


def _connected(linked: Array) -> list[list[int]]:
    """Return the groups of places that are linked with each other, directly or not."""
    left, groups = set(range(len(linked))), []
    while left:
        group, todo = set(), [min(left)]
        while todo:
            place = todo.pop()
            if place not in group:
                group.add(place)
                todo += np.flatnonzero(linked[place]).tolist()
        left -= group
        groups.append(sorted(group))
    return groups
