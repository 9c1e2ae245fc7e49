"""What depends on several columns at once, in the template that is fitted and in the rows drawn of it."""

from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gristmill.generators._dependence import correlated, spearman
from gristmill.generators.fitting import Fitted, fit
from gristmill.generators.template.entries import space_of

ROWS = 4000
RNG = np.random.default_rng(23)
NORMAL = RNG.multivariate_normal([0, 0], [[1, 0.7], [0.7, 1]], ROWS).T


def fitted(**columns: Any) -> Fitted:
    """What is fitted to columns."""
    return fit(pa.table(columns), name="t")


def drawn(found: Fitted, rows: int = ROWS) -> dict[str, Any]:
    """Columns of rows of a template."""
    table = space_of(found.template, "").table(0, range(rows))
    return {name: table[name].to_numpy() for name in table.column_names}


# Identifiers.


def test_identifiers_that_are_unique_stay_unique() -> None:
    """Texts of a pattern, and numbers that count up; neither takes over real ones."""
    codes = [f"T{number:07d}" for number in RNG.permutation(10**6)[:ROWS]]
    found = fitted(code=codes, number=np.arange(1, ROWS + 1), amount=NORMAL[0])
    made = drawn(found, 2 * ROWS)

    assert {"kind": "unique", "pattern": "T#######"} == found.template["fields"]["code"]
    assert "1 + row" == found.template["fields"]["number"]["value"]
    assert [2 * ROWS] * 2 == [len(set(made[one].tolist())) for one in ("code", "number")]
    assert ["code", "number"] == found.keys


def test_identifiers_that_repeat_in_the_real_table_may_repeat() -> None:
    """Those of customers, who come again."""
    customers = [f"C-{number:05d}" for number in RNG.integers(0, 99_999, ROWS)]

    assert "pattern" == fitted(customer=[*customers, customers[0]]).template["fields"]["customer"]["kind"]


# Two categories.


def test_a_number_depends_on_two_categories() -> None:
    """Neither of which says alone what it is."""
    kind, state = RNG.choice(["food", "tools"], ROWS), RNG.choice(["paid", "back"], ROWS, p=[0.8, 0.2])
    sign = np.where((kind == "food") == (state == "paid"), 10.0, 80.0)
    made = drawn(fitted(**{"the kind": kind, "state": state, "amount": np.round(sign + 3 * NORMAL[0], 2)}))

    for one, other, mean in (
        ("food", "paid", 10),
        ("food", "back", 80),
        ("tools", "paid", 80),
        ("tools", "back", 10),
    ):
        there = (made["the kind"] == one) & (made["state"] == other)
        assert pytest.approx(mean, abs=1) == made["amount"][there].mean()


def test_what_rarely_comes_together_goes_with_the_first_category() -> None:
    """Values of both that have few rows have no case, and whatever is drawn together has one."""
    kind = RNG.choice(["a", "b"], ROWS, p=[0.97, 0.03])
    state = RNG.choice(["p", "q"], ROWS)
    amount = np.where(kind == "b", 500.0, np.where(state == "p", 10.0, 80.0)) + NORMAL[0]
    found = fitted(kind=kind, state=state, amount=amount)
    made = drawn(found)

    assert not [one for one in found.template["fields"]["amount"]["cases"] if one.startswith("b | ")]
    assert pytest.approx(500, abs=2) == made["amount"][made["kind"] == "b"].mean()


def test_a_second_category_that_says_nothing_is_not_taken() -> None:
    """In none of five tables."""
    for seed in range(5):
        rng = np.random.default_rng(seed)
        kind, state = rng.choice(list("abc"), 1000), rng.choice(list("pqr"), 1000)
        found = fitted(kind=kind, state=state, amount=rng.normal(size=1000) + 5 * (kind == "a"))
        assert "kind" == found.template["fields"]["amount"]["of"]
        assert ["kind", "state", "amount"] == list(found.template["fields"])


# Order.


def test_numbers_that_are_options_and_truth_values_go_together_with_numbers() -> None:
    """The template can be drawn from, and they do so as strongly as really."""
    rate = np.array([0.0, 0.07, 0.19])[np.digitize(NORMAL[1], [-0.5, 0.8])]
    columns = {
        "x": NORMAL[0],
        "rate": rate,
        "late": NORMAL[1] > 1,
        "side": np.where(NORMAL[0] > 0, "in", "out"),
    }
    made = drawn(fitted(**columns))
    made["side"], columns["side"] = made["side"] == "in", columns["side"] == "in"

    for name in ("rate", "late", "side"):
        assert pytest.approx(spearman(columns["x"], columns[name]), abs=0.04) == spearman(
            made["x"], made[name]
        )
    assert {0.0, 0.07, 0.19} == set(made["rate"].tolist())


def test_whether_there_is_a_value_goes_together_with_a_number() -> None:
    """Large amounts have a reviewer, and small ones have none."""
    reviews = np.where(NORMAL[1] > 0.5, RNG.poisson(4, ROWS), np.nan)
    made = drawn(fitted(amount=np.exp(NORMAL[0]), reviews=pa.array(reviews, from_pandas=True)))
    real, drawn_ = (
        spearman(amount, np.isnan(np.array(gaps, float)))
        for amount, gaps in ((NORMAL[0], reviews), (made["amount"], made["reviews"]))
    )

    assert pytest.approx(real, abs=0.05) == drawn_


