"""Probes of the contract: what a world must offer, and how it must take what is offered to it."""

import contextlib
import io
import math
import re
import warnings
from typing import Any

from pettingzoo import AECEnv
from pettingzoo.test import api_test, seed_test

from gristmill.digest import decode, digest, encode
from gristmill.errors import UsageError
from gristmill.play import recorded_acts
from gristmill.testing.findings import fail, skip
from gristmill.testing.subject import Anybody, Dialogue
from gristmill.types import Brief, Entry, Scenario
from gristmill.world import Turns, World

__all__ = ["briefed", "contract", "farama", "identified", "malformed", "plainly", "tools"]

_ID = re.compile(r"[a-z0-9_-]+/[A-Za-z0-9_-]+-v\d+")
_HUGE = "x" * 1_000_000
_MALFORMED: tuple[Any, ...] = (
    0, "text", [], {}, {"say": 1}, {"say": "a", "call": "b"}, {"say": _HUGE}, {"say": "\ud800"}, {"say": math.nan},
    {"call": "no_such_tool", "args": {}}, {"call": 1, "args": {}}, {"call": "no_such_tool"}, {"raw": "f(("},
    {"say": b"bytes"}, {"call": "x", "args": [1]}, object(),
)  # fmt: skip


def contract(subject: Dialogue) -> str:
    """The world has an id, a version and seats, and speaks plain data."""
    world, scenario = subject.world, identified(subject)
    seats = world.possible_agents
    world.reset(seed=0, options={"scenario": scenario})
    if world.agents != seats or world.agent_selection not in seats:
        fail(f"after reset() {world.agents} play, {world.agent_selection!r} is to move", "let all seats play")
    for seat in seats:
        _brief(world, seat)
    plainly("state()", world.state())
    plainly("entries()", world.entries())
    return f"{world.id}, seats {', '.join(seats)}"


def identified(subject: Anybody) -> Scenario:
    """Look at what every world says of itself, and return its first scenario."""
    world = subject.world
    if not _ID.fullmatch(world.id):
        fail(f"the id is {world.id!r}", "name it namespace/name-vN, in the letters a-z, digits, '-' and '_'")
    seats = world.possible_agents
    if not seats or len(set(seats)) < len(seats):
        fail(f"the seats are {seats}", "name at least one seat, and none twice")
    if not (isinstance(world.version, str) and world.version):
        fail(f"the version is {world.version!r}", "let the version be a text that changes with the code")
    scenario = subject.scenarios[0]
    if not isinstance(scenario, Scenario) or scenario.id != Scenario.of(world.id, scenario.values).id:
        fail(
            f"scenario() returns {scenario!r:.200}",
            "return a Scenario made by Scenario.of, see generators.Space",
        )
    return scenario


def _brief(world: Turns, seat: str) -> None:
    briefed(world, seat)
    if not isinstance(world.observe(seat), list):
        fail(f"observe({seat!r}) returns {type(world.observe(seat)).__name__}", "return a list of entries")


def briefed(world: World, seat: str) -> Brief:
    """Look at what a seat is told, and return it."""
    brief = world.brief(seat)
    if not isinstance(brief, Brief) or brief.seat != seat:
        fail(f"brief({seat!r}) returns {brief!r:.200}", "return a Brief of that seat")
    if not brief.text.strip():
        fail(
            f"seat {seat!r} is told nothing",
            "say in words what the seat is to do; a model knows nothing else",
        )
    plainly(f"the facts of {seat!r}", brief.facts)
    return brief


def plainly(what: str, value: Any) -> None:
    """Look whether something is plain data."""
    try:
        digest(value)
    except (UsageError, TypeError, ValueError) as error:
        fail(f"{what} is no plain data: {error}", "use dict, list, str, int, finite float, bool and None")


