"""From how every episode of a league went to its figures: pure arithmetic.

Letters in shapes: B resamples, the sample itself first; N players; K scenarios. What is not there is NaN.
"""

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray

from gristmill.workflows.alpharank import alpha_rank
from gristmill.workflows.league_play import Row
from gristmill.workflows.league_types import Cell, Player
from gristmill.workflows.metrics import Rate
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

__all__ = ["Sums", "sums"]

Floats = NDArray[np.float64]
Tables = Mapping[tuple[int, int], Sequence[Row]]

_EFFORT = 1e9  # additions that α-Rank may cost; it needs the cube of the number of pairs for every resample
_FEWEST = 20  # resamples that it is ranked in at least


class Sums(NamedTuple):
    """The figures: players with theirs, the matrix, and by how much the highest rating is above the next one."""

    players: list[Player]
    matrix: list[list[Cell | None]]
    lead: Interval | None


class _Played(NamedTuple):
    """How every episode went.

    Attributes:
        scores: of a player in a seat against an opponent in the other, [seat, player, opponent, K].
        passed: whether it passed there, [seat, player, opponent, K].
        kept: whether it passed the checks of its own conduct there, [seat, player, opponent, K].
        deals: whether there was a deal, by who sat in the first seat and who in the second, [N, N, K].
        nash: share of the best Nash product, [N, N, K].
    """

    scores: Floats
    passed: Floats
    kept: Floats
    deals: Floats
    nash: Floats


def sums(players: Sequence[Player], seats: tuple[str, str], tables: Tables, *, seed: int = 0) -> Sums:
    """Return what the episodes of all tables come to.

    Args:
        players: without figures.
        seats: names of the first and the second seat.
        tables: the rows of every ordered pair that met, by the numbers of the players in the first and the second seat.
        seed: root seed of the resamples.
    """
    played = _played(len(players), tables)
    weights = resamples(played.scores.shape[-1], seed)
    made = means(played.scores, weights)  # [B, seat, N, N]
    both = made.mean(axis=1)
    deals, nash = (_over_seatings(means(one, weights)) for one in (played.deals, played.nash))
    judged = np.isfinite(played.scores).sum(axis=(0, -1))
    rated = _rated(played.scores, weights)
    figures = zip(
        intervals(rated),
        intervals(_mean(both)),
        *(intervals(_mean(made[:, seat])) for seat in (0, 1)),
        intervals(_mean(deals)),
        intervals(_mean(nash)),
        *_shares(made),
        strict=True,
    )
    found = [
        replace(
            player, rating=rating, score=score, by_seat=dict(zip(seats, own, strict=True)), agreement=deal,
            efficiency=share_of_best, share=share,
            share_by_seat={} if share is None else dict(zip(seats, parts, strict=True)),
            passed=_rate(played.passed[:, number], _broken(number, seats, tables)), kept=_rate(played.kept[:, number]),
        )
        for number, (player, (rating, score, *own, deal, share_of_best, share, parts)) in enumerate(
            zip(players, figures, strict=True)
        )
    ]  # fmt: skip
    met = {pair for one, other in tables for pair in ((one, other), (other, one))}
    matrix = [
        [
            Cell(
                score=Interval.of(both[:, row, column]),
                by_seat={seat: Interval.of(made[:, place, row, column]) for place, seat in enumerate(seats)},
                agreement=Interval.of(deals[:, row, column]),
                efficiency=Interval.of(nash[:, row, column]),
                n=int(judged[row, column]),
            )
            if (row, column) in met
            else None
            for column in range(len(players))
        ]
        for row in range(len(players))
    ]
    return Sums(found, matrix, _lead(rated))


