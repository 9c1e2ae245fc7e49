"""Values as documents see them: each knows its path in the row, and where it is shown leaves a mark in the text."""

import re
from collections.abc import Collection, Iterator
from typing import Any

from jinja2 import Undefined
from markupsafe import escape

from gristmill.errors import UsageError, unknown
from gristmill.generators.fields import Field, Many, Reference
from gristmill.generators.space import Space

__all__ = ["MARKS", "Page", "Span", "Value", "finalized", "textual"]

Span = tuple[int, int]
MARKS = "\ue000\ue001"  # around the number of what is shown; private characters, in which no layout may write
_MARK = re.compile("\ue000([0-9]+)\ue001")
_MARKUP = re.compile("[&<>'\"]").search
_LONGEST = 1_000_000  # characters of a document
_STEPS = 100_000  # turns of all loops


class Page:
    """What one document shows, in order.

    Args:
        html: whether values are escaped.
    """

    def __init__(self, *, html: bool) -> None:
        self._html = html
        self._shown: list[tuple[str, str]] = []
        self._size = self._steps = 0

    def note(self, path: str, text: str) -> str:
        """Return the mark that stands for a value until the document is whole."""
        if self._html and _MARKUP(text):
            text = str(escape(text))
        self._shown.append((path, text))
        self.grow(len(text))
        return f"{MARKS[0]}{len(self._shown) - 1}{MARKS[1]}"

    def grow(self, size: int) -> None:
        """Count characters, and hold them to their limit."""
        self._size += size
        if self._size > _LONGEST:
            raise UsageError(f"expected a document of at most {_LONGEST:,} characters, got a longer one.")

    def step(self) -> None:
        """Count a turn of a loop, and hold them to their limit."""
        self._steps += 1
        if self._steps > _STEPS:
            raise UsageError(f"expected loops of at most {_STEPS:,} turns in all, got more.")

    def whole(self, pieces: Iterator[str]) -> tuple[str, dict[str, list[Span]]]:
        """Return the text of pieces with marks, and where in it the value of each path stands."""
        marked = []
        for piece in pieces:
            marked.append(piece)
            self._size += len(piece)
            if self._size > _LONGEST:
                self.grow(0)
        first, *parts = _MARK.split("".join(marked))
        texts, spans, size = [first], dict[str, list[Span]](), len(first)
        for number, after in zip(parts[::2], parts[1::2], strict=True):
            path, text = self._shown[int(number)]
            end = size + len(text)
            spans.setdefault(path, []).append((size, end))
            texts += (text, after)
            size = end + len(after)
        return "".join(texts), spans


class Value:
    """A value of the row; compares as what it holds, and is shown as `text`.

    Attributes:
        data: plain.
        path: such as `items[2].price`.
        text: how it is shown; None where it is shown as it is.
    """

    __slots__ = ("_field", "_page", "data", "path", "text")

    def __init__(
        self, page: Page, path: str, data: Any, field: Field | None = None, text: str | None = None
    ) -> None:
        self._page, self.path, self.data, self._field, self.text = page, path, data, field, text

    def written(self, text: str) -> "Value":
        """Return the same value, shown in another way."""
        return Value(self._page, self.path, self.data, self._field, text)

    def child(self, name: Any) -> "Value":
        """Return a field of a record, or an item of a list by its place.

        Raises:
            UsageError: when there is none.
        """
        if isinstance(self.data, dict):
            known = _fields(self._field)
            if name not in self.data and name not in known:
                raise unknown("field", str(name), {*self.data, *known}, of=self.path)
            field = self._field.fields.get(name) if isinstance(self._field, Space) else None
            return Value(self._page, f"{self.path}.{name}", self.data.get(name), field)
        if isinstance(self.data, list) and type(name) is int and -1 < name < len(self.data):
            item = self._field.space if isinstance(self._field, Many) else None
            return Value(self._page, f"{self.path}[{name}]", self.data[name], item)
        raise UsageError(
            f"Expected a record or a list with {name!r} in it as {self.path}, got {self.data!r:.80}."
        )

    def shown(self) -> str:
        """Return the mark that stands for the value in the document.

        Raises:
            UsageError: when there is nothing to show, or more than a value.
        """
        if self.data is None:
            raise UsageError(
                f"Expected a value of {self.path} to show, got none; "
                f"write {{% if {self.path} is not none %}} around it."
            )
        if self.text is None and isinstance(self.data, (dict, list)):
            raise UsageError(f"Expected a single value to show, got {self.path}, which holds several.")
        return self._page.note(self.path, textual(self))

    def __iter__(self) -> Iterator["Value"]:
        if not isinstance(self.data, list):
            raise UsageError(f"Expected a list to loop over, got {self.path}, which is {self.data!r:.80}.")
        for place in range(len(self.data)):
            self._page.step()
            yield self.child(place)

    def __repr__(self) -> str:
        return self.path

    def __len__(self) -> int:
        return len(self.data)

    def __bool__(self) -> bool:
        return bool(self.data)

    def __eq__(self, other: object) -> bool:
        return bool(self.data == _data(other))

    def __hash__(self) -> int:
        return hash(self.data)

    def __lt__(self, other: object) -> bool:
        return bool(self.data < _data(other))

    def __le__(self, other: object) -> bool:
        return bool(self.data <= _data(other))

    def __gt__(self, other: object) -> bool:
        return bool(self.data > _data(other))

    def __ge__(self, other: object) -> bool:
        return bool(self.data >= _data(other))


def textual(value: Any) -> str:
    """Return how a value or a text of the layout is shown."""
    if isinstance(value, Value) and value.text is not None:
        return value.text
    data = _data(value)
    if isinstance(data, bool):
        return "true" if data else "false"
    if not isinstance(data, (str, int, float)):
        raise UsageError(f"Expected a single value, got {value!r:.80}.")
    return str(data)


def finalized(value: Any) -> str:
    """Return what an expression of a layout puts into the text.

    Raises:
        UsageError: when that is no single value.
    """
    if isinstance(value, Value):
        return value.shown()
    if isinstance(value, tuple):  # a value with text around it, as filters give it
        return "".join(map(finalized, value))
    if isinstance(value, Undefined) or not isinstance(value, (str, int)):
        raise UsageError(f"Expected a value to show, got {type(value).__name__}.")
    return textual(value)


def _fields(field: Field | None) -> Collection[str]:
    """Return the fields that a record has, also where they hold nothing and are not in the data."""
    return field.fields if isinstance(field, Space | Reference) else ()


def _data(value: Any) -> Any:
    return value.data if isinstance(value, Value) else value