def tools(subject: Dialogue) -> str:
    """Every tool says in words what it does, and of which types its arguments are."""
    world = subject.world
    world.reset(seed=0, options={"scenario": subject.scenarios[0]})
    changes = world.mutating()
    names: list[str] = []
    for seat in world.possible_agents:
        for tool in world.brief(seat).tools:
            function = tool.get("function", {})
            name, schema = function.get("name", ""), function.get("parameters", {})
            names.append(name)
            if not function.get("description"):
                fail(f"tool {name!r} has no description", "give the method a docstring")
            if schema.get("type") != "object":
                fail(f"tool {name!r}: its parameters are {schema}", "give a JSON Schema of type object")
            untyped = [key for key, one in schema.get("properties", {}).items() if not one]
            if untyped:
                fail(f"tool {name!r}: no type for {', '.join(untyped)}", "annotate the method's arguments")
            if name not in changes:
                fail(
                    f"mutating() does not know tool {name!r}",
                    "say for every tool whether it changes the state",
                )
    if not names:
        skip("the world has no tools")
    return f"{len(names)} tools, {sum(changes.values())} of which change the state"


def farama(subject: Dialogue) -> str:
    """PettingZoo's own tests pass."""
    world = subject.world
    if not isinstance(world, AECEnv):
        skip("not a PettingZoo AEC environment")
    try:
        with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
            # Its advice is about spaces of numbers and names of players; these are text, and people.
            warnings.simplefilter("ignore")
            api_test(subject.make.kind(**subject.make.params), num_cycles=200)
            seed_test(lambda: subject.make.kind(**subject.make.params), num_cycles=50)
    except Exception as error:  # noqa: BLE001  # whatever it raises is the finding
        fail(f"{type(error).__name__}: {error}", "see pettingzoo.test.api_test and seed_test")
    return "api_test and seed_test pass"


def malformed(subject: Dialogue) -> str:
    """A malformed act of any seat is answered, and its record alike; it neither raises nor changes the state."""
    world = subject.fresh()
    tried = 0
    for seat in world.possible_agents:
        if not _give_turn(world, seat, subject):
            continue  # gold never lets this seat act
        wrong = [act for tool in world.brief(seat).tools for act in _wrong_calls(tool)]
        for act in [*_MALFORMED, *wrong]:
            _give_turn(world, seat, subject)
            entries = _answered(world, act)
            _give_turn(world, seat, subject)
            if (again := _answered(world, _recorded(entries, seat))) != entries:
                fail(
                    f"step({act!r:.60}) is recorded as {again[-2:]!r:.200}, which is answered otherwise",
                    "answer a malformed act by what is recorded of it, or no episode with one can be replayed",
                )
            tried += 1
    world.close()
    return f"{tried} malformed acts answered"


def _give_turn(world: Turns, seat: str, subject: Dialogue) -> bool:
    """Start an episode and let the experts play it until `seat` is to move; say whether it came to that."""
    world.reset(seed=0, options={"scenario": subject.scenarios[0]})
    for _, act in recorded_acts(subject.gold[0][0]):
        if not world.agents or world.agent_selection == seat:
            break
        world.step(act)
    return bool(world.agents) and world.agent_selection == seat


def _recorded(entries: list[Entry], seat: str) -> Any:
    """Return the last act of a seat as a replay takes it from the record."""
    last = next((entry for entry in reversed(entries) if entry["from"] == seat), {})
    return {key: value for key, value in last.items() if key not in ("from", "to")}


def _answered(world: Turns, act: Any) -> list[Entry]:
    before = digest(world.state())
    shown = f"{act!r:.60}"
    try:
        world.step(act)
    except Exception as error:  # noqa: BLE001  # a world may raise anything; that is the finding
        fail(f"step({shown}) raises {type(error).__name__}: {error}", "answer malformed acts, never raise")
    if digest(world.state()) != before:
        fail(f"step({shown}) changes the state", "check an act before it is applied")
    try:
        entries: list[Entry] = decode(encode(world.entries()))
    except Exception as error:  # noqa: BLE001  # likewise
        fail(f"step({shown}) leaves entries that are no JSON: {error}", "record malformed acts as text")
    return entries


def _wrong_calls(tool: dict[str, Any]) -> list[dict[str, Any]]:
    name = tool["function"]["name"]
    mistyped: dict[str, Any] = {
        key: [[_HUGE]] for key in tool["function"]["parameters"].get("properties", {})
    }
    return [{"call": name, "args": args} for args in ({"no_such_argument": 1}, {"": _HUGE}, mistyped) if args]
