"""Charts as inline SVG: no script, no fetch, colours from the page's style sheet so that they follow light and dark.

A bar is as wide as its place, with marks in per cent; a curve has a view box and scales as a whole, which the style
sheet lets it do down from its own size and never up, so that its text is at most as large as the page's small text.
"""

import math
from collections.abc import Sequence

import msgspec
from markupsafe import Markup

from gristmill.workflows.metrics import Rate

__all__ = ["Series", "interval_bar", "line_chart", "rate_axis", "shown"]

WIDTH, HEIGHT = 440, 262  # the former stands in the style sheet as well
LEFT, RIGHT, TOP, BOTTOM = 70, 20, 14, 46  # margins of the plot, for tick labels and axis titles
MOST_POINTS = 240  # a longer curve is averaged down to this; more cannot be seen


class Series(msgspec.Struct, frozen=True, kw_only=True):
    """One curve.

    Attributes:
        name: for the legend.
        style: class in the style sheet.
        points: (x, y), x ascending.
        dots: mark the points instead of joining them.
    """

    name: str
    style: str
    points: list[tuple[float, float]]
    dots: bool = False


def interval_bar(rate: Rate, style: str, *, bar: float | None = None, tall: bool = False) -> Markup:
    """Return a rate from 0 to 100 % with its interval as a whisker, and a mark at `bar`."""
    height = 26 if tall else 14
    middle, thick = height / 2, 12 if tall else 6
    said = f"{rate.rate:.1%}, 95 % interval {rate.low:.1%} to {rate.high:.1%}"
    parts = [
        Markup('<rect class="track" x="0" y="{y}" width="100%" height="{h}" rx="{r}"/>'),
        Markup('<rect class="{style}" x="0" y="{y}" width="{rate}%" height="{h}" rx="{r}"/>'),
    ]
    if bar is not None:
        parts.append(Markup('<line class="goal" x1="{bar}%" x2="{bar}%" y1="0" y2="{height}"/>'))
    parts += [
        Markup('<line class="whisker" x1="{low}%" x2="{high}%" y1="{m}" y2="{m}"/>'),
        Markup('<line class="whisker" x1="{low}%" x2="{low}%" y1="{a}" y2="{b}"/>'),
        Markup('<line class="whisker" x1="{high}%" x2="{high}%" y1="{a}" y2="{b}"/>'),
    ]
    body = Markup("").join(parts).format(
        style=style, y=middle - thick / 2, h=thick, r=thick / 4, m=middle, height=height,
        a=middle - thick / 3, b=middle + thick / 3, bar=_per_cent(bar or 0.0),
        rate=_per_cent(rate.rate), low=_per_cent(rate.low), high=_per_cent(rate.high),
    )  # fmt: skip
    return Markup('<svg class="bar" role="img" aria-label="{}" width="100%" height="{}">{}</svg>').format(
        said, height, body
    )


def rate_axis() -> Markup:
    """Return the scale below a column of bars, 0 to 100 %."""
    ticks = Markup("").join(
        Markup(
            '<line x1="{0}%" x2="{0}%" y1="0" y2="4"/><text x="{0}%" y="16" text-anchor="{1}">{0}{2}</text>'
        ).format(at, "start" if at == 0 else "end" if at == 100 else "middle", " %" if at == 100 else "")
        for at in (0, 20, 40, 60, 80, 100)
    )
    return Markup('<svg class="scale" aria-hidden="true" width="100%" height="20">{}</svg>').format(ticks)


def line_chart(
    series: Sequence[Series],
    *,
    title: str,
    x: str,
    y: str,
    per_cent: bool = False,
    start: tuple[float | None, float | None] = (None, 0.0),
) -> Markup:
    """Return curves over one x axis.

    Args:
        series: the curves; those without points are left out.
        title: read out in place of the picture.
        x: title of the x axis, with its unit.
        y: title of the y axis, with its unit.
        per_cent: y is a fraction and is shown in per cent.
        start: where the axes begin; None for the smallest value.
    """
    curves = shown(series)
    points = [point for one in curves for point in one.points]
    if not points:
        return Markup('<p class="quiet">Nothing was recorded.</p>')
    (left, right), (low, high) = ((min(values), max(values)) for values in zip(*points, strict=True))
    left, low = (
        given if given is not None else found for given, found in zip(start, (left, low), strict=True)
    )
    x_ticks, y_ticks = _ticks(left, right), _ticks(low, 1.0 if per_cent else high)
    if all(float(across).is_integer() for across, _ in points):  # of steps or rounds there are no halves
        x_ticks = [tick for tick in x_ticks if tick.is_integer()]
    frame = _Frame((left, right), (y_ticks[0], y_ticks[-1]))
    body = [
        frame.grid_y(*pair) for pair in zip(y_ticks, _labels(y_ticks, 100 if per_cent else 1), strict=True)
    ]
    body += [
        frame.tick_x(value, label)
        for value, label in zip(x_ticks, _labels(x_ticks, 1), strict=True)
        if left <= value <= right
    ]
    body += [frame.titles(x, y), *(frame.curve(one) for one in curves)]
    return Markup('<svg class="chart" role="img" aria-label="{}" viewBox="0 0 {} {}">{}</svg>').format(
        title, WIDTH, HEIGHT, Markup("").join(body)
    )


