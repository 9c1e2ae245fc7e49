"""Small tables, and questions about them."""

from collections.abc import Sequence
from random import Random
from typing import Any, NamedTuple

__all__ = ["cell", "counted", "difference", "extreme", "summed", "top_three"]

Values = dict[str, Any]


class _Subject(NamedTuple):
    """What a table is about: its first column, the names in it, and columns of numbers with their range."""

    key: str
    names: tuple[str, ...]
    columns: tuple[tuple[str, int, int], ...]


_SUBJECTS = (
    _Subject(
        "City", ("Arden", "Brook", "Calder", "Dunmore", "Elm Bay", "Farrow", "Glen", "Holt", "Ingle", "Kerry"),
        (("Population in thousands", 12, 940), ("Area in km²", 20, 600), ("Parks", 2, 60)),
    ),
    _Subject(
        "Product", ("Kettle", "Toaster", "Lamp", "Radio", "Desk", "Chair", "Tent", "Helmet", "Printer", "Scarf"),
        (("Price in dollars", 9, 320), ("In stock", 0, 180), ("Sold", 3, 400)),
    ),
    _Subject(
        "Employee", ("Amara", "Bruno", "Chen", "Dalia", "Erik", "Farid", "Greta", "Hana", "Ivan", "Jonas"),
        (("Hours worked", 8, 48), ("Tickets closed", 1, 75), ("Days off", 0, 28)),
    ),
    _Subject(
        "Trail", ("Pine Loop", "Ridge Walk", "Lake Path", "Fox Run", "Mill Way", "Old Pass", "Stone Steps", "Fern Trail"),
        (("Length in km", 4, 34), ("Climb in m", 30, 900), ("Hikers a day", 3, 420)),
    ),
)  # fmt: skip


class _Table(NamedTuple):
    subject: _Subject
    columns: list[str]
    rows: list[tuple[str, list[int]]]
    asked: int  # the column that the question is about

    @property
    def column(self) -> list[int]:
        return [numbers[self.asked] for _, numbers in self.rows]

    @property
    def told(self) -> Values:
        names = [name for name, _ in self.rows]
        return {
            "table": _drawn([self.subject.key, *self.columns], self.rows), "column": self.columns[self.asked],
            "key": self.subject.key.lower(), "options": names,
        }  # fmt: skip


def cell(values: Values, rng: Random) -> Values:
    """What stands in a row and a column."""
    table = _table(values, rng)
    name, numbers = rng.choice(table.rows)
    return {**table.told, "name": name, "answer": numbers[table.asked]}


def extreme(values: Values, rng: Random) -> Values | None:
    """Which row has the highest or lowest number, where there is only one."""
    table = _table(values, rng)
    ranked = sorted(table.rows, key=lambda row: row[1][table.asked], reverse=values["which"] == "highest")
    if ranked[0][1][table.asked] == ranked[1][1][table.asked]:
        return None
    return {**table.told, "value": ranked[0][1][table.asked], "answer": ranked[0][0]}


def summed(values: Values, rng: Random) -> Values:
    """What a column comes to."""
    table = _table(values, rng)
    return {**table.told, "sum": " + ".join(map(str, table.column)), "answer": sum(table.column)}


def counted(values: Values, rng: Random) -> Values | None:
    """How many rows are above a limit, at least one of which is and one is not."""
    table = _table(values, rng)
    limit = (sorted(table.column)[len(table.rows) // 2] // 5) * 5 + rng.choice((-5, 0, 5))
    above = [name for name, numbers in table.rows if numbers[table.asked] > limit]
    if limit <= 0 or not 0 < len(above) < len(table.rows):
        return None
    return {**table.told, "limit": limit, "above": ", ".join(above), "answer": len(above)}


def difference(values: Values, rng: Random) -> Values | None:
    """By how much one row exceeds another."""
    table = _table(values, rng)
    more, less = sorted(rng.sample(table.rows, 2), key=lambda row: -row[1][table.asked])
    high, low = more[1][table.asked], less[1][table.asked]
    if high == low:
        return None
    return {**table.told, "name": more[0], "name_2": less[0], "high": high, "low": low, "answer": high - low}


def top_three(values: Values, rng: Random) -> Values | None:
    """The three rows with the highest numbers, all of which differ."""
    table = _table(values, rng)
    if len(set(table.column)) < len(table.rows):
        return None
    ranked = [name for name, _ in sorted(table.rows, key=lambda row: -row[1][table.asked])]
    return {**table.told, "shown": ", ".join(ranked[:3]), "answer": ranked[:3]}


def _table(values: Values, rng: Random) -> _Table:
    subject = rng.choice(_SUBJECTS)
    columns = rng.sample(subject.columns, values["columns"])
    names = rng.sample(subject.names, values["rows"])
    rows = [(name, [rng.randint(low, high) for _, low, high in columns]) for name in names]
    return _Table(subject, [title for title, _, _ in columns], rows, rng.randrange(len(columns)))


def _drawn(titles: Sequence[str], rows: Sequence[tuple[str, list[int]]]) -> str:
    """Return a table as Markdown has it."""
    lines = [titles, ["---"] * len(titles), *([name, *map(str, numbers)] for name, numbers in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
