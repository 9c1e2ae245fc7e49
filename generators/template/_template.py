"""Tables that are drawn together, and the rows of other tables that they refer to."""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property, partial
from importlib.resources.abc import Traversable
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from gristmill.errors import UsageError, unknown
from gristmill.generators._columns import without
from gristmill.generators.fields import Reference
from gristmill.generators.kinds.placed import Records
from gristmill.generators.space import Space
from gristmill.generators.template._parsing import utf8
from gristmill.generators.template.entries import MISSING, check_rule, placed_at

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

__all__ = ["FOREIGN", "PIECE", "Table", "Template"]

PIECE = 2**16  # rows that are drawn at once
FOREIGN = re.compile(r"[^\w -]")  # to the name of a table, which is that of a file, too


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
        self.name, self.tables, self.about = name, MappingProxyType(dict(tables)), about
        self.documents, self._folder, self._layouts = dict(documents or {}), folder, layouts or {}
        for table in self.tables:
            if not table.strip() or FOREIGN.search(table):
                raise UsageError(
                    f"Expected tables named in letters, digits, '-', '_' and spaces, got {table!r}."
                )
        early: list[str] = []
        for table, one in self.tables.items():
            for field in one.space.fields.values():
                if isinstance(field, Reference):
                    self._check_reference(table, field, early)
            for hidden in one.hidden:
                if not {hidden, hidden.partition(".")[0]} & one.space.fields.keys():
                    raise unknown("hidden field", hidden, one.space.fields, of=f"table {table!r}")
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

    def check(self) -> None:
        """Draw no row of each table, for what only drawing tells.

        Raises:
            UsageError: when that fails, with the field.
        """
        for name, one in self.tables.items():
            place = f"tables.{name}: " if len(self.tables) > 1 else ""
            placed_at(place, partial(self._check_table, name, one))

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
        alone = len(self.tables) == 1
        stream = "table" if alone else f"table {name}"
        try:
            return space.table(seed, rows, name=stream, records=self._records(seed, n))
        except UsageError as error:
            if alone or not len(rows):  # a check of the table says itself which it is
                raise
            raise UsageError(f"Table {name!r}: {error}") from None

    def _check_table(self, name: str, one: Table) -> None:
        def drawn(fields: Sequence[str]) -> pa.Table:
            some = Space({field: one.space.fields[field] for field in fields})
            return self._drawn(some, 0, np.empty(0, np.int64), 1, name)

        fields = list(one.space.fields)
        try:
            made = drawn(fields).to_struct_array().combine_chunks()
        except (UsageError, ValueError, TypeError, pa.ArrowException):
            for count, field in enumerate(fields, 1):
                placed_at(f"fields.{field}: ", partial(drawn, fields[:count]))
            raise
        check_rule(one.space, made)

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


def _ending(name: str) -> str:
    """Return what a name says that a text is."""
    ending = name.rpartition(".")[2] if "." in name else ""
    return ending if ending.isalnum() else "txt"
