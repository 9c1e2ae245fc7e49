"""Who meets whom in a league, and how it went: ordinary runs, one for each ordered pair of players."""

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import msgspec

from gristmill.digest import decoder, digest, encode
from gristmill.errors import UsageError
from gristmill.executors import imap
from gristmill.recorders.store import RunStore
from gristmill.recorders.verify import verify_run
from gristmill.seeding import stream
from gristmill.types import Level, Status, Verdict
from gristmill.workflows.metrics import Outcome
from gristmill.workflows.outcomes import outcomes, verdicts_of
from gristmill.workflows.run import Progress, run

__all__ = ["PAIRINGS", "Pairing", "Row", "Table", "folder_of", "pairs", "play_tables"]

Pairing = Literal["all", "random"]
PAIRINGS: tuple[Pairing, ...] = ("all", "random")
_UNTOLD = object()
_NAME = 40  # characters of a player's name in the name of a folder


class Table(msgspec.Struct, frozen=True, kw_only=True):
    """Two players at a table, and what they play, as plain data.

    Attributes:
        world: spec of the world.
        seats: spec of each seat's policy, the first seat's first.
        out: the run directory.
        n: how many scenarios to draw.
        seed: root seed.
        scenarios: a file of scenarios to play instead; empty for none.
        level: how strongly every episode is verified.
        retry: whether what a fault of a player has cut short is played once more.
    """

    world: str
    seats: dict[str, str]
    out: str
    n: int
    seed: int
    scenarios: str = ""
    level: Level = "checked"
    retry: bool = False


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """How one episode went.

    Attributes:
        scenario: what was played; equal draws under several indices are several.
        index: of the draw.
        status: of the verdict that counts.
        side: who is at fault when that is an error.
        scores: of both seats; None where it was not judged.
        passed: whether each seat passed its own checks and those about the whole episode; None where it was not judged.
        kept: whether each seat passed its own checks, which are about its conduct; None where there are none.
        worth: what the outcome is worth to both seats: their utilities where the world says them, else their scores.
        deal: whether there was one; None where none is possible, or the world does not say.
        nash: share of the best Nash product; None where there is none, or the world does not say.
    """

    scenario: str
    index: int
    status: Status
    side: str = ""
    scores: tuple[float, float] | None = None
    passed: tuple[bool, bool] | None = None
    kept: tuple[bool, bool] | None = None
    worth: tuple[float, float] | None = None
    deal: bool | None = None
    nash: float | None = None


