"""Dialogue worlds: turns, visibility, malformed acts, faults and limits."""

import json
import math
import subprocess
import sys
import warnings
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pettingzoo.test import api_test, seed_test

from gristmill.envs.dialogue import DialogueWorld, TwoSeatDialogue
from gristmill.envs.support.env import RetailSupport
from gristmill.envs.tools import tool
from gristmill.errors import PluginError, UsageError
from gristmill.types import Scenario, call, say
from tests.envs.support.shopping import expert, played, scenario
from tests.envs.worlds import Counter, Stall

WORLDS = pytest.mark.parametrize("kind", [Counter, RetailSupport, Stall])
# Advice for numeric worlds: a conversation has neither arrays nor numbered players.
ADVICE = (
    "Observation is not a NumPy array",
    "Observation space for each agent probably should be gymnasium.spaces.box or gymnasium.spaces.discrete",
    "Action space for each agent probably should be gymnasium.spaces.box or gymnasium.spaces.discrete",
    "We recommend agents to be named in the format <descriptor>_<number>",
)


def begun(fault: str = "none", goal: int = 3) -> Counter:
    """A counter whose customer has spoken."""
    world = Counter()
    world.reset(options={"scenario": {"goal": goal, "fault": fault}})
    world.step(say("Please count."))
    return world


@WORLDS
def test_pettingzoo_finds_nothing_wrong(kind: type[DialogueWorld]) -> None:
    """Farama's own api_test and seed_test pass."""
    with warnings.catch_warnings():
        for advice in ADVICE:
            warnings.filterwarnings("ignore", message=advice)
        api_test(kind(), num_cycles=60)
        seed_test(kind, num_cycles=20)


def test_saying_hands_over_and_calling_does_not() -> None:
    """A call is answered and its author goes on; a message gives the turn to the other seat."""
    world = begun()
    world.step(call("add", by=2))
    after_call = world.agent_selection
    world.step(say("It is two."))

    assert ("agent", "customer") == (after_call, world.agent_selection)


def test_seats_see_what_is_theirs() -> None:
    """Messages are seen by both, calls and answers by their author only, and nothing twice."""
    world = begun()
    first = world.observe("agent")
    world.step(call("add", by=2))
    second = world.observe("agent")
    world.step(say("It is two."))

    assert [{"from": "customer", "say": "Please count."}] == first
    assert [{"from": "tool", "tool": "add", "to": ["agent"], "result": 2}] == second
    assert [{"from": "agent", "say": "It is two."}] == world.observe("customer")


def test_observations_share_nothing_with_the_log() -> None:
    """A policy that scribbles on what it sees changes neither the record nor what others see."""
    world = begun()
    before = world.entries()
    for seen in (world.observe("agent"), world.entries()):
        seen[0]["say"] = "spoiled"
        seen.clear()

    assert before == world.entries()
    assert "Please count." == world.observe("agent")[0]["say"]


class Rude:
    """An object that cannot even say what it is."""

    def __repr__(self) -> str:
        raise RuntimeError("no")


def nested(depth: int) -> list[Any]:
    """A list in a list in a list."""
    value: list[Any] = []
    for _ in range(depth):
        value = [value]
    return value


def cycle() -> list[Any]:
    """A list that holds itself."""
    value: list[Any] = []
    value.append(value)
    return value


