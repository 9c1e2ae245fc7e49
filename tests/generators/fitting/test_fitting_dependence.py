"""What columns depend on, what they follow from, and what is never written of them."""

import tomllib
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gristmill.digest import encode
from gristmill.generators.fitting import fit
from gristmill.generators.fitting._equalities import equalities
from gristmill.generators.fitting._parents import Coded, choose, spread
from gristmill.generators.template.entries import space_of
from gristmill.generators.toml import written

ROWS = 4000
RNG = np.random.default_rng(11)
REGION = RNG.choice(["north", "south", "east"], ROWS, p=[0.5, 0.3, 0.2])
CITY = np.array([f"{one} {number}" for one, number in zip(REGION, RNG.integers(0, 3, ROWS), strict=True)])


def fields(**columns: Any) -> dict[str, Any]:
    """The fields that are fitted to columns."""
    return dict(fit(pa.table(columns), name="t").template["fields"])


def drawn(rows: int = 2000, **columns: Any) -> pa.Table:
    """Rows of the template that is fitted to columns."""
    found = fit(pa.table(columns), name="t").template
    return space_of(found, "").table(0, range(rows))


# What depends on a category.


def test_a_category_depends_on_another() -> None:
    """No city is drawn in a region that it is not in."""
    table = drawn(region=REGION, city=CITY)

    assert all(
        city.startswith(region)
        for region, city in zip(*(table[one].to_pylist() for one in table.column_names), strict=True)
    )


def test_parents_come_first() -> None:
    """Although they stand after in the table, where only they can be parents."""
    shops = np.array(
        [f"{one} {number}" for one, number in zip(REGION, RNG.integers(0, 60, ROWS), strict=True)]
    )
    found = fields(shop=shops, region=REGION)

    assert ["region", "shop"] == list(found)
    assert "region" == found["shop"]["of"]


def test_what_is_independent_has_no_parent() -> None:
    """In none of ten tables."""
    for seed in range(10):
        rng = np.random.default_rng(seed)
        found = fields(
            a=rng.choice(list("pqr"), 400),
            b=rng.choice(list("xyz"), 400),
            c=rng.random(400) < 0.3,
            d=rng.normal(size=400),
            e=rng.choice(np.array(["u", "v", None]), 400),
        )
        assert not [one for one in found.values() if one["kind"] == "cases"]


def test_a_number_has_a_law_for_each_case() -> None:
    """And goes together with others as it does within them."""
    normal = RNG.multivariate_normal([0, 0], [[1, 0.6], [0.6, 1]], ROWS).T
    level = np.select([REGION == "north", REGION == "south"], [10.0, 50.0], 200.0)
    found = fit(
        pa.table({"region": REGION, "fee": np.round(level + 3 * normal[0], 2), "use": np.exp(normal[1])}),
        name="t",
    ).template

    assert pytest.approx([10, 50, 200], abs=0.5) == [
        one.get("mean", one.get("median"))
        for one in map(found["fields"]["fee"]["cases"].get, ("north", "south", "east"))
    ]
    assert ["fee", "use"] == found["correlated"][0]["fields"]
    assert pytest.approx(0.6, abs=0.04) == found["correlated"][0]["matrix"][0][1]


def test_few_whole_numbers_may_be_a_category() -> None:
    """Such as the class in a table to learn from."""
    kind = RNG.integers(0, 3, 600)
    found = fields(size=kind * 5.0 + RNG.normal(size=600), kind=kind)

    assert "kind" == found["size"]["of"]
    assert ["0", "1", "2"] == list(found["size"]["cases"])


def test_gaps_may_depend_on_a_category() -> None:
    """A hidden flag says where there is a value."""
    gap = RNG.random(ROWS) < np.where(REGION == "east", 0.8, 0.1)
    table = drawn(region=REGION, score=pa.array(np.where(gap, np.nan, RNG.random(ROWS)), from_pandas=True))
    east = pc.equal(table["region"].cast(pa.string()), "east")

    assert pytest.approx(0.8, abs=0.05) == table.filter(east)["score"].null_count / pc.sum(east).as_py()
    assert (
        pytest.approx(0.1, abs=0.03)
        == table.filter(pc.invert(east))["score"].null_count / pc.sum(pc.invert(east)).as_py()
    )


def test_what_is_missing_together_is_missing_together() -> None:
    """As the columns of a form that was not filled in."""
    there = RNG.random(ROWS) < 0.6
    columns = {one: pa.array(np.where(there, RNG.random(ROWS), np.nan), from_pandas=True) for one in "ab"}
    table = drawn(**columns)

    assert table["a"].is_valid().equals(table["b"].is_valid())


