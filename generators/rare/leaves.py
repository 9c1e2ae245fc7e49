"""The leaves of a Space: every field that is drawn by itself, those of records and of Spaces within included."""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from gristmill.generators.fields import Choice, Field, Many
from gristmill.generators.kinds.placed import placed
from gristmill.generators.space import Space, Values

__all__ = ["USUAL", "Leaf", "Needs", "Path", "leaves", "peak", "present", "unusual"]

USUAL = 0.9  # of a number's nominal mass: the central band in which it is as usual
_OPTIONS = 64  # of a choice; what has more is a name


Path = tuple[str | int, ...]
Needs = tuple[tuple[Path, frozenset[Any]], ...]


class Leaf(NamedTuple):
    """A field and its place.

    Attributes:
        path: names of fields and places of records that lead to it; to a list, for the number of its records.
        field: what is drawn; of a list, the number of records.
        start: of its units in the latent cube of the Space.
        end: of them.
        peak: log-density of its likeliest value; 0 where that depends on other fields.
        needs: paths of other leaves, and the values of them with all of which it is there.
        listed: whether it is the number of records of a list.
    """

    path: Path
    field: Field
    start: int
    end: int
    peak: float
    needs: Needs = ()
    listed: bool = False

    @property
    def name(self) -> str:
        """The path in words, records counted from one."""
        words = [str(one + 1) if isinstance(one, int) else one.replace("_", " ") for one in self.path]
        return " ".join(words)


def leaves(space: Space) -> list[Leaf]:
    """Return the leaves of a Space in the order of its latent cube, those of every record a list may have among them."""
    return list(_within(space, (), 0, ()))


def _within(space: Space, path: Path, start: int, needs: Needs) -> Iterator[Leaf]:
    for name, field in space.fields.items():
        here = (*path, name)
        own = (*needs, *(((*path, other), allowed) for other, allowed in field.condition))
        if isinstance(field, Space):
            yield from _within(field, here, start, own)
        elif isinstance(field, Many):
            highest = field.counts.log_prob(field.counts.mode)
            yield Leaf(here, field.counts, start, start + 1, highest, own, listed=True)
            counts = frozenset(field.counts.options)
            for place in range(max(counts)):
                at = start + 1 + place * field.space.dims
                longer = frozenset(count for count in counts if count > place)
                there = (*own, (here, longer)) if longer != counts else own
                yield from _within(field.space, (*here, place), at, there)
        elif field.dims:
            highest = 0.0 if placed(field) else field.log_prob(field.mode)
            yield Leaf(here, field, start, start + field.dims, highest, own)
        start += field.dims


def present(found: Sequence[Leaf], values: Values) -> Iterator[tuple[Leaf, Any, Mapping[str, Any]]]:
    """Yield the leaves that exist in a scenario, each with its value and the record that it is in."""
    for leaf in found:
        row: Any = values
        for step in leaf.path[:-1]:
            there = step < len(row) if isinstance(step, int) else step in row
            row = row[step] if there else {}
        last = leaf.path[-1]
        if last in row:
            yield leaf, len(row[last]) if leaf.listed else row[last], row


def peak(found: Sequence[Leaf], values: Values) -> float:
    """Return the log-density of the likeliest values of the fields that exist in a scenario.

    What a scenario's own log-density falls short of it can be compared between scenarios that have different fields, or
    differently many. A field whose distribution depends on others counts as it is.
    """
    return sum(leaf.peak for leaf, _, _ in present(found, values))


def unusual(leaf: Leaf, value: Any, row: Mapping[str, Any]) -> bool:
    """Return whether a value is not as usual.

    A number is as usual in the central band of its distribution, one of several options if it is that of the mode, and
    anything else, such as a name, if it is as likely as any.
    """
    field = leaf.field
    if not placed(field) and value == field.mode:
        return False
    if _number(value) and not isinstance(field, Choice):
        return abs(field.locate_given(value, row)[0] - 0.5) > USUAL / 2
    if isinstance(field, Choice) and len(field.options) <= _OPTIONS:
        return True
    return not placed(field) and field.log_prob(value) < leaf.peak - 1e-9


def _number(value: Any) -> bool:
    return type(value) in (int, float) and math.isfinite(value)
