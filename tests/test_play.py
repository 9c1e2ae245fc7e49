"""The loop: episodes are pure functions of what is played, whatever the batch and whoever breaks."""

import math
import random
from collections.abc import Sequence
from typing import Any

import msgspec
import pytest

from gristmill import registry
from gristmill.digest import digest
from gristmill.errors import EpisodeError, UsageError
from gristmill.play import identify, lock_step, play, recorded_acts, replay
from gristmill.policy import Policy, Rehearse, Rehearsed, Script, Scripted, Session
from gristmill.types import Act, Brief, Check, Entry, Episode, Scenario, call, say
from tests.envs.worlds import Counter

SCENARIOS = [Counter().scenario(1, index) for index in range(7)]


def customer(brief: Brief, rng: random.Random) -> Script:
    """Ask for the goal, and leave."""
    yield say(f"Please count to {brief.facts['goal']}. {rng.random():.6f}")
    while True:
        yield call("leave")


def agent(brief: Brief, rng: random.Random) -> Script:
    """Count in steps of random size, looking after each change."""
    seen = yield None
    goal = int(seen[0]["say"].split()[3][:-1])
    count = 0
    while count < goal:
        yield call("add", by=rng.randint(1, goal - count))
        count = -1
        while count < 0:
            seen = yield call("look")
            count = seen[-1].get("result", -1)
    yield say("Done.")


class Wide(Scripted):
    """A script that is asked for many episodes at once."""

    def __init__(self, width: int, *args: Any) -> None:
        super().__init__(*args)
        self.width = width


def run(
    scenarios: Sequence[Scenario] = SCENARIOS, *, width: int = 1, seed: int = 0, attempt: int = 0, world: Any = Counter,
    by: Any = agent,
) -> list[Episode]:  # fmt: skip
    """The episodes of some scenarios, played in batches of a width."""
    seats: dict[str, Policy] = {
        "customer": Scripted("asks", customer),
        "agent": by if isinstance(by, Policy) else Wide(width, "counts", by),
    }
    return list(play(world, scenarios, seats, seed=seed, attempt=attempt))


@pytest.mark.parametrize("width", [2, 3, 7, 50])
def test_batches_of_any_width_give_the_same_episodes(width: int) -> None:
    """Lock-step play equals play one by one, record by record."""
    assert run() == run(width=width)


def test_an_episode_does_not_depend_on_its_neighbours() -> None:
    """Alone, in another order or from another world, it goes the same way."""
    backwards = run(SCENARIOS[::-1], width=4)[::-1]

    assert run() == backwards
    assert run()[3] == run(SCENARIOS[3:4])[0]


def test_attempts_and_seeds_are_different_plays() -> None:
    """Each has its own id and its own streams; the scenario stays the same."""
    plays = [run(seed=seed, attempt=attempt)[0] for seed, attempt in ((0, 0), (0, 1), (1, 0), (1, 1))]

    assert 4 == len({one.id for one in plays})
    assert 4 == len({one.entries[0]["say"] for one in plays})
    assert 1 == len({one.scenario.id for one in plays})


def test_the_id_is_known_before_the_play() -> None:
    """What is missing from a run can be found without playing it."""
    seats = {"customer": Scripted("asks", customer), "agent": Scripted("counts", agent)}

    assert [identify(Counter(), one, seats, seed=5) for one in SCENARIOS] == [one.id for one in run(seed=5)]


def test_a_replay_reproduces_every_record() -> None:
    """The recorded acts lead a fresh world to the same entries and the same state."""
    for episode in run():
        assert episode == replay(Counter(), episode)


def test_altered_acts_diverge() -> None:
    """Another act leads elsewhere, and acts that run out leave the episode truncated."""
    episode = run()[0]
    acts = recorded_acts(episode)
    place = next(place for place, (_, act) in enumerate(acts) if act.get("call") == "add")
    other = [*acts]
    other[place] = ("agent", call("add", by=acts[place][1]["args"]["by"] + 1))

    assert episode.state_digest != replay(Counter(), episode, acts=other).state_digest
    assert "truncated" == replay(Counter(), episode, acts=acts[:2]).end
    assert episode == replay(Counter(), episode, acts=[*acts, ("agent", say("And another thing."))])


