"""Which of two policies is better, and how surely."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gristmill.types import Status
from gristmill.workflows.differences import Difference, ScoreDifference, least
from gristmill.workflows.metrics import Rate

COUNTS = st.tuples(*[st.integers(0, 300)] * 4)


def figures(found: Difference) -> tuple[float, float, float]:
    """The difference and its limits."""
    return found.rate, found.low, found.high


def test_the_unpaired_difference_is_newcombes() -> None:
    """The limits of 56 of 70 against 48 of 80 are those of the article's table II, example (a), method 10."""
    found = Difference.of(Rate.of_counts(48, 80), Rate.of_counts(56, 70))

    assert (0.2, 0.0524, 0.3339) == pytest.approx(figures(found), abs=5e-5)


# Rows: before, columns: after. Both tables are worked out in Fagerland, Lydersen and Laake, "Statistical Analysis of
# Contingency Tables", 2017, chapter 8, as Newcombe's square-and-add interval; theirs is the difference the other way.
@pytest.mark.parametrize(
    ("table", "expected"),
    [((1, 1, 7, 12), (0.286, 0.026, 0.507)), ((59, 6, 16, 80), (0.0621, 0.0046, 0.1186))],
)
def test_the_paired_difference_is_newcombes(
    table: tuple[int, int, int, int], expected: tuple[float, float, float]
) -> None:
    """Method 10 of the article on paired data, continuity correction of phi included."""
    found = Difference.of_pairs(*table)

    assert expected == pytest.approx(figures(found), abs=5e-4)
    assert (True, sum(table), table[1], table[2]) == (
        found.paired,
        found.n,
        found.only_before,
        found.only_after,
    )


@given(COUNTS)
def test_the_paired_interval_contains_the_difference(counts: tuple[int, int, int, int]) -> None:
    """It never excludes what was seen, and never leaves -1 to 1."""
    found = Difference.of_pairs(*counts)

    assert -1 <= found.low <= found.rate <= found.high <= 1


@given(COUNTS)
def test_the_paired_interval_turns_with_the_policies(counts: tuple[int, int, int, int]) -> None:
    """Who is called before and who after decides the sign and nothing else."""
    both, before, after, neither = counts
    rate, low, high = figures(Difference.of_pairs(both, before, after, neither))

    assert (-rate, -high, -low) == pytest.approx(figures(Difference.of_pairs(both, after, before, neither)))


@given(st.integers(0, 40), st.integers(0, 40), st.integers(1, 9), st.integers(1, 9))
def test_without_correlation_pairs_are_independent(a: int, b: int, c: int, d: int) -> None:
    """Where phi is 0 the interval is the unpaired one."""
    both, before, after, neither = a * c, a * d, b * c, b * d  # rows in proportion
    n = both + before + after + neither
    unpaired = Difference.of(Rate.of_counts(both + before, n), Rate.of_counts(both + after, n))

    assert figures(unpaired) == pytest.approx(figures(Difference.of_pairs(both, before, after, neither)))


def test_pairs_that_agree_narrow_the_interval() -> None:
    """Two policies that solve the same scenarios differ more surely than two samples with the same rates."""
    paired = Difference.of_pairs(400, 2, 30, 80)
    unpaired = Difference.of(Rate.of_counts(402, 512), Rate.of_counts(430, 512))

    assert paired.high - paired.low < 0.6 * (unpaired.high - unpaired.low)


def test_pairs_are_what_was_judged_for_both() -> None:
    """An error of either leaves the scenario out."""
    before: dict[str, Status] = {"a": "pass", "b": "fail", "c": "error", "d": "fail"}
    after: dict[str, Status] = {"a": "pass", "b": "pass", "c": "pass", "d": "unverified"}
    found = Difference.paired_of(before, after)

    assert (0.5, 2, 0, 1) == (found.rate, found.n, found.only_before, found.only_after)


def test_nothing_in_common_says_nothing() -> None:
    """Every difference is possible."""
    assert (0.0, -1.0, 1.0) == figures(Difference.paired_of({"a": "pass"}, {}))


def test_the_least_difference_counts_errors_against_it() -> None:
    """Those of the better policy as failures, those of the other as passes."""
    before, after = Rate.of_counts(30, 98, 2), Rate.of_counts(80, 95, 5)

    assert 0.80 - 0.32 == pytest.approx(least(before, after))


def test_mean_scores_differ_by_the_mean_of_the_pairs() -> None:
    """Student's sleep data (1908), as in the article: the difference is 1.58 hours, its standard error 0.389."""
    first = [0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0]
    second = [1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4]
    before, after = (
        dict(zip("abcdefghij", (v / 10 for v in found), strict=True)) for found in (first, second)
    )
    paired = ScoreDifference.paired_of(before | {"k": 0.3}, after)

    assert (0.158, 0.158 - 1.96 * 0.0389, 0.158 + 1.96 * 0.0389) == pytest.approx(
        (paired.mean, paired.low, paired.high), abs=1e-4
    )
    assert (True, 10) == (paired.paired, paired.n)
    apart = ScoreDifference.of(before, after)
    assert (0.158, 0.158 - 1.96 * 0.0849) == pytest.approx(
        (apart.mean, apart.low), abs=1e-4
    )  # by Welch's error
