"""One root seed into independent streams, by hashing names.

Seeds are never added to one another: `seed + 1` of one run would be the `seed` of the next. Every stream is
named, so that adding a consumer changes no other stream, and no global random state is read.
"""

import random
from hashlib import blake2b

import numpy as np

__all__ = ["derive", "numpy_stream", "stream"]


def derive(root: int, *names: str | int) -> int:
    """Return the 64-bit seed of the stream called `names` under `root`."""
    label = "\x1f".join([str(root), *map(str, names)])
    return int.from_bytes(blake2b(label.encode(), digest_size=8).digest(), "little")


def stream(root: int, *names: str | int) -> random.Random:
    """Return the Python generator called `names` under `root`."""
    return random.Random(derive(root, *names))


def numpy_stream(root: int, *names: str | int) -> np.random.Generator:
    """Return the NumPy generator (Philox) called `names` under `root`."""
    return np.random.Generator(np.random.Philox(key=derive(root, *names)))
