"""A model of ours behind OpenAI's protocol, talked to with the official client."""

import asyncio
import socket
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import replace
from typing import Any

import openai
import pytest
from openai import AsyncOpenAI, OpenAI

from gristmill import registry
from gristmill.agents.model.policy import ModelPolicy
from gristmill.agents.model.sampling import Sampling
from gristmill.agents.model.template import TemplateConfig
from gristmill.agents.serve.app import LARGEST
from gristmill.agents.serve.speaker import Speaker
from gristmill.errors import UsageError
from gristmill.types import Act, Brief, call, raw, say
from tests.agents.serving import served
from tests.training.tiny import model

DRAW = Sampling(temperature=1.0, max_tokens=8)
TOOLS: Any = [
    {
        "type": "function",
        "function": {"name": "get_order", "parameters": {"type": "object", "properties": {}}},
    }
]
JSON = {"content-type": "application/json"}
Script = Callable[[Sequence[Act]], None]


@pytest.fixture(scope="module")
def speaker() -> Speaker:
    """The model, untrained, which draws what it says."""
    return Speaker(model(), name="tiny", temperature=1.0, max_tokens=8, lanes=16)


@pytest.fixture(scope="module")
def url(speaker: Speaker) -> Iterator[str]:
    """Where it is served."""
    with served(speaker) as found:
        yield found


@pytest.fixture
def client(url: str) -> Iterator[OpenAI]:
    """The official client."""
    with OpenAI(base_url=url, api_key="none", max_retries=0) as found:
        yield found


@pytest.fixture
def script(speaker: Speaker, monkeypatch: pytest.MonkeyPatch) -> Script:
    """Let the model write these acts, one after the other, in place of its own."""

    def put(acts: Sequence[Act]) -> None:
        left = [written(speaker, one) for one in acts]

        def write(ids: list[int], how: Sampling, seed: int) -> "Future[list[int]]":
            found: Future[list[int]] = Future()
            found.set_result(left.pop(0))
            return found

        monkeypatch.setattr(speaker._engine, "write", write)

    return put


def written(speaker: Speaker, act: Act) -> list[int]:
    """Return the tokens of an act."""
    heads, text = speaker._template._write({"from": "agent", **act}, "")
    tokenizer = model().tokenizer
    return [*heads[1:], *tokenizer.encode(text), tokenizer.end]


def user(text: Any) -> Any:
    """Return a message of whoever asks."""
    return {"role": "user", "content": text}


def call_of(reply: Any) -> Any:
    """Return the one call of a reply."""
    (made,) = reply.choices[0].message.tool_calls
    return made


def said(client: OpenAI, *messages: Any, **more: Any) -> tuple[str | None, str]:
    """Return what the model says, and why it stopped."""
    reply = client.chat.completions.create(model="tiny", messages=list(messages), **{"seed": 3, **more})
    return reply.choices[0].message.content, reply.choices[0].finish_reason


def in_its_own_seat(seed: int, *heard: str) -> list[Act]:
    """Return the acts of the model, played without a server."""
    session = ModelPolicy(model(), sampling=DRAW).begin([Brief(seat="agent")], [seed])
    return [session.act([0], [[{"from": "customer", "say": text}]])[0] for text in heard]


def test_it_holds_a_conversation_with_tools(client: OpenAI, script: Script) -> None:
    """A call comes back as one, its answer is read, and the conversation goes on."""
    script([call("get_order", order_id="W1"), say("W1 is sent.")])
    messages: list[Any] = [user("Where is W1?")]
    first = client.chat.completions.create(model="tiny", messages=messages, tools=TOOLS)
    made = call_of(first)
    assert ("tool_calls", "get_order") == (first.choices[0].finish_reason, made.function.name)
    assert '{"order_id":"W1"}' == made.function.arguments

    messages += [
        first.choices[0].message.model_dump(),
        {"role": "tool", "tool_call_id": made.id, "content": '{"status":"sent"}'},
    ]
    second = client.chat.completions.create(model="tiny", messages=messages, tools=TOOLS)
    assert ("stop", "W1 is sent.") == (second.choices[0].finish_reason, second.choices[0].message.content)


