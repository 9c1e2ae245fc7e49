"""Dialogue worlds: seats that talk and call tools, as a PettingZoo AEC environment.

A world is one class: a `space`, `setup`, tools as typed methods, `state` and `checks`. This base does the rest:
turns, visibility, argument checks, injected tool faults, limits, and the standard PettingZoo behaviour.

Turns: who speaks hands over to the other seat; who calls a tool gets its answer and stays on turn, unless the tool
is `public`: then every seat sees the call, as it hears what is said, and the next one is on turn. A malformed act is
answered with an error and the seat stays on turn. The episode terminates when a tool marked `ends` is called, or when
the world says that it is `over`, and is truncated at `max_acts` acts or `max_errors` malformed acts in a row.
"""

import inspect
from collections.abc import Iterable
from functools import cached_property
from typing import Any, ClassVar

from gymnasium.spaces import Space as GymSpace
from msgspec import to_builtins
from pettingzoo import AECEnv

from gristmill.digest import plain
from gristmill.envs.acts import parse
from gristmill.envs.spaces import ActSpace, EntriesSpace, View
from gristmill.envs.tool_faults import NOTES, REPLIES, UNDONE, FaultPlan, ToolFault
from gristmill.envs.tools import Tool, collect_tools, tool
from gristmill.envs.versions import version_of
from gristmill.errors import PluginError, ToolError, UsageError
from gristmill.generators.space import Space
from gristmill.reading import line
from gristmill.types import Act, Brief, Check, End, Entry, Episode, Scenario, Verdict, Words

__all__ = ["DialogueWorld", "ToolFault", "TwoSeatDialogue", "expect"]


