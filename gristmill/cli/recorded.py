"""What is in a run, and one of its episodes to read: `gristmill show RUN`."""

from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from gristmill.cli.shared import answer, console, counted, table
from gristmill.errors import StoreError, UsageError, unknown
from gristmill.reading import brief, line, printable, worded

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from gristmill.recorders.store import RunStore
    from gristmill.steps import Steps
    from gristmill.types import Check, Episode, Verdict
    from gristmill.workflows.metrics import Outcome

__all__ = ["Wanted", "chosen", "ending", "judged", "show_episode", "show_run"]

_MOST = 12  # strata, and ids in a message


class Wanted(msgspec.Struct, frozen=True):
    """Which episode of a run to show; what is None leaves it open.

    Attributes:
        episode: what its id begins with.
        status: what the verdict that counts says.
        check: a check that did not pass.
        stratum: part of its stratum.
        index: of its scenario.
        nth: which of those that fit, in the order of recording.
    """

    episode: str | None = None
    status: str | None = None
    check: str | None = None
    stratum: str | None = None
    index: int | None = None
    nth: int | None = None


def show_run(path: Path, json: bool) -> None:
    """Show what is in a run."""
    from gristmill.recorders.store import RunStore
    from gristmill.workflows.outcomes import outcomes

    store = RunStore.open(path)
    found = list(outcomes(store))
    strata: dict[str, Counter[str]] = {}
    for one in found:
        strata.setdefault(one.stratum, Counter())[one.status] += 1
    spec = store.spec
    views, unread = _views(store)
    summary = {
        "run": str(path),
        "id": store.id,
        "world": spec.get("world", ""),
        "version": spec.get("version", ""),
        "seed": spec.get("seed"),
        "seats": spec.get("seats", {}),
        "episodes": len(found),
        "counts": Counter(one.status for one in found),
        "reasons": Counter(reason for one in found for reason in one.reasons),
        "strata": strata,
        "views": views,
        "damage": [f"{one.where}: {one.message}" for one in store.damage] + unread,
    }
    if json:
        answer(summary)
    else:
        first = next(store.episodes(), None)
        _print(summary, seen=first is not None and first.steps is not None)


def show_episode(path: Path, wanted: Wanted, json: bool) -> None:
    """Show one episode of a run: what it was about, how it went, and what was found."""
    from gristmill.recorders.store import RunStore

    store = RunStore.open(path)
    ids = chosen(store, wanted)
    fit = len(ids)
    episode = store.episode(ids[wanted.nth or 0])
    verdicts = list(_standing(store, episode))
    if json:
        answer({"episode": episode, "verdicts": verdicts, "nth": wanted.nth or 0, "of": fit})
        return
    _tell(episode)
    for verdict in verdicts:
        judged(verdict)
    out = console()
    if episode.steps is not None:
        out.print(f"\nSee it: gristmill view {path} --episode {episode.id[:12]}", soft_wrap=True)
    if not verdicts:
        out.print("\nNo verdict counts: nobody judged this record.", style="yellow")
    if fit > 1:
        nth = wanted.nth or 0
        more = f"; --nth {nth + 1} shows the next" if nth + 1 < fit else ""
        out.print(f"\n{nth + 1:,} of {fit:,} episodes that fit{more}", style="italic")


def judged(verdict: "Verdict") -> None:
    """Print a verdict, and what was expected and got where a check did not pass."""
    out = console()
    style = "green" if verdict.status == "pass" else "red"
    side = f" of {verdict.side}" if verdict.side else ""
    out.print(f"\nverdict: {verdict.status}{side} ({verdict.level})", style=style)
    for check in verdict.checks:
        if check.status != "pass":
            _evidence(check)
    for seat in dict.fromkeys(check.seat or "" for check in verdict.checks):
        passed = [one.name for one in verdict.checks if (one.seat or "") == seat and one.status == "pass"]
        score = f"; score {verdict.scores[seat]:.3f}" if seat in verdict.scores else ""
        if passed or score:
            out.print(f"  {seat and seat + ' '}passed: {', '.join(passed)}{score}", soft_wrap=True)


def _evidence(check: "Check") -> None:
    out = console()
    side = f" of {check.side}" if check.side else ""
    seat = f"{check.seat}: " if check.seat else ""
    out.print(f"  {seat}{check.name}: {check.status}{side}", style="bold")
    for name, value in check.evidence.items():
        out.print(printable(f"    {name}: {worded(value)}"), soft_wrap=True)


