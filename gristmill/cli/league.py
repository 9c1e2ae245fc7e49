"""`gristmill league`."""

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gristmill.cli.shared import (
    HeldOutSeed,
    Jobs,
    Json,
    World,
    answer,
    bar,
    console,
    counted,
    limited,
    percent,
    table,
)
from gristmill.workflows import EVALUATION_SEED

if TYPE_CHECKING:
    from gristmill.workflows.league_types import League
    from gristmill.workflows.ratings import Interval

PAGE = "league.html"
_DRAWN = 200  # scenarios, if nothing else is asked for
_MOST = 12  # players whose matrix a terminal shows


def command(
    world: World,
    out: Annotated[Path, typer.Option("--out", "-o", help="The folder of the league, made or continued.")],
    player: Annotated[
        list[str] | None,
        typer.Option(
            help="A policy for both seats, e.g. boulware, model?checkpoint=models/r1; two or more, repeatable."
        ),
    ] = None,
    n: Annotated[
        int | None, typer.Option("-n", "--episodes", min=1, help="Number of scenarios, by default 200.")
    ] = None,
    seed: HeldOutSeed = EVALUATION_SEED,
    scenarios: Annotated[
        Path | None,
        typer.Option(help="A file of scenarios to play instead of drawing, as for `gristmill run`."),
    ] = None,
    pairing: Annotated[str, typer.Option(help="all, or random for many players.")] = "all",
    matches: Annotated[
        int | None,
        typer.Option(help="Pairs of different players that meet at random; by default twice the players."),
    ] = None,
    level: Annotated[
        str, typer.Option(help="How strongly episodes are verified: checked, replayed or mutation-tested.")
    ] = "checked",
    retry_errors: Annotated[
        bool,
        typer.Option(
            "--retry-errors",
            help="Play episodes that a fault of a player cut short, such as an outage, once more.",
        ),
    ] = False,
    jobs: Jobs = 1,
    json: Json = False,
) -> None:
    """Let strategies meet in both seats of the same scenarios, and say who is best, in tables and on a page.

    Run it again to go on where it stopped, or with more players or scenarios. Exit code 1 when nothing could be judged.

    Example: gristmill league negotiation/market-v1 --player boulware --player conceder --player model?checkpoint=models/r1
    -n 500 --out runs/league
    """
    from gristmill.errors import UsageError, unknown
    from gristmill.recorders.ledger import LEVELS
    from gristmill.workflows.league import league
    from gristmill.workflows.league_play import PAIRINGS
    from gristmill.workflows.report import league_summary, league_title, machine, write_report
    from gristmill.workflows.report_types import Report

    strength = next((one for one in LEVELS if one == level), None)
    if strength is None:
        raise unknown("level", level, LEVELS)
    who = next((one for one in PAIRINGS if one == pairing), None)
    if who is None:
        raise unknown("pairing", pairing, PAIRINGS)
    if scenarios is not None and n is not None:
        raise UsageError(
            f"Expected either -n or --scenarios, got -n {n} and {scenarios}: of a file all scenarios are played."
        )
    names = player or []
    limited((n or _DRAWN) * len(names) ** 2)
    with bar("playing") as progress:
        found = league(
            world, names, out, n=n or _DRAWN, seed=seed, scenarios=scenarios, pairing=who,
            matches=matches, level=strength, retry_errors=retry_errors, jobs=jobs, progress=progress,
        )  # fmt: skip
    words = ["gristmill", "league", world, *(f"--player={one}" for one in names), f"--out={out}"]
    words += [f"--scenarios={scenarios}"] if scenarios else [f"-n={n or _DRAWN}", f"--seed={seed}"]
    words += [f"--pairing={pairing}"] if pairing != "all" else []
    words += [f"--matches={matches}"] if matches is not None else []
    words += [f"--level={level}"] if level != "checked" else []
    data = Report(
        title=league_title(found), summary=league_summary(found), command=shlex.join(words), machine=machine(),
        league=found,
    )  # fmt: skip
    page = write_report(data, out / PAGE)
    if json:
        answer({"page": str(page), "league": found})
    else:
        _print(found, data.summary, page)
    if not any(one.n for row in found.matrix for one in row if one):
        raise typer.Exit(1)


def _print(found: "League", summary: str, page: Path) -> None:
    out = console()
    out.print(summary, style="bold")
    out.print(_standings(found), "")
    out.print(_matrix(found), "")
    if found.errors:
        episodes = sum(found.counts.values())
        out.print(
            f"Errors, counted for the side at fault and nowhere as a loss: {counted(found.errors)} of {episodes:,} episodes",
            style="yellow",
        )
    for note in found.notes:
        out.print(note, style="yellow")
    out.print(f"The page: {page}")


def _standings(found: "League") -> Any:
    told = {
        "deals": any(one.agreement for one in found.players),
        "Nash share": any(one.efficiency for one in found.players),
        "long run": any(one.share for one in found.players),
    }
    columns = ["", "player", "rating", "95 % interval", "score", *(f"as {seat}" for seat in found.seats)]
    shown = table(
        *columns, *(name for name, there in told.items() if there), "passed", "rules kept", "errors"
    )
    for place, number in enumerate(found.ranking, 1):
        one = found.players[number]
        rating = one.rating
        rest = {"deals": one.agreement, "Nash share": one.efficiency, "long run": one.share}
        shown.add_row(
            str(place),
            one.name,
            f"{rating.value:.0f}" if rating else "–",
            f"{rating.low:.0f} - {rating.high:.0f}" if rating else "",
            _figure(one.score),
            *(_figure(one.by_seat.get(seat)) for seat in found.seats),
            *(_figure(rest[name]) for name, there in told.items() if there),
            percent(one.passed.passed, one.passed.n),
            percent(one.kept.passed, one.kept.n),
            f"{one.passed.errors:,}",
        )
    return shown


def _matrix(found: "League") -> Any:
    """Return the mean scores of rows against columns, both in the order of the ranking."""
    if len(found.players) > _MOST:
        return f"Who made what of whom, {len(found.players)} by {len(found.players)}, is on the page."
    order = found.ranking
    scores = [one.score for row in found.matrix for one in row if one and one.score]
    widest = max(((one.high - one.low) / 2 for one in scores), default=0.0)
    shown = table("", "mean score against", *map(str, range(1, len(order) + 1)))
    for place, row in enumerate(order, 1):
        cells = (found.matrix[row][column] for column in order)
        shown.add_row(
            str(place), found.players[row].name, *(_figure(cell.score if cell else None) for cell in cells)
        )
    shown.caption = f"95 % intervals: within {widest:.3f} of these"
    shown.caption_justify = "left"
    return shown


def _figure(found: "Interval | None") -> str:
    return f"{found.value:.3f}" if found else "–"