def shown(series: Sequence[Series]) -> list[Series]:
    """Return the curves that a chart of these holds: without those that have no points, and points with no place in it."""
    return [one for one in map(_finite, series) if one.points]


class _Frame:
    """The plot area, and the way from values to places in it."""

    def __init__(self, x: tuple[float, float], y: tuple[float, float]) -> None:
        self.x, self.y = x, y

    def at(self, x: float, y: float) -> tuple[float, float]:
        wide, high = self.x[1] - self.x[0] or 1.0, self.y[1] - self.y[0] or 1.0
        across = LEFT + (x - self.x[0]) / wide * (WIDTH - LEFT - RIGHT)
        down = TOP + (self.y[1] - y) / high * (HEIGHT - TOP - BOTTOM)
        return round(across, 1), round(down, 1)

    def grid_y(self, value: float, label: str) -> Markup:
        _, down = self.at(self.x[0], value)
        return Markup(
            '<line class="grid" x1="{0}" x2="{1}" y1="{2}" y2="{2}"/><text x="{3}" y="{4}" text-anchor="end">{5}</text>'
        ).format(LEFT, WIDTH - RIGHT, down, LEFT - 7, down + 5, label)

    def tick_x(self, value: float, label: str) -> Markup:
        across, down = self.at(value, self.y[0])
        return Markup(
            '<line class="axis" x1="{0}" x2="{0}" y1="{1}" y2="{2}"/><text x="{0}" y="{3}" text-anchor="middle">{4}</text>'
        ).format(across, down, down + 4, down + 19, label)

    def titles(self, x: str, y: str) -> Markup:
        middle = (TOP + HEIGHT - BOTTOM) / 2
        return Markup(
            '<text class="title" x="{}" y="{}" text-anchor="middle">{}</text>'
            '<text class="title" x="12" y="{}" text-anchor="middle" transform="rotate(-90 12 {})">{}</text>'
        ).format((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 6, x, middle, middle, y)

    def curve(self, one: Series) -> Markup:
        if one.dots:
            spots = [self.at(*point) for point in one.points]
            dot = Markup('<circle class="{}" cx="{}" cy="{}" r="3"/>')
            return Markup("").join(dot.format(one.style, *spot) for spot in spots)
        points = _thinned(one.points)
        # A line to where it begins has round ends, which are seen; a single point would not be.
        points = points * 2 if len(points) == 1 else points
        places = " ".join("{},{}".format(*self.at(*point)) for point in points)
        return Markup('<polyline class="{}" points="{}"/>').format(one.style, places)


def _finite(one: Series) -> Series:
    """Return the curve without what has no place in a picture, such as the loss of a job that went wrong."""
    return msgspec.structs.replace(
        one, points=[point for point in one.points if all(map(math.isfinite, point))]
    )


def _thinned(points: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """Return at most `MOST_POINTS` points, each the mean of its neighbourhood."""
    size = math.ceil(len(points) / MOST_POINTS)
    groups = [points[start : start + size] for start in range(0, len(points), size)]
    return [
        (sum(p[0] for p in group) / len(group), sum(p[1] for p in group) / len(group)) for group in groups
    ]


def _ticks(low: float, high: float) -> list[float]:
    """Return four to seven round numbers; the first is at most `low`, the last at least `high`."""
    rough = (high - low) / 5 or 1.0
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * factor for factor in (1, 2, 2.5, 5, 10) if power * factor >= rough * 0.999)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [float(number * step) for number in range(first, last + 1)]


def _labels(ticks: list[float], scale: int) -> list[str]:
    """Return the ticks in as few decimals as tell them exactly."""
    values = [tick * scale for tick in ticks]
    digits = next((few for few in range(6) if all(abs(round(one, few) - one) < 1e-9 for one in values)), 6)
    return [f"{value:,.{digits}f}" for value in values]


def _per_cent(value: float) -> str:
    return f"{100 * min(1.0, max(0.0, value)):.2f}"
