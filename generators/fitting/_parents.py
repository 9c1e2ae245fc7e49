"""On which category each column depends most: a tree after Chow and Liu, with at most one parent for a column.

Chow and Liu, Approximating discrete probability distributions with dependence trees, IEEE Transactions on Information
Theory 14, 1968. Instead of mutual information alone, which is never zero in a sample, a parent is chosen by how much
what would be written of the column gains by it under Bayes' information criterion (Schwarz, Estimating the dimension of a
model, 1978), less the logarithm of how many pairs there are to choose from (as Chen and Chen, Extended Bayesian information
criteria for model selection with large model spaces, Biometrika 95, 2008).
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence, Sized
from collections.abc import Set as AbstractSet
from typing import Any, NamedTuple

import numpy as np

from gristmill.digest import encode
from gristmill.generators.fitting._laws import Array, neat

__all__ = ["FEWEST", "Both", "Cases", "Coded", "cases_of", "choose", "choose_second", "in_order", "spread"]

FEWEST = 50  # rows of a case, unless more are asked for
_MOST = 30, 150  # cases of a law of numbers, which may be long, and of other columns
_BACKED = 0.01  # share of a case from which on its rare categories count
_ALONG = 1.05  # what a gain counts for along the order, so that columns stay where they are if they can
_PAIRS, _NEAR = 40_000, 10  # pairs that are looked at, and columns to each side at least
_OTHERWISE = "otherwise"
_LONGEST = 3_000  # characters of the values in an expression


class Coded(NamedTuple):
    """A column as codes.

    Attributes:
        codes: places in `options` or bins from 0, -1 where there is no value, [N].
        size: how many codes there are.
        options: the categories; empty for bins of numbers.
        parent: it may be one.
    """

    codes: Array
    size: int
    options: Sequence[Any] = ()
    parent: bool = False


class Both(NamedTuple):
    """Two categories as one.

    Attributes:
        coded: the values of the first, and with each those of the second that come often with it.
        form: the expression of both, with `{0}` and `{1}` for their names.
    """

    coded: Coded
    form: str


class Cases(NamedTuple):
    """The rows of a column by the value of its parent.

    Attributes:
        names: of the cases, as the field `cases` reads them.
        groups: places in `names` from 0, their number for all others, -1 where the column has no value, [N].
        total: whether the names are all values that the parent has.
    """

    names: list[str]
    groups: Array
    total: bool


def cases_of(parent: Coded, child: Coded, least: int) -> Cases | None:
    """Return the cases for values of the parent that have rows enough; None where they are fewer than two groups."""
    there = child.codes >= 0
    counts = np.bincount(parent.codes[there & (parent.codes >= 0)], minlength=parent.size)
    enough = np.flatnonzero(counts >= max(least, FEWEST))
    most = enough[np.argsort(-counts[enough], kind="stable")][: _MOST[bool(child.options)]]
    chosen = [place for place in sorted(most.tolist()) if _name(parent.options[place]) != _OTHERWISE]
    groups = np.full(parent.size + 1, len(chosen))  # the last is for no value
    groups[chosen] = np.arange(len(chosen))
    found = np.where(there, groups[parent.codes], -1)
    total = len(chosen) == parent.size and bool(np.all(parent.codes >= 0))
    if len(chosen) + (0 if total else 1) < 2:
        return None
    return Cases([_name(parent.options[place]) for place in chosen], found, total)


def spread(counts: Array, least: int) -> tuple[Array, Array]:
    """Return how each case is spread over the categories, and which of these shares are its own.

    A category that is rare in a case has no share of its own there. If all such together are many enough, what they have
    is shared out as in the whole table among all that have none of their own, whether they occur in the case or not.

    Args:
        counts: rows, [cases, categories].
        least: rows that a share is about at least.

    Returns:
        Shares that add up to one in each case, and whether they are its own, both [cases, categories].
    """
    own = counts >= least
    rare = np.where(own, 0, counts).sum(axis=1)
    rare = np.where(rare >= np.maximum(least, _BACKED * counts.sum(axis=1)), rare, 0)
    rare = np.where(own.any(axis=1), rare, 1)
    back = np.where(own, 0, counts.sum(axis=0)).astype(float)
    back /= np.maximum(back.sum(axis=1, keepdims=True), 1)
    shares = np.where(own, counts, 0) + rare[:, None] * back
    return shares / np.maximum(shares.sum(axis=1, keepdims=True), 1e-300), own


def gain(parent: Coded, child: Coded, least: int) -> float:
    """Return by how much the criterion is lower with a parent than without, in nats; not above 0 where it is not."""
    found = cases_of(parent, child, least)
    if found is None or child.size < 2:
        return 0.0
    height = len(found.names) + 1
    there = found.groups >= 0
    cells = found.groups[there] * child.size + child.codes[there]
    counts = np.bincount(cells, minlength=height * child.size).reshape(height, child.size)
    shares, own = spread(counts, least)
    alone = counts.sum(axis=0) / max(counts.sum(), 1)
    # A category that is left out of a case counts as one row of it.
    floor = 1 / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where(counts > 0, np.log(np.maximum(shares, floor * alone)) - np.log(alone), 0.0)
    more = int(np.maximum(own.sum(axis=1) - 1, 0).sum()) - int(np.sum(alone > 0) - 1)
    return float(np.sum(counts * ratio)) - 0.5 * max(more, 1) * float(np.log(max(counts.sum(), 2)))


def choose(columns: Mapping[str, Coded], needs: Mapping[str, AbstractSet[str]], least: int) -> dict[str, str]:
    """Return a parent for each column that has one, the strongest dependence first.

    Args:
        columns: the candidates, in order; of two directions that are about as good, the one along the order is taken.
        needs: other columns that each must come after.
        least: rows that anything written is about.
    """
    place = {name: number for number, name in enumerate(columns)}
    reach = _reach(columns)
    gains = {
        (parent, child): gain(columns[parent], columns[child], least)
        for parent in columns
        if columns[parent].parent
        for child in columns
        if child != parent and abs(place[parent] - place[child]) <= reach
    }
    worth = {pair: one for pair, one in gains.items() if one > np.log(len(gains))}
    for parent, child in worth:
        if place[parent] < place[child] and (child, parent) in worth:
            worth[parent, child] *= _ALONG
    found: dict[str, str] = {}
    after = {name: set(needs.get(name, ())) for name in columns}
    for parent, child in sorted(worth, key=lambda pair: (-neat(worth[pair]), place[pair[0]], place[pair[1]])):
        if child not in found and child not in _ancestors(parent, after):
            found[child] = parent
            after.setdefault(child, set()).add(parent)
    return found


def choose_second(
    columns: Mapping[str, Coded],
    parents: Mapping[str, str],
    needs: Mapping[str, AbstractSet[str]],
    least: int,
) -> Iterator[tuple[str, tuple[str, str], Both]]:
    """Yield columns that depend on a second category, given the first, with both of them, the strongest first.

    Args:
        columns: the candidates.
        parents: the first category that each depends on.
        needs: other columns that each must come after, its parent among them.
        least: rows that anything written is about.
    """
    place, reach = {name: number for number, name in enumerate(columns)}.__getitem__, _reach(columns)
    pairs = [
        (child, first, second)
        for child, first in parents.items()
        for second, one in columns.items()
        if one.parent and second not in (child, first) and abs(place(second) - place(child)) <= reach
    ]
    joined = {
        pair: both_of(columns[pair[0]], columns[pair[1]], least) for pair in {pair[1:] for pair in pairs}
    }
    worth: dict[tuple[str, str, str], float] = {}
    for child, first, second in pairs:
        if both := joined[first, second]:
            more = gain(both.coded, columns[child], least) - gain(columns[first], columns[child], least)
            if more > np.log(len(pairs)):
                worth[child, first, second] = more
    after = {name: set(needs.get(name, ())) for name in columns}
    done: set[str] = set()
    for child, first, second in sorted(worth, key=lambda one: (-neat(worth[one]), *map(place, one))):
        both = joined[first, second]
        if both and child not in done and child not in _ancestors(second, after):
            done.add(child)
            after[child].add(second)
            yield child, (first, second), both


def _reach(columns: Sized) -> int:
    """Return how many columns away a parent may be, so that there are not too many pairs to look at."""
    return max(_NEAR, _PAIRS // max(len(columns), 1))


def both_of(first: Coded, second: Coded, least: int) -> Both | None:
    """Return two categories as one, None where no two of their values come together often enough.

    Values of the second that are rare with one of the first go with the first alone, and so many of them that they are
    no fewer than a case has.
    """
    known = (first.codes >= 0) & (second.codes >= 0)
    cells = first.codes[known] * second.size + second.codes[known]
    counts = np.bincount(cells, minlength=first.size * second.size).reshape(first.size, second.size)
    kept = np.array(
        [_kept(row, total, max(least, FEWEST)) for row, total in zip(counts, _totals(first), strict=True)]
    )
    names = [_name(one) for one in first.options]
    pairs = [f"{names[row]} | {_name(second.options[column])}" for row, column in np.argwhere(kept)]
    spelt = ", ".join(encode(one).decode() for one in pairs).replace("{", "{{").replace("}", "}}")
    if not pairs or {*pairs} & {*names} or len(spelt) > _LONGEST:
        return None
    numbers = np.full(kept.shape, -1)
    numbers[kept] = len(names) + np.arange(len(pairs))
    joint = numbers[first.codes, second.codes]
    codes = np.where(known & (joint >= 0), joint, first.codes)
    together = 'join(" | ", text({0}), text({1}))'
    form = f"{together} if {together} in [{spelt}] else text({{0}})"
    return Both(Coded(codes, len(names) + len(pairs), [*names, *pairs], True), form)


def _totals(column: Coded) -> Array:
    return np.bincount(column.codes[column.codes >= 0], minlength=column.size)


def _kept(counts: Array, total: int, fewest: int) -> Array:
    """Return which values go with one of another category so often that they have a case of both, [values]."""
    kept = counts >= fewest
    for place in np.argsort(counts, kind="stable"):
        if 0 < total - counts[kept].sum() < fewest:
            kept[place] = False
    found: Array = kept
    return found


def in_order(names: Iterable[str], needs: Mapping[str, AbstractSet[str]]) -> list[str]:
    """Return names so that each comes after those that it needs, otherwise in the order given."""
    found: dict[str, None] = {}

    def add(name: str) -> None:
        if name not in found:
            for one in (one for one in known if one in needs.get(name, ())):
                add(one)
            found[name] = None

    known = list(names)
    for name in known:
        add(name)
    return list(found)


def _ancestors(name: str, after: Mapping[str, AbstractSet[str]]) -> set[str]:
    found, todo = set[str](), [name]
    while todo:
        if (one := todo.pop()) not in found:
            found.add(one)
            todo += after.get(one, ())
    return found


def _name(value: Any) -> str:
    return value if isinstance(value, str) else encode(value).decode()
