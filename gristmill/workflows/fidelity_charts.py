"""Pictures of how alike two tables are, as inline SVG; the real table is grey, the synthetic one in colour."""

from collections.abc import Sequence
from datetime import UTC, datetime

from markupsafe import Markup

from gristmill.generators.fidelity import Association, Classifier, Marginal, Picture
from gristmill.workflows.charts import Series, line_chart

__all__ = ["column_chart", "distance_chart", "pair_map", "roc_chart"]

_WIDE, _HIGH, _AXIS = 300, 96, 18  # of a small picture, and the height of what is written below it
_LINE, _NAME = 19, 108  # height of a category, and the width of its name
_SIDE, _HEAD = 30, 14  # of a cell of the map


def column_chart(one: Marginal) -> Markup:
    """Return both distributions of a column in one small picture."""
    return _histogram(one) if one.picture.edges else _bars(one)


def roc_chart(found: Classifier) -> Markup:
    """Return the receiver operating characteristic of the classifier."""
    return line_chart(
        [
            Series(name="guessing", style="curve s0 faint", points=[(0.0, 0.0), (100.0, 1.0)]),
            Series(name="classifier", style="curve s1", points=[(100 * x, y) for x, y in found.curve]),
        ],
        title=f"Receiver operating characteristic, area {found.auc:.3f}",
        x="real rows taken for synthetic (%)",
        y="synthetic rows recognised (%)",
        per_cent=True,
        start=(0.0, 0.0),
    )


def distance_chart(found: Picture) -> Markup:
    """Return how far synthetic rows, and rows held out, are from the nearest real one."""
    middles = [(low + high) / 2 for low, high in zip(found.edges, found.edges[1:], strict=False)]
    series = [
        Series(
            name=name,
            style=f"curve {style}",
            points=[(x, 100 * share) for x, share in zip(middles, shares, strict=True)],
        )
        for name, style, shares in (("held out", "s0", found.real), ("synthetic", "s1", found.synthetic))
    ]
    return line_chart(
        series, title="Distances to the nearest real row", x="distance to the nearest real row", y="share of rows (%)",
        start=(0.0, 0.0),
    )  # fmt: skip


def pair_map(found: Sequence[Association], columns: Sequence[str]) -> Markup:
    """Return by pair of columns how much stronger (in one colour) or weaker (in another) they go together than really."""
    pairs = {frozenset((one.first, one.second)): one for one in found}
    most = max([0.1, *(abs(one.difference) for one in found)])
    wide = 14 + 7.4 * max(len(_short(name)) + 3 for name in columns)
    body = [
        Markup('<text class="title" x="{}" y="{}" text-anchor="middle">{}</text>').format(
            wide + (place + 0.5) * _SIDE, _HEAD - 4, place + 1
        )
        for place in range(len(columns) - 1)
    ]
    for row, name in enumerate(columns):
        top = _HEAD + row * _SIDE
        body.append(
            Markup('<text class="label" x="{}" y="{}" text-anchor="end">{} <tspan class="title">{}</tspan><title>{}</title></text>')
            .format(wide - 10, top + _SIDE / 2 + 5, _short(name), row + 1, name)
        )  # fmt: skip
        body += [
            _cell(pairs[frozenset((name, other))], (wide + column * _SIDE, top), most)
            for column, other in enumerate(columns[:row])
        ]
    right, down = wide + (len(columns) - 1) * _SIDE, _HEAD + len(columns) * _SIDE
    return Markup(
        '<svg class="heat" role="img" aria-label="Differences by pair of columns" viewBox="0 0 {0} {1}" width="{0}" height="{1}">{2}</svg>'
    ).format(right, down, Markup("").join(body))


