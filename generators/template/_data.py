"""From the plain data of a file to a template, with the place of what is wrong in it."""

from collections.abc import Mapping, Sequence
from importlib.resources.abc import Traversable
from typing import Any

from gristmill.errors import UsageError
from gristmill.generators.template._parsing import check_names, check_texts
from gristmill.generators.template._template import FOREIGN, Table, Template
from gristmill.generators.template.entries import hidden_of, space_of

__all__ = ["of_data"]

_TABLE_ENTRIES = ("rows", "fields", "where", "correlated")
_ENTRIES = ("name", "about", "locale", *_TABLE_ENTRIES[1:], "tables", "documents")


def of_data(
    data: Any, title: str, folder: Traversable | None, layouts: Mapping[str, Sequence[str]] | None
) -> Template:
    """Return the template that plain data describe.

    Args:
        data: the entries.
        title: its name where the data have none.
        folder: where files of layouts are.
        layouts: those that were read before, see `Template`.

    Raises:
        UsageError: with the place of what is wrong.
    """
    if not isinstance(data, dict):
        raise UsageError(f"Expected entries by name, got {data!r}.")
    check_names(data, _ENTRIES, "the template")
    check_texts(data, ("name", "about", "locale"))
    name = str(data.get("name", title))
    defaults = {"locale": data["locale"]} if "locale" in data else {}
    tables = {}
    for table, entries in _tables(data, name).items():
        place = f"tables.{table}." if "tables" in data else ""
        check_names(entries, _TABLE_ENTRIES, place.rstrip(".") or "the template")
        tables[table] = _table(entries, place, defaults)
    documents = data.get("documents", {})
    if not isinstance(documents, dict) or not all(isinstance(one, str) for one in documents.values()):
        raise UsageError(f"documents: expected layouts by name, got {documents!r}.")
    about = str(data.get("about", ""))
    return Template(name, tables, about=about, documents=documents, folder=folder, layouts=layouts)


def _tables(data: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """Return the entries of every table; the only one has the template's name."""
    if ("fields" in data) == ("tables" in data):
        raise UsageError(
            "Expected either fields or tables, got " + ("both." if "fields" in data else "neither.")
        )
    if "fields" in data:
        only = FOREIGN.sub("-", name).strip() or "table"
        return {only: {key: data[key] for key in _TABLE_ENTRIES if key in data}}
    if not isinstance(data["tables"], dict) or not data["tables"]:
        raise UsageError(f"tables: expected at least one by its name, got {data['tables']!r}.")
    return data["tables"]


def _table(entries: Mapping[str, Any], place: str, defaults: Mapping[str, Any]) -> Table:
    space = space_of(entries, place, defaults)
    share = entries.get("rows", 1.0)
    if type(share) not in (int, float) or not share > 0:
        raise UsageError(
            f"{place}rows: expected how many for one row that is asked for, such as 0.1, got {share!r}."
        )
    return Table(space, float(share), frozenset(hidden_of(entries["fields"], "")))
