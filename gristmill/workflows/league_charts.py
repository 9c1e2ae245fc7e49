"""Pictures of a league as inline SVG: the matrix as a heat map, ratings with their intervals, the plane of utilities."""

from collections.abc import Sequence

from markupsafe import Markup

from gristmill.workflows.league_types import Cell, League, Plane
from gristmill.workflows.ratings import Interval

__all__ = ["heat_map", "plane_chart", "rating_axis", "rating_bar", "small", "spread"]

_SIDE, _LESS, _HEAD = 58, 40, 22  # of a cell, of one of many, and the height of the numbers above the columns
_FAINT, _FULL = 0.06, 0.6  # of a colour, so that figures can be read on it
_SMALL = 12  # players with room for that
_PLANE, _LEFT, _BELOW, _TOP, _RIGHT = 300, 52, 44, 10, 14


def small(league: League) -> bool:
    """Return whether there are so few players that the width of an interval is written below a figure."""
    return len(league.players) <= _SMALL


def heat_map(league: League, figure: str, *, title: str, style: str) -> Markup:
    """Return a figure of each cell: rows and columns by rating, numbered as in the standings.

    Args:
        league: the league.
        figure: what is shown of a cell: `score`, `agreement`, `efficiency`, or the score in a seat by its name.
        title: read out in place of the picture.
        style: colour class; the higher a figure is among those shown, the stronger.
    """
    order = league.ranking
    found = [[_figure(league.matrix[row][column], figure) for column in order] for row in order]
    values = [one.value for line in found for one in line if one is not None]
    low, high = min(values, default=0.0), max(values, default=1.0)
    names = [league.players[player].name for player in order]
    side = _SIDE if small(league) else _LESS
    wide = 14 + 7.8 * max(len(_short(name)) + 3 for name in names)
    head = [
        Markup('<text class="title" x="{}" y="{}" text-anchor="middle">{}<title>{}</title></text>').format(
            wide + (place + 0.5) * side, _HEAD - 8, place + 1, name
        )
        for place, name in enumerate(names)
    ]
    body: list[Markup] = []
    for row, name in enumerate(names):
        top = _HEAD + row * side
        body.append(
            Markup('<text class="label" x="{}" y="{}" text-anchor="end">{} <tspan class="title">{}</tspan><title>{}</title></text>')
            .format(wide - 12, top + side / 2 + 5, _short(name), row + 1, name)
        )  # fmt: skip
        for column, other in enumerate(names):
            body.append(
                _cell(
                    found[row][column], (wide + column * side, top), (low, high), style,
                    f"{name} against {other}", side,
                )
            )  # fmt: skip
    right, down = wide + len(names) * side, _HEAD + len(names) * side
    return Markup(
        '<svg class="heat" role="img" aria-label="{}" viewBox="0 0 {} {}" width="{}" height="{}">{}</svg>'
    ).format(title, right, down, right, down, Markup("").join(head + body))


