"""Tilting: rare options come up often, and weights make up for it exactly."""

import numpy as np
import pytest

from gristmill.errors import UsageError
from gristmill.generators.fields import Choice, Flag, Many, Normal
from gristmill.generators.rare.cube import Cube
from gristmill.generators.rare.tilt import Tilt
from gristmill.generators.space import Space, Values

SPACE = Space(
    weather=Choice(["clear", "rain", "ice"], [0.85, 0.145, 0.005]),
    slip=Flag(0.02).when(weather="ice"),
    loads=Many(Space(loose=Flag(0.03)), Choice([0, 1], [0.5, 0.5])),
)


def drawn(tilt: Tilt, n: int = 40_000) -> tuple[list[Values], np.ndarray]:
    """Return scenarios under a tilt and their weights."""
    points, values = tilt.cube.uniform(np.random.default_rng(0), n, tilt.units)
    return values, np.exp(tilt.log_weights(tilt.units(points), values))


def test_options_of_at_most_five_percent_are_tilted() -> None:
    """By themselves; by their names, in which numbers of records may be left out; or none."""
    cube = Cube(SPACE)

    assert ["weather", "slip", "loads.0.loose"] == [one.path for one in Tilt.auto(cube).gates]
    assert ["loads.0.loose"] == [one.path for one in Tilt.named(cube, ["loads.loose"]).gates]
    assert [] == Tilt.named(cube, []).gates
    with pytest.raises(UsageError, match=r"Unknown gate 'wether'.*'weather'"):
        Tilt.named(cube, ["wether"])


def test_half_of_the_draws_take_all_options_alike() -> None:
    """An option of 0.5 % comes up in a sixth of them and half a percent."""
    values, _ = drawn(Tilt.auto(Cube(SPACE)))
    share = np.mean([one["weather"] == "ice" for one in values])

    assert abs(share - (0.5 / 3 + 0.0025)) < 0.01


def test_weighted_shares_are_the_nominal_ones() -> None:
    """Also behind several rare options, and of those with conditions."""
    values, weights = drawn(Tilt.auto(Cube(SPACE)))
    slips = np.array([one.get("slip", False) for one in values])
    loose = np.array([any(load["loose"] for load in one["loads"]) for one in values])

    assert abs(weights.mean() - 1) < 0.02
    assert abs((weights * slips).mean() / (0.005 * 0.02) - 1) < 0.1
    assert abs((weights * loose).mean() / (0.5 * 0.03) - 1) < 0.1


def test_absent_gates_count_for_nothing() -> None:
    """The weight of a scenario without ice is that of its weather and its load alone."""
    tilt = Tilt.auto(Cube(SPACE))
    values = [{"weather": "clear", "loads": []}]
    units = np.full((SPACE.dims, 1), 0.1)
    q = 0.5 * 0.85 + 0.5 / 3

    assert abs(tilt.log_weights(units, values)[0] - np.log(0.85 / q)) < 1e-12


def test_many_gates_are_tilted_little_each() -> None:
    """So that the second moment of the weights of all of them stays at eight."""
    tilt = Tilt.auto(Cube(Space(items=Many(Space(bad=Flag(0.02)), Choice([100])))))
    p = np.array([0.98, 0.02])
    q = (1 - tilt.share) * p + tilt.share / 2

    assert 0 < tilt.share < 0.5
    assert abs((p**2 / q).sum() ** 100 - 8) < 0.01


def test_weights_know_how_many_draws_are_legal() -> None:
    """Where a constraint forbids most rare options, weighted shares are those of legal scenarios."""
    space = Space({"rare": Flag(0.05), "x": Normal(0, 1)}, where=lambda row: not row["rare"] or row["x"] > 1)
    values, weights = drawn(Tilt.auto(Cube(space)), 20_000)
    legal = 0.05 * 0.158655
    share = (weights * [one["rare"] for one in values]).mean()

    assert abs(weights.mean() - 1) < 0.03
    assert abs(share / (legal / (0.95 + legal)) - 1) < 0.06