def test_it_says_what_it_says_in_its_own_seat(client: OpenAI) -> None:
    """The same seed draws the same words, in the same conversation."""
    first, _ = said(client, user("Where is W1?"))
    second, _ = said(client, user("Where is W1?"), {"role": "assistant", "content": first}, user("And W2?"))

    assert in_its_own_seat(3, "Where is W1?", "And W2?") == [raw(first or ""), raw(second or "")]


def test_who_asks_at_the_same_time_is_answered_as_if_alone(client: OpenAI, url: str) -> None:
    """More conversations than lanes, decoded together, come out as one by one."""
    texts = [f"W{number} " + "where " * (9 * (number % 4)) for number in range(24)]

    async def together() -> list[str | None]:
        async with AsyncOpenAI(base_url=url, api_key="none", max_retries=0) as many:
            replies = await asyncio.gather(
                *(many.chat.completions.create(model="tiny", messages=[user(one)], seed=3) for one in texts)
            )
        return [reply.choices[0].message.content for reply in replies]

    assert [said(client, user(one))[0] for one in texts] == asyncio.run(together())


def test_a_model_in_a_seat_by_way_of_the_server_plays_as_itself(url: str) -> None:
    """A `chat` policy against it makes the same acts, act for act."""
    heard = ["Where is W1?", "W2 where " * 9, "And W3?"]
    policy = registry.policy(f"chat:tiny@{url}", "support/retail-v1", "agent")
    session = policy.begin([Brief(seat="agent")], [2**63 + 5])

    assert in_its_own_seat(2**63 + 5, *heard) == [
        session.act([0], [[{"from": "customer", "say": text}]])[0] for text in heard
    ]


def test_a_stream_says_the_same(client: OpenAI, script: Script) -> None:
    """Words, calls, the reason of the end, and the count of tokens where it is asked for."""
    script([say("Good day."), call("get_order", order_id="W1")])

    def streamed() -> tuple[str, list[str | None], list[Any], list[int]]:
        chunks = list(
            client.chat.completions.create(
                model="tiny",
                messages=[user("Hello")],
                tools=TOOLS,
                stream=True,
                stream_options={"include_usage": True},
            )
        )
        choices = [one.choices[0] for one in chunks if one.choices]
        calls = [made.function for one in choices for made in one.delta.tool_calls or ()]
        usage = [one.usage.completion_tokens for one in chunks if one.usage]
        return "".join(one.delta.content or "" for one in choices), [choices[-1].finish_reason], calls, usage

    words, ends, calls, usage = streamed()
    assert ("Good day.", ["stop"], []) == (words, ends, calls)
    assert 1 == len(usage)
    words, ends, calls, usage = streamed()
    assert ("", ["tool_calls"], ["get_order"]) == (words, ends, [one.name for one in calls])


def test_a_reply_that_is_too_long_is_cut(client: OpenAI) -> None:
    """At the most that was asked for, and says so; tokens are counted."""
    reply = client.chat.completions.create(model="tiny", messages=[user("Hello")], max_tokens=3, seed=3)

    assert "length" == reply.choices[0].finish_reason
    assert reply.usage is not None
    assert (3, reply.usage.prompt_tokens + 3) == (reply.usage.completion_tokens, reply.usage.total_tokens)


def test_a_call_that_does_not_parse_is_shown_as_it_is(
    client: OpenAI, script: Script, speaker: Speaker
) -> None:
    """Whoever asked can refuse it, as a world would."""
    script([raw("")])
    tokenizer = model().tokenizer
    broken = [tokenizer.special("<call>"), *tokenizer.encode('get_order{"order_id":'), tokenizer.end]
    future: Future[Any] = Future()
    future.set_result(broken)
    speaker._engine.write = lambda ids, how, seed: future  # type: ignore[method-assign]  # undone with the script
    reply = client.chat.completions.create(model="tiny", messages=[user("Hello")])

    made = call_of(reply)
    assert ("get_order", '{"order_id":') == (made.function.name, made.function.arguments)


