"""α-Rank: which strategies last when everybody keeps changing to what does better.

Omidshafiei, Papadimitriou, Piliouras, Tuyls, Rowland, Lespiau, Czarnecki, Lanctot, Perolat and Munos, "α-Rank:
Multi-Agent Evaluation by Evolution", 2019. Unlike a Nash equilibrium it is unique and can be computed for games that
are not zero-sum, such as negotiations. Each seat is a population, so the game need not be symmetric, and the payoffs of
different seats are never compared.
"""

import numpy as np
from numpy.typing import NDArray

from gristmill.errors import UsageError

__all__ = ["alpha_rank", "responses", "stationary"]

Floats = NDArray[np.float64]

POPULATION = 50  # individuals; a mutant that does equally well takes over with a chance of one in so many
MISTAKE = (
    1e-6  # the chance that a mutant takes over that does worse, by which there is one answer for every game
)
_EQUAL = 1e-9  # payoffs closer than this are equal


def alpha_rank(first: Floats, second: Floats) -> Floats:
    """Return how much of the time each pair of strategies is played in the long run, [..., N, M], with sum 1.

    Args:
        first: payoff of the first seat by its strategy and that of the second seat, [..., N, M].
        second: payoff of the second seat, [..., N, M].

    Raises:
        UsageError: when the payoffs differ in shape, or one is missing.
    """
    if first.shape != second.shape or first.ndim < 2:
        raise UsageError(f"Expected payoffs of one shape, got {first.shape} and {second.shape}.")
    if not (np.isfinite(first).all() and np.isfinite(second).all()):
        raise UsageError("Expected a payoff for every pair of strategies, got some that are missing.")
    return stationary(responses(first, second)).reshape(first.shape)


def responses(first: Floats, second: Floats) -> Floats:
    """Return the rates between pairs of strategies in which one seat changes its own, [..., N·M, N·M].

    Section 3.1.2 and equation 13, in the limit of strong selection: the change is made if it is better for the seat
    that makes it, and seldom if it makes no difference; if it is worse, by mistake.
    """
    *batch, rows, columns = first.shape
    rates = np.zeros((*batch, rows, columns, rows, columns))
    i, j = np.arange(rows), np.arange(columns)
    # [..., column, from, to] and [..., row, from, to]
    downwards = _fixation(np.swapaxes(first, -1, -2)[..., None, :] - np.swapaxes(first, -1, -2)[..., None])
    sidewards = _fixation(second[..., None, :] - second[..., None])
    for column in j:
        rates[..., :, column, :, column] = downwards[..., column, :, :]
    for row in i:
        rates[..., row, :, row, :] += sidewards[..., row, :, :]
    size = rows * columns
    flat = rates.reshape(*batch, size, size)
    flat[..., np.arange(size), np.arange(size)] = 0.0
    return flat


def stationary(rates: Floats) -> Floats:
    """Return the share of time that a Markov chain spends in each state, [..., S].

    Grassmann, Taksar and Heyman, "Regenerative analysis and steady state distributions for Markov chains", 1985: nothing
    is subtracted, so that rates of very different size, as mistakes and improvements are, lose no digits.

    Args:
        rates: from a state to another, [..., S, S]; the diagonal does not matter. Every state can be reached from every
            other.
    """
    left = rates.copy()
    states = left.shape[-1]
    for last in range(states - 1, 0, -1):
        left[..., :last, last] /= left[..., last, :last].sum(axis=-1, keepdims=True)
        left[..., :last, :last] += left[..., :last, last, None] * left[..., None, last, :last]
    shares = np.zeros(left.shape[:-1])
    shares[..., 0] = 1.0
    for state in range(1, states):
        shares[..., state] = (shares[..., :state] * left[..., :state, state]).sum(axis=-1)
    return np.asarray(shares / shares.sum(axis=-1, keepdims=True))


def _fixation(gain: Floats) -> Floats:
    """Return the chance that a mutant takes over whose payoff is greater by `gain`."""
    return np.where(gain > _EQUAL, 1.0, np.where(gain < -_EQUAL, MISTAKE, 1 / POPULATION))
