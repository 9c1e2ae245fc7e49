"""A block of rows that are decoded together.

Blocks are small (a dozen rows): their cache stays in the processor's, a block waits for its own longest act only,
blocks without anybody to move cost nothing, and several run at once, one per core.
"""

from collections.abc import Mapping, Sequence

import jax
import jax.numpy as jnp
import numpy as np
import numpy.typing as npt

from gristmill.agents.model import decode
from gristmill.agents.model.sampling import Sampling
from gristmill.agents.model.store import Model

__all__ = ["Block"]

COLUMNS = 128  # a cache has a multiple of this many columns
MERGE = 32  # and takes the tokens of an act in multiples of this

Words = npt.NDArray[np.uint32]


class Block:
    """The lanes 0, 1, …, `size - 1`, each empty or holding one dialogue.

    Attributes:
        length: tokens of each lane that are in the cache [size].
        cache: see `decode.Cache`.
    """

    def __init__(self, model: Model, how: Sampling, words: Words) -> None:
        """Open empty lanes; `words` [size, 2] are their random keys."""
        self._model, self._how = model, how
        self.size = len(words)
        self._words = words
        self.length = np.zeros(self.size, np.int32)
        self.cache = decode.empty_cache(model.config, self.size, COLUMNS)

    @classmethod
    def gather(
        cls, model: Model, how: Sampling, words: Words, origins: Sequence[tuple["Block", int] | None]
    ) -> "Block":
        """Return a block whose lanes continue lanes of other blocks, or are empty."""
        block = cls(model, how, words)
        sources = list(dict.fromkeys(origin[0] for origin in origins if origin))
        if not sources:
            return block
        columns = max(source.cache.columns for source in sources)
        wide = [decode.widen(source.cache, columns=columns) for source in sources]
        first = np.cumsum([0, *(source.size for source in sources)])
        places = [first[sources.index(origin[0])] + origin[1] if origin else 0 for origin in origins]
        lanes = jnp.array(places)
        block.cache = jax.tree.map(lambda *parts: jnp.concatenate(parts)[lanes], *wide)
        filled = jnp.array([origin is not None for origin in origins])[:, None, None]
        block.cache = block.cache._replace(
            conv=tuple(jnp.where(filled, past, 0.0) for past in block.cache.conv)
        )
        block.length = np.array(
            [origin[0].length[origin[1]] if origin else 0 for origin in origins], np.int32
        )
        return block

    def rekey(self, lane: int, words: Words) -> None:
        """Give a lane another random key, `words` [2]."""
        self._words = self._words.copy()
        self._words[lane] = words

    def clear(self, lane: int) -> None:
        """Forget the dialogue of a lane."""
        self.length = self.length.copy()
        self.length[lane] = 0
        conv = tuple(past.at[lane].set(0.0) for past in self.cache.conv)
        self.cache = self.cache._replace(conv=conv)

    def turn(self, unread: Mapping[int, list[int]], *, how: Sampling | None = None) -> list[list[int]]:
        """Read the unread tokens of some lanes and let those lanes write.

        Args:
            unread: at least one token of each lane that is to write.
            how: sampling, if it is not that of the block.

        Returns:
            What each lane wrote, the ending token included; nothing for the other lanes.
        """
        model, longest = self._model, max(map(len, unread.values()))
        self._reserve(decode.CHUNK * -(-longest // decode.CHUNK))
        last = jnp.zeros((self.size, model.config.vocab))
        for begin in range(0, longest, decode.CHUNK):
            chunk = np.full((self.size, decode.CHUNK), model.tokenizer.pad, np.int32)
            count = np.zeros(self.size, np.int32)
            for lane, ids in unread.items():
                part = ids[begin : begin + decode.CHUNK]
                chunk[lane, : len(part)] = part
                count[lane] = len(part)
            self.cache, last = decode.read(
                model.params, self.cache, last, chunk, count, self.length, config=model.config
            )  # fmt: skip
            self.length = self.length + count
        asked = np.zeros(self.size, bool)
        asked[list(unread)] = True
        written = decode.write(
            model.params, self.cache, last, self.length, asked, jax.random.wrap_key_data(jnp.asarray(self._words)),
            config=model.config, how=how or self._how, end=model.tokenizer.end,
        )  # fmt: skip
        tokens, count = np.asarray(written.tokens), np.asarray(written.used)
        width = min(MERGE * -(-int(count.max()) // MERGE), tokens.shape[1])
        self._reserve(width)
        self.cache = decode.merge(self.cache, written, self.length, width=width)
        # The newest token of an act is known but was not fed.
        self.length = self.length + np.maximum(count - 1, 0).astype(np.int32)
        return [row[:used].tolist() for row, used in zip(tokens, count, strict=True)]

    def _reserve(self, more: int) -> None:
        """Make room for `more` columns after every lane, in use or not: they are written in all."""
        columns = COLUMNS * -(-(int(self.length.max()) + more) // COLUMNS)
        if columns > self.cache.columns:
            self.cache = decode.widen(self.cache, columns=columns)
