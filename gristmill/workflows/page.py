"""The report as HTML, and what other pages share with it. Every word that comes from an episode, a policy or a path is escaped by the template engine."""

from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from gristmill.digest import decode, encode
from gristmill.errors import UsageError
from gristmill.files import write_whole
from gristmill.reading import brief, worded
from gristmill.workflows.charts import Series, interval_bar, line_chart, rate_axis, shown
from gristmill.workflows.differences import Difference
from gristmill.workflows.evaluate import Evaluation, compare
from gristmill.workflows.improve_charts import improvement_chart, steps
from gristmill.workflows.league_charts import heat_map, plane_chart, rating_axis, rating_bar, small, spread
from gristmill.workflows.metrics import Cell, Rate
from gristmill.workflows.report_types import Report, Training
from gristmill.workflows.transcripts import Transcript

__all__ = ["environment", "render", "write_page"]

_NAMES = {
    "intent": "Intent",
    "kind": "Kind of scenario",
    "obstacle": "Obstacle",
    "fault": "Injected fault",
    "requests": "Intents in one episode",
}


def render(data: Report) -> str:
    """Return the page."""
    return environment().get_template("report.html.j2").render(
        report=data,
        difference=_difference(data),
        comparisons=_comparisons(data),
        verdict=_verdict(data),
        styles=_styles(data),
        breakdowns=list(_breakdowns(data)),
        kinds=any("kind" in one.by for one in data.evaluations),
        checks=_table([one.checks for one in data.evaluations]),
        errors=_table([one.errors for one in data.evaluations]),
        pass_k_chart=_pass_k_chart(data),
        curves=[_curves(one) for one in data.trainings],
        legend=_legend(data.trainings),
        seconds=sum(stage.seconds for stage in data.stages),
        groups=_groups(data.transcripts),
        seen=any(one.stills.shots for one in data.transcripts),
        unseen=_unseen(data.transcripts),
        simulated=_simulated(data),
    )  # fmt: skip


def write_page(text: str, out: Path) -> Path:
    """Write a page and return its path.

    Raises:
        UsageError: when `out` is a folder.
        StoreError: when the file cannot be written.
    """
    if out.is_dir():
        raise UsageError(
            f"Expected a file to write the page to, got the folder {out}; write {out / 'report.html'}."
        )
    write_whole(out, text.encode(errors="replace"))  # a path may hold what is no text
    return out


