"""Search: what is played is verified where anything is, as short as can be, and like any other record."""

import random
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import pytest

from gristmill import registry
from gristmill.agents.search import Search
from gristmill.envs.tools import tool
from gristmill.errors import UsageError
from gristmill.play import play, recorded_acts, replay
from gristmill.policy import Policy, Script, Scripted
from gristmill.types import Act, Brief, Check, Episode, Scenario, Verdict, call, say
from gristmill.world import World
from tests.envs.worlds import Counter

RETAIL = "support/retail-v1"
SCENARIOS = [Counter().scenario(3, index) for index in range(9)]


def customer(brief: Brief, rng: random.Random) -> Script:
    """Ask for the goal, and leave."""
    yield say(f"Please count to {brief.facts['goal']}.")
    while True:
        yield call("leave")


def agent(brief: Brief, rng: random.Random) -> Script:
    """Take a look, count in steps with detours, and be wrong half of the time."""
    seen = yield None
    left = int(seen[0]["say"].split()[3][:-1]) + rng.choice((0, 0, 1, 2))
    yield call("look")
    while left:
        if rng.random() < 0.4:
            by = rng.randint(1, 9)
            yield call("add", by=by)
            yield call("add", by=by, how="down")
        by = rng.randint(1, left)
        left -= by
        yield call("add", by=by)
    yield say("Done.")


class Wide(Scripted):
    """A script that is asked for so many episodes at once."""

    def __init__(self, script: Callable[..., Script] = agent, width: int = 0) -> None:
        super().__init__("counts", script)
        self.width = width


def searching(base: Policy | None = None, **settings: Any) -> Search:
    """A search with settings of its own."""
    given: dict[str, Any] = {"n": 8, "prefer": "shortest", "shorten": True, "hindsight": False, "most": 200}
    return Search("search", base or Wide(), **{**given, **settings})


def played(
    policy: Policy, *, world: Callable[[], World] = Counter, by: Callable[..., Script] = customer,
    scenarios: Sequence[Scenario] = SCENARIOS,
) -> list[Episode]:  # fmt: skip
    """Episodes with a policy in the seat of the agent."""
    return list(play(world, scenarios, {"customer": Scripted("asks", by), "agent": policy}, seed=4))


def passes(episode: Episode, world: World | None = None) -> bool:
    """Whether nothing broke and the checks pass."""
    checks = tuple((world or Counter()).checks(episode))
    return episode.fault is None and Verdict.status_of(checks) == "pass"


def acts(episode: Episode) -> list[Act]:
    """What the agent did."""
    return [act for seat, act in recorded_acts(episode) if seat == "agent"]


def given(script: list[Act]) -> Policy:
    """A policy that makes these acts."""

    def by_heart(brief: Brief, rng: random.Random) -> Script:
        yield from script

    return Scripted("by heart", by_heart)


@cache
def found(hindsight: bool = True) -> list[Episode]:
    """What is found with the default settings of these tests."""
    return played(searching(hindsight=hindsight))


def test_more_is_verified_than_of_its_base() -> None:
    """Of several candidates one is more likely to pass than the first."""
    alone = sum(map(passes, played(Wide())))

    assert alone < sum(map(passes, found()))


def test_no_act_can_be_left_out() -> None:
    """Without any one of its acts, an episode that was found does not pass."""
    for episode in filter(passes, found()):
        script = acts(episode)
        for place in range(len(script)):
            without = given(script[:place] + script[place + 1 :])
            assert not passes(played(without, scenarios=[episode.scenario])[0])


def test_the_record_is_that_of_one_play() -> None:
    """A replay reproduces it, so no candidate has left anything in the world or in the record."""
    assert found() == [replay(Counter(), episode) for episode in found()]


@pytest.mark.parametrize("width", [1, 4, 9])
def test_batches_of_any_width_find_the_same(width: int) -> None:
    """An episode does not depend on its neighbours."""
    assert found() == played(searching(Wide(width=width), hindsight=True))


def test_a_scenario_may_be_there_twice() -> None:
    """Two rows with one seed are searched alike."""
    assert [found()[0]] * 3 == played(searching(hindsight=True), scenarios=[SCENARIOS[0]] * 3)


def test_with_one_candidate_as_it_is_it_plays_as_its_base() -> None:
    """The first candidate is the play that the base itself would have given."""
    alone = [episode.entries for episode in played(Wide())]

    assert alone == [one.entries for one in played(searching(n=1, shorten=False))]


def test_where_nothing_is_verified_it_fails_as_its_base() -> None:
    """Failures are played too, and those that break off as well."""

    class Hopeless(Counter):
        """Nobody can do right here."""

        def checks(self, episode: Episode) -> list[Check]:
            return [Check(name="never", status="fail")]

    def breaks(brief: Brief, rng: random.Random) -> Script:
        yield call("look")
        raise ValueError("lost count")

    for base in (Wide(), Wide(breaks)):
        alone = [(one.entries, one.fault) for one in played(base, world=Hopeless)]

        assert alone == [(one.entries, one.fault) for one in played(searching(base), world=Hopeless)]


def test_looks_that_others_take_too_are_no_detours() -> None:
    """Without hindsight what every candidate does stays, although no check asks for it; what only one does goes."""
    kept = [episode for episode in found(hindsight=False) if passes(episode)]

    assert kept
    assert all(call("look") in acts(episode) for episode in kept)
    assert not any(call("look") in acts(episode) for episode in found() if passes(episode))


