"""A language model in a seat: messages go out, one act comes back."""

from collections.abc import Sequence
from typing import Any

import pytest

from gristmill import registry
from gristmill.agents.chat_policy import ChatPolicy
from gristmill.digest import encode
from gristmill.errors import EpisodeError, UsageError
from gristmill.types import Act, Brief, Entry
from tests.agents.endpoint import Answer, Endpoint, Request, calling, completion, failing, saying

WORLD = "support/retail-v1"


def tool(name: str, **properties: str) -> dict[str, Any]:
    """Return the schema of a tool with arguments of these types."""
    parameters = {"type": "object", "properties": {key: {"type": kind} for key, kind in properties.items()}}
    return {"type": "function", "function": {"name": name, "parameters": parameters}}


TOOLS = (tool("get_order", order_id="string"), tool("offer", price="integer", message="string"))
BRIEF = Brief(seat="agent", text="You help.", tools=TOOLS)
HELLO: Entry = {"from": "customer", "say": "Where is W1?"}


def seat(model: Endpoint, **settings: Any) -> ChatPolicy:
    """Return the policy, which makes one attempt."""
    query = "".join(f"&{name}={value}" for name, value in settings.items())
    found = registry.policy(f"chat:m@{model.url}?retries=0{query}", WORLD, "agent")
    assert isinstance(found, ChatPolicy)
    return found


def act(policy: ChatPolicy, *heard: Sequence[Entry], seed: int = 7) -> list[Act | EpisodeError]:
    """Return the acts of one dialogue, given what is heard before each."""
    session = policy.begin([BRIEF], [seed])
    return [session.act([0], [list(one)])[0] for one in heard]


def result(value: Any, tool: str = "get_order") -> Entry:
    """Return what a tool answers."""
    return {"from": "tool", "tool": tool, "result": value, "to": ["agent"]}


def test_a_conversation_is_written_as_messages(model: Endpoint) -> None:
    """The brief is the system message; a call, its answer and what is said have their roles; tools go along."""
    model.script(calling(("get_order", '{"order_id":"W1"}')), saying("It is sent."), saying("Bye."))
    acts = act(seat(model), [HELLO], [result({"status": "sent"})], [{"from": "customer", "say": "Thanks"}])

    assert [
        {"call": "get_order", "args": {"order_id": "W1"}},
        {"say": "It is sent."},
        {"say": "Bye."},
    ] == acts
    call = {"name": "get_order", "arguments": '{"order_id":"W1"}'}
    assert [
        {"role": "system", "content": "You help."},
        {"role": "user", "content": "Where is W1?"},
        {"role": "assistant", "tool_calls": [{"id": "call00001", "type": "function", "function": call}]},
        {"role": "tool", "tool_call_id": "call00001", "content": '{"status":"sent"}'},
        {"role": "assistant", "content": "It is sent."},
        {"role": "user", "content": "Thanks"},
    ] == model.requests[-1]["messages"]
    assert {"model": "m", "tools": list(TOOLS), "seed": 7} == {
        key: value for key, value in model.requests[-1].items() if key != "messages"
    }


def test_what_others_call_in_public_is_told_in_words(model: Endpoint) -> None:
    """An offer of the other side is a user message with its terms."""
    act(seat(model), [{"from": "buyer", "call": "offer", "args": {"price": 9, "message": "9 dollars?"}}])

    assert 'offer {"price":9,"message":"9 dollars?"}' == model.requests[0]["messages"][-1]["content"]


def test_settings_are_sent_only_when_they_are_given(model: Endpoint) -> None:
    """Also those that only one endpoint knows."""
    extra = encode({"top_k": 3}).decode()
    act(seat(model, temperature=0.5, max_tokens=9, extra=extra), [HELLO])

    sent = model.requests[0].items()
    assert {"temperature": 0.5, "max_tokens": 9, "top_k": 3}.items() <= sent


@pytest.mark.parametrize("seed", [0, 2**63 - 1, 2**63, 2**64 - 1])
def test_a_seed_goes_along_as_a_signed_number(model: Endpoint, seed: int) -> None:
    """The protocol has 64 bits with a sign, and none of ours are lost."""
    act(seat(model), [HELLO], seed=seed)
    (sent,) = [request["seed"] for request in model.requests]

    assert -(2**63) <= sent < 2**63
    assert seed == sent % 2**64


