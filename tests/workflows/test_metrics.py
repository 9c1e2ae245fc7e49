"""Success in numbers."""

from math import comb

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from gristmill.errors import UsageError
from gristmill.types import Status
from gristmill.workflows.metrics import (
    Cell,
    Mean,
    Outcome,
    Rate,
    breakdown,
    breakdowns,
    errors_by_side,
    failed_checks,
    pass_k,
    wilson,
)

STATUSES: list[Status] = ["pass", "fail", "error", "unverified"]


def outcome(
    status: Status = "pass", scenario: str = "s", stratum: str = "", reasons: tuple[str, ...] = ()
) -> Outcome:
    """An attempt that nobody made."""
    return Outcome(id="e", scenario=scenario, attempt=0, stratum=stratum, status=status, reasons=reasons)


def trials(*passed: tuple[int, int]) -> list[Outcome]:
    """Attempts at several scenarios: how many of how many passed."""
    return [
        outcome("pass" if place < good else "fail", scenario=str(number))
        for number, (good, all_) in enumerate(passed)
        for place in range(all_)
    ]


# Wilson's interval of 8 of 10, 0 of 10 and 50 of 100, by hand from the formula with z = 1.959964.
@pytest.mark.parametrize(
    ("passed", "n", "low", "high"),
    [
        (8, 10, 0.490162, 0.943318),
        (0, 10, 0.0, 0.277533),
        (10, 10, 0.722467, 1.0),
        (50, 100, 0.403832, 0.596168),
    ],
)
def test_the_interval_is_wilsons(passed: int, n: int, low: float, high: float) -> None:
    """The limits are those of the published formula."""
    assert (low, high) == pytest.approx(wilson(passed, n), abs=1e-6)


def test_nothing_judged_says_nothing() -> None:
    """Without attempts every rate is possible."""
    assert (0.0, 1.0) == wilson(0, 0)


