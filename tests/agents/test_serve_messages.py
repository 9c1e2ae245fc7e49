"""Messages back into entries: what a chat tells is what the seat saw."""

from typing import Any

import pytest

from gristmill import registry
from gristmill.agents.model.template import Template, View
from gristmill.agents.serve.messages import Message, entries_of, instructions
from gristmill.chat import conversation, weighted
from gristmill.digest import decoder, encode
from gristmill.errors import UsageError
from gristmill.play import briefs, play
from gristmill.types import Brief, Entry, call, raw, say
from gristmill.workflows.run import seat_policies
from tests.training.tiny import model

RETAIL = "support/retail-v1"
NAMES = frozenset({"find", "offer"})
TOOLS = tuple({"type": "function", "function": {"name": name, "parameters": {}}} for name in sorted(NAMES))
_messages = decoder(list[Message])


def back(seen: list[Entry], brief: Brief) -> list[Entry]:
    """Return entries that went through a chat."""
    messages = _messages(encode(conversation(weighted(seen, brief.seat), brief.seat, brief)))
    assert brief.text == instructions(messages)
    names = frozenset(tool["function"]["name"] for tool in brief.tools)
    return entries_of(messages, brief.seat, "customer", names)


def bare(entries: list[Entry]) -> list[Entry]:
    """Return entries without what a model does not see of them."""
    return [{key: value for key, value in one.items() if key not in ("to", "refused")} for one in entries]


@pytest.mark.parametrize("agent", ["expert", "noisy?rate=0.5", "random"])
def test_what_was_played_comes_back_as_the_same_tokens(agent: str) -> None:
    """A model that is asked by messages reads what it would read in its own seat."""
    world = registry.make(RETAIL)
    scenarios = [world.scenario(0, index) for index in range(8)]
    template = Template(model().tokenizer)

    def tokens(entries: list[Entry]) -> list[int]:
        return template.view(View("agent", entries)).ids

    for episode in play(registry.world(RETAIL), scenarios, seat_policies(RETAIL, {"agent": agent}), seed=0):
        seen = episode.view("agent")
        assert tokens(seen) == tokens(back(seen, briefs(world, episode)["agent"]))


@pytest.mark.parametrize(
    "acts",
    [
        [say("Hello.")],
        [raw(""), {"from": "world", "error": "neither"}],
        [raw('find(("'), {"from": "world", "error": "neither"}],
        [call("steal", what=1), {"from": "world", "error": "unknown tool"}],
        [call("find", id="W1"), {"from": "tool", "tool": "find", "result": {"a": [1, None]}}],
        [call("find", id="W1"), {"from": "tool", "tool": "find", "result": None}],
        [call("find", id="W1"), {"from": "tool", "tool": "find", "result": "a text"}],
        [call("find", id="W1"), {"from": "tool", "tool": "find", "error": "timed out"}],
        [call("find", id=1), {"from": "tool", "tool": "find", "error": "id: text", "refused": True}],
        [call("offer", price=9), {"from": "customer", **call("offer", price=7, message="7?")}, say("No.")],
        [call("offer", price=9), {"from": "customer", **say("Hm.")}, call("offer", price=8)],
    ],
)
def test_every_kind_of_entry_comes_back(acts: list[Entry]) -> None:
    """Words, calls of both sides, results, errors, and acts that were refused."""
    seen = [{"from": "customer", **say("Hello.")}, *({"from": "agent", **one} for one in acts)]

    assert bare(seen) == back(seen, Brief(seat="agent", text="Help.", tools=TOOLS))


def test_calls_at_once_are_read_as_calls_in_a_row() -> None:
    """Each before its answer, whichever came first."""
    calls = [
        {"id": name, "type": "function", "function": {"name": "find", "arguments": f'{{"id":"{name}"}}'}}
        for name in "ab"
    ]
    answers = [{"role": "tool", "tool_call_id": name, "content": f'"{name}"'} for name in "ba"]
    chat = [{"role": "assistant", "content": "Let me see.", "tool_calls": calls}, *answers]
    found = entries_of(_messages(encode(chat)), "agent", "customer", NAMES)

    assert [
        {"from": "agent", "say": "Let me see."},
        {"from": "agent", "call": "find", "args": {"id": "a"}},
        {"from": "tool", "tool": "find", "result": "a"},
        {"from": "agent", "call": "find", "args": {"id": "b"}},
        {"from": "tool", "tool": "find", "result": "b"},
    ] == found


def test_a_user_may_have_a_name() -> None:
    """Where several seats speak, a message says whose it is."""
    chat = [{"role": "user", "content": "Hm.", "name": "buyer"}]

    assert [{"from": "buyer", "say": "Hm."}] == entries_of(
        _messages(encode(chat)), "agent", "customer", NAMES
    )


def test_arguments_that_are_nested_too_deeply_are_no_call() -> None:
    """As whatever else is no JSON object."""
    chat = [
        {
            "role": "assistant",
            "tool_calls": [{"id": "1", "function": {"name": "find", "arguments": "[" * 9000}}],
        }
    ]

    assert [{"from": "agent", **raw("find" + "[" * 9000)}] == entries_of(
        _messages(encode(chat)), "agent", "customer", NAMES
    )


@pytest.mark.parametrize(
    ("chat", "message"),
    [
        ([{"role": "tool", "content": "x", "tool_call_id": "y"}], "only behind an assistant"),
        (
            [{"role": "assistant", "content": "x"}, {"role": "tool", "content": "x", "tool_call_id": "y"}],
            "got 'y'",
        ),
        ([{"role": "robot"}], "Expected a role among"),
        ([{"role": "user", "content": [{"type": "image_url"}]}], "content of text"),
    ],
)
def test_what_is_no_chat_is_refused(chat: list[dict[str, Any]], message: str) -> None:
    """With what was expected."""
    with pytest.raises(UsageError, match=message):
        entries_of(_messages(encode(chat)), "agent", "customer", NAMES)