def test_it_draws_by_seed_and_takes_the_likeliest_without_temperature(client: OpenAI) -> None:
    """One seed is one reply, others are others; without temperature the seed is of no account."""
    hello = user("Hello")
    drawn = [said(client, hello, seed=seed) for seed in (1, 1, 2, 3, 4)]
    likeliest = {said(client, hello, seed=seed, temperature=0) for seed in (1, 2)}

    assert drawn[0] == drawn[1]
    assert len(set(drawn)) > 1
    assert 1 == len(likeliest)


def test_it_names_itself(client: OpenAI, speaker: Speaker) -> None:
    """The list holds the one model; a completion says which weights made it."""
    reply = client.chat.completions.create(model="tiny", messages=[user("Hello")])

    assert ["tiny"] == [one.id for one in client.models.list()]
    assert speaker.digest == reply.system_fingerprint


@pytest.mark.parametrize(
    ("more", "status", "code", "message"),
    [
        ({"model": "other"}, 404, "model_not_found", "'other' does not exist; this is 'tiny'"),
        ({"messages": []}, 400, None, "at least one message"),
        ({"messages": [user("9" * 400)]}, 400, "context_length_exceeded", "maximum context length is 256"),
        ({"messages": [{"role": "robot", "content": "x"}]}, 400, None, "Expected a role among"),
        (
            {"messages": [{"role": "tool", "content": "x", "tool_call_id": "y"}]},
            400,
            None,
            "behind an assistant",
        ),
        (
            {"messages": [user([{"type": "image_url", "image_url": {"url": "x"}}])]},
            400,
            None,
            "content of text",
        ),
        ({"temperature": -1}, 400, None, "Expected temperature"),
        ({"top_p": 0, "temperature": 1}, 400, None, "Expected top_p"),
        ({"max_tokens": 0}, 400, None, "max_tokens of at least 1"),
        ({"n": 2}, 400, None, "Expected no n"),
        ({"logprobs": True}, 400, None, "Expected no logprobs"),
        ({"tool_choice": "required", "tools": TOOLS}, 400, None, "Expected no tool_choice"),
        ({"response_format": {"type": "json_object"}}, 400, None, "Expected no response_format"),
    ],
)
def test_what_cannot_be_done_is_refused(
    client: OpenAI, more: dict[str, Any], status: int, code: str | None, message: str
) -> None:
    """In the shape of OpenAI's errors, which the client raises."""
    with pytest.raises(openai.APIStatusError, match=message) as found:
        client.chat.completions.create(**{"model": "tiny", "messages": [user("Hello")], **more})

    assert (status, code) == (found.value.status_code, found.value.code)


@pytest.mark.parametrize(
    ("method", "path", "data", "status"),
    [
        ("GET", "/nothing", None, 404),
        ("GET", "/chat/completions", None, 405),
        ("POST", "/chat/completions", b"{", 400),
        ("POST", "/chat/completions", b'{"model":"tiny","messages":[],"facts":{"a":' + b"[" * 9000, 400),
    ],
)
def test_other_requests_are_answered_in_the_same_shape(
    client: OpenAI, method: str, path: str, data: bytes | None, status: int
) -> None:
    """Unknown places, wrong methods, and what is no JSON."""
    answer = client._client.request(method, path, content=data, headers=JSON)

    assert status == answer.status_code
    assert answer.json()["error"]["message"]


def test_a_web_page_cannot_send_what_needs_no_leave(client: OpenAI) -> None:
    """Forms and plain text may be sent across origins without asking; JSON may not."""
    answer = client._client.post("/chat/completions", content=b"{}", headers={"content-type": "text/plain"})

    assert (415, True) == (answer.status_code, "application/json" in answer.json()["error"]["message"])


