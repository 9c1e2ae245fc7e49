"""The archive has the most plausible failure of each kind."""

import math
from collections.abc import Sequence

import pytest

from gristmill.errors import UsageError
from gristmill.generators.rare.archive import illuminate
from gristmill.generators.rare.problem import Outcome, Problem
from gristmill.generators.space import Values
from tests.generators.rare.hazards import desk, road


def test_every_kind_that_can_fail_is_found() -> None:
    """With an animal in the way: twelve of eighteen combinations, the unlikeliest at some eight standard deviations."""
    found = illuminate(road(), seed=1, calls=3_000)
    expected = {
        (weather, animal, band)
        for weather in ("clear", "ice")
        for animal in ("dog", "horse")
        for band in ("slow", "usual", "fast")
    }

    assert expected == {one.kind for one in found.failures}
    assert (18, 18, 3_000) == (found.declared, len(found.met), found.calls)
    # A dog in clear weather, and the shortest way of two normal numbers to the threshold: 40 m at 18.3 m a deviation.
    assert ("clear", "dog", "fast") == found.failures[0].kind
    assert math.log(0.008 / 0.99) - (40 / math.hypot(10.5, 15)) ** 2 / 2 == pytest.approx(
        found.failures[0].plausibility, abs=0.2
    )


def test_what_is_kept_fails_as_it_says() -> None:
    """The severity is that of the values, and the log-density is that of the Space."""
    problem = road()
    for one in illuminate(problem, seed=2, calls=500).failures:
        (outcome,) = problem.simulate([one.values])
        assert (outcome.severity, outcome.kind) == (one.severity, one.kind)
        assert outcome.severity >= problem.threshold
        assert problem.space.log_prob(one.values) == one.log_density


def test_the_same_seed_finds_the_same() -> None:
    """Another one finds something else."""
    one, same, other = (illuminate(road(), seed=seed, calls=400) for seed in (1, 1, 2))

    assert one == same != other


def test_only_some_kinds_can_be_told_apart() -> None:
    """Then the others are not looked at."""
    found = illuminate(road(), seed=1, calls=500, by=["animal"])

    assert (("animal",), 3) == (found.names, found.declared)
    assert {("dog",), ("horse",)} == {one.kind for one in found.failures}


def test_scenarios_of_a_constraint_are_legal() -> None:
    """No illegal scenario is simulated, and none twice."""
    problem, seen = desk(), list[str]()

    def simulate(rows: Sequence[Values]) -> list[Outcome]:
        seen.extend(map(str, rows))
        return problem.simulate(rows)

    found = illuminate(Problem(problem.space, simulate, 1.0, kinds=problem.kinds), seed=1, calls=300)

    assert {("after",)} == {one.kind for one in found.failures}
    assert 300 == len(seen) == len(set(seen))


def test_problems_need_kinds() -> None:
    """Without any there are no cells."""
    problem = road()
    with pytest.raises(UsageError, match="Expected a problem with kinds"):
        illuminate(Problem(problem.space, problem.simulate, 0.0), seed=1)
    with pytest.raises(UsageError, match="Expected kinds among weather, animal, speed, got wind"):
        illuminate(problem, seed=1, by=["wind"])