@given(st.integers(0, 3000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_the_interval_contains_the_rate(counts: tuple[int, int]) -> None:
    """It never excludes what was seen, and never leaves 0 to 1."""
    passed, n = counts
    low, high = wilson(passed, n)

    assert 0.0 <= low <= (passed / n if n else 0.5) <= high <= 1.0


def test_more_than_all_cannot_pass() -> None:
    """The message says what was expected."""
    with pytest.raises(UsageError, match="0 <= passed <= n, got 3 of 2"):
        wilson(3, 2)


def test_errors_are_counted_apart() -> None:
    """An error is in neither part of the rate, but in what was played."""
    rate = Rate.of(
        [outcome("pass"), outcome("pass"), outcome("fail"), outcome("error"), outcome("unverified")]
    )

    assert (2, 3, 1, 1) == (rate.passed, rate.n, rate.errors, rate.unverified)
    assert (2 / 3, 5, 2 / 5, 4 / 5) == (rate.rate, rate.played, rate.worst, rate.best)


def test_nothing_played_is_as_bad_and_as_good_as_can_be() -> None:
    """The two ends of what is possible."""
    assert (0.0, 1.0) == (Rate.of([]).worst, Rate.of([]).best)


def test_pass_k_by_hand() -> None:
    """Three scenarios, 3, 2 and 0 of 3 passed: the means of C(c, k) / C(3, k)."""
    rates = [one.rate for one in pass_k(trials((3, 3), (2, 3), (0, 3)), 3)]

    assert [5 / 9, (1 + 1 / 3) / 3, 1 / 3] == pytest.approx(rates)


def test_pass_k_is_over_the_same_scenarios() -> None:
    """A scenario that was played less often counts for no k, and neither does an attempt that was not judged."""
    found = pass_k([*trials((1, 2), (1, 1)), outcome("error", scenario="0")], 2)

    assert [(1, 0.5, 1), (2, 0.0, 1)] == [(one.k, one.rate, one.scenarios) for one in found]


def test_pass_k_counts_what_it_leaves_out() -> None:
    """A scenario with an error among its attempts is not among those of the rate, but in the worst case it has failed."""
    found = pass_k([*trials((2, 2)), outcome("pass", scenario="x"), outcome("error", scenario="x")], 2)

    assert [(1.0, 1, 1, 0.75), (1.0, 1, 1, 0.5)] == [
        (one.rate, one.scenarios, one.left_out, one.worst) for one in found
    ]


@given(st.lists(st.integers(0, 4), min_size=1, max_size=30))
def test_pass_k_falls(passed: list[int]) -> None:
    """pass^1 is the mean, and asking for more successes makes none more likely."""
    rates = [one.rate for one in pass_k(trials(*((c, 4) for c in passed)), 4)]

    assert pytest.approx(sum(passed) / (4 * len(passed))) == rates[0]
    assert rates == sorted(rates, reverse=True)
    assert pytest.approx(sum(comb(c, 4) for c in passed) / len(passed)) == rates[3]


@pytest.mark.parametrize(
    ("stratum", "cell"),
    [
        ("refund", Cell(intents=("refund",))),
        ("refund/final_sale", Cell(intents=("refund",), obstacles=("final_sale",))),
        (
            "refund/outside_window+email !timeout-after",
            Cell(intents=("refund", "email"), obstacles=("outside_window",), fault="timeout-after"),
        ),
        ("", Cell(intents=("(any)",))),
        ("large boats, at night!", Cell(intents=("large boats, at night!",))),
        ("severity 3 !rain", Cell(intents=("severity 3",), fault="rain")),
    ],
)
def test_a_stratum_has_parts(stratum: str, cell: Cell) -> None:
    """Intents, obstacles and the fault are read off it; plain words are one intent, and a world without strata has one cell."""
    assert cell == Cell.of(stratum)


def test_a_conversation_counts_for_each_intent() -> None:
    """But once for the fault, and once as one with several requests."""
    found = [
        outcome("pass", stratum="refund+email !stale-read"),
        outcome("fail", stratum="refund/final_sale"),
    ]

    assert {"email": 1, "refund": 2} == {name: rate.n for name, rate in breakdown(found, "intent").items()}
    assert {"final_sale": 0, "none": 1} == {
        name: rate.passed for name, rate in breakdown(found, "obstacle").items()
    }
    assert {"none": 1, "stale-read": 1} == {name: rate.n for name, rate in breakdown(found, "fault").items()}
    assert {"one": 0, "several": 1} == {
        name: rate.passed for name, rate in breakdown(found, "requests").items()
    }


def test_a_simulation_is_of_a_kind() -> None:
    """It has neither intents nor requests, and obstacles and faults only where its strata name some."""
    calm, late, wet = (
        replace(outcome("pass", stratum=cell), simulated=True) for cell in ("calm", "late+push", "late !rain")
    )

    assert {"kind": ["calm", "late", "push"]} == {
        by: list(rates) for by, rates in breakdowns([calm, late]).items()
    }
    assert {"kind": ["calm", "late"], "fault": ["none", "rain"]} == {
        by: list(rates) for by, rates in breakdowns([calm, wet]).items()
    }
    assert ["intent", "obstacle", "fault", "requests"] == list(breakdowns([outcome("pass")]))


def test_failed_checks_are_those_of_failures() -> None:
    """What a broken counterpart did is counted by side, not by check."""
    found = [
        outcome("fail", reasons=("told", "end_state")),
        outcome("fail", reasons=("told",)),
        Outcome(
            id="e",
            scenario="s",
            attempt=0,
            stratum="",
            status="error",
            reasons=("x: customer",),
            side="customer",
        ),
    ]

    assert {"told": 2, "end_state": 1} == failed_checks(found)
    assert {"customer": 1} == errors_by_side(found)


@given(st.lists(st.sampled_from(STATUSES)))
def test_every_attempt_is_counted_once(statuses: list[Status]) -> None:
    """Nothing is dropped in silence."""
    assert len(statuses) == Rate.of(outcome(status) for status in statuses).played


def test_a_mean_score_has_a_normal_interval() -> None:
    """Student's sleep data (1908), drug 2 against drug 1, scaled into 0 to 1: mean 0.158, standard error 0.0389."""
    extra = [0.12, 0.24, 0.13, 0.13, 0.0, 0.10, 0.18, 0.08, 0.46, 0.14]
    found = Mean.of(extra)

    assert (0.158, 0.158 - 1.96 * 0.0389, 0.158 + 1.96 * 0.0389) == pytest.approx(
        (found.mean, found.low, found.high), abs=1e-4
    )
    assert 10 == found.n


@given(st.lists(st.floats(0, 1), max_size=30))
def test_a_mean_score_lies_in_its_interval(scores: list[float]) -> None:
    """Which never leaves 0 to 1, and is all of it while nothing or one thing is known."""
    found = Mean.of(scores)

    assert 0 <= found.low <= found.mean + 1e-12
    assert found.mean - 1e-12 <= found.high <= 1
    if len(scores) < 2:
        assert (0.0, 1.0) == (found.low, found.high)


def test_play_that_is_scored_is_grouped_by_kind() -> None:
    """As in a negotiation, where nobody asks for anything; conversations are grouped by what is asked for."""
    scored = [
        Outcome(id=name, scenario=name, attempt=0, stratum=name, status="pass", score=0.5)
        for name in ("wide", "none")
    ]
    asked = [msgspec.structs.replace(one, score=None) for one in scored]

    assert ["kind"] == list(breakdowns(scored))
    assert ["intent", "obstacle", "fault", "requests"] == list(breakdowns(asked))
