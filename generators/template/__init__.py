"""Templates: tables of rows from a file or from Python, and the rows of other tables that they refer to.

A template is data, in TOML or YAML:

    name = "payments"
    about = "Payments, one row each."

    [fields.amount]
    kind = "lognormal"
    median = 31.5
    sigma = 1.1
    digits = 2

    [fields.status]
    kind = "choice"
    options = ["approved", "declined"]
    weights = [0.94, 0.06]

`kind` is a field of `gristmill.generators.fields` in lower case, the other entries are its arguments. `when` gives the
values of earlier fields under which a field exists, `missing` the rate at which it does not, `hidden` keeps it out of
what is written. Several tables stand under `[tables.NAME.fields.FIELD]`, each with `rows` for one row asked for. Under
`[documents]` are layouts by name, of which each renders a row of the last table.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property, partial
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from gristmill.errors import UsageError, unknown
from gristmill.generators._columns import without
from gristmill.generators.fields import Reference
from gristmill.generators.kinds.placed import Records
from gristmill.generators.space import Space
from gristmill.generators.template._kinds import MISSING, check_rule, hidden_of, placed_at, space_of
from gristmill.generators.template._parsing import check_names, check_texts, parsed, utf8
from gristmill.plugins import Listing

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

__all__ = ["PIECE", "Source", "Table", "Template", "built_in", "listed", "read", "source", "template"]

PIECE = 2**16  # rows that are drawn at once
_ENTRIES = ("name", "about", "locale", "fields", "where", "correlated", "tables", "documents")
_FOREIGN = re.compile(r"[^\w -]")  # to the name of a table, which is that of a file, too
_TABLE_ENTRIES = ("rows", "fields", "where", "correlated")


class Listed(Listing, frozen=True, kw_only=True):
    """A built-in template.

    Attributes:
        documents: names of its layouts.
    """

    documents: tuple[str, ...] = ()


class Table(NamedTuple):
    """One table of a template.

    Attributes:
        space: its fields.
        share: how many rows there are for every row that is asked for.
        hidden: fields that are drawn and not written; `entries.gap` is one of the records of a list.
    """

    space: Space
    share: float = 1.0
    hidden: frozenset[str] = frozenset()


class Source(NamedTuple):
    """What a template is read from, once: what is written into its file later changes nothing.

    Attributes:
        place: the path of its file, or the name of a built-in one.
        text: of the file.
        folder: where files of layouts are.
    """

    place: str
    text: str
    folder: Traversable | None = None


class Template:
    """Tables that are drawn together.

    Args:
        name: what it is called; the name of its table where it has one.
        tables: by name, those that others refer to first.
        about: one line on what it makes.
        documents: layouts by name, of which each renders a row of the last table: the name of a file that ends in
            `.j2`, or a text; see `gristmill.generators.documents`.
        folder: where those files are.
        layouts: texts of layouts by name, and what each makes, where they were read before; see `layout`.

    Raises:
        UsageError: when a table is called what no file can be, or refers to one that is not before it.
    """

    def __init__(
        self,
        name: str,
        tables: Mapping[str, Table],
        *,
        about: str = "",
        documents: Mapping[str, str] | None = None,
        folder: Traversable | None = None,
        layouts: Mapping[str, Sequence[str]] | None = None,
    ) -> None:
        self.name, self.tables, self.about = name, dict(tables), about
        self.documents, self._folder, self._layouts = dict(documents or {}), folder, layouts or {}
        for table in self.tables:
            if not table.strip() or _FOREIGN.search(table):
                raise UsageError(
                    f"Expected tables named in letters, digits, '-', '_' and spaces, got {table!r}."
                )
        early: list[str] = []
        for table, one in self.tables.items():
            for field in one.space.fields.values():
                if isinstance(field, Reference):
                    self._check_reference(table, field, early)
            early.append(table)

    @cached_property
    def main(self) -> str:
        """The table that is meant where none is named: the last."""
        return list(self.tables)[-1]

    def count(self, table: str, n: int) -> int:
        """Return how many rows a table has where `n` are asked for."""
        return max(1, round(self._table(table).share * n))

    def hidden(self, table: str) -> list[str]:
        """Return the hidden fields of a table that can be asked for, sorted."""
        return sorted(one for one in self._table(table).hidden if not one.endswith(MISSING))

    def table(
        self,
        seed: int,
        rows: Sequence[int] | NDArray[np.int64],
        n: int,
        *,
        table: str = "",
        hidden: bool | Sequence[str] = False,
    ) -> pa.Table:
        """Return these rows of a table: those it has alone, in any batch, in any worker.

        Args:
            seed: root seed.
            rows: their numbers.
            n: how many rows are asked for in all; rows that refer to others depend on how many of those there are.
            table: its name; by default the last.
            hidden: whether hidden fields are given too, or which of them.

        Raises:
            UsageError: when next to no row meets the constraint, or there is no such field.
        """
        name = table or self.main
        one = self._table(name)
        known = self.hidden(name)
        asked = frozenset(known if hidden is True else hidden or ())
        for field in asked.difference(known):
            raise unknown("hidden field", field, known)
        fields = [field for field in one.space.fields if field not in one.hidden or field in asked]
        # A hidden field that nothing given depends on is not drawn.
        found = self._drawn(one.space.only(fields), seed, np.asarray(rows, np.int64), n, name).select(fields)
        return without(found, one.hidden - asked)

    def pieces(
        self,
        seed: int,
        n: int,
        *,
        table: str = "",
        hidden: bool | Sequence[str] = False,
        size: int = PIECE,
    ) -> Iterator[pa.Table]:
        """Yield a table of `n` rows in pieces of `size` rows; see `table`."""
        count = self.count(table or self.main, n)
        for start in range(0, count, size):
            rows = np.arange(start, min(start + size, count))
            yield self.table(seed, rows, n, table=table, hidden=hidden)

    def strategy(self, *, table: str = "", seed: int = 0, n: int = 1_000) -> "SearchStrategy[dict[str, Any]]":
        """Return a Hypothesis strategy of rows with their hidden fields, which shrink towards the mode.

        Args:
            table: its name; by default the last.
            seed: root seed of the rows of other tables.
            n: how many rows there are, as far as it matters for those.
        """
        return self._table(table or self.main).space.strategy(records=self._records(seed, n))

    def layout(self, name: str) -> tuple[str, str]:
        """Return the text of a document's layout and what it makes, such as `md` or `html`, as its name says.

        Raises:
            UsageError: when there is none, or its file is not there.
        """
        if name not in self.documents:
            raise unknown("document", name, self.documents, of=self.name)
        if name in self._layouts:
            text, kind = self._layouts[name]
            return text, kind
        given = self.documents[name]
        if not given.endswith(".j2"):
            return given, _ending(name)
        beside = self._folder is not None and given == Path(given).name and "\\" not in given
        file = self._folder / given if self._folder and beside else None
        if file is None or not file.is_file():
            raise UsageError(
                f"Expected the name of a file beside the template, got {given!r}, which is not there."
            )
        return utf8(file.read_bytes(), given), _ending(given.removesuffix(".j2"))

    def describe(self) -> dict[str, Any]:
        """Return all that decides what is drawn as plain data."""
        return {
            name: {
                "rows": one.share,
                "fields": one.space.describe(),
                **one.space.rules,
                "hidden": sorted(one.hidden),
            }
            for name, one in self.tables.items()
        }

    def _drawn(self, space: Space, seed: int, rows: NDArray[np.int64], n: int, name: str) -> pa.Table:
        # What the only table is called says nothing about its rows.
        stream = f"table {name}" if len(self.tables) > 1 else "table"
        return space.table(seed, rows, name=stream, records=self._records(seed, n))

    def _records(self, seed: int, n: int) -> Records:
        """Return what gives rows of the tables to fields that refer to them."""

        def records(other: str, fields: Sequence[str], units: NDArray[np.float64]) -> pa.StructArray:
            numbers = (units * self.count(other, n)).astype(np.int64)
            distinct, places = np.unique(numbers, return_inverse=True)
            found = self._drawn(self._only(other, fields), seed, distinct, n, other).select(list(fields))
            return found.take(pa.array(places)).to_struct_array().combine_chunks()

        return records

    def _only(self, table: str, fields: Sequence[str]) -> Space:
        return self._table(table).space.only(fields)

    def _table(self, name: str) -> Table:
        if name not in self.tables:
            raise unknown("table", name, self.tables)
        return self.tables[name]

    def _check_reference(self, table: str, field: Reference, early: Sequence[str]) -> None:
        if field.table not in early:
            raise UsageError(
                f"Table {table!r} refers to {field.table!r}; expected one of the tables before it: {list(early)}."
            )
        for name in field.fields or [field.field]:
            if name not in self.tables[field.table].space.fields:
                raise unknown(f"field of table {field.table}", name, self.tables[field.table].space.fields)


def template(spec: str) -> Template:
    """Return the template of a file, or a built-in one by its name.

    Raises:
        UsageError: when there is none, or with the place in the file of what is wrong in it.
    """
    return read(source(spec))


def source(spec: str) -> Source:
    """Return what the template of a file, or a built-in one, is read from.

    Raises:
        UsageError: when there is none.
    """
    if Path(spec).suffix in (".toml", ".yaml", ".yml"):
        path = Path(spec)
        if not path.is_file():
            raise UsageError(f"Expected a template file, got {spec}, which is not there.")
        return Source(spec, utf8(path.read_bytes(), spec), path.parent)
    if spec not in built_in():
        raise unknown("template", spec, built_in())
    folder = files("gristmill.generators") / "assets"
    return Source(spec, (folder / f"{spec}.toml").read_text(encoding="utf-8"), folder)


def read(given: Source, layouts: Mapping[str, Sequence[str]] | None = None) -> Template:
    """Return a template.

    Args:
        given: what it is read from.
        layouts: those that were read before, see `Template`.

    Raises:
        UsageError: with the place of what is wrong in it.
    """
    try:
        found = _of_data(parsed(given.text, given.place), given, layouts)
        for name, one in found.tables.items():  # no row of each, for what only drawing tells
            place = f"tables.{name}." if len(found.tables) > 1 else ""
            placed_at(place, partial(_check_drawn, found, name, one))
        return found
    except UsageError as error:
        raise UsageError(f"In {given.place}: {error}") from None


def built_in() -> list[str]:
    """Return the names of the built-in templates."""
    found = (files("gristmill.generators") / "assets").iterdir()
    return sorted(one.name.removesuffix(".toml") for one in found if one.name.endswith(".toml"))


def listed() -> list[Listed]:
    """Return the built-in templates."""
    found = [(name, template(name)) for name in built_in()]
    return [
        Listed(name=name, source="gristmill", about=one.about, documents=tuple(one.documents))
        for name, one in found
    ]


def _of_data(data: Any, source: Source, layouts: Mapping[str, Sequence[str]] | None) -> Template:
    if not isinstance(data, dict):
        raise UsageError(f"Expected entries by name, got {data!r}.")
    check_names(data, _ENTRIES, "the template")
    if ("fields" in data) == ("tables" in data):
        raise UsageError(
            "Expected either fields or tables, got " + ("both." if "fields" in data else "neither.")
        )
    if not isinstance(data.get("tables", {}), dict) or data.get("tables") == {}:
        raise UsageError(f"tables: expected at least one by its name, got {data['tables']!r}.")
    title = str(data.get("name", Path(source.place).stem))
    defaults = {"locale": data["locale"]} if "locale" in data else {}
    given = (
        data["tables"]
        if "tables" in data
        else {
            _FOREIGN.sub("-", title).strip() or "table": {
                key: data[key] for key in _TABLE_ENTRIES if key in data
            }
        }
    )
    tables = {}
    for table, entries in given.items():
        place = f"tables.{table}." if "tables" in data else ""
        check_names(entries, _TABLE_ENTRIES, place.rstrip(".") or "the template")
        tables[table] = _table_of(entries, place, defaults)
    check_texts(data, ("name", "about", "locale"))
    documents = data.get("documents", {})
    if not isinstance(documents, dict) or not all(isinstance(one, str) for one in documents.values()):
        raise UsageError(f"documents: expected layouts by name, got {documents!r}.")
    about = str(data.get("about", ""))
    return Template(title, tables, about=about, documents=documents, folder=source.folder, layouts=layouts)


def _table_of(entries: Mapping[str, Any], place: str, defaults: Mapping[str, Any]) -> Table:
    space = space_of(entries, place, defaults)
    share = entries.get("rows", 1.0)
    if type(share) not in (int, float) or not share > 0:
        raise UsageError(
            f"{place}rows: expected how many for one row that is asked for, such as 0.1, got {share!r}."
        )
    written = entries["fields"]
    return Table(space, float(share), frozenset(hidden_of(written, "")))


def _ending(name: str) -> str:
    """Return what a name says that a text is."""
    ending = name.rpartition(".")[2] if "." in name else ""
    return ending if ending.isalnum() else "txt"


def _check_drawn(found: Template, name: str, one: Table) -> None:
    """Draw no row of a table; where even that fails, say by which field."""

    def drawn(fields: Sequence[str]) -> pa.Table:
        some = Space({field: one.space.fields[field] for field in fields})
        return found._drawn(some, 0, np.empty(0, np.int64), 1, name)

    fields = list(one.space.fields)
    try:
        made = drawn(fields).to_struct_array().combine_chunks()
    except (UsageError, ValueError, TypeError, pa.ArrowException):
        for count, field in enumerate(fields, 1):
            placed_at(f"fields.{field}: ", partial(drawn, fields[:count]))
        raise
    check_rule(one.space, made)