MALFORMED: dict[str, Any] = {
    "nothing": None,
    "a number": 3,
    "not a number": math.nan,
    "text": "hello",
    "a list": [1, {"a": []}],
    "an empty object": {},
    "a message of a number": {"say": 3},
    "two payloads": {"say": "a", "call": "add", "args": {}},
    "a stranger's name": {"from": "customer", "say": "a"},
    "a hidden mark": {"say": "a", "to": []},
    "a lone surrogate": {"say": "\ud800"},
    "a megabyte": {"say": "x" * 1_000_000},
    "a megabyte of arguments": {"call": "add", "args": {"by": "x" * 1_000_000}},
    "an object of no sort": {"say": object()},
    "an object that raises": {"say": Rude()},
    "bytes": b"\xff",
    "a message of bytes": {"say": b"abc"},
    "a tuple": ("say", "hi"),
    "a legal act as text": {"raw": '{"say": "hi"}'},
    "a page of brackets": {"raw": "[" * 3_000},
    "deep arguments in few bytes": {"call": "add", "args": {"by": nested(40)}},
    "a set": {"say": {1, 2}},
    "deep lists": {"call": "add", "args": {"by": nested(500)}},
    "bottomless lists": nested(100_000),
    "a cycle": cycle(),
    "a huge number": {"call": "add", "args": {"by": 10**400}},
    "an unknown tool": call("fly"),
    "another seat's tool": call("leave"),
    "no arguments": {"call": "add"},
    "arguments in a list": {"call": "add", "args": [1]},
    "a missing argument": call("add"),
    "an unknown argument": call("add", by=1, to=2),
    "an argument of another type": call("add", by="1"),
    "an argument that is no number": call("add", by=math.nan),
    "an argument that is not among the choices": call("add", by=1, how="sideways"),
    "text that was not understood": {"raw": "add((1"},
}


@pytest.mark.parametrize("act", MALFORMED.values(), ids=MALFORMED)
def test_a_malformed_act_is_answered_with_one_error(act: Any) -> None:
    """Nothing raises or changes: its author sees one error and is on turn again; the other seat sees nothing."""
    world = begun()
    world.step(act)
    seen = world.observe("agent")

    assert ["error"] == [key for entry in seen for key in entry if key == "error"]
    assert seen[0]["error"]
    assert ("agent", {"count": 0}) == (world.agent_selection, world.state())
    assert [] == world.observe("customer")
    assert len(json.dumps(world.entries()).encode()) < 30_000


@pytest.mark.parametrize("act", MALFORMED.values(), ids=MALFORMED)
def test_the_record_of_a_malformed_act_is_answered_as_the_act_was(act: Any) -> None:
    """A replay, which has only the record, goes the same way."""
    world, again = begun(), begun()
    world.step(act)
    (recorded,) = [
        {key: value for key, value in entry.items() if key not in ("from", "to")}
        for entry in world.entries()
        if entry["from"] == "agent"
    ]
    again.step(recorded)

    assert world.entries() == again.entries()


@given(
    act=st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(("say", "call", "args", "raw", "by", "from")), inner, max_size=3
            )
        ),
        max_leaves=8,
    )
)
@settings(max_examples=150)
def test_no_act_breaks_a_world(act: Any) -> None:
    """Whatever a policy comes up with, the world goes on, and its log is plain JSON that can be replayed."""
    world, again = begun(), begun()
    world.step(act)
    again.step({key: value for key, value in world.entries()[1].items() if key not in ("from", "to")})

    assert json.loads(json.dumps(world.entries())) == world.entries() == again.entries()


def test_malformed_acts_in_a_row_end_the_episode() -> None:
    """After max_errors of them, unknown tools and wrong arguments included, it is truncated."""
    world = begun()
    for act in (None, call("fly"), call("add", by="1")):
        world.step(act)

    assert {"customer": True, "agent": True} == world.truncations
    assert not any(world.terminations.values())


def test_arguments_that_do_not_fit_are_told_from_a_tool_that_refuses() -> None:
    """Both are answers of the tool, but only the first marks an act that nobody should learn to make."""
    world = begun()
    world.step(call("add", by="1"))

    answer = world.entries()[-1]
    assert ("tool", "add", True) == (answer["from"], answer["tool"], answer["refused"])


def test_a_good_act_forgives_malformed_ones() -> None:
    """Errors count in a row only."""
    world = begun()
    for act in (None, call("fly"), call("look"), None, call("fly"), say("Hello."), say("Hello."), None, None):
        world.step(act)

    assert not any(world.truncations.values())


def test_a_refusal_of_the_tool_is_no_malformed_act() -> None:
    """A ToolError is an answer like any other."""
    world = begun()
    for _ in range(4):
        world.step(call("add", by=10))

    assert not any(world.truncations.values())
    assert "too much" == world.observe("agent")[-1]["error"]


