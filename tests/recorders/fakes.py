"""A world small enough to read at a glance: a till that two seats put coins into."""

import random
from collections.abc import Iterable, Mapping
from copy import deepcopy
from typing import Any

import msgspec
import numpy as np

from gristmill.policy import Script, Scripted
from gristmill.seeding import numpy_stream
from gristmill.steps import Steps
from gristmill.types import (
    Act,
    Brief,
    Check,
    Entry,
    Episode,
    Scenario,
    SeatInfo,
    Verdict,
    call,
    episode_id,
    say,
)

DIGITS = "f" * 32


class Till:
    """The agent pays what the customer asks for into the right account; `audit` reads, `pay` changes the state."""

    id = "fake/till-v1"
    version = "1"

    def __init__(self) -> None:
        self.possible_agents = ["customer", "agent"]
        self.agents: list[str] = []
        self.agent_selection = "customer"
        self.terminations: dict[str, bool] = {}
        self.truncations: dict[str, bool] = {}

    def scenario(self, seed: int, index: int) -> Scenario:
        """Return draw `index` under `seed`."""
        amount = random.Random(seed * 1000 + index).randint(1, 9)
        values = {"account": f"A{index}", "other": f"B{index}", "amount": amount}
        return Scenario.of(self.id, values, seed=seed, index=index, stratum="odd" if amount % 2 else "even")

    def reset(self, seed: int | None = None, options: dict[str, Any] | None = None) -> None:
        """Start an episode."""
        self._scenario: Scenario = (options or {})["scenario"]
        self._entries: list[Entry] = []
        self._state: dict[str, int] = {self._scenario.values["account"]: 0, self._scenario.values["other"]: 0}
        self._seen = dict.fromkeys(self.possible_agents, 0)
        self.agents = list(self.possible_agents)
        self.agent_selection = "customer"
        self.terminations = dict.fromkeys(self.agents, False)
        self.truncations = dict.fromkeys(self.agents, False)

    def brief(self, seat: str) -> Brief:
        """Return what `seat` is told."""
        fields = {"account": {"type": "string"}, "amount": {"type": "integer"}}
        tools = [
            {
                "type": "function",
                "function": {"name": name, "parameters": {"type": "object", "properties": given}},
            }
            for name, given in (("pay", fields), ("audit", {}))
        ]
        if seat == "agent":
            return Brief(seat=seat, text="You mind the till.", tools=tuple(tools))
        return Brief(seat=seat, text="You are a customer.", facts=self._scenario.values)

    def observe(self, agent: str) -> list[Entry]:
        """Return what became visible."""
        fresh = self._entries[self._seen[agent] :]
        self._seen[agent] = len(self._entries)
        return deepcopy([e for e in fresh if e["from"] != agent and ("to" not in e or agent in e["to"])])

    def step(self, action: Act | None) -> None:
        """Apply an act."""
        seat = self.agent_selection
        if action is None:
            self.agents.remove(seat)
            return
        entry = {"from": seat, **deepcopy(action)}
        if "call" in action:
            self._entries += [entry | {"to": [seat]}, self._answer(action) | {"to": [seat]}]
            return
        self._entries.append(entry)
        if "raw" in action:
            self._entries.append({"from": "world", "error": "expected a call", "to": [seat]})
        elif action.get("say") == "bye":
            self._entries.append({"from": "world", "event": "closed", "at": 3, "to": []})
            self.terminations = dict.fromkeys(self.agents, True)
        else:
            self.agent_selection = next(one for one in self.possible_agents if one != seat)

    def _answer(self, action: Act) -> Entry:
        account, amount = action["args"].get("account"), action["args"].get("amount", 0)
        if action["call"] == "pay" and account in self._state:
            self._state[account] += amount
            return {"from": "tool", "tool": "pay", "result": {"balance": self._state[account]}}
        if action["call"] == "audit":
            return {"from": "tool", "tool": "audit", "result": dict(self._state)}
        return {"from": "tool", "tool": action["call"], "error": "no such account or tool"}

    def entries(self) -> list[Entry]:
        """Return the transcript."""
        return deepcopy(self._entries)

    def state(self) -> Any:
        """Return the balances."""
        return dict(self._state)

    def checks(self, episode: Episode) -> Iterable[Check]:
        """Judge: the account holds the amount, and no other does."""
        values = episode.scenario.values
        expected = {values["account"]: values["amount"], values["other"]: 0}
        status = "pass" if episode.state == expected else "fail"
        evidence = {} if status == "pass" else {"expected": expected, "got": episode.state}
        return [Check(name="balances", status=status, evidence=evidence)]  # type: ignore[arg-type]

    def mutating(self) -> Mapping[str, bool]:
        """Return which tools change the state."""
        return {"pay": True, "audit": False}

    def close(self) -> None:
        """Release nothing."""


def customer(brief: Brief, rng: random.Random) -> Script:
    """Ask for a payment."""
    seen = yield None
    assert seen == []
    yield say(
        f"Please pay {brief.facts['amount']} into {brief.facts['account']}, not {brief.facts['other']}."
    )
    yield say("thanks")


def teller(brief: Brief, rng: random.Random, miss: float = 0.0) -> Script:
    """Pay what was asked for, except at rate `miss`."""
    seen = yield None
    words = seen[0]["say"].replace(",", "").rstrip(".").split()
    yield call("audit")
    if rng.random() >= miss:
        yield call("pay", account=words[4], amount=int(words[2]))
    yield say("bye")


def policies(miss: float = 0.0) -> dict[str, Scripted]:
    """Return both seats, the agent failing at rate `miss`."""
    return {"customer": Scripted("customer", customer), "agent": Scripted("teller", teller, miss=miss)}


def episode(index: int = 0, entries: list[Entry] | None = None, state: Any = None, size: int = 4) -> Episode:
    """Return a made-up episode that nobody played."""
    scenario = Scenario.of(
        "fake/till-v1", {"n": index}, index=index, stratum=f"s{index % 3}", log_density=-1.5
    )
    seats = {"agent": SeatInfo(policy="p", digest=DIGITS), "customer": SeatInfo(policy="q", digest=DIGITS)}
    if entries is None:
        entries = [{"from": "agent", **(say(f"line {t} of {index}"))} for t in range(size)]
    return Episode(
        id=episode_id("fake/till-v1", "1", scenario, seats, 7, 0),
        world="fake/till-v1",
        version="1",
        scenario=scenario,
        seats=seats,
        seed=7,
        entries=entries,
        state=state,
    )


def simulated(index: int = 0, *, length: int = 3, width: int = 2) -> Episode:
    """Return a made-up episode with numeric steps; `width` decides their layout."""
    rng = numpy_stream(index, "steps")
    steps = Steps.of(
        observations={"x": rng.normal(size=(length + 1, width))},
        actions={"u": rng.normal(size=length).astype(np.float32)},
        rewards=rng.normal(size=length),
        terminated=np.zeros(length, bool),
        truncated=np.arange(length) == length - 1,
    )
    return msgspec.structs.replace(episode(index, size=2), steps=steps)


def verdict(of: Episode, status: str = "pass", level: str = "checked") -> Verdict:
    """Return a verdict that nobody reached."""
    return Verdict(
        episode_id=of.id,
        content_hash=of.content_hash(),
        verifier="fake/till-v1",
        version="1",
        level=level,  # type: ignore[arg-type]
        status=status,  # type: ignore[arg-type]
        checks=(Check(name="balances", status=status),),  # type: ignore[arg-type]
    )
