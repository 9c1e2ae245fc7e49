"""A taxonomy: topics, subtopics, skills and leaves, as data in TOML, and which share of all tasks each should have.

A taxonomy is one file, or a folder with `taxonomy.toml` and further files of leaves:

    name = "general"
    about = "…"
    shares = { "numbers" = 2, "numbers/money" = 0.5 }      # among siblings; 1 where nothing is said

    [[leaf]]
    path = "numbers/percentages/parts/of-an-amount"          # topic/subtopic/skill/leaf
    rule = "percent_of"                                      # what follows from the slots, see `rules`
    check = "number"                                         # how an answer is judged, see `answers`
    slots.percent = { kind = "choice", options = [5, 10, 25] }
    slots.amount = { kind = "integer", low = 20, high = 900 }
    wordings = ["What is {percent} % of {amount}?"]          # the grammar of `gristmill.wording`
    response = "{percent} % of {amount} is {answer}."

A leaf with a `problem` makes problems of that kind instead, with their solutions in steps, see `ProblemLeaf`. The leaves
of a taxonomy with a `world` are cells of its scenario space, see `ScenarioLeaf`.
"""

import math
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from fnmatch import fnmatchcase
from importlib.resources import files
from itertools import accumulate
from pathlib import Path
from typing import Any, Literal, get_args

import msgspec

from gristmill.errors import UsageError, unknown
from gristmill.generators.toml import read_toml

__all__ = ["SHIPPED", "Call", "Leaf", "ProblemLeaf", "QuestionLeaf", "ScenarioLeaf", "Taxonomy", "load"]

SHIPPED = ("general", "problems", "support")
_HEADER = "taxonomy.toml"
_LEVELS = 4
_EXPECTED = f"a taxonomy, one of {', '.join(SHIPPED)} or a file"

CheckKind = Literal[
    "number",
    "exact",
    "solutions",
    "text",
    "option",
    "list",
    "date",
    "time",
    "calls",
    "ask",
    "decline",
    "no-call",
]


