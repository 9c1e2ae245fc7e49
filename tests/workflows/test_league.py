"""A league: who meets whom, what is read of it, and what it comes to."""

import math
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gristmill import registry
from gristmill.digest import decode, encode
from gristmill.errors import StoreError, UsageError
from gristmill.recorders.store import RunStore
from gristmill.workflows.league import league
from gristmill.workflows.league_play import Row, folder_of, pairs
from gristmill.workflows.league_sums import sums
from gristmill.workflows.league_types import League, Player, read_league
from gristmill.workflows.report import Report, league_summary, report_runs, write_report
from tests.workflows.pages import Page

COINS = f"{Path(__file__).parents[1] / 'fixtures' / 'coins.py'}:Coins"
PLAYERS = ("hard", "fair", "soft", "slow")


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A league that tests only read."""
    out = tmp_path_factory.mktemp("leagues") / "coins"
    league(COINS, PLAYERS, out, n=40)
    return out


# Who meets whom.


def test_all_meet_all_and_themselves() -> None:
    """Each pair once; both seatings are played of it."""
    assert {(0, 0), (1, 1), (2, 2), (0, 1), (0, 2), (1, 2)} == set(pairs(3))
    assert 8 * 9 // 2 == len(pairs(8))


@given(st.integers(2, 14), st.data())
def test_a_random_design_connects_everybody_evenly(players: int, data: st.DataObject) -> None:
    """As many matches as asked for, no pair twice, one group, and nobody has many more than others."""
    most = players * (players - 1) // 2
    matches = data.draw(st.integers(players - 1, most))
    found = pairs(players, pairing="random", matches=matches, seed=data.draw(st.integers(0, 99)))
    met = [pair for pair in found if pair[0] != pair[1]]
    degrees = Counter(player for pair in met for player in pair)
    group = {0}
    for _ in range(players):
        group |= {player for pair in met if group & set(pair) for player in pair}

    assert {(one, one) for one in range(players)} == set(found) - set(met)
    assert matches == len(met) == len(set(met))
    assert players == len(group)
    assert max(degrees.values()) - min(degrees.values()) <= 2


def test_a_random_design_is_that_of_its_seed() -> None:
    """The same again, and another with another."""
    first = pairs(9, pairing="random", seed=1)

    assert first == pairs(9, pairing="random", seed=1)
    assert first != pairs(9, pairing="random", seed=2)


@pytest.mark.parametrize("matches", [2, 7])
def test_too_few_or_too_many_matches_are_refused(matches: int) -> None:
    """The message says how many there can be."""
    with pytest.raises(UsageError, match="Expected 3 to 6 matches for 4 players"):
        pairs(4, pairing="random", matches=matches)


def test_matches_are_for_random_pairings() -> None:
    """Where all meet all there is no choice."""
    with pytest.raises(UsageError, match="random pairings only"):
        pairs(4, matches=4)


def test_pairs_have_folders_of_their_own() -> None:
    """Whatever characters their names hold, and in either order."""
    names = ["a", "b", "a?x=1", "a?x-1", "mine.py:a", "x" * 60, "x" * 61, "ä"]
    folders = {folder_of(one, other) for one in names for other in names}

    assert len(names) ** 2 == len(folders)
    assert all(Path(one).name == one for one in folders)
    assert "a--b" == folder_of("a", "b")


# What it comes to.


def row(index: int, first: float, second: float, *, deal: bool | None = None) -> Row:
    """An episode that was judged."""
    return Row(
        scenario=f"s{index}", index=index, status="pass", scores=(first, second), passed=(True, True), deal=deal
    )  # fmt: skip


def test_cells_are_means_over_both_seats() -> None:
    """What a player made of another in the first seat, in the second, and over both; deals over both seatings."""
    tables = {
        (0, 0): [row(0, 0.5, 0.5)],
        (1, 1): [row(0, 0.5, 0.5)],
        (0, 1): [row(0, 0.8, 0.1, deal=True)],
        (1, 0): [row(0, 0.3, 0.6, deal=False)],
    }
    found = sums([Player(name="a"), Player(name="b")], ("left", "right"), tables)
    one, other = found.matrix[0][1], found.matrix[1][0]

    assert one is not None
    assert other is not None
    assert 0.7 == pytest.approx(value(one.score))
    assert [0.8, 0.6] == pytest.approx([value(one.by_seat[seat]) for seat in ("left", "right")])
    assert 0.2 == pytest.approx(value(other.score))
    assert [0.3, 0.1] == pytest.approx([value(other.by_seat[seat]) for seat in ("left", "right")])
    assert 0.5 == value(one.agreement) == value(other.agreement)
    assert (2, 2) == (one.n, other.n)
    assert 0.6 == pytest.approx(value(found.players[0].score))


def value(found: object) -> float:
    """The figure of an interval that has to be there."""
    return float(getattr(found, "value", math.nan))


def test_errors_are_counted_for_who_is_at_fault_and_are_no_losses() -> None:
    """The score of both is that of the episodes that were judged."""
    broke = Row(scenario="s1", index=1, status="error", side="right")
    tables = {
        (0, 0): [row(0, 0.5, 0.5), row(1, 0.5, 0.5)],
        (1, 1): [row(0, 0.5, 0.5), row(1, 0.5, 0.5)],
        (0, 1): [row(0, 0.8, 0.2), broke],
        (1, 0): [row(0, 0.2, 0.8), row(1, 0.2, 0.8)],
    }
    found = sums([Player(name="a"), Player(name="b")], ("left", "right"), tables)

    assert (0, 1) == (found.players[0].passed.errors, found.players[1].passed.errors)
    assert 0.2 == pytest.approx(value(found.matrix[1][0] and found.matrix[1][0].score))
    assert 7 == found.players[1].passed.n


def test_conduct_is_told_from_how_it_ended(tmp_path: Path) -> None:
    """Who insists keeps the rules and finds no deal; a failed check of one seat is no fault of the other."""
    hard, _ = league("negotiation/resource-v1", ("hardliner", "conceder"), tmp_path / "league", n=12).players
    tables = {
        pair: [
            Row(scenario="s", index=0, status="fail", scores=(1, 0), passed=(True, False), kept=(True, False))
        ]
        for pair in ((0, 1), (0, 0))
    }
    one, other = sums([Player(name="a"), Player(name="b")], ("left", "right"), tables).players

    assert 1.0 == hard.kept.rate > hard.passed.rate
    assert (2, 3) == (one.kept.passed, one.kept.n)
    assert (0, 1) == (other.kept.passed, other.kept.n)


def test_who_was_never_judged_is_not_rated() -> None:
    """Nor does it keep the others from being so."""
    broke = [Row(scenario="s0", index=0, status="error", side="world")]
    tables = {
        (one, other): broke if 2 in (one, other) else [row(0, 0.5 - one / 10, 0.5 - other / 10)]
        for one in range(3)
        for other in range(3)
    }
    found = sums([Player(name=name) for name in "abc"], ("left", "right"), tables).players

    assert found[2].rating is None
    assert found[2].share is None
    assert value(found[0].rating) > 1500 > value(found[1].rating)
    assert 1.0 == pytest.approx(value(found[0].share), abs=1e-4)


def test_pairs_that_did_not_meet_leave_ratings_but_no_long_run() -> None:
    """The strengths behind the scores come out of a random design, too."""
    strengths = np.linspace(0.9, 0.1, 8)
    rng = np.random.Generator(np.random.Philox(4))
    tables = {
        (one, other): [
            row(index, *np.clip(strengths[[one, other]] + 0.2 * rng.standard_normal(2), 0, 1))
            for index in range(60)
        ]
        for pair in pairs(8, pairing="random", matches=12, seed=3)
        for one, other in (pair, pair[::-1])
    }
    found = sums([Player(name=str(one)) for one in range(8)], ("left", "right"), tables)
    ratings = [value(one.rating) for one in found.players]

    assert sorted(ratings, reverse=True) == ratings
    assert [None] * 8 == [one.share for one in found.players]
    assert 2 * (28 - 12) == sum(cell is None for line in found.matrix for cell in line)


def test_a_lead_is_told_from_chance() -> None:
    """By the same resamples for both: who is ahead in every scenario leads for sure, who is so in half of them does not."""

    def summary(ahead: list[float]) -> str:
        tables = {
            (one, other): [row(index, 0.5 - one * by, 0.5 - other * by) for index, by in enumerate(ahead)]
            for one in (0, 1)
            for other in (0, 1)
        }
        names = [Player(name="first"), Player(name="second")]
        found = sums(names, ("left", "right"), tables)
        return league_summary(
            League(
                world="w",
                version="1",
                seats=("left", "right"),
                seed=0,
                scenarios=len(ahead),
                players=found.players,
                matrix=found.matrix,
                lead=found.lead,
            )
        )

    assert "above second" in summary([0.1] * 20)
    assert "may be chance" in summary([0.1, -0.1] * 10)


# Playing.


def test_a_league_is_runs_and_figures(played: Path) -> None:
    """One run for each ordered pair, in the same scenarios, and a file that says what they come to."""
    found = read_league(played)
    runs = sorted(path.name for path in (played / "runs").iterdir())
    scenarios = {
        frozenset(one.scenario.id for one in RunStore.open(played / "runs" / run).episodes()) for run in runs
    }

    assert 16 == len(found.meetings) == len(runs)
    assert {str(Path("runs", run)) for run in runs} == {one.run for one in found.meetings}
    assert 1 == len(scenarios)
    assert 40 == found.scenarios
    assert 16 * 40 == sum(found.counts.values())


def test_known_facts_come_out(tmp_path: Path) -> None:
    """Who insists loses agreements with its like, and who concedes early finds them, and is exploited by others."""
    players = ("hardliner", "boulware", "conceder")
    found = league("negotiation/market-v1", players, tmp_path / "league", n=40)

    def of(one: str, other: str, name: str) -> float:
        cell = found.matrix[players.index(one)][players.index(other)]
        return value(getattr(cell, name))

    assert 0.1 > of("hardliner", "hardliner", "agreement")
    assert 0.9 < of("conceder", "conceder", "agreement")
    assert of("boulware", "conceder", "score") > of("conceder", "boulware", "score") + 0.1
    assert "hardliner" == players[found.ranking[-1]]


def test_playing_again_plays_nothing_and_more_can_be_asked_for(tmp_path: Path) -> None:
    """With more players and scenarios it is as if all had been asked for at once, in one process or two."""
    first = league(COINS, PLAYERS[:2], tmp_path / "grown", n=5)
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "grown" / "runs").rglob("*.parquet")}
    again = league(COINS, PLAYERS[:2], tmp_path / "grown", n=5)
    after = {path: path.stat().st_mtime_ns for path in (tmp_path / "grown" / "runs").rglob("*.parquet")}
    more = league(COINS, PLAYERS[:3], tmp_path / "grown", n=8, jobs=2)
    whole = league(COINS, PLAYERS[:3], tmp_path / "whole", n=8)

    assert figures(first) == figures(again)
    assert before == after
    assert figures(whole) == figures(more)


def test_a_league_that_was_interrupted_goes_on(tmp_path: Path) -> None:
    """It ends as one that was not."""

    def stop(done: int, asked: int, counts: object) -> None:
        assert 4 * 30 == asked
        if done > 70:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        league(COINS, PLAYERS[:2], tmp_path / "stopped", n=30, progress=stop)
    stopped = len(list((tmp_path / "stopped" / "runs").iterdir()))

    assert 0 < stopped < 4
    assert figures(league(COINS, PLAYERS[:2], tmp_path / "whole", n=30)) == figures(
        league(COINS, PLAYERS[:2], tmp_path / "stopped", n=30)
    )


def figures(one: League) -> object:
    """All but how long it took."""
    return {key: value for key, value in decode(encode(one)).items() if key != "seconds"}


def test_fewer_scenarios_than_there_are_can_be_looked_at(played: Path, tmp_path: Path) -> None:
    """The first ones of a larger league, as if no more had been played."""
    league(COINS, PLAYERS[:2], tmp_path / "large", n=12)

    assert figures(league(COINS, PLAYERS[:2], tmp_path / "small", n=6)) == figures(
        league(COINS, PLAYERS[:2], tmp_path / "large", n=6)
    )


def test_scenarios_can_come_from_a_file(tmp_path: Path) -> None:
    """The same scenarios give the same figures, drawn or read."""
    world = registry.make(COINS)
    lines = [encode(world.scenario(3, index)) + b"\n" for index in range(6)]
    (tmp_path / "some.jsonl").write_bytes(b"".join(lines))
    read = league(COINS, PLAYERS[:2], tmp_path / "read", scenarios=tmp_path / "some.jsonl", seed=3)
    drawn = league(COINS, PLAYERS[:2], tmp_path / "drawn", n=6, seed=3)

    assert figures(drawn) == figures(read)


def test_a_player_that_breaks_is_at_fault(tmp_path: Path) -> None:
    """Its errors are its own in either seat, and nobody loses by them."""
    found = league(COINS, ("fair", "broken"), tmp_path / "league", n=30)
    fair, broken = found.players

    assert 0 == fair.passed.errors < broken.passed.errors == sum(found.errors.values())
    assert {"left", "right"} == set(found.errors)
    assert 0.5 == value(fair.score)


def test_what_broke_is_played_again_when_asked_for(tmp_path: Path) -> None:
    """The attempt that was played to its end counts, once for each scenario."""
    first, again, retried = (
        league(COINS, ("fair", "shaky"), tmp_path, n=20, retry_errors=retry) for retry in (False, False, True)
    )

    assert first.errors == again.errors
    assert 0 < sum(retried.errors.values()) < sum(first.errors.values())
    assert [20] * 4 == [sum(one.counts.values()) for one in retried.meetings]


def test_outcomes_are_shown_with_what_could_be_had(played: Path) -> None:
    """The first scenarios, with one outcome for each meeting, by utilities."""
    found = read_league(played).planes
    world = registry.make(COINS)

    assert [world.scenario(read_league(played).seed, index).id for index in range(4)] == [
        one.scenario for one in found
    ]
    assert {16} == {len(one.deals) for one in found}
    assert all(
        deal.at == one.reservation if not deal.struck else 1.0 == pytest.approx(sum(deal.at))
        for one in found
        for deal in one.deals
    )


def test_outcomes_of_negotiations_lie_below_the_front(tmp_path: Path) -> None:
    """What was struck is worth no more than what could be had at once, and the Nash point is one of the efficient ones."""
    found = league("negotiation/market-v1", ("conceder", "hardliner"), tmp_path / "league", n=4)
    front = {plane.scenario: np.array(plane.front) for plane in found.planes}
    points = [
        (front[plane.scenario], deal.at) for plane in found.planes for deal in plane.deals if deal.struck
    ]

    assert 4 == len(found.planes)
    assert points
    assert all((np.array(at) <= edge + 1e-3).all(axis=1).any() for edge, at in points)
    assert all(
        np.abs(front[plane.scenario] - plane.best).sum(axis=1).min() < 1e-3
        for plane in found.planes
        if plane.best
    )


@pytest.mark.slow
def test_every_episode_can_be_replayed(tmp_path: Path) -> None:
    """The level that was asked for is the level of the verdicts."""
    found = league(COINS, PLAYERS[:2], tmp_path / "league", n=4, level="replayed")
    levels = {one.level for one in RunStore.open(tmp_path / "league/runs/fair--hard").verdicts()}

    assert "replayed" == found.level
    assert {"checked", "replayed"} == levels
    assert 16 == found.counts["pass"]


# What is refused.


@pytest.mark.parametrize(
    ("players", "words"),
    [
        ((), "at least two players, got none"),
        (("fair",), "at least two players, got only 'fair'"),
        (("fair", "hard", "fair"), "each player once, got 'fair' 2 times"),
        (("fair", f"{COINS.rpartition(':')[0]}:fair"), "which are the same policy"),
        (("fair", "bouleware"), "Unknown policy 'bouleware' of seat left"),
        (("fair", "lefty"), "Unknown policy 'lefty' of seat right"),
        (("fair", "soft?step=x"), "Parameter 'step'"),
    ],
)
def test_what_is_no_league_is_refused_before_it_is_played(
    tmp_path: Path, players: tuple[str, ...], words: str
) -> None:
    """With the reason, and without a trace."""
    with pytest.raises(UsageError, match=words):
        league(COINS, players, tmp_path / "league", n=2)

    assert not (tmp_path / "league").exists()


def test_a_world_of_one_seat_has_no_league(tmp_path: Path) -> None:
    """The message says what measures a policy there."""
    with pytest.raises(
        UsageError, match=r"two seats, got robots/reach-v1 with 1 \(robot\); `gristmill eval`"
    ):
        league("robots/reach-v1", ("expert", "noop"), tmp_path / "league")


def test_a_run_is_no_place_for_a_league(tmp_path: Path) -> None:
    """Nor is a league's folder one without a league."""
    league(COINS, PLAYERS[:2], tmp_path / "league", n=2)

    with pytest.raises(UsageError, match="got the run"):
        league(COINS, PLAYERS[:2], tmp_path / "league" / "runs" / "fair--hard", n=2)
    with pytest.raises(
        StoreError, match=r"Expected a league in .*got no league\.json.*`gristmill league` makes one"
    ):
        read_league(tmp_path)
    (tmp_path / "league.json").write_text("{}")
    with pytest.raises(StoreError, match="Expected a league in"):
        read_league(tmp_path)


