"""Requests to an endpoint: again after an outage, within limits, not twice."""

import asyncio
import gc
import threading
from pathlib import Path
from typing import Any

import openai
import pytest

from gristmill.agents import chat_client
from gristmill.agents.chat_client import Client, Limits, Outage, Reply
from tests.agents.endpoint import Answer, Endpoint, failing, saying

ASK: dict[str, Any] = {"model": "m", "messages": [{"role": "user", "content": "Hello"}], "seed": 1}


class Clock:
    """Waits without waiting, and remembers how long."""

    def __init__(self) -> None:
        self.waits: list[float] = []

    async def sleep(self, seconds: float) -> None:
        if seconds:
            self.waits.append(seconds)


def client(model: Endpoint, clock: Clock | None = None, *, cache: str = "", **limits: Any) -> Client:
    """Return a client that does not really wait."""
    return Client(model.url, "", Limits(**limits), cache=cache, sleep=(clock or Clock()).sleep)


def text(reply: Reply | Outage) -> str | None:
    """Return what was answered."""
    assert isinstance(reply, Reply), reply
    return reply.body.first.message.content


@pytest.mark.parametrize(
    "answer",
    [
        failing(429), failing(500), failing(503), failing(408), failing(409), Answer(b"<html>"), Answer(b"{}"),
        Answer({"choices": [{"message": "?"}]}), Answer(b""),
        Answer(b'{"choices":[{"message":{"tool_calls":[{"function":{"arguments":{"a":' + b"[" * 9000),
    ],
)  # fmt: skip
def test_what_may_pass_is_tried_again(model: Endpoint, answer: Answer) -> None:
    """Rates, breakdowns and garbage."""
    clock = Clock()
    model.script(answer, answer, saying("Hello."))
    (reply,) = client(model, clock).ask([ASK])

    assert ("Hello.", 3) == (text(reply), reply.attempts)
    assert 2 == len(clock.waits)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 422])
def test_what_will_not_pass_is_not_tried_again(model: Endpoint, status: int) -> None:
    """A request that is wrong stays so."""
    model.script(failing(status, "no such model"))
    (outage,) = client(model).ask([ASK])

    assert isinstance(outage, Outage)
    assert ("no such model" in str(outage), 1) == (True, len(model.requests))


def test_an_empty_purse_is_not_tried_again(model: Endpoint) -> None:
    """OpenAI calls it by the status of a rate, but it does not pass."""
    model.script(failing(429, code="insufficient_quota"))
    (outage,) = client(model).ask([ASK])

    assert isinstance(outage, Outage)
    assert 1 == len(model.requests)


def test_pauses_grow_and_differ(model: Endpoint) -> None:
    """They double up to a bound, each drawn below it."""
    clock = Clock()
    model.script(failing(500))
    (outage,) = client(model, clock, retries=8).ask([ASK])
    bounds = [min(chat_client.FIRST * 2**n, chat_client.LONGEST) for n in range(8)]

    assert isinstance(outage, Outage)
    assert "after 9 attempts" in str(outage)
    assert all(0.1 * bound <= wait <= bound for wait, bound in zip(clock.waits, bounds, strict=True))


@pytest.mark.parametrize(("asked", "waits"), [("3", [3.0]), ("0", []), ("100000", None), ("soon", [])])
def test_the_endpoint_may_say_how_long_to_wait(
    model: Endpoint, asked: str, waits: list[float] | None
) -> None:
    """Seconds are kept to; what is longer than anybody waits is an outage at once."""
    clock = Clock()
    model.script(failing(429, retry_after=asked), saying("Hello."))
    (reply,) = client(model, clock).ask([ASK])

    if waits is None:
        assert isinstance(reply, Outage)
    elif asked == "soon":  # is no number, and no date
        assert 1 == len(clock.waits)
    else:
        assert (waits, "Hello.") == (clock.waits, text(reply))


def test_a_date_to_wait_for_is_understood() -> None:
    """As HTTP writes it; one that is past is now."""
    assert 0.0 == chat_client._retry_after("Wed, 21 Oct 2015 07:28:00 GMT")
    assert (chat_client._retry_after("Wed, 21 Oct 2099 07:28:00 GMT") or 0.0) > 1e6


def test_who_does_not_answer_in_time_is_given_up(model: Endpoint) -> None:
    """Every attempt has its own time."""
    model.script(saying("Hello.")._replace(delay=0.4))
    (outage,) = client(model, timeout=0.05, retries=1).ask([ASK])

    assert isinstance(outage, Outage)
    assert "timed out" in str(outage)
    assert 2 == len(model.requests)


