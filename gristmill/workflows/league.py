"""Strategies meet: everybody sits in both seats, against everybody, in the same scenarios."""

import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from gristmill import registry
from gristmill.digest import indented
from gristmill.errors import StoreError, UsageError, unknown
from gristmill.files import write_whole
from gristmill.recorders.ledger import LEVELS
from gristmill.types import Level, Scenario
from gristmill.workflows import EVALUATION_SEED
from gristmill.workflows.league_play import Pairing, Row, Table, folder_of, pairs, play_tables
from gristmill.workflows.league_sums import sums
from gristmill.workflows.league_types import FILE, Deal, League, Meeting, Plane, Player
from gristmill.workflows.lineage import HeldOut, trained_on
from gristmill.workflows.run import Progress
from gristmill.workflows.scenarios import read_scenarios
from gristmill.world import World

__all__ = ["league"]

SHOWN = 4  # scenarios whose outcomes are shown

Tables = Mapping[tuple[int, int], Sequence[Row]]


def league(
    world: str,
    players: Sequence[str],
    out: Path,
    *,
    n: int = 200,
    seed: int = EVALUATION_SEED,
    scenarios: Path | None = None,
    pairing: Pairing = "all",
    matches: int | None = None,
    level: Level = "checked",
    retry_errors: bool = False,
    jobs: int = 1,
    progress: Progress | None = None,
) -> League:
    """Let players meet in a folder, one run for each ordered pair, and write what it comes to to `league.json` there.

    What is recorded already is not played again; more scenarios and players can be asked for later.

    Args:
        world: spec of a world with two seats.
        players: specs of policies for both seats.
        out: the folder, made or continued.
        n: how many scenarios to draw.
        seed: root seed of the scenarios, of who meets at random, and of the resamples of the intervals.
        scenarios: a file of scenarios to play instead of drawing `n`.
        pairing: whether all meet all, or random pairs do.
        matches: how many pairs of different players meet at random pairings.
        level: how strongly every episode is verified.
        retry_errors: whether episodes that a fault of a player has cut short, such as an outage of an endpoint, are played
            once more.
        jobs: how many workers.
        progress: called with the episodes done, those asked for, and the counts by status.

    Raises:
        UsageError: when what is asked for does not exist or is no league; nothing was played then, unless a run in `out`
            turns out to be one of something else.
    """
    if n < 1:
        raise UsageError(f"Expected at least one scenario, got {n}.")
    if level not in LEVELS:
        raise unknown("level", level, LEVELS)
    if (out / "run.json").exists():
        raise UsageError(f"Expected the folder of a league, or a new one, got the run {out}; name another.")
    world = registry.absolute(world)
    stage = registry.make(world)
    try:
        seats = _two_seats(stage, world)
        named = _players(world, seats, players)
        given = read_scenarios(scenarios, stage) if scenarios else None
        met = pairs(len(named), pairing=pairing, matches=matches, seed=seed)
        folders = {
            (first, second): Path("runs", folder_of(players[first], players[second]))
            for pair in met
            for first, second in (pair, pair[::-1])
        }
        asked = [
            Table(
                world=world, seats=dict(zip(seats, (players[first], players[second]), strict=True)),
                out=str(out / folder), n=n, seed=seed, scenarios=str(scenarios or ""), level=level,
                retry=retry_errors,
            )
            for (first, second), folder in folders.items()
        ]  # fmt: skip
        start = time.monotonic()
        tables = dict(zip(folders, play_tables(asked, jobs=jobs, progress=progress), strict=True))
        seconds = time.monotonic() - start
        found = sums(named, seats, tables, seed=seed)
        few = (given or [stage.scenario(seed, index) for index in range(min(n, SHOWN))])[:SHOWN]
        made = League(
            world=world, version=stage.version, seats=seats, seed=seed, scenarios=len(given or range(n)), level=level,
            pairing=pairing, players=found.players, matrix=found.matrix, lead=found.lead,
            meetings=[_meeting(pair, folder, tables[pair]) for pair, folder in folders.items()],
            planes=_planes(stage, few, tables), notes=_notes(found.players, tables, out), seconds=seconds,
        )  # fmt: skip
    finally:
        stage.close()
    try:
        write_whole(out / FILE, indented(made))
    except OSError as error:
        raise StoreError(f"Could not write {out / FILE}: {error.strerror}.") from error
    return made


