"""Requests to an endpoint: concurrently, within limits, again after an outage, and not twice where that is wanted.

The pauses between attempts are our own and not those of the `openai` client, because every attempt counts against
the rates and the budget.
"""

import asyncio
import functools
import random
import threading
import time
import weakref
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec
import openai

from gristmill.agents.chat_types import Completion, Usage
from gristmill.digest import decoder, digest, encode
from gristmill.errors import GristmillError
from gristmill.files import write_whole

__all__ = ["Client", "Limits", "Outage", "Reply", "shared"]

FIRST, LONGEST = 0.5, 30.0  # seconds of the first pause, and of the longest one that we choose ourselves
PATIENCE = 120.0  # seconds of the longest pause that an endpoint may ask for
UNKNOWN = 256  # tokens that a reply may have where nothing limits it
BYTES = 4  # of a request per token, roughly
_AGAIN = (openai.APIConnectionError, openai.RateLimitError, openai.InternalServerError, openai.ConflictError)


class Outage(GristmillError):
    """An endpoint that does not answer, however often it is asked, or may not be asked any more.

    Attributes:
        code: what the endpoint calls it, if it does.
        attempts: requests that were made.
    """

    def __init__(self, message: str, code: str = "", attempts: int = 0) -> None:
        super().__init__(message)
        self.code, self.attempts = code, attempts


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What may be asked of an endpoint; see `gristmill.agents.chat`."""

    width: int = 32
    timeout: float = 60.0
    retries: int = 6
    rpm: int = 0
    tpm: int = 0
    requests: int = 0
    tokens: int = 0


class Reply(msgspec.Struct, frozen=True, kw_only=True):
    """What came back.

    Attributes:
        body: the chat completion.
        attempts: requests that it took; 0 where it was cached.
        seconds: from the first attempt to the answer, pauses included.
    """

    body: Completion
    attempts: int = 0
    seconds: float = 0.0


class _Exchange(msgspec.Struct, frozen=True):
    """A request and its reply, as they are kept."""

    request: dict[str, Any]
    reply: Completion


_completion, _exchange = decoder(Completion), decoder(_Exchange)


class Client:
    """Makes requests of one process to one endpoint.

    Args:
        url: of the endpoint.
        key: for the endpoint; empty for none.
        limits: see there.
        cache: folder of replies by content of the request; empty for none.
        sleep: waits some seconds.
    """

    def __init__(
        self, url: str, key: str, limits: Limits, *, cache: str = "",
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:  # fmt: skip
        self._limits, self._key, self._sleep, self._place = limits, key, sleep, _place(url)
        self._cache = Path(cache) if cache else None
        self._budget = _Budget(limits.requests, limits.tokens)
        self._paces = (_Pace(limits.rpm), _Pace(limits.tpm))
        # The organisation and the like are read from the environment by the client; a retry is ours to make.
        self._openai = openai.AsyncOpenAI(
            api_key=key or "none", base_url=url, timeout=limits.timeout, max_retries=0
        )
        # A loop of its own thread keeps connections between batches, works where another loop runs already, and can be
        # stopped from wherever the client is found to be of no use any more.
        self._loop = asyncio.new_event_loop()
        threading.Thread(target=_serve, args=(self._loop, self._openai), name="chat", daemon=True).start()
        weakref.finalize(self, self._loop.call_soon_threadsafe, self._loop.stop)

    def ask(self, requests: Sequence[Mapping[str, Any]]) -> list[Reply | Outage]:
        """Make requests at once and return what came back of each."""
        if not requests:
            return []
        waiting = asyncio.run_coroutine_threadsafe(self._all(requests), self._loop)
        try:
            return waiting.result()
        except KeyboardInterrupt:
            waiting.cancel()
            raise

    async def _all(self, requests: Sequence[Mapping[str, Any]]) -> list[Reply | Outage]:
        gate = asyncio.Semaphore(self._limits.width)

        async def one(request: Mapping[str, Any]) -> Reply | Outage:
            async with gate:
                try:
                    return await self._one(request)
                except Outage as outage:
                    return outage

        return await asyncio.gather(*map(one, requests))

    async def _one(self, request: Mapping[str, Any]) -> Reply:
        place = self._cache / f"{digest(request)}.json" if self._cache else None
        if place is not None and (body := _kept(place)) is not None:
            return Reply(body=body)
        reply = await self._insist(request)
        if place is not None:
            write_whole(place, encode(_Exchange(dict(request), reply.body)))
        return reply

    async def _insist(self, request: Mapping[str, Any]) -> Reply:
        """Ask until there is an answer, or no hope of one."""
        begun = time.monotonic()
        # Jitter decides nothing but when a request is made.
        jitter = random.SystemRandom()
        for attempt in range(self._limits.retries + 1):
            try:
                body = await self._attempt(request)
                return Reply(body=body, attempts=attempt + 1, seconds=time.monotonic() - begun)
            except (openai.OpenAIError, ValueError) as error:
                wait = _pause(error, attempt, jitter)
                if wait is None or attempt == self._limits.retries:
                    code = getattr(error, "code", None) or ""
                    raise Outage(self._words(error, attempt + 1), code, attempt + 1) from None
            except Outage as spent:
                spent.attempts = attempt
                raise
            await self._sleep(wait)
        raise AssertionError("the last attempt returns or raises")

    async def _attempt(self, request: Mapping[str, Any]) -> Completion:
        longest = (request.get("max_completion_tokens"), request.get("max_tokens"))
        expected = len(encode(request)) // BYTES + next(
            (one for one in longest if isinstance(one, int)), UNKNOWN
        )
        self._budget.reserve(expected)
        used = 0
        try:
            for pace, amount in zip(self._paces, (1, expected), strict=True):
                await self._sleep(pace.wait(amount))
            # The client takes only fields that OpenAI has, but for those in the extra body.
            rest = {name: value for name, value in request.items() if name not in ("model", "messages")}
            found = await asyncio.wait_for(
                self._openai.chat.completions.with_raw_response.create(
                    model=request["model"], messages=request["messages"], extra_body=rest
                ),
                self._limits.timeout,  # the client's own is for each part of a reply that comes in pieces
            )
            try:
                body = _completion(found.content)
            except RecursionError:
                raise ValueError("JSON that is nested too deeply") from None
            told = body.usage or Usage()
            used = told.prompt_tokens + told.completion_tokens or expected
            self._paces[1].correct(used - expected)
            return body
        except TimeoutError:
            raise ValueError(f"timed out, no whole reply within {self._limits.timeout:g} seconds") from None
        finally:
            self._budget.settle(expected, used)

    def _words(self, error: Exception, attempts: int) -> str:
        """Return what went wrong and where, without the key, which an endpoint might send back."""
        text = " ".join(self._hidden(str(error)).split())[:400] or type(error).__name__
        times = f" after {attempts} attempts" if attempts > 1 else ""
        return f"the endpoint gave no answer{times}: {text} (at {self._hidden(self._place)})"

    def _hidden(self, text: str) -> str:
        return text.replace(self._key, "…") if self._key else text


@functools.cache
def shared(url: str, key: str, limits: Limits, cache: str) -> Client:
    """Return the client of this process with these settings: all seats with them keep to its limits together."""
    return Client(url, key, limits, cache=cache)


class _Budget:
    """Counts what was spent, and what requests on their way may spend."""

    def __init__(self, requests: int, tokens: int) -> None:
        self._most = (requests, tokens)
        self._requests = self._tokens = 0

    def reserve(self, tokens: int) -> None:
        """Count a request that may need so many tokens.

        Raises:
            Outage: when it is one too many.
        """
        most_requests, most_tokens = self._most
        if most_requests and self._requests >= most_requests:
            raise Outage(f"the budget of {most_requests:,} requests is spent", "budget")
        if most_tokens and self._tokens + tokens > most_tokens:
            raise Outage(f"the budget of {most_tokens:,} tokens is spent", "budget")
        self._requests += 1
        self._tokens += tokens

    def settle(self, reserved: int, used: int) -> None:
        """Put what was used in place of what was reserved."""
        self._tokens += used - reserved


class _Pace:
    """Spaces things so that there are no more than so many per minute; 0 for any number."""

    def __init__(self, per_minute: int) -> None:
        self._each = 60 / per_minute if per_minute else 0.0  # seconds
        self._free = 0.0

    def wait(self, amount: int) -> float:
        """Take a place for `amount` of them, and return the seconds until it comes."""
        now = time.monotonic()
        at = max(now, self._free)
        self._free = at + amount * self._each
        return at - now

    def correct(self, more: int) -> None:
        """Count `more` of them than were announced."""
        self._free += more * self._each


def _pause(error: Exception, attempt: int, jitter: random.Random) -> float | None:
    """Return the seconds to wait before the next attempt, or None when there is no hope.

    Exponential back-off with full jitter (Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015),
    unless the endpoint says how long.
    """
    again = isinstance(error, (*_AGAIN, ValueError))
    if isinstance(error, openai.APIStatusError):
        again = again or error.status_code == 408
        if error.code == "insufficient_quota":
            return None
        asked = _retry_after(error.response.headers.get("retry-after", ""))
        if again and asked is not None:
            return asked if asked <= PATIENCE else None
    return jitter.uniform(0.1, 1.0) * min(FIRST * 2**attempt, LONGEST) if again else None


def _place(url: str) -> str:
    """Return where an endpoint is, without what a URL may say about who asks."""
    parts = urlsplit(url)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2], query="", fragment="").geturl()


def _retry_after(text: str) -> float | None:
    """Return the seconds of a `Retry-After` header, which holds seconds or a date."""
    try:
        return max(0.0, float(text))
    except ValueError:
        pass
    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - time.time())
    except ValueError:
        return None


def _kept(place: Path) -> Completion | None:
    """Return the reply that was kept, if there is one that can be read."""
    try:
        return _exchange(place.read_bytes()).reply
    except (OSError, msgspec.DecodeError):
        return None


def _serve(loop: asyncio.AbstractEventLoop, client: openai.AsyncOpenAI) -> None:
    """Run a loop until it is stopped, then end what is on its way, and close what it held."""
    loop.run_forever()
    if left := asyncio.all_tasks(loop):  # whoever waited for them has been interrupted
        for one in left:
            one.cancel()
        loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
    loop.run_until_complete(client.close())
    loop.run_until_complete(loop.shutdown_asyncgens())
    loop.close()