def spread(intervals: Sequence[Interval | None]) -> tuple[float, float]:
    """Return round ends of an axis that holds all intervals, in steps of 100."""
    there = [one for one in intervals if one is not None]
    low, high = min((one.low for one in there), default=1400), max((one.high for one in there), default=1600)
    return 100.0 * (low // 100), 100.0 * -(-high // 100)


def rating_bar(rating: Interval, ends: tuple[float, float]) -> Markup:
    """Return a rating as a dot with its interval as a whisker, on an axis from one end to the other."""
    low, middle, high = (_share(value, ends) for value in (rating.low, rating.value, rating.high))
    said = f"{rating.value:.0f}, 95 % interval {rating.low:.0f} to {rating.high:.0f}"
    return Markup(
        '<svg class="bar" role="img" aria-label="{}" width="100%" height="22">'
        '<rect class="track" x="0" y="8" width="100%" height="6" rx="1.5"/>'
        '<line class="whisker" x1="{low}%" x2="{low}%" y1="6" y2="16"/>'
        '<line class="whisker" x1="{high}%" x2="{high}%" y1="6" y2="16"/>'
        '<line class="whisker" x1="{low}%" x2="{high}%" y1="11" y2="11"/>'
        '<circle class="s1" cx="{middle}%" cy="11" r="5"/></svg>'
    ).format(said, low=low, middle=middle, high=high)


def rating_axis(ends: tuple[float, float]) -> Markup:
    """Return the scale below such bars, with a tick at every hundred points, or as many as there is room for."""
    low, high = ends
    step = next(size for size in (100, 200, 500, 1000, 10_000) if (high - low) / size <= 6)
    ticks = [one for one in range(int(low), int(high) + 1, 100) if one % step == 0]
    marks = [
        Markup(
            '<line x1="{0}%" x2="{0}%" y1="0" y2="4"/><text x="{0}%" y="16" text-anchor="{1}">{2}</text>'
        ).format(_share(one, ends), "start" if one == low else "end" if one == high else "middle", f"{one:,}")
        for one in ticks
    ]
    return Markup('<svg class="scale" aria-hidden="true" width="100%" height="20">{}</svg>').format(
        Markup("").join(marks)
    )


def plane_chart(league: League, plane: Plane) -> Markup:
    """Return what could be had in a scenario and what was, as places in the plane of both seats' utilities."""
    body = [_grid(tick) for tick in (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)]
    if plane.reservation:
        across, down = _at(plane.reservation)
        body.append(
            Markup(
                '<path class="least" d="M{0},{1}V{2}M{0},{1}H{3}"><title>what both have without a deal: {4}</title></path>'
            ).format(
                across, down, _at((0, 1))[1], _at((1, 0))[0], _pair(plane.reservation)
            )
        )  # fmt: skip
    if plane.front:
        points = " ".join("{},{}".format(*_at(one)) for one in sorted(plane.front))
        body.append(Markup('<polyline class="curve s0" points="{}"/>').format(points))
        body += [
            Markup('<circle class="s0" cx="{}" cy="{}" r="1.8"/>').format(*_at(one)) for one in plane.front
        ]
    body += _ends(league, plane)
    if plane.best:
        across, down = _at(plane.best)
        body.append(
            Markup(
                '<path class="nash" d="M{0},{1}l6,-6l6,6l-6,6z"><title>the greatest Nash product: {2}</title></path>'
            ).format(round(across - 6, 1), down, _pair(plane.best))
        )  # fmt: skip
    first, second = league.seats
    middle = _TOP + _PLANE / 2
    body.append(
        Markup(
            '<text class="title" x="{}" y="{}" text-anchor="middle">utility of {}</text>'
            '<text class="title" x="12" y="{}" text-anchor="middle" transform="rotate(-90 12 {})">utility of {}</text>'
        ).format(_LEFT + _PLANE / 2, _TOP + _PLANE + 40, first, middle, middle, second)
    )
    return Markup('<svg class="plane" role="img" aria-label="{}" viewBox="0 0 {} {}">{}</svg>').format(
        f"Outcomes in scenario {plane.scenario}", _LEFT + _PLANE + _RIGHT, _TOP + _PLANE + _BELOW,
        Markup("").join(body),
    )  # fmt: skip


def _figure(cell: Cell | None, name: str) -> Interval | None:
    if cell is None:
        return None
    figures = {
        **cell.by_seat,
        "score": cell.score,
        "agreement": cell.agreement,
        "efficiency": cell.efficiency,
    }
    return figures[name]


def _cell(
    found: Interval | None, at: tuple[float, float], ends: tuple[float, float], style: str, said: str, side: int
) -> Markup:  # fmt: skip
    left, top = at
    if found is None:
        return Markup(
            '<g><rect class="track" x="{}" y="{}" width="{}" height="{}" rx="3"/><text class="title" x="{}" y="{}" '
            'text-anchor="middle">–</text><title>{}: not played, or not judged</title></g>'
        ).format(
            left + 1, top + 1, side - 2, side - 2, left + side / 2, top + side / 2 + 5, said
        )  # fmt: skip
    strength = _FAINT + (_FULL - _FAINT) * (found.value - ends[0]) / (ends[1] - ends[0] or 1.0)
    half = (found.high - found.low) / 2
    below = Markup('<text class="small" x="{}" y="{}" text-anchor="middle">±{}</text>').format(
        left + side / 2, top + side / 2 + 17, f"{half:.3f}".lstrip("0")
    )
    return Markup(
        '<g><rect class="{}" fill-opacity="{}" x="{}" y="{}" width="{}" height="{}" rx="3"/>'
        '<text class="figure" x="{}" y="{}" text-anchor="middle">{}</text>{}<title>{}</title></g>'
    ).format(
        style, f"{strength:.2f}", left + 1, top + 1, side - 2, side - 2, left + side / 2,
        top + side / 2 + (1 if side == _SIDE else 5), f"{found.value:.2f}", below if side == _SIDE else "",
        f"{said}: {found.value:.3f}, 95 % interval {found.low:.3f} to {found.high:.3f}",
    )  # fmt: skip


def _ends(league: League, plane: Plane) -> list[Markup]:
    """Return a dot per place where meetings ended: larger the more of them, hollow where there was no deal."""
    met: dict[tuple[float, float, bool], list[str]] = {}
    for deal in plane.deals:
        names = f"{league.players[deal.first].name} and {league.players[deal.second].name}"
        met.setdefault((*deal.at, deal.struck), []).append(names)
    dot = Markup('<circle class="{}" cx="{}" cy="{}" r="{}"><title>{}</title></circle>')
    return [
        dot.format(
            "deal" if struck else "none", *_at((first, second)), round(3 + 1.1 * len(names) ** 0.5, 1),
            f"{_pair((first, second))}, {'a deal' if struck else 'no deal'}: {'; '.join(names)}",
        )
        for (first, second, struck), names in sorted(met.items(), key=lambda item: -len(item[1]))
    ]  # fmt: skip


def _grid(tick: float) -> Markup:
    across, down = _at((tick, tick))
    return Markup(
        '<line class="grid" x1="{0}" x2="{1}" y1="{2}" y2="{2}"/><line class="grid" x1="{3}" x2="{3}" y1="{4}" y2="{5}"/>'
        '<text x="{6}" y="{7}" text-anchor="end">{8}</text><text x="{3}" y="{9}" text-anchor="middle">{8}</text>'
    ).format(
        _LEFT, _LEFT + _PLANE, down, across, _TOP, _TOP + _PLANE, _LEFT - 7, down + 4, f"{tick:.1f}", _TOP + _PLANE + 18
    )  # fmt: skip


def _at(point: Sequence[float]) -> tuple[float, float]:
    return round(_LEFT + point[0] * _PLANE, 1), round(_TOP + (1 - point[1]) * _PLANE, 1)


def _pair(point: Sequence[float]) -> str:
    return f"{point[0]:.2f} and {point[1]:.2f}"


def _share(value: float, ends: tuple[float, float]) -> str:
    return f"{100 * (value - ends[0]) / (ends[1] - ends[0] or 1.0):.2f}"


def _short(name: str) -> str:
    return name if len(name) <= 28 else f"{name[:13]}…{name[-14:]}"
