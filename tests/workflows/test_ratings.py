"""Ratings and the meta-game: what follows from scores."""

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from gristmill.errors import UsageError
from gristmill.workflows.alpharank import MISTAKE, POPULATION, alpha_rank, responses, stationary
from gristmill.workflows.ratings import (
    Interval,
    bradley_terry,
    comparable,
    comparisons,
    elo,
    intervals,
    means,
    resamples,
)

Floats = NDArray[np.float64]

# Resamples and means.


def test_resamples_begin_with_the_sample_and_keep_its_size() -> None:
    """Every row is as many scenarios, and equal seeds give equal rows."""
    found = resamples(20, 7, count=50)

    assert [1.0] * 20 == found[0].tolist()
    assert {20.0} == set(found.sum(axis=1).tolist())
    assert np.array_equal(found, resamples(20, 7, count=50))
    assert not np.array_equal(found, resamples(20, 8, count=50))


def test_means_leave_out_what_is_not_there() -> None:
    """What was not judged is no zero; where nothing was, there is no mean."""
    values = np.array([[1.0, math.nan, 0.5], [math.nan] * 3])

    found = means(values, np.array([[1.0, 1.0, 1.0], [2.0, 1.0, 0.0]]))

    assert [0.75, 1.0] == found[:, 0].tolist()
    assert np.isnan(found[:, 1]).all()


def test_intervals_hold_the_mean_about_as_often_as_they_say() -> None:
    """Of samples from a known distribution, some 95 % have the true mean in their interval."""
    rng = np.random.Generator(np.random.Philox(1))
    samples = rng.random((200, 60))
    found = intervals(means(samples, resamples(60, 0, count=400)))
    held = sum(one is not None and one.low <= 0.5 <= one.high for one in found)

    assert 180 <= held <= 200


def test_a_figure_that_is_missing_has_no_interval() -> None:
    """Whatever its resamples say."""
    assert [None, Interval(value=1.0, low=1.0, high=1.0)] == intervals(
        np.array([[math.nan, 1.0], [1.0, 1.0]])
    )


# Comparisons.


def test_players_are_compared_in_the_same_place() -> None:
    """Same seat, same opponent, same scenario; the other seat's score does not matter."""
    scores = np.full((2, 2, 2, 1), math.nan)
    scores[0, 0, :, 0] = [0.3, 0.9]  # player 0 in the first seat, against 0 and against 1
    scores[0, 1, :, 0] = [0.2, 0.9]
    scores[1, 0, 0, 0], scores[1, 1, 0, 0] = 0.0, 1.0

    assert [[0.0, 1.5], [1.5, 0.0]] == comparisons(scores)[..., 0].tolist()


def test_what_is_missing_is_no_comparison() -> None:
    """An error is neither a win nor a loss."""
    scores = np.full((2, 2, 2, 3), math.nan)
    scores[0, 0] = 1.0

    assert 0.0 == comparisons(scores).sum()


def test_scores_that_differ_by_rounding_are_equal() -> None:
    """A tie, half for each."""
    scores = np.full((2, 2, 2, 1), math.nan)
    scores[0, 0, 0, 0], scores[0, 1, 0, 0] = 0.1 + 0.2, 0.3

    assert [[0.0, 0.5], [0.5, 0.0]] == comparisons(scores)[..., 0].tolist()


def test_who_cannot_be_compared_is_told_apart() -> None:
    """The largest connected group is rated."""
    wins = np.zeros((5, 5))
    wins[0, 1] = wins[3, 1] = wins[2, 4] = 1.0

    assert [True, True, False, True, False] == comparable(wins).tolist()


# Bradley–Terry.


def test_two_players_differ_by_the_odds() -> None:
    """Nine wins in ten are odds of nine, as far as many comparisons outweigh the one that is made up."""
    logs = bradley_terry(np.array([[0.0, 9e6], [1e6, 0.0]]))

    assert math.log(9) == pytest.approx(logs[0] - logs[1], abs=1e-4)
    assert [1500 + 200 * math.log10(9), 1500 - 200 * math.log10(9)] == pytest.approx(elo(logs), abs=0.1)


