"""Any small table gives a template that can be read and drawn from, and tells of no one."""

import tomllib
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from gristmill.errors import UsageError
from gristmill.generators.fitting import LEAST, Fitted, fit
from gristmill.generators.template.entries import space_of
from gristmill.generators.toml import written

NAMES = [
    "class", "row", "a b", 'q"uo"te', "[br]", "x", "True", "naïve", "it's", "a.b", "{x}", "", "when", "9lives",
    "otherwise", "a\\b", "None", "x_value", "x_given", "x_", "y\nz", "#", "kind", "of",
]  # fmt: skip
Make = Callable[[np.random.Generator, int], Any]
DAY, MOMENT = np.datetime64("2024-01-01"), np.datetime64("2024-01-01T00:00:00")
KINDS: dict[str, Make] = {
    "small": lambda rng, rows: rng.integers(-5, 9, rows),
    "counted": lambda rng, rows: np.arange(rows) + 3,
    "huge": lambda rng, rows: rng.integers(-(2**63), 2**63 - 1, rows),
    "ends": lambda rng, rows: 2**63 - 1 - rng.integers(0, 3, rows),
    "unsigned": lambda rng, rows: 2**64 - 1 - rng.integers(0, 5000, rows).astype(np.uint64),
    "whole": lambda rng, rows: rng.integers(1, 9, rows).astype(float),
    "wild": lambda rng, rows: rng.normal(size=rows) * 10.0 ** rng.integers(-320, 308),
    "infinite": lambda rng, rows: rng.choice([np.inf, -np.inf, np.nan, 0.5, 1.25, 1e308], rows),
    "flag": lambda rng, rows: rng.random(rows) < rng.choice([0.01, 0.5, 1]),
    "category": lambda rng, rows: rng.choice(["a", "b{", 'c]"', "d e", "", "otherwise", "x | y"], rows),
    "rare": lambda rng, rows: [f'rare{one}\n"{{}}' for one in rng.integers(0, 40, rows)],
    "code": lambda rng, rows: [f"AB-{one:04d}" for one in rng.integers(0, 9999, rows)],
    "date": lambda rng, rows: DAY + rng.integers(0, 90, rows),
    "moment": lambda rng, rows: MOMENT + rng.integers(0, 9_000_000, rows),
    "clock": lambda rng, rows: [f"{one // 60:02d}:{one % 60:02d}" for one in rng.integers(0, 1440, rows)],
    "amount": lambda rng, rows: [f"{one:.2f} €" for one in rng.exponential(9, rows)],
    "thousands": lambda rng, rows: [f"{one:,.2f}" for one in rng.exponential(9000, rows)],
    "written": lambda rng, rows: [f"{one % 28 + 1:02d}/{one % 12 + 1:02d}/2025" for one in rng.integers(0, 336, rows)],
}  # fmt: skip


def column(kind: str, gaps: float, rng: np.random.Generator, rows: int) -> pa.Array:
    """A column of a kind, some of whose values are missing."""
    if kind == "nothing":
        return pa.nulls(rows)
    return pa.array(KINDS[kind](rng, rows), mask=rng.random(rows) < gaps)


def fitted(table: pa.Table) -> Fitted | None:
    """What is fitted to a table, None where it has no column that can be."""
    try:
        return fit(table, name="t")
    except UsageError as error:
        if "Expected a column that can be fitted" in str(error):
            return None
        raise


def leaves(data: Any) -> Iterator[Any]:
    """Texts and numbers in plain data, the names in it too."""
    if isinstance(data, dict):
        for name, value in data.items():
            yield name
            yield from leaves(value)
    elif isinstance(data, list):
        for value in data:
            yield from leaves(value)
    else:
        yield data


def rare(table: pa.Table) -> Iterator[str]:
    """Texts that fewer rows have than may be told of, and numbers so long that they are no round ones by chance."""
    for name in table.column_names:
        for value, count in Counter(table[name].drop_null().to_pylist()).items():
            if count < LEAST and isinstance(value, str | int | float) and len(str(value)) > 7:
                yield str(value)


@settings(max_examples=150)
@given(
    st.lists(st.sampled_from(NAMES), min_size=1, max_size=5, unique=True),
    st.lists(
        st.tuples(st.sampled_from([*KINDS, "nothing", "copy"]), st.sampled_from([0, 0, 0.02, 0.3, 0.9])),
        min_size=5,
        max_size=5,
    ),
    st.sampled_from([20, 60, 200]),
    st.integers(0, 1000),
)
def test_any_table_is_fitted_or_refused(
    names: list[str], how: list[tuple[str, float]], rows: int, seed: int
) -> None:
    """Whatever its columns hold and are called; what is written can be read and drawn, and no value of a few rows is in it."""
    rng = np.random.default_rng(seed)
    columns: dict[str, pa.Array] = {}
    for name, (kind, gaps) in zip(names, how, strict=False):
        copied = kind == "copy" and columns
        columns[name] = (
            next(iter(columns.values()))
            if copied
            else column("small" if kind == "copy" else kind, gaps, rng, rows)
        )
    table = pa.table(columns)
    if (found := fitted(table)) is None:
        return
    told = {str(one) for one in leaves(found.template)} - {*table.column_names, "otherwise"}

    assert found.template == tomllib.loads(written(found.template))
    assert 50 == space_of(found.template, "").table(0, range(50)).num_rows
    assert [] == [one for one in rare(table) if one in told]


def test_whole_numbers_that_no_field_holds_are_drawn_in_steps() -> None:
    """Those of 64 bits that are far apart, and one that a double would round."""
    rng = np.random.default_rng(0)
    hashes, same = rng.integers(0, 2**62, 500), np.full(500, 2**60 + 1)
    found = fit(pa.table({"hash": hashes, "same": same}), name="t").template
    made = space_of(found, "").table(0, range(500))

    assert {2**60 + 1} == set(made["same"].to_pylist())
    assert 0 <= min(made["hash"].to_pylist()) < 2**60 < 2**61 < max(made["hash"].to_pylist()) < 2**62


def test_numbers_do_not_count_up_where_a_column_is_called_as_the_number_of_the_row_is() -> None:
    """Since no expression could tell the two apart."""
    table = pa.table(
        {"row": np.arange(1, 301), "code": np.arange(7, 1207, 4)[np.argsort(np.arange(300) % 7)]}
    )
    found = fit(table, name="t").template

    assert ["integer"] * 2 == [one["kind"] for one in found["fields"].values()]
    assert 300 == space_of(found, "").table(0, range(300)).num_rows
    assert (
        "derived"
        == fit(table.rename_columns(["number", "code"]), name="t").template["fields"]["number"]["kind"]
    )


def test_names_that_are_alike_but_for_what_no_expression_reads_stay_apart() -> None:
    """Each of two is read by its copy."""
    first, second = np.random.default_rng(0).normal(size=(2, 200))
    table = pa.table({"a b": first, "a.b": second, "first": first, "second": second})
    made = space_of(fit(table, name="t").template, "").table(0, range(50))

    assert made["a b"].equals(made["first"])
    assert made["a.b"].equals(made["second"])
    assert not made["first"].equals(made["second"])


def test_a_column_without_a_name_may_be_a_copy() -> None:
    """As the first of a table with an index often has none."""
    rng = np.random.default_rng(0)
    count = pa.array(rng.poisson(4, 200), mask=rng.random(200) < 0.4)
    made = space_of(fit(pa.table({"class": count, "": count}), name="t").template, "").table(0, range(50))

    assert made[""].equals(made["class"])
