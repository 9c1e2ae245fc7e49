"""One page that says what came out and how anyone can see it again: a single HTML file that fetches nothing."""

import platform
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from os import cpu_count
from pathlib import Path

import gristmill
from gristmill.errors import UsageError
from gristmill.recorders.mine import load_view
from gristmill.recorders.store import RunStore
from gristmill.workflows.evaluate import summarise
from gristmill.workflows.improve_types import Improvement, read_improvement
from gristmill.workflows.league_types import League, read_league
from gristmill.workflows.page import render, write_page
from gristmill.workflows.report_types import Bar, Mask, Report, Stage, Training, Yield
from gristmill.workflows.trainings import training_of
from gristmill.workflows.transcripts import Transcript, choose

__all__ = [
    "Bar",
    "Mask",
    "Report",
    "Stage",
    "Training",
    "Yield",
    "improvement_summary",
    "improvement_title",
    "league_summary",
    "league_title",
    "machine",
    "report_runs",
    "training_of",
    "write_report",
    "yields",
]


def write_report(data: Report, out: Path) -> Path:
    """Write the page and return its path.

    Raises:
        UsageError: when `before` or `after` names no evaluation, or `out` is a folder.
        StoreError: when the file cannot be written.
    """
    labels = [one.label for one in data.evaluations]
    for name in (data.before, data.after):
        if name and name not in labels:
            raise UsageError(
                f"Expected the label of an evaluation, got {name!r}. Valid: {', '.join(labels)}."
            )
    return write_page(render(data), out)


def report_runs(
    runs: Sequence[Path],
    *,
    trainings: Sequence[Path] = (),
    league: Path | None = None,
    rounds: Path | None = None,
    count: int = 10,
    title: str = "",
    command: str = "",
) -> Report:
    """Return what there is to say about some runs, whatever they are: verdicts, yields, curves, episodes to read.

    Args:
        runs: run directories.
        trainings: folders of training jobs.
        league: folder of a league.
        rounds: folder of rounds of improvement.
        count: how many episodes to show in all.
        title: of the page.
        command: what to type to see it again.

    Raises:
        UsageError: when there is nothing to report of, or the rounds are a robot's.
        StoreError: when something cannot be read.
    """
    if not runs and not trainings and league is None and rounds is None:
        raise UsageError("Expected a run, a league, rounds or a training job to report of, got none.")
    met = read_league(league) if league else None
    better = read_improvement(rounds) if rounds else None
    if better and better.start.success is None:
        raise UsageError(
            f"Expected rounds in which a model of text has learnt, got those in {rounds} of {better.world}, in which a "
            f"proposal was refit; report their runs, such as {better.rounds[-1].run}."
        )
    stores = [RunStore.open(run) for run in runs]
    names = [_name(store, stores) for store in stores]
    few, more = divmod(count, len(stores) or 1)
    each = [few + (place < more) for place in range(len(stores))]
    named = list(zip(stores, names, each, strict=True))
    evaluations = [summarise(store, label=name) for store, name, _ in named]
    return Report(
        title=title
        or ", ".join(names)
        or (league_title(met) if met else improvement_title(better) if better else "Training"),
        summary=league_summary(met) if met else improvement_summary(better) if better else "",
        command=command,
        machine=machine(),
        evaluations=evaluations,
        league=met,
        improvement=better,
        notes=[note for store, name, _ in named for note in _damage(store, name)],
        yields=[one for store, name, _ in named for one in yields(store, name)],
        trainings=[training_of(folder) for folder in trainings],
        transcripts=[one for store, name, few in named for one in _some(store, name, few)],
    )


def improvement_summary(found: Improvement) -> str:
    """Return in a sentence what rounds have come to."""
    made = (found.start, *(turn.made for turn in found.rounds))
    rates = " → ".join(f"{one.success.rate:.1%}" for one in made if one.success)
    played = sum(one.success.played for one in found.rounds)
    return (
        f"Success on held-out scenarios of {_world_name(found.world)}, from the base model on: {rates}. In {len(found.rounds)} "
        f"rounds the model played {played:,} episodes, and learnt from those that were verified."
    )


def improvement_title(found: Improvement) -> str:
    """Return what a page about rounds of improvement is called."""
    return f"A model that learnt from its own verified play: {_world_name(found.world)}"


def _world_name(spec: str) -> str:
    """Return how a world is called on a page: one of a file by its place in it."""
    return Path(spec.partition("?")[0]).name if ".py" in spec else spec


def league_title(league: League) -> str:
    """Return what a page about a league is called."""
    world = _world_name(league.world)
    return f"League of {world}"


def league_summary(league: League) -> str:
    """Return in a sentence who leads a league, and whether by more than chance."""
    first, second = (league.players[number] for number in league.ranking[:2])
    if first.rating is None or second.rating is None or league.lead is None:
        return "Too little was judged to say who is best."
    lead = league.lead
    words = f"{first.name} is rated highest of {len(league.players)} players, {first.rating.value:.0f} on a scale around 1500"
    if lead.low <= 0:
        return f"{words}; that {second.name}, {second.rating.value:.0f}, is not as good may be chance."
    points = f"{lead.value:.0f} points (95\N{NO-BREAK SPACE}% interval {lead.low:.0f} to {lead.high:.0f})"
    return f"{words}, {points} above {second.name}."


def yields(store: RunStore, name: str) -> list[Yield]:
    """Return the yield tables of the views that were mined from a run."""
    views = sorted(path.stem for path in (store.path / "views").glob("*.json"))
    return [Yield(title=f"{name}, view {view}", stages=load_view(store, view).stages) for view in views]


def machine() -> dict[str, str]:
    """Return what a figure depends on: the processor and the versions."""
    found = {
        "Processor": f"{_processor()}, {cpu_count()} logical cores",
        "System": f"{platform.system()} {platform.release()} ({platform.machine()})",
        "Python": platform.python_version(),
        "Gristmill": gristmill.__version__,
    }
    for package in ("numpy", "jax", "mujoco", "pettingzoo"):
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(named, "") or platform.processor() or platform.machine()


def _damage(store: RunStore, name: str) -> list[str]:
    """Return what could not be read of a run."""
    return [
        f"Not in the figures of {name}: {one.where} cannot be read, {one.message}." for one in store.damage
    ]


def _name(store: RunStore, stores: Sequence[RunStore]) -> str:
    """Return the shortest name that tells a run from the others."""
    same = sum(other.path.name == store.path.name for other in stores) > 1
    return str(store.path) if same else store.path.resolve().name


def _some(store: RunStore, name: str, count: int) -> list[Transcript]:
    """Return episodes of a run, as far as possible half of them passing."""
    good, bad = f"{name}: passed", f"{name}: not passed"
    found = choose(
        store,
        {good: (lambda one: one.status == "pass", count), bad: (lambda one: one.status != "pass", count)},
    )
    passed, others = ([one for one in found if one.group == group] for group in (good, bad))
    others = others[: count - min(count // 2, len(passed))]
    return [*passed[: count - len(others)], *others]