class Desk(Counter):
    """A counter whose goal has to be looked up, which no check asks for."""

    def instruct(self, seat: str, values: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        return f"You are the {seat}.", {}

    @tool
    def ask(self, nonce: str) -> int:
        """Tell the goal."""
        return int(self._values()["goal"])


def test_nothing_is_named_that_was_not_seen() -> None:
    """Without hindsight an act is not left out if only it brought to light what a later one needs."""

    def asks(brief: Brief, rng: random.Random) -> Script:
        seen = yield None
        seen = yield call(
            "ask", nonce=rng.choice("abcdefgh")
        )  # so that no two candidates have the call in common
        yield call("add", by=seen[-1].get("result", 0))
        yield say("Done.")

    def silent(brief: Brief, rng: random.Random) -> Script:
        yield say("Hello.")
        yield call("leave")

    drawn = (Desk().scenario(0, index) for index in range(40))
    scenarios = [one for one in drawn if one.values["fault"] == "none" and one.values["goal"] > 1][:3]
    for hindsight, asked in ((False, 1), (True, 0)):
        policy = searching(Wide(asks), hindsight=hindsight, n=2)
        for episode in played(policy, world=Desk, by=silent, scenarios=scenarios):
            assert passes(episode)
            assert asked == sum(act.get("call") == "ask" for act in acts(episode))


def test_what_is_tried_out_is_limited() -> None:
    """When nothing is left for it, candidates stay as long as they are."""
    assert [one.entries for one in played(searching(shorten=False))] == [
        one.entries for one in played(searching(most=8))
    ]


class Scored(Counter):
    """A counter whose agent scores by its steps, and whose customer always misbehaves."""

    def checks(self, episode: Episode) -> list[Check]:
        steps = sum(entry.get("call") == "add" for entry in episode.entries)
        right = episode.state["count"] == episode.scenario.values["goal"]
        return [
            Check(name="counts", status="pass" if right else "fail", seat="agent", score=min(steps, 9) / 9),
            Check(name="thanks", status="fail", seat="customer"),
        ]


def test_its_own_seat_is_what_it_looks_at() -> None:
    """The agent is not held back by a customer that fails, and takes the highest score where that is preferred."""
    alone, short, high = (
        [Scored().checks(one)[0] for one in played(policy, world=Scored)]
        for policy in (Wide(), searching(), searching(prefer="score"))
    )
    passed = [[one.status for one in found].count("pass") for found in (alone, short, high)]

    assert passed[0] < passed[1] == passed[2]
    assert sum(float(one.score or 0) for one in short) < sum(float(one.score or 0) for one in high)


def test_a_seat_that_plays_otherwise_than_rehearsed_with_is_told_of() -> None:
    """The episode ends in an error that says what is asked of the others."""
    count = iter(range(10_000))

    def moody(brief: Brief, rng: random.Random) -> Script:
        yield say(f"Please count to {brief.facts['goal']}. {next(count)}")
        yield call("leave")

    for episode in played(searching(n=2), by=moody):
        assert episode.fault is not None
        assert "agent" == episode.fault.side
        assert "play as they did when it was rehearsed" in episode.fault.message


def test_only_one_seat_searches() -> None:
    """Each would rehearse against what the other has yet to find."""
    with pytest.raises(UsageError, match="one seat that searches, got customer and agent"):
        list(play(Counter, SCENARIOS, {"customer": searching(), "agent": searching()}, seed=0))


@pytest.mark.parametrize(
    ("spec", "world", "seat", "message"),
    [
        ("search?n=0", RETAIL, "agent", "n from 1 to most=128, got 0"),
        ("search?n=9&most=8", RETAIL, "agent", "n from 1 to most=8, got 9"),
        ("search?prefer=cheap", RETAIL, "agent", "'cheap'.*Valid: score, shortest"),
        ("search?base=search", RETAIL, "agent", "play without searching in search, got search"),
        ("search?base=noisy&volume=1", RETAIL, "agent", "'volume' of policy 'search'.*most, n, prefer, rate, shorten"),
        ("search", "robots/reach-v1", "robot", "whose seats take turns for search, got robots/reach-v1"),
    ],
)  # fmt: skip
def test_what_cannot_be_searched_is_refused(spec: str, world: str, seat: str, message: str) -> None:
    """The message says what would be right."""
    with pytest.raises(UsageError, match=message):
        registry.policy(spec, world, seat)


def test_it_is_no_base_of_another() -> None:
    """Nor one of several: this is said before anything is played."""
    for spec in ("noisy?base=search&n=2", "mixed?of=expert|search?n=2", "noisy?base=mixed&of=expert|search"):
        with pytest.raises(
            UsageError, match=r"Expected policies that play without searching in (noisy|mixed), got"
        ):
            registry.policy(spec, RETAIL, "agent")


def test_parameters_decide_its_digest() -> None:
    """What plays otherwise is another policy; those of the base are handed on."""
    specs = (
        "search",
        "search?n=4",
        "search?hindsight=true",
        "search?base=noisy",
        "search?base=noisy&rate=0.3",
    )
    built = [registry.policy(spec, RETAIL, "agent") for spec in specs]

    assert len(specs) == len({one.digest for one in built})
    assert {(0, 0)} == {(one.generation, one.width) for one in built}


def test_conversations_with_tools_are_searched() -> None:
    """In a world with a policy, faults and a scripted customer more is kept, and replays."""
    make = registry.world(RETAIL)
    judge = make()
    scenarios = [judge.scenario(0, index) for index in range(6)]

    def kept(spec: str) -> list[Episode]:
        seats = {
            "customer": registry.policy("expert", RETAIL, "customer"),
            "agent": registry.policy(spec, RETAIL, "agent"),
        }
        return [one for one in play(make, scenarios, seats, seed=0) if passes(one, judge)]

    alone, more = kept("noisy?rate=0.3"), kept("search?base=noisy&rate=0.3&n=4")

    assert len(alone) < len(more)
    assert more == [replay(judge, one) for one in more]
