"""Templates fitted to real tables."""

import datetime
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from gristmill.digest import encode
from gristmill.errors import UsageError
from gristmill.generators._dependence import positive_definite
from gristmill.generators.fitting import Fitted, fit
from gristmill.generators.fitting._laws import best_law, decimals
from gristmill.generators.kinds.empirical import Empirical
from tests.generators.payments import METHODS, payments

ROWS = 5000
RNG = np.random.default_rng(7)


@pytest.fixture(scope="module")
def fitted() -> Fitted:
    """What is fitted to payments."""
    return fit(payments(0, ROWS), name="payments")


def law(numbers: Any, *, whole: bool = False) -> dict[str, Any]:
    """The law of some numbers."""
    values = np.asarray(numbers, float)
    return best_law(values, digits=0 if whole else decimals(values), whole=whole, least=10)


@pytest.mark.parametrize(
    ("numbers", "whole", "expected", "tolerance"),
    [
        (RNG.normal(50, 8, ROWS), False, {"kind": "normal", "mean": 50, "sd": 8}, 0.03),
        (
            RNG.lognormal(3.4, 1.1, ROWS).round(2),
            False,
            {"kind": "lognormal", "median": 29.96, "sigma": 1.1},
            0.05,
        ),
        (RNG.uniform(2, 7, ROWS), False, {"kind": "uniform", "low": 2.0, "high": 7.0}, 0.01),
        (RNG.poisson(3.2, ROWS), True, {"kind": "poisson", "mean": 3.2}, 0.03),
        (RNG.integers(1, 7, ROWS), True, {"kind": "integer", "low": 1, "high": 6}, 0),
        (RNG.integers(1000, 90_000, ROWS), True, {"kind": "integer", "low": 1000, "high": 90_000}, 0.12),
        (np.minimum(RNG.zipf(2.2, ROWS), 500), True, {"kind": "zipf", "exponent": 2.2}, 0.03),
    ],
)
def test_known_laws_are_recovered(
    numbers: Any, whole: bool, expected: dict[str, Any], tolerance: float
) -> None:
    """By name, and by their parameters within what a sample allows."""
    found = law(numbers, whole=whole)

    assert expected.pop("kind") == found["kind"]
    for name, value in expected.items():
        assert pytest.approx(value, rel=tolerance) == found[name]


def test_few_numbers_are_options() -> None:
    """Prices of three sizes are neither normal nor even."""
    found = law(RNG.choice([1.5, 2.5, 9.0], ROWS, p=[0.5, 0.3, 0.2]))

    assert [1.5, 2.5, 9.0] == found["options"]
    assert pytest.approx([0.5, 0.3, 0.2], abs=0.03) == found["weights"]