def _two_seats(stage: World, world: str) -> tuple[str, str]:
    if len(stage.possible_agents) != 2:
        names = ", ".join(stage.possible_agents)
        raise UsageError(
            f"Expected a world with two seats, got {world} with {len(stage.possible_agents)} ({names}); "
            "`gristmill eval` measures a policy in one seat."
        )
    first, second = stage.possible_agents
    return first, second


def _players(world: str, seats: tuple[str, str], specs: Sequence[str]) -> list[Player]:
    """Return the players, each of which can sit in both seats, and no two of which are the same."""
    if len(specs) < 2:
        got = f"only {specs[0]!r}" if specs else "none"
        raise UsageError(f"Expected at least two players, got {got}; name each by --player.")
    if twice := [spec for spec in dict.fromkeys(specs) if specs.count(spec) > 1]:
        raise UsageError(f"Expected each player once, got {twice[0]!r} {specs.count(twice[0])} times.")
    found: list[Player] = []
    for spec in specs:
        policies = {seat: registry.policy(spec, world, seat) for seat in seats}
        one = Player(
            name=spec,
            digests={seat: policy.digest for seat, policy in policies.items()},
            generation=max(policy.generation for policy in policies.values()),
        )
        if same := next((other for other in found if other.digests == one.digests), None):
            raise UsageError(
                f"Expected different players, got {same.name!r} and {spec!r}, which are the same policy."
            )
        found.append(one)
    return found


def _meeting(pair: tuple[int, int], folder: Path, rows: Sequence[Row]) -> Meeting:
    counts: dict[str, int] = {}
    errors: dict[str, int] = {}
    for row in rows:
        counts[row.status] = counts.get(row.status, 0) + 1
        if row.status == "error":
            side = row.side or "unknown"
            errors[side] = errors.get(side, 0) + 1
    return Meeting(first=pair[0], second=pair[1], run=str(folder), counts=counts, errors=errors)


def _planes(stage: World, scenarios: Iterable[Scenario], tables: Tables) -> list[Plane]:
    """Return some scenarios, if the world has a method `plane` that says what could be had in them."""
    tell: Any = getattr(stage, "plane", None)
    if tell is None:
        return []
    found: list[Plane] = []
    for scenario in scenarios:
        key, could = f"{scenario.id}.{scenario.index}", tell(scenario)
        # Where no deal is possible the verdict does not say whether there was one; without, both have what no deal is worth.
        nothing = tuple(could["reservation"])
        deals = [
            Deal(
                first=first,
                second=second,
                at=row.worth,
                struck=tuple(row.worth) != nothing if row.deal is None else row.deal,
            )
            for (first, second), rows in tables.items()
            for row in rows
            if row.scenario == key and row.worth is not None
        ]
        found.append(Plane(scenario=scenario.id, stratum=scenario.stratum, deals=deals, **could))
    return found


def _notes(players: Sequence[Player], tables: Tables, out: Path) -> list[str]:
    """Return what is missing among the figures, and which scenarios a player may have met before."""
    notes = []
    if alone := [one.name for one in players if one.rating is None]:
        notes.append(f"Not rated, since nothing compares them with the others: {', '.join(alone)}.")
    if all(one.share is None for one in players):
        notes.append("No long-run shares: they need a score for every pair of players in both seats.")
    runs, missing = trained_on({one.name: one.name for one in players}, out)
    scenarios = {row.scenario.rpartition(".")[0] for rows in tables.values() for row in rows}
    held_out = HeldOut.of(scenarios, runs, missing)
    notes += [
        f"Not held out: {met:,} of the {len(scenarios):,} scenarios occur in {run}, which a player learnt from."
        for run, met in held_out.runs.items()
        if met
    ]
    return notes + [f"Not known is {words}." for words in held_out.unknown]
