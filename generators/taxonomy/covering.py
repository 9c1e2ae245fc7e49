"""Filling the leaves of a taxonomy: what there is, what is still missing, and which leaves have nothing new to give."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from gristmill.digest import digest
from gristmill.generators.taxonomy.filling import Filling, distance
from gristmill.generators.taxonomy.making import Line, Maker
from gristmill.generators.taxonomy.tree import QuestionLeaf, Taxonomy

__all__ = ["PATIENCE", "Coverage", "LeafCount"]

PATIENCE = (
    300  # draws in a row with nothing new, after which at most 1 % of a leaf is new, with 95 % confidence
)
# (the "rule of three": Hanley and Lippman-Hand, "If Nothing Goes Wrong, Is Everything All Right?", 1983)

_WORD = re.compile(r"\w+")


class LeafCount(msgspec.Struct, kw_only=True):
    """How far a leaf is filled.

    Attributes:
        leaf: its path.
        share: of all tasks that it should have.
        before: tasks that there were, and `made` since.
        drawn: draws it took; `exact` of them were tasks that there are already, `near` differed in nothing that
            matters, and `elsewhere` were no tasks of this leaf.
        saturated: whether it has nothing new to give.
    """

    leaf: str
    share: float
    before: int = 0
    made: int = 0
    drawn: int = 0
    exact: int = 0
    near: int = 0
    elsewhere: int = 0
    saturated: bool = False

    @property
    def total(self) -> int:
        """Tasks that there are."""
        return self.before + self.made


class Coverage:
    """What there is of a taxonomy, leaf by leaf.

    Attributes:
        leaves: how far each is filled, in the order of the taxonomy.
        outside: tasks that belong to no leaf.
    """

    def __init__(self, taxonomy: Taxonomy, seed: int) -> None:
        self._taxonomy, self._seed = taxonomy, seed
        self.leaves = {path: LeafCount(leaf=path, share=share) for path, share in taxonomy.targets().items()}
        self.outside = 0
        self._exact: set[str] = set()
        self._near: set[str] = set()
        self._next: Counter[str] = Counter()  # index of the next draw, by leaf

    def add(self, line: Mapping[str, Any]) -> None:
        """Count a task that there is, made here or elsewhere."""
        leaf = str(line.get("leaf") or self._taxonomy.leaf_of(str(line.get("stratum", ""))))
        if leaf not in self.leaves:
            self.outside += 1
            return
        self.leaves[leaf].before += 1
        exact, near = self._keys(leaf, line)
        self._exact.add(exact)
        self._near.update(near)
        index = line.get("index")
        if line.get("seed") == self._seed and isinstance(index, int):
            # What would be drawn again would be refused, and mistaken for a sign of exhaustion.
            self._next[leaf] = max(self._next[leaf], index + 1)

    def fill(self, makers: Mapping[str, Maker], n: int) -> Iterator[Line]:
        """Make `n` new tasks where they are most wanted, fewer only if all leaves are exhausted."""
        shares = {path: one.share for path, one in self.leaves.items() if path in makers}
        filling = Filling(shares, {path: one.total for path, one in self.leaves.items()})
        while n and (leaf := filling.next()):
            line = self._new(leaf, makers[leaf])
            if line is None:
                self.leaves[leaf].saturated = True
                filling.exhausted()
                continue
            filling.filled()
            self.leaves[leaf].made += 1
            n -= 1
            yield line

    def distance(self) -> float:
        """Return the share of tasks that would have to be in other leaves for all to have what they should."""
        return distance(
            {path: one.share for path, one in self.leaves.items()},
            {path: one.total for path, one in self.leaves.items()},
        )

    def _new(self, leaf: str, maker: Maker) -> Line | None:
        count = self.leaves[leaf]
        for _ in range(PATIENCE):
            line = maker.make(self._seed, self._next[leaf])
            self._next[leaf] += 1
            count.drawn += 1
            if line is None:
                count.elsewhere += 1
                continue
            exact, near = self._keys(leaf, line)
            if exact in self._exact:
                count.exact += 1
            elif not self._near.isdisjoint(near):
                count.near += 1
            else:
                self._exact.add(exact)
                self._near.update(near)
                return line
        return None

    def _keys(self, path: str, line: Mapping[str, Any]) -> tuple[str, list[str]]:
        """Return what is equal for equal tasks, and what is for tasks that differ in nothing that matters."""
        leaf, values = self._taxonomy.leaves[path], line.get("values")
        decoration = leaf.decoration if isinstance(leaf, QuestionLeaf) else self._taxonomy.decoration
        near = [digest([path, _without(values, decoration)])] if isinstance(values, dict) and values else []
        if not isinstance(leaf, QuestionLeaf):
            return digest([path, values]), near
        text = str(line.get("instruction", ""))
        return digest(text), [*near, digest(sorted(_WORD.findall(text.casefold())))]


def _without(values: Mapping[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    """Return values without some fields; `requests.street` is a field of each of the requests."""
    kept = {key: one for key, one in values.items() if key not in names}
    for key, one in kept.items():
        inner = tuple(name.partition(".")[2] for name in names if name.startswith(f"{key}."))
        if inner and isinstance(one, list):
            kept[key] = [_without(item, inner) for item in one]
    return kept
