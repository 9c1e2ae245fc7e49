"""One root seed into independent streams, by hashing names.

Seeds are never added to one another: `seed + 1` of one run would be the `seed` of the next. Every stream is
named, so that adding a consumer changes no other stream, and no global random state is read.
"""

import random
from hashlib import blake2b
from struct import Struct
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["GAMMA", "Stream", "derive", "mix", "numpy_stream", "stream", "units"]

_WORDS = Struct("<8Q").unpack
_UNIT, _ALL = 2.0**-53, 2**64 - 1
_CACHED = 2**15  # words at a time, so that they stay in the processor's cache
# SplitMix64: Steele, Lea and Flood, Fast splittable pseudorandom number generators, 2014.
GAMMA, _FIRST, _SECOND = map(np.uint64, (0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB))


def derive(root: int, *names: str | int) -> int:
    """Return the 64-bit seed of the stream called `names` under `root`."""
    label = "\x1f".join([str(root), *map(str, names)])
    return int.from_bytes(blake2b(label.encode(), digest_size=8).digest(), "little")


class Stream(random.Random):
    """Python's generator over blocks of a keyed hash, numbered from zero.

    An episode has a stream for each of its seats and draws some ten numbers from it, so that what counts is the cost of
    a new one: a tenth of that of seeding a Mersenne twister.

    Args:
        seed: 64 bits, as `derive` makes them.
    """

    def __init__(self, seed: int = 0) -> None:
        # The constructor of the base class is left out: it would seed the twister.
        self.seed(seed)

    def seed(self, a: Any = 0, version: int = 2) -> None:
        """Start anew as the stream of seed `a`, a whole number of which 64 bits count."""
        self._key, self._block = (a & _ALL).to_bytes(8, "little"), 0
        self._words: list[int] = []
        self.gauss_next = None

    def random(self) -> float:
        """Return the next number in [0, 1), a multiple of 2**-53."""
        if not self._words:
            self._refill()
        return (self._words.pop() >> 11) * _UNIT

    def getrandbits(self, k: int, /) -> int:
        """Return a whole number of `k` random bits."""
        found = 0
        for _ in range(0, k, 64):
            if not self._words:
                self._refill()
            found = found << 64 | self._words.pop()
        return found >> (-k % 64)

    def getstate(self) -> tuple[Any, ...]:
        """Return what `setstate` needs to go on from here."""
        return self._key, self._block, tuple(self._words), self.gauss_next

    def setstate(self, state: tuple[Any, ...]) -> None:
        """Go on from where `getstate` was called."""
        self._key, self._block, words, self.gauss_next = state
        self._words = list(words)

    def _refill(self) -> None:
        self._words += _WORDS(blake2b(self._block.to_bytes(8, "little"), key=self._key).digest())
        self._block += 1


def stream(root: int, *names: str | int) -> Stream:
    """Return the Python generator called `names` under `root`."""
    return Stream(derive(root, *names))


def numpy_stream(root: int, *names: str | int) -> np.random.Generator:
    """Return the NumPy generator (Philox) called `names` under `root`."""
    return np.random.Generator(np.random.Philox(key=derive(root, *names)))


def units(keys: NDArray[np.uint64], rows: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return a number in [0, 1) for every key and row, [K, N], that depends on nothing but those two.

    Args:
        keys: 64-bit seeds of independent streams, [K].
        rows: places within the streams, from zero, in any order, [N].
    """
    places = (rows.astype(np.uint64) + np.uint64(1)) * GAMMA
    found = np.empty((len(keys), len(rows)))
    step = max(1, _CACHED // max(1, len(rows)))
    for start in range(0, len(keys), step):
        some = slice(start, start + step)
        np.multiply(mix(keys[some, None] + places) >> np.uint64(11), _UNIT, out=found[some])
    return found


def mix(words: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Return words in which each bit depends on all bits of the one given; what is given is overwritten."""
    words ^= words >> np.uint64(30)
    words *= _FIRST
    words ^= words >> np.uint64(27)
    words *= _SECOND
    words ^= words >> np.uint64(31)
    return words