def test_times_of_day_have_a_rhythm_for_each_case() -> None:
    """Texts and times alike become moments of a day, shown without it."""
    hour = np.where(REGION == "north", RNG.integers(8, 12, ROWS), RNG.integers(18, 22, ROWS))
    texts = [f"{one:02d}:{minute:02d}" for one, minute in zip(hour, RNG.integers(0, 60, ROWS), strict=True)]
    table = drawn(region=REGION, at=texts)
    hours = pc.cast(pc.utf8_slice_codeunits(table["at"], 0, 2), pa.int64())

    assert {5} == set(pc.utf8_length(table["at"]).to_pylist())
    assert {8, 9, 10, 11} == set(
        hours.filter(pc.equal(table["region"].cast(pa.string()), "north")).to_pylist()
    )


def test_a_tree_has_no_cycle_and_the_strongest_first() -> None:
    """Three columns of which each says nearly all of the next."""
    codes = RNG.integers(0, 3, ROWS)
    noisy = np.where(RNG.random(ROWS) < 0.1, RNG.integers(0, 3, ROWS), codes)
    noisier = np.where(RNG.random(ROWS) < 0.3, RNG.integers(0, 3, ROWS), noisy)
    columns = {
        name: Coded(one, 3, "xyz", True) for name, one in zip("abc", (codes, noisy, noisier), strict=True)
    }

    assert {"b": "a", "c": "b"} == choose(columns, {}, 10)
    assert "b" not in choose(columns, {"a": {"b"}, "c": {"b"}}, 10)


# What follows from others.


@pytest.mark.parametrize(
    ("formula", "expected"),
    [
        (lambda a, b: np.round(a * 1.2, 2), "round({0} * 1.2, 2)"),
        (lambda a, b: np.round(a + b, 2), "round({0} + {1}, 2)"),
        (lambda a, b: np.round(a - b, 2), "round({0} - {1}, 2)"),
        (lambda a, b: np.round(a * b, 2), "round({0} * {1}, 2)"),
        (lambda a, b: a, "{0}"),
        (lambda a, b: a / 3.7, f"{{0}} * {1 / 3.7:.9f}"),
    ],
)
def test_equalities_are_found(formula: Any, expected: str) -> None:
    """Within what numbers are rounded to; nothing is found in a number that is off by a cent in one row."""
    a, b = np.round(RNG.lognormal(3, 1, ROWS), 2), np.round(RNG.uniform(1, 50, ROWS), 2)
    total = formula(a, b)
    found = equalities(pa.table({"a": a, "b": b, "total": total}), ["a", "b", "total"], 10)
    off = np.where(np.arange(ROWS) == 7, total + 0.02, total)

    assert expected[:11] == found["total"].form[:11]
    assert {} == equalities(pa.table({"a": a, "b": b, "total": off}), ["a", "b", "total"], 10)


def test_what_adds_up_adds_up_again() -> None:
    """Also where there are gaps, and names that expressions cannot read."""
    net, tip = np.round(RNG.lognormal(3, 1, ROWS), 2), np.round(RNG.exponential(3, ROWS), 2)
    gaps = pa.array(np.where(RNG.random(ROWS) < 0.3, np.nan, tip), from_pandas=True)
    total = pc.round(pc.add(pa.array(net), gaps), 2)
    table = drawn(**{"net amount": net, "tip": gaps, "in": total, "tax": np.round(net * 0.2, 2)})
    rows = table.to_pylist()

    assert pytest.approx(0.3, abs=0.05) == table["tip"].null_count / len(rows)
    assert all((row["tip"] is None) == (row["in"] is None) for row in rows)
    assert all(
        abs(row["net amount"] + row["tip"] - row["in"]) < 0.0051 for row in rows if row["tip"] is not None
    )
    assert all(abs(row["net amount"] * 0.2 - row["tax"]) < 0.0051 for row in rows)


def test_texts_are_put_together() -> None:
    """Of a first and a last name, in lower case."""
    first, last = RNG.choice(["Ann", "Bo", "Cy"], ROWS), RNG.choice(["Lee", "Ray"], ROWS)
    found = fields(
        first=first, last=last, mail=[f"{a}.{b}@x.org".lower() for a, b in zip(first, last, strict=True)]
    )

    assert 'lower(first) + "." + lower(last) + "@x.org"' == found["mail"]["value"]


def test_what_follows_from_what_is_left_out_is_left_out() -> None:
    """A copy of free text is free text."""
    notes = [f"paid by customer {number}" for number in range(ROWS)]
    found = fit(pa.table({"note": notes, "again": notes, "region": REGION}), name="t")

    assert ["region"] == list(found.template["fields"])
    assert {"note", "again"} == set(found.notes)


# What is never written.


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (["ann@example.com", "bo@mail.example.org"], "fake"),
        (["+44 20 7946 0018", "+44 20 7946 0371"], "pattern"),
        (["(317) 503-8533", "317-503-8534"], "fake"),
        (["GB82 WEST 1234 5698 7654 32", "DE89370400440532013000"], "fake"),
        (["4111 1111 1111 1111", "5500005555555559"], "fake"),
        ([4111111111111111, 5500005555555559], "integer"),
        ([4915112345678, 4915187654321], "integer"),
    ],
)
def test_what_is_somebodys_is_not_written(values: list[Any], kind: str) -> None:
    """However often it occurs, alone or among other texts."""
    found = fit(pa.table({"of": values * 100, "region": REGION[:200]}), name="t")
    text = encode(found.template).decode()

    assert kind == found.template["fields"]["of"]["kind"]
    assert not [one for one in values if str(one) in text]
    if isinstance(values[0], str):
        mixed = fit(pa.table({"of": [*values * 20, *["none", "unknown"] * 100]}), name="t").template
        assert {"none", "unknown", "other"} == set(mixed["fields"]["of"]["options"])