def test_a_replay_out_of_turn_is_a_fault() -> None:
    """An act of a seat that is not on turn names that seat."""
    again = replay(Counter(), run()[0], acts=[("agent", say("Me first."))])

    assert again.fault is not None
    assert ("error", "agent") == (again.end, again.fault.side)


def breaks(how: str) -> Any:
    """An agent that breaks in episodes with an odd goal, and counts well in others."""

    def script(brief: Brief, rng: random.Random) -> Script:
        seen = yield None
        if int(seen[0]["say"].split()[3][:-1]) % 2:
            if how == "raises":
                raise ValueError("lost count")
            if how == "yields nothing":
                yield None
            if how == "ends":
                return
        inner = agent(brief, rng)
        next(inner)
        while True:
            seen = yield inner.send(seen)

    return script


@pytest.mark.parametrize("width", [1, 7])
@pytest.mark.parametrize("how", ["raises", "yields nothing", "ends"])
def test_what_breaks_a_seat_ends_its_own_episode_only(how: str, width: int) -> None:
    """The episode is an error of the seat at fault; its neighbours in the batch are as they would be."""
    good = {one.scenario.index: one for one in run(by=breaks("not"))}
    for episode in run(by=breaks(how), width=width):
        if episode.scenario.values["goal"] % 2:
            assert episode.fault is not None
            assert ("error", "agent") == (episode.end, episode.fault.side)
            assert 1 == len(episode.entries)
        else:
            assert good[episode.scenario.index].entries == episode.entries


class Batched:
    """A policy that answers for all its episodes at once, and wrongly."""

    name, digest, generation, width = "batched", "0", 0, 7

    def __init__(self, how: str) -> None:
        self.how = how

    def begin(self, briefs: Sequence[Brief], seeds: Sequence[int]) -> "Batched":
        if self.how == "cannot begin":
            raise MemoryError("too wide")
        return self

    def act(self, rows: Sequence[int], observations: Sequence[list[Entry]]) -> Sequence[Act | EpisodeError]:
        if self.how == "raises":
            raise RuntimeError("out of memory")
        return [say("one act for all")] if self.how == "too few" else [say("hello")] * len(rows)


@pytest.mark.parametrize("how", ["cannot begin", "raises", "too few"])
def test_a_batch_that_breaks_as_a_whole_ends_all_its_episodes(how: str) -> None:
    """None is lost: each is recorded as an error of the seat."""
    episodes = run(by=Batched(how))

    assert len(SCENARIOS) == len(episodes)
    assert {("error", "agent")} == {(one.end, one.fault.side if one.fault else "") for one in episodes}


def broken_world(where: str) -> Any:
    """A kind of counter that raises in one of its methods, for odd goals."""

    class Broken(Counter):
        pass

    def method(self: Counter, *args: Any, **kwargs: Any) -> Any:
        if self.current is not None and self.current.values["goal"] % 2:
            raise ZeroDivisionError("the world is broken")
        return getattr(super(Broken, self), where)(*args, **kwargs)

    setattr(Broken, where, method)
    return Broken


@pytest.mark.parametrize("width", [1, 7])
@pytest.mark.parametrize("where", ["setup", "brief", "observe", "step", "state", "entries"])
def test_a_world_that_breaks_is_to_blame_itself(where: str, width: int) -> None:
    """Wherever it raises, the episode is an error of the world, and the next one is as good as ever."""
    good = {one.scenario.index: one for one in run()}
    episodes = run(world=broken_world(where), width=width)
    assert len(SCENARIOS) == len(episodes)
    for episode in episodes:
        if episode.scenario.values["goal"] % 2:
            assert episode.fault is not None
            assert ("error", "world", None) == (episode.end, episode.fault.side, episode.state)
            assert "ZeroDivisionError: the world is broken" in episode.fault.message
        else:
            assert (None, good[episode.scenario.index].entries) == (episode.fault, episode.entries)