def test_several_calls_are_made_one_after_another(model: Endpoint) -> None:
    """One reply fills several turns, as long as results come back; the model reads them as calls in a row."""
    two = (("get_order", '{"order_id":"W1"}'), ("get_order", '{"order_id":"W2"}'))
    model.script(calling(*two), saying("Both are sent."))
    acts = act(seat(model), [HELLO], [result(1)], [result(2)])

    assert ["W1", "W2"] == [one["args"]["order_id"] for one in acts[:2] if isinstance(one, dict)]
    roles = ["system", "user", "assistant", "tool", "assistant", "tool"]
    assert (2, roles) == (len(model.requests), [one["role"] for one in model.requests[1]["messages"]])


@pytest.mark.parametrize(
    "heard",
    [{"from": "customer", "say": "Wait!"}, {"from": "tool", "tool": "get_order", "error": "no such order"}],
)
def test_calls_that_wait_are_dropped_when_something_else_happens(model: Endpoint, heard: Entry) -> None:
    """The model is asked again after an error, or when somebody speaks."""
    two = (("get_order", '{"order_id":"W1"}'), ("get_order", '{"order_id":"W2"}'))
    model.script(calling(*two), saying("I see."))
    session = seat(model).begin([BRIEF], [0])
    session.act([0], [[HELLO]])

    assert [{"say": "I see."}] == session.act([0], [[heard]])
    assert 1 == session.notes(0)["dropped"]


def test_words_beside_a_call_fill_its_message(model: Endpoint) -> None:
    """A tool that takes a message gets the words; beside any other call they are dropped, and counted."""
    model.script(
        calling(("offer", '{"price":9}'), text="9 dollars?"), calling(("get_order", "{}"), text="Let me see.")
    )
    session = seat(model).begin([BRIEF], [0])

    assert [{"call": "offer", "args": {"price": 9, "message": "9 dollars?"}}] == session.act([0], [[HELLO]])
    assert [{"call": "get_order", "args": {}}] == session.act([0], [[result(None, "offer")]])
    assert 1 == session.notes(0)["dropped"]


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        (saying(None), ""),
        (saying("  "), ""),
        (Answer({"choices": []}), ""),
        (saying("It is se", finish="length"), "It is se"),
        (calling(("get_order", '{"order_id":')), 'get_order{"order_id":'),
        (calling(("get_order", "[1]")), "get_order[1]"),
        (calling(("get_order", "[" * 5000)), "get_order" + "[" * 5000),
    ],
)
def test_what_is_no_act_is_a_malformed_one(model: Endpoint, answer: Answer, text: str) -> None:
    """Nothing, what was cut off, and arguments that are no object are answered by the world, and do not crash."""
    model.script(answer)

    assert [{"raw": text}] == act(seat(model), [HELLO])


def test_a_tool_without_arguments_may_be_called_with_nothing(model: Endpoint) -> None:
    """Some endpoints send an empty text, others the object itself."""
    call = {"id": "x", "type": "function", "function": {"name": "get_order", "arguments": {"order_id": "W1"}}}
    model.script(calling(("get_order", "")), completion({"tool_calls": [call]}))
    acts = act(seat(model), [HELLO], [result(1)])

    assert [{}, {"order_id": "W1"}] == [one["args"] for one in acts if isinstance(one, dict)]


def test_a_refused_act_stays_in_the_conversation(model: Endpoint) -> None:
    """The model sees what it wrote and why it was refused; no field of ours goes out."""
    model.script(saying("x" * 5000), saying("I see."))
    refusal: Entry = {"from": "world", "error": "too long", "to": ["agent"]}
    act(seat(model), [HELLO], [refusal])

    said, answered = model.requests[1]["messages"][-2:]
    assert {"role": "assistant", "content": "x" * 5000} == said
    assert {"role": "user", "content": '{"error":"too long"}'} == answered


def test_an_outage_is_an_error_of_the_seat_and_of_that_row_alone(model: Endpoint) -> None:
    """The other rows go on."""

    def answer(request: Request) -> Answer:
        return failing(500) if "W1" in request["messages"][-1]["content"] else saying("I see.")

    model.answer = answer
    session = seat(model).begin([BRIEF, BRIEF], [0, 1])
    broken, fine = session.act([0, 1], [[HELLO], [{"from": "customer", "say": "Hello."}]])

    assert isinstance(broken, EpisodeError)
    assert "agent" == broken.side
    assert "out of order" in str(broken)
    assert {"say": "I see."} == fine