def test_codes_and_dates_are_no_telephone_numbers() -> None:
    """Nor are amounts and versions."""
    for values in (
        ["2024-01-02", "2024-02-03"],
        ["12345678", "87654321"],
        ["1.2.3", "1.2.4"],
        ["10-20", "20-30"],
    ):
        assert values == sorted(fields(of=values * 100)["of"]["options"])


def test_a_rate_of_few_rows_is_not_written() -> None:
    """Gaps and truths of fewer than ten rows are left out, and said."""
    few = np.arange(ROWS) < 9
    gap = pa.array(np.where(few, np.nan, RNG.random(ROWS)), from_pandas=True)
    found = fit(pa.table({"gap": gap, "flag": few}), name="t")

    assert 0.0 == found.template["fields"]["flag"]["rate"]
    assert "missing" not in found.template["fields"]["gap"]
    assert "9 rows" in found.notes["flag"]
    assert "9 gaps" in found.notes["gap"]


def test_a_case_of_few_rows_is_one_of_the_others() -> None:
    """Regions with fewer than fifty rows share what is written, and no share of a case is one of nine rows."""
    region = np.concatenate([np.repeat(["north", "south"], 1000), np.repeat(["isle", "cape"], 30)])
    city = np.where(region == "north", "A", np.where(region == "south", "B", "C"))
    city[:9] = "B"  # of the north
    region[-3:] = "rock"
    found = fields(region=region, city=city)

    assert ["north", "south", "otherwise"] == list(found["city"]["cases"])
    assert {"kind": "constant", "value": "A"} == found["city"]["cases"]["north"]
    assert {"kind": "constant", "value": "C"} == found["city"]["cases"]["otherwise"]


def test_a_rate_of_a_case_of_few_rows_is_that_of_all() -> None:
    """Three rows in which it is always true tell nothing of their own."""
    region = np.concatenate([np.repeat(["north", "south"], 1000), ["isle"] * 12])
    paid = np.concatenate([np.arange(1000) % 10 > 0, np.arange(1000) % 10 == 0, [True] * 12])
    found = fields(region=region, paid=paid)["paid"]["cases"]

    assert [0.9, 0.1, 0.503] == [found[one]["rate"] for one in ("north", "south", "otherwise")]


def test_rare_categories_of_a_case_are_shared_out() -> None:
    """As in the whole table, so that nothing tells which of them are in the case."""
    shares, own = spread(np.array([[80, 20, 0, 9, 4], [50, 0, 60, 40, 50]]), 10)

    assert [[True, True, False, False, False], [True, False, True, True, True]] == own.tolist()
    assert pytest.approx([80 / 113, 20 / 113, 13 / 113 * 60 / 163]) == shares[0][:3]
    assert pytest.approx(1) == shares.sum(axis=1)


# Whatever is fitted can be drawn.


POOLS: list[list[Any]] = [
    [1, 2, 3, None], [0.5, 1.25], ["a", "b", None], [True, False], ["", "other", "otherwise"], ["ann@x.org", "bo@x.org"],
    [4000000000, 5000000000], ["08:15", "17:30"], ["2024-01-01"], [0.1 + 0.2, 1e-9, None],
]  # fmt: skip


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.text(min_size=1, max_size=5), min_size=1, max_size=6, unique=True),
    st.lists(
        st.tuples(st.sampled_from(["pool", "number", "copy", "gaps"]), st.sampled_from(POOLS)),
        min_size=6,
        max_size=6,
    ),
    st.integers(0, 1000),
)
def test_any_table_gives_a_template_that_is_read_and_drawn(
    names: list[str], how: list[tuple[str, list[Any]]], seed: int
) -> None:
    """Columns of all kinds, with gaps and under any names, some of them made of others."""
    rng = np.random.default_rng(seed)
    columns: dict[str, pa.Array] = {}
    for name, (what, pool) in zip(names, how, strict=False):
        number = rng.normal(size=150) + (0.0 if not columns else len(columns) * rng.integers(0, 2))
        if what == "pool" or not columns:
            columns[name] = pa.array([pool[place] for place in rng.integers(0, len(pool), 150)])
        elif what == "copy":
            columns[name] = next(iter(columns.values()))
        else:
            gaps = rng.random(150) < 0.3 * (what == "gaps")
            columns[name] = pa.array(np.where(gaps, np.nan, number), from_pandas=True)
    found = fit(pa.table(columns), name="t").template
    table = space_of(tomllib.loads(written(found)), "").table(0, range(50))

    assert 50 == table.num_rows
    assert set(found["fields"]) <= set(table.column_names)