def test_who_answers_byte_by_byte_is_given_up(model: Endpoint) -> None:
    """The time is that of the whole attempt."""
    model.answer = lambda request: saying("Hello.")._replace(drip=0.02)
    (outage,) = client(model, timeout=0.2, retries=0).ask([ASK])

    why = "timed out, no whole reply within 0.2 seconds"
    assert f"the endpoint gave no answer: {why} (at {model.url})" == str(outage)


def test_what_is_on_its_way_ends_with_the_loop(caplog: pytest.LogCaptureFixture) -> None:
    """Whoever is interrupted hears nothing of tasks that were pending."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=chat_client._serve, args=(loop, openai.AsyncOpenAI(api_key="none")))
    thread.start()
    waiting = asyncio.run_coroutine_threadsafe(asyncio.sleep(60), loop)
    loop.call_soon_threadsafe(loop.stop)
    thread.join(5)
    gc.collect()

    assert (True, []) == (waiting.cancelled(), caplog.records)


def test_nobody_there_is_an_outage() -> None:
    """Such as a server that was not started; which one is said without what tells who asks."""
    url = "http://me:secret@127.0.0.1:9/v1?token=hidden"
    (outage,) = Client(url, "k", Limits(retries=1), sleep=Clock().sleep).ask([ASK])

    assert (
        "the endpoint gave no answer after 2 attempts: Connection error. (at http://127.0.0.1:9/v1)"
        == str(outage)
    )


def test_a_budget_of_requests_is_never_exceeded(model: Endpoint) -> None:
    """Attempts count; what is left over says why it was not asked, and what was answered stays answered."""
    model.script(failing(500), saying("Hello."))
    replies = client(model, requests=4).ask([ASK] * 6)
    outages = [one for one in replies if isinstance(one, Outage)]

    assert (4, 3, 3) == (len(model.requests), len(outages), len(replies) - len(outages))
    assert {"the budget of 4 requests is spent"} == {str(one) for one in outages}


def test_a_budget_of_tokens_is_spent_by_what_was_used(model: Endpoint) -> None:
    """What requests on their way may need is set aside, and given back when it was not."""
    one = client(model, tokens=300)
    ask = {**ASK, "max_tokens": 200}

    assert ["Good day.", "Good day."] == [text(one.ask([ask])[0]) for _ in range(2)]
    both = one.ask([ask, ask])
    assert 1 == sum(isinstance(reply, Outage) for reply in both)
    assert "the budget of 300 tokens is spent" in {str(reply) for reply in both if isinstance(reply, Outage)}


def test_requests_are_spaced_to_keep_to_a_rate(model: Endpoint) -> None:
    """Sixty a minute is one a second, also when they come at once."""
    clock = Clock()
    client(model, clock, rpm=60).ask([ASK] * 4)

    assert [1, 2, 3] == [round(wait) for wait in sorted(clock.waits)]


def test_tokens_are_spaced_to_keep_to_a_rate(model: Endpoint) -> None:
    """The next request waits for what the last one has used, not for what it might have."""
    clock = Clock()
    one = client(model, clock, tpm=12)
    for _ in range(2):
        one.ask([{**ASK, "max_tokens": 500}])

    assert [60] == [round(wait) for wait in clock.waits]


def test_the_same_request_is_not_made_twice(model: Endpoint, tmp_path: Path) -> None:
    """Another client finds what was kept; another seed, or no folder, asks again."""
    cache = str(tmp_path / "kept")
    for seed in (1, 1, 2):
        assert "Good day." == text(client(model, cache=cache).ask([{**ASK, "seed": seed}])[0])
    assert 2 == len(model.requests)
    (again,) = client(model, cache=cache).ask([ASK])

    assert 0 == again.attempts
    assert [] == list(tmp_path.rglob("*.tmp"))


def test_a_kept_reply_that_is_damaged_is_asked_for_again(model: Endpoint, tmp_path: Path) -> None:
    """And kept again."""
    client(model, cache=str(tmp_path)).ask([ASK])
    (kept,) = tmp_path.iterdir()
    whole = kept.read_bytes()
    kept.write_bytes(whole[:20])
    client(model, cache=str(tmp_path)).ask([ASK])

    assert (2, whole) == (len(model.requests), kept.read_bytes())


def test_no_more_are_asked_at_once_than_the_width(model: Endpoint) -> None:
    """The endpoint sees at most so many."""
    model.script(saying("Hello.")._replace(delay=0.02))
    replies = client(model, width=2).ask([{**ASK, "seed": number} for number in range(6)])

    assert (6, 2) == (sum(isinstance(one, Reply) for one in replies), model.most)
