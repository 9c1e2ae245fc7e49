"""Rows of built-in templates, drawn once for all tests that look at them."""

from functools import cache
from typing import Any

from gristmill.generators.template import template

ROWS = 400


@cache
def drawn(name: str, n: int = ROWS, *, hidden: bool = False, table: str = "") -> list[dict[str, Any]]:
    """Rows as Python has them, from seed 11."""
    found = template(name)
    rows: list[dict[str, Any]] = found.table(11, range(n), n, table=table, hidden=hidden).to_pylist()
    return rows


def cents(amount: float) -> int:
    """An amount of money in cents, which must be a whole number of them."""
    assert abs(round(100 * amount) - 100 * amount) < 1e-6, amount
    return round(100 * amount)
