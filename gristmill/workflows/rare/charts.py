"""Pictures of rare events: how severity rises to the event, where failures lie, and how likely what is severe is."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
import pyarrow as pa
from markupsafe import Markup

from gristmill.generators.fidelity import Marginal
from gristmill.generators.fidelity.columns import align, features
from gristmill.generators.fidelity.marginals import marginals
from gristmill.workflows.charts import Series, line_chart

__all__ = ["Point", "fields_apart", "levels_chart", "likelihood_chart"]

_FIELDS = 9  # that are shown, those in which failures differ most


class Point(msgspec.Struct, frozen=True):
    """A scenario in a picture: its severity, and its log-density under the nominal distribution, in powers of ten."""

    severity: float
    likelihood: float


def levels_chart(curves: Sequence[Sequence[tuple[float, float]]], *, x: str) -> Markup:
    """Return how the probability of a severity falls on the way to the event.

    Args:
        curves: one for each replicate: severities, ascending, and how likely at least that much is, as a power of ten.
        x: title of the axis.
    """
    series = [Series(name="replicate", style="curve s1 faint", points=list(curve)) for curve in curves]
    return line_chart(
        series,
        title="Probability of each severity",
        x=x,
        y="probability (power of ten)",
        start=(None, None),
    )


def likelihood_chart(
    nominal: Sequence[Point], failures: Sequence[Point], *, threshold: float, x: str
) -> Markup:
    """Return severity against likelihood, of scenarios as they come and of failures, and the threshold between."""
    points = [*nominal, *failures]
    low, high = (f((one.likelihood for one in points), default=0.0) for f in (min, max))
    series = [
        Series(name="threshold", style="curve s0 faint", points=[(threshold, low), (threshold, high)]),
        _dots("nominal", "s0 pale", nominal),
        _dots("failures", "s4 pale", failures),
    ]
    return line_chart(
        series,
        title="Severity against likelihood",
        x=x,
        y="density (power of ten)",
        start=(None, None),
    )


def fields_apart(
    nominal: Sequence[Mapping[str, Any]], failures: Sequence[Mapping[str, Any]]
) -> list[Marginal]:
    """Return the fields in which failures differ most from what is drawn, the most different first.

    Fields that are lists or records are left out, and so is what differs by no more than chance.
    """
    both = (nominal, failures)
    names = dict.fromkeys(name for rows in both for one in rows for name in one)
    plain = [name for name in names if all(_plain(one.get(name)) for rows in both for one in rows)]
    if not (plain and nominal and failures):
        return []
    # Of one type in both, though failures may have only the texts, or only the numbers, that a field can be.
    columns = {name: _column([one.get(name) for rows in both for one in rows]) for name in plain}
    whole = pa.table(columns)
    real, found = whole.slice(0, len(nominal)), whole.slice(len(nominal))
    alike = align(real, found)
    told = marginals(features(alike.real, alike.synthetic, alike.kinds))
    return [one for one in told if one.differs][:_FIELDS]


def _dots(name: str, style: str, points: Sequence[Point]) -> Series:
    return Series(
        name=name, style=style, points=sorted((one.severity, one.likelihood) for one in points), dots=True
    )


def _plain(value: Any) -> bool:
    return not isinstance(value, list | dict)


def _column(values: Sequence[Any]) -> pa.Array:
    """Return a column; what is a choice between texts, numbers and truths becomes a choice between texts."""
    kinds = {type(one) for one in values if one is not None}
    if kinds <= {int, float}:
        return pa.array([None if one is None else float(one) for one in values])
    if len(kinds) > 1:
        return pa.array([None if one is None else str(one) for one in values])
    return pa.array(values)
