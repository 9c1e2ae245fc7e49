"""Estimates: what is said of an event's probability, when it is said, and what it cost."""

import math

import msgspec
import numpy as np
import pytest

from gristmill.digest import decode, encode
from gristmill.errors import UsageError
from gristmill.generators.fields import Normal
from gristmill.generators.rare.estimate import Estimate, combine, enough, estimate
from gristmill.generators.rare.importance import Drawn
from gristmill.generators.rare.plan import Replicate
from gristmill.generators.rare.prepare import Start, prepare
from gristmill.generators.rare.problem import Problem
from gristmill.generators.rare.replicates import replicate
from gristmill.generators.space import Space
from tests.generators.rare.problems import GATED, TAIL, WALK, gated, of, tail, two_tails, walk


def near(found: Estimate, truth: float) -> bool:
    """Return whether the interval has the truth within it, and the estimate is within four standard errors."""
    assert found.p_hat is not None
    assert found.relative_se is not None
    return found.low <= truth <= found.high and abs(found.p_hat / truth - 1) < 4 * found.relative_se


@pytest.mark.parametrize(
    ("problem", "truth", "method"),
    [(tail(), TAIL, "splitting"), (gated(), GATED, "splitting"), (walk(), WALK, "trajectories")],
    ids=["tail", "gate", "walk"],
)
def test_estimates_come_with_an_interval_and_their_cost(problem: Problem, truth: float, method: str) -> None:
    """By the method that suits the problem, with all calls counted, and nothing to warn of."""
    before = problem.calls
    found = estimate(problem, seed=1)

    assert near(found, truth)
    assert (method, []) == (found.method, found.warnings)
    assert found.relative_se is not None
    assert found.relative_se <= 0.2
    assert found.calls == problem.calls - before
    assert found.calls_mc_equivalent is not None
    assert found.calls_mc_equivalent > 2 * found.calls / 5
    assert found.replicates >= 6


def test_an_estimate_is_a_function_of_its_seed() -> None:
    """It is the same again, another one with another seed, and can be written and read."""
    found = estimate(gated(), seed=1)

    assert found == estimate(gated(), seed=1) == msgspec.convert(decode(encode(found)), Estimate)
    assert found.p_hat != estimate(gated(), seed=2).p_hat


def test_parts_may_be_run_apart() -> None:
    """Start and replicates, written and read in between and run in any order, give the same estimate."""
    whole = estimate(gated(), seed=1)
    start = msgspec.convert(decode(encode(prepare(gated(), seed=1))), Start)
    assert start.plan is not None
    runs = [replicate(gated(), start.plan, 1, number) for number in reversed(range(whole.replicates))]
    again = [msgspec.convert(decode(encode(one)), Replicate) for one in reversed(runs)]

    assert whole == combine(start, again)
    assert enough(start, again, 6, 0.2, 100_000)
    assert not enough(start, again[:-1], 6, 0.2, 100_000)


def test_frequent_events_are_left_to_monte_carlo() -> None:
    """Batches of a thousand until there are a hundred, with the exact interval."""
    found = estimate(tail(1.0), seed=0)

    assert ("monte-carlo", 0) == (found.method, found.replicates)
    assert near(found, 0.158655)
    assert 2_210 == found.calls


def test_an_event_that_always_happens_is_no_error() -> None:
    """Its probability is one, with a lower end below."""
    found = estimate(tail(-50.0), seed=0)

    assert (1.0, 1.0) == (found.p_hat, found.high)
    assert 0.99 < found.low < 1


def test_two_severities_are_left_to_monte_carlo() -> None:
    """Which says so, and gives an upper bound where it has seen no event."""
    often = estimate(of(lambda row: row["a"] > 1.5, 1.0), seed=0, calls=5_000)
    never = estimate(of(lambda row: row["a"] > 0, 2.0), seed=0, calls=3_000)

    assert "monte-carlo" == often.method
    assert near(often, 0.0668)
    assert "over Monte Carlo" in often.warnings[0]
    assert (None, 0.0, 0.001) == (never.p_hat, never.low, never.high)
    assert "the event was not seen" in never.warnings[-1]


def test_severities_that_lead_nowhere_end_with_an_upper_bound() -> None:
    """Where none can be above the highest, and where they creep towards a limit below the threshold."""
    for problem in (of(lambda row: min(2, round(row["a"])), 3.0), of(lambda row: -math.exp(-row["a"]), 1.0)):
        found = estimate(problem, seed=0, size=50)

        assert (None, 0.0, 0.003, 3) == (found.p_hat, found.low, found.high, found.replicates)
        assert found.warnings[0].startswith("The event was not reached")