def test_an_episode_ends_at_max_acts() -> None:
    """A conversation without end is truncated, and the rewards are nought."""
    world = begun()
    acts = 1
    while not any(world.truncations.values()):
        world.step(say("And so on."))
        acts += 1

    assert (Counter.max_acts, {"customer": 0.0, "agent": 0.0}) == (acts, world.rewards)


@pytest.mark.parametrize(("count", "reward"), [(3, 1.0), (2, 0.0)])
def test_rewards_are_those_of_the_checks(count: int, reward: float) -> None:
    """Both seats are paid for a verdict of pass and for nothing else."""
    world = begun()
    world.step(call("add", by=count))
    world.step(say("There."))
    world.step(call("leave"))

    assert {"customer": True, "agent": True} == world.terminations
    assert {"customer": reward, "agent": reward} == world.rewards


@pytest.mark.parametrize(
    ("fault", "count", "answer"),
    [
        ("none", 2, {"result": 2}),
        ("timeout-before", 1, {"error": "timed out"}),
        ("timeout-after", 2, {"error": "timed out"}),
        ("rate-limit", 1, {"error": "rate limited, try again"}),
    ],
)
def test_a_fault_strikes_the_call_that_the_scenario_names(
    fault: str, count: int, answer: dict[str, Any]
) -> None:
    """The second change is struck: done or not as the kind says, once, hidden from seats but on record."""
    world = begun(fault)
    world.step(call("add", by=1))
    world.step(call("look"))
    world.step(call("add", by=1))
    struck = world.observe("agent")
    after = world.state()
    world.step(call("add", by=1))

    assert [{"from": "tool", "tool": "add", "to": ["agent"], **answer}] == struck
    assert ({"count": count}, {"count": count + 1}) == (after, world.state())
    hidden = [entry for entry in world.entries() if "event" in entry]
    event = {"from": "world", "event": "fault", "kind": fault, "tool": "add", "to": []}
    assert ([] if fault == "none" else [event]) == hidden


def test_a_stale_read_answers_with_what_was() -> None:
    """The second read, of whatever tool, does not see the latest change; the third does."""
    world = begun("stale-read")
    answers = []
    for act in (call("look"), call("add", by=1), call("look"), call("look")):
        world.step(act)
        answers.append(world.observe("agent")[-1]["result"])

    assert [0, 1, 0, 1] == answers


def test_a_fault_waits_for_a_call_that_it_can_spoil() -> None:
    """A call with wrong arguments, or one that the tool itself refuses, uses no fault up."""
    world = begun("timeout-after")
    for act in (call("add", by=1), call("add", by="x"), call("add", by=10), call("add", by=1)):
        world.step(act)

    assert "timed out" == world.observe("agent")[-1]["error"]
    assert 1 == sum("event" in entry for entry in world.entries())


def test_faults_are_fresh_in_every_episode() -> None:
    """Playing the same scenario again meets the same fault again."""
    world = Counter()
    what = Scenario.of(world.id, {"goal": 3, "fault": "rate-limit"})
    logs = []
    for _ in range(2):
        world.reset(options={"scenario": what})
        for act in (say("Go."), call("add", by=1), call("add", by=1), call("add", by=1)):
            world.step(act)
        logs.append(world.entries())

    assert logs[0] == logs[1]


def test_hidden_entries_are_in_no_view() -> None:
    """Of a whole support episode, no seat ever sees an event."""
    episode = played(scenario(fault="timeout-after"), expert)

    assert any("event" in entry for entry in episode.entries)
    for seat in episode.seats:
        assert not any("event" in entry for entry in episode.view(seat))


def test_a_world_that_was_closed_begins_anew() -> None:
    """Its episode is over; after `reset`, all tools are there again."""
    world = begun()
    tools = world.mutating()
    world.close()
    with pytest.raises(UsageError, match="no episode is going on"):
        world.step(call("add", by=1))
    world.reset(options={"scenario": {"goal": 3, "fault": "none"}})

    assert tools == world.mutating()