def test_what_no_law_fits_has_quantiles() -> None:
    """Two humps; drawn from them again, they are where they were, and a long tail weighs as much."""
    numbers = np.concatenate(
        [RNG.normal(0, 1, ROWS), RNG.normal(9, 1, ROWS), RNG.pareto(2.5, ROWS // 10) * 10]
    )
    found = law(numbers)
    drawn = Empirical(found["quantiles"]).column(np.linspace(0, 1, ROWS, endpoint=False)[None]).to_numpy()

    assert "empirical" == found["kind"]
    assert pytest.approx(numbers.mean(), rel=0.02) == drawn.mean()
    assert pytest.approx(np.quantile(numbers, [0.1, 0.3, 0.7, 0.9]), abs=0.1) == np.quantile(
        drawn, [0.1, 0.3, 0.7, 0.9]
    )


def test_each_column_gets_its_kind(fitted: Fitted) -> None:
    """Gaps, rhythms and patterns with it."""
    fields = fitted.template["fields"]

    assert {
        "id": "pattern", "amount": "lognormal", "age": "normal", "items": "poisson", "method": "choice",
        "day": "date", "tip": "uniform", "weekly": "flag",
    } == {name: one["kind"] for name, one in fields.items()}  # fmt: skip
    assert "T########" == fields["id"]["pattern"]
    assert METHODS == fields["method"]["options"]
    assert ("2024-01-01", "2024-12-29") == (fields["day"]["start"], fields["day"]["end"])
    assert "weekly" not in fields["day"]
    assert pytest.approx(0.3, abs=0.02) == fields["tip"]["missing"]


def test_correlations_are_those_of_the_latent_normals(fitted: Fitted) -> None:
    """And columns that do not go together are in no group."""
    (group,) = fitted.template["correlated"]

    assert ["amount", "age"] == group["fields"]
    assert pytest.approx(0.5, abs=0.03) == group["matrix"][0][1]


def test_a_rhythm_is_fitted() -> None:
    """Half as many on Sundays, and all of them by day."""
    start, rng = datetime.datetime(2024, 1, 1), np.random.default_rng(0)
    days = [int(day) for day in rng.integers(0, 364, 4 * ROWS)]
    kept = [day for day in days if day % 7 != 6 or rng.random() < 0.5]
    times = [start + datetime.timedelta(day, int(rng.integers(6 * 3600, 22 * 3600))) for day in kept]
    field = fit(pa.table({"at": times}), name="t").template["fields"]["at"]

    assert "timestamp" == field["kind"]
    assert "2024-01-01T00:00:00" == field["start"]
    assert pytest.approx(0.5, abs=0.1) == field["weekly"][6] / field["weekly"][0]
    assert 0.0 == field["daily"][3] == field["daily"][23]
    assert pytest.approx(1.5, abs=0.2) == field["daily"][12]


def test_a_column_that_exists_under_a_value_is_conditional() -> None:
    """Declined payments have a reason, and the others have none."""
    status = RNG.choice(["approved", "declined"], ROWS)
    reason = [str(RNG.choice(["funds", "limit"])) if one == "declined" else None for one in status]
    fields = fit(pa.table({"status": status, "reason": reason}), name="t").template["fields"]

    assert {"status": ["declined"]} == fields["reason"]["when"]
    assert "missing" not in fields["reason"]


def test_what_has_gaps_goes_together_behind_them() -> None:
    """A hidden field holds the numbers, since a correlation takes those that are always there."""
    table = payments(0, ROWS)
    gaps = pa.array(np.where(RNG.random(ROWS) < 0.3, np.nan, table["age"].to_numpy()), from_pandas=True)
    found = fit(table.set_column(2, "their age", gaps), name="t").template

    assert ["amount", "their_age_value"] == found["correlated"][0]["fields"]
    assert "normal" == found["fields"]["their_age_value"]["kind"]
    assert found["fields"]["their_age_value"]["hidden"]
    assert ("derived", "their_age_value") == tuple(
        found["fields"]["their age"][key] for key in ("kind", "value")
    )
    assert pytest.approx(0.3, abs=0.03) == found["fields"]["their age"]["missing"]


# What is written of whom.


def test_rare_values_are_not_written() -> None:
    """Names that occur less than ten times are one category, rare numbers and extremes nowhere."""
    names = ["Common"] * 900 + [f"Rare {number}" for number in range(50)] * 2
    numbers = np.concatenate([RNG.normal(0, 1, 999).round(3), [123_456.789]])
    found = fit(pa.table({"label": names, "number": numbers}), name="t")
    text = encode(found.template).decode()

    assert ["Common", "other"] == found.template["fields"]["label"]["options"]
    assert pytest.approx([0.9, 0.1]) == found.template["fields"]["label"]["weights"]
    assert "Rare" not in text
    assert "123456" not in text


def test_more_rows_can_be_asked_for() -> None:
    """Of thirty rows each, none is written if it takes forty."""
    names = [f"Name {number}" for number in range(3)] * 30
    table = pa.table({"label": [*names, *["Common"] * 100]})

    assert "Name 0" in encode(fit(table, name="t").template).decode()
    assert "Name 0" not in encode(fit(table, name="t", least=40).template).decode()


def test_free_text_is_left_out() -> None:
    """And said; identifiers are a pattern that holds none of them."""
    notes = [f"paid by customer {number}" for number in range(ROWS)]
    ids = [f"{'ABC'[number % 3]}-{number:05d}" for number in range(ROWS)]
    found = fit(pa.table({"note": notes, "id": ids}), name="t")

    assert {"id": {"kind": "unique", "pattern": "?-#####"}} == found.template["fields"]
    assert "free text" in found.notes["note"]


def test_no_knot_is_the_value_of_one_row() -> None:
    """Every quantile is the mean of ten rows at least."""
    numbers = np.concatenate([RNG.normal(0, 1, 150), RNG.normal(9, 1, 150)])
    found = law(numbers)

    assert "empirical" == found["kind"]
    assert set() == {float(f"{one:.6g}") for one in numbers} & set(found["quantiles"])
    assert found["quantiles"][-1] < numbers.max()


def test_common_values_of_a_number_stay_as_common() -> None:
    """Between others that are all different, in a table of few rows."""
    numbers = np.concatenate([np.full(120, -2.5), np.full(80, 0.25), RNG.normal(0, 3, 300)])
    knots = np.array(law(numbers)["quantiles"])

    assert pytest.approx([0.24, 0.16], abs=0.02) == [np.mean(knots == one) for one in (-2.5, 0.25)]
    assert set() == ({float(f"{one:.6g}") for one in numbers} & set(knots)) - {-2.5, 0.25}


def test_common_numbers_are_options_and_knots_to_the_last_digit() -> None:
    """What many rows have is no one's, and another sixteenth digit would tell synthetic rows apart."""
    codes = RNG.choice([0.0506801187398187, -0.0446416365069889], 400)
    spiked = np.where(RNG.random(400) < 0.3, 0.1 + 0.2, RNG.normal(size=400))

    assert sorted(set(codes.tolist())) == law(codes)["options"]
    assert 0.1 + 0.2 in law(spiked)["quantiles"]


def test_too_few_rows_are_refused() -> None:
    """Where every figure would be about somebody."""
    with pytest.raises(UsageError, match="Expected at least 20 rows"):
        fit(payments(0, 19), name="t")
    with pytest.raises(UsageError, match="Expected a column that can be fitted"):
        fit(pa.table({"note": [f"text {number}!" * (number % 3) for number in range(50)]}), name="t")


def test_equal_tables_give_equal_templates() -> None:
    """Also where only some rows are looked at."""
    table = payments(0, 1000)

    assert fit(table, name="t", limit=300).template == fit(table, name="t", limit=300).template


def test_correlations_that_cannot_be_together_are_repaired() -> None:
    """Pairs that were measured on different rows may contradict each other."""
    found = positive_definite(np.array([[1, 0.9, -0.9], [0.9, 1, 0.9], [-0.9, 0.9, 1]]))

    assert np.linalg.eigvalsh(found).min() > 1e-4
    assert [1.0, 1.0, 1.0] == np.diag(found).tolist()
    assert np.allclose(found, found.T)