class Call(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A call of a tool; what is nothing but a slot, such as `"{city}"`, stands for the value of the slot."""

    name: str
    arguments: dict[str, Any] = {}


class QuestionLeaf(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Instructions of one sort.

    Attributes:
        path: topic/subtopic/skill/leaf.
        wordings: ways to put it, in the grammar of `gristmill.wording`, with slots as gaps.
        check: how an answer is judged, see `gristmill.generators.answers`.
        slots: fields by name; each has a `kind` and what that takes.
        rule: name of what computes further values from the slots, the answer among them.
        response: a good answer, which ends with what is asked for; nothing where calls of tools are.
        answer: name of the value that is the answer.
        decoration: values that make no other task, such as a person's name.
        tools: those that are offered, and `others` how many more, drawn from all but `without`.
        calls: those that have to be made.
        literal: whether the answer hangs on the very words, so that a translation would have another.
    """

    path: str
    wordings: list[str]
    check: CheckKind
    slots: dict[str, dict[str, Any]] = {}
    rule: str = ""
    response: str = ""
    answer: str = "answer"
    decoration: tuple[str, ...] = ()
    tools: list[str] = []
    others: int = 0
    without: list[str] = []
    calls: list[Call] = []
    literal: bool = False


class ProblemLeaf(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Problems of one kind.

    Attributes:
        path: topic/subtopic/skill/leaf.
        problem: the kind, see `gristmill.generators.problems`.
    """

    path: str
    problem: str


class ScenarioLeaf(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Cells of a world's scenario space.

    Attributes:
        path: topic/subtopic/skill/leaf.
        strata: names of the cells; `*` stands for anything. A cell belongs to the first leaf that names it.
        fix: values of fields, which makes them quicker to find, see `gristmill.generators.conditioning`.
    """

    path: str
    strata: list[str]
    fix: dict[str, Any] = {}


Leaf = QuestionLeaf | ProblemLeaf | ScenarioLeaf


class _Header(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    name: str
    about: str = ""
    world: str = ""
    shares: dict[str, float] = {}
    tools: dict[str, dict[str, Any]] = {}
    fix: dict[str, Any] = {}
    decoration: tuple[str, ...] = ()
    leaf: list[dict[str, Any]] = []


class Taxonomy(msgspec.Struct, frozen=True, kw_only=True):
    """A tree of leaves.

    Attributes:
        name: of the taxonomy, and `about` it in a sentence.
        leaves: by path, in the order of the files.
        shares: weights among siblings, by path of any node.
        tools: by name, with a description and the JSON Schemas of their parameters.
        world: spec of the world whose scenarios the leaves are; empty for instructions.
        decoration: of a world's values, those that make no other task.
    """

    name: str
    leaves: dict[str, Leaf]
    about: str = ""
    shares: dict[str, float] = {}
    tools: dict[str, dict[str, Any]] = {}
    world: str = ""
    decoration: tuple[str, ...] = ()

    def targets(self) -> dict[str, float]:
        """Return the share of all tasks that each leaf should have; the shares of siblings sum to their parent's."""
        nodes = {node for path in self.leaves for node in _nodes(path)}
        weights = {node: self.shares.get(node, 1.0) for node in nodes}
        sums: dict[str, float] = {}
        for node in sorted(nodes):
            sums[_parent(node)] = sums.get(_parent(node), 0.0) + weights[node]
        targets = {}
        for path in self.leaves:
            share = 1.0
            for node in _nodes(path):
                # All siblings may have been told to be left out.
                share *= weights[node] / sums[_parent(node)] if sums[_parent(node)] else 0.0
            targets[path] = share
        return targets

    def leaf_of(self, stratum: str) -> str:
        """Return the path of the first leaf that names a cell of the world, empty where none does."""
        for path, leaf in self.leaves.items():
            if isinstance(leaf, ScenarioLeaf) and any(fnmatchcase(stratum, one) for one in leaf.strata):
                return path
        return ""


def load(name: str) -> Taxonomy:
    """Return a shipped taxonomy, or the one in a file or folder.

    Raises:
        UsageError: naming the file, and the place in it that is wrong.
    """
    folder = Path(str(files("gristmill.generators.taxonomy").joinpath("assets")))
    if name in SHIPPED:
        path = next(one for one in (folder / name, folder / f"{name}.toml") if one.exists())
    else:
        path = Path(name)
        if not path.exists() and path.suffix != ".toml":
            raise unknown("taxonomy", name, SHIPPED)
    if not path.is_dir():
        return _built(path, _header(path), [])
    further = [one for one in sorted(path.glob("*.toml")) if one.name != _HEADER]
    return _built(path / _HEADER, _header(path / _HEADER), further)


def _header(path: Path) -> _Header:
    try:
        return msgspec.convert(read_toml(path, _EXPECTED), _Header)
    except msgspec.ValidationError as error:
        raise UsageError(f"{path}: {error}.") from None


def _built(path: Path, head: _Header, further: Sequence[Path]) -> Taxonomy:
    entries = [(path, number, one) for number, one in enumerate(head.leaf, 1)]
    for file in further:
        found = read_toml(file)
        if set(found) != {"leaf"}:
            others = ", ".join(sorted(set(found) - {"leaf"})) or "no leaf"
            raise UsageError(f"{file}: expected leaves alone, got {others}; the rest belongs into {_HEADER}.")
        entries += [(file, number, one) for number, one in enumerate(found["leaf"], 1)]
    leaves: dict[str, Leaf] = {}
    for file, number, entry in entries:
        leaf = _leaf(entry, head, f"{file}, leaf {number}")
        if leaf.path in leaves:
            raise UsageError(f"{file}, leaf {number}: expected different paths, got {leaf.path!r} twice.")
        leaves[leaf.path] = leaf
    if not leaves:
        raise UsageError(f"{path}: expected at least one [[leaf]], got none.")
    _check_shares(path, head.shares, {node for leaf in leaves for node in _nodes(leaf)})
    tree = Taxonomy(
        name=head.name, about=head.about, leaves=leaves, shares=head.shares, tools=head.tools, world=head.world,
        decoration=head.decoration,
    )  # fmt: skip
    if not any(tree.targets().values()):
        raise UsageError(
            f"{path}, shares: expected some topic with a weight above 0, and a leaf in it, got none."
        )
    return tree


def _check_shares(path: Path, shares: Mapping[str, float], known: AbstractSet[str]) -> None:
    for node, weight in shares.items():
        if node not in known:
            raise UsageError(f"{path}, shares: {unknown('part of the tree', node, known)}")
        if not 0 <= weight < math.inf:
            raise UsageError(f"{path}, shares: expected a weight of at least 0 for {node!r}, got {weight}.")


def _leaf(entry: dict[str, Any], head: _Header, where: str) -> Leaf:
    if "check" in entry and entry["check"] not in get_args(CheckKind):
        raise UsageError(
            f"{where} ({entry.get('path', 'no path')}): {unknown('kind of check', str(entry['check']), get_args(CheckKind))}"
        )
    kind: type[Leaf] = ScenarioLeaf if head.world else ProblemLeaf if "problem" in entry else QuestionLeaf
    try:
        leaf = msgspec.convert(entry, kind)
    except msgspec.ValidationError as error:
        raise UsageError(f"{where} ({entry.get('path', 'no path')}): {error}.") from None
    if len(leaf.path.split("/")) != _LEVELS or not all(leaf.path.split("/")):
        raise UsageError(f"{where}: expected a path topic/subtopic/skill/leaf, got {leaf.path!r}.")
    if isinstance(leaf, ScenarioLeaf):
        return msgspec.structs.replace(leaf, fix={**head.fix, **leaf.fix})
    if isinstance(leaf, ProblemLeaf):
        return leaf
    if not leaf.wordings:
        raise UsageError(f"{where} ({leaf.path}): expected at least one wording, got none.")
    if (leaf.check == "calls") != bool(leaf.calls):
        raise UsageError(
            f"{where} ({leaf.path}): expected calls where the check is `calls`, and nowhere else."
        )
    for name in [*leaf.tools, *leaf.without, *(one.name for one in leaf.calls if "{" not in one.name)]:
        if name not in head.tools:
            raise UsageError(f"{where} ({leaf.path}): {unknown('tool', name, head.tools)}")
    return leaf


def _nodes(path: str) -> list[str]:
    """Return the path of every node from the topic to the leaf."""
    return list(accumulate(path.split("/"), lambda above, name: f"{above}/{name}"))


def _parent(node: str) -> str:
    return node.rpartition("/")[0]