class Reusing(Counter):
    """A counter that hands out its one and only state, with a tuple in it."""

    def __init__(self) -> None:
        super().__init__()
        self.lent: dict[str, Any] = {}

    def state(self) -> Any:
        self.lent.update(super().state(), place=(1, 2))
        return self.lent


def test_the_state_on_record_is_the_episodes_own() -> None:
    """It is a copy, and what JSON makes of it, so that what is judged now is what is read later."""
    episodes = list(run(world=Reusing))

    assert [{**one.state, "place": [1, 2]} for one in run()] == [one.state for one in episodes]
    assert [digest(one.state) for one in episodes] == [one.state_digest for one in episodes]


def test_a_state_with_a_number_that_json_cannot_say_is_the_worlds_fault() -> None:
    """It would come back as null."""

    class Dizzy(Counter):
        def state(self) -> Any:
            return {**super().state(), "angle": math.nan}

    (episode,) = run(SCENARIOS[:1], world=Dizzy)

    assert episode.fault is not None
    assert ("world", None) == (episode.fault.side, episode.state)
    assert "finite number" in episode.fault.message


@pytest.mark.parametrize(("widths", "batch"), [((0, 0), 8), ((0, 3), 3), ((1, 3), 1), ((4, 0), 4)])
def test_as_many_episodes_are_played_at_once_as_every_policy_takes(
    widths: tuple[int, int], batch: int
) -> None:
    """Scripts take any number, a person one, a model as many as fit."""
    assert batch == lock_step(Counter(), [Wide(width, "counts", agent) for width in widths])


def test_no_scenarios_are_no_episodes() -> None:
    """And need no world."""
    assert [] == run([])


def test_a_world_says_how_many_episodes_scripts_play_side_by_side() -> None:
    """They are the same episodes, in as many worlds at once."""
    made: list[Counter] = []

    class Narrow(Counter):
        abreast = 3

        def __init__(self) -> None:
            super().__init__()
            made.append(self)

    assert [one.entries for one in run()] == [one.entries for one in run(world=Narrow, width=0)]
    assert 3 == len(made)


def test_an_episode_that_was_not_reset_has_no_entries() -> None:
    """A record never holds what a world still had of the episode before."""
    bad = Scenario.of(Counter.id, {"goal": "many"})
    before, failed = run([SCENARIOS[0], bad])

    assert before.entries
    assert ([], None) == (failed.entries, failed.state)
    assert failed.fault is not None
    assert "field 'goal'" in failed.fault.message


def test_a_state_that_cannot_be_digested_is_the_worlds_fault() -> None:
    """NaN is no state."""

    class Vague(Counter):
        def state(self) -> Any:
            return {"count": float("nan")}

    (episode,) = run(SCENARIOS[:1], world=Vague)

    assert episode.fault is not None
    assert ("error", "world") == (episode.end, episode.fault.side)


@pytest.mark.parametrize("seats", [{}, {"agent"}, {"customer", "agent", "judge"}])
def test_every_seat_needs_a_policy(seats: set[str]) -> None:
    """The message lists the seats of the world."""
    policies: dict[str, Policy] = {seat: Scripted("asks", customer) for seat in seats}
    with pytest.raises(UsageError, match="Expected a policy for each of the seats customer, agent, got"):
        list(play(Counter, SCENARIOS, policies, seed=0))


def test_worlds_are_closed_whatever_happens() -> None:
    """Also when nobody wants the rest of the episodes."""
    closed = []

    class Closing(Counter):
        def close(self) -> None:
            closed.append(self)

    episodes = play(
        Closing, SCENARIOS, {"customer": Scripted("a", customer), "agent": Wide(3, "b", agent)}, seed=0
    )
    next(episodes)
    episodes.close()  # type: ignore[attr-defined]  # an iterator that is a generator

    assert 3 == len(closed)


