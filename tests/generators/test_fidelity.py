"""How alike two tables are."""

import datetime
from collections.abc import Callable

import msgspec
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gristmill.errors import UsageError
from gristmill.generators._dependence import spearman
from gristmill.generators.fidelity import Fidelity, compare
from gristmill.generators.fidelity.associations import correlation_ratio, cramer
from gristmill.generators.fidelity.classifier import auc_test, tell_apart
from gristmill.generators.fidelity.columns import Feature, align, features
from gristmill.generators.fidelity.marginals import holm, marginals
from gristmill.generators.fidelity.privacy import excess, nearest
from tests.generators.payments import payments


@pytest.fixture(scope="module")
def real() -> pa.Table:
    """What synthetic tables are compared with."""
    return payments(0, 4000)


@pytest.fixture(scope="module")
def alike(real: pa.Table) -> Fidelity:
    """Two samples of one law, of different sizes."""
    return compare(real, payments(1, 3000), keys=["id"])


def differing(found: Fidelity) -> set[str]:
    """The columns that differ by themselves."""
    return {one.column for one in found.marginals if one.differs}


def test_two_samples_of_one_law_are_alike(alike: Fidelity) -> None:
    """No column and no pair differs, a classifier cannot tell them apart, and no row is a copy."""
    assert set() == differing(alike)
    assert [] == [one for one in alike.associations if one.differs]
    assert alike.classifier
    assert not alike.classifier.tells
    assert [] == alike.classifier.importances
    assert "clear" == alike.privacy.verdict


def test_equal_arguments_give_equal_results(real: pa.Table, alike: Fidelity) -> None:
    """To the last digit; another seed looks at the rows in another way."""
    again = compare(real, payments(1, 3000), keys=["id"])
    other = compare(real, payments(1, 3000), keys=["id"], seed=1)

    assert msgspec.to_builtins(alike) == msgspec.to_builtins(again)
    assert alike.classifier != other.classifier


def test_a_column_that_is_shifted_is_named(real: pa.Table) -> None:
    """By itself, and as what gives the synthetic rows away."""
    found = compare(real, payments(1, 4000, shift=0.3), keys=["id"])

    assert {"amount"} == differing(found)
    assert found.classifier
    assert found.classifier.tells
    assert "amount" == found.classifier.importances[0].column
    assert found.classifier.low > 0.5


@pytest.mark.slow
def test_a_small_shift_is_seen_in_many_rows() -> None:
    """A tenth of a log-sigma in one of many columns, at 50,000 rows."""
    found = compare(payments(0, 50_000), payments(1, 50_000, shift=0.11), keys=["id"])

    assert found.classifier
    assert found.classifier.p < 1e-6
    assert {"amount"} == differing(found)


def test_columns_that_no_longer_go_together_are_named(real: pa.Table) -> None:
    """Although each of them by itself is as it was."""
    found = compare(real, payments(1, 4000, correlation=0.0), keys=["id"])

    assert set() == differing(found)
    assert [{"amount", "age"}] == [{one.first, one.second} for one in found.associations if one.differs]
    assert found.classifier
    assert found.classifier.tells
    assert {"amount", "age"} == {one.column for one in found.classifier.importances[:2]}


def test_what_is_missing_differs(real: pa.Table) -> None:
    """A column with other gaps differs, though the values that are there do not."""
    full = pa.array(np.random.default_rng(5).random(4000))
    found = compare(real, payments(1, 4000).set_column(6, "tip", full), keys=["id"])

    assert {"tip"} == differing(found)


def test_a_rhythm_of_weekdays_is_part_of_a_date(real: pa.Table) -> None:
    """Dates without Sundays are not those of a whole week."""
    other = payments(1, 4000)
    days = [day if day.weekday() < 6 else day - datetime.timedelta(1) for day in other["day"].to_pylist()]
    found = compare(real, other.set_column(5, "day", pa.array(days)), keys=["id"])

    assert "day (weekday)" in {one.name for one in found.marginals if one.differs}


def test_category_that_is_not_real_is_counted(real: pa.Table) -> None:
    """So is one that got lost."""
    other = payments(1, 4000)
    methods = ["cheque" if one == "cash" else one for one in other["method"].to_pylist()]
    found = compare(real, other.set_column(4, "method", pa.array(methods)), keys=["id"])
    (method,) = (one for one in found.marginals if one.name == "method")

    assert pytest.approx(0.3, abs=0.05) == method.unseen
    assert pytest.approx(0.3, abs=0.05) == method.lost


def test_copies_are_found_whatever_their_identifier(real: pa.Table) -> None:
    """Twenty rows of four thousand, with identifiers of their own."""
    copied = real.slice(0, 20).set_column(0, "id", pa.array([f"N{number}" for number in range(20)]))
    found = compare(real, pa.concat_tables([payments(1, 3980), copied]), keys=["id"]).privacy

    assert "copies" == found.verdict
    assert 20 == found.copies
    assert {"id": 0.0} == found.keys