# A run.


def _views(store: "RunStore") -> tuple[dict[str, int], list[str]]:
    """Return how many episodes each view keeps, and what is wrong with those that cannot be read."""
    from gristmill.recorders.mine import load_view

    views: dict[str, int] = {}
    unread = []
    for file in sorted((store.path / "views").glob("*.json")):
        try:
            views[file.stem] = len(load_view(store, file.stem).kept)
        except (StoreError, UsageError) as error:
            unread.append(str(error))
    return views, unread


def _print(run: dict[str, Any], *, seen: bool) -> None:
    out = console()
    out.print(f"{run['run']}: {run['world']} (version {run['version']}), seed {run['seed']}", style="bold")
    shown = table("seat", "policy", "generation")
    for name, seat in run["seats"].items():
        shown.add_row(name, str(seat.get("policy", "")), str(seat.get("generation", 0)))
    out.print(shown)
    out.print(f"\n{run['episodes']:,} episodes: {counted(run['counts']) or 'none'}")
    if run["reasons"]:
        out.print(f"checks that did not pass: {counted(run['reasons'])}", soft_wrap=True)
    if strata := run["strata"]:
        _print_strata(strata, list(run["counts"]))
    views = ", ".join(f"{name} ({kept:,} episodes)" for name, kept in run["views"].items())
    out.print(f"\nviews: {views or 'none yet, see `gristmill mine`'}", soft_wrap=True)
    for one in run["damage"]:
        out.print(f"damaged: {one}", style="red", soft_wrap=True)
    if strata:
        status = next((one for one in ("fail", "error") if one in run["counts"]), next(iter(run["counts"])))
        out.print(f"Read one: gristmill show {run['run']} --status {status}", soft_wrap=True)
        if seen:
            out.print(f"See some: gristmill view {run['run']} --status {status} -n 4", soft_wrap=True)


def _print_strata(strata: dict[str, Counter[str]], statuses: list[str]) -> None:
    shown = table("stratum", "episodes", *statuses)
    by_size = sorted(strata.items(), key=lambda item: (-item[1].total(), item[0]))
    for name, counts in by_size[:_MOST]:
        shown.add_row(
            name or "(none)", f"{counts.total():,}", *(f"{counts[status]:,}" for status in statuses)
        )
    out = console()
    out.print()
    out.print(shown)
    if left := by_size[_MOST:]:
        number = sum(counts.total() for _, counts in left)
        out.print(f"and {number:,} episodes of {len(left):,} other strata")


# One episode.


def chosen(store: "RunStore", wanted: Wanted) -> list[str]:
    """Return the ids of the episodes that fit, in the order of recording; there is one for `wanted.nth`.

    Raises:
        UsageError: when there is none, with what there is.
    """
    if wanted.episode is not None:
        ids = sorted(name for name in store.ids() if name.startswith(wanted.episode))
        if not ids:
            raise UsageError(
                f"Expected what an id in {store.path} begins with, got {wanted.episode!r}, which fits none; "
                f"`gristmill show {store.path} --nth 0` shows the first episode."
            )
        if len(ids) > 1:
            more = f" and {len(ids) - _MOST:,} more" if len(ids) > _MOST else ""
            raise UsageError(
                f"Expected what one id alone begins with, got {wanted.episode!r}: {', '.join(ids[:_MOST])}{more}."
            )
        if Wanted(nth=wanted.nth, episode=wanted.episode) == wanted:
            return _reaching(ids, wanted)
    return _reaching([one.id for one in _fitting(store, wanted)], wanted)


def _fitting(store: "RunStore", wanted: Wanted) -> "list[Outcome]":
    from typing import get_args

    from gristmill.types import Status
    from gristmill.workflows.outcomes import outcomes

    if wanted.status is not None and wanted.status not in get_args(Status):
        raise unknown("status", wanted.status, get_args(Status))
    found = list(outcomes(store))
    failed = {check for one in found for check in _failed(one)}
    if wanted.check is not None and wanted.check not in failed:
        raise unknown("check", wanted.check, failed, of=f"those that did not pass in {store.path}")
    fits: tuple[Callable[[Outcome], bool], ...] = (
        lambda one: wanted.episode is None or one.id.startswith(wanted.episode),
        lambda one: wanted.status is None or one.status == wanted.status,
        lambda one: wanted.check is None or wanted.check in _failed(one),
        lambda one: wanted.stratum is None or wanted.stratum in one.stratum,
        lambda one: wanted.index is None or one.index == wanted.index,
    )
    return [one for one in found if all(fit(one) for fit in fits)]


