"""Plain data with lists and objects in it: all its values in order, and a copy with each of them changed."""

from collections.abc import Callable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from typing import Any, NamedTuple

__all__ = ["Leaf", "leaves", "mapped", "mapped_texts", "texts"]


class Leaf(NamedTuple):
    """A value that holds no others, and the nearest name that it stands under."""

    name: str
    value: Any


def leaves(value: Any, name: str = "") -> Iterator[Leaf]:
    """Yield the values that hold no others, in order."""
    if isinstance(value, Mapping):
        for inner, one in value.items():
            yield from leaves(one, inner)
    elif isinstance(value, list | tuple):
        for one in value:
            yield from leaves(one, name)
    else:
        yield Leaf(name, value)


def texts(value: Any) -> Iterator[str]:
    """Yield the texts among the leaves."""
    return (one for _, one in leaves(value) if isinstance(one, str))


def mapped(value: Any, change: Callable[[Any], Any], *, keep: AbstractSet[str] = frozenset()) -> Any:
    """Return a copy, lists and objects too, with what `change` makes of each leaf.

    Args:
        value: plain data.
        change: returns what comes in place of a leaf.
        keep: names under which everything stays as it is.
    """
    if isinstance(value, Mapping):
        return {name: one if name in keep else mapped(one, change, keep=keep) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [mapped(one, change, keep=keep) for one in value]
    return change(value)


def mapped_texts(value: Any, change: Callable[[str], Any]) -> Any:
    """Return a copy with what `change` makes of each text among the leaves."""
    return mapped(value, lambda one: change(one) if isinstance(one, str) else one)