# The page.


def test_the_page_shows_a_league(played: Path, tmp_path: Path) -> None:
    """Players, figures and pictures, in a file that fetches nothing and is well formed."""
    text = write_report(report_runs([], league=played), tmp_path / "page.html").read_text(encoding="utf-8")
    page = Page(text)

    assert [] == page.wrong
    assert all(one.startswith("#") for one in page.addresses)
    assert all(name in page.text for name in PLAYERS)
    assert 5 == text.count('class="heat"')
    assert 4 == text.count('class="plane"')
    assert "is rated highest" in page.text
    assert "nan" not in text


def test_a_league_stands_beside_runs(played: Path, tmp_path: Path) -> None:
    """On the page of a run that is part of it, for example."""
    data = report_runs([played / "runs" / "fair--soft"], league=played, count=2)
    page = Page(write_report(data, tmp_path / "page.html").read_text(encoding="utf-8"))

    assert [] == page.wrong
    assert "Standings" in page.text
    assert "Success" in page.text


def test_names_of_players_are_escaped(played: Path, tmp_path: Path) -> None:
    """Markup in a spec or a note is text."""
    found = decode((played / "league.json").read_bytes())
    evil = "<script>alert(1)</script>"
    for player in found["players"]:
        player["name"] = evil
    (tmp_path / "league.json").write_bytes(encode({**found, "notes": [evil], "seats": found["seats"]}))
    data = Report(title="t", league=read_league(tmp_path))

    assert "script" not in Page(write_report(data, tmp_path / "x.html").read_text(encoding="utf-8")).tags


def test_a_league_without_figures_has_a_page(tmp_path: Path) -> None:
    """When everything broke, dashes stand where figures would."""
    nothing = League(
        world="w", version="1", seats=("left", "right"), seed=0, scenarios=1, players=[Player(name="a"), Player(name="b")],
        matrix=[[None, None], [None, None]],
    )  # fmt: skip
    page = Page(
        write_report(Report(title="t", league=nothing), tmp_path / "x.html").read_text(encoding="utf-8")
    )

    assert [] == page.wrong
    assert "Too little was judged" in league_summary(nothing)


def test_nothing_to_report_of_is_refused() -> None:
    """A page needs a run, a league or the like."""
    with pytest.raises(UsageError, match=r"Expected a run, a league, .* got none"):
        report_runs([])
