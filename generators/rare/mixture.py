"""Mixtures in the latent cube: components of independent options and normal numbers, fitted to weighted scenarios."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from gristmill.generators.kinds.numbers import normal_quantile
from gristmill.generators.rare.cube import Cube, Floats, Gate
from gristmill.generators.rare.intervals import effective

__all__ = ["Fitted", "fitted", "log_ratios"]

Fitted = tuple[
    float, list[Floats], Floats, Floats
]  # weight, options of each gate, means, standard deviations
_MOST, _ROUNDS = 5, 40  # components, and rounds of the fit
_LEAST_SD, _WIDER = 0.25, 1.1  # of normal numbers; and how much wider than the scenarios
_SURE = 2.5  # standard errors from nominal, below which a number stays nominal: noise in many numbers would ruin weights
_PRIOR = 4.0  # scenarios that count as nominal in each component


def log_ratios(
    cube: Cube,
    units: Floats,
    there: NDArray[np.bool_],
    gates: Sequence[Floats],
    means: Floats,
    sds: Floats,
) -> Floats:
    """Return the logarithms of a component's density over the nominal one, [N].

    Args:
        cube: in which the component is.
        units: of the scenarios, [dims, N].
        there: which parts of the cube are in them, [parts, N]; the others count for nothing.
        gates: how likely each option of each gate is.
        means: of the real units as normal numbers, [R].
        sds: their standard deviations, [R].
    """
    owners = cube.owners(cube.real)
    normal = normal_quantile(units[cube.real])
    scaled = (normal - means[:, None]) / sds[:, None]
    each = 0.5 * (normal**2 - scaled**2) - np.log(sds)[:, None]
    total: Floats = np.where(there[owners], each, 0.0).sum(axis=0)
    for place, gate, q in zip(_places(cube), cube.gates, gates, strict=True):
        ratio = np.log(q) - np.log(gate.probabilities)
        total = total + np.where(there[place], ratio[gate.codes(units[gate.start])], 0.0)
    return total


def fitted(
    cube: Cube,
    units: Floats,
    there: NDArray[np.bool_],
    weights: Floats,
    rng: np.random.Generator,
) -> list[Fitted]:
    """Return the components of the mixture that fits weighted scenarios, as many as the criterion of Schwarz asks for.

    Expectation-maximisation (Dempster, Laird and Rubin, Maximum likelihood from incomplete data via the EM algorithm, 1977;
    Schwarz, Estimating the dimension of a model, 1978).

    Args:
        cube: in which they are.
        units: of the scenarios, [dims, N].
        there: which parts of the cube are in them, [parts, N].
        weights: of the scenarios, [N].
        rng: of the starts.
    """
    weights = weights / weights.sum()
    size = effective(weights)
    best, least = list[Fitted](), np.inf
    for count in range(1, _MOST + 1):
        parts, likelihood = _em(cube, units, there, weights * size, count, rng)
        free = count * (2 * len(cube.real) + sum(len(one.options) - 1 for one in cube.gates) + 1) - 1
        criterion = free * np.log(size) - 2 * likelihood
        if criterion < least:
            best, least = parts, criterion
    return [
        (weight, gates, means, np.where(sds < 1, np.minimum(1, sds * _WIDER), sds))
        for weight, gates, means, sds in best
    ]


def _em(
    cube: Cube,
    units: Floats,
    there: NDArray[np.bool_],
    weights: Floats,
    count: int,
    rng: np.random.Generator,
) -> tuple[list[Fitted], float]:
    belongs = _starts(cube, units, there, weights, count, rng)
    parts, likelihood = list[Fitted](), -np.inf
    for _ in range(_ROUNDS):
        parts = [_component(cube, units, there, weights * one, weights.sum()) for one in belongs]
        logs = np.array([np.log(part[0]) + log_ratios(cube, units, there, *part[1:]) for part in parts])
        total = np.logaddexp.reduce(logs, axis=0)
        before, likelihood = likelihood, float((weights * total).sum())
        belongs = np.exp(logs - total)
        if abs(likelihood - before) < 1e-4 * max(1.0, abs(likelihood)):
            break
    return parts, likelihood


def _component(cube: Cube, units: Floats, there: NDArray[np.bool_], weights: Floats, whole: float) -> Fitted:
    """Return the component of scenarios that belong to it in part."""
    mine = np.where(there[cube.owners(cube.real)], weights, 0.0)
    normal = normal_quantile(units[cube.real])
    mass = mine.sum(axis=1) + _PRIOR
    means = (mine * normal).sum(axis=1) / mass
    means = np.where(np.abs(means) * np.sqrt(mass) > _SURE, means, 0.0)
    spread = (mine * (normal - means[:, None]) ** 2).sum(axis=1) + _PRIOR * (1 + means**2)
    gates = []
    for place, gate in zip(_places(cube), cube.gates, strict=True):
        some = np.where(there[place], weights, 0.0)
        seen = np.bincount(gate.codes(units[gate.start]), some, minlength=len(gate.options))
        q = (seen + _PRIOR * gate.probabilities) / (some.sum() + _PRIOR)
        told = 2 * (some.sum() + _PRIOR) * float((q * np.log(q / gate.probabilities)).sum())
        gates.append(q if told > _SURE**2 + len(q) - 2 else gate.probabilities)
    sds = np.maximum(np.sqrt(spread / mass), _LEAST_SD)
    sds = np.where(np.abs(np.log(sds)) * np.sqrt(2 * mass) > _SURE, sds, 1.0)
    return float(max(weights.sum(), 1e-9) / whole), gates, means, sds


def _starts(
    cube: Cube,
    units: Floats,
    there: NDArray[np.bool_],
    weights: Floats,
    count: int,
    rng: np.random.Generator,
) -> Floats:
    """Return to which of some distant scenarios each is nearest, [count, N] (k-means++: Arthur and Vassilvitskii, 2007)."""
    real = np.where(there[cube.owners(cube.real)], normal_quantile(units[cube.real]), 0.0)
    codes = [
        np.eye(len(gate.options))[gate.codes(units[gate.start])].T * there[place]
        for place, gate in zip(_places(cube), cube.gates, strict=True)
    ]
    at = np.concatenate([real, *codes])
    far = np.full(at.shape[1], 1.0)
    distances: list[Floats] = []
    for _ in range(count):
        chances = weights * far
        chosen = rng.choice(at.shape[1], p=chances / chances.sum()) if chances.sum() else 0
        distances.append(((at - at[:, [chosen]]) ** 2).sum(axis=0))
        far = np.min(distances, axis=0)
    nearest = np.argmin(distances, axis=0)
    return np.array([nearest == one for one in range(count)], float)


def _places(cube: Cube) -> list[int]:
    return [place for place, one in enumerate(cube.parts) if isinstance(one, Gate)]