@settings(max_examples=30)
@given(st.floats(-0.9, 0.9), st.integers(1, 4), st.integers(0, 2**31))
def test_ties_do_not_hide_how_numbers_go_together(rho: float, levels: int, seed: int) -> None:
    """The correlation of the latent normals is found again, however few values they were cut into."""
    rng = np.random.default_rng(seed)
    latent = rng.multivariate_normal([0, 0], [[1, rho], [rho, 1]], ROWS)
    cut = np.digitize(latent, np.linspace(-1, 1, levels + 2)[1:-1]).astype(float)
    group = np.zeros(ROWS, int)
    found = correlated({"a": (cut[:, 0], group), "b": (cut[:, 1], group)}, 10)

    assert pytest.approx(rho, abs=0.13) == (found[0]["matrix"][0][1] if found else 0.0)


def test_weak_correlations_of_columns_that_go_together_count() -> None:
    """What would be chance alone is none where a third column links both."""
    matrix = np.array([[1, 0.6, 0.1], [0.6, 1, 0.6], [0.1, 0.6, 1]])
    numbers = np.random.default_rng(3).multivariate_normal([0, 0, 0], matrix, 400).T
    (group,) = fitted(a=numbers[0], b=numbers[1], c=numbers[2]).template["correlated"]

    assert pytest.approx(0.1, abs=0.12) == group["matrix"][0][2]
    assert group["matrix"][0][2]


# Time.


def test_what_comes_after_something_else_is_drawn_after_it() -> None:
    """Due days and payments follow the day of the invoice, with gaps where they have some."""
    issued = np.datetime64("2024-01-01") + RNG.integers(0, 700, ROWS)
    due = issued + RNG.choice([14, 30], ROWS)
    paid = np.where(RNG.random(ROWS) < 0.7, due + RNG.poisson(5, ROWS), np.datetime64("NaT"))
    columns = {
        name: pa.array(one.astype("datetime64[D]"))
        for name, one in (("issued on", issued), ("due", due), ("paid", paid))
    }
    made = drawn(fitted(**columns))
    terms, late = (made["due"] - made["issued on"]).astype(int), made["paid"] - made["due"]

    assert {14, 30} == set(terms.tolist())
    assert pytest.approx(0.3, abs=0.03) == np.mean(np.isnat(late))
    assert pytest.approx(5, abs=0.3) == late[~np.isnat(late)].astype(int).mean()


def test_each_category_has_its_own_rhythm() -> None:
    """Offices are open by day and bars in the evening."""
    place = RNG.choice(["office", "bar"], ROWS)
    hours = np.where(place == "office", RNG.integers(8, 17, ROWS), RNG.integers(18, 24, ROWS))
    days = np.datetime64("2024-01-01T00:00:00") + RNG.integers(0, 364, ROWS) * 86_400
    at = days + hours * 3600 + RNG.integers(0, 3600, ROWS)
    made = drawn(fitted(place=place, at=pa.array(at.astype("datetime64[s]"))))
    hour = made["at"].astype("datetime64[h]").astype(int) % 24

    assert hour[made["place"] == "office"].max() < 17
    assert hour[made["place"] == "bar"].min() >= 18


def test_numbers_that_grow_with_time_grow_with_it() -> None:
    """A trend is a correlation with the day."""
    day = RNG.integers(0, 700, ROWS)
    days = pa.array((np.datetime64("2024-01-01") + day).astype("datetime64[D]"))
    made = drawn(fitted(day=days, price=100 + day / 10 + 10 * NORMAL[0]))

    real = spearman(day, 100 + day / 10 + 10 * NORMAL[0])

    assert pytest.approx(real, abs=0.06) == spearman(made["day"].astype(int), made["price"])


# Columns that cannot be fitted.


def test_columns_of_what_is_no_field_are_left_out() -> None:
    """Lists, records, columns without a value and texts as long as books hold nothing up."""
    found = fit(
        pa.table(
            {
                "x": NORMAL[0][:200], "list": [[1, 2]] * 200, "record": [{"a": 1}] * 200, "none": pa.nulls(200),
                "gone": pa.array([None] * 200, pa.float64()), "book": [f"{number}" + "x" * 50_000 for number in range(200)],
            }
        ),
        name="t",
    )  # fmt: skip

    assert ["x"] == list(found.template["fields"])
    assert {"list", "record", "none", "gone", "book"} == set(found.notes)


def test_far_columns_of_a_wide_table_go_together() -> None:
    """As numbers; what adds up or depends on a category is sought among the columns around."""
    columns = {f"c{place}": RNG.normal(size=300) for place in range(60)}
    columns["last"] = columns["c0"] + 0.2 * RNG.normal(size=300)

    assert ["c0", "last"] in [group["fields"] for group in fitted(**columns).template["correlated"]]