@cache
def environment() -> Environment:
    """Return the template engine, with the filters and pictures that all pages have."""
    made = Environment(
        loader=PackageLoader("gristmill.workflows", "assets"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {
        "rate": _rate,
        "points": _points,
        "time": _time,
        "pretty": _pretty,
        "args": _args,
        "count": _count,
        "brief": brief,
        "said": worded,
    }
    made.globals |= {"bar": interval_bar, "axis": rate_axis, "cell": Cell.of}
    made.globals |= {
        "heat_map": heat_map,
        "improvement_chart": improvement_chart,
        "plane_chart": plane_chart,
        "rating_axis": rating_axis,
        "rating_bar": rating_bar,
        "small": small,
        "spread": spread,
        "steps": steps,
    }
    return made


# Numbers in words.


def _rate(value: float) -> str:
    return f"{100 * value:.1f}\N{NO-BREAK SPACE}%"


def _count(value: int) -> str:
    return f"{value:,}"


def _time(seconds: float) -> str:
    if seconds < 60:
        return f"{seconds:.1f}\N{NO-BREAK SPACE}s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}\N{NO-BREAK SPACE}min {rest:02d}\N{NO-BREAK SPACE}s"


def _points(value: float) -> str:
    return f"{100 * value:.1f}".replace("-", "\N{MINUS SIGN}")


def _pretty(value: Any, width: int = 84) -> str:
    """Return plain data as JSON for people, `width` characters a line, strings that hold JSON opened up."""
    return _laid_out(_opened(value), "", width)


def _laid_out(value: Any, indent: str, width: int) -> str:
    """Return JSON on one line where it fits, else one item per line."""
    line = msgspec.json.format(encode(value), indent=0).decode()
    if len(indent) + len(line) <= width or not isinstance(value, dict | list) or not value:
        return line
    deeper = indent + "  "
    if isinstance(value, dict):
        items = [f"{encode(key).decode()}: {_laid_out(item, deeper, width)}" for key, item in value.items()]
    else:
        items = [_laid_out(item, deeper, width) for item in value]
    first, last = "{}" if isinstance(value, dict) else "[]"
    return f"{first}\n{deeper}" + f",\n{deeper}".join(items) + f"\n{indent}{last}"


def _opened(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _opened(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_opened(item) for item in value]
    if isinstance(value, str) and value[:1] in ("{", "["):
        try:
            return decode(value)
        except (msgspec.DecodeError, UnicodeEncodeError):
            return value
    return value


def _args(args: dict[str, Any]) -> str:
    return ", ".join(f"{name}={_pretty(value)}" for name, value in args.items())


# What came out.


def _named(data: Report, label: str) -> Evaluation | None:
    return next((one for one in data.evaluations if one.label == label), None)


def _difference(data: Report) -> Difference | None:
    before, after = _named(data, data.before), _named(data, data.after)
    return compare([before, after])[0] if before and after else None


def _comparisons(data: Report) -> list[tuple[Evaluation, Evaluation, Difference]]:
    """Return what every other evaluation of the same world is compared with, and how much better it is."""
    if not data.evaluations:
        return []
    first = _named(data, data.before) or data.evaluations[0]
    others = [one for one in data.evaluations if one is not first and _world(one) == _world(first)]
    return [(first, one, found) for one, found in zip(others, compare([first, *others]), strict=True)]


def _world(one: Evaluation) -> tuple[str, str]:
    return one.world, one.version


def _verdict(data: Report) -> bool | None:
    """Return whether the bar is met, or None where there is none."""
    before, after = _named(data, data.before), _named(data, data.after)
    return data.bar.met(before.success, after.success) if data.bar and before and after else None


def _styles(data: Report) -> list[str]:
    """Return the colour class of each evaluation: grey before, green after, the others as they come."""
    others = iter(("s2", "s3", "s4") * len(data.evaluations))
    known = {data.before: "s0", data.after: "s1"} if data.after else {}
    if not known and data.evaluations:
        known = {data.evaluations[0].label: "s1"}
    return [known.get(one.label) or next(others) for one in data.evaluations]


def _breakdowns(data: Report) -> Iterator[tuple[str, list[tuple[str, list[Rate | None]]]]]:
    """Yield, for each breakdown that says something, its title and its rows: a name and a rate per evaluation."""
    for by, title in _NAMES.items():
        columns = [one.by.get(by, {}) for one in data.evaluations]
        names = list(dict.fromkeys(name for column in columns for name in column))
        if len(names) > 1:
            names.sort(key=lambda name: (name == "none", name))
            yield title, [(name, [column.get(name) for column in columns]) for name in names]


def _table(columns: list[dict[str, int]]) -> list[tuple[str, list[int]]]:
    """Return counts by name as rows, the most frequent first."""
    rows = [
        (name, [column.get(name, 0) for column in columns])
        for name in dict.fromkeys(name for column in columns for name in column)
    ]
    return sorted(rows, key=lambda row: -sum(row[1]))


# Pictures.

_MEASURES = ("loss", "mean_token_accuracy")


def _pass_k_chart(data: Report) -> Markup | None:
    series = [
        Series(name=one.label, style=f"curve {style}", points=[(at.k, at.rate) for at in one.pass_k])
        for one, style in zip(data.evaluations, _styles(data), strict=True)
    ]
    if not any(one.points for one in series):
        return None
    dots = [Series(name=one.name, style=one.style, points=one.points, dots=True) for one in series]
    return line_chart(
        [*series, *dots], title="pass^k over k", x="attempts k at one scenario", y="all k pass (%)", per_cent=True
    )  # fmt: skip


def _curves(job: Training) -> tuple[Training, Markup, Markup]:
    found = [point.train_mean_token_accuracy for point in job.points]
    least = min((value for value in found if value is not None), default=None)
    # A model without tokens moves a robot, see `Metrics`.
    unit = "sd of an action" if least is None else "nats per token"
    loss = line_chart(
        _series(job, "loss"),
        title=f"Loss of {job.name}",
        x="training step",
        y=f"loss ({unit})",
        start=(0.0, 0.0),
    )
    if least is None:
        return job, loss, Markup()
    accuracy = line_chart(
        _series(job, "mean_token_accuracy"), title=f"Token accuracy of {job.name}",
        x="training step", y="tokens predicted (%)", per_cent=True, start=(0.0, None if least > 0.5 else 0.0),
    )  # fmt: skip
    return job, loss, accuracy


def _legend(jobs: list[Training]) -> list[Series]:
    """Return a curve of each kind that is seen in any of the charts."""
    curves = [one for job in jobs for name in _MEASURES for one in shown(_series(job, name))]
    return list({one.name: one for one in curves}.values())


def _series(job: Training, name: str) -> list[Series]:
    def points(field: str) -> list[tuple[float, float]]:
        values = ((point.step, getattr(point, field)) for point in job.points)
        return [(step, value) for step, value in values if value is not None]

    return [
        Series(name="training", style="curve train", points=points(f"train_{name}")),
        Series(name="other scenarios, one batch", style="curve valid", points=points(f"valid_{name}")),
        Series(
            name="other scenarios, all", style="curve full", points=points(f"full_valid_{name}"), dots=True
        ),
    ]


# Episodes.


def _simulated(data: Report) -> bool:
    """Return whether the episodes are simulations, which are seen rather than read."""
    return any(one.episode.steps is not None for one in data.transcripts)


def _unseen(shown: list[Transcript]) -> list[str]:
    """Return what keeps several episodes from being seen, which is said once for all of them."""
    notes = Counter(one.stills.note for one in shown if one.stills.note and not one.stills.shots)
    return [note for note, count in notes.items() if count > 1]


def _groups(shown: list[Transcript]) -> dict[str, list[Transcript]]:
    groups: dict[str, list[Transcript]] = {}
    for one in shown:
        groups.setdefault(one.group, []).append(one)
    return groups