def test_known_strengths_are_found_again() -> None:
    """From the expected number of wins, the strengths that they come from."""
    strengths = np.array([4.0, 2.0, 1.0, 0.5, 0.1])
    wins = 1e7 * strengths[:, None] / (strengths[:, None] + strengths) * (1 - np.eye(5))
    expected = np.log(strengths) - np.log(strengths).mean()

    assert expected == pytest.approx(bradley_terry(wins), abs=1e-4)


def test_who_never_did_better_has_a_rating() -> None:
    """The worst, and finite; so has who never did worse."""
    logs = bradley_terry(np.array([[0.0, 100.0, 100.0], [0.0, 0.0, 100.0], [0.0, 0.0, 0.0]]))

    assert np.isfinite(logs).all()
    assert [2, 1, 0] == np.argsort(logs).tolist()


def test_equal_players_are_rated_equal() -> None:
    """All in the middle, by ties alone too."""
    assert [1500.0] * 4 == pytest.approx(elo(bradley_terry(np.full((4, 4), 50.0) - 50 * np.eye(4))))


def test_a_batch_is_rated_as_its_parts_are() -> None:
    """Resamples are fitted all at once."""
    rng = np.random.Generator(np.random.Philox(3))
    wins = np.floor(200 * rng.random((5, 4, 4))) * (1 - np.eye(4))

    assert np.array([bradley_terry(one) for one in wins]) == pytest.approx(bradley_terry(wins), abs=1e-4)


def test_the_fit_is_the_maximum() -> None:
    """No step away from it has a higher likelihood."""
    rng = np.random.Generator(np.random.Philox(5))
    wins = np.floor(100 * rng.random((6, 6))) * (1 - np.eye(6))

    def likelihood(logs: Floats) -> float:
        ahead = logs[:, None] - logs
        # One comparison with a player of strength 1, half won; a fit is centred, which it was not when it was found.
        return float(-(wins * np.log1p(np.exp(-ahead))).sum())

    best = bradley_terry(1000 * wins)  # where the prior does not count
    steps = 0.01 * rng.standard_normal((50, 6))

    assert all(likelihood(best) >= likelihood(best + step) for step in steps)


# α-Rank.

ROCK_PAPER_SCISSORS = np.array([[0.5, 0.0, 1.0], [1.0, 0.5, 0.0], [0.0, 1.0, 0.5]])
PRISONERS = np.array([[3.0, 0.0], [5.0, 1.0]])  # cooperate, defect


def masses(first: Floats, second: Floats) -> tuple[list[float], list[float]]:
    """How often each strategy is played in each seat."""
    shares = alpha_rank(first, second)
    return shares.sum(axis=1).tolist(), shares.sum(axis=0).tolist()


def test_rock_paper_scissors_goes_round() -> None:
    """Each a third of the time."""
    first, second = masses(ROCK_PAPER_SCISSORS, ROCK_PAPER_SCISSORS.T)

    assert [1 / 3] * 3 == pytest.approx(first)
    assert [1 / 3] * 3 == pytest.approx(second)


def test_prisoners_defect() -> None:
    """Always, although both would gain by cooperating."""
    first, second = masses(PRISONERS, PRISONERS.T)

    assert [0.0, 1.0] == pytest.approx(first, abs=1e-5)
    assert [0.0, 1.0] == pytest.approx(second, abs=1e-5)


def test_what_is_always_worse_than_everything_does_not_last() -> None:
    """A fourth strategy that loses changes nothing for the other three."""
    payoff = np.pad(ROCK_PAPER_SCISSORS, ((0, 1), (0, 1)), constant_values=(0.0, 1.0))
    payoff[3] = -1.0
    first, _ = masses(payoff, payoff.T)

    assert [1 / 3, 1 / 3, 1 / 3, 0.0] == pytest.approx(first, abs=1e-4)


def test_two_conventions_share_the_time() -> None:
    """Of two equilibria that are alike neither is chosen, and what is none is not played."""
    payoff = np.eye(2)

    assert [[0.5, 0.0], [0.0, 0.5]] == pytest.approx(alpha_rank(payoff, payoff), abs=1e-5)


def test_seats_may_differ() -> None:
    """Matching pennies has no rest; where one seat has a dominant choice the other answers it."""
    pennies = np.array([[1.0, -1.0], [-1.0, 1.0]])
    first, second = masses(
        np.array([[2.0, 2.0, 2.0], [1.0, 1.0, 1.0]]), np.array([[0.0, 0.1, 0.2], [9, 0, 0]])
    )

    assert [[0.25, 0.25], [0.25, 0.25]] == pytest.approx(alpha_rank(pennies, -pennies))
    assert [1.0, 0.0] == pytest.approx(first, abs=1e-5)
    assert [0.0, 0.0, 1.0] == pytest.approx(second, abs=1e-4)


