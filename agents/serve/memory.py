"""Conversations as the model wrote them, by what was said in them.

The words of an act do not always tell its tokens: one that does not parse is written otherwise when it comes back as
text, and of a key that is written twice only one value comes back. In its own seat a model goes on from what it wrote
itself, so the tokens of the last conversations are kept, and a request that goes on from one of them begins with these.
"""

from array import array
from collections import OrderedDict
from collections.abc import Iterable

from gristmill.digest import digest
from gristmill.types import Brief, Entry

__all__ = ["Memory", "after", "keys"]


class Memory:
    """The tokens of the last `size` conversations, each up to the end of an act of the model."""

    def __init__(self, size: int = 4096) -> None:
        self._size = size
        self._kept: OrderedDict[str, array[int]] = OrderedDict()

    def recall(self, key: str) -> list[int] | None:
        """Return the tokens of a conversation, if it is one of the last."""
        found = self._kept.get(key)
        if found is None:
            return None
        self._kept.move_to_end(key)
        return list(found)

    def keep(self, key: str, ids: list[int]) -> None:
        """Keep the tokens of a conversation."""
        self._kept[key] = array("i", ids)
        self._kept.move_to_end(key)
        if len(self._kept) > self._size:
            self._kept.popitem(last=False)


def keys(brief: Brief, entries: Iterable[Entry]) -> list[str]:
    """Return the key of a conversation before its first entry, and after each of them."""
    found = [digest([brief.seat, brief.text, brief.facts, brief.tools])]
    for entry in entries:
        found.append(after(found[-1], entry))
    return found


def after(key: str, entry: Entry) -> str:
    """Return the key of a conversation with one more entry."""
    # That a text was refused, one learns only when the answer to it is there.
    text = {"from": entry["from"], "say": entry["raw"]} if "raw" in entry else entry
    return digest([key, text])
