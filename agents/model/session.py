"""A batch of concurrent dialogues that one decoder plays."""

from collections.abc import Sequence
from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np

from gristmill.agents.model import decode
from gristmill.agents.model.sampling import Sampling
from gristmill.agents.model.store import Model
from gristmill.agents.model.template import Template
from gristmill.types import Act, Brief, Entry

__all__ = ["ModelSession"]

COLUMNS = 256  # the smallest cache; it doubles when a row needs more
SHRINK = 4  # lanes are given up when this fraction of them would do
IDLE = 3  # calls after which a row that did not act counts as ended


@dataclass
class _Row:
    """One dialogue.

    Attributes:
        history: all tokens so far; the first `length` of them are in the cache, the others are to be read.
        lane: where in the batch it is, or -1.
        seen: the call in which it acted last.
        full: it has no room for another turn.
    """

    seat: str
    history: list[int]
    length: int = 0
    lane: int = -1
    last_tool: str = ""
    seen: int = 0
    full: bool = False


class ModelSession:
    """The decoder's side of a batch of episodes; see `gristmill.policy.Session`.

    Rows live in the lanes of one cache. A row that loses its lane, because few rows were left and it had not acted
    for a while, is read again from its history should it come back.
    """

    def __init__(
        self, model: Model, template: Template, how: Sampling, briefs: Sequence[Brief], seeds: Sequence[int]
    ) -> None:
        self._model, self._template, self._how = model, template, how
        self._rows = [_Row(brief.seat, template.opening(brief)) for brief in briefs]
        self._headers = {seat: template.header(seat) for seat in {brief.seat for brief in briefs}}
        words = np.array([[seed >> 32 & 0xFFFFFFFF, seed & 0xFFFFFFFF] for seed in seeds], np.uint32)
        self._words = words.reshape(len(seeds), 2)
        self._lanes: list[int] = []
        self._cache = decode.empty_cache(model.config, 1, COLUMNS)
        self._calls = 0

    def act(self, rows: Sequence[int], observations: Sequence[list[Entry]]) -> list[Act]:
        """Return one act per row; a row without room for another turn says so in a malformed act."""
        self._calls += 1
        if not rows:
            return []
        self._hear(rows, observations)
        asked = [row for row in rows if not self._rows[row].full]
        acts = dict.fromkeys(rows, {"raw": "context full"})
        if asked:
            self._seat(asked)
            written = self._turn(asked)
            acts |= {row: self._finish(row, ids) for row, ids in zip(asked, written, strict=True)}
        return [acts[row] for row in rows]

    def _hear(self, rows: Sequence[int], observations: Sequence[list[Entry]]) -> None:
        """Write what became visible into the histories."""
        tools = [self._rows[row].last_tool for row in rows]
        heard = self._template.observed_all(list(zip(observations, tools, strict=True)))
        for number, ids in zip(rows, heard, strict=True):
            row = self._rows[number]
            row.seen = self._calls
            new = ids + self._headers[row.seat]
            room = self._model.config.max_len - self._how.max_tokens
            row.full = row.full or len(row.history) + len(new) > room
            if not row.full:
                row.history += new

    def _seat(self, asked: Sequence[int]) -> None:
        """Give every row that acts a lane, and keep the batch no larger than the living rows need."""
        homeless = any(self._rows[row].lane < 0 for row in asked)
        staying = [
            number for number, row in enumerate(self._rows)
            if row.seen > self._calls - IDLE and not row.full and (row.lane >= 0 or row.seen == self._calls)
        ]  # fmt: skip
        size = _power(len(staying))
        if homeless or size * SHRINK <= len(self._lanes):
            self._reseat(staying, size)
        longest = max(self._rows[number].length for number in self._lanes if number >= 0)
        needed = max(len(self._rows[row].history) for row in asked) + self._how.max_tokens + decode.CHUNK
        columns = self._cache.v.shape[3]
        while columns < max(needed, longest + self._how.max_tokens):
            columns *= 2
        if columns > self._cache.v.shape[3]:
            self._cache = decode.resize(self._cache, jnp.arange(len(self._lanes)), columns)

    def _reseat(self, staying: Sequence[int], size: int) -> None:
        """Move the rows that stay to the first lanes of a batch of `size`; the others lose what was cached."""
        origin = [max(self._rows[number].lane, 0) for number in staying]
        fresh = [self._rows[number].lane < 0 for number in staying]
        if all(fresh):
            self._cache = decode.empty_cache(self._model.config, size, self._cache.v.shape[3])
        else:
            origin += [0] * (size - len(origin))
            self._cache = decode.resize(self._cache, jnp.array(origin), self._cache.v.shape[3])
            blank = jnp.array(fresh + [True] * (size - len(fresh)))
            self._cache = self._cache._replace(
                conv=jnp.where(blank[None, :, None, None], 0.0, self._cache.conv)
            )  # fmt: skip
        for row in self._rows:
            row.lane = -1
        for lane, number in enumerate(staying):
            self._rows[number].lane = lane
        for row in self._rows:
            if row.lane < 0:
                row.length = 0
        self._lanes = [*staying, *([-1] * (size - len(staying)))]

    def _turn(self, asked: Sequence[int]) -> list[list[int]]:
        """Read what is unread and let the rows write; return the tokens of each act, the ending one included."""
        model, size = self._model, len(self._lanes)
        length = np.array([self._rows[number].length if number >= 0 else 0 for number in self._lanes])
        unread = {self._rows[row].lane: self._rows[row].history[self._rows[row].length :] for row in asked}
        last = jnp.zeros((size, model.config.vocab))
        for begin in range(0, max(map(len, unread.values())), decode.CHUNK):
            chunk = np.full((size, decode.CHUNK), model.tokenizer.pad)
            count = np.zeros(size, int)
            for lane, ids in unread.items():
                part = ids[begin : begin + decode.CHUNK]
                chunk[lane, : len(part)] = part
                count[lane] = len(part)
            self._cache, last = decode.read(
                model.params, self._cache, last, jnp.asarray(chunk, jnp.int32), jnp.asarray(count, jnp.int32),
                jnp.asarray(length, jnp.int32), config=model.config,
            )  # fmt: skip
            length = length + count
        going = np.zeros(size, bool)
        going[list(unread)] = True
        keys = jax.random.wrap_key_data(jnp.asarray(self._words[np.maximum(self._lanes, 0)]))
        self._cache, written = decode.write(
            model.params, self._cache, last, jnp.asarray(length, jnp.int32), jnp.asarray(going), keys,
            config=model.config, how=self._how, end=model.tokenizer.end,
        )  # fmt: skip
        tokens, count = np.asarray(written.tokens), np.asarray(written.count)
        lanes = [self._rows[row].lane for row in asked]
        return [tokens[lane, : count[lane]].tolist() for lane in lanes]

    def _finish(self, number: int, ids: list[int]) -> Act:
        """Take an act into the row's history and return it."""
        row, end = self._rows[number], self._model.tokenizer.end
        # The newest token is known but was not fed, so it is the first to be read next time.
        row.length = len(row.history) + len(ids) - 1
        ended = ids[-1] in (end, *self._how.stop)
        body = ids[:-1] if ended else ids
        row.history += [*body, end] if ended else [*ids, end]
        act = self._template.parse(body) if ended else {"raw": self._model.tokenizer.decode(ids)}
        row.last_tool = act.get("call", row.last_tool)
        return act


def _power(count: int) -> int:
    """Return the smallest power of two that is at least `count`."""
    return 1 << max(count - 1, 0).bit_length()
