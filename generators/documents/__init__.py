"""Documents: rows rendered as text, with the place of every field that the text shows.

A layout is a Jinja file that shows the fields of a row:

    Invoice {{ number }} of {{ issued | date("%d %B %Y") }}
    {% for line in lines %}
    {{ line.quantity }} x {{ line.title }}: {{ line.amount | money(currency) }}
    {% endfor %}

It has values, filters, `if` and `for`, and nothing else of Jinja; see `_layouts` for why, `_filters` for the filters. In
a file whose name ends in `.html.j2` values are escaped.
"""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from gristmill.digest import decode, encode
from gristmill.errors import UsageError, unknown
from gristmill.generators._columns import plain_values
from gristmill.generators.documents._layouts import Layout, layout
from gristmill.generators.documents._shown import Page, Span, Value
from gristmill.generators.template import Template
from gristmill.seeding import derive

__all__ = ["Document", "Span", "documents", "render", "rendered"]

_PLACE = re.compile(r"\[[0-9]+\]")
_AT_ONCE = 1_024  # rows, of which each becomes objects of Python


class Document(NamedTuple):
    """A row as text, with its ground truth.

    Attributes:
        name: of the layout.
        text: as a file would hold it.
        row: the values, those of hidden fields only where they are shown; dates as ISO texts.
        spans: by the path of a value, such as `lines[2].amount`, where the text shows it: from which character to before
            which one, once for every time. In HTML the text there is escaped.
        unshown: the paths of values that the text does not show.
    """

    name: str
    text: str
    row: dict[str, Any]
    spans: dict[str, list[Span]]
    unshown: list[str]


def render(template: Template, row: Mapping[str, Any], document: str = "") -> str:
    """Return a row as a document.

    Args:
        template: that the row is of.
        row: values by the names of fields; what is left out is not there.
        document: name of the layout; by default the first.

    Raises:
        UsageError: when there is no such layout, or the row cannot be shown by it, with the line.
    """
    return rendered(template, row, document).text


def rendered(template: Template, row: Mapping[str, Any], document: str = "") -> Document:
    """Return a row as a document with its ground truth; see `render`."""
    name = document or next(iter(template.documents), "")
    fields = template.tables[template.main].space.fields
    for field in row:
        if field not in fields:
            raise unknown("field", field, fields, of=template.name)
    try:
        written = decode(encode(row))  # dates of Python become ISO texts
    except (TypeError, ValueError, OverflowError, RecursionError) as error:
        raise UsageError(f"Expected a row of plain values, got what cannot be written: {error}.") from None
    return _rendered(template, name, _layout(template, name), written)


def documents(
    template: Template,
    seed: int,
    n: int,
    *,
    document: str = "",
    rows: Sequence[int] | None = None,
    hidden: Collection[str] = (),
) -> Iterator[Document]:
    """Yield the rows of the last table as documents, each in one of the layouts.

    Args:
        template: that has layouts.
        seed: root seed; which layout a row has follows from it and the number of the row.
        n: how many rows are asked for.
        document: name of the layout; by default any.
        rows: numbers of the rows; by default all.
        hidden: hidden fields whose values are given whether they are shown or not.

    Raises:
        UsageError: when there is no such layout, or a row cannot be shown by it.
    """
    names = [document] if document else list(template.documents) or [""]
    layouts = [_layout(template, name) for name in names]
    numbers = range(template.count(template.main, n)) if rows is None else rows
    for start in range(0, len(numbers), _AT_ONCE):
        some = numbers[start : start + _AT_ONCE]
        (batch,) = template.table(seed, some, n, hidden=True).combine_chunks().to_batches()
        for number, row in zip(some, plain_values(batch.to_struct_array()), strict=True):
            place = derive(seed, "document", number) % len(names)
            yield _rendered(template, names[place], layouts[place], row, hidden)


def _rendered(
    template: Template, name: str, how: Layout, row: Mapping[str, Any], given: Collection[str] = ()
) -> Document:
    table = template.tables[template.main]
    page = Page(html=how.html)
    values = {one: Value(page, one, row.get(one), field) for one, field in table.space.fields.items()}
    try:
        text, spans = page.whole(how.pieces(values))
    except UsageError as error:
        raise _placed(template, name, error) from None
    shown = set(map(_placeless, spans))
    kept = _kept(row, table.hidden.difference(given), shown, "", hides=False)
    return Document(name, text, kept, spans, [path for path in _paths(kept, "", []) if path not in spans])


def _layout(template: Template, name: str) -> Layout:
    if name not in template.documents:
        raise unknown("document", name, template.documents, of=template.name)
    text, kind = template.layout(name)
    try:
        return layout(text, html=kind == "html")
    except UsageError as error:
        raise _placed(template, name, error) from None


def _placed(template: Template, name: str, error: UsageError) -> UsageError:
    return UsageError(f"In document {name!r} of {template.name}, {error}")


@lru_cache(100_000)
def _placeless(path: str) -> str:
    """Return a path without places in lists; most documents of a template have the same paths."""
    return _PLACE.sub("", path)


def _kept(value: Any, hidden: Collection[str], shown: Collection[str], path: str, *, hides: bool) -> Any:
    """Return a value with those of its hidden fields alone that are shown; None where nothing is left."""
    if type(value) is list:
        return [_kept(one, hidden, shown, path, hides=hides) for one in value]
    if type(value) is not dict:
        return None if hides and path not in shown else value
    found, start = {}, f"{path}." if path else ""
    for name, one in value.items():
        inner = start + name
        kept = _kept(one, hidden, shown, inner, hides=hides or inner in hidden)
        if kept is not None:
            found[name] = kept
    return found or (None if hides else found)


def _paths(value: Any, path: str, found: list[str]) -> list[str]:
    """Add the paths of all single values that are there to those that were found."""
    if type(value) is dict:
        start = f"{path}." if path else ""
        for name, one in value.items():
            _paths(one, start + name, found)
    elif type(value) is list:
        for place, one in enumerate(value):
            _paths(one, f"{path}[{place}]", found)
    elif value is not None:
        found.append(path)
    return found