def test_instances_do_not_disturb_each_other() -> None:
    """Interleaved episodes go as they would alone."""
    worlds = [Counter(), Counter()]
    for world, goal in zip(worlds, (2, 5), strict=True):
        world.reset(options={"scenario": {"goal": goal, "fault": "none"}})
    for acts in zip((say("a"), call("add", by=2)), (say("b"), call("add", by=5)), strict=True):
        for world, act in zip(worlds, acts, strict=True):
            world.step(act)

    assert [{"count": 2}, {"count": 5}] == [world.state() for world in worlds]
    assert ["a", "b"] == [world.entries()[0]["say"] for world in worlds]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({}, "field 'goal': expected integer low .*, got nothing"),
        ({"goal": 3}, "field 'fault': expected one of 'none', .*, got nothing"),
        ({"goal": "3", "fault": "none"}, "field 'goal'.*got '3'"),
        ({"goal": 99, "fault": "none"}, "field 'goal'.*got 99"),
        ({"goal": 3, "fault": "none", "aim": 1}, "Unknown field 'aim'"),
        ([1], "expected an object"),
        (Scenario.of("test/counter-v0", {"goal": 3}), "field 'fault': expected one of 'none', .*, got nothing"),
        (Scenario.of("other/world-v0", {}), "Expected a scenario of test/counter-v0, got one of other/world-v0"),
    ],
)  # fmt: skip
def test_a_malformed_scenario_is_one_clear_error(given: Any, message: str) -> None:
    """The message names the field; no episode has begun."""
    world = Counter()
    with pytest.raises(UsageError, match=message):
        world.reset(options={"scenario": given})
    with pytest.raises(UsageError, match=r"Expected reset\(\)"):
        world.step(say("Hello."))


def test_a_support_scenario_says_which_request_is_wrong() -> None:
    """A message leads to the place inside a nested scenario."""
    world = RetailSupport()
    values = world.scenario(0, 1).values
    values["requests"][0]["intent"] = "dance"
    with pytest.raises(UsageError, match=r"field 'requests': number 1: field 'intent'.*got 'dance'"):
        world.reset(options={"scenario": values})


def test_the_seed_draws_the_scenario_when_none_is_given() -> None:
    """The same seed gives the same scenario, another seed another."""
    world = RetailSupport()
    ids = []
    for seed in (1, 1, 2):
        world.reset(seed=seed)
        assert world.current is not None
        ids.append(world.current.id)

    assert (True, False) == (ids[0] == ids[1], ids[1] == ids[2])


def at_the_stall(*acts: Any, patience: int = 9) -> Stall:
    """A stall at which these acts were made, by whoever was on turn."""
    world = Stall()
    world.reset(options={"scenario": {"patience": patience}})
    for act in acts:
        world.step(act)
    return world


def test_a_public_call_is_seen_by_every_seat_and_passes_the_turn() -> None:
    """As what is said does; one without a result has no answer."""
    world = at_the_stall(call("name", number=3))

    assert [{"from": "left", "call": "name", "args": {"number": 3}}] == world.observe("right")
    assert [] == world.observe("left")
    assert ("right", 1) == (world.agent_selection, world.turns)


def test_the_answer_to_a_public_call_is_for_its_author() -> None:
    """The other seat sees that it was made."""
    world = at_the_stall(call("name", number=3), call("count"))

    assert [{"from": "tool", "tool": "count", "to": ["right"], "result": 1}] == world.observe("right")
    assert [{"from": "left", "call": "name", "args": {"number": 3}}, {"from": "right", "call": "count", "args": {}}] == [
        entry for entry in world.entries() if "to" not in entry
    ]  # fmt: skip


def test_every_seat_may_call_a_shared_tool() -> None:
    """And only its own one may call one that is not shared."""
    world = at_the_stall(call("name", number=1), call("name", number=2), call("peek"))
    shared = {"name", "count", "take"}
    offered = {
        seat: {tool["function"]["name"] for tool in world.brief(seat).tools} for seat in world.possible_agents
    }
    world.step(say("Your turn."))
    world.step(call("peek"))

    assert {"left": shared | {"peek"}, "right": shared} == offered
    assert "unknown tool 'peek'" in world.observe("right")[-1]["error"]
    assert {"named": [1, 2]} == world.state()


