"""`chat`: a language model in a seat, at any endpoint that speaks OpenAI's chat completions.

    --seat "agent=chat:MODEL@URL?temperature=0.7&rpm=60"        or chat?model=MODEL&url=URL&…

The client is imported when such a seat is asked for, so that the name is known, and its use explained, without it.
"""

import os
import re
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit

import msgspec

from gristmill.digest import decode
from gristmill.errors import UsageError
from gristmill.policy import Place, Policy, policy

if TYPE_CHECKING:
    from gristmill.agents.chat_client import Client

__all__ = ["Connection", "chat", "connect"]

KEY = "OPENAI_API_KEY"
_PLACED = re.compile(r"(.+?)@([a-z]+://.+)")
_KEPT = ("model", "messages", "tools", "seed", "stream", "n")  # what a request has anyway


class Connection(NamedTuple):
    """A model at an endpoint: its name there, fields of every request to it, and what makes the requests."""

    model: str
    fields: dict[str, Any]
    client: "Client"
    width: int


@policy("*", "*", "chat")
def chat(
    place: Place, *, model: str, url: str = "", temperature: float | None = None, top_p: float | None = None,
    max_tokens: int | None = None, logprobs: bool = False, facts: bool = False, extra: str = "", key: str = "", width: int = 32,
    timeout: float = 60.0, retries: int = 6, rpm: int = 0, tpm: int = 0, budget_requests: int = 0,
    budget_tokens: int = 0, cache: str = "", generation: int = 1,
) -> Policy:  # fmt: skip
    """Play as a language model at an OpenAI-compatible endpoint.

    Args:
        place: the seat.
        model: its name at the endpoint, or MODEL@URL.
        url: of the endpoint, such as http://127.0.0.1:8000/v1.
        temperature: sent when it is given, as are `top_p` and `max_tokens`.
        top_p: see there.
        max_tokens: see there.
        logprobs: ask for them; the mean of each act is noted.
        facts: send what the seat is told as data too, as a model of ours behind `gristmill serve` may read it.
        extra: JSON object of further fields of the request, such as {"max_completion_tokens":500}.
        key: name of the environment variable with the API key, by default OPENAI_API_KEY.
        width: how many episodes are played, and at most how many requests are made, at once.
        timeout: seconds that an attempt may take.
        retries: attempts after the first, with growing pauses.
        rpm: requests per minute at most, of this process; 0 for any number.
        tpm: tokens per minute at most, likewise.
        budget_requests: requests at most, attempts counted one by one, of this process; 0 for any number. When a budget
            is spent, what would need more is an error of this seat.
        budget_tokens: tokens at most, in and out together, likewise.
        cache: folder in which replies are kept; the same request is not made twice, so another model needs another name.
        generation: see `SeatInfo`; a model that was trained on play has at least 1.
    """
    there = connect(
        place.spec, model=model, url=url, temperature=temperature, top_p=top_p, max_tokens=max_tokens, extra=extra, key=key, width=width,
        timeout=timeout, retries=retries, rpm=rpm, tpm=tpm, budget_requests=budget_requests, budget_tokens=budget_tokens, cache=cache,
    )  # fmt: skip
    from gristmill.agents.chat_policy import ChatPolicy

    fields = there.fields | ({"logprobs": True} if logprobs else {})
    return ChatPolicy(
        place.spec, there.model, fields, there.client, facts=facts, width=width, generation=generation
    )


def connect(
    spec: str, *, model: str, url: str = "", temperature: float | None = None, top_p: float | None = None,
    max_tokens: int | None = None, extra: str = "", key: str = "", width: int = 32, timeout: float = 60.0, retries: int = 6,
    rpm: int = 0, tpm: int = 0, budget_requests: int = 0, budget_tokens: int = 0, cache: str = "",
) -> Connection:  # fmt: skip
    """Return a connection to the model that `spec` names; what it takes is explained at `chat`.

    Raises:
        UsageError: when a setting is out of its range, or the endpoint or the key is none.
    """
    name, at = (model, url) if url else _parted(model)
    settings = {"temperature": temperature, "top_p": top_p, "max_tokens": max_tokens}
    fields = {key: value for key, value in settings.items() if value is not None} | _fields(extra)
    for what, least, value in (
        ("width", 1, width), ("timeout", 0.001, timeout), ("retries", 0, retries), ("rpm", 0, rpm), ("tpm", 0, tpm),
        ("budget_requests", 0, budget_requests), ("budget_tokens", 0, budget_tokens),
    ):  # fmt: skip
        if not value >= least:  # NaN is not, either
            raise UsageError(f"Expected {what} of at least {least} in {spec!r}, got {value}.")
    from gristmill.agents.chat_client import Limits, shared

    limits = Limits(
        width=width, timeout=timeout, retries=retries, rpm=rpm, tpm=tpm, requests=budget_requests, tokens=budget_tokens
    )  # fmt: skip
    return Connection(name, fields, shared(_endpoint(at), _key(key), limits, cache), width)


def _parted(model: str) -> tuple[str, str]:
    found = _PLACED.fullmatch(model)
    if found is None:
        raise UsageError(
            f"Expected chat:MODEL@URL such as chat:my-model@http://127.0.0.1:8000/v1, got {model!r}."
        )
    return found[1], found[2]


def _endpoint(url: str) -> str:
    try:
        parts = urlsplit(url)
        known = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:  # an address or a port that is none
        known = False
    if not known:
        raise UsageError(
            f"Expected the URL of an endpoint such as http://127.0.0.1:8000/v1, got {url.rpartition('@')[2]!r}."
        )
    if parts.username or parts.password:
        raise UsageError(
            "Expected a URL without user or password, since specs are recorded; put the key into the environment."
        )
    return url


def _key(name: str) -> str:
    """Return the API key, which is never part of a spec; local endpoints need none."""
    if name and name not in os.environ:
        # What is not written as such names are may be the key itself.
        shown = name if name.isidentifier() and name.isupper() else "that key names"
        raise UsageError(f"Expected the API key in the environment variable {shown}, which is not set.")
    return os.environ.get(name or KEY, "")


def _fields(extra: str) -> dict[str, Any]:
    try:
        fields = decode(extra or "{}")
    except msgspec.DecodeError:
        fields = None
    if not isinstance(fields, dict) or any(name in _KEPT for name in fields):
        raise UsageError(
            f"Expected extra as a JSON object of other fields than {', '.join(_KEPT)}, got {extra!r}."
        )
    return fields
