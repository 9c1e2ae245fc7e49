"""The linter: what would make an estimate worthless is found before there is one."""

from collections.abc import Callable
from itertools import count

import numpy as np
import pytest

from gristmill.errors import UsageError
from gristmill.generators.fields import Choice, Flag, Many
from gristmill.generators.rare.cube import Cube
from gristmill.generators.rare.estimate import estimate
from gristmill.generators.rare.linter import lint
from gristmill.generators.rare.problem import Outcome, Problem
from gristmill.generators.rare.tilt import Tilt
from gristmill.generators.space import Space
from tests.generators.rare.problems import gated, of, tail, walk

STEPS = Space(steps=Many(Space(up=Flag(0.5)), Choice([3])))


def stepped(running: Callable[[float], list[float]], clock: str = "steps") -> Problem:
    """Return a problem of three flips whose running severity is made from their sum."""

    def outcome(row: dict[str, list[dict[str, bool]]]) -> Outcome:
        total = float(sum(one["up"] for one in row["steps"]))
        return Outcome(total, running(total))

    return Problem(STEPS, lambda rows: [outcome(row) for row in rows], 3.0, clock=clock)


def unsteady() -> Problem:
    """Return a problem whose simulator counts its calls."""
    calls = count()
    return of(lambda row: row["a"] + next(calls), 4.0)


BROKEN = {
    "a constant severity": (of(lambda _: 1.0, 4.0), "got 1 for all of 200 scenarios"),
    "another outcome of the same scenario": (unsteady(), "the same outcome of the same scenario"),
    "a severity that is no number": (of(lambda row: np.nan, 4.0), "a finite number, got nan"),
    "an impossible option": (of(lambda _: 0.0, 1.0, Space(on=Flag(0.0))), "got True of 'on'"),
    "a running severity that stays below": (stepped(lambda total: [total - 1]), "whose greatest number is"),
    "no running severity": (stepped(lambda _: []), "a finite number for each step"),
    "a clock that is no list": (stepped(lambda total: [total], "flips"), r"one of \['steps'\], got 'flips'"),
}


@pytest.mark.parametrize("what", BROKEN)
def test_errors_refuse_an_estimate(what: str) -> None:
    """With one message, and no number."""
    problem, message = BROKEN[what]

    assert ["error"] == [one.level for one in lint(problem, seed=0)]
    with pytest.raises(UsageError, match=message):
        estimate(problem, seed=0)


def test_nothing_is_wrong_with_good_problems() -> None:
    """With a graded severity, with a gate that is tilted and with a running severity."""
    assert [] == lint(tail(), seed=0)
    assert [] == lint(gated(), seed=0)
    assert [] == lint(walk(), seed=0)


def test_a_gate_without_a_tilt_is_warned_of() -> None:
    """When most scenarios are of the lowest severity."""
    problem = gated()
    found = lint(problem, seed=0, tilt=Tilt(Cube(problem.space), []))

    assert ["ties"] == [one.name for one in found]
    assert "at -20" in found[0].text


def test_two_severities_are_warned_of() -> None:
    """Since only Monte Carlo can tell how likely one of them is."""
    found = lint(of(lambda row: row["a"] > 1, 1.0), seed=0)

    assert [("warning", "binary")] == [(one.level, one.name) for one in found]
    assert "over Monte Carlo" in found[0].text


def test_it_costs_two_hundred_and_ten_calls() -> None:
    """A hundred of the nominal distribution, a hundred with rare options, ten again."""
    problem = tail()
    lint(problem, seed=0)

    assert 210 == problem.calls
