"""What an exported set needs to run under Inspect AI: a solver that plays its records, a scorer, and weighted metrics.

The only module that imports Inspect; `task.py` of an export imports it.
"""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple, cast

import anyio
from inspect_ai.model import (
    ChatMessage,
    ChatMessageAssistant,
    ChatMessageSystem,
    ChatMessageTool,
    ChatMessageUser,
    Model,
    ModelOutput,
    get_model,
)
from inspect_ai.scorer import Metric, SampleScore, Score, Scorer, Target, Value, grouped, mean, metric, scorer
from inspect_ai.solver import Generate, Solver, TaskState, solver
from inspect_ai.tool import ToolCall, ToolInfo, ToolParams

from gristmill import registry
from gristmill.agents.chat_client import Client, Reply
from gristmill.agents.chat_policy import ChatPolicy
from gristmill.agents.chat_types import Choice, Completion, Function, Message, Usage
from gristmill.agents.chat_types import ToolCall as Call
from gristmill.digest import decode, encode
from gristmill.errors import EpisodeError, UsageError
from gristmill.play import briefs
from gristmill.play import play as play_all
from gristmill.policy import Policy
from gristmill.recorders.chat import conversation
from gristmill.recorders.sets import EvaluationSet, Record, read_manifest, read_set
from gristmill.recorders.verify import judge
from gristmill.types import Episode
from gristmill.workflows.rare.scoring_rates import rate_of
from gristmill.workflows.rare.scoring_runs import Plays, Result
from gristmill.workflows.rare.verifying import opened
from gristmill.workflows.run import seat_policies
from gristmill.world import Simulation

__all__ = ["FIELDS", "event", "metrics", "play", "weighted_rate"]

# Of a line of `dataset.jsonl`, besides id, input and target.
FIELDS = ("role", "weight", "group", "stratum", "cell", "severity", "threshold", "world", "canary")
_KEPT = "gristmill"  # where a sample keeps how it went


class _Game(NamedTuple):
    """What all samples of a task share."""

    records: Mapping[str, Record]
    plays: Plays
    seat: str
    others: Mapping[str, str]
    policy: str


@solver
def play(folder: str, seat: str = "", policy: str = "", seats: str = "", world: str = "") -> Solver:
    """Return the solver that plays the record of a sample: the model, or a policy of Gristmill, in one seat.

    Args:
        folder: of the export, in which the set lies, too.
        seat: whose the model, or the policy, is; by default the last one of the world.
        policy: that plays in place of the model; a simulation, in which nobody talks, needs one.
        seats: policies of other seats, SEAT=POLICY each, with blanks between.
        world: spec of the world, where it is another than when the set was built.
    """
    game = _game(read_set(folder), seat, policy, seats, world)

    async def solve(state: TaskState, generate: Generate) -> TaskState:
        record = game.records[str(state.sample_id)]
        asked = None if game.policy else _Asked(get_model())
        found: _Went = await anyio.to_thread.run_sync(partial(_played, game, record, asked))
        if found.result.error:
            raise RuntimeError(f"{record.id} cannot be judged: {found.result.error}")
        state.messages = found.messages or state.messages
        last = (
            asked.last
            if asked and asked.last
            else ModelOutput.from_content(str(state.model), found.result.outcome)
        )
        state.output = last
        state.store.set(_KEPT, {"result": decode(encode(found.result)), "verdict": found.verdict})
        return state

    return solve


@scorer(metrics=[mean()])
def event() -> Scorer:
    """Return the scorer that says whether the rare event has happened: 1 if it has."""

    async def score(state: TaskState, target: Target) -> Score:
        kept: dict[str, Any] = state.store.get(_KEPT) or {}
        if not kept:
            raise RuntimeError(
                "Expected a sample that the solver `play` has played, got another; leave it in the task."
            )
        result = kept["result"]
        return Score(
            value=1.0 if result["event"] else 0.0,
            answer="event" if result["event"] else "survives",
            explanation=f"severity {result['severity']:g}, the event begins at {state.metadata['threshold']:g}",
            metadata=kept,
        )

    return score


@metric
def weighted_rate() -> Metric:
    """Return the metric that tells how likely the event is, from the estimating samples and their weights.

    Divided by the number of samples, not by the sum of their weights. `rate` is missing where there is no point estimate.
    """

    def rate(scores: list[SampleScore]) -> Value:
        own = [(_about(one), one.score.as_float()) for one in scores if _about(one).get("weight") is not None]
        found = rate_of([float(about["weight"]) for about, _ in own], [value >= 1.0 for _, value in own])
        error = (
            None if found.rate is None or found.relative_error is None else found.rate * found.relative_error
        )
        told = {
            "rate": found.rate, "stderr": error, "low": found.low, "high": found.high, "ess": found.ess,
            "events": found.events, "samples": found.n,
        }  # fmt: skip
        return {name: value for name, value in told.items() if value is not None}

    return cast(Metric, rate)