def test_a_web_page_does_not_reach_it_by_another_name(client: OpenAI) -> None:
    """A name that leads to this machine from outside is not one of ours."""
    answer = client._client.get("/models", headers={"host": "evil.example"})

    assert 400 == answer.status_code


def test_a_model_that_breaks_says_so(
    client: OpenAI, speaker: Speaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As an error of the server, whose particulars are not for everybody."""

    def broken(*given: object) -> None:
        raise RuntimeError("no room in /home/me")

    monkeypatch.setattr("gristmill.agents.serve.engine._write", broken)

    with pytest.raises(openai.InternalServerError, match="RuntimeError") as found:
        said(client, user("Hello"))

    assert "/home/me" not in str(found.value)


def test_who_does_not_finish_asking_is_not_waited_for(
    client: OpenAI, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A request that does not come to its end is given up."""
    monkeypatch.setattr("gristmill.agents.serve.app.PATIENCE", 0.01)
    head = (
        f"POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\ncontent-type: {JSON['content-type']}\r\n"
    )
    with socket.create_connection((client.base_url.host, client.base_url.port), timeout=60) as line:
        line.sendall(f"{head}content-length: 9\r\n\r\n{{".encode())

        assert b"HTTP/1.1 408" == line.recv(12)


def test_who_sends_too_much_is_turned_away(client: OpenAI) -> None:
    """Before it is read."""
    assert (
        413
        == client._client.post("/chat/completions", content=b" " * (LARGEST + 1), headers=JSON).status_code
    )


def test_who_speaks_is_known_or_asked_for() -> None:
    """The seats are those that the model was trained with."""
    for given, message in (
        ({"seat": "robot"}, "Unknown seat 'robot'"),
        ({"other": "robot"}, "Unknown other seat 'robot'"),
    ):
        with pytest.raises(UsageError, match=message):
            Speaker(model(), name="tiny", **given)  # type: ignore[arg-type]  # by name


def test_a_model_that_reads_facts_is_sent_them() -> None:
    """A chat seat does so when it is told to; without them the model is not asked."""
    reader = replace(model(), template=TemplateConfig(brief=("facts",)))
    brief, heard = Brief(seat="agent", facts={"limit": 9}), [{"from": "customer", "say": "Hello"}]
    own = ModelPolicy(reader, sampling=DRAW).begin([brief], [3]).act([0], [heard])
    with served(Speaker(reader, name="tiny", temperature=1.0, max_tokens=8, lanes=16)) as url:
        told, untold = (
            registry.policy(f"chat:tiny@{url}{query}", "support/retail-v1", "agent").begin([brief], [3])
            for query in ("?facts=true", "")
        )
        assert own == told.act([0], [heard])
        assert "Expected facts" in str(untold.act([0], [heard])[0])


def test_what_it_wrote_itself_is_what_it_goes_on_from(
    speaker: Speaker, client: OpenAI, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where words do not tell the tokens, as of a key that is written twice, those that were written are kept."""
    asked: list[list[int]] = []
    tokenizer = model().tokenizer
    twice = [tokenizer.special("<call>"), *tokenizer.encode('get_order{"order_id":" W2","order_id":" W1"}')]

    def write(ids: list[int], how: Sampling, seed: int) -> "Future[Any]":
        asked.append(ids)
        found: Future[Any] = Future()
        found.set_result([*twice, tokenizer.end])
        return found

    monkeypatch.setattr(speaker._engine, "write", write)
    messages: list[Any] = [user("Where is W1?")]
    first = client.chat.completions.create(model="tiny", messages=messages, tools=TOOLS)
    messages += [
        first.choices[0].message.model_dump(),
        {"role": "tool", "tool_call_id": call_of(first).id, "content": "{}"},
    ]
    client.chat.completions.create(model="tiny", messages=messages, tools=TOOLS)
    before, after = asked

    assert '{"order_id":"W1"}' == call_of(first).function.arguments
    assert [*before, *twice, tokenizer.end] == after[: len(before) + len(twice) + 1]
