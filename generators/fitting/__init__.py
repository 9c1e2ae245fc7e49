"""A template from a real table: a distribution for each column, on what it depends, and how the numbers go together.

What is written is about many rows and never about one: no value that occurs in fewer than `least` rows, and no figure, be
it a rate, that comes from fewer, in the table or in a case of it. Texts that are nobody's category are not written at all.
What is somebody's is not written however often it occurs if it can be known by its shape, as an e-mail or IP address or the
number of a phone, an account or a card, or by what its column is called, as a name or an address. What cannot be known so,
such as a name in a column of comments or of another language, is written where it is as common as a category.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa

from gristmill.errors import UsageError
from gristmill.generators._dependence import correlated
from gristmill.generators.fitting._conditional import as_cases, coded
from gristmill.generators.fitting._equalities import Equality, equalities
from gristmill.generators.fitting._gaps import known, values_with
from gristmill.generators.fitting._identifiers import room, widened
from gristmill.generators.fitting._laws import Array
from gristmill.generators.fitting._long import long_numbers
from gristmill.generators.fitting._marginals import (
    IDENTIFIER,
    entry_of,
    flag,
    made_up,
    numbers_of,
    seconds,
    seconds_of_day,
)
from gristmill.generators.fitting._names import readable, unused
from gristmill.generators.fitting._ordered import UNIT, is_ordered, places, steps
from gristmill.generators.fitting._parents import Cases, Coded, cases_of, choose, choose_second, in_order
from gristmill.generators.fitting._personal import called
from gristmill.generators.fitting._prepared import prepared
from gristmill.generators.fitting._spans import spans
from gristmill.generators.fitting._written import typed
from gristmill.generators.tables import check_width
from gristmill.seeding import numpy_stream

__all__ = ["LEAST", "LIMIT", "Fitted", "fit"]

LEAST = 10  # rows
LIMIT = 200_000  # rows that are looked at


class Fitted(msgspec.Struct, frozen=True, kw_only=True):
    """What was fitted.

    Attributes:
        template: name, about, fields and correlated, as plain data.
        notes: by column, what a person should know.
        rows: how many there were.
        keys: columns that tell rows or people apart. Their values are made up, and say nothing of a real row even where one
            happens to be a real one too, as the numbers of rows are.
    """

    template: dict[str, Any]
    notes: dict[str, str]
    rows: int
    keys: list[str] = []


def fit(table: pa.Table, *, name: str, least: int = LEAST, seed: int = 0, limit: int = LIMIT) -> Fitted:
    """Return a template with a field for each column of a table; columns that others depend on come before them.

    Args:
        table: the real rows.
        name: of the template.
        least: rows that anything written is about, at least.
        seed: of which rows are looked at, where there are more than `limit`.
        limit: rows that are looked at.

    Raises:
        UsageError: when there are too few rows or too many columns, or none of them can be fitted.
    """
    if least < 1:
        raise UsageError(f"Expected figures from at least one row, got {least}.")
    if table.num_rows < 2 * least:
        raise UsageError(
            f"Expected at least {2 * least} rows, so that what is written is about no one, got {table.num_rows}."
        )
    check_width(table)
    if len({*table.column_names}) < table.num_columns:
        raise UsageError(f"Expected columns of different names, got {table.column_names}.")
    rows = numpy_stream(seed, "fit").permutation(table.num_rows)[:limit]
    some = table if table.num_rows <= limit else table.take(np.sort(rows))
    plain, left = prepared(some)
    columns = _Columns(plain, least, table.num_rows)
    for one, note in left.items():
        columns.say(one, note)
    if not columns.entries:
        why = "; ".join(f"{column}: {note}" for column, note in columns.notes.items())
        raise UsageError(f"Expected a column that can be fitted, got none: {why}.")
    template = {"name": name, "about": f"Fitted to a table of {table.num_rows:,} rows.", **columns.together()}
    keys = [
        one
        for one, entry in columns.entries.items()
        if entry["kind"] in ("pattern", "fake") or columns.notes.get(one, "").startswith(IDENTIFIER)
    ]
    return Fitted(template=template, notes=columns.notes, rows=table.num_rows, keys=keys)


class _Columns:
    """The columns of a table, first each by itself and then together.

    Attributes:
        entries: of those that can be fitted, as they are by themselves.
        notes: what a person should know.
        equal: which of them follow from others.
        gaps: under which values of an earlier column a column is there.
        given: for columns with other gaps, the names of hidden fields that tell whether there is a value.
        between: names of hidden fields that hold the time between two others, or the steps of long numbers.
        joint: names of hidden fields that hold two categories together, on which others depend.
        writings: of columns of texts that are written dates or amounts, how they are written.
    """

    def __init__(self, table: pa.Table, least: int, rows: int) -> None:
        self._least, self._rows = least, rows
        self.entries: dict[str, dict[str, Any]] = {}
        self.notes: dict[str, str] = {}
        table, self.writings = typed(table, least)
        self.equal = equalities(table, table.column_names, least)
        self._names = set(table.column_names)
        self.between: list[str] = []
        self._steps: dict[str, str] = {}  # of long numbers, by the names of hidden fields
        self._table = table = self._with_steps(self._with_spans(table))
        for name in table.column_names:
            if name not in self.equal:
                self._alone(name)
        self._follow()
        self.gaps: dict[str, dict[str, Any]] = {}
        self.given: dict[str, str] = {}
        self._there: dict[str, Coded] = {}
        self.joint: list[str] = []
        for name in table.column_names:
            if name in self.entries:
                self._absence(name)
                self.say(name, self.writings[name].note if name in self.writings else "")

    def together(self) -> dict[str, Any]:
        """Return the fields and what is correlated."""
        nodes = {name: one for name in self.entries if (one := self._coded(name)) is not None}
        nodes |= {self.given[name]: one for name, one in self._there.items()}
        parents = choose(nodes, self._needs({}), self._least)
        parents |= self._second(nodes, parents)
        fields: dict[str, dict[str, Any]] = {}
        ranked: dict[str, tuple[Array, Array]] = {}
        shown = {hidden: name for name, hidden in self.given.items()}
        alone = self.entries | {hidden: self._rate(name) | {"hidden": True} for hidden, name in shown.items()}
        read = {*parents.values()} | {one for name in self.joint for one in self.equal[name].reads}
        for name, entry in alone.items():
            fields[name] = entry
            cases = self._cases(nodes, parents, name)
            if cases:
                column = self._table[shown.get(name, name)]
                made = as_cases(column, entry, nodes[name], cases, parents[name], self._least)
                fields[name] = made | _hidden(entry)
            if name not in read and is_ordered(entry, fields[name]):
                within = cases.groups if cases else np.zeros(self._table.num_rows, int)
                ranked[name] = self._ranked(name, entry, nodes), within
        groups = correlated(ranked, self._least)
        used = {*parents, *read}.union(*(group["fields"] for group in groups))
        fields = {name: one for name, one in fields.items() if name in self.entries or name in used}
        fields |= {
            name: {"kind": "derived", "value": self.equal[name].form, "hidden": True} for name in self.joint
        }
        order = in_order(fields, self._needs(parents))
        return self._written({name: fields[name] for name in order}, groups)

    def _second(self, nodes: dict[str, Coded], parents: Mapping[str, str]) -> dict[str, str]:
        """Give columns that depend on two categories a hidden field of both as parent, and return these."""
        found: dict[str, str] = {}
        for child, pair, both in choose_second(nodes, parents, self._needs(parents), self._least):
            name = next((one for one in self.joint if self.equal[one].reads == pair), "")
            if not name:
                name = unused("_and_".join(pair), self._names)
                self._names.add(name)
                self.joint.append(name)
                self.equal[name] = Equality(both.form, pair)
                nodes[name] = both.coded
            found[child] = name
        return found

    def _ranked(self, name: str, entry: Mapping[str, Any], nodes: Mapping[str, Coded]) -> Array:
        """Return numbers in the order of a column's values, NaN where there is none, [N]."""
        if entry["kind"] in ("choice", "flag"):
            return places(nodes[name])
        column = self._table[name]
        if (clocks := seconds_of_day(column)) is not None:
            return clocks
        numbers = numbers_of(column)
        return seconds(column) if numbers is None else numbers.values

    def _with_spans(self, table: pa.Table) -> pa.Table:
        """Return a table with a column before each that follows some time after another, for the time between."""
        for one in spans(table):
            if one.end not in self.equal:
                name = unused(f"{one.end}_after_{one.start}", self._names)
                self._names.add(name)
                self.between.append(name)
                self.equal[one.end] = Equality(one.form, (one.start, name))
                table = table.add_column(table.column_names.index(one.end), name, one.values)
        return table

    def _with_steps(self, table: pa.Table) -> pa.Table:
        """Return a table with a column before each of long numbers, for the steps that make these."""
        for one in long_numbers(table):
            if one.name not in self.equal:
                name = unused(f"{one.name}_steps", self._names)
                self._names.add(name)
                self.between.append(name)
                self._steps[name] = one.name
                self.equal[one.name] = Equality(one.form, (name,))
                table = table.add_column(table.column_names.index(one.name), name, one.values)
        return table

    def _alone(self, name: str) -> None:
        found, note = entry_of(self._table[name], self._least, counted="row" not in self._names)
        if (kind := called(name)) and self._is_written(name, found):
            found, note = made_up(kind, self._table[name].unique().drop_null().to_pylist())
            note += ', since the column is called so; if it is no one\'s, write kind = "choice" with options'
        if found and found["kind"] == "unique":
            found["pattern"] = widened(found["pattern"], self._rows)
            note = "; ".join(filter(None, [note, room(found["pattern"], self._rows)]))
        if found:
            self.entries[name] = found | ({"hidden": True} if name in self.between else {})
        if note:
            self.say(self._steps.get(name, name), note)

    def _is_written(self, name: str, found: Mapping[str, Any] | None) -> bool:
        """Return whether the texts of a column would be written, or left out although there are enough of them."""
        column = self._table[name]
        enough = len(column) - column.null_count >= 2 * self._least
        return (
            enough
            and pa.types.is_string(column.type)
            and (not found or found["kind"] in ("choice", "constant"))
        )

    def _follow(self) -> None:
        """Make columns that follow from others entries, by themselves where one of the others was left out."""
        table, found = self._table.column_names, dict(self.equal)
        while lacking := [
            name for name, one in found.items() if not {*self.entries, *found} >= set(one.reads)
        ]:
            for name in lacking:
                del found[name]
                self._alone(name)
        self.equal = found
        made = self.entries | {name: {"kind": "derived", "value": one.form} for name, one in found.items()}
        self.entries = {name: made[name] for name in table if name in made}

    def _absence(self, name: str) -> None:
        """Note when a column has a value: under values of an earlier one if that is the rule, else at a rate."""
        column, there = self._table[name], known(self._table[name])
        relevant = np.ones(len(column), bool)
        for one in self.equal[name].reads if name in self.equal else ():
            relevant &= known(self._table[one])
        gaps = int(np.sum(relevant & ~there))
        if not gaps:
            return
        if values := self._rule(name, there):
            self.gaps[name] = {"when": values}
        elif gaps < self._least:
            self.say(name, f"{gaps} gaps are left out")
        else:
            self.given[name] = unused(f"{name}_given", self._names)
            self._names.add(self.given[name])
            self._there[name] = Coded(np.where(relevant, there, -1).astype(int), 2, [False, True], True)

    def _rule(self, name: str, known: Array) -> dict[str, Any]:
        """Return under which values of an earlier column another always has a value, if with all others it never has."""
        for other, entry in self.entries.items():
            if other == name:
                break
            if (
                other not in self.writings
                and entry["kind"] in ("choice", "flag")
                and not self._table[other].null_count
            ):
                values = values_with(self._table[other], pa.chunked_array([pa.array(known)]))
                if values and set(values) <= set(entry.get("options", [False, True])):
                    return {other: values}
        return {}

    def say(self, name: str, note: str) -> None:
        """Note something more of a column."""
        if note:
            self.notes[name] = "; ".join(filter(None, [self.notes.get(name, ""), note]))

    def _coded(self, name: str) -> Coded | None:
        found = None if name in self.equal else coded(self._table[name], self.entries[name])
        # Cases and conditions read a column as it is shown.
        return found._replace(parent=False) if found and name in self.writings else found

    def _needs(self, parents: Mapping[str, str]) -> dict[str, set[str]]:
        """Return after which fields each has to come."""
        found = {name: {parent} for name, parent in parents.items()}
        for name, one in self.equal.items():
            found.setdefault(name, set()).update(one.reads)
        for name, gaps in self.gaps.items():
            found.setdefault(name, set()).update(gaps["when"])
        for name, hidden in self.given.items():
            found.setdefault(name, set()).add(hidden)
        return found

    def _cases(self, nodes: Mapping[str, Coded], parents: Mapping[str, str], name: str) -> Cases | None:
        return cases_of(nodes[parents[name]], nodes[name], self._least) if name in parents else None

    def _rate(self, name: str) -> dict[str, Any]:
        codes = self._there[name].codes
        return flag(int(np.sum(codes == 1)), int(np.sum(codes >= 0)), self._least)[0] or {}

    def _written(self, fields: Mapping[str, dict[str, Any]], groups: list[dict[str, Any]]) -> dict[str, Any]:
        """Return fields and groups in which whatever goes together is always there, and names that expressions can hold.

        What has gaps shows a hidden field between them; so does a time of day, which is a moment of some day.
        """
        grouped = {name for group in groups for name in group["fields"]}
        aliases = self._aliases(fields)
        made: dict[str, dict[str, Any]] = {}
        behind = dict(aliases)
        for name, entry in fields.items():
            gaps = self._gaps(name, fields)
            if name in self.equal:
                entry = {**entry, "value": entry["value"].format(*self._operands(name, aliases))}
            if form := self._shown(name, entry, name in grouped, bool(gaps)):
                inner = unused(f"{name}_{form[0]}", {*self._names, *made, *aliases.values()})
                made[inner] = (UNIT if form[0] == "rank" else entry) | {"hidden": True}
                entry = {"kind": "derived", "value": form[1].format(inner), **_hidden(entry)}
                behind[name] = inner
            shown = aliases.get(name, name)
            made[shown] = entry | gaps
            if shown != name:
                made[shown] |= {"hidden": True}
                made[name] = {"kind": "derived", "value": self._text_of(name).format(shown)}
        named = [group | {"fields": [behind.get(name, name) for name in group["fields"]]} for group in groups]
        return {"fields": made} | ({"correlated": named} if named else {})

    def _aliases(self, names: Iterable[str]) -> dict[str, str]:
        """Return the names of hidden fields for columns that are shown otherwise, or that no expression can read."""
        read = {name for one in self.equal.values() for name in one.reads}
        found: dict[str, str] = {}
        for name in names:
            if name in self.writings or (name in read and not readable(name)):
                found[name] = unused(name, {*self._names, *found.values()})
        return found

    def _text_of(self, name: str) -> str:
        return self.writings[name].form if name in self.writings else "{0}"

    def _operands(self, name: str, aliases: Mapping[str, str]) -> list[str]:
        return [aliases.get(one, one) for one in self.equal[name].reads]

    def _gaps(self, name: str, fields: Mapping[str, Any]) -> dict[str, Any]:
        """Return when a field is there, as entries of it."""
        if name in self.gaps:
            return self.gaps[name]
        if name not in self.given:
            return {}
        if self.given[name] in fields:
            return {"when": {self.given[name]: [True]}}
        return {"missing": round(1 - self._rate(name)["rate"], 4)}

    def _shown(
        self, name: str, entry: Mapping[str, Any], grouped: bool, gaps: bool
    ) -> tuple[str, str] | None:
        """Return what to call a hidden field behind a column and how it is shown, None where there is none."""
        if grouped and entry["kind"] in ("choice", "flag"):
            return "rank", steps(entry)
        if name not in self.entries:
            return None
        column = self._table[name]
        if self.entries[name]["kind"] == "timestamp" and seconds_of_day(column) is not None:
            minutes = pa.types.is_string(column.type) and len(column.drop_null()[0].as_py()) < 8
            return "clock", "slice(text({}), 11" + (", 16)" if minutes else ")")
        return ("value", "{}") if grouped and gaps else None


def _hidden(entry: Mapping[str, Any]) -> dict[str, Any]:
    return {"hidden": True} if entry.get("hidden") else {}