def test_copies_are_sought_among_all_rows(real: pa.Table) -> None:
    """Although only some of them are looked at for the rest."""
    found = compare(real, pa.concat_tables([payments(1, 3980), real.slice(0, 20)]), keys=["id"], limit=500)

    assert 20 == found.privacy.copies
    assert pytest.approx(20 / 4000) == found.privacy.keys["id"]


def test_rows_that_are_nearly_copies_are_found(real: pa.Table) -> None:
    """A quarter of the rows are real ones whose amount, age and tip are a little off."""
    rng = np.random.default_rng(3)
    near = real.slice(0, 1000)
    for name in ("amount", "age", "tip"):
        noisy = pa.array(near[name].to_numpy() * rng.normal(1, 0.002, 1000), from_pandas=True)
        near = near.set_column(near.column_names.index(name), name, noisy)
    found = compare(real, pa.concat_tables([payments(1, 3000), near]), keys=["id"]).privacy

    assert "near-copies" == found.verdict
    assert found.near
    assert found.near.synthetic > 2 * found.near.holdout


def test_rows_that_repeat_in_truth_may_repeat() -> None:
    """Of few categories, independent rows are equal by chance, and are no copies."""
    columns = ["method", "items", "weekly"]
    found = compare(payments(0, 3000).select(columns), payments(1, 3000).select(columns)).privacy

    assert found.copies > 2900
    assert "clear" == found.verdict


def test_rows_that_are_all_alike_are_not_called_copies(real: pa.Table) -> None:
    """A table that holds only what is typical comes near to real rows, but not to one alone."""
    other = payments(1, 4000)
    for name, width in (("amount", 0.3), ("age", 0.3), ("tip", 0.1)):
        values = other[name].to_numpy()
        middle = np.nanmedian(values)
        squeezed = pa.array(middle + width * (values - middle), from_pandas=True)
        other = other.set_column(other.column_names.index(name), name, squeezed)
    found = compare(real, other, keys=["id"]).privacy

    assert "too-typical" == found.verdict


def test_texts_that_are_real_are_counted(real: pa.Table) -> None:
    """A column of texts is no category: it is compared by length, and by how many texts occur in the real table."""
    texts = [f"note {number} of the customer" for number in range(4000)]
    other = [*texts[:1000], *(f"another note {number}" for number in range(3000))]
    found = compare(
        real.append_column("note", pa.array(texts)),
        payments(1, 4000).append_column("note", pa.array(other)),
        keys=["id"],
    )

    assert {"note": 0.25} == found.privacy.texts
    assert "note (length)" in {one.name for one in found.marginals if one.differs}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (
            lambda table: table.rename_columns([f"{name}2" for name in table.column_names]),
            "columns in common, got id, amount",
        ),
        (
            lambda table: table.set_column(2, "age", table["method"]),
            "'age' is double in the real table and string",
        ),
        (lambda table: table.set_column(7, "weekly", table["method"]), "'weekly' is bool"),
        (lambda table: table.slice(0, 0), "got none in the synthetic one"),
    ],
)
def test_tables_that_cannot_be_compared_are_one_message(
    change: Callable[[pa.Table], pa.Table], words: str, real: pa.Table
) -> None:
    """It names the columns."""
    with pytest.raises(UsageError, match=words):
        compare(real, change(payments(1, 100)))


def test_columns_that_both_have_are_compared(real: pa.Table) -> None:
    """Those of one table alone are named, be they identifiers or not."""
    other = payments(1, 3000).drop_columns(["id", "age"])
    found = compare(real, other.append_column("more", other["amount"]), keys=["id"])

    assert (["id", "age"], ["more"]) == (found.only_real, found.only_synthetic)
    assert ["amount", "items", "method", "day", "tip", "weekly"] == found.columns
    assert {} == found.left_out
    assert {} == found.privacy.keys


def test_what_is_no_column_of_values_is_refused() -> None:
    """A list is not compared; an unknown key is named with those there are."""
    table = pa.table({"a": [[1], [2]], "b": [1, 2]})

    with pytest.raises(UsageError, match="column 'a' holds list"):
        compare(table, table)
    with pytest.raises(UsageError, match="Unknown column 'c'"):
        compare(table, table, keys=["c"])


def test_columns_without_values_are_left_out() -> None:
    """And said; where one table has values and the other has none, all of them are missing."""
    nothing = pa.nulls(100, pa.float64())
    real, other = (pa.table({"a": values, "b": nothing, "c": range(100)}) for values in (range(100), nothing))
    found = compare(real, other)

    assert {"b": "without any value in both tables"} == found.left_out
    assert {"a"} == differing(found)
    with pytest.raises(UsageError, match="Expected a column to compare, got none"):
        compare(pa.table({"b": nothing}), pa.table({"b": nothing}))


def test_a_table_of_one_row_is_compared() -> None:
    """There is little to say of it, and nothing is said that is not so."""
    one = pa.table({"a": [1.0], "b": ["x"]})
    found = compare(one, one)

    assert found.classifier is None
    assert set() == differing(found)