def pairs(
    players: int, *, pairing: Pairing = "all", matches: int | None = None, seed: int = 0
) -> list[tuple[int, int]]:
    """Return which players meet, as pairs of numbers from 0, smaller first.

    Everybody meets itself, at random pairings too: where a meets b, what both make of a can then be compared. So a design
    in which matches connect all players also connects them by comparisons. A random design is cyclic (H. A. David, "The
    Method of Paired Comparisons", 1963): neighbours in a circle of random order meet, then those with one between them,
    and so on, so that nobody meets more than two others more than anybody else does.

    Args:
        players: how many there are.
        pairing: `all` with all, or `random`.
        matches: how many pairs of different players meet at random pairings; by default twice the number of players.
        seed: root seed of the design.

    Raises:
        UsageError: when there are too few matches to connect all players, or more than there are pairs.
    """
    alone = [(one, one) for one in range(players)]
    most = players * (players - 1) // 2
    if pairing == "all":
        if matches is not None:
            raise UsageError(
                f"Expected a number of matches with random pairings only, got {matches}; all meet all."
            )
        return alone + [(one, other) for one in range(players) for other in range(one + 1, players)]
    wanted = min(2 * players, most) if matches is None else matches
    if not players - 1 <= wanted <= most:
        raise UsageError(
            f"Expected {players - 1} to {most} matches for {players} players, got {wanted}: fewer do not connect all of them, "
            "and there are no more pairs."
        )
    circle, random = list(range(players)), stream(seed, "league", "pairing")
    random.shuffle(circle)
    found: dict[tuple[int, int], None] = {}
    for step in range(1, players // 2 + 1):
        places = list(range(players))
        random.shuffle(places)
        for place in places:
            one, other = circle[place], circle[(place + step) % players]
            found[min(one, other), max(one, other)] = None
    return alone + list(found)[:wanted]


def folder_of(first: str, second: str) -> str:
    """Return the name of the run directory of an ordered pair, which no other pair has."""
    return f"{_slug(first)}--{_slug(second)}"


def play_tables(
    tables: Sequence[Table], *, jobs: int = 1, progress: Progress | None = None
) -> Iterator[list[Row]]:
    """Play what is missing at every table, and yield how all of it went, in order.

    With several jobs a worker takes a whole table, so that neither it nor what it has loaded is started anew for each.

    Args:
        tables: what to play.
        jobs: how many workers.
        progress: called with the episodes done, those asked for, and the counts by status.
    """
    counts: dict[str, int] = {}
    if jobs == 1:
        for number, table in enumerate(tables):
            rows = _play(table, _shifted(progress, number, len(tables), counts))
            _count(rows, counts)
            yield rows
        return
    done = 0
    for data in imap(_work, map(encode, tables), jobs=min(jobs, len(tables))):
        rows = _rows(data)
        done += len(rows)
        _count(rows, counts)
        if progress:
            progress(done, len(rows) * len(tables), counts)
        yield rows


def _work(data: bytes) -> bytes:
    return encode(_play(_table(data)))


def _play(table: Table, progress: Progress | None = None) -> list[Row]:
    out = Path(table.out)
    scenarios = Path(table.scenarios) if table.scenarios else None
    run(
        table.world, table.seats, out, n=table.n, seed=table.seed, scenarios=scenarios, progress=progress,
        retry_errors=tuple(table.seats) if table.retry else (),
    )  # fmt: skip
    store = RunStore.open(out)
    if table.level != "checked":
        verify_run(store, table.level)
    first, second = table.seats
    asked = _counting([one for one in outcomes(store) if scenarios or one.index < table.n])
    verdicts = verdicts_of(store, {one.id for one in asked})
    return [_row(one, verdicts.get(one.id), (first, second)) for one in asked]


def _counting(attempts: Sequence[Outcome]) -> list[Outcome]:
    """Return the attempt at each scenario that counts: the first that is no error, if there is one."""
    found: dict[tuple[str, int], Outcome] = {}
    for one in sorted(attempts, key=lambda one: (one.status == "error", one.attempt)):
        found.setdefault((one.scenario, one.index), one)
    return list(found.values())


def _row(outcome: Outcome, verdict: Verdict | None, seats: tuple[str, str]) -> Row:
    if verdict is None or outcome.status not in ("pass", "fail"):
        return Row(scenario=outcome.scenario, index=outcome.index, status=outcome.status, side=outcome.side)
    status = {seat: verdict.seats.get(seat, verdict.status) for seat in seats}
    # A world without scores says of each seat whether it passed, or at least of the episode.
    scores = [verdict.scores.get(seat, float(status[seat] == "pass")) for seat in seats]
    worth = [_told(verdict, "utility", score, seat) for seat, score in zip(seats, scores, strict=True)]
    deal = _deal(verdict)
    return Row(
        scenario=outcome.scenario,
        index=outcome.index,
        status=outcome.status,
        scores=(scores[0], scores[1]),
        passed=(status[seats[0]] == "pass", status[seats[1]] == "pass"),
        kept=_kept(verdict, seats),
        worth=(worth[0], worth[1]),
        deal=deal,
        nash=_told(verdict, "nash_share", 0.0 if deal is False else None),
    )


def _kept(verdict: Verdict, seats: tuple[str, str]) -> tuple[bool, bool] | None:
    if not verdict.seats:
        return None
    failed = {check.seat for check in verdict.checks if check.status != "pass"}
    return seats[0] not in failed, seats[1] not in failed


def _deal(verdict: Verdict) -> bool | None:
    """Return whether there was a deal, None where there could be none or the world does not say."""
    if not _told(verdict, "zone of agreement", True):
        return None
    found = _told(verdict, "deal", _UNTOLD)
    return None if found is _UNTOLD else found not in (None, False)


def _told(verdict: Verdict, name: str, default: Any, seat: str = "") -> Any:
    """Return what the first check, of those about a seat if one is given, says of something in its evidence."""
    told = (one.evidence for one in verdict.checks if not seat or one.seat == seat)
    return next((evidence[name] for evidence in told if name in evidence), default)


def _slug(name: str) -> str:
    plain = re.sub(r"[^A-Za-z0-9._-]+", "-", name).lstrip("-")[:_NAME]
    return plain if plain == name else f"{plain}-{digest(name)[:8]}"


def _count(rows: Sequence[Row], counts: dict[str, int]) -> None:
    for row in rows:
        counts[row.status] = counts.get(row.status, 0) + 1


def _shifted(
    progress: Progress | None, number: int, tables: int, before: Mapping[str, int]
) -> Progress | None:
    """Return what tells of one table as a part of all of them, which are of one size."""
    if progress is None:
        return None

    def tell(done: int, asked: int, counts: Mapping[str, int]) -> None:
        both = {name: before.get(name, 0) + counts.get(name, 0) for name in [*before, *counts]}
        progress(number * asked + done, tables * asked, both)

    return tell


_table, _rows = decoder(Table), decoder(list[Row])