@given(st.integers(0, 10_000), st.integers(1, 3), st.integers(1, 3))
def test_shares_are_what_exact_arithmetic_finds(seed: int, rows: int, columns: int) -> None:
    """Built move by move and solved in fractions, ties included."""
    rng = np.random.Generator(np.random.Philox(seed))
    first, second = rng.integers(0, 4, size=(2, rows, columns)).astype(float)

    assert exact(first, second) == pytest.approx(alpha_rank(first, second).ravel().tolist(), abs=1e-9)


def exact(first: Floats, second: Floats) -> list[float]:
    """Every single change of strategy by one seat, and the stationary distribution in fractions."""
    states = [(i, j) for i in range(first.shape[0]) for j in range(first.shape[1])]
    rates = {}
    for one in states:
        for other in states:
            changed = [seat for seat in (0, 1) if one[seat] != other[seat]]
            if len(changed) == 1:
                payoff = (first, second)[changed[0]]
                gain = payoff[other] - payoff[one]
                chance = 1.0 if gain > 0 else 1 / POPULATION if gain == 0 else MISTAKE
                rates[one, other] = Fraction(chance)
    # What flows into a state flows out of it; the last equation is that shares sum to one.
    size = len(states)
    rows = [[rates.get((other, one), Fraction(0)) for other in states] for one in states]
    for index, one in enumerate(states):
        rows[index][index] -= sum(rates.get((one, other), Fraction(0)) for other in states)
    rows[-1] = [Fraction(1)] * size
    sides = [Fraction(0)] * (size - 1) + [Fraction(1)]
    for column in range(size):
        pivot = next(row for row in range(column, size) if rows[row][column])
        rows[column], rows[pivot] = rows[pivot], rows[column]
        sides[column], sides[pivot] = sides[pivot], sides[column]
        for row in range(size):
            if row != column and (factor := rows[row][column] / rows[column][column]):
                rows[row] = [a - factor * b for a, b in zip(rows[row], rows[column], strict=True)]
                sides[row] -= factor * sides[column]
    return [float(side / rows[index][index]) for index, side in enumerate(sides)]


def test_a_batch_of_games_is_ranked_as_its_parts_are() -> None:
    """Resamples are ranked all at once."""
    rng = np.random.Generator(np.random.Philox(9))
    first, second = rng.random((2, 6, 3, 4))
    expected = [alpha_rank(one, other) for one, other in zip(first, second, strict=True)]

    assert np.array(expected) == pytest.approx(alpha_rank(first, second))


def test_scales_of_payoffs_do_not_matter() -> None:
    """Neither of one seat nor of the other, as utilities of different people have none in common."""
    rng = np.random.Generator(np.random.Philox(11))
    first, second = rng.random((2, 3, 3))

    assert alpha_rank(first, second) == pytest.approx(alpha_rank(100 * first + 7, 0.01 * second))


def test_time_is_shared_as_in_a_chain_that_runs() -> None:
    """Many steps from any state come to the same."""
    rng = np.random.Generator(np.random.Philox(13))
    rates = rng.random((7, 7))
    np.fill_diagonal(rates, 0.0)
    chain = rates / rates.sum(axis=1).max()
    np.fill_diagonal(chain, 1 - chain.sum(axis=1))

    assert np.linalg.matrix_power(chain, 2000)[0] == pytest.approx(stationary(rates))


def test_every_pair_needs_payoffs() -> None:
    """Nothing is guessed for a pair that did not meet."""
    with pytest.raises(UsageError, match="for every pair"):
        alpha_rank(np.array([[math.nan, 1.0]]), np.array([[1.0, 1.0]]))
    with pytest.raises(UsageError, match="one shape"):
        alpha_rank(np.zeros((2, 3)), np.zeros((3, 2)))


def test_one_seat_changes_at_a_time() -> None:
    """Two seats never move at once."""
    rates = responses(np.zeros((2, 3)), np.zeros((2, 3)))

    assert 6 * (1 + 2) == np.count_nonzero(rates)
    assert 0.0 == np.trace(rates)
