"""A batch of concurrent dialogues that one decoder plays."""

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from gristmill.agents.model.lanes import Block
from gristmill.agents.model.sampling import Sampling
from gristmill.agents.model.store import Model
from gristmill.agents.model.template import Template
from gristmill.types import Act, Brief, Entry

__all__ = ["ModelSession", "cores"]

SIZES = (1, 16)  # lanes of a block
IDLE = 3  # calls after which a row that did not act counts as ended


@dataclass
class _Row:
    """One dialogue.

    Attributes:
        history: all tokens so far; those beyond the length of its lane are to be read.
        place: its block and lane, if it has one.
        last_tool: the tool it called last.
        seen: the call in which it acted last.
        full: it has no room for another turn.
    """

    seat: str
    history: list[int]
    place: tuple[Block, int] | None = None
    last_tool: str = ""
    seen: int = 0
    full: bool = False


class ModelSession:
    """The decoder's side of a batch of episodes; see `gristmill.policy.Session`.

    A row that lost its lane, because few rows were left and it had not acted for a while, is read again from its
    history should it come back.
    """

    def __init__(
        self, model: Model, template: Template, how: Sampling, briefs: Sequence[Brief], seeds: Sequence[int]
    ) -> None:
        self._model, self._template, self._how = model, template, how
        self._rows = [_Row(brief.seat, template.opening(brief)) for brief in briefs]
        self._headers = {seat: template.header(seat) for seat in {brief.seat for brief in briefs}}
        words = [[seed >> 32 & 0xFFFFFFFF, seed & 0xFFFFFFFF] for seed in seeds]
        self._words = np.array(words, np.uint32).reshape(len(seeds), 2)
        self._capacity = 0
        self._calls = 0

    def act(self, rows: Sequence[int], observations: Sequence[list[Entry]]) -> list[Act]:
        """Return one act per row; a row without room for another turn says so in a malformed act."""
        self._calls += 1
        self._hear(rows, observations)
        asked = [row for row in rows if not self._rows[row].full]
        acts: dict[int, Act] = {row: {"raw": "context full"} for row in rows}
        if asked:
            self._seat(asked)
            acts |= self._turn(asked)
        return [acts[row] for row in rows]

    def _hear(self, rows: Sequence[int], observations: Sequence[list[Entry]]) -> None:
        """Write what became visible into the histories."""
        tools = [self._rows[row].last_tool for row in rows]
        heard = self._template.observed_all(list(zip(observations, tools, strict=True)))
        for number, ids in zip(rows, heard, strict=True):
            row = self._rows[number]
            row.seen = self._calls
            new = ids + self._headers[row.seat]
            row.full = (
                row.full or len(row.history) + len(new) + self._how.max_tokens > self._model.config.max_len
            )
            if not row.full:
                row.history += new

    def _seat(self, asked: Sequence[int]) -> None:
        """Give every row that acts a lane, and use no more lanes than the living rows need."""
        homeless = any(self._rows[row].place is None for row in asked)
        living = [
            number for number, row in enumerate(self._rows) if row.seen > self._calls - IDLE and not row.full
        ]
        size = next((size for size in SIZES if size >= len(living)), SIZES[-1])
        needed = size * -(-len(living) // size)
        if not homeless and needed * 2 > self._capacity:
            return
        origins = [self._rows[number].place for number in living]
        for row in self._rows:
            row.place = None
        for begin in range(0, needed, size):
            part = living[begin : begin + size]
            words = np.zeros((size, 2), np.uint32)
            words[: len(part)] = self._words[part]
            mine = origins[begin : begin + size]
            block = Block.gather(self._model, self._how, words, [*mine, *([None] * (size - len(mine)))])
            for lane, number in enumerate(part):
                self._rows[number].place = (block, lane)
        self._capacity = needed

    def _turn(self, asked: Sequence[int]) -> dict[int, Act]:
        """Let the rows read what they have not and write one act each."""
        unread: dict[Block, dict[int, list[int]]] = {}
        lanes: dict[tuple[Block, int], int] = {}
        for number in asked:
            row = self._rows[number]
            assert row.place is not None, "every row that acts was given a lane"
            block, lane = row.place
            unread.setdefault(block, {})[lane] = row.history[block.length[lane] :]
            lanes[row.place] = number
        # Compiled code runs without the interpreter's lock, so threads keep all cores busy.
        with ThreadPoolExecutor(cores()) as pool:
            written = dict(zip(unread, pool.map(Block.turn, unread, unread.values()), strict=True))
        return {number: self._take(number, written[block][lane]) for (block, lane), number in lanes.items()}

    def _take(self, number: int, ids: list[int]) -> Act:
        """Take what a row wrote into its history and return it as an act."""
        row, end = self._rows[number], self._model.tokenizer.end
        ended = ids[-1] in (end, *self._how.stop)
        body = ids[:-1] if ended else ids
        row.history += [*body, end]
        act = self._template.parse(body) if ended else {"raw": self._model.tokenizer.decode(ids)}
        row.last_tool = act.get("call", row.last_tool)
        return act


def cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