def _played(players: int, tables: Tables) -> _Played:
    keys = {(row.index, row.scenario) for rows in tables.values() for row in rows}
    places = {key: place for place, key in enumerate(sorted(keys))}
    shape = (players, players, len(places))
    scores, passed, kept = np.full((3, 2, *shape), math.nan)
    deals, nash = np.full((2, *shape), math.nan)
    for (first, second), rows in tables.items():
        for row in rows:
            place = places[row.index, row.scenario]
            if row.scores is not None and row.passed is not None:
                scores[0, first, second, place], scores[1, second, first, place] = row.scores
                passed[0, first, second, place], passed[1, second, first, place] = row.passed
            if row.kept is not None:
                kept[0, first, second, place], kept[1, second, first, place] = row.kept
            deals[first, second, place] = math.nan if row.deal is None else row.deal
            nash[first, second, place] = math.nan if row.nash is None else row.nash
    return _Played(scores, passed, kept, deals, nash)


def _over_seatings(values: Floats) -> Floats:
    """Return the means over both seatings of a pair, which are the same for one and the other, [B, N, N]."""
    return (values + np.swapaxes(values, -1, -2)) / 2


def _mean(values: Floats) -> Floats:
    """Return the means over the opponents that there are, [B, N]."""
    there = ~np.isnan(values)
    counts = there.sum(axis=-1)
    total = np.where(there, values, 0.0).sum(axis=-1)
    return np.asarray(np.divide(total, counts, out=np.full_like(total, math.nan), where=counts > 0))


def _rated(scores: Floats, weights: Floats) -> Floats:
    """Return the ratings of those who can be compared, [B, N]."""
    better = comparisons(scores)
    size = len(better)
    wins = (weights @ better.reshape(size * size, -1).T).reshape(-1, size, size)
    rated = np.flatnonzero(comparable(wins[0]))
    found = np.full((len(weights), size), math.nan)
    if len(rated) > 1:
        found[:, rated] = elo(bradley_terry(wins[:, rated[:, None], rated]))
    return found


def _lead(rated: Floats) -> Interval | None:
    """Return by how much the highest rating is above the next one, both in the same resamples."""
    order = [player for player in np.argsort(-rated[0]) if not math.isnan(rated[0, player])]
    return Interval.of(rated[:, order[0]] - rated[:, order[1]]) if len(order) > 1 else None


def _shares(made: Floats) -> tuple[list[Interval | None], list[list[float]]]:
    """Return how much of the time each player is played in the long run, and that in each seat.

    There is nothing for who was never judged, and for anybody unless all the others met in both seats.
    """
    found: list[Interval | None] = [None] * made.shape[-1]
    by_seat = [[0.0, 0.0]] * made.shape[-1]
    there = np.flatnonzero(np.isfinite(made[0]).any(axis=(0, 2)))
    few = max(_FEWEST, int(_EFFORT / max(len(there), 1) ** 6))
    games = made[: 1 + few][:, :, there[:, None], there]
    whole = games[np.isfinite(games).all(axis=(1, 2, 3))]
    if len(there) < 2 or not np.isfinite(games[0]).all():
        return found, by_seat
    time = alpha_rank(whole[:, 0], np.swapaxes(whole[:, 1], -1, -2))
    seats = np.stack([time.sum(axis=-1), time.sum(axis=-2)])  # [seat, B, N]
    over = seats.mean(axis=0)
    low, high = np.quantile(over, (0.025, 0.975), axis=0)
    for place, player in enumerate(there):
        found[player] = Interval(
            value=float(over[:, place].mean()), low=float(low[place]), high=float(high[place])
        )
        by_seat[player] = seats[:, :, place].mean(axis=1).tolist()
    return found, by_seat


def _rate(own: Floats, broken: int = 0) -> Rate:
    return Rate.of_counts(int(np.nansum(own)), int(np.isfinite(own).sum()), broken)


def _broken(player: int, seats: tuple[str, str], tables: Tables) -> int:
    """Return how many episodes ended in an error of a player."""
    return sum(
        row.status == "error" and row.side == seats[seat]
        for pair, rows in tables.items()
        for seat in (0, 1)
        if pair[seat] == player
        for row in rows
    )