class DialogueWorld(AECEnv[str, list[Entry], Act]):
    """Base of dialogue worlds.

    Class attributes:
        id: `namespace/name-vN`.
        seats: the seats; the first one opens the conversation, the last one owns tools that name no seat.
        space: the scenarios.
        max_acts: acts, of all seats together, after which the episode is truncated.
        max_errors: malformed acts in a row after which the episode is truncated.
        abreast: episodes that scripts play side by side: the more there are, the longer the processor's caches hold the
            code of each step, as long as they hold the data of all episodes too.

    Attributes:
        turns: how often the turn has passed on in this episode.
    """

    id: ClassVar[str]
    seats: ClassVar[tuple[str, ...]] = ("customer", "agent")
    space: ClassVar[Space]
    max_acts: ClassVar[int] = 80
    max_errors: ClassVar[int] = 3
    abreast: ClassVar[int] = 8

    def __init__(self, *, rewards: bool = True) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # mypy's exclusion of PettingZoo does not reach super()
        kind: Any = type(self)  # mypy does not see that a class can be hashed
        self.version = version_of(kind)
        self.metadata = {"name": self.id, "render_modes": ["ansi"], "is_parallelizable": False}
        self.render_mode = "ansi"
        self.possible_agents = list(self.seats)
        self.agents: list[str] = []
        self.agent_selection = self.seats[0]
        self._rewards_wanted = rewards
        self._tools = self._collect()
        self._schemas = {seat: tuple(one.schema for one in self._tools_of(seat)) for seat in self.seats}
        self._log: list[Entry] = []
        self._seen: dict[str, int] = {}
        self._faults = FaultPlan()
        self._errors = 0
        self._acts = 0
        self.turns = 0
        self.current: Scenario | None = None

    # What a world defines.

    def setup(self, values: dict[str, Any]) -> None:
        """Fill the world from a scenario's values."""
        raise NotImplementedError

    def state(self) -> Any:
        """Return the state as plain data."""
        raise NotImplementedError

    def checks(self, episode: Episode) -> Iterable[Check]:
        """Judge a record; reads `episode` only, never this instance."""
        raise NotImplementedError

    def instruct(self, seat: str, values: dict[str, Any]) -> tuple[Words, dict[str, Any]]:
        """Return the instructions of a seat in words, or what writes them when they are read, and its private facts."""
        return inspect.cleandoc(type(self).__doc__ or ""), {}

    def faults(self, values: dict[str, Any]) -> list[ToolFault]:
        """Return the tool faults a scenario has in store."""
        return []

    def planned(self, values: dict[str, Any]) -> tuple[str, ...]:
        """Return the names of all that a scenario has in store to make an episode harder, sorted."""
        return tuple(sorted({fault.kind for fault in self.faults(values)}))

    def fired(self, episode: Episode) -> tuple[str, ...]:
        """Return which of it came to pass, sorted, by the evidence of the record; reads `episode` only."""
        return tuple(sorted({one["kind"] for one in episode.entries if one.get("event") == "fault"}))

    def over(self) -> bool:
        """Return whether the episode ends here although nobody ended it, as at a deadline; asked when a turn passes."""
        return False

    def stale(self, name: str, args: dict[str, Any], result: Any) -> Any:
        """Return what a read that does not see the latest changes would answer."""
        return result

    def stratum(self, values: dict[str, Any]) -> str:
        """Return the cell of the scenario space that `values` belong to."""
        return ""

    def toolboxes(self) -> list[object]:
        """Return the objects whose marked methods are the tools."""
        return [self]

    # The contract of `gristmill.world.World`.

    def scenario(self, seed: int, index: int) -> Scenario:
        """Return draw `index` under `seed`."""
        return self.space.scenario(self.id, seed, index, stratum=self.stratum)

    def brief(self, seat: str) -> Brief:
        """Return what `seat` is told before its first act."""
        text, facts = self.instruct(seat, self._values())
        return Brief(seat=seat, text=text, facts=facts, tools=self._schemas[seat])

    def entries(self) -> list[Entry]:
        """Return a copy of the transcript."""
        log: list[Entry] = to_builtins(self._log)  # which builds every list and dict anew
        return log

    def mutating(self) -> dict[str, bool]:
        """Return, for every tool, whether it may change the state."""
        return {name: one.mutates for name, one in self._tools.items()}

    # PettingZoo.

    def reset(self, seed: int | None = None, options: dict[str, Any] | None = None) -> None:
        """Start an episode.

        Args:
            seed: draws the scenario when `options` names none.
            options: `{"scenario": …}` with a `Scenario` or a dict of its values.
        """
        given = (options or {}).get("scenario")
        if given is None:
            given = self.scenario(0 if seed is None else seed, 0)
        elif not isinstance(given, Scenario):
            if problem := self.space.problem(given):
                raise UsageError(f"Malformed scenario: {problem}.")
            given = Scenario.of(self.id, given)
        if given.world != self.id:
            raise UsageError(f"Expected a scenario of {self.id}, got one of {given.world}.")
        self._tools = self._tools or self._collect()  # a world that was closed has let go of them
        self.current = given
        self._log, self._errors, self._acts, self.turns = [], 0, 0, 0
        self._seen = dict.fromkeys(self.seats, 0)
        self.agents = list(self.seats)
        self.agent_selection = self.seats[0]
        self.rewards = dict.fromkeys(self.seats, 0.0)
        self._cumulative_rewards = dict.fromkeys(self.seats, 0.0)
        self.terminations = dict.fromkeys(self.seats, False)
        self.truncations = dict.fromkeys(self.seats, False)
        self.infos: dict[str, dict[str, Any]] = {seat: {} for seat in self.seats}
        self._skip_agent_selection = None  # type: ignore[assignment]  # PettingZoo leaves out that it may be None
        try:
            self._faults = FaultPlan(self.faults(given.values))
            self.setup(given.values)
        except Exception as error:
            self.current = None
            if problem := self.space.problem(given.values):
                raise UsageError(f"Malformed scenario: {problem}.") from error
            raise

    def observation_space(self, agent: str) -> GymSpace[list[Entry]]:
        """Return the space of lists of entries."""
        return self._spaces[agent][0]

    def action_space(self, agent: str) -> GymSpace[Act]:
        """Return the space of legal acts of a seat."""
        return self._spaces[agent][1]

    @cached_property
    def _spaces(self) -> dict[str, tuple[EntriesSpace, ActSpace]]:  # which a loop has no use for
        return {seat: (EntriesSpace(), ActSpace(schemas)) for seat, schemas in self._schemas.items()}

    def observe(self, agent: str) -> list[Entry]:
        """Return a copy of the entries that became visible since the seat's last act."""
        fresh = [
            entry
            for entry in self._log[self._seen[agent] :]
            if entry["from"] != agent and ("to" not in entry or agent in entry["to"])
        ]
        return View(to_builtins(fresh) if fresh else fresh)  # a copy, as above

    def step(self, action: Act | None) -> None:
        """Apply one act of the seat to move."""
        if self.current is None or not self.agents:
            raise UsageError("Expected reset() before this step: no episode is going on.")
        seat = self.agent_selection
        if self.terminations[seat] or self.truncations[seat]:
            self._was_dead_step(action)  # type: ignore[arg-type]  # PettingZoo types the dead step's None as an act
            return
        if self._rewards_wanted:  # else they stay what they are, zero
            self._cumulative_rewards[seat] = 0.0
            self._clear_rewards()
        self._acts += 1
        error, act = parse(action)
        # What is said is for everybody.
        entry = {"from": seat, **act}
        if "say" not in act:
            entry["to"] = [seat]
        self._log.append(entry)
        self._seen[seat] = len(self._log)
        if error:
            self._refuse(seat, error)
        else:
            self._apply(seat, act)
        if self._acts >= self.max_acts:
            self._finish(self.truncations)
        if self._rewards_wanted:
            self._accumulate_rewards()

    def render(self) -> str:
        """Return the transcript as text."""
        return "\n".join(map(line, self._log))

    def close(self) -> None:
        """End the episode, and let go of the tools until `reset`.

        They hold on to the world in turn, which would go only when garbage is looked for.
        """
        self.current, self._tools = None, {}

    # How an act is applied.

    def _apply(self, seat: str, act: Act) -> None:
        if "say" in act:
            self._errors = 0
            self._pass_on(seat)
            return
        found = self._tools.get(act["call"])
        if found is None or self._owner(found) not in (seat, "*"):
            valid = ", ".join(one.name for one in self._tools_of(seat))
            self._refuse(seat, f"unknown tool {act['call']!r}; valid: {valid}")
            return
        try:
            args = found.check(act["args"])
        except ToolError as error:
            self._refuse(seat, str(error), {"from": "tool", "tool": found.name, "refused": True})
            return
        self._errors = 0
        called = self._log[-1]
        if not self._answer(seat, found, args):
            return
        if found.public:
            del called["to"]
        if found.ends:
            self._finish(self.terminations)
        elif found.public:
            self._pass_on(seat)

    def _pass_on(self, seat: str) -> None:
        """Give the turn to the next seat."""
        self.turns += 1
        self.agent_selection = self.seats[(self.seats.index(seat) + 1) % len(self.seats)]
        if self.over():
            self._finish(self.terminations)

    def _answer(self, seat: str, found: Tool, args: dict[str, Any]) -> bool:
        """Call a tool, with whatever fault is in store for it, log the answer, and say whether the tool accepted it."""
        fault = self._faults.strike(found, args)
        kind = fault.kind if fault is not None else ""
        answer: Entry = {"from": "tool", "tool": found.name, "to": [seat]}
        try:
            result: Any = None if kind in UNDONE else found(args)
            if kind == "stale-read":
                result = self.stale(found.name, args, result)
            if fault is not None and kind in NOTES:
                result = {**result, "note": fault.text}
            if kind in REPLIES:
                answer["error"] = REPLIES[kind]
            else:
                answer["result"] = None if result is None else plain(result)
        except ToolError as error:
            answer["error"] = str(error)
            if fault is not None:  # the tool refused by itself
                self._faults.spare(fault)
                kind = ""
        if kind:
            self._log.append({"from": "world", "event": "fault", "kind": kind, "tool": found.name, "to": []})
        accepted = "error" not in answer or bool(kind)
        if not accepted or not (found.ends or (found.public and answer.get("result") is None)):
            self._log.append(answer)
        return accepted

    def _refuse(self, seat: str, error: str, source: Entry | None = None) -> None:
        """Answer a malformed act, and end the episode when too many came in a row."""
        self._log.append({**(source or {"from": "world"}), "error": error, "to": [seat]})
        self._errors += 1
        if self._errors >= self.max_errors:
            self._finish(self.truncations)

    def _finish(self, how: dict[str, bool]) -> None:
        if any(self.terminations.values()) or any(self.truncations.values()):
            return
        how.update(dict.fromkeys(self.seats, True))
        if self._rewards_wanted:
            status = Verdict.status_of(tuple(self.checks(self._record())))
            self.rewards = dict.fromkeys(self.seats, 1.0 if status == "pass" else 0.0)

    def _record(self) -> Episode:
        assert self.current is not None
        end: End = "truncated" if any(self.truncations.values()) else "terminated"
        return Episode(
            id="", world=self.id, version=self.version, scenario=self.current, seats={}, seed=0,
            entries=self._log, end=end, state=self.state(),
        )  # fmt: skip

    # Bookkeeping.

    def _collect(self) -> dict[str, Tool]:
        found: dict[str, Tool] = {}
        for box in self.toolboxes():
            for name, one in collect_tools(box).items():
                if name in found:
                    raise PluginError(f"Tool {name!r}: expected one tool of that name, got two.")
                found[name] = one
        for one in found.values():
            if self._owner(one) not in (*self.seats, "*"):
                expected = f"expected one of the seats {self.seats}"
                raise PluginError(f"Tool {one.name!r}: {expected}, got {one.seat!r}.")
        return found

    def _owner(self, found: Tool) -> str:
        return found.seat or self.seats[-1]

    def _tools_of(self, seat: str) -> list[Tool]:
        return [one for one in self._tools.values() if self._owner(one) in (seat, "*")]

    def _values(self) -> dict[str, Any]:
        if self.current is None:
            raise UsageError("Expected reset() before this call.")
        return self.current.values


class TwoSeatDialogue(DialogueWorld):
    """A dialogue whose first seat opens it and hangs up when it is done."""

    @tool(ends=True)
    def hang_up(self) -> None:
        """End the conversation."""

    def _owner(self, found: Tool) -> str:
        return self.seats[0] if found.name == "hang_up" and not found.seat else super()._owner(found)


def expect(name: str, expected: Any, got: Any, **evidence: Any) -> Check:
    """Return the check that `got` equals `expected`, with both as evidence when it does not."""
    if expected == got:
        return Check(name=name, status="pass", evidence=evidence)
    return Check(name=name, status="fail", evidence={"expected": expected, "got": got, **evidence})