def test_how_values_are_written_does_not_matter(real: pa.Table) -> None:
    """Whole numbers may be floats, dates may be times, and texts may be codes."""
    written = payments(1, 3000)
    other = written.set_column(3, "items", written["items"].cast(pa.float64()))
    other = other.set_column(4, "method", written["method"].combine_chunks().dictionary_encode())
    other = other.set_column(5, "day", written["day"].cast(pa.timestamp("s")))

    assert compare(real, written, keys=["id"]) == compare(real, other, keys=["id"])


# Whether p-values are what they say.


def uniform_distance(p_values: list[float]) -> float:
    """The Kolmogorov–Smirnov distance of p-values from the uniform law."""
    found = np.sort(p_values)
    return float(np.max(np.abs(found - (np.arange(len(found)) + 0.5) / len(found))))


def normals(seed: int, rows: int) -> list[Feature]:
    """Two samples of one law: two numbers and a category."""
    rng = np.random.default_rng(seed)
    numbers = [
        Feature(name, name, "number", rng.normal(size=rows), rng.normal(size=rows)) for name in ("x", "y")
    ]
    codes = Feature(
        "z", "z", "category", rng.integers(0, 4, rows) * 1.0, rng.integers(0, 4, rows) * 1.0, "abcd"
    )
    return [*numbers, codes]


def test_the_classifier_does_not_cry_wolf() -> None:
    """Over samples of one law its p-value is uniform, as it is for no test that learns and judges on the same rows."""
    found = [told.p for seed in range(60) if (told := tell_apart(normals(seed, 120), seed))]

    assert 60 == len(found)
    assert uniform_distance(found) < 1.36 / np.sqrt(60)  # the 5 % point


def test_columns_do_not_cry_wolf() -> None:
    """Over samples of one law the adjusted p-value of some column is below 0.05 in about one of twenty."""
    least = [min(one.p for one in marginals(normals(seed, 400))) for seed in range(200)]

    assert np.mean(np.array(least) < 0.05) < 0.09


@given(st.lists(st.floats(0, 1), min_size=1, max_size=8))
def test_adjusted_p_values_are_no_smaller(p_values: list[float]) -> None:
    """And are in the same order."""
    adjusted = holm(p_values)

    assert all(one <= more for one, more in zip(p_values, adjusted, strict=True))
    assert sorted(adjusted) == [adjusted[place] for place in np.argsort(p_values, kind="stable")]


def test_the_area_is_the_share_of_pairs_in_order() -> None:
    """Ties count half."""
    area, _, p = auc_test(np.array([0.0, 1.0, 2.0]), np.array([1.0, 2.0, 3.0]))

    assert pytest.approx(7 / 9) == area
    assert p > 0.05


def test_measures_of_association_are_what_they_are_called() -> None:
    """One where the one column says all of the other, about nothing where it says nothing."""
    rng = np.random.default_rng(0)
    codes, numbers = rng.integers(0, 3, 5000).astype(float), rng.normal(size=5000)

    assert pytest.approx(1.0) == cramer(codes, 2 - codes)
    assert pytest.approx(0.0, abs=0.002) == cramer(codes, rng.permutation(codes))
    assert pytest.approx(1.0) == correlation_ratio(codes, codes)
    assert pytest.approx(0.0, abs=0.002) == correlation_ratio(codes, numbers)
    assert pytest.approx(-1.0) == spearman(numbers, -np.exp(numbers))


def test_nearest_distances_keep_their_digits() -> None:
    """A row that is a billionth away is that far away, and no farther and no nearer."""
    reference = np.array([[1000.0, 1.0], [1000.0, 2.0], [0.0, 0.0]])
    found = nearest(reference, np.array([[1000.0, 1.0 + 1e-9], [1000.0, 2.0]]))

    assert pytest.approx([1e-9, 0.0], rel=1e-6) == found[0]
    assert pytest.approx([1.0, 1.0]) == found[1]


def test_too_many_small_values_are_an_excess() -> None:
    """Five of a thousand at zero, where those held out are never near it; as many on both sides are none."""
    rng = np.random.default_rng(0)
    held, drawn = rng.uniform(1, 2, 1000), rng.uniform(1, 2, 1000)

    assert excess(drawn, held).p > 0.05
    assert excess(np.concatenate([drawn, np.zeros(20)]), held).p < 1e-3


def test_features_of_times_and_texts() -> None:
    """A time is also its weekday and hour, and the first of January 2024 was a Monday."""
    table = pa.table({"at": pa.array([datetime.datetime(2024, 1, 1, 13)], pa.timestamp("s"))})
    aligned = align(table, table)
    whole, weekday, hour = features(aligned.real, aligned.synthetic, aligned.kinds)

    assert 1704114000.0 == whole.real[0]
    assert "Mon" == weekday.labels[int(weekday.real[0])]
    assert "13 h" == hour.labels[int(hour.real[0])]
