"""OpenAI's chat completions: what a request may say, how a reply, its stream and an error are written."""

from collections.abc import Iterator
from typing import Any, Literal

import msgspec

from gristmill.agents.serve.messages import Message
from gristmill.digest import decoder, encode
from gristmill.errors import UsageError

__all__ = ["Refusal", "Reply", "Request", "error_body", "read_request"]

Finish = Literal["stop", "tool_calls", "length"]


class Refusal(UsageError):
    """A request that is not answered.

    Attributes:
        status: of HTTP.
        code: as OpenAI calls it.
        param: the field of the request that is to blame.
    """

    def __init__(self, message: str, *, status: int = 400, code: str = "", param: str = "") -> None:
        super().__init__(message)
        self.status, self.code, self.param = status, code, param


class _Options(msgspec.Struct, frozen=True):
    include_usage: bool = False


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """A request for a chat completion; fields that are not named here change nothing.

    Attributes:
        facts: what the seat is told as data, which is no field of OpenAI's; only models that read it need it.
    """

    model: str
    messages: list[Message]
    tools: list[dict[str, Any]] | None = None
    tool_choice: Any = None
    temperature: float | None = None
    top_p: float | None = None
    max_tokens: int | None = None
    max_completion_tokens: int | None = None
    seed: int | None = None
    stream: bool | None = False
    stream_options: _Options | None = None
    n: int | None = 1
    logprobs: bool | None = False
    stop: Any = None
    response_format: dict[str, Any] | None = None
    frequency_penalty: float | None = 0.0
    presence_penalty: float | None = 0.0
    logit_bias: dict[str, float] | None = None
    facts: dict[str, Any] | None = None

    @property
    def longest(self) -> int | None:
        """Most tokens of the reply, if the request says so."""
        return self.max_tokens if self.max_completion_tokens is None else self.max_completion_tokens

    @property
    def tool_names(self) -> frozenset[str]:
        """Names of the tools."""
        functions = [tool.get("function") for tool in self.tools or ()]
        return frozenset(str(one.get("name")) for one in functions if isinstance(one, dict))


_request = decoder(Request)


def read_request(data: bytes) -> Request:
    """Return a request.

    Raises:
        Refusal: when it is none, or asks for something that is not done here.
    """
    try:
        request = _request(data)
    except msgspec.DecodeError as error:
        raise Refusal(f"Expected the JSON of a chat completion request: {error}.") from None
    except RecursionError:
        raise Refusal("Expected the JSON of a chat completion request, got one nested too deeply.") from None
    asked = {
        "n": request.n not in (None, 1),
        "logprobs": bool(request.logprobs),
        "stop": bool(request.stop),
        "tool_choice": request.tool_choice not in (None, "auto"),
        "response_format": (request.response_format or {}).get("type", "text") != "text",
        "frequency_penalty": bool(request.frequency_penalty),
        "presence_penalty": bool(request.presence_penalty),
        "logit_bias": bool(request.logit_bias),
    }
    for name, there in asked.items():
        if there:
            raise Refusal(f"Expected no {name}, which this server cannot do; leave it out.", param=name)
    if not request.messages:
        raise Refusal("Expected at least one message, got none.", param="messages")
    if request.longest is not None and request.longest < 1:
        raise Refusal(f"Expected max_tokens of at least 1, got {request.longest}.", param="max_tokens")
    return request


class Reply(msgspec.Struct, frozen=True, kw_only=True):
    """A reply.

    Attributes:
        id: of the completion.
        model: as it was asked for.
        fingerprint: digest of the model.
        created: seconds since 1970.
        content: what is said; None beside a call.
        call: name of the tool and arguments as JSON text.
        finish: why it ended.
        read: tokens of the request, `written` of the reply.
    """

    id: str
    model: str
    fingerprint: str
    created: int
    content: str | None
    call: tuple[str, str] | None
    finish: Finish
    read: int
    written: int

    def body(self) -> dict[str, Any]:
        """Return the completion."""
        message: dict[str, Any] = {"role": "assistant", "content": self.content}
        if self.call is not None:
            message["tool_calls"] = [self._called()]
        choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": self.finish}
        return self._of("chat.completion", [choice], usage=self._usage())

    def events(self, *, usage: bool) -> Iterator[bytes]:
        """Yield the reply as server-sent events: all that is said or called in one piece, then how it ended."""
        first: dict[str, Any] = {"role": "assistant", "content": self.content}
        if self.call is not None:
            first["tool_calls"] = [{"index": 0, **self._called()}]
        for delta, finish in ((first, None), ({}, self.finish)):
            choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
            yield _event(self._of("chat.completion.chunk", [choice]))
        if usage:
            yield _event(self._of("chat.completion.chunk", [], usage=self._usage()))
        yield b"data: [DONE]\n\n"

    def _called(self) -> dict[str, Any]:
        assert self.call is not None, "asked of calls only"
        name, arguments = self.call
        # Nine letters and digits, the strictest form that chat templates ask for.
        return {
            "id": self.id[-9:],
            "type": "function",
            "function": {"name": name, "arguments": arguments},
        }

    def _of(self, kind: str, choices: list[Any], **more: Any) -> dict[str, Any]:
        return {
            "id": self.id, "object": kind, "created": self.created, "model": self.model,
            "system_fingerprint": self.fingerprint, "choices": choices, **more,
        }  # fmt: skip

    def _usage(self) -> dict[str, int]:
        return {
            "prompt_tokens": self.read,
            "completion_tokens": self.written,
            "total_tokens": self.read + self.written,
        }


def error_body(message: str, *, code: str = "", param: str = "", kind: str = "invalid_request_error") -> Any:
    """Return an error as OpenAI writes it."""
    return {"error": {"message": message, "type": kind, "param": param or None, "code": code or None}}


def _event(value: Any) -> bytes:
    return b"data: " + encode(value) + b"\n\n"