def metrics(folder: str) -> list[Metric]:
    """Return the metrics of a set: shares of events by role and stratum, and the rate if it has estimating records."""
    shares = grouped(mean(), "group", all=False)
    return [weighted_rate(), shares] if read_manifest(folder).counts.get("estimating") else [shares]


def _about(one: SampleScore) -> dict[str, Any]:
    return one.sample_metadata or {}


def _game(found: EvaluationSet, seat: str, policy: str, seats: str, world: str) -> _Game:
    """Return what all samples share, after a look whether everything asked for is there."""
    plays = opened(found.manifest, world=world)
    made = registry.make(plays.world)
    names, moves = list(made.possible_agents), isinstance(made, Simulation)
    made.close()
    pairs = dict(one.split("=", 1) for one in seats.split()) if seats else {}
    own = seat or names[-1]
    if moves and not policy:
        raise UsageError(
            f"Expected a policy for {plays.world}, in which nobody talks, got none; say which with -T policy=expert."
        )
    seat_policies(plays.world, {**pairs, own: policy} if policy else pairs, leave_out=() if policy else [own])
    return _Game({one.id: one for one in found.records}, plays, own, pairs, policy)


class _Went(NamedTuple):
    """How a record went, as the scorer reads it, and as messages."""

    result: Result
    verdict: str
    messages: list[ChatMessage]


def _played(game: _Game, record: Record, asked: "_Asked | None") -> _Went:
    """Play a record in a thread of its own, from which the model is asked."""
    make = registry.world(game.plays.world)
    policies: dict[str, Policy]
    if asked is None:
        policies = seat_policies(game.plays.world, {**game.others, game.seat: game.policy})
    else:
        policies = seat_policies(game.plays.world, game.others, leave_out=[game.seat])
        policies[game.seat] = ChatPolicy("inspect", asked.name, {}, cast(Client, asked), width=1)
    (episode,) = play_all(make, [record.scenario], policies, seed=record.seed)
    world = make()
    try:
        result, _ = game.plays.grade(episode)
        return _Went(result, judge(world, episode).status, _messages(game, world, episode))
    finally:
        world.close()


def _messages(game: _Game, world: Any, episode: Episode) -> list[ChatMessage]:
    if isinstance(world, Simulation) or episode.fault is not None:
        return []
    return _chat(conversation(episode, game.seat, briefs(world, episode)[game.seat]))


class _Asked:
    """The model under test, as a client that `ChatPolicy` makes its requests to.

    Attributes:
        name: of the model.
        last: what it answered last.
    """

    def __init__(self, model: Model) -> None:
        self._model, self.name = model, model.name
        self.last: ModelOutput | None = None

    def ask(self, requests: Sequence[Mapping[str, Any]]) -> list[Reply]:
        """Return what the model answers, which is asked from the loop that this thread was begun from."""
        return [anyio.from_thread.run(self._ask, one) for one in requests]

    async def _ask(self, request: Mapping[str, Any]) -> Reply:
        tools = [_tool(one["function"]) for one in request.get("tools", ())]
        self.last = await self._model.generate(_chat(request["messages"]), tools=tools)
        if self.last.error:
            raise EpisodeError("agent", self.last.error)
        return Reply(body=_completion(self.last), attempts=1)


def _completion(output: ModelOutput) -> Completion:
    """Return what Inspect's model answered as a chat completion."""
    said = output.message
    calls = [Call(Function(one.function, dict(one.arguments))) for one in said.tool_calls or ()]
    reason = "length" if output.stop_reason in ("max_tokens", "model_length") else output.stop_reason
    usage = Usage(output.usage.input_tokens, output.usage.output_tokens) if output.usage else None
    return Completion([Choice(Message(said.text or None, None, calls or None), reason)], usage)


def _tool(function: Mapping[str, Any]) -> ToolInfo:
    parameters = ToolParams.model_validate(function.get("parameters", {}))
    return ToolInfo(name=function["name"], description=function.get("description", ""), parameters=parameters)


def _chat(messages: Sequence[Mapping[str, Any]]) -> list[ChatMessage]:
    """Return messages of a chat completion as those of Inspect."""
    names: dict[str, str] = {}  # of the tools that calls are of
    found: list[ChatMessage] = []
    for one in messages:
        content = one.get("content") or ""
        match one["role"]:
            case "system":
                found.append(ChatMessageSystem(content=content))
            case "user":
                found.append(ChatMessageUser(content=content))
            case "tool":
                name = one["tool_call_id"]
                found.append(ChatMessageTool(content=content, tool_call_id=name, function=names.get(name)))
            case _:
                calls = [_called(call) for call in one.get("tool_calls", ())]
                names |= {call.id: call.function for call in calls}
                found.append(ChatMessageAssistant(content=content, tool_calls=calls or None))
    return found


def _called(call: Mapping[str, Any]) -> ToolCall:
    function = call["function"]
    return ToolCall(id=call["id"], function=function["name"], arguments=decode(function["arguments"]))
