"""Rare events whose probability is known: Spaces of real fields, a graded severity, and the exact truth beside them.

`highway` can be driven by several drivers, so that a set made with one can be put to the others.
"""

from collections.abc import Callable, Sequence
from itertools import product
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.stats import lognorm, norm

from gristmill.generators.fields import Choice, Flag, LogNormal, Many, Normal
from gristmill.generators.rare.problem import Outcome, Problem
from gristmill.generators.space import Space, Values

__all__ = ["DRIVERS", "KNOWN", "Driver", "Known", "gaussian", "highway", "ruin", "union", "walk"]


class Known(NamedTuple):
    """A problem and its exact probability."""

    problem: Problem
    truth: float


def gaussian(size: int, truth: float) -> Known:
    """Return a half-space of standard normals: their sum over the root of their number is the severity."""
    space = Space({f"x{place}": Normal(0, 1) for place in range(size)})

    def simulate(rows: Sequence[Values]) -> list[Outcome]:
        sums = _numbers(rows).sum(axis=1) / np.sqrt(size)
        return [Outcome(one) for one in sums.tolist()]

    return Known(Problem(space, simulate, float(norm.isf(truth))), truth)


def union(first: float, second: float, size: int = 10) -> Known:
    """Return two ways to fail that have nothing in common, with the probability of each alone."""
    space = Space({f"x{place}": Normal(0, 1) for place in range(size)})
    limits = norm.isf([first, second])

    def simulate(rows: Sequence[Values]) -> list[Outcome]:
        worst = (_numbers(rows)[:, :2] - limits).max(axis=1)
        return [Outcome(one) for one in worst.tolist()]

    return Known(Problem(space, simulate, 0.0), first + second - first * second)


class Driver(NamedTuple):
    """How somebody drives on the highway.

    Attributes:
        reaction: seconds that are added to the time of reaction.
        braking: metres that braking takes more.
        fog: metres that are lost in fog.
        horse: metres that are lost before a large animal.
    """

    reaction: float = 0.0
    braking: float = 0.0
    fog: float = 45.0
    horse: float = 6.0


DRIVERS = {
    "A": Driver(),
    "B": Driver(reaction=0.15, braking=-4.0),
    "C": Driver(fog=75.0),
    "D": Driver(reaction=-0.5, braking=-3.0, horse=14.0),
    "E": Driver(braking=5.0, fog=30.0, horse=0.0),
}
_WEATHER = {"clear": 0.85, "rain": 0.12, "fog": 0.025, "ice": 0.005}
_ANIMAL = {"none": 0.9949, "dog": 0.0041, "horse": 0.001}
_DISTRACTED = 0.03
_BRAKE = {"clear": (64.0, 4.3), "rain": (82.0, 5.5), "fog": (66.0, 4.4), "ice": (150.0, 8.0)}  # m, m per m/s
_SPEED, _REACTION, _SIGHT, _GRIP = (30.0, 3.5), (1.2, 0.2), (203.0, 15.0), (1.0, 0.1)
_NOTHING = -200.0  # metres short where there is no animal


def highway(driver: Driver = DRIVERS["A"], threshold: float = 0.0) -> Known:
    """Return an animal on the road: by how many metres the car stops too late, to first order in four normal numbers.

    Without an animal, which is nearly always, the severity is one constant.
    """
    space = Space(
        speed=Normal(*_SPEED, unit="m/s"),
        reaction=Normal(*_REACTION, unit="s"),
        sight=Normal(*_SIGHT, unit="m"),
        grip=Normal(*_GRIP),
        weather=Choice(list(_WEATHER), list(_WEATHER.values())),
        obstacle=Choice(list(_ANIMAL), list(_ANIMAL.values())),
        distracted=Flag(_DISTRACTED),
    )

    def base(weather: str, obstacle: str, distracted: bool) -> float:
        lost = driver.fog * (weather == "fog") + driver.horse * (obstacle == "horse") + 24.0 * distracted
        return _BRAKE[weather][0] + driver.braking + _SPEED[0] * driver.reaction + lost

    def severity(row: Values) -> float:
        if row["obstacle"] == "none":
            return _NOTHING
        stop = _BRAKE[row["weather"]][1] * (row["speed"] - _SPEED[0]) + _SPEED[0] * row["reaction"]
        stop -= 60.0 * (row["grip"] - 1)
        return float(base(row["weather"], row["obstacle"], row["distracted"]) + stop - row["sight"])

    truth = 0.0
    for (weather, one), (obstacle, two), distracted in product(
        _WEATHER.items(), _ANIMAL.items(), (False, True)
    ):
        if obstacle == "none":
            continue
        middle = base(weather, obstacle, distracted) + _SPEED[0] * _REACTION[0] - _SIGHT[0]
        parts = _BRAKE[weather][1] * _SPEED[1], _SPEED[0] * _REACTION[1], 60.0 * _GRIP[1], _SIGHT[1]
        share = one * two * (_DISTRACTED if distracted else 1 - _DISTRACTED)
        truth += share * float(norm.sf((threshold - middle) / np.hypot.reduce(parts)))
    problem = Problem(space, lambda rows: [Outcome(severity(row)) for row in rows], threshold)
    return Known(problem, truth)


