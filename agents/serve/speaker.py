"""A model as whoever a chat is with: requests in, replies out, in the seat that it was trained for."""

import asyncio
import secrets
import time

from gristmill.agents.model.sampling import Sampling
from gristmill.agents.model.store import Model
from gristmill.agents.model.template import Template, View
from gristmill.agents.model.tokenizer import SPECIALS, TextTokenizer
from gristmill.agents.serve.engine import Engine
from gristmill.agents.serve.memory import Memory, after, keys
from gristmill.agents.serve.messages import entries_of, instructions
from gristmill.agents.serve.protocol import Finish, Refusal, Reply, Request
from gristmill.digest import encode
from gristmill.errors import UsageError, unknown
from gristmill.types import Act, Brief, Entry, raw

__all__ = ["Speaker"]

_NOBODY = ("tool", "world")  # who speaks, but has no seat


class Speaker:
    """Answers requests.

    Attributes:
        name: by which it is asked for.
        digest: content hash of the model.
        since: when it began, seconds since 1970.
        seat: which seat it has, and `other` who speaks in user messages.
    """

    def __init__(
        self, model: Model, *, name: str, seat: str = "", other: str = "", temperature: float = 0.0,
        max_tokens: int = 96, lanes: int = 32,
    ) -> None:  # fmt: skip
        """Begin to answer.

        Args:
            model: see there.
            name: see there.
            seat: by default `agent`, or the only one that the model knows.
            other: by default the only other one.
            temperature: of requests that ask for none.
            max_tokens: that a reply can have at most, and has room for in the context.
            lanes: how many conversations are decoded together.

        Raises:
            UsageError: when the model does not know the seats.
        """
        self.seat, self.other = _seats(model.tokenizer, seat, other)
        self.name, self.digest, self.since = name, model.digest, int(time.time())
        self._model, self._template = model, Template(model.tokenizer, model.template)
        self._usual = Sampling(temperature=temperature, max_tokens=max_tokens)
        self._header = self._template.header(self.seat)
        self._engine = Engine(model, lanes=lanes)
        self._memory = Memory()

    async def answer(self, request: Request) -> Reply:
        """Return the reply to a request.

        Raises:
            UsageError: when there can be none; a `Refusal` says how HTTP calls it.
        """
        if request.model != self.name:
            words = f"The model {request.model!r} does not exist; this is {self.name!r}."
            raise Refusal(words, status=404, code="model_not_found", param="model")
        how, (key, ids) = self._sampling(request), self._read(request)
        most, room = self._usual.max_tokens, self._model.config.max_len
        if len(ids) + most > room:
            raise Refusal(
                f"This model's maximum context length is {room} tokens, got messages of {len(ids)} and a reply of up to {most}.",
                code="context_length_exceeded", param="messages",
            )  # fmt: skip
        seed = secrets.randbits(64) if request.seed is None else request.seed & (1 << 64) - 1
        written = await asyncio.wrap_future(self._engine.write(ids, how, seed))
        # Shapes are compiled for the longest reply; a shorter one is cut.
        return self._reply(key, ids, written[: request.longest])

    def close(self) -> None:
        """Answer no more."""
        self._engine.close()

    def _sampling(self, request: Request) -> Sampling:
        usual = self._usual
        given = (request.temperature, request.top_p)
        temperature, top_p = (
            value if value is not None else old
            for value, old in zip(given, (usual.temperature, usual.top_p), strict=True)
        )
        if temperature == 0:  # what is not drawn needs no program of its own
            return Sampling(max_tokens=usual.max_tokens)
        return Sampling(temperature=temperature, top_p=top_p, max_tokens=usual.max_tokens)

    def _read(self, request: Request) -> tuple[str, list[int]]:
        """Return the key of the conversation, and its tokens up to where the model speaks."""
        seen = entries_of(request.messages, self.seat, self.other, request.tool_names)
        if request.facts is None and "facts" in self._template.config.brief:
            raise Refusal(
                "Expected facts, a JSON object, beside the messages: this model reads what its seat is told as data; a chat "
                "seat sends it with ?facts=true.",
                param="facts",
            )
        brief = Brief(
            seat=self.seat, text=instructions(request.messages), facts=request.facts or {}, tools=tuple(request.tools or ())
        )  # fmt: skip
        own = [place for place, entry in enumerate(seen) if entry["from"] == self.seat]
        passed = keys(brief, seen)
        known = self._memory.recall(passed[own[-1] + 1]) if own else None
        if known is None:
            return passed[-1], self._template.view(View(self.seat, seen, brief)).ids + self._header
        called = [seen[place]["call"] for place in own if "call" in seen[place]]
        heard = self._template.observed_all([(seen[own[-1] + 1 :], called[-1] if called else "")])[0]
        return passed[-1], known + heard + self._header

    def _reply(self, key: str, before: list[int], ids: list[int]) -> Reply:
        """Return what the model wrote as a reply, and remember it."""
        tokenizer = self._model.tokenizer
        ended = ids[-1] == tokenizer.end
        body = ids[:-1] if ended else ids
        act = self._template.parse(body) if ended else raw(tokenizer.decode(ids))
        content, call = self._shown(act, body, ended)
        back: Entry = {
            "from": self.seat,
            **(act if "raw" not in act else raw(content or "".join(call or ()))),
        }
        self._memory.keep(after(key, back), [*before, *body, tokenizer.end])
        finish: Finish = "length" if not ended else "tool_calls" if call else "stop"
        return Reply(
            id=f"chatcmpl{secrets.token_hex(12)}", model=self.name, fingerprint=self.digest, created=int(time.time()),
            content=content, call=call, finish=finish, read=len(before), written=len(ids),
        )  # fmt: skip

    def _shown(self, act: Act, body: list[int], ended: bool) -> tuple[str | None, tuple[str, str] | None]:
        """Return content, and name and arguments of a call."""
        if "call" in act:
            return None, (act["call"], encode(act["args"]).decode())
        if ended and "raw" in act and body[:1] == [self._model.tokenizer.special("<call>")]:
            # Whoever asked is to see that it was a call, and that it does not parse.
            name, brace, rest = self._model.tokenizer.decode(body[1:]).partition("{")
            return None, (name, brace + rest)
        return act.get("say", act.get("raw")), None


def _seats(tokenizer: TextTokenizer, seat: str, other: str) -> tuple[str, str]:
    """Return the seat of the model and that of who talks to it, as far as its vocabulary tells."""
    known = [name[1:-1] for name in tokenizer.specials[len(SPECIALS) :]]
    seats = [name for name in known if name not in _NOBODY]
    if not seat:
        if "agent" not in seats and len(seats) != 1:
            raise UsageError(
                f"Expected which seat the model is to have, one of {', '.join(seats)}; say which by --seat."
            )
        seat = "agent" if "agent" in seats else seats[0]
    if seat not in seats:
        raise unknown("seat", seat, seats, of="the model")
    others = [name for name in seats if name != seat]
    if other and other not in others:
        raise unknown("other seat", other, others, of="the model")
    if not other and len(others) > 1:
        raise UsageError(
            f"Expected who speaks in user messages, one of {', '.join(others)}; say which by --other."
        )
    return seat, other or (others[0] if others else "user")
