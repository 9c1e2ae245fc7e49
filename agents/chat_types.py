"""Chat completions as endpoints give them back; what is not named here is of no interest."""

from typing import Any

import msgspec

__all__ = ["Choice", "Completion", "Function", "Message", "ToolCall", "Usage"]


class Function(msgspec.Struct, frozen=True):
    """A call: arguments are JSON text, though some endpoints send the object itself."""

    name: str = ""
    arguments: str | dict[str, Any] | None = None


class ToolCall(msgspec.Struct, frozen=True):
    """One call of a reply."""

    function: Function


class Message(msgspec.Struct, frozen=True):
    """What the model answers."""

    content: str | None = None
    refusal: str | None = None
    tool_calls: list[ToolCall] | None = None


class _Token(msgspec.Struct, frozen=True):
    logprob: float = 0.0


class _Logprobs(msgspec.Struct, frozen=True):
    content: list[_Token] | None = None


class Choice(msgspec.Struct, frozen=True):
    """One answer, and why it ended: `stop`, `tool_calls`, `length` and the like."""

    message: Message = Message()
    finish_reason: str | None = None
    logprobs: _Logprobs | None = None


class Usage(msgspec.Struct, frozen=True):
    """Tokens read and written."""

    prompt_tokens: int = 0
    completion_tokens: int = 0


class Completion(msgspec.Struct, frozen=True):
    """A reply; `system_fingerprint` says what has made it."""

    choices: list[Choice]
    usage: Usage | None = None
    system_fingerprint: str | None = None

    @property
    def first(self) -> Choice:
        """The first answer; one that says nothing if there is none."""
        return self.choices[0] if self.choices else Choice()

    @property
    def mean_logprob(self) -> float | None:
        """Mean natural log-probability of the tokens of the first answer, where the endpoint tells it."""
        told = self.first.logprobs
        found = [one.logprob for one in (told.content if told else None) or ()]
        return sum(found) / len(found) if found else None
