"""What every augmentation is: a record comes in, the changed record goes out with what was changed.

A record is a text, or plain JSON with texts in it. What one augmentation decides, it decides once for a record, so that
who is called Anna in one message is not called Bella in the next.
"""

import random
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Any, ClassVar, NamedTuple

import msgspec

from gristmill.digest import decode, encode
from gristmill.errors import UsageError

__all__ = [
    "Altered",
    "Augmentation",
    "ByText",
    "Chain",
    "Change",
    "Edit",
    "Rewriter",
    "Undecided",
    "edited",
    "leaves",
]

Edit = tuple[int, int, str]  # the part of a text from start to end, and what comes in its place
# Keys of chat messages and tools under which no words of anybody stand.
STRUCTURE = frozenset(
    {"role", "type", "id", "tool_call_id", "call", "tool", "from", "tools", "function_name"}
)


class Change(NamedTuple):
    """One thing that was changed.

    Attributes:
        by: name of the augmentation.
        was, now: the words before and after; an insertion has no words before.
    """

    by: str
    was: str
    now: str


class Altered(NamedTuple):
    """A record as it is now, and what was changed in it, in order."""

    record: Any
    changes: tuple[Change, ...]


class Undecided(Exception):
    """Why an augmentation leaves a record as it is that it was to change."""


class Rewriter(ABC):
    """What an augmentation has decided to do with one record."""

    @abstractmethod
    def edits(self, text: str) -> Iterable[Edit]:
        """Return what to change in a text, in order and without overlaps."""

    def field(self, key: str, value: Any) -> Any:
        """Return what stands in place of a value that is no text, or is a field of its own; by default itself."""
        return value


class ByText(Rewriter):
    """Edits that are decided text by text."""

    def __init__(self, decide: Callable[[str], Iterable[Edit]]) -> None:
        self._decide = decide

    def edits(self, text: str) -> Iterable[Edit]:
        return self._decide(text)


class Augmentation(ABC):
    """A way to change a record that keeps something true.

    Args:
        rate: share of the places where it applies that it changes, from 0 to 1; by default what suits it.

    Class attributes:
        name: by which it is asked for.
        about: what it does, in a line.
        keeps: what stays true.
        usual: the default rate.
        whole: whether it changes all of a record by one mapping, labels and arguments included. One that does not is for
            the words of whoever is not to be learnt from.
    """

    name: ClassVar[str]
    about: ClassVar[str]
    keeps: ClassVar[str]
    usual: ClassVar[float] = 0.1
    whole: ClassVar[bool] = False

    def __init__(self, *, rate: float | None = None) -> None:
        self.rate = self._checked(self.usual if rate is None else rate)

    @abstractmethod
    def begin(self, record: Any, rng: random.Random, rate: float, keep: Collection[str]) -> Rewriter | None:
        """Decide what to do with a record; None to leave it as it is.

        Raises:
            Undecided: when it has to be left, with the reason, for whoever counts them.
        """

    def apply(
        self, record: Any, rng: random.Random, rate: float | None = None, *, keep: Collection[str] = ()
    ) -> Altered:
        """Return the changed record, and what was changed: nothing in a record that has to be left.

        Args:
            record: a text, or plain JSON; it is not touched.
            rng: where all choices come from.
            rate: instead of the one it was made with.
            keep: words that stay as they are.

        Raises:
            UsageError: when the rate is not between 0 and 1.
        """
        try:
            return self.alter(record, rng, rate, keep=keep)
        except Undecided:
            return Altered(record, ())

    def alter(
        self, record: Any, rng: random.Random, rate: float | None = None, *, keep: Collection[str] = ()
    ) -> Altered:
        """Return what `apply` does.

        Raises:
            UsageError: when the rate is not between 0 and 1.
            Undecided: when the record has to be left as it is, with the reason.
        """
        rewriter = self.begin(record, rng, self.rate if rate is None else self._checked(rate), keep)
        if rewriter is None:
            return Altered(record, ())
        changes: list[Change] = []
        return Altered(_rewritten(record, "", rewriter, self.name, changes), tuple(changes))

    def _checked(self, rate: float) -> float:
        if not 0 <= rate <= 1:
            raise UsageError(f"Expected a rate between 0 and 1 for {self.name}, got {rate}.")
        return rate


class Chain:
    """Augmentations one after another.

    Attributes:
        stages: them, in order.
        spec: as it was asked for.
    """

    def __init__(self, stages: Sequence[Augmentation], spec: str) -> None:
        self.stages, self.spec = tuple(stages), spec

    @property
    def names(self) -> list[str]:
        """The names of the augmentations, in order."""
        return [one.name for one in self.stages]

    def apply(
        self, record: Any, rng: random.Random, rate: float | None = None, *, keep: Collection[str] = ()
    ) -> Altered:
        """Return the record after all of them, and what each has changed; see `Augmentation.apply`."""
        changes: tuple[Change, ...] = ()
        for one in self.stages:
            record, more = one.apply(record, rng, rate, keep=keep)
            changes += more
        return Altered(record, changes)


def edited(text: str, edits: Iterable[Edit], by: str, changes: list[Change]) -> str:
    """Return a text with its edits made, and add what they have changed to `changes`."""
    pieces, end = [], 0
    for start, stop, words in edits:
        if text[start:stop] != words:
            pieces += [text[end:start], words]
            end = stop
            changes.append(Change(by, text[start:stop], words))
    return "".join([*pieces, text[end:]]) if pieces else text


def leaves(record: Any, key: str = "") -> Iterable[tuple[str, Any]]:
    """Yield the values in a record, each with the key it stands under, without what only gives it structure."""
    if isinstance(record, str):
        record = _parsed(record)
    if isinstance(record, dict):
        for name, value in record.items():
            if name not in STRUCTURE:
                yield from leaves(value, name)
    elif isinstance(record, list):
        for value in record:
            yield from leaves(value, key)
    else:
        yield key, record


def _rewritten(value: Any, key: str, rewriter: Rewriter, by: str, changes: list[Change]) -> Any:
    """Return a record with every value of it rewritten."""
    if isinstance(value, dict):
        return {
            name: one if name in STRUCTURE else _rewritten(one, name, rewriter, by, changes)
            for name, one in value.items()
        }
    if isinstance(value, list):
        return [_rewritten(one, key, rewriter, by, changes) for one in value]
    if isinstance(value, str) and (inner := _parsed(value)) is not value:
        before = len(changes)
        now = _rewritten(inner, "", rewriter, by, changes)
        return encode(now).decode() if len(changes) > before else value
    now = rewriter.field(key, value)
    if now is not value and now != value:
        changes.append(Change(by, str(value), str(now)))
        return now
    return edited(value, rewriter.edits(value), by, changes) if isinstance(value, str) else value


def _parsed(text: str) -> Any:
    """Return the object or list that a text is as JSON, as arguments and results of tools are; else the text itself."""
    if text[:1] not in ("{", "["):
        return text
    try:
        found = decode(text)
    except (msgspec.DecodeError, UnicodeEncodeError):
        return text
    return found if isinstance(found, dict | list) else text