def _cell(one: Association, at: tuple[float, float], most: float) -> Markup:
    style = "s1" if one.difference > 0 else "s4"
    said = f"{one.first} and {one.second}: {one.measure} {one.real:.3f} → {one.synthetic:.3f}"
    return Markup(
        '<g><rect class="track" x="{0}" y="{1}" width="{2}" height="{2}" rx="3"/>'
        '<rect class="{3}{4}" fill-opacity="{5}" x="{0}" y="{1}" width="{2}" height="{2}" rx="3"/><title>{6}</title></g>'
    ).format(
        at[0] + 1, at[1] + 1, _SIDE - 2, style, " marked" if one.differs else "", f"{abs(one.difference) / most:.2f}", said
    )  # fmt: skip


def _histogram(one: Marginal) -> Markup:
    found = one.picture
    low, high = found.edges[0], found.edges[-1]
    top = max([*found.real, *found.synthetic]) or 1.0

    def steps(shares: Sequence[float]) -> str:
        at = [
            (round((edge - low) / (high - low) * _WIDE, 1), round((1 - share / top) * _HIGH + 2, 1))
            for share, pair in zip(shares, zip(found.edges, found.edges[1:], strict=False), strict=True)
            for edge in pair
        ]
        return " ".join(f"{x},{y}" for x, y in [(0, _HIGH + 2), *at, (_WIDE, _HIGH + 2)])

    ends = [_said(value, one.kind, high - low) for value in (low, (low + high) / 2, high)]
    labels = Markup("").join(
        Markup('<text x="{}" y="{}" text-anchor="{}">{}</text>').format(x, _HIGH + _AXIS, anchor, words)
        for x, anchor, words in zip((0, _WIDE / 2, _WIDE), ("start", "middle", "end"), ends, strict=True)
    )
    return Markup(
        '<svg class="small" role="img" aria-label="Histograms of {}" viewBox="0 0 {} {}"><polygon class="s0 pale" points="{}"/>'
        '<polyline class="curve s1" points="{}"/><line class="axis" x1="0" x2="{}" y1="{}" y2="{}"/>{}</svg>'
    ).format(
        one.name, _WIDE, _HIGH + _AXIS + 4, steps(found.real), steps(found.synthetic), _WIDE, _HIGH + 2, _HIGH + 2, labels
    )  # fmt: skip


def _bars(one: Marginal) -> Markup:
    found = one.picture
    top = max([*found.real, *found.synthetic], default=1.0) or 1.0
    body = []
    for place, (label, real, synthetic) in enumerate(
        zip(found.labels, found.real, found.synthetic, strict=True)
    ):
        down = place * _LINE
        body.append(
            Markup(
                '<g><text x="{n}" y="{t}" text-anchor="end">{short}</text><rect class="s0 pale" x="{x}" y="{a}" width="{r}" height="7"/>'
                '<rect class="s1" x="{x}" y="{b}" width="{s}" height="5"/><title>{said}</title></g>'
            ).format(
                n=_NAME - 8,
                t=down + 13,
                short=_short(label, 15),
                x=_NAME,
                a=down + 2,
                b=down + 10,
                r=round(real / top * (_WIDE - _NAME), 1),
                s=round(synthetic / top * (_WIDE - _NAME), 1),
                said=f"{label}: {real:.2%} → {synthetic:.2%}",
            )
        )
    return Markup(
        '<svg class="small" role="img" aria-label="Shares of {}" viewBox="0 0 {} {}">{}</svg>'
    ).format(one.name, _WIDE, len(found.labels) * _LINE + 2, Markup("").join(body))


def _said(value: float, kind: str, span: float) -> str:
    """Return a number or a time in as few signs as tell it from the others."""
    if kind == "time":
        return f"{datetime.fromtimestamp(value, UTC):{'%Y-%m-%d' if span > 3 * 86_400 else '%m-%d %H:%M'}}"
    return f"{value:,.0f}" if span >= 10 else f"{value:.3g}"


def _short(name: str, most: int = 24) -> str:
    return name if len(name) <= most else f"{name[: most - 1]}…"
