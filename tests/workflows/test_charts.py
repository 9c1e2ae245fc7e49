"""Pictures."""

import math
import re

import pytest

from gristmill.workflows.charts import MOST_POINTS, Series, interval_bar, line_chart
from gristmill.workflows.metrics import Outcome, Rate
from tests.workflows.pages import Page


def chart(points: list[tuple[float, float]], **more: bool) -> str:
    """One curve."""
    series = Series(name="s", style="curve train", points=points)
    return str(line_chart([series], title="t", x="step", y="loss (nats)", start=(None, None), **more))


def labels(svg: str) -> list[str]:
    """The texts of the y axis, from below."""
    return re.findall(r'text-anchor="end">([^<]*)<', svg)


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (0.0, 6.0, ["0", "2", "4", "6"]),
        (0.0, 0.42, ["0.0", "0.1", "0.2", "0.3", "0.4", "0.5"]),
        (-3.0, 9_000.0, ["-2,000", "0", "2,000", "4,000", "6,000", "8,000", "10,000"]),
    ],
)
def test_ticks_are_round_and_distinct(low: float, high: float, expected: list[str]) -> None:
    """They hold all points between them."""
    assert expected == labels(chart([(0, low), (1, high)]))


def test_a_narrow_range_is_told_apart() -> None:
    """Accuracies near 100 % do not all read 100."""
    found = labels(chart([(0, 0.9991), (1, 0.9996)], per_cent=True))

    assert len(set(found)) == len(found) > 2


@pytest.mark.parametrize(
    "points", [[(1, 0.5)], [(1, 0.5), (2, 0.5)], [(1, math.nan), (2, 1.0), (3, math.inf)]]
)
def test_any_curve_can_be_drawn(points: list[tuple[float, float]]) -> None:
    """One point, a flat line, and a loss that went wrong leave a well-formed picture without NaN."""
    svg = chart(points)

    assert [] == Page(svg).wrong
    assert "nan" not in svg
    assert "inf" not in svg


def test_no_curve_is_said() -> None:
    """There is a sentence in place of an empty frame."""
    assert "Nothing was recorded" in chart([])


def test_a_curve_of_one_point_is_seen() -> None:
    """It is a line to where it begins, whose round ends are a dot."""
    (points,) = re.findall(r'points="([^"]*)"', chart([(3, 0.5)]))
    first, last = points.split()

    assert first == last


def test_a_long_curve_is_thinned() -> None:
    """What cannot be seen is not drawn."""
    points = re.findall(r'points="([^"]*)"', chart([(step, step % 7) for step in range(10_000)]))[0]

    assert len(points.split()) <= MOST_POINTS


def test_a_bar_says_its_figures() -> None:
    """For those who cannot see it, and for the one who can it stays in its frame."""
    found = [Outcome(id="", scenario="", attempt=0, stratum="", status="pass")] * 4
    svg = str(interval_bar(Rate.of(found), "s1", bar=0.8))

    assert "100.0%, 95 % interval 51.0% to 100.0%" in svg
    assert max(float(place) for place in re.findall(r'="([\d.]+)%"', svg)) <= 100
