"""A run on rare events as one page that fetches nothing."""

from pathlib import Path

import msgspec

from gristmill.generators.fidelity import Marginal
from gristmill.workflows.fidelity_charts import column_chart
from gristmill.workflows.page import environment, write_page
from gristmill.workflows.rare.charts import Point, levels_chart, likelihood_chart

__all__ = ["KindRow", "Minimal", "Page", "write_rare"]


class Minimal(msgspec.Struct, frozen=True, kw_only=True):
    """A failure reduced to what matters, in words; `found` says how much or what it stands for."""

    words: str
    severity: float
    found: str = ""


class KindRow(msgspec.Struct, frozen=True):
    """A kind of failure, one label for each way in which they differ, and a figure."""

    labels: list[str]
    figure: str


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """What a page shows; parts without data are left out.

    Attributes:
        title: what was asked.
        lead: the answer, in a sentence.
        badge: a word for it, of the style `badge_kind`, and what it means.
        told: beside the badge.
        about: what is measured.
        warnings: what a reader should know first.
        command: what to type to see it again.
        machine: what it ran on.
        axis: name and unit of the severity.
        threshold: the event is a severity of at least this.
        levels: by replicate, severities and how likely at least that much is, as a power of ten.
        nominal: scenarios as they come.
        failures: those that are the event.
        fields: in which they differ most.
        minimal: what it takes.
        minimal_told: what is told of each in its last column.
        kinds: kinds of failure, with the names of the ways in which they differ, and what the figure is.
        figures: the rest, by name.
    """

    title: str
    lead: str
    badge: str = ""
    badge_kind: str = "unverified"
    told: str = ""
    about: str = ""
    warnings: list[str] = []
    command: str = ""
    machine: dict[str, str] = {}
    axis: str = "severity"
    threshold: float = 0.0
    levels: list[list[tuple[float, float]]] = []
    nominal: list[Point] = []
    failures: list[Point] = []
    fields: list[Marginal] = []
    minimal: list[Minimal] = []
    minimal_told: str = "share of failures"
    kinds: list[KindRow] = []
    kind_names: list[str] = []
    kind_figure: str = "share of failures"
    kinds_told: str = ""
    figures: dict[str, str] = {}


def write_rare(found: Page, out: Path) -> Path:
    """Write the page and return its path.

    Raises:
        UsageError: when `out` is a folder.
        StoreError: when the file cannot be written.
    """
    text = environment().get_template("rare.html.j2").render(
        found=found,
        chart=column_chart,
        levels=levels_chart(found.levels, x=found.axis) if found.levels else None,
        likelihood=likelihood_chart(
            found.nominal, found.failures, threshold=found.threshold, x=found.axis
        )
        if found.failures
        else None,
    )  # fmt: skip
    return write_page(text, out)
