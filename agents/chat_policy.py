"""Language models at an endpoint in the seats of many concurrent episodes.

What a seat saw becomes messages (`gristmill.chat`), and the reply becomes one act:

- a tool call is made. Several in one reply are made one after another, in the turns of the seat that follow, as long
  as it hears nothing but results; else those that are left are dropped, and the model is asked again.
- text alone is said. Text beside a call fills the argument `message` of the tool, if it has one that is missing; else
  it is dropped, since to say it would pass the turn on.
- arguments that are no JSON object, a reply that was cut off, and one of nothing are malformed acts.
- a conversation that no longer fits the model is a malformed act too, as it is for a model in its own seat.
"""

import inspect
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from gristmill import chat
from gristmill.agents._schemas import parameters
from gristmill.agents.chat_client import Client, Outage, Reply
from gristmill.agents.chat_types import Completion, Function, Usage
from gristmill.digest import decode, digest, encode
from gristmill.errors import EpisodeError
from gristmill.policy import source_of
from gristmill.types import Act, Brief, Entry, raw, say

__all__ = ["ChatPolicy"]

FULL = "context_length_exceeded"


class ChatPolicy:
    """A language model that plays; see `gristmill.policy.Policy`.

    Attributes:
        digest: content hash of the model's name, the settings and this code; where the endpoint is has no part in it.
    """

    def __init__(
        self, name: str, model: str, fields: Mapping[str, Any], client: Client, *, facts: bool = False, width: int = 32, generation: int = 1
    ) -> None:  # fmt: skip
        self.name, self.width, self.generation = name, width, generation
        self.digest = digest([model, fields, facts, source_of(ChatPolicy), inspect.getsource(chat)])
        self._fields: dict[str, Any] = {"model": model, **fields}
        self._client, self._facts = client, facts

    def begin(self, briefs: Sequence[Brief], seeds: Sequence[int]) -> "ChatSession":
        """Open a session; a row's seed goes with each of its requests."""
        rows = [_Row(brief, seed, facts=self._facts) for brief, seed in zip(briefs, seeds, strict=True)]
        return ChatSession(rows, self._fields, self._client)


class ChatSession:
    """The conversations of a batch; see `gristmill.policy.Session` and `gristmill.turns.Noted`."""

    def __init__(self, rows: "list[_Row]", fields: dict[str, Any], client: Client) -> None:
        self._rows, self._fields, self._client = rows, fields, client

    def act(self, rows: Sequence[int], observations: Sequence[list[Entry]]) -> list[Act | EpisodeError]:
        """Return one act per row, or the outage that kept it from one."""
        for row, seen in zip(rows, observations, strict=True):
            self._rows[row].hear(seen)
        asked = [row for row in rows if not self._rows[row].waiting]
        replies = self._client.ask([self._fields | self._rows[row].request() for row in asked])
        given = dict(zip(asked, replies, strict=True))
        return [self._rows[row].act(given.get(row)) for row in rows]

    def notes(self, row: int) -> dict[str, Any]:
        """Return what a row has cost: see `_Row`."""
        return self._rows[row].notes


class _Row:
    """One conversation.

    Attributes:
        waiting: calls of the last reply that are still to be made.
        notes: `requests` made, `retries` among them, replies `cached`, tokens `in` and `out`, `seconds` waited, calls and words
            `dropped`, and where the endpoint tells them `logprobs`, the mean natural log-probability of the tokens of
            each reply, and `models`, the fingerprints of what has answered.
    """

    def __init__(self, brief: Brief, seed: int, *, facts: bool) -> None:
        self._brief, self._seed, self._facts = brief, seed, facts
        self._tools = dict(map(parameters, brief.tools))
        self._seen: list[Entry] = []
        self.waiting: list[Act] = []
        self.notes: dict[str, Any] = dict.fromkeys(
            ("requests", "retries", "cached", "tokens_in", "tokens_out", "seconds", "dropped"), 0
        )

    def hear(self, seen: Sequence[Entry]) -> None:
        """Take in what became visible."""
        self._seen += seen
        if any(entry["from"] != "tool" or "error" in entry for entry in seen):
            self.notes["dropped"] += len(self.waiting)
            self.waiting = []

    def request(self) -> dict[str, Any]:
        """Return what is asked of the model, but for its name and settings."""
        seat = self._brief.seat
        messages = chat.conversation(chat.weighted(self._seen, seat), seat, self._brief)
        plain = [{key: one[key] for key in one if key != "weight"} for one in messages]
        tools = {"tools": list(self._brief.tools)} if self._brief.tools else {}
        # As a signed number of 64 bits, which is what the protocol has.
        seed = self._seed - (1 << 64 if self._seed >> 63 else 0)
        facts = {"facts": self._brief.facts} if self._facts else {}
        return {"messages": plain, **tools, **facts, "seed": seed}

    def act(self, reply: Reply | Outage | None) -> Act | EpisodeError:
        """Return the act of a reply; None for the next of the calls that wait."""
        if reply is not None:
            self._count(reply.attempts)
        if isinstance(reply, Outage) and reply.code != FULL:
            return EpisodeError(self._brief.seat, str(reply))
        if isinstance(reply, Outage):
            self.waiting = [raw("context full")]
        elif reply is not None:
            self._note(reply)
            self.waiting = self._acts(reply.body)
        act = self.waiting.pop(0)
        self._seen.append({"from": self._brief.seat, **act})
        return act

    def _acts(self, body: Completion) -> list[Act]:
        """Return the acts of a reply, at least one."""
        message = body.first.message
        text = message.content or message.refusal or ""
        functions = [one.function for one in message.tool_calls or ()]
        if body.first.finish_reason == "length":
            return [raw(text + "".join(map(_spelt, functions)))]
        if not functions:
            return [say(text) if text.strip() else raw("")]
        acts = [_call(one) for one in functions]
        if text.strip():
            self._beside(text, acts)
        return acts

    def _beside(self, text: str, acts: list[Act]) -> None:
        """Find a place for words that came with calls."""
        for act in acts:
            takes = self._tools.get(act.get("call", ""), {}).get("properties", {})
            if "message" in takes and "message" not in act["args"]:
                act["args"]["message"] = text
                return
        self.notes["dropped"] += 1

    def _count(self, attempts: int) -> None:
        self.notes["requests"] += attempts
        self.notes["retries"] += max(attempts - 1, 0)

    def _note(self, reply: Reply) -> None:
        notes, usage = self.notes, reply.body.usage or Usage()
        notes["cached"] += not reply.attempts
        notes["seconds"] = round(notes["seconds"] + reply.seconds, 3)
        if reply.attempts:
            notes["tokens_in"] += usage.prompt_tokens
            notes["tokens_out"] += usage.completion_tokens
        if (mean := reply.body.mean_logprob) is not None:
            notes.setdefault("logprobs", []).append(round(mean, 6))
        if (model := reply.body.system_fingerprint) and model not in notes.setdefault("models", []):
            notes["models"].append(model)


def _call(function: Function) -> Act:
    """Return a call, or a malformed act when its arguments are no JSON object."""
    args: Any = function.arguments or {}
    if isinstance(args, str):
        try:
            args = decode(args)
        except (msgspec.DecodeError, UnicodeError, RecursionError):
            args = None
    return {"call": function.name, "args": args} if isinstance(args, dict) else raw(_spelt(function))


def _spelt(function: Function) -> str:
    given = function.arguments or ""
    return function.name + (given if isinstance(given, str) else encode(given).decode())