@pytest.mark.parametrize(
    ("act", "error"),
    [(call("name", number=-1), "too little"), (call("take"), "nothing was named"),
     (call("name", number="x"), "expected number: integer")],
)  # fmt: skip
def test_a_public_call_that_is_refused_stays_private(act: dict[str, Any], error: str) -> None:
    """Its author is told why and is still on turn; no turn has passed, and nothing has ended."""
    world = at_the_stall(act)

    assert error in world.observe("left")[-1]["error"]
    assert [] == world.observe("right")
    assert ("left", 0, False) == (world.agent_selection, world.turns, any(world.terminations.values()))


def test_a_tool_that_ends_does_so_unless_it_refuses() -> None:
    """Whoever calls it."""
    world = at_the_stall(call("take"), call("name", number=1), call("take"))

    assert {"left": True, "right": True} == world.terminations
    assert {"from": "right", "call": "take", "args": {}} == world.entries()[-1]


@pytest.mark.parametrize("patience", [2, 5])
def test_a_world_may_end_when_a_turn_has_passed(patience: int) -> None:
    """Calls that keep the turn do not count; the one that is too late is not made."""
    world = at_the_stall(call("peek"), patience=patience)
    for _ in range(patience):
        assert not any(world.terminations.values())
        world.step(say("Well."))

    assert {"left": True, "right": True} == world.terminations
    assert patience == world.turns


def test_two_tools_of_one_name_are_refused() -> None:
    """A world whose toolboxes clash cannot be built."""

    class Twice(Counter):
        def toolboxes(self) -> list[object]:
            return [self, self]

    with pytest.raises(PluginError, match="expected one tool of that name, got two"):
        Twice()


def test_a_tool_of_a_seat_that_does_not_exist_is_refused() -> None:
    """The message lists the seats."""

    class Strange(Counter):
        @tool(seat="ghost")
        def haunt(self) -> None:
            """Haunt."""

    with pytest.raises(PluginError, match=r"'haunt': expected one of the seats .*got 'ghost'"):
        Strange()


def test_the_first_seat_hangs_up_whatever_its_name() -> None:
    """Seats can be named anew without a word about the tool that comes with them."""

    class Cafe(TwoSeatDialogue):
        id = "test/cafe-v0"
        seats = ("guest", "barista")

    world = Cafe()

    assert world.action_space("guest").contains(call("hang_up"))
    assert not world.action_space("barista").contains(call("hang_up"))


PLUGIN = """
from helper import GOAL
from gristmill.envs.dialogue import TwoSeatDialogue
from gristmill.generators.fields import Constant
from gristmill.generators.space import Space

class Mine(TwoSeatDialogue):
    id = "test/mine-v0"
    space = Space(goal=Constant(GOAL))
"""


def version_of(folder: Path) -> str:
    """The version that a plugin's class gets in a fresh interpreter."""
    code = "import sys; sys.path.insert(0, sys.argv[1]); from mine import Mine; print(Mine().version)"
    command = [sys.executable, "-c", code, str(folder)]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def test_the_version_follows_the_code(tmp_path: Path) -> None:
    """It is the same in every process and place, and another after a change of the file or of a helper beside it."""
    versions = []
    for name, plugin, helper in (
        ("a", PLUGIN, "GOAL = 1"),
        ("b", PLUGIN, "GOAL = 1"),
        ("c", PLUGIN, "GOAL = 2"),
    ):
        (tmp_path / name).mkdir()
        (tmp_path / name / "mine.py").write_text(plugin)
        (tmp_path / name / "helper.py").write_text(helper)
        versions.append(version_of(tmp_path / name))

    assert (True, False) == (versions[0] == versions[1], versions[0] == versions[2])
    assert RetailSupport().version == RetailSupport(level="demo").version


def test_a_transcript_can_be_rendered() -> None:
    """One line per entry, with who it is from."""
    assert "  customer: Please count." == begun().render()