def test_a_gate_that_is_not_tilted_is_never_a_bare_number() -> None:
    """The linter's warning is on the estimate."""
    found = estimate(gated(), seed=0, tilt=None, calls=5_000)

    assert "Expected few scenarios of the lowest severity" in found.warnings[0]
    assert found.tie_mass > 0.9


def test_a_large_error_is_no_estimate() -> None:
    """Two small replicates cannot tell; what remains is the interval."""
    runs = [run(1e-6, 0), run(9e-5, 1), run(2e-6, 2)]
    found = combine(prepare(tail(), seed=0), runs)

    assert found.p_hat is None
    assert found.calls_mc_equivalent is None
    assert found.low < 1e-5 < found.high
    assert "its relative error is 0.9" in found.warnings[-1]


def test_monte_carlo_contradicts_what_it_can() -> None:
    """Where it saw events that replicates say are next to impossible, something is missed."""
    start = msgspec.structs.replace(prepare(tail(), seed=0), events=5)
    found = combine(start, [run(1e-6 * (1 + 0.01 * number), number) for number in range(6)])

    assert "Monte Carlo saw 5 events in 1,000 scenarios" in found.warnings[-1]


def test_replicates_that_fail_count_as_zero() -> None:
    """And are told of."""
    runs = [run(1e-5, number) for number in range(5)] + [
        msgspec.structs.replace(run(0.0, 5), stuck="no severity above 1")
    ]
    found = combine(prepare(tail(), seed=0), runs)

    assert found.p_hat is not None
    assert abs(found.p_hat - 5e-5 / 6) < 1e-12
    assert (0.0, "1 of 6 replicates did not reach the event and count as zero.") == (
        found.low,
        found.warnings[0],
    )


@pytest.mark.parametrize(
    ("problem", "truth"), [(two_tails(), 1.447e-4), (gated(), GATED)], ids=["two", "gate"]
)
def test_importance_sampling_answers_where_it_may(problem: Problem, truth: float) -> None:
    """With a smaller error than the replicates that it is compared with."""
    found = estimate(problem, seed=2, method="importance")

    assert "importance" == found.method
    assert near(found, truth)
    assert found.ess is not None
    assert found.ess >= 100


@pytest.mark.parametrize(
    ("drawn", "why"),
    [
        (None, "at most 20 units"),
        (Drawn(rate=1e-4, error=5e-6, low=9e-5, high=1.1e-4, ess=30.0, calls=500), "effective size of 30"),
        (Drawn(rate=4e-5, error=1e-6, low=3.8e-5, high=4.2e-5, ess=200.0, calls=500), "it gives 4e-05"),
    ],
)
def test_importance_sampling_is_not_believed_where_its_guards_disagree(drawn: Drawn | None, why: str) -> None:
    """The estimate of the replicates is given, with the reason."""
    start = prepare(tail(), seed=0, method="importance")
    found = combine(start, [run(1e-4 * (1 + 0.02 * number), number) for number in range(6)], drawn)

    assert "splitting" == found.method
    assert abs((found.p_hat or 0) - 1.05e-4) < 1e-9
    assert why in found.warnings[0]


def test_calls_are_limited() -> None:
    """No wave of replicates begins after the limit, and what one of them says is given or refused."""
    found = estimate(tail(), seed=0, calls=4_000)

    assert 3 == found.replicates
    assert found.calls < 10_000


def test_arguments_have_limits() -> None:
    """A message says which were expected."""
    with pytest.raises(UsageError, match="Unknown method 'magic'"):
        estimate(tail(), seed=0, method="magic")
    with pytest.raises(UsageError, match="a running severity and its clock"):
        estimate(tail(), seed=0, method="trajectories")
    with pytest.raises(UsageError, match="at least 2 replicates"):
        estimate(tail(), seed=0, replicates=1)
    with pytest.raises(UsageError, match="Unknown gate 'fog'"):
        estimate(tail(), seed=0, tilt=["fog"])


def test_progress_is_told_of_every_replicate() -> None:
    """In order, so that they can be written as they come."""
    seen: list[Replicate] = []
    found = estimate(gated(), seed=0, progress=seen.append)

    assert list(range(found.replicates)) == [one.number for one in seen]


def test_rounded_severities_are_right_too() -> None:
    """Those of one grade go on together."""
    space = Space({name: Normal(0, 1) for name in "abcd"})
    found = estimate(of(lambda row: np.floor(sum(row.values())), 7.0, space), seed=0)

    assert near(found, TAIL)


def run(p: float, number: int) -> Replicate:
    """Return a replicate that found some probability."""
    return Replicate(
        number=number,
        size=500,
        p=p,
        calls=100,
        levels=[],
        chances=[],
        acceptance=[],
        ancestors=20,
        ess=10.0,
        tie_mass=0.0,
        members=[],
    )
