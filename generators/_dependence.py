"""How the numbers of a table go together, as correlations of a Gaussian copula."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["correlated", "positive_definite", "spearman"]

Array = NDArray[Any]
_ERRORS = 4  # standard errors from which on a correlation is one
_LEAST = 1e-3  # eigenvalue
_FEW = 30  # rows for a correlation


def correlated(columns: Mapping[str, tuple[Array, Array]], least: int) -> list[dict[str, Any]]:
    """Return groups of columns that go together, each with the correlations of their latent normals.

    A number that depends on a category has its rank among those of its case, so that what the category explains is not
    counted again. A rank correlation ρ is that of latent normals with the correlation 2 sin(π ρ / 6) (Pearson, On further
    methods of determining correlation, 1907); of whole numbers, which are tied, it is a little less than that.

    Args:
        columns: by name, the numbers, NaN where there is none, and the case of each row, both [N].
        least: rows that a correlation is about.
    """
    names = list(columns)
    matrix = _correlations([ranks(*one) for one in columns.values()], max(least, _FEW))
    groups = []
    for group in _connected(matrix != 0):
        if len(group) > 1:
            found = positive_definite(matrix[np.ix_(group, group)])
            rounded = [[round(float(one), 4) for one in row] for row in found]
            groups.append({"fields": [names[place] for place in group], "matrix": rounded})
    return groups


def ranks(numbers: Array, groups: Array) -> Array:
    """Return the rank of each number among those of its group, between 0 and 1, [N]; NaN stays."""
    from scipy.stats import rankdata

    found = np.full(len(numbers), np.nan)
    for group in np.unique(groups):
        held = np.flatnonzero((groups == group) & np.isfinite(numbers))
        found[held] = (rankdata(numbers[held]) - 0.5) / max(len(held), 1)
    return found


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


def _correlations(columns: Sequence[Array], least: int) -> Array:
    """Return the latent correlations of ranks, 0 where it may be none."""
    matrix = np.eye(len(columns))
    for row, first in enumerate(columns):
        for place in range(row):
            there = np.isfinite(first) & np.isfinite(columns[place])
            one, other = first[there], columns[place][there]
            if len(one) >= least and np.ptp(one) and np.ptp(other):
                rho = float(np.corrcoef(one, other)[0, 1])
                if abs(rho) > _ERRORS / np.sqrt(len(one)):
                    matrix[row, place] = matrix[place, row] = 2 * np.sin(np.pi * rho / 6)
    return matrix


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