def test_seats_with_the_same_limits_keep_to_them_together(model: Endpoint) -> None:
    """A budget is one of the process, not of each table at which the model sits."""
    (first,), (second,) = (act(seat(model, budget_requests=1, temperature=heat), [HELLO]) for heat in (0, 1))

    assert ({"say": "Good day."}, 1) == (first, len(model.requests))
    assert "the budget of 1 requests is spent" in str(second)


def test_a_context_that_is_full_is_a_malformed_act(model: Endpoint) -> None:
    """The model has run out of room, nothing has broken; a local model in a seat says the same."""
    model.script(failing(400, "too many tokens", code="context_length_exceeded"))

    assert [{"raw": "context full"}] == act(seat(model), [HELLO])


def test_what_it_cost_is_noted(model: Endpoint) -> None:
    """Requests, tokens, log-probabilities where there are any, and who has answered."""
    logprobs = {"content": [{"token": "I", "logprob": -0.5}, {"token": " see", "logprob": -1.5}]}
    model.script(saying("I see.", logprobs=logprobs))
    session = seat(model, logprobs="true").begin([BRIEF], [0])
    for _ in range(2):
        session.act([0], [[HELLO]])
    notes = session.notes(0)

    assert (2, 0, 20, 4) == tuple(notes[key] for key in ("requests", "retries", "tokens_in", "tokens_out"))
    assert ([-1.0, -1.0], ["weights-1"]) == (notes["logprobs"], notes["models"])
    assert model.requests[0]["logprobs"] is True


def test_a_batch_is_asked_at_once(model: Endpoint) -> None:
    """All rows wait for the slowest answer, not for the sum of them."""
    model.answer = lambda request: saying(request["messages"][-1]["content"])._replace(delay=0.05)
    session = seat(model).begin([BRIEF] * 20, range(20))
    rows: list[Entry] = [{"from": "customer", "say": f"W{row}"} for row in range(20)]

    assert [{"say": f"W{row}"} for row in range(20)] == session.act(range(20), [[one] for one in rows])


def test_its_digest_tells_what_decides_its_acts() -> None:
    """Model and settings, but not where it is asked, how often, or by whom."""

    def told(spec: str) -> str:
        return registry.policy(spec, WORLD, "agent").digest

    one = told("chat:m@http://127.0.0.1:1/v1")

    assert one == told("chat?model=m&url=http://127.0.0.1:2/v1&width=4&retries=1&rpm=3")
    assert 3 == len(
        {one, told("chat:n@http://127.0.0.1:1/v1"), told("chat:m@http://127.0.0.1:1/v1?top_p=0.5")}
    )


def test_the_key_comes_from_the_environment_and_goes_nowhere_else(
    model: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is sent, and is in no spec and no message, not even where the endpoint sends it back."""
    monkeypatch.setenv("MY_KEY", "sk-secret")
    model.script(failing(401, "bad key: " + "sk-secret" * 60))  # whose end is cut off
    policy = seat(model, key="MY_KEY")
    (error,) = act(policy, [HELLO])

    assert ["Bearer sk-secret"] == model.keys
    assert "sk-" not in policy.name + str(error) + policy.digest
    assert "bad key" in str(error)


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("chat:m", "Expected chat:MODEL@URL"),
        ("chat", "parameter 'model'"),
        ("chat:m@ftp://x/v1", "URL of an endpoint"),
        ("chat:m@http://me:secret@x/v1", "without user or password"),
        ("chat:m@http://me:secret@[::1", "URL of an endpoint"),
        ("chat:m@http://x:port/v1", "URL of an endpoint"),
        ("chat:m@http://x/v1?timeout=nan", "timeout of at least"),
        ("chat:m@http://x/v1?key=sk-secret", "variable that key names, which is not set"),
        ("chat:m@http://x/v1?model=n", "behind its name, once"),
        ("noop:3", "takes one parameter behind its name"),
        ("chat:m@http://x/v1?key=NO_SUCH_KEY", "NO_SUCH_KEY, which is not set"),
        ("chat:m@http://x/v1?width=0", "width of at least 1"),
        ("chat:m@http://x/v1?extra=[1]", "JSON object of other fields"),
        ("chat:m@http://x/v1?temprature=1", "Did you mean 'temperature'"),
    ],
)
def test_a_spec_that_makes_no_sense_is_refused(spec: str, message: str) -> None:
    """Before anything is played, and without saying a password."""
    with pytest.raises(UsageError, match=message) as found:
        registry.policy(spec, WORLD, "agent")

    assert "secret" not in str(found.value)