def test_equal_draws_are_different_episodes() -> None:
    """Two draws of one value under two indices have two ids and two streams."""
    one = SCENARIOS[0]
    twin = msgspec.structs.replace(one, index=99)
    first, second = run([one, twin])

    assert (one.id, False) == (twin.id, first.id == second.id)
    assert first.entries[0] != second.entries[0]


class Trying(Scripted):
    """A policy that plays as it would, after it has tried out that and another way."""

    rehearsed: list[Rehearsed]

    def begin_with(self, briefs: Sequence[Brief], seeds: Sequence[int], rehearse: Rehearse) -> Session:
        """Rehearse row by row with the seeds to come, then all rows with others."""
        self.rehearsed = [
            rehearse([row], Scripted("counts", agent), [seeds[row]])[0] for row in range(len(briefs))
        ]
        self.rehearsed += rehearse(
            range(len(briefs)), Scripted("counts", agent), [1 + seed for seed in seeds]
        )
        return self.begin(briefs, seeds)


class Telling(Scripted):
    """A policy that tells of its own work, which it cannot always."""

    def begin(self, briefs: Sequence[Brief], seeds: Sequence[int]) -> Session:
        """Open a session as any other, with notes."""
        session: Any = super().begin(briefs, seeds)
        session.notes = self.notes
        return session  # type: ignore[no-any-return]  # it is one

    @staticmethod
    def notes(row: int) -> dict[str, object]:
        """Tell of every other row."""
        return {"row": row, "as": [None, object()][row % 2]}


def test_what_cannot_be_noted_is_a_fault_of_the_seat() -> None:
    """In its own episode alone; the others have their notes."""
    episodes = run(by=Telling("tells", agent))[:3]

    assert [{"agent": {"row": 0, "as": None}}, {}, {"agent": {"row": 2, "as": None}}] == [
        one.notes for one in episodes
    ]
    assert [None, "agent", None] == [one.fault and one.fault.side for one in episodes]


def test_a_rehearsal_is_the_play_to_come() -> None:
    """With the seed of the play itself it goes as the play will go; it is judged, and leaves no trace."""
    trying = Trying("tries", agent)
    episodes = run(by=trying)
    first, others = trying.rehearsed[:7], trying.rehearsed[7:]

    assert [one.entries for one in run()] == [one.entries for one in episodes]
    assert [(one.id, one.entries, one.state) for one in episodes] == [
        (one.episode.id, one.episode.entries, one.episode.state) for one in first
    ]
    assert [tuple(Counter().checks(one)) for one in episodes] == [one.checks for one in first]
    assert [one.entries for one in episodes] != [one.episode.entries for one in others]
    assert [one.entries[0] for one in episodes] == [one.episode.entries[0] for one in others]


def test_a_rehearsal_that_breaks_proves_nothing() -> None:
    """A check that raises is no pass, and rows whose world was not set up are none to rehearse in."""

    class Fragile(Counter):
        """A world that cannot be set up for some scenarios, and judges none."""

        def setup(self, values: dict[str, Any]) -> None:
            super().setup(values)
            if values["goal"] % 2:
                raise ValueError("no such goal")

        def checks(self, episode: Episode) -> list[Check]:
            raise ValueError("no idea")

    trying = Trying("tries", agent)
    episodes = run(by=trying, world=lambda: Fragile(rewards=False))  # which would judge at the end
    begun = [one for one in episodes if one.scenario.values["goal"] % 2 == 0]

    assert 0 < len(begun) < len(episodes)
    assert [one.id for one in begun] == [one.episode.id for one in trying.rehearsed[: len(begun)]]
    assert {("error", "verifier")} == {(one.checks[0].status, one.checks[0].side) for one in trying.rehearsed}


def test_a_simulation_is_not_rehearsed() -> None:
    """A policy that tries out first has no copies of a body to do so."""
    reach = registry.world("robots/reach-v1")
    scenarios = [reach().scenario(0, 0)]

    with pytest.raises(UsageError, match="got tries for a simulation"):
        list(play(reach, scenarios, {"robot": Trying("tries", agent)}, seed=0))
