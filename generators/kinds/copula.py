"""Dependence between the numbers of a row: a Gaussian copula over the units of its fields."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gristmill.errors import UsageError
from gristmill.generators._columns import Units
from gristmill.generators.kinds.numbers import normal_quantile

__all__ = ["Correlated", "apart"]


class Correlated:
    """Fields whose latent normals are correlated, so that each keeps its own distribution (Sklar's theorem).

    The density is exact for real numbers. A whole or rounded number has the mass of its cell times the copula's density at
    the middle of the cell, not its mean over it, so that masses add up to one only nearly: to 1.002 for two numbers of a
    hundred even values each with a correlation of 0.9, to 1.19 for two of three values, single masses of which are off by
    half; and the less, the less they are correlated.

    Args:
        fields: names of at least two fields of one unit each.
        matrix: correlations of the latent normals, [F, F], positive definite with ones on the diagonal.

    Raises:
        UsageError: when the matrix is no such thing.
    """

    def __init__(self, fields: Sequence[str], matrix: Sequence[Sequence[float]]) -> None:
        self.fields, self.matrix = list(fields), [[float(one) for one in row] for row in matrix]
        size = len(self.fields)
        if size < 2 or len(set(self.fields)) < size:
            raise UsageError(f"Expected at least two different fields to correlate, got {self.fields}.")
        if [len(row) for row in self.matrix] != [size] * size:
            raise UsageError(f"Expected {size} rows of {size} correlations, got {self.matrix}.")
        found = np.array(self.matrix)
        if not (np.allclose(found, found.T) and np.allclose(np.diag(found), 1) and np.isfinite(found).all()):
            raise UsageError(f"Expected a symmetric matrix with ones on its diagonal, got {self.matrix}.")
        try:
            self._factor: NDArray[np.float64] = np.linalg.cholesky(found)
        except np.linalg.LinAlgError:
            raise UsageError(
                f"Expected correlations that can be together (a positive definite matrix), got {self.matrix}."
            ) from None
        self._inverse: NDArray[np.float64] = np.linalg.inv(found)

    def couple(self, units: Units) -> Units:
        """Return correlated units for independent ones, [F, N]."""
        from scipy.special import ndtr

        normal = normal_quantile(units)
        # Sums in order and not a product of matrices, whose last bit may depend on how many rows there are.
        joint = [
            sum(weight * normal[other] for other, weight in enumerate(row) if weight) for row in self._factor
        ]
        found: Units = np.minimum(ndtr(np.array(joint)), math.nextafter(1, 0))
        return found

    def uncouple(self, units: Sequence[float]) -> list[float]:
        """Return independent units that `couple` makes into `units`, [F]."""
        from scipy.special import ndtr

        found = ndtr(np.linalg.solve(self._factor, normal_quantile(np.array(units))))
        return [min(float(one), math.nextafter(1, 0)) for one in found]

    def log_density(self, units: Sequence[float]) -> float:
        """Return the logarithm of the copula's density at correlated units, [F]."""
        normal = normal_quantile(np.array(units))
        excess = normal @ (self._inverse - np.eye(len(normal))) @ normal
        return float(-np.log(np.diag(self._factor)).sum() - 0.5 * excess)

    def describe(self) -> Mapping[str, Any]:
        """Return names and matrix as plain data."""
        return {"fields": self.fields, "matrix": self.matrix}


def apart(groups: Sequence[Correlated]) -> Sequence[Correlated]:
    """Return groups of correlated fields if no field is in several.

    Raises:
        UsageError: when one is.
    """
    names = [name for one in groups for name in one.fields]
    for name in names:
        if names.count(name) > 1:
            raise UsageError(
                f"Expected every field in one group of correlated ones, got {name!r} in several."
            )
    return groups