def _failed(one: "Outcome") -> set[str]:
    """Return the names of the checks that did not pass, without the side at fault."""
    return {reason.partition(": ")[0] for reason in one.reasons}


def _reaching(ids: list[str], wanted: Wanted) -> list[str]:
    """Return the ids, if there are enough of them."""
    if (wanted.nth or 0) >= len(ids):
        named = {name: value for name, value in msgspec.structs.asdict(wanted).items() if value is not None}
        asked = " ".join(f"--{name} {value}" for name, value in named.items())
        there = f"there are {len(ids):,}, --nth counts from 0" if ids else "no episode fits"
        raise UsageError(f"Expected an episode for {asked or '--nth 0'}, got none: {there}.")
    return ids


def _standing(store: "RunStore", episode: "Episode") -> "Iterator[Verdict]":
    """Yield the verdicts of the record that is there, the weakest level first; what was withdrawn is none."""
    from gristmill.recorders.ledger import LEVELS, latest, verdict_id

    rows = [row for row in store.ledger() if row.revokes or _of(row.verdict, episode.id)]
    wanted = {found.verdict_id for found in latest(rows).get(episode.id, {}).values()}
    content = episode.content_hash()
    found = {
        verdict_id(row.verdict): row.verdict
        for row in rows
        if row.verdict is not None and row.verdict.content_hash == content
    }
    for level in LEVELS:
        yield from (one for name, one in found.items() if name in wanted and one.level == level)


def _of(verdict: "Verdict | None", name: str) -> bool:
    return verdict is not None and verdict.episode_id == name


def _tell(episode: "Episode") -> None:
    out = console()
    scenario = episode.scenario
    out.print(f"Episode {episode.id}", style="bold")
    out.print(f"{episode.world} (version {episode.version}), attempt {episode.attempt}, seed {episode.seed}")
    seats = ", ".join(f"{name} is {seat.policy}" for name, seat in episode.seats.items())
    out.print(printable(seats), soft_wrap=True)
    about = f"scenario {scenario.id}, index {scenario.index}, stratum {scenario.stratum or '(none)'}"
    out.print(printable(f"{about}:"), soft_wrap=True)
    if episode.steps is not None:
        _tell_simulation(episode, episode.steps)
    else:
        for name, value in scenario.values.items():
            out.print(printable(f"  {name}: {worded(value)}"), soft_wrap=True)
        out.print()
        for entry in episode.entries:
            out.print(line(entry), soft_wrap=True)
    ending(episode)


def _tell_simulation(episode: "Episode", steps: "Steps") -> None:
    """Print what a body met with and did; of its thousands of numbers the first and the last."""
    out = console()
    values = (f"{name} {worded(brief(value))}" for name, value in episode.scenario.values.items())
    out.print(printable(f"  {', '.join(values)}"), soft_wrap=True)
    out.print()
    for entry in episode.entries:
        out.print(line({name: value for name, value in entry.items() if name != "state"}), soft_wrap=True)
    out.print(f"\n{len(steps):,} steps, {steps.nbytes:,} bytes")
    shown = table("column", "first", "last")
    rewards = {"reward": steps.rewards} if len(steps) else {}
    for name, column in {**steps.observations, **_named_actions(steps), **rewards}.items():
        if len(column):
            shown.add_row(name, _numbers(column[0]), _numbers(column[-1]))
    out.print(shown)


def _named_actions(steps: "Steps") -> "dict[str, NDArray[Any]]":
    return {"action" if name == "value" else f"action.{name}": one for name, one in steps.actions.items()}


def _numbers(row: "NDArray[Any]") -> str:
    flat = row.reshape(-1)
    shown = [f"{value:.4g}" for value in flat[:_MOST].tolist()]
    return " ".join(shown) + (f" … {flat.size} in all" if flat.size > _MOST else "")


def ending(episode: "Episode") -> None:
    """Print how an episode ended."""
    fault = f": {episode.fault.side}: {episode.fault.message}" if episode.fault else ""
    words = {"terminated": "came to its end", "truncated": "was cut off at a limit", "error": "broke off"}
    console().print(printable(f"\nend: {episode.end} ({words[episode.end]}){fault}"), soft_wrap=True)
