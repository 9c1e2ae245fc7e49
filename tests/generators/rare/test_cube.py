"""The latent cube: where fields are in it, and moves that leave the nominal distribution as it is."""

import numpy as np
import pytest

from gristmill.errors import UsageError
from gristmill.generators.fields import Choice, Flag, LogNormal, Many, Normal
from gristmill.generators.rare.cube import Cube, Gate
from gristmill.generators.space import Space

SPACE = Space(
    speed=Normal(30, 3),
    weather=Choice(["clear", "ice"], [0.98, 0.02]),
    slip=Flag(0.3).when(weather="ice"),
    requests=Many(Space(blocked=Flag(0.1), delay=LogNormal(1, 0.5)), Choice([0, 2])),
    fixed=Many(Space(on=Flag(0.5)), Choice([2])),
    only=Choice(["this"]),
)


def test_gates_are_the_choices_flags_and_counts_that_can_differ() -> None:
    """Every one has a path, also within records; what has one value only is none."""
    cube = Cube(SPACE)

    assert [
        "weather",
        "slip",
        "requests",
        "requests.0.blocked",
        "requests.1.blocked",
        "fixed.0.on",
        "fixed.1.on",
    ] == [one.path for one in cube.gates]
    assert ["speed", "requests.0.delay", "requests.1.delay"] == [
        one.path for one in cube.parts if not isinstance(one, Gate)
    ]


def test_a_part_knows_whether_a_scenario_has_it() -> None:
    """Conditional fields and records beyond the count are absent, and a part that is always there is marked."""
    cube = Cube(SPACE)
    values = {"speed": 30.0, "weather": "clear", "requests": [], "fixed": [{"on": True}] * 2, "only": "this"}
    some = values | {"weather": "ice", "slip": True, "requests": [{"blocked": True, "delay": 1.0}] * 2}

    assert ["speed", "weather", "requests", "fixed.0.on", "fixed.1.on"] == [
        one.path for one in cube.parts if one.there(values)
    ]
    assert [one.path for one in cube.parts] == [one.path for one in cube.parts if one.there(some)]
    assert all(one.there(values) for one in cube.parts if one.always)


def test_codes_of_gates_are_the_options_that_are_drawn() -> None:
    """What the edges say of a unit is what the Space makes of it."""
    cube = Cube(SPACE)
    units = np.random.default_rng(0).random((cube.dims, 500))
    values, _ = cube.draw(units)
    weather = cube.gates[0]

    assert [one["weather"] for one in values] == [weather.options[code] for code in weather.codes(units[1])]


def test_an_option_without_probability_is_refused_by_name() -> None:
    """The message names the option and where it is."""
    with pytest.raises(UsageError, match=r"got True of 'requests.0.blocked' with a probability of 0"):
        Cube(Space(requests=Many(Space(blocked=Flag(0.0)), Choice([1]))))


@pytest.mark.parametrize("scale", [0.1, 0.5, 1.0])
def test_moves_leave_the_nominal_distribution_as_it_is(scale: float) -> None:
    """After some moves of evenly drawn points, every unit is as evenly spread as before."""
    cube, rng = Cube(SPACE), np.random.default_rng(1)
    points = rng.random((cube.dims, 20_000))
    for _ in range(3):
        points, _ = cube.move(points, rng, scale)

    assert ((points >= 0) & (points < 1)).all()
    for unit in points:
        shares = np.histogram(unit, 10, (0, 1))[0] / points.shape[1]
        assert np.abs(shares - 0.1).max() < 0.011  # five standard errors


def test_small_moves_are_as_likely_as_the_way_back() -> None:
    """Where points come from and where they go to are distributed alike: pairs can be swapped."""
    cube, rng = Cube(Space(x=Normal(0, 1), y=Normal(0, 1))), np.random.default_rng(2)
    points = rng.random((2, 40_000))
    moved, _ = cube.move(points, rng, 0.4)
    there, _, _ = np.histogram2d(points[0], moved[0], 5, [[0, 1], [0, 1]])

    assert np.abs(there - there.T).max() < 5 * np.sqrt(2 * there.max())


def test_points_are_drawn_until_they_are_legal() -> None:
    """A constraint is met by all, and one that nothing meets is an error instead of a search without end."""
    cube = Cube(Space({"x": Normal(0, 1)}, where=lambda row: row["x"] > 1))
    _, values = cube.uniform(np.random.default_rng(0), 50)

    assert 50 == len(values)
    assert all(one["x"] > 1 for one in values)
    with pytest.raises(UsageError, match="that some draws meet"):
        Cube(Space({"x": Normal(0, 1)}, where=lambda _: False)).nominal(np.random.default_rng(0), 5)