def walk(steps: int = 60, capital: int = 34) -> Known:
    """Return a firm that wins or loses one each day with a fair coin, and is bankrupt once it has lost its capital."""
    space = Space(days=Many(Space(lost=Flag(0.5)), Choice([steps])))

    def simulate(rows: Sequence[Values]) -> list[Outcome]:
        lost = np.array([[2 * one["lost"] - 1 for one in row["days"]] for row in rows])
        return _running(lost.cumsum(axis=1).astype(float))

    alive, truth = (
        np.zeros(2 * steps + 1),
        0.0,
    )  # how likely each loss so far is, among those not yet bankrupt
    alive[steps] = 1.0
    for _ in range(steps):
        alive = 0.5 * (np.append(0.0, alive[:-1]) + np.append(alive[1:], 0.0))
        truth += alive[steps + capital :].sum()
        alive[steps + capital :] = 0.0
    return Known(Problem(space, simulate, float(capital), clock="days"), float(truth))


def ruin(claims: int = 100, capital: float = 15.105) -> Known:
    """Return an insurer whose capital has to outlast so many claims, for which premiums come in while none is made."""
    size, gap, premium = LogNormal(0.9, 0.5), LogNormal(0.9, 0.5), 1.25
    space = Space(claims=Many(Space(size=size, gap=gap), Choice([claims])))

    def simulate(rows: Sequence[Values]) -> list[Outcome]:
        lost = [[one["size"] - premium * one["gap"] for one in row["claims"]] for row in rows]
        return _running(np.cumsum(lost, axis=1))

    return Known(Problem(space, simulate, capital, clock="claims"), _ruin(claims, capital, premium))


def _ruin(claims: int, capital: float, premium: float, width: float = 0.01) -> float:
    """Return the probability of ruin from sums over a grid, the limit between two points of it."""
    ends = (np.arange(6_000) + 0.5) * width
    size = np.diff(lognorm.cdf(ends, 0.5, scale=0.9), prepend=0.0)
    gap = np.diff(lognorm.cdf(ends, 0.5, scale=0.9 * premium), prepend=0.0)
    step = np.convolve(size, gap[::-1])  # from -5_999 to 5_999 widths
    below, above = 2**15, round(capital / width + 0.5)
    alive, truth = np.zeros(2**16), 0.0
    alive[below] = 1.0
    spread = np.fft.rfft(np.roll(np.append(step, np.zeros(len(alive) - len(step))), -5_999))
    for _ in range(claims):
        alive = np.fft.irfft(np.fft.rfft(alive) * spread, len(alive))
        truth += alive[below + above :].sum()
        alive[below + above :] = 0.0
        alive[: 2**13] = (
            0.0  # whoever has won this much is never ruined, and would come in again at the other end
        )
    return float(truth)


KNOWN: dict[str, Callable[[], Known]] = {
    "G10 1e-4": lambda: gaussian(10, 1e-4),
    "G10 1e-5": lambda: gaussian(10, 1e-5),
    "G10 1e-6": lambda: gaussian(10, 1e-6),
    "G100 1e-5": lambda: gaussian(100, 1e-5),
    "U 1:1": lambda: union(5e-6, 5e-6),
    "U 9:1": lambda: union(9e-6, 1e-6),
    "H": highway,
    "W": walk,
    "R": ruin,
}


def _numbers(rows: Sequence[Values]) -> NDArray[np.float64]:
    return np.array([list(row.values()) for row in rows])


def _running(sums: NDArray[np.float64]) -> list[Outcome]:
    """Return the outcomes whose running severity is the worst so far, [N, steps]."""
    worst = np.maximum.accumulate(sums, axis=1)
    return [Outcome(float(row[-1]), row) for row in worst]
